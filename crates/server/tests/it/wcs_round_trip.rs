//! From one hub to another, over HTTP: by hand, as programs carry documents, and by the calls of lifecycles.

use fieldpost_engine::HubSettings;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, CLERKS, basic, definition, good};

const RECORDS: &str = "secret-of-the-records-1";
const PORTAL: &str = "the-secret-of-the-portal";

/// Bytes that are no text, and more of them than one piece of Base64 has.
fn photo() -> Vec<u8> {
    (0..100_000_u32).map(|number| number.to_le_bytes()[0] ^ 0x5a).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The form, with fields of its lifecycle's own that a program can set.
fn form(hub: &TestHub) -> Value {
    let mut form = definition(hub)["forms"]["request"].clone();
    form["lifecycle"]["backoffice_fields"] = json!([
        { "name": "remark", "label": "Remark", "type": "string" },
        { "name": "proof", "label": "Proof", "type": "file" },
    ]);
    form
}

fn answers() -> Value {
    json!({ "data": {
        "name": "Amina", "story": "One\nTwo", "email": "amina@example.org", "urgent": false,
        "amount": "12345678901234567890.50", "day": "2026-02-28", "kind": "2", "kinds": ["b", "a"],
        "photo": { "filename": "photo.bin", "content_type": "image/x-own", "content": base64(&photo()) },
        "place": { "lat": 48.856_613, "lon": 2.352_219 },
        "people": [{ "first": "João" }, { "first": null }],
        "remark": "to check",
        "proof": { "filename": "proof.txt", "content_type": "text/plain", "content": "cHJvb2Y=" },
    }, "context": { "channel": "mail" } })
}

/// A document without what belongs to the hub that it was pulled from: the addresses of its files.
fn data(document: &Value) -> (Value, Value, Value) {
    let mut fields = document["fields"].clone();
    let mut added = document["workflow"]["fields"].clone();
    for (place, name) in [(&mut fields, "photo"), (&mut added, "proof")] {
        let file = place[name].as_object_mut().unwrap();
        assert!(file.remove("url").is_some());
    }
    (fields, added, document["geolocations"].clone())
}

async fn pulled(hub: &TestHub, id: &str) -> Value {
    good(BY_CLERKS.get(hub, &format!("/p/clinic/api/forms/request/{id}/")).await).await
}

/// The bytes of a file, as whoever follows its address gets them.
async fn download(hub: &TestHub, file: &Value) -> Vec<u8> {
    let url = text(&file["url"]);
    let path = url.find("/p/clinic/").and_then(|place| url.get(place..)).unwrap_or(url);
    let answer = basic(hub, Method::GET, path, BY_CLERKS).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn a_document_that_one_hub_gives_another_takes_and_gives_again() {
    for engine in BOTH {
        let (one, other) = (TestHub::start_on(engine).await, TestHub::start_on(engine).await);
        for hub in [&one, &other] {
            let mut definition = definition(hub);
            definition["forms"]["request"] = form(hub);
            hub.apply(definition).await;
        }
        let submit = "/p/clinic/api/formdefs/request/submit";
        good(BY_PARTNER.post(&one, submit, &answers()).await).await;
        let first = pulled(&one, "1").await;
        assert_eq!(text(&first["fields"]["amount"]), "12345678901234567890.50");
        assert_eq!(first["geolocations"]["base"], json!({ "lat": 48.856_613, "lon": 2.352_219 }));

        let sent = good(BY_PARTNER.post(&other, submit, &first).await).await;
        assert_eq!(sent.get("warnings"), None, "{sent}");
        let second = pulled(&other, text(&sent["data"]["id"])).await;
        assert_eq!(data(&second), data(&first));
        assert_eq!(download(&other, &second["fields"]["photo"]).await, photo());
        assert_eq!(download(&other, &second["workflow"]["fields"]["proof"]).await, b"proof");
        // And back again: nothing is worn off by travelling.
        let sent = good(BY_PARTNER.post(&one, submit, &second).await).await;
        assert_eq!(data(&pulled(&one, text(&sent["data"]["id"])).await), data(&first));
    }
}

/// An address that is known before the hub behind it is there.
async fn address_ahead() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (format!("http://{}", listener.local_addr().unwrap()), listener)
}

/// Leads whoever comes to that address to a hub.
fn lead(listener: TcpListener, hub: &TestHub) {
    let address = hub.address;
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Ok(mut to) = TcpStream::connect(address).await {
                    tokio::io::copy_bidirectional(&mut from, &mut to).await.ok();
                }
            });
        }
    });
}

/// A hub whose lifecycle pushes each record to the other one: when it comes, and again by a trigger.
async fn pushing_hub(engine: Engine, other: &TestHub, files: &str) -> (TestHub, String) {
    let (public, listener) = address_ahead().await;
    let url = public.clone();
    let set = move |flow: &mut HubSettings| flow.public_url = Some(url);
    let hub = TestHub::start_flow(engine, set).await;
    lead(listener, &hub);
    let mut definition = definition(&hub);
    definition["connections"]["archive"] = json!({
        "url": other.url(""),
        "auth": { "signed_url": { "orig": "portal", "key": PORTAL } },
    });
    let mut form = form(&hub);
    let call = json!({
        "connection": "archive", "path": format!("/inbox/{RECORDS}"), "post": true,
        "files": files, "name": "archived", "post_data": { "sent_by": "{{ form_number }}" },
    });
    form["lifecycle"]["statuses"] = json!({
        "new": { "name": "New", "actions": [{ "call": call }, { "jump": "archived" }] },
        "archived": { "name": "Archived", "actions": [{ "jump": "new", "trigger": "again" }] },
    });
    definition["forms"]["request"] = form;
    hub.apply(definition).await;
    (hub, public)
}

/// A hub that takes records in, and fetches the files that they link to from that address.
async fn taking_hub(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    hub.apply(taking(&hub, None)).await;
    hub
}

fn taking(hub: &TestHub, files_at: Option<&str>) -> Value {
    let mut definition = definition(hub);
    definition["forms"]["request"] = form(hub);
    definition["api_access"]["portal"] = json!({ "secret": PORTAL });
    definition["sources"]["records"] = json!({
        "dialect": "wcs", "secret": RECORDS, "access": ["portal"], "display_id": true,
    });
    // The number that this hub gives is one that the other would not.
    definition["forms"]["request"]["id_template"] = json!("A-{{ form_number_raw }}");
    if let Some(url) = files_at {
        definition["sources"]["records"]["fetch_files"] = json!("portal");
        definition["connections"]["portal"] = json!({
            "url": url, "auth": { "basic": { "username": "clerks", "password": CLERKS } },
        });
    }
    definition
}

/// The document of the only record, once its lifecycle has come to a status with that many calls behind it.
async fn archived(hub: &TestHub, calls: usize) -> Value {
    eventually("the record is archived", async || {
        let document = pulled(hub, "1").await;
        let came = document["evolution"].as_array().unwrap().iter();
        let times = came.filter(|it| it["status"] == "archived").count();
        (times == calls).then_some(document)
    })
    .await
}

#[tokio::test]
async fn a_lifecycle_pushes_its_records_to_another_hub_with_their_files() {
    for engine in BOTH {
        let other = taking_hub(engine).await;
        let (hub, _) = pushing_hub(engine, &other, "embedded").await;
        let submit = "/p/clinic/api/formdefs/request/submit";
        good(BY_PARTNER.post(&hub, submit, &answers()).await).await;
        let document = archived(&hub, 1).await;
        let response = &document["workflow"]["data"]["archived_response"];
        assert_eq!(document["workflow"]["data"]["archived_status"], 200, "{document}");
        let kept = hub_submission(&other).await;
        assert_eq!(response["data"]["id"], kept["id"]);
        assert_eq!(kept["extra"]["sent_by"], "1");

        let taken = pulled(&other, "A-1").await;
        assert_eq!(data(&taken), data(&document));
        assert_eq!(taken["uuid"], document["uuid"]);
        assert_eq!(taken["submission"]["channel"], "mail");
        assert_eq!(download(&other, &taken["fields"]["photo"]).await, photo());
        // The number of the other hub is what this one shows.
        assert_eq!(document["display_id"], "A-1");
        assert_eq!((&taken["id"], &response["data"]["display_id"]), (&json!("A-1"), &json!("A-1")));

        // Pushed again, it is the same record there.
        let trigger = "/p/clinic/api/forms/request/1/jump/trigger/again/";
        good(BY_CLERKS.post(&hub, trigger, &json!({})).await).await;
        archived(&hub, 2).await;
        let again = hub_submission(&other).await;
        assert_eq!((&again["id"], &again["version"]), (&kept["id"], &json!(2)));
        assert_eq!(data(&pulled(&other, "A-1").await), data(&document));
    }
}

async fn hub_submission(hub: &TestHub) -> Value {
    let mut all = hub.items("projects/clinic/submissions?form=request").await;
    assert_eq!(all.len(), 1, "{all:?}");
    let id = text(&all.remove(0)["id"]).to_owned();
    hub.json(&format!("projects/clinic/submissions/{id}")).await
}

#[tokio::test]
async fn files_that_a_record_links_to_are_fetched() {
    let other = taking_hub(Engine::Sqlite).await;
    let (hub, public) = pushing_hub(Engine::Sqlite, &other, "links").await;
    other.apply(taking(&other, Some(&public))).await;
    let submit = "/p/clinic/api/formdefs/request/submit";
    good(BY_PARTNER.post(&hub, submit, &answers()).await).await;
    let document = archived(&hub, 1).await;
    let id = text(&hub_submission(&other).await["id"]).to_owned();
    let files = eventually("both files have come", async || {
        let files = other.items(&format!("projects/clinic/submissions/{id}/attachments")).await;
        files.iter().all(|file| file["fetch"]["state"] == "fetched").then_some(files)
    })
    .await;
    let names: Vec<&str> = files.iter().map(|file| text(&file["name"])).collect();
    assert_eq!(names, ["photo.bin", "proof.txt"]);
    let taken = pulled(&other, "A-1").await;
    assert_eq!(data(&taken), data(&document));
    assert_eq!(download(&other, &taken["fields"]["photo"]).await, photo());
}
