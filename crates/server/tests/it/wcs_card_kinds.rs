//! What cards of cases have for fields: every property that a case of the type has, its ties and its files; and what has
//! changed of them.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::data_forms::{BOTH, block, form};
use crate::hub::{Engine, TestHub, eventually, text};
use crate::receiver::{KEY, upload};
use crate::wcs_cards::{cards_on, create, ids, imported, list};
use crate::wcs_project::{BY_PARTNER, BY_RESEARCH, good, refused};

async fn fields(hub: &TestHub) -> Vec<(String, String)> {
    let schema = good(BY_PARTNER.get(hub, "/p/clinic/api/cards/child/@schema").await).await;
    let fields = schema["fields"].as_array().unwrap().iter();
    fields.map(|it| (text(&it["varname"]).to_owned(), text(&it["type"]).to_owned())).collect()
}

#[tokio::test]
async fn properties_of_the_oldest_cases_are_known_however_many_came_later() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let old =
            "<update><shoe_size>21</shoe_size><home_location>nowhere</home_location></update>";
        hub.fill("", form("5", "f", &block("a", old))).await;
        let rows =
            (0..620).map(|number| format!("n{number},1.5 2.5\n")).collect::<Vec<_>>().concat();
        imported(&hub, "child/import-csv", &format!("id,home_location\n{rows}")).await;
        let expected = [
            ("case_name", "string"),
            ("external_id", "string"),
            ("owner_id", "string"),
            ("gps", "map"),
            // One of them is no position.
            ("home_location", "string"),
            ("shoe_size", "string"),
            ("village", "string"),
        ];
        let expected: Vec<(String, String)> =
            expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into();
        assert_eq!(fields(&hub).await, expected);
        assert_eq!(ids(&list(&hub, "?filter-shoe_size=21").await), ["a"]);
        let path = "/p/clinic/api/cards/child/csv?filter-shoe_size=21";
        let sheet = BY_PARTNER.get(&hub, path).await.text().await.unwrap();
        assert!(sheet.contains(",shoe_size,") && sheet.contains(",21,"), "{sheet}");
        // Rows of all cases have all fields.
        let page = list(&hub, "?full=on&limit=1").await;
        assert_eq!(page["data"][0]["fields"]["shoe_size"], Value::Null);
    }
}

#[tokio::test]
async fn ties_to_other_cases_are_choices_that_lead_to_their_cards() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let tie = "<index><parent case_type=\"household\">h</parent>\
                   <host case_type=\"household\" relationship=\"extension\">h</host></index>";
        hub.fill("", form("5", "f", &block("a", tie))).await;
        let path = "/p/clinic/api/cards/child/a/";
        let card = good(BY_PARTNER.get(&hub, path).await).await;
        let told = &card["fields"];
        assert_eq!((&told["parent"], &told["parent_raw"]), (&json!("House"), &json!("h")));
        let structured = |relationship: &str, text: &str| {
            json!({
                "id": "h", "text": text, "case_type": "household", "relationship": relationship,
                "api_url": "/p/clinic/api/cards/household/h/",
            })
        };
        assert_eq!(told["parent_structured"], structured("child", "House"));
        assert_eq!(told["host_structured"], structured("extension", "House"));
        let tag = BY_PARTNER.get(&hub, path).await.headers()["etag"].clone();
        let house = "<update><case_name>Big house</case_name></update>";
        hub.fill("", form("6", "f", &block("h", house))).await;
        let again = hub.client.get(BY_PARTNER.sign(&hub, path, None)).header("if-none-match", tag);
        let card = good(again.send().await.unwrap()).await;
        assert_eq!(card["fields"]["parent_structured"], structured("child", "Big house"));
        assert_eq!(ids(&list(&hub, "?filter-parent=h").await), ["a"]);
        assert_eq!(ids(&list(&hub, "?filter-parent=other").await), [""; 0]);
        let row = list(&hub, "?full=on&filter-parent=h").await;
        assert_eq!(row["data"][0]["fields"]["parent"], "Big house");
        let unbound = list(&hub, "?full=on&filter-case_name=Ben").await;
        assert_eq!(unbound["data"][0]["fields"]["parent_raw"], Value::Null);
        // Nobody's household is told where nobody is named.
        let nameless = BY_RESEARCH.get(&hub, "/p/clinic/api/cards/child/list?full=on").await;
        assert!(!good(nameless).await.to_string().contains("Big house"));
        // What was listed brings no property of such a name elsewhere.
        let whole = list(&hub, "?full=on").await;
        let there = cards_on(Engine::Sqlite).await;
        let done = imported(&there, "child/import-json", &whole.to_string()).await;
        assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 3, "deleted": 0 }));
        let names: BTreeSet<String> = fields(&there).await.into_iter().map(|it| it.0).collect();
        assert!(!names.iter().any(|name| name.starts_with("parent")), "{names:?}");
        // A sheet that nobody has changed changes nothing.
        let sheet = BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/csv?filter=all").await;
        let done = imported(&hub, "child/import-csv", &sheet.text().await.unwrap()).await;
        assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 3, "deleted": 0 }));
    }
}

#[tokio::test]
async fn files_of_a_case_are_files_of_its_card() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let photo = "<attachment><photo src=\"1.jpg\" from=\"local\"/></attachment>";
        let body = upload(&form("5", "f", &block("a", photo)), &[("1.jpg", b"a face")]);
        let post =
            hub.client.post(hub.url("/a/clinic/receiver/")).basic_auth("handsets", Some(KEY));
        let post = post.header("content-type", "multipart/form-data; boundary=b").body(body);
        assert_eq!(post.send().await.unwrap().status(), StatusCode::CREATED);
        let card = good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/a/").await).await;
        let file = &card["fields"]["photo"];
        let told = ["filename", "content_type", "content", "content_is_base64", "field_id"];
        let told = told.map(|name| file[name].clone());
        let expected = json!(["1.jpg", "image/jpeg", "YSBmYWNl", true, "photo"]);
        assert_eq!(&told[..], expected.as_array().unwrap(), "{file}");
        let address = text(&file["url"]).to_owned();
        let found = BY_PARTNER.get(&hub, &address).await;
        assert_eq!(
            (found.status(), found.text().await.unwrap()),
            (StatusCode::OK, "a face".to_owned())
        );
        // Lists tell where it is, and not what is in it.
        let row = list(&hub, "?full=on&filter-case_name=Ann").await;
        let file = &row["data"][0]["fields"]["photo"];
        assert_eq!((&file["url"], &file["content"]), (&json!(address), &Value::Null));
        let nobody = hub.client.get(hub.url(&address)).send().await.unwrap();
        refused(nobody, 403, "access-denied", "User not authenticated.").await;
        // It is brought by forms alone.
        let done = imported(&hub, "child/import-json", &row.to_string()).await;
        assert_eq!(done, json!({ "created": 0, "updated": 0, "skipped": 1, "deleted": 0 }));
    }
}

#[tokio::test]
async fn the_feed_of_changes_tells_what_became_of_cards() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let feed = async |query: &str| {
            let path = format!("/p/clinic/api/cards/child/changes{query}");
            good(BY_PARTNER.get(&hub, &path).await).await
        };
        let told = |feed: &Value| -> Vec<(String, String)> {
            let rows = feed["data"].as_array().unwrap().iter();
            rows.map(|row| (text(&row["what"]).to_owned(), text(&row["record"]).to_owned()))
                .collect()
        };
        let what = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(what, id)| ((*what).to_owned(), (*id).to_owned())).collect()
        };
        let first = feed("?limit=2").await;
        assert_eq!(told(&first), what(&[("changed", "a"), ("changed", "b")]));
        assert_eq!(first["data"][0]["api_url"], "/p/clinic/api/cards/child/a/");
        assert_eq!(
            (&first["data"][0]["id"], &first["data"][0]["form"]),
            (&json!("a"), &json!("child"))
        );
        let rest = feed(&format!("?since={}", text(&first["since"]))).await;
        assert_eq!((told(&rest), &rest["next"]), (what(&[("changed", "z")]), &Value::Null));
        // A household is another kind.
        hub.fill("", form("5", "f", &block("h", "<update><roof>tin</roof></update>"))).await;
        let karen = "<update><village>Karen</village></update>";
        hub.fill("", form("6", "f", &block("b", karen))).await;
        let erased = hub.post("projects/clinic/erasures", &json!({ "key": "z" })).await;
        assert!(erased.status().is_success(), "{}", erased.text().await.unwrap());
        let since = text(&rest["since"]).to_owned();
        // The household may have been a child before it changed: nobody knows that any more.
        let expected = what(&[("deleted", "h"), ("changed", "b"), ("deleted", "z")]);
        eventually("the feed tells it", || async {
            let rest = feed(&format!("?since={since}")).await;
            (told(&rest) == expected).then_some(())
        })
        .await;
        let nameless = BY_RESEARCH.get(&hub, "/p/clinic/api/cards/child/changes").await;
        let text = "Cards of cases are told without names in lists alone.";
        refused(nameless, 403, "access-denied", text).await;
    }
}

#[tokio::test]
async fn a_case_that_becomes_one_of_another_type_is_gone_for_readers_of_the_old_one() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let feed = async |kind: &str, since: &str| {
            let path = format!("/p/clinic/api/cards/{kind}/changes?since={since}");
            good(BY_PARTNER.get(&hub, &path).await).await
        };
        let since = feed("child", "").await["since"].clone();
        let grown = "<update><case_type>household</case_type></update>";
        hub.fill("", form("5", "f", &block("b", grown))).await;
        let told = feed("child", text(&since)).await["data"].clone();
        let members: Vec<&str> = told[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((&told[0]["what"], &told[0]["record"]), (&json!("deleted"), &json!("b")));
        // Nothing of the card that it is now, as of one that is erased.
        assert_eq!((members.len(), told.as_array().unwrap().len()), (4, 1), "{told}");
        let told = feed("household", text(&since)).await["data"].clone();
        assert_eq!((&told[0]["what"], &told[0]["id"]), (&json!("changed"), &json!("b")));
    }
}

#[tokio::test]
async fn a_card_that_is_kept_is_not_good_any_more_when_a_case_that_it_names_is_erased() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        hub.fill("", form("5", "f", &block("m", &create("mother", "Mia", "")))).await;
        let ties = "<index><parent case_type=\"household\">h</parent>\
                    <mother case_type=\"mother\">m</mother></index>";
        hub.fill("", form("6", "f", &block("a", ties))).await;
        let path = "/p/clinic/api/cards/child/a/";
        let first = BY_PARTNER.get(&hub, path).await;
        // What is told of others has no time.
        assert_eq!(first.headers().get("last-modified"), None);
        let tag = first.headers()["etag"].clone();
        let again = async || {
            let get = hub.client.get(BY_PARTNER.sign(&hub, path, None));
            get.header("if-none-match", tag.clone()).send().await.unwrap()
        };
        assert_eq!(again().await.status(), StatusCode::NOT_MODIFIED);
        // The household has changed before the mother did.
        let erased = hub.post("projects/clinic/erasures", &json!({ "key": "h" })).await;
        assert!(erased.status().is_success(), "{}", erased.text().await.unwrap());
        let card = eventually("the card is another one", || async {
            let answer = again().await;
            (answer.status() == StatusCode::OK).then_some(answer)
        });
        let told = good(card.await).await["fields"].clone();
        assert_eq!((&told["parent"], &told["mother"]), (&json!("h"), &json!("Mia")));
        // A card that tells of nobody else has its time.
        let plain = BY_PARTNER.get(&hub, "/p/clinic/api/cards/child/b/").await;
        assert!(plain.headers().contains_key("last-modified"));
    }
}
