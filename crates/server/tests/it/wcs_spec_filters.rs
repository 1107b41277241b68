//! Filters, operators and orders of lists, a row for each fact.
//!
//! Five records of a form with a field of each type that can be filtered by; each came in an hour after the one
//! before it, on the first of January 2026, a Thursday:
//!
//! | | word | email | amount | day | kind | kinds | urgent | people | place | |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | 1 | `9` | `ada@…` | 9 | today | 1 | a | yes | Amina, Ali | Paris | pressing; changed at ten |
//! | 2 | `10` | `BOB@…` | 10 | tomorrow | 2 | a, b | no | Bob | 111 m north | Jean's |
//! | 3 | `abc` | – | 5.50 | yesterday | 10 | – | – | – | – | filled in by the desk |
//! | 4 | empty | empty | 0 | Monday | – | b | yes | Amina | far away | the desk's |
//! | 5 | – | – | – | – | – | – | – | – | – | finished |
//!
//! The tables below hold, in this order: statuses; each operator for each type (numeric-looking texts, what is
//! empty and what is not there, `between` half-open and in either order, days in both forms, yes and no, fields of
//! blocks, fields by their ids, those that look at the field alone); the filters that every form has (times,
//! people, numbers, identifiers, how pressing, distance); the search; orders; and each refusal with its text.
//! Each row runs through HTTP; all of them on both databases.

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, DESK, Key, definition, good, refused};
use crate::wcs_still::Still;

const LIST: &str = "/p/clinic/api/forms/spec/list";
const SUBMIT: &str = "/p/clinic/api/formdefs/spec/submit";
const HOUR: i64 = 3_600;

fn spec_form() -> Value {
    let items = json!([
        { "id": "1", "text": "one" }, { "id": "2", "text": "two" }, { "id": "10", "text": "ten" },
    ]);
    let letters = json!([{ "id": "a", "text": "A" }, { "id": "b", "text": "B" }]);
    json!({
        "title": "Spec", "geolocation": "place", "submission_roles": ["agents"],
        "fields": [
            { "id": "1", "name": "word", "label": "Word", "type": "string" },
            { "id": "2", "name": "story", "label": "Story", "type": "text" },
            { "id": "3", "name": "email", "label": "E-mail", "type": "email" },
            { "id": "4", "name": "amount", "label": "Amount", "type": "numeric" },
            { "id": "5", "name": "day", "label": "Day", "type": "date" },
            { "id": "6", "name": "kind", "label": "Kind", "type": "item", "items": items },
            { "id": "7", "name": "kinds", "label": "Kinds", "type": "items", "items": letters },
            { "id": "8", "name": "urgent", "label": "Urgent", "type": "bool" },
            { "id": "9", "name": "place", "label": "Where", "type": "map" },
            { "id": "10", "name": "people", "label": "People", "type": "block", "fields": [
                { "id": "1", "name": "first", "label": "First name", "type": "string" } ] },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents", "_manager": { "name": "Manager", "role": "clerks" } },
            "criticality_levels": ["normal", "high"],
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "comment": true, "by": ["_receiver"] },
                    { "jump": "finished", "trigger": "finish" },
                ] },
                "finished": { "name": "Finished", "endpoint": true },
            },
            "global_actions": {
                "press": { "hook": ["_signed_calls"], "actions": [
                    { "criticality": "raise" }, { "assign": { "_manager": "agents" } } ] },
            },
        },
    })
}

fn project(hub: &TestHub) -> Value {
    let mut project = definition(hub);
    project["forms"]["spec"] = spec_form();
    project["forms"]["named"] = json!({
        "title": "Named", "id_template": "{{ form_var_word }}",
        "fields": [{ "name": "word", "label": "Word", "type": "string" }],
        "lifecycle": { "functions": { "_receiver": "agents" }, "statuses": { "new": { "name": "New" } } },
    });
    project
}

/// The records of the essay.
async fn five(engine: Engine) -> Still {
    let still = Still::start(engine, project).await;
    let hub = &still.hub;
    let bodies = [
        json!({ "data": {
            "word": "9", "story": "Été à Paris", "email": "ada@example.org", "amount": "9",
            "day": "2026-01-01", "kind": "1", "kinds": ["a"], "urgent": true,
            "people": [{ "first": "Amina" }, { "first": "Ali" }],
            "place": { "lat": 48.0, "lon": 2.0 },
        } }),
        json!({
            "data": {
                "word": "10", "story": "La rue", "email": "BOB@example.org", "amount": "10",
                "day": "2026-01-02", "kind": "2", "kinds": ["a", "b"], "urgent": false,
                "people": [{ "first": "Bob" }], "place": { "lat": 48.001, "lon": 2.0 },
            },
            "user": { "email": "jean@example.org" },
        }),
        json!({
            "data": { "word": "abc", "amount": "5.50", "day": "2025-12-31", "kind": "10" },
            "meta": { "backoffice-submission": true },
        }),
        json!({
            "data": {
                "word": "", "email": "", "amount": 0, "day": "2025-12-29", "kinds": ["b"],
                "urgent": true, "people": [{ "first": "Amina" }], "place": { "lat": 10, "lon": 10 },
            },
            "user": { "email": DESK },
        }),
        json!({ "data": {} }),
    ];
    for (hours, body) in (0..).zip(&bodies) {
        still.turn_to(hours * HOUR);
        let is_by_desk = body.get("meta").is_some();
        let url = BY_PARTNER.sign(hub, SUBMIT, is_by_desk.then_some(DESK));
        let request = hub.client.post(url).header("content-type", "application/json");
        good(request.body(body.to_string()).send().await.unwrap()).await;
    }
    let finish = "/p/clinic/api/forms/spec/5/jump/trigger/finish/";
    good(BY_PARTNER.post(hub, finish, &json!({})).await).await;
    still.turn_to(10 * HOUR);
    let press = "/p/clinic/api/forms/spec/1/hooks/press/";
    good(BY_PARTNER.post(hub, press, &json!({})).await).await;
    still
}

fn ids(rows: &Value) -> String {
    let ids = rows.as_array().unwrap().iter().map(|row| text(&row["id"]));
    ids.collect::<Vec<_>>().join(" ")
}

/// Checks what lists have, in the order of the numbers, for a key and whom it names.
async fn check(hub: &TestHub, key: Key, email: Option<&str>, rows: &[(&str, &str)]) {
    let mut flaws = Vec::new();
    for (query, expected) in rows {
        let path = format!("{LIST}?{query}");
        let answer = hub.client.get(key.sign(hub, &path, email)).send().await.unwrap();
        let rows = ids(&good(answer).await);
        let mut found: Vec<&str> = rows.split_whitespace().collect();
        found.sort_unstable();
        if found.join(" ") != *expected {
            flaws.push(format!("{query}: {found:?} and not {expected}"));
        }
    }
    assert!(flaws.is_empty(), "{flaws:#?}");
}

const STATUSES: &[(&str, &str)] = &[
    ("", "1 2 3 4 5"),
    ("filter=all", "1 2 3 4 5"),
    ("filter=pending", "1 2 3 4"),
    ("filter=done", "5"),
    // For nobody in particular everything waits that is pending.
    ("filter=waiting", "1 2 3 4"),
    ("filter=new", "1 2 3 4"),
    ("filter=New", "1 2 3 4"),
    ("filter=finished", "5"),
    ("filter=Finished", "5"),
    ("filter=nothing", ""),
    ("filter=nothing&filter-operator=ne", "1 2 3 4 5"),
    ("filter=finished&filter-operator=eq", "5"),
    ("filter=finished&filter-operator=ne", "1 2 3 4"),
    ("filter=new|finished&filter-operator=in", "1 2 3 4 5"),
    ("filter=New|nothing&filter-operator=in", "1 2 3 4"),
    ("filter=new|nothing&filter-operator=not_in", "5"),
    ("filter=pending&filter-operator=ne", "5"),
    ("filter=all&filter-operator=ne", ""),
    ("filter=all&filter-operator=in", "1 2 3 4 5"),
    ("filter=all&filter-operator=not_in", ""),
    ("filter=waiting&filter-operator=ne", "5"),
    ("filter=waiting&filter-operator=in", ""),
    ("filter=waiting|new&filter-operator=not_in", ""),
];

const TEXTS: &[(&str, &str)] = &[
    ("filter-word=abc", "3"),
    ("filter-word=abc&filter-word-operator=eq", "3"),
    // What looks like a number is compared as one.
    ("filter-word=9.0", "1"),
    ("filter-word=9&filter-word-operator=gt", "2"),
    ("filter-word=9&filter-word-operator=gte", "1 2"),
    ("filter-word=10&filter-word-operator=lt", "1"),
    ("filter-word=10&filter-word-operator=lte", "1 2"),
    ("filter-word=9|10&filter-word-operator=in", "1 2"),
    ("filter-word=abc|10&filter-word-operator=in", "2 3"),
    // `between` is half-open, in either order.
    ("filter-word=9|10&filter-word-operator=between", "1"),
    ("filter-word=9|11&filter-word-operator=between", "1 2"),
    ("filter-word=11|9&filter-word-operator=between", "1 2"),
    ("filter-word=abc|abd&filter-word-operator=between", "3"),
    // An empty text is no answer; `ne` has what is not there, `not_in` has not.
    ("filter-word=", "4 5"),
    ("filter-word=&filter-word-operator=ne", "1 2 3"),
    ("filter-word=abc&filter-word-operator=ne", "1 2 4 5"),
    ("filter-word=abc|x&filter-word-operator=not_in", "1 2"),
    ("filter-word=on&filter-word-operator=absent", "4 5"),
    ("filter-word=on&filter-word-operator=existing", "1 2 3"),
    ("filter-word=B&filter-word-operator=icontains", "3"),
    ("filter-word=ABC&filter-word-operator=ieq", "3"),
    ("filter-word=AB&filter-word-operator=ieq", ""),
    ("filter-story=PARIS&filter-story-operator=icontains", "1"),
    ("filter-story=La+rue", "2"),
    ("filter-story=on&filter-story-operator=existing", "1 2"),
    ("filter-email=ada@example.org", "1"),
    ("filter-email=bob@example.org", ""),
    ("filter-email=bob@example.org&filter-email-operator=ieq", "2"),
    ("filter-email=EXAMPLE&filter-email-operator=icontains", "1 2"),
    ("filter-email=ada@example.org&filter-email-operator=ne", "2 3 4 5"),
    ("filter-email=ada@example.org|x&filter-email-operator=in", "1"),
    ("filter-email=ada@example.org|x&filter-email-operator=not_in", "2"),
    ("filter-email=on&filter-email-operator=absent", "3 4 5"),
    ("filter-email=on&filter-email-operator=existing", "1 2"),
];

const OTHERS: &[(&str, &str)] = &[
    ("filter-amount=9", "1"),
    ("filter-amount=5.5", "3"),
    ("filter-amount=5,50", "3"),
    ("filter-amount=9&filter-amount-operator=ne", "2 3 4 5"),
    ("filter-amount=9&filter-amount-operator=lt", "3 4"),
    ("filter-amount=9&filter-amount-operator=lte", "1 3 4"),
    ("filter-amount=9&filter-amount-operator=gt", "2"),
    ("filter-amount=9&filter-amount-operator=gte", "1 2"),
    ("filter-amount=0|10&filter-amount-operator=in", "2 4"),
    ("filter-amount=0|10&filter-amount-operator=not_in", "1 3"),
    ("filter-amount=0|9&filter-amount-operator=between", "3 4"),
    ("filter-amount=10|0&filter-amount-operator=between", "1 3 4"),
    ("filter-amount=on&filter-amount-operator=absent", "5"),
    ("filter-amount=on&filter-amount-operator=existing", "1 2 3 4"),
    ("filter-amount=", "5"),
    ("filter-day=2026-01-01", "1"),
    ("filter-day=01/01/2026", "1"),
    ("filter-day=01/01/2026&filter-day-operator=ne", "2 3 4 5"),
    ("filter-day=2026-01-01&filter-day-operator=lt", "3 4"),
    ("filter-day=2026-01-01&filter-day-operator=gte", "1 2"),
    ("filter-day=31/12/2025|2026-01-02&filter-day-operator=in", "2 3"),
    ("filter-day=31/12/2025|2026-01-02&filter-day-operator=not_in", "1 4"),
    ("filter-day=2025-12-31|2026-01-02&filter-day-operator=between", "1 3"),
    ("filter-day=on&filter-day-operator=is_today", "1"),
    ("filter-day=on&filter-day-operator=is_tomorrow", "2"),
    ("filter-day=on&filter-day-operator=is_yesterday", "3"),
    ("filter-day=on&filter-day-operator=is_this_week", "1 2 3 4"),
    ("filter-day=on&filter-day-operator=is_past", "3 4"),
    ("filter-day=on&filter-day-operator=is_future", "2"),
    ("filter-day=on&filter-day-operator=is_today_or_past", "1 3 4"),
    ("filter-day=on&filter-day-operator=is_today_or_future", "1 2"),
    ("filter-day=on&filter-day-operator=absent", "5"),
    ("filter-day=on&filter-day-operator=existing", "1 2 3 4"),
    ("filter-urgent=true", "1 4"),
    ("filter-urgent=false", "2"),
    ("filter-urgent=true&filter-urgent-operator=ne", "2 3 5"),
    ("filter-urgent=on&filter-urgent-operator=absent", "3 5"),
    ("filter-urgent=on&filter-urgent-operator=existing", "1 2 4"),
    // Items are asked for by their ids.
    ("filter-kind=1", "1"),
    ("filter-kind=one", ""),
    ("filter-kind=2&filter-kind-operator=lte", "1 2"),
    ("filter-kind=1|10&filter-kind-operator=in", "1 3"),
    ("filter-kind=1|10&filter-kind-operator=not_in", "2"),
    ("filter-kind=1&filter-kind-operator=ne", "2 3 4 5"),
    ("filter-kind=on&filter-kind-operator=absent", "4 5"),
    ("filter-kinds=a", "1 2"),
    ("filter-kinds=b", "2 4"),
    ("filter-kinds=a|b&filter-kinds-operator=in", "1 2 4"),
    ("filter-kinds=a&filter-kinds-operator=ne", "3 4 5"),
    ("filter-kinds=on&filter-kinds-operator=absent", "3 5"),
    // Fields of blocks: one row that is so is enough, of `ne` none may be.
    ("filter-people_first=Ali", "1"),
    ("filter-people_first=Amina", "1 4"),
    ("filter-people_first=Amina&filter-people_first-operator=ne", "2 3 5"),
    ("filter-people_first=B&filter-people_first-operator=icontains", "2"),
    ("filter-people_first=on&filter-people_first-operator=existing", "1 2 4"),
    // By the id of the field, with the value beside.
    ("filter-1=on&filter-1-value=abc", "3"),
    ("filter-1=on&filter-1-value=9&filter-1-operator=gt", "2"),
    ("filter-5=on&filter-5-operator=is_today", "1"),
    ("filter-10-1=on&filter-10-1-value=Bob", "2"),
    // All that is asked for holds at once.
    ("filter-urgent=true&filter-kinds=b", "4"),
];

const OWN: &[(&str, &str)] = &[
    ("filter-start=on&filter-start-value=2026-01-01 02:00", "3 4 5"),
    ("filter-start=on&filter-start-value=01/01/2026 02:00", "3 4 5"),
    ("filter-start=on&filter-start-value=2026-01-02", ""),
    ("filter-end=on&filter-end-value=2026-01-01 02:00", "1 2 3"),
    ("filter-end=on&filter-end-value=2026-01-01", "1"),
    ("filter-start-mtime=on&filter-start-mtime-value=2026-01-01 05:00", "1"),
    ("filter-end-mtime=on&filter-end-mtime-value=2026-01-01 03:00", "2 3 4"),
    (
        "filter-start-mtime=on&filter-start-mtime-value=2026-01-01 01:00\
         &filter-end-mtime=on&filter-end-mtime-value=2026-01-01 02:00",
        "2 3",
    ),
    ("filter-user-uuid=jean-1", "2"),
    ("filter-user-uuid=0123456789", "4"),
    ("filter-user-uuid=nobody", ""),
    ("filter-submission-agent-uuid=0123456789", "3"),
    ("filter-submission-agent-uuid=jean-1", ""),
    ("filter-user-function=_receiver&filter-user-uuid=0123456789", "1 2 3 4 5"),
    // Of the first record the manager is bound to the role of the desk.
    ("filter-user-function=_manager&filter-user-uuid=0123456789", "1"),
    ("filter-user-function=_manager&filter-user-uuid=jean-1", ""),
    ("filter-internal-id=2", "2"),
    ("filter-internal-id=on&filter-internal-id-value=2", "2"),
    ("filter-internal-id=1&filter-internal-id=4", "1 4"),
    ("filter-internal-id=1,4", "1 4"),
    ("filter-internal-id=2&filter-internal-id-operator=ne", "1 3 4 5"),
    ("filter-internal-id=2&filter-internal-id-operator=lt", "1"),
    ("filter-internal-id=2&filter-internal-id-operator=lte", "1 2"),
    ("filter-internal-id=4&filter-internal-id-operator=gt", "5"),
    ("filter-internal-id=4&filter-internal-id-operator=gte", "4 5"),
    ("filter-internal-id=1|2&filter-internal-id-operator=in", "1 2"),
    ("filter-internal-id=1|2&filter-internal-id-operator=not_in", "3 4 5"),
    ("filter-number=2", "2"),
    ("filter-number=1-2", ""),
    ("filter-identifier=1,4", "1 4"),
    ("filter-identifier=1,4&filter-identifier-operator=ne", "2 3 5"),
    ("filter-criticality-level=1", "1"),
    ("filter-criticality_level=1", "1"),
    ("filter-criticality-level=0", "2 3 4 5"),
    ("filter-distance=50&center_lat=48&center_lon=2", "1"),
    ("filter-distance=112&center_lat=48&center_lon=2", "1 2"),
    ("filter-distance=100&center_lat=-48&center_lon=2", ""),
    // Accents and case make no difference; every word must be there.
    ("q=ete", "1"),
    ("q=%C3%89T%C3%89+paris", "1"),
    ("q=paris+rue", ""),
    ("q=amina", "1 4"),
];

#[tokio::test]
async fn each_filter_and_operator_chooses_what_wcs_does() {
    for engine in BOTH {
        let still = five(engine).await;
        for rows in [STATUSES, TEXTS, OTHERS, OWN] {
            check(&still.hub, BY_PARTNER, None, rows).await;
        }
    }
}

#[tokio::test]
async fn filters_mean_whoever_calls() {
    for engine in BOTH {
        let still = five(engine).await;
        let rows = [
            ("filter=waiting", "1 2 3 4"),
            ("filter=waiting&filter-operator=ne", "5"),
            ("filter-user-uuid=__current__", "4"),
            ("filter-submission-agent-uuid=__current__", "3"),
            ("filter-user-function=_receiver", "1 2 3 4 5"),
            ("filter-user-function=_manager", "1"),
        ];
        check(&still.hub, BY_PARTNER, Some(DESK), &rows).await;
        // A key with roles is nobody in particular, and has them all the same.
        let rows = [
            ("filter=waiting", "1 2 3 4"),
            ("filter-user-uuid=__current__", ""),
            ("filter-user-function=_manager", "1 2 3 4 5"),
        ];
        check(&still.hub, BY_CLERKS, None, &rows).await;
    }
}

#[tokio::test]
async fn lists_have_the_order_that_is_asked_for() {
    for engine in BOTH {
        let still = five(engine).await;
        for (query, expected) in [
            ("", "5 4 3 2 1"),
            ("order_by=id", "1 2 3 4 5"),
            ("order_by=-id", "5 4 3 2 1"),
            ("order_by=receipt_time", "1 2 3 4 5"),
            ("order_by=last_update_time", "2 3 4 5 1"),
            ("order_by=-last_update_time", "1 5 4 3 2"),
            ("order_by=amount", "4 3 1 2 5"),
            ("order_by=-amount", "2 1 3 4 5"),
            ("order_by=f4", "4 3 1 2 5"),
            ("order_by=day", "4 3 1 2 5"),
            (
                "order_by=people_first&filter-people_first=on&filter-people_first-operator=existing",
                "4 1 2",
            ),
            (
                "order_by=f10-1&filter-people_first=on&filter-people_first-operator=existing",
                "4 1 2",
            ),
            // What has the words most often is found best.
            ("q=example.org", "2 4 1"),
            ("anonymise", "5 4 3 2 1"),
            ("anonymise&order_by=amount", "5 4 3 2 1"),
            ("anonymise&q=nothing", "5 4 3 2 1"),
        ] {
            let rows = good(BY_PARTNER.get(&still.hub, &format!("{LIST}?{query}")).await).await;
            assert_eq!(ids(&rows), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn records_go_by_the_ids_that_their_template_made() {
    for engine in BOTH {
        let still = Still::start(engine, project).await;
        let hub = &still.hub;
        for word in ["b", "a", "c"] {
            let path = "/p/clinic/api/formdefs/named/submit";
            let body = json!({ "data": { "word": word } });
            let data = good(BY_PARTNER.post(hub, path, &body).await).await;
            assert_eq!(data["data"]["id"], word);
        }
        let list = "/p/clinic/api/forms/named/list";
        for (query, expected) in [
            ("order_by=id", "a b c"),
            ("order_by=-id", "c b a"),
            ("filter-identifier=a,c&order_by=id", "a c"),
            ("filter-identifier=a,c&filter-identifier-operator=ne", "b"),
            ("filter-internal-id=1", "b"),
        ] {
            let rows = good(BY_PARTNER.get(hub, &format!("{list}?{query}")).await).await;
            assert_eq!(ids(&rows), expected, "{query}");
        }
        for (id, number) in [("a", "2"), ("2", "2"), ("c", "3")] {
            let path = format!("/p/clinic/api/forms/named/{id}/");
            let found = good(BY_CLERKS.get(hub, &path).await).await;
            assert_eq!(found["internal_id"], number, "{id}");
        }
    }
}

#[tokio::test]
async fn each_refusal_of_a_list_has_the_text_of_wcs() {
    let still = five(Engine::Sqlite).await;
    for (query, told) in [
        ("filter-x=1", "Invalid filter \"x\"."),
        ("filter-b=1&filter-a=1", "Invalid filters \"a\", \"b\"."),
        ("filter-place=1", "Invalid filter \"place\"."),
        ("filter-people=1", "Invalid filter \"people\"."),
        ("filter-x-value=1", "Unused parameter \"filter-x-value\"."),
        (
            "filter-x-value=1&filter-y-operator=eq",
            "Unused parameters \"filter-x-value\", \"filter-y-operator\".",
        ),
        (
            "filter-urgent=true&filter-urgent-operator=lt",
            "Invalid operator \"lt\" for \"filter-urgent\".",
        ),
        (
            "filter-email=a&filter-email-operator=gt",
            "Invalid operator \"gt\" for \"filter-email\".",
        ),
        (
            "filter-email=a&filter-email-operator=between",
            "Invalid operator \"between\" for \"filter-email\".",
        ),
        (
            "filter-amount=1&filter-amount-operator=ieq",
            "Invalid operator \"ieq\" for \"filter-amount\".",
        ),
        (
            "filter-word=1&filter-word-operator=is_today",
            "Invalid operator \"is_today\" for \"filter-word\".",
        ),
        (
            "filter-day=1&filter-day-operator=icontains",
            "Invalid operator \"icontains\" for \"filter-day\".",
        ),
        ("filter-word=x&filter-word-operator=foo", "Invalid operator \"foo\" for \"filter-word\"."),
        ("filter=all&filter-operator=foo", "Invalid operator \"foo\" for \"filter-operator\"."),
        ("filter-urgent=maybe", "Invalid value \"maybe\" for \"filter-urgent\"."),
        ("filter-criticality_level=x", "Invalid value \"x\" for \"filter-criticality_level\"."),
        ("filter-internal-id=x", "Invalid value \"x\" for \"filter-internal-id-value\"."),
        (
            "filter-word=1&filter-word-operator=between",
            "Invalid value \"1\" for operator \"between\" and filter \"filter-word\"",
        ),
        (
            "filter-word=1|2|3&filter-word-operator=between",
            "Invalid value \"1|2|3\" for operator \"between\" and filter \"filter-word\"",
        ),
        ("limit=x", "Invalid value \"x\" for \"limit\"."),
        ("offset=x", "Invalid value \"x\" for \"offset\"."),
        ("order_by=id,amount", "Invalid value \"id,amount\" for \"order_by\"."),
        ("order_by=Amount", "Invalid value \"Amount\" for \"order_by\"."),
        ("filter-distance=1", "Distance filter missing a center."),
    ] {
        let answer = BY_PARTNER.get(&still.hub, &format!("{LIST}?{query}")).await;
        refused(answer, 400, "invalid-request", told).await;
    }
}
