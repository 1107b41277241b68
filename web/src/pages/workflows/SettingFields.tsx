// How the runs of a workflow go on: how many at once, in which order, how long, and what is kept.
import { More } from "../../definitions/FormFrame";
import { ChoiceAt, NumberAt, TextAt } from "../../definitions/fields";
import { useFlowWords } from "../../i18n/flows";
import { SETTING_FIELDS } from "./fieldPaths";
import styles from "./workflows.module.css";

export function SettingFields() {
  const all = useFlowWords();
  const words = all.workflows.form;
  return (
    <More title={words.settings} about={words.settingsAbout} paths={SETTING_FIELDS}>
      <div className={styles.narrowFields}>
        <NumberAt path="concurrency" label={words.concurrency} min={1} max={1000} />
        <ChoiceAt
          path="order_by"
          label={words.orderBy}
          usual="none"
          choices={(["none", "case", "form", "workflow"] as const).map((value) => ({
            value,
            label: words.orders[value],
          }))}
        />
        <ChoiceAt
          path="join"
          label={words.join}
          usual="each-path"
          choices={(["each-path", "all"] as const).map((value) => ({
            value,
            label: words.joins[value],
          }))}
        />
        <TextAt
          path="timeout"
          label={words.runTimeout}
          placeholder="5m"
          about={all.definitions.duration}
        />
        <ChoiceAt
          path="keep"
          label={words.keep}
          usual="all"
          choices={(["all", "failed", "nothing"] as const).map((value) => ({
            value,
            label: words.keeps[value],
          }))}
        />
      </div>
    </More>
  );
}
