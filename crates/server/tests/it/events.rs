//! What happens, live.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::Response;
use serde_json::{Value, json};

use crate::filed;
use crate::hub::{Engine, TestHub, json_of, problem, text};

/// Reads events as they come.
struct Events {
    answer: std::pin::Pin<Box<dyn futures_util::Stream<Item = Option<String>> + Send>>,
    read: String,
}

impl Events {
    fn new(answer: Response) -> Self {
        let pieces = answer
            .bytes_stream()
            .map(|piece| piece.ok().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()));
        Self { answer: Box::pin(pieces), read: String::new() }
    }

    /// The name and the data of the next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .map(|text| text.trim().to_owned())
                };
                let found = field("event:").zip(field("data:"));
                self.read = rest.to_owned();
                if let Some((name, data)) = found {
                    return Some((name, serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let piece = tokio::time::timeout(Duration::from_secs(20), self.answer.next());
            self.read += &piece.await.expect("an event comes")??;
        }
    }
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.post("projects", &json!({ "name": "north" })).await;
        let answer = hub.get("projects/clinic/events").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut events = Events::new(answer);
        let mut elsewhere = Events::new(hub.get("projects/north/events").await);

        let delivery = hub.deliver("{}").await;
        let (name, data) = events.next().await.unwrap();
        assert_eq!(name, "message");
        assert_eq!(data, json!({ "id": delivery["payload_id"], "state": "kept" }));
        for state in ["pending", "succeeded"] {
            let (name, data) = events.next().await.unwrap();
            assert_eq!(name, "delivery");
            assert_eq!(data, json!({ "id": delivery["id"], "state": state }));
        }

        // What somebody does comes with its entry in the log.
        hub.post("projects/clinic/connections/there/pause", &json!({})).await;
        let entry = hub.items("projects/clinic/audit?limit=1").await.remove(0);
        loop {
            let (name, data) = events.next().await.unwrap();
            if name == "audit" {
                assert_eq!(data, json!({ "id": entry["id"] }));
                break;
            }
            assert_eq!(name, "configuration");
        }

        // The stream ends with the server, and had nothing to tell of another project.
        hub.shutdown.cancel();
        assert_eq!(events.next().await, None);
        assert_eq!(elsewhere.next().await, None);
    }
}

#[tokio::test]
async fn a_project_that_is_not_there_has_no_events() {
    let hub = TestHub::start().await;
    problem(hub.get("projects/nowhere/events").await, 404, "not-found").await;
}

/// The log is for admins; so is the news of it.
#[tokio::test]
async fn who_may_not_read_the_audit_log_hears_nothing_of_it() {
    let hub = TestHub::start().await;
    let listen = async |access: &str| {
        let body = json!({ "name": access, "access": access });
        let token = json_of(hub.post("projects/clinic/tokens", &body).await).await;
        let request = hub.client.get(hub.url("/api/v1/projects/clinic/events"));
        let answer = request.bearer_auth(text(&token["token"])).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Events::new(answer)
    };
    let (mut editor, mut admin) = (listen("editor").await, listen("admin").await);
    hub.post("projects/clinic/connections/there/pause", &json!({})).await;
    hub.keep("1").await;
    let until_message = async |events: &mut Events| {
        let mut names = Vec::new();
        loop {
            let (name, _) = events.next().await.unwrap();
            if name == "message" {
                return names;
            }
            names.push(name);
        }
    };
    assert_eq!(until_message(&mut editor).await, ["configuration"]);
    let mut heard = until_message(&mut admin).await;
    heard.sort_unstable();
    assert_eq!(heard.last().map(String::as_str), Some("configuration"), "{heard:?}");
    assert!(heard.contains(&"audit".to_owned()), "{heard:?}");
}

#[tokio::test]
async fn what_a_form_brings_is_told() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = filed::hub(engine).await;
        let mut events = Events::new(hub.get("projects/clinic/events").await);
        let case = filed::create("Ann", "household", "Kibera");
        filed::submit_case(&hub, "f-1", "c 1", &case).await;
        let mut told = Vec::new();
        while told.len() < 2 {
            let (name, data) = events.next().await.unwrap();
            if name == "submission" || name == "case" {
                told.push((name, data));
            }
        }
        let submission = hub.items("projects/clinic/submissions").await.remove(0);
        let of_submission = json!({ "id": submission["id"], "form": submission["form"] });
        assert_eq!(told[0], ("submission".to_owned(), of_submission));
        assert_eq!(told[1], ("case".to_owned(), json!({ "id": "c 1", "type": "household" })));
    }
}
