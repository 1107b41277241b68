// The kind of proving oneself first, then only its fields.
import { Radio, Stack, TextInput } from "@mantine/core";
import { isDefinition, type Value } from "../../definitions/definition";
import styles from "../../definitions/definitions.module.css";
import { ChoiceAt, mistakeText, SecretAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { PairsAt } from "../../definitions/PairsAt";
import { useWords } from "../../i18n/words";
import { KINDS, type Kind, kindOf, withKind } from "./authentication";
import own from "./connections.module.css";

export function KindField() {
  const words = useWords().connections;
  const form = useDefinitionForm();
  const kind = kindOf(form.definition);
  return (
    <Radio.Group
      label={words.kind}
      value={kind}
      error={mistakeText(form.mistakes("auth"))}
      onChange={(value) => {
        const chosen = KINDS.find((each) => each === value);
        if (chosen !== undefined) {
          form.change((definition) =>
            form.saved !== null && kindOf(form.saved) === chosen
              ? { ...definition, auth: form.saved.auth }
              : withKind(definition, chosen),
          );
        }
      }}
    >
      <div className={own.kinds}>
        {KINDS.map((each) => (
          <Radio
            key={each}
            value={each}
            label={words.kinds[each]}
            description={each === kind ? words.kindAbouts[each] : undefined}
          />
        ))}
      </div>
    </Radio.Group>
  );
}

export function KindFields() {
  const kind = kindOf(useDefinitionForm().definition);
  return kind === "none" ? null : <Stack gap="md">{fieldsOf(kind)}</Stack>;
}

function fieldsOf(kind: Kind) {
  switch (kind) {
    case "none":
      return null;
    case "basic":
    case "digest":
      return <UserFields path={`auth.${kind}`} />;
    case "bearer":
      return <TokenField />;
    case "api_key":
      return <ApiKeyFields />;
    case "headers":
      return <HeaderFields />;
    case "oauth2_client":
    case "oauth2_password":
      return <Oauth2Fields kind={kind} />;
    case "login":
      return <LoginFields />;
    case "signed_url":
      return <SignedUrlFields />;
  }
}

function UserFields({ path }: { path: string }) {
  const words = useWords().connections.form;
  return (
    <div className={styles.two}>
      <TextAt path={`${path}.username`} label={words.username} required />
      <SecretAt path={`${path}.password`} label={words.password} required />
    </div>
  );
}

function TokenField() {
  const words = useWords().connections.form;
  return <SecretAt path="auth.bearer.token" label={words.token} required />;
}

function ApiKeyFields() {
  const words = useWords().connections.form;
  return (
    <div className={styles.two}>
      <TextAt path="auth.api_key.header" label={words.header} required />
      <SecretAt path="auth.api_key.key" label={words.key} required />
    </div>
  );
}

function HeaderFields() {
  const words = useWords().connections.form;
  return (
    <PairsAt
      path="auth.headers"
      label={words.headers}
      nameLabel={words.headerName}
      valueLabel={words.headerValue}
      secret
    />
  );
}

function Oauth2Fields({ kind }: { kind: "oauth2_client" | "oauth2_password" }) {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const at = (key: string) => `auth.${kind}.${key}`;
  const preset = form.text(at("preset"));
  return (
    <>
      <PresetField path={at("preset")} presets={["dhis2", "moveit"]} />
      {preset === "" && <TextAt path={at("token_url")} label={words.tokenUrl} required />}
      {kind === "oauth2_password" && <UserFields path={`auth.${kind}`} />}
      <div className={styles.two}>
        <TextAt path={at("client_id")} label={words.clientId} required={kind === "oauth2_client"} />
        <SecretAt
          path={at("client_secret")}
          label={words.clientSecret}
          required={kind === "oauth2_client"}
        />
      </div>
      <div className={styles.two}>
        {preset === "" && (
          <ChoiceAt
            path={at("credentials")}
            label={words.credentials}
            usual="header"
            choices={[
              { value: "header", label: words.inHeader },
              { value: "body", label: words.inBody },
            ]}
          />
        )}
        <ScopeField path={at("scope")} />
      </div>
    </>
  );
}

/** Scopes are a text with blanks, or a list; the form has the text. */
function ScopeField({ path }: { path: string }) {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const value = form.value(path);
  return (
    <TextInput
      label={words.scope}
      description={words.scopeAbout}
      value={Array.isArray(value) ? value.join(" ") : form.text(path)}
      error={mistakeText(form.mistakes(path))}
      onChange={(event) => form.put(path, event.currentTarget.value)}
    />
  );
}

type PresetName = "dhis2" | "moveit" | "commcare" | "godata";

function PresetField({ path, presets }: { path: string; presets: PresetName[] }) {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  return (
    <ChoiceAt
      path={path}
      label={words.preset}
      usual=""
      about={form.text(path) === "" ? undefined : words.presetAbout}
      choices={[
        ...presets.map((preset) => ({ value: preset, label: words.presets[preset] })),
        { value: "", label: words.otherSystem },
      ]}
    />
  );
}

function LoginFields() {
  const form = useDefinitionForm();
  const preset = form.text("auth.login.preset");
  return (
    <>
      <PresetField path="auth.login.preset" presets={["commcare", "godata"]} />
      {preset === "" ? <OwnLoginFields /> : <UserFields path="auth.login" />}
      {preset === "" && <SendAsFields value={form.value("auth.login.send_as")} />}
    </>
  );
}

function OwnLoginFields() {
  const words = useWords().connections.form;
  const definitions = useWords().definitions;
  return (
    <>
      <div className={styles.two}>
        <TextAt path="auth.login.url" label={words.loginUrl} required />
        <ChoiceAt
          path="auth.login.body"
          label={words.loginBody}
          usual="json"
          choices={[
            { value: "json", label: words.asJson },
            { value: "form", label: words.asForm },
          ]}
        />
      </div>
      <PairsAt
        path="auth.login.fields"
        label={words.loginFields}
        nameLabel={words.fieldName}
        valueLabel={words.fieldValue}
        secret
      />
      <TokenAtField />
      <div className={styles.two}>
        <TextAt path="auth.login.lifetime_at" label={words.lifetimeAt} placeholder="$.expires_in" />
        <TextAt
          path="auth.login.lifetime"
          label={words.lifetime}
          placeholder="10m"
          about={definitions.duration}
        />
      </div>
    </>
  );
}

/** Where the token stands is one path or a list of them; a preset stores a list. */
function TokenAtField() {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const value = form.value("auth.login.token_at");
  const paths = Array.isArray(value) ? value : [];
  return (
    <TextAt
      path="auth.login.token_at"
      label={words.tokenAt}
      about={paths.length === 0 ? words.tokenAtAbout : undefined}
      placeholder={paths.join(", ")}
      required
    />
  );
}

function SendAsFields({ value }: { value: Value | undefined }) {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const inQuery = isDefinition(value) && value.query !== undefined;
  return (
    <div className={styles.two}>
      <Radio.Group
        label={words.sendAs}
        value={inQuery ? "query" : "header"}
        onChange={(place) =>
          form.put("auth.login.send_as", place === "query" ? { query: "access_token" } : undefined)
        }
      >
        <Stack gap={4}>
          <Radio value="header" label={words.sendHeader} />
          <Radio value="query" label={words.sendQuery} />
        </Stack>
      </Radio.Group>
      {inQuery ? (
        <TextAt path="auth.login.send_as.query" label={words.sendName} required />
      ) : (
        <>
          <TextAt
            path="auth.login.send_as.header"
            label={words.sendName}
            placeholder="Authorization"
          />
          <TextAt path="auth.login.send_as.prefix" label={words.sendPrefix} placeholder="Bearer " />
        </>
      )}
    </div>
  );
}

function SignedUrlFields() {
  const words = useWords().connections.form;
  const form = useDefinitionForm();
  const by = ["email", "name_id"].find((key) => form.value(`auth.signed_url.${key}`) !== undefined);
  return (
    <>
      <div className={styles.two}>
        <TextAt path="auth.signed_url.orig" label={words.origin} required />
        <SecretAt path="auth.signed_url.key" label={words.key} required />
      </div>
      <div className={styles.two}>
        <ChoiceAt
          path="auth.signed_url.algorithm"
          label={words.algorithm}
          usual="sha256"
          choices={["sha256", "sha512", "sha1"].map((value) => ({ value, label: value }))}
        />
        {by !== "name_id" && <TextAt path="auth.signed_url.email" label={words.email} />}
        {by !== "email" && <TextAt path="auth.signed_url.name_id" label={words.nameId} />}
      </div>
    </>
  );
}
