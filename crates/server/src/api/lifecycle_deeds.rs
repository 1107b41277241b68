//! What somebody does with a submission, as the route of its lifecycle takes it: a deed as JSON, or a file that is
//! added, as a form with parts, so that it is never whole in memory.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use fieldpost_dialects::wcs::read::{Warning, WarningCode};
use fieldpost_engine::{Followed, ProjectRouting, RecordKey};
use fieldpost_model::json::Value;
use fieldpost_model::progress::StoredFile;
use fieldpost_rules::definition;
use fieldpost_rules::lifecycle::{self, Happening};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::Input;
use super::lifecycle::problem;
use super::parameters::bad;
use crate::app::{App, Shared};
use crate::pages::with_file;
use crate::problem::Problem;
use crate::wcs::{AnswersSent, NotEdited, edited};

/// The part with the file.
const FILE: &str = "file";
/// The part with the id of the action.
const ACTION: &str = "action";

/// What is to be done with a submission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DoLifecycleAction {
    /// `button`, `comment`, `global`, `trigger` or `edit`. A file is added by a form with parts.
    #[schema(example = "button")]
    kind: String,
    /// What it is done by: the id of the action, or the name of the trigger.
    action: String,
    /// What is said, of a comment.
    text: Option<String>,
    /// The answers that an edit changes, by the keys of their fields, as the API of w.c.s. takes them: a file is
    /// an object with `filename` and `content`. What is not named stays.
    #[schema(value_type = Option<Object>)]
    data: Option<Box<RawValue>>,
}

/// A file that is added to a submission.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a body that is read part by part")]
pub(super) struct LifecycleFile {
    /// The id of the action that allows it.
    action: String,
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: (),
}

/// What is wanted.
pub(super) enum Deed {
    /// Something happens.
    Happening(Happening),
    /// Answers are changed.
    Edit {
        /// The action that allows it.
        action: String,
        /// What is changed: JSON with `data`.
        body: String,
        /// The path that it was sent to.
        path: String,
    },
}

impl FromRequest<Shared> for Deed {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        if has_parts(request.headers()) {
            return file(request, app).await;
        }
        let path = request.uri().path().to_owned();
        let Input(wanted) = Input::<DoLifecycleAction>::from_request(request, app).await?;
        wanted.deed(path)
    }
}

fn has_parts(headers: &HeaderMap) -> bool {
    let written = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    written.is_some_and(|written| multer::parse_boundary(written).is_ok())
}

async fn file(request: Request, app: &Shared) -> Result<Deed, Problem> {
    let (parts, body) = request.into_parts();
    let (texts, file) = with_file(app, &parts.headers, body, FILE).await?;
    let action = texts.into_iter().find(|(name, _)| name == ACTION).map(|(_, text)| text);
    let action = action.ok_or_else(|| incomplete(ACTION))?;
    let file: StoredFile = file.ok_or_else(|| incomplete(FILE))?;
    Ok(Deed::Happening(Happening::Attached { action: Some(action), file }))
}

fn incomplete(part: &str) -> Problem {
    let detail = format!("the body has no part `{part}`");
    Problem::bad_request("bad-body", detail)
        .hint("a file is added by the parts `action`, the id of the action, and `file`")
}

impl DoLifecycleAction {
    fn deed(self, path: String) -> Result<Deed, Problem> {
        let Self { kind, action, text, data } = self;
        Ok(Deed::Happening(match kind.as_str() {
            "button" => Happening::Button { action },
            "global" => Happening::GlobalAction { id: action },
            "trigger" => {
                Happening::Trigger { name: action, sent: lifecycle::Sent::Nothing, bypass: false }
            }
            "comment" => {
                let html = paragraphs(text.as_deref().unwrap_or_default());
                Happening::Commented { action: Some(action), html }
            }
            "edit" => {
                let data = data.as_deref().map_or("{}", RawValue::get);
                return Ok(Deed::Edit { action, body: format!("{{\"data\":{data}}}"), path });
            }
            other => {
                return Err(bad("kind", other, "one of button, comment, global, trigger, edit"));
            }
        }))
    }
}

/// What somebody wrote, as safe HTML.
fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    let written = paragraphs.map(|paragraph| {
        let lines: Vec<String> = paragraph.lines().map(crate::html::escaped).collect();
        format!("<p>{}</p>", lines.join("<br>"))
    });
    written.collect()
}

/// Does it. `None` where the submission is gone by that.
pub(super) async fn done(
    app: &App,
    routing: &Arc<ProjectRouting>,
    followed: &Followed,
    actor: &lifecycle::Caller,
    deed: Deed,
) -> Result<Option<Followed>, Problem> {
    let (hub, form) = (&app.hub, &followed.form);
    let key = RecordKey::Submission(followed.submission);
    match deed {
        Deed::Happening(happening) => {
            hub.happen(routing, form, key, actor, happening).await.map_err(problem)
        }
        Deed::Edit { action, body, path } => {
            let body = Value::parse(body.as_bytes()).map_err(|error| {
                Problem::bad_request(error.code, format!("`data` is not valid JSON: {error}"))
            })?;
            let sent = AnswersSent {
                body: &body,
                caller: actor.clone(),
                action: Some(action),
                path,
                headers: Vec::new(),
            };
            let (followed, _) =
                edited(hub, routing, form, key, &sent, |warnings| fitting(&body, warnings)).await?;
            Ok(followed)
        }
    }
}

/// Refuses answers that are not what their fields ask for: somebody is there to mend them. What was amiss before
/// and is not named now stays as it was.
fn fitting(body: &Value<'_>, warnings: &[Warning]) -> Result<(), Problem> {
    let named = body.get("data").and_then(Value::as_object).unwrap_or_default();
    let is_named = |field: &str| {
        let key = field.split(['[', '.']).next().unwrap_or_default();
        named.iter().any(|(name, _)| name == key)
    };
    let is_harmless =
        |code: WarningCode| matches!(code, WarningCode::Converted | WarningCode::FileRenamed);
    let wrong = warnings.iter().filter(|it| !is_harmless(it.code) && is_named(&it.field));
    let problems: Vec<definition::Problem> = wrong
        .map(|warning| definition::Problem {
            path: warning.field.clone(),
            code: warning.code.name(),
            message: warning.text(),
            hint: None,
        })
        .collect();
    let Some(first) = problems.first() else { return Ok(()) };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Err(Problem::new(status, "unfit-answers", first.message.clone()).places(problems))
}

impl From<NotEdited> for Problem {
    fn from(why: NotEdited) -> Self {
        match why {
            NotEdited::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such submission")
            }
            NotEdited::Bad(bad) => Self::bad_request("bad-body", bad.name()),
            NotEdited::Lifecycle(error) => problem(error),
        }
    }
}
