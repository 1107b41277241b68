import { expect, test } from "vitest";
import { xmlLines } from "./xmlLines";

test("each element stands in a line of its own", () => {
  const text =
    '<?xml version="1.0"?><data id="a>b"><name>Amina &amp; co</name><!-- <no> --><loc><gps/></loc><meta x=\'1\'><id>1</id></meta></data>';
  expect(xmlLines(text).split("\n")).toEqual([
    '<?xml version="1.0"?>',
    '<data id="a>b">',
    "  <name>Amina &amp; co</name>",
    "  <!-- <no> -->",
    "  <loc>",
    "    <gps/>",
    "  </loc>",
    "  <meta x='1'>",
    "    <id>1</id>",
    "  </meta>",
    "</data>",
  ]);
});

test("what is laid out already stays so", () => {
  const text = "<data>\n  <a>1</a>\n  <b/>\n</data>";
  expect(xmlLines(text)).toBe(text);
});

test("what is no XML stays as it is", () => {
  expect(xmlLines("a < b")).toBe("a < b");
});
