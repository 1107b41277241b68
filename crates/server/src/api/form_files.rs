//! The files that devices need to show a form: pictures, sounds, lists of choices. Each is put under its
//! name, and goes to the folder of files while it comes.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{FormFileOutcome, MOST_FORM_FILES};
use fieldpost_store::{FileError, FormFile};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::forms::FormMedia;
use super::parameters::{NoParameters, Parameters, shortened};
use super::path::Path;
use super::{exact, known};
use crate::app::{App, Shared};
use crate::body::{BodyRefusal, next_piece};
use crate::problem::Problem;

/// The longest name of a file, in bytes: more than a phone's file system has.
const MAX_FILE_NAME: usize = 255;
/// The longest content type that is kept, in bytes.
const MAX_CONTENT_TYPE: usize = 255;

/// Give a form a file
///
/// The body is the file, in the place of the one of that name. Devices fetch it with the form: the name is
/// the one that the form writes, as `map.png` in `jr://images/map.png`.
#[utoipa::path(
    put,
    path = "/projects/{project}/forms/{form}/files/{name}",
    operation_id = "put_form_file",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), ("name" = String, Path)),
    request_body(content = String, content_type = "application/octet-stream", description = "The file"),
    responses(
        (status = 200, body = FormMedia, description = "The file took the place of another"),
        (status = 201, body = FormMedia, description = "The form has one more file"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    Path((project, form, name)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
    request: Request,
) -> Result<Response, Problem> {
    check_name(&name)?;
    let head = known::form(&app, &project, &form).await?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type =
        content_type.filter(|written| written.len() <= MAX_CONTENT_TYPE).map(str::to_owned);
    let limit = app.settings.upload_timeout;
    let keeping = keep(&app, &name, content_type, request);
    let file = match tokio::time::timeout(limit, Box::pin(keeping)).await {
        Ok(kept) => kept?,
        Err(_) => return Err(BodyRefusal::TooSlow(limit).into()),
    };
    let status = match app.hub.put_form_file(&project, &head.name, &file).await? {
        FormFileOutcome::Added => StatusCode::CREATED,
        FormFileOutcome::Replaced => StatusCode::OK,
        FormFileOutcome::TooMany => {
            return Err(too_many());
        }
    };
    Ok((status, Json(FormMedia::from(file))).into_response())
}

/// Writes what comes to the folder of files.
async fn keep(
    app: &App,
    name: &str,
    content_type: Option<String>,
    request: Request,
) -> Result<FormFile, Problem> {
    let most = u64::try_from(app.settings.max_file).unwrap_or(u64::MAX);
    let patience = app.settings.body_timeout;
    let mut file = app.hub.store().files().begin(most).await?;
    let mut body = request.into_body();
    loop {
        let piece = tokio::time::timeout(patience, next_piece(&mut body)).await;
        let piece = piece.map_err(|_| BodyRefusal::TooSlow(patience))??;
        let Some(piece) = piece else { break };
        file.write(&piece).await.map_err(|error| not_kept(name, error))?;
    }
    let kept = file.finish().await?;
    Ok(FormFile { name: name.to_owned(), content_type, sha256: kept.sha256, bytes: kept.bytes })
}

/// The refusal of a file that a form has no place for.
pub(super) fn too_many() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "too-many-form-files",
        format!("a form may have {MOST_FORM_FILES} files"),
    )
    .hint("delete those that it does not need any more")
}

/// Why a file is not kept.
pub(super) fn not_kept(name: &str, error: FileError) -> Problem {
    match error {
        FileError::TooLarge { most } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "file-too-large",
            format!("the file \"{}\" is longer than {most} bytes", shortened(name)),
        )
        .hint("the operator can raise the setting max-file"),
        FileError::Store(error) => error.into(),
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let is_one = !matches!(name.trim(), "" | "." | "..")
        && name.len() <= MAX_FILE_NAME
        && !name.chars().any(|character| character.is_control() || matches!(character, '/' | '\\'));
    if is_one {
        return Ok(());
    }
    Err(Problem::bad_request(
        "bad-file-name",
        format!("a file's name has 1 to {MAX_FILE_NAME} bytes, and no slash among them"),
    ))
}

/// A file of a form
#[utoipa::path(
    get,
    path = "/projects/{project}/forms/{form}/files/{name}",
    operation_id = "get_form_file",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), ("name" = String, Path)),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, form, name)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let head = known::form(&app, &project, &form).await?;
    let files = app.hub.store().form_files(&project, &head.name).await?;
    let file = files.into_iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| no_such(&name))?;
    let opened = app.hub.store().files().open(&file.sha256).await?;
    let opened = opened.ok_or_else(|| no_such(&name))?;
    Ok(exact::file(file.content_type.as_deref(), opened, &file.name))
}

/// Take a file away from a form
#[utoipa::path(
    delete,
    path = "/projects/{project}/forms/{form}/files/{name}",
    operation_id = "delete_form_file",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), ("name" = String, Path)),
    responses((status = 204, description = "The form has no such file any more"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, form, name)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let head = known::form(&app, &project, &form).await?;
    let was_there = app.hub.remove_form_file(&project, &head.name, &name).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(no_such(&name)) }
}

fn no_such(name: &str) -> Problem {
    Problem::not_found("file", shortened(name))
}
