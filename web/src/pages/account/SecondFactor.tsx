// The second factor: adding it by a picture or by hand, the recovery codes, removing it.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { SESSION_KEY } from "../../api/session";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { ShownOnce } from "../../design/ShownOnce";
import { StateMark } from "../../design/StateMark";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import styles from "./account.module.css";
import { QrCode } from "./QrCode";
import {
  type Account,
  accountQuery,
  type BegunSecondFactor,
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
} from "./queries";

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
        <On left={account.recovery_codes_left} />
      ) : (
        <Off show={setCodes} />
      )}
    </Section>
  );
}

function Off({ show }: { show: (codes: string[]) => void }) {
  const words = useWords().account;
  const beginning = useMutation({ mutationFn: beginSecondFactor, gcTime: 0 });
  if (beginning.data !== undefined) {
    return <Confirmation begun={beginning.data} show={show} />;
  }
  return (
    <div className={styles.form}>
      <p className={styles.quiet}>{words.factorAbout}</p>
      {beginning.error !== null && <ErrorNote error={beginning.error} />}
      <Button variant="default" loading={beginning.isPending} onClick={() => beginning.mutate()}>
        {words.add}
      </Button>
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

function On({ left }: { left: number }) {
  const words = useWords().account;
  const client = useQueryClient();
  const toast = useToast();
  const [asked, setAsked] = useState(false);
  const [password, setPassword] = useState("");
  const removing = useMutation({
    mutationFn: () => removeSecondFactor(password),
    onSuccess: async () => {
      toast({ text: words.removed });
      await Promise.all([
        client.invalidateQueries(accountQuery),
        client.invalidateQueries({ queryKey: [SESSION_KEY] }),
      ]);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    removing.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p>
        {words.codesLeft(left)} {left < FEW_CODES && words.codesFew}
      </p>
      {asked && (
        <>
          <p className={styles.quiet}>{words.removeAbout}</p>
          <PasswordInput
            label={words.current}
            autoComplete="current-password"
            required
            autoFocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {removing.error !== null && <ErrorNote error={removing.error} />}
        </>
      )}
      {asked ? (
        <Button type="submit" color="red" loading={removing.isPending} disabled={password === ""}>
          {words.remove}
        </Button>
      ) : (
        <Button variant="default" onClick={() => setAsked(true)}>
          {words.remove}
        </Button>
      )}
    </form>
  );
}
