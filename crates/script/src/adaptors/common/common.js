// The adaptor `common`: what every job is made of. Names, arguments and results are those of
// @openfn/language-common; how they come about is our own.
//
// An operation is a function of a state that gives a state, or a promise of one.

import { readUrl } from "fieldpost:host";
import { calling, part } from "@openfn/language-common/parts";
import * as util from "@openfn/language-common/util";

export { util };

const find = calling("path", "find");
const errorsOf = calling("schema", "errorsOf");
const formatDate = calling("dates", "format");

export const dateFns = Object.freeze({ format: formatDate, parse: calling("dates", "parse") });

const { expandReferences } = util;

/** Runs operations one after the other; each is given what the one before returned. */
export function execute(...operations) {
  return (state) => operations.reduce((before, operation) => before.then(operation), Promise.resolve(state));
}

/** An operation from a function of the state. */
export function fn(operation) {
  return (state) => operation(state);
}

/** The name that `fn` had at first. */
export function alterState(operation) {
  return fn(operation);
}

/** Runs the operation if the condition holds. */
export function fnIf(condition, operation) {
  return (state) => {
    const [holds] = expandReferences(state, condition);
    return holds ? operation(state) : state;
  };
}

/** The first value at a path in any object. */
export function jsonValue(object, path) {
  return find(object, path)[0];
}

/** The first value at a path in the state. */
export function sourceValue(path) {
  return (state) => find(state, path)[0];
}

/** All values at a path in the state. */
export function source(path) {
  return (state) => find(state, path);
}

const bare = (path) => path.match(/^[$.]*(.+)/)[1];

/** A path below `data`. */
export function dataPath(path) {
  return `$.data.${bare(path)}`;
}

/** The first value at a path below `data`. */
export function dataValue(path) {
  return sourceValue(dataPath(path));
}

/** A path below `references`. */
export function referencePath(path) {
  return `$.references${bare(path)}`;
}

/** The first value at a path in the newest of the references. */
export function lastReferenceValue(path) {
  return sourceValue(referencePath(`[0].${path}`));
}

/** Makes `data` of what the callback says of each item. */
export function map(path, callback) {
  return async (state) => {
    const data = [];
    let index = 0;
    for (const item of typeof path === "string" ? find(state, path) : path) {
      data.push(await callback(item, index++, state));
    }
    return { ...state, data };
  };
}

/** The items that an operation is to go over: by a path, as they are, or by a function of the state. */
export function asData(items, state) {
  if (typeof items === "string") return find(state, items);
  if (typeof items === "function") return items(state);
  return typeof items === "object" ? items : undefined;
}

// Without a promise among the results, the whole of it happens at once; jobs of old rely on that.
const after = (state, step) => (state.then ? state.then(step) : step(state));

function overItems(items, operation, state) {
  return asData(items, state).reduce(
    (before, data, index) => after(before, (so_far) => operation({ ...so_far, data, index })),
    state,
  );
}

function needItems(items) {
  if (!items) throw new TypeError("dataSource argument for each operation is invalid.");
}

/** Runs the operation for each item, with the item as `data` and its place as `index`. */
export function each(items, operation) {
  needItems(items);
  return (state) => overItems(items, operation, state);
}

export const beta = Object.freeze({
  /** As `each`, and `data` is afterwards what it was. */
  each(items, operation) {
    needItems(items);
    return (state) => {
      const { data } = state;
      return after(overItems(items, operation, state), (done) => ({ ...done, data }));
    };
  },
});

/** One operation of several. */
export function combine(...operations) {
  return (state) =>
    operations.reduce((before, operation) => after(before, (so_far) => operation({ ...so_far })), state);
}

/** The items at one path, each with the value at another path under a key. */
export function join(targetPath, sourcePath, targetKey) {
  return (state) => find(state, targetPath).map((item) => ({ [targetKey]: find(state, sourcePath)[0], ...item }));
}

/** A pair, for `fields`. */
export function field(key, value) {
  return [key, value];
}

/** A pair that ties a record to another one by what that is known by, for `fields`. */
export function relationship(key, externalId, value) {
  return field(key, (state) => ({ [externalId]: typeof value === "function" ? value(state) : value }));
}

/** An object of pairs. */
export function fields(...pairs) {
  return Object.fromEntries(pairs.filter((pair) => pair));
}

/** The items at a path, each with further fields. */
export function merge(path, further) {
  return (state) => {
    const items = find(state, path);
    const [added] = expandReferences(state, further);
    return items.map((item) => ({ ...item, ...added }));
  };
}

const stepsOf = (path) =>
  Array.isArray(path) ? path : (String(path).match(/[^.[\]]+/g) ?? []).map((step) => step.replace(/^(['"])(.*)\1$/, "$2"));

/** Makes `data` an object of the items by what they have at a path. */
export function group(items, keyPath, callback = (state) => state) {
  return (state) => {
    const [list, path] = expandReferences(state, items, keyPath);
    const steps = stepsOf(path);
    const groups = {};
    for (const item of Object.values(list ?? {})) {
      const key = steps.reduce((value, step) => value?.[step], item);
      if (key !== undefined) (groups[key] ??= []).push(item);
    }
    return callback({ ...state, data: groups });
  };
}

/** The place of the item that `each` is at. */
export function index() {
  return (state) => state.index;
}

/** The items as one text. */
export function arrayToString(items, separator) {
  return Array.from(items).join(separator);
}

/** A list of what may be one already. */
export function toArray(value) {
  return [].concat(value);
}

/** The state with new data; what was `data` is the last of the references. */
export function composeNextState(state, data) {
  state.references ??= [];
  return { ...state, data, references: [...state.references, state.data] };
}

/** Words of a name: `water_point` becomes `Water Point`. */
export function humanProper(text) {
  if (typeof text !== "string") return text;
  return text
    .replace(/[_-]/g, " ")
    .replace(/\w\S*/g, (word) => word[0].toUpperCase() + word.slice(1).toLowerCase());
}

/** Two objects: one without the keys, one of them alone. */
export function splitKeys(object, keys) {
  const kept = {};
  const split = {};
  for (const key of Object.keys(object)) (keys.includes(key) ? split : kept)[key] = object[key];
  return [kept, split];
}

const emoji =
  /(\uFE0F|\u00a9|\u00ae|[\u2000-\u3300]|\ud83c[\ud000-\udfff]|\ud83d[\ud000-\udfff]|\ud83e[\ud000-\udfff])/g;

/** The text without emojis, each replaced by what is given, else by U+FFFD. */
export function scrubEmojis(text, replacement = "\uFFFD") {
  if (!text) return text;
  if (replacement === "") {
    console.warn("scrubEmojis: what is removed without a trace can join what stood apart; replace it instead");
  }
  return text.replace(emoji, replacement ?? "\uFFFD");
}

/** The items in lists of at most so many. */
export function chunk(items, size) {
  const lists = [];
  for (let at = 0; at < items.length; at += size) lists.push(items.slice(at, at + size));
  return lists;
}

/** Reads CSV, in chunks where a size is given, and puts the records into the state. */
export function parseCsv(text, options = {}, callback) {
  return async (state) => {
    const [content, given] = expandReferences(state, text, options);
    const csv = part("csv");
    const { chunkSize, ...settings } = csv.settingsOf(given);
    if (chunkSize < 1) throw new Error("chunkSize must be at least 1");
    let next = state;
    let records = [];
    const flush = async () => {
      next = callback ? await callback(next, records) : composeNextState(next, records);
      records = [];
    };
    for (const record of csv.records(String(content), settings)) {
      records.push(record);
      if (records.length === chunkSize) await flush();
    }
    if (records.length) await flush();
    return next;
  };
}

let cursorStart;
let cursorKey = "cursor";

/** Remembers how far a job has come: words for times become times. */
export function cursor(value, options = {}) {
  return (state) => {
    const { format, ...others } = options;
    const [wanted, { defaultValue, key }] = expandReferences(state, value, others);
    if (key) cursorKey = key;
    cursorStart ??= new Date();
    const position = wanted ?? defaultValue;
    if (typeof position === "string") {
      const date = util.parseDate(position, cursorStart);
      if (date instanceof Date) {
        state[cursorKey] = format?.(date) ?? date.toISOString();
        const shown = format ? state[cursorKey] : formatDate(date, "HH:mm d MMM yyyy (OOO)");
        console.log(`Setting ${cursorKey} "${position}" to: ${shown}`);
        return state;
      }
    }
    state[cursorKey] = format?.(position) ?? position;
    console.log(`Setting ${cursorKey} to:`, state[cursorKey]);
    return state;
  };
}

/** Fails unless the expression holds. */
export function assert(expression, message) {
  return (state) => {
    const [holds, said] = expandReferences(state, expression, message);
    if (!holds) throw new Error(said || `assertion statement failed with ${holds}`);
    return state;
  };
}

/** Writes to the log. */
export function log(...values) {
  return (state) => {
    console.log(...expandReferences(state, values)[0]);
    return state;
  };
}

/** Writes to the log, for whoever looks for a mistake. */
export function debug(...values) {
  return (state) => {
    console.debug(...expandReferences(state, values)[0]);
    return state;
  };
}

/** Runs the operation, and keeps what it makes of `data` under a key; `data` stays. */
export function as(key, operation) {
  return async (state) => {
    const [name] = expandReferences(state, key);
    const before = state.data;
    const { data, ...others } = await operation(state);
    state[name] = data;
    state.data = before;
    return { ...state, ...others };
  };
}

const loaded = () => part("lodash").default;

// Lodash is large, and few jobs want it: it is loaded with the first look at it.
export const _ = new Proxy(function () {}, {
  apply: (_target, self, values) => Reflect.apply(loaded(), self, values),
  get: (_target, name) => loaded()[name],
  has: (_target, name) => name in loaded(),
});

function asking(method, url, options) {
  return async (state) => {
    const [way, address, given] = expandReferences(state, method, url, options);
    const { body, ...response } = await util.request(way, address, given);
    return { ...state, response, data: body };
  };
}

// What `http.options` gives, to be filled by further calls.
const fillings = {
  json: () => ["Content-Type", "application/json"],
  basic: (username, password) => ["Authorization", `Basic ${util.encode(`${username}:${password}`)}`],
  bearer: (token) => ["Authorization", `Bearer ${token}`],
  oauth: (token) => ["Authorization", `Bearer ${token}`],
};

export const http = Object.freeze({
  /** Makes a request to any address: `http.request('GET', 'https://example.com', { query: { a: 1 } })`. */
  request: asking,
  /** Asks for what is at an address. */
  get: (url, options) => asking("GET", url, options),
  /** Sends data to an address. */
  post: (url, data, options) => asking("POST", url, { body: data, ...options }),
  /** Options that further calls fill: `http.options().json().bearer(token)`. */
  options(options = {}) {
    for (const [name, fill] of Object.entries(fillings)) {
      const value = function (...values) {
        const [header, text] = fill(...values);
        this.headers = { ...this.headers, [header]: text };
        return this;
      };
      Object.defineProperty(options, name, { enumerable: false, value });
    }
    return options;
  },
});

async function schemaOf(state, schema) {
  const [found] = expandReferences(state, schema);
  if (typeof found !== "string") return found;
  if (!readUrl(found)) return find(state, found)[0];
  const { body } = await util.request("GET", found, { parseAs: "json", maxRedirections: 5 });
  return body;
}

/** Checks data by a JSON Schema: what is wrong goes to `validationErrors`, and the job goes on. */
export function validate(schema = "schema", data = "data") {
  return async (state) => {
    state.validationErrors ??= [];
    const [given] = expandReferences(state, data);
    const errors = errorsOf(await schemaOf(state, schema), typeof given === "string" ? find(state, given)[0] : given);
    if (errors.length) state.validationErrors.push({ data: state.data, errors });
    return state;
  };
}
