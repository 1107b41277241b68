import { expect, test } from "vitest";
import { definitions } from "../i18n/en/definitions";
import { warningTold } from "./warnings";

const warning = {
  path: "connections.mill.notify",
  code: "no-mail-relay",
  message: "nobody gets a mail",
  hint: "give one",
};

test("a warning is told by its code, with the name of what it is about", () => {
  expect(warningTold(warning, definitions)).toEqual({
    text: "Nobody gets a mail when mill is in trouble: the hub has no mail relay.",
    hint: "Give the hub a relay with --smtp-url and --smtp-from.",
    exact: null,
  });
});

test("what the hub knows beyond the words stands below them", () => {
  const refused = { ...warning, code: "notify-refused", message: "`a@b.example` gets no mail" };
  expect(warningTold(refused, definitions).exact).toBe("`a@b.example` gets no mail");
});

test("a warning without words is told as the hub tells it", () => {
  expect(warningTold({ ...warning, code: "new" }, definitions)).toEqual({
    text: "Nobody gets a mail.",
    hint: "Give one.",
    exact: null,
  });
});
