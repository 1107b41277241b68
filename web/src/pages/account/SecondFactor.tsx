// The second factor: adding it by a picture or by hand, the recovery codes, removing it.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { SESSION_KEY } from "../../api/session";
import { ErrorNote } from "../../design/ErrorNote";
import { QrCode } from "../../design/QrCode";
import { Section } from "../../design/Section";
import { ShownOnce } from "../../design/ShownOnce";
import { StateMark } from "../../design/StateMark";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import styles from "./account.module.css";

import {
  type Account,
  accountQuery,
  type BegunSecondFactor,
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from "./queries";
import { WithPassword } from "./WithPassword";

/** Below so many it is time for new ones. */
const FEW_CODES = 3;

export function SecondFactor({ account }: { account: Account }) {
  const words = useWords().account;
  const [codes, setCodes] = useState<string[] | null>(null);
  const on = account.second_factor;
  return (
    <Section
      title={words.factor}
      actions={
        <StateMark tone={on ? "well" : "quiet"}>{on ? words.factorOn : words.factorOff}</StateMark>
      }
    >
      {codes !== null ? (
        <RecoveryCodes codes={codes} done={() => setCodes(null)} />
      ) : on ? (
        <On left={account.recovery_codes_left} show={setCodes} />
      ) : (
        <Off show={setCodes} />
      )}
    </Section>
  );
}

function Off({ show }: { show: (codes: string[]) => void }) {
  const words = useWords().account;
  const [begun, setBegun] = useState<BegunSecondFactor | null>(null);
  if (begun !== null) {
    return <Confirmation begun={begun} show={show} />;
  }
  return (
    <div className={styles.form}>
      <p className={styles.quiet}>{words.factorAbout}</p>
      <WithPassword label={words.add} deed={beginSecondFactor} done={setBegun} />
    </div>
  );
}

interface ConfirmationProps {
  begun: BegunSecondFactor;
  show: (codes: string[]) => void;
}

function Confirmation({ begun, show }: ConfirmationProps) {
  const words = useWords().account;
  const client = useQueryClient();
  const [code, setCode] = useState("");
  const confirming = useMutation({
    mutationFn: () => confirmSecondFactor(code.replaceAll(" ", "")),
    // Codes are not kept longer than they are shown.
    gcTime: 0,
    onSuccess: async ({ recovery_codes }) => {
      show(recovery_codes);
      await Promise.all([
        client.invalidateQueries(accountQuery),
        client.invalidateQueries({ queryKey: [SESSION_KEY] }),
      ]);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirming.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p>{words.scan}</p>
      <QrCode text={begun.otpauth_url} label={words.picture} />
      <p>{words.byHand}</p>
      <ShownOnce label={words.secret} text={begun.secret} />
      <TextInput
        label={words.code}
        description={words.codeAbout}
        autoComplete="one-time-code"
        inputMode="numeric"
        required
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      {confirming.error !== null && <ErrorNote error={confirming.error} />}
      <Button type="submit" loading={confirming.isPending} disabled={code.trim() === ""}>
        {words.confirm}
      </Button>
    </form>
  );
}

function RecoveryCodes({ codes, done }: { codes: string[]; done: () => void }) {
  const words = useWords().account;
  const text = codes.join("\n");
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`;
  return (
    <div className={styles.form}>
      <p>{words.recoveryAbout}</p>
      <ShownOnce label={words.recovery} text={text} />
      <div className={styles.deeds}>
        <Button component="a" variant="default" href={file} download="fieldpost-recovery-codes.txt">
          {words.download}
        </Button>
        <Button onClick={done}>{words.kept}</Button>
      </div>
    </div>
  );
}

interface OnProps {
  left: number;
  show: (codes: string[]) => void;
}

function On({ left, show }: OnProps) {
  const words = useWords().account;
  const client = useQueryClient();
  const toast = useToast();
  const look = () =>
    Promise.all([
      client.invalidateQueries(accountQuery),
      client.invalidateQueries({ queryKey: [SESSION_KEY] }),
    ]);
  return (
    <div className={styles.form}>
      <p>
        {words.codesLeft(left)} {left < FEW_CODES && words.codesFew}
      </p>
      <WithPassword
        label={words.renew}
        about={words.renewAbout}
        deed={renewRecoveryCodes}
        done={({ recovery_codes }) => {
          show(recovery_codes);
          void look();
        }}
      />
      <WithPassword
        label={words.remove}
        about={words.removeAbout}
        loses
        deed={removeSecondFactor}
        done={() => {
          toast({ text: words.removed });
          void look();
        }}
      />
    </div>
  );
}
