// The way of a message: it comes in while somebody looks, and is opened.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Window } from "./browser";
import { Hub } from "./hub";
import { becomeOwner, signIn, signOut } from "./people";

let browser: Browser;
let hub: Hub;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

test("a message appears while the page is open, and tells its way", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await becomeOwner(page, hub);

  // Who is signed out comes back to where they were.
  await signOut(page);
  await page.goto(`${hub.url}/projects/clinic/messages?state=kept`);
  await signIn(page);
  await page.waitForURL("**/projects/clinic/messages?state=kept");
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByText("No message fits these filters.").waitFor();

  await hub.send(
    '{"form":"births","weight":3400.10000000000000000001,"note":"<script>alert(1)</script>"}',
  );
  const row = page.getByRole("row").filter({ hasText: "intake" });
  await row.waitFor();
  await row.getByRole("link").click();

  const way = page.getByRole("region", { name: "The way of the message" });
  await way.getByText("received", { exact: true }).waitFor();
  await way.getByText("1 of 1").waitFor();
  await way.getByText("warehouse").waitFor();
  // Numbers keep their digits, and what looks like a script is text.
  const parsed = page.getByRole("tree");
  await parsed.getByText("3400.10000000000000000001").waitFor();
  await parsed.getByText('"<script>alert(1)</script>"').waitFor();
  expect(await page.locator("main script").count()).toBe(0);

  await page.getByRole("tab", { name: "Why matched" }).click();
  await page.getByText('`form` is "births"'.replaceAll("`", "")).waitFor();
  await window.close();
});

test("messages are found by a value, for as long as a span goes, and replayed together", async () => {
  const window = await Window.open(browser);
  const { page } = window;
  await hub.send('{"form":"births","weight":2900}');
  await page.goto(`${hub.url}/projects/clinic/messages?last=24h`);
  await signIn(page);
  await page
    .getByRole("button", { name: "Remove: last 24 h" })
    .or(page.getByText("last 24 h"))
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("textbox", { name: "Path" }).fill("weight");
  await page.getByRole("textbox", { name: "Value" }).fill("2900");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get("value") === "weight=2900");
  await page.getByRole("table").getByRole("row").nth(1).waitFor();
  expect(await page.getByRole("table").getByRole("row").count()).toBe(2);

  // Those with the value alone are replayed: the other one is looked into, and passed over.
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Replay…" }).click();
  await dialog.getByText("one without the value is passed over").waitFor();
  await dialog.getByRole("combobox", { name: "With the forwarder" }).click();
  await page.getByRole("option", { name: "births" }).click();
  await dialog.getByRole("button", { name: "Replay 2" }).click();
  await page.waitForURL("**/actions/*");
  await page.getByText("1 replayed").waitFor();
  await page.getByText("weight=2900").waitFor();

  await page.goto(`${hub.url}/projects/clinic/messages?source=intake`);
  await page.getByRole("button", { name: "Replay…" }).click();
  await dialog.getByText("Messages from intake.").waitFor();
  await dialog.getByRole("combobox", { name: "With the forwarder" }).click();
  await page.getByRole("option", { name: "births" }).click();
  await dialog.getByText("2 messages are looked at.").waitFor();
  await dialog.getByLabel("Why, if you like to say").fill("the filter was wrong");
  await dialog.getByRole("button", { name: "Replay 2" }).click();
  await page.waitForURL("**/actions/*");
  await page.getByText("the filter was wrong").waitFor();
  await page.getByText("2 replayed").waitFor();
  await window.close();
});

test("a phone shows the same without scrolling sideways, in French by night", async () => {
  const window = await Window.open(browser, {
    locale: "fr-FR",
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
  });
  const { page } = window;
  await page.goto(`${hub.url}/projects/clinic/messages`);
  await page.getByLabel("E-mail").fill("amina@example.org");
  await page.getByLabel("Mot de passe", { exact: true }).fill("a long sentence for the tests");
  await page.getByRole("button", { name: "Se connecter" }).click();
  await page.getByRole("row").filter({ hasText: "intake" }).first().waitFor();
  // The account speaks English, as its owner did when it was made; the choice changes both.
  const root = page.locator("html");
  expect(await root.getAttribute("lang")).toBe("en");
  await page.getByRole("button", { name: "Account" }).click();
  const kept = page.waitForResponse((response) => response.url().endsWith("/api/v1/account"));
  await page.getByRole("menuitemradio", { name: "Français" }).click();
  expect((await kept).status()).toBe(200);
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByPlaceholder("Texte, identité ou identifiant").waitFor();
  expect(await root.getAttribute("lang")).toBe("fr");
  expect(await root.getAttribute("data-mantine-color-scheme")).toBe("dark");
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  await window.close();
});
