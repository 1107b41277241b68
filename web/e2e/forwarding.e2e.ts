// Forms and cases are sent on: a forwarder of cases and a database are built by clicking, what is
// withheld does not arrive, and a delivery leads to what it carries.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Destination } from "./destination";
import { Hub } from "./hub";
import { becomeOwner } from "./people";

const PAGES = "/projects/clinic";
const PROJECT = `
project: clinic
title: Clinic network
sources:
  phones: { dialect: commcare, access: anonymous }
`;

let browser: Browser;
let hub: Hub;
let destination: Destination;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub, destination] = await Promise.all([
    launch(),
    Hub.start(PROJECT),
    Destination.start({ status: 201 }),
  ]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
  await page.goto(`${hub.url}${PAGES}/new/connection`);
  await page.getByLabel("Name", { exact: true }).fill("ministry");
  await page.getByLabel("Address", { exact: true }).fill(destination.url);
  await page.getByRole("button", { name: "New connection" }).click();
  await page.getByRole("heading", { level: 1, name: "ministry" }).waitFor();
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

/** A form as CommCare sends it, that makes or changes a case. */
async function submit(instance: string, id: string, properties: string): Promise<void> {
  const form = `<data xmlns="http://openrosa.org/formdesigner/visit"><n:case
    xmlns:n="http://commcarehq.org/case/transaction/v2" case_id="${id}" user_id="u1"
    date_modified="2026-01-31T10:00:00.000Z"><n:create><n:case_name>Amina</n:case_name>
    <n:owner_id>o1</n:owner_id><n:case_type>patient</n:case_type></n:create>
    <n:update>${properties}</n:update></n:case>
    <m:meta xmlns:m="http://openrosa.org/jsr/xforms"><m:instanceID>${instance}</m:instanceID>
    <m:userID>u1</m:userID><m:username>ann</m:username></m:meta></data>`;
  const response = await fetch(`${hub.url}/a/clinic/receiver/`, {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body: form,
  });
  expect(response.status).toBe(201);
}

const phone = (number: string) => `<n:phone>${number}</n:phone><n:village>Kibera</n:village>`;

test("cases are sent on as the form says, without what is withheld", async () => {
  await submit("f-1", "c1", phone("+254 700 001"));
  await page.goto(`${hub.url}${PAGES}/new/forwarder?to=ministry`);
  await page.getByLabel("Name", { exact: true }).fill("patients");
  await page.getByText("Each message that comes in is sent to ministry byte for byte.").waitFor();

  // A template that was begun is kept while the format is another one, and not saved with that.
  await choose("On", "a form touches a case");
  await choose("Format", "a text of my own (template)");
  await page.getByRole("textbox", { name: "Template" }).fill("Dear {{ name }}");
  await choose("Format", "JSON of the case, as CommCare sends it");
  await choose("A closed case is sent", "as the word that it is closed, and no more");
  const types = page.getByRole("combobox", { name: "Types of cases" });
  await types.click();
  await page.getByRole("option", { name: "patient" }).click();
  await page.getByRole("button", { name: "Withhold a field" }).click();
  await page.getByRole("combobox", { name: "Field", exact: true }).fill("phone");
  await page
    .getByText("Only what is of the type patient. 1 field is withheld, or sent less exactly.")
    .waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "New forwarder" }).click();
  await page.getByRole("heading", { level: 1, name: "patients" }).waitFor();
  await page.getByText("is not sent").waitFor();

  await submit("f-2", "c2", phone("+254 700 002"));
  await page.goto(`${hub.url}${PAGES}/deliveries`);
  await page.getByRole("table").getByRole("row").filter({ hasText: "patients" }).first().waitFor();
  await expect.poll(() => destination.received.length).toBe(1);
  expect(destination.received[0]).toContain("Kibera");
  expect(destination.received[0]).not.toContain("+254");

  // The delivery leads to the case, the submission and the message that it came of.
  await page.getByRole("table").getByRole("row").nth(1).getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: /^Delivery/ }).waitFor();
  for (const [place, name] of [
    ["cases", "c2"],
    ["submissions", ""],
    ["messages", ""],
  ]) {
    await page.locator(`main a[href^="${PAGES}/${place}/${name}"]`).waitFor();
  }
});

test("a change shows what was saved, and changes no more than it says", async () => {
  await page.goto(`${hub.url}${PAGES}/forwarders/patients/change`);
  const field = page.getByRole("combobox", { name: "Field", exact: true });
  await field.waitFor();
  expect(await field.inputValue()).toBe("phone");
  await choose("What is sent of phone", "in steps of");
  await page.getByRole("textbox", { name: "Step of phone" }).fill("ten");
  await page.getByText("A number above 0").waitFor();
  await page.getByRole("textbox", { name: "Step of phone" }).fill("0.10");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("is sent in steps of 0.10").waitFor();
  const saved = await page.evaluate(async () => {
    const response = await fetch("/api/v1/projects/clinic/forwarders/patients");
    return (await response.json()).definition as unknown;
  });
  expect(saved).toEqual({
    on: "case",
    case_types: ["patient"],
    to: "ministry",
    format: "case_json",
    closed_cases: "close_only",
    withhold: { phone: { coarsen: 0.1 } },
  });
});

test("what would be sent is shown while one types, and what keeps it from being sent", async () => {
  await page.goto(`${hub.url}${PAGES}/new/forwarder?to=ministry`);
  await choose("On", "a form touches a case");
  const preview = page.getByRole("region", { name: "What would be sent" });
  await preview.getByText(`POST ${destination.url}`).waitFor();
  await preview
    .getByText(/case_name|case_type/)
    .first()
    .waitFor();
  await choose("Format", "a text of my own (template)");
  const template = page.getByRole("textbox", { name: "Template" });
  await template.fill("Dear {{ name }} of {{ properties.village }}");
  await preview.getByText("Dear Amina of Kibera").waitFor();
  await template.fill("Dear {{ name ");
  await preview.getByText(/line 1/i).waitFor();
  await template.fill("{{ properties.phone }}.");
  await preview.getByText("+254 700 002.").waitFor();
  await page.getByRole("button", { name: "Withhold a field" }).click();
  await page.getByRole("combobox", { name: "Field", exact: true }).fill("phone");
  await preview.getByText("phone is not sent").waitFor();
  await preview.getByText("+254").waitFor({ state: "detached" });

  // Of another one than the newest.
  await choose("Format", "typed JSON");
  await preview.locator('a[href$="/cases/c2"]').waitFor();
  await preview.getByRole("combobox", { name: "Of" }).click();
  await page
    .getByRole("option", { name: /patient Amina/ })
    .nth(1)
    .click();
  await preview.locator('a[href$="/cases/c1"]').waitFor();
  const types = page.getByRole("combobox", { name: "Types of cases" });
  await types.fill("household");
  await page.keyboard.press("Enter");
  await preview.getByText("It does not want it").waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(destination.received).toHaveLength(1);
});

test("a filter of cases is tried on those that came in", async () => {
  await page.goto(`${hub.url}${PAGES}/new/forwarder?to=ministry`);
  await choose("On", "a form touches a case");
  const types = page.getByRole("combobox", { name: "Types of cases" });
  await types.fill("patient");
  await page.keyboard.press("Enter");
  const trial = page.getByRole("region", { name: "Try it on what came in" });
  await trial.getByText("Looks at the cases").waitFor();
  await trial.getByRole("button", { name: "Try on the last 1,000" }).click();
  await trial.getByText("2 of 2 match").waitFor();
  await trial.locator('a[href$="/cases/c2"]').waitFor();
  await types.press("Backspace");
  await types.fill("household");
  await page.keyboard.press("Enter");
  await trial.getByText("The filter has changed since.").waitFor();
  await trial.getByRole("button", { name: "Try on the last 1,000" }).click();
  await trial.getByText("0 of 2 match").waitFor();
});

test("a database takes rows of tables, and nothing else is offered for it", async () => {
  await page.goto(`${hub.url}${PAGES}/new/connection`);
  await page.getByLabel("Name", { exact: true }).fill("registry");
  await page.getByText("A database (PostgreSQL)").click();
  await page.getByLabel("Host").fill("127.0.0.1:9");
  await page.getByLabel("Database", { exact: true }).fill("registry");
  await page.getByLabel("User name", { exact: true }).fill("hub");
  await page.getByLabel("Password", { exact: true }).fill("a password that stays here");
  expect(await page.getByText("Signing what is sent").count()).toBe(0);
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByText("Nobody answers there").waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "New connection" }).click();
  await page.getByRole("heading", { level: 1, name: "registry" }).waitFor();

  await page.goto(`${hub.url}${PAGES}/new/forwarder`);
  await choose("On", "a form is submitted");
  await choose("To the connection", "registry (database)");
  await page
    .getByText("Each form that is submitted is a row of a table named like the form in registry.")
    .waitFor();
  expect(await page.getByRole("combobox", { name: "Method" }).count()).toBe(0);
  await page.getByRole("combobox", { name: "Format", exact: true }).click();
  expect(await page.getByRole("option").allTextContents()).toEqual(["rows of a table"]);
  await page.keyboard.press("Escape");
  await choose("On", "a message comes in");
  await page.getByText("registry is a database: it takes forms and cases").waitFor();
  await choose("On", "a form opens a case");
  await choose("To the connection", "ministry");
  await page.getByText("is sent to ministry as XML, as CommCare sends it.").waitFor();
});

test("a source says to whom it gives an address for phones", async () => {
  await page.goto(`${hub.url}${PAGES}/sources/phones`);
  await page.getByText(`${hub.url}/a/clinic/receiver/`).waitFor();
  await page.getByText("It takes forms from anybody.").waitFor();
  await page.goto(`${hub.url}${PAGES}/new/source`);
  await page.getByLabel("Name").fill("collect");
  await choose("Written as", "ODK Collect, KoboCollect, Enketo (OpenRosa)");
  await page.getByLabel("prove themselves with a key").check();
  await page.getByRole("combobox", { name: "Keys" }).fill("nurses");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "New source" }).click();
  // There is no such key: what the hub says stands at the field.
  await page
    .getByText(/nurses/)
    .nth(1)
    .waitFor();
  await page.getByLabel("need not prove themselves").check();
  await page.getByRole("button", { name: "New source" }).click();
  await page.getByRole("heading", { level: 1, name: "collect" }).waitFor();
  await page.getByText(`${hub.url}/p/clinic`).waitFor();
});

test("a phone shows the editor without scrolling sideways", async () => {
  const phone = await Window.open(browser, {
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
    storageState: await window.context.storageState(),
  });
  for (const path of ["forwarders/patients/change", "forwarders/patients", "new/forwarder"]) {
    await phone.page.goto(`${hub.url}${PAGES}/${path}`);
    await phone.page
      .getByText(/is sent to/)
      .first()
      .waitFor();
    const fits = await phone.page.evaluate(
      "document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth",
    );
    expect(fits, path).toBe(true);
    expect(await barriers(phone.page)).toEqual([]);
  }
  await phone.close();
});
