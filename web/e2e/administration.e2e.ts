// Who may do what: somebody is invited and kept within their level, tokens are made and revoked, an
// account is guarded by a second factor; and what a project is and keeps is changed as a whole.
import { createHmac } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { Hub, OWNER } from "./hub";
import { becomeOwner, signIn, signOut } from "./people";

let browser: Browser;
let hub: Hub;
let owner: Window;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
  owner = await Window.open(browser);
  await becomeOwner(owner.page, hub);
});

afterAll(async () => {
  await owner?.close();
  await browser?.close();
  await hub?.stop();
});

/** What a page of the hub gets when it asks the API, with its session: the status of the answer. */
function asks(page: Page, method: string, path: string): Promise<number> {
  const request = JSON.stringify({ method });
  return page.evaluate(
    `fetch(${JSON.stringify(`/api/v1/${path}`)}, ${request}).then((answer) => answer.status)`,
  );
}

/** The text of something that is shown once. */
async function shownOnce(page: Page, name: string): Promise<string> {
  return (await page.getByRole("region", { name, exact: true }).innerText()).trim();
}

const SECONDS_OF_A_CODE = 30;

/** The six digits of RFC 6238 that belong to a moment. */
function codeAt(secret: string, milliseconds: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const digits = [...secret.replaceAll(/[\s=]/g, "").toUpperCase()];
  const bits = digits.map((digit) => alphabet.indexOf(digit).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(milliseconds / 1000 / SECONDS_OF_A_CODE)));
  const digest = createHmac("sha1", key).update(step).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("a viewer is invited, comes in, and cannot act by the page or the API", async () => {
  const { page } = owner;
  await page.goto(`${hub.url}/projects/clinic/members`);
  await page.getByRole("button", { name: "Add somebody" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill("joao@example.org");
  await dialog.getByLabel("Name", { exact: true }).fill("João");
  await dialog.getByRole("button", { name: "Add somebody" }).click();
  const link = await shownOnce(page, "Invitation link");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("1 person has not accepted yet.").waitFor();

  const invited = await Window.open(browser);
  const viewer = invited.page;
  await viewer.goto(link);
  await viewer.getByLabel("New password").fill("another long sentence");
  await viewer.getByRole("button", { name: "Begin" }).click();
  await viewer.waitForURL("**/projects/clinic");
  const rail = viewer.getByRole("navigation", { name: "Navigation" });
  await rail.getByRole("link", { name: "Members" }).click();
  await viewer.getByRole("row").filter({ hasText: "João" }).getByText("may come in").waitFor();
  expect(await viewer.getByRole("button", { name: "Add somebody" }).count()).toBe(0);
  expect(await viewer.getByRole("button", { name: "Remove" }).count()).toBe(0);
  expect(await rail.getByRole("link", { name: "Tokens" }).count()).toBe(0);
  await rail.getByRole("link", { name: "Settings" }).click();
  await viewer.getByLabel("Title").waitFor();
  expect(await viewer.getByLabel("Title").isDisabled()).toBe(true);
  expect(await viewer.getByRole("button", { name: "Pause the project" }).count()).toBe(0);
  await invited.close();

  // What is not offered is refused as well. Refusals are errors in the console, so this window's
  // complaints are its own.
  const context = await browser.newContext();
  const bare = await context.newPage();
  await bare.goto(`${hub.url}/sign-in`);
  await bare.getByLabel("E-mail").fill("joao@example.org");
  await bare.getByLabel("Password", { exact: true }).fill("another long sentence");
  await bare.getByRole("button", { name: "Sign in" }).click();
  await bare.waitForURL("**/projects/clinic");
  expect(await asks(bare, "GET", "projects/clinic/members")).toBe(200);
  expect(await asks(bare, "POST", "projects/clinic/pause")).toBe(403);
  expect(await asks(bare, "POST", "projects/clinic/apply")).toBe(403);
  expect(await asks(bare, "GET", "projects/clinic/tokens")).toBe(403);
  expect(await asks(bare, "GET", "users")).toBe(403);
  await bare.goto(`${hub.url}/projects/clinic/tokens`);
  await bare.getByText("This takes the level “admin” in this project").waitFor();
  await bare.goto(`${hub.url}/projects/clinic/audit`);
  await bare.getByText("This takes the level “admin” in this project").waitFor();
  expect(await bare.getByRole("button", { name: "Try again" }).count()).toBe(0);
  await bare.goto(`${hub.url}/installation/users`);
  await bare.getByText("These pages are for those who run the installation.").waitFor();
  await context.close();
});

test("a token is made, opens what its level may, and is revoked", async () => {
  const { page } = owner;
  await page.goto(`${hub.url}/projects/clinic/tokens`);
  await page.getByRole("button", { name: "Make a token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Dashboard");
  await dialog.getByRole("button", { name: "Make a token" }).click();
  const token = await shownOnce(page, "Token");
  expect(token).toMatch(/^fpt_/);
  expect(await shownOnce(page, "Example with curl")).toContain(token);
  await dialog.getByRole("button", { name: "Done" }).click();

  const headers = { authorization: `Bearer ${token}` };
  const overview = `${hub.url}/api/v1/projects/clinic/overview`;
  expect((await fetch(overview, { headers })).status).toBe(200);
  const pause = `${hub.url}/api/v1/projects/clinic/pause`;
  expect((await fetch(pause, { method: "POST", headers })).status).toBe(403);

  await page.getByRole("button", { name: "Revoke Dashboard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("There is no token yet.").waitFor();
  expect((await fetch(overview, { headers })).status).toBe(401);

  await page.goto(`${hub.url}/projects/clinic/audit?action=token.revoked`);
  await page.getByRole("button", { name: "Remove the filter: Token revoked" }).waitFor();
  const row = page.getByRole("row").filter({ hasText: "Token revoked" });
  await row.getByRole("link").click();
  const details = page.getByRole("complementary", { name: "Token revoked" });
  await details.getByText("token.revoked").waitFor();
  await details.getByText(OWNER.name).waitFor();
});

test("a project file is changed and applied, and its mistakes are told at their lines", async () => {
  const { page } = owner;
  await page.goto(`${hub.url}/projects/clinic/project-file`);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const editor = page.getByRole("textbox", { name: "Project file" });
  const write = async (text: string) => {
    await editor.click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  };
  const look = page.getByRole("button", { name: "See what would change" });
  const connections = '  warehouse: { url: "http://127.0.0.1:9/hook", timeout: soon }\n';
  await write(`project: clinic\ntitle: Clinics of the north\nconnections:\n${connections}`);
  await look.click();
  await page.getByRole("alert").getByText("connections.warehouse.timeout").waitFor();
  await page.getByRole("button", { name: "Line 4" }).click();

  await write(`project: clinic\ntitle: Clinics of the north\n`);
  await page.getByLabel("Also remove what the file lacks").check();
  await look.click();
  const plan = page.getByRole("region", { name: "What would change" });
  await plan.getByText("removed source intake").waitFor();
  // What was looked at is no longer what would be applied.
  await page.getByLabel("Also remove what the file lacks").uncheck();
  await page.getByText("Look again before you apply it.").waitFor();
  expect(await page.getByRole("button", { name: "Apply" }).count()).toBe(0);
  await look.click();
  await plan.getByText("Clinics of the north").waitFor();
  expect(await plan.getByText("removed").count()).toBe(0);
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText("1 change is applied.").waitFor();
  await page.goto(`${hub.url}/projects`);
  await page.getByRole("link", { name: "Clinics of the north" }).waitFor();
});

test("a retention says what it erases, and a person is erased after their name is typed", async () => {
  const { page } = owner;
  await hub.send({ form: "births", mother: "Fatou" });
  await page.goto(`${hub.url}/projects/clinic/messages`);
  const row = page.getByRole("row").filter({ hasText: "intake" }).getByRole("link");
  const id = (await row.getAttribute("href"))?.split("/").at(-1) ?? "";
  expect(id).toMatch(/^[0-9a-f-]{36}$/);

  await page.goto(`${hub.url}/projects/clinic/settings`);
  await page.getByText("Nothing is erased: everything is kept for ever.").waitFor();
  await page.getByLabel("Attempts", { exact: true }).fill("90");
  await page.getByText("Attempts are erased after 90 days.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings are saved.").waitFor();

  await page.getByRole("link", { name: "Erasing a person" }).click();
  await page.getByRole("combobox", { name: "Known by" }).click();
  await page.getByRole("option", { name: "id of a message" }).click();
  await page.getByLabel("Name or id").fill(id);
  await page.getByRole("button", { name: "See what would be erased" }).click();
  const erase = page.getByRole("button", { name: "Erase for good" });
  await erase.waitFor();
  expect(await erase.isDisabled()).toBe(true);
  await page.getByLabel(`Type ${id} to erase it for good`).fill(id);
  await erase.click();
  await page.getByText("It is erased.").waitFor();
  const book = page.getByRole("table", { name: "What was erased" });
  await book.getByRole("row").filter({ hasText: OWNER.name }).waitFor();
  const gone = await asks(page, "GET", `projects/clinic/messages/${id}`);
  expect(gone).toBe(200);
  const shown: string = await page.evaluate(
    `fetch("/api/v1/projects/clinic/messages/${id}").then((answer) => answer.text())`,
  );
  expect(JSON.parse(shown).erased_at).not.toBeNull();

  // Its page says so in words, and offers nothing that cannot help.
  await page.goto(`${hub.url}/projects/clinic/messages/${id}`);
  await page.getByText("What came in was erased for good").waitFor();
  expect(await page.getByRole("button", { name: /Try again|Replay/ }).count()).toBe(0);
  await page.getByRole("tab", { name: "Why matched" }).click();
  await page.getByText("What came in was erased for good").waitFor();
  expect(await page.getByText("0 of 0").count()).toBe(0);
});

test("a second factor is set up by a computed code, and asked for at the next sign-in", async () => {
  const { page } = owner;
  await page.goto(`${hub.url}/account`);
  await page.getByRole("button", { name: "Add a second factor" }).click();
  await page
    .getByRole("region", { name: "Second factor" })
    .getByLabel("Present password")
    .fill(OWNER.password);
  await page.getByRole("button", { name: "Add a second factor" }).click();
  await page.getByRole("img", { name: "The secret as a QR code" }).waitFor();
  const secret = await shownOnce(page, "Secret");
  const now = Date.now();
  await page.getByRole("textbox", { name: "Code" }).fill(codeAt(secret, now));
  await page.getByRole("button", { name: "Confirm" }).click();
  const codes = (await shownOnce(page, "Recovery codes")).split(/\s+/);
  expect(new Set(codes).size).toBe(10);
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes are left.").waitFor();

  await signOut(page);
  await signIn(page);
  // A code is taken once: this is the one of the next half minute, which clocks may already show.
  await page.getByLabel("Code").fill(codeAt(secret, now + SECONDS_OF_A_CODE * 1000));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/projects/**");

  await page.goto(`${hub.url}/account`);
  const factor = page.getByRole("region", { name: "Second factor" });
  await factor.getByRole("button", { name: "New recovery codes" }).click();
  await factor.getByLabel("Present password").fill(OWNER.password);
  await factor.getByRole("button", { name: "New recovery codes" }).click();
  await page.getByText("They are not shown again.").waitFor();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes are left.").waitFor();
  await factor.getByRole("button", { name: "Remove the second factor" }).click();
  await factor.getByLabel("Present password").fill(OWNER.password);
  await factor.getByRole("button", { name: "Remove the second factor" }).click();
  await page.getByRole("button", { name: "Add a second factor" }).waitFor();
});
