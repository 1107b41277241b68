// One action: what its kind asks for, and, behind their name, on what condition it is taken and its id.
import { Select } from "@mantine/core";
import { isDefinition, textAt } from "../../../definitions/definition";
import { More } from "../../../definitions/FormFrame";
import { ChoiceAt, LongTextAt, mistakeText, SwitchAt, TextAt } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { ListAt } from "../../../definitions/ListAt";
import { PairsAt } from "../../../definitions/PairsAt";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useFormat } from "../../../i18n/words";
import { kindOf } from "./actions";
import { useAround } from "./around";
import { CallFields } from "./CallFields";
import styles from "./editor.module.css";
import { FileFieldAt, PickAt, WhoAt } from "./inputs";
import { addedFields, askedFields, entriesAt, PREVIOUS } from "./shape";

interface OfAction {
  path: string;
}

export function ActionPanel({ path, isGlobal }: OfAction & { isGlobal: boolean }) {
  const words = useOwnFormWords().formEditor.action;
  return (
    <>
      <KindFields path={path} isGlobal={isGlobal} />
      <More title={words.more} about={words.moreAbout} paths={[`${path}.condition`, `${path}.id`]}>
        <TextAt path={`${path}.condition`} label={words.condition} about={words.conditionAbout} />
        <TextAt path={`${path}.id`} label={words.id} about={words.idAbout} />
      </More>
    </>
  );
}

function KindFields({ path, isGlobal }: OfAction & { isGlobal: boolean }) {
  const words = useOwnFormWords().formEditor;
  const form = useDefinitionForm();
  const action = form.value(path);
  const kind = isDefinition(action) ? kindOf(action) : undefined;
  switch (kind) {
    case "jump":
      return <JumpFields path={path} isGlobal={isGlobal} />;
    case "call":
      return <CallFields path={`${path}.call`} />;
    case "comment":
      return <SaidFields path={path} />;
    case "attach":
      return <AttachFields path={path} />;
    case "mail":
      return <MailFields path={`${path}.mail`} />;
    case "edit":
      return <EditFields path={path} />;
    case "set":
      return <SetFields path={path} />;
    case "geolocate":
      return <GeolocateFields path={path} />;
    case "criticality":
      return <CriticalityField path={`${path}.criticality`} />;
    case "assign":
      return <AssignFields path={`${path}.assign`} />;
    case "anonymise":
      return (
        <ChoiceAt
          path={`${path}.anonymise`}
          label={words.action.anonymise}
          choices={(["final", "intermediate", "unlink_user"] as const).map((value) => ({
            value,
            label: words.action.anonymises[value],
          }))}
        />
      );
    case "delete":
      return <p className={styles.quiet}>{words.action.deletes}</p>;
    default:
      return <p className={styles.quiet}>{words.unknownAction}</p>;
  }
}

/** Where a jump can lead. */
function useTargets() {
  const words = useOwnFormWords().formEditor;
  const { statuses } = useAround();
  return [...statuses, { value: PREVIOUS, label: words.previous }];
}

function JumpFields({ path, isGlobal }: OfAction & { isGlobal: boolean }) {
  const words = useOwnFormWords().formEditor.action;
  const form = useDefinitionForm();
  const targets = useTargets();
  const hasTrigger = form.text(`${path}.trigger`) !== "";
  const hasPeople = form.value(`${path}.by`) !== undefined;
  const isButton = hasPeople && !hasTrigger;
  const hasLabel = form.text(`${path}.label`) !== "";
  return (
    <>
      <div className={styles.two}>
        <PickAt path={`${path}.jump`} label={words.to} choices={targets} required />
        {(isButton || hasLabel) && (
          <TextAt path={`${path}.label`} label={words.label} about={words.labelAbout} />
        )}
      </div>
      {!isGlobal && (
        <>
          <WhoAt
            path={`${path}.by`}
            label={words.by}
            about={words.byAbout}
            kind={hasTrigger ? "calling" : "pages"}
          />
          <div className={styles.two}>
            <TextAt path={`${path}.trigger`} label={words.trigger} about={words.triggerAbout} />
            <TextAt
              path={`${path}.timeout`}
              label={words.timeout}
              about={words.timeoutAbout}
              placeholder="3d"
            />
          </div>
        </>
      )}
      <SwitchAt path={`${path}.marker`} label={words.marker} />
    </>
  );
}

function SaidFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  return (
    <>
      <WhoAt path={`${path}.by`} label={words.by} required />
      <div className={styles.two}>
        <TextAt path={`${path}.label`} label={words.label} about={words.labelAbout} />
        <TextAt path={`${path}.name`} label={words.name} about={words.nameAbout} />
      </div>
      <SwitchAt path={`${path}.required`} label={words.required} />
    </>
  );
}

function AttachFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  return (
    <>
      <SaidFields path={path} />
      <div className={styles.two}>
        <WhoAt path={`${path}.visible_to`} label={words.visibleTo} />
        <FileFieldAt path={`${path}.file_field`} label={words.fileField} />
      </div>
    </>
  );
}

function MailFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  const { functions, roles } = useAround();
  const known = ["_submitter", ...[...functions, ...roles].map(({ value }) => value)];
  return (
    <>
      <ListAt
        path={`${path}.to`}
        label={words.mailTo}
        about={words.mailToAbout}
        known={known}
        keeps
      />
      <TextAt path={`${path}.subject`} label={words.subject} required />
      <LongTextAt path={`${path}.body`} label={words.body} />
    </>
  );
}

function EditFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  const targets = useTargets();
  return (
    <>
      <WhoAt path={`${path}.by`} label={words.by} required />
      <div className={styles.two}>
        <TextAt path={`${path}.label`} label={words.label} about={words.labelAbout} />
        <PickAt
          path={`${path}.then`}
          label={words.goesOn}
          placeholder={words.stay}
          choices={targets}
          clearable
        />
      </div>
    </>
  );
}

function SetFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  return (
    <PairsAt
      path={`${path}.set`}
      label={words.set}
      about={words.setAbout}
      nameLabel={words.setName}
      valueLabel={words.setValue}
    />
  );
}

function GeolocateFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  const { definition } = useDefinitionForm();
  const fields = [...askedFields(definition), ...addedFields(definition)];
  return (
    <>
      <PickAt
        path={`${path}.geolocate`}
        label={words.geolocate}
        required
        choices={fields
          .filter(({ type }) => type === "map")
          .map(({ key, label }) => ({ value: key, label }))}
      />
      <SwitchAt path={`${path}.overwrite`} label={words.overwrite} />
    </>
  );
}

/** A level is a number in the definition, beside two words. */
function CriticalityField({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  const format = useFormat();
  const form = useDefinitionForm();
  const levels = form.value("lifecycle.criticality_levels");
  const names = (Array.isArray(levels) ? levels : []).map((level, index) => {
    const name = typeof level === "string" ? level : isDefinition(level) && textAt(level, "name");
    return { value: String(index), label: name || words.levelNumber(format.number(index)) };
  });
  return (
    <Select
      label={words.level}
      data={[
        { value: "raise", label: words.raise },
        { value: "lower", label: words.lower },
        ...names,
      ]}
      allowDeselect={false}
      value={form.text(path)}
      error={mistakeText(form.mistakes(path))}
      onChange={(value) =>
        value !== null && form.put(path, /^\d+$/.test(value) ? Number(value) : value)
      }
    />
  );
}

function AssignFields({ path }: OfAction) {
  const words = useOwnFormWords().formEditor.action;
  const form = useDefinitionForm();
  const { functions, roles } = useAround();
  const [[part, role] = ["", ""]] = entriesAt(form.definition, path);
  const to = typeof role === "string" ? role : "";
  const error = mistakeText(form.mistakes(path));
  const field = { allowDeselect: false };
  return (
    <div className={styles.two}>
      <Select
        {...field}
        label={words.part}
        data={functions}
        value={part}
        error={error}
        onChange={(next) => next !== null && form.put(path, { [next]: to })}
      />
      <Select
        {...field}
        label={words.role}
        data={roles}
        value={to}
        onChange={(next) => next !== null && form.put(path, { [part]: next })}
      />
    </div>
  );
}
