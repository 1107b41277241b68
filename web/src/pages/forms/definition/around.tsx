// What the fields of the editor need to know of the project around the form: its roles and connections.
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { textAt } from "../../../definitions/definition";
import { useDefinitionForm } from "../../../definitions/form";
import { connectionsQuery } from "../../../definitions/queries";
import { known } from "../../../i18n/known";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { rolesQuery } from "../../roles/queries";
import { functionsOf, statusesOf, usualName } from "./shape";

export interface Named {
  value: string;
  label: string;
}

interface Around {
  project: string;
  roles: Named[];
  connections: Named[];
}

const AroundContext = createContext<Around>({ project: "", roles: [], connections: [] });

export function AroundProvider({ project, children }: { project: string; children: ReactNode }) {
  const roles = useQuery(rolesQuery(project)).data;
  const connections = useQuery(connectionsQuery(project)).data;
  const around = useMemo(
    () => ({
      project,
      roles: (roles ?? []).map(({ id, name }) => ({ value: id, label: name })),
      connections: (connections ?? []).map(({ name }) => ({ value: name, label: name })),
    }),
    [project, roles, connections],
  );
  return <AroundContext.Provider value={around}>{children}</AroundContext.Provider>;
}

/** What can be named in the form: the project's roles and connections, and the form's own parts. */
export function useAround() {
  const around = useContext(AroundContext);
  const { definition } = useDefinitionForm();
  const words = useOwnFormWords().formEditor.who;
  return useMemo(() => {
    const functions = functionsOf(definition).map(({ id, name }) => ({
      value: id,
      label: name || usualName(id, words.receiver),
    }));
    const statuses = statusesOf(definition).map(([id, status]) => ({
      value: id,
      label: textAt(status, "name") || id,
    }));
    const named = new Map(
      [...around.roles, ...functions].map(({ value, label }) => [value, label]),
    );
    return {
      ...around,
      functions,
      statuses,
      who: (id: string) => named.get(id) ?? known(words, id) ?? id,
      status: (id: string) => statuses.find(({ value }) => value === id)?.label ?? id,
    };
  }, [around, definition, words]);
}

/** Choices, with what is chosen already: what is known by nobody is shown all the same, and stays. */
export const withChosen = (choices: readonly Named[], chosen: readonly string[]): Named[] => [
  ...choices,
  ...chosen
    .filter((value) => value !== "" && !choices.some((choice) => choice.value === value))
    .map((value) => ({ value, label: value })),
];
