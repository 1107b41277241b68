// What sets a workflow off, to be changed: the event and its filter, the time, trouble, or nothing.
import { Checkbox, NumberInput, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import { isDefinition } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { More } from "../../definitions/FormFrame";
import { ChoiceAt, mistakeText, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { JsonAt } from "../../definitions/JsonAt";
import { ListAt } from "../../definitions/ListAt";
import { PairsAt } from "../../definitions/PairsAt";
import { sourcesQuery } from "../../definitions/queries";
import { useFlowWords } from "../../i18n/flows";
import { broughtBy, type EventName } from "../forwarders/events";
import { caseTypesQuery, formsQuery } from "../forwarders/queries";
import { EdgeFields } from "./EdgeFields";
import type { Flow } from "./graph";
import { NextTimes } from "./NextTimes";
import {
  filterOf,
  isEvent,
  keysOf,
  kindOf,
  TRIGGER_FORMATS,
  TRIGGER_KINDS,
  TROUBLES,
  type TriggerKind,
  withKind,
} from "./trigger";
import { useSchedule } from "./useSchedule";
import styles from "./workflows.module.css";

const TryThis = lazy(() =>
  import("../forwarders/TryFilter").then(({ TryThis }) => ({ default: TryThis })),
);

interface TriggerPanelProps {
  project: string;
  flow: Flow;
}

export function TriggerPanel({ project, flow }: TriggerPanelProps) {
  const all = useFlowWords();
  const words = all.workflows;
  const form = useDefinitionForm();
  const kind = kindOf(form.definition);
  const groups: [string, TriggerKind[]][] = [
    [words.kindGroups.data, TRIGGER_KINDS.filter(isEvent)],
    [words.kindGroups.time, ["cron"]],
    [words.kindGroups.trouble, [...TROUBLES]],
    [words.kindGroups.hand, ["manual"]],
  ];
  const filter = filterOf(form.definition);
  return (
    <section className={styles.panel} aria-label={words.form.triggerTitle}>
      <div className={styles.panelHead}>
        <h2>{words.form.triggerTitle}</h2>
      </div>
      <div className={styles.fields}>
        <Select
          label={words.form.kind}
          data={groups.map(([group, kinds]) => ({
            group,
            items: kinds.map((value) => ({ value, label: words.kinds[value] })),
          }))}
          allowDeselect={false}
          value={kind}
          error={mistakeText([...form.mistakes("trigger.event"), ...form.mistakes("trigger")])}
          onChange={(chosen) => {
            const wanted = TRIGGER_KINDS.find((each) => each === chosen);
            if (wanted !== undefined) {
              form.change((before) => withKind(before, wanted));
            }
          }}
        />
        {kind === "cron" && <CronFields project={project} flow={flow} />}
        {isEvent(kind) && <EventFields project={project} event={kind} />}
        <EdgeFields flow={flow} from={null} path="start" />
      </div>
      {isEvent(kind) && (
        <div className={styles.fields}>
          <FilterFields event={kind} />
          {filter !== null && (
            <Suspense fallback={null}>
              <TryThis
                project={project}
                filter={filter}
                brought={broughtBy(kind)}
                label={words.form.trial}
              />
            </Suspense>
          )}
        </div>
      )}
    </section>
  );
}

function EventFields({ project, event }: { project: string; event: EventName }) {
  const all = useFlowWords();
  const words = all.workflows.form;
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  const has = (key: string) => keysOf(event).includes(key);
  return (
    <>
      {has("source") && (
        <ChoiceAt
          path="trigger.source"
          label={words.source}
          usual=""
          choices={[
            { value: "", label: all.forwarders.allSources },
            ...sources.map(({ name }) => ({ value: name, label: name })),
          ]}
        />
      )}
      {has("forms") && <FiledFields project={project} has={has} />}
      {has("format") && (
        <ChoiceAt
          path="trigger.format"
          label={words.caseOf}
          about={words.formatAbout}
          usual=""
          choices={[
            { value: "", label: words.usualFormat },
            ...TRIGGER_FORMATS[event]
              .slice(1)
              .map((value) => ({ value, label: all.forwarding.formats[value] })),
          ]}
        />
      )}
      {has("reply") && <ReplyFields />}
    </>
  );
}

function FiledFields({ project, has }: { project: string; has: (key: string) => boolean }) {
  const words = useFlowWords().forwarding.form;
  const forms = useQuery(formsQuery(project)).data ?? [];
  const types = useQuery({ ...caseTypesQuery(project), enabled: has("case_types") }).data;
  const lists: [string, string, ReactNode, string[]][] = [
    ["case_types", words.caseTypes, words.caseTypesAbout, [...(types?.keys() ?? [])].sort()],
    ["forms", words.forms, words.formsAbout, forms.map(({ name }) => name)],
    ["users", words.users, words.usersAbout, []],
    ["without_users", words.withoutUsers, words.withoutUsersAbout, []],
    [
      "applications",
      words.applications,
      words.applicationsAbout,
      [...new Set(forms.flatMap(({ application }) => application ?? []))],
    ],
  ];
  return lists
    .filter(([key]) => has(key))
    .map(([key, label, about, known]) => (
      <ListAt
        key={key}
        path={`trigger.${key}`}
        label={label}
        about={about}
        placeholder={words.add}
        known={known}
      />
    ));
}

function FilterFields({ event }: { event: EventName }) {
  const all = useFlowWords();
  const { form: words } = all.forwarders;
  const own = all.forwarding.form;
  const brought = broughtBy(event);
  if (brought === "application") {
    return null;
  }
  const abouts = {
    message: words.matchAbout,
    submission: own.matchAbout,
    case: own.matchCaseAbout,
  };
  return (
    <>
      <JsonAt path="trigger.match" label={words.match} about={abouts[brought]} />
      <JsonAt
        path="trigger.unless"
        label={words.unless}
        about={brought === "message" ? words.unlessAbout : own.unlessAbout}
      />
      <More
        title={words.request}
        about={words.requestAbout}
        paths={["trigger.headers", "trigger.query"]}
      >
        <PairsAt
          path="trigger.headers"
          label={words.matchHeaders}
          nameLabel={words.headerName}
          valueLabel={words.value}
        />
        <PairsAt
          path="trigger.query"
          label={words.matchQuery}
          nameLabel={words.parameterName}
          valueLabel={words.value}
        />
      </More>
    </>
  );
}

/** Whether the sender is answered with the run's result, and by which status. */
function ReplyFields() {
  const words = useFlowWords().workflows.form;
  const form = useDefinitionForm();
  const reply = form.value("trigger.reply");
  const waits = isDefinition(reply) || reply === "after_completion";
  const code = (key: string) => (isDefinition(reply) ? Number(reply[key] ?? 201) : 201);
  const put = (key: string, value: number | string) => {
    const codes = isDefinition(reply) ? reply : {};
    form.put("trigger.reply", { ...codes, [key]: Number(value) });
  };
  return (
    <>
      <Checkbox
        label={words.reply}
        description={words.replyAbout}
        checked={waits}
        error={mistakeText(form.mistakes("trigger.reply"))}
        onChange={(event) =>
          form.put("trigger.reply", event.currentTarget.checked ? "after_completion" : undefined)
        }
      />
      {waits && (
        <div className={own.two}>
          {(
            [
              ["success_code", words.successCode],
              ["error_code", words.errorCode],
            ] as const
          ).map(([key, label]) => (
            <NumberInput
              key={key}
              label={label}
              value={code(key)}
              min={200}
              max={599}
              onChange={(value) => put(key, value)}
            />
          ))}
        </div>
      )}
    </>
  );
}

const USUAL_ZONE = "UTC";
const ZONES = [
  USUAL_ZONE,
  ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== USUAL_ZONE),
];

function CronFields({ project, flow }: TriggerPanelProps) {
  const words = useFlowWords().workflows.form;
  const form = useDefinitionForm();
  const zone = form.text("trigger.time_zone") || USUAL_ZONE;
  const checked = useSchedule(project, form.text("trigger.cron"), zone);
  const found = (place: string) => checked?.problems.filter(({ path }) => path === place);
  // The hub may know a zone that the browser does not.
  const zones = ZONES.includes(zone) ? ZONES : [...ZONES, zone];
  return (
    <>
      <TextAt
        path="trigger.cron"
        label={words.cron}
        about={words.cronAbout}
        found={found("cron")}
        required
      />
      <ChoiceAt
        path="trigger.time_zone"
        label={words.timeZone}
        usual={USUAL_ZONE}
        found={found("time_zone")}
        choices={zones.map((value) => ({ value, label: value }))}
      />
      <div role="status">
        <NextTimes times={checked?.next ?? []} zone={zone} />
      </div>
      <ChoiceAt
        path="trigger.overlap"
        label={words.overlap}
        usual="parallel"
        choices={(["parallel", "skip", "queue"] as const).map((value) => ({
          value,
          label: words.overlaps[value],
        }))}
      />
      <ChoiceAt
        path="trigger.catch_up"
        label={words.catchUp}
        usual="none"
        choices={(["none", "one", "all"] as const).map((value) => ({
          value,
          label: words.catchUps[value],
        }))}
      />
      <ChoiceAt
        path="trigger.cursor_step"
        label={words.cursor}
        usual=""
        choices={[
          { value: "", label: words.cursorRun },
          ...flow.steps.map(({ id, title }) => ({ value: id, label: title })),
        ]}
      />
    </>
  );
}
