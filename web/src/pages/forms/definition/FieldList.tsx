// The fields of a form, of a block, or of a lifecycle: each with its own panel, in the order in which they
// are asked.
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { textAt } from "../../../definitions/definition";
import { useDefinitionForm } from "../../../definitions/form";
import { known } from "../../../i18n/known";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { FieldPanel } from "./FieldPanel";
import { SortedRows } from "./SortedRows";
import { freeName, isLayout, listAt, withAppended } from "./shape";

interface FieldListProps {
  /** Where the list stands: `fields`, `fields[2].fields`, `lifecycle.backoffice_fields`. */
  path: string;
  label: string;
  empty: string;
  add: string;
}

export function FieldList({ path, label, empty, add }: FieldListProps) {
  const words = useOwnFormWords().formEditor.fields;
  const form = useDefinitionForm();
  const fields = listAt(form.definition, path);
  const names = fields.map((field) => textAt(field, "name"));
  const rows = fields.map((field, index) => {
    const type = textAt(field, "type");
    const name = textAt(field, "name");
    const about = [
      known(words.types, type) ?? type,
      ...(isLayout(type) || name === "" ? [] : [name]),
      ...(field.required === true ? [words.requiredShort] : []),
    ];
    return {
      title: textAt(field, "label") || name || textAt(field, "id") || words.unnamed,
      about: about.join(" · "),
      path: `${path}[${index}]`,
    };
  });
  return (
    <SortedRows
      label={label}
      path={path}
      rows={rows}
      empty={empty}
      panel={(index) => <FieldPanel list={path} path={`${path}[${index}]`} />}
      add={
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={14} />}
          onClick={() =>
            form.change((before) =>
              withAppended(before, path, { name: freeName(names, "field"), type: "string" }),
            )
          }
        >
          {add}
        </Button>
      }
    />
  );
}
