// How a workflow's runs of the last day went, and what has not ended; each number leads to those runs.
import { Link } from "@tanstack/react-router";
import { Shape, type Tone } from "../../design/StateMark";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import type { RunsSearch } from "../runs/routes";
import { BAD_STATES, OPEN_STATES } from "../runs/types";
import type { Workflow } from "./queries";
import styles from "./workflows.module.css";

interface Shown {
  key: "succeeded" | "failed" | "cancelled" | "waiting";
  tone: Tone;
  search: RunsSearch;
}

/** What waits does so whenever it was made. */
const SHOWN: readonly Shown[] = [
  { key: "succeeded", tone: "well", search: { state: "success", last: "24h" } },
  { key: "failed", tone: "bad", search: { state: BAD_STATES.join(), last: "24h" } },
  { key: "cancelled", tone: "ended", search: { state: "cancelled", last: "24h" } },
  { key: "waiting", tone: "waiting", search: { state: OPEN_STATES.join() } },
];

export function DayCounts({ project, workflow }: { project: string; workflow: Workflow }) {
  const words = useFlowWords().workflows.day;
  const format = useFormat();
  const { name, last_day: day } = workflow;
  const there = SHOWN.filter(({ key }) => day[key] > 0);
  if (there.length === 0) {
    return <span className={styles.quiet}>{words.none}</span>;
  }
  return (
    <ul className={styles.day}>
      {there.map(({ key, tone, search }) => {
        const more = key === "waiting" ? day.waiting_is_more : day.is_more;
        const count = `${format.number(day[key])}${more ? "+" : ""}`;
        return (
          <li key={key}>
            <Shape tone={tone} />
            <Link
              to="/projects/$project/runs"
              params={{ project }}
              search={{ workflow: name, ...search }}
            >
              {words[key](count, day[key])}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
