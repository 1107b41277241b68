// A page is there in a breath, on a slow line too: how much script the first load of each list takes
// over the wire, and how soon it can be used.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { Hub } from "./hub";
import { becomeOwner } from "./people";
import { tasksWhile } from "./trace";

/** The most bytes of script that the first load of a list may take, as they are on the wire. */
const MOST_BYTES = 300 * 1024;
/** How soon a list can be used, in time of the processor. */
const INTERACTIVE_MILLISECONDS = 1000;

const LISTS = [
  ["messages", "Messages"],
  ["deliveries", "Deliveries"],
  ["incidents", "Incidents"],
] as const;

let browser: Browser;
let hub: Hub;
let state: Awaited<ReturnType<Window["context"]["storageState"]>>;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
  const window = await Window.open(browser);
  await becomeOwner(window.page, hub);
  state = await window.context.storageState();
  await window.close();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

test.each(LISTS)("%s takes little script", async (path, title) => {
  const window = await Window.open(browser, { storageState: state });
  const { page, context } = window;
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const scripts = new Set<string>();
  let bytes = 0;
  session.on("Network.responseReceived", ({ requestId, response }) => {
    if (response.mimeType.includes("javascript")) {
      scripts.add(requestId);
    }
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes += scripts.has(requestId) ? encodedDataLength : 0;
  });
  await page.goto(`${hub.url}/projects/clinic/${path}`);
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await page.waitForLoadState("load");
  // Something was loaded, and it came compressed: what is not would be three times as much.
  expect(scripts.size).toBeGreaterThan(3);
  expect(bytes).toBeGreaterThan(50 * 1024);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  await window.close();
});

test.each(LISTS)("%s can be used within a second", async (path, title) => {
  const window = await Window.open(browser, { storageState: state });
  const { page } = window;
  const tasks = await tasksWhile(browser, page, async () => {
    await page.goto(`${hub.url}/projects/clinic/${path}`, { waitUntil: "commit" });
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
    // A press is answered: the page listens, and nothing holds it up.
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search" }).waitFor();
  });
  const interactive = tasks.reduce((sum, task) => sum + task, 0);
  expect(interactive).toBeGreaterThan(0);
  expect(interactive).toBeLessThanOrEqual(INTERACTIVE_MILLISECONDS);
  await window.close();
});
