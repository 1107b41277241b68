// CSV: text in, records out, one at a time.

const defaults = {
  delimiter: ",",
  quote: '"',
  escape: '"',
  columns: true,
  bom: true,
  trim: true,
  ltrim: true,
  rtrim: true,
  chunkSize: Infinity,
  skip_empty_lines: true,
};

/** The options that are known, over their defaults. */
export function settingsOf(given) {
  const known = Object.entries(given).filter(([key]) => Object.hasOwn(defaults, key));
  return { ...defaults, ...Object.fromEntries(known) };
}

function fail(code, message) {
  throw Object.assign(new Error(message), { code });
}

// The fields of each record, with the line on which the record ends.
function* rows(text, { delimiter, quote, escape, ltrim, rtrim, trim }) {
  const begins = trim || ltrim;
  const ends = trim || rtrim;
  let row = [];
  let field = "";
  let quoted = false;
  let inside = false;
  let line = 1;
  const close = () => {
    row.push(quoted || !ends ? field : field.trimEnd());
    field = "";
    quoted = false;
  };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (inside) {
      if (letter === escape && text[at + 1] === quote && escape !== "") {
        field += quote;
        at++;
      } else if (letter === quote) inside = false;
      else {
        if (letter === "\n") line++;
        field += letter;
      }
    } else if (text.startsWith(delimiter, at)) {
      close();
      at += delimiter.length - 1;
    } else if (letter === "\n" || letter === "\r") {
      close();
      yield { row, line };
      row = [];
      if (letter === "\r" && text[at + 1] === "\n") at++;
      line++;
    } else if (quoted) {
      if (ends && /\s/.test(letter)) continue;
      fail(
        "CSV_INVALID_CLOSING_QUOTE",
        `Invalid Closing Quote: got "${letter}" at line ${line} instead of delimiter, record delimiter, trimable character (if activated) or comment`,
      );
    } else if (letter === quote && quote) {
      if (field) {
        fail(
          "INVALID_OPENING_QUOTE",
          `Invalid Opening Quote: a quote is found on field ${row.length} at line ${line}, value is "${field}"`,
        );
      }
      inside = quoted = true;
    } else if (field || !begins || !/\s/.test(letter)) field += letter;
  }
  if (inside) {
    fail("CSV_QUOTE_NOT_CLOSED", `Quote Not Closed: the parsing is finished with an opening quote at line ${line}`);
  }
  if (field || quoted || row.length) {
    close();
    yield { row, line };
  }
}

/** The records of a text: objects by the names of the first line, or lists without names. */
export function* records(text, settings) {
  const { columns, bom, skip_empty_lines } = settings;
  let names = Array.isArray(columns) ? columns : undefined;
  for (const { row, line } of rows(bom ? text.replace(/^\ufeff/, "") : text, settings)) {
    if (skip_empty_lines && row.length === 1 && row[0] === "") continue;
    if (!columns) yield row;
    else if (!names) names = typeof columns === "function" ? columns(row) : row;
    else if (row.length !== names.length) {
      fail(
        "CSV_RECORD_INCONSISTENT_COLUMNS",
        `Invalid Record Length: columns length is ${names.length}, got ${row.length} on line ${line}`,
      );
    } else yield Object.fromEntries(names.map((name, at) => [name?.name ?? name, row[at]]).filter(([name]) => name));
  }
}
