// What there is to know of a run: why it was made, with what, of which version, and when.
import type { ReactNode } from "react";
import { Identifier } from "../../design/Identifier";
import { type Place, PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { Time } from "../../design/Time";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { RunKey } from "./RunKey";
import type { Run, RunInputKind } from "./types";

/** Where each kind of input has its page. */
const PLACES: Partial<Record<RunInputKind, Place>> = {
  message: "messages",
  submission: "submissions",
  case: "cases",
};

export function RunFacts({ project, run }: { project: string; run: Run }) {
  const words = useFlowWords().runs;
  const { facts } = words;
  const format = useFormat();
  const time = (at: string | null) => (at === null ? null : <Time at={at} shown="clock" />);
  const entries: [string, ReactNode][] = [
    [facts.workflow, run.workflow],
    [facts.version, format.number(run.version)],
    [
      facts.because,
      [words.origins[run.origin], run.by === null ? null : words.by(run.by)]
        .filter((part) => part !== null)
        .join(" "),
    ],
    [facts.input, <Input key="input" project={project} run={run} />],
    [facts.key, run.key === null ? null : <RunKey key="key" run={run} />],
    [
      facts.retryOf,
      run.retry_of === null ? null : (
        <PlaceLink key="retry" project={project} place="runs" name={run.retry_of}>
          <Identifier id={run.retry_of} plain />
        </PlaceLink>
      ),
    ],
    [facts.fromStep, run.from_step],
    [facts.registered, time(run.registered_at)],
    [facts.started, time(run.started_at)],
    [facts.finished, time(run.finished_at)],
    [facts.took, run.duration_ms === null ? null : format.duration(run.duration_ms)],
    [facts.next, time(run.next_at)],
  ];
  return (
    <Section title={words.run}>
      <Facts facts={entries.filter(([, value]) => value !== null)} />
    </Section>
  );
}

function Input({ project, run }: { project: string; run: Run }) {
  const words = useFlowWords().runs.inputs;
  const { kind } = run.input;
  // A payload made of a message is no page of its own: the message is.
  const id = run.message ?? (kind === "message" ? run.input.id : null);
  const place = run.message === null ? PLACES[kind] : "messages";
  return id === null || place === undefined ? (
    words[kind]
  ) : (
    <>
      {words[kind]},{" "}
      <PlaceLink project={project} place={place} name={id}>
        <Identifier id={id} plain />
      </PlaceLink>
    </>
  );
}
