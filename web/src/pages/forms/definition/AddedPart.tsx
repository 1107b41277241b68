// What is kept of a submission on its way: fields that actions fill in, and how pressing it can be.
import { Button, TextInput } from "@mantine/core";
import { Plus } from "lucide-react";
import { type Definition, isDefinition, textAt, type Value } from "../../../definitions/definition";
import { mistakeText } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { Section } from "../../../design/Section";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useFormat } from "../../../i18n/words";
import styles from "./editor.module.css";
import { FieldList } from "./FieldList";
import { SortedRows } from "./SortedRows";
import { withAppended } from "./shape";

const LEVELS = "lifecycle.criticality_levels";

export function AddedPart() {
  const words = useOwnFormWords().formEditor.added;
  return (
    <>
      <Section title={words.fields}>
        <p className={styles.quiet}>{words.fieldsAbout}</p>
        <FieldList
          path="lifecycle.backoffice_fields"
          label={words.fields}
          empty={words.empty}
          add={words.add}
        />
      </Section>
      <Section title={words.levels}>
        <p className={styles.quiet}>{words.levelsAbout}</p>
        <Levels />
      </Section>
    </>
  );
}

const nameOf = (level: Value): string =>
  isDefinition(level) ? String(level.name ?? "") : String(level ?? "");

function Levels() {
  const all = useOwnFormWords().formEditor;
  const words = all.added;
  const format = useFormat();
  const form = useDefinitionForm();
  const value = form.value(LEVELS);
  const levels = Array.isArray(value) ? value : [];
  const placeOf = (index: number) => words.levelOf(format.number(index));
  return (
    <SortedRows
      label={words.levels}
      path={LEVELS}
      rows={levels.map((level, index) => ({
        title: nameOf(level) || placeOf(index),
        about: nameOf(level) === "" ? "" : placeOf(index),
        path: `${LEVELS}[${index}]`,
      }))}
      empty={words.empty}
      panel={(index) => <LevelPanel path={`${LEVELS}[${index}]`} />}
      add={
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={14} />}
          onClick={() =>
            form.change((before) => withAppended(before, LEVELS, { name: placeOf(levels.length) }))
          }
        >
          {words.addLevel}
        </Button>
      }
    />
  );
}

/** A level may be written as its name alone: then that is the field, until it gets a colour as well. */
function LevelPanel({ path }: { path: string }) {
  const all = useOwnFormWords().formEditor;
  const form = useDefinitionForm();
  const level = form.value(path);
  const name = nameOf(level ?? "");
  const colour = isDefinition(level) ? textAt(level, "colour") : "";
  const rest = isDefinition(level) ? level : {};
  const put = (changed: Definition) => form.put(path, { ...rest, name, ...changed });
  const mistakes = (key: string) => mistakeText(form.mistakes(`${path}.${key}`));
  return (
    <div className={styles.levels}>
      <TextInput
        label={all.added.levelName}
        required
        value={name}
        error={mistakes("name")}
        onChange={({ currentTarget }) => put({ name: currentTarget.value })}
      />
      <TextInput
        label={all.statuses.colour}
        description={all.statuses.colourAbout}
        value={colour}
        error={mistakes("colour")}
        onChange={({ currentTarget: { value } }) =>
          put({ colour: value === "" ? undefined : value })
        }
      />
    </div>
  );
}
