// The door to the process around: the one module that knows the functions which it lends. Adaptors
// import `host` from here; jobs cannot, the loader refuses them.

const { now, log, call, random: drawn, url, give, isSpent } = globalThis.__fieldpost;
delete globalThis.__fieldpost;

// What this file uses is kept from the beginning on, so that a job which changes the built-in
// objects confuses itself and nobody else.
const { parse, stringify } = JSON;
const PromiseOfHost = Promise;
const ErrorOfHost = Error;
const waiting = new Map();
const take = waiting.get.bind(waiting);
const keep = waiting.set.bind(waiting);
const forget = waiting.delete.bind(waiting);
let calls = 0;

export { now, log, give, isSpent };

let chance = drawn;

/** Sixteen random bytes, as hexadecimal digits. */
export const random = () => chance();

/** From now on they come from there. */
export function drawFrom(source) {
  chance = source;
}

/** Asks the hub for something, and promises what it answers. */
export function host(name, argument) {
  return new PromiseOfHost((resolve, reject) => {
    const id = ++calls;
    call(id, name, stringify(argument ?? null));
    keep(id, { resolve, reject });
  });
}

/** The parts of a whole URL, as browsers read it: `{href, origin, pathname, search}`; else nothing. */
export function readUrl(text) {
  const parts = url(text);
  return parts === undefined ? undefined : parse(parts);
}

/** The hub has answered: `text` is JSON, of a value or of `{code, message}`. */
export function settle(id, well, text) {
  const asked = take(id);
  if (!asked) return;
  forget(id);
  if (well) {
    asked.resolve(parse(text));
  } else {
    const { code, message } = parse(text);
    asked.reject(Object.assign(new ErrorOfHost(message), { code }));
  }
}
