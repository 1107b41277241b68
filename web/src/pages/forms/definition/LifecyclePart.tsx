// What becomes of a submission: its statuses, with a picture of the ways between them, and what can be done
// in any of them.
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { useMemo } from "react";
import { ordered, textAt, withValue } from "../../../definitions/definition";
import { SwitchAt, TextAt } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { Section } from "../../../design/Section";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { ActionList } from "./ActionList";
import styles from "./editor.module.css";
import { GlobalActions } from "./GlobalActions";
import { IdField, WhoAt } from "./inputs";
import { Picture } from "./Picture";
import { isWithin } from "./paths";
import { isEnd } from "./picture";
import { withRenamedStatus } from "./renaming";
import { SortedRows, useOpenRow } from "./SortedRows";
import {
  freeName,
  hasUsualStatuses,
  idsAt,
  listAt,
  STATUSES,
  statusesOf,
  withEntry,
} from "./shape";

export function LifecyclePart() {
  const words = useOwnFormWords().formEditor;
  return (
    <>
      <Section title={words.statuses.title}>
        <Statuses />
      </Section>
      <Section title={words.globals.title}>
        <GlobalActions />
      </Section>
    </>
  );
}

function Statuses() {
  const all = useOwnFormWords().formEditor;
  const words = all.statuses;
  const form = useDefinitionForm();
  const { definition } = form;
  const statuses = statusesOf(definition);
  const isUsual = hasUsualStatuses(definition);
  const rows = statuses.map(([id, status]) => ({
    title: textAt(status, "name") || id,
    about: (
      <StatusAbout
        id={id}
        colour={textAt(status, "colour")}
        isEnd={isEnd(status)}
        count={listAt(status, "actions").length}
      />
    ),
    path: `${STATUSES}.${id}`,
  }));
  const opened = useOpenRow(isUsual ? [] : rows);
  const [open, setOpen] = opened;
  const wrong = statuses
    .map(([id]) => id)
    .filter((id) => form.wrong.some((path) => isWithin(`${STATUSES}.${id}`, path)))
    .join(" ");
  const mistaken = useMemo(() => new Set(wrong.split(" ")), [wrong]);
  const write = () =>
    form.change((before) => withValue(before, STATUSES, ordered(statusesOf(before))));
  return (
    <div className={styles.list}>
      <Picture
        definition={definition}
        selected={isUsual || open === null ? null : (statuses[open]?.[0] ?? null)}
        select={(id) => {
          const index = statuses.findIndex(([each]) => each === id);
          setOpen(index < 0 ? null : index);
        }}
        mistaken={mistaken}
      />
      {isUsual ? (
        <div className={styles.foot}>
          <p className={styles.quiet}>{words.usual}</p>
          <Button variant="default" size="xs" onClick={write}>
            {words.change}
          </Button>
        </div>
      ) : (
        <SortedRows
          label={words.title}
          path={STATUSES}
          rows={rows}
          empty={all.picture.noSteps}
          opened={opened}
          panel={(index) => <StatusPanel id={statuses[index]?.[0] ?? ""} />}
          add={
            <Button
              variant="default"
              size="xs"
              leftSection={<Plus size={14} />}
              onClick={() =>
                form.change((before) =>
                  withEntry(before, STATUSES, freeName(idsAt(before, STATUSES), "status"), {}),
                )
              }
            >
              {words.add}
            </Button>
          }
        />
      )}
    </div>
  );
}

interface StatusAboutProps {
  id: string;
  colour: string;
  isEnd: boolean;
  count: number;
}

function StatusAbout({ id, colour, isEnd: ends, count }: StatusAboutProps) {
  const words = useOwnFormWords().formEditor;
  return (
    <>
      {/^#[0-9a-f]{6}$/i.test(colour) && (
        <span className={styles.swatch} style={{ background: colour }} aria-hidden="true" />
      )}
      {[id, ends ? words.end : words.actionCount(count)].join(" · ")}
    </>
  );
}

function StatusPanel({ id }: { id: string }) {
  const words = useOwnFormWords().formEditor.statuses;
  const form = useDefinitionForm();
  const path = `${STATUSES}.${id}`;
  const faultOf = (typed: string) => {
    if (!/^[A-Za-z0-9-][A-Za-z0-9_-]{0,63}$/.test(typed)) {
      return words.idWrong;
    }
    return idsAt(form.definition, STATUSES).includes(typed) ? words.idTaken(typed) : undefined;
  };
  return (
    <>
      <div className={styles.two}>
        <TextAt path={`${path}.name`} label={words.name} />
        <IdField
          label={words.id}
          about={words.idAbout}
          value={id}
          faultOf={faultOf}
          change={(to) => form.change((before) => withRenamedStatus(before, id, to))}
        />
        <TextAt path={`${path}.colour`} label={words.colour} about={words.colourAbout} />
        <WhoAt path={`${path}.visible_to`} label={words.visibleTo} about={words.visibleToAbout} />
      </div>
      <SwitchAt path={`${path}.endpoint`} label={words.endpoint} />
      <h4 className={styles.sub}>{words.actions}</h4>
      <ActionList path={path} label={words.actions} status={id} />
    </>
  );
}
