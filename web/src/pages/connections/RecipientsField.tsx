// Who is told of trouble: mail addresses, and addresses that take a webhook, signed or not.
import { ActionIcon, Button, PasswordInput, TextInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { isDefinition, PLACEHOLDER, secretTyped, type Value } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { useWords } from "../../i18n/words";
import styles from "./connections.module.css";

interface Row {
  key: number;
  address: string;
  secret: string;
  /** Whether the hub keeps its secret, which comes back when the field is emptied. */
  stored: boolean;
}

let rowNumber = 0;

function rowOf(value: Value): Row {
  rowNumber += 1;
  const [address, secret] = isDefinition(value) ? [value.url, value.signing_secret] : [value, ""];
  return {
    key: rowNumber,
    address: String(address ?? ""),
    secret: String(secret ?? ""),
    stored: secret === PLACEHOLDER,
  };
}

const isWebhook = (address: string) => /^https?:/i.test(address);

function recipientValue({ address, secret }: Row): Value {
  return isWebhook(address) && secret !== "" ? { url: address, signing_secret: secret } : address;
}

interface RecipientsFieldProps {
  /** Where it does not stand under a title of its own that says who is told. */
  label?: string;
  /** When they are told, where that is not at a connection's trouble. */
  about?: string;
}

export function RecipientsField({ label, about }: RecipientsFieldProps) {
  const words = useWords().connections.form;
  const definitions = useWords().definitions;
  const form = useDefinitionForm();
  const [rows, setRows] = useState<Row[]>(() => {
    const value = form.value("notify");
    return (Array.isArray(value) ? value : []).map(rowOf);
  });
  const show = (next: Row[]) => {
    setRows(next);
    const told = next.filter((row) => row.address !== "").map(recipientValue);
    form.put("notify", told.length === 0 ? undefined : told);
  };
  const change = (key: number, changed: Partial<Row>) =>
    show(rows.map((row) => (row.key === key ? { ...row, ...changed } : row)));
  return (
    <fieldset className={own.pairs} aria-label={label ?? words.notify}>
      <div>
        {label !== undefined && (
          <div className={own.label} aria-hidden="true">
            {label}
          </div>
        )}
        <p className={own.about}>{about ?? words.notifyAbout}</p>
      </div>
      {rows.map((row) => (
        <div key={row.key} className={styles.recipient}>
          <div>
            <TextInput
              aria-label={words.recipient}
              placeholder={words.recipient}
              value={row.address}
              onChange={(event) => change(row.key, { address: event.currentTarget.value })}
            />
            {isWebhook(row.address) && (
              <PasswordInput
                aria-label={words.recipientSecret}
                autoComplete="new-password"
                placeholder={
                  row.secret === PLACEHOLDER ? definitions.secret.kept : words.recipientSecret
                }
                value={row.secret === PLACEHOLDER ? "" : row.secret}
                onChange={(event) =>
                  change(row.key, { secret: secretTyped(event.currentTarget.value, row.stored) })
                }
              />
            )}
          </div>
          <ActionIcon
            variant="subtle"
            color="gray"
            mt={4}
            aria-label={definitions.removeRow(row.address)}
            onClick={() => show(rows.filter((each) => each.key !== row.key))}
          >
            <X size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Plus size={14} />}
        onClick={() => setRows([...rows, rowOf("")])}
      >
        {words.addRecipient}
      </Button>
      {form.mistakes("notify").length > 0 && (
        <p className={own.mistakes}>{mistakeText(form.mistakes("notify"))}</p>
      )}
    </fieldset>
  );
}
