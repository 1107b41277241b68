//! Lists, maps and sheets as clients of w.c.s. read them: filters, orders, pages, what is refused.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, DESK, good, hub_on, keys, refused, submit,
};

const LIST: &str = "/p/clinic/api/forms/request/list";

/// Five requests, from 1 to 5; the third is finished, the fourth is of Jean Darmette.
async fn requests_on(engine: Engine) -> TestHub {
    let hub = hub_on(engine).await;
    for (name, amount, kind, urgent, day) in [
        ("Alpha foo", "5", "1", Some(true), "2026-01-01"),
        ("Beta", "9", "2", Some(false), "2026-02-01"),
        ("Gamma FOO", "10", "1", None, "2026-03-01"),
        ("Delta", "100", "2", Some(true), "2026-04-01"),
        ("", "", "1", None, "2026-05-01"),
    ] {
        let mut data = json!({
            "name": name, "kind": kind, "day": day, "email": "a@example.org",
            "place": { "lat": 48.0, "lon": 2.0 }, "people": [{ "first": name }],
        });
        if name.is_empty() {
            data.as_object_mut().unwrap().remove("name");
        }
        if !amount.is_empty() {
            data["amount"] = amount.into();
        }
        if let Some(urgent) = urgent {
            data["urgent"] = urgent.into();
        }
        let mut body = json!({ "data": data });
        if name == "Delta" {
            body["user"] = json!({ "email": "jean@example.org" });
            body["data"].as_object_mut().unwrap().remove("place");
        }
        submit(&hub, "request", &body).await;
    }
    let path = "/p/clinic/api/forms/request/3/jump/trigger/hide/";
    assert_eq!(BY_PARTNER.post(&hub, path, &json!({})).await.status(), 200);
    let path = "/p/clinic/api/forms/request/3/jump/trigger/finish/";
    assert_eq!(BY_PARTNER.post(&hub, path, &json!({})).await.status(), 200);
    hub
}

fn ids(rows: &Value) -> Vec<&str> {
    let rows = if rows.is_array() { rows } else { &rows["data"] };
    rows.as_array().unwrap().iter().map(|row| text(&row["id"])).collect()
}

#[tokio::test]
async fn rows_are_short_and_the_newest_comes_first() {
    for engine in BOTH {
        let hub = requests_on(engine).await;
        let rows = good(BY_PARTNER.get(&hub, LIST).await).await;
        assert_eq!(ids(&rows), ["5", "4", "3", "2", "1"]);
        let known = [
            "digest",
            "display_id",
            "display_name",
            "id",
            "internal_id",
            "last_update_time",
            "receipt_time",
            "text",
            "url",
            "uuid",
        ];
        let own = ["received_at", "updated_at", "place"];
        for key in keys(&rows[0]) {
            assert!(known.contains(&key) || own.contains(&key), "{key}");
        }
        for key in known {
            assert!(rows[0].get(key).is_some(), "{key}");
        }
        assert_eq!(rows[4]["digest"], "Alpha foo");
        let uuid = &good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/request/1/").await).await["uuid"];
        assert_eq!(rows[4]["uuid"], *uuid);
    }
}

#[tokio::test]
async fn every_filter_chooses_what_wcs_does() {
    for engine in BOTH {
        let hub = requests_on(engine).await;
        for (query, expected) in [
            ("filter=all", vec!["1", "2", "3", "4", "5"]),
            ("filter=pending", vec!["1", "2", "4", "5"]),
            ("filter=done", vec!["3"]),
            ("filter=new", vec!["1", "2", "4", "5"]),
            ("filter=Finished", vec!["3"]),
            ("filter=finished&filter-operator=ne", vec!["1", "2", "4", "5"]),
            ("filter=new|finished&filter-operator=in", vec!["1", "2", "3", "4", "5"]),
            ("filter=new&filter-operator=not_in", vec!["3"]),
            ("filter=all&filter-operator=ne", vec![]),
            ("filter-kind=1", vec!["1", "3", "5"]),
            ("filter-name=Beta", vec!["2"]),
            ("filter-name=Beta&filter-name-operator=ne", vec!["1", "3", "4", "5"]),
            ("filter-name=foo&filter-name-operator=icontains", vec!["1", "3"]),
            ("filter-name=beta&filter-name-operator=ieq", vec!["2"]),
            ("filter-name=Beta|Delta&filter-name-operator=in", vec!["2", "4"]),
            ("filter-name=Beta|Delta&filter-name-operator=not_in", vec!["1", "3"]),
            ("filter-name=on&filter-name-operator=absent", vec!["5"]),
            ("filter-amount=9&filter-amount-operator=gt", vec!["3", "4"]),
            ("filter-amount=9&filter-amount-operator=gte", vec!["2", "3", "4"]),
            ("filter-amount=10&filter-amount-operator=lt", vec!["1", "2"]),
            ("filter-amount=5|10&filter-amount-operator=between", vec!["1", "2"]),
            ("filter-amount=on&filter-amount-operator=existing", vec!["1", "2", "3", "4"]),
            ("filter-urgent=true", vec!["1", "4"]),
            ("filter-urgent=on&filter-urgent-operator=absent", vec!["3", "5"]),
            ("filter-day=2026-02-01", vec!["2"]),
            ("filter-day=01/03/2026&filter-day-operator=lte", vec!["1", "2", "3"]),
            ("filter-people_first=Delta", vec!["4"]),
            ("filter-internal-id=2", vec!["2"]),
            ("filter-internal-id=3&filter-internal-id-operator=gt", vec!["4", "5"]),
            ("filter-identifier=1,4", vec!["1", "4"]),
            ("filter-user-uuid=jean-1", vec!["4"]),
            ("filter-user-uuid=nobody", vec![]),
            ("filter-start=on&filter-start-value=2020-01-01", vec!["1", "2", "3", "4", "5"]),
            ("filter-end=on&filter-end-value=2020-01-01", vec![]),
            (
                "filter-start-mtime=on&filter-start-mtime-value=2020-01-01",
                vec!["1", "2", "3", "4", "5"],
            ),
            ("filter-distance=1000&center_lat=48&center_lon=2", vec!["1", "2", "3", "5"]),
            ("filter-distance=1000&center_lat=10&center_lon=2", vec![]),
            ("q=f%C3%B6o", vec!["1", "3"]),
            ("filter-kind=1&filter-amount=7&filter-amount-operator=gt", vec!["3"]),
        ] {
            let rows = good(BY_PARTNER.get(&hub, &format!("{LIST}?{query}")).await).await;
            let mut found = ids(&rows);
            found.sort_unstable();
            assert_eq!(found, expected, "{query}");
            // The count is of the same, however the list is cut.
            let path = format!("{LIST}?{query}&response_type=dict&limit=1");
            let dict = good(BY_PARTNER.get(&hub, &path).await).await;
            assert_eq!(dict["count"], expected.len(), "{query}");
            assert_eq!(dict["data"].as_array().unwrap().len(), expected.len().min(1), "{query}");
        }
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused_and_never_ignored() {
    let hub = requests_on(Engine::Sqlite).await;
    for (query, description) in [
        ("filter-foobar=1", "Invalid filter \"foobar\"."),
        ("filter-foo=1&filter-bar=2", "Invalid filters \"bar\", \"foo\"."),
        ("filter-name=x&filter-name-operator=foo", "Invalid operator \"foo\" for \"filter-name\"."),
        (
            "filter-urgent=true&filter-urgent-operator=lt",
            "Invalid operator \"lt\" for \"filter-urgent\".",
        ),
        ("filter=all&filter-operator=foo", "Invalid operator \"foo\" for \"filter-operator\"."),
        ("limit=many", "Invalid value \"many\" for \"limit\"."),
        ("offset=-1", "Invalid value \"-1\" for \"offset\"."),
        ("order_by=name,amount", "Invalid value \"name,amount\" for \"order_by\"."),
        ("order_by=nothing", "Invalid value \"nothing\" for \"order_by\"."),
        ("cursor=nonsense", "Invalid value \"nonsense\" for \"cursor\"."),
    ] {
        let answer = BY_PARTNER.get(&hub, &format!("{LIST}?{query}")).await;
        refused(answer, 400, "invalid-request", description).await;
    }
}

#[tokio::test]
async fn lists_are_ordered_and_cut() {
    for engine in BOTH {
        let hub = requests_on(engine).await;
        for (query, expected) in [
            ("order_by=id", vec!["1", "2", "3", "4", "5"]),
            ("order_by=-receipt_time", vec!["5", "4", "3", "2", "1"]),
            // The third was changed last.
            ("order_by=-last_update_time", vec!["3", "5", "4", "2", "1"]),
            ("order_by=amount", vec!["1", "2", "3", "4", "5"]),
            ("order_by=-amount", vec!["4", "3", "2", "1", "5"]),
            ("order_by=-name", vec!["3", "4", "2", "1", "5"]),
            ("order_by=id&limit=2&offset=1", vec!["2", "3"]),
            ("order_by=amount&limit=2&offset=1", vec!["2", "3"]),
            ("order_by=id&filter-kind=1&filter-kind-operator=eq&limit=1&offset=1", vec!["3"]),
            ("offset=7", vec![]),
            ("limit=0", vec![]),
        ] {
            let rows = good(BY_PARTNER.get(&hub, &format!("{LIST}?{query}")).await).await;
            assert_eq!(ids(&rows), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn pages_lead_to_each_other() {
    let hub = requests_on(Engine::Sqlite).await;
    let path = format!("{LIST}?response_type=dict&order_by=id&limit=2&offset=2");
    let page = good(BY_PARTNER.get(&hub, &path).await).await;
    assert_eq!((&page["err"], &page["count"], ids(&page)), (&json!(0), &json!(5), vec!["3", "4"]));
    let next = good(BY_PARTNER.get(&hub, text(&page["next"])).await).await;
    assert_eq!(ids(&next), ["5"]);
    assert!(next.get("next").is_none(), "{next}");
    let previous = good(BY_PARTNER.get(&hub, text(&page["previous"])).await).await;
    assert_eq!(ids(&previous), ["1", "2"]);
    assert!(!text(&page["next"]).contains("signature"), "{page}");
}

#[tokio::test]
async fn a_cursor_goes_on_where_it_was_however_many_came_meanwhile() {
    for engine in BOTH {
        let hub = requests_on(engine).await;
        let mut path = format!("{LIST}?order_by=last_update_time&limit=2&cursor=");
        let mut found = Vec::new();
        let mut cursor = String::new();
        for turn in 0..5 {
            let page = good(BY_PARTNER.get(&hub, &path).await).await;
            found.extend(ids(&page).iter().map(|id| (*id).to_owned()));
            assert!(page.get("count").is_none(), "a page by cursor costs no count: {page}");
            if let Some(last) = page["cursor"].as_str() {
                last.clone_into(&mut cursor);
            }
            if turn == 0 {
                submit(&hub, "request", &json!({ "data": { "name": "New" } })).await;
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut path),
                None => break,
            }
        }
        assert_eq!(found, ["1", "2", "4", "5", "3", "6"]);
        // Another day the list goes on behind what was read.
        submit(&hub, "request", &json!({ "data": { "name": "Newer" } })).await;
        let path = format!("{LIST}?order_by=last_update_time&cursor={cursor}");
        assert_eq!(ids(&good(BY_PARTNER.get(&hub, &path).await).await), ["7"]);
        let counted = BY_PARTNER.get(&hub, &format!("{path}&response_type=dict")).await;
        assert_eq!(good(counted).await["count"], 7);
    }
}

#[tokio::test]
async fn whole_rows_have_everything_but_the_contents_of_files() {
    let hub = requests_on(Engine::Sqlite).await;
    let whole = good(BY_PARTNER.get(&hub, &format!("{LIST}?full=on&order_by=id")).await).await;
    assert_eq!(whole[0]["fields"]["name"], "Alpha foo");
    assert_eq!(whole[2]["workflow"]["status"]["id"], "finished");
    for key in ["evolution", "roles", "submission", "workflow", "geolocations"] {
        assert!(whole[0].get(key).is_some(), "{key}");
    }
    for (flag, has, lacks) in [
        ("include-fields=on", "fields", "evolution"),
        ("include-evolution=on", "evolution", "fields"),
        ("include-roles=on", "roles", "fields"),
        ("include-submission=on", "submission", "roles"),
        ("include-workflow=on", "workflow", "submission"),
        ("include-actions=on", "actions", "workflow"),
    ] {
        let rows = good(BY_PARTNER.get(&hub, &format!("{LIST}?{flag}")).await).await;
        assert!(rows[0].get(has).is_some() && rows[0].get(lacks).is_none(), "{flag}: {}", rows[0]);
    }
}

#[tokio::test]
async fn a_list_that_has_not_changed_is_not_read_again() {
    let hub = requests_on(Engine::Sqlite).await;
    let first = BY_PARTNER.get(&hub, LIST).await;
    let tag = first.headers()["etag"].clone();
    let get = async || {
        let request = hub.client.get(BY_PARTNER.sign(&hub, LIST, None));
        request.header("if-none-match", tag.clone()).send().await.unwrap()
    };
    assert_eq!(get().await.status(), 304);
    // What one caller was given is nothing for another.
    let request = hub.client.get(BY_RESEARCH.sign(&hub, LIST, None));
    let other = request.header("if-none-match", tag.clone()).send().await.unwrap();
    assert_eq!(other.status(), 200);
    submit(&hub, "request", &json!({ "data": { "name": "New" } })).await;
    assert_eq!(get().await.status(), 200);
}

#[tokio::test]
async fn a_long_list_of_ids_can_be_posted() {
    let hub = requests_on(Engine::Sqlite).await;
    let url = BY_PARTNER.sign(&hub, LIST, None);
    let request = hub.client.post(url).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body("filter-internal-id=1&filter-internal-id=4").send().await.unwrap();
    assert_eq!(ids(&good(answer).await), ["4", "1"]);
}

#[tokio::test]
async fn maps_have_those_that_wait_and_are_somewhere() {
    let hub = requests_on(Engine::Sqlite).await;
    let path = "/p/clinic/api/forms/request/geojson";
    let answer = BY_PARTNER.get_for(&hub, path, DESK).await;
    assert_eq!(answer.headers()["content-type"], "application/geo+json");
    let map = good(answer).await;
    assert_eq!(map["type"], "FeatureCollection");
    let raw = |map: &Value| {
        let features = map["features"].as_array().unwrap().clone();
        features.iter().map(|it| text(&it["properties"]["raw_id"]).to_owned()).collect::<Vec<_>>()
    };
    // The third does not wait, the fourth is nowhere.
    assert_eq!(raw(&map), ["5", "2", "1"]);
    let first = &map["features"][2];
    assert_eq!(first["geometry"]["coordinates"], json!([2.0, 48.0]));
    for (key, expected) in [
        ("text", json!("Request #1 (Alpha foo)")),
        ("status_name", json!("New")),
        ("status_colour", json!("#ffffff")),
        ("url", json!("/p/clinic/backoffice/management/request/1/")),
        ("view_label", json!("View")),
    ] {
        let found = &first["properties"][key];
        assert!(
            *found == expected || key == "text" && text(found).contains("Alpha"),
            "{key} {found}"
        );
    }
    let all = good(BY_PARTNER.get(&hub, &format!("{path}?filter=all&full=on")).await).await;
    assert_eq!(raw(&all), ["5", "3", "2", "1"]);
    assert_eq!(all["features"][3]["properties"]["display_fields"][0]["value"], "Alpha foo");
    let every = good(BY_PARTNER.get(&hub, "/p/clinic/api/forms/geojson?status=all").await).await;
    assert_eq!(raw(&every).len(), 4);
    let anonymous = BY_PARTNER.get(&hub, &format!("{path}?anonymise")).await;
    let told = "Anonymised data is not given in this format.";
    refused(anonymous, 403, "access-denied", told).await;
    let nowhere = BY_PARTNER.get(&hub, "/p/clinic/api/forms/plain/geojson").await;
    refused(nowhere, 404, "not-found", "There is nothing at this address.").await;
}

#[tokio::test]
async fn sheets_have_a_line_for_each() {
    let hub = requests_on(Engine::Sqlite).await;
    let path = |format: &str| format!("/p/clinic/api/forms/request/{format}?filter=all&full=on");
    let csv = BY_PARTNER.get_for(&hub, &path("csv"), DESK).await;
    assert_eq!(csv.headers()["content-type"], "text/csv");
    let csv = csv.text().await.unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 6, "{csv}");
    assert!(lines[0].starts_with("Number,Created,Last Modified,User Label,Name,"), "{csv}");
    assert!(lines[5].contains("Alpha foo"), "{csv}");
    for (format, kind) in [
        ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ] {
        let answer = BY_PARTNER.get_for(&hub, &path(format), DESK).await;
        assert_eq!(answer.headers()["content-type"], kind);
        let bytes = answer.bytes().await.unwrap();
        let mut begin = [0; 2];
        bytes.as_ref().read_exact(&mut begin).unwrap();
        assert_eq!(&begin, b"PK", "{format}");
    }
    let nobody = BY_PARTNER.get(&hub, &path("ods")).await;
    refused(nobody, 403, "access-denied", "User not authenticated.").await;
}

#[tokio::test]
async fn all_forms_have_one_list() {
    for engine in BOTH {
        let hub = requests_on(engine).await;
        let plain = json!({ "_uuid": "p1", "_xform_id_string": "plain", "word": "x" });
        assert_eq!(hub.send("secret-of-the-kobo-1", plain.to_string()).await.status(), 200);
        let first = "/p/clinic/api/forms/plain/list";
        eventually("the lifecycle of what came by Kobo has begun", async || {
            let rows = good(BY_PARTNER.get(&hub, first).await).await;
            (ids(&rows) == ["1"]).then_some(())
        })
        .await;
        let path = "/p/clinic/api/forms/";
        let numbers = |answer: &Value| {
            let rows = answer["data"].as_array().unwrap().clone();
            let name = |row: &Value| {
                format!("{}-{}", text(&row["form_slug"]), text(&row["form_number_raw"]))
            };
            rows.iter().map(name).collect::<Vec<_>>()
        };
        let all = good(BY_PARTNER.get(&hub, &format!("{path}?status=all")).await).await;
        let expected = ["plain-1", "request-5", "request-4", "request-3", "request-2", "request-1"];
        assert_eq!(numbers(&all), expected);
        let row = &all["data"][5];
        for key in
            ["name", "url", "datetime", "status", "keywords", "draft", "title", "form_number"]
        {
            assert!(row.get(key).is_some(), "{key}");
        }
        let done = good(BY_PARTNER.get(&hub, &format!("{path}?status=done")).await).await;
        assert_eq!(numbers(&done), ["request-3"]);
        // Somebody sees what concerns their roles.
        let desk = good(BY_PARTNER.get_for(&hub, &format!("{path}?limit=2"), DESK).await).await;
        assert_eq!(numbers(&desk), ["request-5", "request-4"]);
        for (query, description) in [
            ("status=else", "Invalid status value."),
            ("full=on", "Invalid value \"on\" for \"full\"."),
        ] {
            let answer = BY_PARTNER.get(&hub, &format!("{path}?{query}")).await;
            refused(answer, 400, "invalid-request", description).await;
        }
        let own = "/p/clinic/api/user/forms";
        let own = good(BY_PARTNER.get_for(&hub, own, "jean@example.org").await).await;
        assert_eq!(numbers(&own), ["request-4"]);
        let theirs = good(BY_PARTNER.get(&hub, "/p/clinic/api/users/jean-1/forms").await).await;
        assert_eq!(numbers(&theirs), ["request-4"]);
    }
}

#[tokio::test]
async fn what_changed_and_what_is_gone_is_told() {
    for engine in BOTH {
        let hub = requests_on(engine).await;
        let path = "/p/clinic/api/forms/request/changes";
        let all = good(BY_PARTNER.get(&hub, path).await).await;
        let what = |answer: &Value| {
            let rows = answer["data"].as_array().unwrap().clone();
            let name = |row: &Value| format!("{} {}", text(&row["what"]), row["id"]);
            rows.iter().map(name).collect::<Vec<_>>()
        };
        let expected = ["1", "2", "4", "5", "3"].map(|id| format!("changed \"{id}\""));
        assert_eq!(what(&all), expected);
        assert_eq!(all["next"], Value::Null);
        let first = &all["data"][0];
        let since = text(&all["since"]).to_owned();
        let record = text(&first["record"]);
        let answer = hub.delete(&format!("projects/clinic/submissions/{record}")).await;
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let later = good(BY_PARTNER.get(&hub, &format!("{path}?since={since}")).await).await;
        assert_eq!(what(&later), ["deleted null"]);
        assert_eq!(text(&later["data"][0]["record"]), record);
        let part = good(BY_PARTNER.get(&hub, &format!("{path}?limit=2")).await).await;
        let rest = good(BY_PARTNER.get(&hub, text(&part["next"])).await).await;
        assert_eq!(what(&part).len() + what(&rest).len(), 4, "{part} {rest}");
        let wrong = BY_PARTNER.get(&hub, &format!("{path}?since=soon")).await;
        let told = "Invalid value \"soon\" for \"since\".";
        refused(wrong, 400, "invalid-request", told).await;
    }
}
