import { expect, test } from "vitest";
import { en } from "../../i18n/en";
import { deedWord } from "./actions";

test.each<[string, Record<string, unknown>, string]>([
  ["person.erased", {}, "Person erased"],
  ["person.erased", { dry_run: false }, "Person erased"],
  ["person.erased", { dry_run: true }, "Only looked at: Person erased"],
  ["project.applied", { dry_run: "true" }, "Only looked at: Project file applied"],
  ["session.refused", { reason: "wrong-credentials", times: 37 }, "Sign-in refused, 37 times"],
  ["something.new", {}, "something.new"],
])("%s with %j is told as %s", (action, detail, word) => {
  const who = { kind: "user", name: "Amina", id: null };
  const rest = { id: "", at: "", project: null, target: null, address: null, who };
  expect(deedWord(en, { action, detail: detail as Record<string, never>, ...rest })).toBe(word);
});
