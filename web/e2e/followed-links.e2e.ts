// Addresses that documents of the API give, followed in a browser: whoever handles a submission comes to it, by
// signing in on the way where that is still to be done, and whose account opens nothing here is told so.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Hub } from "./hub";
import { becomeOwner, signIn } from "./people";

const PROJECT = `
project: clinic
title: Clinic network
roles: { agents: { name: Agents } }
forms:
  request:
    title: Ask for a visit
    tracking_codes: true
    fields: [ { name: village, label: Village, type: string, required: true } ]
    lifecycle:
      functions: { _receiver: agents }
      statuses: { new: { name: New, actions: [ { comment: true, by: [_receiver] } ] } }
  note:
    title: Leave a note
    fields: [ { name: text, label: Text, type: string } ]
`;

/** What a document says of where its record is. */
interface Links {
  url: string;
  backoffice_url: string;
}

let browser: Browser;
let hub: Hub;
let links: Links;
/** The link of an invitation to another project. */
let invitation: string;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start(PROJECT)]);
  const visitor = await Window.open(browser);
  await visitor.page.goto(`${hub.url}/p/clinic/request/`);
  await visitor.page.getByLabel("Village").fill("Kibera");
  await visitor.page.getByRole("button", { name: "Check the answers" }).click();
  await visitor.page.getByRole("button", { name: "Send", exact: true }).click();
  await visitor.page.getByRole("heading", { name: "It has been sent" }).waitFor();
  await visitor.close();

  const owner = await Window.open(browser);
  await becomeOwner(owner.page, hub);
  links = (await asked(owner.page, "/p/clinic/api/forms/request/1/")) as unknown as Links;
  await asked(owner.page, "/api/v1/projects/north/apply", { project: "north" });
  const stella = { email: "stella@example.org", name: "Stella", access: "owner" };
  const invited = await asked(owner.page, "/api/v1/projects/north/members", stella);
  invitation = String(invited.invitation_url);
  await owner.close();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

/** Asks the hub as a page of it would. */
function asked(page: Page, path: string, body?: unknown): Promise<Record<string, unknown>> {
  return page.evaluate(
    async ([path, body]) => {
      const headers = { "content-type": "application/json" };
      const init = body === undefined ? {} : { method: "POST", headers, body };
      const response = await fetch(path, init);
      if (!response.ok) {
        throw new Error(`${path}: ${response.status} ${await response.text()}`);
      }
      return (await response.json()) as Record<string, unknown>;
    },
    [path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );
}

/** Waits for the page of the submission in the application, with what was answered. */
async function isAtTheSubmission(page: Page): Promise<void> {
  await page.waitForURL(/\/projects\/clinic\/submissions\/[0-9a-f-]{36}$/);
  await page.getByRole("heading", { level: 1, name: /^Ask for a visit/ }).waitFor();
  await page.getByText("Kibera").first().waitFor();
}

test("who follows a link to what they handle signs in, and is there", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await page.goto(hub.url + links.backoffice_url);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(new URL(page.url()).searchParams.get("next")).toBe(links.backoffice_url);
  await signIn(page);
  await isAtTheSubmission(page);
  // Whoever is signed in is led there at once, by either address.
  for (const link of [links.backoffice_url, links.url]) {
    await page.goto(hub.url + link);
    await isAtTheSubmission(page);
  }
  await window.close();
});

test("the page of whoever sent it in tells others how they get to it", async () => {
  const window = await Window.open(browser, {}, links.url);
  const { page } = window;
  const response = await page.goto(hub.url + links.url);
  expect(response?.status()).toBe(403);
  await page.getByRole("heading", { name: "This page is private" }).waitFor();
  await page.getByText("open it with the tracking code that you were given").waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "Follow what you sent by its tracking code" }).click();
  await page.getByLabel("Tracking code").waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page);
  await isAtTheSubmission(page);
  await window.close();

  // Where no code opens anything, none is asked for.
  const other = await Window.open(browser, { locale: "fr-FR" }, "/p/clinic/note/1/");
  await other.page.goto(`${hub.url}/p/clinic/note/1/`);
  await other.page.getByRole("heading", { name: "Cette page est privée" }).waitFor();
  expect(await other.page.locator("main a").allTextContents()).toEqual(["Se connecter"]);
  await other.close();
});

test("an address that names nothing asks who is there, and tells those of the project so", async () => {
  const nothing = "/p/clinic/nothing/";
  const window = await Window.open(browser, {}, nothing);
  const { page } = window;
  await page.goto(hub.url + nothing);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(page);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  expect(new URL(page.url()).pathname).toBe(nothing);
  expect(await barriers(page)).toEqual([]);
  await window.close();
});

test("somebody of another project is told that it is not theirs, and can change the account", async () => {
  const window = await Window.open(browser, {}, links.backoffice_url);
  const { page } = window;
  await page.goto(new URL(invitation, hub.url).href);
  await page.getByLabel("New password").fill("another long sentence");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.waitForURL("**/projects/north");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const response = await page.goto(hub.url + links.backoffice_url);
    expect(response?.status()).toBe(404);
    const heading = "Your account has no access to this project";
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page.getByText("ask whoever runs the project to let you in").waitFor();
    expect(await barriers(page)).toEqual([]);
  }
  await page.getByRole("link", { name: "Sign in with another account" }).click();
  await signIn(page);
  await isAtTheSubmission(page);
  await window.close();
});
