import { expect, test } from "vitest";
import { filterWords, filterWordsOfMany } from "./filterWords";

interface Search {
  source?: string;
  state?: string;
  where?: string[];
}

test("a filter in force is a word, and none once that is removed", () => {
  const changes: Partial<Search>[] = [];
  const change = (changed: Partial<Search>) => void changes.push(changed);
  const words = filterWords<Search>({ source: "from kobo", state: undefined }, change);
  expect(words.map(({ key, text }) => [key, text])).toEqual([["source", "from kobo"]]);
  for (const { remove } of words) {
    remove();
  }
  expect(changes).toEqual([{ source: undefined }]);
});

test("of several filters under one name, the others stay when one is removed", () => {
  const changes: Partial<Search>[] = [];
  const change = (changed: Partial<Search>) => void changes.push(changed);
  const tell = (condition: string) => condition.replace("=", " is ");
  const words = filterWordsOfMany("where", ["a=1", "b=2"], tell, change);
  expect(words.map(({ key, text }) => [key, text])).toEqual([
    ["where a=1", "a is 1"],
    ["where b=2", "b is 2"],
  ]);
  words[0]?.remove();
  expect(changes).toEqual([{ where: ["b=2"] }]);
});
