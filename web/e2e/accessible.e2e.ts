// Every page can be used by everybody: axe finds nothing serious, by day and by night, on a desk and
// on a phone.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Hub, OWNER } from "./hub";
import { becomeOwner, signIn } from "./people";

let browser: Browser;
let hub: Hub;
let message: string;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start()]);
  const window = await Window.open(browser);
  await becomeOwner(window.page, hub);
  await hub.send({ form: "births", mother: { name: OWNER.name }, children: [{ age: 4 }] });
  await window.page.goto(`${hub.url}/projects/clinic/messages`);
  const link = window.page.getByRole("row").filter({ hasText: "intake" }).getByRole("link");
  message = (await link.getAttribute("href")) ?? "";
  await window.close();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

/** Pages, and the word by which each is known to be there. */
const PAGES = (): [string, string][] => [
  ["/projects", "Clinic network"],
  ["/projects/clinic/messages", "intake"],
  [message, "mother"],
  [`${message}?tab=received`, "mother"],
  [`${message}?tab=headers`, "content-type"],
  [`${message}?tab=matched`, "births"],
  [`${message}?tab=attempts`, "Outcome"],
  [`${message}?tab=history`, "Delivery made"],
];

test.each([
  ["a desk by day", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }],
  ["a desk by night", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
  ["a phone by day", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
] as const)("on %s", async (_, options) => {
  const window = await Window.open(browser, { ...options, reducedMotion: "reduce" });
  const { page } = window;
  const found: string[] = [];
  const look = async (path: string) =>
    found.push(...(await barriers(page)).map((each) => `${path} ${each}`));
  await page.goto(`${hub.url}/sign-in`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await look("/sign-in");
  await signIn(page);
  await page.waitForURL("**/projects/**");
  for (const [path, word] of PAGES()) {
    await page.goto(hub.url + path);
    await page.getByText(word).first().waitFor();
    await look(path);
  }
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).waitFor();
  await look("the search");
  expect(found).toEqual([]);
  await window.close();
});
