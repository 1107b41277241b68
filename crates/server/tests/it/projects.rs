//! Projects, and their definitions as a whole.

use reqwest::Method;
use serde_json::json;

use crate::hub::{Engine, SECRET, TestHub, eventually, json_of, problem, text};

#[tokio::test]
async fn a_project_is_made_and_found() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let answer = hub.post("projects", &json!({ "name": "north", "title": "The north" })).await;
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["location"], "/api/v1/projects/north");
        let made = json_of(answer).await;
        assert_eq!((&made["name"], &made["title"]), (&json!("north"), &json!("The north")));
        assert_eq!(hub.json("projects/north").await, made);
        let names: Vec<_> =
            hub.items("projects").await.iter().map(|it| it["name"].clone()).collect();
        assert_eq!(names, ["clinic", "north"]);

        let again = hub.post("projects", &json!({ "name": "north" })).await;
        problem(again, 409, "project-exists").await;
    }
}

#[tokio::test]
async fn mistakes_are_told_with_hints() {
    let hub = TestHub::start().await;
    let told = problem(
        hub.post("projects", &json!({ "name": "Not A Name" })).await,
        422,
        "invalid-definition",
    )
    .await;
    assert_eq!(told["problems"][0]["code"], "bad-name");
    let unknown = hub.post("projects", &json!({ "name": "x", "tite": "y" })).await;
    let told = problem(unknown, 400, "bad-body").await;
    assert!(text(&told["detail"]).contains("tite"), "{told}");
    let cut = hub.request(Method::POST, "projects").body("{\"name\":").send().await.unwrap();
    problem(cut, 400, "bad-body").await;
    problem(hub.get("projects/nowhere").await, 404, "not-found").await;
    let parameter = hub.get("projects?limt=3").await;
    problem(parameter, 400, "unknown-parameter").await;
}

#[tokio::test]
async fn an_address_that_is_not_dialled_is_warned_of() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["connections"]["there"]["url"] = json!("http://169.254.9.8/x");
    let applied = json_of(hub.post("projects/clinic/apply?dry_run=true", &definition).await).await;
    let warnings = applied["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|it| it["code"] == "refused-network").unwrap();
    assert_eq!(warning["path"], "connections.there");
    assert!(text(&warning["message"]).contains("169.254.9.8"), "{warning}");
}

#[tokio::test]
async fn the_audit_log_says_whether_it_was_only_looked_at_and_what_changed() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["connections"]["other"] = json!({ "url": hub.destination.url("/") });
    definition["connections"]["there"]["timeout"] = json!("5s");
    for (query, expected) in [
        ("dry_run=true", json!({ "dry_run": true, "added": 1, "changed": 1 })),
        ("dry_run=1&prune", json!({ "dry_run": true, "prune": true, "added": 1, "changed": 1 })),
        ("dry_run=false", json!({ "dry_run": false, "added": 1, "changed": 1 })),
        ("", json!({})),
    ] {
        let path = format!("projects/clinic/apply?{query}");
        assert_eq!(hub.post(&path, &definition).await.status(), 200, "{query}");
        let entry = hub.items("projects/clinic/audit?limit=1").await.remove(0);
        assert_eq!(entry["detail"], expected, "{query}");
    }
}

#[tokio::test]
async fn applying_tells_the_difference_and_then_makes_it() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let before = hub.json("projects/clinic").await;
        let mut definition = hub.definition();
        definition["title"] = json!("Clinic network");
        definition["connections"]["there"]["timeout"] = json!("5s");
        definition["connections"]["there"]["auth"] = json!({ "bearer": "a-secret-token" });
        definition["forwarders"] = json!({});

        let dry = hub.post("projects/clinic/apply?dry_run=true&prune=true", &definition).await;
        assert_eq!(dry.status(), 200);
        let dry = json_of(dry).await;
        assert_eq!(dry["version"], json!(null));
        let told: Vec<String> = dry["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                format!("{} {} {}", text(&it["action"]), text(&it["kind"]), text(&it["name"]))
            })
            .collect();
        assert_eq!(
            told,
            ["changed project clinic", "changed connection there", "removed forwarder all"]
        );
        let text_of_changes = text(&dry["text"]);
        assert!(text_of_changes.contains("- forwarder all"), "{text_of_changes}");
        assert!(text_of_changes.contains("timeout: 5s"), "{text_of_changes}");
        assert!(!dry.to_string().contains("a-secret-token"));
        assert_eq!(hub.json("projects/clinic").await, before);

        let kept = json_of(hub.post("projects/clinic/apply", &definition).await).await;
        assert_eq!(kept["changes"].as_array().unwrap().len(), 2, "nothing goes without prune");
        let pruned = json_of(hub.post("projects/clinic/apply?prune=1", &definition).await).await;
        assert_eq!(pruned["changes"][0]["action"], "removed");
        let after = hub.json("projects/clinic").await;
        assert_eq!(after["version"], pruned["version"]);
        assert_eq!(after["title"], "Clinic network");
        assert!(hub.items("projects/clinic/forwarders").await.is_empty());
        let nothing = json_of(hub.post("projects/clinic/apply?prune=1", &definition).await).await;
        assert_eq!((&nothing["changes"], &nothing["text"]), (&json!([]), &json!("")));
    }
}

#[tokio::test]
async fn applying_warns_of_what_waits() {
    let hub = TestHub::start().await;
    hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
    hub.keep("{}").await;
    hub.keep("[]").await;
    let mut definition = hub.definition();
    definition["forwarders"] = json!({});
    let told = hub.post("projects/clinic/apply?dry_run=1&prune=1", &definition).await;
    let told = json_of(told).await;
    assert_eq!(told["waiting"], json!([{ "forwarder": "all", "deliveries": 2 }]));
    hub.apply(definition).await;
    let cancelled = hub.items("projects/clinic/deliveries?state=cancelled").await;
    assert_eq!(cancelled.len(), 2);
}

#[tokio::test]
async fn a_file_that_is_wrong_is_refused_with_all_its_mistakes() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["forwarders"]["all"]["metod"] = json!("POST");
    definition["sources"]["inbox"]["dialct"] = json!("json");
    definition["forwarders"]["stray"] = json!({ "to": "nowhere" });
    let told =
        problem(hub.post("projects/clinic/apply", &definition).await, 422, "invalid-definition")
            .await;
    let paths: Vec<&str> =
        told["problems"].as_array().unwrap().iter().map(|it| text(&it["path"])).collect();
    let all = ["sources.inbox.dialct", "forwarders.all.metod", "forwarders.stray.to"];
    assert_eq!(paths, all, "names that lead nowhere are told as well");
    assert!(told["problems"][0]["hint"].is_string());

    // What a forwarder refers to is looked for on the hub as well.
    let mut definition = hub.definition();
    definition["forwarders"]["all"]["to"] = json!("nowhere");
    let dangling = hub.post("projects/clinic/apply", &definition).await;
    let told = problem(dangling, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["path"], "forwarders.all.to");
    assert_eq!(told["problems"][0]["code"], "unknown-connection");
    let known = text(&hub.definition()["forwarders"]["all"]["to"]).to_owned();
    let more = json!({
        "project": "clinic",
        "forwarders": { "more": { "on": "message", "to": known, "paused": true } },
    });
    let applied = json_of(hub.post("projects/clinic/apply", &more).await).await;
    assert_eq!(applied["changes"].as_array().unwrap().len(), 1, "{applied}");

    let other = hub.post("projects/north/apply", &hub.definition()).await;
    let told = problem(other, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["path"], "project");
    let no_json = hub.request(Method::POST, "projects/clinic/apply").body("project: clinic");
    problem(no_json.send().await.unwrap(), 400, "json-syntax").await;
    let switch = hub.post("projects/clinic/apply?prune=maybe", &hub.definition()).await;
    problem(switch, 400, "bad-parameter").await;
}

#[tokio::test]
async fn an_export_can_be_applied_again_and_shows_no_secret() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["connections"]["there"]["auth"] = json!({ "bearer": "a-secret-token" });
    definition["forwarders"]["all"]["match"] = json!({ "n": 1.50 });
    hub.apply(definition).await;

    let answer = hub.get("projects/clinic/export").await;
    assert_eq!(answer.headers()["content-type"], "application/yaml");
    let yaml = answer.text().await.unwrap();
    assert!(yaml.starts_with("project: clinic\n"), "{yaml}");
    assert!(!yaml.contains("a-secret-token") && !yaml.contains(SECRET), "{yaml}");

    let exported = hub.get("projects/clinic/export?format=json").await.text().await.unwrap();
    let answer = hub.request(Method::POST, "projects/clinic/apply").body(exported);
    let applied = json_of(answer.send().await.unwrap()).await;
    assert_eq!(applied["changes"], json!([]));
    hub.keep("{}").await;

    problem(hub.get("projects/clinic/export?format=xml").await, 400, "bad-parameter").await;
    problem(hub.get("projects/nowhere/export").await, 404, "not-found").await;
}

#[tokio::test]
async fn a_project_file_is_applied_as_yaml_too() {
    let hub = TestHub::start_on(Engine::Sqlite).await;
    let apply = async |text: &str| {
        hub.request(Method::POST, "projects/clinic/apply?dry_run=true")
            .header("content-type", "application/yaml; charset=utf-8")
            .body(text.to_owned())
            .send()
            .await
            .unwrap()
    };
    let exported = hub.request(Method::GET, "projects/clinic/export").send().await.unwrap();
    let same = apply(&exported.text().await.unwrap()).await;
    assert_eq!(same.status(), 200);
    assert_eq!(json_of(same).await["changes"], json!([]), "what was exported changes nothing");

    let broken = apply("project: clinic\ntitle: [\n").await;
    let told = problem(broken, 422, "invalid-definition").await;
    assert!(told.to_string().contains("line 2, column 8"), "{told}");
    // The environment of the hub is not for those who may send project files.
    let curious = apply("project: clinic\ntitle: ${PATH}\n").await;
    let told = problem(curious, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["path"], "title");
}

#[tokio::test]
async fn the_status_names_the_hubs_that_are_there() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let hubs = eventually("the hub has told of itself", async || {
            let hubs = hub.json("status").await["hubs"].as_array().unwrap().clone();
            (!hubs.is_empty()).then_some(hubs)
        })
        .await;
        assert_eq!(hubs.len(), 1, "{hubs:?}");
        let seen = &hubs[0];
        assert_eq!((&seen["is_there"], &seen["is_this_one"]), (&json!(true), &json!(true)));
        assert!(text(&seen["id"]).ends_with("/1"), "{seen}");
        assert_eq!((&seen["lanes"], &seen["calls"]), (&json!(0), &json!(0)));
        assert!(seen["version"].is_string() && seen["started_at"].is_string(), "{seen}");
        assert!(seen["seen_at"].as_str() >= seen["started_at"].as_str(), "{seen}");
    }
}
