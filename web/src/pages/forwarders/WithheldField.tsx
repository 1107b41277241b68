// What of forms and cases the receiver shall not see, or not so exactly: a row for each field.
import { ActionIcon, Autocomplete, Button, Select, TextInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import own from "../../definitions/definitions.module.css";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import styles from "./forwarders.module.css";
import { usePaths } from "./usePaths";
import {
  type WithheldField as Field,
  faultOf,
  newField,
  WAYS,
  withheldDefinition,
  withheldFields,
} from "./withheld";

interface Row extends Field {
  key: number;
}

let rowNumber = 0;

function rowOf(field: Field): Row {
  rowNumber += 1;
  return { ...field, key: rowNumber };
}

export function WithheldField({ project }: { project: string }) {
  const words = useWords().forwarding.withhold;
  const form = useDefinitionForm();
  const paths = usePaths(project);
  const [rows, setRows] = useState<Row[]>(() => withheldFields(form.value("withhold")).map(rowOf));
  const show = (next: Row[]) => {
    setRows(next);
    form.fault(
      "withhold",
      next.some((row, index) => faultOf(row, next.slice(0, index)) !== null),
    );
    form.put("withhold", withheldDefinition(next));
  };
  const change = (key: number, changed: Partial<Field>) =>
    show(rows.map((row) => (row.key === key ? { ...row, ...changed } : row)));
  const mistakes = form.mistakes("withhold");
  return (
    <Section title={words.title}>
      <div className={own.group}>
        <p className={own.about}>{words.about}</p>
        {rows.map((row, index) => (
          <WithheldRow
            key={row.key}
            row={row}
            above={rows.slice(0, index)}
            paths={paths}
            change={(changed) => change(row.key, changed)}
            remove={() => show(rows.filter((each) => each.key !== row.key))}
          />
        ))}
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Plus size={14} />}
            onClick={() => setRows([...rows, rowOf(newField())])}
          >
            {words.add}
          </Button>
        </div>
        {mistakes.length > 0 && <p className={own.mistakes}>{mistakeText(mistakes)}</p>}
      </div>
    </Section>
  );
}

interface WithheldRowProps {
  row: Row;
  above: Row[];
  paths: string[];
  change: (changed: Partial<Field>) => void;
  remove: () => void;
}

function WithheldRow({ row, above, paths, change, remove }: WithheldRowProps) {
  const words = useWords().forwarding.withhold;
  const fault = faultOf(row, above);
  const told = fault === null ? undefined : words.faults[fault];
  return (
    <div className={styles.withheld}>
      <Autocomplete
        aria-label={words.path}
        placeholder={words.pathAbout}
        data={paths}
        value={row.path}
        error={fault === "doubled" ? told : undefined}
        onChange={(path) => change({ path })}
      />
      <Select
        aria-label={words.how(row.path)}
        data={WAYS.map((value) => ({ value, label: words.ways[value] }))}
        allowDeselect={false}
        value={row.way}
        onChange={(chosen) => change({ way: WAYS.find((way) => way === chosen) ?? row.way })}
      />
      {row.way === "step" && (
        <TextInput
          aria-label={words.step(row.path)}
          inputMode="decimal"
          value={row.step}
          error={fault === "no-step" ? told : undefined}
          onChange={(event) => change({ step: event.currentTarget.value })}
        />
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={words.remove(row.path)}
        onClick={remove}
      >
        <X size={16} />
      </ActionIcon>
    </div>
  );
}
