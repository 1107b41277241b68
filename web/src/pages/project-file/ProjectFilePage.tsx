// The project as one file: read, kept, changed, and applied after a look at what that would do.
import { Button, Checkbox } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { Problem } from "../../api/problem";
import { useMay } from "../../api/useMay";
import { useLeaveAsked } from "../../definitions/FormFrame";
import { mistakesOf } from "../../definitions/mistakes";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Prose } from "../../design/Prose";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { FileEditor, type FileEditorHandle } from "./FileEditor";
import { Losses, losesSomething, Plan } from "./Plan";
import { lineOfMistake } from "./places";
import styles from "./projectFile.module.css";
import { type Applied, applyFile, exportPath, fileQuery } from "./queries";

const route = getRouteApi("/inside/projects/$project/project-file");

export function ProjectFilePage() {
  const words = useWords();
  const { project } = route.useParams();
  const { data, error, refetch } = useQuery(fileQuery(project));
  return (
    <>
      <PageHead
        title={words.projectFile.title}
        about={words.projectFile.about}
        actions={
          <Button
            component="a"
            variant="default"
            href={exportPath(project)}
            download={`${project}.yaml`}
          >
            {words.projectFile.download}
          </Button>
        }
      />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data !== undefined && <File key={project} project={project} exported={data} />}
    </>
  );
}

/** What was looked at before it is applied: another text or another choice needs another look. */
interface Looked {
  text: string;
  prune: boolean;
  plan: Applied;
}

function File({ project, exported }: { project: string; exported: string }) {
  const words = useWords().projectFile;
  const mayChange = useMay(project, "admin");
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const editor = useRef<FileEditorHandle>(null);
  const [changing, setChanging] = useState(false);
  const [text, setText] = useState(exported);
  const [prune, setPrune] = useState(false);
  const [looked, setLooked] = useState<Looked | null>(null);
  useLeaveAsked(changing && text !== exported);

  const looking = useMutation({
    mutationFn: (sent: string) => applyFile(project, sent, { prune, dryRun: true }),
    onMutate: () => setLooked(null),
    onSuccess: (plan, sent) => setLooked({ text: sent, prune, plan }),
  });
  const applying = useMutation({
    mutationFn: (sent: string) => applyFile(project, sent, { prune, dryRun: false }),
    onSuccess: async ({ changes }) => {
      toast({ text: words.applied(changes.length) });
      setLooked(null);
      setChanging(false);
      // Everything may be different now; the hub's own writing of the file stands here again.
      const written = await client.fetchQuery({ ...fileQuery(project), staleTime: 0 });
      setText(written);
      await client.invalidateQueries();
    },
  });
  const error = applying.error ?? looking.error;
  const sent = (applying.error === null ? looking.variables : applying.variables) ?? "";
  // Places are those of the text that was sent; the editor moves its marks while somebody types.
  const notes = useMemo(
    () =>
      mistakesOf(error).flatMap(({ path, message }) => {
        const line = lineOfMistake(sent, path, message);
        return line === null ? [] : [{ line, text: message }];
      }),
    [error, sent],
  );
  const fresh = looked !== null && looked.text === text && looked.prune === prune;
  const stop = () => {
    setText(exported);
    setChanging(false);
    setLooked(null);
    looking.reset();
    applying.reset();
  };
  const apply = async () => {
    if (looked !== null && losesSomething(looked.plan)) {
      const question = { title: words.askTitle, text: <Losses plan={looked.plan} /> };
      if (!(await confirm({ ...question, action: words.apply, loses: true }))) {
        return;
      }
    }
    looking.reset();
    applying.mutate(text);
  };

  return (
    <>
      <FileEditor
        ref={editor}
        label={words.editor}
        text={text}
        changed={setText}
        mayChange={changing}
        notes={notes}
      />
      {mayChange && !changing && (
        <div className={styles.deeds}>
          <Button variant="default" onClick={() => setChanging(true)}>
            {words.change}
          </Button>
        </div>
      )}
      {changing && (
        <>
          <Checkbox
            className={styles.prune}
            label={words.prune}
            description={words.pruneAbout}
            checked={prune}
            onChange={(event) => setPrune(event.currentTarget.checked)}
          />
          {error !== null && (
            <Mistakes error={error} text={sent} show={(line) => editor.current?.show(line)} />
          )}
          {looked !== null && <Plan plan={looked.plan} />}
          {looked !== null && !fresh && (
            <p className={styles.stale} role="status">
              {words.stale}
            </p>
          )}
          <div className={styles.deeds}>
            <Button
              variant={fresh ? "default" : "filled"}
              loading={looking.isPending}
              onClick={() => {
                applying.reset();
                looking.mutate(text);
              }}
            >
              {words.look}
            </Button>
            {fresh && looked.plan.changes.length > 0 && (
              <Button loading={applying.isPending} onClick={() => void apply()}>
                {words.apply}
              </Button>
            )}
            <Button variant="subtle" color="gray" onClick={stop}>
              {words.stopChanging}
            </Button>
          </div>
        </>
      )}
    </>
  );
}

interface MistakesProps {
  error: unknown;
  text: string;
  show: (line: number) => void;
}

/** What is wrong with the file, each with the way to its line. */
function Mistakes({ error, text, show }: MistakesProps) {
  const words = useWords().projectFile;
  const mistakes = mistakesOf(error);
  if (!(error instanceof Problem) || mistakes.length === 0) {
    return <ErrorNote error={error} />;
  }
  return (
    <div className={styles.mistakes} role="alert">
      <p>{words.mistakes}</p>
      <ul>
        {mistakes.map(({ path, code, message, hint }) => {
          const line = lineOfMistake(text, path, message);
          return (
            <li key={`${path} ${code} ${message}`}>
              {line !== null && (
                <Button variant="subtle" size="compact-sm" onClick={() => show(line)}>
                  {words.line(line)}
                </Button>
              )}{" "}
              {path !== "" && <code>{path}</code>} <Prose text={message} />
              {hint !== null && (
                <span className={styles.quiet}>
                  {" — "}
                  <Prose text={hint} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
