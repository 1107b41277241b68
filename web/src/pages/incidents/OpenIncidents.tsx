// Incidents that last, all of them, each with whom it concerns, since when, and what went wrong.
import { Link } from "@tanstack/react-router";
import type { Incident } from "../../api/types";
import { Shape } from "../../design/StateMark";
import { useTicking } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./incidents.module.css";
import { tellIncident } from "./tell";

interface OpenIncidentsProps {
  project: string;
  incidents: Incident[];
}

export function OpenIncidents({ project, incidents }: OpenIncidentsProps) {
  const words = useWords().incidents;
  const format = useFormat();
  if (incidents.length === 0) {
    return (
      <p className={styles.calm}>
        <Shape tone="well" />
        {words.noneOpen}
      </p>
    );
  }
  return (
    <ul className={styles.openList}>
      {incidents.map((incident) => (
        <li key={incident.id} className={styles.openItem}>
          <Shape tone="bad" size={16} />
          <div>
            <Link
              to="/projects/$project/incidents/$incident"
              params={{ project, incident: incident.id }}
              className={styles.openLink}
            >
              <Told incident={incident} />
            </Link>
            {incident.last?.error != null && (
              <div className={styles.openError}>{incident.last.error}</div>
            )}
          </div>
          <div className={styles.openCount}>
            {incident.kind !== "silence" && (
              <>
                <span className="numbers">{format.number(incident.failures)}</span>
                <span className={styles.quiet}>
                  {incident.kind === "call" ? words.failedCalls : words.columns.failures}
                </span>
              </>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Drawn again when its words change, not with each second. */
function Told({ incident }: { incident: Incident }) {
  const words = useWords().incidents.told;
  const format = useFormat();
  return useTicking((now) => tellIncident(incident, words, format, now));
}
