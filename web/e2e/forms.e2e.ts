// A form is uploaded, shown in the reader's language, and told to phones; what it cannot be made of is
// said beside the file.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { BIRTHS, FIELD_PROJECT } from "./field";
import { Hub } from "./hub";
import { becomeOwner } from "./people";

let browser: Browser;
let hub: Hub;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start(FIELD_PROJECT)]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  await window?.close();
  await browser?.close();
  await hub?.stop();
});

test("a form is uploaded, and what is no form stays beside its file", async () => {
  await page.goto(`${hub.url}/projects/clinic/forms`);
  await page.getByText("There is no form yet.").waitFor();
  await page.getByRole("button", { name: "Upload a form" }).last().click();
  const dialog = page.getByRole("dialog", { name: "Upload a form" });
  const file = dialog.locator("input[type=file]");
  const chosen = (buffer: Buffer) => ({ name: "births.xml", mimeType: "text/xml", buffer });
  await file.setInputFiles(chosen(Buffer.from("<no-form/>")));
  await dialog.getByLabel("Application").fill("registry");
  await dialog.getByRole("button", { name: "Upload", exact: true }).click();
  await dialog.getByRole("alert").waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await dialog.getByLabel("Application").inputValue()).toBe("registry");
  await file.setInputFiles(chosen(BIRTHS));
  await dialog.getByRole("button", { name: "Upload", exact: true }).click();
  await page.waitForURL("**/forms/births");
  await page.getByRole("heading", { level: 1, name: "Births & first days" }).waitFor();
  await page.getByRole("definition").filter({ hasText: "registry" }).waitFor();
});

test("questions are shown in the language that is chosen", async () => {
  await page.goto(`${hub.url}/projects/clinic/forms/births`);
  const question = page.getByRole("row").filter({ hasText: "weight" });
  await question.getByText("Weight (kg)").waitFor();
  await page.getByRole("combobox", { name: "Language of the labels" }).click();
  await page.getByRole("option", { name: "Français (fr)" }).click();
  await question.getByText("Poids (kg)").waitFor();
});

test("phones are told where to go", async () => {
  await page.goto(`${hub.url}/projects/clinic/forms/births`);
  await page.getByRole("img", { name: "QR code with the settings of Collect" }).waitFor();
  await page.getByText(`${hub.url}/p/clinic`, { exact: true }).waitFor();
  await page.getByText("CommCare", { exact: true }).click();
  await page.getByText(`${hub.url}/a/clinic/receiver/`, { exact: true }).waitFor();
});

test("files that phones need are added and taken away", async () => {
  await page.goto(`${hub.url}/projects/clinic/forms/births`);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Add a file" }).click();
  const file = {
    name: "villages.csv",
    mimeType: "text/csv",
    buffer: Buffer.from("name\nKibera\n"),
  };
  await (await chooser).setFiles(file);
  await page.getByRole("link", { name: "villages.csv" }).waitFor();
  await page.getByRole("button", { name: "Remove villages.csv" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove villages.csv?" });
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("link", { name: "villages.csv" }).waitFor({ state: "detached" });
});

test("a field by which lists are quick is added, and taken away", async () => {
  await page.goto(`${hub.url}/projects/clinic/forms/births`);
  const part = page.getByRole("region", { name: "Fields that lists are quick by" });
  const field = part.locator("input").and(part.getByLabel("Another field"));
  await field.fill("age");
  await page.getByRole("option", { name: "age", exact: true }).click();
  await part.getByRole("button", { name: "Add" }).click();
  const row = part.getByRole("row").filter({ hasText: "age" });
  await row.getByText("quick", { exact: true }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await row.getByRole("button", { name: "Remove age" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove age?" });
  await dialog.getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
});
