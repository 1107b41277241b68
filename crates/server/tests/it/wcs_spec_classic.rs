//! The shape that w.c.s. had about 2015, example by example: what a client of then asks for with
//! `compat=classic`, and what it reads.
//!
//! The document of one submission, with who sent it, its history and its roles; a file; the list to synchronise
//! by, its filters and its whole rows; data without names; the map; the tracking code. Keys stand in the order of
//! then, and none of today is among them.

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, text};
use crate::wcs_project::{BY_PARTNER, DESK, definition, good, keys, refused};
use crate::wcs_still::Still;
use fieldpost_testkit::Answer;

const FORM: &str = "/p/clinic/api/forms/newsletter";

fn newsletter() -> Value {
    json!({
        "title": "Newsletter", "tracking_codes": true, "geolocation": "place",
        "fields": [
            { "name": "email", "label": "E-mail", "type": "email" },
            { "name": "nom", "label": "Name", "type": "string" },
            { "name": "prenom", "label": "First name", "type": "string" },
            { "name": "type", "label": "Type", "type": "item", "items": ["gratuit", "payant"] },
            { "name": "photo", "label": "Photo", "type": "file" },
            { "name": "place", "label": "Where", "type": "map" },
            { "id": "9", "label": "Without a name", "type": "string" },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "1": { "name": "New", "actions": [
                    { "call": { "connection": "there", "path": "/creation", "name": "creation",
                                "label": "call of the service XYZ", "record_errors": true,
                                "on_error": { "4xx": "ignore" } } },
                    { "id": "say", "comment": true, "by": ["_receiver"] },
                    { "jump": "2", "trigger": "end" },
                ] },
                "2": { "name": "Ended", "endpoint": true },
            },
        },
    })
}

/// A hub with three: the first of Jean, with a file; the second ended; the third on no map.
async fn three(engine: Engine) -> Still {
    let project = |hub: &TestHub| {
        let mut project = definition(hub);
        project["forms"]["newsletter"] = newsletter();
        project["time_zone"] = json!("Europe/Paris");
        project
    };
    let still = Still::start(engine, project).await;
    let hub = &still.hub;
    hub.destination.answer("/creation", Answer::status(404).body("some words"));
    let bodies = [
        json!({
            "data": {
                "email": "marc@example.net", "nom": "L.", "prenom": "Marc", "type": "gratuit", "9": "x",
                "photo": {
                    "filename": "exemple.txt", "content_type": "text/plain",
                    "content": "Q2VjaSBuJ2VzdCBwYXMgdW4gZXhlbXBsZS4=",
                },
                "place": { "lat": 50.123_456_7, "lon": 1.234_567_89 },
            },
            "user": { "email": "jean@example.org" },
        }),
        json!({ "data": { "nom": "M.", "type": "payant", "place": { "lat": 10, "lon": -12 } } }),
        json!({ "data": { "nom": "N.", "type": "gratuit" } }),
    ];
    for (number, body) in (1..).zip(&bodies) {
        still.turn_to((number - 1) * 3_600);
        let path = "/p/clinic/api/formdefs/newsletter/submit";
        good(BY_PARTNER.post(hub, path, body).await).await;
        eventually("the call has ended", async || {
            let path = format!("{FORM}/{number}/");
            let document = good(BY_PARTNER.get_for(hub, &path, DESK).await).await;
            document.pointer("/workflow/data/creation_time").map(|_| ())
        })
        .await;
    }
    still.turn_to(10 * 3_600);
    good(BY_PARTNER.post(hub, &format!("{FORM}/2/jump/trigger/end/"), &json!({})).await).await;
    still
}

async fn read(hub: &TestHub, path: &str) -> Value {
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{FORM}{path}{mark}compat=classic");
    good(BY_PARTNER.get_for(hub, &path, DESK).await).await
}

#[tokio::test]
async fn one_submission_is_pulled() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        let changes = good(BY_PARTNER.get(hub, &format!("{FORM}/changes")).await).await;
        let first = changes["data"].as_array().unwrap().iter().find(|it| it["id"] == "1").unwrap();
        let path = format!("projects/clinic/submissions/{}/lifecycle", text(&first["record"]));
        let comment = json!({ "kind": "comment", "action": "say", "text": "commentaire" });
        assert_eq!(hub.post(&path, &comment).await.status(), 200);

        let document = read(hub, "/1/").await;
        assert_eq!(
            keys(&document),
            [
                "evolution",
                "fields",
                "geolocations",
                "id",
                "last_update_time",
                "receipt_time",
                "roles",
                "submission",
                "user",
                "workflow",
            ]
        );
        let role = json!([{
            "emails_to_members": false, "name": "Agents", "text": "", "emails": ["agents@example.org"],
            "slug": "agents", "details": "", "id": "agents", "allows_backoffice_access": true,
        }]);
        for (pointer, expected) in [
            ("/id", json!("newsletter/1")),
            // Local time, without a zone.
            ("/receipt_time", json!("2026-01-01T01:00:00")),
            ("/last_update_time", json!("2026-01-01T11:00:00")),
            ("/fields/email", json!("marc@example.net")),
            ("/fields/nom", json!("L.")),
            ("/fields/prenom", json!("Marc")),
            ("/geolocations", json!({ "base": { "lat": 50.123_456_7, "lon": 1.234_567_89 } })),
            ("/user/name", json!("Jean Darmette")),
            ("/workflow/status", json!({ "id": "1", "name": "New" })),
            ("/workflow/data/creation_status", json!(404)),
            ("/roles", json!({ "_receiver": role, "concerned": role, "actions": role })),
            ("/submission", json!({ "backoffice": false, "channel": "Web" })),
            ("/evolution/0/status", json!("1")),
            ("/evolution/0/time", json!("2026-01-01T01:00:00")),
            ("/evolution/0/user/name", json!("Jean Darmette")),
            ("/evolution/0/user/email", json!("jean@example.org")),
            ("/evolution/0/user/NameID", json!(["jean-1"])),
            (
                "/evolution/0/parts/0",
                json!({
                    "type": "wscall-error", "summary": "404 Not Found",
                    "label": "call of the service XYZ", "data": "some words",
                }),
            ),
            // A file has its name, its type and its content, and nothing else.
            (
                "/fields/photo",
                json!({
                    "filename": "exemple.txt", "content_type": "text/plain",
                    "content": "Q2VjaSBuJ2VzdCBwYXMgdW4gZXhlbXBsZS4=",
                }),
            ),
        ] {
            assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}: {document}");
        }
        let parts = document["evolution"].as_array().unwrap().iter();
        let mut parts = parts.filter_map(|it| it.get("parts")?.as_array()).flatten();
        let said = parts.find(|part| part["type"] == "workflow-comment").unwrap();
        assert_eq!(*said, json!({ "type": "workflow-comment", "content": "<p>commentaire</p>" }));
        // Only what has a variable name is exported.
        assert!(document["fields"].get("9").is_none() && document["fields"].get("f9").is_none());
        for entry in document["evolution"].as_array().unwrap() {
            for key in keys(entry) {
                assert!(["parts", "status", "time", "user"].contains(&key), "{key}");
            }
        }
    }
}

#[tokio::test]
async fn a_list_is_what_one_synchronises_by() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        let rows = read(hub, "/list").await;
        assert_eq!(
            rows,
            json!([
                {
                    "url": "/p/clinic/newsletter/3/", "last_update_time": "2026-01-01T03:00:00",
                    "receipt_time": "2026-01-01T03:00:00", "id": 3,
                },
                {
                    "url": "/p/clinic/newsletter/2/", "last_update_time": "2026-01-01T11:00:00",
                    "receipt_time": "2026-01-01T02:00:00", "id": 2,
                },
                {
                    "url": "/p/clinic/newsletter/1/", "last_update_time": "2026-01-01T01:00:00",
                    "receipt_time": "2026-01-01T01:00:00", "id": 1,
                },
            ])
        );
        for (query, expected) in [
            ("?filter=pending", vec![3, 1]),
            ("?filter=done", vec![2]),
            ("?filter-type=gratuit", vec![3, 1]),
            ("?filter-type=payant&filter=pending", vec![]),
        ] {
            let rows = read(hub, &format!("/list{query}")).await;
            let ids: Vec<i64> =
                rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
            assert_eq!(ids, expected, "{query}");
        }
        // Whole rows are documents, without files.
        let whole = read(hub, "/list?full=on").await;
        assert_eq!(whole[2]["id"], "newsletter/1");
        assert_eq!(whole[2]["fields"]["nom"], "L.");
        assert!(whole[2]["fields"].get("photo").is_none(), "{whole}");
        assert_eq!(whole[1]["workflow"]["status"], json!({ "id": "2", "name": "Ended" }));
    }
}

#[tokio::test]
async fn without_names_a_signature_is_enough() {
    let still = three(Engine::Sqlite).await;
    for path in ["/list?full=on&anonymise", "/1/?anonymise"] {
        let path = format!("{FORM}{path}&compat=classic");
        let told = BY_PARTNER.get(&still.hub, &path).await;
        assert_eq!(told.status(), 200, "{path}");
        let told = told.text().await.unwrap();
        for leak in ["marc@", "Marc", "Darmette", "exemple.txt", "50.1234"] {
            assert!(!told.contains(leak), "{path} tells {leak}: {told}");
        }
        assert!(told.contains("gratuit"), "{told}");
    }
}

#[tokio::test]
async fn places_are_a_collection_of_features() {
    let still = three(Engine::Sqlite).await;
    let feature = |id: u32, lon: f64, lat: f64| {
        json!({
            "geometry": { "type": "Point", "coordinates": [lon, lat] },
            "type": "Feature",
            "properties": { "url": format!("/p/clinic/backoffice/management/newsletter/{id}/") },
        })
    };
    let first = feature(1, 1.234_567_89, 50.123_456_7);
    for (query, features) in [
        ("?filter=all", json!([feature(2, -12.0, 10.0), first])),
        ("?filter=done", json!([feature(2, -12.0, 10.0)])),
        ("", json!([first])),
    ] {
        let mut map = read(&still.hub, &format!("/geojson{query}")).await;
        // A whole number of degrees may stand without its fraction.
        for feature in map["features"].as_array_mut().unwrap() {
            for number in feature["geometry"]["coordinates"].as_array_mut().unwrap() {
                *number = json!(number.as_f64().unwrap());
            }
        }
        assert_eq!(map, json!({ "type": "FeatureCollection", "features": features }), "{query}");
    }
}

#[tokio::test]
async fn a_code_tells_where_its_submission_is() {
    let still = three(Engine::Sqlite).await;
    let hub = &still.hub;
    let path = "/p/clinic/api/formdefs/newsletter/submit";
    let answer = good(BY_PARTNER.post(hub, path, &json!({ "data": {} })).await).await;
    let code = text(&answer["tracking_code"]).to_owned();
    let found = BY_PARTNER.get(hub, &format!("/p/clinic/api/code/{code}?compat=classic")).await;
    assert_eq!(good(found).await, json!({ "url": "/p/clinic/newsletter/4/", "err": 0 }));
    let unknown = BY_PARTNER.get(hub, "/p/clinic/api/code/QRFPTSLR?compat=classic").await;
    refused(unknown, 404, "not-found", "There is nothing at this address.").await;
}
