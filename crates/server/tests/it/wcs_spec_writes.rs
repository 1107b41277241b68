//! What programs write, fact by fact: what a submit takes with mercy and how it says so, what a trigger refuses
//! while a call is out, who may call a hook, and what becomes of what they send. The texts of the other refusals
//! are in `wcs_write`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, CLERKS, DESK, Key, definition, good, refused};
use crate::wcs_still::Still;
use fieldpost_testkit::Answer;

const SUBMIT: &str = "/p/clinic/api/formdefs/ask/submit";
const DENIED: &str = "access-denied";
const OTHERS: Key = Key("others", CLERKS);

fn project(hub: &TestHub) -> Value {
    let mut project = definition(hub);
    let items = json!([{ "id": "1", "text": "one" }, { "id": "2", "text": "two" }]);
    project["forms"]["ask"] = json!({
        "fields": [
            { "id": "1", "name": "word", "label": "Word", "type": "string", "required": true },
            { "id": "2", "name": "amount", "label": "Amount", "type": "numeric" },
            { "id": "3", "name": "day", "label": "Day", "type": "date" },
            { "id": "4", "name": "kind", "label": "Kind", "type": "item", "items": items },
            { "id": "5", "name": "kinds", "label": "Kinds", "type": "items", "items": items },
            { "id": "6", "name": "place", "label": "Where", "type": "map" },
            { "id": "7", "name": "photo", "label": "Photo", "type": "file" },
            { "id": "8", "name": "sure", "label": "Sure", "type": "bool" },
            { "id": "9", "name": "people", "label": "People", "type": "block", "fields": [
                { "name": "first", "label": "First name", "type": "string" } ] },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "backoffice_fields": [{ "name": "remark", "label": "Remark", "type": "string" }],
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "jump": "finished", "trigger": "finish" },
                    { "jump": "_previous", "trigger": "back" },
                    { "jump": "called", "trigger": "call" },
                ] },
                "called": { "name": "Called", "actions": [
                    { "call": { "connection": "there", "path": "/slow" } },
                    { "jump": "finished", "trigger": "finish" },
                ] },
                "finished": { "name": "Finished", "endpoint": true },
            },
            "global_actions": {
                "note": { "hook": ["logged-users"], "actions": [
                    { "set": { "remark": "{{ form_trigger_note_content_said_what }}" } } ] },
                "ours": { "hook": ["agents"], "actions": [] },
                "theirs": { "hook": ["_signed_calls"], "actions": [] },
                "open": { "hook": ["anyone"], "actions": [] },
            },
        },
    });
    project
}

fn path(what: &str) -> String {
    format!("/p/clinic/api/forms/ask/{what}")
}

async fn document(hub: &TestHub, id: usize) -> Value {
    good(BY_CLERKS.get(hub, &path(&format!("{id}/"))).await).await
}

#[tokio::test]
async fn what_is_sent_is_read_with_mercy_and_each_is_told() {
    for engine in BOTH {
        let still = Still::start(engine, project).await;
        let hub = &still.hub;
        let mut flaws = Vec::new();
        for (number, (data, pointer, expected, warned)) in [
            // By name and by id; an item by its id under either name.
            (json!({ "word": "a" }), "/fields/word", json!("a"), ""),
            (json!({ "word": "a", "2": "7" }), "/fields/amount", json!("7"), ""),
            (json!({ "word": "a", "kind": "2" }), "/fields/kind", json!("two"), ""),
            (
                json!({ "word": "a", "kind": "two", "kind_raw": "2" }),
                "/fields/kind_raw",
                json!("2"),
                "",
            ),
            (json!({ "word": "a", "kinds_raw": ["1"] }), "/fields/kinds", json!("one"), ""),
            (json!({ "word": "a", "amount": 5.50 }), "/fields/amount", json!("5.5"), ""),
            (json!({ "word": "a", "amount": "5.50" }), "/fields/amount", json!("5.50"), ""),
            (json!({ "word": "a", "day": "2026-01-31" }), "/fields/day", json!("2026-01-31"), ""),
            (json!({ "word": "a", "sure": true }), "/fields/sure", json!(true), ""),
            (
                json!({ "word": "a", "place": { "lat": 1.5, "lon": 2.25 } }),
                "/fields/place",
                json!({ "lat": 1.5, "lon": 2.25 }),
                "",
            ),
            (
                json!({ "word": "a", "place": "1.5;2.25" }),
                "/fields/place",
                json!({ "lat": 1.5, "lon": 2.25 }),
                "",
            ),
            // What cannot be read is nothing, and what nobody knows is dropped: both are told.
            (
                json!({ "word": "a", "amount": "five" }),
                "/fields/amount",
                Value::Null,
                "not-a-number",
            ),
            (json!({ "word": "a", "day": "soon" }), "/fields/day", Value::Null, "*"),
            (json!({ "word": "a", "kinds": "1" }), "/fields/kinds", Value::Null, "*"),
            (json!({ "word": "a", "people": "x" }), "/fields/people", Value::Null, "*"),
            (
                json!({ "word": "a", "photo": { "filename": "a", "content": "%%" } }),
                "/fields/photo",
                Value::Null,
                "*",
            ),
            (json!({ "word": "a", "nothing": 1 }), "/fields/nothing", Value::Null, "unknown-key"),
            (json!({}), "/fields/word", Value::Null, "required"),
        ]
        .into_iter()
        .enumerate()
        {
            let body = json!({ "data": data });
            let answer = good(BY_PARTNER.post(hub, SUBMIT, &body).await).await;
            let warnings = answer["warnings"].as_array().cloned().unwrap_or_default();
            let codes: Vec<&str> = warnings.iter().filter_map(|it| it["code"].as_str()).collect();
            let is_told = match warned {
                "" => codes.is_empty(),
                "*" => codes.len() == 1,
                code => codes == [code],
            };
            let document = document(hub, number + 1).await;
            let found = document.pointer(pointer).unwrap_or(&Value::Null);
            if !is_told || *found != expected {
                flaws.push(format!("{data}: {found} and not {expected}; {codes:?}"));
            }
        }
        assert!(flaws.is_empty(), "{flaws:#?}");
    }
}

#[tokio::test]
async fn a_content_type_may_say_its_characters() {
    let still = Still::start(Engine::Sqlite, project).await;
    for (content_type, is_taken) in [
        ("application/json", true),
        ("application/json; charset=utf-8", true),
        ("text/plain", false),
    ] {
        let url = BY_PARTNER.sign(&still.hub, SUBMIT, None);
        let request = still.hub.client.post(url).header("content-type", content_type);
        let answer = request.body(r#"{"data": {"word": "a"}}"#).send().await.unwrap();
        if is_taken {
            good(answer).await;
        } else {
            let told = "Expected JSON but missing appropriate content-type.";
            refused(answer, 400, "invalid-request", told).await;
        }
    }
}

#[tokio::test]
async fn while_a_call_is_out_nothing_else_happens_unless_one_goes_past_it() {
    for engine in BOTH {
        let still = Still::start(engine, project).await;
        let hub = &still.hub;
        hub.destination.answer("/slow", Answer::hang());
        good(BY_PARTNER.post(hub, SUBMIT, &json!({ "data": { "word": "a" } })).await).await;
        let back = BY_PARTNER.post(hub, &path("1/jump/trigger/back/"), &json!({})).await;
        assert_eq!(back.status(), 400, "there is no status to go back to");
        good(BY_PARTNER.post(hub, &path("1/jump/trigger/call/"), &json!({})).await).await;
        let finish = path("1/jump/trigger/finish/");
        let busy = "Formdata currently processing actions.";
        refused(BY_PARTNER.post(hub, &finish, &json!({})).await, 403, DENIED, busy).await;
        let past = format!("{finish}?bypass-processing-check=true");
        let answer = good(BY_PARTNER.post(hub, &past, &json!({})).await).await;
        assert_eq!(answer, json!({ "err": 0, "url": null }));
        assert_eq!(document(hub, 1).await["workflow"]["status"]["id"], "finished");
    }
}

#[tokio::test]
async fn a_hook_is_called_by_whom_it_names_and_keeps_what_they_send() {
    for engine in BOTH {
        let still = Still::start(engine, project).await;
        let hub = &still.hub;
        good(BY_PARTNER.post(hub, SUBMIT, &json!({ "data": { "word": "a" } })).await).await;
        let body = json!({
            "said": { "what": "seen" },
            "file": {
                "filename": "a.txt", "content_type": "text/plain", "content": "YQ==",
                "content_is_base64": true,
            },
        });
        // In front of the form as well as in the API, posted or put.
        for (key, email, name, status) in [
            (None, None, "note", 403),
            (Some(BY_PARTNER), None, "note", 200),
            (Some(BY_PARTNER), None, "ours", 403),
            (Some(BY_PARTNER), Some(DESK), "ours", 200),
            (Some(BY_CLERKS), None, "ours", 200),
            (Some(OTHERS), None, "ours", 403),
            (None, None, "theirs", 403),
            (Some(BY_PARTNER), None, "theirs", 200),
            (None, None, "open", 200),
            (Some(BY_PARTNER), None, "nothing", 404),
        ] {
            for place in ["/p/clinic/ask", "/p/clinic/api/forms/ask"] {
                let path = format!("{place}/1/hooks/{name}/");
                let url = key.map_or_else(|| hub.url(&path), |key| key.sign(hub, &path, email));
                let request = hub.client.request(Method::POST, url);
                let request = request.header("content-type", "application/json");
                let answer = request.body(body.to_string()).send().await.unwrap();
                assert_eq!(answer.status(), status, "{key:?} {email:?} {name}");
            }
        }
        let document = eventually("what was sent is there", async || {
            let document = document(hub, 1).await;
            document.pointer("/workflow/data/note").is_some().then_some(document)
        })
        .await;
        let data = &document["workflow"]["data"]["note"];
        assert_eq!(data["said"], json!({ "what": "seen" }));
        assert_eq!(
            data["file"],
            json!({
                "filename": "a.txt", "content_type": "text/plain", "content": "YQ==",
                "content_is_base64": true,
            })
        );
        // Templates know it by the name of the hook.
        assert_eq!(document["workflow"]["fields"]["remark"], "seen");
    }
}
