//! Sources, connections and forwarders, one by one.

use serde_json::json;

use crate::hub::{Engine, SECRET, TestHub, WEBHOOK, json_of, problem, text};

#[tokio::test]
async fn a_source_shows_its_address_without_the_secret() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.public_url = Some("https://hub.example.org/".to_owned());
    })
    .await;
    let source = hub.json("projects/clinic/sources/inbox").await;
    assert_eq!(source["inbox_url"], "https://hub.example.org/inbox/•••••••");
    assert_eq!(source["webhook_url"], format!("https://hub.example.org/i/{WEBHOOK}"));
    assert_eq!((&source["dialect"], &source["enabled"]), (&json!("json"), &json!(true)));
    let list = hub.get("projects/clinic/sources").await.text().await.unwrap();
    assert!(!list.contains(SECRET) && !source.to_string().contains(SECRET));

    let urls = hub.json("projects/clinic/sources/inbox/urls").await;
    assert_eq!(
        urls,
        json!({
            "inbox": format!("https://hub.example.org/inbox/{SECRET}"),
            "webhook": format!("https://hub.example.org/i/{WEBHOOK}"),
            "custom": "https://hub.example.org/i/clinic/intake",
        })
    );
    problem(hub.get("projects/clinic/sources/nothing").await, 404, "not-found").await;
    problem(hub.get("projects/clinic/sources/nothing/urls").await, 404, "not-found").await;
}

#[tokio::test]
async fn links_never_follow_the_host_header() {
    let hub = TestHub::start().await;
    let request = hub.request(reqwest::Method::GET, "projects/clinic/sources/inbox/urls");
    let urls = request.header("host", "evil.example.org").send().await.unwrap();
    let urls = json_of(urls).await;
    assert_eq!(urls["inbox"], format!("/inbox/{SECRET}"));
}

#[tokio::test]
async fn a_source_is_made_replaced_and_removed() {
    let hub = TestHub::start().await;
    let path = "projects/clinic/sources/raw";
    let made = hub.put(path, &json!({ "dialect": "raw" })).await;
    assert_eq!(made.status(), 201);
    let urls = hub.json(&format!("{path}/urls")).await;
    let secret = text(&urls["inbox"]).strip_prefix("/inbox/").unwrap().to_owned();
    assert_eq!(secret.len(), 32);
    assert_eq!(hub.send(&secret, "anything").await.status(), 200);

    // What the page shows can be given back with one thing changed: the address stays.
    let mut definition = hub.json(path).await["definition"].clone();
    assert_eq!(definition["secret"], "•••••••");
    definition["enabled"] = json!(false);
    let replaced = hub.put(path, &definition).await;
    assert_eq!(replaced.status(), 200);
    assert_eq!(json_of(replaced).await["enabled"], false);
    assert_eq!(hub.json(&format!("{path}/urls")).await, urls);

    let wrong = hub.put(path, &json!({ "dialect": "jsn" })).await;
    problem(wrong, 422, "invalid-definition").await;
    assert_eq!(hub.delete(path).await.status(), 204);
    problem(hub.delete(path).await, 404, "not-found").await;
    problem(hub.send(&secret, "anything").await, 404, "unknown-inbox").await;
    problem(hub.delete("projects/clinic/sources/inbox").await, 409, "in-use").await;
}

#[tokio::test]
async fn a_connection_is_made_replaced_and_removed() {
    let hub = TestHub::start().await;
    let path = "projects/clinic/connections/dhis2";
    let definition = json!({
        "url": "https://play.example.org/api?token=hidden-token",
        "auth": { "basic": { "username": "admin", "password": "hidden-password" } },
    });
    let made = hub.put(path, &definition).await;
    assert_eq!(made.status(), 201);
    let made = json_of(made).await;
    assert!(!made.to_string().contains("hidden-"), "{made}");
    assert_eq!(made["url"], "https://play.example.org/api?token=•••••••");
    let mut shown = made["definition"].clone();
    assert_eq!(shown["auth"]["basic"]["password"], "•••••••");
    shown["timeout"] = json!("5s");
    assert_eq!(hub.put(path, &shown).await.status(), 200);
    let (_, stored) = hub.hub.definition("clinic").await.unwrap();
    let stored = stored.connections.iter().find(|one| one.name == "dhis2").unwrap();
    assert!(stored.url.ends_with("hidden-token"));
    assert_eq!(stored.timeout, std::time::Duration::from_secs(5));

    assert_eq!(hub.items("projects/clinic/connections").await.len(), 2);
    problem(hub.put(path, &json!({})).await, 422, "invalid-definition").await;
    assert_eq!(hub.delete(path).await.status(), 204);
    problem(hub.get(path).await, 404, "not-found").await;
    problem(hub.delete("projects/clinic/connections/there").await, 409, "in-use").await;
    problem(hub.get("projects/nowhere/connections").await, 404, "not-found").await;
}

/// The places and codes of what is told of a definition that is wrong.
async fn told(answer: reqwest::Response) -> Vec<(String, String)> {
    let told = problem(answer, 422, "invalid-definition").await;
    let problems = told["problems"].as_array().unwrap().iter();
    problems.map(|it| (text(&it["path"]).to_owned(), text(&it["code"]).to_owned())).collect()
}

fn again(path: &str) -> (String, String) {
    (path.to_owned(), "secret-must-be-given-again".to_owned())
}

#[tokio::test]
async fn nobody_has_a_stored_secret_sent_to_himself() {
    let hub = TestHub::start().await;
    let mut project = hub.definition();
    project["connections"]["there"]["auth"] =
        json!({ "basic": { "username": "ann", "password": "hidden-password" } });
    project["forwarders"]["all"]["headers"] = json!({ "x-token": "hidden-token" });
    hub.apply(project.clone()).await;
    let path = "projects/clinic/connections/there";
    let password = again("connections.there.auth.basic.password");
    let token = again("forwarders.all.headers.x-token");

    let mut moved = hub.json(path).await["definition"].clone();
    moved["url"] = json!("https://evil.example/");
    assert_eq!(told(hub.put(path, &moved).await).await, [password.clone(), token.clone()]);
    let mut unverified = hub.json(path).await["definition"].clone();
    unverified["tls"] = json!({ "skip_verification": true });
    assert_eq!(told(hub.put(path, &unverified).await).await, [password.clone(), token.clone()]);

    // A file that names the connection only, and one that names both.
    let file = json!({ "project": "clinic", "connections": { "there": moved } });
    let answer = hub.post("projects/clinic/apply", &file).await;
    assert_eq!(told(answer).await, [password.clone(), token.clone()]);
    let mut whole = hub.json("projects/clinic/export?format=json").await;
    whole["connections"]["there"]["url"] = json!("https://evil.example/");
    let answer = hub.post("projects/clinic/apply?prune=1", &whole).await;
    assert_eq!(told(answer).await, [password, token.clone()]);

    // A forwarder that is turned to another connection.
    let evil = "projects/clinic/connections/evil";
    assert_eq!(hub.put(evil, &json!({ "url": "https://evil.example/" })).await.status(), 201);
    let forwarder = "projects/clinic/forwarders/all";
    let mut turned = hub.json(forwarder).await["definition"].clone();
    turned["to"] = json!("evil");
    assert_eq!(told(hub.put(forwarder, &turned).await).await, [token]);

    // Who knows the secrets may send them where he wants.
    project["connections"]["there"]["url"] = json!("https://elsewhere.example/");
    hub.apply(project).await;
}

#[tokio::test]
async fn the_api_reads_no_files() {
    let hub = TestHub::start().await;
    let path = "projects/clinic/connections/dhis2";
    let definition = json!({ "url": "https://a", "tls": { "ca": "/etc/passwd" } });
    let expected = [("connections.dhis2.tls.ca".to_owned(), "bad-pem".to_owned())];
    assert_eq!(told(hub.put(path, &definition).await).await, expected);
    let file = json!({ "project": "clinic", "connections": { "dhis2": definition } });
    assert_eq!(told(hub.post("projects/clinic/apply", &file).await).await, expected);
}

#[tokio::test]
async fn what_is_in_use_says_by_what() {
    let hub = TestHub::start().await;
    let in_use = hub.delete("projects/clinic/connections/there").await;
    let told = problem(in_use, 409, "in-use").await;
    assert!(text(&told["detail"]).contains("used by the forwarder all"), "{told}");

    let mut pruned = hub.definition();
    pruned["connections"] = json!({});
    let answer = hub.post("projects/clinic/apply?prune=1", &pruned).await;
    let told = problem(answer, 422, "invalid-definition").await;
    let problem = &told["problems"][0];
    assert_eq!(
        (&problem["path"], &problem["code"]),
        (&json!("forwarders.all.to"), &json!("unknown-connection"))
    );
    assert!(text(&problem["hint"]).contains("pruning would remove it"), "{told}");
}

// MUST-14
#[tokio::test]
async fn a_forwarder_is_made_paused_resumed_and_removed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let path = "projects/clinic/forwarders/births";
        let definition = json!({ "from": "inbox", "match": { "form": "births" }, "to": "there" });
        let made = hub.put(path, &definition).await;
        assert_eq!(made.status(), 201);
        let made = json_of(made).await;
        assert_eq!(made["definition"], definition);
        assert_eq!((&made["on"], &made["from"]), (&json!("message"), &json!("inbox")));

        let paused = json_of(hub.post(&format!("{path}/pause"), &json!({})).await).await;
        assert_eq!(paused["paused"], true);
        let message = hub.keep(r#"{"form": "births"}"#).await;
        let shown = hub.json(path).await;
        assert_eq!(shown["deliveries"], json!({ "pending": 1 }));
        let deliveries = format!(
            "projects/clinic/deliveries?forwarder=births&payload_id={}",
            text(&message["id"])
        );
        hub.wait_for(&deliveries, "pending").await;
        let resumed = json_of(hub.post(&format!("{path}/resume"), &json!({})).await).await;
        assert_eq!(resumed["paused"], false);
        hub.wait_for(&deliveries, "succeeded").await;
        assert_eq!(hub.json(path).await["deliveries"], json!({}));

        let wrong = hub.put(path, &json!({ "to": "nowhere" })).await;
        problem(wrong, 422, "invalid-definition").await;
        assert_eq!(hub.delete(path).await.status(), 204);
        problem(hub.get(path).await, 404, "not-found").await;
        let pause = hub.post(&format!("{path}/pause"), &json!({})).await;
        problem(pause, 404, "not-found").await;
        assert_eq!(hub.items("projects/clinic/forwarders").await.len(), 1);
    }
}

#[tokio::test]
async fn a_filter_is_tried_before_it_is_saved() {
    let hub = TestHub::start().await;
    for number in 0..5 {
        hub.keep(&format!(r#"{{"form": "births", "n": {number}.0}}"#)).await;
    }
    hub.keep(r#"{"form": "deaths"}"#).await;
    hub.send(SECRET, "no json").await;
    let path = "projects/clinic/filters/try";
    let trial = async |body: serde_json::Value| json_of(hub.post(path, &body).await).await;

    let found = trial(json!({ "match": { "form": "births" } })).await;
    assert_eq!(
        (&found["looked_at"], &found["matched"], &found["unreadable"]),
        (&json!(7), &json!(5), &json!(1))
    );
    assert_eq!(found["examples"].as_array().unwrap().len(), 5);
    let found = trial(json!({ "match": { "n": 3 }, "from": "inbox" })).await;
    assert_eq!(found["matched"], 1);
    // The others are births, but of another number; what is no birth is further away.
    let found = trial(json!({ "match": { "form": "births", "n": 9 } })).await;
    let near = found["near"].as_array().unwrap();
    let reasons: Vec<_> = near
        .iter()
        .map(|miss| &miss["conditions"][1])
        .map(|it| (&it["found"], &it["holds"]))
        .collect();
    assert_eq!(
        reasons,
        [
            (&json!("4.0"), &json!(false)),
            (&json!("3.0"), &json!(false)),
            (&json!("2.0"), &json!(false))
        ]
    );
    let found = trial(json!({ "unless": { "form": "births" }, "last": 3 })).await;
    assert_eq!((&found["looked_at"], &found["matched"]), (&json!(3), &json!(1)));
    let wrong = hub.post(path, &json!({ "mach": {} })).await;
    problem(wrong, 422, "invalid-definition").await;
    let nowhere = hub.post("projects/nowhere/filters/try", &json!({})).await;
    problem(nowhere, 404, "not-found").await;
}

/// What waits stays in the order that it was kept in: whoever saves another one is told.
#[tokio::test]
async fn saving_a_forwarder_with_another_order_warns_of_what_waits() {
    let hub = TestHub::start().await;
    let path = "projects/clinic/forwarders/all";
    let mut definition = hub.json(path).await["definition"].clone();
    definition["paused"] = json!(true);
    assert_eq!(json_of(hub.put(path, &definition).await).await["warnings"], json!([]));
    assert_eq!(hub.send(SECRET, r#"{"a": 1}"#).await.status(), 200);
    definition["order_by"] = json!("connection");
    let saved = json_of(hub.put(path, &definition).await).await;
    assert_eq!(saved["warnings"][0]["code"], "waits-in-another-order", "{saved}");
    assert_eq!(hub.json(path).await["warnings"], json!([]), "it is told to whoever saves it");
}

#[tokio::test]
async fn who_may_come_in_is_kept_and_never_shown() {
    let hub = TestHub::start().await;
    let source = "projects/clinic/sources/collect";
    let definition = json!({ "dialect": "openrosa", "access": ["phones"] });
    let refused = problem(hub.put(source, &definition).await, 422, "invalid-definition").await;
    assert_eq!(refused["problems"][0]["code"], "unknown-api-access");

    let settings = "projects/clinic/settings";
    let keys = json!({ "api_access": { "phones": { "secret": "hidden-secret-of-phones" } } });
    assert_eq!(hub.put(settings, &keys).await.status(), 200);
    assert_eq!(hub.put(source, &definition).await.status(), 201);
    let shown = hub.json(settings).await;
    assert_eq!(shown["api_access"]["phones"]["secret"], "•••••••");
    assert_eq!(hub.put(settings, &shown).await.status(), 200);
    let (_, stored) = hub.hub.definition("clinic").await.unwrap();
    assert_eq!(stored.settings.api_access[0].secret.expose(), "hidden-secret-of-phones");

    // A key that a source names cannot go alone, and its paths have one owner.
    let refused = problem(hub.put(settings, &json!({})).await, 422, "invalid-definition").await;
    assert_eq!(refused["problems"][0]["path"], "sources.collect.access[0]");
    let other = json!({ "dialect": "openrosa", "access": "anonymous" });
    let second = hub.put("projects/clinic/sources/others", &other).await;
    let refused = problem(second, 422, "invalid-definition").await;
    assert_eq!(refused["problems"][0]["code"], "duplicate-value");
    assert_eq!(hub.put(source, &other).await.status(), 200);
}
