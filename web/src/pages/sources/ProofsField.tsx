// How senders prove themselves at a source's webhook: any one of a list will do.
import { ActionIcon, Button, PasswordInput, Select, TextInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import {
  isDefinition,
  PLACEHOLDER,
  secretTyped,
  textAt,
  type Value,
} from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { useWords } from "../../i18n/words";
import styles from "./sources.module.css";

interface Proof {
  key: number;
  kind: "api_key" | "basic";
  username: string;
  secret: string;
  /** Whether the hub keeps its secret, which comes back when the field is emptied. */
  stored: boolean;
}

let proofNumber = 0;

function proofOf(value: Value | undefined): Proof {
  proofNumber += 1;
  const definition = isDefinition(value) ? value : {};
  const isBasic = definition.basic !== undefined;
  const secret = textAt(definition, isBasic ? "basic.password" : "api_key");
  return {
    key: proofNumber,
    kind: isBasic ? "basic" : "api_key",
    username: textAt(definition, "basic.username"),
    secret,
    stored: secret === PLACEHOLDER,
  };
}

const proofValue = ({ kind, username, secret }: Proof): Value =>
  kind === "api_key" ? { api_key: secret } : { basic: { username, password: secret } };

export function ProofsField() {
  const words = useWords().sources.form;
  const definitions = useWords().definitions;
  const form = useDefinitionForm();
  const [proofs, setProofs] = useState<Proof[]>(() => {
    const value = form.value("auth");
    return (Array.isArray(value) ? value : []).map(proofOf);
  });
  const show = (next: Proof[]) => {
    setProofs(next);
    form.put("auth", next.length === 0 ? undefined : next.map(proofValue));
  };
  const change = (key: number, changed: Partial<Proof>) =>
    show(proofs.map((proof) => (proof.key === key ? { ...proof, ...changed } : proof)));
  return (
    <fieldset className={own.pairs}>
      <legend className={own.label}>{words.authentication}</legend>
      <p className={own.about}>{words.authenticationAbout}</p>
      {proofs.map((proof) => (
        <div key={proof.key} className={styles.proof}>
          <div>
            <Select
              label={words.authKind}
              data={[
                { value: "api_key", label: words.apiKey },
                { value: "basic", label: words.basic },
              ]}
              allowDeselect={false}
              value={proof.kind}
              onChange={(kind) =>
                change(proof.key, {
                  kind: kind === "basic" ? "basic" : "api_key",
                  // A stored secret is found by its place, which is another one now.
                  secret: "",
                  stored: false,
                })
              }
            />
            {proof.kind === "basic" && (
              <TextInput
                label={words.username}
                autoComplete="off"
                value={proof.username}
                onChange={(event) => change(proof.key, { username: event.currentTarget.value })}
              />
            )}
            <PasswordInput
              label={proof.kind === "basic" ? words.password : words.key}
              autoComplete="new-password"
              placeholder={proof.secret === PLACEHOLDER ? definitions.secret.kept : undefined}
              value={proof.secret === PLACEHOLDER ? "" : proof.secret}
              onChange={(event) =>
                change(proof.key, { secret: secretTyped(event.currentTarget.value, proof.stored) })
              }
            />
          </div>
          <ActionIcon
            variant="subtle"
            color="gray"
            mt={24}
            aria-label={definitions.removeRow(proof.username || words.authKind)}
            onClick={() => show(proofs.filter((each) => each.key !== proof.key))}
          >
            <X size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Plus size={14} />}
        onClick={() => show([...proofs, proofOf(undefined)])}
      >
        {definitions.addRow}
      </Button>
      {form.mistakes("auth").length > 0 && (
        <p className={own.mistakes}>{mistakeText(form.mistakes("auth"))}</p>
      )}
    </fieldset>
  );
}
