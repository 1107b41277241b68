"""Lets the published PyPI package `standardwebhooks` judge deliveries that a hub sent.

python3 verify.py FOLDER: each NAME.json in it has the headers of one delivery, the secrets that a
receiver may know, and one that signed nothing; NAME.body has the body's bytes. What the package
must take and does not, or must refuse and takes, ends this with an error. Prints how many
judgements were right.
"""

import base64
import json
import pathlib
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError, hmac_data

NO_MATCH = "No matching signature found"
judgements = 0


def accepted(secret, body, headers):
    global judgements
    assert Webhook(secret).verify(body, headers, json_parse=False) is None
    judgements += 1


def refused(reason, secret, body, headers):
    global judgements
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except WebhookVerificationError as error:
        assert str(error) == reason, f"{error}, not {reason}"
        judgements += 1
    else:
        raise AssertionError(f"should have been refused: {reason}")


def accepted_as_bytes(secret, body, headers):
    """The package reads a body as text before it looks at it, so that bytes which are no text never
    verify. What the standard says of them is checked with the package's own HMAC on the bytes."""
    global judgements
    head = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac_data(key, head + body)).decode()
    assert f"v1,{digest}" in headers["webhook-signature"].split(" ")
    judgements += 1


def is_text(body):
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


for file in pathlib.Path(sys.argv[1]).glob("*.json"):
    delivery = json.loads(file.read_text())
    headers, secrets = delivery["headers"], delivery["secrets"]
    body = file.with_suffix(".body").read_bytes()

    def minutes_ago(minutes):
        return str(int(headers["webhook-timestamp"]) - minutes * 60)

    assert len(headers["webhook-signature"].split(" ")) == len(secrets)
    for secret in secrets:
        if is_text(body):
            accepted(secret, body, headers)
            refused(NO_MATCH, secret, body + b" ", headers)
            refused(NO_MATCH, secret, body, headers | {"webhook-id": "another"})
            refused(NO_MATCH, secret, body, headers | {"webhook-timestamp": minutes_ago(1)})
        else:
            accepted_as_bytes(secret, body, headers)
        text = body.decode(errors="replace")
        old = headers | {"webhook-timestamp": minutes_ago(10)}
        refused("Message timestamp too old", secret, text, old)
        refused("Missing required headers", secret, text, headers | {"webhook-signature": ""})
    refused(NO_MATCH, delivery["stranger"], body.decode(errors="replace"), headers)
print(judgements)
