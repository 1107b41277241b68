// What people do on the way in.
import type { Page } from "playwright-core";
import { type Hub, OWNER } from "./hub";

/** Opens the link that the hub printed, and becomes its first owner. */
export async function becomeOwner(page: Page, hub: Hub): Promise<void> {
  await page.goto(hub.welcome);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Your name").fill(OWNER.name);
  await page.getByLabel("New password").fill(OWNER.password);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.waitForURL((url) => url.pathname !== "/welcome");
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

export async function signIn(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
