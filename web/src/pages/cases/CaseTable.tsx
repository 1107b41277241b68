// Some cases in a table: those that a submission had a part in, or that point to another.
import { Link } from "@tanstack/react-router";
import { Identifier } from "../../design/Identifier";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useWords } from "../../i18n/words";
import type { Case } from "./queries";

export function CaseTable({ project, cases }: { project: string; cases: Case[] }) {
  const words = useWords().cases;
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{words.columns.name}</th>
            <th>{words.columns.type}</th>
            <th>{words.columns.state}</th>
            <th>{words.columns.modified}</th>
            <th>{words.columns.id}</th>
          </tr>
        </thead>
        <tbody>
          {cases.map((each) => (
            <tr key={each.id}>
              <td>
                <Link to="/projects/$project/cases/$case" params={{ project, case: each.id }}>
                  {each.name || words.nameless}
                </Link>
              </td>
              <td>{each.type || "—"}</td>
              <td>
                <CaseStateMark item={each} />
              </td>
              <td>
                <Time at={each.server_modified_at} />
              </td>
              <td>
                <Identifier id={each.id} plain />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether a case is open. */
export function CaseStateMark({ item }: { item: Pick<Case, "closed" | "deleted"> }) {
  const words = useWords().cases.states;
  return item.deleted ? (
    <StateMark tone="quiet">{words.deleted}</StateMark>
  ) : (
    <StateMark tone={item.closed ? "ended" : "well"}>
      {item.closed ? words.closed : words.open}
    </StateMark>
  );
}
