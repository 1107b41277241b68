// What can be done in any status: by hand, by a program's call, or by itself when the time has come.
import { Button, Select } from "@mantine/core";
import { Plus } from "lucide-react";
import { isDefinition, membersOf, textAt } from "../../../definitions/definition";
import { mistakeText, TextAt } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { ActionList } from "./ActionList";
import { useAround } from "./around";
import styles from "./editor.module.css";
import { IdField, WhoAt } from "./inputs";
import { SortedRows } from "./SortedRows";
import {
  entriesAt,
  freeName,
  GLOBAL_ACTIONS,
  idsAt,
  RECEIVER,
  whoAt,
  withEntry,
  withRenamedEntry,
} from "./shape";

const ANCHORS = ["creation", "finalised", "anonymisation"] as const;
const ARRIVALS = ["first_arrival", "latest_arrival"] as const;

export function GlobalActions() {
  const words = useOwnFormWords().formEditor;
  const form = useDefinitionForm();
  const { who } = useAround();
  const rows = entriesAt(form.definition, GLOBAL_ACTIONS).map(([id, value]) => {
    const action = isDefinition(value) ? value : {};
    const people = whoAt(action, "by").map(who).join(", ");
    const after = textAt(action, "timeout.after");
    const about = [
      ...(people === "" ? [] : [words.told.people(people)]),
      ...(after === "" ? [] : [words.told.timeout(after)]),
    ];
    return {
      title: textAt(action, "name") || id,
      about: about.join(" · "),
      path: `${GLOBAL_ACTIONS}.${id}`,
    };
  });
  const add = () =>
    form.change((before) =>
      withEntry(before, GLOBAL_ACTIONS, freeName(idsAt(before, GLOBAL_ACTIONS), "action"), {
        by: [RECEIVER],
        actions: [],
      }),
    );
  return (
    <SortedRows
      label={words.globals.title}
      path={GLOBAL_ACTIONS}
      rows={rows}
      empty={words.globals.empty}
      panel={(index) => <GlobalPanel id={idsAt(form.definition, GLOBAL_ACTIONS)[index] ?? ""} />}
      add={
        <Button variant="default" size="xs" leftSection={<Plus size={14} />} onClick={add}>
          {words.globals.add}
        </Button>
      }
    />
  );
}

function GlobalPanel({ id }: { id: string }) {
  const all = useOwnFormWords().formEditor;
  const words = all.globals;
  const form = useDefinitionForm();
  const path = `${GLOBAL_ACTIONS}.${id}`;
  const faultOf = (typed: string) => {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(typed)) {
      return all.statuses.idWrong;
    }
    return idsAt(form.definition, GLOBAL_ACTIONS).includes(typed)
      ? all.statuses.idTaken(typed)
      : undefined;
  };
  return (
    <>
      <div className={styles.two}>
        <TextAt path={`${path}.name`} label={all.statuses.name} />
        <IdField
          label={all.statuses.id}
          about={all.statuses.idAbout}
          value={id}
          faultOf={faultOf}
          change={(to) => form.change((before) => withRenamedEntry(before, GLOBAL_ACTIONS, id, to))}
        />
        <WhoAt path={`${path}.by`} label={words.by} />
        <WhoAt path={`${path}.hook`} label={words.hook} about={words.hookAbout} kind="hooking" />
        <SinceField path={`${path}.timeout`} />
        {form.value(`${path}.timeout`) !== undefined && (
          <TextAt path={`${path}.timeout.after`} label={words.after} placeholder="365d" required />
        )}
      </div>
      <h4 className={styles.sub}>{words.actions}</h4>
      <ActionList path={path} label={words.actions} status={null} />
    </>
  );
}

const NEVER = "";

/** From when the time counts: a word, or a coming to a status. */
function SinceField({ path }: { path: string }) {
  const words = useOwnFormWords().formEditor.globals;
  const form = useDefinitionForm();
  const { statuses } = useAround();
  const since = form.value(`${path}.since`);
  const [[arrival, status] = ["", ""]] = isDefinition(since) ? membersOf(since) : [];
  const chosen = isDefinition(since) ? `${arrival} ${String(status)}` : form.text(`${path}.since`);
  const arrivals = ARRIVALS.flatMap((each) =>
    statuses.map(({ value, label }) => ({
      value: `${each} ${value}`,
      label: words.sinces[each](label),
    })),
  );
  const choose = (next: string | null) => {
    const [word = "", to] = (next ?? NEVER).split(" ");
    if (word === NEVER) {
      form.put(path, undefined);
    } else {
      form.put(`${path}.since`, to === undefined ? word : { [word]: to });
    }
  };
  return (
    <Select
      label={words.since}
      description={words.timeout}
      placeholder={words.sinceNone}
      data={[...ANCHORS.map((value) => ({ value, label: words.sinces[value] })), ...arrivals]}
      clearable
      value={chosen === NEVER ? null : chosen}
      error={mistakeText(form.mistakes(`${path}.since`))}
      onChange={choose}
    />
  );
}
