// JSON as it was sent. The language's own parser turns numbers into floating point and forgets
// doubled members; here every number keeps its digits and every member its place.

export type JsonNode =
  | { kind: "object"; members: { key: string; value: JsonNode }[] }
  | { kind: "array"; items: JsonNode[] }
  | { kind: "string"; value: string }
  | { kind: "number"; text: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "null" };

/** Deeper values than this are shown as text: the hub refuses them anyway. */
export const MOST_LEVELS = 512;

/** What is wrong with a text that should be JSON; pages have the words for it. */
export type JsonFault =
  | "levels"
  | "values"
  | "value"
  | "string"
  | "colon"
  | "brace"
  | "bracket"
  | "escape";

export class JsonMistake extends Error {
  constructor(
    readonly fault: JsonFault,
    readonly offset: number,
  ) {
    super(`no JSON (${fault}) at character ${offset + 1}`);
    this.name = "JsonMistake";
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** A string up to its closing quote; what stands inside is read by the language's own parser. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const BLANKS = /[ \t\n\r]*/y;

export function parseJson(text: string): JsonNode {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(level: number): JsonNode {
    if (level > MOST_LEVELS) {
      throw new JsonMistake("levels", this.at);
    }
    this.blanks();
    switch (this.text[this.at]) {
      case "{":
        return this.object(level);
      case "[":
        return this.array(level);
      case '"':
        return { kind: "string", value: this.string() };
      case "t":
        return this.word("true", { kind: "boolean", value: true });
      case "f":
        return this.word("false", { kind: "boolean", value: false });
      case "n":
        return this.word("null", { kind: "null" });
      default:
        return { kind: "number", text: this.token(NUMBER, "value") };
    }
  }

  end(): void {
    this.blanks();
    if (this.at < this.text.length) {
      throw new JsonMistake("values", this.at);
    }
  }

  private object(level: number): JsonNode {
    const members: { key: string; value: JsonNode }[] = [];
    this.at += 1;
    if (this.takes("}")) {
      return { kind: "object", members };
    }
    do {
      this.blanks();
      const key = this.string();
      if (!this.takes(":")) {
        throw new JsonMistake("colon", this.at);
      }
      members.push({ key, value: this.value(level + 1) });
    } while (this.takes(","));
    if (!this.takes("}")) {
      throw new JsonMistake("brace", this.at);
    }
    return { kind: "object", members };
  }

  private array(level: number): JsonNode {
    const items: JsonNode[] = [];
    this.at += 1;
    if (this.takes("]")) {
      return { kind: "array", items };
    }
    do {
      items.push(this.value(level + 1));
    } while (this.takes(","));
    if (!this.takes("]")) {
      throw new JsonMistake("bracket", this.at);
    }
    return { kind: "array", items };
  }

  private string(): string {
    const begin = this.at;
    const token = this.token(STRING, "string");
    try {
      return JSON.parse(token) as string;
    } catch {
      throw new JsonMistake("escape", begin);
    }
  }

  private word(word: string, node: JsonNode): JsonNode {
    if (!this.text.startsWith(word, this.at)) {
      throw new JsonMistake("value", this.at);
    }
    this.at += word.length;
    return node;
  }

  private token(pattern: RegExp, mistake: JsonFault): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) {
      throw new JsonMistake(mistake, this.at);
    }
    this.at += found.length;
    return found;
  }

  private takes(character: string): boolean {
    this.blanks();
    if (this.text[this.at] !== character) {
      return false;
    }
    this.at += 1;
    return true;
  }

  private blanks(): void {
    BLANKS.lastIndex = this.at;
    BLANKS.exec(this.text);
    this.at = BLANKS.lastIndex;
  }
}

/** The value as JSON again: numbers with the digits that were sent. */
export function writeJson(node: JsonNode): string {
  switch (node.kind) {
    case "object":
      return `{${node.members.map(({ key, value }) => `${JSON.stringify(key)}:${writeJson(value)}`).join(",")}}`;
    case "array":
      return `[${node.items.map(writeJson).join(",")}]`;
    case "string":
      return JSON.stringify(node.value);
    case "number":
      return node.text;
    case "boolean":
      return String(node.value);
    case "null":
      return "null";
  }
}

/** A member of an object, the last of that name as readers of JSON take it; else undefined. */
export function member(node: JsonNode, key: string): JsonNode | undefined {
  return node.kind === "object"
    ? node.members.findLast((each) => each.key === key)?.value
    : undefined;
}

const INDENT = "  ";

/** JSON for people to read and change: indented, with the digits that were sent. */
export function prettyJson(node: JsonNode, indent = ""): string {
  const deeper = indent + INDENT;
  if (node.kind === "object" && node.members.length > 0) {
    const members = node.members.map(
      ({ key, value }) => `${deeper}${JSON.stringify(key)}: ${prettyJson(value, deeper)}`,
    );
    return `{\n${members.join(",\n")}\n${indent}}`;
  }
  if (node.kind === "array" && node.items.length > 0) {
    const items = node.items.map((item) => `${deeper}${prettyJson(item, deeper)}`);
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  return writeJson(node);
}
