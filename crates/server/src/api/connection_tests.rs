//! Trying a connection before anything depends on it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{ConnectionTest, ProbeMethod, Sample, Step, TestedConnection};
use fieldpost_model::connection;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::read_connection;
use fieldpost_rules::redact::mask_url;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::attempts::AttemptError;
use super::body::Optional;
use super::names::{ProbeMethodName, TestStepName};
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// What a sample is where nobody says it.
const DEFAULT_CONTENT_TYPE: &str = "application/json";

/// How to try a connection. Everything can be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestRequest {
    /// The method; unless given that of the sample's forwarder, POST for a sample's body, and GET
    /// without a sample.
    #[schema(value_type = Option<ProbeMethodName>)]
    method: Option<String>,
    /// What to send.
    sample: Option<TestSample>,
    /// The connection as the project file has it, to try what is not saved. A stored secret that is
    /// written as its placeholder is used by the rules by which it could be saved.
    #[schema(value_type = Option<Object>)]
    definition: Option<serde_json::Value>,
}

/// A payload to try a connection with: a kept message as a forwarder sends it, or a text.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestSample {
    /// The id of a message.
    message: Option<Uuid>,
    /// The forwarder whose format, headers and query it is sent with.
    forwarder: Option<String>,
    /// A text, instead of a message.
    body: Option<String>,
    /// The text's content type; `application/json`, unless given.
    content_type: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestResult {
    /// Whether every step went well.
    ok: bool,
    /// The same in a sentence.
    verdict: String,
    /// The same as a stable word: `failed`, where a step did; `took-sample`, where the destination
    /// took the payload that it was tried with; `reached`, where it was tried without one.
    #[schema(example = "took-sample")]
    verdict_code: &'static str,
    /// The method that was used.
    #[schema(value_type = ProbeMethodName)]
    method: &'static str,
    /// Where to; credentials in it are masked.
    url: String,
    /// The steps in their order, up to the first that failed.
    steps: Vec<TestStep>,
}

/// One step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestStep {
    /// Which.
    #[schema(value_type = TestStepName)]
    step: &'static str,
    /// Whether it went well.
    ok: bool,
    /// How long it took.
    duration_ms: f64,
    /// What was found out, in order; a name may stand several times.
    facts: Vec<TestFact>,
    /// What went wrong.
    #[schema(required)]
    error: Option<AttemptError>,
    /// What to do about it. A step that went well can have one as well.
    #[schema(required)]
    hint: Option<String>,
    /// The same as a stable word; what it speaks of is in the facts of its step.
    #[schema(required, example = "check-credentials")]
    hint_code: Option<&'static str>,
}

/// Something that was found out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestFact {
    /// What.
    #[schema(example = "address")]
    name: String,
    /// How it is; without secrets.
    value: String,
}

impl From<TestedConnection> for TestResult {
    fn from(tested: TestedConnection) -> Self {
        Self {
            ok: tested.is_well(),
            verdict: tested.verdict(),
            verdict_code: tested.verdict_code(),
            method: tested.method.name(),
            url: mask_url(&tested.url),
            steps: tested.steps.into_iter().map(TestStep::from).collect(),
        }
    }
}

impl From<Step> for TestStep {
    fn from(step: Step) -> Self {
        let fact = |(name, value)| TestFact { name, value };
        Self {
            step: step.name.name(),
            ok: step.ok,
            duration_ms: milliseconds(step.duration),
            facts: step.facts.into_iter().map(fact).collect(),
            error: step.error.map(AttemptError::from),
            hint_code: step.hint.as_ref().map(|hint| hint.code),
            hint: step.hint.map(|hint| hint.text),
        }
    }
}

/// Milliseconds with three decimals: a look-up in memory is no zero.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// Try a connection
///
/// Step by step: URL, name, connection, TLS, authentication, request. Nothing is stored. What is sent
/// carries the header `fieldpost-test: true`. The answer is 200 whether or not the connection works:
/// `ok` says which.
#[utoipa::path(
    post,
    path = "/projects/{project}/connections/{connection}/test",
    operation_id = "test_connection",
    tag = "connections",
    request_body = TestRequest,
    responses((status = 200, body = TestResult), Problem),
)]
pub(super) async fn test(
    State(app): State<Shared>,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Optional(request): Optional<TestRequest>,
) -> Result<Json<TestResult>, Problem> {
    let TestRequest { method, sample, definition } = request;
    let test = ConnectionTest {
        definition: definition.map(|written| read(&connection, &written)).transpose()?,
        method: method.as_deref().map(read_method).transpose()?,
        sample: sample.map(read_sample).transpose()?,
    };
    let tested = app.hub.test_connection(&project, &connection, test).await?;
    Ok(Json(tested.into()))
}

/// Reads a definition as saving it would.
fn read(name: &str, written: &serde_json::Value) -> Result<connection::Connection, Problem> {
    let text = written.to_string();
    let value = Value::parse(text.as_bytes())
        .map_err(|error| Problem::bad_request(error.code, error.to_string()))?;
    read_connection(name, &value).map_err(Problem::invalid)
}

fn read_method(name: &str) -> Result<ProbeMethod, Problem> {
    ProbeMethod::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = ProbeMethod::ALL.iter().map(|method| method.name()).collect();
        bad_body("a connection cannot be tried with this method")
            .hint(format!("one of {}", names.join(", ")))
    })
}

fn read_sample(sample: TestSample) -> Result<Sample, Problem> {
    match sample {
        TestSample {
            message: Some(message),
            forwarder: Some(forwarder),
            body: None,
            content_type: None,
        } => Ok(Sample::Message { message, forwarder }),
        TestSample { message: None, forwarder: None, body: Some(body), content_type } => {
            let content_type = content_type.unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned());
            Ok(Sample::Body { bytes: body.into(), content_type })
        }
        _ => Err(bad_body("a sample is a message with a forwarder, or a body")
            .hint("write `{\"message\": …, \"forwarder\": …}` or `{\"body\": …}`")),
    }
}

fn bad_body(detail: &'static str) -> Problem {
    Problem::bad_request("bad-body", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sample: &str, expected: Result<&str, ()>) {
        let read = serde_json::from_str(sample).map_err(drop).and_then(|sample| {
            read_sample(sample).map_err(drop).map(|sample| match sample {
                Sample::Message { forwarder, .. } => forwarder,
                Sample::Body { content_type, .. } => content_type,
            })
        });
        assert_eq!(read.as_deref(), expected.as_deref(), "{sample}");
    }

    #[test]
    fn a_sample_is_a_message_with_a_forwarder_or_a_body() {
        let id = "0192f0c8-7b9e-7cc0-8000-000000000000";
        check(&format!(r#"{{"message": "{id}", "forwarder": "births"}}"#), Ok("births"));
        check(r#"{"body": ""}"#, Ok("application/json"));
        check(r#"{"body": "<a/>", "content_type": "text/xml"}"#, Ok("text/xml"));
        check("{}", Err(()));
        check(&format!(r#"{{"message": "{id}"}}"#), Err(()));
        check(r#"{"message": "5", "forwarder": "births"}"#, Err(()));
        check(&format!(r#"{{"message": "{id}", "forwarder": "births", "body": ""}}"#), Err(()));
        check(r#"{"body": "", "file": "x"}"#, Err(()));
    }

    #[test]
    fn times_keep_what_is_below_a_millisecond() {
        assert!((milliseconds(Duration::from_nanos(1_234_567)) - 1.235).abs() < 1e-9);
    }
}
