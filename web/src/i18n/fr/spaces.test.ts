import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const here = new URL(".", import.meta.url);
const files = readdirSync(here).filter((name) => name.endsWith(".ts") && !name.includes(".test."));

/** The parts of a file that are shown: strings, and templates without their values. */
function shownIn(source: string): string[] {
  const texts = source.match(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? [];
  return texts.map((text) => text.replaceAll(/\$\{[^}]*\}/g, "#"));
}

test.each(files)("in %s a line cannot break before a colon or inside of guillemets", (name) => {
  const wrong = shownIn(readFileSync(new URL(name, here), "utf8")).filter((text) =>
    /\S [:;?!»]|« /.test(text),
  );
  expect(wrong).toEqual([]);
});
