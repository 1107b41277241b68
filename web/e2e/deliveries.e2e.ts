// What goes out, and what people do when it does not arrive: from the sign-in to the resend, many at
// once, an incident and its end; and what a viewer is not offered.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers } from "./accessible";
import { launch, Window } from "./browser";
import { Destination } from "./destination";
import { Hub, INBOX } from "./hub";
import { becomeOwner, signIn, signOut } from "./people";

const SCRIPT = "<script>document.title='run'</script>";
const VIEWER = { email: "noor@example.org", name: "Noor", password: "only looking, thank you" };

/** An hour passes between tries: within a test, only a person brings the next one about. */
const project = (warehouse: string, ministry: string, laboratory: string) => `
project: clinic
title: Clinic network
sources:
  intake: { dialect: json, secret: ${INBOX} }
connections:
  warehouse: { url: "${warehouse}", auth: { bearer: token-of-the-warehouse } }
  ministry: { url: "${ministry}", incident: { failures: 100 } }
  laboratory: { url: "${laboratory}", incident: { failures: 3 } }
forwarders:
  births: { on: message, from: intake, match: { form: births }, to: warehouse }
  samples:
    on: message
    from: intake
    match: { form: samples }
    to: ministry
    retry: { first: 1h, max: 1h }
  analyses:
    on: message
    from: intake
    match: { form: analyses }
    to: laboratory
    retry: { first: 1h, max: 1h }
`;

let browser: Browser;
let warehouse: Destination;
let ministry: Destination;
let laboratory: Destination;
let hub: Hub;

beforeAll(async () => {
  warehouse = await Destination.start({
    status: 422,
    type: "text/html",
    body: `weight is too high ${SCRIPT}`,
  });
  ministry = await Destination.start({ status: 503 });
  laboratory = await Destination.start({ status: 503, body: "closed for repairs" });
  [browser, hub] = await Promise.all([
    launch(),
    Hub.start(project(warehouse.url, ministry.url, laboratory.url)),
  ]);
  const window = await Window.open(browser);
  await becomeOwner(window.page, hub);
  await window.close();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
  warehouse?.stop();
  ministry?.stop();
  laboratory?.stop();
});

async function signedIn(options = {}): Promise<Window> {
  const window = await Window.open(browser, options);
  await window.page.goto(`${hub.url}/sign-in`);
  await signIn(window.page);
  await window.page.waitForURL("**/projects/**");
  return window;
}

const clinic = (path: string) => `${hub.url}/projects/clinic/${path}`;
const stateOf = (page: Page, word: string) => page.locator("h1").getByText(word, { exact: true });

test("a submission that was refused is followed, mended and sent again", async () => {
  const window = await signedIn();
  const { page } = window;
  await hub.send({ form: "births", weight: 34000 });
  await page.goto(clinic("messages"));
  await page.getByRole("row").filter({ hasText: "intake" }).getByRole("link").click();
  const way = page.getByRole("region", { name: "The way of the message" });
  await way.getByText("refused", { exact: true }).waitFor();
  await way.getByRole("link", { name: "warehouse" }).click();

  await page.getByText("warehouse refused it with 422.").waitFor();
  // The attempt: what was sent, and what came back, as text whatever it claims to be.
  const request = page.getByRole("region", { name: "Request" });
  await request.getByText("authorization:").waitFor();
  await request.getByText("Bearer •••••••").waitFor();
  await request.getByText("34000").waitFor();
  const answer = page.getByRole("region", { name: "Answer" });
  await answer.getByText(SCRIPT).waitFor();
  expect(await page.locator("main script").count()).toBe(0);
  expect(await page.title()).toBe("Delivery · Fieldpost");

  warehouse.answer = { status: 201 };
  await page.getByRole("button", { name: "Resend" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("under a new id").waitFor();
  await dialog.getByRole("button", { name: "Resend" }).click();
  await page.getByRole("button", { name: "Show it" }).click();
  await page.getByText("warehouse took it: 201.").waitFor();
  await page.getByText("Sends again").waitFor();
  expect(warehouse.received).toEqual(Array(2).fill('{"form":"births","weight":34000}'));
  await window.close();
});

test("many are retried at once, with a look before and the progress after", async () => {
  const window = await signedIn();
  const { page } = window;
  for (let number = 0; number < 5; number += 1) {
    await hub.send({ form: "samples", number });
  }
  await page.goto(clinic("deliveries?connection=ministry&state=failed"));
  const boxes = page.getByRole("checkbox", { name: /^Select (?!all)/ });
  await boxes.nth(4).waitFor();
  await boxes.first().check();
  await page.getByRole("button", { name: "Select all that match" }).click();
  await page.getByText("All 5 that match are selected").waitFor();
  await page.getByRole("button", { name: "Retry now…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("5 deliveries are tried now.").waitFor();

  ministry.answer = { status: 204 };
  await dialog.getByRole("button", { name: "Retry 5" }).click();
  await page.waitForURL("**/projects/clinic/actions/*");
  await stateOf(page, "done").waitFor();
  await page.getByText("5 tried now").waitFor();
  expect(await page.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("100");
  await page.goto(clinic("deliveries?connection=ministry&state=succeeded"));
  await page.getByText("That is all.").waitFor();
  expect(await page.getByRole("rowgroup").getByRole("row").count()).toBe(5);
  await window.close();
});

test("a sorted list says that it stands still, and two tries are compared", async () => {
  const window = await signedIn();
  const { page } = window;
  await page.goto(clinic("deliveries?connection=ministry&sort=oldest"));
  await page.getByText("This list stands still").waitFor();
  const rows = page.getByRole("rowgroup").getByRole("row");
  await rows.nth(4).waitFor();
  const before = await rows.count();
  await hub.send({ form: "samples", number: 99 });
  await page
    .getByText("All 6")
    .or(page.getByRole("button", { name: /^6 / }))
    .first()
    .waitFor();
  expect(await rows.count()).toBe(before);
  await page.getByRole("button", { name: "Look again" }).click();
  await rows.nth(before).waitFor();

  // Of what arrived at the second try, both tries sent the same.
  await rows.first().getByRole("link").click();
  await page.getByRole("combobox", { name: "Beside another try" }).click();
  await page.getByRole("option", { name: "beside try 1" }).click();
  await page.getByText("Both tries sent the same, byte for byte.").waitFor();
  await window.close();
});

test("an incident says what to press; a cancellation is taken back", async () => {
  const window = await signedIn();
  const { page } = window;
  await page.goto(clinic("incidents"));
  await page.getByText("live", { exact: true }).waitFor();
  for (let number = 0; number < 4; number += 1) {
    await hub.send({ form: "analyses", number });
  }
  // It is noticed while somebody looks; the rail counts it.
  await page.getByRole("img", { name: "1 open incident" }).waitFor();
  await page.getByRole("link", { name: /^laboratory has been in trouble/ }).click();
  await page.getByText("closed for repairs").first().waitFor();
  await page.getByText("4 deliveries wait.").waitFor();

  await page.getByRole("link", { name: "See what waits" }).click();
  const boxes = page.getByRole("checkbox", { name: /^Select (?!all)/ });
  await boxes.nth(3).waitFor();
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByRole("button", { name: "Cancel…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("2 deliveries are cancelled and not sent.").waitFor();
  await dialog.getByRole("button", { name: "Cancel 2" }).click();
  await stateOf(page, "done").waitFor();
  await page.getByText("2 cancelled").waitFor();
  laboratory.answer = { status: 204 };
  await page.getByRole("button", { name: "Take it back" }).click();
  await dialog.getByText("2 deliveries wait again").waitFor();
  await dialog.getByRole("button", { name: "Take it back" }).click();
  await page.getByRole("heading", { level: 1, name: "Requeue" }).waitFor();
  await page.getByText("2 requeued").waitFor();

  // What was requeued arrives, and with it the incident ends.
  await page.getByRole("link", { name: "Incidents" }).click();
  const past = page.getByRole("table", { name: "Past" });
  await past.getByRole("row").filter({ hasText: "laboratory" }).waitFor();
  await page.getByText("Nothing is in trouble now.").waitFor();
  await window.close();
});

test("a viewer looks, and is offered nothing to press", async () => {
  const owner = await signedIn();
  const added = await owner.page.evaluate(
    async (member) => {
      const response = await fetch("/api/v1/projects/clinic/members", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(member),
      });
      return (await response.json()) as { invitation_url: string };
    },
    { email: VIEWER.email, name: VIEWER.name, access: "viewer" },
  );
  await signOut(owner.page);
  await owner.close();

  const window = await Window.open(browser);
  const { page } = window;
  await page.goto(new URL(added.invitation_url, hub.url).href);
  await page.getByLabel("New password").fill(VIEWER.password);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.waitForURL("**/projects/**");
  await page.goto(clinic("deliveries?state=rejected"));
  const row = page.getByRole("rowgroup").getByRole("row").first();
  await row.waitFor();
  expect(await page.getByRole("checkbox").count()).toBe(0);
  await row.getByRole("link").click();
  await page.getByText("warehouse refused it with 422.").waitFor();
  for (const name of ["Retry now", "Cancel", "Requeue", "Resend"]) {
    expect(await page.getByRole("button", { name, exact: true }).count(), name).toBe(0);
  }
  const refused = await page.evaluate(
    async (delivery) =>
      (await fetch(`/api/v1/projects/clinic/deliveries/${delivery}/resend`, { method: "POST" }))
        .status,
    page.url().split("/").at(-1),
  );
  expect(refused).toBe(403);
  await page.goto(clinic("actions"));
  await page.getByRole("rowgroup").getByRole("link").first().click();
  await stateOf(page, "done").waitFor();
  expect(await page.getByRole("button", { name: /Take it back|Stop/ }).count()).toBe(0);
  await window.context.close();
});

test.each([
  ["a desk by day", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }],
  ["a desk by night", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
  ["a phone by day", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
] as const)("axe finds nothing serious on %s, and nothing is too wide", async (_, options) => {
  const window = await signedIn({ ...options, reducedMotion: "reduce" });
  const { page } = window;
  const found: string[] = [];
  const look = async (path: string) => {
    found.push(...(await barriers(page)).map((each) => `${path} ${each}`));
    if (!(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))) {
      found.push(`${path} is too wide`);
    }
  };
  const open = async (list: string) => {
    await page.goto(clinic(list));
    await page.getByRole("rowgroup").getByRole("link").first().waitFor();
    await look(list);
    await page.getByRole("rowgroup").getByRole("link").first().click();
    await page.waitForURL(/[0-9a-f]{8}-[0-9a-f]{4}/);
  };
  await open("deliveries?state=rejected");
  await page.getByRole("region", { name: "Answer" }).getByText("script").first().waitFor();
  await look("a delivery");
  await open("actions");
  await page.getByRole("progressbar").waitFor();
  await look("an action");
  await open("incidents");
  await page.getByRole("heading", { name: "Who was told" }).waitFor();
  await look("an incident");
  expect(found).toEqual([]);
  await window.close();
});
