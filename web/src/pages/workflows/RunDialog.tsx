// Starting a workflow by hand, at its start or at one of its steps: with a message, with what an earlier run
// began with, or with a state that somebody writes.
import { Autocomplete, Button, Group, SegmentedControl, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { CodeEditor } from "../../definitions/CodeEditor";
import own from "../../definitions/definitions.module.css";
import { jsonMistake } from "../../definitions/JsonAt";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { shortened } from "../../design/Identifier";
import { useToast } from "../../design/Toasts";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { fetchMessages } from "../messages/queries";
import { newestRunsQuery, runQuery } from "../runs/queries";
import type { FlowStep } from "./graph";
import { type Begin, startRun } from "./queries";
import styles from "./workflows.module.css";

const KINDS = ["message", "run", "state"] as const;
type Kind = (typeof KINDS)[number];

const OFFERED_RUNS = 30;

interface RunDialogProps {
  project: string;
  workflow: string;
  /** The source of the messages that set it off, if any do. */
  source: string | undefined;
  /** Whether a message sets it off. */
  byMessage: boolean;
  /** In the order in which a run meets them. */
  steps: readonly FlowStep[];
  /** The step that it is to begin with, at first. */
  from: string | undefined;
  opened: boolean;
  close: () => void;
}

export function RunDialog(props: RunDialogProps) {
  const words = useFlowWords().workflows.run;
  return (
    <Dialog opened={props.opened} close={props.close} title={words.title(props.workflow)} size="lg">
      {props.opened && <Choices {...props} />}
    </Dialog>
  );
}

const START = "";
/** The kinds do not stand beside each other on a phone. */
const NARROW = "(max-width: 720px)";

function Choices(props: RunDialogProps) {
  const { project, workflow, source, byMessage, steps, close } = props;
  const all = useFlowWords();
  const words = all.workflows.run;
  const navigate = useNavigate();
  const toast = useToast();
  const isNarrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
  const [kind, setKind] = useState<Kind>(byMessage ? "message" : "state");
  const [message, setMessage] = useState("");
  const [run, setRun] = useState<string | null>(null);
  const [from, setFrom] = useState(props.from ?? START);
  const [state, setState] = useState('{\n  "data": {}\n}');
  const execution = useExecution(project, kind === "run" ? run : null, from);
  const begin: Record<Kind, Begin | null> = {
    message: message === "" ? null : { message },
    run: run === null || execution === undefined ? null : { run, step: execution ?? undefined },
    state: state.trim() === "" || jsonMistake(state) !== null ? null : { state },
  };
  const given = begin[kind];
  const chosen = given && { ...given, ...(from === START ? {} : { from_step: from }) };
  const starting = useMutation({
    mutationFn: (wanted: Begin) => startRun(project, workflow, wanted),
    onSuccess: ({ id }) => {
      toast({ text: words.begun });
      close();
      return navigate({ to: "/projects/$project/runs/$run", params: { project, run: id } });
    },
  });
  return (
    <div className={styles.fields}>
      {steps.length > 1 && (
        <Select
          label={words.from}
          data={[
            { value: START, label: words.fromStart },
            ...steps.map(({ id, title }) => ({ value: id, label: title })),
          ]}
          allowDeselect={false}
          value={from}
          onChange={(chosen) => setFrom(chosen ?? START)}
        />
      )}
      <SegmentedControl
        aria-label={words.kind}
        orientation={isNarrow ? "vertical" : "horizontal"}
        fullWidth={isNarrow}
        value={kind}
        onChange={(value) => setKind(value as Kind)}
        data={KINDS.map((value) => ({ value, label: words.kinds[value] }))}
      />
      {kind === "message" && (
        <ChooseMessage project={project} source={source} value={message} choose={setMessage} />
      )}
      {kind === "run" && (
        <ChooseRun
          project={project}
          workflow={workflow}
          value={run}
          choose={setRun}
          about={
            run === null || from === START || execution === undefined
              ? undefined
              : execution === null
                ? words.notReached
                : words.asThen
          }
        />
      )}
      {kind === "state" && (
        <div className={own.secret}>
          <span className={own.label}>{words.state}</span>
          <span className={own.about}>{words.stateAbout}</span>
          <CodeEditor
            language="json"
            label={words.state}
            text={state}
            mistakeOf={(text) => {
              const found = jsonMistake(text);
              return found === null
                ? null
                : { offset: found.offset, words: all.definitions.jsonFaults[found.fault] };
            }}
            changed={setState}
          />
        </div>
      )}
      <p className={styles.quiet}>{words.saved}</p>
      {starting.error !== null && <ErrorNote error={starting.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {all.common.cancel}
        </Button>
        <Button
          disabled={chosen === null}
          loading={starting.isPending}
          onClick={() => chosen !== null && starting.mutate(chosen)}
        >
          {words.begin}
        </Button>
      </Group>
    </div>
  );
}

/** The number of the last execution of a step in a run: what went into it is what the step begins with.
 *  Null where the run never came to it, or is to begin at the start; undefined while that is not known. */
function useExecution(
  project: string,
  run: string | null,
  step: string,
): number | null | undefined {
  const isAsked = run !== null && step !== START;
  const { data } = useQuery({ ...runQuery(project, run ?? ""), enabled: isAsked });
  if (!isAsked) {
    return null;
  }
  return data && (data.steps.findLast((each) => each.step === step)?.number ?? null);
}

interface ChooseMessageProps {
  project: string;
  source: string | undefined;
  value: string;
  choose: (message: string) => void;
}

function ChooseMessage({ project, source, value, choose }: ChooseMessageProps) {
  const words = useFlowWords().workflows.run;
  const format = useFormat();
  const messages =
    useQuery({
      queryKey: ["messages", project, "newest", source],
      queryFn: ({ signal }) => fetchMessages(project, { source, state: "kept" })(null, signal),
    }).data?.items ?? [];
  const now = new Date();
  const told = new Map(
    messages.map(({ id, identity, source, received_at }) => [
      id,
      `${format.clock(new Date(received_at), now)} · ${source} · ${identity ?? shortened(id)}`,
    ]),
  );
  return (
    <Autocomplete
      label={words.message}
      description={messages.length === 0 ? words.noMessages : words.messageAbout}
      data={[...told.keys()]}
      limit={50}
      // All of the newest are offered until somebody types another id.
      filter={({ options, search }) =>
        options.filter(
          (each) => "value" in each && (told.has(search) || each.value.includes(search)),
        )
      }
      renderOption={({ option }) => told.get(option.value) ?? option.value}
      value={value}
      onChange={(typed) => choose(typed.trim())}
    />
  );
}

interface ChooseRunProps {
  project: string;
  workflow: string;
  value: string | null;
  choose: (run: string | null) => void;
  /** What of the run it begins with. */
  about: string | undefined;
}

function ChooseRun({ project, workflow, value, choose, about }: ChooseRunProps) {
  const all = useFlowWords();
  const words = all.workflows.run;
  const format = useFormat();
  const runs = useQuery(newestRunsQuery(project, { workflow }, OFFERED_RUNS)).data ?? [];
  const now = new Date();
  return (
    <Select
      label={words.earlier}
      description={runs.length === 0 ? words.noRuns : about}
      data={runs.map(({ id, state, registered_at, key }) => ({
        value: id,
        label: [
          format.clock(new Date(registered_at), now),
          all.runs.states[state],
          key ?? shortened(id),
        ].join(" · "),
      }))}
      value={value}
      onChange={choose}
    />
  );
}
