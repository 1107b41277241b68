//! One submission as clients of w.c.s. read it: every key, the parts that can be left out, files, names that must
//! not be told.

use std::time::Duration;

use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, DESK, basic, good, hub_on, keys, refused, submit,
};

const FIRST: &str = "/p/clinic/api/forms/request/1/";
const PHOTO: &[u8] = b"the bytes of a photo";

/// A whole answer, of somebody with a name, filled in for them by the desk.
fn whole() -> Value {
    let photo = base64::engine::general_purpose::STANDARD.encode(PHOTO);
    json!({
        "data": {
            "name": "Zebulon Quixote", "story": "A long\nstory", "email": "zebulon@example.org",
            "urgent": true, "amount": "5.5", "day": "2026-01-31", "kind": "2", "kinds": ["a", "b"],
            "photo": { "filename": "face.jpg", "content_type": "image/jpeg", "content": photo },
            "place": { "lat": 48.856_613, "lon": 2.352_219 },
            "people": [{ "first": "Amina" }, { "first": "Ali" }],
        },
        "user": { "email": "jean@example.org" },
        "context": { "channel": "phone" },
    })
}

async fn hub_with_one(engine: Engine) -> TestHub {
    let hub = hub_on(engine).await;
    assert_eq!(submit(&hub, "request", &whole()).await["id"], "1");
    hub
}

#[tokio::test]
async fn a_document_has_every_key_of_today_in_their_order() {
    for engine in BOTH {
        let hub = hub_with_one(engine).await;
        let document = good(BY_PARTNER.get_for(&hub, FIRST, DESK).await).await;
        let expected = [
            "uuid",
            "id",
            "internal_id",
            "display_id",
            "display_name",
            "digests",
            "text",
            "url",
            "receipt_time",
            "last_update_time",
            "user",
            "criticality_level",
            "api_url",
            "backoffice_url",
            "fields",
            "workflow",
            "roles",
            "submission",
            "evolution",
            "geolocations",
            "received_at",
            "updated_at",
            "place",
        ];
        let mut wanted: Vec<&str> = expected.to_vec();
        wanted.sort_unstable();
        assert_eq!(keys(&document), wanted);
        for (pointer, value) in [
            ("/id", json!("1")),
            ("/internal_id", json!("1")),
            ("/display_name", json!(format!("Request #{}", text(&document["display_id"])))),
            ("/digests/default", json!("Zebulon Quixote")),
            ("/url", json!("/p/clinic/request/1/")),
            ("/api_url", json!("/p/clinic/api/forms/request/1/")),
            ("/backoffice_url", json!("/p/clinic/backoffice/management/request/1/")),
            ("/user/name", json!("Jean Darmette")),
            ("/user/NameID/0", json!("jean-1")),
            ("/criticality_level", json!(0)),
            ("/fields/name", json!("Zebulon Quixote")),
            ("/fields/urgent", json!(true)),
            ("/fields/amount", json!("5.5")),
            ("/fields/day", json!("2026-01-31")),
            ("/fields/kind", json!("two")),
            ("/fields/kind_raw", json!("2")),
            ("/fields/kind_structured/text", json!("two")),
            ("/fields/kinds", json!("A, B")),
            ("/fields/kinds_raw", json!(["a", "b"])),
            ("/fields/place/lat", json!(48.856_613)),
            ("/fields/people_raw/1/first", json!("Ali")),
            ("/fields/photo/filename", json!("face.jpg")),
            ("/fields/photo/content_type", json!("image/jpeg")),
            ("/fields/photo/content_is_base64", json!(true)),
            ("/workflow/status/id", json!("new")),
            ("/workflow/status/name", json!("New")),
            ("/workflow/status/endpoint", json!(false)),
            ("/workflow/real_status/id", json!("new")),
            ("/roles/_receiver/0/id", json!("agents")),
            ("/roles/_manager/0/id", json!("clerks")),
            ("/roles/concerned/0/id", json!("agents")),
            ("/roles/actions/0/id", json!("agents")),
            ("/submission/channel", json!("phone")),
            ("/geolocations/base/lon", json!(2.352_219)),
        ] {
            assert_eq!(document.pointer(pointer), Some(&value), "{pointer}: {document}");
        }
        let content = text(&document["fields"]["photo"]["content"]);
        let content = base64::engine::general_purpose::STANDARD.decode(content).unwrap();
        assert_eq!(content, PHOTO);
        // The slash at the end makes no difference.
        let again = BY_PARTNER.get_for(&hub, FIRST.trim_end_matches('/'), DESK).await;
        assert_eq!(good(again).await, document);
    }
}

#[tokio::test]
async fn parts_of_a_document_can_be_left_out() {
    let hub = hub_with_one(Engine::Sqlite).await;
    let read = async |query: &str| {
        good(BY_PARTNER.get_for(&hub, &format!("{FIRST}?{query}"), DESK).await).await
    };
    let all = read("").await;
    for (query, gone) in [
        ("include-evolution=off", vec!["evolution"]),
        ("include-roles=false", vec!["roles"]),
        ("include-submission=0", vec!["submission"]),
        ("include-user=off", vec!["user"]),
        ("include-workflow=off&include-workflow-data=off", vec!["workflow"]),
        (
            "include-fields=off",
            vec!["fields", "criticality_level", "api_url", "backoffice_url", "geolocations"],
        ),
    ] {
        let part = read(query).await;
        let kept: Vec<&str> = keys(&all).into_iter().filter(|key| !gone.contains(key)).collect();
        assert_eq!(keys(&part), kept, "{query}");
    }
    let without = read("include-files-content=off").await;
    let photo = &without["fields"]["photo"];
    assert!(photo.get("content").is_none() && photo["filename"] == "face.jpg", "{photo}");
    let with_actions = read("include-actions=on").await;
    let address = text(&with_actions["actions"]["jump:finish"]);
    assert_eq!(address, "/p/clinic/api/forms/request/1/jump/trigger/finish/");
}

#[tokio::test]
async fn a_file_is_given_at_the_address_that_the_document_names() {
    let hub = hub_with_one(Engine::Sqlite).await;
    let document = good(BY_PARTNER.get_for(&hub, FIRST, DESK).await).await;
    let address = text(&document["fields"]["photo"]["url"]).to_owned();
    assert!(address.starts_with("/p/clinic/request/1/download?hash="), "{address}");
    let answer = BY_PARTNER.get_for(&hub, &address, DESK).await;
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.bytes().await.unwrap(), PHOTO);
    let by_api = address.replace("/p/clinic/request/", "/p/clinic/api/forms/request/");
    assert_eq!(BY_PARTNER.get_for(&hub, &by_api, DESK).await.bytes().await.unwrap(), PHOTO);
    // Nobody gets it without proof, nor another one.
    let nobody = hub.client.get(hub.url(&address)).send().await.unwrap();
    refused(nobody, 403, "access-denied", "User not authenticated.").await;
    let other = format!("/p/clinic/request/1/download?hash={}", "0".repeat(64));
    let missing = "There is nothing at this address.";
    refused(BY_PARTNER.get_for(&hub, &other, DESK).await, 404, "not-found", missing).await;
    // Without names there is no photo.
    refused(BY_RESEARCH.get(&hub, &address).await, 404, "not-found", missing).await;
}

#[tokio::test]
async fn a_document_that_names_nobody_names_nobody() {
    for engine in BOTH {
        let hub = hub_with_one(engine).await;
        let comment = json!({ "data": { "story": "Changed by Quixote" } });
        // Whatever happened to it, by whomever.
        drop(BY_CLERKS.post(&hub, FIRST, &comment).await);
        let list = "/p/clinic/api/forms/request/list?full=on&anonymise";
        let without = format!("{FIRST}?anonymise");
        for (path, key) in [
            (without.as_str(), BY_PARTNER),
            (FIRST, BY_RESEARCH),
            (list, BY_PARTNER),
            ("/p/clinic/api/forms/request/list?full=on", BY_RESEARCH),
        ] {
            let answer = key.get(&hub, path).await;
            assert_eq!(answer.status(), 200, "{path}");
            let told = answer.text().await.unwrap();
            for leak in [
                "Zebulon",
                "Quixote",
                "zebulon@",
                "story\"",
                "Jean",
                "Darmette",
                "jean-1",
                "Front desk",
                "desk@",
                "0123456789",
                "agents@example.org",
                "face.jpg",
                "Amina",
                "48.856613",
                "2.352219",
                "2026-01-31",
                "digest\":\"",
                "clerks\",\"email",
            ] {
                assert!(!told.contains(leak), "{path} tells {leak}: {told}");
            }
            // What tells nobody's name is there.
            for kept in ["\"kind\":\"two\"", "\"urgent\":true", "48.86", "\"new\""] {
                assert!(told.contains(kept), "{path} lacks {kept}: {told}");
            }
        }
    }
}

#[tokio::test]
async fn old_clients_get_the_shape_of_old_releases() {
    let hub = hub_with_one(Engine::Sqlite).await;
    let path = format!("{FIRST}?compat=classic");
    let document = good(BY_PARTNER.get_for(&hub, &path, DESK).await).await;
    assert_eq!(document["id"], "request/1");
    assert_eq!(keys(&document["workflow"]["status"]), ["id", "name"]);
    assert_eq!(document["submission"]["channel"], "Phone");
    assert_eq!(document["evolution"][0]["status"], "just_submitted");
    assert!(document["evolution"][0].get("user").is_some());
    let list = "/p/clinic/api/forms/request/list?compat=classic";
    let rows = good(BY_PARTNER.get(&hub, list).await).await;
    assert_eq!(rows[0]["id"], 1);
    assert_eq!(keys(&rows[0]), ["id", "last_update_time", "receipt_time", "url"]);
    let map = "/p/clinic/api/forms/request/geojson?compat=classic&filter=all";
    let map = good(BY_PARTNER.get(&hub, map).await).await;
    assert_eq!(keys(&map["features"][0]["properties"]), ["url"]);
}

#[tokio::test]
async fn a_document_that_has_not_changed_is_not_sent_again() {
    for engine in BOTH {
        let hub = hub_with_one(engine).await;
        let get = async |tag: Option<&str>| {
            let mut request = basic(&hub, Method::GET, FIRST, BY_CLERKS);
            if let Some(tag) = tag {
                request = request.header("if-none-match", tag);
            }
            request.send().await.unwrap()
        };
        let first = get(None).await;
        assert_eq!(first.status(), 200);
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert!(first.headers().contains_key("last-modified"));
        let second = get(Some(&tag)).await;
        assert_eq!(
            (second.status().as_u16(), second.headers()["etag"].to_str().unwrap()),
            (304, &*tag)
        );
        assert!(second.text().await.unwrap().is_empty());
        // Something happens to it.
        let trigger = format!("{FIRST}jump/trigger/hide/");
        let answer = BY_PARTNER.post(&hub, &trigger, &json!({})).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let third = get(Some(&tag)).await;
        assert_eq!(third.status(), 200);
        assert_ne!(third.headers()["etag"].to_str().unwrap(), tag);
    }
}

#[tokio::test]
async fn a_status_that_is_hidden_is_reported_as_the_last_visible_one() {
    let hub = hub_with_one(Engine::Sqlite).await;
    let trigger = format!("{FIRST}jump/trigger/hide/");
    assert_eq!(BY_PARTNER.post(&hub, &trigger, &json!({})).await.status(), 200);
    let desk = good(BY_PARTNER.get_for(&hub, FIRST, DESK).await).await;
    assert_eq!(desk["workflow"]["status"]["id"], "new");
    assert_eq!(desk["workflow"]["real_status"]["id"], "hidden");
    let clerks = good(BY_CLERKS.get(&hub, FIRST).await).await;
    assert_eq!(clerks["workflow"]["status"]["id"], "hidden");
}

#[tokio::test]
async fn answers_are_given_as_they_were_at_a_moment() {
    let hub = hub_with_one(Engine::Sqlite).await;
    let wrong = BY_PARTNER.get_for(&hub, &format!("{FIRST}?at=soon"), DESK).await;
    refused(wrong, 400, "invalid-request", "Invalid value \"soon\" for \"at\".").await;
    let now = hub.hub.now() + Duration::from_secs(1);
    let path = format!("{FIRST}?at={now}");
    let then = good(BY_PARTNER.get_for(&hub, &path, DESK).await).await;
    assert_eq!(then["fields"]["name"], "Zebulon Quixote");
}

#[tokio::test]
async fn submissions_of_any_dialect_are_read_the_same_way() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let birth = json!({
            "_uuid": "b1", "_xform_id_string": "births", "meta/instanceID": "uuid:b1",
            "name": "Amina", "loc/village": "Kibera", "loc/children": [{ "loc/children/age": "3" }],
        });
        assert_eq!(hub.send("secret-of-the-kobo-1", birth.to_string()).await.status(), 200);
        let path = "/p/clinic/api/forms/births/1/";
        let document = good(BY_CLERKS.get(&hub, path).await).await;
        assert_eq!(document["fields"]["name"], "Amina", "{document}");
        assert_eq!(document["fields"]["loc_village"], "Kibera", "{document}");
        assert_eq!(document["workflow"]["status"]["id"], "recorded");
        assert_eq!(document["workflow"]["status"]["endpoint"], true);
        let rows = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/births/list").await).await;
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["id"]), (1, &json!("1")));
        let told = BY_PARTNER.get(&hub, &format!("{path}?anonymise")).await.text().await.unwrap();
        assert!(!told.contains("Amina") && !told.contains("Kibera"), "{told}");
    }
}

#[tokio::test]
async fn a_tracking_code_leads_to_its_submission() {
    let hub = hub_on(Engine::Sqlite).await;
    let answer = BY_PARTNER.post(&hub, "/p/clinic/api/formdefs/request/submit", &whole()).await;
    let code = text(&good(answer).await["tracking_code"]).to_owned();
    let path = |code: &str| format!("/p/clinic/api/code/{code}");
    let found = good(BY_PARTNER.get(&hub, &path(&code.to_lowercase())).await).await;
    assert_eq!((&found["err"], &found["url"]), (&json!(0), &json!("/p/clinic/request/1/")));
    let backoffice = format!("{}?backoffice=on", path(&code));
    let found = good(BY_PARTNER.get(&hub, &backoffice).await).await;
    assert_eq!(found["url"], "/p/clinic/backoffice/management/request/1/");
    let classic = format!("{}?compat=classic", path(&code));
    let found = good(BY_PARTNER.get(&hub, &classic).await).await;
    assert_eq!(found, json!({ "url": "/p/clinic/request/1/", "err": 0 }));
    // A key without roles may ask by its password, too; one with roles may not, and nobody else.
    let asked = basic(&hub, Method::GET, &path(&code), BY_PARTNER).send().await.unwrap();
    good(asked).await;
    let asked = basic(&hub, Method::GET, &path(&code), BY_CLERKS).send().await.unwrap();
    refused(asked, 403, "access-denied", "Missing signature.").await;
    let asked = hub.client.get(hub.url(&path(&code))).send().await.unwrap();
    refused(asked, 403, "access-denied", "Missing signature.").await;
    // A few wrong ones keep nobody out who signs.
    let missing = "There is nothing at this address.";
    for _ in 0..20 {
        refused(BY_PARTNER.get(&hub, &path("BCDFGHJK")).await, 404, "not-found", missing).await;
    }
    good(BY_PARTNER.get(&hub, &path(&code)).await).await;
}
