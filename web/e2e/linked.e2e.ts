// Files that a submission only links to: a source is told by which connection they are fetched, what
// keeps them away is told at the record, and once that is mended they are fetched and open.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { PICTURE } from "./field";
import { Hub } from "./hub";
import { becomeOwner } from "./people";

const SECRET = "secret-of-the-kobo-1";
const TOKEN = "Token of-kobo";
const DENIED = 401;
const GONE = 410;

/** A promise, and what settles it. */
function signal(): [Promise<void>, () => void] {
  let settle = () => {};
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return [promise, settle];
}

/** A server of KoboToolbox that gives its files to whoever shows the token, once it is mended. */
class Kobo {
  isMended = false;
  /** Whoever asks for `slow.png` is kept waiting until this is called. */
  readonly letGo: () => void;
  /** Settled once somebody asks for `slow.png`. */
  readonly asked: Promise<void>;
  /** The tokens that were shown. */
  readonly shown = new Set<string | undefined>();

  private readonly wasAsked: () => void;
  private readonly free: Promise<void>;

  private constructor(private readonly server: Server) {
    [this.asked, this.wasAsked] = signal();
    [this.free, this.letGo] = signal();
  }

  static async start(): Promise<Kobo> {
    const picture = Buffer.from(await PICTURE.arrayBuffer());
    const server = createServer();
    const kobo = new Kobo(server);
    server.on("request", async ({ url, headers }, response) => {
      kobo.shown.add(headers.authorization);
      if (url === "/media/slow.png") {
        kobo.wasAsked();
        await kobo.free;
      }
      if (kobo.isMended && headers.authorization === TOKEN) {
        response.writeHead(200, { "content-type": "image/png" }).end(picture);
      } else {
        response.writeHead(url === "/media/gone.png" ? GONE : DENIED).end("not today");
      }
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return kobo;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let browser: Browser;
let hub: Hub;
let kobo: Kobo;
let window: Window;
let page: Page;

beforeAll(async () => {
  kobo = await Kobo.start();
  const project = `
project: clinic
title: Clinic network
sources:
  kobo: { dialect: kobo, secret: ${SECRET} }
connections:
  kobo-files: { url: "${kobo.url}", auth: { headers: { Authorization: "${TOKEN}" } } }
  warehouse: { url: "postgres://127.0.0.1:9/warehouse" }
`;
  [browser, hub] = await Promise.all([launch(), Hub.start(project)]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  kobo?.stop();
  await window?.close().finally(() => browser.close());
  await hub?.stop();
});

/** A submission as KoboToolbox posts it, with links to its files. */
async function send(uuid: string, ...names: string[]): Promise<void> {
  const body = {
    _xform_id_string: "visit",
    _uuid: uuid,
    village: "Kibera",
    _attachments: names.map((name) => ({
      download_url: `${kobo.url}/media/${name}`,
      mimetype: "image/png",
      filename: `clinic/attachments/${name}`,
    })),
  };
  const response = await fetch(`${hub.url}/inbox/${SECRET}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

/** Opens the files of a submission. */
async function openFiles(uuid: string): Promise<void> {
  await page.goto(`${hub.url}/projects/clinic/submissions?instance_id=${uuid}`);
  await page.getByRole("row").filter({ hasText: "visit" }).getByRole("link").first().click();
  await page.getByRole("tab", { name: "Files" }).click();
}

const file = (name: string) => page.getByRole("listitem").filter({ hasText: name });

test("a source is told by which connection files are fetched, and keeps it", async () => {
  await page.goto(`${hub.url}/projects/clinic/sources/kobo/change`);
  const field = page.getByRole("combobox", { name: "Files that submissions only link to" });
  expect(await field.inputValue()).toBe("stay where they are");
  await field.click();
  // A database has no files.
  expect(await page.getByRole("option").allTextContents()).toEqual([
    "stay where they are",
    "are fetched by kobo-files",
  ]);
  await page.getByRole("option", { name: "are fetched by kobo-files" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "kobo" }).waitFor();
  await page.getByText("are fetched by kobo-files").waitFor();
  await page.goto(`${hub.url}/projects/clinic/sources/kobo/change`);
  await expect.poll(() => field.inputValue()).toBe("are fetched by kobo-files");
});

test("a file that is refused says why at the record, and comes when it is asked for again", async () => {
  await send("visit-1", "denied.png", "gone.png");
  await openFiles("visit-1");
  await file("denied.png").getByText("to be fetched").waitFor();
  await file("denied.png")
    .getByText(/^401 Unauthorized/)
    .waitFor();
  await file("denied.png").getByText("Next try").waitFor();
  await file("gone.png").getByText("could not be fetched").waitFor();
  await file("gone.png")
    .getByText(/^410 Gone/)
    .waitFor();
  expect(await file("gone.png").getByText("Next try").count()).toBe(0);
  expect(await barriers(page)).toEqual([]);

  kobo.isMended = true;
  await page.getByRole("button", { name: "Fetch what has not come" }).click();
  await page.getByText("2 files are being fetched.").waitFor();
  for (const name of ["denied.png", "gone.png"]) {
    const picture = page.getByRole("img", { name: `The picture ${name}` });
    await picture.waitFor();
    await expect
      .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth))
      .toBe(1);
  }
  await page
    .getByRole("button", { name: "Fetch what has not come" })
    .waitFor({ state: "detached" });
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download gone.png" }).click();
  const stream = await (await download).createReadStream();
  expect(Buffer.concat(await stream.toArray())).toEqual(Buffer.from(await PICTURE.arrayBuffer()));
  expect([...kobo.shown]).toEqual([TOKEN]);
});

test("a file that takes long to fetch appears when it has come", async () => {
  await send("visit-2", "slow.png");
  await kobo.asked;
  await openFiles("visit-2");
  await file("slow.png").getByText("to be fetched").waitFor();
  kobo.letGo();
  await page.getByRole("img", { name: "The picture slow.png" }).waitFor();
});
