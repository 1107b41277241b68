// The adaptor `postgresql`. Names, arguments and results are those of @openfn/language-postgresql; values
// go to the database apart from the statement, and names are quoted, so that neither can be anything else.

import { composeNextState } from "@openfn/language-common";
import { expandReferences } from "@openfn/language-common/util";
import { quoteName, quoteText, run } from "@openfn/language-postgresql/client";

export * from "@openfn/language-common";
export { execute } from "@openfn/language-common/service";
export * as util from "@openfn/language-postgresql/util";

// What the database takes as values of one statement.
const mostValues = 60_000;

const isEmpty = (records) => !Array.isArray(records) || records.length === 0;

// A value that `setNull` names is written as nothing. It is named as in SQL: "'NaN'".
function nulled(value, setNull) {
  const named = [setNull ?? []].flat().map((text) => String(text).replace(/^'(.*)'$/s, "$1"));
  return value === undefined || named.includes(String(value)) ? null : value;
}

// The statement is done and told of in the state, unless the options say otherwise.
async function done(state, statement, values, options = {}) {
  const { writeSql, execute = true, logValues, timeout } = options;
  const written = writeSql ? { queries: [...(state.queries ?? []), statement] } : {};
  if (!execute) {
    console.log("Query not executed", statement);
    return { ...state, ...written };
  }
  console.log("Executing query", statement, ...(logValues ? [values] : []));
  const result = await run(state, statement, values, timeout);
  console.log(`${result.rowCount ?? 0} rows`);
  return { ...composeNextState(state, result.rows), ...written, result };
}

// The columns are those of the first record; what a later one lacks is written as nothing.
function inserting(table, records, { setNull } = {}) {
  const columns = Object.keys(records[0]).sort();
  const values = [];
  const rows = records.map((record) => {
    const places = columns.map((column) => {
      values.push(nulled(record[column], setNull));
      return `$${values.length}`;
    });
    return `(${places.join(", ")})`;
  });
  const names = columns.map(quoteName).join(", ");
  const statement = `INSERT INTO ${quoteName(table)} (${names}) VALUES ${rows.join(", ")}`;
  return { columns, statement, values };
}

// What a row is known by: a column, several of a list, or a constraint by its name.
function conflict(uuid, columns) {
  const constraint = /^\s*on\s+constraint\s+(.+?)\s*$/i.exec(uuid);
  const known = [uuid].flat().flatMap((name) => String(name).split(",")).map((name) => name.trim());
  const target = constraint ? `ON CONSTRAINT ${quoteName(constraint[1])}` : `(${known.map(quoteName).join(", ")})`;
  const changes = columns.map((column) => `${quoteName(column)} = excluded.${quoteName(column)}`);
  return ` ON CONFLICT ${target} DO UPDATE SET ${changes.join(", ")}`;
}

// Many records go in as few statements as there can be; the rows of all of them are the data.
async function inBatches(state, table, records, options, ending) {
  if (isEmpty(records)) {
    console.log("No records provided; skipping");
    return state;
  }
  const columns = Object.keys(records[0]).length;
  if (!columns) throw new Error(`A record for ${table} has no columns`);
  const size = Math.max(1, Math.floor(mostValues / columns));
  let next = state;
  for (let begin = 0; begin < records.length; begin += size) {
    const { columns: named, statement, values } = inserting(table, records.slice(begin, begin + size), options);
    next = await done(next, `${statement}${ending(named)}`, values, options);
  }
  return next;
}

const plain = () => "";

/**
 * Has the database do a statement. Values for `$1`, `$2` … stand in the option `values`.
 * @example sql("SELECT id FROM births WHERE village = $1", { values: [$.data.village] })
 */
export function sql(sqlQuery, options = {}) {
  return (state) => {
    const [statement, { values = [], ...given }] = expandReferences(state, sqlQuery, options);
    return done(state, statement, values, given);
  };
}

/**
 * Finds one value: that of the column `uuid` in the first row of `relation` that meets all of `where`.
 * The comparison is `=`, unless `operator` names another for a column.
 * @example fn(async state => ({ ...state, id: await findValue({ uuid: "id", relation: "villages", where: { name: state.data.village } })(state) }))
 */
export function findValue(filter) {
  return async (state) => {
    const [{ uuid, relation, where = {}, operator = {} }] = expandReferences(state, filter);
    const columns = Object.keys(where);
    const tests = columns.map((column, place) => `${quoteName(column)} ${compared(operator[column])} $${place + 1}`);
    const condition = tests.length ? ` WHERE ${tests.join(" AND ")}` : "";
    const statement = `SELECT ${quoteName(uuid)} AS value FROM ${quoteName(relation)}${condition} LIMIT 1`;
    const { rows } = await run(state, statement, columns.map((column) => where[column]));
    return rows[0]?.value;
  };
}

const comparisons = ["=", "<>", "!=", "<", "<=", ">", ">=", "like", "not like", "ilike", "not ilike", "~", "~*", "!~", "!~*"];

function compared(operator = "=") {
  const known = String(operator).trim().toLowerCase();
  if (comparisons.includes(known)) return known;
  throw new Error(`The operator ${operator} is none of ${comparisons.join(", ")}`);
}

/**
 * Writes a row into a table.
 * @example insert("births", { name: $.data.name, weight: $.data.weight })
 */
export function insert(table, record, options = {}) {
  return (state) => {
    const [name, row, given] = expandReferences(state, table, record, options);
    return inBatches(state, name, [row], given, plain);
  };
}

/**
 * Writes many rows into a table. The columns are those of the first.
 * @example insertMany("births", $.data.births)
 */
export function insertMany(table, records, options = {}) {
  return (state) => {
    const [name, rows, given] = expandReferences(state, table, records, options);
    return inBatches(state, name, rows, given, plain);
  };
}

/**
 * Writes a row, or changes the one that has the same `uuid`: a column, several of a list, or
 * "ON CONSTRAINT name".
 * @example upsert("births", "external_id", { external_id: $.data.id, name: $.data.name })
 */
export function upsert(table, uuid, record, options = {}) {
  return (state) => {
    const [name, key, row, given] = expandReferences(state, table, uuid, record, options);
    return inBatches(state, name, [row], given, (columns) => conflict(key, columns));
  };
}

/**
 * The same, if the condition holds.
 * @example upsertIf($.data.name, "births", "external_id", { external_id: $.data.id, name: $.data.name })
 */
export function upsertIf(logical, table, uuid, record, options = {}) {
  return (state) => {
    const [holds] = expandReferences(state, logical);
    if (holds) return upsert(table, uuid, record, options)(state);
    console.log(`Skipping upsert for ${uuid}`);
    return state;
  };
}

/**
 * Writes many rows, or changes those that have the same `uuid`.
 * @example upsertMany("births", "external_id", $.data.births)
 */
export function upsertMany(table, uuid, data, options = {}) {
  return (state) => {
    const [name, key, rows, given] = expandReferences(state, table, uuid, data, options);
    return inBatches(state, name, rows, given, (columns) => conflict(key, columns));
  };
}

/**
 * Brings the columns of a table: `column_name`, `udt_name` and `is_nullable`.
 * @example describeTable("births")
 */
export function describeTable(tableName, options = {}) {
  return (state) => {
    const [name, given] = expandReferences(state, tableName, options);
    const statement =
      "SELECT column_name, udt_name, is_nullable FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position";
    return done(state, statement, [name], given);
  };
}

// What a database reckons when a row is written: a function without arguments, or a word of SQL.
const isReckoned = /^(?:(?:[a-z_]\w*\.)?[a-z_]\w*\(\)|current_(?:date|time|timestamp|user)|localtime(?:stamp)?|true|false|null)$/i;
const isQuoted = /^'(?:[^'\\]|'')*'$/;

// All else is a value, and stands within quotes; the database reads it as the type of its column. A text that
// has its quotes already is meant without them.
function initially(value) {
  if (typeof value === "object") return quoteText(JSON.stringify(value));
  const text = String(value);
  if (isReckoned.test(text)) return text;
  return quoteText(isQuoted.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text);
}

const isTable = (name) => /^[a-z_][\w ()[\],."]*$/i.test(name);

function columnOf({ name, type, required, unique, default: initial, identity }) {
  if (!isTable(type ?? "")) throw new Error(`The column ${name} has no type that a database has: ${type}`);
  const parts = [quoteName(name), type];
  if (identity) parts.push("GENERATED BY DEFAULT AS IDENTITY");
  if (required) parts.push("NOT NULL");
  if (initial !== undefined && initial !== null) parts.push(`DEFAULT ${initially(initial)}`);
  if (unique) parts.push("UNIQUE");
  return parts.join(" ");
}

/**
 * Makes a table of columns `{name, type, required, unique, default, identity}`.
 * @example insertTable("births", [{ name: "id", type: "integer", identity: true, unique: true }, { name: "name", type: "text", required: true }])
 */
export function insertTable(tableName, columns, options = {}) {
  return (state) => {
    const [name, wanted, given] = expandReferences(state, tableName, columns, options);
    if (isEmpty(wanted)) {
      console.log("No table created; the list of columns is empty");
      return state;
    }
    return done(state, `CREATE TABLE ${quoteName(name)} (${wanted.map(columnOf).join(", ")})`, [], given);
  };
}

/**
 * Adds columns to a table.
 * @example modifyTable("births", [{ name: "weight", type: "numeric" }])
 */
export function modifyTable(tableName, columns, options = {}) {
  return (state) => {
    const [name, wanted, given] = expandReferences(state, tableName, columns, options);
    if (isEmpty(wanted)) {
      console.log("Table not modified; the list of columns is empty");
      return state;
    }
    const added = wanted.map((column) => `ADD COLUMN ${columnOf(column)}`);
    return done(state, `ALTER TABLE ${quoteName(name)} ${added.join(", ")}`, [], given);
  };
}

/**
 * Runs operations as one: either all of their changes are kept, or none.
 * @example transaction(insert("births", $.data.birth), insert("visits", $.data.visit))
 */
export function transaction(...operations) {
  return async (state) => {
    await run(state, "BEGIN");
    try {
      let next = state;
      for (const operation of operations) next = await operation(next);
      await run(state, "COMMIT");
      return next;
    } catch (error) {
      await run(state, "ROLLBACK");
      throw error;
    }
  };
}
