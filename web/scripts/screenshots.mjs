// Makes the pictures of the README anew: starts the demo, signs in, and takes the pages as they are.
// `npm run pictures`, after `make web` and a build of Fieldpost (`FIELDPOST_BIN` names another one).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
const binary =
  process.env.FIELDPOST_BIN ??
  fileURLToPath(new URL("../../target/debug/fieldpost", import.meta.url));

/** Readers of the README may be on a slow line. */
const MOST_BYTES = 150 * 1024;
const WINDOW = { width: 1280, height: 800 };

/** The demo, when it has shown everything: where it is, and the token of its administrator. */
async function startDemo() {
  const demo = spawn(binary, ["demo", "--listen", "127.0.0.1:0", "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let url;
  for await (const line of createInterface({ input: demo.stdout })) {
    url ??= /stays up at (http:\S+)/.exec(line)?.[1];
    const token = /Admin token for its API: (\S+)/.exec(line)?.[1];
    if (url !== undefined && token !== undefined) {
      // What else it prints must not fill the pipe.
      demo.stdout.resume();
      return { url, token, stop: () => stop(demo) };
    }
  }
  throw new Error("the demo ended before it was ready");
}

async function stop(demo) {
  const ended = once(demo, "exit");
  demo.kill("SIGTERM");
  await ended;
}

/** The newest message of the demo that went to more than one destination. */
async function widelySent(hub) {
  const ask = async (path) => {
    const response = await fetch(`${hub.url}/api/v1/projects/demo/${path}`, {
      headers: { authorization: `Bearer ${hub.token}` },
    });
    return response.json();
  };
  const { items } = await ask("messages?state=kept&limit=50");
  for (const { id } of items) {
    const { deliveries } = await ask(`messages/${id}/timeline`);
    if (deliveries.length > 1) {
      return id;
    }
  }
  throw new Error("no message of the demo went to more than one destination");
}

async function take(page, hub, name, path, ready) {
  await page.goto(hub.url + path);
  await ready(page);
  const file = join(folder, `${name}.png`);
  await page.screenshot({ path: file, animations: "disabled" });
  const { size } = statSync(file);
  console.log(`${file}: ${(size / 1024).toFixed(0)} KB`);
  if (size > MOST_BYTES) {
    throw new Error(`${file} is over ${MOST_BYTES / 1024} KB`);
  }
}

mkdirSync(folder, { recursive: true });
const hub = await startDemo();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const context = await browser.newContext({ locale: "en-GB", viewport: WINDOW });
  const page = await context.newPage();
  await page.goto(`${hub.url}/sign-in`);
  await page.evaluate(async (token) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ token });
    await fetch("/api/v1/session", { method: "POST", headers, body });
  }, hub.token);
  await take(page, hub, "overview", "/projects/demo", async (page) => {
    await page.locator("canvas").waitFor();
    await page.getByText("13 came in today", { exact: false }).waitFor();
  });
  await take(page, hub, "map", "/projects/demo/map", (page) =>
    page.getByRole("article").filter({ hasText: "warehouse" }).getByTitle("11 today").waitFor(),
  );
  await take(page, hub, "message", `/projects/demo/messages/${await widelySent(hub)}`, (page) =>
    page.getByRole("tree").waitFor(),
  );
} finally {
  await browser.close();
  await hub.stop();
}
