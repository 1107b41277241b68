//! What a forwarder would send, shown without sending it.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::PreviewOf;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{self, read_forwarder};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::body::Document;
use super::messages::Condition;
use super::parameters::{NoParameters, Parameters, path_id};
use super::path::Path;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// The name that a forwarder is read under which nobody has saved.
const DRAFT: &str = "draft";
/// The forwarder that is to be shown.
const DEFINITION: &str = "definition";
/// What it is to be shown of.
const SUBJECTS: [&str; 4] = ["message", "submission", "case", "form"];

/// What a forwarder is shown of: one at most. Nothing: the newest that it wants; where it wants none of
/// late, the newest.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    /// The id of a message, or of that of the form or case in it.
    message: Option<String>,
    /// The id of a submission, for a forwarder of forms.
    submission: Option<String>,
    /// The id of a case, for a forwarder of cases.
    case: Option<String>,
    /// The name of a form, for a forwarder of applications.
    form: Option<String>,
}

/// A forwarder that is to be shown, and what of.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a body that is read with its numbers as written")]
pub(super) struct ForwarderToPreview {
    /// The forwarder, as the project file has it.
    #[schema(value_type = Object)]
    definition: (),
    /// The id of a message, or of that of the form or case in it.
    message: Option<Uuid>,
    /// The id of a submission, for a forwarder of forms.
    submission: Option<Uuid>,
    /// The id of a case, for a forwarder of cases.
    case: Option<String>,
    /// The name of a form, for a forwarder of applications.
    form: Option<String>,
}

/// What a forwarder would send.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForwarderPreview)]
pub(super) struct Preview {
    /// What it is about.
    #[schema(example = "submission")]
    kind: &'static str,
    /// The id of the message, the submission, the case or the application.
    id: String,
    /// The message that it came of; null for an application.
    #[schema(required)]
    message: Option<Uuid>,
    /// Whether the forwarder wants it: it is shown all the same.
    matched: bool,
    /// Condition by condition; empty for a forwarder that wants everything.
    conditions: Vec<Condition>,
    /// What would be sent; null where nothing can be.
    #[schema(required)]
    request: Option<PreviewedRequest>,
    /// Why nothing can be sent, in a sentence; null where it can.
    #[schema(required)]
    problem: Option<String>,
}

/// A request that is not sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreviewedRequest {
    /// The method.
    method: String,
    /// The whole URL with its query, credentials masked.
    url: String,
    /// The headers, credentials masked; what the connection proves itself with is not among them.
    headers: Vec<[String; 2]>,
    /// What the body is; null where it says nothing of itself.
    #[schema(required)]
    content_type: Option<String>,
    /// The body as text; null where it is none.
    #[schema(required)]
    body: Option<String>,
    /// How many bytes the body has.
    bytes: u64,
    /// Whether the body is longer than what is shown of it.
    is_cut: bool,
}

impl From<fieldpost_engine::Preview> for Preview {
    fn from(preview: fieldpost_engine::Preview) -> Self {
        let fieldpost_engine::Preview { kind, id, message, explanation, request } = preview;
        let (request, problem) = match request {
            Ok(request) => (Some(PreviewedRequest::from(request)), None),
            Err(sentence) => (None, Some(sentence)),
        };
        let conditions = explanation.conditions.into_iter().map(Condition::from).collect();
        let (kind, matched) = (kind.name(), explanation.matched);
        Self { kind, id, message, matched, conditions, request, problem }
    }
}

impl From<fieldpost_engine::PreviewedRequest> for PreviewedRequest {
    fn from(previewed: fieldpost_engine::PreviewedRequest) -> Self {
        let fieldpost_engine::PreviewedRequest { request, content_type, body, is_cut } = previewed;
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers.into_iter().map(<[String; 2]>::from).collect(),
            content_type,
            body: shown(&body, is_cut),
            bytes: request.bytes,
            is_cut,
        }
    }
}

/// A body as text. One that was cut may end within a character.
fn shown(body: &[u8], is_cut: bool) -> Option<String> {
    match std::str::from_utf8(body) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if is_cut && error.error_len().is_none() => {
            let whole = body.get(..error.valid_up_to())?;
            std::str::from_utf8(whole).ok().map(str::to_owned)
        }
        Err(_) => None,
    }
}

impl Of {
    fn read(self) -> Result<PreviewOf, Problem> {
        let Self { message, submission, case, form } = self;
        Ok(match (message, submission, case, form) {
            (None, None, None, None) => PreviewOf::Newest,
            (Some(id), None, None, None) => PreviewOf::Message(path_id("message", &id)?),
            (None, Some(id), None, None) => PreviewOf::Submission(path_id("submission", &id)?),
            (None, None, Some(id), None) => PreviewOf::Case(id),
            (None, None, None, Some(name)) => PreviewOf::Form(name),
            _ => {
                let message = "a preview is of one thing, and several are named";
                return Err(Problem::bad_request("bad-parameter", message)
                    .hint(format!("name one of {}", SUBJECTS.join(", "))));
            }
        })
    }
}

fn name_of(forwarder: &Forwarder) -> &str {
    &forwarder.name
}

async fn preview(
    app: &App,
    project: &str,
    forwarder: &Forwarder,
    of: PreviewOf,
) -> Result<Json<Preview>, Problem> {
    Ok(Json(app.hub.preview(project, forwarder, of).await?.into()))
}

/// See what a forwarder would send
///
/// Of the newest that it wants, or of what is named. Nothing is sent.
#[utoipa::path(
    get,
    path = "/projects/{project}/forwarders/{forwarder}/preview",
    operation_id = "preview_forwarder",
    tag = "forwarders",
    params(("project" = String, Path), ("forwarder" = String, Path), Of),
    responses((status = 200, body = Preview), Problem),
)]
pub(super) async fn saved(
    State(app): State<Shared>,
    Path((project, forwarder)): Path<(String, String)>,
    Parameters(of): Parameters<Of>,
) -> Result<Json<Preview>, Problem> {
    let current = super::definitions::current(&app, &project).await?;
    let found = super::definitions::find("forwarder", &current.forwarders, &forwarder, name_of)?;
    preview(&app, &project, found, of.read()?).await
}

/// See what a forwarder would send before it is saved
///
/// Of the newest that it wants, or of what is named. Nothing is sent, and nothing is saved.
#[utoipa::path(
    post,
    path = "/projects/{project}/previews",
    operation_id = "preview_draft",
    tag = "forwarders",
    params(("project" = String, Path)),
    request_body = ForwarderToPreview,
    responses((status = 200, body = Preview), Problem),
)]
pub(super) async fn draft(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    document: Document,
) -> Result<Json<Preview>, Problem> {
    let (forwarder, of) = read(document.value()?)?;
    preview(&app, &project, &forwarder, of).await
}

fn read(value: Value<'_>) -> Result<(Forwarder, PreviewOf), Problem> {
    let problem = |path: &str, code, message: String, hint: &str| {
        let (path, hint) = (path.to_owned(), Some(hint.to_owned()));
        Problem::invalid(vec![definition::Problem { path, code, message, hint }])
    };
    let Value::Object(members) = value else {
        let message = format!("a preview is an object, not of type {}", value.kind_name());
        return Err(problem("", "wrong-type", message, "write `{\"definition\": {…}}`"));
    };
    let (mut definition, mut of) = (None, Of::default());
    for (key, value) in members {
        let subject = match &*key {
            DEFINITION => {
                definition = Some(value);
                continue;
            }
            "message" => &mut of.message,
            "submission" => &mut of.submission,
            "case" => &mut of.case,
            "form" => &mut of.form,
            _ => {
                let message = format!("a preview has no key `{key}`");
                let hint = format!("the keys are {DEFINITION}, {}", SUBJECTS.join(", "));
                return Err(problem(&key, "unknown-key", message, &hint));
            }
        };
        *subject = match value {
            Value::Null => None,
            Value::String(text) => Some(text.into_owned()),
            other => {
                let message = format!("`{key}` is a text, not of type {}", other.kind_name());
                return Err(problem(&key, "wrong-type", message, "write its id"));
            }
        };
    }
    let Some(definition) = definition else {
        let message = "the key `definition` is missing".to_owned();
        return Err(problem(DEFINITION, "missing-key", message, "write the forwarder there"));
    };
    let forwarder = read_forwarder(DRAFT, &definition).map_err(|mut problems| {
        let prefix = format!("forwarders.{DRAFT}.");
        for problem in &mut problems {
            if let Some(path) = problem.path.strip_prefix(&prefix) {
                problem.path = path.to_owned();
            }
        }
        Problem::invalid(problems)
    })?;
    Ok((forwarder, of.read()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_cut_within_a_character_is_shown_up_to_it() {
        let text = "aé".as_bytes();
        assert_eq!(shown(text, false).as_deref(), Some("aé"));
        assert_eq!(shown(&text[..2], true).as_deref(), Some("a"));
        assert_eq!(shown(&text[..2], false), None);
        assert_eq!(shown(&[0xff, b'a'], true), None);
    }

    #[test]
    fn a_draft_is_shown_of_one_thing() {
        let parse = |text: &str| read(Value::parse(text.as_bytes()).unwrap().into_owned());
        let (forwarder, of) =
            parse(r#"{"definition": {"to": "there", "on": "case"}, "case": "c1"}"#).unwrap();
        assert_eq!(forwarder.to, "there");
        assert_eq!(of, PreviewOf::Case("c1".to_owned()));
        for text in [
            "[]",
            "{}",
            r#"{"definition": {"to": "there"}, "case": "c1", "form": "f"}"#,
            r#"{"definition": {"to": "there"}, "cases": "c1"}"#,
            r#"{"definition": {"to": "there"}, "case": 1}"#,
            r#"{"definition": {"tu": "there"}}"#,
            r#"{"definition": {"to": "there"}, "message": "x"}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
