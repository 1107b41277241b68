// What was filled in is found by what was answered, on a map too; a correction shows what it changed,
// and what is erased is gone.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { BIRTHS, birth, FIELD_PROJECT, PICTURE } from "./field";
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
  const status = await page.evaluate(async (body) => {
    const headers = { "content-type": "application/xml" };
    return (await fetch("/api/v1/projects/clinic/forms", { method: "POST", headers, body })).status;
  }, BIRTHS.toString());
  expect(status).toBe(201);
  await hub.sendForm(birth({ id: "b1", name: "Amina", age: 3, place: "-1.30 36.80 0 5" }));
  await hub.sendForm(birth({ id: "b2", name: "Juma", age: 21, sick: "y", picture: "p.png" }), {
    "p.png": PICTURE,
  });
});

afterAll(async () => {
  await window?.close();
  await browser?.close();
  await hub?.stop();
});

const submissions = (search: string) => `${hub.url}/projects/clinic/submissions${search}`;
const row = (name: string) => page.getByRole("row").filter({ hasText: name });

test("the columns are those of the form, with its labels, and a filter is a step of Back", async () => {
  await page.goto(submissions(""));
  await page.getByRole("combobox", { name: "Form" }).click();
  await page.getByRole("option", { name: "Births & first days" }).click();
  await page.getByRole("columnheader", { name: "Weight (kg)" }).waitFor();
  await row("Juma").getByText("3.10", { exact: true }).waitFor();
  await row("Juma").getByText("Fever, Cough").waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page
    .locator("input")
    .and(page.getByLabel("Field", { exact: true }))
    .fill("age");
  await page.getByRole("combobox", { name: "What is asked" }).click();
  await page.getByRole("option", { name: "is at least" }).click();
  await page.getByRole("textbox", { name: "Value", exact: true }).fill("18");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("where") === "values.age>=18");
  await row("Amina").waitFor({ state: "detached" });
  await row("Juma").waitFor();
  await page.keyboard.press("Escape");
  await page.goBack();
  await row("Amina").waitFor();
});

test("a file has what the conditions leave", async () => {
  await page.goto(submissions("?form=births&where=values.sick%3Dy"));
  await row("Juma").waitFor();
  await page.getByRole("button", { name: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const stream = await (await download).createReadStream();
  const text = Buffer.concat(await stream.toArray()).toString();
  expect(text).toContain("Juma");
  expect(text).not.toContain("Amina");
});

test("a workbook has the same, and can be opened", async () => {
  await page.goto(submissions("?form=births&where=values.sick%3Dy"));
  await row("Juma").waitFor();
  await page.getByRole("button", { name: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "XLSX" }).click();
  const stream = await (await download).createReadStream();
  const [head, ...rows] = rowsOf(Buffer.concat(await stream.toArray()));
  expect(head).toContain("weight");
  expect(rows).toHaveLength(1);
  expect(rows[0]).toContain("Juma");
});

test("those with a place are a filter, for the file too; what a file does not heed is told", async () => {
  await page.goto(submissions("?form=births&user=grace"));
  await row("Juma").waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("combobox", { name: "Place", exact: true }).click();
  await page.getByRole("option", { name: "with a place", exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get("has_position") === "true");
  await row("Juma").waitFor({ state: "detached" });
  await row("Amina").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByText("The file does not heed: by grace.").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const stream = await (await download).createReadStream();
  const text = Buffer.concat(await stream.toArray()).toString();
  expect(text).toContain("Amina");
  expect(text).not.toContain("uuid:b2");
  await page.goto(submissions("?form=births&has_position=false"));
  await row("Juma").waitFor();
  expect(await row("Amina").count()).toBe(0);
  const views = page.getByRole("navigation", { name: "How they are shown" });
  await views.getByRole("link", { name: "Map" }).click();
  await page.getByText("None of these says where it was filled in.").waitFor();
});

test("a place on the map is opened by a press, and those in sight stand in a list", async () => {
  await page.goto(submissions("?form=births&view=map"));
  await page.getByText("1 place.").waitFor();
  await page.getByRole("heading", { name: "1 in sight" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  const map = page.getByRole("application");
  await map.focus();
  await map.press("ArrowLeft");
  await map.press("+");
  await map.press("0");
  // The only place stands in the middle of the map that shows all.
  const box = await map.locator("canvas").boundingBox();
  if (box === null) {
    throw new Error("there is no map");
  }
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForURL(/submissions\/[0-9a-f-]{36}$/);
  await page.getByText("Amina").waitFor();
});

test("without a place the map says how to ask for one", async () => {
  await page.goto(submissions("?form=births&view=map&where=values.sick%3Dy"));
  await page.getByText("None of these says where it was filled in.").waitFor();
});

test("answers stand with their labels, and pictures are drawn", async () => {
  await page.goto(submissions("?form=births&where=values.sick%3Dy"));
  await row("Juma").getByRole("link").first().click();
  const answer = page.getByRole("img", { name: "The picture p.png" });
  await answer.waitFor();
  await expect
    .poll(() => answer.evaluate((image) => (image as HTMLImageElement).naturalWidth))
    .toBe(1);
  await page.getByText("Signs of").waitFor();
  expect(await page.getByText("Position").count()).toBe(0);
  await page.getByRole("switch", { name: "Show what was not answered" }).click();
  await page.getByText("Position").waitFor();
});

test("a correction comes in live, and shows what it changed", async () => {
  await page.goto(submissions("?form=births"));
  await page.getByText("live", { exact: true }).waitFor();
  await hub.sendForm(birth({ id: "b3", corrects: "b1", name: "Amina", age: 3, weight: "3.105" }));
  await row("Amina").getByText("3.105", { exact: true }).waitFor();
  await row("Amina").getByRole("link").first().click();
  await page.getByRole("tab", { name: "Versions" }).click();
  const change = page.getByRole("row").filter({ hasText: "values.weight" });
  await change.getByText("3.10", { exact: true }).waitFor();
  await change.getByText("3.105", { exact: true }).waitFor();
  await page.getByText("Side by side").click();
  await page.getByText("<weight>3.105</weight>").waitFor();
  await page.getByText("<weight>3.10</weight>").waitFor();
});

test("what is erased is gone", async () => {
  await page.goto(submissions("?form=births"));
  await row("Juma").getByRole("link").first().click();
  await page.getByRole("button", { name: "Erase…" }).click();
  const dialog = page.getByRole("dialog", { name: "Erase this submission for good?" });
  await dialog.getByText("Messages", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Erase for good" }).click();
  await page.waitForURL("**/submissions?form=births");
  await row("Amina").waitFor();
  expect(await row("Juma").count()).toBe(0);
});
