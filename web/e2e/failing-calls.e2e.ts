// Calls of lifecycles, from where they go wrong to where somebody does something about it: a call that is refused
// for good is an incident, which leads to the submission and can be ended; and what only other systems usually do
// with a submission stands apart from what is for people.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Destination } from "./destination";
import { Hub, INBOX } from "./hub";
import { becomeOwner } from "./people";

const project = (url: string) => `
project: town
title: A small town
sources: { kobo: { dialect: kobo, secret: ${INBOX} } }
connections: { works: { url: "${url}" } }
roles: { desk: { name: Front desk } }
forms:
  lamp:
    title: A lamp that is out
    fields: [ { name: pole, label: Number of the pole, type: string } ]
    lifecycle:
      functions: { _receiver: desk }
      statuses:
        new:
          name: New
          actions:
            - { id: order, call: { connection: works, path: /orders, post: true, label: Order the repair, on_error: { 4xx: ignore } } }
            - { jump: waiting }
        waiting:
          name: Waiting for the works
          actions:
            - { comment: true, by: [_receiver] }
            - { jump: done, label: It is done, by: [_receiver] }
            - { jump: done, trigger: repaired, by: [_signed_calls] }
        done: { name: Done, endpoint: true }
`;

const REFUSED = {
  status: 422,
  type: "application/json",
  body: JSON.stringify({ err_desc: "no such pole" }),
};
const REASON = "422 Unprocessable Entity (err_desc: no such pole)";
const TROUBLE = /^The call lamp\/new\/order has failed since /;

let browser: Browser;
let destination: Destination;
let hub: Hub;
let window: Window;
let page: Page;

beforeAll(async () => {
  destination = await Destination.start(REFUSED);
  [browser, hub] = await Promise.all([launch(), Hub.start(project(destination.url))]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  await window?.close().finally(() => browser.close());
  await hub?.stop();
  destination?.stop();
});

/** A lamp is told of, as KoboToolbox tells it. */
const tell = (pole: string) => hub.send({ _uuid: `lamp-${pole}`, _xform_id_string: "lamp", pole });

/** What stands over the page. */
const title = (name: RegExp) => page.getByRole("heading", { level: 1, name });

test("a call that was refused for good is an incident, and leads to what it was about", async () => {
  await page.goto(`${hub.url}/projects/town`);
  await title(/^Ready/).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await tell("12");
  // Once its tries are counted, the overview tells of the connection as well.
  await title(/^2 things need attention/).waitFor();
  await page.getByText(TROUBLE).waitFor();

  await page.goto(`${hub.url}/projects/town/incidents`);
  const open = page.getByRole("region", { name: "Open" });
  await open.getByText(REASON).waitFor();
  await open.getByText("Failed calls").waitFor();
  expect(await barriers(page)).toEqual([]);
  await open.getByRole("link", { name: TROUBLE }).click();

  await title(/^Failing call lamp\/new\/order/)
    .getByText("open", { exact: true })
    .waitFor();
  await page.getByText("What failed is not sent again by itself.").waitFor();
  await page.getByText(REASON).waitFor();
  const fact = (name: string) =>
    page.locator("dl > div").filter({ has: page.getByText(name, { exact: true }) });
  expect(await fact("Failed calls").locator("dd").innerText()).toBe("1");
  expect(await fact("Key").locator("dd").innerText()).toBe("lamp/1");
  expect(await fact("Address").locator("dd").innerText()).toMatch(/\/hook\/orders$/);
  expect(await barriers(page)).toEqual([]);

  await fact("Delivery").getByRole("link").click();
  await page.waitForURL("**/deliveries/*");
  await page.getByText("no such pole").first().waitFor();
  await page.goBack();
  await fact("Submission").getByRole("link").click();
  await title(/^A lamp that is out/).waitFor();
  await page.goBack();
  // What is to be pressed: to where it can be led on.
  await page.getByRole("link", { name: "See the submission" }).click();
  await page.waitForURL("**/submissions/*?tab=lifecycle");
  await page.getByText("Waiting for the works").first().waitFor();
});

test("it is over with a call that goes well, while somebody looks; the next one is ended by hand", async () => {
  const over = page.getByText(/^The call lamp\/new\/order failed for /);
  const openIt = async () => {
    await page.goto(`${hub.url}/projects/town/incidents`);
    await page.getByRole("link", { name: TROUBLE }).click();
    await title(/^Failing call lamp\/new\/order/).waitFor();
  };
  await openIt();
  await page.getByText("live", { exact: true }).waitFor();
  destination.answer = { status: 200, type: "application/json", body: "{}" };
  await tell("13");
  await over.waitFor();
  expect(await page.getByRole("button", { name: "End it" }).count()).toBe(0);

  destination.answer = REFUSED;
  await tell("14");
  await openIt();
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await page.getByText("The incident is over.").waitFor();
  await over.waitFor();

  await page.goto(`${hub.url}/projects/town/incidents?kind=call`);
  await page.getByText("Nothing is in trouble now.").waitFor();
  await expect.poll(() => page.getByRole("row").filter({ hasText: REASON }).count()).toBe(2);
});

test("a trigger stands apart from the buttons of people, and can be pressed all the same", async () => {
  await page.goto(`${hub.url}/projects/town/submissions?form=lamp`);
  await page.getByRole("row").filter({ hasText: "lamp" }).getByRole("link").first().click();
  await page.getByRole("tab", { name: "Lifecycle" }).click();
  const actions = page.getByRole("region", { name: "What you can do" });
  const triggers = actions.getByRole("region", {
    name: "Triggers (usually set off by other systems)",
  });
  await triggers.waitFor();
  expect(await triggers.getByRole("button").allTextContents()).toEqual(["repaired"]);
  expect(await actions.getByRole("button").allTextContents()).toEqual([
    "Comment",
    "It is done",
    "repaired",
  ]);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await barriers(page)).toEqual([]);
  }
  await triggers.getByRole("button", { name: "repaired" }).click();
  await page.getByText("came to Done").waitFor();
  await actions.waitFor({ state: "detached" });
});
