// JSONPath, in the dialect that jobs are written in: `$`, names, `[n]`, `[a,b]`, slices, `*`, `..`,
// filters `[?(…)]`, scripts `[(…)]`, `^` for the parent and `~` for the name.

import { compile } from "@openfn/language-common/expression";

const cache = new Map();

// The parts of a path: text for a name, or an object that says what else.
function partsOf(path) {
  const parts = [];
  let at = 0;
  const until = (end, from) => {
    let depth = 0;
    let quote;
    for (let here = from; here < path.length; here++) {
      const letter = path[here];
      if (quote) {
        if (letter === "\\") here++;
        else if (letter === quote) quote = undefined;
      } else if (letter === '"' || letter === "'") quote = letter;
      else if (letter === end && !depth) return here;
      else if (letter === "[" || letter === "(") depth++;
      else if (letter === "]" || letter === ")") depth--;
    }
    throw new SyntaxError(`The path ${path} has no ${end} for what begins at ${from}`);
  };
  while (at < path.length) {
    if (path.startsWith("..", at)) {
      parts.push({ kind: "below" });
      at += 2;
    } else if (path[at] === ".") at++;
    else if (path[at] === "^" || path[at] === "~") parts.push({ kind: path[at++] });
    else if (path[at] === "[") {
      const end = until("]", at + 1);
      parts.push(bracket(path.slice(at + 1, end).trim()));
      at = end + 1;
    } else {
      const name = /^(?:`.|[^.[\]^~])+/.exec(path.slice(at));
      if (!name) throw new SyntaxError(`The path ${path} cannot be read from ${path.slice(at)} on`);
      parts.push(name[0] === "*" ? { kind: "all" } : name[0].replace(/^`/, ""));
      at += name[0].length;
    }
  }
  return parts[0] === "$" ? parts.slice(1) : parts;
}

function bracket(text) {
  const quoted = /^(['"])((?:\\.|(?!\1).)*)\1$/.exec(text);
  if (quoted) return quoted[2].replace(/\\(.)/g, "$1");
  if (text === "*") return { kind: "all" };
  if (text.startsWith("?")) return { kind: "filter", holds: compile(text.slice(1)) };
  if (text.startsWith("(")) return { kind: "script", value: compile(text) };
  const slice = /^(-?\d*):(-?\d*):?(\d*)$/.exec(text);
  if (slice) return { kind: "slice", bounds: slice.slice(1) };
  if (text.includes(",")) return { kind: "several", parts: text.split(",").map((part) => bracket(part.trim())) };
  return text;
}

const isObject = (value) => typeof value === "object" && value !== null;
const has = (value, name) => Boolean(value) && Object.hasOwn(Object(value), name);

function sliced(list, [start, end, step]) {
  const place = (text, otherwise) => {
    const number = text === "" ? otherwise : Number(text);
    return number < 0 ? Math.max(0, number + list.length) : Math.min(number, list.length);
  };
  const places = [];
  for (let at = place(start, 0); at < place(end, list.length); at += Number(step) || 1) places.push(at);
  return places;
}

// A place is `{value, name, parent}`, where the parent is a place as well.
function follow(place, parts, found) {
  if (!parts.length) {
    found.push(place.value);
    return;
  }
  const [part, ...rest] = parts;
  const { value } = place;
  const go = (name) => follow({ value: value[name], name, parent: place }, rest, found);
  if (typeof part === "string") {
    if (has(value, part)) go(part);
    return;
  }
  const children = isObject(value) ? Object.keys(value) : [];
  const world = (name) => ({ value: value[name], property: name, parent: value });
  switch (part.kind) {
    case "all":
      children.forEach(go);
      break;
    case "below":
      follow(place, rest, found);
      for (const name of children) {
        if (isObject(value[name])) follow({ value: value[name], name, parent: place }, parts, found);
      }
      break;
    case "filter":
      children.filter((name) => part.holds(world(name))).forEach(go);
      break;
    case "script": {
      const name = part.value({ value, property: place.name, parent: place.parent?.value });
      if (has(value, name)) go(name);
      break;
    }
    case "slice":
      if (Array.isArray(value)) sliced(value, part.bounds).forEach(go);
      break;
    case "several":
      for (const one of part.parts) follow(place, [one, ...rest], found);
      break;
    case "^":
      if (place.parent) follow(place.parent, rest, found);
      break;
    case "~":
      if (!rest.length) found.push(place.name);
      break;
  }
}

/** All values at a path. */
export function find(value, path) {
  const text = String(path);
  let parts = cache.get(text);
  if (!parts) cache.set(text, (parts = partsOf(text)));
  const found = [];
  follow({ value }, parts, found);
  return found;
}
