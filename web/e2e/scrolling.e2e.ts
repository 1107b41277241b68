// A list stays quick however long it is. What the hub would answer for a list of a million is made
// here: how fast it finds it is for its own benchmarks, how the page draws it is for this one.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { Hub } from "./hub";
import { becomeOwner } from "./people";
import { LONGEST_TASK_MILLISECONDS, ROWS, scrollThrough } from "./scroll";

let browser: Browser;
let hub: Hub;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

function message(number: number) {
  const digits = String(number).padStart(12, "0");
  return {
    id: `01990000-0000-7000-8000-${digits}`,
    source: "intake",
    received_at: new Date(Date.UTC(2026, 0, 1) - number * 1000).toISOString(),
    state: "kept",
    duplicate_of: null,
    reason: null,
    content_type: "application/json",
    bytes: 1000 + number,
    identity: `number ${number}`,
    version: 1,
    seen: 1,
    erased_at: null,
  };
}

/** Answers for a list without end. */
async function answerForever(page: Page): Promise<void> {
  await page.route(/\/messages\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const begin = Number(query.get("cursor") ?? 0);
    const end = begin + Number(query.get("limit") ?? 50);
    const items = Array.from({ length: end - begin }, (_, index) => message(begin + index));
    return route.fulfill({ json: { items, next: String(end), searched_until: null } });
  });
}

test("ten thousand rows are scrolled through without a long task", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await becomeOwner(page, hub);
  await answerForever(page);
  await page.goto(`${hub.url}/projects/clinic/messages`);
  await page.getByRole("row").filter({ hasText: "number 3" }).first().waitFor();
  const longest = await scrollThrough(browser, page);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThanOrEqual(LONGEST_TASK_MILLISECONDS);
  // Only what is in sight is drawn.
  const table = page.getByRole("table");
  expect(await table.getByRole("row").count()).toBeLessThan(100);

  // j and k go on from there, and the row in focus is a link. The wheel may still be turning.
  const inFocus = () =>
    page.evaluate("document.activeElement?.closest('[role=row]')?.ariaRowIndex ?? null");
  const resting = table.getByRole("row").nth(12).getByRole("link");
  await resting.focus();
  const before = Number(await inFocus());
  expect(before).toBeGreaterThan(ROWS / 2);
  await page.keyboard.press("k");
  await expect.poll(inFocus, { timeout: 10_000 }).toBe(String(before - 1));
  await page.keyboard.press("j");
  await expect.poll(inFocus, { timeout: 10_000 }).toBe(String(before));
  await window.close();
});
