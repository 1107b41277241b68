// The editor of a form: its parts, each behind a tab. A part in which the hub finds something wrong says so,
// and the first of them is opened.
import { Tabs } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useDefinitionForm } from "../../../definitions/form";
import { Shape } from "../../../design/StateMark";
import tabs from "../../../design/tabs.module.css";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { AboutPart } from "./AboutPart";
import { AddedPart } from "./AddedPart";
import { AroundProvider } from "./around";
import styles from "./editor.module.css";
import { FieldList } from "./FieldList";
import { LifecyclePart } from "./LifecyclePart";
import { PeoplePart } from "./PeoplePart";
import { PARTS, type Part, partOf } from "./parts";

interface FormEditorProps {
  project: string;
  nameField: ReactNode;
  /** The part that is open at first. */
  first: Part | undefined;
}

export function FormEditor({ project, nameField, first }: FormEditorProps) {
  const words = useOwnFormWords().formEditor;
  const { wrong } = useDefinitionForm();
  const [part, setPart] = useState<Part>(first ?? "about");
  const parts = new Set(wrong.map(partOf));
  const all = [...parts].join(" ");
  const [seen, setSeen] = useState("");
  if (all !== seen) {
    setSeen(all);
    const [firstWrong] = parts;
    if (firstWrong !== undefined && all.length > seen.length && !parts.has(part)) {
      setPart(firstWrong);
    }
  }
  const shown: Record<Part, ReactNode> = {
    about: <AboutPart />,
    fields: (
      <FieldList
        path="fields"
        label={words.fields.title}
        empty={words.fields.empty}
        add={words.fields.add}
      />
    ),
    lifecycle: <LifecyclePart />,
    people: <PeoplePart />,
    added: <AddedPart />,
  };
  return (
    <AroundProvider project={project}>
      {nameField !== null && <div className={styles.head}>{nameField}</div>}
      <Tabs
        value={part}
        onChange={(next) => setPart(PARTS.find((each) => each === next) ?? part)}
        keepMounted={false}
        className={`${tabs.tabs} ${styles.parts}`}
      >
        <Tabs.List>
          {PARTS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {words.parts[each]}
              {parts.has(each) && (
                <span className={styles.wrong} title={words.partWrong}>
                  <Shape tone="bad" />
                </span>
              )}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {PARTS.map((each) => (
          <Tabs.Panel key={each} value={each} className={tabs.panel}>
            {shown[each]}
          </Tabs.Panel>
        ))}
      </Tabs>
    </AroundProvider>
  );
}
