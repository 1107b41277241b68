// Where a submission stands in the lifecycle of its form: its status, what the reader may do now, and all
// that happened to it, the newest first.
import { Button, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useId, useState } from "react";
import { Problem } from "../../api/problem";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import table from "../../design/table.module.css";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./lifecycle.module.css";
import {
  actOnSubmission,
  type LifecycleAction,
  type LifecycleEvent,
  type LifecyclePart,
  lifecycleQuery,
  type Lifecycle as Standing,
  type Submission,
  submissionKey,
} from "./queries";

interface LifecycleProps {
  project: string;
  submission: Submission;
}

const NONE = "no-lifecycle";

export function Lifecycle({ project, submission }: LifecycleProps) {
  const words = useWords().submissions.lifecycle;
  const query = useQuery(lifecycleQuery(project, submission.id));
  if (query.error instanceof Problem && query.error.code === NONE) {
    return <EmptyState>{words.none}</EmptyState>;
  }
  return (
    <Loaded query={query}>
      {(standing) => <Shown project={project} submission={submission} standing={standing} />}
    </Loaded>
  );
}

function Shown({ project, submission, standing }: LifecycleProps & { standing: Standing }) {
  const words = useWords().submissions.lifecycle;
  const may = useMay(project, "editor");
  const { status, tracking_code: code, anonymised_at: anonymised } = standing;
  const facts: [string, ReactNode][] = [
    [words.status, <Status key="status" standing={standing} />],
    [words.since, <Time key="since" at={standing.arrived_at} />],
    [words.known, standing.display_id],
  ];
  if (code !== null) {
    facts.push([words.code, <code key="code">{code}</code>]);
  }
  if (anonymised !== null) {
    facts.push([words.anonymised, <Time key="anonymised" at={anonymised} />]);
  }
  return (
    <>
      <Facts facts={facts} />
      {may && !standing.busy && standing.actions.length > 0 && (
        <Section title={words.actions}>
          <Actions
            key={status?.id ?? "draft"}
            project={project}
            submission={submission}
            actions={standing.actions}
          />
        </Section>
      )}
      <Section title={words.history}>
        <div className={table.wide}>
          <table className={table.table}>
            <tbody>
              {standing.history.toReversed().map((event) => (
                <Happened
                  key={`${event.at} ${event.status ?? ""}`}
                  project={project}
                  event={event}
                />
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

function Status({ standing }: { standing: Standing }) {
  const words = useWords().submissions.lifecycle;
  const { status } = standing;
  if (standing.draft) {
    return <StateMark tone="quiet">{words.draft}</StateMark>;
  }
  if (status === null) {
    return <StateMark tone="bad">{words.gone}</StateMark>;
  }
  return (
    <>
      <StateMark tone={status.endpoint ? "ended" : "waiting"}>{status.name}</StateMark>
      {standing.busy && <span className={styles.busy}>{words.busy}</span>}
    </>
  );
}

function Actions({
  project,
  submission,
  actions,
}: LifecycleProps & { actions: readonly LifecycleAction[] }) {
  const words = useWords().submissions.lifecycle;
  const toast = useToast();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const label = useId();
  const acting = useMutation({
    mutationFn: (action: LifecycleAction) =>
      actOnSubmission(project, submission.id, {
        kind: action.kind,
        action: action.action,
        text: action.kind === "comment" ? text : undefined,
      }),
    onSuccess: () => {
      setText("");
      toast({ text: words.done });
      return client.invalidateQueries({ queryKey: submissionKey(project, submission.id) });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const comments = actions.filter(({ kind }) => kind === "comment");
  const buttons = actions.filter(({ kind }) => kind !== "comment");
  return (
    <>
      {comments.length > 0 && (
        <Textarea
          id={label}
          label={words.comment}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          autosize
          minRows={2}
          className={styles.comment}
        />
      )}
      <div className={styles.buttons}>
        {comments.map((action) => (
          <Button
            key={action.action}
            disabled={text.trim() === ""}
            loading={acting.isPending}
            onClick={() => acting.mutate(action)}
          >
            {action.label}
          </Button>
        ))}
        {buttons.map((action) => (
          <Button
            key={`${action.kind} ${action.action}`}
            variant="default"
            loading={acting.isPending}
            onClick={() => acting.mutate(action)}
          >
            {action.label}
          </Button>
        ))}
      </div>
    </>
  );
}

function Happened({ project, event }: { project: string; event: LifecycleEvent }) {
  const words = useWords().submissions.lifecycle;
  const who = event.who === "submitter" ? words.submitter : (event.who ?? words.byItself);
  return (
    <tr>
      <td>
        <Time at={event.at} shown="clock" />
      </td>
      <td>{who}</td>
      <td>
        {event.status !== null && <p className={styles.line}>{words.cameTo(event.status)}</p>}
        {event.parts.map((part) => (
          <Part key={`${part.kind} ${part.text}`} project={project} part={part} />
        ))}
      </td>
    </tr>
  );
}

function Part({ project, part }: { project: string; part: LifecyclePart }) {
  const words = useWords().submissions.lifecycle;
  if (part.kind === "comment") {
    return <blockquote className={styles.said}>{part.text}</blockquote>;
  }
  const told = words.parts[part.kind as keyof typeof words.parts] ?? part.kind;
  return (
    <p className={styles.line}>
      {told}: {part.text}{" "}
      {part.delivery !== null && (
        <Link
          to="/projects/$project/deliveries/$delivery"
          params={{ project, delivery: part.delivery }}
        >
          {words.toDelivery}
        </Link>
      )}
    </p>
  );
}
