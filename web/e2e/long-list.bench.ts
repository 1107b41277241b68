// How a real list of a million is drawn: a part of `make bench`, which starts the hub and says where
// it is. Nothing is made up here: each page of rows comes from the hub's store.
import { writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { LONGEST_TASK_MILLISECONDS, ROWS, scrollThrough } from "./scroll";

const HUB = process.env.FIELDPOST_BENCH_HUB ?? "";
const TOKEN = process.env.FIELDPOST_BENCH_TOKEN ?? "";
/** Where the figures go. */
const FIGURES = process.env.FIELDPOST_BENCH_FIGURES ?? "";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
});

test("rows of a list of a million are scrolled through", async () => {
  const window = await Window.open(browser);
  const { page, context } = window;
  const begun = await context.request.post(`${HUB}/api/v1/session`, {
    data: { token: TOKEN },
    headers: { origin: HUB },
  });
  expect(begun.status()).toBe(200);
  const longest: Record<string, number> = {};
  for (const list of ["messages", "deliveries"]) {
    await page.goto(`${HUB}/projects/bench/${list}`);
    await page.getByRole("row").nth(10).waitFor();
    longest[list] = Math.round(await scrollThrough(browser, page));
    expect(longest[list]).toBeGreaterThan(0);
  }
  writeFileSync(
    FIGURES,
    JSON.stringify({ rows: ROWS, bar_ms: LONGEST_TASK_MILLISECONDS, longest_task_ms: longest }),
  );
  await window.close();
});
