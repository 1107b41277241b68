//! Records that a w.c.s. pushes to a source of its dialect: who may, what they become, and what the workflow that
//! pushed them is answered.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use fieldpost_model::connection::SigningAlgorithm;
use fieldpost_model::secret::Secret;
use fieldpost_rules::wcs::signature::Signer;

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, json_of, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, BY_RESEARCH, Key, PARTNER, definition, good};

const RECORDS: &str = "secret-of-the-records-1";
const SIGNED: &str = "secret-of-the-signed-1";
const OWN: &str = "secret-of-own-keys-1";
const BARE: &str = "secret-of-the-bare-1";
const WEBHOOK: &str = "0a1a3c9e-5a44-4d4e-9d3f-2f6c1a0b7e22";

/// A hub whose sources take records of a w.c.s.; its form `request` has a field of nearly every type.
async fn hub_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = definition(&hub);
    let sources = &mut definition["sources"];
    sources["records"] =
        json!({ "dialect": "wcs", "secret": RECORDS, "id": WEBHOOK, "display_id": true });
    sources["signed"] = json!({ "dialect": "wcs", "secret": SIGNED, "access": ["partner", "old"] });
    sources["bare"] = json!({ "dialect": "wcs", "secret": BARE });
    sources["own"] = json!({ "dialect": "wcs", "secret": OWN, "form": "plain" });
    definition["forms"]["request"]["lifecycle"]["backoffice_fields"] = json!([
        { "name": "remark", "label": "Remark", "type": "string" },
        { "name": "checked", "label": "Checked", "type": "date" },
    ]);
    definition["forwarders"]["plain"] =
        json!({ "on": "form", "forms": ["plain"], "to": "there", "format": "normalised" });
    hub.apply(definition).await;
    hub
}

/// A record as a w.c.s. of today pushes it.
fn record() -> Value {
    json!({
        "uuid": "5e3a1c60-9d1f-4c57-8a3a-6b1c7c6fd001", "id": "16", "internal_id": "16",
        "display_id": "1-16", "display_name": "Request #1-16",
        "url": "https://forms.example.org/request/16/",
        "api_url": "https://forms.example.org/api/forms/request/16/",
        "receipt_time": "2026-01-02T10:20:30",
        "user": { "id": 7, "name": "Jean", "email": "nobody@example.org", "NameID": ["jean-1"] },
        "fields": {
            "name": "Amina", "urgent": true, "amount": "5.50", "day": "2026-01-02",
            "kind": "two", "kind_raw": "2", "kinds": "A, B", "kinds_raw": ["a", "b"],
            "photo": { "filename": "a.txt", "content_type": "text/plain", "content": "YQ==" },
            "place": { "lat": 48.5, "lon": 2.25 },
            "people": "João", "people_raw": [{ "first": "João" }], "people_digests": ["João"],
        },
        "workflow": {
            "status": { "id": "2", "name": "Accepted" },
            "fields": { "remark": "first", "checked": "2026-01-03", "unknown": "x" },
        },
        "submission": { "channel": "phone", "backoffice": true },
        "geolocations": { "base": { "lat": 48.5, "lon": 2.25 } },
    })
}

async fn push(hub: &TestHub, secret: &str, body: &Value) -> Response {
    hub.send(secret, body.to_string()).await
}

/// What is answered to a record that is taken.
async fn taken(answer: Response) -> Value {
    let status = answer.status();
    let told = json_of(answer).await;
    assert_eq!((status, &told["err"]), (StatusCode::OK, &json!(0)), "{told}");
    told
}

/// Checks that a push is refused so that a workflow sees it whatever it looks at.
async fn refused(answer: Response, status: u16, code: &str, description: &str) {
    let (found, header) = (answer.status().as_u16(), answer.headers().get("x-error-code").cloned());
    let told = json_of(answer).await;
    assert_eq!(
        (found, &told["err"], &told["err_code"]),
        (status, &json!(1), &json!(code)),
        "{told}"
    );
    assert!(text(&told["err_desc"]).contains(description), "{told}");
    assert_eq!(header.unwrap(), code);
}

async fn document(hub: &TestHub, number: &str) -> Value {
    good(BY_CLERKS.get(hub, &format!("/p/clinic/api/forms/request/{number}/")).await).await
}

#[tokio::test]
async fn a_record_becomes_a_submission_and_its_sender_is_told_which() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let told = taken(push(&hub, RECORDS, &record()).await).await;
        let data = &told["data"];
        let submission =
            hub.json(&format!("projects/clinic/submissions/{}", text(&data["id"]))).await;
        assert_eq!((&data["form"], &data["number"]), (&json!("request"), &json!("1")));
        assert_eq!((&told["display_id"], &data["display_id"]), (&json!("1"), &json!("1")));
        assert_eq!(text(&data["tracking_code"]).len(), 8);
        assert!(text(&data["url"]).ends_with("/p/clinic/request/1/"), "{data}");
        assert!(text(&data["api_url"]).ends_with("/p/clinic/api/forms/request/1/"), "{data}");
        assert_eq!(data["message"], submission["message"]);
        assert_eq!(submission["instance_id"], "5e3a1c60-9d1f-4c57-8a3a-6b1c7c6fd001");
        assert_eq!(submission["values"]["amount"], json!(5.50));
        assert_eq!(submission["values"]["kinds"], json!(["a", "b"]));
        assert_eq!(submission["values"]["place"]["coordinates"], json!([2.25, 48.5]));

        let document = document(&hub, "1").await;
        assert_eq!(document["uuid"], "5e3a1c60-9d1f-4c57-8a3a-6b1c7c6fd001");
        assert_eq!(document["user"]["name"], "Jean Darmette");
        assert_eq!(document["submission"]["channel"], "phone");
        assert_eq!(document["submission"]["backoffice"], true);
        assert_eq!(document["workflow"]["status"]["id"], "new", "it goes its own way here");
        assert_eq!(document["workflow"]["fields"]["remark"], "first");
        assert_eq!(document["fields"]["kind"], "two");
        assert_eq!(document["fields"]["photo"]["content"], "YQ==");
        assert_eq!(document["fields"]["people_raw"], json!([{ "first": "João" }]));

        // The same once more is the same.
        let again = taken(push(&hub, RECORDS, &record()).await).await;
        assert_eq!((&again["data"]["id"], &again["display_id"]), (&data["id"], &json!("1")));
        // At a later status it is an edit of the same; what it does not say of the lifecycle's fields stays.
        let mut later = record();
        later["fields"]["name"] = json!("Amina B.");
        later["workflow"] = json!({ "status": { "id": "3" }, "fields": { "remark": "second" } });
        let edited = taken(push(&hub, RECORDS, &later).await).await;
        assert_eq!((&edited["data"]["id"], &edited["display_id"]), (&data["id"], &json!("1")));
        let document = self::document(&hub, "1").await;
        assert_eq!(document["fields"]["name"], "Amina B.");
        assert_eq!(document["workflow"]["fields"]["remark"], "second");
        assert_eq!(document["workflow"]["fields"]["checked"], "2026-01-03");
        let all = hub.items("projects/clinic/submissions?form=request").await;
        assert_eq!((all.len(), &all[0]["version"]), (1, &json!(2)));
    }
}

#[tokio::test]
async fn a_form_that_nobody_knows_is_made_known() {
    let hub = hub_on(Engine::Sqlite).await;
    let body = json!({
        "id": "newsletter/16",
        "fields": { "email": "a@example.org", "kind": "one", "kind_raw": "1" },
        "extra": { "added": 7 },
    });
    let told = taken(push(&hub, RECORDS, &body).await).await;
    assert_eq!((&told["data"]["form"], &told["data"]["url"]), (&json!("newsletter"), &Value::Null));
    let submission = hub.items("projects/clinic/submissions?form=newsletter").await.remove(0);
    assert_eq!(submission["id"], told["data"]["id"]);
    assert_eq!(
        submission["values"],
        json!({ "email": "a@example.org", "kind": "1", "kind_display": "one", "added": "7" })
    );
    assert_eq!(hub.json("projects/clinic/forms/newsletter").await["origin"], "arrived");
}

#[tokio::test]
async fn keys_of_a_workflows_own_are_a_submission_where_the_source_says_of_which_form() {
    let hub = hub_on(Engine::Sqlite).await;
    let body = json!({ "word": "hello", "other": 1 });
    let told = taken(push(&hub, OWN, &body).await).await;
    assert_eq!((&told["data"]["form"], &told["data"]["number"]), (&json!("plain"), &json!("1")));
    assert_eq!(told.get("display_id"), None, "this source gives none");
    let submission = hub.items("projects/clinic/submissions?form=plain").await.remove(0);
    assert_eq!(
        (&submission["values"]["word"], &submission["extra"]["other"]),
        (&json!("hello"), &json!(1))
    );
    hub.wait_for("projects/clinic/deliveries", "succeeded").await;
    let sent = hub.destination.received().remove(0).json();
    assert_eq!((&sent["form"]["id"], &sent["values"]["word"]), (&json!("plain"), &json!("hello")));
    // Where nothing says it, the message is kept and is no submission.
    let told = taken(push(&hub, BARE, &body).await).await;
    assert_eq!(told["data"].get("id"), None, "{told}");
    let message =
        hub.json(&format!("projects/clinic/messages/{}", text(&told["data"]["message"]))).await;
    assert_eq!((&message["state"], &message["source"]), (&json!("kept"), &json!("bare")));
}

#[tokio::test]
async fn a_hub_that_does_not_know_its_own_address_pushes_all_the_same() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let mut record = record();
        record["url"] = json!("/p/town/request/16/");
        record["api_url"] = json!("/p/town/api/forms/request/16/");
        let told = taken(push(&hub, RECORDS, &record).await).await;
        assert_eq!((&told["data"]["form"], &told["display_id"]), (&json!("request"), &json!("1")));
        assert_eq!(document(&hub, "1").await["fields"]["name"], "Amina");
    }
}

#[tokio::test]
async fn a_record_whose_form_cannot_be_found_is_kept_and_refused() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let mut of_no_form = record();
        of_no_form["url"] = json!("https://forms.example.org/");
        of_no_form["api_url"] = Value::Null;
        let code = "record-without-form";
        // A record with answers is one of a form; so is whatever is to be shown by its number here.
        for (secret, body) in [
            (RECORDS, of_no_form.clone()),
            (BARE, of_no_form),
            (RECORDS, json!({ "word": "hello" })),
        ] {
            refused(push(&hub, secret, &body).await, 400, code, "of which form").await;
        }
        let kept = hub.items("projects/clinic/messages?state=kept").await;
        assert_eq!(kept.len(), 3, "{kept:?}");
        assert_eq!(hub.items("projects/clinic/submissions").await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn what_is_pushed_is_signed_by_a_key_of_the_source() {
    let hub = hub_on(Engine::Sqlite).await;
    let path = format!("/inbox/{SIGNED}");
    let unsigned = hub.client.post(hub.url(&path)).body(record().to_string());
    refused(unsigned.send().await.unwrap(), 403, "access-denied", "Missing signature.").await;
    let refusals = [
        (BY_CLERKS.sign(&hub, &path, None), "Invalid orig."),
        (BY_RESEARCH.sign(&hub, &path, None), "Invalid orig."),
        (Key("partner", "another secret").sign(&hub, &path, None), "Invalid signature."),
        (format!("{}&full=on", BY_PARTNER.sign(&hub, &path, None)), "Invalid signature."),
        // One that names nobody, by a key that nobody has.
        (without_origin(&hub, &path, "another secret"), "Invalid signature."),
    ];
    for (url, description) in refusals {
        let answer = hub.client.post(&url).body(record().to_string()).send().await.unwrap();
        refused(answer, 403, "access-denied", description).await;
    }
    assert_eq!(hub.items("projects/clinic/messages").await, Vec::<Value>::new(), "none was kept");
    let named = BY_PARTNER.sign(&hub, &path, None);
    let post =
        async |url: &str| hub.client.post(url).body(record().to_string()).send().await.unwrap();
    let told = taken(post(&named).await).await;
    refused(post(&named).await, 403, "access-denied", "Nonce already used.").await;
    let unnamed = without_origin(&hub, &path, PARTNER);
    let again = taken(post(&unnamed).await).await;
    assert_eq!(again["data"]["id"], told["data"]["id"]);
    refused(post(&unnamed).await, 403, "access-denied", "Nonce already used.").await;
    // A password does as well.
    let request = hub.client.post(hub.url(&path)).basic_auth("partner", Some(PARTNER));
    taken(request.body(record().to_string()).send().await.unwrap()).await;
    let request = hub.client.post(hub.url(&path)).basic_auth("partner", Some("wrong"));
    let answer = request.body(record().to_string()).send().await.unwrap();
    refused(answer, 401, "access-unauthorized", "open nothing").await;
}

/// An address that is signed with a key that was agreed for it alone: it does not say whose it is.
fn without_origin(hub: &TestHub, path: &str, secret: &str) -> String {
    let signer = Signer::new(None, &Secret::new(secret), SigningAlgorithm::Sha256, None).unwrap();
    let mut url = reqwest::Url::parse(&hub.url(path)).unwrap();
    signer.sign(&mut url, hub.hub.now(), &uuid::Uuid::new_v4().simple().to_string());
    url.to_string()
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_refused() {
    let hub = hub_on(Engine::Sqlite).await;
    for (body, code) in [("[]", "not-wcs"), ("{", "json-syntax")] {
        let answer = hub.send(RECORDS, body).await;
        let header = answer.headers()["x-error-code"].clone();
        let status = answer.status();
        let told = json_of(answer).await;
        assert_eq!((status, &told["err"]), (StatusCode::BAD_REQUEST, &json!(1)), "{told}");
        assert_eq!((&told["err_code"], header.to_str().unwrap()), (&json!(code), code));
        assert!(text(&told["hint"]).contains("quarantined"), "{told}");
    }
    let kept = hub.items("projects/clinic/messages?state=quarantined").await;
    assert_eq!(kept.len(), 2);
    // A sender that would stop at a refusal is told nothing of it.
    let source = json!({ "dialect": "wcs", "secret": RECORDS, "on_bad_body": "accept" });
    hub.put("projects/clinic/sources/records", &source).await;
    taken(hub.send(RECORDS, "[1]").await).await;
    // What is longer than a body may be is not kept.
    let long = json!({ "fields": { "name": "x".repeat(crate::hub::MAX_BODY) } });
    refused(push(&hub, RECORDS, &long).await, 413, "body-too-large", "longer than").await;
}

#[tokio::test]
async fn the_webhook_takes_records_as_the_inbox_does() {
    let hub = hub_on(Engine::Sqlite).await;
    let url = hub.url(&format!("/i/{WEBHOOK}"));
    let answer = hub.client.post(&url).body(record().to_string()).send().await.unwrap();
    let told = taken(answer).await;
    assert_eq!((&told["data"]["form"], &told["display_id"]), (&json!("request"), &json!("1")));
    refused(hub.client.post(&url).body("7").send().await.unwrap(), 400, "not-wcs", "object").await;
}
