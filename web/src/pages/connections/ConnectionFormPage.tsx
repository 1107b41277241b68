// Making a connection, and changing one.

import { TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import own from "../../definitions/definitions.module.css";
import { FormFrame, More } from "../../definitions/FormFrame";
import { LongTextAt, NumberAt, SecretAt, SwitchAt, TextAt } from "../../definitions/fields";
import { FormProvider, useDefinitionForm, useForm } from "../../definitions/form";
import type { Meanwhile } from "../../definitions/Meanwhile";
import { useNameField } from "../../definitions/name";
import { type Defined, withoutPause } from "../../definitions/queries";
import { useSaving } from "../../definitions/saving";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { KindField, KindFields } from "./AuthenticationFields";
import { CONNECTION_FIELDS, normalised, secretsLeave } from "./authentication";
import { RecipientsField } from "./RecipientsField";
import { SigningFields } from "./SigningFields";
import { TestPanel } from "./TestPanel";

const newRoute = getRouteApi("/inside/projects/$project/new/connection");
const changeRoute = getRouteApi("/inside/projects/$project/connections/$connection/change");

export function NewConnectionPage() {
  const words = useWords();
  const { project } = newRoute.useParams();
  const { source } = newRoute.useSearch();
  return (
    <Allowed project={project} noun="connections" title={words.connections.make}>
      <ConnectionForm project={project} name={null} defined={null} source={source} />
    </Allowed>
  );
}

export function ChangeConnectionPage() {
  const words = useWords();
  const { project, connection } = changeRoute.useParams();
  return (
    <ChangePage
      project={project}
      noun="connections"
      name={connection}
      title={words.connections.changeTitle(connection)}
    >
      {(defined, meanwhile) => (
        <ConnectionForm
          project={project}
          name={connection}
          defined={defined}
          meanwhile={meanwhile}
        />
      )}
    </ChangePage>
  );
}

const TLS_PATHS = ["ca", "client_certificate", "client_key", "skip_verification"].map(
  (key) => `tls.${key}`,
);
const INCIDENT_PATHS = ["failures", "share", "window", "remind_every"].map(
  (key) => `incident.${key}`,
);

interface ConnectionFormProps {
  project: string;
  name: string | null;
  defined: Defined | null;
  meanwhile?: Meanwhile;
  /** The source that led here, and goes on to a forwarder. */
  source?: string;
}

function ConnectionForm({ project, name, defined, meanwhile, source }: ConnectionFormProps) {
  const words = useWords();
  const navigate = newRoute.useNavigate();
  const [testError, setTestError] = useState<unknown>(null);
  const [saved] = useState(() =>
    defined === null ? null : normalised(withoutPause(defined.definition)),
  );
  const named = useNameField(name);
  const saving = useSaving({
    project,
    noun: "connections",
    name: named.name,
    defined,
    done: () =>
      source === undefined
        ? navigate({
            to: "/projects/$project/connections/$connection",
            params: { project, connection: named.name },
          })
        : navigate({
            to: "/projects/$project/new/forwarder",
            params: { project },
            search: { from: source, to: named.name },
          }),
  });
  const { form, touched, rest, spoken } = useForm({
    saved,
    initial: saved ?? {},
    prefix: `connections.${named.name || "new"}`,
    fields: CONNECTION_FIELDS,
    error: saving.error ?? testError,
    secretsLeave: (definition) => saved !== null && secretsLeave(saved, definition),
  });
  const submit = (over?: Meanwhile) => {
    setTestError(null);
    spoken();
    if (named.check() && form.isSound) {
      saving.mutate({ definition: form.definition, over });
    }
  };
  return (
    <FormProvider form={form}>
      <FormFrame
        save={() => submit()}
        saving={saving.isPending}
        saved={saving.isSuccess}
        saveWord={name === null ? words.connections.make : words.definitions.save}
        cancel={() =>
          void (name === null
            ? navigate({ to: "/projects/$project/connections", params: { project } })
            : navigate({
                to: "/projects/$project/connections/$connection",
                params: { project, connection: name },
              }))
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
          <Section title={words.connections.test.title}>
            <TestPanel
              project={project}
              name={named.name}
              definition={form.definition}
              told={(error) => {
                saving.reset();
                spoken();
                setTestError(error);
              }}
            />
          </Section>
        }
      >
        <ConnectionFields
          nameField={name === null ? <TextInput {...named.field(saving.error)} /> : null}
        />
      </FormFrame>
    </FormProvider>
  );
}

function ConnectionFields({ nameField }: { nameField: React.ReactNode }) {
  const all = useWords();
  const words = all.connections.form;
  return (
    <>
      <Section title={words.where}>
        <div className={own.group}>
          {nameField}
          <TextAt
            path="url"
            label={words.url}
            about={words.urlAbout}
            placeholder="https://dhis2.example.org/api/tracker"
            required
          />
        </div>
      </Section>
      <Section title={words.proving}>
        <div className={own.group}>
          <KindField />
          <KindFields />
        </div>
      </Section>
      <Section title={words.notify}>
        <RecipientsField />
      </Section>
      <LimitFields />
      <TlsFields />
      <More
        title={words.signing}
        about={words.signingAbout}
        paths={["signing_secret", "previous_signing_secret"]}
      >
        <SigningFields />
      </More>
      <IncidentFields />
    </>
  );
}

function LimitFields() {
  const words = useWords().connections.form;
  const { duration } = useWords().definitions;
  return (
    <More title={words.limits} about={words.limitsAbout} paths={["timeout", "concurrency", "rate"]}>
      <TextAt path="timeout" label={words.timeout} about={duration} placeholder="30s" />
      <div className={own.two}>
        <NumberAt path="concurrency" label={words.concurrency} placeholder="8" min={1} max={1000} />
        <TextAt
          path="rate"
          label={words.rate}
          about={words.rateAbout}
          placeholder={words.rateUsual}
        />
      </div>
    </More>
  );
}

function TlsFields() {
  const words = useWords().connections.form;
  const loud = useDefinitionForm().value("tls.skip_verification") === true;
  return (
    <More title={words.tls} about={words.tlsAbout} paths={TLS_PATHS}>
      <LongTextAt path="tls.ca" label={words.ca} placeholder={words.pem} />
      <LongTextAt
        path="tls.client_certificate"
        label={words.clientCertificate}
        placeholder={words.pem}
      />
      <SecretAt path="tls.client_key" label={words.clientKey} long stays />
      <SwitchAt path="tls.skip_verification" label={words.skip} />
      {loud && (
        <p role="alert" className={own.loud}>
          {words.skipWarning}
        </p>
      )}
    </More>
  );
}

function IncidentFields() {
  const words = useWords().connections.form;
  return (
    <More title={words.incident} about={words.incidentAbout} paths={INCIDENT_PATHS}>
      <div className={own.two}>
        <NumberAt path="incident.failures" label={words.failures} placeholder="5" min={1} />
        <TextAt path="incident.share" label={words.share} placeholder="50%" />
        <TextAt path="incident.window" label={words.window} placeholder="10m" />
        <TextAt path="incident.remind_every" label={words.remind} placeholder="1d" />
      </div>
    </More>
  );
}
