// One field of a form: what it is called, what it takes, and what only its type has. A field that only is
// looked at has no name; one that is filled in on the way is asked of nobody.
import { Select } from "@mantine/core";
import { isDefinition } from "../../../definitions/definition";
import { More } from "../../../definitions/FormFrame";
import { ChoiceAt, LongTextAt, mistakeText, SwitchAt, TextAt } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { useOwnFormWords } from "../../../i18n/ownForms";
import styles from "./editor.module.css";
import { FieldList } from "./FieldList";
import { DisplayAt, IdField, ItemsAt, LinesAt } from "./inputs";
import { withRenamedKey } from "./renaming";
import {
  addedFields,
  askedFields,
  FIELD_TYPES,
  hasColumns,
  hasItems,
  isLayout,
  retyped,
  usualAnonymise,
} from "./shape";

/** The lists whose fields other places can name. */
const NAMED = { fields: "asked", "lifecycle.backoffice_fields": "added" } as const;

interface FieldPanelProps {
  list: string;
  path: string;
}

export function FieldPanel({ list, path }: FieldPanelProps) {
  const all = useOwnFormWords().formEditor;
  const words = all.fields;
  const form = useDefinitionForm();
  const type = form.text(`${path}.type`);
  const isAsked = list !== "lifecycle.backoffice_fields";
  const layout = isLayout(type);
  return (
    <>
      <div className={styles.two}>
        <TextAt path={`${path}.label`} label={words.label} about={words.labelAbout} />
        {!layout && <NameField list={list} path={path} />}
        <TypeField path={path} isAsked={isAsked} />
      </div>
      {!layout && isAsked && <SwitchAt path={`${path}.required`} label={words.required} />}
      {type === "block" && (
        <>
          <h4 className={styles.sub}>{words.inside}</h4>
          <FieldList
            path={`${path}.fields`}
            label={words.inside}
            empty={words.emptyInside}
            add={words.addInside}
          />
        </>
      )}
      {hasItems(type) && <ItemsAt path={`${path}.items`} />}
      {hasColumns(type) && (
        <LinesAt path={`${path}.columns`} label={words.columns} about={all.form.onePerLine} keeps />
      )}
      {type === "table" && (
        <LinesAt path={`${path}.rows`} label={words.rows} about={all.form.onePerLine} />
      )}
      {type === "computed" && (
        <LongTextAt path={`${path}.template`} label={words.template} about={words.templateAbout} />
      )}
      {!layout && isAsked && <TextAt path={`${path}.hint`} label={words.hint} />}
      <TextAt path={`${path}.condition`} label={words.condition} about={words.conditionAbout} />
      <More
        title={words.more}
        about={words.moreAbout}
        paths={["anonymise", "display", "id"].map((key) => `${path}.${key}`)}
      >
        {!layout && (
          <ChoiceAt
            path={`${path}.anonymise`}
            label={words.anonymise}
            usual={usualAnonymise(type)}
            choices={(["final", "intermediate", "no"] as const).map((value) => ({
              value,
              label: words.anonymiseModes[value],
            }))}
          />
        )}
        <DisplayAt path={`${path}.display`} />
        <TextAt path={`${path}.id`} label={words.id} about={words.idAbout} />
      </More>
    </>
  );
}

function TypeField({ path, isAsked }: { path: string; isAsked: boolean }) {
  const words = useOwnFormWords().formEditor.fields;
  const form = useDefinitionForm();
  const field = form.value(path);
  const groupOf = (type: string) =>
    isLayout(type) ? "read" : type === "block" || hasColumns(type) ? "together" : "asked";
  const offered = FIELD_TYPES.filter((type) => isAsked || !isLayout(type));
  return (
    <Select
      label={words.type}
      data={(["asked", "together", "read"] as const)
        .map((group) => ({
          group: words.typeGroups[group],
          items: offered
            .filter((type) => groupOf(type) === group)
            .map((value) => ({ value, label: words.types[value] })),
        }))
        .filter(({ items }) => items.length > 0)}
      allowDeselect={false}
      searchable
      value={form.text(`${path}.type`) || null}
      error={mistakeText(form.mistakes(`${path}.type`))}
      onChange={(type) => {
        if (type !== null && isDefinition(field)) {
          form.put(path, retyped(field, type));
        }
      }}
    />
  );
}

/** The name of a field. Where statuses, actions and the form name it, they name it anew. */
function NameField({ list, path }: FieldPanelProps) {
  const words = useOwnFormWords().formEditor.fields;
  const form = useDefinitionForm();
  const name = form.text(`${path}.name`);
  const of = list in NAMED ? NAMED[list as keyof typeof NAMED] : null;
  const change = (next: string) => {
    form.put(`${path}.name`, next);
    if (of === null || name === "" || next === "") {
      return;
    }
    form.change((after) => {
      const keys = (of === "asked" ? askedFields(after) : addedFields(after)).map(({ key }) => key);
      // Another field may have the old name as well: then the places that name it mean that one.
      return keys.includes(name) || !keys.includes(next)
        ? after
        : withRenamedKey(after, of, name, next);
    });
  };
  return (
    <IdField
      label={words.name}
      about={words.nameAbout}
      value={name}
      error={mistakeText(form.mistakes(`${path}.name`))}
      change={change}
    />
  );
}
