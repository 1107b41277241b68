// Reading XML, and finding things in it with the calls that jobs know from cheerio: as many of them as
// jobs use. Names are compared without regard to case, as they are there.

const tokens = /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<[?!][^>]*>|<(\/?)([^\s\/>]+)((?:[^>"']|"[^"]*"|'[^']*')*)>|([^<]+)/g;
const attributes = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;
const entities = { amp: "&", apos: "'", gt: ">", lt: "<", nbsp: "\u00a0", quot: '"' };

function plain(text) {
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name) => {
    if (!name.startsWith("#")) return entities[name] ?? whole;
    const code = name[1].toLowerCase() === "x" ? parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function attributesOf(text) {
  const found = {};
  for (const [, name, double, single, bare] of text.matchAll(attributes)) found[name] = plain(double ?? single ?? bare);
  return found;
}

/** The elements of a document, as a tree below a root without a name. */
export function parse(text) {
  const root = { name: "", attributes: {}, children: [], parent: null };
  let at = root;
  for (const [, raw, end, name, rest, words] of String(text).matchAll(tokens)) {
    if (raw !== undefined) at.children.push(raw);
    else if (words !== undefined) at.children.push(plain(words));
    else if (end) {
      let open = at;
      while (open && open.name.toLowerCase() !== name.toLowerCase()) open = open.parent;
      // An end without a beginning ends nothing.
      at = open?.parent ?? at;
    } else if (name) {
      const element = { name, attributes: attributesOf(rest), children: [], parent: at };
      at.children.push(element);
      if (!rest.endsWith("/")) at = element;
    }
  }
  return root;
}

const isElement = (node) => typeof node !== "string";
const elementsOf = (node) => node.children.filter(isElement);
const below = (node) => elementsOf(node).flatMap((element) => [element, ...below(element)]);
const textOf = (node) => (isElement(node) ? node.children.map(textOf).join("") : node);

const simple = /([#.]?)((?:\\.|[\w*-]|[^\x00-\x7f])+)|\[\s*([^\s=\]]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\]\s]+))\s*)?\]/gy;

function testsOf(selector) {
  const tests = [];
  simple.lastIndex = 0;
  while (simple.lastIndex < selector.length) {
    const found = simple.exec(selector);
    if (!found) throw new Error(`The selector "${selector}" cannot be read: names, #id, .class and [attribute="value"] can`);
    const [, sign, escaped, attribute, double, single, bare] = found;
    const name = escaped?.replace(/\\(.)/g, "$1");
    const wanted = double ?? single ?? bare;
    if (attribute) {
      tests.push(({ attributes: own }) => Object.hasOwn(own, attribute) && (wanted === undefined || own[attribute] === wanted));
    } else if (sign === "#") tests.push(({ attributes: { id } }) => id === name);
    else if (sign === ".") tests.push(({ attributes: own }) => (own.class ?? "").split(/\s+/).includes(name));
    else if (name !== "*") tests.push((element) => element.name.toLowerCase() === name.toLowerCase());
  }
  return (element) => tests.every((test) => test(element));
}

function found(from, selector) {
  // What stands in brackets may hold commas and spaces.
  const all = (selector.match(/(?:\[[^\]]*\]|[^,[])+/g) ?? []).flatMap((one) => {
    const steps = one.trim().replace(/\s*>\s*/g, " >").match(/(?:\[[^\]]*\]|[^\s[])+/g) ?? [];
    return steps.reduce((nodes, step) => {
      const direct = step.startsWith(">");
      const test = testsOf(direct ? step.slice(1) : step);
      return nodes.flatMap(direct ? elementsOf : below).filter(test);
    }, from);
  });
  return [...new Set(all)];
}

const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const written = (text) => text.replace(/[&<>]/g, (letter) => marks[letter]);

function markupOf(node) {
  if (!isElement(node)) return written(node);
  const given = Object.entries(node.attributes);
  const own = given.map(([name, value]) => ` ${name}="${value.replace(/[&"]/g, (letter) => marks[letter])}"`);
  return `<${node.name}${own.join("")}>${node.children.map(markupOf).join("")}</${node.name}>`;
}

/** The cells of a table by column: what spans several places stands in the first, or in all. */
function columnsOf(rows, { acrossColumns, acrossRows, contentOf }) {
  const columns = [];
  const isTaken = (row, column) => columns[column]?.[row] !== undefined;
  rows.forEach((cells, row) => {
    let column = 0;
    for (const cell of cells) {
      while (isTaken(row, column)) column += 1;
      const content = contentOf(cell);
      const [height, width] = [cell.attributes.rowspan, cell.attributes.colspan].map((span) => Number(span) || 1);
      for (let right = 0; right < width; right++) {
        for (let down = 0; down < height; down++) {
          const isShown = (right === 0 || acrossColumns) && (down === 0 || acrossRows);
          (columns[column + right] ??= [])[row + down] = isShown ? content : "";
        }
      }
      column += width;
    }
  });
  return columns;
}

/** Elements that were found, and what can be asked of them. */
class Found {
  constructor(elements) {
    Object.assign(this, elements);
    this.length = elements.length;
  }

  toArray() {
    return Array.from(this);
  }

  get(place) {
    return place === undefined ? this.toArray() : this.toArray().at(place);
  }

  eq(place) {
    return new Found(this.toArray().slice(place, place === -1 ? undefined : place + 1));
  }

  first() {
    return this.eq(0);
  }

  last() {
    return this.eq(-1);
  }

  find(selector) {
    return new Found(found(this.toArray(), selector));
  }

  filter(selector) {
    const keep = typeof selector === "function" ? (element, place) => selector(place, element) : testsOf(selector);
    return new Found(this.toArray().filter(keep));
  }

  children(selector) {
    const all = new Found(this.toArray().flatMap(elementsOf));
    return selector ? all.filter(selector) : all;
  }

  parent() {
    return new Found([...new Set(this.toArray().map(({ parent }) => parent))].filter((element) => element?.name));
  }

  text() {
    return this.toArray().map(textOf).join("");
  }

  attr(name) {
    return this[0]?.attributes[name];
  }

  html() {
    return this[0] ? this[0].children.map(markupOf).join("") : null;
  }

  /** The table by column: cells as markup or, with `isText`, as text. */
  parsetable(acrossColumns = false, acrossRows = false, isText = false) {
    const isCell = ({ name }) => /^t[dh]$/i.test(name);
    const rows = this.find("tr").toArray().map((row) => below(row).filter(isCell));
    const contentOf = (cell) => (isText ? textOf(cell).trim() : cell.children.map(markupOf).join(""));
    return columnsOf(rows, { acrossColumns, acrossRows, contentOf });
  }

  each(look) {
    this.toArray().every((element, place) => look.call(element, place, element) !== false);
    return this;
  }

  map(make) {
    const made = this.toArray().flatMap((element, place) => make.call(element, place, element) ?? []);
    return { length: made.length, get: (place) => (place === undefined ? made : made.at(place)), toArray: () => made };
  }
}

/** A function that finds things in a document: `$("patients > patient").attr("id")`. */
export function load(text) {
  const root = parse(text);
  return (wanted) => {
    if (wanted instanceof Found) return wanted;
    return new Found(typeof wanted === "string" ? found([root], wanted) : [wanted].flat());
  };
}
