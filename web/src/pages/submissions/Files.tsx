// The files that came with a submission, and those that it links to: how it stands with fetching them,
// and the way to have them fetched once more. Pictures are drawn from the bytes that came, which the hub
// gives in a way that no browser runs; anything else is downloaded.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import filed from "../../filed/filed.module.css";
import { useFormat, useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./answers.module.css";
import { isPicture } from "./pictures";
import { type AttachedFile, fetchFiles, filePath, filesQuery, isElsewhere } from "./queries";

interface FilesProps {
  project: string;
  submission: string;
}

export function Files({ project, submission }: FilesProps) {
  const words = useWords().submissions;
  return (
    <Loaded query={useQuery(filesQuery(project, submission))}>
      {(files) =>
        files.length === 0 ? (
          <EmptyState>{words.noFiles}</EmptyState>
        ) : (
          <>
            <ul className={styles.files}>
              {files.map((file) => (
                <li key={file.name} className={styles.file}>
                  <File project={project} submission={submission} file={file} />
                </li>
              ))}
            </ul>
            {files.some(isElsewhere) && <FetchAgain project={project} submission={submission} />}
          </>
        )
      }
    </Loaded>
  );
}

function File({ project, submission, file }: FilesProps & { file: AttachedFile }) {
  const words = useWords().submissions;
  const format = useFormat();
  const path = filePath(project, submission, file.name);
  return (
    <>
      {isPicture(file) && (
        <img
          className={styles.picture}
          src={path}
          alt={words.picture(file.name)}
          loading="lazy"
          decoding="async"
        />
      )}
      <strong>{file.name}</strong>
      <span className={filed.quiet}>
        {[file.content_type, file.bytes === null ? null : format.bytes(file.bytes)]
          .filter((fact) => fact !== null)
          .join(" · ")}
      </span>
      {file.sha256 !== null ? (
        <a href={path} download={file.name} aria-label={words.downloadNamed(file.name)}>
          {words.download}
        </a>
      ) : (
        <Missing file={file} />
      )}
    </>
  );
}

/** Where a file is that has not come, and what becomes of fetching it. */
function Missing({ file: { link, fetch } }: { file: AttachedFile }) {
  const { submissions: words, common } = useWords();
  return (
    <>
      {link === null && <span>{words.notCome}</span>}
      {fetch !== null && (
        <>
          <StateMark tone={fetch.state === "failed" ? "bad" : "waiting"}>
            {words.fetch.states[fetch.state]}
          </StateMark>
          {fetch.last_error !== null && <span className={filed.quiet}>{fetch.last_error}</span>}
          {fetch.state === "waiting" && fetch.attempts > 0 && fetch.next_attempt_at !== null && (
            <span className={filed.quiet}>
              {words.fetch.next} <Time at={fetch.next_attempt_at} />
            </span>
          )}
        </>
      )}
      {link !== null && (
        <span className={styles.link}>
          {common.labelled(words.elsewhere, "")}
          <code>{link}</code>
        </span>
      )}
    </>
  );
}

/** Orders those that have not come. What comes of it is told at each file. */
function FetchAgain({ project, submission }: FilesProps) {
  const words = useWords().submissions.fetch;
  const may = useMay(project, "editor");
  const toast = useToast();
  const client = useQueryClient();
  const fetching = useMutation({
    mutationFn: () => fetchFiles(project, submission),
    onSuccess: async ({ files }) => {
      toast({ text: words.ordered(files) });
      await client.invalidateQueries({ queryKey: filesQuery(project, submission).queryKey });
    },
  });
  return (
    may && (
      <div className={styles.fetch}>
        <Button
          variant="default"
          loading={fetching.isPending}
          onClick={() => fetching.mutate(undefined)}
        >
          {words.act}
        </Button>
        {fetching.error !== null && <ErrorNote error={fetching.error} />}
      </div>
    )
  );
}

/** A file as the answer to a question. */
export function FileAnswer({ project, submission, name }: FilesProps & { name: string }) {
  const words = useWords().submissions;
  const file = useQuery(filesQuery(project, submission)).data?.find((each) => each.name === name);
  const path = filePath(project, submission, name);
  if (file === undefined || file.sha256 === null) {
    return (
      <>
        {name} {file !== undefined && <span className={filed.quiet}>{words.notCome}</span>}
      </>
    );
  }
  return (
    <a href={path} download={name}>
      {isPicture(file) && (
        <img
          className={styles.small}
          src={path}
          alt={words.picture(name)}
          loading="lazy"
          decoding="async"
        />
      )}
      {name}
    </a>
  );
}
