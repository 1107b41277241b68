// What axe finds on a page that keeps somebody out. Only what is serious fails a test.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/** What is serious on the page, a line each; of all rules, unless some are named. */
export async function barriers(page: Page, rules: string[] = []): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules.length > 0 ? axe.withRules(rules) : axe).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
