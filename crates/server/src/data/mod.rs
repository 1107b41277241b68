//! The data APIs of the systems that Fieldpost stands in for: what their clients read, and write, by.
//!
//! ```text
//!   /a/<project>/api/form/v1/, /a/<project>/api/v0.5/form/     forms, as CommCare HQ gives them
//!   /a/<project>/api/case/v1/, /a/<project>/api/v0.5/case/     cases, in its old shape
//!   /a/<project>/api/case/v2/                                  cases, to read and to change
//!   /p/<project>/api/v2/assets/…/data/                         submissions, as KoboToolbox gives them
//! ```
//!
//! ```text
//!   gate ──► endpoint ──► query ──► pages ──► rows
//!   who       what, and    which     keys of   in the format of
//!             may they     ones      the store whom it is for
//! ```
//!
//! Nobody is let through to anything that [`endpoint`] does not name with the level that it asks for. All
//! lists are pages by key of the one query model of the store; an offset, where a client of old counts, is
//! turned into a key. Errors have the shape that the clients know, and say what to do.

mod answer;
mod case_changes;
mod case_filters;
mod case_rows;
mod cases;
mod endpoint;
mod filled;
mod forms;
mod gate;
mod kobo;
mod kobo_query;
mod pages;
mod query;
mod stored;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::any;
use fieldpost_engine::ProjectRouting;
use http::StatusCode;
use http::request::Parts;

use crate::api::is_cross_site;
use crate::app::Shared;
use crate::problem::Problem;
use answer::Surface;
use endpoint::Endpoint;
use gate::Caller;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/a/{project}/api", any(commcare))
        .route("/a/{project}/api/{*rest}", any(commcare))
        .route("/p/{project}/api/v2/{*rest}", any(kobo))
}

/// What a request is about, once it was let in.
struct Asked<'r> {
    app: &'r Shared,
    routing: &'r ProjectRouting,
    parts: &'r Parts,
    caller: &'r Caller,
}

impl Asked<'_> {
    /// The project's name.
    fn project(&self) -> &str {
        &self.routing.project
    }

    /// The path of the request, as its links begin.
    fn path(&self) -> &str {
        self.parts.uri.path()
    }
}

async fn commcare(
    State(app): State<Shared>,
    Path(address): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    Box::pin(answer(app, Surface::CommCare, project_of(address), request)).await
}

async fn kobo(
    State(app): State<Shared>,
    Path(address): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    Box::pin(answer(app, Surface::Kobo, project_of(address), request)).await
}

/// The first parameter of the address; the rest is read as it was sent.
fn project_of(address: Vec<(String, String)>) -> String {
    address.into_iter().next().map(|(_, project)| project).unwrap_or_default()
}

/// Answers one request. What changes something is finished even if its client hangs up.
async fn answer(app: Shared, surface: Surface, project: String, request: Request) -> Response {
    if request.method().is_safe() {
        return answered(&app, surface, &project, request).await;
    }
    let working = Shared::clone(&app);
    let task =
        app.changes.spawn(async move { answered(&working, surface, &project, request).await });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request of a data API ended in the middle");
        let detail = "the hub made a mistake here; its log says which";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail);
        answer::problem(surface, &problem)
    })
}

async fn answered(app: &Shared, surface: Surface, project: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let public_url = app.settings.public_url.as_deref();
    if !parts.method.is_safe() && is_cross_site(&parts.headers, public_url) {
        return answer::problem(surface, &cross_site());
    }
    let admitted = match gate::admit(app, project, &parts).await {
        Ok(admitted) => admitted,
        Err(turned) => return answer::turned(surface, &turned),
    };
    let Some(found) = endpoint::find(surface, parts.uri.path()) else {
        return answer::problem(surface, &no_such_endpoint(surface));
    };
    if let Err(refused) = found.require(&parts.method, &admitted.caller, project) {
        return refused.into_response(surface);
    }
    let asked = Asked { app, routing: &admitted.routing, parts: &parts, caller: &admitted.caller };
    match run(&asked, found, body).await {
        Ok(response) => answer::finished(response),
        Err(problem) => answer::problem(surface, &problem),
    }
}

async fn run(asked: &Asked<'_>, endpoint: Endpoint, body: Body) -> Result<Response, Problem> {
    let is_read = asked.parts.method.is_safe();
    match endpoint {
        Endpoint::Forms => forms::list(asked).await,
        Endpoint::Form(id) => forms::one(asked, &id).await,
        Endpoint::FormFile { form, name } => forms::file(asked, &form, &name).await,
        Endpoint::Cases => cases::list(asked).await,
        Endpoint::Case(id) => cases::one(asked, &id).await,
        Endpoint::CaseStates if is_read => cases::states(asked).await,
        Endpoint::CaseStates => case_changes::post(asked, body).await,
        Endpoint::CaseState(ids) if is_read => cases::state(asked, &ids).await,
        Endpoint::CaseState(id) => case_changes::put(asked, &id, body).await,
        Endpoint::CaseByExternalId(id) if is_read => cases::by_external_id(asked, &id).await,
        Endpoint::CaseByExternalId(id) => case_changes::upsert(asked, &id, body).await,
        Endpoint::BulkFetch => cases::bulk_fetch(asked, body).await,
        Endpoint::Assets => kobo::assets(asked).await,
        Endpoint::Asset(form) => kobo::asset(asked, &form).await,
        Endpoint::Data(form) => kobo::list(asked, &form).await,
        Endpoint::Datum { form, id } => kobo::one(asked, &form, &id).await,
        Endpoint::DatumFile { form, id, name } => kobo::file(asked, &form, &id, &name).await,
    }
}

/// Browsers send a password that they know to a page of any site that asks them to.
fn cross_site() -> Problem {
    let detail = "a browser says that a page of another site asks for this change";
    Problem::new(StatusCode::FORBIDDEN, "cross-site", detail).hint(
        "programs send neither `Origin` nor `Sec-Fetch-Site`; behind a proxy, set public-url to the \
         address that people see",
    )
}

fn no_such_endpoint(surface: Surface) -> Problem {
    let there = match surface {
        Surface::CommCare => "form/v1/, v0.5/form/, case/v1/, v0.5/case/, case/v2/",
        Surface::Kobo => "assets/, assets/<form>/, assets/<form>/data/",
    };
    Problem::new(StatusCode::NOT_FOUND, "no-such-page", "there is nothing at this address")
        .hint(format!("the data API has: {there}"))
}
