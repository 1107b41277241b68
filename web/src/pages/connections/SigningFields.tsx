// The secret that signs what is sent: made here, and changed without a gap.
import { Button } from "@mantine/core";
import { useState } from "react";
import { PLACEHOLDER } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { SecretAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { Copying } from "../../design/Identifier";
import { useWords } from "../../i18n/words";
import styles from "./connections.module.css";

const SECRET_BYTES = 32;

function newSigningSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

export function SigningFields() {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const [made, setMade] = useState<string | null>(null);
  const [rotating, setRotating] = useState(false);
  const present = form.text("signing_secret");
  const previous = form.text("previous_signing_secret");
  const make = () => {
    const secret = newSigningSecret();
    setMade(secret);
    form.put("signing_secret", secret);
  };
  const rotate = () => {
    setRotating(true);
    make();
  };
  return (
    <>
      <SecretAt
        path="signing_secret"
        label={words.signingSecret}
        about={words.signingSecretAbout}
        stays
        beside={
          made !== null && made === present ? (
            <p className={styles.madeSecret} role="status">
              <span>{words.madeSecret}</span>
              <span>
                <code>{made}</code> <Copying text={made} label={words.copySecret} />
              </span>
            </p>
          ) : (
            present === "" && (
              <Button variant="subtle" size="compact-sm" onClick={make}>
                {words.makeSecret}
              </Button>
            )
          )
        }
      />
      {(previous !== "" || rotating) && (
        <SecretAt
          path="previous_signing_secret"
          label={words.previous}
          about={rotating ? words.rotateNeeds : undefined}
          stays
        />
      )}
      {present === PLACEHOLDER && previous === "" && !rotating && (
        <div>
          <p className={own.about}>{words.rotateAbout}</p>
          <Button variant="subtle" size="compact-sm" onClick={rotate}>
            {words.rotate}
          </Button>
        </div>
      )}
    </>
  );
}
