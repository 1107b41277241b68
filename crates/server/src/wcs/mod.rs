//! The API of w.c.s. (Publik): what its clients read forms and their submissions by, and send them by.
//!
//! ```text
//!   /p/<project>/api/forms/…, …/formdefs/…, …/cards/…, …/code/…, …/user/…      of a project
//!   /api/forms/…, …                                                              of the default project
//!   /p/<project>/<form>/<id>/download, …/jump/trigger/<name>, …/hooks/<name>     what documents link to
//! ```
//!
//! ```text
//!   gate ──────► endpoint ──► rules::wcs ──► hub ──────► dialects::wcs
//!   who, and      what         may they,      records     the words of w.c.s.
//!   for whom                   which ones     and steps
//! ```
//!
//! Lists are written while they are read, some hundred rows at a time, however long they are. Everything that
//! is refused is refused in the words of w.c.s., since clients compare them.

mod aliases;
mod answer;
mod cards;
mod case_changes;
mod case_records;
mod cases;
mod catalogue;
mod changes;
mod chosen;
mod code;
mod document;
mod edit;
mod endpoint;
mod forms;
mod gate;
mod geocoding;
mod hooks;
mod import_cases;
mod import_forms;
mod imports;
mod jobs;
mod lists;
mod overview;
mod people;
mod places;
mod rows;
mod shown;
mod statistics;
mod submit;
mod trigger;
mod validators;
mod written;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::any;
use fieldpost_dialects::wcs::{RecordsAt, Site};
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::days::Calendar;
use http::header::ACCEPT_ENCODING;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::app::{App, Shared};
use crate::compressed;
use crate::problem::Problem;
use endpoint::Endpoint;
use gate::Admitted;

pub(crate) use answer::{Turned, taken, turned};
pub(crate) use document::add_files;
pub(crate) use edit::{AnswersSent, NotEdited, edited};
pub(crate) use endpoint::WORDS;
pub(crate) use gate::{SignedIn, person_of, prove_sender, signed_in};
pub(crate) use places::Places;

/// The addresses of projects.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{project}/api/{*rest}", any(of_project))
        .route("/api/{*rest}", any(of_default_project))
        .route("/p/{project}/{form}/{id}/download", any(in_front))
        .route("/p/{project}/{form}/{id}/jump/trigger/{name}", any(in_front))
        .route("/p/{project}/{form}/{id}/jump/trigger/{name}/", any(in_front))
        .route("/p/{project}/{form}/{id}/hooks/{name}", any(in_front))
        .route("/p/{project}/{form}/{id}/hooks/{name}/", any(in_front))
}

/// What a request is about, once it was let in. Answers that are written while they are sent keep one.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) app: Shared,
    pub(crate) admitted: Arc<Admitted>,
    pub(crate) parts: Arc<Parts>,
    /// Where the records are that are asked for.
    records: RecordsAt,
}

impl Asked {
    /// The project's name.
    pub(crate) fn project(&self) -> &str {
        self.admitted.project()
    }

    /// Where the hub is, and who is there, for whoever writes documents.
    pub(crate) fn site(&self) -> Site<'_> {
        let roles = self.admitted.routing.roles();
        let (base, time_zone) = (&*self.admitted.base, self.calendar().zone);
        Site { base, time_zone, roles, records: self.records }
    }

    /// Now, where the project is.
    pub(crate) fn calendar(&self) -> Calendar {
        let now = self.app.hub.now();
        Calendar { now, zone: self.app.hub.surroundings(&self.admitted.routing, now).zone }
    }
}

async fn of_project(
    State(app): State<Shared>,
    Path((project, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    // The path as it was sent: what is encoded in it stays so until it is cut.
    let endpoint = request.uri().path().splitn(5, '/').nth(4).and_then(endpoint::find);
    Box::pin(answer(app, Some(project), endpoint, request)).await
}

async fn of_default_project(State(app): State<Shared>, request: Request) -> Response {
    let endpoint = request.uri().path().splitn(3, '/').nth(2).and_then(endpoint::find);
    let project = default_project(&app);
    Box::pin(answer(app, project, endpoint, request)).await
}

async fn in_front(
    State(app): State<Shared>,
    Path(address): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let mut address = address.into_iter().map(|(_, value)| value);
    let (project, form) = (address.next(), address.next().unwrap_or_default());
    let rest = request.uri().path().splitn(5, '/').nth(4).unwrap_or_default();
    let endpoint = endpoint::find_in_front(&form, rest);
    Box::pin(answer(app, project, endpoint, request)).await
}

/// The project that is meant where none is named: the one that is set, else the only one.
fn default_project(app: &App) -> Option<String> {
    if let Some(project) = &app.settings.default_project {
        return Some(project.clone());
    }
    let routing = app.hub.routing();
    let mut projects = routing.projects();
    let only = projects.next()?.project.to_string();
    projects.next().is_none().then_some(only)
}

/// How the refusal of a name identifier that is nobody's is called.
const UNKNOWN_PERSON: &str = "unknown-name-id";

/// Answers one request. What changes something is finished even if its client hangs up.
async fn answer(
    app: Shared,
    project: Option<String>,
    endpoint: Option<Endpoint>,
    request: Request,
) -> Response {
    if request.method().is_safe() {
        return answered(app, project, endpoint, request).await;
    }
    let changes = app.changes.clone();
    let task = changes.spawn(answered(app, project, endpoint, request));
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request of the API of w.c.s. ended in the middle");
        let detail = "the hub made a mistake here; its log says which";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail);
        turned(&problem.into())
    })
}

async fn answered(
    app: Shared,
    project: Option<String>,
    endpoint: Option<Endpoint>,
    request: Request,
) -> Response {
    let accepted = request.headers().get(ACCEPT_ENCODING).cloned();
    let level = app.settings.compression_level;
    let response = match try_answer(app, project, endpoint, request).await {
        Ok(response) => answer::finished(response),
        Err(error) => turned(&error),
    };
    let accepted = HeaderMap::from_iter(accepted.map(|value| (ACCEPT_ENCODING, value)));
    compressed::answer(&accepted, level, response)
}

async fn try_answer(
    app: Shared,
    project: Option<String>,
    endpoint: Option<Endpoint>,
    request: Request,
) -> Result<Response, Turned> {
    let (project, endpoint) = project.zip(endpoint).ok_or_else(Refusal::not_found)?;
    let (parts, body) = request.into_parts();
    endpoint.require(&parts.method)?;
    let admitted = match gate::admit(&app, &project, &parts, &endpoint).await {
        Ok(admitted) => Arc::new(admitted),
        // A page that shows a person their own takes everything else for an outage.
        Err(Turned::Refused(refusal))
            if refusal.code == UNKNOWN_PERSON && matches!(endpoint, Endpoint::MyForms { .. }) =>
        {
            return Err(refusal.in_a_good_answer().into());
        }
        Err(turned) => return Err(turned),
    };
    let records = endpoint.records_at(|form| admitted.routing.form_definition(form).is_some());
    let asked = Asked { app, admitted, parts: Arc::new(parts), records };
    run(&asked, endpoint, body).await
}

async fn run(asked: &Asked, endpoint: Endpoint, body: Body) -> Result<Response, Turned> {
    let is_read = asked.parts.method.is_safe();
    match endpoint {
        Endpoint::FormDefinitions => catalogue::forms(asked).await,
        Endpoint::Schema { kind, form } => catalogue::schema(asked, kind, &form).await,
        Endpoint::Categories => catalogue::categories(asked).await,
        Endpoint::Category(slug) => catalogue::category(asked, &slug).await,
        Endpoint::Roles => catalogue::roles(asked),
        Endpoint::CardKinds => catalogue::card_kinds(asked).await,
        Endpoint::Statistics => statistics::index(asked),
        Endpoint::FormCounts => statistics::forms(asked).await,
        Endpoint::Geocoding => geocoding::answer(),
        Endpoint::View => lists::no_view(),
        Endpoint::Me => people::me(asked),
        Endpoint::MyForms { drafts } => people::mine(asked, drafts).await,
        Endpoint::People => people::list(asked),
        Endpoint::PersonForms(id) => people::forms_of(asked, &id).await,
        Endpoint::All(part) => overview::answer(asked, part).await,
        Endpoint::Records { kind, form, part } => {
            Box::pin(lists::answer(asked, kind, &form, part, body)).await
        }
        Endpoint::Record { kind, form, id } if is_read => {
            Box::pin(document::answer(asked, kind, &form, &id)).await
        }
        Endpoint::Download { kind, form, id } => document::download(asked, kind, &form, &id).await,
        Endpoint::Code(code) => code::answer(asked, &code).await,
        Endpoint::Record { form, id, .. } if asked.records == RecordsAt::Cases => {
            Box::pin(import_cases::one(asked, &form, Some(&id), body)).await
        }
        Endpoint::Record { kind, form, id } => edit::answer(asked, kind, &form, &id, body).await,
        Endpoint::Submit { form, .. } if asked.records == RecordsAt::Cases => {
            Box::pin(import_cases::one(asked, &form, None, body)).await
        }
        Endpoint::Submit { kind, form } => submit::answer(asked, kind, &form, body).await,
        Endpoint::Trigger { kind, form, id, name } => {
            trigger::answer(asked, kind, &form, &id, &name, body).await
        }
        Endpoint::Hook { kind, form, id, name } => {
            hooks::answer(asked, kind, &form, &id, &name, body).await
        }
        Endpoint::Import { form, format } => {
            Box::pin(imports::answer(asked, &form, format, body)).await
        }
        Endpoint::Job(id) => jobs::answer(asked, &id).await,
    }
}
