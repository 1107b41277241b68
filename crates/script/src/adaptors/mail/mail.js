// The adaptor `mail`: letters by the hub's own relay, under the hub's name. It needs no credential.

import { host } from "fieldpost:host";
import { composeNextState } from "@openfn/language-common";
import { expandReferences } from "@openfn/language-common/util";

export * from "@openfn/language-common";
export { execute } from "@openfn/language-common/service";

const addresses = (value) => [value ?? []].flat().map(String);

function file({ filename, name, content = "", base64, contentType = "application/octet-stream" }) {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
  return { name: String(filename ?? name ?? "file"), content_type: contentType, base64: base64 ?? bytes.toString("base64") };
}

/**
 * Sends a letter: `to`, `cc`, `bcc` (an address or several), `replyTo`, `subject`, `text`, `html`, and
 * `attachments` of `{filename, content | base64, contentType}`. The data is then `{id, accepted}`.
 * @example send({ to: "ops@example.org", subject: `Case ${$.data.id}`, text: "Please look." })
 */
export function send(message) {
  return async (state) => {
    const [given] = expandReferences(state, message);
    const { to, cc, bcc, replyTo, subject = "", text = "", html, attachments = [] } = given ?? {};
    const sent = await host("mail", {
      to: addresses(to),
      cc: addresses(cc),
      bcc: addresses(bcc),
      reply_to: replyTo === undefined ? null : String(replyTo),
      subject: String(subject),
      text: String(text),
      html: html === undefined ? null : String(html),
      files: attachments.map(file),
    });
    console.log(`Mail to ${sent.accepted.length} addresses`);
    return composeNextState(state, sent);
  };
}
