// What applying a project file would do: what is added, changed and removed, key by key; what is
// likely to be regretted; what would be lost.
import { VisuallyHidden } from "@mantine/core";
import { WarningText } from "../../definitions/WarningText";
import { warningTold } from "../../definitions/warnings";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { ErasesList } from "../settings/ErasesList";
import { erasesSomething } from "../settings/erases";
import styles from "./projectFile.module.css";
import type { Applied, Change } from "./queries";

export function Plan({ plan }: { plan: Applied }) {
  const words = useWords();
  return (
    <Section title={words.projectFile.plan}>
      {plan.changes.length === 0 && <p>{words.projectFile.nothing}</p>}
      <ul className={styles.changes}>
        {plan.changes.map((change) => (
          <li key={`${change.kind} ${change.name}`}>
            <ChangeLines change={change} />
          </li>
        ))}
      </ul>
      <Losses plan={plan} />
      {plan.warnings.length > 0 && (
        <>
          <h3 className={styles.subtitle}>{words.projectFile.warnings}</h3>
          <ul className={styles.warnings}>
            {plan.warnings.map((warning) => (
              <li key={`${warning.path} ${warning.code}`}>
                <code>{warning.path}</code>
                <WarningText told={warningTold(warning, words.definitions)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

const SIGNS: Record<Change["action"], string> = { added: "+", changed: "~", removed: "−" };

function ChangeLines({ change }: { change: Change }) {
  const words = useWords().projectFile;
  return (
    <>
      <p className={styles.change} data-action={change.action}>
        <span aria-hidden="true" className={styles.sign}>
          {SIGNS[change.action]}
        </span>
        <span>{words[change.action]}</span> <span>{words.kinds[change.kind]}</span>{" "}
        <strong>{change.name}</strong>
      </p>
      {change.details.length > 0 && (
        <dl className={styles.details}>
          {change.details.map((detail) => (
            <div key={detail.path} className={styles.detail}>
              <dt>
                <code>{detail.path}</code>
              </dt>
              <dd>
                {change.action === "changed" && <Side side="before" text={detail.before} />}
                <Side side="after" text={detail.after} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** What is written there before or after. Those who do not see the line through it hear the word. */
function Side({ side, text }: { side: "before" | "after"; text: string | null }) {
  const words = useWords().projectFile;
  const Element = side === "before" ? "del" : "ins";
  return (
    <Element>
      <VisuallyHidden>{words[side]}: </VisuallyHidden>
      {text ?? words.none}
    </Element>
  );
}

/** How many things a plan removes. */
export const removedBy = (plan: Applied) =>
  plan.changes.filter(({ action }) => action === "removed").length;

/** Whether something is lost by a plan, so that it is asked for once more. */
export const losesSomething = (plan: Applied) =>
  removedBy(plan) > 0 || plan.waiting.length > 0 || erasesSomething(plan.erases);

/** What is lost by a plan; nothing where nothing is. */
export function Losses({ plan }: { plan: Applied }) {
  const words = useWords();
  if (!losesSomething(plan)) {
    return null;
  }
  const removed = removedBy(plan);
  return (
    <div className={styles.losses}>
      <p>
        <strong>{words.projectFile.loses}</strong>
      </p>
      {removed > 0 && <p>{words.projectFile.removes(removed)}</p>}
      {plan.waiting.map(({ forwarder, deliveries }) => (
        <p key={forwarder}>{words.projectFile.waiting(forwarder, deliveries)}</p>
      ))}
      {erasesSomething(plan.erases) && (
        <>
          <p>{words.settings.eraseNow}</p>
          <ErasesList erases={plan.erases} />
        </>
      )}
    </div>
  );
}
