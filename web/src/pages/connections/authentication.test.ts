import { expect, test } from "vitest";
import { PLACEHOLDER } from "../../definitions/definition";
import { KINDS, kindOf, normalised, secretsLeave, withKind } from "./authentication";

test.each(KINDS)("%s that was chosen is what a definition has", (kind) => {
  expect(kindOf(withKind({ url: "https://a.example" }, kind))).toBe(kind);
});

test("a user name goes along to another kind, a stored secret does not", () => {
  const basic = { auth: { basic: { username: "ann", password: PLACEHOLDER } } };
  expect(withKind(basic, "digest")).toEqual({ auth: { digest: { username: "ann" } } });
  expect(withKind(basic, "none")).toEqual({});
});

test("a token that is written as a text has a field like every other", () => {
  expect(normalised({ auth: { bearer: PLACEHOLDER } })).toEqual({
    auth: { bearer: { token: PLACEHOLDER } },
  });
});

const saved = {
  url: "https://a.example/hook",
  auth: { login: { url: "https://id.example/session", fields: { pin: PLACEHOLDER } } },
};

test.each([
  ["https://a.example/other?x=1", "https://id.example/session", false],
  ["https://a.example:443/hook", "https://id.example/", false],
  ["https://b.example/hook", "https://id.example/session", true],
  ["http://a.example/hook", "https://id.example/session", true],
  ["https://a.example:8443/hook", "https://id.example/session", true],
  ["https://a.example/hook", "https://elsewhere.example/session", true],
  ["https:", "https://id.example/session", false],
])("secrets for %s, got from %s, leave: %s", (url, login, expected) => {
  const changed = { url, auth: { login: { ...saved.auth.login, url: login } } };
  expect(secretsLeave(saved, changed)).toBe(expected);
});
