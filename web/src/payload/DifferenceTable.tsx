// Where two contents differ, place by place.
import { useWords } from "../i18n/words";
import styles from "./DifferenceTable.module.css";
import type { Difference } from "./differences";

export function DifferenceTable({ differences }: { differences: Difference[] }) {
  const words = useWords().payload;
  return (
    <div className={styles.wide}>
      <table className={styles.compared}>
        <thead>
          <tr>
            <th>{words.path}</th>
            <th>{words.before}</th>
            <th>{words.after}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map((difference) => (
            <tr key={difference.path}>
              <td>
                <code>{difference.path}</code>
              </td>
              <td data-side="before">
                <code>{difference.before ?? "—"}</code>
              </td>
              <td data-side="after">
                <code>{difference.after ?? "—"}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
