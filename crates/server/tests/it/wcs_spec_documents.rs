//! The document of a record, key by key and type by type, through HTTP at known moments.
//!
//! | fact | held by |
//! |---|---|
//! | every key with its value; local times without a zone beside moments with one | `every_key_has_its_value` |
//! | the encoding of each type of field; what has no variable name is nowhere | `each_type_is_written_as_wcs_does` |
//! | what was not answered is `null` | `what_was_not_answered_is_null` |
//! | the history: times, who, statuses, the four kinds of parts | `the_history_tells_who_did_what` |
//! | the words of every switch; what goes with `include-fields` | `each_switch_takes_all_its_words` |
//! | `include-actions`: hooks, triggers and edits, for who may | `actions_are_those_of_the_caller` |
//! | `at` | `a_moment_gives_the_answers_of_then` |
//! | keys that nobody may read: other forms' numbers, drafts | `what_is_not_there_is_not_found` |
//!
//! What one cannot bring about by HTTP, such as the record that another was made from, is held by the tests of
//! the dialect.

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, DESK, definition, good, keys, refused};
use crate::wcs_still::Still;
use fieldpost_testkit::Answer;

const SUBMIT: &str = "/p/clinic/api/formdefs/dossier/submit";
const FIRST: &str = "/p/clinic/api/forms/dossier/1/";
const HOUR: i64 = 3_600;

fn dossier() -> Value {
    let items = json!([
        { "id": "1", "text": "one", "attributes": { "colour": "red" } }, { "id": "2", "text": "two" },
    ]);
    json!({
        "title": "Dossier", "submission_roles": ["agents"], "geolocation": "position",
        "digest": "{{ form_var_name }}",
        "fields": [
            { "type": "title", "label": "A heading" },
            { "name": "name", "label": "Name", "type": "string" },
            { "name": "story", "label": "Story", "type": "text" },
            { "name": "email", "label": "E-mail", "type": "email" },
            { "name": "phone", "label": "Phone", "type": "phone" },
            { "name": "agreed", "label": "Agreed", "type": "bool" },
            { "name": "amount", "label": "Amount", "type": "numeric" },
            { "name": "day", "label": "Day", "type": "date" },
            { "name": "kind", "label": "Kind", "type": "item", "items": items },
            { "name": "kinds", "label": "Kinds", "type": "items", "items": items },
            { "name": "order", "label": "Order", "type": "ranked-items", "items": items },
            { "id": "11", "name": "photo", "label": "Photo", "type": "file" },
            { "name": "position", "label": "Where", "type": "map" },
            { "name": "people", "label": "People", "type": "block", "fields": [
                { "name": "first", "label": "First name", "type": "string" },
                { "name": "portrait", "label": "Portrait", "type": "file" },
                { "name": "part", "label": "Part", "type": "item", "items": items } ] },
            { "name": "rows", "label": "Rows", "type": "tablerows", "columns": ["Name", "Age"] },
            { "name": "loud", "label": "Loud", "type": "computed", "template": "{{ form_var_name|upper }}" },
            { "id": "20", "label": "Unnamed", "type": "string" },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents", "_manager": { "name": "Manager", "role": "clerks" } },
            "backoffice_fields": [{ "name": "remark", "label": "Remark", "type": "string" }],
            "criticality_levels": ["normal", "high"],
            "statuses": {
                "just_submitted": { "name": "Just submitted", "actions": [{ "jump": "new" }] },
                "new": { "name": "New", "actions": [
                    { "call": { "connection": "there", "path": "/check", "name": "check", "label": "Check",
                                "record_errors": true, "on_error": { "4xx": "ignore" } } },
                    { "call": { "connection": "there", "path": "/letter", "name": "letter",
                                "response": "attachment" } },
                    { "id": "say", "comment": true, "by": ["_receiver"] },
                    { "id": "mend", "edit": true, "by": ["_receiver"] },
                    { "jump": "finished", "trigger": "finish", "by": ["_receiver"] },
                ] },
                "finished": { "name": "Finished", "endpoint": true },
            },
            "global_actions": {
                "note": { "hook": ["_signed_calls"], "actions": [{ "criticality": "raise" }] },
            },
        },
    })
}

fn whole() -> Value {
    json!({
        "data": {
            "name": "Marie", "story": "One\nTwo", "email": "marie@example.net", "phone": "+33 1 23",
            "agreed": true, "amount": "5.50", "day": "2026-11-23", "kind": "1", "kinds": ["1", "2"],
            "order": { "2": 1, "1": 2 },
            "photo": { "filename": "a.txt", "content_type": "text/plain", "content": "Q2VjaQ==" },
            "position": { "lat": 48.856_613, "lon": 2.352_219 },
            "people": [
                { "first": "Ann", "part": "2",
                  "portrait": { "filename": "b.png", "content_type": "image/png", "content": "AAEC" } },
                { "first": "Bob" },
            ],
            "rows": [["c", "3"]], "20": "nobody reads this",
        },
        "meta": { "backoffice-submission": true },
        "context": { "channel": "phone" },
        "user": { "email": "jean@example.org" },
    })
}

/// A hub with one record that the desk filled in for Jean, whose calls have ended: one met an error, the other
/// brought a letter.
async fn with_one(engine: Engine, body: &Value) -> Still {
    let project = |hub: &TestHub| {
        let mut project = definition(hub);
        project["forms"]["dossier"] = dossier();
        project
    };
    let still = Still::start(engine, project).await;
    let hub = &still.hub;
    let missing = Answer::status(404).header("content-type", "application/json");
    hub.destination.answer("/check", missing.body(r#"{"err_desc":"who"}"#));
    let letter = Answer::status(200).header("content-type", "application/pdf");
    hub.destination.answer("/letter", letter.body("%PDF"));
    let url = BY_PARTNER.sign(hub, SUBMIT, Some(DESK));
    let request = hub.client.post(url).header("content-type", "application/json");
    good(request.body(body.to_string()).send().await.unwrap()).await;
    eventually("the calls have ended", async || {
        let document = read(hub, "").await;
        document.pointer("/workflow/data/letter_time").map(|_| ())
    })
    .await;
    still
}

async fn read(hub: &TestHub, query: &str) -> Value {
    good(BY_PARTNER.get_for(hub, &format!("{FIRST}?{query}"), DESK).await).await
}

#[track_caller]
fn check(document: &Value, rows: &[(&str, Value)]) {
    let nothing = Value::Null;
    let flaws: Vec<String> = rows
        .iter()
        .filter_map(|(pointer, expected)| {
            let found = document.pointer(pointer).unwrap_or(&nothing);
            (found != expected).then(|| format!("{pointer}: {found} and not {expected}"))
        })
        .collect();
    assert!(flaws.is_empty(), "{flaws:#?} in {document}");
}

#[tokio::test]
async fn every_key_has_its_value() {
    for engine in BOTH {
        let still = with_one(engine, &whole()).await;
        let role = |id: &str, name: &str, emails: Value| {
            json!({
                "name": name, "text": name, "allows_backoffice_access": true, "emails": emails,
                "details": "", "emails_to_members": false, "slug": id, "id": id,
            })
        };
        let agents = || json!([role("agents", "Agents", json!(["agents@example.org"]))]);
        let document = read(&still.hub, "").await;
        check(
            &document,
            &[
                ("/id", json!("1")),
                ("/internal_id", json!("1")),
                ("/display_id", json!("1")),
                ("/display_name", json!("Dossier #1")),
                ("/digests", json!({ "default": "Marie" })),
                ("/text", json!("Dossier #1 (Marie)")),
                ("/url", json!("/p/clinic/dossier/1/")),
                ("/api_url", json!("/p/clinic/api/forms/dossier/1/")),
                ("/backoffice_url", json!("/p/clinic/backoffice/management/dossier/1/")),
                ("/receipt_time", json!("2026-01-01T00:00:00")),
                ("/received_at", json!("2026-01-01T00:00:00.000000Z")),
                ("/last_update_time", json!("2026-01-01T00:00:00")),
                ("/updated_at", json!("2026-01-01T00:00:00.000000Z")),
                ("/criticality_level", json!(0)),
                ("/user/name", json!("Jean Darmette")),
                ("/user/email", json!("jean@example.org")),
                ("/user/NameID", json!(["jean-1"])),
                (
                    "/workflow/status",
                    json!({
                        "id": "new", "name": "New", "endpoint": false,
                        "first_arrival_datetime": "2026-01-01T00:00:00+00:00",
                        "latest_arrival_datetime": "2026-01-01T00:00:00+00:00",
                    }),
                ),
                ("/workflow/real_status/id", json!("new")),
                ("/workflow/fields", json!({ "remark": null })),
                ("/workflow/data/check_status", json!(404)),
                ("/workflow/data/check_error_response", json!({ "err_desc": "who" })),
                ("/workflow/data/check_time", json!("2026-01-01T00:00:00")),
                ("/workflow/data/letter_length", json!(4)),
                ("/roles/_receiver", agents()),
                ("/roles/_manager", json!([role("clerks", "Clerks", json!([]))])),
                ("/roles/actions", agents()),
                ("/submission/backoffice", json!(true)),
                ("/submission/channel", json!("phone")),
                ("/submission/agent/name", json!("Front desk")),
                ("/geolocations", json!({ "base": { "lat": 48.856_613, "lon": 2.352_219 } })),
            ],
        );
        assert!(document["user"]["id"].is_u64() && document["place"].is_u64(), "{document}");
        assert_eq!(document["uuid"].as_str().map(str::len), Some(36));
        assert_eq!(keys(&document["roles"]), ["_manager", "_receiver", "actions", "concerned"]);
        // How pressing it is begins above a hundred.
        let path = format!("{FIRST}hooks/note/");
        good(BY_PARTNER.post(&still.hub, &path, &json!({})).await).await;
        assert_eq!(read(&still.hub, "").await["criticality_level"], 101);
    }
}

#[tokio::test]
async fn each_type_is_written_as_wcs_does() {
    for engine in BOTH {
        let still = with_one(engine, &whole()).await;
        let fields = read(&still.hub, "").await["fields"].clone();
        let one = json!({ "id": "1", "text": "one", "colour": "red" });
        let two = json!({ "id": "2", "text": "two" });
        check(
            &fields,
            &[
                ("/name", json!("Marie")),
                ("/story", json!("One\nTwo")),
                ("/email", json!("marie@example.net")),
                ("/phone", json!("+33 1 23")),
                ("/agreed", json!(true)),
                ("/amount", json!("5.50")),
                ("/day", json!("2026-11-23")),
                ("/kind", json!("one")),
                ("/kind_raw", json!("1")),
                ("/kind_structured", one.clone()),
                ("/kinds", json!("one, two")),
                ("/kinds_raw", json!(["1", "2"])),
                ("/kinds_structured", json!([one, two])),
                ("/order", json!({ "2": 1, "1": 2 })),
                ("/photo/filename", json!("a.txt")),
                ("/photo/content_type", json!("text/plain")),
                ("/photo/content", json!("Q2VjaQ==")),
                ("/photo/content_is_base64", json!(true)),
                ("/photo/field_id", json!("11")),
                ("/position", json!({ "lat": 48.856_613, "lon": 2.352_219 })),
                ("/people_raw/0/first", json!("Ann")),
                ("/people_raw/0/part", json!("two")),
                ("/people_raw/0/part_raw", json!("2")),
                ("/people_raw/0/portrait/content", json!("AAEC")),
                ("/people_raw/1/first", json!("Bob")),
                ("/people_raw/1/portrait", Value::Null),
                ("/people_digests/1", json!("Bob")),
                ("/rows", json!([["c", "3"]])),
                ("/loud", json!("MARIE")),
            ],
        );
        let named = [
            "agreed",
            "amount",
            "day",
            "email",
            "kind",
            "kind_raw",
            "kind_structured",
            "kinds",
            "kinds_raw",
            "kinds_structured",
            "loud",
            "name",
            "order",
            "people",
            "people_digests",
            "people_raw",
            "phone",
            "photo",
            "position",
            "rows",
            "story",
        ];
        assert_eq!(keys(&fields), named);
        // The address of a file gives it to who may read the record.
        let address = fields["photo"]["url"].as_str().unwrap();
        let file = BY_PARTNER.get_for(&still.hub, address, DESK).await;
        assert_eq!(file.text().await.unwrap(), "Ceci");
    }
}

#[tokio::test]
async fn what_was_not_answered_is_null() {
    let body = json!({ "data": {}, "meta": { "backoffice-submission": true } });
    let still = with_one(Engine::Sqlite, &body).await;
    let document = read(&still.hub, "").await;
    let fields = document["fields"].as_object().unwrap();
    let answered: Vec<&String> =
        fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
    // What is computed is made of whatever there is.
    assert_eq!(answered, ["loud"], "{document}");
    assert_eq!(document["digests"], Value::Null);
    assert_eq!(document["text"], "Dossier #1");
    for gone in ["user", "geolocations"] {
        assert!(document.get(gone).is_none(), "{gone}");
    }
    assert!(fields.get("kind_structured").is_none() && fields.get("people_digests").is_none());
}

#[tokio::test]
async fn the_history_tells_who_did_what() {
    for engine in BOTH {
        let still = with_one(engine, &whole()).await;
        let hub = &still.hub;
        still.turn_to(HOUR);
        let url = BY_PARTNER.sign(hub, &format!("{FIRST}jump/trigger/finish/"), Some(DESK));
        good(hub.client.post(url).send().await.unwrap()).await;
        let document = read(hub, "").await;
        let evolution = document["evolution"].as_array().unwrap();
        let told: Vec<_> = evolution.iter().map(|it| (&it["status"], &it["time"])).collect();
        let (begin, end) = (json!("2026-01-01T00:00:00+00:00"), json!("2026-01-01T01:00:00+00:00"));
        assert_eq!(
            told,
            [
                (&json!("just_submitted"), &begin),
                (&json!("new"), &begin),
                (&json!("finished"), &end)
            ],
            "{document}"
        );
        // The desk filled it in, and finished it; between them nobody did anything.
        let desk = document["submission"]["agent"]["id"].to_string();
        check(
            &document,
            &[
                ("/evolution/0/who/name", json!("Front desk")),
                ("/evolution/0/who_id", json!(desk)),
                ("/evolution/1/who_id", Value::Null),
                ("/evolution/2/who/email", json!(DESK)),
                ("/evolution/2/last_jump_datetime", Value::Null),
                ("/evolution/1/parts/0/type", json!("wscall-error")),
                ("/evolution/1/parts/0/summary", json!("404 Not Found (err_desc: who)")),
                ("/evolution/1/parts/0/label", json!("Check")),
                ("/evolution/1/parts/0/data", json!(r#"{"err_desc":"who"}"#)),
                ("/evolution/1/parts/1/type", json!("workflow-attachment")),
                ("/evolution/1/parts/1/content_type", json!("application/pdf")),
                ("/evolution/1/parts/1/content", json!("JVBERg==")),
                ("/evolution/1/parts/1/to", Value::Null),
            ],
        );
        assert!(evolution[2].get("parts").is_none(), "{document}");
        // Without the contents of files there are no attachments.
        let without = read(hub, "include-files-content=off").await;
        let parts = without.pointer("/evolution/1/parts").unwrap().as_array().unwrap();
        assert_eq!(parts.len(), 1, "{without}");
        assert_eq!(without["workflow"]["status"]["endpoint"], true);
    }
}

#[tokio::test]
async fn a_comment_is_told_as_html_and_as_text() {
    let still = with_one(Engine::Sqlite, &whole()).await;
    let hub = &still.hub;
    let changes = good(BY_PARTNER.get(hub, "/p/clinic/api/forms/dossier/changes").await).await;
    let record = changes["data"][0]["record"].as_str().unwrap();
    let path = format!("projects/clinic/submissions/{record}/lifecycle");
    let body = json!({ "kind": "comment", "action": "say", "text": "Seen, & <good>" });
    let answer = hub.post(&path, &body).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let document = read(hub, "").await;
    let parts = document["evolution"].as_array().unwrap().iter();
    let mut parts = parts.filter_map(|entry| entry.get("parts")?.as_array()).flatten();
    let comment = parts.find(|part| part["type"] == "workflow-comment").unwrap();
    assert_eq!(
        *comment,
        json!({
            "type": "workflow-comment", "identifier": null,
            "comment": "<p>Seen, &amp; &lt;good&gt;</p>", "comment_plain_text": "Seen, & <good>",
        })
    );
}

#[tokio::test]
async fn each_switch_takes_all_its_words() {
    let still = with_one(Engine::Sqlite, &whole()).await;
    let hub = &still.hub;
    for (switch, part) in [
        ("include-evolution", "/evolution"),
        ("include-roles", "/roles"),
        ("include-submission", "/submission"),
        ("include-user", "/user"),
        ("include-workflow", "/workflow/status"),
        ("include-workflow-data", "/workflow/data"),
        ("include-fields", "/fields"),
        ("include-fields", "/criticality_level"),
        ("include-fields", "/api_url"),
        ("include-fields", "/backoffice_url"),
        ("include-fields", "/geolocations"),
        ("include-files-content", "/fields/photo/content"),
        ("include-actions", "/actions"),
    ] {
        let is_usual = switch != "include-actions";
        assert_eq!(read(hub, "").await.pointer(part).is_some(), is_usual, "{part}");
        for word in ["on", "true", "True", "1"] {
            let document = read(hub, &format!("{switch}={word}")).await;
            assert!(document.pointer(part).is_some(), "{switch}={word}");
        }
        for word in ["off", "false", "False", "0"] {
            let document = read(hub, &format!("{switch}={word}")).await;
            assert!(document.pointer(part).is_none(), "{switch}={word}");
        }
    }
}

#[tokio::test]
async fn actions_are_those_of_the_caller() {
    let still = with_one(Engine::Sqlite, &whole()).await;
    let hub = &still.hub;
    let base = "/p/clinic/api/forms/dossier/1";
    assert_eq!(
        read(hub, "include-actions=on").await["actions"],
        json!({
            "global-action:note": format!("{base}/hooks/note/"),
            "jump:finish": format!("{base}/jump/trigger/finish/"),
            "link:edit:new-mend": "/p/clinic/backoffice/management/dossier/1/wfedit-mend",
        })
    );
    // Who has another role may do less.
    let mut project = definition(hub);
    project["forms"]["dossier"] = dossier();
    project["api_access"]["heads"] =
        json!({ "secret": crate::wcs_project::CLERKS, "roles": ["clerks"] });
    hub.apply(project).await;
    let heads = crate::wcs_project::Key("heads", crate::wcs_project::CLERKS);
    let found = good(heads.get(hub, &format!("{FIRST}?include-actions=on")).await).await;
    assert_eq!(keys(&found["actions"]), ["global-action:note"]);
}

#[tokio::test]
async fn a_moment_gives_the_answers_of_then() {
    for engine in BOTH {
        let still = with_one(engine, &whole()).await;
        let hub = &still.hub;
        still.turn_to(HOUR);
        let body = json!({ "data": { "name": "Jeanne" } });
        good(BY_CLERKS.post(hub, FIRST, &body).await).await;
        for (at, name) in [
            ("2026-01-01T00:00:00", "Marie"),
            ("2026-01-01T00:59:59Z", "Marie"),
            ("2026-01-01T01:00:00", "Jeanne"),
            ("2026-01-02", "Jeanne"),
        ] {
            assert_eq!(read(hub, &format!("at={at}")).await["fields"]["name"], name, "{at}");
        }
        let wrong = BY_PARTNER.get_for(hub, &format!("{FIRST}?at=x"), DESK).await;
        refused(wrong, 400, "invalid-request", "Invalid value \"x\" for \"at\".").await;
        // What is computed follows, as of then.
        assert_eq!(read(hub, "").await["fields"]["loud"], "JEANNE");
        assert_eq!(read(hub, "at=2026-01-01T00:30:00").await["fields"]["loud"], "MARIE");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let still = with_one(Engine::Sqlite, &whole()).await;
    let missing = "There is nothing at this address.";
    for path in
        ["dossier/2/", "dossier/0/", "dossier/-1/", "dossier/x/", "dossier/1%2F1/", "nothing/1/"]
    {
        let path = format!("/p/clinic/api/forms/{path}");
        refused(BY_PARTNER.get_for(&still.hub, &path, DESK).await, 404, "not-found", missing).await;
    }
}
