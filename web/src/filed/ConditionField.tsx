// A condition on a field, for the form that adds filters to a list. Fields that are known can be
// chosen; any other is typed.
import { Autocomplete, Button, Select, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useWords } from "../i18n/words";
import { ASKED, type Asked, type Root, readCondition, writeCondition } from "./conditions";
import styles from "./filed.module.css";

interface ConditionFieldProps {
  /** The paths of the fields that are known. */
  fields: string[];
  root: Root;
  /** Those in force, as the address has them. */
  where: string[] | undefined;
  change: (changed: { where: string[] }) => void;
}

export function ConditionField({ fields, root, where = [], change }: ConditionFieldProps) {
  const words = useWords().filed;
  const [path, setPath] = useState("");
  const [asked, setAsked] = useState<Asked>("=");
  const [value, setValue] = useState("");
  const compares = asked !== "present" && asked !== "absent";
  const isWhole = path.trim() !== "" && (!compares || value.trim() !== "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWhole) {
      const condition = { path: path.trim(), asked, value: compares ? value.trim() : "" };
      change({ where: [...new Set([...where, writeCondition(condition, root)])] });
      setPath("");
      setValue("");
    }
  };
  return (
    <form onSubmit={submit}>
      <fieldset className={styles.condition}>
        <legend>{words.condition.title}</legend>
        <Autocomplete
          label={words.condition.field}
          data={[...new Set(fields)]}
          limit={50}
          spellCheck={false}
          value={path}
          openOnFocus={false}
          comboboxProps={{ withinPortal: false }}
          onChange={setPath}
        />
        <Select
          label={words.condition.asked}
          data={ASKED.map((each) => ({ value: each, label: words.asked[each] }))}
          value={asked}
          allowDeselect={false}
          openOnFocus={false}
          comboboxProps={{ withinPortal: false }}
          onChange={(chosen) => setAsked(ASKED.find((each) => each === chosen) ?? asked)}
        />
        {compares && (
          <TextInput
            label={words.condition.value}
            spellCheck={false}
            autoComplete="off"
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
        )}
        <Button type="submit" variant="default" size="compact-sm" disabled={!isWhole}>
          {words.condition.add}
        </Button>
      </fieldset>
    </form>
  );
}

/** A condition in words; what is none, as somebody typed it into the address, as it stands there. */
export function useConditionWords(root: Root): (text: string) => string {
  const words = useWords().filed.asked;
  return (text) => {
    const condition = readCondition(text, root);
    return condition === null
      ? text
      : `${condition.path} ${words[condition.asked]} ${condition.value}`.trim();
  };
}
