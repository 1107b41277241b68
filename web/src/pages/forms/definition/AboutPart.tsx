// What a form says of itself: what it is called, what it takes, and how one submission is told from others.
import { Checkbox } from "@mantine/core";
import { isDefinition } from "../../../definitions/definition";
import { LongTextAt, mistakeText, NumberAt, SwitchAt, TextAt } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { Section } from "../../../design/Section";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useWords } from "../../../i18n/words";
import styles from "./editor.module.css";
import { LinesAt, PickAt, SomeAt } from "./inputs";
import { askedFields } from "./shape";

export function AboutPart() {
  const words = useOwnFormWords().formEditor.form;
  return (
    <>
      <div className={styles.fields}>
        <TextAt path="title" label={words.title} about={words.titleAbout} />
        <LongTextAt path="description" label={words.description} prose />
        <div className={styles.two}>
          <TextAt path="category" label={words.category} about={words.categoryAbout} />
          <LinesAt path="keywords" label={words.keywords} about={words.onePerLine} />
        </div>
        <div className={styles.checks}>
          <SwitchAt path="disabled" label={words.disabled} />
          <SwitchAt path="only_allow_one" label={words.onlyOne} />
        </div>
        <Codes />
        <Drafts />
      </div>
      <Listed />
    </>
  );
}

/** A code is `true`, or says which answers must be given with it. */
function Codes() {
  const words = useOwnFormWords().formEditor.form;
  const form = useDefinitionForm();
  const codes = form.value("tracking_codes");
  const has = codes === true || isDefinition(codes);
  const fields = askedFields(form.definition);
  return (
    <>
      <Checkbox
        label={words.codes}
        checked={has}
        error={mistakeText(form.mistakes("tracking_codes"))}
        onChange={({ currentTarget }) =>
          form.put("tracking_codes", currentTarget.checked ? true : undefined)
        }
      />
      {has && (
        <SomeAt
          path="tracking_codes.verify"
          label={words.verify}
          choices={fields.map(({ key, label }) => ({ value: key, label }))}
        />
      )}
    </>
  );
}

/** Drafts are kept where nothing is said. */
function Drafts() {
  const words = useOwnFormWords().formEditor.form;
  const { duration } = useWords().definitions;
  const form = useDefinitionForm();
  const has = form.value("drafts") !== false;
  return (
    <>
      <Checkbox
        label={words.drafts}
        checked={has}
        error={mistakeText(form.mistakes("drafts"))}
        onChange={({ currentTarget }) =>
          form.put("drafts", currentTarget.checked ? undefined : false)
        }
      />
      {has && (
        <div className={styles.two}>
          <TextAt
            path="drafts.lifespan"
            label={words.lifespan}
            about={duration}
            placeholder="100d"
          />
          <NumberAt
            path="drafts.max_per_user"
            label={words.maxPerUser}
            placeholder="5"
            min={1}
            max={1000}
          />
        </div>
      )}
    </>
  );
}

function Listed() {
  const words = useOwnFormWords().formEditor.form;
  const { definition } = useDefinitionForm();
  const maps = askedFields(definition).filter(({ type }) => type === "map");
  return (
    <Section title={words.listed}>
      <div className={styles.fields}>
        <TextAt path="digest" label={words.digest} about={words.digestAbout} />
        <TextAt path="id_template" label={words.idTemplate} about={words.idTemplateAbout} />
        <PickAt
          path="geolocation"
          label={words.geolocation}
          placeholder={words.none}
          clearable
          choices={maps.map(({ key, label }) => ({ value: key, label }))}
        />
        <TextAt path="lifecycle.name" label={words.lifecycleName} />
      </div>
    </Section>
  );
}
