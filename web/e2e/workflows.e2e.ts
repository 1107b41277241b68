// Workflows by clicking: one is made, a message sets it off, its run is looked at step by step, what
// failed is mended and run again from there.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Hub } from "./hub";
import { becomeOwner } from "./people";

const PROJECT = "/projects/clinic";

let browser: Browser;
let hub: Hub;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
  window = await Window.open(browser, { reducedMotion: "reduce" });
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  await window?.close().finally(() => browser.close());
  await hub?.stop();
});

const editor = () => page.locator("[data-editor^='Job']").locator(".cm-content");

/** Writes a job in place of the one that is there. */
async function writeJob(text: string): Promise<void> {
  await editor().click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

async function choose(label: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label, exact: true }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

test("a workflow is made of a message, and says what is wrong with a job while it is typed", async () => {
  await hub.send({ form: "births", weight: 2.1, child: { name: "Juma" } });
  await page.goto(`${hub.url}${PROJECT}/messages`);
  await page.getByRole("rowgroup").getByRole("link").first().click();
  await page.getByRole("link", { name: "Make a workflow of this" }).click();
  await page.getByRole("heading", { name: "What a run begins with" }).waitFor();
  await page.getByLabel("Name", { exact: true }).first().fill("weigh");
  await writeJob("fn(state => {\n  return state;\n");
  await page.getByText("1 mistake").waitFor();
  await writeJob("fn(state => ({ ...state, light: state.data.weight < 2.5 }));\n");
  await page.getByText("Compiles: 1 operation.").waitFor();
  await page.getByRole("button", { name: "Add a step after first" }).click();
  await page.getByRole("region", { name: "step" }).getByLabel("Name", { exact: true }).fill("Tell");
  await writeJob("fn(state => { throw new Error('nobody to tell'); });\n");
  await page.getByText("Compiles: 1 operation.").waitFor();
  await page.getByRole("button", { name: "New workflow" }).click();
  await page.getByRole("heading", { name: "weigh", level: 1 }).waitFor();
  await page.getByText("messages from intake").first().waitFor();
});

test("a message sets it off, and its run shows what went in, what came out and what failed", async () => {
  await hub.send({ form: "births", weight: 3.4, child: { name: "Amani" } });
  await page.goto(`${hub.url}${PROJECT}/runs`);
  await page.getByRole("row").filter({ hasText: "failed" }).getByRole("link").click();
  await page.getByRole("heading", { name: "weigh", level: 1 }).waitFor();
  await page.getByRole("alert").getByText("nobody to tell").waitFor();
  const picture = page.getByRole("region", { name: "The steps as a picture" });
  await picture.getByRole("button", { name: /^first/ }).click();
  const output = page.getByRole("region", { name: "Output" });
  await output.getByText("light").waitFor();
  await page.getByRole("button", { name: "What differs" }).click();
  await page.getByText(/lines? differs?/).waitFor();
});

test("a step is mended, the run goes on from it with the newest version, and versions are compared", async () => {
  const run = page.url();
  await picture().getByRole("button", { name: /^Tell/ }).click();
  await page.getByRole("link", { name: "Change this step" }).click();
  await page.getByRole("heading", { name: "Change weigh" }).waitFor();
  await writeJob("fn(state => { console.log('told'); return state; });\n");
  await page.getByText("Compiles: 1 operation.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "weigh", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Versions" }).click();
  await page.getByRole("heading", { name: "Job of step" }).waitFor();
  await page.getByText("nobody to tell").waitFor();
  await page.goto(run);
  await picture().getByRole("button", { name: /^Tell/ }).click();
  await page.getByRole("button", { name: "Run again from here" }).click();
  await page.getByLabel("the newest").check();
  await page.getByRole("dialog").getByRole("button", { name: "Run again" }).click();
  await page.waitForURL((url) => url.href !== run && /\/runs\/[0-9a-f-]{36}$/.test(url.pathname));
  await page.getByText("It ended well.").waitFor();
  await page.getByText("told", { exact: true }).waitFor();
  expect(await page.getByText("From the step").count()).toBe(1);
});

test("a workflow is run by hand with a state of one's own", async () => {
  await page.goto(`${hub.url}${PROJECT}/workflows/weigh`);
  await page.getByRole("button", { name: "Run…" }).click();
  await page.getByText("a state of your own").click();
  await page.locator("[data-editor='State']").locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText('{ "data": { "weight": 1.9 } }');
  await page.getByRole("button", { name: "Run it" }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByText("It ended well.").waitFor();
  await page.getByText("somebody started it by Amina").waitFor();
});

test("a step is run by hand with what went into it before", async () => {
  await page.goto(`${hub.url}${PROJECT}/workflows/weigh?step=step`);
  await page.getByRole("button", { name: "Run from here…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("the input of an earlier run").click();
  await dialog.getByRole("combobox", { name: "Earlier run" }).click();
  await page
    .getByRole("option", { name: /succeeded/ })
    .first()
    .click();
  await dialog.getByText("The step gets what went into it in that run.").waitFor();
  await dialog.getByRole("button", { name: "Run it" }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByText("It ended well.").waitFor();
  await page.getByText("From the step").waitFor();
});

test("it stands on the map, is found by its name, and the list tells how its runs went", async () => {
  await page.goto(`${hub.url}${PROJECT}/map`);
  const map = page.getByRole("region", { name: "Map of the project" });
  await map.getByRole("link", { name: "weigh", exact: true }).waitFor();
  await page.goto(`${hub.url}${PROJECT}/map?view=list`);
  const way = page.getByRole("listitem").filter({ hasText: "weigh" });
  await way.getByRole("link", { name: "intake" }).waitFor();
  await way.getByText(/runs today/).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).fill("weig");
  await page.getByRole("option", { name: "weigh workflow" }).click();
  await page.getByRole("heading", { name: "weigh", level: 1 }).waitFor();
  await page.goto(`${hub.url}${PROJECT}/workflows`);
  const row = page.getByRole("row").filter({ hasText: "weigh" });
  await row.getByRole("link", { name: /^\d+ failed$/ }).click();
  await page.getByText("not ended well").first().waitFor();
  await page.getByRole("row").filter({ hasText: "failed" }).first().waitFor();
});

test("a trigger is tried on one message", async () => {
  await page.goto(`${hub.url}${PROJECT}/workflows/weigh/change`);
  await picture()
    .getByRole("button", { name: /^Set off by/ })
    .click();
  await page.getByRole("combobox", { name: "Try the filter on" }).click();
  await page
    .getByRole("option", { name: /^intake/ })
    .first()
    .click();
  await page.getByRole("button", { name: "Try on this message" }).click();
  await page.getByText("1 of 1 match").waitFor();
});

test("the trigger is changed, and a schedule that is none is told at its field", async () => {
  await page.goto(`${hub.url}${PROJECT}/workflows/weigh/change`);
  await picture()
    .getByRole("button", { name: /^Set off by/ })
    .click();
  await choose("It begins when", "the time has come");
  await page.getByText("Next, in UTC:").waitFor();
  await page.getByLabel("Schedule").fill("61 * * * *");
  await page.getByText("is no cron expression").waitFor();
  await page.getByText("Next, in UTC:").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("the fields in red say why").waitFor();
  expect(await page.getByLabel("Schedule").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("Schedule").fill("0 6 * * 1-5");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("0 6 * * 1-5 (UTC)").first().waitFor();
  await page.getByText("Next, in UTC:").waitFor();
  expect(await page.getByText(/, 06:00$/).count()).toBe(3);
});

test.each([
  ["a desk by day", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }],
  ["a desk by night", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
  ["a phone by day", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
] as const)("axe finds nothing serious on %s, and nothing is too wide", async (_, options) => {
  const storageState = await window.context.storageState();
  const looking = await Window.open(browser, { ...options, storageState, reducedMotion: "reduce" });
  const found: string[] = [];
  const look = async (path: string, ready: string) => {
    await looking.page.goto(`${hub.url}${PROJECT}/${path}`);
    await looking.page.getByText(ready, { exact: true }).first().waitFor();
    found.push(...(await barriers(looking.page)).map((each) => `${path} ${each}`));
    if (!(await looking.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))) {
      found.push(`${path} is too wide`);
    }
  };
  await look("workflows", "weigh");
  await look("workflows/weigh?step=step", "Change this step");
  await look("workflows/weigh/change", "Remove the step");
  await look("workflows/weigh/versions", "Held against");
  await look("runs", "succeeded");
  expect(found).toEqual([]);
  await looking.close();
});

const picture = () => page.getByRole("region", { name: "The steps as a picture" });
