// Who did what, newest first: of a project, or of the whole installation. A row opens what changed.
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { EmptyState } from "../../design/EmptyState";
import { PageHead } from "../../design/PageHead";
import { Beside } from "../../design/SidePanel";
import { Time } from "../../design/Time";
import { useWords, type Words } from "../../i18n/words";
import type { Column } from "../../lists/columns";
import { List } from "../../lists/List";
import { ListBar } from "../../lists/ListBar";
import { SearchField } from "../../lists/SearchField";
import { AuditFilterForm, useAuditFilterWords } from "./AuditFilters";
import { AuditPanel } from "./AuditPanel";
import { deedWord, reasonOf } from "./actions";
import styles from "./audit.module.css";
import { type AuditEntry, auditKey, fetchAudit } from "./queries";
import type { AuditSearch } from "./routes";

interface AuditViewProps {
  project: string | null;
  search: AuditSearch;
  change: (changed: Partial<AuditSearch>) => void;
}

const idOf = (entry: AuditEntry) => entry.id;
const NO_FILTERS = { who: undefined, action: undefined, from: undefined, to: undefined };

export function AuditView({ project, search, change }: AuditViewProps) {
  const words = useWords();
  const { who, action, from, to, columns: chosenColumns, entry } = search;
  const filters = useMemo(() => ({ who, action, from, to }), [who, action, from, to]);
  const filterWords = useAuditFilterWords(filters, change);
  const columns = useMemo(() => columnsOf(words, project === null), [words, project]);
  const source = useMemo(
    () => ({
      queryKey: auditKey(project, filters),
      fetchPage: fetchAudit(project, filters),
      idOf,
      // The stream is a project's: the log of the whole installation stands still.
      live: project === null ? null : ("audit" as const),
    }),
    [project, filters],
  );
  const panel =
    entry === undefined ? null : (
      <AuditPanel project={project} id={entry} close={() => change({ entry: undefined })} />
    );
  return (
    <>
      <PageHead
        title={words.audit.title}
        about={project === null ? words.audit.aboutAll : words.audit.about}
      />
      <Beside panel={panel}>
        <ListBar
          filters={filterWords}
          clear={() => change(NO_FILTERS)}
          form={<AuditFilterForm filters={filters} change={change} />}
          columns={columns}
          chosenColumns={chosenColumns}
          chooseColumns={(chosen) => change({ columns: chosen })}
        >
          <SearchField
            text={who}
            placeholder={words.audit.searchWho}
            search={(text) => change({ who: text })}
          />
        </ListBar>
        <List
          label={words.audit.title}
          source={source}
          columns={columns}
          chosenColumns={chosenColumns}
          nameOf={(row) => deedWord(words, row)}
          openId={entry ?? null}
          asCards={entry !== undefined}
          link={(row, content, className) => (
            <Link
              to="."
              search={(before: AuditSearch) => ({ ...before, entry: row.id })}
              className={className}
            >
              {content}
            </Link>
          )}
          card={(row) => <AuditCard entry={row} />}
          empty={
            <EmptyState>
              {filterWords.length > 0 ? words.audit.emptyFiltered : words.audit.empty}
            </EmptyState>
          }
        />
      </Beside>
    </>
  );
}

function columnsOf(words: Words, installation: boolean): Column<AuditEntry>[] {
  const titles = words.audit.columns;
  const columns: (Column<AuditEntry> | null)[] = [
    { key: "at", title: titles.at, width: "112px", cell: (entry) => <Time at={entry.at} /> },
    {
      key: "who",
      title: titles.who,
      width: "minmax(112px, 1fr)",
      cell: (entry) => <Who entry={entry} />,
    },
    {
      key: "action",
      title: titles.action,
      width: "minmax(160px, 1.5fr)",
      cell: (entry) => deedWord(words, entry),
    },
    {
      key: "target",
      title: titles.target,
      width: "minmax(112px, 1.5fr)",
      cell: (entry) => entry.target ?? "—",
    },
    {
      key: "reason",
      title: titles.reason,
      width: "minmax(96px, 1.5fr)",
      cell: (entry) => reasonOf(entry) ?? "—",
    },
    installation
      ? {
          key: "project",
          title: titles.project,
          width: "minmax(80px, 1fr)",
          cell: (entry) => entry.project ?? "—",
        }
      : null,
    {
      key: "address",
      title: titles.address,
      width: "128px",
      hidden: true,
      cell: (entry) => entry.address ?? "—",
    },
  ];
  return columns.filter((column) => column !== null);
}

function Who({ entry }: { entry: AuditEntry }) {
  const words = useWords().audit;
  const { kind, name } = entry.who;
  if (kind === "nobody") {
    return <span className={styles.quiet}>{words.nobody}</span>;
  }
  return (
    <>
      {kind === "administrator" ? words.kinds.administrator : name}
      {kind === "token" && <span className={styles.quiet}> ({words.kinds.token})</span>}
    </>
  );
}

function AuditCard({ entry }: { entry: AuditEntry }) {
  const words = useWords();
  return (
    <span className={styles.card}>
      <span className={styles.cardLine}>
        <strong>{deedWord(words, entry)}</strong>
        <span className={styles.quiet}>
          <Time at={entry.at} />
        </span>
      </span>
      <span className={styles.cardLine}>
        <span>
          <Who entry={entry} />
        </span>
        <span className={styles.cardText}>
          {[entry.target, reasonOf(entry)].filter((each) => each !== null).join(" · ")}
        </span>
      </span>
    </span>
  );
}
