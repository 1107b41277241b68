import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { curlBody, curlOf, MOST_CHARACTERS, quoted } from "./curl";

const url = "https://warehouse.example.org/hook";
const request = (more = {}) => ({ method: "POST", url, headers: {}, ...more });
const none = { kind: "none" } as const;

/** What a shell makes of a word. */
const shelled = (word: string) =>
  execFileSync("sh", ["-c", `printf '%s' ${word}`], { encoding: "utf8" });

describe("the shell takes every text for itself", () => {
  test.each([
    [""],
    ["plain"],
    ["two words"],
    ["it's"],
    ["'"],
    ["'''"],
    ['"double"'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own template is what is tried
    ["$HOME ${HOME} $(id) $((1+1))"],
    ["`id`"],
    ["back\\slash \\' \\n"],
    ["! !! !$"],
    ["* ? [a-z] {a,b} ~"],
    ["a; b & c | d && e || f"],
    ["< in > out >> more 2>&1"],
    ["# no comment"],
    ["-x --option"],
    ["%s %n %%"],
    ["line\nanother\r\n\ttab"],
    ["'; rm -rf /; echo '"],
    ["é ñ 漢字 🙂 \u202e"],
  ])("%j", (text) => {
    expect(shelled(quoted(text))).toBe(text);
  });
});

describe("the command", () => {
  test.each([
    [
      "a POST with a body needs no method",
      request(),
      { kind: "text", text: "{}" },
      ["--data-raw '{}'"],
      ["--request"],
    ],
    [
      "a POST without a body says so",
      request(),
      none,
      ["--request 'POST'"],
      ["--data", "content-type"],
    ],
    [
      "another method is named",
      request({ method: "PUT" }),
      { kind: "text", text: "a" },
      ["--request 'PUT'"],
      [],
    ],
    [
      "a method that is none is quoted",
      request({ method: "X;id" }),
      none,
      ["--request 'X;id'"],
      [],
    ],
    [
      "a GET is the usual",
      request({ method: "GET" }),
      none,
      [`curl --globoff '${url}'`],
      ["--request"],
    ],
    ["a HEAD waits for no body", request({ method: "HEAD" }), none, ["--head"], ["--request"]],
    [
      "a body from a file is read as bytes",
      request(),
      { kind: "file", name: "request-1.bin" },
      ["--data-binary '@request-1.bin'"],
      [],
    ],
    [
      "a body that begins with @ is no file",
      request(),
      { kind: "text", text: "@x" },
      ["--data-raw '@x'"],
      [],
    ],
    [
      "a body of no stated type gets none from curl",
      request(),
      { kind: "text", text: "a=b" },
      ["--header 'content-type:'"],
      [],
    ],
    [
      "a stated type is the only one",
      request({ headers: { "content-type": "application/json" } }),
      { kind: "text", text: "{}" },
      ["--header 'content-type: application/json'"],
      ["'content-type:'"],
    ],
    [
      "what curl makes itself is left out",
      request({ headers: { host: "a", "content-length": "2", "x-kept": "1" } }),
      none,
      ["--header 'x-kept: 1'"],
      ["host", "content-length"],
    ],
    [
      "an empty header is sent",
      request({ headers: { "x-empty": "" } }),
      none,
      ["--header 'x-empty;'"],
      [],
    ],
  ] as const)("%s", (_, asked, body, holds, lacks) => {
    const { command, variables } = curlOf(asked, body);
    for (const part of holds) {
      expect(command).toContain(part);
    }
    for (const part of lacks) {
      expect(command).not.toContain(part);
    }
    expect(variables).toEqual([]);
  });

  test.each([
    [
      { headers: { authorization: "Bearer •••••••" } },
      `--header 'authorization: Bearer '"$AUTHORIZATION"`,
      ["AUTHORIZATION"],
    ],
    [{ headers: { "x-api-key": "•••••••" } }, `--header 'x-api-key: '"$X_API_KEY"`, ["X_API_KEY"]],
    [
      { url: `${url}?form=births&access_token=•••••••&x=1` },
      `'${url}?form=births&access_token='"$ACCESS_TOKEN"'&x=1'`,
      ["ACCESS_TOKEN"],
    ],
    [
      { url: "https://user:•••••••@example.org/a?b=c" },
      `'https://user:'"$PASSWORD"'@example.org/a?b=c'`,
      ["PASSWORD"],
    ],
    [{ headers: { "9-key": "•••••••" } }, `--header '9-key: '"$SECRET_9_KEY"`, ["SECRET_9_KEY"]],
    [
      { headers: { cookie: "a=•••••••; b=•••••••" } },
      `--header 'cookie: a='"$COOKIE"'; b='"$COOKIE"`,
      ["COOKIE"],
    ],
  ])("credentials of %j are variables", (more, part, names) => {
    const { command, variables } = curlOf(request(more), none);
    expect(command).toContain(part);
    expect(command).not.toContain("•");
    expect(variables).toEqual(names);
  });

  test("a shell gives curl every argument as it was", () => {
    const headers = { "x-odd": "it's `$(id)` \"\\ #", authorization: "Basic •••••••" };
    const body = "line 1\n'$HOME'\r\n!!";
    const { command } = curlOf(request({ headers }), { kind: "text", text: body });
    const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }\nAUTHORIZATION=abc\n${command}`;
    const given = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0");
    expect(given.slice(0, -1)).toEqual([
      "--globoff",
      url,
      "--header",
      "x-odd: it's `$(id)` \"\\ #",
      "--header",
      "authorization: Basic abc",
      "--header",
      "content-type:",
      "--data-raw",
      body,
    ]);
  });
});

test.each([
  ["nothing", "", 0, { kind: "none" }],
  ["a text", "{}", 2, { kind: "text", text: "{}" }],
  ["the longest text", "a".repeat(MOST_CHARACTERS), 9, "text"],
  ["one past it", "a".repeat(MOST_CHARACTERS + 1), 9, { kind: "file", name: "f" }],
  ["no text", null, 9, { kind: "file", name: "f" }],
  ["a text that no argument can hold", "a\u0000b", 3, { kind: "file", name: "f" }],
])("the body of %s", (_, text, bytes, expected) => {
  const body = curlBody(text, bytes, "f");
  expect(typeof expected === "string" ? body.kind : body).toEqual(expected);
});
