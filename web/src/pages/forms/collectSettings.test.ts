import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { qrText } from "./collectSettings";

test("the code holds the settings as phones read them, and no password", async () => {
  const settings = { url: "https://hub.example.org/p/clinic", username: "phones", name: "Clinic" };
  const packed = Buffer.from(await qrText(settings), "base64");
  expect(JSON.parse(inflateSync(packed).toString())).toEqual({
    general: { server_url: "https://hub.example.org/p/clinic", username: "phones" },
    admin: {},
    project: { name: "Clinic" },
  });
});

test("who is asked for nothing names nobody", async () => {
  const packed = Buffer.from(await qrText({ url: "u", username: null, name: "n" }), "base64");
  expect(JSON.parse(inflateSync(packed).toString()).general).toEqual({ server_url: "u" });
});
