// The cases of a project: the people and places that forms follow over time.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { DownloadMenu } from "../../design/DownloadMenu";
import { EmptyState } from "../../design/EmptyState";
import { Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { Time } from "../../design/Time";
import filed from "../../filed/filed.module.css";
import { useWords, type Words } from "../../i18n/words";
import { useListAddress } from "../../lists/address";
import type { Column } from "../../lists/columns";
import { FilteredList } from "../../lists/FilteredList";
import { RowCard } from "../../lists/RowCard";
import { CaseFilterForm, useFilterWords } from "./CaseFilters";
import { CaseStateMark } from "./CaseTable";
import { type Case, casesKey, exportPath, fetchCases, sampleQuery } from "./queries";

const route = getRouteApi("/inside/projects/$project/cases");

const FORMATS = ["xlsx", "csv"] as const;

const idOf = (item: Case) => item.id;
/** So many properties can be columns; more are nothing that anybody chooses from. */
const MOST_PROPERTIES = 200;
const nothing = <span className={filed.quiet}>—</span>;

export function CasesPage() {
  const words = useWords();
  const { project } = route.useParams();
  const navigate = route.useNavigate();
  const address = useListAddress(route.useSearch(), (to) => void navigate(to));
  const { filters, change } = address;
  const filterWords = useFilterWords(filters, change);
  const sample = useQuery(sampleQuery(project, filters.type)).data;
  const properties = useMemo(() => propertiesOf(sample ?? []), [sample]);
  const columns = useMemo(() => columnsOf(words, properties), [words, properties]);
  const source = useMemo(
    () => ({
      queryKey: casesKey(project, filters),
      fetchPage: fetchCases(project, filters),
      idOf,
      live: "case" as const,
      followsOthers: true,
    }),
    [project, filters],
  );
  return (
    <>
      <PageHead
        title={words.cases.title}
        about={words.cases.about}
        actions={
          <DownloadMenu
            label={words.filed.export}
            files={FORMATS.map((format) => ({
              label: words.filed.formats[format],
              href: exportPath(project, filters, format),
              name: `${project}-cases.${format}`,
            }))}
          />
        }
      />
      <FilteredList
        label={words.cases.title}
        address={address}
        filterWords={filterWords}
        filterForm={
          <CaseFilterForm
            filters={filters}
            types={[...new Set((sample ?? []).map(({ type }) => type))].filter(
              (type) => type !== "",
            )}
            properties={properties}
            change={change}
          />
        }
        searchIn={words.cases.filters.search}
        source={source}
        columns={columns}
        nameOf={(item) => item.name || item.id}
        link={(item, content, className) => (
          <Link
            to="/projects/$project/cases/$case"
            params={{ project, case: item.id }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(item) => <CaseCard item={item} />}
        emptyFiltered={words.cases.emptyFiltered}
        empty={<EmptyState>{words.cases.empty}</EmptyState>}
      />
    </>
  );
}

/** The names of the properties that some cases have, in the order of the alphabet. */
function propertiesOf(sample: readonly Case[]): string[] {
  const names = new Set(sample.flatMap(({ properties }) => Object.keys(properties)));
  return [...names].sort().slice(0, MOST_PROPERTIES);
}

function columnsOf(words: Words, properties: readonly string[]): Column<Case>[] {
  const titles = words.cases.columns;
  return [
    {
      key: "modified",
      title: titles.modified,
      width: "112px",
      cell: (item) => <Time at={item.server_modified_at} />,
    },
    {
      key: "name",
      title: titles.name,
      width: "minmax(160px, 2fr)",
      cell: (item) => item.name || nothing,
    },
    {
      key: "type",
      title: titles.type,
      width: "minmax(96px, 1fr)",
      cell: (item) => item.type || nothing,
    },
    {
      key: "state",
      title: titles.state,
      width: "104px",
      cell: (item) => <CaseStateMark item={item} />,
    },
    ...properties
      .filter((name) => !name.includes(","))
      .map((name) => ({
        key: `properties.${name}`,
        title: name,
        width: "minmax(104px, 1fr)",
        hidden: true,
        cell: (item: Case) => item.properties[name] || nothing,
      })),
    {
      key: "owner",
      title: titles.owner,
      width: "minmax(96px, 1fr)",
      cell: (item) => (item.owner === "" ? nothing : <Identifier id={item.owner} plain />),
    },
    {
      key: "external",
      title: titles.external,
      width: "minmax(96px, 1fr)",
      cell: (item) => item.external_id || nothing,
    },
    {
      key: "id",
      title: titles.id,
      width: "144px",
      cell: (item) => <Identifier id={item.id} />,
    },
  ];
}

function CaseCard({ item }: { item: Case }) {
  const words = useWords().cases;
  return (
    <RowCard
      title={item.name || words.nameless}
      beside={<Time at={item.server_modified_at} />}
      text={[item.type, item.external_id].filter((text) => text !== "").join(" · ")}
      mark={<CaseStateMark item={item} />}
    />
  );
}
