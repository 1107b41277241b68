// How long things are kept, and in a sentence each what will be erased and when.
import { Select, TextInput } from "@mantine/core";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { useWords, type Words } from "../../i18n/words";
import styles from "./settings.module.css";
import { countOf, isNothing, readSpan, UNITS, type Unit } from "./span";

const KEPT = ["messages", "bodies", "attempts"] as const;
const AFTER_SUCCESS = "retention.after_success";
const NOTHING = "0s";
const AN_HOUR = "1h";

export function Retention() {
  const words = useWords().settings;
  return (
    <div className={styles.group}>
      <p className={styles.about}>{words.retentionAbout}</p>
      {KEPT.map((key) => (
        <SpanAt
          key={key}
          path={`retention.${key}`}
          label={words.kept[key]}
          about={words.keptAbout[key]}
        />
      ))}
      <AfterSuccess />
      <Sentences />
    </div>
  );
}

function AfterSuccess() {
  const words = useWords().settings;
  const form = useDefinitionForm();
  const text = form.text(AFTER_SUCCESS);
  const choice = text === "" ? "forever" : isNothing(text) ? "nothing" : "while";
  const values = { forever: undefined, nothing: NOTHING, while: AN_HOUR };
  return (
    <>
      <Select
        className={styles.choice}
        label={words.afterSuccess}
        data={(["forever", "nothing", "while"] as const).map((value) => ({
          value,
          label: words.success[value],
        }))}
        value={choice}
        allowDeselect={false}
        onChange={(value) => {
          if (value === "forever" || value === "nothing" || value === "while") {
            form.put(AFTER_SUCCESS, values[value]);
          }
        }}
      />
      {choice === "while" && <SpanAt path={AFTER_SUCCESS} label={words.successFor} />}
    </>
  );
}

interface SpanAtProps {
  path: string;
  label: string;
  about?: string;
}

/** A number and its unit; nothing is for ever. */
function SpanAt({ path, label, about }: SpanAtProps) {
  const words = useWords().settings;
  const form = useDefinitionForm();
  const text = form.text(path);
  const span = readSpan(text);
  const count = span?.count ?? text;
  const unit: Unit = span?.unit ?? "d";
  const put = (nextCount: string, nextUnit: Unit) =>
    form.put(path, nextCount.trim() === "" ? undefined : `${nextCount.trim()}${nextUnit}`);
  return (
    <div className={styles.span}>
      <TextInput
        className={styles.count}
        label={label}
        description={about}
        placeholder={words.forEver}
        inputMode="numeric"
        value={count}
        error={mistakeText(form.mistakes(path))}
        onChange={(event) => put(event.currentTarget.value, unit)}
      />
      <Select
        className={styles.unit}
        aria-label={words.unit(label)}
        data={UNITS.map((each) => ({ value: each, label: words.units[each] }))}
        value={unit}
        allowDeselect={false}
        disabled={count === ""}
        onChange={(value) => put(count, UNITS.find((each) => each === value) ?? unit)}
      />
    </div>
  );
}

function Sentences() {
  const words = useWords().settings;
  const form = useDefinitionForm();
  const sentences = sentencesOf(words, (key) => form.text(`retention.${key}`));
  return (
    <ul className={styles.sentences} aria-live="polite">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

/** What will be erased and when, from what stands in the fields. */
function sentencesOf(words: Words["settings"], textOf: (key: string) => string): string[] {
  const tell = (key: string, sentence: (span: string) => string): string[] => {
    const text = textOf(key);
    if (text === "") {
      return [];
    }
    const found = countOf(text);
    return [found === null ? words.sentence.wrong : sentence(words.spans[found.unit](found.count))];
  };
  const success = isNothing(textOf("after_success"))
    ? [words.sentence.successNow]
    : tell("after_success", words.sentence.success);
  const all = [...KEPT.flatMap((key) => tell(key, words.sentence[key])), ...success];
  return all.length === 0 ? [words.sentence.nothing] : [...new Set(all)];
}
