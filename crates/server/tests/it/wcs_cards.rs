//! Cases as cards: read as clients of w.c.s. read them, and imported as they import them.

use std::collections::BTreeSet;

use fieldpost_dialects::wcs::case;
use reqwest::Response;
use serde_json::{Value, json};

use crate::data_forms::{BOTH, block, form};
use crate::hub::{Engine, TestHub, text};
use crate::receiver::KEY;
use crate::wcs_project::{BY_PARTNER, BY_RESEARCH, definition, good, refused};

/// What is told of a kind that is not there.
pub(crate) const NO_KIND: &str = "There are no cards of the kind \"other\". A form of the project is a kind of cards; any other one is \
     a type of cases, which is there from its first case on: PUT /api/cards/<slug>/import-csv or import-json makes it, a \
     form of a phone, or the API of cases.";
pub(crate) const LIST: &str = "/p/clinic/api/cards/child/list";

pub(crate) fn create(case_type: &str, name: &str, more: &str) -> String {
    format!(
        "<create><case_type>{case_type}</case_type><case_name>{name}</case_name>\
         <owner_id>o1</owner_id></create>{more}"
    )
}

/// A hub with a household, its child Ann in Kibera, her brother Ben in Mathare, and Zoe, whose case is closed.
pub(crate) async fn cards_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut project = definition(&hub);
    project["api_access"]["handsets"] = json!({ "secret": KEY });
    project["sources"]["handsets"] = json!({ "dialect": "commcare", "access": ["handsets"] });
    project["forms"]["tree"] = json!({
        "title": "Tree", "submission_roles": ["clerks"],
        "fields": [
            { "name": "kind", "label": "Kind", "type": "string" },
            { "name": "height", "label": "Height", "type": "numeric" },
        ],
        "lifecycle": { "statuses": {
            "planted": { "name": "Planted", "actions": [{ "edit": true, "by": ["clerks"] }] },
        } },
    });
    hub.apply(project).await;
    hub.fill("", form("1", "f", &block("h", &create("household", "House", "")))).await;
    let ann = "<update><village>Kibera</village><gps>48.85 2.35 0 5</gps>\
               <external_id>7</external_id></update>";
    hub.fill("", form("2", "f", &block("a", &create("child", "Ann", ann)))).await;
    let ben = "<update><village>Mathare</village></update>";
    hub.fill("", form("3", "f", &block("b", &create("child", "Ben", ben)))).await;
    hub.fill("", form("4", "f", &block("z", &create("child", "Zoe", "<close/>")))).await;
    hub
}

pub(crate) async fn cards() -> TestHub {
    cards_on(Engine::Sqlite).await
}

pub(crate) fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect()
}

pub(crate) async fn list(hub: &TestHub, query: &str) -> Value {
    good(BY_PARTNER.get(hub, &format!("{LIST}{query}")).await).await
}

/// What a signed PUT answers.
pub(crate) async fn put(hub: &TestHub, path: &str, body: impl Into<String>) -> Response {
    let url = BY_PARTNER.sign(hub, &format!("/p/clinic/api/cards/{path}"), None);
    hub.client.put(url).body(body.into()).send().await.unwrap()
}

pub(crate) async fn imported(hub: &TestHub, path: &str, body: &str) -> Value {
    good(put(hub, path, body).await).await["data"].clone()
}

#[tokio::test]
async fn every_type_of_cases_is_a_kind_of_cards() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let kinds = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/@list").await).await;
        let slugs: Vec<&str> =
            kinds["data"].as_array().unwrap().iter().map(|kind| text(&kind["slug"])).collect();
        assert_eq!(slugs, ["plain", "request", "tree", "child", "household"]);
        let schema = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/@schema").await).await;
        let names: Vec<&str> =
            schema["fields"].as_array().unwrap().iter().map(|it| text(&it["varname"])).collect();
        assert_eq!(names, ["case_name", "external_id", "owner_id", "gps", "village"]);
        let statuses: Vec<(&str, bool)> = schema["workflow"]["statuses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|status| (text(&status["id"]), status["endpoint"].as_bool().unwrap()))
            .collect();
        assert_eq!(statuses, [("open", false), ("closed", true)]);
        let unknown = BY_PARTNER.get(&hub, "/p/clinic/api/cards/other/list").await;
        refused(unknown, 404, "not-found", NO_KIND).await;
    }
}

#[tokio::test]
async fn cards_are_listed_filtered_and_ordered() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let all = list(&hub, "").await;
        assert_eq!((&all["err"], &all["count"]), (&json!(0), &json!(3)));
        for (query, expected) in [
            ("", "zba"),
            ("?order_by=last_update_time", "abz"),
            ("?order_by=-last_update_time", "zba"),
            ("?order_by=id", "abz"),
            ("?order_by=-case_name", "zba"),
            ("?order_by=receipt_time&filter-case_name=Ben", "b"),
            ("?filter=pending", "ba"),
            ("?filter=done", "z"),
            ("?filter=closed", "z"),
            ("?filter=open&filter-operator=ne", "z"),
            ("?filter=waiting&order_by=id", "ab"),
            ("?filter-village=Kibera", "a"),
            ("?filter-village=on&filter-village-operator=existing&order_by=id", "ab"),
            ("?filter-village=K&filter-village-operator=icontains", "a"),
            ("?filter-external_id=7", "a"),
            ("?filter-number=7", "a"),
            ("?filter-identifier=a,b,h&order_by=id", "ab"),
            ("?filter-identifier=other", ""),
            ("?filter-user-uuid=0123456789", ""),
            ("?filter-distance=1000&center_lat=48.85&center_lon=2.35", "a"),
            ("?filter-distance=1000&center_lat=1&center_lon=2", ""),
            ("?q=mathare", "b"),
            ("?limit=1", "z"),
            ("?limit=1&offset=1", "b"),
            ("?limit=2&offset=1&order_by=id", "bz"),
            ("?filter-start-mtime=on&filter-start-mtime-value=2090-01-01", ""),
            ("?filter-end-mtime=on&filter-end-mtime-value=2090-01-01&order_by=id", "abz"),
        ] {
            assert_eq!(ids(&list(&hub, query).await).concat(), expected, "{query}");
        }
        for (query, description) in [
            ("?filter-nothing=1", "Invalid filter \"nothing\"."),
            ("?order_by=nothing", "Invalid value \"nothing\" for \"order_by\"."),
            ("?limit=many", "Invalid value \"many\" for \"limit\"."),
        ] {
            let answer = BY_PARTNER.get(&hub, &format!("{LIST}{query}")).await;
            refused(answer, 400, "invalid-request", description).await;
        }
        let counted = list(&hub, "?filter-village=Kibera&limit=1").await;
        assert_eq!(counted["count"], 1);
    }
}

#[tokio::test]
async fn a_list_of_cards_goes_on_behind_a_cursor_with_what_has_changed() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let order = "order_by=last_update_time&limit=2";
        let first = list(&hub, &format!("?{order}&cursor=")).await;
        assert_eq!(ids(&first), ["a", "b"]);
        let cursor = text(&first["cursor"]);
        let second = list(&hub, &format!("?{order}&cursor={cursor}")).await;
        assert_eq!(ids(&second), ["z"]);
        let update = "<update><village>Karen</village></update>";
        hub.fill("", form("5", "f", &block("a", update))).await;
        let cursor = text(&second["cursor"]);
        let changed = list(&hub, &format!("?{order}&cursor={cursor}&full=on")).await;
        assert_eq!(ids(&changed), ["a"]);
        assert_eq!(changed["data"][0]["fields"]["village"], "Karen");
    }
}

#[tokio::test]
async fn pages_of_cards_miss_none_while_cards_change() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let rows = (0..40).map(|number| format!("n{number},x\n")).collect::<Vec<_>>().concat();
        imported(&hub, "child/import-csv", &format!("id,village\n{rows}")).await;
        let all = list(&hub, "?order_by=receipt_time").await;
        let all: BTreeSet<String> = ids(&all).into_iter().map(str::to_owned).collect();
        assert_eq!(all.len(), 43);
        let karen = "<update><village>Karen</village></update>";
        for (order, is_in_order_of_changes) in
            [("", true), ("order_by=last_update_time", true), ("order_by=-receipt_time", false)]
        {
            let (mut seen, mut changed) = (Vec::new(), BTreeSet::new());
            let mut cursor = String::new();
            loop {
                let page = list(&hub, &format!("?{order}&limit=9&cursor={cursor}")).await;
                let found: Vec<String> = ids(&page).into_iter().map(str::to_owned).collect();
                let Some(last) = found.last().filter(|_| found.len() == 9).cloned() else {
                    seen.extend(found);
                    break;
                };
                seen.extend(found);
                // One that was read, and one that was not yet.
                let unread = all.iter().find(|id| !seen.contains(id)).cloned();
                if changed.len() < 4 {
                    for id in unread.into_iter().chain([last]) {
                        let form_id = format!("{order}-{id}");
                        hub.fill("", form(&form_id, "f", &block(&id, karen))).await;
                        changed.insert(id);
                    }
                }
                text(&page["cursor"]).clone_into(&mut cursor);
            }
            assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), all, "{order}");
            for id in &all {
                let times = seen.iter().filter(|it| *it == id).count();
                let may_come_again = is_in_order_of_changes && changed.contains(id);
                assert!(times == 1 || may_come_again && times == 2, "{order} {id}: {times}");
            }
            assert_eq!(changed.len(), 4, "{order}");
        }
    }
}

#[tokio::test]
async fn a_card_is_a_whole_document() {
    let hub = cards().await;
    let card = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/a/").await).await;
    for (key, expected) in [
        ("id", json!("a")),
        ("display_id", json!("7")),
        ("display_name", json!("child - 7")),
        ("text", json!("child - 7 (Ann)")),
        ("api_url", json!("/p/clinic/api/cards/child/a/")),
        ("receipt_time", json!("2026-11-22T08:00:00")),
    ] {
        assert_eq!(card[key], expected, "{key}");
    }
    assert_eq!(
        card["fields"],
        json!({
            "case_name": "Ann", "external_id": "7", "owner_id": "o1", "village": "Kibera",
            "gps": { "lat": 48.85, "lon": 2.35 },
        })
    );
    assert_eq!(card["geolocations"], json!({ "base": { "lat": 48.85, "lon": 2.35 } }));
    assert_eq!(card["workflow"]["status"]["id"], "open");
    assert_eq!(card["evolution"][0]["status"], "open");
    let closed = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/z").await).await;
    assert_eq!(closed["workflow"]["status"]["name"], "Closed");
    assert_eq!(closed["workflow"]["status"]["endpoint"], true);
    for path in ["child/h", "child/other", "household/a", "other/a"] {
        let answer = BY_PARTNER.get(&hub, &format!("/p/clinic/api/cards/{path}/")).await;
        refused(answer, 404, "not-found", "There is nothing at this address.").await;
    }
    let tagged = BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/a/").await;
    let tag = tagged.headers()["etag"].clone();
    let again = hub.client.get(BY_PARTNER.sign(&hub, "/p/clinic/api/cards/child/a/", None));
    assert_eq!(again.header("if-none-match", tag).send().await.unwrap().status(), 304);
}

#[tokio::test]
async fn cards_stand_on_maps_in_sheets_and_in_no_views() {
    let hub = cards().await;
    let map =
        good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/geojson?filter=all").await).await;
    let features = map["features"].as_array().unwrap();
    assert_eq!(features.len(), 1);
    assert_eq!(features[0]["geometry"]["coordinates"], json!([2.35, 48.85]));
    assert_eq!(features[0]["properties"]["text"], "child - 7 (Ann)");
    let no_map = BY_PARTNER.get(&hub, "/p/clinic/api/cards/household/geojson").await;
    refused(no_map, 404, "not-found", "There is nothing at this address.").await;
    let path = "/p/clinic/api/cards/child/csv?filter=all&order_by=id";
    let sheet = BY_PARTNER.get(&hub, path).await.text().await.unwrap();
    let lines: Vec<&str> = sheet.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "Number,Created,Last Modified,User Label,Name,External id,Owner,gps,village,Status"
    );
    assert!(lines[1].starts_with("7,2026-11-22 08:00:00,"), "{}", lines[1]);
    assert!(lines[1].ends_with(",Kibera,Open"), "{}", lines[1]);
    assert_eq!(lines.len(), 4);
    for path in ["child/list/mine", "child/geojson/mine", "child/ods/mine", "child/mine/a"] {
        let answer = BY_PARTNER.get(&hub, &format!("/p/clinic/api/cards/{path}")).await;
        let text = "There are no custom views here: ask without one, and filter by the query.";
        refused(answer, 404, "not-found", text).await;
    }
}

#[tokio::test]
async fn cards_without_names_tell_nothing_but_their_status() {
    let hub = cards().await;
    for path in ["child/list?full=on", "child/list?full=on&order_by=case_name"] {
        let path = format!("/p/clinic/api/cards/{path}");
        let nameless = good(BY_RESEARCH.get(&hub, &path).await).await;
        let told = nameless.to_string();
        for secret in ["Ann", "Kibera", "\"7\"", "48.85", "\"a\"", "o1"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        let row = &nameless["data"][0];
        assert!(row["workflow"]["status"]["id"].is_string(), "{row}");
    }
    let guessed = BY_RESEARCH.get(&hub, &format!("{LIST}?filter-village=Kibera")).await;
    refused(guessed, 400, "invalid-request", "Invalid filter \"village\".").await;
    let map = BY_RESEARCH.get(&hub, "/p/clinic/api/cards/child/geojson").await;
    refused(map, 403, "access-denied", "Restricted API access.").await;
}

#[tokio::test]
async fn cards_without_names_have_no_id_that_can_be_guessed() {
    let hub = cards().await;
    // Its id follows from the id that a register has for somebody.
    imported(&hub, "child/import-csv", "id,case_name\n8,Dan\n").await;
    let whole = list(&hub, "").await;
    let path = format!("{LIST}?full=on");
    let nameless = good(BY_RESEARCH.get(&hub, &path).await).await;
    let told = nameless.to_string();
    for id in ids(&whole) {
        let (uuid, number) = (case::uuid(id).to_string(), case::number(id).to_string());
        for open in [id, &uuid, &number].into_iter().filter(|open| open.len() > 1) {
            assert!(!told.contains(open), "{open}: {told}");
        }
    }
    let rows = nameless["data"].as_array().unwrap();
    let mut numbers: Vec<&str> = rows.iter().map(|row| text(&row["id"])).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "{told}");
    for row in rows {
        assert_eq!((&row["id"], &row["id"]), (&row["internal_id"], &row["display_id"]));
        assert!(row["uuid"].is_null() && row["url"].is_null() && row["api_url"].is_null());
    }
    // They are those of before, in rows of any kind and by whoever asks without names.
    for row in good(BY_PARTNER.get(&hub, &format!("{LIST}?anonymise")).await).await["data"]
        .as_array()
        .unwrap()
    {
        assert!(numbers.contains(&text(&row["id"])), "{row}");
    }
    let guess = case::number("a");
    for (query, description) in [
        (format!("filter-internal-id={guess}"), "Invalid filter \"internal-id\"."),
        (
            "cursor=".to_owned(),
            "There are no cursors in lists of cases without names: ask for an offset.",
        ),
    ] {
        let answer = BY_RESEARCH.get(&hub, &format!("{LIST}?{query}")).await;
        refused(answer, 400, "invalid-request", description).await;
    }
    for (key, path) in [
        (BY_RESEARCH, "child/a/"),
        (BY_RESEARCH, "child/other/"),
        (BY_PARTNER, "child/a/?anonymise"),
        (BY_PARTNER, "child/other/?anonymise"),
    ] {
        let answer = key.get(&hub, &format!("/p/clinic/api/cards/{path}")).await;
        let text = "Cards of cases are told without names in lists alone.";
        refused(answer, 403, "access-denied", text).await;
    }
}

#[tokio::test]
async fn a_card_is_found_by_its_number_among_many() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let rows = (0..450).map(|number| format!("n{number},x\n")).collect::<Vec<_>>().concat();
        imported(&hub, "child/import-csv", &format!("id,village\n{rows}")).await;
        // Ann was changed first, so she stands behind all others.
        let number = case::number("a");
        let path = format!("?filter-internal-id={number}&limit=1");
        assert_eq!(ids(&list(&hub, &path).await), ["a"]);
        // What is read at once is more than what is asked for, and none of it is lost.
        let but_one = format!(
            "filter-internal-id={number}&filter-internal-id-operator=ne&order_by=-last_update_time"
        );
        let all = list(&hub, &format!("?{but_one}")).await;
        assert_eq!(all["count"], 452);
        let mut paged = Vec::new();
        let mut next = format!("?{but_one}&limit=190&cursor=");
        while paged.len() < 452 {
            let page = list(&hub, &next).await;
            paged.extend(ids(&page).into_iter().map(str::to_owned));
            next = format!("?{but_one}&limit=190&cursor={}", text(&page["cursor"]));
        }
        assert_eq!(paged, ids(&all));
    }
}
