// Every save of a workflow is a version. One is held against another: its jobs line by line, and all
// else of it as one text.
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { PageHead } from "../../design/PageHead";
import { Section } from "../../design/Section";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { readText } from "../../payload/read";
import { SideBySide } from "../../payload/SideBySide";
import { type Version, versionQuery, versionsQuery } from "./queries";
import { differing, textOfRest } from "./versions";
import styles from "./workflows.module.css";

const route = getRouteApi("/inside/projects/$project/workflows/$workflow/versions");

export function VersionsPage() {
  const all = useFlowWords();
  const words = all.workflows;
  const { project, workflow } = route.useParams();
  const query = useQuery(versionsQuery(project, workflow));
  return (
    <>
      <PageHead
        title={words.versionsPage.title(workflow)}
        beside={
          <Link
            to="/projects/$project/workflows/$workflow"
            params={{ project, workflow }}
            className={styles.back}
          >
            {workflow}
          </Link>
        }
      />
      <Loaded query={query}>
        {(versions) => <Shown project={project} workflow={workflow} versions={versions} />}
      </Loaded>
    </>
  );
}

interface ShownProps {
  project: string;
  workflow: string;
  versions: Version[];
}

function Shown({ project, workflow, versions }: ShownProps) {
  const words = useFlowWords().workflows.versionsPage;
  const format = useFormat();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [newest] = versions;
  const shown = versions.find(({ version }) => String(version) === search.version) ?? newest;
  const place = shown === undefined ? -1 : versions.indexOf(shown);
  const against =
    versions.find(({ version }) => String(version) === search.against) ?? versions[place + 1];
  const now = new Date();
  const told = ({ version, saved_at }: Version) =>
    `${format.number(version)} · ${format.clock(new Date(saved_at), now)}`;
  const choices = versions.map((each) => ({ value: String(each.version), label: told(each) }));
  if (shown === undefined) {
    return null;
  }
  return (
    <>
      <div className={styles.names}>
        <Select
          label={words.version}
          data={choices}
          allowDeselect={false}
          value={String(shown.version)}
          onChange={(version) =>
            void navigate({
              search: { version: version ?? undefined, against: undefined },
              replace: true,
            })
          }
        />
        {versions.length > 1 && (
          <Select
            label={words.compare}
            placeholder={words.before}
            data={choices.filter(({ value }) => value !== String(shown.version))}
            allowDeselect={false}
            value={against === undefined ? null : String(against.version)}
            onChange={(version) =>
              void navigate({
                search: (before) => ({ ...before, against: version ?? undefined }),
                replace: true,
              })
            }
          />
        )}
      </div>
      {against === undefined ? (
        <p className={styles.quiet}>{versions.length === 1 ? words.only : ""}</p>
      ) : (
        <Compared
          key={`${shown.version} ${against.version}`}
          project={project}
          workflow={workflow}
          before={against.version < shown.version ? against : shown}
          after={against.version < shown.version ? shown : against}
          told={told}
        />
      )}
    </>
  );
}

interface ComparedProps {
  project: string;
  workflow: string;
  before: Version;
  after: Version;
  told: (version: Version) => string;
}

function Compared({ project, workflow, before, after, told }: ComparedProps) {
  const words = useFlowWords().workflows.versionsPage;
  const old = useQuery(versionQuery(project, workflow, before.version));
  const fresh = useQuery(versionQuery(project, workflow, after.version));
  const labels = { beforeLabel: told(before), afterLabel: told(after) };
  return (
    <Loaded query={old}>
      {(one) => (
        <Loaded query={fresh}>
          {(other) => {
            const jobs = differing(one, other);
            const [rest, restAfter] = [textOfRest(one), textOfRest(other)];
            return (
              <>
                {jobs.length === 0 && rest === restAfter && <p>{words.same}</p>}
                {jobs.map(({ step, before, after }) => (
                  <Section
                    key={step}
                    title={words.jobs(step)}
                    actions={
                      before === null ? words.added : after === null ? words.gone : undefined
                    }
                  >
                    <SideBySide
                      before={asText(before ?? "")}
                      after={asText(after ?? "")}
                      {...labels}
                    />
                  </Section>
                ))}
                {rest !== restAfter && (
                  <Section title={words.rest}>
                    <SideBySide before={readText(rest)} after={readText(restAfter)} {...labels} />
                  </Section>
                )}
              </>
            );
          }}
        </Loaded>
      )}
    </Loaded>
  );
}

/** A job is a text, whatever it begins with. */
const asText = (text: string) => ({ kind: "text", text, mayFold: false }) as const;
