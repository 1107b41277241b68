// Lets the published npm package `standardwebhooks` judge deliveries that a hub sent.
//
// node verify.cjs FOLDER: each NAME.json in it has the headers of one delivery, the secrets that a
// receiver may know, and one that signed nothing; NAME.body has the body's bytes. What the package
// must take and does not, or must refuse and takes, ends this with an error. Prints how many
// judgements were right.
"use strict";
const { isUtf8 } = require("node:buffer");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
// The HMAC that the package is made with.
const { hmac } = require("fast-sha256");

const folder = process.argv[2];
let judgements = 0;

function accepted(secret, body, headers) {
    const parsed = new Webhook(secret).verify(body, headers, { jsonParse: false });
    assert.strictEqual(parsed, undefined);
    judgements += 1;
}

function refused(reason, secret, body, headers) {
    assert.throws(
        () => new Webhook(secret).verify(body, headers, { jsonParse: false }),
        (error) => error instanceof WebhookVerificationError && error.message === reason,
        `should have been refused: ${reason}`,
    );
    judgements += 1;
}

// The package reads a body as text before it looks at it, so that bytes which are no text never
// verify. What the standard says of them is checked with the same HMAC on the bytes.
function acceptedAsBytes(secret, body, headers) {
    const head = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`);
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    const digest = Buffer.from(hmac(key, Buffer.concat([head, body]))).toString("base64");
    assert.ok(headers["webhook-signature"].split(" ").includes(`v1,${digest}`));
    judgements += 1;
}

for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const { headers, secrets, stranger } = JSON.parse(fs.readFileSync(path.join(folder, file), "utf8"));
    const body = fs.readFileSync(path.join(folder, file.replace(/json$/, "body")));
    const changed = Buffer.concat([body, Buffer.from(" ")]);
    const minutesAgo = (minutes) => String(Number(headers["webhook-timestamp"]) - minutes * 60);
    const noMatch = "No matching signature found";
    assert.strictEqual(headers["webhook-signature"].split(" ").length, secrets.length);
    for (const secret of secrets) {
        if (isUtf8(body)) {
            accepted(secret, body, headers);
        } else {
            acceptedAsBytes(secret, body, headers);
        }
        refused(noMatch, secret, changed, headers);
        refused(noMatch, secret, body, { ...headers, "webhook-id": "another" });
        refused(noMatch, secret, body, { ...headers, "webhook-timestamp": minutesAgo(1) });
        refused("Message timestamp too old", secret, body, { ...headers, "webhook-timestamp": minutesAgo(10) });
        refused("Missing required headers", secret, body, { ...headers, "webhook-signature": "" });
    }
    refused(noMatch, stranger, body, headers);
}
console.log(judgements);
