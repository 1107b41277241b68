//! Who is told what: hidden statuses, the feed of changes, lists over all forms, maps, tracking codes, and what
//! names nobody. What a caller may not know is told by none of the ways in which one can ask.
//!
//! | fact | held by |
//! |---|---|
//! | a hidden status cannot be found out by filters, here or over all forms | `a_hidden_status_is_found_by_nobody_who_does_not_see_it` |
//! | the feed tells what lists give, by the same rights; what was made anonymous and what is gone | `changes_are_told_by_the_rights_of_lists` |
//! | the list over all forms: its keys, each parameter, each refusal | `all_forms_are_listed_as_they_are_asked_for` |
//! | `readable` and `ignore-roles` | `what_one_may_not_open_is_told_as_such` |
//! | maps: features, their fields, escaping, what is refused | `a_feature_has_what_it_is_drawn_with` |
//! | tracking codes: both addresses, who may ask | `a_code_is_followed_by_who_signs` |
//! | without names: what is left, in each field mode; agents, digests and exact places are not | `what_names_nobody_is_an_allow_list` |
//! | what was made anonymous is listed where somebody asks for it | `what_was_made_anonymous_is_listed_on_demand` |

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, CLERKS, DESK, Key, basic, definition, good, keys, refused,
};
use crate::wcs_still::Still;

const FORM: &str = "/p/clinic/api/forms/secret";
/// A key with the role that has charge of no other record than what it is assigned.
const HEADS: Key = Key("heads", CLERKS);
const DENIED: &str = "access-denied";

/// A form with a status that only managers see, and one whose records are a manager's only once assigned.
fn project(hub: &TestHub) -> Value {
    let mut project = definition(hub);
    project["api_access"]["heads"] = json!({ "secret": CLERKS, "roles": ["others"] });
    project["forms"]["secret"] = json!({
        "title": "A <secret>", "category": "Town hall", "tracking_codes": true, "geolocation": "place",
        "digest": "{{ form_var_name }}", "keywords": ["hush"],
        "fields": [
            { "id": "1", "name": "name", "label": "Name", "type": "string", "display": ["listings"] },
            { "id": "2", "name": "soon", "label": "Soon", "type": "string", "anonymise": "intermediate" },
            { "id": "3", "name": "kept", "label": "Kept", "type": "string", "anonymise": "no" },
            { "id": "4", "name": "kind", "label": "Kind", "type": "item", "items": ["a", "b"] },
            { "id": "5", "name": "place", "label": "Where", "type": "map" },
            { "id": "6", "name": "people", "label": "People", "type": "block", "fields": [
                { "name": "first", "label": "First name", "type": "string" } ] },
            { "id": "7", "name": "open", "label": "Open", "type": "block", "anonymise": "no", "fields": [
                { "name": "inner", "label": "Inner", "type": "string" },
                { "name": "told", "label": "Told", "type": "bool" } ] },
        ],
        "lifecycle": {
            "functions": {
                "_receiver": "agents", "_manager": { "name": "Manager", "role": "clerks" },
                "_expert": { "name": "Expert" },
            },
            "statuses": {
                "new": { "name": "New", "colour": "#ff0000", "actions": [
                    { "comment": true, "by": ["_receiver"] },
                    { "jump": "fraud", "trigger": "suspect" },
                ] },
                "fraud": { "name": "Fraud", "visible_to": ["_manager"], "endpoint": true },
            },
            "global_actions": {
                "assign": { "hook": ["_signed_calls"], "actions": [{ "assign": { "_expert": "others" } }] },
                "forget": { "hook": ["_signed_calls"], "actions": [{ "anonymise": "final" }] },
            },
        },
    });
    project
}

async fn three(engine: Engine) -> Still {
    let still = Still::start(engine, project).await;
    for (hours, name) in (0..).zip(["Ada <b>", "Grace", "Mary"]) {
        still.turn_to(hours * 3_600);
        let body = json!({
            "data": {
                "name": name, "soon": format!("soon {name}"), "kept": "kept", "kind": "a",
                "place": { "lat": 48.856_613, "lon": 2.352_219 }, "people": [{ "first": name }],
                "open": [{ "inner": name, "told": true }],
            },
            "user": { "email": "jean@example.org" },
        });
        let path = "/p/clinic/api/formdefs/secret/submit";
        good(BY_PARTNER.post(&still.hub, path, &body).await).await;
    }
    still
}

async fn post(hub: &TestHub, id: u32, what: &str) {
    good(BY_PARTNER.post(hub, &format!("{FORM}/{id}/{what}/"), &json!({})).await).await;
}

/// What is called `id` or `form_number_raw` in each row, in the order of the rows.
fn numbers(answer: &Value) -> String {
    let rows = if answer.is_array() { answer } else { &answer["data"] };
    let number = |row: &Value| {
        let number = row.get("form_number_raw").or_else(|| row.get("id"));
        number.and_then(Value::as_str).unwrap_or("-").to_owned()
    };
    rows.as_array().unwrap().iter().map(number).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_hidden_status_is_found_by_nobody_who_does_not_see_it() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        post(hub, 2, "jump/trigger/suspect").await;
        for (query, desk, clerks) in [
            ("filter=fraud", "", "2"),
            ("filter=Fraud", "", "2"),
            ("filter=fraud|new&filter-operator=in", "3 2 1", "3 2 1"),
            ("filter=fraud&filter-operator=ne", "3 2 1", "3 1"),
            ("filter=fraud&filter-operator=not_in", "3 2 1", "3 1"),
            // It is where the desk is shown it.
            ("filter=new", "3 2 1", "3 1"),
            ("filter=new&filter-operator=ne", "", "2"),
            ("filter=pending", "3 2 1", "3 1"),
            ("filter=done", "", "2"),
        ] {
            let path = format!("{FORM}/list?{query}");
            let rows = good(BY_PARTNER.get_for(hub, &path, DESK).await).await;
            assert_eq!(numbers(&rows), desk, "the desk: {query}");
            let rows = good(BY_CLERKS.get(hub, &path).await).await;
            assert_eq!(numbers(&rows), clerks, "the clerks: {query}");
            let count = format!("{path}&response_type=dict&limit=1");
            let count = good(BY_PARTNER.get_for(hub, &count, DESK).await).await;
            assert_eq!(count["count"], desk.split_whitespace().count(), "{query}");
        }
        for (query, desk) in
            [("status=done", ""), ("status=open", "3 2 1"), ("status=all", "3 2 1")]
        {
            let path = format!("/p/clinic/api/forms/?{query}");
            let rows = good(BY_PARTNER.get_for(hub, &path, DESK).await).await;
            assert_eq!(numbers(&rows), desk, "{query}");
            let own = format!("/p/clinic/api/user/forms?{query}&sort=desc");
            let rows = good(BY_PARTNER.get_for(hub, &own, "jean@example.org").await).await;
            assert_eq!(numbers(&rows), desk, "{query}");
        }
    }
}

#[tokio::test]
async fn changes_are_told_by_the_rights_of_lists() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        let feed = async |key: Key, since: &str| {
            let path = format!("/p/clinic/api/forms/changes?since={since}");
            good(key.get(hub, &path).await).await
        };
        // A role that plays no part yet is told nothing; neither is it given anything.
        assert_eq!(feed(HEADS, "").await["data"], json!([]));
        let begin = text(&feed(BY_CLERKS, "").await["since"]).to_owned();
        post(hub, 2, "hooks/assign").await;
        let list = format!("{FORM}/list");
        let told = feed(HEADS, "").await;
        assert_eq!(numbers(&told), "2", "{told}");
        assert_eq!(told["data"][0]["what"], "changed");
        assert_eq!(numbers(&feed(BY_CLERKS, &begin).await), "2");
        // A draft concerns nobody yet.
        let draft = json!({ "data": { "name": "x" }, "meta": { "draft": true } });
        let path = "/p/clinic/api/formdefs/secret/submit";
        good(BY_PARTNER.post(hub, path, &draft).await).await;
        assert_eq!(numbers(&feed(BY_CLERKS, &begin).await), "2");
        // What was made anonymous is told, though lists leave it out.
        post(hub, 1, "hooks/forget").await;
        let told = feed(BY_CLERKS, &begin).await;
        let what: Vec<_> =
            told["data"].as_array().unwrap().iter().map(|it| (&it["id"], &it["what"])).collect();
        assert_eq!(
            what,
            [(&json!("2"), &json!("changed")), (&json!("1"), &json!("anonymised"))],
            "{told}"
        );
        assert_eq!(numbers(&good(BY_CLERKS.get(hub, &list).await).await), "3 2");
        // And so is what is gone.
        let record = text(&feed(BY_CLERKS, "").await["data"][0]["record"]).to_owned();
        let since = text(&told["since"]).to_owned();
        let gone = hub.delete(&format!("projects/clinic/submissions/{record}")).await;
        assert!(gone.status().is_success());
        let told = feed(BY_CLERKS, &since).await;
        assert_eq!(told["data"][0]["what"], "deleted");
        assert_eq!(told["data"][0]["record"], record.as_str());
        assert_eq!(keys(&told["data"][0]), ["at", "place", "record", "what"]);
    }
}

#[tokio::test]
async fn all_forms_are_listed_as_they_are_asked_for() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        post(hub, 3, "jump/trigger/suspect").await;
        let path = "/p/clinic/api/forms/";
        for (query, expected) in [
            ("", "2 1"),
            ("status=waiting", "2 1"),
            ("status=open", "2 1"),
            ("status=done", "3"),
            ("status=all", "3 2 1"),
            ("status=all&limit=2", "3 2"),
            ("status=all&limit=2&offset=1", "2 1"),
            ("status=all&order_by=receipt_time", "1 2 3"),
            ("status=all&order_by=-id", "3 2 1"),
            ("status=all&q=grace", "2"),
            ("status=all&category_slugs=town-hall", "3 2 1"),
            ("status=all&category_slugs=other", ""),
            ("status=all&submission_channel=web", "3 2 1"),
            ("status=all&submission_channel=phone", ""),
            ("status=all&start=2026-01-01+01:00", "3 2"),
            ("status=all&end=2026-01-01+01:00", "2 1"),
            ("status=all&filter-user-uuid=jean-1", "3 2 1"),
            ("status=all&filter-user-uuid=nobody", ""),
            ("status=all&related=formdef:secret:1", ""),
            ("status=all&related=nonsense", ""),
        ] {
            let rows = good(BY_CLERKS.get(hub, &format!("{path}?{query}")).await).await;
            assert_eq!(numbers(&rows), expected, "{query}");
        }
        for (query, told) in [
            ("status=else", "Invalid status value."),
            ("status=", "Invalid status value."),
            ("full=on", "Invalid value \"on\" for \"full\"."),
            ("limit=x", "Invalid value \"x\" for \"limit\"."),
            ("order_by=name", "Invalid value \"name\" for \"order_by\"."),
        ] {
            let answer = BY_CLERKS.get(hub, &format!("{path}?{query}")).await;
            refused(answer, 400, "invalid-request", told).await;
        }
        let rows = good(BY_CLERKS.get(hub, &format!("{path}?status=all")).await).await;
        for (key, expected) in [
            ("name", json!("A <secret>")),
            ("title", json!("A <secret>")),
            ("url", json!("/p/clinic/secret/1/")),
            ("datetime", json!("2026-01-01 00:00:00")),
            ("last_update_time", json!("2026-01-01 00:00:00")),
            ("status", json!("New")),
            ("status_css_class", json!("status-wf-new")),
            ("keywords", json!(["hush"])),
            ("draft", json!(false)),
            ("form_number_raw", json!("1")),
            ("form_number", json!("1")),
            ("form_user_name", json!("Jean Darmette")),
        ] {
            assert_eq!(rows["data"][2][key], expected, "{key}");
        }
        let anonymous = BY_PARTNER.get(hub, &format!("{path}?anonymise")).await;
        refused(anonymous, 403, DENIED, "Restricted API access.").await;
    }
}

#[tokio::test]
async fn what_one_may_not_open_is_told_as_such() {
    let still = three(Engine::Sqlite).await;
    let hub = &still.hub;
    post(hub, 2, "hooks/assign").await;
    let path = "/p/clinic/api/forms/?status=all";
    assert_eq!(numbers(&good(HEADS.get(hub, path).await).await), "2");
    let all = good(HEADS.get(hub, &format!("{path}&ignore-roles=on")).await).await;
    let told: Vec<_> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["form_number_raw"], &it["readable"]))
        .collect();
    assert_eq!(
        told,
        [(&json!("3"), &json!(false)), (&json!("2"), &json!(true)), (&json!("1"), &json!(false))]
    );
    refused(HEADS.get(hub, &format!("{FORM}/1/")).await, 403, DENIED, "Unsufficient roles.").await;
    good(HEADS.get(hub, &format!("{FORM}/2/")).await).await;
}

#[tokio::test]
async fn a_feature_has_what_it_is_drawn_with() {
    let still = three(Engine::Sqlite).await;
    let hub = &still.hub;
    let map = good(BY_PARTNER.get_for(hub, &format!("{FORM}/geojson"), DESK).await).await;
    let feature = &map["features"][2];
    assert_eq!(
        feature["geometry"],
        json!({ "type": "Point", "coordinates": [2.352_219, 48.856_613] })
    );
    for (key, expected) in [
        ("id", json!("1")),
        ("raw_id", json!("1")),
        ("text", json!("A <secret> #1 (Ada <b>)")),
        ("name", json!("A &lt;secret&gt; #1")),
        ("url", json!("/p/clinic/backoffice/management/secret/1/")),
        ("status_name", json!("New")),
        ("status_colour", json!("#ff0000")),
        ("view_label", json!("View")),
        (
            "display_fields",
            json!([{
                "varname": "name", "label": "Name", "html_value": "Ada &lt;b&gt;", "value": "Ada <b>",
            }]),
        ),
    ] {
        assert_eq!(feature["properties"][key], expected, "{key}");
    }
    let labels = async |query: &str| {
        let path = format!("{FORM}/geojson?{query}");
        let map = good(BY_PARTNER.get_for(hub, &path, DESK).await).await;
        let fields = map["features"][0]["properties"]["display_fields"].as_array().unwrap().clone();
        fields.iter().map(|it| text(&it["label"]).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(labels("full=on").await, "Name Soon Kept Kind Where People Open");
    assert_eq!(labels("4=on&3=on").await, "Kept Kind");
    for (key, path, status, code, told) in [
        (
            BY_PARTNER,
            format!("{FORM}/geojson?anonymise"),
            403,
            DENIED,
            "Anonymised data is not given in this format.",
        ),
        (BY_RESEARCH, format!("{FORM}/geojson"), 403, DENIED, "Restricted API access."),
        (
            BY_PARTNER,
            "/p/clinic/api/forms/plain/geojson".to_owned(),
            404,
            "not-found",
            "There is nothing at this address.",
        ),
        (
            BY_PARTNER,
            format!("{FORM}/ods?anonymise"),
            403,
            DENIED,
            "Anonymised data is not given in this format.",
        ),
    ] {
        refused(key.get(hub, &path).await, status, code, told).await;
    }
}

#[tokio::test]
async fn a_code_is_followed_by_who_signs() {
    let still = three(Engine::Sqlite).await;
    let hub = &still.hub;
    let path = "/p/clinic/api/formdefs/secret/submit";
    let answer = good(BY_PARTNER.post(hub, path, &json!({ "data": {} })).await).await;
    let code = text(&answer["tracking_code"]);
    assert!(
        code.bytes().all(|it| b"BCDFGHJKLMNPQRSTVWXZ".contains(&it)) && code.len() == 8,
        "{code}"
    );
    let path = |code: &str| format!("/p/clinic/api/code/{code}");
    for code in [code.to_owned(), code.to_lowercase()] {
        let found = good(BY_PARTNER.get(hub, &path(&code)).await).await;
        assert_eq!((&found["err"], &found["url"]), (&json!(0), &json!("/p/clinic/secret/4/")));
        assert!(text(&found["load_url"]).starts_with('/'), "{found}");
    }
    let found = good(BY_PARTNER.get(hub, &format!("{}?backoffice=on", path(code))).await).await;
    assert_eq!(found["url"], "/p/clinic/backoffice/management/secret/4/");
    for (key, told) in [(Some(HEADS), "Missing signature."), (None, "Missing signature.")] {
        let request = match key {
            Some(key) => basic(hub, reqwest::Method::GET, &path(code), key),
            None => hub.client.get(hub.url(&path(code))),
        };
        refused(request.send().await.unwrap(), 403, DENIED, told).await;
    }
    // The form has codes no more.
    let mut without = project(hub);
    without["forms"]["secret"]["tracking_codes"] = json!(false);
    hub.apply(without).await;
    let gone = BY_PARTNER.get(hub, &path(code)).await;
    refused(gone, 404, "not-found", "There is nothing at this address.").await;
}

#[tokio::test]
async fn what_names_nobody_is_an_allow_list() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        let document = good(BY_PARTNER.get(hub, &format!("{FORM}/1/?anonymise")).await).await;
        // What is kept in full is there; what goes sooner is personal, and so is what a block does not say of itself.
        assert_eq!(
            keys(&document["fields"]),
            ["kept", "kind", "kind_raw", "kind_structured", "open", "open_digests", "open_raw"]
        );
        assert_eq!(document["fields"]["open_raw"], json!([{ "told": true }]));
        for (pointer, expected) in [
            ("/display_name", json!("A <secret> #1")),
            ("/text", json!("A <secret> #1")),
            ("/digests", Value::Null),
            ("/submission", json!({ "backoffice": false, "channel": "web" })),
            ("/geolocations", json!({ "base": { "lat": 48.86, "lon": 2.35 } })),
            ("/evolution/0/who_id", json!("_submitter")),
            ("/evolution/0/status", json!("new")),
            ("/roles/_receiver/0/emails", json!([])),
        ] {
            assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}: {document}");
        }
        for gone in ["/user", "/workflow/data", "/evolution/0/who"] {
            assert_eq!(document.pointer(gone), None, "{gone}: {document}");
        }
        // Nobody finds out by asking what is not told.
        for query in [
            "filter-name=Grace",
            "filter-soon=x",
            "filter-user-uuid=jean-1",
            "filter-distance=10&center_lat=48&center_lon=2",
            "filter-identifier=1",
            "filter-submission-agent-uuid=0123456789",
        ] {
            let answer = BY_PARTNER.get(hub, &format!("{FORM}/list?anonymise&{query}")).await;
            assert_eq!(answer.status(), 400, "{query}");
        }
        for (query, expected) in
            [("filter-kept=kept", "3 2 1"), ("q=grace", "3 2 1"), ("filter-kind=b", "")]
        {
            let path = format!("{FORM}/list?anonymise&{query}");
            assert_eq!(numbers(&good(BY_PARTNER.get(hub, &path).await).await), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn what_was_made_anonymous_is_listed_on_demand() {
    for engine in BOTH {
        let still = three(engine).await;
        let hub = &still.hub;
        post(hub, 2, "hooks/forget").await;
        for (query, expected) in [
            ("", "3 1"),
            ("include-anonymised=on", "3 2 1"),
            ("include-anonymised=off", "3 1"),
            ("filter=waiting", "3 1"),
            // Nobody can do anything with it any more, so it waits for nobody.
            ("filter=waiting&include-anonymised=on", "3 1"),
        ] {
            let path = format!("{FORM}/list?{query}");
            let rows = good(BY_PARTNER.get_for(hub, &path, DESK).await).await;
            assert_eq!(numbers(&rows), expected, "{query}");
        }
        let document = good(BY_CLERKS.get(hub, &format!("{FORM}/2/")).await).await;
        for (pointer, expected) in [
            ("/fields/name", Value::Null),
            ("/fields/kept", json!("kept")),
            ("/fields/kind", json!("a")),
            ("/workflow/status/id", json!("new")),
            ("/receipt_time", json!("2026-01-01T01:00:00")),
            ("/roles/actions", json!([])),
            ("/digests", Value::Null),
        ] {
            assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}: {document}");
        }
        assert!(document.get("user").is_none(), "{document}");
        let told = document.to_string();
        assert!(!told.contains("Grace") && !told.contains("Darmette"), "{told}");
    }
}
