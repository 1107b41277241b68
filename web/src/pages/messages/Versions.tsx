// The versions of a message: everything of other content that came in under its identity, and two
// of them side by side.
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Timeline } from "../../api/types";
import { EmptyState } from "../../design/EmptyState";
import { Identifier } from "../../design/Identifier";
import { Section } from "../../design/Section";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { AskedBeside } from "../../payload/AskedBeside";
import { DifferenceTable } from "../../payload/DifferenceTable";
import type { Differences } from "../../payload/differences";
import { differenceQuery, viewQuery } from "./queries";

const route = getRouteApi("/inside/projects/$project/messages/$message");

export function Versions({ project, timeline }: { project: string; timeline: Timeline }) {
  const words = useWords().messages;
  const { versions, message } = timeline;
  const search = route.useSearch();
  if (versions.length < 2) {
    return <EmptyState>{words.oneVersion}</EmptyState>;
  }
  // Unless somebody chose another one, a version is compared with the one before it.
  const own = versions.findIndex((version) => version.id === message.id);
  const versionOf = (id: string) => ({
    id,
    version: versions.find((each) => each.id === id)?.version ?? 0,
  });
  const other = search.with ?? (versions[own + 1] ?? versions[own - 1])?.id;
  return (
    <>
      <div className={table.wide}>
        <table className={table.table}>
          <tbody>
            {versions.map((version) => (
              <tr key={version.id}>
                <td>{words.versionOf(version.version)}</td>
                <td>
                  <Time at={version.received_at} shown="clock" />
                </td>
                <td>
                  <Link
                    to="/projects/$project/messages/$message"
                    params={{ project, message: version.id }}
                    search={{ tab: "versions" }}
                  >
                    <Identifier id={version.id} plain />
                  </Link>
                </td>
                <td>
                  {version.id === message.id ? (
                    words.thisOne
                  ) : (
                    <Link
                      to="/projects/$project/messages/$message"
                      params={{ project, message: message.id }}
                      search={{ tab: "versions", with: version.id, view: search.view }}
                      replace
                    >
                      {words.compare}
                    </Link>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {other !== undefined && (
        <>
          <Choice beside={search.view === "beside"} />
          {search.view === "beside" ? (
            <Beside project={project} one={versionOf(other)} other={versionOf(message.id)} />
          ) : (
            <Compared project={project} message={message.id} other={other} />
          )}
        </>
      )}
    </>
  );
}

/** How two versions are compared. */
function Choice({ beside }: { beside: boolean }) {
  const words = useWords().messages;
  const navigate = route.useNavigate();
  return (
    <SegmentedControl
      size="xs"
      my="md"
      aria-label={words.compare}
      value={beside ? "beside" : "list"}
      data={[
        { value: "list", label: words.differencesOnly },
        { value: "beside", label: words.sideBySide },
      ]}
      onChange={(value) =>
        void navigate({
          search: (before) => ({ ...before, view: value === "beside" ? "beside" : undefined }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  );
}

interface Version {
  id: string;
  version: number;
}

interface BesideProps {
  project: string;
  one: Version;
  other: Version;
}

/** The parsed views of both: what they say, whatever the sender wrote them in. */
function Beside({ project, one, other }: BesideProps) {
  const words = useWords().messages;
  const [before, after] = one.version <= other.version ? [one, other] : [other, one];
  const old = useQuery(viewQuery(project, before.id));
  const fresh = useQuery(viewQuery(project, after.id));
  return (
    <AskedBeside
      before={old}
      after={fresh}
      beforeLabel={words.versionOf(before.version)}
      afterLabel={words.versionOf(after.version)}
    />
  );
}

interface ComparedProps {
  project: string;
  message: string;
  other: string;
}

function Compared({ project, message, other }: ComparedProps) {
  return (
    <Loaded query={useQuery(differenceQuery(project, message, other))}>
      {(found) => <Found found={found} />}
    </Loaded>
  );
}

function Found({ found }: { found: Differences }) {
  const words = useWords();
  if (found.differences.length === 0) {
    return <EmptyState>{words.payload.same}</EmptyState>;
  }
  return (
    <Section title={words.payload.differences(found.differences.length, found.more)}>
      <DifferenceTable differences={found.differences} />
    </Section>
  );
}
