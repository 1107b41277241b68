// The plain pages of forms, as a person uses them, with scripts and without: fill in, be told what is
// wrong, send, follow by the code, say something, change the answers. On each of them axe finds nothing
// serious.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Hub } from "./hub";

const PROJECT = `
project: clinic
title: Clinic network
roles: { agents: { name: Agents } }
forms:
  request:
    title: Ask for a visit
    description: "We come to you. It takes three minutes."
    tracking_codes: true
    fields:
      - { label: You, type: page }
      - { name: email, label: E-mail, type: email, required: true, hint: "We answer there." }
      - { name: kind, label: What is it about?, type: item, required: true, items: [ { id: ill, text: Somebody is ill }, { id: other, text: Something else } ] }
      - { name: what, label: What else?, type: string, required: true, condition: "form_var_kind_raw == 'other'" }
      - { name: help, label: What would help, type: items, items: [ { id: doctor, text: A doctor }, { id: water, text: Clean water } ] }
      - { label: The place, type: page }
      - { name: day, label: On which day?, type: date }
      - { name: number, label: How many people live there?, type: numeric }
      - { name: where, label: Where, type: map }
      - { name: photo, label: A photo, type: file }
      - { name: people, label: People, type: block, fields: [ { name: first, label: First name, type: string, required: true }, { name: small, label: Younger than five, type: bool } ] }
      - { name: order, label: Most important, type: ranked-items, items: [ { id: a, text: Soon }, { id: b, text: Near } ] }
      - { name: meals, label: Meals, type: tablerows, columns: [ What, How often ] }
      - { name: sum, label: In short, type: computed, template: "{{ form_var_kind }} for {{ form_var_number }}" }
    lifecycle:
      functions: { _receiver: agents }
      statuses:
        new:
          name: Received
          actions:
            - { edit: true, by: [_submitter] }
            - { comment: true, by: [_submitter, _receiver] }
            - { attach: true, by: [_submitter] }
            - { jump: withdrawn, by: [_submitter], label: Withdraw it }
        withdrawn: { name: Withdrawn, endpoint: true }
  closed: { title: Closed, disabled: true, fields: [ { name: a, label: A, type: string } ] }
  staff: { title: For staff, submitters: [agents], fields: [ { name: a, label: A, type: string } ] }
`;

const PHOTO = {
  name: "house.png",
  mimeType: "image/png",
  buffer: Buffer.from("not really a picture"),
};

let browser: Browser;
let hub: Hub;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start(PROJECT)]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

const SIZES = {
  "a desk": { width: 1440, height: 900 },
  "a phone": { width: 390, height: 844 },
};

/** What is wrong with the page that is open, in all its looks. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [name, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      found.push(...(await barriers(page)).map((each) => `${name}, ${colorScheme}: ${each}`));
    }
    if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) {
      found.push(`${name}: the page is wider than the window`);
    }
  }
  const headings = await page.getByRole("heading", { level: 1 }).count();
  return headings === 1 ? found : [...found, `${headings} headings of the first level`];
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** Fills in the form, makes each kind of mistake on the way, and sends it; the tracking code. */
async function fillIn(page: Page, looks: (page: Page) => Promise<string[]>): Promise<string> {
  await page.goto(`${hub.url}/p/clinic/request/`);
  await page.getByRole("heading", { name: "Ask for a visit" }).waitFor();
  expect(await looks(page)).toEqual([]);

  await press(page, "Continue");
  const alert = page.getByRole("alert");
  await alert.getByText("2 answers need another look").waitFor();
  expect(await page.locator("#mistakes:focus").count()).toBe(1);
  expect(await page.title()).toContain("Error: ");
  expect(await looks(page)).toEqual([]);
  await alert.getByRole("link", { name: /^E-mail/ }).click();
  expect(await page.locator("#a\\.email:focus").count()).toBe(1);

  await page.getByLabel("E-mail").fill("amina@example.org");
  await page.getByLabel("Something else").check();
  await page.getByLabel("Clean water").check();
  await press(page, "Continue");
  await page.getByText("Your answers lead to further questions on this page.").waitFor();
  await page.getByLabel("What else?").fill("A <b>question</b>");
  await press(page, "Continue");

  await page.getByText("Step 2 of 2").waitFor();
  await page.getByLabel("On which day?").fill("2026-11-23");
  await page.getByLabel("How many people live there?").fill("many");
  await page.getByLabel("Latitude").fill("48,85");
  await page.getByLabel("Longitude").fill("2.35");
  await page.getByLabel("A photo").setInputFiles(PHOTO);
  await page.getByLabel("First name").fill("Amina");
  await press(page, "Add another: People");
  await page.getByText("Given: house.png").waitFor();
  await page.getByLabel("First name").nth(1).fill("Nobody");
  await press(page, "Add another: People");
  await page.getByLabel("First name").nth(2).fill("João");
  await page.getByLabel("Younger than five").nth(2).check();
  await press(page, "Remove People · No. 2");
  expect(await page.getByLabel("First name").nth(1).inputValue()).toBe("João");
  await page.getByLabel("Rank of Near").fill("1");
  await page.getByLabel("What, line 1").fill("Rice");
  expect(await looks(page)).toEqual([]);
  await press(page, "Check the answers");
  await page.getByRole("alert").getByText("Enter a number.").waitFor();
  // The key Enter goes on, and removes nothing.
  await page.getByLabel("How many people live there?").fill("5,5");
  await page.getByLabel("How many people live there?").press("Enter");

  await page.getByRole("heading", { name: "Check your answers" }).waitFor();
  expect(await looks(page)).toEqual([]);
  const answers = await page.locator("main").innerText();
  for (const answer of [
    "amina@example.org",
    "A <b>question</b>",
    "Clean water",
    "2026-11-23",
    "5.5",
    "Latitude 48.85, Longitude 2.35",
    "house.png",
    "João",
    "Rice",
    "Something else for 5.5",
  ]) {
    expect(answers).toContain(answer);
  }
  await page.getByRole("button", { name: "Change: You" }).click();
  await page.getByLabel("E-mail").fill("joao@example.org");
  await press(page, "Continue");
  await press(page, "Check the answers");
  await press(page, "Send");

  await page.getByRole("heading", { name: "It has been sent" }).waitFor();
  expect(await looks(page)).toEqual([]);
  const code = await page.locator(".code").innerText();
  expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
  return code;
}

/** Comes back by the code, and does all that a submitter can. */
async function follow(page: Page, code: string, looks: (page: Page) => Promise<string[]>) {
  await page.goto(`${hub.url}/p/clinic/request/`);
  await page.getByRole("link", { name: "Follow what you sent by its tracking code" }).click();
  await page.getByLabel("Tracking code").fill("BBBBBBBB");
  await press(page, "Follow");
  await page.getByText("Nothing was sent under this code.").waitFor();
  expect(await looks(page)).toEqual([]);
  await page
    .getByLabel("Tracking code")
    .fill(` ${code.toLowerCase().slice(0, 4)}-${code.slice(4)}`);
  await press(page, "Follow");
  await page.getByRole("heading", { name: /^Ask for a visit #/ }).waitFor();
  await page.locator(".status").getByText("Received").waitFor();

  await press(page, "Send");
  await page.getByText("Write something first.").waitFor();
  await page.getByLabel("Say something").fill("Hello?\n<script>");
  await press(page, "Send");
  await page.locator(".history").getByText("Hello?").waitFor();
  await page.getByLabel("Add a file").setInputFiles(PHOTO);
  await press(page, "Add");
  await page.locator(".history").getByText("Attached: house").waitFor();
  expect(await looks(page)).toEqual([]);

  await page.getByRole("link", { name: "Change the answers" }).click();
  expect(await page.getByLabel("E-mail").inputValue()).toBe("joao@example.org");
  await page.getByLabel("E-mail").fill("amina@example.org");
  await press(page, "Continue");
  expect(await page.getByLabel("First name").nth(1).inputValue()).toBe("João");
  await page.getByText("Given: house.png").waitFor();
  await press(page, "Check the answers");
  await press(page, "Save the changes");
  await page.locator("dd").getByText("amina@example.org").waitFor();

  await press(page, "Withdraw it");
  await page.locator(".status").getByText("Withdrawn").waitFor();
  expect(await page.getByRole("heading", { name: "What you can do" }).count()).toBe(0);
}

test.each([true, false])("a form from its first page to its end, scripts: %s", async (scripts) => {
  // Axe is a script itself.
  const looks = scripts ? faults : async () => [];
  const window = await Window.open(browser, { javaScriptEnabled: scripts });
  const code = await fillIn(window.page, looks);
  await window.close();
  const other = await Window.open(browser, { javaScriptEnabled: scripts }, "/p/clinic/code/");
  await follow(other.page, code, looks);
  await other.close();
});

test("a draft is kept and goes on, in French", async () => {
  const window = await Window.open(browser, { locale: "fr-FR" });
  const { page } = window;
  await page.goto(`${hub.url}/p/clinic/request/`);
  expect(await page.locator("html").getAttribute("lang")).toBe("fr");
  await page.getByLabel("E-mail").fill("not an address");
  await press(page, "Enregistrer et continuer plus tard");
  await page.getByRole("heading", { name: "C’est gardé pour vous" }).waitFor();
  expect(await faults(page)).toEqual([]);
  const code = await page.locator(".code").innerText();
  await window.close();

  const other = await Window.open(browser, { locale: "fr-FR" });
  await other.page.goto(`${hub.url}/p/clinic/code/`);
  await other.page.getByLabel("Code de suivi").fill(code);
  await press(other.page, "Suivre");
  await other.page.getByRole("link", { name: "Continuer le formulaire" }).click();
  const email = other.page.getByLabel("E-mail");
  expect(await email.inputValue()).toBe("not an address");
  await email.fill("amina@example.org");
  await other.page.getByLabel("Somebody is ill").check();
  await press(other.page, "Continuer");
  await press(other.page, "Vérifier les réponses");
  await press(other.page, "Envoyer");
  await other.page.getByRole("heading", { name: "C’est envoyé" }).waitFor();
  expect(await other.page.locator(".code").innerText()).toBe(code);
  await other.close();
});

test("a position is filled in by the browser, where it can", async () => {
  const window = await Window.open(browser, {
    geolocation: { latitude: -18.9, longitude: 47.5 },
    permissions: ["geolocation"],
  });
  const { page } = window;
  await page.goto(`${hub.url}/p/clinic/request/`);
  await page.getByLabel("E-mail").fill("amina@example.org");
  await page.getByLabel("Somebody is ill").check();
  await press(page, "Continue");
  await press(page, "Use my position");
  await expect.poll(() => page.getByLabel("Latitude").inputValue()).toBe("-18.900000");
  expect(await page.getByLabel("Longitude").inputValue()).toBe("47.500000");
  await window.close();
});

const NOTICES = [
  ["/p/nowhere/request/", 404, "There is nothing here"],
  ["/p/clinic/closed/", 403, "This form is closed"],
  ["/p/clinic/staff/", 403, "This form is not open to everybody"],
  ["/p/clinic/request/1/", 403, "This page is private"],
  ["/p/clinic/request/999999/", 403, "This page is private"],
] as const;

test.each(NOTICES)("%s tells why it shows nothing", async (path, status, heading) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const response = await page.goto(hub.url + path);
  expect(response?.status()).toBe(status);
  await page.getByRole("heading", { name: heading }).waitFor();
  expect(await faults(page)).toEqual([]);
  await context.close();
});
