// What a format leaves open: the version of an XML, a template, the field of a position, a table.
import { Autocomplete } from "@mantine/core";
import { CodeEditor } from "../../definitions/CodeEditor";
import own from "../../definitions/definitions.module.css";
import { ChoiceAt, mistakeText, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { useWords } from "../../i18n/words";
import { usePaths } from "./usePaths";

const CONTENT_TYPES = ["text/plain; charset=utf-8", "application/json", "text/csv; charset=utf-8"];
const MORE_TYPES = ["application/xml", "application/x-www-form-urlencoded"];

interface FormatOptionsProps {
  project: string;
  has: (key: string) => boolean;
}

export function FormatOptions({ project, has }: FormatOptionsProps) {
  const words = useWords().forwarding.form;
  return (
    <>
      {has("case_xml_version") && (
        <ChoiceAt
          path="case_xml_version"
          label={words.caseXmlVersion}
          usual="2.0"
          choices={(["2.0", "1.0"] as const).map((value) => ({
            value,
            label: words.caseXmlVersions[value],
          }))}
        />
      )}
      {has("closed_cases") && (
        <ChoiceAt
          path="closed_cases"
          label={words.closedCases}
          usual="full"
          choices={(["full", "close_only"] as const).map((value) => ({
            value,
            label: words.closedCasesChoices[value],
          }))}
        />
      )}
      {has("template") && <TemplateFields />}
      {has("position") && <PositionField project={project} />}
      {has("table") && <TextAt path="table" label={words.table} about={words.tableAbout} />}
    </>
  );
}

function TemplateFields() {
  const words = useWords().forwarding.form;
  const form = useDefinitionForm();
  const mistakes = form.mistakes("template");
  return (
    <>
      <div className={own.secret}>
        <span className={own.label}>{words.template}</span>
        <span className={own.about}>{words.templateAbout}</span>
        <CodeEditor
          language="text"
          label={words.template}
          text={form.text("template")}
          mistakeOf={noMistake}
          changed={(text) => form.put("template", text)}
        />
        {mistakes.length > 0 && <p className={own.mistakes}>{mistakeText(mistakes)}</p>}
      </div>
      <Autocomplete
        label={words.contentType}
        placeholder={CONTENT_TYPES[0]}
        data={[...CONTENT_TYPES, ...MORE_TYPES]}
        value={form.text("content_type")}
        error={mistakeText(form.mistakes("content_type"))}
        onChange={(text) => form.put("content_type", text)}
      />
    </>
  );
}

/** What is wrong in a template, the hub knows. */
const noMistake = () => null;

function PositionField({ project }: { project: string }) {
  const words = useWords().forwarding.form;
  const form = useDefinitionForm();
  const paths = usePaths(project, true);
  return (
    <Autocomplete
      label={words.position}
      description={words.positionAbout}
      data={paths}
      value={form.text("position")}
      error={mistakeText(form.mistakes("position"))}
      onChange={(text) => form.put("position", text)}
    />
  );
}
