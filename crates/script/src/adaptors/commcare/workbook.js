// A spreadsheet of rows, as a file of Office Open XML: the few parts that a sheet of texts and numbers
// needs, in an archive that packs nothing.

const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const escaped = (value) => String(value).replace(forbidden, "").replace(/[&<>"]/g, (sign) => signs[sign]);

const header = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const packages = "http://schemas.openxmlformats.org/package/2006";
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const types = "application/vnd.openxmlformats-officedocument.spreadsheetml";

function cell(value) {
  if (value === null || value === undefined || value === "") return "<c/>";
  if (typeof value === "number" && Number.isFinite(value)) return `<c><v>${value}</v></c>`;
  if (typeof value === "boolean") return `<c t="b"><v>${Number(value)}</v></c>`;
  const text = value instanceof Date ? value.toISOString() : typeof value === "object" ? JSON.stringify(value) : value;
  return `<c t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
}

// The columns are the keys of all rows, in the order in which they first come.
function sheet(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  const data = lines.map((line) => `<row>${line.map(cell).join("")}</row>`).join("");
  return `${header}<worksheet xmlns="${main}"><sheetData>${data}</sheetData></worksheet>`;
}

function partsOf(sheets) {
  const names = Object.keys(sheets);
  const each = (part) => names.map((name, index) => part(index + 1, escaped(name))).join("");
  const overrides = each(
    (number) => `<Override PartName="/xl/worksheets/sheet${number}.xml" ContentType="${types}.worksheet+xml"/>`,
  );
  const sheetList = each((number, name) => `<sheet name="${name}" sheetId="${number}" r:id="rId${number}"/>`);
  const relations = each(
    (number) => `<Relationship Id="rId${number}" Type="${office}/worksheet" Target="worksheets/sheet${number}.xml"/>`,
  );
  return {
    "[Content_Types].xml": `${header}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/>${overrides}</Types>`,
    "_rels/.rels": `${header}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `${header}<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${sheetList}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `${header}<Relationships xmlns="${packages}/relationships">${relations}</Relationships>`,
    ...Object.fromEntries(names.map((name, index) => [`xl/worksheets/sheet${index + 1}.xml`, sheet([sheets[name]].flat())])),
  };
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 255];
  return ~value >>> 0;
}

// Numbers of two or four bytes, the lowest first: [value, how many bytes], ….
function numbers(...fields) {
  return fields.flatMap(([value, length]) =>
    Array.from({ length }, (_, index) => Math.floor(value / 256 ** index) % 256),
  );
}

// The first of January 1980, which is the earliest day that an archive knows.
const day = 33;

function archive(files) {
  const [contents, directory] = [[], []];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, bytes] = [Buffer.from(name), Buffer.from(text)];
    const sum = checksum(bytes);
    const about = numbers([20, 2], [0, 2], [0, 2], [0, 2], [day, 2], [sum, 4], [bytes.length, 4], [bytes.length, 4], [path.length, 2], [0, 2]);
    const local = Uint8Array.from([...numbers([0x04034b50, 4]), ...about, ...path]);
    directory.push(...numbers([0x02014b50, 4], [20, 2]), ...about, ...numbers([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), ...path);
    contents.push(local, Uint8Array.from(bytes));
    at += local.length + bytes.length;
  }
  const count = Object.keys(files).length;
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [directory.length, 4], [at, 4], [0, 2]);
  contents.push(Uint8Array.from(directory), Uint8Array.from(end));
  const whole = new Uint8Array(at + directory.length + end.length);
  let place = 0;
  for (const part of contents) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/** The file of a spreadsheet as base64: lists of rows by the names of their sheets. */
export function workbook(sheets) {
  return Buffer.from(archive(partsOf(sheets))).toString("base64");
}
