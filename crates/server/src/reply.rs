//! Answers of webhooks: at once with the id of the run, or with what the run has left.
//!
//! | how the run ended | status | `data` |
//! |---|---|---|
//! | well | `success_code`, 201 unless set | its final state, or the `body` of `webhookResponse` |
//! | well, with a `status` in `webhookResponse` | that one | the same |
//! | well, with a `webhookResponse` that is none | `success_code` | a sentence that says so |
//! | not well | `error_code`, 201 unless set | a sentence, and nothing of the state |
//! | not within the time of the setting, or it cannot be read | 504 | none: `{"error": "timeout", …}` |
//!
//! Beside `data` stands `meta`, with the ids, the state and the times of the run. What has the status 204
//! or 304 has no body. The run goes on wherever it does, whether or not anybody waits for it still.

use axum::body::Body;
use axum::response::Response;
use fieldpost_engine::{HubError, ReceivedRun, RunAnswer};
use fieldpost_model::run::{Run, RunState};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::Reply;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::app::App;

const WORK_ORDER_ID: HeaderName = HeaderName::from_static("x-meta-work-order-id");
const RUN_ID: HeaderName = HeaderName::from_static("x-meta-run-id");
/// Statuses whose answers have no body.
const BODILESS: [StatusCode; 2] = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];

/// Answers a request that was kept: with what the first run that answers has left, or at once.
pub(crate) async fn answer(
    app: &App,
    project: &str,
    message: Uuid,
    runs: &[ReceivedRun],
) -> Response {
    let replying = runs.iter().find_map(|run| Some((run.id, run.reply?)));
    match replying {
        Some((run, reply)) => completed(app, project, run, reply).await,
        None => at_once(message, runs.first().map(|run| run.id)),
    }
}

/// What is answered where nobody waits: the id of the run, or of the message where it set off none.
fn at_once(message: Uuid, run: Option<Uuid>) -> Response {
    let order = run.unwrap_or(message);
    let body = serde_json::json!({ "work_order_id": order.to_string() });
    let mut response = json(StatusCode::OK, body.to_string());
    name_run(response.headers_mut(), order, run);
    response
}

/// Waits for a run, and answers with what it has left.
async fn completed(app: &App, project: &str, run: Uuid, reply: Reply) -> Response {
    let waiting = app.hub.await_run(project, run, app.settings.reply_timeout);
    let ended = tokio::select! {
        ended = waiting => ended,
        // The connection is about to be closed.
        () = app.stopping.cancelled() => Ok(None),
    };
    told(run, ended, reply)
}

/// What is answered to whom waited. The message is kept, whatever could not be read since then: who waited
/// must not send it again, and is told what is told where the run takes too long.
fn told(run: Uuid, ended: Result<Option<RunAnswer>, HubError>, reply: Reply) -> Response {
    let ended = ended.unwrap_or_else(|error| {
        tracing::warn!(%error, %run, "what run {run} has left could not be read for its sender");
        None
    });
    let mut response = match ended {
        Some(answer) => ended_with(&answer, reply),
        None => too_late(run),
    };
    name_run(response.headers_mut(), run, Some(run));
    response
}

fn too_late(run: Uuid) -> Response {
    let body = serde_json::json!({
        "error": "timeout",
        "message": "Workflow did not complete within timeout period",
        "work_order_id": run.to_string(),
    });
    json(StatusCode::GATEWAY_TIMEOUT, body.to_string())
}

/// The body of an answer.
#[derive(Serialize)]
struct Answered<'a> {
    data: &'a RawValue,
    meta: Meta<'a>,
}

/// What is told of the run, by OpenFn's names.
#[derive(Serialize)]
struct Meta<'a> {
    work_order_id: Uuid,
    run_id: Uuid,
    state: &'static str,
    error_type: Option<&'a str>,
    inserted_at: String,
    started_at: Option<String>,
    /// A run is begun when it is claimed.
    claimed_at: Option<String>,
    finished_at: Option<String>,
}

/// What a job may put into its state to answer the sender.
#[derive(Deserialize)]
struct WebhookResponse {
    status: Option<serde_json::Number>,
    body: Option<Box<RawValue>>,
}

fn ended_with(answer: &RunAnswer, reply: Reply) -> Response {
    let RunAnswer { run, final_state, webhook_response } = answer;
    let (status, data) = if run.state == RunState::Success {
        match webhook_response.as_deref().map(read) {
            None => (None, final_state.as_deref().map_or_else(nothing, raw)),
            Some(Ok((status, body))) => (status, body.unwrap_or_else(nothing)),
            Some(Err(what)) => (
                None,
                message(&format!("Run completed, but webhook_response was malformed: {what}")),
            ),
        }
    } else {
        let state = run.state;
        let told = format!(
            "Run completed with status: {state}. What it has left is not sent, since it ended with \
             an error; look at the run in Fieldpost."
        );
        (None, message(&told))
    };
    let code = if run.state == RunState::Success { reply.success_code } else { reply.error_code };
    let status = status.or_else(|| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::CREATED);
    if BODILESS.contains(&status) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        return response;
    }
    let body = Answered { data: &data, meta: meta(run) };
    json(status, serde_json::to_string(&body).unwrap_or_default())
}

/// Reads a `webhookResponse`: the status and the body that are to be answered with.
fn read(text: &[u8]) -> Result<(Option<StatusCode>, Option<Box<RawValue>>), &'static str> {
    let WebhookResponse { status, body } =
        serde_json::from_slice(text).map_err(|_| "it is no object with a number as `status`")?;
    let status = match status {
        None => None,
        Some(number) => {
            let code = number.as_u64().and_then(|code| u16::try_from(code).ok());
            let code = code.filter(|code| (200..=599).contains(code));
            let status = code.and_then(|code| StatusCode::from_u16(code).ok());
            Some(status.ok_or("`status` is no status from 200 to 599")?)
        }
    };
    if body.as_ref().is_some_and(|body| !body.get().starts_with('{') && body.get() != "null") {
        return Err("`body` is no object");
    }
    Ok((status, body))
}

fn meta(run: &Run) -> Meta<'_> {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    Meta {
        work_order_id: run.id,
        run_id: run.id,
        state: run.state.name(),
        error_type: run.error_type.as_deref(),
        inserted_at: run.registered_at.to_string(),
        started_at: time(run.started_at),
        claimed_at: time(run.started_at),
        finished_at: time(run.finished_at),
    }
}

fn message(text: &str) -> Box<RawValue> {
    to_raw_value(&serde_json::json!({ "message": text })).unwrap_or_else(|_| nothing())
}

/// JSON as it is; what is none is nothing.
fn raw(text: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(text).unwrap_or_else(|_| nothing())
}

fn nothing() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// Names the run in the headers that OpenFn's clients read.
fn name_run(headers: &mut HeaderMap, order: Uuid, run: Option<Uuid>) {
    let named = [(WORK_ORDER_ID, Some(order)), (RUN_ID, run)];
    for (name, id) in named.into_iter().filter_map(|(name, id)| Some((name, id?))) {
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            headers.insert(name, id);
        }
    }
}

fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fieldpost_model::run::{RunInput, RunOrigin};
    use fieldpost_store::StoreError;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    fn ended(state: RunState, final_state: &str, response: Option<&str>) -> RunAnswer {
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let time = Timestamp(1_000_000);
        let run = Run {
            id: Uuid::from_u128(7),
            workflow: "register".to_owned(),
            version: 3,
            state,
            origin: RunOrigin::Event,
            input: RunInput::Message,
            input_id: None,
            message: None,
            key: None,
            retry_of: None,
            from_step: None,
            by: None,
            registered_at: time,
            started_at: Some(time),
            finished_at: Some(time),
            next_at: None,
            error_type: (state != RunState::Success).then(|| "JobError".to_owned()),
            error_message: None,
            error_step: None,
            error_place: None,
        };
        RunAnswer {
            run,
            final_state: Some(bytes(final_state)),
            webhook_response: response.map(bytes),
        }
    }

    async fn check(answer: RunAnswer, reply: (u16, u16), status: u16, data: Option<&str>) -> Value {
        let reply = Reply { success_code: reply.0, error_code: reply.1 };
        let response = ended_with(&answer, reply);
        assert_eq!(response.status().as_u16(), status);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let Some(data) = data else {
            assert!(body.is_empty());
            return Value::Null;
        };
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.starts_with(&format!("{{\"data\":{data}")), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[tokio::test]
    async fn a_run_answers_with_what_it_has_left() {
        let good = |response| ended(RunState::Success, r#"{"data":1.10}"#, response);
        let told = check(good(None), (201, 422), 201, Some(r#"{"data":1.10}"#)).await;
        let time = "1970-01-01T00:00:01.000000Z";
        let id = Uuid::from_u128(7).to_string();
        let meta = json!({
            "work_order_id": id, "run_id": id, "state": "success", "error_type": null,
            "inserted_at": time, "started_at": time, "claimed_at": time, "finished_at": time,
        });
        assert_eq!(told["meta"], meta);
        let custom = good(Some(r#"{"status": 202, "body": {"ok": true}}"#));
        check(custom, (200, 422), 202, Some(r#"{"ok": true}"#)).await;
        let only_body = good(Some(r#"{"body": {"ok": true}}"#));
        check(only_body, (200, 422), 200, Some(r#"{"ok": true}"#)).await;
        check(good(Some(r#"{"status": 204}"#)), (200, 422), 204, None).await;
        check(good(None), (304, 422), 304, None).await;
        for malformed in [
            "7",
            "[]",
            r#"{"status": "201"}"#,
            r#"{"status": 20.5}"#,
            r#"{"status": 99}"#,
            r#"{"status": 200, "body": "text"}"#,
        ] {
            let begin = r#"{"message":"Run completed, but webhook_response was malformed: "#;
            check(good(Some(malformed)), (200, 422), 200, Some(begin)).await;
        }
    }

    #[tokio::test]
    async fn a_message_that_is_kept_is_not_asked_for_again() {
        let lost = HubError::from(StoreError::Unavailable("gone".to_owned()));
        let reply = Reply { success_code: 201, error_code: 422 };
        let response = told(Uuid::from_u128(7), Err(lost), reply);
        assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
        assert!(!response.headers().contains_key(http::header::RETRY_AFTER));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["work_order_id"], Uuid::from_u128(7).to_string());
    }

    #[tokio::test]
    async fn a_run_that_failed_gives_nothing_of_its_state_away() {
        let response = Some(r#"{"status": 200, "body": {"secret": 1}}"#);
        let failed = ended(RunState::Failed, r#"{"data":"secret"}"#, response);
        let begin = r#"{"message":"Run completed with status: failed. "#;
        let told = check(failed.clone(), (201, 422), 422, Some(begin)).await;
        assert!(!told.to_string().contains("secret"), "{told}");
        assert_eq!(told["meta"]["error_type"], "JobError");
        check(failed, (201, 204), 204, None).await;
    }
}
