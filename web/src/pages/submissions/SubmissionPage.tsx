// One submission: what was answered, the files and cases that came of it, where it went, and all that
// was ever said of it.
import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { tellsOf } from "../../api/events";
import { useLiveLook } from "../../api/useLiveLook";
import { EmptyState } from "../../design/EmptyState";
import { Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { Facts, Section } from "../../design/Section";
import { Time } from "../../design/Time";
import tabs from "../../design/tabs.module.css";
import { DeliveriesOf } from "../../filed/DeliveriesOf";
import { EraseButton } from "../../filed/EraseButton";
import filed from "../../filed/filed.module.css";
import { formQuery } from "../../filed/queries";
import { useFormat, useWords } from "../../i18n/words";
import { Loaded, LoadedPage } from "../../lists/Loaded";
import { writeJson } from "../../payload/json";
import { PayloadView } from "../../payload/PayloadView";
import { readText } from "../../payload/read";
import { CaseTable } from "../cases/CaseTable";
import { Answers } from "./Answers";
import { Files } from "./Files";
import { Lifecycle } from "./Lifecycle";
import {
  casesOfQuery,
  eraseSubmission,
  originalPath,
  originalQuery,
  type Submission,
  submissionKey,
  submissionQuery,
} from "./queries";
import { SUBMISSION_TABS, type SubmissionTab } from "./routes";
import { Versions } from "./Versions";

const route = getRouteApi("/inside/projects/$project/submissions/$submission");

export function SubmissionPage() {
  const words = useWords().submissions;
  const { project, submission } = route.useParams();
  const query = useQuery(submissionQuery(project, submission));
  useLiveLook([{ queryKey: submissionKey(project, submission) }], {
    concerns: (event) => tellsOf("submission")(event) && (event.id ?? submission) === submission,
  });
  return (
    <LoadedPage query={query} title={words.submission} beside={<Identifier id={submission} />}>
      {(data) => <Shown project={project} submission={data} />}
    </LoadedPage>
  );
}

interface OfSubmission {
  project: string;
  submission: Submission;
}

function Shown({ project, submission }: OfSubmission) {
  const words = useWords().submissions;
  const title = useQuery(formQuery(project, submission.form)).data?.title;
  const { tab = "answers" } = route.useSearch();
  const navigate = useNavigate();
  const stay = route.useNavigate();
  const about = [
    submission.user === null ? null : words.byUser(submission.user),
    words.from(submission.source),
    submission.version > 1 ? words.version(submission.version) : null,
  ].filter((fact) => fact !== null);
  return (
    <>
      <PageHead
        title={words.named(title || submission.form, String(submission.number))}
        beside={<Time at={submission.received_at} />}
        about={about.join(" · ")}
        actions={
          <EraseButton
            project={project}
            title={words.eraseAsk}
            about={words.eraseAbout}
            erase={(dryRun) => eraseSubmission(project, submission.id, dryRun)}
            erased={() =>
              void navigate({
                to: "/projects/$project/submissions",
                params: { project },
                search: { form: submission.form },
              })
            }
          />
        }
      />
      <Tabs
        value={tab}
        onChange={(value) =>
          void stay({
            search: { tab: SUBMISSION_TABS.find((each) => each === value && each !== "answers") },
            replace: true,
          })
        }
        keepMounted={false}
        className={tabs.tabs}
      >
        <Tabs.List>
          {SUBMISSION_TABS.map((each) => (
            <Tabs.Tab key={each} value={each} ref={each === tab ? inSight : undefined}>
              {words.tabs[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className={tabs.panel}>
          <TabContent tab={tab} project={project} submission={submission} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** On a phone the tabs are a strip: the one that is open shows. */
function inSight(tab: HTMLElement | null): void {
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function TabContent({ tab, project, submission }: OfSubmission & { tab: SubmissionTab }) {
  switch (tab) {
    case "answers":
      return <Answers project={project} submission={submission} />;
    case "lifecycle":
      return <Lifecycle project={project} submission={submission} />;
    case "files":
      return <Files project={project} submission={submission.id} />;
    case "cases":
      return <Cases project={project} submission={submission.id} />;
    case "deliveries":
      return <DeliveriesOf project={project} of={{ payload_id: submission.message }} />;
    case "versions":
      return <Versions project={project} submission={submission} />;
    case "original":
      return <Original project={project} submission={submission} />;
    case "metadata":
      return <Metadata project={project} submission={submission} />;
  }
}

function Cases({ project, submission }: { project: string; submission: string }) {
  const words = useWords().submissions;
  const asked = casesOfQuery(project, submission);
  useLiveLook([{ queryKey: asked.queryKey }], { concerns: tellsOf("case") });
  return (
    <Loaded query={useQuery(asked)}>
      {({ items, next }) =>
        items.length === 0 ? (
          <EmptyState>{words.noCases}</EmptyState>
        ) : (
          <>
            <CaseTable project={project} cases={items} />
            {next !== null && <p className={filed.quiet}>{words.casesAreMore}</p>}
          </>
        )
      }
    </Loaded>
  );
}

function Original({ project, submission: { id, version } }: OfSubmission) {
  return (
    <Loaded query={useQuery(originalQuery(project, id, version))}>
      {(payload) => <PayloadView payload={payload} download={originalPath(project, id, version)} />}
    </Loaded>
  );
}

function Metadata({ project, submission }: OfSubmission) {
  const words = useWords().submissions;
  const format = useFormat();
  const none = <span className={filed.quiet}>—</span>;
  const { facts: told } = words;
  const facts: [string, ReactNode][] = [
    [
      told.form,
      <Link
        key="form"
        to="/projects/$project/forms/$form"
        params={{ project, form: submission.form }}
      >
        {submission.form}
      </Link>,
    ],
    [told.number, format.number(submission.number)],
    [told.formVersion, submission.form_version ?? none],
    [told.instance, idOrNone(submission.instance_id)],
    [told.id, <Identifier key="id" id={submission.id} whole />],
    [told.received, <Time key="received" at={submission.received_at} shown="clock" />],
    [told.changed, <Time key="changed" at={submission.updated_at} shown="clock" />],
    [told.user, submission.user ?? none],
    [told.userId, idOrNone(submission.user_id)],
    [told.application, submission.application ?? none],
    [
      told.source,
      <Link
        key="source"
        to="/projects/$project/sources/$source"
        params={{ project, source: submission.source }}
      >
        {submission.source}
      </Link>,
    ],
    [
      told.message,
      <Link
        key="message"
        to="/projects/$project/messages/$message"
        params={{ project, message: submission.message }}
      >
        <Identifier id={submission.message} plain />
      </Link>,
    ],
  ];
  return (
    <>
      <Facts facts={facts} />
      {submission.metadata !== null && (
        <Section title={words.tabs.metadata}>
          <PayloadView payload={readText(writeJson(submission.metadata))} />
        </Section>
      )}
    </>
  );
}

const idOrNone = (id: string | null) =>
  id === null ? <span className={filed.quiet}>—</span> : <Identifier id={id} whole />;
