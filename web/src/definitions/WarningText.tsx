// A warning as a page tells it: what it is, what to do about it, and what the hub says exactly.
import { Prose } from "../design/Prose";
import styles from "./definitions.module.css";
import type { ToldWarning } from "./warnings";

export function WarningText({ told }: { told: ToldWarning }) {
  return (
    <>
      <div>
        <Prose text={told.text} />
      </div>
      {told.hint !== null && (
        <div className={styles.quiet}>
          <Prose text={told.hint} />
        </div>
      )}
      {told.exact !== null && <code className={styles.exact}>{told.exact}</code>}
    </>
  );
}
