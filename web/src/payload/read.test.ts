import { expect, test } from "vitest";
import { foldText, MOST_BYTES, MOST_FOLDED_CHARACTERS, readPayload } from "./read";

const bytes = (text: string) => new TextEncoder().encode(text);
/** A JSON text of a length. */
const long = (characters: number) => `"${"x".repeat(characters - 2)}"`;

test.each([
  ["", "empty"],
  ['{"a":1}', "tree"],
  ["hello", "text"],
  ["  ", "text"],
  ["a\u0000b", "binary"],
  [long(MOST_FOLDED_CHARACTERS), "tree"],
  [long(MOST_FOLDED_CHARACTERS + 1), "text"],
])("%.20j is %s", (text, kind) => {
  expect(readPayload(bytes(text)).kind).toBe(kind);
});

test("what is too long to be folded unasked is folded when it is asked for", () => {
  const text = long(MOST_FOLDED_CHARACTERS + 1);
  expect(readPayload(bytes(text))).toMatchObject({ kind: "text", mayFold: true });
  expect(foldText(text).kind).toBe("tree");
  expect(foldText(`{${text}`)).toMatchObject({ kind: "text", mayFold: false });
});

test("what is no text, or too long for a page, is not read", () => {
  expect(readPayload(new Uint8Array([0xff, 0xfe])).kind).toBe("binary");
  expect(readPayload(new Uint8Array(MOST_BYTES + 1)).kind).toBe("too-long");
});
