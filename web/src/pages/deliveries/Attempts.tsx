// The attempts of a delivery: one line each with how long it took against the longest, and the
// exchange of the one that is open.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ChevronDown, ChevronRight } from "lucide-react";
import { Fragment } from "react";
import type { Attempt } from "../../api/types";
import { EmptyState } from "../../design/EmptyState";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useFormat, useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./deliveries.module.css";
import { Exchange } from "./Exchange";
import { attemptsQuery } from "./queries";
import type { DeliverySearch } from "./routes";

const route = getRouteApi("/inside/projects/$project/deliveries/$delivery");

/** In the address, where the reader has closed what would be open. */
const NONE = "none";

export function Attempts({ project, delivery }: { project: string; delivery: string }) {
  const words = useWords();
  return (
    <Section title={words.deliveries.attempts}>
      <Loaded query={useQuery(attemptsQuery(project, delivery))}>
        {(attempts) =>
          attempts.length === 0 ? (
            <EmptyState>{words.deliveries.noAttempts}</EmptyState>
          ) : (
            <Table project={project} delivery={delivery} attempts={attempts} />
          )
        }
      </Loaded>
    </Section>
  );
}

interface TableProps {
  project: string;
  delivery: string;
  attempts: Attempt[];
}

function Table({ project, delivery, attempts }: TableProps) {
  const words = useWords().deliveries;
  const { attempt: chosen, against } = route.useSearch();
  const navigate = route.useNavigate();
  // The last one is what people come for.
  const open = chosen ?? String(attempts.at(-1)?.number);
  const longest = Math.max(...attempts.map(({ duration_ms }) => duration_ms), 1);
  const look = (search: DeliverySearch) =>
    void navigate({ search, replace: true, resetScroll: false });
  const toggle = (number: string) => look({ attempt: number === open ? NONE : number });
  return (
    <table className={`${table.table} ${styles.attempts}`}>
      <thead>
        <tr>
          <th className={styles.number}>{words.table.number}</th>
          <th className={styles.at}>{words.table.at}</th>
          <th className={styles.took}>{words.table.took}</th>
          <th>{words.table.outcome}</th>
        </tr>
      </thead>
      <tbody>
        {attempts.map((attempt) => {
          const number = String(attempt.number);
          const isOpen = number === open;
          return (
            <Fragment key={number}>
              <Line
                attempt={attempt}
                longest={longest}
                isOpen={isOpen}
                toggle={() => toggle(number)}
              />
              {isOpen && (
                <tr>
                  <td colSpan={4}>
                    <Exchange
                      project={project}
                      delivery={delivery}
                      attempt={attempt}
                      attempts={attempts}
                      against={against}
                      compare={(wanted) => look({ attempt: number, against: wanted })}
                    />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

/** What went wrong, where its status stands before it already. */
function withoutStatus(message: string, status: number | undefined): string {
  const said = `${status} `;
  return message.startsWith(said) ? message.slice(said.length) : message;
}

interface LineProps {
  attempt: Attempt;
  longest: number;
  isOpen: boolean;
  toggle: () => void;
}

function Line({ attempt, longest, isOpen, toggle }: LineProps) {
  const words = useWords().deliveries;
  const format = useFormat();
  const { number, started_at, duration_ms, response, error } = attempt;
  return (
    <tr data-open={isOpen || undefined}>
      <td className={styles.number}>
        <button
          type="button"
          className={styles.open}
          aria-expanded={isOpen}
          aria-label={words.attempt(number)}
          onClick={toggle}
        >
          {isOpen ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
          {number}
        </button>
      </td>
      <td className={styles.at}>
        <Time at={started_at} shown="clock" />
      </td>
      <td className={styles.took}>
        <div className={styles.timing}>
          <div className={styles.track} aria-hidden="true">
            <div
              className={styles.bar}
              data-well={error === null || undefined}
              style={{ width: `${(100 * duration_ms) / longest}%` }}
            />
          </div>
          <span className={`${styles.duration} numbers`}>{format.duration(duration_ms)}</span>
        </div>
      </td>
      <td className={styles.outcome}>
        <StateMark tone={error === null ? "well" : "bad"}>
          {response?.status ?? (error === null ? "" : words.kinds[error.kind])}
        </StateMark>{" "}
        {error !== null && (
          <span className={styles.message}>{withoutStatus(error.message, response?.status)}</span>
        )}
      </td>
    </tr>
  );
}
