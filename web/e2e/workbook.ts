// What stands in a workbook of Excel: its parts are taken out of the archive, and the texts of its
// first sheet read, row by row.
import { inflateRawSync } from "node:zlib";

const END_OF_ARCHIVE = 0x06054b50;
const ENTRY = 0x02014b50;
const DEFLATED = 8;

/** The parts of an archive, by their names, as its directory lists them. */
export function partsOf(archive: Buffer): Map<string, Buffer> {
  const end = archive.length - 22;
  if (archive.readUInt32LE(end) !== END_OF_ARCHIVE) {
    throw new Error("the file does not end as an archive does");
  }
  const parts = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== ENTRY) {
      throw new Error("the directory of the archive is broken");
    }
    const [name, extra, comment] = [28, 30, 32].map((place) => archive.readUInt16LE(at + place));
    const size = archive.readUInt32LE(at + 20);
    const begin = archive.readUInt32LE(at + 42);
    const content =
      begin + 30 + archive.readUInt16LE(begin + 26) + archive.readUInt16LE(begin + 28);
    const packed = archive.subarray(content, content + size);
    const isDeflated = archive.readUInt16LE(at + 10) === DEFLATED;
    parts.set(
      archive.toString("utf8", at + 46, at + 46 + (name ?? 0)),
      isDeflated ? inflateRawSync(packed) : packed,
    );
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return parts;
}

/** The texts of the first sheet; cells that hold none are left out. */
export function rowsOf(workbook: Buffer): string[][] {
  const sheet = partsOf(workbook).get("xl/worksheets/sheet1.xml")?.toString("utf8");
  if (sheet === undefined) {
    throw new Error("the workbook has no sheet");
  }
  const rows = [...sheet.matchAll(/<row\b[^>]*>(.*?)<\/row>/gs)];
  return rows.map(([, row = ""]) =>
    [...row.matchAll(/<(?:t|v)\b[^>]*>([^<]*)<\/(?:t|v)>/g)].map(([, text = ""]) => text),
  );
}
