import { expect, test } from "vitest";
import { isPicture } from "./pictures";

const file = { name: "a", content_type: "image/jpeg", bytes: 1000, sha256: "ab", link: null };

test.each([
  [{}, true],
  [{ content_type: "IMAGE/PNG; x=y" }, true],
  [{ content_type: "image/svg+xml" }, false],
  [{ content_type: "text/html" }, false],
  [{ content_type: null }, false],
  [{ sha256: null }, false],
  [{ bytes: 16 * 1024 * 1024 + 1 }, false],
])("%o is a picture: %s", (other, expected) => {
  expect(isPicture({ ...file, ...other })).toBe(expected);
});
