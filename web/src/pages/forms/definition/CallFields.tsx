// A call of a program: by which connection, what is sent, what becomes of the answer, and where a submission
// goes when the call has failed for good.
import { Select } from "@mantine/core";
import { textAt } from "../../../definitions/definition";
import { More } from "../../../definitions/FormFrame";
import { ChoiceAt, mistakeText, SwitchAt, TextAt } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { PairsAt } from "../../../definitions/PairsAt";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useAround, withChosen } from "./around";
import styles from "./editor.module.css";
import { FileFieldAt, PickAt } from "./inputs";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The failures that can be told apart, each with what follows where nothing is said. */
const FAILURES = {
  app: "ignore",
  "4xx": "stop",
  "5xx": "stop",
  bad_data: "ignore",
  network: "stop",
} as const;
type Failure = keyof typeof FAILURES;

export function CallFields({ path }: { path: string }) {
  const words = useOwnFormWords().formEditor.call;
  const form = useDefinitionForm();
  const { connections } = useAround();
  const isFile = form.text(`${path}.response`) === "attachment";
  return (
    <>
      <div className={styles.two}>
        <PickAt
          path={`${path}.connection`}
          label={words.connection}
          choices={connections}
          required
        />
        <TextAt path={`${path}.path`} label={words.path} about={words.pathAbout} />
        <TextAt path={`${path}.label`} label={words.label} />
        <TextAt path={`${path}.name`} label={words.name} about={words.nameAbout} />
        <ChoiceAt
          path={`${path}.method`}
          label={words.method}
          usual="POST"
          choices={METHODS.map((value) => ({ value, label: value }))}
        />
        <ChoiceAt
          path={`${path}.response`}
          label={words.response}
          usual="json"
          choices={(["json", "attachment"] as const).map((value) => ({
            value,
            label: words.responses[value],
          }))}
        />
        {(isFile || form.text(`${path}.file_field`) !== "") && (
          <FileFieldAt path={`${path}.file_field`} label={words.fileField} />
        )}
      </div>
      <SwitchAt path={`${path}.post`} label={words.post} />
      {form.value(`${path}.post`) === true && (
        <ChoiceAt
          path={`${path}.files`}
          label={words.files}
          usual="embedded"
          choices={(["embedded", "links"] as const).map((value) => ({
            value,
            label: words.fileWays[value],
          }))}
        />
      )}
      <PairsAt
        path={`${path}.query`}
        label={words.query}
        nameLabel={words.dataName}
        valueLabel={words.dataValue}
      />
      <PairsAt
        path={`${path}.post_data`}
        label={words.postData}
        nameLabel={words.dataName}
        valueLabel={words.dataValue}
      />
      <More
        title={words.errors}
        about={words.errorsAbout}
        paths={["on_error", "record_errors", "notify_on_errors"].map((key) => `${path}.${key}`)}
      >
        <div className={styles.two}>
          {(Object.keys(FAILURES) as Failure[]).map((failure) => (
            <PolicyField key={failure} path={`${path}.on_error`} failure={failure} />
          ))}
        </div>
        <SwitchAt path={`${path}.record_errors`} label={words.record} />
        <SwitchAt path={`${path}.notify_on_errors`} label={words.notify} />
      </More>
    </>
  );
}

const JUMP = "jump:";

/** What follows one failure: two words, or a status to go to. */
function PolicyField({ path, failure }: { path: string; failure: Failure }) {
  const words = useOwnFormWords().formEditor.call;
  const form = useDefinitionForm();
  const { statuses, status } = useAround();
  const at = `${path}.${failure}`;
  const to = textAt(form.definition, `${at}.jump`);
  const chosen = to === "" ? form.text(at) || FAILURES[failure] : `${JUMP}${to}`;
  const jumps = withChosen(statuses, [to]).map(({ value }) => ({
    value: `${JUMP}${value}`,
    label: words.policies.jump(status(value)),
  }));
  return (
    <Select
      label={words.kinds[failure]}
      data={[
        { value: "ignore", label: words.policies.ignore },
        { value: "stop", label: words.policies.stop },
        ...jumps,
      ]}
      allowDeselect={false}
      value={chosen}
      error={mistakeText(form.mistakes(at))}
      onChange={(next) => {
        if (next !== null) {
          const policy = next.startsWith(JUMP) ? { jump: next.slice(JUMP.length) } : next;
          form.put(at, policy === FAILURES[failure] ? undefined : policy);
        }
      }}
    />
  );
}
