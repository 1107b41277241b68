// Scrolling through a list as a reader does who has patience: with the wheel.
import type { Browser, Page } from "playwright-core";
import { tasksWhile } from "./trace";

/** Rows that are scrolled through, of a list that is much longer. */
export const ROWS = 10_000;
/** No task may hold up the page for longer: in time of the processor, so that what else a machine
 *  does meanwhile does not count. */
export const LONGEST_TASK_MILLISECONDS = 200;

/** Turns the wheel over the table until so many rows have passed; the answer is the milliseconds
 *  that the longest task of the page's main thread took meanwhile. */
export async function scrollThrough(browser: Browser, page: Page, rows = ROWS): Promise<number> {
  const table = page.getByRole("table");
  const lastRow = async () =>
    Number(await table.getByRole("row").last().getAttribute("aria-rowindex"));
  await table.hover();
  const tasks = await tasksWhile(browser, page, async () => {
    while ((await lastRow()) < rows) {
      await page.mouse.wheel(0, 6000);
      // The wheel is felt before the next frame, and a page of rows may be on its way.
      await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
      );
    }
  });
  return Math.max(...tasks);
}
