// A case is found by what is known of it; its time line tells which form changed what, and ties lead
// from one to the other, both ways.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { block, created, FIELD_PROJECT, RECEIVER, visit } from "./field";
import { Hub } from "./hub";
import { becomeOwner } from "./people";
import { rowsOf } from "./workbook";

let browser: Browser;
let hub: Hub;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start(FIELD_PROJECT)]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
  const tie = '<index><parent case_type="household">h1</parent></index>';
  const update = (weight: string) => `<update><weight>${weight}</weight></update>`;
  const forms = [
    visit(
      "f1",
      block("h1", 18, created("household", "Wanjiru")) +
        block("c1", 18, created("child", "Amina") + update("3.1") + tie),
    ),
    visit("f2", block("c1", 20, update("4.2"))),
    visit("f3", block("c1", 21, "<close/>")),
  ];
  for (const form of forms) {
    await hub.sendForm(form, {}, RECEIVER);
  }
});

afterAll(async () => {
  await window?.close();
  await browser?.close();
  await hub?.stop();
});

const cases = (path: string) => `${hub.url}/projects/clinic/cases${path}`;

test("a case is found by its state and its properties, and all of it is in the address", async () => {
  await page.goto(cases(""));
  await page.getByRole("row").filter({ hasText: "Wanjiru" }).waitFor();
  await page.goto(cases("?state=closed&where=properties.weight%3D4.2"));
  await page.getByRole("button", { name: "Remove the filter: weight is 4.2" }).waitFor();
  const found = page.getByRole("row").filter({ hasText: "Amina" });
  await found.getByText("closed").waitFor();
  expect(await page.getByRole("row").filter({ hasText: "Wanjiru" }).count()).toBe(0);
  await found.getByRole("link").click();
  await page.waitForURL("**/cases/c1");
});

test("the time line tells what each form changed, and leads to it", async () => {
  await page.goto(cases("/c1?tab=timeline"));
  const steps = page
    .getByRole("listitem")
    .filter({ has: page.getByText("form", { exact: false }) });
  const second = steps.filter({ hasText: "f2" });
  await second.getByText("3.1", { exact: true }).waitFor();
  await second.getByText("4.2", { exact: true }).waitFor();
  await steps.filter({ hasText: "f3" }).getByText("closed it").waitFor();
  await second.getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "Visit #2" }).waitFor();
  await page.getByRole("tab", { name: "Cases" }).click();
  await page.getByRole("link", { name: "Amina" }).waitFor();
});

test("ties lead both ways", async () => {
  await page.goto(cases("/c1?tab=ties"));
  await page.getByRole("link", { name: "Wanjiru" }).click();
  await page.getByRole("heading", { level: 1, name: "Wanjiru" }).waitFor();
  await page.getByRole("tab", { name: "Ties" }).click();
  await page.getByRole("link", { name: "Amina" }).waitFor();
});

test("a workbook has the cases that the filters leave", async () => {
  await page.goto(cases("?state=closed"));
  await page.getByRole("row").filter({ hasText: "Amina" }).waitFor();
  await page.getByRole("button", { name: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "XLSX" }).click();
  const stream = await (await download).createReadStream();
  const [head, ...rows] = rowsOf(Buffer.concat(await stream.toArray()));
  expect(head).toContain("weight");
  expect(rows).toHaveLength(1);
  expect(rows[0]).toContain("Amina");
});

test("a case comes in live", async () => {
  await page.goto(cases("?type=child"));
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByRole("row").filter({ hasText: "Amina" }).waitFor();
  await hub.sendForm(visit("f4", block("c2", 22, created("child", "Juma"))), {}, RECEIVER);
  await page.getByRole("row").filter({ hasText: "Juma" }).waitFor();
});
