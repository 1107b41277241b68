// Making a connection, and changing one.

import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { DefinitionForm, type OfForm } from "../../definitions/DefinitionForm";
import own from "../../definitions/definitions.module.css";
import { More } from "../../definitions/FormFrame";
import { LongTextAt, NumberAt, SecretAt, SwitchAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { withoutPause } from "../../definitions/queries";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { KindField, KindFields } from "./AuthenticationFields";
import { CONNECTION_FIELDS, normalised, secretsLeave } from "./authentication";
import { DatabaseUserFields, DestinationFields, useIsDatabase } from "./DestinationFields";
import { fittingDestination } from "./database";
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

const TLS_PATHS = [
  "ca",
  "client_certificate",
  "client_key",
  "client_key_passphrase",
  "skip_verification",
].map((key) => `tls.${key}`);
const INCIDENT_PATHS = ["failures", "share", "window", "remind_every"].map(
  (key) => `incident.${key}`,
);

interface ConnectionFormProps extends OfForm {
  /** The source that led here, and goes on to a forwarder. */
  source?: string;
}

function ConnectionForm({ source, ...props }: ConnectionFormProps) {
  const words = useWords().connections;
  const navigate = newRoute.useNavigate();
  const { project, defined } = props;
  const [initial] = useState(() =>
    defined === null ? {} : normalised(withoutPause(defined.definition)),
  );
  const toForwarder = (to: string) =>
    navigate({
      to: "/projects/$project/new/forwarder",
      params: { project },
      search: { from: source, to },
    });
  return (
    <DefinitionForm
      {...props}
      noun="connections"
      initial={initial}
      fields={CONNECTION_FIELDS}
      written={fittingDestination}
      makeWord={words.make}
      done={source === undefined ? undefined : toForwarder}
      secretsLeave={secretsLeave}
      aside={(typed) => (
        <Section title={words.test.title}>
          <TestPanel project={project} {...typed} />
        </Section>
      )}
    >
      {(nameField) => <ConnectionFields nameField={nameField} />}
    </DefinitionForm>
  );
}

function ConnectionFields({ nameField }: { nameField: React.ReactNode }) {
  const all = useWords();
  const words = all.connections.form;
  const isDatabase = useIsDatabase();
  return (
    <>
      <Section title={words.where}>
        <div className={own.group}>
          {nameField}
          <DestinationFields />
        </div>
      </Section>
      <Section title={words.proving}>
        <div className={own.group}>
          {isDatabase ? (
            <DatabaseUserFields />
          ) : (
            <>
              <KindField />
              <KindFields />
            </>
          )}
        </div>
      </Section>
      <Section title={words.notify}>
        <RecipientsField />
      </Section>
      <LimitFields />
      <TlsFields />
      {!isDatabase && (
        <More
          title={words.signing}
          about={words.signingAbout}
          paths={["signing_secret", "previous_signing_secret"]}
        >
          <SigningFields />
        </More>
      )}
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
      <SecretAt path="tls.client_key_passphrase" label={words.clientKeyPassphrase} stays />
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
