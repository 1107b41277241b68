// The paths that can be named in a forwarder: the fields of its one form, or the properties of its
// types of cases.
import { useQuery } from "@tanstack/react-query";
import { useDefinitionForm } from "../../definitions/form";
import { namesIn } from "../../definitions/names";
import { broughtBy, eventOf } from "./events";
import { caseTypesQuery, fieldsQuery, formsQuery } from "./queries";

/** Positions alone, or whatever can be answered. */
export function usePaths(project: string, onlyPositions = false): string[] {
  const { definition } = useDefinitionForm();
  const isCase = broughtBy(eventOf(definition)) === "case";
  const forms = useQuery(formsQuery(project)).data ?? [];
  const wanted = namesIn(definition.forms);
  const named = forms.filter((form) =>
    [form.name, form.form_id, form.xmlns].some((each) => each !== null && wanted.includes(each)),
  );
  const only = !isCase && named.length === 1 ? (named[0]?.name ?? "") : "";
  const fields = useQuery(fieldsQuery(project, only)).data ?? [];
  const types = useQuery({ ...caseTypesQuery(project), enabled: isCase }).data;
  if (isCase) {
    const chosen = namesIn(definition.case_types);
    const all = [...(types ?? [])].filter(([type]) => chosen.length === 0 || chosen.includes(type));
    return [...new Set(all.flatMap(([, properties]) => properties))];
  }
  return only === ""
    ? []
    : fields
        .filter(({ kind, type }) => kind === "answer" && (!onlyPositions || isPosition(type)))
        .map(({ path }) => path.replaceAll(".", "/"));
}

const isPosition = (type: string | null) =>
  type === "geopoint" || type === "geotrace" || type === "geoshape";
