//! The account of a rehearsal: what became of the message, what forwarders would send, and what each
//! run did, as JSON that reads the same each time.

use fieldpost_engine::{PreviewOf, ReceiptOutcome};
use fieldpost_model::connection::Authentication;
use fieldpost_model::delivery::{Delivery, PayloadKind};
use fieldpost_model::json::Value;
use fieldpost_model::run::{Run, RunStep};
use fieldpost_model::workflow::Workflow;
use fieldpost_store::{DeliveryQuery, Page};

use super::requests::{Members, add_headers, body};
use super::stage::{MOST_RUNS, Played};
use crate::failure::Failure;

/// Deliveries that an account tells of.
const MOST_DELIVERIES: usize = 10_000;
/// What a state remembers of earlier operations: each repeats the data.
const REFERENCES: &str = "references";

/// What became of a message.
pub(super) async fn account(played: &Played<'_>) -> Result<Value<'static>, Failure> {
    let mut runs = Vec::new();
    for run in played.runs.iter().take(MOST_RUNS) {
        runs.push(of_run(played, run).await?);
    }
    Ok(Value::object([
        ("message", of_message(played).await?),
        ("forwarders", Value::Array(deliveries(played).await?)),
        ("workflows", Value::Array(runs)),
    ]))
}

async fn of_message(played: &Played<'_>) -> Result<Value<'static>, Failure> {
    let store = played.hub.store();
    let message = store.message(played.project, played.received.receipt.message).await?;
    let mut members: Members = Vec::new();
    match &played.received.receipt.outcome {
        ReceiptOutcome::Kept => members.push(("state", Value::from("kept"))),
        ReceiptOutcome::Duplicate { .. } => members.push(("state", Value::from("duplicate"))),
        ReceiptOutcome::Quarantined { code, reason } => {
            members.push(("state", Value::from("quarantined")));
            members.push(("code", Value::from(*code)));
            members.push(("reason", Value::from(reason.clone())));
        }
    }
    if let Some(message) = message {
        members.extend(message.identity.map(|identity| ("identity", Value::from(identity))));
        if matches!(played.received.receipt.outcome, ReceiptOutcome::Kept) {
            members.extend(message.reason.map(|remark| ("remark", Value::from(remark))));
        }
    }
    // Of a form without a lifecycle there is nothing to say.
    let followed = played.received.followed.as_ref().filter(|followed| followed.form.is_tracked);
    let status = followed.and_then(|followed| followed.record.progress.status.clone());
    members.extend(status.map(|status| ("status", Value::from(status))));
    Ok(Value::object(members))
}

/// What forwarders would send, in the order of the definition.
async fn deliveries(played: &Played<'_>) -> Result<Vec<Value<'static>>, Failure> {
    let page = Page { before: None, limit: MOST_DELIVERIES };
    let store = played.hub.store();
    let mut found = store.deliveries(played.project, &DeliveryQuery::default(), page).await?;
    found.reverse();
    let forwarders = &played.draft.forwarders;
    found.sort_by_key(|delivery| {
        forwarders.iter().position(|forwarder| forwarder.name == delivery.forwarder)
    });
    let mut told = Vec::new();
    for delivery in &found {
        told.push(of_delivery(played, delivery).await?);
    }
    Ok(told)
}

async fn of_delivery(played: &Played<'_>, delivery: &Delivery) -> Result<Value<'static>, Failure> {
    let mut members: Members = vec![
        ("forwarder", Value::from(delivery.forwarder.clone())),
        ("connection", Value::from(delivery.connection.clone())),
        ("event", Value::from(delivery.event.name())),
    ];
    let payload = played.hub.store().payload(played.project, delivery.payload_id).await?;
    let of = match (delivery.payload_kind, payload) {
        (PayloadKind::Submission, Some(payload)) => payload.submission.map(PreviewOf::Submission),
        (PayloadKind::Case, Some(payload)) => {
            members.extend(payload.case.clone().map(|case| ("case", Value::from(case))));
            payload.case.map(PreviewOf::Case)
        }
        (PayloadKind::Application, _) => Some(PreviewOf::Newest),
        _ => None,
    };
    let of = of.unwrap_or(PreviewOf::Message(played.received.receipt.message));
    let forwarders = &played.draft.forwarders;
    if let Some(forwarder) = forwarders.iter().find(|it| it.name == delivery.forwarder) {
        match played.hub.preview(played.project, forwarder, of).await?.request {
            Ok(previewed) => {
                let request = previewed.request;
                members.push(("http", Value::from(request.method)));
                members.push(("url", Value::from(request.url)));
                add_headers(&mut members, &request.headers);
                members.extend(
                    proof_of(played, delivery).map(|proof| ("proves_itself", Value::from(proof))),
                );
                if !previewed.body.is_empty() {
                    members.push(body(&previewed.body));
                }
                if previewed.is_cut {
                    members.push(("bytes", Value::from(request.bytes)));
                }
            }
            Err(reason) => members.push(("cannot_be_sent", Value::from(reason))),
        }
    }
    Ok(Value::object(members))
}

/// How a forwarder's connection proves who sends.
fn proof_of(played: &Played<'_>, delivery: &Delivery) -> Option<String> {
    let connections = &played.draft.connections;
    let connection = connections.iter().find(|it| it.name == delivery.connection)?;
    Some(match &connection.authentication {
        Authentication::None => return None,
        Authentication::Basic { .. } => "basic".to_owned(),
        Authentication::Bearer { .. } => "bearer".to_owned(),
        Authentication::ApiKey { header, .. } => format!("header {header}"),
        Authentication::Headers(headers) => {
            let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            format!("headers {}", names.join(", "))
        }
        Authentication::Digest { .. } => "digest".to_owned(),
        Authentication::Oauth2(_) => "oauth2".to_owned(),
        Authentication::Login(_) => "login".to_owned(),
        Authentication::SignedUrl(_) => "signed_url".to_owned(),
    })
}

async fn of_run(played: &Played<'_>, run: &Run) -> Result<Value<'static>, Failure> {
    let workflow = played.draft.workflows.iter().find(|it| it.name == run.workflow);
    let mut members: Members = vec![
        ("workflow", Value::from(run.workflow.clone())),
        ("begins_with", Value::from(run.input.name())),
    ];
    members.extend(run.key.clone().map(|key| ("key", Value::from(key))));
    if !run.state.is_final() {
        members.push(("outcome", Value::from("waits: the workflow is paused")));
        return Ok(Value::object(members));
    }
    members.push(("outcome", Value::from(run.state.name())));
    if let Some(kind) = &run.error_type {
        let message = run.error_message.as_deref().unwrap_or_default();
        members.push(("error", Value::from(told_error(kind, message))));
    }
    let store = played.hub.store();
    let mut steps = store.run_steps(played.project, run.id).await?;
    // Of steps that go on side by side, nobody knows which is first.
    steps.sort_by_key(|step| (place(workflow, &step.step), step.number));
    let steps = steps.iter().map(|step| of_step(played, run, step)).collect();
    members.push(("steps", Value::Array(steps)));
    if let Some(state) = store.final_state(played.project, run.id).await?
        && let Ok(state) = Value::parse(&state)
    {
        members.push(("final_state", without_references(state.into_owned())));
    }
    Ok(Value::object(members))
}

/// An error in one line. What crashed is told by a message that names its kind itself.
fn told_error(kind: &str, message: &str) -> String {
    match message.strip_prefix(kind) {
        Some(rest) if rest.starts_with(": ") => message.to_owned(),
        _ => format!("{kind}: {message}"),
    }
}

fn place(workflow: Option<&Workflow>, step: &str) -> Option<usize> {
    workflow?.steps.iter().position(|it| it.id == step)
}

fn of_step(played: &Played<'_>, run: &Run, step: &RunStep) -> Value<'static> {
    let mut members: Members = vec![("step", Value::from(step.step.clone()))];
    if step.attempt > 1 {
        members.push(("try", Value::from(u64::from(step.attempt))));
    }
    members.push(("outcome", Value::from(step.state.name())));
    if let Some(error) = step.error.as_deref().and_then(|it| Value::parse(it.as_bytes()).ok()) {
        let of = |key| error.get(key).and_then(Value::as_str).unwrap_or_default();
        members.push(("error", Value::from(told_error(of("name"), of("message")))));
    }
    let asked = played.stand_in.asked(run.id, step.number);
    if !asked.is_empty() {
        members.push(("asks", Value::Array(asked)));
    }
    Value::object(members)
}

/// A state, or states by step, without what they remember of earlier operations.
fn without_references(state: Value<'static>) -> Value<'static> {
    let cleaned = |value: Value<'static>| match value {
        Value::Object(mut members) => {
            members.retain(|(key, _)| key != REFERENCES);
            Value::Object(members)
        }
        value => value,
    };
    match cleaned(state) {
        Value::Object(members) if !members.iter().any(|(key, _)| key == "data") => {
            Value::Object(members.into_iter().map(|(key, value)| (key, cleaned(value))).collect())
        }
        state => state,
    }
}
