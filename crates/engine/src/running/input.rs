//! The state that a run begins with, made of what set it off.
//!
//! A message becomes `{data, request}`, as OpenFn's webhooks have it: the body as JSON, or what its
//! dialect reads in it, and the request without its credentials. A form, a case or an application
//! becomes `{data}`, in the format that the trigger names. A clock's run begins with what the last
//! good one left. Numbers keep their text: a body that is JSON is not read, only copied.

use std::collections::BTreeMap;

use bytes::Bytes;
use fieldpost_dialects::{Received, decode};
use fieldpost_model::forwarder::{
    Format, Forwarder, MessageFilter, Method, OnRejected, OrderBy, PayloadChoice, Rendering,
};
use fieldpost_model::json::Value;
use fieldpost_model::message::MessageRequest;
use fieldpost_model::retry::RetryPolicy;
use fieldpost_model::run::RunOrigin;
use fieldpost_model::source::Dialect;
use fieldpost_model::workflow::{Trigger, Workflow};
use fieldpost_script::protocol::{Severity, StepError};
use fieldpost_store::{ClaimedInput, ClaimedPayload, ClaimedRun, Payload, StoreError};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::hub::Hub;
use crate::rendering::{Subject, Unrendered};
use crate::routing::ProjectRouting;

/// Why a run has no state to begin with.
#[derive(Debug)]
pub(super) enum NoInput {
    /// It never will have one: this is how it ends.
    Ends(Box<StepError>),
    /// The store could not be asked: it may be tried again.
    Store(StoreError),
}

impl From<StoreError> for NoInput {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn ends(message: impl Into<String>) -> NoInput {
    NoInput::Ends(Box::new(StepError::new("InputError", Severity::Crash, message)))
}

#[derive(Serialize)]
struct OfMessage<'s> {
    data: &'s RawValue,
    request: Request<'s>,
}

#[derive(Serialize)]
struct OfEvent<'s> {
    data: &'s RawValue,
}

#[derive(Serialize)]
struct Request<'s> {
    method: &'s str,
    path: Vec<&'s str>,
    query_params: BTreeMap<&'s str, &'s str>,
    headers: BTreeMap<&'s str, String>,
}

/// The state that a run begins with.
pub(super) async fn initial_state(
    hub: &Hub,
    project: &ProjectRouting,
    workflow: &Workflow,
    claimed: &ClaimedRun,
) -> Result<Box<RawValue>, NoInput> {
    let store = hub.store();
    let (name, run) = (&claimed.project, &claimed.run);
    match &claimed.input {
        ClaimedInput::State { bytes: 1.., state: Some(state) } => given_aside(state.clone()).await,
        // The clock gives nothing to begin with.
        ClaimedInput::State { bytes: 0, .. } if run.origin == RunOrigin::Cron => {
            let step = match &workflow.trigger {
                Trigger::Cron(cron) => cron.cursor_step.as_deref(),
                _ => None,
            };
            match store.last_good_state(name, &run.workflow, step).await? {
                Some(state) => aside(state.len(), move || taken_up(&state)).await,
                None => given(b"{}"),
            }
        }
        ClaimedInput::State { bytes: 0, .. } => given(b"{}"),
        ClaimedInput::State { state: None, .. } => match store.given_state(name, run.id).await? {
            Some(state) => given_aside(state).await,
            None => Err(erased()),
        },
        ClaimedInput::Message { request, content } => {
            let body = whole(hub, claimed, content).await?;
            of_message(project, request.clone(), content, body).await
        }
        ClaimedInput::Event { payload, content } => {
            let mut content = content.clone();
            if content.body.is_none() {
                content.body = Some(whole(hub, claimed, &content).await?);
            }
            of_event(hub, project, workflow, payload.clone(), &content).await
        }
        ClaimedInput::Erased => Err(erased()),
    }
}

fn erased() -> NoInput {
    ends("What the run begins with has been erased")
}

fn given(state: &[u8]) -> Result<Box<RawValue>, NoInput> {
    serde_json::from_slice(state)
        .map_err(|error| ends(format!("The state that the run begins with is no JSON: {error}")))
}

/// What the clock's run takes up of the last good one: all but its errors. Whether a step has failed is read off
/// there, so one that failed once, and was taken care of, would count as failed in each run after it.
fn taken_up(state: &[u8]) -> Result<Box<RawValue>, NoInput> {
    const ERRORS: &str = "errors";
    match Value::parse(state) {
        Ok(Value::Object(mut members)) if members.iter().any(|(name, _)| name == ERRORS) => {
            members.retain(|(name, _)| name != ERRORS);
            given(Value::Object(members).to_json().as_bytes())
        }
        _ => given(state),
    }
}

/// So many bytes are read where they are wanted, which takes a part of a millisecond. More are read beside the
/// tasks of the hub: for as long as that takes, nothing else would go on there.
const READ_AT_ONCE: usize = 128 * 1024;

/// Reads something of so many bytes, aside where they are many.
async fn aside<T: Send + 'static>(
    bytes: usize,
    read: impl FnOnce() -> Result<T, NoInput> + Send + 'static,
) -> Result<T, NoInput> {
    if bytes <= READ_AT_ONCE {
        return read();
    }
    let done = tokio::task::spawn_blocking(read).await;
    done.unwrap_or_else(|_| Err(ends("What the run begins with could not be read")))
}

async fn given_aside(state: Bytes) -> Result<Box<RawValue>, NoInput> {
    aside(state.len(), move || given(&state)).await
}

/// All bytes of the message, which were left in the store where they are many.
async fn whole(hub: &Hub, claimed: &ClaimedRun, content: &Payload) -> Result<Bytes, NoInput> {
    if let Some(body) = &content.body {
        return Ok(body.clone());
    }
    let Some(message) = claimed.run.message else { return Err(erased()) };
    let found = hub.store().message_content(&claimed.project, message).await?;
    found.map(|(_, body)| body.into()).ok_or_else(erased)
}

/// The state that a message becomes.
pub(super) async fn of_message(
    project: &ProjectRouting,
    request: MessageRequest,
    content: &Payload,
    body: Bytes,
) -> Result<Box<RawValue>, NoInput> {
    let reader = project.source(&content.source).map(|source| source.dialect);
    let content = Payload { body: None, ..content.clone() };
    aside(body.len(), move || {
        let data = data_of(reader, &content, &body)?;
        Ok(with_request(&request, &data))
    })
    .await
}

/// The content of a message beside what was asked of the hub with it.
fn with_request(request: &MessageRequest, data: &RawValue) -> Box<RawValue> {
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in &request.headers {
        let all = headers.entry(name).or_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(value);
    }
    let state = OfMessage {
        data,
        request: Request {
            method: &request.method,
            path: request.path.split('/').filter(|part| !part.is_empty()).collect(),
            query_params: request.query.iter().map(|(name, value)| (&**name, &**value)).collect(),
            headers,
        },
    };
    serde_json::value::to_raw_value(&state).unwrap_or_default()
}

/// The body as JSON: as it is, or as the dialect of its source reads it.
fn data_of(
    reader: Option<Dialect>,
    content: &Payload,
    body: &[u8],
) -> Result<Box<RawValue>, NoInput> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return given(b"{}");
    }
    let text = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    if let Ok(json) = serde_json::from_slice(text) {
        return Ok(json);
    }
    let Some(dialect) = reader else {
        let name = &content.source;
        return Err(ends(format!("The source \"{name}\" that could read the message is gone")));
    };
    let received = Received { content_type: content.content_type.as_deref(), body };
    let decoded = decode(dialect, &received)
        .map_err(|unreadable| ends(format!("The message cannot be read: {}", unreadable.reason)))?;
    given(decoded.view.into_owned().to_json().as_bytes())
}

async fn of_event(
    hub: &Hub,
    project: &ProjectRouting,
    workflow: &Workflow,
    mut payload: ClaimedPayload,
    content: &Payload,
) -> Result<Box<RawValue>, NoInput> {
    let Trigger::Event(trigger) = &workflow.trigger else {
        return Err(ends("The workflow does not listen to what the run was made for any more"));
    };
    let store = hub.store();
    if payload.facts.is_none() {
        payload.facts = store.payload_facts(&project.project, payload.id).await?;
    }
    if payload.original.is_none() && payload.original_bytes.is_some() {
        payload.original = store.payload_original(&project.project, payload.id).await?;
    }
    let Some(facts) = payload.facts.as_deref() else { return Err(erased()) };
    let subject = Subject {
        event: trigger.on,
        facts: Some((payload.kind, facts)),
        original: payload.original.clone(),
        content,
    };
    let body = match hub.render(project, &reader(trigger.on, trigger.format), subject).await {
        Ok(rendered) => rendered.body.bytes,
        Err(Unrendered::Impossible(sentence)) => return Err(ends(sentence)),
        Err(Unrendered::Store(error)) => return Err(error.into()),
    };
    // A format that is no JSON is given as the text that it is.
    let text = || serde_json::value::to_raw_value(&String::from_utf8_lossy(&body));
    let data: Box<RawValue> = serde_json::from_slice(&body).or_else(|_| text()).unwrap_or_default();
    Ok(serde_json::value::to_raw_value(&OfEvent { data: &data }).unwrap_or_default())
}

/// The state of a run is written as a forwarder of the same event and format would write it.
fn reader(on: fieldpost_model::event::Event, format: Format) -> Forwarder {
    Forwarder {
        name: String::new(),
        on,
        filter: MessageFilter::default(),
        to: String::new(),
        format,
        method: Method::Post,
        paused: false,
        headers: Vec::new(),
        query: Vec::new(),
        retry: RetryPolicy::default(),
        order_by: OrderBy::None,
        on_rejected: OnRejected::Continue,
        payload: PayloadChoice::Snapshot,
        rendering: Rendering::default(),
        withhold: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_takes_up_no_errors_of_the_run_before() {
        for (left, taken) in [
            (
                r#"{"cursor": 1.50, "errors": {"pull": {}}, "data": {"errors": 1}}"#,
                r#"{"cursor":1.50,"data":{"errors":1}}"#,
            ),
            (r#"{ "cursor": 1.50 }"#, r#"{ "cursor": 1.50 }"#),
            ("[1]", "[1]"),
        ] {
            let state = taken_up(left.as_bytes()).ok();
            assert_eq!(state.as_deref().map(RawValue::get), Some(taken), "{left}");
        }
    }
}
