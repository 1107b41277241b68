// Starting a workflow by hand: with a message, with what an earlier run began with, or with a state
// that somebody writes.
import { Autocomplete, Button, Group, SegmentedControl, Select } from "@mantine/core";
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
import { newestRunsQuery } from "../runs/queries";
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

function Choices({ project, workflow, source, byMessage, close }: RunDialogProps) {
  const all = useFlowWords();
  const words = all.workflows.run;
  const navigate = useNavigate();
  const toast = useToast();
  const [kind, setKind] = useState<Kind>(byMessage ? "message" : "state");
  const [message, setMessage] = useState("");
  const [run, setRun] = useState<string | null>(null);
  const [state, setState] = useState('{\n  "data": {}\n}');
  const begin: Record<Kind, Begin | null> = {
    message: message === "" ? null : { message },
    run: run === null ? null : { run },
    state: state.trim() === "" || jsonMistake(state) !== null ? null : { state },
  };
  const chosen = begin[kind];
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
      <SegmentedControl
        aria-label={words.kind}
        value={kind}
        onChange={(value) => setKind(value as Kind)}
        data={KINDS.map((value) => ({ value, label: words.kinds[value] }))}
      />
      {kind === "message" && (
        <ChooseMessage project={project} source={source} value={message} choose={setMessage} />
      )}
      {kind === "run" && (
        <ChooseRun project={project} workflow={workflow} value={run} choose={setRun} />
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
}

function ChooseRun({ project, workflow, value, choose }: ChooseRunProps) {
  const all = useFlowWords();
  const words = all.workflows.run;
  const format = useFormat();
  const runs = useQuery(newestRunsQuery(project, { workflow }, OFFERED_RUNS)).data ?? [];
  const now = new Date();
  return (
    <Select
      label={words.earlier}
      description={runs.length === 0 ? words.noRuns : undefined}
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
