// What jobs do with collections, as `collections.get` and so on.

import { expandReferences } from "@openfn/language-common/util";
import { storeOf } from "@openfn/language-collections/store";

const size = 1000;
const moments = { createdAfter: "created_after", createdBefore: "created_before", updatedAfter: "updated_after", updatedBefore: "updated_before" };

// Keys are asked for by a text, or by an object that has one beside other conditions.
function asked(query = {}) {
  const { key = "*", limit, cursor, ...times } = typeof query === "string" ? { key: query } : query;
  const conditions = {};
  for (const [name, value] of Object.entries(times)) {
    const known = moments[name] ?? (Object.values(moments).includes(name) ? name : undefined);
    if (!known) throw new Error(`A query of a collection has no ${name}: it may have key, limit, cursor, ${Object.keys(moments).join(", ")}`);
    const time = new Date(value);
    if (Number.isNaN(time.getTime())) throw new Error(`The ${name} of the query is no time: ${value}`);
    conditions[known] = time.toISOString();
  }
  return { key: String(key), limit, cursor, conditions };
}

const isPattern = ({ key, conditions }) => key.includes("*") || Object.keys(conditions).length > 0;

const item = ({ key, value }) => ({ key, value: JSON.parse(value) });

// One page after the other, until there is no more or there are enough.
async function* pages(store, name, { key, limit = Infinity, cursor, conditions }, options = {}) {
  let [left, next] = [limit, cursor];
  do {
    const page = await store.list(name, { key, cursor: next, limit: Math.min(left, size), ...conditions, ...options });
    left -= page.items.length;
    next = page.cursor;
    yield page;
  } while (next && left > 0);
}

/**
 * Brings the value of a key, or a list of `{key, value}` for a pattern such as `2024*` or a query.
 * @example collections.get("visits", { key: "2024*", createdAfter: "2024-06-01" })
 */
export function get(name, query) {
  return async (state) => {
    const [collection, given] = expandReferences(state, name, query);
    const wanted = asked(given);
    const store = storeOf(state);
    if (!isPattern(wanted)) {
      const found = await store.get(collection, wanted.key);
      return { ...state, data: found ? item(found).value : {} };
    }
    const data = [];
    let cursor;
    for await (const page of pages(store, collection, wanted)) {
      data.push(...page.items.map(item));
      cursor = page.cursor;
    }
    console.log(`Got ${data.length} items from the collection ${collection}`);
    return cursor ? { ...state, data, cursor } : { ...state, data };
  };
}

/**
 * Calls a function with each item that a query finds, page by page; what it returns is the next state.
 * @example collections.each("visits", "2024*", (state, value, key) => ({ ...state, last: key }))
 */
export function each(name, query, callback) {
  return async (state) => {
    const [collection, given] = expandReferences(state, name, query);
    let next = state;
    for await (const page of pages(storeOf(state), collection, asked(given))) {
      for (const { key, value } of page.items.map(item)) next = (await callback(next, value, key)) ?? next;
    }
    return next;
  };
}

/**
 * Keeps a value under a key, or each of a list under the key that a function makes of it.
 * @example collections.set("visits", (visit) => visit.id, $.data.visits)
 */
export function set(name, keyOrMaker, values) {
  return async (state) => {
    const [collection, given] = expandReferences(state, name, values);
    const isMany = typeof keyOrMaker === "function" && Array.isArray(given);
    const makeKey = typeof keyOrMaker === "function" ? keyOrMaker : () => keyOrMaker;
    const items = (isMany ? given : [given]).map((value, index) => ({
      key: String(makeKey(value, state, index)),
      value: JSON.stringify(value ?? null),
    }));
    let upserted = 0;
    for (let begin = 0; begin < items.length; begin += size) {
      upserted += (await storeOf(state).set(collection, items.slice(begin, begin + size))).upserted;
    }
    console.log(`Set ${upserted} items in the collection ${collection}`);
    return state;
  };
}

/**
 * Removes the items of a key, a pattern or a query. With `dryRun` they are only told of.
 * @example collections.remove("visits", "2023*", { dryRun: true })
 */
export function remove(name, query, options = {}) {
  return async (state) => {
    const [collection, given, { dryRun }] = expandReferences(state, name, query, options);
    const [store, wanted] = [storeOf(state), asked(given)];
    const found = isPattern(wanted)
      ? pages(store, collection, wanted, { keys_only: true })
      : [{ items: [{ key: wanted.key }] }];
    const told = [];
    let removed = 0;
    for await (const page of found) {
      const keys = page.items.map(({ key }) => key);
      if (dryRun) told.push(...keys);
      else if (keys.length) removed += (await store.remove(collection, keys)).removed;
    }
    if (dryRun) {
      console.log(`Would remove from the collection ${collection}: ${told.join(", ")}`);
      return state;
    }
    console.log(`Removed ${removed} items from the collection ${collection}`);
    return state;
  };
}
