// Forms of the project's own are made and changed by clicking, with their lifecycles, roles and people; and
// what no page has a control for survives.
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Hub } from "./hub";
import { becomeOwner } from "./people";

const PAGES = "/projects/clinic";

/** A key of edits; written so, as an object with it looks like a promise to the linter. */
const THEN = "then";

/** A form with every key that there is. Two ids are numbers in the end, which the language would put first. */
const WRITTEN = {
  title: "A request",
  description: "Ask for a thing.\nOr two.\n",
  category: "Requests",
  keywords: ["thing", "two"],
  disabled: true,
  only_allow_one: true,
  submitters: ["logged-users", "agents"],
  submission_roles: ["agents"],
  tracking_codes: { verify: ["email"] },
  drafts: { lifespan: "30d", max_per_user: 2 },
  digest: "{{ form_var_email }}",
  id_template: "R-{{ form_number_raw }}",
  geolocation: "position",
  fields: [
    { label: "Who you are", type: "page" },
    {
      name: "email",
      label: "E-mail",
      type: "email",
      required: true,
      hint: "Where we can answer.",
      anonymise: "intermediate",
      display: ["summary", "listings"],
    },
    {
      name: "kind",
      label: "Kind",
      type: "item",
      items: [
        { id: "1", text: "one" },
        { id: "2", text: "two", attributes: { colour: "red", weight: 1 } },
        "three",
      ],
    },
    { name: "kinds", type: "items", condition: 'form_var_kind == "1"', items: ["a", "b"] },
    { name: "wishes", type: "ranked-items", items: ["a", "b"] },
    { name: "agreed", type: "bool", anonymise: "final" },
    { name: "amount", type: "numeric", anonymise: "no" },
    { name: "photo", type: "file" },
    { name: "position", label: "Where", type: "map" },
    { name: "position", id: "other-position", label: "Where else", type: "map" },
    {
      name: "people",
      label: "People",
      type: "block",
      fields: [
        { name: "first", label: "First name", type: "string" },
        { name: "phone", type: "phone" },
      ],
    },
    { name: "hours", type: "table", columns: ["From", "To"], rows: ["Monday", "Tuesday"] },
    { name: "lines", type: "tablerows", columns: ["Name"] },
    { name: "full", type: "computed", template: "{{ form_var_email }}!" },
    { id: "12", label: "Notes", type: "text" },
  ],
  lifecycle: {
    name: "Requests",
    functions: {
      _receiver: "agents",
      _manager: { name: "Head of office", role: "leaders" },
      _other_side: {},
    },
    backoffice_fields: [
      { name: "decision", type: "string" },
      { name: "letter", type: "file" },
      { name: "where", type: "map" },
    ],
    criticality_levels: ["usual", { name: "pressing", colour: "#ff0000" }],
    statuses: {
      just_submitted: {
        name: "Just submitted",
        actions: [
          {
            call: {
              connection: "warehouse",
              label: "Register",
              name: "register",
              path: "/x/{{ form_number }}",
              method: "PUT",
              post: true,
              files: "links",
              post_data: { "a/b/0": "{{ form_var_email }}", "7": "x" },
              query: { n: "1" },
              response: "attachment",
              file_field: "letter",
              on_error: { "4xx": "ignore", "5xx": { jump: "trouble" } },
              record_errors: true,
              notify_on_errors: true,
            },
          },
          { jump: "s10" },
        ],
      },
      s10: {
        name: "New",
        visible_to: ["_receiver", "_submitter"],
        colour: "#ff8800",
        actions: [
          { edit: true, label: "Change", [THEN]: "just_submitted", by: ["_receiver"] },
          {
            comment: true,
            name: "said",
            label: "Say",
            required: true,
            by: ["_receiver", "_submitter"],
          },
          { set: { decision: "{{ form_status }}" } },
          {
            mail: {
              to: ["_submitter", "agents", "a@example.org", "{{ form_var_email }}"],
              subject: "News",
              body: "It goes on.",
            },
          },
          { jump: "s2", trigger: "finish", by: ["_signed_calls", "agents"] },
          { jump: "trouble", by: ["_manager"], label: "Trouble", marker: true },
          { jump: "trouble", timeout: "3d", condition: "form_var_amount > 5" },
          {
            attach: true,
            name: "paper",
            label: "Add",
            required: true,
            by: ["_submitter"],
            visible_to: ["agents"],
            file_field: "letter",
          },
          { geolocate: "where", overwrite: true },
          { geolocate: "position" },
        ],
      },
      trouble: {
        name: "In trouble",
        actions: [{ jump: "_previous", trigger: "again", id: "back" }],
      },
      s2: { name: "Finished", endpoint: true },
    },
    global_actions: {
      purge: {
        timeout: { since: "finalised", after: "90d" },
        actions: [{ anonymise: "final" }, { anonymise: "unlink_user" }, { delete: true }],
      },
      escalate: {
        name: "Escalate",
        by: ["_manager"],
        hook: ["_signed_calls", "agents"],
        timeout: { since: { first_arrival: "s10" }, after: "0ms" },
        actions: [
          { criticality: "raise", condition: "form_var_amount > 5" },
          { criticality: 1 },
          { assign: { _manager: "agents" } },
          { jump: "trouble" },
        ],
      },
    },
  },
};

const SMALL = {
  title: "A lamp",
  fields: [
    { name: "pole", label: "Pole", type: "string", required: true },
    { name: "watts", label: "Watts", type: "numeric" },
    { name: "where", label: "Where", type: "map" },
  ],
  lifecycle: {
    functions: { _receiver: "agents" },
    statuses: {
      new: {
        name: "New",
        actions: [
          { attach: true, label: "Add a paper", by: ["_receiver"] },
          { edit: true, label: "Correct it", by: ["_receiver"] },
          { jump: "done", label: "It is done", by: ["_receiver"] },
        ],
      },
      done: { name: "Done", endpoint: true },
    },
  },
};

const withNumbers = (text: string) => text.replaceAll('"s10"', '"10"').replaceAll('"s2"', '"2"');
const WHOLE: unknown = JSON.parse(withNumbers(JSON.stringify(WRITTEN)));

const PROJECT = withNumbers(
  JSON.stringify({
    project: "clinic",
    title: "Clinic network",
    sources: { kobo: { dialect: "kobo", secret: "secret-of-the-kobo-1" } },
    connections: { warehouse: { url: "http://127.0.0.1:9/hook", notify: ["ops@example.org"] } },
    roles: { agents: { name: "Agents" }, leaders: { name: "Leaders" } },
    users: { desk: { name: "Front desk", email: "desk@example.org", roles: ["agents"] } },
    forms: { request: WRITTEN, lamp: SMALL },
  }),
);

let browser: Browser;
let hub: Hub;
let window: Window;
let page: Page;

beforeAll(async () => {
  [browser, hub] = await Promise.all([launch(), Hub.start(PROJECT)]);
  window = await Window.open(browser);
  page = window.page;
  await becomeOwner(page, hub);
});

afterAll(async () => {
  await window?.close().finally(() => browser.close());
  await hub?.stop();
});

async function choose(label: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label, exact: true }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/** Something of the project as the API tells it. */
function told(path: string): Promise<Record<string, unknown>> {
  return page.evaluate(async (asked) => {
    const response = await fetch(`/api/v1/projects/clinic/${asked}`);
    return (await response.json()) as Record<string, unknown>;
  }, path);
}

const definitionOf = async (path: string) => (await told(path)).definition;

/** What the forms are called that the project defines. */
async function names(): Promise<string[]> {
  const { items } = (await told("form-definitions")) as { items: { name: string }[] };
  return items.map(({ name }) => name);
}

/** A row of a list by its name. */
const row = (name: string) =>
  page.locator('button[data-place="title"]').filter({ hasText: name }).first();

async function save(): Promise<void> {
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("/change"));
}

/** Opens what is closed within a row: what stands behind a name, and each row one after the other. */
async function openAll(around: Locator): Promise<void> {
  const inner = around.locator('ol button[data-place="title"]');
  const closed = around.locator("details:not([open]) > summary");
  for (let index = -1; index < (await inner.count()); index += 1) {
    if (index >= 0) {
      await inner.nth(index).click();
    }
    while ((await closed.count()) > 0) {
      await closed.first().click();
    }
  }
}

test("whatever a form says survives being looked at and saved", async () => {
  const before = await definitionOf("form-definitions/request");
  expect(before).toEqual(WHOLE);
  await page.goto(`${hub.url}${PAGES}/form-definitions/request/change`);
  await page.getByRole("textbox", { name: "Title" }).fill("Another request");
  for (const part of ["What it asks", "Lifecycle", "Who does what", "Kept on the way"]) {
    await page.getByRole("tab", { name: part }).click();
    // Every row is opened once, and the rows and parts within it: no field may write what nobody typed.
    const panel = page.getByRole("tabpanel");
    const outer = panel.locator("ol > li").filter({ has: page.locator('[draggable="true"]') });
    const paths = await outer.count();
    expect(paths).toBeGreaterThan(0);
    for (let index = 0; index < paths; index += 1) {
      await outer.nth(index).locator('button[data-place="title"]').first().click();
      await openAll(outer.nth(index));
      await outer.nth(index).locator('button[data-place="title"]').first().click();
    }
    expect(await barriers(page)).toEqual([]);
  }
  await save();
  expect(await definitionOf("form-definitions/request")).toEqual({
    ...(WHOLE as typeof WRITTEN),
    title: "Another request",
  });
  const { statuses } = (await told("form-definitions/request")) as { statuses: { id: string }[] };
  expect(statuses.map(({ id }) => id)).toEqual(["just_submitted", "10", "trouble", "2"]);
});

test("a form is made by clicking, from its first field to its last status", async () => {
  await page.goto(`${hub.url}${PAGES}/forms`);
  await page.getByRole("link", { name: "Forms of this project" }).click();
  await page.getByRole("link", { name: "New form" }).click();
  await page.getByLabel("Name", { exact: false }).first().fill("bench");
  await page.getByRole("textbox", { name: "Title" }).fill("A broken bench");

  await page.getByRole("tab", { name: "What it asks" }).click();
  await page.getByRole("button", { name: "Add a field" }).click();
  await page.getByRole("textbox", { name: "Label" }).fill("What is broken");
  await page.getByRole("textbox", { name: "Variable name" }).fill("what");
  await page.getByRole("checkbox", { name: "Must be answered" }).check();
  await page.getByRole("button", { name: "Add a field" }).click();
  await page.getByRole("textbox", { name: "Variable name" }).fill("kind");
  await choose("Type", "One of a list");
  await page.getByRole("textbox", { name: "Choices" }).fill("seat | The seat\nleg");

  await page.getByRole("tab", { name: "Lifecycle" }).click();
  await page.getByText("It has the usual lifecycle of w.c.s.").waitFor();
  await page.getByRole("button", { name: "Change it" }).click();
  for (const name of ["Rejected", "Accepted", "Finished"]) {
    await page.getByRole("button", { name: `Remove ${name}` }).click();
  }
  await row("New").click();
  await page.getByRole("button", { name: "Remove “Reject”: go to rejected" }).click();
  await page.getByRole("button", { name: "Remove “Accept”: go to accepted" }).click();
  await page.getByRole("button", { name: "Add a status" }).click();
  await page.getByRole("textbox", { name: "Id", exact: true }).fill("mended");
  await page.getByRole("textbox", { name: "Id", exact: true }).press("Tab");
  await row("New").click();
  await page.getByRole("button", { name: "Add an action" }).first().click();
  await page.getByRole("menuitem", { name: "Go to another status" }).click();
  await choose("Status", "mended");
  await page.getByRole("textbox", { name: "Label" }).fill("It is mended");

  await page.getByRole("tab", { name: "Who does what" }).click();
  await row("Recipient").click();
  await choose("Played by", "Agents");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "New form" }).click();
  await page.getByRole("heading", { level: 1, name: "A broken bench" }).waitFor();
  expect(await definitionOf("form-definitions/bench")).toEqual({
    title: "A broken bench",
    fields: [
      { name: "what", label: "What is broken", type: "string", required: true },
      { name: "kind", type: "item", items: [{ id: "seat", text: "The seat" }, "leg"] },
    ],
    lifecycle: {
      functions: { _receiver: "agents" },
      statuses: {
        just_submitted: { name: "Just submitted", actions: [{ jump: "new" }] },
        new: {
          name: "New",
          actions: [
            { comment: true, by: ["_submitter", "_receiver"] },
            { jump: "mended", by: ["_receiver"], label: "It is mended" },
          ],
        },
        mended: {},
      },
    },
  });
});

test("rows are moved by keys, and the focus goes with them", async () => {
  await page.goto(`${hub.url}${PAGES}/form-definitions/lamp/change?part=fields`);
  await row("Pole").focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByText("Pole is number 2 of 3.").waitFor({ state: "attached" });
  await page.keyboard.press("Alt+ArrowDown");
  const focused = page.locator(":focus");
  expect(await focused.textContent()).toContain("Pole");
  await page.getByRole("button", { name: "Move Where up" }).click();
  // It cannot go further up: its name has the focus then.
  expect(await focused.textContent()).toContain("Where");
  await save();
  const { fields } = (await definitionOf("form-definitions/lamp")) as typeof SMALL;
  expect(fields.map(({ name }) => name)).toEqual(["where", "watts", "pole"]);
});

test("a row is dragged to another place", async () => {
  await page.goto(`${hub.url}${PAGES}/form-definitions/lamp/change?part=fields`);
  const items = page.getByRole("list", { name: "What it asks" }).getByRole("listitem");
  await items.nth(2).locator("[draggable]").dragTo(items.nth(0));
  expect(await row("Pole").textContent()).toContain("Pole");
  await save();
  const { fields } = (await definitionOf("form-definitions/lamp")) as typeof SMALL;
  expect(fields.map(({ name }) => name)).toEqual(["pole", "where", "watts"]);
});

test("what the hub finds wrong is shown at its field, wherever that is", async () => {
  await page.goto(`${hub.url}${PAGES}/form-definitions/lamp/change?part=fields`);
  await row("Watts").click();
  await page.getByRole("textbox", { name: "Asked if" }).fill("form_var_pole ==");
  await page.getByRole("tab", { name: "Who does what" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const field = page.getByRole("textbox", { name: "Asked if" });
  await field.waitFor();
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.getByText("This is not saved yet: the fields in red say why.").waitFor();
  expect(await barriers(page)).toEqual([]);
  await field.fill("");
  await save();
});

test("a status that is called otherwise is led to all the same", async () => {
  await page.goto(`${hub.url}${PAGES}/form-definitions/lamp/change?part=lifecycle`);
  await page.getByRole("region", { name: "The lifecycle as a picture" }).waitFor();
  // A status is opened by its place in the picture as well.
  await page
    .getByRole("region", { name: "The lifecycle as a picture" })
    .getByRole("button", { name: /^Done/ })
    .click();
  const id = page.getByRole("textbox", { name: "Id", exact: true });
  await id.fill("new");
  await page.getByText("new is there already.").waitFor();
  await id.fill("mended");
  await save();
  const { lifecycle } = (await definitionOf("form-definitions/lamp")) as typeof SMALL;
  expect(Object.keys(lifecycle.statuses)).toEqual(["new", "mended"]);
  expect(lifecycle.statuses.new.actions[2]).toMatchObject({ jump: "mended" });
});

test("somebody else's save is not overwritten without a word", async () => {
  await page.goto(`${hub.url}${PAGES}/form-definitions/lamp/change`);
  await page.getByRole("textbox", { name: "Title" }).fill("Mine");
  await page.evaluate(async () => {
    const path = "/api/v1/projects/clinic/form-definitions/lamp";
    const { definition } = await (await fetch(path)).json();
    const body = JSON.stringify({ ...definition, title: "Theirs" });
    const headers = { "content-type": "application/json" };
    await fetch(path, { method: "PUT", headers, body });
  });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Somebody else has saved lamp since you began.").waitFor();
  await page.getByRole("button", { name: "Begin again with what is saved" }).click();
  await page.waitForFunction(() =>
    [...document.querySelectorAll("input")].some(({ value }) => value === "Theirs"),
  );
});

test("roles and people are made, changed, and kept where something names them", async () => {
  await page.goto(`${hub.url}${PAGES}/form-definitions`);
  await page.getByRole("link", { name: "Roles and people" }).click();
  await page.getByRole("link", { name: "New role" }).click();
  await page.getByRole("textbox", { name: "Name" }).first().fill("works");
  await page.getByRole("textbox", { name: "Name" }).nth(1).fill("Public works");
  const addresses = page.getByRole("combobox", { name: "Mail addresses" });
  await addresses.fill("works at example");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "New role" }).click();
  // What is no address is told there, and mended there.
  await page.locator("input[aria-invalid=true]").waitFor();
  await addresses.press("Backspace");
  await addresses.fill("works@example.org");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "New role" }).click();
  await page.getByRole("link", { name: "Public works" }).waitFor();
  expect(await definitionOf("roles/works")).toEqual({
    name: "Public works",
    emails: ["works@example.org"],
  });

  await page.getByRole("link", { name: "Front desk" }).click();
  await page.getByRole("combobox", { name: "Roles" }).click();
  await page.getByRole("option", { name: "Public works" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL("**/people");
  const desk = page.getByRole("row").filter({ hasText: "desk@example.org" });
  await desk.getByText("Agents, Public works").waitFor();
  expect(await barriers(page)).toEqual([]);

  await page.getByRole("link", { name: "Public works" }).click();
  await page.getByRole("link", { name: "Front desk" }).waitFor();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Remove works?" });
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText(/the user desk/).waitFor();
});

test("what a w.c.s. says of a form is looked over before it is saved", async () => {
  await page.goto(`${hub.url}${PAGES}/new/form-definition?from=wcs`);
  const dialog = page.getByRole("dialog", { name: "Import from w.c.s." });
  await dialog.getByRole("textbox").fill("{");
  await dialog.getByRole("button", { name: "Read it" }).click();
  await dialog.getByText("This is no JSON.").waitFor();
  const schema = {
    name: "Parking",
    url_name: "parking",
    fields: [
      { label: "Plate", varname: "plate", type: "string", required: true },
      { label: "Zone", varname: "zone", type: "item" },
    ],
    workflow: {
      name: "Default",
      functions: { _receiver: "Recipient" },
      statuses: [{ id: "new", name: "New", endpoint: false }],
    },
  };
  await dialog.getByRole("textbox").fill(JSON.stringify(schema));
  await dialog.getByRole("button", { name: "Read it" }).click();
  await page.getByText("This was read from w.c.s.").waitFor();
  await page
    .getByRole("region", { name: "Import from w.c.s." })
    .getByText(/zone/)
    .first()
    .waitFor();
  expect(await page.getByRole("textbox", { name: "Name" }).first().inputValue()).toBe("parking");
  await page.getByRole("tab", { name: "What it asks" }).click();
  await row("Plate").waitFor();
  expect(await names()).not.toContain("parking");
  await page.getByRole("button", { name: "New form" }).click();
  await page.getByRole("heading", { level: 1, name: "Parking" }).waitFor();
});

test("a file is added and answers are changed in the tab of the lifecycle", async () => {
  const sent = { _uuid: "0000-1", _xform_id_string: "lamp", pole: "12", watts: "60.50" };
  const response = await fetch(`${hub.url}/inbox/secret-of-the-kobo-1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(sent),
  });
  expect(response.status).toBe(200);
  const { items } = (await told("submissions?form=lamp")) as { items: { id: string }[] };
  const id = items[0]?.id ?? "";
  await page.goto(`${hub.url}${PAGES}/submissions/${id}?tab=lifecycle`);
  const file = { name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("up") };
  await page.locator("main input[type=file]").setInputFiles(file);
  await page.getByRole("button", { name: "Send the file" }).click();
  await page.getByText("File: plan.txt").waitFor();

  await page.getByRole("button", { name: "Correct it" }).click();
  const form = page.getByRole("form", { name: "Correct it" });
  expect(await form.getByRole("textbox", { name: "Watts" }).inputValue()).toBe("60.50");
  await form.getByRole("textbox", { name: "Pole" }).fill("");
  await form.getByRole("textbox", { name: "Watts" }).fill("many");
  await form.getByRole("button", { name: "Save the answers" }).click();
  await form.getByText("Nothing is changed yet: the fields in red say why.").waitFor();
  expect(await form.locator("[aria-invalid=true]").count()).toBe(2);
  expect(await barriers(page)).toEqual([]);
  await form.getByRole("textbox", { name: "Pole" }).fill("13");
  await form.getByRole("textbox", { name: "Watts" }).fill("75.0");
  await form.getByRole("textbox", { name: "Latitude" }).fill("46.5");
  await form.getByRole("textbox", { name: "Longitude" }).fill("6.6");
  await form.getByRole("button", { name: "Save the answers" }).click();
  await form.waitFor({ state: "detached" });
  const { values } = (await told(`submissions/${id}`)) as { values: Record<string, unknown> };
  expect(values).toMatchObject({ pole: "13", watts: 75, where: { coordinates: [6.6, 46.5] } });
});

test("a form is taken out of the project, and says what that means", async () => {
  await page.goto(`${hub.url}${PAGES}/forms/lamp`);
  await page.getByRole("link", { name: "How it is defined" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Remove lamp?" });
  await dialog.getByText("The 1 submission that there is stays").waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.waitForURL("**/form-definitions");
  expect(await names()).not.toContain("lamp");
  expect((await told("forms/lamp")).submissions).toBe(1);
});
