// Where a connection leads: to a service that takes requests, or to a database that takes rows.
import { Checkbox, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import own from "../../definitions/definitions.module.css";
import { mistakeText, SecretAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { useWords } from "../../i18n/words";
import {
  asDatabase,
  type Database,
  databaseOf,
  isDatabase,
  NO_DATABASE,
  urlOfDatabase,
} from "./database";

/** Whether what stands in the form is a database. */
export function useIsDatabase(): boolean {
  return isDatabase(useDefinitionForm().text("url"));
}

export function DestinationFields() {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const toDatabase = useIsDatabase();
  const url = form.text("url");
  // What was typed for the other kind comes back with it.
  const [other, setOther] = useState("");
  const choose = (kind: string) => {
    if ((kind === "database") === toDatabase) {
      return;
    }
    setOther(url);
    form.change((definition) =>
      kind === "database"
        ? asDatabase(definition, other || urlOfDatabase(NO_DATABASE))
        : { ...definition, url: other || undefined },
    );
  };
  const parts = databaseOf(url);
  return (
    <>
      <SegmentedControl
        aria-label={words.destination}
        value={toDatabase ? "database" : "service"}
        data={[
          { value: "service", label: words.service },
          { value: "database", label: words.database },
        ]}
        onChange={choose}
      />
      {toDatabase && parts !== null ? (
        <DatabaseFields parts={parts} />
      ) : (
        <TextAt
          path="url"
          label={words.url}
          about={toDatabase ? undefined : words.urlAbout}
          placeholder="https://dhis2.example.org/api/tracker"
          required
        />
      )}
    </>
  );
}

function DatabaseFields({ parts }: { parts: Database }) {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const change = (changed: Partial<Database>) =>
    form.put("url", urlOfDatabase({ ...parts, ...changed }));
  return (
    <>
      <div className={own.two}>
        <TextInput
          label={words.host}
          description={words.hostAbout}
          placeholder="db.example.org"
          required
          value={parts.host}
          error={mistakeText(form.mistakes("url"))}
          onChange={(event) => change({ host: event.currentTarget.value })}
        />
        <TextInput
          label={words.databaseName}
          description={words.databaseAbout}
          placeholder="registry"
          required
          value={parts.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
      </div>
      <Checkbox
        label={words.secure}
        description={parts.isSecure ? words.secureAbout : words.insecureAbout}
        checked={parts.isSecure}
        onChange={(event) => change({ isSecure: event.currentTarget.checked })}
      />
    </>
  );
}

/** A database is opened with a user name and a password, and with nothing else. */
export function DatabaseUserFields() {
  const words = useWords().connections.form;
  return (
    <div className={own.two}>
      <TextAt path="auth.basic.username" label={words.username} required />
      <SecretAt path="auth.basic.password" label={words.password} required />
    </div>
  );
}
