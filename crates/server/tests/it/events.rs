//! What happens, live.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::Response;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, problem};

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
