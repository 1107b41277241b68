// Making a forwarder, and changing one.

import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { type Definition, Exact } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { FormFrame } from "../../definitions/FormFrame";
import { FormProvider, useForm } from "../../definitions/form";
import { allReadable, jsonMistake } from "../../definitions/JsonAt";
import type { Meanwhile } from "../../definitions/Meanwhile";
import { useNameField } from "../../definitions/name";
import {
  connectionsQuery,
  type Defined,
  sourcesQuery,
  withoutPause,
} from "../../definitions/queries";
import { useSaving } from "../../definitions/saving";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { parseJson, prettyJson } from "../../payload/json";
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
      <ForwarderForm project={project} name={null} defined={null} initial={initial} first={first} />
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
      {(defined, meanwhile) => (
        <ForwarderForm
          project={project}
          name={forwarder}
          defined={defined}
          meanwhile={meanwhile}
          initial={withoutPause(defined.definition)}
        />
      )}
    </ChangePage>
  );
}

interface ForwarderFormProps {
  project: string;
  name: string | null;
  defined: Defined | null;
  meanwhile?: Meanwhile;
  initial: Definition;
  /** A name to begin with. */
  first?: string;
}

function ForwarderForm(props: ForwarderFormProps) {
  const { project, name, defined, meanwhile, initial, first = "" } = props;
  const words = useWords();
  const navigate = newRoute.useNavigate();
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  const connections = useQuery(connectionsQuery(project)).data ?? [];
  const named = useNameField(name, first);
  const toOne = (forwarder: string) =>
    navigate({ to: "/projects/$project/forwarders/$forwarder", params: { project, forwarder } });
  const saving = useSaving({
    project,
    noun: "forwarders",
    name: named.name,
    defined,
    done: () => toOne(named.name),
  });
  const { form, touched, rest, spoken } = useForm({
    saved: defined === null ? null : initial,
    initial,
    prefix: `forwarders.${named.name}`,
    fields: FORWARDER_FIELDS,
    error: saving.error,
  });
  const submit = (over?: Meanwhile) => {
    spoken();
    if (named.check() && form.isSound && allReadable(Object.values(form.definition))) {
      saving.mutate({ definition: form.definition, over });
    }
  };
  const nameField: ReactNode = name === null ? <TextInput {...named.field(saving.error)} /> : null;
  return (
    <FormProvider form={form}>
      <FormFrame
        save={() => submit()}
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
        meanwhile={
          meanwhile && {
            name: named.name,
            again: meanwhile.again,
            anyway: () => submit(meanwhile),
          }
        }
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
