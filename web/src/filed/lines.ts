// The answers of a submission line by line, in the order of its form: groups as titles above what they
// hold, and each entry of a repeat by its number. Pure.
import type { JsonNode } from "../payload/json";
import { type Told, told } from "./answers";

export type AnswerLine =
  | { kind: "group"; id: string; level: number; path: string; name: string }
  | { kind: "entry"; id: string; level: number; number: number }
  | {
      kind: "answer";
      id: string;
      level: number;
      path: string;
      name: string;
      answer: Told;
      node: JsonNode;
      /** Whether it stands in an entry of a repeat, where no filter looks. */
      inRepeat: boolean;
    };

/** Deeper than this is shown as it is. */
const MOST_LEVELS = 24;
const MISREAD = /[.[\]"`\s]/u;

interface At {
  /** Unique among the lines. */
  id: string;
  path: string;
  level: number;
  inRepeat: boolean;
}

export function linesOf(values: JsonNode | null): AnswerLine[] {
  return values === null ? [] : below(values, { id: "", path: "", level: 0, inRepeat: false });
}

function below(node: JsonNode, at: At): AnswerLine[] {
  return node.kind === "object"
    ? node.members.flatMap(({ key, value }, index) => ofMember(key, value, index, at))
    : [];
}

function ofMember(key: string, node: JsonNode, index: number, at: At): AnswerLine[] {
  const name = key === "" || MISREAD.test(key) ? JSON.stringify(key) : key;
  const path = at.path === "" ? name : `${at.path}.${name}`;
  const id = `${at.id}/${index}`;
  const { level, inRepeat } = at;
  const answer = told(node);
  const isTooDeep = level >= MOST_LEVELS;
  if (answer.kind === "group" && !isTooDeep) {
    const inside = below(node, { id, path, level: level + 1, inRepeat });
    return [{ kind: "group", id, level, path, name: key }, ...inside];
  }
  if (answer.kind === "entries" && !isTooDeep) {
    const entries = answer.items.flatMap((item, place): AnswerLine[] => {
      const own = `${id}[${place}]`;
      const inside = below(item, { id: own, path, level: level + 2, inRepeat: true });
      return [{ kind: "entry", id: own, level: level + 1, number: place + 1 }, ...inside];
    });
    return [{ kind: "group", id, level, path, name: key }, ...entries];
  }
  return [{ kind: "answer", id, level, path, name: key, answer, node, inRepeat }];
}

/** Whether somebody answered. */
export const isAnswered = ({ answer }: Extract<AnswerLine, { kind: "answer" }>): boolean =>
  answer.kind !== "none" && !(answer.kind === "list" && answer.texts.length === 0);

/** The lines without what was not answered, and without groups that hold nothing then. */
export function answeredLines(lines: readonly AnswerLine[]): AnswerLine[] {
  const kept: AnswerLine[] = [];
  // From the end, as a title is kept for what stands below it.
  let levelKept = -1;
  for (const line of [...lines].reverse()) {
    const holds = levelKept > line.level;
    if (line.kind === "answer" ? isAnswered(line) : holds) {
      kept.push(line);
      levelKept = line.level;
    } else if (line.level < levelKept) {
      levelKept = line.level;
    }
  }
  return kept.reverse();
}
