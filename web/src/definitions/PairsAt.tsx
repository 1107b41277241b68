// Names and values, such as headers: a row for each, and always one to begin the next.
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useWords } from "../i18n/words";
import { isDefinition, membersOf, ordered, PLACEHOLDER, secretTyped } from "./definition";
import styles from "./definitions.module.css";
import { mistakeText } from "./fields";
import { useDefinitionForm } from "./form";

interface PairsAtProps {
  path: string;
  label: string;
  about?: string;
  nameLabel: string;
  valueLabel: string;
  /** Whether all values are secret. */
  secret?: boolean;
}

interface Row {
  key: number;
  name: string;
  value: string;
  /** Whether its value is kept by the hub, and comes back when the field is emptied. */
  stored: boolean;
}

let rowNumber = 0;

function newRow(name = "", value = ""): Row {
  rowNumber += 1;
  return { key: rowNumber, name, value, stored: value === PLACEHOLDER };
}

/** Whether another row above has its name: a definition has room for one of them. */
function isDoubled(row: Row, rows: Row[]): boolean {
  return row.name !== "" && rows.find((each) => each.name === row.name) !== row;
}

export function PairsAt({ path, label, about, nameLabel, valueLabel, secret }: PairsAtProps) {
  const { definitions: words, common } = useWords();
  const form = useDefinitionForm();
  // Rows without a name, and two of one name while it is typed, have no place in a definition.
  const [rows, setRows] = useState<Row[]>(() => {
    const value = form.value(path);
    const pairs = isDefinition(value) ? membersOf(value) : [];
    const found = pairs.map(([name, text]) => newRow(name, String(text ?? "")));
    return found.length === 0 && secret ? [newRow()] : found;
  });
  const show = (next: Row[]) => {
    setRows(next);
    form.fault(
      path,
      next.some((row) => isDoubled(row, next)),
    );
    const named = next.filter((row) => row.name !== "");
    form.put(
      path,
      named.length === 0 && !secret
        ? undefined
        : ordered(named.map((row) => [row.name, row.value])),
    );
  };
  const change = (key: number, changed: Partial<Row>) =>
    show(rows.map((row) => (row.key === key ? { ...row, ...changed } : row)));
  return (
    <fieldset className={styles.pairs}>
      <legend className={styles.label}>{label}</legend>
      {about !== undefined && <p className={styles.about}>{about}</p>}
      {rows.map((row) => {
        const kept = row.value === PLACEHOLDER;
        const leaves = kept && secret === true && form.secretsLeave;
        return (
          <div key={row.key} className={styles.pair}>
            <TextInput
              aria-label={nameLabel}
              placeholder={nameLabel}
              value={row.name}
              error={isDoubled(row, rows) ? words.rowDoubled(row.name) : undefined}
              onChange={(event) => change(row.key, { name: event.currentTarget.value })}
            />
            <TextInput
              aria-label={row.name === "" ? valueLabel : common.labelled(valueLabel, row.name)}
              placeholder={kept ? (leaves ? words.secret.again : words.secret.kept) : valueLabel}
              type={secret ? "password" : "text"}
              autoComplete="off"
              value={kept ? "" : row.value}
              onChange={(event) =>
                change(row.key, { value: secretTyped(event.currentTarget.value, row.stored) })
              }
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={words.removeRow(row.name)}
              onClick={() => show(rows.filter((each) => each.key !== row.key))}
            >
              <X size={16} />
            </ActionIcon>
          </div>
        );
      })}
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Plus size={14} />}
        onClick={() => setRows([...rows, newRow()])}
      >
        {words.addRow}
      </Button>
      {form.mistakes(path).length > 0 && (
        <p className={styles.mistakes}>{mistakeText(form.mistakes(path))}</p>
      )}
    </fieldset>
  );
}
