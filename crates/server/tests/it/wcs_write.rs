//! What programs write by the API of w.c.s.: submit, edit, triggers and hooks, with its answers and the texts
//! of its refusals.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, CLERKS, DESK, Key, basic, definition, good, refused,
};

const SUBMIT: &str = "/p/clinic/api/formdefs/ask/submit";
const DENIED: &str = "access-denied";
const INVALID: &str = "invalid-request";
const OTHERS: Key = Key("others", CLERKS);

/// A hub with forms to write to.
async fn hub_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = definition(&hub);
    let fields = json!([
        { "name": "name", "label": "Name", "type": "string", "required": true },
        { "name": "amount", "label": "Amount", "type": "numeric" },
        { "name": "photo", "label": "Photo", "type": "file" },
        { "name": "people", "label": "People", "type": "block", "fields": [
            { "name": "first", "label": "First name", "type": "string" } ] },
    ]);
    definition["forms"]["ask"] = json!({
        "title": "Ask", "tracking_codes": true, "submission_roles": ["agents"], "fields": fields,
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "backoffice_fields": [{ "name": "remark", "label": "Remark", "type": "string" }],
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "edit": true, "by": ["_receiver"] },
                    { "jump": "finished", "trigger": "finish" },
                    { "jump": "finished", "trigger": "guarded", "by": ["_receiver"] },
                    { "jump": "finished", "trigger": "never", "condition": "form_var_name == 'x'" },
                ] },
                "finished": { "name": "Finished", "endpoint": true },
            },
            "global_actions": {
                "open": { "hook": ["anyone"], "actions": [] },
                "signed": { "hook": ["_signed_calls"], "actions": [] },
                "guarded": { "hook": ["_receiver"], "actions": [] },
                "byhand": { "by": ["_receiver"], "actions": [] },
            },
        },
    });
    definition["forms"]["closed"] = json!({ "disabled": true, "fields": fields });
    definition["forms"]["once"] = json!({ "only_allow_one": true, "fields": fields });
    hub.apply(definition).await;
    hub
}

async fn submitted(hub: &TestHub, body: &Value) -> Value {
    good(BY_PARTNER.post(hub, SUBMIT, body).await).await
}

fn ask() -> Value {
    json!({ "data": { "name": "Amina" } })
}

fn path_of(id: &str) -> String {
    format!("/p/clinic/api/forms/ask/{id}/")
}

async fn document(hub: &TestHub, id: &str) -> Value {
    good(BY_CLERKS.get(hub, &path_of(id)).await).await
}

/// What a call by a method answers, signed where a key is given.
async fn call(hub: &TestHub, method: Method, key: Option<Key>, path: &str, body: &str) -> Response {
    let url = key.map_or_else(|| hub.url(path), |key| key.sign(hub, path, None));
    let request = hub.client.request(method, url).header("content-type", "application/json");
    request.body(body.to_owned()).send().await.unwrap()
}

#[tokio::test]
async fn a_program_submits_and_is_told_where_it_is() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let body = json!({
            "data": {
                "name": "Amina", "amount": "5.50", "people": [{ "first": "João" }],
                "photo": { "filename": "a.txt", "content_type": "text/plain", "content": "YQ==" },
            },
            "context": { "channel": "phone", "comments": "in a hurry" },
            "user": { "NameID": ["jean-1"] },
        });
        let answer = submitted(&hub, &body).await;
        assert_eq!(answer["err"], 0);
        assert_eq!(answer.get("warnings"), None, "{answer}");
        let data = &answer["data"];
        assert_eq!(data["id"], "1");
        assert!(text(&data["url"]).ends_with("/p/clinic/ask/1/"), "{data}");
        assert!(text(&data["api_url"]).ends_with("/p/clinic/api/forms/ask/1/"), "{data}");
        assert!(text(&data["backoffice_url"]).ends_with("/backoffice/management/ask/1/"), "{data}");
        assert_eq!(text(&answer["tracking_code"]).len(), 8);

        let document = document(&hub, "1").await;
        assert_eq!(document["fields"]["name"], "Amina");
        assert_eq!(document["fields"]["amount"], "5.50");
        assert_eq!(document["fields"]["photo"]["content"], "YQ==");
        assert_eq!(document["fields"]["people_raw"][0]["first"], "João");
        assert_eq!(document["workflow"]["status"]["id"], "new");
        assert_eq!(document["submission"]["channel"], "phone");
        assert_eq!(document["submission"]["backoffice"], false);
        assert_eq!(document["user"]["name"], "Jean Darmette");
    }
}

#[tokio::test]
async fn a_document_is_submitted_as_it_was_pulled() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let body = json!({ "data": {
            "name": "Amina", "amount": "5.50", "people": [{ "first": "João" }, { "first": "B" }],
            "photo": { "filename": "a.txt", "content_type": "text/plain", "content": "YQ==" },
        } });
        submitted(&hub, &body).await;
        let first = document(&hub, "1").await;
        let again = submitted(&hub, &first).await;
        let id = text(&again["data"]["id"]).to_owned();
        let second = document(&hub, &id).await;
        let mut fields = [first["fields"].clone(), second["fields"].clone()];
        for fields in &mut fields {
            // The address of a file is that of its own record.
            fields["photo"].as_object_mut().unwrap().remove("url");
        }
        assert_eq!(fields[0], fields[1]);
        assert_ne!(first["uuid"], second["uuid"]);
    }
}

#[tokio::test]
async fn what_is_taken_with_mercy_is_told_and_refused_where_asked() {
    let hub = hub_on(Engine::Sqlite).await;
    let body = json!({ "data": { "amount": "five", "nothing": 1 } });
    let answer = submitted(&hub, &body).await;
    let codes: Vec<&str> =
        answer["warnings"].as_array().unwrap().iter().map(|it| text(&it["code"])).collect();
    assert_eq!(codes, ["not-a-number", "unknown-key", "required"]);
    let path = format!("{SUBMIT}?strict=on");
    let refused = BY_PARTNER.post(&hub, &path, &body).await;
    assert_eq!(refused.status(), 400);
    let told: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!((&told["err"], &told["err_code"]), (&1.into(), &"has-warnings".into()));
    assert_eq!(told["warnings"], answer["warnings"]);
    good(BY_PARTNER.post(&hub, &path, &ask()).await).await;
    let list = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/ask/list").await).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_refusal_of_submit_has_the_text_of_wcs() {
    let hub = hub_on(Engine::Sqlite).await;
    let form = |form: &str| format!("/p/clinic/api/formdefs/{form}/submit");
    let backoffice = json!({ "data": {}, "meta": { "backoffice-submission": true } });
    for (key, path, body, status, code, told) in [
        (None, form("ask"), ask(), 403, DENIED, "Unsigned API call."),
        (Some(BY_RESEARCH), form("ask"), ask(), 403, DENIED, "Restricted API access."),
        (Some(BY_PARTNER), form("closed"), ask(), 403, DENIED, "Disabled form."),
        (Some(BY_PARTNER), form("once"), ask(), 403, DENIED, "User not authenticated."),
        (Some(BY_PARTNER), form("ask"), json!([1]), 400, INVALID, "Invalid payload."),
        (
            Some(BY_PARTNER),
            form("ask"),
            json!({ "data": 1 }),
            400,
            INVALID,
            "Invalid data parameter.",
        ),
        (
            Some(BY_PARTNER),
            form("ask"),
            json!({ "data": {}, "user": "x" }),
            400,
            INVALID,
            "Invalid user parameter.",
        ),
        (Some(BY_PARTNER), form("ask"), backoffice.clone(), 403, DENIED, "User not authenticated."),
        (
            Some(BY_CLERKS),
            form("once"),
            ask(),
            403,
            "no-backoffice-submission-role",
            "No backoffice submission roles on form.",
        ),
        (
            Some(OTHERS),
            form("ask"),
            ask(),
            403,
            "user-not-allowed-backoffice-submission",
            "User is not allowed to perform backoffice submission.",
        ),
    ] {
        let answer = call(&hub, Method::POST, key, &path, &body.to_string()).await;
        refused(answer, status, code, told).await;
    }
    let bad = call(&hub, Method::POST, Some(BY_PARTNER), SUBMIT, "{").await;
    refused(bad, 400, INVALID, "Invalid payload.").await;
    let url = BY_PARTNER.sign(&hub, SUBMIT, None);
    let plain = hub.client.post(url).body("{}").send().await.unwrap();
    refused(plain, 400, INVALID, "Expected JSON but missing appropriate content-type.").await;
    assert_eq!(call(&hub, Method::GET, Some(BY_PARTNER), SUBMIT, "").await.status(), 405);
    let nothing = call(&hub, Method::POST, Some(BY_PARTNER), &form("nothing"), "{}").await;
    assert_eq!(nothing.status(), 404);
}

#[tokio::test]
async fn a_key_with_roles_submits_for_somebody_else() {
    let hub = hub_on(Engine::Sqlite).await;
    let request = basic(&hub, Method::POST, SUBMIT, BY_CLERKS);
    let request = request.header("content-type", "application/json").body(ask().to_string());
    good(request.send().await.unwrap()).await;
    assert_eq!(document(&hub, "1").await["submission"]["backoffice"], true);
}

#[tokio::test]
async fn one_of_each_person_is_one() {
    let hub = hub_on(Engine::Sqlite).await;
    let mut body = ask();
    body["user"] = json!({ "email": DESK });
    let path = "/p/clinic/api/formdefs/once/submit";
    good(BY_PARTNER.post(&hub, path, &body).await).await;
    let again = BY_PARTNER.post(&hub, path, &body).await;
    refused(again, 403, DENIED, "Only one formdata by user is allowed.").await;
}

#[tokio::test]
async fn the_same_key_again_is_the_same_submission() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let send = |key: &'static str, name: &'static str| {
            let url = BY_PARTNER.sign(&hub, SUBMIT, None);
            let request = hub.client.post(url).header("content-type", "application/json");
            let body = json!({ "data": { "name": name } }).to_string();
            request.header("idempotency-key", key).body(body).send()
        };
        let first = good(send("k1", "A").await.unwrap()).await;
        assert_eq!(good(send("k1", "A").await.unwrap()).await, first);
        assert_eq!(good(send("k2", "A").await.unwrap()).await["data"]["id"], "2");
        assert_eq!(send("k1", "B").await.unwrap().status(), 400);
        assert_eq!(send("", "B").await.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn a_draft_is_no_submission_yet() {
    let hub = hub_on(Engine::Sqlite).await;
    let mut body = ask();
    body["meta"] = json!({ "draft": true });
    let answer = submitted(&hub, &body).await;
    let list = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/ask/list").await).await;
    assert_eq!(list.as_array().unwrap().len(), 0);
    let path = path_of(text(&answer["data"]["id"]));
    let edit = call(&hub, Method::POST, Some(BY_CLERKS), &path, &ask().to_string()).await;
    refused(edit, 403, DENIED, "Formdata is not editable (still a draft).").await;
}

#[tokio::test]
async fn an_edit_changes_what_it_names() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        submitted(&hub, &json!({ "data": { "name": "Amina", "amount": 1 } })).await;
        let body = json!({ "data": { "amount": "2.5", "remark": "seen" } });
        let answer = good(BY_CLERKS.post(&hub, &path_of("1"), &body).await).await;
        assert_eq!((&answer["err"], &answer["data"]["id"]), (&0.into(), &"1".into()));
        let document = document(&hub, "1").await;
        assert_eq!(document["fields"]["name"], "Amina");
        assert_eq!(document["fields"]["amount"], "2.5");
        assert_eq!(document["workflow"]["fields"]["remark"], "seen");
        // What an edit does not name stays, of the lifecycle's own fields too; and one may name these alone.
        for (data, name, remark) in [
            (json!({ "name": "Ada" }), "Ada", "seen"),
            (json!({ "remark": "mended" }), "Ada", "mended"),
        ] {
            good(BY_CLERKS.post(&hub, &path_of("1"), &json!({ "data": data })).await).await;
            let document = self::document(&hub, "1").await;
            assert_eq!(
                (&document["fields"]["name"], &document["fields"]["amount"]),
                (&name.into(), &"2.5".into())
            );
            assert_eq!(document["workflow"]["fields"]["remark"], remark);
        }
    }
}

#[tokio::test]
async fn every_refusal_of_an_edit_has_the_text_of_wcs() {
    let hub = hub_on(Engine::Sqlite).await;
    submitted(&hub, &ask()).await;
    for (key, body, status, code, told) in [
        (None, ask(), 403, DENIED, "User not authenticated."),
        (Some(OTHERS), ask(), 403, DENIED, "Formdata is not editable by given user."),
        (Some(BY_CLERKS), json!([]), 400, INVALID, "Payload is not a dict."),
        (Some(BY_CLERKS), json!({}), 400, INVALID, "Missing data entry in payload."),
    ] {
        let answer = call(&hub, Method::POST, key, &path_of("1"), &body.to_string()).await;
        refused(answer, status, code, told).await;
    }
    good(
        call(
            &hub,
            Method::POST,
            Some(BY_PARTNER),
            &format!("{}jump/trigger/finish/", path_of("1")),
            "",
        )
        .await,
    )
    .await;
    let ended = BY_CLERKS.post(&hub, &path_of("1"), &ask()).await;
    refused(ended, 403, DENIED, "Formdata is not editable by given user.").await;
    let gone = BY_CLERKS.post(&hub, &path_of("99"), &ask()).await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn triggers_take_jumps_and_keep_what_came_along() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        for (number, front, body, data) in [
            (1, false, r#"{"a": 1.50, "b": [2]}"#, json!({ "a": 1.5, "b": [2] })),
            (2, true, "[1]", json!({ "finish": [1] })),
            (3, true, "", Value::Null),
        ] {
            submitted(&hub, &ask()).await;
            let place = if front { "/p/clinic/ask/" } else { "/p/clinic/api/forms/ask/" };
            let path = format!("{place}{number}/jump/trigger/finish/");
            let answer = good(call(&hub, Method::POST, Some(BY_PARTNER), &path, body).await).await;
            assert_eq!(answer, json!({ "err": 0, "url": null }));
            let document = document(&hub, &number.to_string()).await;
            assert_eq!(document["workflow"]["status"]["id"], "finished");
            let kept = document["workflow"].get("data").cloned().unwrap_or(Value::Null);
            assert_eq!(kept, data, "{body}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_put_is_kept() {
    let hub = hub_on(Engine::Sqlite).await;
    submitted(&hub, &ask()).await;
    let url = BY_PARTNER.sign(&hub, &format!("{}jump/trigger/finish", path_of("1")), None);
    let request = hub.client.put(url).header("content-type", "text/plain");
    good(request.header("filename", "note.txt").body("hello").send().await.unwrap()).await;
    let document = document(&hub, "1").await;
    let file = &document["workflow"]["data"]["finish"];
    assert_eq!(
        (&file["filename"], &file["content_type"]),
        (&"note.txt".into(), &"text/plain".into())
    );
    assert_eq!(file["content"], "aGVsbG8=");
}

#[tokio::test]
async fn every_refusal_of_a_trigger_has_the_text_of_wcs() {
    let hub = hub_on(Engine::Sqlite).await;
    submitted(&hub, &ask()).await;
    let path = |name: &str| format!("{}jump/trigger/{name}/", path_of("1"));
    let get = BY_PARTNER.get(&hub, &path("finish")).await;
    refused(get, 403, DENIED, "Wrong HTTP method (must be POST or PUT).").await;
    for (key, name, status, code, told) in [
        (None, "finish", 403, DENIED, "User not authenticated."),
        (Some(OTHERS), "guarded", 403, DENIED, "Unsufficient roles."),
        (Some(BY_PARTNER), "never", 403, DENIED, "Unmet condition."),
    ] {
        let answer = call(&hub, Method::POST, key, &path(name), "").await;
        refused(answer, status, code, told).await;
    }
    for path in [path("nothing"), "/p/clinic/api/forms/ask/9/jump/trigger/finish/".to_owned()] {
        assert_eq!(call(&hub, Method::POST, Some(BY_PARTNER), &path, "").await.status(), 404);
    }
    good(call(&hub, Method::POST, Some(BY_CLERKS), &path("guarded"), "").await).await;
}

#[tokio::test]
async fn hooks_are_open_to_whom_they_name() {
    let hub = hub_on(Engine::Sqlite).await;
    submitted(&hub, &ask()).await;
    let path = |name: &str| format!("/p/clinic/ask/1/hooks/{name}/");
    for (key, name, status) in [
        (None, "open", 200),
        (None, "signed", 403),
        (Some(BY_PARTNER), "signed", 200),
        (Some(BY_PARTNER), "guarded", 403),
        (Some(BY_CLERKS), "guarded", 200),
        // What nobody is named for is nobody's: with w.c.s. it is everybody's.
        (Some(BY_CLERKS), "byhand", 404),
        (Some(BY_PARTNER), "nothing", 404),
    ] {
        let answer = call(&hub, Method::POST, key, &path(name), r#"{"x": 1}"#).await;
        assert_eq!(answer.status(), status, "{key:?} {name}");
    }
    let document = document(&hub, "1").await;
    assert_eq!(document["workflow"]["data"]["signed"], json!({ "x": 1 }));
}
