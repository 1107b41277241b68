//! A plain page for each form that the hub asks, so that anybody with a browser can fill it in and follow
//! what becomes of it.
//!
//! ```text
//!   /p/<project>/<form>/                        fill it in, page by page
//!   /p/<project>/<form>/<id>/                   for whoever filled it in: how it goes on, what they can do
//!   /p/<project>/<form>/<id>/files/<digest>     a file of theirs
//!   /p/<project>/<form>/<id>/edit/              go on with a draft
//!   /p/<project>/<form>/<id>/edit/<action>/     change the answers, where the lifecycle allows it
//!   /p/<project>/code/                          come back by the tracking code
//!   /p/<project>/<category>/                    the forms of a category
//!   /p/<project>/backoffice/…                   leads those who handle submissions on to the web application
//! ```
//!
//! ```text
//!   posted ──► state ──► flow ──► reading ──► form, controls ──► markup ──► frame
//!   texts,     what was   what     answers,    what is shown
//!   files      typed      follows  mistakes
//! ```
//!
//! The pages are written here and work without any script: every button posts a form, and what is asked is
//! decided anew with each step. A form under way goes along in its own page (`state` says why); what is sent
//! becomes a submission like any other. Whoever sent it holds a cookie for its page alone, signed and for an
//! hour, or comes back by the code.

mod answers;
mod bounds;
mod code;
mod controls;
mod elsewhere;
mod files;
mod fill;
mod flow;
mod form;
mod frame;
mod markup;
mod posted;
mod reading;
mod record;
mod sealed;
mod shown;
mod state;
mod typed;
mod visit;
mod words;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{any, get};
use http::header::{ALLOW, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::app::Shared;
use crate::html::{self, CSS, JAVASCRIPT};
use crate::problem::Problem;
pub use bounds::PageBounds;
pub(crate) use code::load_url;
use fill::Filling;
pub(crate) use posted::with_file;
use visit::{Turned, Visit, turned};
pub(crate) use words::language_wanted;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{project}/{form}/", any(of_form))
        .route("/p/{project}/{form}/{id}/", any(of_record))
        .route("/p/{project}/{form}/{id}/files/{digest}", get(of_file))
        .route("/p/{project}/{form}/{id}/edit/", any(of_draft))
        .route("/p/{project}/{form}/{id}/edit/{action}/", any(of_edit))
        .route("/p/{project}/code/", any(of_codes))
        .route("/p/{project}/code/load/", any(of_link))
        .route("/p/{project}/backoffice", get(to_backoffice))
        .route("/p/{project}/backoffice/", get(to_backoffice))
        .route("/p/{project}/backoffice/{*rest}", get(to_backoffice))
        .route("/p/{project}/{form}", get(with_slash))
        .route("/p/{project}/{form}/{id}", get(with_slash))
        .route("/p/{project}/code", get(with_slash))
        .route("/assets/form.css", get(styles))
        .route("/assets/form.js", get(script))
}

/// The page that is asked for.
enum Wanted {
    Form(String),
    Record(String, String),
    File(String, String, String),
    Edit(String, String, Option<String>),
    Codes,
    Link,
    Backoffice,
}

async fn styles() -> Response {
    html::file(CSS, include_str!("../../assets/form.css"))
}

async fn script() -> Response {
    html::file(JAVASCRIPT, include_str!("../../assets/form.js"))
}

/// Addresses have a slash at their end; who leaves it out is led there.
async fn with_slash(State(app): State<Shared>, request: Request) -> Response {
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    let path = format!("{}{}/{query}", app.path_prefix(), request.uri().path());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(path) = HeaderValue::from_str(&path) {
        response.headers_mut().insert(LOCATION, path);
    }
    response
}

async fn of_form(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::Form(form), request).await
}

async fn of_record(
    State(app): State<Shared>,
    Path((project, form, id)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::Record(form, id), request).await
}

async fn of_file(
    State(app): State<Shared>,
    Path((project, form, id, digest)): Path<(String, String, String, String)>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::File(form, id, digest), request).await
}

async fn of_draft(
    State(app): State<Shared>,
    Path((project, form, id)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::Edit(form, id, None), request).await
}

async fn of_edit(
    State(app): State<Shared>,
    Path((project, form, id, action)): Path<(String, String, String, String)>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::Edit(form, id, Some(action)), request).await
}

async fn of_codes(
    State(app): State<Shared>,
    Path(project): Path<String>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::Codes, request).await
}

async fn of_link(
    State(app): State<Shared>,
    Path(project): Path<String>,
    request: Request,
) -> Response {
    answer(app, project, Wanted::Link, request).await
}

async fn to_backoffice(
    State(app): State<Shared>,
    Path(address): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let project = address.into_iter().next().map(|(_, project)| project);
    answer(app, project.unwrap_or_default(), Wanted::Backoffice, request).await
}

/// Answers one request. What changes something is finished even if its browser hangs up.
async fn answer(app: Shared, project: String, wanted: Wanted, request: Request) -> Response {
    if request.method().is_safe() {
        return answered(app, project, wanted, request).await;
    }
    let changes = app.changes.clone();
    let words = words::wanted(request.headers());
    let (again, title) = (request.uri().path().to_owned(), project.clone());
    let task = changes.spawn(answered(app.clone(), project, wanted, request));
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a page of a form ended in the middle");
        let detail = "the hub made a mistake here; its log says which";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail);
        turned(&app, words, &title, &again, &problem.into())
    })
}

async fn answered(app: Shared, project: String, wanted: Wanted, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let mut response = match try_answer(app.clone(), &project, wanted, &parts, body).await {
        Ok(response) => response,
        Err(why) => {
            let words = words::wanted(&parts.headers);
            let again = format!("{}{}", app.path_prefix(), parts.uri.path());
            turned(&app, words, &project, &again, &why)
        }
    };
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn try_answer(
    app: Shared,
    project: &str,
    wanted: Wanted,
    parts: &Parts,
    body: Body,
) -> Result<Response, Turned> {
    let posts = match parts.method {
        Method::GET | Method::HEAD => false,
        Method::POST => true,
        _ => return Ok(wrong_method()),
    };
    let visit = Visit::begin(app, project, parts).await?;
    match wanted {
        Wanted::Form(form) if !posts && visit.routing.form_definition(&form).is_none() => {
            elsewhere::form_or_category(&visit, parts, &form).await
        }
        Wanted::Form(form) => {
            let filling = Filling::new(&visit, &form).await?;
            if posts {
                Box::pin(fill::go(&visit, &filling, parts, body)).await
            } else {
                Ok(fill::show(&visit, &filling))
            }
        }
        Wanted::Edit(form, id, action) => {
            let filling = Filling::of(&visit, &form, &id, action.as_deref()).await?;
            if posts {
                Box::pin(fill::go(&visit, &filling, parts, body)).await
            } else {
                Ok(fill::show(&visit, &filling))
            }
        }
        Wanted::Record(form, id) if posts => {
            Box::pin(record::act(&visit, &form, &id, parts, body)).await
        }
        Wanted::Record(form, id) => match record::show(&visit, &form, &id, parts).await {
            Err(why @ (Turned::Locked { .. } | Turned::NotFound)) => {
                elsewhere::record(&visit, parts, &form, &id, why).await
            }
            shown => shown,
        },
        Wanted::File(form, id, digest) => files::show(&visit, &form, &id, &digest).await,
        Wanted::Codes if posts => Box::pin(code::look_up(&visit, parts, body)).await,
        Wanted::Codes => Ok(code::ask(&visit, parts)),
        Wanted::Link if posts => Ok(wrong_method()),
        Wanted::Link => code::load(&visit, parts).await,
        Wanted::Backoffice => elsewhere::backoffice(&visit, parts).await,
    }
}

fn wrong_method() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}
