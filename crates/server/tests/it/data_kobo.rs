//! Submissions as clients of KoboToolbox read them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, json_of, text};

const ASSETS: &str = "/p/clinic/api/v2/assets/";
const DATA: &str = "/p/clinic/api/v2/assets/births/data/";

/// Five births, numbered from 1.
async fn births_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    for number in 1..=5 {
        let village = if number % 2 == 0 { "Kibera" } else { "Mathare" };
        let mut birth = json!({
            "_id": 100 + number, "_uuid": format!("b{number}"), "_xform_id_string": "births",
            "meta/instanceID": format!("uuid:b{number}"), "__version__": "v1",
            "name": format!("Child {number}"), "loc/village": village,
            "_submission_time": "2026-01-01T09:00:05", "_submitted_by": "nurse",
        });
        if number == 3 {
            birth["twin"] = "yes".into();
        }
        assert_eq!(hub.send("secret-of-the-kobo-1", birth.to_string()).await.status(), 200);
    }
    hub
}

async fn births() -> TestHub {
    births_on(Engine::Sqlite).await
}

async fn ids(hub: &TestHub, path: &str) -> Vec<u64> {
    let (mut ids, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = hub.read(&path).await;
        let results = page["results"].as_array().unwrap();
        ids.extend(results.iter().map(|one| one["_id"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn forms_are_assets_and_submissions_their_data() {
    for engine in BOTH {
        let hub = births_on(engine).await;
        let assets = hub.read(ASSETS).await;
        assert_eq!((&assets["count"], &assets["results"][0]["uid"]), (&1.into(), &"births".into()));
        let page = hub.read(text(&assets["results"][0]["data"])).await;
        assert_eq!(
            (&page["count"], &page["next"], &page["previous"]),
            (&5.into(), &Value::Null, &Value::Null)
        );
        let one = &page["results"][2];
        assert_eq!(one["_id"], 3);
        assert_eq!((&one["name"], &one["loc/village"]), (&"Child 3".into(), &"Mathare".into()));
        assert_eq!((&one["_uuid"], &one["meta/instanceID"]), (&"b3".into(), &"uuid:b3".into()));
        assert_eq!(hub.read(&format!("{DATA}3/")).await, *one);
        assert_eq!(hub.read(&format!("{DATA}b3.json")).await, *one);
    }
}

#[tokio::test]
async fn pages_follow_each_other_while_new_ones_come() {
    for engine in BOTH {
        let hub = births_on(engine).await;
        let first = hub.read(&format!("{DATA}?limit=2&start=0")).await;
        assert_eq!(first["results"].as_array().unwrap().len(), 2);
        assert!(text(&first["next"]).contains("start=2"), "{first}");
        let more =
            json!({ "_uuid": "b6", "_xform_id_string": "births", "meta/instanceID": "uuid:b6" });
        hub.send("secret-of-the-kobo-1", more.to_string()).await;
        assert_eq!(ids(&hub, text(&first["next"])).await, [3, 4, 5, 6]);
        let page = hub.read(&format!("{DATA}?page=2&page_size=4")).await;
        assert_eq!(page["results"][0]["_id"], 5);
        assert!(text(&page["previous"]).contains("start=0"), "{page}");
        assert_eq!(ids(&hub, &format!("{DATA}?page=1&page_size=2")).await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(ids(&hub, &format!("{DATA}?start=4&limit=1")).await, [5, 6]);
        // As many as without a limit.
        for none in ["limit=0", "page=1&page_size=0"] {
            let page = hub.read(&format!("{DATA}?{none}")).await;
            assert_eq!(page["results"].as_array().unwrap().len(), 6, "{none}");
        }
    }
}

#[tokio::test]
async fn submissions_are_found_by_the_query_of_kobo() {
    for engine in BOTH {
        let hub = births_on(engine).await;
        for (query, expected) in [
            (json!({}), vec![1, 2, 3, 4, 5]),
            (json!({ "_id": { "$gt": 3 } }), vec![4, 5]),
            (json!({ "_id": { "$gte": 2, "$lt": 4 } }), vec![2, 3]),
            (json!({ "_id": { "$gt": i64::MAX } }), vec![]),
            (json!({ "_id": { "$lt": i64::MIN } }), vec![]),
            (json!({ "_id": { "$in": [1, 5, 9] } }), vec![1, 5]),
            (json!({ "loc/village": "Kibera" }), vec![2, 4]),
            (json!({ "loc/village": { "$ne": "Kibera" } }), vec![1, 3, 5]),
            (json!({ "name": { "$in": ["Child 1", "Child 2"] } }), vec![1, 2]),
            (json!({ "name": { "$gte": "Child 4" } }), vec![4, 5]),
            (json!({ "twin": { "$exists": true } }), vec![3]),
            (json!({ "twin": { "$exists": false }, "loc/village": "Mathare" }), vec![1, 5]),
            (json!({ "twin": null }), vec![1, 2, 4, 5]),
            (json!({ "$or": [{ "_id": 1 }, { "twin": "yes" }] }), vec![1, 3]),
            (
                json!({ "$and": [{ "_id": { "$gt": 1 } }, { "loc/village": "Mathare" }] }),
                vec![3, 5],
            ),
            (json!({ "$nor": [{ "_id": 1 }, { "twin": "yes" }] }), vec![2, 4, 5]),
            (json!({ "name": { "$not": { "$in": ["Child 1"] } } }), vec![2, 3, 4, 5]),
            (json!({ "_uuid": "b2" }), vec![2]),
            (json!({ "meta/instanceID": "uuid:b2" }), vec![2]),
            (json!({ "_submitted_by": "nurse", "__version__": "v1" }), vec![1, 2, 3, 4, 5]),
            (json!({ "_submission_time": { "$gt": "2020-01-01T00:00:00" } }), vec![1, 2, 3, 4, 5]),
            (json!({ "_submission_time": { "$lt": "2020-01-01" } }), vec![]),
            (json!({ "_xform_id_string": "births" }), vec![1, 2, 3, 4, 5]),
            (json!({ "_xform_id_string": "deaths" }), vec![]),
        ] {
            let encoded: String =
                form_urlencoded::byte_serialize(query.to_string().as_bytes()).collect();
            let path = format!("{DATA}?limit=2&query={encoded}");
            assert_eq!(ids(&hub, &path).await, expected, "{query}");
            let path = format!("{DATA}?limit=2&query={encoded}&sort=%7B%22_id%22%3A-1%7D");
            let backwards: Vec<u64> = expected.iter().rev().copied().collect();
            assert_eq!(ids(&hub, &path).await, backwards, "{query}");
            assert_eq!(hub.read(&path).await["count"], expected.len(), "{query}");
        }
        let page =
            hub.read(&format!("{DATA}?fields=%5B%22_id%22%2C%22loc%2Fvillage%22%5D&limit=1")).await;
        assert_eq!(page["results"], json!([{ "_id": 1, "loc/village": "Mathare" }]));
    }
}

#[tokio::test]
async fn submissions_of_one_message_without_ids_have_each_their_own_answers() {
    let hub = TestHub::start().await;
    let message = json!({ "formId": "visits", "data": [{ "q": "one" }, { "q": "two" }] });
    assert_eq!(hub.send("secret-of-aggregate-1", message.to_string()).await.status(), 200);
    let page = hub.read(&format!("{ASSETS}visits/data/")).await;
    let results = page["results"].as_array().unwrap();
    let answers: Vec<&str> = results.iter().map(|one| text(&one["q"])).collect();
    assert_eq!(answers, ["one", "two"], "{page}");
}

/// A message of many submissions is read once for several of them, and again for the next ones.
#[tokio::test]
async fn submissions_of_one_message_are_told_each_by_its_own_name() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        let data: Vec<Value> = (1..=60)
            .map(|number| json!({ "*meta-instance-id*": format!("uuid:v{number}"), "q": format!("{number}") }))
            .collect();
        let message = json!({ "formId": "visits", "data": data });
        assert_eq!(hub.send("secret-of-aggregate-1", message.to_string()).await.status(), 200);
        let page = hub.read(&format!("{ASSETS}visits/data/")).await;
        let results = page["results"].as_array().unwrap();
        assert_eq!(results.len(), 60);
        for one in results {
            let answer = text(&one["q"]);
            assert_eq!(one["_id"].to_string(), answer);
            assert_eq!(one["_uuid"], format!("v{answer}"));
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_where_clients_of_kobo_look() {
    let hub = births().await;
    for (path, status, code) in [
        (format!("{DATA}?query=x"), 400, "bad-parameter"),
        (
            format!("{DATA}?query=%7B%22a%22%3A%7B%22%24regex%22%3A%22x%22%7D%7D"),
            400,
            "bad-parameter",
        ),
        (format!("{DATA}?query=%7B%22%24not%22%3A%7B%22a%22%3A1%7D%7D"), 400, "bad-parameter"),
        (format!("{DATA}?sort=name"), 400, "bad-parameter"),
        (format!("{DATA}?fields=name"), 400, "bad-parameter"),
        (format!("{DATA}?format=xml"), 400, "bad-parameter"),
        (format!("{DATA}?page=0"), 400, "bad-parameter"),
        (format!("{DATA}?start=many"), 400, "bad-parameter"),
        (format!("{DATA}?qeury=1"), 400, "unknown-parameter"),
        (format!("{DATA}99/"), 404, "not-found"),
        (format!("{ASSETS}deaths/data/"), 404, "not-found"),
        ("/p/clinic/api/v2/users/".to_owned(), 404, "no-such-page"),
    ] {
        let answer = hub.data(Method::GET, &path).send().await.unwrap();
        let found = answer.status().as_u16();
        let told = json_of(answer).await;
        assert_eq!((found, told["code"].as_str()), (status, Some(code)), "{path}: {told}");
        assert!(!text(&told["detail"]).is_empty(), "{told}");
    }
    let nobody = hub.client.get(hub.url(DATA)).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
}
