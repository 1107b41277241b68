// Where two contents differ, as the hub tells it. It is read as text, like the parsed view: the values
// keep their digits.
import { type JsonNode, member, writeJson } from "./json";

/** A place where two contents differ; the values as they were sent, null where nothing stands. */
export interface Difference {
  path: string;
  before: string | null;
  after: string | null;
}

export interface Differences {
  differences: Difference[];
  /** Whether there are more than the hub tells. */
  more: boolean;
}

export function readDifferences(found: JsonNode): Differences {
  const list = member(found, "differences");
  const items = list?.kind === "array" ? list.items : [];
  const side = (item: JsonNode, there: string, value: string) => {
    const isThere = member(item, there);
    const node = member(item, value);
    return isThere?.kind === "boolean" && isThere.value && node ? writeJson(node) : null;
  };
  const more = member(found, "more");
  return {
    differences: items.map((item) => {
      const path = member(item, "path");
      return {
        path: path?.kind === "string" ? path.value : "",
        before: side(item, "was_there", "before"),
        after: side(item, "is_there", "after"),
      };
    }),
    more: more?.kind === "boolean" && more.value,
  };
}

/** What two attempts sent. */
export interface SentTwice {
  sameBytes: boolean;
  /** Null where one of them is no JSON. */
  places: Differences | null;
}

export function readSentTwice(found: JsonNode): SentTwice {
  const same = member(found, "same_bytes");
  return {
    sameBytes: same?.kind === "boolean" && same.value,
    places: member(found, "differences")?.kind === "array" ? readDifferences(found) : null,
  };
}
