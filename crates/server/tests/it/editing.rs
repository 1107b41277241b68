//! Two editors at one definition: none overwrites the other without a word.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, json_of, problem, text};

/// A request with conditions.
async fn ask(
    hub: &TestHub,
    method: Method,
    path: &str,
    condition: (&str, &str),
    body: Option<&Value>,
) -> Response {
    let mut request = hub.request(method, path).header(condition.0, condition.1);
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    request.send().await.unwrap()
}

fn tag(answer: &Response) -> String {
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag} is strong");
    tag
}

/// A definition as an editor sees it, with its tag.
async fn open(hub: &TestHub, path: &str) -> (String, Value) {
    let answer = hub.get(path).await;
    assert_eq!(answer.status(), 200);
    let tag = tag(&answer);
    (tag, json_of(answer).await["definition"].clone())
}

#[tokio::test]
async fn the_slower_of_two_editors_is_told() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        check(&hub, "sources/inbox", "enabled", json!(false)).await;
        check(&hub, "connections/there", "timeout", json!("7s")).await;
        check(&hub, "forwarders/all", "paused", json!(true)).await;
    }
}

async fn check(hub: &TestHub, definition: &str, key: &str, value: Value) {
    let path = &format!("projects/clinic/{definition}");
    let (seen, mut wanted) = open(hub, path).await;
    assert_eq!(open(hub, path).await.0, seen, "it is the same as long as nobody saves it");
    wanted[key] = value.clone();
    let saved = ask(hub, Method::PUT, path, ("if-match", &seen), Some(&wanted)).await;
    assert_eq!(saved.status(), 200);
    let newest = tag(&saved);
    assert_ne!(newest, seen);
    assert_eq!(open(hub, path).await, (newest.clone(), wanted.clone()));

    // The other one saw it as it was before.
    wanted.as_object_mut().unwrap().remove(key);
    let late = ask(hub, Method::PUT, path, ("if-match", &seen), Some(&wanted)).await;
    let told = problem(late, 412, "changed-meanwhile").await;
    assert!(text(&told["hint"]).starts_with("get it again"), "{told}");
    let gone = ask(hub, Method::DELETE, path, ("if-match", &seen), None).await;
    problem(gone, 412, "changed-meanwhile").await;
    let (kept, stored) = open(hub, path).await;
    assert_eq!((kept, &stored[key]), (newest.clone(), &value), "nothing was changed");

    // What is saved elsewhere in the project leaves the tag as it is.
    let other =
        hub.put(&format!("projects/clinic/sources/{key}"), &json!({ "dialect": "raw" })).await;
    assert_eq!(other.status(), 201);
    assert_ne!(tag(&other), newest);
    let again = ask(hub, Method::PUT, path, ("if-match", &newest), Some(&wanted)).await;
    assert_eq!(again.status(), 200);
    let any = ask(hub, Method::PUT, path, ("if-match", "*"), Some(&wanted)).await;
    assert_eq!(any.status(), 200);
}

#[tokio::test]
async fn what_is_made_anew_overwrites_nothing() {
    let hub = TestHub::start().await;
    let path = "projects/clinic/connections/there";
    let body = json!({ "url": hub.destination.url("/else") });
    let twice = ask(&hub, Method::PUT, path, ("if-none-match", "*"), Some(&body)).await;
    problem(twice, 412, "exists-already").await;
    let new = "projects/clinic/connections/new";
    let made = ask(&hub, Method::PUT, new, ("if-none-match", "*"), Some(&body)).await;
    assert_eq!(made.status(), 201);
    let seen = tag(&made);
    assert_eq!(open(&hub, new).await.0, seen);

    // Pausing is a change like any other: a form that was opened before would undo it.
    let paused = hub.post(&format!("{new}/pause"), &json!({})).await;
    let paused_tag = tag(&paused);
    assert_ne!(paused_tag, seen);
    let late = ask(&hub, Method::PUT, new, ("if-match", &seen), Some(&body)).await;
    problem(late, 412, "changed-meanwhile").await;

    let removed = ask(&hub, Method::DELETE, new, ("if-match", &paused_tag), None).await;
    assert_eq!(removed.status(), 204);
    for condition in [("if-match", paused_tag.as_str()), ("if-match", "*")] {
        let late = ask(&hub, Method::PUT, new, condition, Some(&body)).await;
        let told = problem(late, 412, "changed-meanwhile").await;
        assert_eq!(told["detail"], "there is no connection \"new\" any more");
    }
    let anew = ask(&hub, Method::PUT, new, ("if-none-match", "*"), Some(&body)).await;
    assert_eq!(anew.status(), 201);
    assert_ne!(tag(&anew), seen, "what is made anew is another one");
    let unquoted = ask(&hub, Method::PUT, new, ("if-match", "17"), Some(&body)).await;
    problem(unquoted, 400, "bad-condition").await;
}

#[tokio::test]
async fn a_tag_tells_nothing_of_a_secret() {
    let tags = async |password: &str| {
        let hub = TestHub::start().await;
        let body = json!({
            "url": "https://play.example.org/",
            "auth": { "basic": { "username": "ann", "password": password } },
        });
        let path = "projects/clinic/connections/dhis2";
        let made = tag(&hub.put(path, &body).await);
        (made, tag(&hub.put(path, &body).await))
    };
    let (first, second) = tags("hidden-one").await;
    assert_ne!(first, second, "each save has its own");
    assert_eq!((first, second), tags("hidden-two").await);
}
