// Who may post to a receiver: nobody, holders of keys of the project, or anybody.
import { Radio } from "@mantine/core";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { ListAt } from "../../definitions/ListAt";
import { useWords } from "../../i18n/words";
import { type Access, ANONYMOUS, accessOf } from "./receivers";
import styles from "./sources.module.css";

const CHOICES: readonly Access[] = ["closed", "keys", "anonymous"];

export function AccessField() {
  const words = useWords().sources.form.access;
  const form = useDefinitionForm();
  const access = accessOf(form.value("access"));
  const mistakes = form.mistakes("access");
  const choose = (chosen: string) => {
    const saved = form.saved?.access;
    form.put(
      "access",
      chosen === "keys"
        ? accessOf(saved) === "keys"
          ? saved
          : []
        : chosen === "anonymous"
          ? ANONYMOUS
          : undefined,
    );
  };
  return (
    <Radio.Group
      label={words.label}
      description={words.about}
      value={access}
      error={access === "keys" ? undefined : mistakeText(mistakes)}
      onChange={choose}
    >
      <div className={styles.access}>
        {CHOICES.map((each) => (
          <Radio
            key={each}
            value={each}
            label={words.choices[each]}
            description={each === access ? words.abouts[each] : undefined}
          />
        ))}
      </div>
      {access === "keys" && (
        <ListAt path="access" label={words.keys} about={words.keysAbout} keeps />
      )}
    </Radio.Group>
  );
}
