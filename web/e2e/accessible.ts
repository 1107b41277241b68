// What axe finds on a page that keeps somebody out. Only what is serious fails a test.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/** What is serious on the page, a line each. */
export async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
