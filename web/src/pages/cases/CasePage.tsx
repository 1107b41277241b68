// One case: what is known of it, how that came about, what it is tied to, and where it was sent.
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
import table from "../../design/table.module.css";
import tabs from "../../design/tabs.module.css";
import { DeliveriesOf } from "../../filed/DeliveriesOf";
import { EraseButton } from "../../filed/EraseButton";
import filed from "../../filed/filed.module.css";
import { useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { CaseStateMark } from "./CaseTable";
import { type CaseInFull, caseKey, caseQuery, eraseCase } from "./queries";
import { CASE_TABS, type CaseTab } from "./routes";
import { TimeLine } from "./TimeLine";

const route = getRouteApi("/inside/projects/$project/cases/$case");

export function CasePage() {
  const words = useWords().cases;
  const { project, case: id } = route.useParams();
  const query = useQuery(caseQuery(project, id));
  useLiveLook([{ queryKey: caseKey(project, id) }], {
    // Of a form that touches many cases not all are told of.
    concerns: tellsOf("case"),
  });
  return (
    <LoadedPage query={query} title={words.case} beside={<Identifier id={id} />}>
      {(data) => <Shown project={project} item={data} />}
    </LoadedPage>
  );
}

interface OfCase {
  project: string;
  item: CaseInFull;
}

function Shown({ project, item }: OfCase) {
  const words = useWords().cases;
  const { tab = "properties" } = route.useSearch();
  const navigate = useNavigate();
  const stay = route.useNavigate();
  return (
    <>
      <PageHead
        title={item.name || words.nameless}
        beside={<CaseStateMark item={item} />}
        about={[item.type, item.external_id].filter((text) => text !== "").join(" · ")}
        actions={
          <EraseButton
            project={project}
            title={words.eraseAsk}
            about={words.eraseAbout}
            erase={(dryRun) => eraseCase(project, item.id, dryRun)}
            erased={() => void navigate({ to: "/projects/$project/cases", params: { project } })}
          />
        }
      />
      <Tabs
        value={tab}
        onChange={(value) =>
          void stay({
            search: { tab: CASE_TABS.find((each) => each === value && each !== "properties") },
            replace: true,
          })
        }
        keepMounted={false}
        className={tabs.tabs}
      >
        <Tabs.List>
          {CASE_TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {words.tabs[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className={tabs.panel}>
          <TabContent tab={tab} project={project} item={item} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function TabContent({ tab, project, item }: OfCase & { tab: CaseTab }) {
  switch (tab) {
    case "properties":
      return <Properties item={item} />;
    case "timeline":
      return <TimeLine project={project} id={item.id} />;
    case "ties":
      return <Ties project={project} item={item} />;
    case "deliveries":
      return <DeliveriesOf project={project} of={{ key: item.id }} />;
  }
}

function Properties({ item }: { item: CaseInFull }) {
  const words = useWords().cases;
  const none = <span className={filed.quiet}>—</span>;
  const properties = Object.entries(item.properties).map(([name, value]): [string, ReactNode] => [
    name,
    value === "" ? none : value,
  ]);
  const at = (time: string | null) => (time === null ? none : <Time at={time} shown="clock" />);
  const files = Object.entries(item.attachments);
  return (
    <>
      {properties.length === 0 ? (
        <EmptyState>{words.noProperties}</EmptyState>
      ) : (
        <Facts facts={properties} />
      )}
      {files.length > 0 && (
        <Section title={words.files}>
          <Facts facts={files.map(([name, file]) => [name, file.source])} />
        </Section>
      )}
      <Section title={words.about}>
        <Facts
          facts={[
            [words.columns.id, <Identifier key="id" id={item.id} whole />],
            [words.columns.type, item.type || none],
            [words.columns.owner, item.owner === "" ? none : <code key="owner">{item.owner}</code>],
            [words.columns.external, item.external_id || none],
            [words.opened, at(item.opened_at)],
            [words.openedBy, item.opened_by || none],
            [words.changed, at(item.modified_at)],
            [words.changedBy, item.modified_by || none],
            [words.received, at(item.server_modified_at)],
            ...(item.closed
              ? ([
                  [words.closed, at(item.closed_at)],
                  [words.closedBy, item.closed_by || none],
                ] satisfies [string, ReactNode][])
              : []),
          ]}
        />
      </Section>
    </>
  );
}

function Ties({ project, item }: OfCase) {
  const words = useWords().cases;
  const forward = Object.entries(item.indices);
  return (
    <>
      <Section title={words.pointsTo}>
        {forward.length === 0 ? (
          <p className={filed.quiet}>{words.pointsToNothing}</p>
        ) : (
          <TieTable
            project={project}
            ties={forward.map(([name, index]) => ({
              name,
              caseId: index.case_id,
              type: index.case_type,
              relationship: index.relationship,
            }))}
          />
        )}
      </Section>
      <Section title={words.pointedAt}>
        {item.reverse_indices.length === 0 ? (
          <p className={filed.quiet}>{words.nothingPoints}</p>
        ) : (
          <>
            <TieTable
              project={project}
              ties={item.reverse_indices.map((index) => ({
                name: index.name,
                caseId: index.case_id,
                type: null,
                relationship: index.relationship,
              }))}
            />
            {item.reverse_indices_are_more && <p className={filed.quiet}>{words.more}</p>}
            <p>
              <Link to="/projects/$project/cases" params={{ project }} search={{ parent: item.id }}>
                {words.asList}
              </Link>
            </p>
          </>
        )}
      </Section>
    </>
  );
}

interface TieTableProps {
  project: string;
  ties: {
    name: string;
    caseId: string;
    type: string | null;
    relationship: CaseInFull["reverse_indices"][number]["relationship"];
  }[];
}

function TieTable({ project, ties }: TieTableProps) {
  const words = useWords().cases;
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{words.tie}</th>
            <th>{words.case}</th>
            <th>{words.relationship}</th>
          </tr>
        </thead>
        <tbody>
          {ties.map((tie) => (
            <tr key={`${tie.name} ${tie.caseId}`}>
              <td>{tie.name}</td>
              <td>
                <Link to="/projects/$project/cases/$case" params={{ project, case: tie.caseId }}>
                  <CaseName project={project} id={tie.caseId} type={tie.type} />
                </Link>
              </td>
              <td>{words.relationships[tie.relationship]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The name of another case; its type and id, as long as that is not known. */
function CaseName({ project, id, type }: { project: string; id: string; type: string | null }) {
  const other = useQuery({ ...caseQuery(project, id), retry: false }).data;
  if (other === undefined) {
    return <Identifier id={id} plain />;
  }
  return (
    <>
      {other.name || id}
      {(other.type || type) && <span className={filed.quiet}> · {other.type || type}</span>}
    </>
  );
}
