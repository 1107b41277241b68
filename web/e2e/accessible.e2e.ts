// Every page can be used by everybody: axe finds nothing serious on any route of the router, by day
// and by night, on a desk and on a phone.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newRouter } from "../src/app/router";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { block, created, visit as filledVisit, RECEIVER } from "./field";
import { Hub, INBOX, OWNER } from "./hub";
import { becomeOwner } from "./people";

/** A job that is longer than its editor is high, with lines longer than it is wide: what scrolls must be
 *  within the reach of the keys. */
const LONG_JOB = [
  "fn(state => state);",
  ...Array.from({ length: 80 }, (_, line) => `// ${line} ${"and so on ".repeat(line % 30)}`),
  `// ${"unbroken".repeat(60)}`,
].join("\n");

/** Something of every kind: the destination is in trouble at once, so that there is an incident. */
const PROJECT = `
project: clinic
title: Clinic network
sources:
  intake: { dialect: json, secret: ${INBOX} }
  handsets: { dialect: commcare, access: anonymous }
connections:
  warehouse: { url: "http://127.0.0.1:9/hook", incident: { failures: 1 } }
forwarders:
  births: { on: message, from: intake, match: { form: births }, to: warehouse }
roles:
  agents: { name: Agents, emails: [agents@example.org] }
users:
  desk: { name: Front desk, email: desk@example.org, roles: [agents] }
forms:
  request:
    title: A request
    tracking_codes: true
    fields:
      - { name: what, label: What is wanted, type: text, required: true }
      - { name: kind, type: item, items: [{ id: lamp, text: Street lamp }, other] }
    lifecycle:
      functions: { _receiver: agents }
      backoffice_fields: [{ name: decision, type: string }]
      criticality_levels: [usual, { name: pressing, colour: "#ff0000" }]
      statuses:
        new:
          name: New
          actions:
            - call: { connection: warehouse, path: /orders, on_error: { 5xx: { jump: trouble } } }
            - { jump: done, label: It is done, by: [_receiver] }
        trouble: { name: In trouble, actions: [{ jump: new, trigger: again }] }
        done: { name: Done, endpoint: true }
workflows:
  count:
    title: Count births
    trigger: { source: intake, match: { form: births } }
    steps:
      read: { name: Read, job: ${JSON.stringify(LONG_JOB)}, next: { tell: on_job_failure } }
      tell: { name: Tell the office, job: "fn(state => state);" }
`;

let browser: Browser;
let hub: Hub;
/** What stands in addresses where routes have a `$name`. */
let parameters: Record<string, string>;
type SessionState = Awaited<ReturnType<Window["context"]["storageState"]>>;
/** The session of somebody who is signed in. */
let state: SessionState;
/** The session of somebody who may look at the project, and change nothing. */
let viewerState: SessionState;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start(PROJECT)]);
  const window = await Window.open(browser);
  const { page } = window;
  await becomeOwner(page, hub);
  await page.goto(`${hub.url}/projects/clinic`);
  await page.getByText("live", { exact: true }).waitFor();
  await hub.send({ form: "births", mother: { name: OWNER.name }, children: [{ age: 4 }] });
  await hub.sendForm(filledVisit("f1", block("c1", 20, created("child", "Amina"))), {}, RECEIVER);
  await page.getByText("All is well, but one").waitFor();
  const action = await ask(page, "deliveries/actions", { action: "retry", filter: {} });
  parameters = {
    project: "clinic",
    message: await firstId(page, "messages"),
    delivery: await firstId(page, "deliveries"),
    incident: await firstId(page, "incidents"),
    action: String(action.id),
    source: "intake",
    forwarder: "births",
    connection: "warehouse",
    system: "kobo",
    form: "visit",
    definition: "request",
    role: "agents",
    person: "desk",
    submission: await firstId(page, "submissions"),
    case: "c1",
    workflow: "count",
    run: await firstId(page, "runs"),
  };
  state = await window.context.storageState();
  const viewer = { email: "joao@example.org", name: "João", access: "viewer" };
  const { invitation_url: link } = await ask(page, "members", viewer);
  await window.close();
  viewerState = await accepted(String(link));
});

/** The session of somebody who has followed the link of an invitation. */
async function accepted(link: string): Promise<SessionState> {
  const window = await Window.open(browser);
  const { page } = window;
  await page.goto(new URL(link, hub.url).href);
  await page.getByLabel("New password").fill("another long sentence");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.waitForURL("**/projects/clinic");
  const state = await window.context.storageState();
  await window.close();
  return state;
}

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

/** Asks the hub as the page would. */
function ask(page: Page, path: string, body?: unknown): Promise<Record<string, unknown>> {
  return page.evaluate(
    async ([path, body]) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const response = await fetch(
        `/api/v1/projects/clinic/${path}`,
        body === undefined ? {} : init,
      );
      if (!response.ok) {
        throw new Error(`${path}: ${response.status} ${await response.text()}`);
      }
      return (await response.json()) as Record<string, unknown>;
    },
    [path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );
}

async function firstId(page: Page, list: string): Promise<string> {
  const { items } = (await ask(page, list)) as { items?: { id: string }[] };
  const first = items?.[0];
  if (first === undefined) {
    throw new Error(`there are no ${list}`);
  }
  return first.id;
}

/** Goes to a page and waits until all of it is there. */
async function visit(page: Page, address: string) {
  await page.goto(hub.url + address);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.getByRole("status", { name: "Loading…" }).first().waitFor({ state: "detached" });
  // Editors come after the page that they stand in.
  for (const editor of await page.locator("[data-editor]").all()) {
    await editor.locator(".cm-content").waitFor();
  }
}

const SIZES = {
  "a desk": { width: 1440, height: 900 },
  "a phone": { width: 390, height: 844 },
};

/** What is wrong with the page that is open, in all its looks. The night changes nothing but
 *  colours, so that there only these are looked at. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [name, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    found.push(...(await barriers(page)).map((each) => `${name} by day: ${each}`));
    if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) {
      found.push(`${name}: the page is wider than the window`);
    }
    if (
      (await page.locator("nav").count()) > 0 &&
      (await page.evaluate("document.documentElement.scrollHeight > innerHeight"))
    ) {
      found.push(`${name}: the window scrolls around the page, which scrolls by itself`);
    }
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await page.locator("html[data-mantine-color-scheme=dark]").waitFor();
    const dark = await barriers(page, ["color-contrast"]);
    found.push(...dark.map((each) => `${name} by night: ${each}`));
  }
  const headings = await page.getByRole("heading", { level: 1 }).count();
  return headings === 1 ? found : [...found, `${headings} headings of the first level`];
}

/** The pages before the door, looked at by those who are not signed in. */
const OUTSIDE = ["/sign-in", "/welcome"];

test.each(OUTSIDE)("%s", async (address) => {
  const window = await Window.open(browser);
  await visit(window.page, address);
  expect(await faults(window.page)).toEqual([]);
  await window.close();
});

/** All routes that the router knows, and the looks that some of them have besides. */
const INSIDE = [
  ...Object.keys(newRouter().routesByPath).filter(
    (route) => route !== "/" && !OUTSIDE.includes(route),
  ),
  "/projects/$project/map?view=list",
  "/projects/$project/workflows/$workflow?step=read",
  ...["received", "headers", "matched", "attempts", "versions", "history"].map(
    (tab) => `/projects/$project/messages/$message?tab=${tab}`,
  ),
  ...["fields", "lifecycle", "people", "added"].map(
    (part) => `/projects/$project/form-definitions/$definition/change?part=${part}`,
  ),
  "/projects/$project/submissions?form=visit",
  "/projects/$project/submissions?view=map",
  ...["files", "cases", "deliveries", "versions", "original", "metadata"].map(
    (tab) => `/projects/$project/submissions/$submission?tab=${tab}`,
  ),
  ...["timeline", "ties", "deliveries"].map((tab) => `/projects/$project/cases/$case?tab=${tab}`),
];

/** Opens a route, and looks at it. */
async function lookAt(route: string, storageState: SessionState, look?: (page: Page) => unknown) {
  const address = route.replace(/\$(\w+)/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) {
      throw new Error(`${route} has a parameter that this test knows no value for`);
    }
    return value;
  });
  const window = await Window.open(browser, { storageState });
  const { page } = window;
  await visit(page, address);
  await look?.(page);
  expect(await page.getByText("There is nothing here").count()).toBe(0);
  expect(await faults(page)).toEqual([]);
  await window.close();
}

test.each(INSIDE)("%s", (route) => lookAt(route, state));

/** Texts that are longer than what they stand in, as somebody sees them who may only read. */
const ONLY_READ = [
  "/projects/$project/workflows/$workflow?step=read",
  "/projects/$project/project-file",
];

test.each(ONLY_READ)("%s, for those who may only read", (route) =>
  lookAt(route, viewerState, async (page) => {
    const text = page.locator("[data-editor] .cm-content");
    await text.waitFor();
    expect(await text.getAttribute("aria-readonly")).toBe("true");
    const scrolls = (element: Element) => element.scrollHeight > element.clientHeight;
    expect(await page.locator("[data-editor] .cm-scroller").evaluate(scrolls)).toBe(true);
  }),
);

test("the search", async () => {
  const window = await Window.open(browser, { storageState: state });
  const { page } = window;
  await visit(page, "/projects/clinic");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await window.close();
});
