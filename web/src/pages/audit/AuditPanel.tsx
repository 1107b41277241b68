// One entry of the audit log beside the list: all that the hub noted of it.
import { Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier } from "../../design/Identifier";
import { Facts } from "../../design/Section";
import { SidePanel } from "../../design/SidePanel";
import { useFormat, useWords } from "../../i18n/words";
import { deedWord } from "./actions";
import styles from "./audit.module.css";
import { type AuditEntry, entryQuery } from "./queries";

interface AuditPanelProps {
  project: string | null;
  id: string;
  close: () => void;
}

export function AuditPanel({ project, id, close }: AuditPanelProps) {
  const words = useWords();
  const { data, error, refetch } = useQuery(entryQuery(project, id));
  const title = data ? deedWord(words, data) : words.audit.entry;
  return (
    <SidePanel title={title} close={close}>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Loader aria-label={words.common.loading} />}
      {data === null && <p>{words.audit.gone}</p>}
      {data && <Entry entry={data} />}
    </SidePanel>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const words = useWords().audit;
  const format = useFormat();
  const { who, target, project, address } = entry;
  const kind = Object.entries(words.kinds).find(([name]) => name === who.kind)?.[1] ?? who.kind;
  const detail = Object.entries(entry.detail as Record<string, unknown>);
  return (
    <>
      <Facts
        facts={[
          [words.columns.at, format.exact(new Date(entry.at))],
          [words.columns.who, who.kind === "nobody" ? words.nobody : `${who.name} (${kind})`],
          [words.columns.action, <code key="action">{entry.action}</code>],
          [words.columns.target, target ?? "—"],
          [words.columns.project, project ?? "—"],
          [words.columns.address, address ?? "—"],
          [words.columns.id, <Identifier key="id" id={entry.id} />],
        ]}
      />
      <h3 className={styles.detailTitle}>{words.detail}</h3>
      {detail.length === 0 ? (
        <p className={styles.quiet}>{words.noDetail}</p>
      ) : (
        <Facts
          facts={detail.map(([key, value]) => [
            key === "reason" ? words.columns.reason : key,
            tell(value),
          ])}
        />
      )}
    </>
  );
}

/** Details are for exactness: what is no text is shown as the hub wrote it. */
function tell(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
