// Building an integration by clicking: sources, connections, forwarders, and the first steps.
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { Destination } from "./destination";
import { Hub, OWNER } from "./hub";
import { becomeOwner } from "./people";

const PROJECT = "/projects/clinic";
const KOBO = readFileSync(new URL("../../examples/payloads/kobo.json", import.meta.url), "utf8");

let browser: Browser;
let hub: Hub;
let destination: Destination;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub, destination] = await Promise.all([
    launch(),
    Hub.start("project: clinic\ntitle: Clinic network\n"),
    Destination.start({ status: 204 }),
  ]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  destination?.stop();
  await window?.close().finally(() => browser.close());
  await hub?.stop();
});

async function choose(label: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label, exact: true }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/** The address of the inbox, as somebody would copy it. */
async function inboxAddress(): Promise<string> {
  const address = page.getByText(/\/inbox\/[0-9a-z]+$/).first();
  return (await address.textContent()) ?? "";
}

async function post(address: string, body: string): Promise<void> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  expect(response.status).toBe(200);
}

test("a source, a connection and a forwarder are built from nothing, and deliver", async () => {
  await page.goto(`${hub.url}${PROJECT}/sources`);
  await page.getByRole("link", { name: "New source" }).click();
  await page.getByLabel("Name").fill("Intake");
  await page.getByRole("button", { name: "New source" }).click();
  await page.getByRole("heading", { level: 1, name: "intake" }).waitFor();
  const inbox = await inboxAddress();

  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByRole("link", { name: "New connection" }).click();
  await page.getByLabel("Name", { exact: true }).fill("warehouse");
  await page.getByLabel("Address", { exact: true }).fill(destination.url);
  await page.getByLabel("User name and password (Basic)").check();
  await page.getByLabel("User name", { exact: true }).fill("hub");
  await page.getByLabel("Password", { exact: true }).fill("a password that stays here");
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByText(/^It works as far as/).waitFor();
  await page.getByText(/Answered 204 in/).waitFor();
  await page.getByRole("button", { name: "New connection" }).click();
  await page.getByRole("heading", { level: 1, name: "warehouse" }).waitFor();
  await page.getByText("names nobody").or(page.getByText("nobody is told")).first().waitFor();

  await page.getByRole("link", { name: "New forwarder" }).click();
  await page.getByLabel("Name", { exact: true }).fill("births");
  await choose("From", "intake");
  await page
    .getByRole("textbox", { name: "It must contain" })
    .fill('{ "n": 1.0, "form": "births" }');
  await page.getByText("Given up after 28 tries").waitFor();
  await page.getByRole("button", { name: "New forwarder" }).click();
  await page.getByRole("heading", { level: 1, name: "births" }).waitFor();

  const body = '{"form":"births","n":1}';
  await post(inbox, body);
  await post(inbox, '{"form":"deaths","n":1}');
  await page.getByRole("link", { name: "Connections" }).click();
  const row = page.getByRole("row").filter({ hasText: "warehouse" });
  await row.filter({ hasText: "well" }).waitFor();
  expect(destination.received).toContain(body);
  expect(destination.received).not.toContain('{"form":"deaths","n":1}');
});

test("a filter is tried on what came in, and says what it misses by little", async () => {
  // From a value of a message that came in.
  await page.goto(`${hub.url}${PROJECT}/messages`);
  await page.getByRole("table").getByRole("row").nth(1).getByRole("link").first().click();
  await page.getByRole("treeitem").filter({ hasText: "deaths" }).last().hover();
  await page
    .getByRole("treeitem")
    .filter({ hasText: "deaths" })
    .last()
    .getByRole("button", { name: "Of this value" })
    .click();
  await page.getByRole("menuitem", { name: "Make a forwarder’s filter from this" }).click();
  await page.waitForURL("**/new/forwarder?from=intake&match=**");
  await page.getByRole("button", { name: "Try on the last 1,000" }).click();
  await page.getByText("1 of 2 match").waitFor();

  const filter = page.getByRole("textbox", { name: "It must contain" });
  await filter.fill('{ "form": "deaths", "n": 2 }');
  await page.getByRole("button", { name: "Try on the last 1,000" }).click();
  await page.getByText("0 of 2 match").waitFor();
  const near = page.getByRole("listitem").filter({ hasText: "intake" }).first();
  await near.getByText('form is "deaths"').waitFor();
  await near.getByText(/n is 1, wanted 2/).waitFor();
});

test("a stored secret is kept, asked again for another host, and what the hub says lands on its field", async () => {
  await page.goto(`${hub.url}${PROJECT}/connections/warehouse/change`);
  await page.getByRole("button", { name: "Replace: Password" }).waitFor();
  await page.getByLabel("Address", { exact: true }).fill("https://elsewhere.example/hook");
  await page.getByText("type it again").waitFor();
  await page.getByLabel("Address", { exact: true }).fill("ftp://elsewhere.example");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("must begin with").waitFor();
  const address = page.getByLabel("Address", { exact: true });
  expect(await address.getAttribute("aria-invalid")).toBe("true");
  expect(await address.inputValue()).toBe("ftp://elsewhere.example");

  // Who goes on without saving is asked.
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { level: 1, name: "warehouse" }).waitFor();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("is used by the forwarder births").waitFor();
});

test("what somebody else saves meanwhile is not overwritten, and a name that is taken is said", async () => {
  const form = `${hub.url}${PROJECT}/forwarders/births/change`;
  await page.goto(form);
  await page.getByLabel("Pause after the first failure").fill("20s");
  const other = await window.context.newPage();
  await other.goto(form);
  await other.getByLabel("Pause after the first failure").fill("30s");
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByRole("heading", { level: 1, name: "births" }).waitFor();
  await other.close();

  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Somebody else has saved births since you began.").waitFor();
  expect(await page.getByLabel("Pause after the first failure").inputValue()).toBe("20s");
  await page.getByRole("button", { name: "Begin again with what is saved" }).click();
  await page.getByText("Somebody else has saved").waitFor({ state: "detached" });
  expect(await page.getByLabel("Pause after the first failure").inputValue()).toBe("30s");
  await page.getByLabel("Pause after the first failure").fill("40s");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "births" }).waitFor();

  await page.goto(`${hub.url}${PROJECT}/new/source`);
  await page.getByLabel("Name").fill("intake");
  await page.getByRole("button", { name: "New source" }).click();
  await page.getByText("There is one of the name intake already.").waitFor();
  // A name that would be an address of ours is one like any other.
  await page.getByLabel("Name").fill("new");
  await page.getByRole("button", { name: "New source" }).click();
  await page.getByRole("heading", { level: 1, name: /^new\b/ }).waitFor();
});

test("an address that may not be called is told, with what to do", async () => {
  await page.goto(`${hub.url}${PROJECT}/new/connection`);
  await page.getByLabel("Address", { exact: true }).fill("http://10.1.2.3/hook");
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByText("It does not work yet.").waitFor();
  const failed = page.getByRole("listitem").filter({ hasText: "The address is not called" });
  await failed.getByText("10.1.2.3 is refused").waitFor();
  await failed.getByText("What to do").waitFor();
});

test("the first submission of Kobo stamps the page that waits for it", async () => {
  await page.goto(`${hub.url}${PROJECT}/first-steps`);
  // What was typed on the page before is left behind.
  await page.getByRole("link", { name: /KoboToolbox/ }).click();
  await page.getByRole("button", { name: "Make the address" }).click();
  await page.getByText("Waiting for the first submission").waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await post(await inboxAddress(), KOBO);
  await page.getByText("It is here.").waitFor();
  await page.getByRole("tree").getByText("_uuid").waitFor();
  await page.getByRole("link", { name: "Send it to warehouse" }).click();
  await page.waitForURL("**/new/forwarder?from=kobo&to=warehouse");
  await page.getByRole("button", { name: "New forwarder" }).click();
  await page.getByRole("heading", { level: 1, name: "kobo-warehouse" }).waitFor();
});

test("a phone shows all of it in French, without scrolling sideways", async () => {
  await page.goto(`${hub.url}${PROJECT}/connections`);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitemradio", { name: "Français" }).click();
  await page.getByRole("heading", { level: 1, name: "Connexions" }).waitFor();
  const phone = await Window.open(browser, {
    locale: "fr-FR",
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
  });
  await phone.page.goto(`${hub.url}${PROJECT}/connections`);
  await phone.page.getByLabel("E-mail").fill(OWNER.email);
  await phone.page.getByLabel("Mot de passe", { exact: true }).fill(OWNER.password);
  await phone.page.getByRole("button", { name: "Se connecter" }).click();
  await phone.page.getByRole("heading", { level: 1, name: "Connexions" }).waitFor();
  for (const [path, title] of [
    ["connections", "Connexions"],
    ["connections/warehouse", "warehouse"],
    ["new/connection", "Nouvelle connexion"],
    ["sources", "Sources"],
    ["sources/kobo", "kobo"],
    ["new/source", "Nouvelle source"],
    ["forwarders", "Transferts"],
    ["forwarders/births", "births"],
    ["new/forwarder", "Nouveau transfert"],
    ["first-steps", "Premiers pas"],
    ["first-steps/kobo?source=kobo", "Connecter KoboToolbox"],
  ]) {
    await phone.page.goto(`${hub.url}${PROJECT}/${path}`);
    await phone.page.getByRole("heading", { level: 1, name: title }).waitFor();
    const fits = await phone.page.evaluate(
      "document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth",
    );
    expect(fits, path).toBe(true);
  }
  await phone.close();
});
