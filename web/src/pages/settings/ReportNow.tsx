// A report on demand, to be looked at before the regular ones come.
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { sendReport, type Written } from "./queries";
import styles from "./settings.module.css";

const PERIODS = ["day", "week"] as const;
type Period = (typeof PERIODS)[number];

export function ReportNow({ project }: { project: string }) {
  const words = useWords().settings;
  const [every, setEvery] = useState<Period>("day");
  const [to, setTo] = useState("");
  const sending = useMutation({
    mutationFn: () => sendReport(project, { every, to: to.trim() || null }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <Section title={words.sendReport}>
      <form className={styles.group} onSubmit={submit}>
        <p className={styles.about}>{words.sendReportAbout}</p>
        <Select
          className={styles.choice}
          label={words.every}
          data={PERIODS.map((value) => ({ value, label: words.periods[value] }))}
          value={every}
          allowDeselect={false}
          onChange={(value) => setEvery(PERIODS.find((each) => each === value) ?? every)}
        />
        <TextInput
          label={words.to}
          description={words.toAbout}
          type="email"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        {sending.error !== null && <ErrorNote error={sending.error} />}
        {sending.data !== undefined && <Sent written={sending.data} />}
        <div>
          <Button type="submit" variant="default" loading={sending.isPending}>
            {words.send}
          </Button>
        </div>
      </form>
    </Section>
  );
}

function Sent({ written }: { written: Written[] }) {
  const words = useWords().settings;
  return (
    <div role="status">
      {written.length === 0 && <p>{words.sentToNobody}</p>}
      {written.map(({ id, recipient, last_error: error }) => (
        <p key={id}>
          {error === null ? words.sentTo(recipient) : words.notSentTo(recipient, error)}
        </p>
      ))}
    </div>
  );
}
