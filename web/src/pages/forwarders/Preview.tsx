// What would be sent, as one types: the request and its body for the newest thing that the forwarder
// wants, or for a chosen one. Nothing is sent.
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { Problem } from "../../api/problem";
import { conditionTold } from "../../definitions/conditions";
import type { Definition } from "../../definitions/definition";
import { useDefinitionForm } from "../../definitions/form";
import { allReadable } from "../../definitions/JsonAt";
import { ErrorNote, sentence } from "../../design/ErrorNote";
import { PlaceLink } from "../../design/PlaceLink";
import { Prose } from "../../design/Prose";
import { Shape } from "../../design/StateMark";
import { useFormat, useWords } from "../../i18n/words";
import { PayloadView } from "../../payload/PayloadView";
import { readText } from "../../payload/read";
import { type Brought, broughtBy, eventOf } from "./events";
import styles from "./forwarders.module.css";
import { candidatesQuery, type ForwarderPreview, previewQuery } from "./previews";
import { toldWithheld } from "./toldWithheld";
import { withheldFields } from "./withheld";

/** How long nothing is typed until it is asked for. */
const PAUSE_MILLISECONDS = 500;

interface PreviewProps {
  project: string;
  definition: Definition;
}

export function Preview({ project, definition }: PreviewProps) {
  const words = useWords().forwarding.preview;
  const form = useDefinitionForm();
  const brought = broughtBy(eventOf(definition));
  const [chosen, setChosen] = useState<{ brought: Brought; id: string } | null>(null);
  const of = chosen?.brought === brought ? chosen.id : null;
  const [settled] = useDebouncedValue(definition, PAUSE_MILLISECONDS);
  const isWhole = settled.to !== undefined && form.isSound && allReadable(Object.values(settled));
  const query = useQuery({
    ...previewQuery(project, settled, brought, of),
    enabled: isWhole && broughtBy(eventOf(settled)) === brought,
  });
  return (
    <div className={styles.preview}>
      <ChooseOf
        project={project}
        brought={brought}
        of={of}
        choose={(id) => setChosen(id === null ? null : { brought, id })}
      />
      {isWhole ? (
        <Outcome project={project} query={query} brought={brought} definition={settled} />
      ) : (
        <p className={styles.quiet}>{words.incomplete}</p>
      )}
    </div>
  );
}

interface OutcomeProps {
  project: string;
  query: { data: ForwarderPreview | undefined; error: unknown };
  brought: Brought;
  definition: Definition;
}

function Outcome({ project, query, brought, definition }: OutcomeProps) {
  const { data, error } = query;
  if (error !== null) {
    return <Trouble error={error} brought={brought} />;
  }
  return data === undefined ? null : (
    <Shown project={project} preview={data} definition={definition} />
  );
}

interface ChooseOfProps {
  project: string;
  brought: Brought;
  of: string | null;
  choose: (id: string | null) => void;
}

const NEWEST = "";

function ChooseOf({ project, brought, of, choose }: ChooseOfProps) {
  const words = useWords().forwarding.preview;
  const format = useFormat();
  const found = useQuery(candidatesQuery(project, brought)).data ?? [];
  const told = (at: string) => format.minute(new Date(at), new Date());
  return (
    <Select
      label={words.of}
      data={[
        { value: NEWEST, label: words.newest[brought] },
        ...found.map(({ id, label, at }) => ({
          value: id,
          label: at === null ? label : `${label} · ${told(at)}`,
        })),
      ]}
      allowDeselect={false}
      searchable
      value={of ?? NEWEST}
      onChange={(id) => choose(id === NEWEST ? null : id)}
    />
  );
}

/** Why nothing can be shown: nothing is there, or what is typed is not whole yet. */
function Trouble({ error, brought }: { error: unknown; brought: Brought }) {
  const words = useWords().forwarding.preview;
  if (!(error instanceof Problem)) {
    return <ErrorNote error={error} />;
  }
  const { code, problems } = error.document;
  if (code === "nothing-to-preview") {
    return <p className={styles.quiet}>{words.nothing[brought]}</p>;
  }
  if (problems === undefined || problems.length === 0) {
    return <ErrorNote error={error} />;
  }
  return (
    <div role="status">
      <p>{words.unfinished}</p>
      <ul className={styles.found}>
        {problems.map(({ path, code, message }) => (
          <li key={`${path} ${code}`}>
            <Prose text={sentence(message)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ShownProps {
  project: string;
  preview: ForwarderPreview;
  definition: Definition;
}

const PLACES = { message: "messages", submission: "submissions", case: "cases" } as const;

function Shown({ project, preview, definition }: ShownProps) {
  const all = useWords();
  const words = all.forwarding.preview;
  const { kind, id, matched, conditions, request, problem } = preview;
  const link: ReactNode =
    kind in PLACES ? (
      <PlaceLink project={project} place={PLACES[kind as keyof typeof PLACES]} name={id}>
        {words.source[kind] ?? kind}
      </PlaceLink>
    ) : (
      <code>{id}</code>
    );
  return (
    <>
      <p role="status">
        <Shape tone={matched ? "well" : "waiting"} /> {matched ? words.wanted : words.unwanted}{" "}
        {link}
      </p>
      {!matched && (
        <ul className={styles.why}>
          {conditions
            .filter(({ holds }) => !holds)
            .map((condition) => (
              <li key={`${condition.part} ${condition.path} ${condition.expected}`}>
                <Shape tone="bad" />
                <span>
                  <Prose text={conditionTold(condition, all.definitions.conditions)} />
                </span>
              </li>
            ))}
        </ul>
      )}
      {problem !== null && (
        <p role="alert" className={styles.problem}>
          {words.broken} <Prose text={sentence(problem)} />
        </p>
      )}
      {request !== null && <Request preview={preview} request={request} />}
      <WithheldTold definition={definition} />
    </>
  );
}

interface RequestProps {
  preview: ForwarderPreview;
  request: NonNullable<ForwarderPreview["request"]>;
}

function Request({ preview, request }: RequestProps) {
  const words = useWords();
  const payload = useMemo(
    () => (request.body === null ? null : readText(request.body)),
    [request.body],
  );
  return (
    <div key={preview.id} className={styles.request}>
      <code className={styles.requestLine}>
        {request.method} {request.url}
      </code>
      {request.headers.length > 0 && (
        <details>
          <summary>{words.deliveries.headers}</summary>
          <dl className={styles.headers}>
            {request.headers.map(([name, value]) => (
              <div key={name}>
                <dt>{name}:</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {payload === null ? (
        <p className={styles.quiet}>{words.forwarding.preview.noText}</p>
      ) : (
        <PayloadView payload={payload} />
      )}
      {request.is_cut && <p className={styles.quiet}>{words.forwarding.preview.cut}</p>}
    </div>
  );
}

function WithheldTold({ definition }: { definition: Definition }) {
  const words = useWords().forwarding.withhold;
  const fields = withheldFields(definition.withhold);
  if (fields.length === 0) {
    return null;
  }
  return (
    <ul className={styles.withheldTold}>
      {fields.map((field) => (
        <li key={field.path}>
          <code>{field.path}</code> {toldWithheld(field, words)}
        </li>
      ))}
    </ul>
  );
}
