// All that was said of a submission: each version with what it changed, and two beside each other.
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { EmptyState } from "../../design/EmptyState";
import { Identifier } from "../../design/Identifier";
import { Section } from "../../design/Section";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useWords } from "../../i18n/words";
import { Loaded, type LoadedProps } from "../../lists/Loaded";
import { AskedBeside } from "../../payload/AskedBeside";
import { DifferenceTable } from "../../payload/DifferenceTable";
import type { Payload } from "../../payload/read";
import { xmlLines } from "../../payload/xmlLines";
import { historyQuery, originalQuery, type Submission, type SubmissionVersion } from "./queries";

const route = getRouteApi("/inside/projects/$project/submissions/$submission");

interface VersionsProps {
  project: string;
  submission: Submission;
}

export function Versions({ project, submission }: VersionsProps) {
  return (
    <Loaded query={useQuery(historyQuery(project, submission.id))}>
      {(versions) => <Told project={project} submission={submission} versions={versions} />}
    </Loaded>
  );
}

function Told({
  project,
  submission,
  versions,
}: VersionsProps & { versions: SubmissionVersion[] }) {
  const words = useWords();
  const told = words.submissions;
  const search = route.useSearch();
  const wanted = Number(search.version ?? submission.version);
  const shown = versions.find(({ version }) => version === wanted) ?? versions[0];
  return (
    <>
      <div className={table.wide}>
        <table className={table.table}>
          <tbody>
            {versions.map((version) => (
              <tr key={version.version} aria-current={version === shown || undefined}>
                <td>{told.version(version.version)}</td>
                <td>
                  <Time at={version.received_at} shown="clock" />
                </td>
                <td>{version.user ?? version.user_id ?? ""}</td>
                <td>
                  <Changed version={version} />
                </td>
                <td>
                  <Link
                    to="/projects/$project/messages/$message"
                    params={{ project, message: version.message }}
                    aria-label={`${told.toMessage} ${version.message}`}
                  >
                    <Identifier id={version.message} plain />
                  </Link>
                </td>
                <td>
                  {version.version > 1 && version !== shown && (
                    <Link
                      to="/projects/$project/submissions/$submission"
                      params={{ project, submission: submission.id }}
                      search={{ ...search, version: String(version.version) }}
                      replace
                    >
                      {told.compare}
                    </Link>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown !== undefined && shown.version > 1 ? (
        <Compared project={project} submission={submission.id} version={shown} />
      ) : (
        versions.length < 2 && <EmptyState>{told.oneVersion}</EmptyState>
      )}
    </>
  );
}

function Changed({ version }: { version: SubmissionVersion }) {
  const words = useWords().submissions;
  if (version.version === 1) {
    return words.first;
  }
  return version.changes === null ? words.versionErased : words.changed(version.changes.length);
}

interface ComparedProps {
  project: string;
  submission: string;
  version: SubmissionVersion;
}

/** A version, compared with the one before it. */
function Compared({ project, submission, version }: ComparedProps) {
  const words = useWords();
  const navigate = route.useNavigate();
  const { view } = route.useSearch();
  const title = words.submissions.compared(version.version - 1, version.version);
  return (
    <Section
      title={title}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={words.messages.compare}
          value={view ?? "list"}
          data={[
            { value: "list", label: words.messages.differencesOnly },
            { value: "beside", label: words.messages.sideBySide },
          ]}
          onChange={(value) =>
            void navigate({
              search: (before) => ({ ...before, view: value === "beside" ? "beside" : undefined }),
              replace: true,
              resetScroll: false,
            })
          }
        />
      }
    >
      {view === "beside" ? (
        <Beside project={project} submission={submission} version={version.version} />
      ) : version.changes === null ? (
        <EmptyState>{words.submissions.erased}</EmptyState>
      ) : version.changes.length === 0 ? (
        <EmptyState>{words.submissions.same}</EmptyState>
      ) : (
        <DifferenceTable differences={version.changes} />
      )}
    </Section>
  );
}

/** Both as they came in. */
function Beside({
  project,
  submission,
  version,
}: Omit<ComparedProps, "version"> & { version: number }) {
  const words = useWords().submissions;
  return (
    <AskedBeside
      before={useLaidOut(useQuery(originalQuery(project, submission, version - 1)))}
      after={useLaidOut(useQuery(originalQuery(project, submission, version)))}
      beforeLabel={words.version(version - 1)}
      afterLabel={words.version(version)}
    />
  );
}

/** XML an element a line, so that what differs is seen. */
function useLaidOut(query: LoadedProps<Payload>["query"]): LoadedProps<Payload>["query"] {
  const { data, error, refetch } = query;
  return useMemo(() => {
    const isXml = data?.kind === "tree" && data.syntax === "xml";
    return { data: isXml ? { ...data, text: xmlLines(data.text) } : data, error, refetch };
  }, [data, error, refetch]);
}
