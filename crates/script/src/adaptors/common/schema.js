// JSON Schema (drafts 06 to 2020-12), for `validate`: each keyword is looked at in turn and nothing is
// compiled, since a job may not make code of text. Errors have the shape of ajv's: the first one ends the
// search, and what leads to it from alternatives stands before it.

const kindOf = (value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
const isInteger = (value) => Number.isFinite(value) && value % 1 === 0;
const isOfType = (value, type) => (type === "integer" ? isInteger(value) : kindOf(value) === type);
const escaped = (name) => String(name).replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (name) => decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~");
const lengthOf = (text) => [...text].length;
const plural = (count, what) => `${count} ${what}`;

/** Whether two values of JSON are the same. */
function same(one, other) {
  if (one === other) return true;
  const kind = kindOf(one);
  if (kind !== kindOf(other) || (kind !== "array" && kind !== "object")) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}

const formats = {
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  "date-time": /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  email: /^[^\s@]+@[^\s@]+$/,
  ipv4: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/,
  time: /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)?$/,
  uri: /^[a-z][a-z\d+.-]*:\S+$/i,
  uuid: /^(urn:uuid:)?[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
};

const bound = (comparison, holds) => (limit, data) =>
  holds(data, limit) ? undefined : [{ comparison, limit }, `must be ${comparison} ${limit}`];

const size = (what, side, measure) => (limit, data) => {
  const count = measure(data);
  if (side === "fewer" ? count >= limit : count <= limit) return undefined;
  return [{ limit }, `must NOT have ${side} than ${plural(limit, what)}`];
};

const sizes = (what, measure) => ["more", "fewer"].map((side) => size(what, side, measure));
const [maxLength, minLength] = sizes("characters", lengthOf);
const [maxItems, minItems] = sizes("items", (data) => data.length);
const [maxProperties, minProperties] = sizes("properties", (data) => Object.keys(data).length);

function multipleOf(divisor, data) {
  const quotient = data / divisor;
  return isInteger(quotient) ? undefined : [{ multipleOf: divisor }, `must be multiple of ${divisor}`];
}

function uniqueItems(wanted, data) {
  if (!wanted) return undefined;
  for (let i = data.length - 1; i > 0; i--) {
    const j = data.slice(0, i).findLastIndex((item) => same(item, data[i]));
    if (j >= 0) return [{ i, j }, `must NOT have duplicate items (items ## ${j} and ${i} are identical)`];
  }
  return undefined;
}

function required(names, data) {
  const missingProperty = names.find((name) => !Object.hasOwn(data, name));
  if (missingProperty === undefined) return undefined;
  return [{ missingProperty }, `must have required property '${missingProperty}'`];
}

function dependentRequired(dependencies, data) {
  for (const [property, names] of Object.entries(dependencies)) {
    if (!Array.isArray(names) || !Object.hasOwn(data, property)) continue;
    const missingProperty = names.find((name) => !Object.hasOwn(data, name));
    if (missingProperty === undefined) continue;
    const deps = names.join(", ");
    const what = names.length === 1 ? "property" : "properties";
    return [
      { property, missingProperty, depsCount: names.length, deps },
      `must have ${what} ${deps} when property ${property} is present`,
    ];
  }
  return undefined;
}

// Keywords that look at the value alone: they give what is wrong as `[params, message]`. For each kind of
// value they stand in the order in which they are looked at.
const simple = {
  number: {
    maximum: bound("<=", (data, limit) => data <= limit),
    minimum: bound(">=", (data, limit) => data >= limit),
    exclusiveMaximum: bound("<", (data, limit) => data < limit),
    exclusiveMinimum: bound(">", (data, limit) => data > limit),
    multipleOf,
  },
  string: {
    maxLength,
    minLength,
    pattern: (pattern, data) =>
      new RegExp(pattern, "u").test(data) ? undefined : [{ pattern }, `must match pattern "${pattern}"`],
    format: (format, data) =>
      !Object.hasOwn(formats, format) || formats[format].test(data) ? undefined : [{ format }, `must match format "${format}"`],
  },
  array: { maxItems, minItems, uniqueItems },
  object: { maxProperties, minProperties, required, dependentRequired },
  any: {
    const: (allowedValue, data) =>
      same(allowedValue, data) ? undefined : [{ allowedValue }, "must be equal to constant"],
    enum: (allowedValues, data) =>
      allowedValues.some((allowed) => same(allowed, data))
        ? undefined
        : [{ allowedValues }, "must be equal to one of the allowed values"],
  },
};

// Keywords that hold schemas themselves: each is given the place that it stands at, and gives errors.
const applied = {
  array: {
    prefixItems: (at, schemas) => at.eachOf(schemas),
    items: (at, schema) => {
      if (Array.isArray(schema)) return at.eachOf(schema);
      const first = at.schema.prefixItems?.length ?? 0;
      if (schema !== false || !first) return at.rest(schema, first);
      return at.data.length > first ? at.error({ limit: first }, `must NOT have more than ${plural(first, "items")}`) : [];
    },
    additionalItems: (at, schema) => {
      const first = Array.isArray(at.schema.items) ? at.schema.items.length : Infinity;
      if (schema !== false) return at.rest(schema, first);
      return at.data.length > first ? at.error({ limit: first }, `must NOT have more than ${plural(first, "items")}`) : [];
    },
    contains: (at, schema) => {
      const { minContains = 1, maxContains } = at.schema;
      const count = at.data.filter((_, place) => !at.into(place, "", schema).length).length;
      if (count >= minContains && !(count > maxContains)) return [];
      const params = maxContains === undefined ? { minContains } : { minContains, maxContains };
      const most = maxContains === undefined ? "" : ` and no more than ${maxContains}`;
      return at.error(params, `must contain at least ${minContains}${most} valid item(s)`);
    },
  },
  object: {
    propertyNames: (at, schema) => {
      for (const propertyName of Object.keys(at.data)) {
        const errors = at.check(schema, propertyName, "");
        if (!errors.length) continue;
        return [
          ...errors.map((error) => ({ ...error, propertyName })),
          ...at.error({ propertyName }, "property name must be valid"),
        ];
      }
      return [];
    },
    additionalProperties: (at, schema) => {
      const { properties = {}, patternProperties = {} } = at.schema;
      const patterns = Object.keys(patternProperties).map((pattern) => new RegExp(pattern, "u"));
      for (const name of Object.keys(at.data)) {
        if (Object.hasOwn(properties, name) || patterns.some((pattern) => pattern.test(name))) continue;
        if (schema === false) return at.error({ additionalProperty: name }, "must NOT have additional properties");
        const errors = at.into(name, "", schema);
        if (errors.length) return errors;
      }
      return [];
    },
    dependencies: (at, dependencies) => {
      const wrong = dependentRequired(dependencies, at.data);
      return wrong ? at.error(...wrong) : at.whereThere(dependencies);
    },
    dependentSchemas: (at, schemas) => at.whereThere(schemas),
    properties: (at, schemas) => {
      const there = Object.keys(schemas).filter((name) => Object.hasOwn(at.data, name));
      return at.first(there, (name) => at.into(name, `/${encodeURIComponent(escaped(name))}`, schemas[name]));
    },
    patternProperties: (at, schemas) =>
      at.first(Object.keys(schemas), (pattern) => {
        const names = Object.keys(at.data).filter((name) => new RegExp(pattern, "u").test(name));
        return at.first(names, (name) => at.into(name, `/${encodeURIComponent(escaped(pattern))}`, schemas[pattern]));
      }),
  },
  any: {
    not: (at, schema) => (at.here("", schema).length ? [] : at.error({}, "must NOT be valid")),
    anyOf: (at, schemas) => {
      const found = schemas.map((schema, place) => at.here(`/${place}`, schema));
      if (found.some((errors) => !errors.length)) return [];
      return [...found.flat(), ...at.error({}, "must match a schema in anyOf")];
    },
    oneOf: (at, schemas) => {
      const found = schemas.map((schema, place) => at.here(`/${place}`, schema));
      const passing = found.flatMap((errors, place) => (errors.length ? [] : [place]));
      if (passing.length === 1) return [];
      const several = passing.length ? passing.slice(0, 2) : null;
      // After the second that fits, no further one is looked at.
      const looked = several ? found.slice(0, several[1] + 1) : found;
      return [...looked.flat(), ...at.error({ passingSchemas: several }, "must match exactly one schema in oneOf")];
    },
    allOf: (at, schemas) => at.first(schemas.keys(), (place) => at.here(`/${place}`, schemas[place])),
    if: (at, schema) => {
      const branchName = at.here("", schema).length ? "else" : "then";
      const branch = at.schema[branchName];
      if (branch === undefined) return [];
      return at.check(branch, at.data, at.instance, at.way.replace(/if$/, branchName));
    },
  },
};

/** A keyword of a schema, and the value that it is to judge. */
class Place {
  constructor(root, schema, data, instance, way, keyword) {
    Object.assign(this, { root, schema, data, instance, way: `${way}/${keyword}`, keyword });
  }

  error(params, message) {
    const { instance, way, keyword } = this;
    return [{ instancePath: instance, schemaPath: way, keyword, params, message }];
  }

  check(schema, data, instance = this.instance, way = this.way) {
    return check(this.root, schema, data, instance, way);
  }

  /** The same value, by a schema that stands so much deeper. */
  here(deeper, schema) {
    return this.check(schema, this.data, this.instance, `${this.way}${deeper}`);
  }

  /** A part of the value. */
  into(name, deeper, schema) {
    return this.check(schema, this.data[name], `${this.instance}/${escaped(name)}`, `${this.way}${deeper}`);
  }

  /** The errors of the first that has any. */
  first(items, look) {
    for (const item of items) {
      const errors = look(item);
      if (errors.length) return errors;
    }
    return [];
  }

  eachOf(schemas) {
    const there = schemas.slice(0, this.data.length).keys();
    return this.first(there, (place) => this.into(place, `/${place}`, schemas[place]));
  }

  rest(schema, from) {
    const places = [...this.data.keys()].slice(from === Infinity ? this.data.length : from);
    return this.first(places, (place) => this.into(place, "", schema));
  }

  whereThere(schemas) {
    const there = Object.keys(schemas).filter((name) => !Array.isArray(schemas[name]) && Object.hasOwn(this.data, name));
    return this.first(there, (name) => this.here(`/${escaped(name)}`, schemas[name]));
  }
}

// A reference to a schema with an address of its own is meant from the address of the schema that it stands in.
function addressed(root, address) {
  const from = root.scope.at(-1)?.address ?? "";
  return root.named.get(address) ?? root.named.get(from.slice(0, from.lastIndexOf("/") + 1) + address);
}

function followed(root, ref) {
  const own = ref.startsWith("#") ? root.scope.at(-1)?.anchors.get(ref.slice(1)) : undefined;
  const found = own ?? addressed(root, ref);
  if (found) return found;
  const [base, pointer = ""] = ref.split("#", 2);
  const start = base === "" ? root.schema : addressed(root, base)?.schema;
  let schema = start;
  for (const name of pointer.split("/").slice(1)) schema = schema?.[unescaped(name)];
  if (schema === undefined || (pointer && !pointer.startsWith("/"))) throw new Error(`can't resolve reference ${ref}`);
  return { schema, way: base === "" ? `#${pointer}` : ref };
}

function ofKind(kind, root, schema, data, instance, way) {
  const place = (keyword) => new Place(root, schema, data, instance, way, keyword);
  for (const [keyword, look] of Object.entries(simple[kind] ?? {})) {
    if (schema[keyword] === undefined) continue;
    const wrong = look(schema[keyword], data);
    if (wrong) return place(keyword).error(...wrong);
  }
  for (const [keyword, look] of Object.entries(applied[kind] ?? {})) {
    if (schema[keyword] === undefined) continue;
    const errors = look(place(keyword), schema[keyword]);
    if (errors.length) return errors;
  }
  return [];
}

function ofReference(root, { schema, way }, data, instance) {
  return check(root, schema, data, instance, way);
}

// What a dynamic reference means depends on the way that led to it: of the schemas that were gone through, the
// outermost that has the anchor.
function dynamic(root, ref) {
  const name = ref.slice(ref.indexOf("#") + 1);
  const meant = followed(root, ref);
  if (meant.schema.$dynamicAnchor !== name) return meant;
  return root.scope.find(({ dynamics }) => dynamics.has(name))?.dynamics.get(name) ?? meant;
}

// The same as draft 2019-09 had it: of whole schemas alone.
function recursive(root) {
  const { whole } = root.scope.at(-1);
  if (whole.schema.$recursiveAnchor !== true) return whole;
  return root.scope.find((resource) => resource.whole.schema.$recursiveAnchor === true).whole;
}

const references = {
  $ref: (root, { $ref }) => followed(root, $ref),
  $dynamicRef: (root, { $dynamicRef }) => dynamic(root, $dynamicRef),
  $recursiveRef: recursive,
};

const referencesOf = (schema) => Object.keys(references).filter((keyword) => schema[keyword] !== undefined);

// Goes through a schema, and remembers meanwhile in which it stands.
function check(root, schema, data, instance, way) {
  const own = root.resources.get(schema);
  const isNew = own !== undefined && own !== root.scope.at(-1);
  if (isNew) root.scope.push(own);
  const errors = within(root, schema, data, instance, way);
  if (isNew) root.scope.pop();
  return errors;
}

function within(root, schema, data, instance, way) {
  if (schema === true) return [];
  const place = (keyword) => new Place(root, schema, data, instance, way, keyword);
  if (schema === false) return place("false schema").error({}, "boolean schema is false");
  const { type } = schema;
  const allowsNull = schema.nullable === true && data === null;
  if (type !== undefined && !allowsNull && ![type].flat().some((one) => isOfType(data, one))) {
    return place("type").error({ type }, `must be ${[type].flat().join(",")}`);
  }
  const kind = kindOf(data);
  const before = kind === "number" || kind === "string" ? ofKind(kind, root, schema, data, instance, way) : [];
  if (before.length) return before;
  for (const keyword of referencesOf(schema)) {
    const referred = ofReference(root, references[keyword](root, schema), data, instance);
    if (referred.length) return referred;
  }
  const any = ofKind("any", root, schema, data, instance, way);
  if (any.length) return any;
  if (kind !== "array" && kind !== "object") return [];
  const inside = ofKind(kind, root, schema, data, instance, way);
  return inside.length ? inside : ofTheRest(kind, root, schema, data, instance, way);
}

// The schemas that say something of the same value beside this one, as far as they hold for it: what they
// look at counts as looked at.
function* beside(root, schema, data) {
  const holds = (other) => !check(root, other, data, "", "").length;
  for (const keyword of referencesOf(schema)) yield references[keyword](root, schema).schema;
  yield* schema.allOf ?? [];
  yield* [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(holds);
  if (schema.if !== undefined) {
    const isSo = holds(schema.if);
    if (isSo) yield schema.if;
    yield (isSo ? schema.then : schema.else) ?? true;
  }
  for (const [name, other] of Object.entries({ ...schema.dependencies, ...schema.dependentSchemas })) {
    if (!Array.isArray(other) && kindOf(data) === "object" && Object.hasOwn(data, name)) yield other;
  }
}

/** The names of an object that a schema looks at, itself or by others beside it. */
function propertiesSeen(root, schema, data, isOuter) {
  if (typeof schema === "boolean") return new Set();
  const { properties = {}, patternProperties = {}, additionalProperties, unevaluatedProperties } = schema;
  const names = Object.keys(data);
  if (additionalProperties !== undefined || (!isOuter && unevaluatedProperties !== undefined)) return new Set(names);
  const patterns = Object.keys(patternProperties).map((pattern) => new RegExp(pattern, "u"));
  const isOwn = (name) => Object.hasOwn(properties, name) || patterns.some((pattern) => pattern.test(name));
  const seen = new Set(names.filter(isOwn));
  for (const other of beside(root, schema, data)) {
    for (const name of propertiesSeen(root, other, data)) seen.add(name);
  }
  return seen;
}

/** The places of an array that a schema looks at, itself or by others beside it. */
function itemsSeen(root, schema, data, isOuter) {
  if (typeof schema === "boolean") return new Set();
  const { items, prefixItems = [], additionalItems, contains, unevaluatedItems } = schema;
  const all = new Set(data.keys());
  const isList = Array.isArray(items);
  if ((items !== undefined && !isList) || (isList && additionalItems !== undefined)) return all;
  if (!isOuter && unevaluatedItems !== undefined) return all;
  const first = isList ? items.length : prefixItems.length;
  const isSeen = (place) =>
    place < first || (contains !== undefined && !check(root, contains, data[place], "", "").length);
  const seen = new Set([...all].filter(isSeen));
  for (const other of beside(root, schema, data)) {
    for (const place of itemsSeen(root, other, data)) seen.add(place);
  }
  return seen;
}

// What nothing else has looked at, which is looked at last.
function ofTheRest(kind, root, schema, data, instance, way) {
  const keyword = kind === "object" ? "unevaluatedProperties" : "unevaluatedItems";
  const rest = schema[keyword];
  if (rest === undefined) return [];
  const at = new Place(root, schema, data, instance, way, keyword);
  const seen = (kind === "object" ? propertiesSeen : itemsSeen)(root, schema, data, true);
  const left = (kind === "object" ? Object.keys(data) : [...data.keys()]).filter((name) => !seen.has(name));
  if (rest !== false) return at.first(left, (name) => at.into(name, "", rest));
  if (!left.length) return [];
  if (kind === "object") return at.error({ unevaluatedProperty: left[0] }, "must NOT have unevaluated properties");
  return at.error({ limit: left[0] }, `must NOT have more than ${plural(left[0], "items")}`);
}

// Schemas that can be referred to by a name of their own, wherever they stand, and for each part of the whole the
// schema with an address that it is of: the whole itself, or one within it that has an `$id`.
function rootOf(schema) {
  const named = new Map();
  const resources = new Map();
  const visit = (part, way, outer) => {
    if (typeof part !== "object" || part === null) return;
    const place = { schema: part, way };
    let resource = outer;
    if (!outer || typeof part.$id === "string") {
      const address = (part.$id ?? "").replace(/#$/, "");
      resource = { address, whole: place, anchors: new Map(), dynamics: new Map() };
      if (address) named.set(address, place);
    }
    resources.set(part, resource);
    for (const anchor of [part.$anchor, part.$dynamicAnchor]) {
      if (typeof anchor !== "string") continue;
      named.set(`#${anchor}`, place);
      resource.anchors.set(anchor, place);
    }
    if (typeof part.$dynamicAnchor === "string") resource.dynamics.set(part.$dynamicAnchor, place);
    for (const [name, inner] of Object.entries(part)) {
      if (name !== "enum" && name !== "const") visit(inner, `${way}/${escaped(name)}`, resource);
    }
  };
  visit(schema, "#");
  return { schema, named, resources, scope: [] };
}

/** What is wrong with data by a schema: a list of errors, empty where nothing is. */
export function errorsOf(schema, data) {
  if (typeof schema !== "boolean" && kindOf(schema) !== "object") throw new Error("schema must be object or boolean");
  return check(rootOf(schema), schema, data, "", "#");
}
