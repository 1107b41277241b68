// What happens in a status, or by a global action: in the order in which it is walked along.
import { Button, Menu } from "@mantine/core";
import { Plus } from "lucide-react";
import { useDefinitionForm } from "../../../definitions/form";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { ActionPanel } from "./ActionPanel";
import { type ActionKind, kindsFor, newAction, toldAction, toldWhen } from "./actions";
import { useAround } from "./around";
import { SortedRows } from "./SortedRows";
import { addedFields, askedFields, listAt, withAppended } from "./shape";

interface ActionListProps {
  /** Where the status or the global action stands. */
  path: string;
  label: string;
  /** The status that it is of; null for a global action. */
  status: string | null;
}

export function ActionList({ path, label, status }: ActionListProps) {
  const words = useOwnFormWords().formEditor;
  const form = useDefinitionForm();
  const around = useAround();
  const list = `${path}.actions`;
  const names = { words, status: around.status, who: around.who };
  const rows = listAt(form.definition, list).map((action, index) => ({
    title: toldAction(action, names),
    about: toldWhen(action, names),
    path: `${list}[${index}]`,
  }));
  const add = (kind: ActionKind) => {
    const fields = [...askedFields(form.definition), ...addedFields(form.definition)];
    const beginning = {
      statuses: around.statuses.map(({ value }) => value).filter((id) => id !== status),
      connections: around.connections.map(({ value }) => value),
      maps: fields.filter(({ type }) => type === "map").map(({ key }) => key),
      added: addedFields(form.definition).map(({ key }) => key),
      roles: around.roles.map(({ value }) => value),
      isGlobal: status === null,
    };
    form.change((before) => withAppended(before, list, newAction(kind, beginning)));
  };
  return (
    <SortedRows
      label={label}
      path={list}
      rows={rows}
      empty={words.statuses.noActions}
      panel={(index) => <ActionPanel path={`${list}[${index}]`} isGlobal={status === null} />}
      add={
        <Menu position="bottom-start">
          <Menu.Target>
            <Button variant="default" size="xs" leftSection={<Plus size={14} />}>
              {words.addAction}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {kindsFor(status === null).map((kind) => (
              <Menu.Item key={kind} onClick={() => add(kind)}>
                {words.actions[kind]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      }
    />
  );
}
