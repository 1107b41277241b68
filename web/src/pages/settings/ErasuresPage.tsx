// Erasing a person: look first, type the name, then it is gone; and the book of what was erased.
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useMay } from "../../api/useMay";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Facts, Section } from "../../design/Section";
import { useFormat, useWords } from "../../i18n/words";
import { ErasureBook } from "./ErasureBook";
import { erase } from "./queries";
import styles from "./settings.module.css";

const route = getRouteApi("/inside/projects/$project/erasures");

const CRITERIA = ["identity", "key", "message"] as const;
type Criterion = (typeof CRITERIA)[number];

export function ErasuresPage() {
  const words = useWords().erasures;
  const { project } = route.useParams();
  const mayErase = useMay(project, "admin");
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      {mayErase && <EraseForm project={project} />}
      <Section title={words.book}>
        <ErasureBook project={project} />
      </Section>
    </>
  );
}

interface Whom {
  by: Criterion;
  value: string;
}

function EraseForm({ project }: { project: string }) {
  const words = useWords().erasures;
  const [by, setBy] = useState<Criterion>("identity");
  const [value, setValue] = useState("");
  const looking = useMutation({
    mutationFn: async (whom: Whom) => ({
      whom,
      found: await erase(project, { [whom.by]: whom.value, dry_run: true }),
    }),
  });
  const look = (event: FormEvent) => {
    event.preventDefault();
    looking.mutate({ by, value: value.trim() });
  };
  const seen = looking.data;
  const isFresh = seen !== undefined && seen.whom.by === by && seen.whom.value === value.trim();
  return (
    <>
      <form className={styles.group} onSubmit={look}>
        <Select
          className={styles.choice}
          label={words.by}
          description={words.criteriaAbout[by]}
          data={CRITERIA.map((each) => ({ value: each, label: words.criteria[each] }))}
          value={by}
          allowDeselect={false}
          onChange={(chosen) => setBy(CRITERIA.find((each) => each === chosen) ?? by)}
        />
        <TextInput
          label={words.value}
          required
          spellCheck={false}
          autoComplete="off"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        {looking.error !== null && <ErrorNote error={looking.error} />}
        <div>
          <Button
            type="submit"
            variant="default"
            loading={looking.isPending}
            disabled={value.trim() === ""}
          >
            {words.preview}
          </Button>
        </div>
      </form>
      {isFresh && (
        <Confirmed
          key={`${seen.whom.by} ${seen.whom.value}`}
          project={project}
          whom={seen.whom}
          found={seen.found}
        />
      )}
    </>
  );
}

interface ConfirmedProps {
  project: string;
  whom: Whom;
  found: Awaited<ReturnType<typeof erase>>;
}

/** What would be erased, and the field that must say the name again. */
function Confirmed({ project, whom, found }: ConfirmedProps) {
  const words = useWords().erasures;
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const erasing = useMutation({
    mutationFn: () => erase(project, { [whom.by]: whom.value, dry_run: false }),
    // Nothing of the person stays in the store of answers: what no page shows goes, and what this
    // one shows is asked for anew.
    onSuccess: () => {
      client.removeQueries({ type: "inactive" });
      return client.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === whom.value) {
      erasing.mutate();
    }
  };
  if (erasing.data !== undefined) {
    return (
      <div className={styles.outcome} role="status">
        <p>{words.erased}</p>
        <Amounts found={erasing.data} />
      </div>
    );
  }
  const nothing = found.messages + found.deliveries + found.attempts === 0;
  return (
    <Section title={words.previewTitle}>
      {nothing ? (
        <p role="status">{words.nothing}</p>
      ) : (
        <form className={styles.group} onSubmit={submit}>
          <Amounts found={found} />
          <TextInput
            label={words.typeToErase(whom.value)}
            spellCheck={false}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {erasing.error !== null && <ErrorNote error={erasing.error} />}
          <div>
            <Button
              type="submit"
              color="red"
              loading={erasing.isPending}
              disabled={typed.trim() !== whom.value}
            >
              {words.erase}
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}

function Amounts({ found }: { found: ConfirmedProps["found"] }) {
  const words = useWords().erasures;
  const format = useFormat();
  return (
    <>
      <Facts
        facts={[
          [words.messages, format.number(found.messages)],
          [words.deliveries, format.number(found.deliveries)],
          [words.attempts, format.number(found.attempts)],
          [words.cancelled, format.number(found.cancelled)],
        ]}
      />
      {found.being_sent > 0 && <p>{words.beingSent(found.being_sent)}</p>}
    </>
  );
}
