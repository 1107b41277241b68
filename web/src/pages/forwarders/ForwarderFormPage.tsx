// Making a forwarder, and changing one.

import { TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { type Definition, Exact, prettyJson } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { FormFrame } from "../../definitions/FormFrame";
import { FormProvider, useForm } from "../../definitions/form";
import { allReadable, jsonMistake } from "../../definitions/JsonAt";
import { useNameField } from "../../definitions/name";
import {
  connectionsQuery,
  definitionsKey,
  forwardersQuery,
  save,
  sourcesQuery,
  withoutPause,
} from "../../definitions/queries";
import { Section } from "../../design/Section";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { parseJson } from "../../payload/json";
import { FORWARDER_FIELDS, ForwarderFields } from "./ForwarderFields";
import type { NewForwarderSearch } from "./routes";
import { TryFilter } from "./TryFilter";

const newRoute = getRouteApi("/inside/projects/$project/new/forwarder");
const changeRoute = getRouteApi("/inside/projects/$project/forwarders/$forwarder/change");

/** What an address says about the new forwarder. A filter that is no JSON is shown as it is. */
function begun({ from, to, match, unless }: NewForwarderSearch): Definition {
  const filter = (text: string) =>
    new Exact(jsonMistake(text) === null ? prettyJson(parseJson(text)) : text);
  return {
    ...(from === undefined ? {} : { from }),
    ...(match === undefined ? {} : { match: filter(match) }),
    ...(unless === undefined ? {} : { unless: filter(unless) }),
    ...(to === undefined ? {} : { to }),
  };
}

export function NewForwarderPage() {
  const words = useWords();
  const { project } = newRoute.useParams();
  const search = newRoute.useSearch();
  const initial = useMemo(() => begun(search), [search]);
  const first =
    search.from !== undefined && search.to !== undefined
      ? `${search.from}-${search.to}`.slice(0, 64)
      : "";
  return (
    <Allowed project={project} noun="forwarders" title={words.forwarders.make}>
      <ForwarderForm project={project} name={null} saved={null} initial={initial} first={first} />
    </Allowed>
  );
}

export function ChangeForwarderPage() {
  const words = useWords();
  const { project, forwarder } = changeRoute.useParams();
  return (
    <ChangePage
      project={project}
      noun="forwarders"
      name={forwarder}
      title={words.forwarders.changeTitle(forwarder)}
    >
      {(definition) => (
        <ForwarderForm
          project={project}
          name={forwarder}
          saved={withoutPause(definition)}
          initial={withoutPause(definition)}
        />
      )}
    </ChangePage>
  );
}

interface ForwarderFormProps {
  project: string;
  name: string | null;
  saved: Definition | null;
  initial: Definition;
  /** A name to begin with. */
  first?: string;
}

function ForwarderForm({ project, name, saved, initial, first = "" }: ForwarderFormProps) {
  const words = useWords();
  const toast = useToast();
  const client = useQueryClient();
  const navigate = newRoute.useNavigate();
  const taken = useQuery({ ...forwardersQuery(project), enabled: name === null }).data;
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  const connections = useQuery(connectionsQuery(project)).data ?? [];
  const named = useNameField(name, taken?.map((each) => each.name) ?? [], first);
  const toOne = (forwarder: string) =>
    navigate({ to: "/projects/$project/forwarders/$forwarder", params: { project, forwarder } });
  const saving = useMutation({
    mutationFn: (definition: Definition) => save(project, "forwarders", named.name, definition),
    onSuccess: async () => {
      toast({ text: words.definitions.saved(named.name) });
      await client.invalidateQueries({ queryKey: definitionsKey(project) });
      await toOne(named.name);
    },
  });
  const { form, touched, rest, spoken } = useForm({
    saved,
    initial,
    prefix: `forwarders.${named.name}`,
    fields: FORWARDER_FIELDS,
    error: saving.error,
  });
  const submit = () => {
    spoken();
    if (named.check() && form.isSound && allReadable(Object.values(form.definition))) {
      saving.mutate(form.definition);
    }
  };
  const nameField: ReactNode = name === null ? <TextInput {...named.field} /> : null;
  return (
    <FormProvider form={form}>
      <FormFrame
        save={submit}
        saving={saving.isPending}
        saved={saving.isSuccess}
        saveWord={name === null ? words.forwarders.make : words.definitions.save}
        cancel={() =>
          void (name === null
            ? navigate({ to: "/projects/$project/forwarders", params: { project } })
            : toOne(name))
        }
        touched={touched || named.touched}
        error={saving.error}
        rest={rest}
        aside={
          <Section title={words.forwarders.trial.title}>
            <TryFilter project={project} />
          </Section>
        }
      >
        <div className={own.fields}>
          <ForwarderFields
            nameField={nameField}
            sources={sources.map((each) => each.name)}
            connections={connections.map((each) => each.name)}
          />
        </div>
      </FormFrame>
    </FormProvider>
  );
}
