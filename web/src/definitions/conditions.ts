// Why a filter wants a message or not, condition by condition, in the reader's language. The hub
// says it as a sentence of its own too, which is shown where it compares in a way that has no word.
import type { components } from "../api/schema";
import type { Words } from "../i18n/words";

export type Condition = components["schemas"]["Condition"];

type ConditionWords = Words["definitions"]["conditions"];

/** One condition as a sentence; what stands between backticks in it is code. */
export function conditionTold(condition: Condition, words: ConditionWords): string {
  const told = compared(condition, words);
  if (told === null) {
    return condition.note;
  }
  if (condition.part !== "unless" && condition.part !== "without_users") {
    return told;
  }
  return condition.holds ? words.notExcluded(told) : words.excluded(told);
}

function compared(condition: Condition, words: ConditionWords): string | null {
  const { part, comparison, expected: wanted } = condition;
  const found = condition.found ?? "";
  if (part === "from") {
    return comparison === "same" ? words.cameIn(found) : words.cameInOther(found, wanted);
  }
  const isExcluding = part === "unless" || part === "without_users";
  const listed = part in words.listed ? words.listed[part as keyof typeof words.listed] : null;
  if (listed !== null && comparison === "absent") {
    return listed.unknown;
  }
  const what = listed?.what ?? placeOf(condition, words);
  const isText = part === "headers" || part === "query";
  const plain = listed === null ? (json: string) => shortOf(json, words) : asCode;
  const value = isText ? quoted : plain;
  switch (comparison) {
    case "absent":
      return isText ? words.notSent(what) : words.absent(what);
    case "same":
      return words.same(what, value(found));
    case "different":
      return isExcluding
        ? words.differs(what, value(found), value(wanted))
        : words.different(what, value(found), value(wanted));
    case "has-element":
      return isWhole(wanted) ? words.hasContaining(what, wanted) : words.hasEqual(what, wanted);
    case "lacks-element":
      return isWhole(wanted) ? words.lacksContaining(what, wanted) : words.lacksEqual(what, wanted);
    default:
      return null;
  }
}

/** What a list holds is asked of the list, whose path ends in `[]` then. */
function placeOf({ part, path, comparison }: Condition, words: ConditionWords): string {
  if (part === "headers") {
    return words.header(path);
  }
  if (part === "query") {
    return words.query(path);
  }
  const isOfList = comparison === "has-element" || comparison === "lacks-element";
  const place = isOfList && path.endsWith("[]") ? path.slice(0, -2) : path;
  return place === "" ? words.body : `\`${place}\``;
}

function isWhole(json: string): boolean {
  return json.startsWith("{") || json.startsWith("[");
}

/** Lists and objects are named by their kind: their path leads to what they hold. */
function shortOf(json: string, words: ConditionWords): string {
  return json.startsWith("{") ? words.object : json.startsWith("[") ? words.array : json;
}

/** Names in a list, each as code. */
function asCode(names: string): string {
  return names
    .split(", ")
    .map((name) => `\`${name}\``)
    .join(", ");
}

function quoted(text: string): string {
  return `"${text}"`;
}
