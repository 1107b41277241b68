// What stands around the pages keeps its promises: nothing that was typed is lost, Back takes back,
// keys act where they should, a hidden page takes nothing from the others, and dialogs can be used
// by everybody.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Hub, OWNER } from "./hub";
import { becomeOwner } from "./people";

let browser: Browser;
let hub: Hub;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  await window?.close();
  await browser?.close();
  await hub?.stop();
});

const clinic = (path: string) => `${hub.url}/projects/clinic/${path}`;
const isLive = () => page.getByText("live", { exact: true }).waitFor();

/** Hides the page, as another tab over it would, or shows it again. */
async function turn(page: Page, state: "hidden" | "visible"): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState", { configurable: true, value: "${state}" });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  `);
}

/** Answers what one path is asked with a refusal, until the way back is called. */
async function refuse(page: Page, path: string, method: string): Promise<() => Promise<void>> {
  const problem = { type: "about:blank", title: "", status: 409, code: "tried", hint: null };
  await page.route(`**${path}`, (route) =>
    route.request().method() === method
      ? route.fulfill({
          status: 409,
          contentType: "application/problem+json",
          body: JSON.stringify({ ...problem, detail: "refused by a test" }),
        })
      : route.fallback(),
  );
  return () => page.unroute(`**${path}`);
}

test("who mistypes their present password stays in, with what they typed", async () => {
  await page.goto(`${hub.url}/account`);
  await page.getByLabel("Present password").fill("not what it is");
  await page.getByLabel("New password").fill("a longer sentence than before");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("401 wrong-credentials").waitFor();
  expect(await page.getByLabel("New password").inputValue()).toBe("a longer sentence than before");
  expect(await page.getByText("Your session has ended").count()).toBe(0);
});

test("a look that fails in the background takes nothing away", async () => {
  // Its clock is put forward: it is a window of its own.
  const other = await Window.open(browser, { storageState: await window.context.storageState() });
  const { page } = other;
  await page.clock.install();
  await page.goto(`${hub.url}/account`);
  await page.getByLabel("New password").fill("typed, and not sent yet");
  const mend = await refuse(page, "/api/v1/account", "GET");
  // After a while in another tab, what is shown is asked for anew.
  await turn(page, "hidden");
  await page.clock.fastForward("01:00");
  await turn(page, "visible");
  await page.getByText("What stands below could not be brought up to date.").waitFor();
  expect(await page.getByLabel("New password").inputValue()).toBe("typed, and not sent yet");
  await mend();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("could not be brought up to date").waitFor({ state: "detached" });
  expect(await page.getByLabel("New password").inputValue()).toBe("typed, and not sent yet");
  await other.close();
});

test("Back takes back a filter, and not the columns", async () => {
  await page.goto(clinic("messages"));
  await isLive();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("combobox", { name: "State" }).click();
  await page.getByRole("option", { name: "quarantined" }).click();
  await page.waitForURL("**/messages?state=quarantined");
  await page.keyboard.press("Escape");
  const field = page.getByRole("textbox", { name: "Search" });
  await field.fill("measles");
  await field.press("Enter");
  await page.waitForURL("**/messages?state=quarantined&text=measles");
  await page.goBack();
  await page.waitForURL("**/messages?state=quarantined");
  await page.goBack();
  await page.waitForURL("**/messages");
  expect(await page.getByRole("button", { name: /^Remove the filter/ }).count()).toBe(0);
});

test("a moment counts when it is typed, however the form is closed", async () => {
  // Without motion the form is gone at once, with the field that was typed into.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(clinic("messages"));
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const since = page.getByLabel("Since", { exact: true });
  await since.fill("2026-01-02T03:04");
  expect(new URL(page.url()).search).toBe("");
  await page.getByRole("heading", { level: 1 }).click();
  await page.waitForURL("**/messages?since=2026-01-0*");
  await page.emulateMedia({ reducedMotion: null });
});

test("a time in the address that is none is left out", async () => {
  await page.goto(clinic("messages?since=24h"));
  await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
  expect(await page.getByText("This page could not be shown").count()).toBe(0);
});

test("a slash is a slash in an editor, and finds everything elsewhere", async () => {
  await page.goto(clinic("project-file"));
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const editor = page.getByRole("textbox", { name: "Project file" });
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# and/or");
  await editor.getByText("# and/or").waitFor();
  const palette = page.getByRole("combobox", { name: "Search" });
  expect(await palette.count()).toBe(0);

  await page.goto(clinic("messages"));
  await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
  await page.keyboard.press("/");
  await palette.fill("overv");
  await page.getByRole("option", { name: "Overview" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/projects/clinic");
  await palette.waitFor({ state: "detached" });
  await page.locator("h1:focus").waitFor();
});

test("single letters can be turned off", async () => {
  await page.goto(clinic("messages"));
  await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("switch", { name: "Single letters act" }).uncheck({ force: true });
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.keyboard.press("/");
  expect(await dialog.count()).toBe(0);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Keyboard" }).click();
  await dialog.getByRole("switch", { name: "Single letters act" }).check({ force: true });
  await page.keyboard.press("Escape");
});

test("the focus goes to the heading of the page that is gone to", async () => {
  await page.goto(clinic("messages"));
  await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
  const rail = page.getByRole("navigation", { name: "Navigation" });
  await rail.getByRole("link", { name: "Forwarders" }).click();
  await page.locator("h1:focus", { hasText: "Forwarders" }).waitFor();
});

test("a heading that comes anew with the data has the focus all the same", async () => {
  await page.goto(clinic("messages"));
  await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/v1/projects/clinic/overview?*", async (route) => {
    await held;
    await route.continue();
  });
  const rail = page.getByRole("navigation", { name: "Navigation" });
  await rail.getByRole("link", { name: "Overview" }).click();
  const first = await page.locator("h1:focus").elementHandle();
  answer();
  await page.getByRole("heading", { name: "Sources" }).waitFor();
  expect(await first?.evaluate((heading) => heading.isConnected)).toBe(false);
  await page.locator("h1:focus").waitFor();
  await page.unroute("**/api/v1/projects/clinic/overview?*");
});

test("a page that is hidden holds no stream, and catches up when it is shown", async () => {
  await page.goto(clinic("messages"));
  await isLive();
  const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/events"));
  await turn(page, "hidden");
  await ended;
  await hub.send({ form: "births", children: [{ age: 4 }, { age: 1 }] });
  const again = page.waitForRequest((request) => request.url().endsWith("/events"));
  await turn(page, "visible");
  await again;
  await page.getByRole("row").filter({ hasText: "intake" }).waitFor();
});

test("a payload is walked through by keys", async () => {
  await page.goto(clinic("messages"));
  await page.getByRole("row").filter({ hasText: "intake" }).getByRole("link").click();
  const tree = page.getByRole("tree");
  await tree.getByText("births").waitFor();
  await tree.focus();
  const at = async () => {
    const id = await tree.getAttribute("aria-activedescendant");
    return page.locator(`[id="${id}"]`);
  };
  // The last line is the last child's age; two steps to the left stands the list that it is in.
  await tree.press("End");
  await (await at()).getByText("age").waitFor();
  await tree.press("ArrowLeft");
  await tree.press("ArrowLeft");
  await tree.press("ArrowLeft");
  const list = await at();
  await list.getByText("children").waitFor();
  await tree.press("ArrowLeft");
  expect(await list.getAttribute("aria-expanded")).toBe("false");
  await tree.press("ArrowUp");
  await tree.press("Enter");
  await page.getByRole("menuitem", { name: "Copy the path" }).waitFor();
  await page.keyboard.press("Escape");
});

test("a question goes with the page that asked it", async () => {
  await page.goto(clinic("messages"));
  const rail = page.getByRole("navigation", { name: "Navigation" });
  await rail.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Pause the project" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await page.goBack();
  await page.waitForURL("**/messages");
  await dialog.waitFor({ state: "detached" });
});

test("axe finds nothing serious in dialogs that are open", async () => {
  const dialog = page.getByRole("dialog");
  const looksWell = async () => {
    await dialog.waitFor();
    // Until a dialog has arrived, its colours are mixed with those behind it.
    await page.emulateMedia({ reducedMotion: "reduce" });
    await dialog.evaluate((element) =>
      Promise.all(element.getAnimations({ subtree: true }).map(({ finished }) => finished)),
    );
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  };
  await page.goto(clinic("settings"));
  await page.getByRole("button", { name: "Pause the project" }).click();
  await looksWell();
  await page.keyboard.press("?");
  await looksWell();
  await page.goto(clinic("deliveries"));
  await page.getByRole("checkbox", { name: "Select all rows that are loaded" }).check();
  await page.getByRole("button", { name: "Cancel…" }).click();
  await looksWell();
  await page.goto(clinic("members"));
  await page.getByRole("button", { name: "Add somebody" }).first().click();
  await looksWell();
  await page.goto(clinic("tokens"));
  await page.getByRole("button", { name: "Make a token" }).click();
  await looksWell();
  await page.goto(`${hub.url}/projects`);
  await page.getByRole("button", { name: "Create a project" }).click();
  await looksWell();
});

test("a sign-out that does not succeed is told, and the page stays", async () => {
  await page.goto(clinic("messages"));
  const mend = await refuse(page, "/api/v1/session", "DELETE");
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are still signed in here").waitFor();
  expect(new URL(page.url()).pathname).toBe("/projects/clinic/messages");
  await mend();
});

test("a session that ends under a form is begun again over it", async () => {
  await page.goto(`${hub.url}/account`);
  await page.getByLabel("Name", { exact: true }).fill("Amina of the north");
  // Somebody signs this account out everywhere else.
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await dialog.getByLabel("E-mail").inputValue()).toBe(OWNER.email);
  await dialog.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Amina of the north");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Your account is saved.").waitFor();
});

test("a page that only watches notices as well that its session has ended", async () => {
  await page.goto(clinic("messages"));
  await isLive();
  await page.context().clearCookies();
  await turn(page, "hidden");
  await turn(page, "visible");
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByRole("button", { name: "Leave this page" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
