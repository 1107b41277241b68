// The overview and the map: trouble is told while somebody looks, and so is its end.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Destination } from "./destination";
import { Hub, INBOX } from "./hub";
import { becomeOwner, signIn } from "./people";

/** Tries follow each other soon; the destination is left alone for longer once it is in trouble. */
const project = (url: string) => `
project: clinic
title: Clinic network
sources:
  intake: { dialect: json, secret: ${INBOX} }
connections:
  warehouse: { url: "${url}", incident: { failures: 3 } }
  ministry: { url: "http://127.0.0.1:9/hook", incident: { failures: 50 } }
forwarders:
  births:
    on: message
    from: intake
    match: { form: births }
    to: warehouse
    retry: { first: 2s, max: 2s, factor: 1 }
  registry: { on: message, from: intake, match: { form: registry }, to: ministry }
`;

let browser: Browser;
let destination: Destination;
let hub: Hub;

beforeAll(async () => {
  destination = await Destination.start({ status: 503 });
  [browser, hub] = await Promise.all([launch(), Hub.start(project(destination.url))]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
  destination?.stop();
});

test("the overview tells of a destination in trouble, and of its end", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await becomeOwner(page, hub);
  await page.goto(`${hub.url}/projects/clinic`);
  const headline = page.getByRole("heading", { level: 1 });
  await headline.getByText("Ready. Nothing has come in yet.").waitFor();
  await page.getByText("live", { exact: true }).waitFor();

  for (const number of [1, 2, 3, 4, 5]) {
    await hub.send({ form: "births", number });
  }
  await headline
    .getByText(/^All is well, but one: warehouse has answered with an error \(503\) since /)
    .waitFor();
  await page.getByText(/^5 deliveries wait\./).waitFor();
  const row = page.getByRole("row").filter({ hasText: "warehouse" });
  await row.getByText("in trouble").waitFor();
  expect(await barriers(page)).toEqual([]);

  destination.answer = { status: 204 };
  await page.getByRole("button", { name: "Try now: warehouse" }).click();
  await headline.getByText("All is well.", { exact: true }).waitFor();
  await page.getByText("5 came in today, 5 went out.").waitFor();
  await row.getByText("well", { exact: true }).waitFor();

  // The numbers can be read without the chart.
  await page.getByText("As a table").click();
  expect(
    await page
      .getByRole("row")
      .filter({ hasText: /^\d\d:\d\d/ })
      .count(),
  ).toBeGreaterThan(0);
  await page.getByRole("link", { name: "7 days" }).click();
  await page.waitForURL("**/projects/clinic?span=7d");
  await window.close();
});

test("the map shows what went where, live, and leads to a forwarder", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await page.goto(`${hub.url}/projects/clinic/map`);
  await page.getByLabel("E-mail").waitFor();
  await signIn(page);
  const picture = page.getByRole("region", { name: "Map of the project" });
  const forwarder = picture.getByRole("article").filter({ hasText: "births" });
  await forwarder.getByTitle("5 today").waitFor();
  await forwarder.getByText('{"form":"births"}').waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await hub.send({ form: "births", number: 6 });
  await forwarder.getByTitle("6 today").waitFor();
  expect(await barriers(page)).toEqual([]);

  await page.getByRole("link", { name: "List" }).click();
  await page.getByText("6 wanted today, 6 delivered").waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "Picture" }).click();

  // By keyboard as well: the place is a link.
  await forwarder.getByRole("link", { name: "births" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/projects/clinic/forwarders/births");
  await window.close();
});

test("what takes nothing is told before its incident begins, and a pause does not hide an incident", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await page.goto(`${hub.url}/projects/clinic`);
  await page.getByLabel("E-mail").waitFor();
  await signIn(page);
  const headline = page.getByRole("heading", { level: 1 });
  await headline.getByText("All is well.", { exact: true }).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await hub.send({ form: "registry" });
  await headline
    .getByText(/^All is well, but one: Every try at ministry has failed so far\.$/)
    .waitFor();
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  await row("ministry").getByText("every try fails").waitFor();

  destination.answer = { status: 503 };
  for (const number of [7, 8, 9, 10]) {
    await hub.send({ form: "births", number });
  }
  await page.getByText(/^warehouse has answered with an error \(503\) since /).waitFor();
  await page.getByRole("button", { name: "Pause: warehouse" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").fill("their server is being moved");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/^warehouse is paused, with an incident open since /).waitFor();
  await page.getByText("their server is being moved").waitFor();
  await row("warehouse").getByText("paused in trouble").waitFor();
  expect(await barriers(page)).toEqual([]);

  // The page of the connection says why as well, and so does its end ask for a reason.
  await row("warehouse").getByRole("link", { name: "warehouse" }).click();
  await page.getByText("warehouse is paused. Its incident is open since").waitFor();
  await page.getByText(/^Paused by .+ since /).waitFor();
  await page.getByText("their server is being moved").waitFor();
  destination.answer = { status: 204 };
  await page.getByRole("button", { name: "Resume" }).click();
  await dialog.getByLabel("Why").fill("it is back");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await page.getByText("their server is being moved").waitFor({ state: "detached" });
  await window.close();
});
