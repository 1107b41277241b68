//! The lifecycle of a submission, for the pages of those who handle it: where it stands, what happened to it,
//! and what the reader may do now.

use axum::Json;
use axum::extract::State;
use fieldpost_dialects::wcs::plain_text;
use fieldpost_engine::{Followed, LifecycleError, ProjectRouting, RecordKey};
use fieldpost_model::access::Access;
use fieldpost_model::lifecycle::{ActionKind, JumpTarget};
use fieldpost_model::progress::{Actor, HistoryEntry, Part};
use fieldpost_model::project::Language;
use fieldpost_rules::lifecycle::{self, Available};
use fieldpost_store::LifecycleProblem;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::lifecycle_deeds::{Deed, DoLifecycleAction, LifecycleFile, done};
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::principal::{Caller, Principal};
use super::submissions::find;
use crate::app::{App, Shared};
use crate::pages::language_wanted;
use crate::problem::Problem;
use crate::wcs::person_of;

/// Where a submission stands on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Lifecycle {
    /// The name of its form.
    form: String,
    /// What people call the form.
    title: String,
    /// Its number among those of its form.
    number: u64,
    /// What people call it; another program may have given it.
    display_id: String,
    /// What tells it from others in a list; null where its form says nothing.
    #[schema(required)]
    digest: Option<String>,
    /// The status that it is in; null for a draft, and where the form has no such status any more.
    #[schema(required)]
    status: Option<LifecycleStatus>,
    /// Whether it is only begun.
    draft: bool,
    /// Whether a call is out that its actions wait for.
    busy: bool,
    /// When it came to its status.
    #[schema(format = DateTime)]
    arrived_at: String,
    /// When something happened to it last.
    #[schema(format = DateTime)]
    updated_at: String,
    /// The code by which whoever sent it finds it again; null where there is none.
    #[schema(required)]
    tracking_code: Option<String>,
    /// When it was made anonymous; null where it was not.
    #[schema(required, format = DateTime)]
    anonymised_at: Option<String>,
    /// How pressing it is: 0 is the usual level.
    criticality: u32,
    /// What happened to it, the first first.
    history: Vec<LifecycleEvent>,
    /// What you may do now.
    actions: Vec<LifecycleAction>,
    /// What went wrong in the lifecycle itself, for whoever wrote it, the newest first: of the last steps that
    /// met something.
    problems: Vec<LifecycleTrouble>,
}

/// Something that is wrong with a lifecycle, as a submission met it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LifecycleTrouble {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Its code.
    #[schema(example = "template-failed")]
    code: String,
    /// Where in the lifecycle; null where it was no action.
    #[schema(required, example = "status new, action 2")]
    place: Option<String>,
    /// A sentence that tells nothing of what was answered.
    message: String,
}

/// A status of a lifecycle.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LifecycleStatus {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// Its colour; null where it has none.
    #[schema(required, example = "#0f6b62")]
    colour: Option<String>,
    /// Whether it is an end.
    endpoint: bool,
}

/// Something that happened to a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LifecycleEvent {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it: a name, or `submitter`; null where it happened by itself or a program did it.
    #[schema(required)]
    who: Option<String>,
    /// What people call the status that it came to; null where it stayed.
    #[schema(required)]
    status: Option<String>,
    /// What belongs to it.
    parts: Vec<LifecyclePart>,
}

/// What belongs to something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LifecyclePart {
    /// `comment`, `attachment`, `data` or `call-error`.
    kind: &'static str,
    /// What was said, the name of the file or of the data, or what went wrong.
    text: String,
    /// The delivery that made the call; null where it is none.
    #[schema(required)]
    delivery: Option<Uuid>,
}

/// Something that can be done with a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LifecycleAction {
    /// `button`, `comment`, `global`, `trigger`, `edit` or `attach`.
    kind: &'static str,
    /// What it is done by: the id of the action, or the name of the trigger.
    action: String,
    /// What stands on its button.
    label: String,
}

/// Where a submission stands
///
/// In the lifecycle of its form, with what happened to it and what you may do now. 404 with the code
/// `no-lifecycle` where the form has none.
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}/lifecycle",
    operation_id = "get_submission_lifecycle",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path)),
    responses((status = 200, body = Lifecycle), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, submission)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    headers: HeaderMap,
) -> Result<Json<Lifecycle>, Problem> {
    let routing = app.hub.project(&project).await?;
    let followed = followed(&app, &routing, &submission).await?;
    let actor = actor(&app, &routing, &caller).await?;
    let usual = UsualLabels::of(&caller, &headers);
    Ok(Json(shown(&app, &routing, &followed, &actor, usual).await?))
}

/// Do something with a submission
///
/// By an action of its lifecycle that you may take now. A file is added by a form with the parts `action` and
/// `file`. Answers that are not what their fields ask for change nothing. The answer is where it stands then; 204 where the
/// lifecycle has erased it.
#[utoipa::path(
    post,
    path = "/projects/{project}/submissions/{submission}/lifecycle",
    operation_id = "act_on_submission",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path)),
    request_body(content(
        (DoLifecycleAction = "application/json"),
        (LifecycleFile = "multipart/form-data"),
    )),
    responses((status = 200, body = Lifecycle), (status = 204), Problem),
)]
pub(super) async fn act(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, submission)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    headers: HeaderMap,
    deed: Deed,
) -> Result<(StatusCode, Json<Option<Lifecycle>>), Problem> {
    let routing = app.hub.project(&project).await?;
    let followed = followed(&app, &routing, &submission).await?;
    let actor = actor(&app, &routing, &caller).await?;
    let usual = UsualLabels::of(&caller, &headers);
    match done(&app, &routing, &followed, &actor, deed).await? {
        Some(followed) => {
            let shown = shown(&app, &routing, &followed, &actor, usual).await?;
            Ok((StatusCode::OK, Json(Some(shown))))
        }
        None => Ok((StatusCode::NO_CONTENT, Json(None))),
    }
}

async fn followed(
    app: &App,
    routing: &ProjectRouting,
    submission: &str,
) -> Result<Followed, Problem> {
    let stored = find(app, &routing.project, submission).await?;
    let form = app.hub.followed_form(routing, &stored.form).await?;
    let Some(form) = form.filter(|form| form.is_tracked) else {
        let detail = format!("the form \"{}\" has no lifecycle", stored.form);
        let hint = "forms that the project defines with `forms:` have one";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no-lifecycle", detail).hint(hint));
    };
    let found = app.hub.record(routing, &form, RecordKey::Submission(stored.id)).await?;
    found.ok_or_else(|| Problem::not_found("submission", submission))
}

/// Who acts: with the roles that the project file gives to somebody with their mail address. Whoever
/// administers the project may do what any role may.
async fn actor(
    app: &App,
    routing: &ProjectRouting,
    principal: &Principal,
) -> Result<lifecycle::Caller, Problem> {
    let (user, mut roles) = person_of(app, routing, principal).await?;
    if principal.access(&routing.project).is_some_and(|access| access >= Access::Admin) {
        roles = routing.roles().iter().map(|role| role.id.clone()).collect();
    }
    Ok(lifecycle::Caller { user: Some(user), roles, is_signed: true, is_submitter: false })
}

async fn shown(
    app: &App,
    routing: &ProjectRouting,
    followed: &Followed,
    actor: &lifecycle::Caller,
    usual: &UsualLabels,
) -> Result<Lifecycle, Problem> {
    let store = app.hub.store();
    let problems = store.lifecycle_problems(&routing.project, followed.submission).await?;
    let definition = &followed.form.definition;
    let progress = &followed.record.progress;
    let status_name = |id: &str| {
        let status = definition.lifecycle.status(id);
        status.map_or_else(|| id.to_owned(), |status| status.name.clone())
    };
    let status = progress.status.as_deref().and_then(|id| definition.lifecycle.status(id));
    let available =
        app.hub.with_machine(routing, followed, |it| it.available(&followed.record, actor));
    Ok(Lifecycle {
        form: definition.name.clone(),
        title: definition.title.clone(),
        number: progress.number,
        display_id: progress.display_id.clone(),
        digest: progress.digest.clone(),
        status: status.map(|status| LifecycleStatus {
            id: status.id.clone(),
            name: status.name.clone(),
            colour: status.colour.clone(),
            endpoint: status.is_endpoint(),
        }),
        draft: progress.is_draft(),
        busy: progress.is_busy(),
        arrived_at: progress.arrived_at.to_string(),
        updated_at: progress.updated_at.to_string(),
        tracking_code: progress.tracking_code.clone(),
        anonymised_at: progress.anonymised_at.map(|at| at.to_string()),
        criticality: progress.criticality,
        history: progress.history.iter().map(|entry| event(entry, &status_name)).collect(),
        actions: available.into_iter().filter_map(|it| action(followed, it, usual)).collect(),
        problems: problems.into_iter().map(trouble).collect(),
    })
}

fn trouble(problem: LifecycleProblem) -> LifecycleTrouble {
    let LifecycleProblem { at, code, place, sentence } = problem;
    LifecycleTrouble { at: at.to_string(), code, place, message: sentence }
}

fn event(entry: &HistoryEntry, status_name: &impl Fn(&str) -> String) -> LifecycleEvent {
    LifecycleEvent {
        at: entry.time.to_string(),
        who: entry.who.as_ref().map(|who| match who {
            Actor::Submitter => "submitter".to_owned(),
            Actor::User(user) => user.name.clone(),
        }),
        status: entry.status.as_deref().map(status_name),
        parts: entry.parts.iter().map(part).collect(),
    }
}

fn part(part: &Part) -> LifecyclePart {
    let (kind, text, delivery) = match part {
        Part::Comment { html, .. } => ("comment", plain_text(html), None),
        Part::Attachment { file, .. } => ("attachment", file.name.clone(), None),
        Part::FormData { key, .. } => ("data", key.clone(), None),
        Part::CallError { summary, delivery, .. } => ("call-error", summary.clone(), *delivery),
    };
    LifecyclePart { kind, text, delivery }
}

/// What actions are called that nobody gave a name, in the language of whoever reads.
struct UsualLabels {
    back: &'static str,
    comment: &'static str,
    edit: &'static str,
    attach: &'static str,
}

impl UsualLabels {
    const ENGLISH: Self =
        Self { back: "Back", comment: "Comment", edit: "Change the answers", attach: "Add a file" };
    const FRENCH: Self = Self {
        back: "Retour",
        comment: "Commenter",
        edit: "Modifier les réponses",
        attach: "Joindre un fichier",
    };

    /// Those of the language of the account, else of the browser.
    fn of(caller: &Principal, headers: &HeaderMap) -> &'static Self {
        let account = caller.user().and_then(|user| user.language.as_deref());
        let own = account.and_then(Language::from_name);
        match own.unwrap_or_else(|| language_wanted(headers)) {
            Language::English => &Self::ENGLISH,
            Language::French => &Self::FRENCH,
        }
    }
}

/// An action that can be done here: what programs call is none.
fn action(
    followed: &Followed,
    available: Available,
    usual: &UsualLabels,
) -> Option<LifecycleAction> {
    let lifecycle = &followed.form.definition.lifecycle;
    let kind_of = |status: &str, id: &str| {
        let actions = &lifecycle.status(status)?.actions;
        actions.iter().find(|action| action.id == id).map(|action| &action.kind)
    };
    let said = |label: &str, otherwise: &str| {
        if label.is_empty() { otherwise.to_owned() } else { label.to_owned() }
    };
    let status_name = |id: &str| lifecycle.status(id).map_or(id, |status| &status.name).to_owned();
    match available {
        Available::Button(status, id) => {
            let Some(ActionKind::Jump(jump)) = kind_of(&status, &id) else { return None };
            let label = match (&*jump.label, &jump.to) {
                ("", JumpTarget::Status(to)) => status_name(to),
                ("", JumpTarget::Previous) => usual.back.to_owned(),
                (label, _) => label.to_owned(),
            };
            Some(LifecycleAction { kind: "button", action: id, label })
        }
        Available::Comment(status, id) => {
            let Some(ActionKind::Comment(comment)) = kind_of(&status, &id) else { return None };
            let label = said(&comment.label, usual.comment);
            Some(LifecycleAction { kind: "comment", action: id, label })
        }
        Available::GlobalAction(id) => {
            let label = said(&lifecycle.global_action(&id)?.name, &id);
            Some(LifecycleAction { kind: "global", action: id, label })
        }
        Available::Trigger(name) => {
            Some(LifecycleAction { kind: "trigger", label: name.clone(), action: name })
        }
        Available::Edit(status, id) => {
            let Some(ActionKind::Edit(edit)) = kind_of(&status, &id) else { return None };
            let label = said(&edit.label, usual.edit);
            Some(LifecycleAction { kind: "edit", action: id, label })
        }
        Available::Attach(status, id) => {
            let Some(ActionKind::Attach(attach)) = kind_of(&status, &id) else { return None };
            let label = said(&attach.label, usual.attach);
            Some(LifecycleAction { kind: "attach", action: id, label })
        }
        Available::Hook(_) => None,
    }
}

pub(super) fn problem(error: LifecycleError) -> Problem {
    match error {
        LifecycleError::Refused(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
            Problem::new(status, "lifecycle-refused", refusal.description)
        }
        LifecycleError::NotFound => {
            Problem::new(StatusCode::NOT_FOUND, "not-found", "there is no such submission")
        }
        LifecycleError::Receive(error) => crate::incoming::refusal(error, false),
        LifecycleError::Store(error) => error.into(),
    }
}
