// The smaller parts around the rows of a list.
import { Button, Loader } from "@mantine/core";
import { ArrowUp } from "lucide-react";
import { ErrorNote } from "../design/ErrorNote";
import { Time } from "../design/Time";
import { useWords } from "../i18n/words";
import styles from "./List.module.css";

const SKELETON_ROWS = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** The shape of rows, while the first ones are on their way. */
export function ListSkeleton({ label }: { label: string }) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {SKELETON_ROWS.map((row) => (
        <div key={row} className={styles.bone} />
      ))}
    </div>
  );
}

/** New rows that wait for a reader in the middle of the list. */
export function NewRows({ count, show }: { count: number; show: () => void }) {
  const words = useWords().list;
  return (
    <div className={styles.fresh} role="status">
      <Button size="compact-sm" radius="xl" leftSection={<ArrowUp size={14} />} onClick={show}>
        {words.newRows(count)}
      </Button>
    </div>
  );
}

/** Says of a list that it does not follow what happens, and looks at it anew. */
export function StandsStill({ since, look }: { since: number; look: () => void }) {
  const words = useWords().list;
  return (
    <div className={styles.still}>
      <span>
        {words.lookedAt} <Time at={new Date(since).toISOString()} />
        {words.standsStill}
      </span>
      <Button size="compact-sm" variant="default" onClick={look}>
        {words.lookAgain}
      </Button>
    </div>
  );
}

interface MoreRowsProps {
  loading: boolean;
  error: unknown;
  ended: boolean;
  retry: () => void;
  /** How far a search came; null where nothing is searched. */
  searchedUntil: string | null;
  /** Searches on; null while it does so by itself. */
  goOn: (() => void) | null;
}

/** The foot of a list: more is coming, could not come, or there is no more. */
export function MoreRows({ loading, error, ended, retry, searchedUntil, goOn }: MoreRowsProps) {
  const words = useWords().list;
  if (error !== null) {
    return <ErrorNote error={error} retry={retry} />;
  }
  return (
    <div className={styles.foot} role="status">
      {searchedUntil !== null && (
        <span>
          {words.searchedUntil} <Time at={searchedUntil} shown="clock" />
        </span>
      )}
      {loading && <Loader aria-label={words.loading} />}
      {!loading && goOn !== null && (
        <Button variant="default" size="compact-sm" onClick={goOn}>
          {words.searchOn}
        </Button>
      )}
      {ended && <span>{words.end}</span>}
    </div>
  );
}
