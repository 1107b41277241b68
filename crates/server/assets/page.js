// One small page over the API: what came in, and the way of each message. It keeps the token for as
// long as the tab is open, and builds every node by hand, so that no payload is ever read as HTML.

const $ = (id) => document.getElementById(id);
const PAGE = 50;
// More of a body than this slows the browser down; the API has all of it.
const SHOWN_CHARACTERS = 100_000;
const state = { token: sessionStorage.getItem("token"), project: null, list: "messages", next: null, chosen: null, stream: null };

// How a state is shown: a word, a shape, a colour.
const SHOWN = {
  kept: "good", succeeded: "good", duplicate: "quiet", superseded: "quiet", cancelled: "quiet",
  pending: "waiting", failed: "waiting", quarantined: "bad", rejected: "bad", broken: "bad",
};
const SHAPE = { good: "●", waiting: "◌", bad: "○", quiet: "·" };
const WORDS = { succeeded: "delivered", pending: "waits", failed: "will be tried again", cancelled: "cancelled" };
const ACTIONS = { pending: ["retry", "cancel"], failed: ["retry", "cancel"], succeeded: ["resend"] };

function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

function word(name) {
  const look = SHOWN[name] ?? "quiet";
  return element("span", { class: `state ${look}` }, `${SHAPE[look]} ${WORDS[name] ?? name}`);
}

function when(time) {
  const seconds = Math.round((Date.now() - new Date(time)) / 1000);
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => Math.abs(seconds) >= size) ?? [1, "s"];
  const amount = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
  return element("time", { datetime: time, title: time }, seconds < 0 ? `in ${amount}` : `${amount} ago`);
}

async function call(path, options = {}) {
  const headers = { authorization: `Bearer ${state.token}` };
  const answer = await fetch(`/api/v1/${path}`, { ...options, headers });
  if (answer.status === 401) { leave("The hub does not know this token."); throw new Error("signed out"); }
  if (!answer.ok) {
    const problem = await answer.json();
    throw new Error([problem.detail, problem.hint].filter(Boolean).join(" — "));
  }
  return answer;
}

const json = async (path, options) => (await call(path, options)).json();
const inProject = (path) => `projects/${encodeURIComponent(state.project)}/${path}`;

function leave(reason = "") {
  sessionStorage.removeItem("token");
  Object.assign(state, { token: null, project: null, chosen: null });
  state.stream?.abort();
  for (const id of ["work", "project", "leave"]) $(id).hidden = true;
  $("enter").hidden = false;
  $("live").textContent = "";
  $("refused").textContent = reason;
  $("token").focus();
}

async function enter() {
  const { items } = await json("projects");
  const { default_project: wanted } = await json("status");
  sessionStorage.setItem("token", state.token);
  $("enter").hidden = true;
  for (const id of ["work", "project", "leave"]) $(id).hidden = false;
  $("project").replaceChildren(...items.map(({ name, title }) => element("option", { value: name }, title)));
  if (items.length === 0) return showEmpty("There is no project yet. Apply a project file to begin.");
  if (items.some(({ name }) => name === wanted)) $("project").value = wanted;
  await choose($("project").value);
}

async function choose(project) {
  Object.assign(state, { project, chosen: null });
  $("details").replaceChildren(element("p", { class: "quiet" }, "Choose a message to see its way."));
  listen();
  await show();
}

// Each column: its head, how it is set, what stands in it.
const COLUMNS = {
  messages: [
    ["Received", "", (it) => when(it.received_at)],
    ["Source", "", (it) => opener(it.source)],
    ["Identity", "wide", (it) => it.identity ?? it.id],
    ["State", "", (it) => word(it.state)],
    ["Bytes", "number spare", (it) => it.bytes.toLocaleString()],
  ],
  deliveries: [
    ["Made", "", (it) => when(it.registered_at)],
    ["To", "wide", (it) => opener(it.connection)],
    ["State", "", (it) => word(it.state)],
    ["Tries", "number", (it) => String(it.attempts)],
  ],
};
const opener = (name) => element("button", { type: "button", class: "open" }, name);

async function show(older = false) {
  const list = state.list;
  const cursor = older ? `&cursor=${state.next}` : "";
  const { items, next } = await json(inProject(`${list}?limit=${PAGE}${cursor}`));
  if (list !== state.list) return;
  state.next = next;
  $("columns").replaceChildren(...COLUMNS[list].map(([name, look]) => element("th", { scope: "col", class: look }, name)));
  const rows = items.map((item) => row(list, item));
  if (older) $("rows").append(...rows); else $("rows").replaceChildren(...rows);
  $("more").hidden = next === null;
  showEmpty(items.length || older ? "" : "Nothing yet. What comes in shows up here by itself.");
}

function showEmpty(text) {
  $("empty").textContent = text;
  $("empty").hidden = !text;
}

function row(list, item) {
  const message = list === "messages" ? item.id : item.payload_id;
  const open = () => explore(message).catch(told);
  return element("tr", { "data-message": message, "aria-current": String(message === state.chosen), onclick: open },
    COLUMNS[list].map(([, look, cell]) => element("td", { class: look }, cell(item))));
}

async function explore(id, focus = true) {
  state.chosen = id;
  for (const row of $("rows").children) row.setAttribute("aria-current", String(row.dataset.message === id));
  const message = await json(inProject(`messages/${id}`));
  const deliveries = (await json(inProject(`deliveries?limit=${PAGE}&payload_id=${id}`))).items.reverse();
  const tries = await Promise.all(deliveries.map(async (it) => (await json(inProject(`deliveries/${it.id}/attempts`))).items));
  const body = await (await call(inProject(`messages/${id}/body`))).text();
  const reasons = message.state === "quarantined" ? [] : (await json(inProject(`messages/${id}/explain`)).catch(() => ({ items: [] }))).items;
  if (state.chosen !== id) return;
  $("details").replaceChildren(
    element("h1", {}, `From ${message.source}`),
    element("p", {}, element("code", {}, message.identity ?? message.id), " ", word(message.state)),
    route(message, deliveries, reasons),
    message.reason ? element("p", { class: "bad" }, message.reason) : "",
    element("button", { type: "button", onclick: () => act(`messages/${id}/replay`) }, "Replay"),
    element("h2", {}, "Deliveries"),
    ...(deliveries.length ? deliveries.map((it, place) => delivery(it, tries[place])) : [none(message)]),
    element("h2", {}, "Why"),
    ...reasons.map(reason),
    element("h2", {}, "Received"),
    element("pre", { tabindex: "0" }, body.length > SHOWN_CHARACTERS ? `${body.slice(0, SHOWN_CHARACTERS)}…` : body),
  );
  if (focus) $("details").focus({ preventScroll: innerWidth > 800 });
}

function none({ state: name, duplicate_of: original }) {
  const why = { duplicate: "None: it repeats a message that was there already.", quarantined: "None: nobody can read it." };
  const open = original ? element("button", { type: "button", onclick: () => explore(original).catch(told) }, "Show that one") : null;
  return element("p", { class: "quiet" }, why[name] ?? "None: no forwarder wanted it.", " ", open);
}

function route(message, deliveries, reasons) {
  const station = (name, note, look = "good") => element("li", { class: look }, ` ${name}`, element("small", {}, note));
  const unread = message.state === "quarantined";
  const wanted = reasons.filter((it) => it.matched).length;
  const arrived = deliveries.filter((it) => it.state === "succeeded").length;
  const waiting = deliveries.some((it) => SHOWN[it.state] === "waiting");
  const way = [
    station("received", when(message.received_at)),
    station("decoded", unread ? "not readable" : `${message.bytes.toLocaleString()} bytes`, unread ? "bad" : "good"),
  ];
  if (!unread) {
    way.push(station("matched", message.state === "duplicate" ? "seen before" : `${wanted} of ${reasons.length}`));
    way.push(station("kept", message.version > 1 ? `version ${message.version}` : "once"));
    if (deliveries.length) way.push(station("delivered", `${arrived} of ${deliveries.length}`, arrived === deliveries.length ? "good" : waiting ? "waiting" : "bad"));
  }
  return element("ol", { class: "route", "aria-label": "Its way" }, way);
}

function delivery(it, attempts) {
  const tried = (attempt) => element("li", {}, when(attempt.started_at), ` · ${attempt.duration_ms} ms · `,
    attempt.response ? `answered ${attempt.response.status}` : "no answer",
    attempt.error ? element("div", { class: "quiet" }, attempt.error.message) : null);
  return element("article", {},
    element("h3", {}, `${it.forwarder} → ${it.connection}`, word(it.state)),
    it.next_attempt_at ? element("p", { class: "quiet" }, "next try ", when(it.next_attempt_at)) : null,
    it.last_error ? element("p", { class: SHOWN[it.state] }, it.last_error) : null,
    element("ol", {}, attempts.map(tried)),
    (ACTIONS[it.state] ?? ["requeue", "resend"]).map((action) =>
      element("button", { type: "button", onclick: () => act(`deliveries/${it.id}/${action}`) }, action[0].toUpperCase() + action.slice(1))));
}

function reason({ forwarder, paused, matched, conditions }) {
  return element("article", {},
    element("h3", {}, forwarder, element("span", { class: matched ? "good" : "quiet" }, matched ? "● wants it" : "○ does not"), paused ? element("span", { class: "waiting" }, "◌ paused") : null),
    element("ol", {}, conditions.map(({ holds, note }) => element("li", { class: holds ? "" : "quiet" }, holds ? "● " : "○ ", prose(note)))));
}

// What stands between backticks is code.
const prose = (text) => text.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));

async function act(path) {
  try {
    await json(inProject(path), { method: "POST" });
    await refresh();
  } catch (error) { told(error); }
}

function told(error) {
  if (state.token) $("details").prepend(element("p", { class: "bad", role: "alert" }, error.message));
}

async function refresh() {
  // Who reads older ones keeps his place.
  if ($("rows").children.length <= PAGE) await show();
  if (state.chosen) await explore(state.chosen, false);
}

let due = null;
function refreshSoon() {
  due ??= setTimeout(() => { due = null; refresh().catch(told); }, 300);
}

// The browser's own EventSource cannot send the token, so the stream is read by hand.
async function listen() {
  state.stream?.abort();
  const stream = state.stream = new AbortController();
  while (!stream.signal.aborted) {
    try {
      const answer = await call(inProject("events"), { signal: stream.signal });
      $("live").textContent = "● live";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        if (piece.value.includes("event:")) refreshSoon();
      }
    } catch { /* told below, and tried again */ }
    if (stream.signal.aborted) return;
    $("live").textContent = "○ not connected, trying again";
    await new Promise((resolve) => setTimeout(resolve, 2000));
    refreshSoon();
  }
}

function turnTo(list) {
  state.list = list;
  for (const name of ["messages", "deliveries"]) $(`show-${name}`).setAttribute("aria-pressed", String(name === list));
  show().catch(told);
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  state.token = $("token").value.trim();
  $("token").value = "";
  $("refused").textContent = "";
  enter().catch((error) => { if (state.token) $("refused").textContent = error.message; });
});
$("project").addEventListener("change", () => choose($("project").value).catch(told));
$("leave").addEventListener("click", () => leave());
$("more").addEventListener("click", () => show(true).catch(told));
$("show-messages").addEventListener("click", () => turnTo("messages"));
$("show-deliveries").addEventListener("click", () => turnTo("deliveries"));
if (state.token) enter().catch(told); else leave();
