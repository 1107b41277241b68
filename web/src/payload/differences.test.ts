import { expect, test } from "vitest";
import { readDifferences, readSentTwice } from "./differences";
import { parseJson } from "./json";

const PLACES = `[
  {"path": "weight", "was_there": true, "before": 3.20, "is_there": true, "after": 3.25},
  {"path": "note", "was_there": false, "before": null, "is_there": true, "after": null}
]`;

test("values keep their digits, and a null that was sent is not nothing", () => {
  expect(readDifferences(parseJson(`{"differences": ${PLACES}, "more": true}`))).toEqual({
    differences: [
      { path: "weight", before: "3.20", after: "3.25" },
      { path: "note", before: null, after: "null" },
    ],
    more: true,
  });
});

test.each([
  ["the same bytes", `{"same_bytes": true, "differences": [], "more": false}`, true, 0],
  ["other places", `{"same_bytes": false, "differences": ${PLACES}, "more": false}`, false, 2],
  ["no JSON", `{"same_bytes": false, "differences": null, "more": false}`, false, undefined],
])("two attempts that sent %s", (_name, answer, sameBytes, places) => {
  const sent = readSentTwice(parseJson(answer));
  expect(sent.sameBytes).toBe(sameBytes);
  expect(sent.places?.differences.length).toBe(places);
});
