//! Looking for what one has of a submission: by its content, by anything, and by what changed.

use serde_json::{Value, json};

use crate::hub::{Engine, SECRET, TestHub, json_of, problem, text};

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect()
}

#[tokio::test]
async fn messages_are_found_by_their_content() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let ann = hub.keep(r#"{"form": "births", "name": "Ann\u00e9", "age": 42}"#).await;
        let bo = hub.keep(r#"{"form": "births", "people": [{"name": "Bo"}], "age": "42"}"#).await;
        let refused = problem(hub.send(SECRET, "ANN<").await, 400, "json-syntax").await;
        let unreadable = text(&refused["message_id"]);
        let (ann, bo) = (text(&ann["id"]), text(&bo["id"]));
        for (query, expected) in [
            ("text=ann", vec![unreadable, ann]),
            ("text=ann%C3%A9", vec![ann]),
            ("text=bo", vec![bo]),
            ("text=nobody", vec![]),
            ("text=ann&state=kept", vec![ann]),
            ("value=age%3D42", vec![bo, ann]),
            ("value=age%3D%2242%22", vec![bo]),
            ("value=people.name%3DBo", vec![bo]),
            ("value=age%3D42&value=form%3Ddeaths", vec![]),
            ("match=%7B%22form%22%3A%22births%22%7D", vec![bo, ann]),
            ("match=%7B%22age%22%3A42%7D&text=ANN", vec![ann]),
            ("value=age%3D42&source=kobo", vec![]),
        ] {
            let found = hub.json(&format!("projects/clinic/messages?{query}")).await;
            assert_eq!(ids(&found), expected, "{query} on {engine:?}");
            assert_eq!(found["next"], Value::Null, "{query}");
        }
        let plain = hub.json("projects/clinic/messages?text=").await;
        assert_eq!((ids(&plain).len(), &plain["searched_until"]), (3, &Value::Null));
    }
}

#[tokio::test]
async fn a_look_goes_on_where_it_ended() {
    let hub = TestHub::start().await;
    let mut wanted = Vec::new();
    for number in 0..7 {
        let kept = hub.keep(&format!("{{\"even\": {}, \"n\": {number}}}", number % 2 == 0)).await;
        if number % 2 == 0 {
            wanted.push(text(&kept["id"]).to_owned());
        }
    }
    wanted.reverse();
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("projects/clinic/messages?value=even%3Dtrue&limit=2{cursor}");
        let page = hub.json(&path).await;
        found.extend(ids(&page).into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        assert!(page["searched_until"].is_string(), "{page}");
    }
    assert_eq!(found, wanted);
}

/// A look goes through 2,000 messages at the most: one more is left for the next look.
#[tokio::test]
async fn a_look_is_bounded() {
    let hub = TestHub::start().await;
    let first = hub.keep(r#"{"needle": true}"#).await;
    let store = hub.hub.store();
    let message = store.message("clinic", text(&first["id"]).parse().unwrap()).await.unwrap();
    let projects = store.projects().await.unwrap();
    let version = projects[0].configuration_version;
    let accepts = (0..fieldpost_engine::MOST_LOOKED_THROUGH)
        .map(|number| store.accept(hay(version, number, message.as_ref().unwrap().received_at)));
    for accepted in futures_util::future::join_all(accepts).await {
        accepted.unwrap();
    }
    let path = "projects/clinic/messages?value=needle%3Dtrue";
    let mut page = hub.json(path).await;
    assert_eq!(ids(&page).len(), 0, "the needle lies behind as many as one look goes through");
    let mut looks = 1;
    while let Some(next) = page["next"].as_str() {
        page = hub.json(&format!("{path}&cursor={next}")).await;
        looks += 1;
    }
    assert_eq!(ids(&page), [text(&first["id"])]);
    assert!(looks >= 2, "{looks}");
    // Who has the whole id need not look.
    let by_id = hub.json(&format!("projects/clinic/messages?text={}", text(&first["id"]))).await;
    assert_eq!((ids(&by_id), &by_id["next"]), (vec![text(&first["id"])], &Value::Null));
}

fn hay(
    configuration_version: i64,
    number: usize,
    received_at: fieldpost_model::time::Timestamp,
) -> fieldpost_store::Accept {
    fieldpost_store::Accept {
        project: "clinic".into(),
        configuration_version,
        message: fieldpost_store::NewMessage {
            id: uuid::Uuid::now_v7(),
            source: "inbox".to_owned(),
            received_at,
            quarantined: None,
            remark: None,
            content_type: None,
            identity: None,
            dedupe: None,
            request: fieldpost_model::message::MessageRequest {
                method: "POST".to_owned(),
                path: "/".to_owned(),
                query: Vec::new(),
                headers: Vec::new(),
            },
            body: number.to_string().into(),
        },
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
        filing: None,
    }
}

#[tokio::test]
async fn mistakes_in_what_is_looked_for_are_told() {
    let hub = TestHub::start().await;
    let conditions = |count: usize| vec!["value=a%3D1"; count].join("&");
    let many = conditions(21);
    for (query, hint) in [
        ("value=age", "write a path, `=`, and what stands there: `form.age=42`"),
        ("match=%7B", "write JSON: `{\"form\": \"births\"}`"),
        (&many, "at most 20 of them"),
    ] {
        let refused = hub.get(&format!("projects/clinic/messages?{query}")).await;
        assert_eq!(problem(refused, 400, "bad-parameter").await["hint"], hint);
    }
    hub.json(&format!("projects/clinic/messages?{}", conditions(20))).await;
}

#[tokio::test]
async fn versions_are_compared() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let send = async |body: &str| {
            let answer = hub.send("secret-of-the-kobo-1", body.to_owned()).await;
            assert_eq!(answer.status(), 200);
            hub.items("projects/clinic/messages?limit=1").await.remove(0)
        };
        let one = send(r#"{"_uuid": "19d7", "age": 41, "name": "Ann", "seen": [1, 2]}"#).await;
        let two = send(r#"{"_uuid": "19d7", "age": 42, "name": "Ann", "seen": [1, 3, 2]}"#).await;
        let (one, two) = (text(&one["id"]), text(&two["id"]));
        let path = format!("projects/clinic/messages/{one}/difference");
        let compared = hub.json(&format!("{path}?with={two}")).await;
        assert_eq!(
            (&compared["before"]["id"], &compared["after"]["id"]),
            (&json!(one), &json!(two))
        );
        let differences = json!([
            { "path": "age", "was_there": true, "before": 41, "is_there": true, "after": 42 },
            { "path": "seen[1]", "was_there": false, "before": null, "is_there": true, "after": 3 },
        ]);
        assert_eq!((&compared["differences"], &compared["more"]), (&differences, &json!(false)));
        // The timeline knows both.
        let timeline = hub.json(&format!("projects/clinic/messages/{one}/timeline")).await;
        let versions: Vec<(&str, u64)> = timeline["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| (text(&version["id"]), version["version"].as_u64().unwrap()))
            .collect();
        assert_eq!(versions, [(two, 2), (one, 1)]);

        problem(hub.get(&path).await, 400, "missing-parameter").await;
        let nothing = "0195a7c2-0000-7000-8000-000000000000";
        problem(hub.get(&format!("{path}?with={nothing}")).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn anything_is_found_by_what_one_has_of_it() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.post("projects", &json!({ "name": "north" })).await;
        let delivery = hub.deliver("1").await;
        let kobo = r#"{"_uuid": "uuid-of-kobo", "_xform_id_string": "births"}"#;
        assert_eq!(hub.send("secret-of-the-kobo-1", kobo).await.status(), 200);
        let submission = hub.items("projects/clinic/messages?limit=1").await.remove(0);
        let find = async |query: &str| -> Vec<(String, String)> {
            let items = hub.items(&format!("search?{query}")).await;
            let told = |item: &Value| (text(&item["kind"]).into(), text(&item["url_path"]).into());
            items.iter().map(told).collect()
        };
        let page = |kind: &str, pages: &str, id: &str| {
            (kind.to_owned(), format!("/projects/clinic/{pages}/{id}"))
        };
        let (id, message) = (text(&delivery["id"]), text(&delivery["payload_id"]));
        assert_eq!(find(&format!("q={id}")).await, [page("delivery", "deliveries", id)]);
        let beginning: String = message.chars().take(13).collect();
        let found = find(&format!("q={beginning}")).await;
        assert!(found.contains(&page("message", "messages", message)), "{found:?}");
        let filed = hub.items("projects/clinic/submissions?limit=1").await.remove(0);
        let filed = page("submission", "submissions", text(&filed["id"]));
        let by_identity = page("message", "messages", text(&submission["id"]));
        assert_eq!(find("q=uuid-of-kobo").await, [by_identity, filed.clone()]);
        let own_id = filed.1.rsplit('/').next().unwrap_or_default();
        assert_eq!(find(&format!("q={own_id}")).await, std::slice::from_ref(&filed));
        assert_eq!(find("q=irth").await, [page("form", "forms", "births")]);
        assert_eq!(find("q=KOB").await, [page("source", "sources", "kobo")]);
        assert_eq!(
            find("q=ther&project=clinic").await,
            [page("connection", "connections", "there")]
        );
        assert_eq!(find("q=all").await, [page("forwarder", "forwarders", "all")]);
        for nothing in ["", "q=", "q=%20", "q=nobody", "q=kobo&project=north", "q=0195a7c"] {
            assert_eq!(find(nothing).await, [], "{nothing}");
        }
        problem(hub.get("search?q=kobo&project=nowhere").await, 404, "not-found").await;
        let most = "x".repeat(300);
        assert_eq!(find(&format!("q={most}")).await, []);
        problem(hub.get(&format!("search?q={most}x")).await, 400, "bad-parameter").await;
    }
}

/// Nobody finds what they may not look at.
#[tokio::test]
async fn a_token_finds_what_its_project_has() {
    let hub = TestHub::start().await;
    hub.post("projects", &json!({ "name": "north" })).await;
    let new = json!({ "name": "script", "access": "viewer" });
    let made = json_of(hub.post("projects/north/tokens", &new).await).await;
    let search = async |query: &str| {
        let url = hub.url(&format!("/api/v1/search?{query}"));
        hub.client.get(url).bearer_auth(text(&made["token"])).send().await.unwrap()
    };
    assert_eq!(json_of(search("q=kobo").await).await["items"], json!([]));
    problem(search("q=kobo&project=clinic").await, 404, "not-found").await;
}

#[tokio::test]
async fn a_map_tells_what_goes_where() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let mut definition = hub.definition();
        definition["forwarders"]["every"] =
            json!({ "match": { "form": "births" }, "to": "there", "paused": true });
        hub.apply(definition).await;
        hub.keep(r#"{"form": "births"}"#).await;
        let map = crate::hub::eventually("what went there is counted", async || {
            let map = hub.json("projects/clinic/map").await;
            let out = edge(&map, "forwarder:all", "connection:there").clone();
            (out["today"] == 1).then_some(map)
        })
        .await;
        let kinds: Vec<(&str, &str)> = map["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| (text(&node["kind"]), text(&node["name"])))
            .collect();
        let expected = [
            ("source", "aggregate"),
            ("source", "inbox"),
            ("source", "kobo"),
            ("source", "xml"),
            ("any_source", "*"),
            ("forwarder", "all"),
            ("forwarder", "every"),
            ("connection", "there"),
        ];
        assert_eq!(kinds, expected);
        let node = |id: &str| {
            map["nodes"].as_array().unwrap().iter().find(|node| node["id"] == id).unwrap().clone()
        };
        let every = node("forwarder:every");
        assert_eq!(every["filter"], r#"{"form":"births"}"#);
        assert_eq!((&every["state"], &every["today"]), (&json!("paused"), &json!(1)));
        assert_eq!(node("connection:there")["waiting"], 1);
        assert_eq!(map["edges"].as_array().unwrap().len(), 4);
        assert_eq!(edge(&map, "source:inbox", "forwarder:all")["today"], 1);
        assert_eq!(edge(&map, "any_source:*", "forwarder:every")["today"], 1);
        assert_eq!(edge(&map, "forwarder:every", "connection:there")["today"], 0);
    }
}

fn edge<'v>(map: &'v Value, from: &str, to: &str) -> &'v Value {
    let edges = map["edges"].as_array().unwrap();
    edges.iter().find(|edge| edge["from"] == from && edge["to"] == to).unwrap()
}

#[tokio::test]
async fn deliveries_are_sorted_and_found_by_how_they_went() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let first = hub.deliver("1").await;
        hub.destination.answer("/", fieldpost_testkit::Answer::status(503));
        let message = hub.keep("2").await;
        let path = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        let second = hub.wait_for(&path, "failed").await;
        let (first, second) = (text(&first["id"]), text(&second["id"]));
        for (query, expected) in [
            ("", vec![second, first]),
            ("sort=oldest", vec![first, second]),
            ("sort=next_attempt", vec![second]),
            ("sort=next_attempt&connection=there", vec![second]),
            ("sort=latest_attempt&connection=there", vec![second]),
            ("states=succeeded,failed&sort=oldest", vec![first, second]),
            ("states=succeeded&state=failed", vec![]),
            ("status=503", vec![second]),
            ("status=2xx", vec![first]),
            ("error_kind=status", vec![second]),
            ("error_kind=timeout", vec![]),
            ("origin=replay", vec![]),
        ] {
            let found = hub.json(&format!("projects/clinic/deliveries?{query}")).await;
            assert_eq!(ids(&found), expected, "{query} on {engine:?}");
            assert_eq!(found["next"], Value::Null, "{query}");
        }
        for sort in ["newest", "oldest", "next_attempt"] {
            let path = format!("projects/clinic/deliveries?sort={sort}&limit=1");
            let page = hub.json(&path).await;
            if let Some(next) = page["next"].as_str() {
                let other = hub.json(&format!("{path}&cursor={next}")).await;
                assert_eq!((ids(&other).len(), &other["next"]), (1, &Value::Null), "{sort}");
                assert_ne!(ids(&other), ids(&page), "{sort}");
            } else {
                assert_eq!(sort, "next_attempt");
            }
        }
    }
}

#[tokio::test]
async fn mistakes_in_a_list_of_deliveries_are_told() {
    let hub = TestHub::start().await;
    for query in [
        "sort=newest_first",
        "sort=next_attempt&source=inbox",
        "sort=latest_attempt&source=inbox",
        "states=failed,gone",
        "states=",
        "status=6",
        "status=xx",
        "status=0xx",
        "status=1000",
        "error_kind=slow",
    ] {
        let refused = hub.get(&format!("projects/clinic/deliveries?{query}")).await;
        problem(refused, 400, "bad-parameter").await;
    }
}
