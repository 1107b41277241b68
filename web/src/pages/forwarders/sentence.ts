// What a forwarder will do, in sentences: which event sends what, where, and what it leaves out.
import { type Definition, isDefinition, textAt } from "../../definitions/definition";
import { namesIn } from "../../definitions/names";
import type { Words } from "../../i18n/words";
import { broughtBy, eventOf, fitting, formatOf } from "./events";

type Told = Words["forwarding"]["told"];

const LISTS = ["forms", "case_types", "applications", "users", "without_users"] as const;
const ASKED = ["match", "unless", "match_headers", "match_query"];

/** What holds of what is wanted, each a part of a sentence. */
function conditionsOf(definition: Definition, words: Told): string[] {
  const told: string[] = [];
  const from = textAt(definition, "from");
  if (from !== "") {
    told.push(words.conditions.from(from));
  }
  for (const list of LISTS) {
    const names = namesIn(definition[list]);
    if (names.length > 0) {
      told.push(words.conditions[list](names));
    }
  }
  if (ASKED.some((key) => definition[key] !== undefined)) {
    told.push(words.conditions.asked);
  }
  return told;
}

function sentOf(definition: Definition, words: Told): string {
  const event = eventOf(definition);
  const format = formatOf(definition);
  const to = textAt(definition, "to") || words.somewhere;
  if (format === "table") {
    return words.rows(broughtBy(event) === "case", textAt(definition, "table") || null, to);
  }
  const method = textAt(definition, "method");
  const other = method === "" || method === "POST" ? null : method;
  return words.whole(words.sent[event], to, words.as[format], other);
}

/** The sentences, of a definition as it stands in a form. `isDatabase` is what it sends to. */
export function sentencesOf(typed: Definition, isDatabase: boolean, words: Told): string[] {
  const definition = fitting(typed);
  if (isDatabase && formatOf(definition) !== "table") {
    return [words.noTable(textAt(definition, "to"))];
  }
  const conditions = conditionsOf(definition, words);
  const withheld = isDefinition(definition.withhold) ? Object.keys(definition.withhold).length : 0;
  return [
    sentOf(definition, words),
    ...(conditions.length === 0 ? [] : [words.only(words.and(conditions))]),
    ...(withheld === 0 ? [] : [words.withheld(withheld)]),
  ];
}
