//! What belongs to a submission: its exact form, its files, its versions, the cases that it had a part in.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_dialects::{Received, odk_central};
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_rules::difference::difference;
use fieldpost_store::{
    StoredFile, StoredSubmission, SubmissionContent, SubmissionVersion, WantedVersion,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::cases::{self, Case};
use super::difference::Difference;
use super::list::{List, ListedByText, Turn, bad_cursor};
use super::names::FetchStateName;
use super::parameters::{NoParameters, Parameters, bad, shortened};
use super::path::Path;
use super::submissions::{find, instance_id, parsed};
use super::{exact, messages};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Places that a version's changes are told of.
const MOST_CHANGES: usize = 200;
/// Versions of a page; each is compared with the one before.
const MOST_VERSIONS: usize = 100;

/// Which version is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfVersion {
    /// The number of the version; the newest unless given.
    #[param(value_type = Option<u64>)]
    version: Option<String>,
}

/// A submission's exact form
///
/// Byte for byte as it came in: the body of the message that brought it, or its form part, where files
/// came with it, or the XML inside it, where it is an event of ODK Central. Forms that the hub wrote itself, when it closed cases with others, are theirs.
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}/original",
    operation_id = "get_submission_original",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path), OfVersion),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn original(
    State(app): State<Shared>,
    Path((project, submission)): Path<(String, String)>,
    Parameters(wanted): Parameters<OfVersion>,
) -> Result<Response, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let version = match wanted.version.as_deref() {
        None => stored.version,
        Some(text) => text.parse().map_err(|_| bad("version", text, "a number from 1 on"))?,
    };
    let file_name = format!("submission-{}-{version}", stored.id);
    let (content_type, bytes) = original_in(&app, &project, stored.id, version).await?;
    Ok(exact::bytes(content_type.as_deref(), bytes, &file_name))
}

/// The exact form of the newest version of a submission, and its content type.
pub(crate) async fn original_of(
    app: &App,
    project: &str,
    stored: &StoredSubmission,
) -> Result<(Option<String>, Vec<u8>), Problem> {
    original_in(app, project, stored.id, stored.version).await
}

async fn original_in(
    app: &App,
    project: &str,
    submission: Uuid,
    version: i64,
) -> Result<(Option<String>, Vec<u8>), Problem> {
    let store = app.hub.store();
    if let Some(original) = store.submission_original(project, submission, version).await? {
        return Ok((original.content_type, original.bytes.to_vec()));
    }
    let before = version.checked_add(1);
    let found = store.submission_versions(project, submission, before, 1).await?;
    let found = found.into_iter().find(|found| found.version == version);
    let found = found.ok_or_else(|| Problem::not_found("version", version))?;
    let (content_type, bytes) = messages::content(app, project, found.message).await?;
    if let Some(document) = embedded(app, project, found.message, &bytes).await? {
        return Ok((Some(odk_central::EMBEDDED_TYPE.to_owned()), document));
    }
    Ok((content_type, bytes))
}

/// The form inside a message that has it in an envelope, as the events of ODK Central have.
async fn embedded(
    app: &App,
    project: &str,
    message: Uuid,
    body: &[u8],
) -> Result<Option<Vec<u8>>, Problem> {
    let Some(message) = app.hub.store().message(project, message).await? else { return Ok(None) };
    let routing = app.hub.project(project).await?;
    let dialect = routing.source(&message.source).map(|source| source.dialect);
    let content_type = message.content_type.as_deref();
    if dialect != Some(Dialect::OdkCentral) {
        return Ok(None);
    }
    let event = odk_central::decode(&Received { content_type, body }).ok();
    Ok(event.and_then(|event| odk_central::embedded(&event.view)).map(String::into_bytes))
}

/// A file of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttachedFile {
    /// Its name, as the answers write it.
    #[schema(example = "1700000000.jpg")]
    name: String,
    /// What it is, where its sender says.
    #[schema(required)]
    content_type: Option<String>,
    /// Its length; null while it has not come.
    #[schema(required)]
    bytes: Option<u64>,
    /// SHA-256 of its content, in hexadecimal digits; null while it has not come, and once it is erased.
    #[schema(required)]
    sha256: Option<String>,
    /// Where its sender has it, where it says so. Of ODK Central the path below the address of the connection.
    #[schema(required)]
    link: Option<String>,
    /// How it stands with fetching it from there; null where that is not wanted.
    #[schema(required)]
    fetch: Option<FileFetch>,
}

/// How it stands with fetching a linked file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileFetch {
    /// Where it stands.
    #[schema(value_type = FetchStateName)]
    state: &'static str,
    /// The name of the connection that it is fetched by.
    connection: String,
    /// How many tries were made since it was wanted, or wanted again.
    attempts: u32,
    /// When the next one is due; null once it has come or is given up.
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
    /// What went wrong last, in a sentence.
    #[schema(required)]
    last_error: Option<String>,
    /// When it came.
    #[schema(required, format = DateTime)]
    fetched_at: Option<String>,
}

impl From<StoredFile> for AttachedFile {
    fn from(file: StoredFile) -> Self {
        let StoredFile { name, content_type, sha256, bytes, link, fetch } = file;
        let sha256 = sha256.map(|sha256| hexadecimal::encode(&sha256));
        Self { name, content_type, bytes, sha256, link, fetch: fetch.map(FileFetch::from) }
    }
}

impl From<fieldpost_store::FileFetch> for FileFetch {
    fn from(fetch: fieldpost_store::FileFetch) -> Self {
        Self {
            state: fetch.state.name(),
            connection: fetch.connection,
            attempts: fetch.tries,
            next_attempt_at: fetch.next_at.map(|at| at.to_string()),
            last_error: fetch.last_error,
            fetched_at: fetch.fetched_at.map(|at| at.to_string()),
        }
    }
}

/// The files of a submission
///
/// Also those that the answers name and that have not come yet.
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}/attachments",
    operation_id = "list_submission_attachments",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path)),
    responses((status = 200, body = List<AttachedFile>), Problem),
)]
pub(super) async fn attachments(
    State(app): State<Shared>,
    Path((project, submission)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<AttachedFile>>, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let files = app.hub.store().files_of(&project, stored.id).await?;
    Ok(Json(List::whole(files.into_iter().map(AttachedFile::from))))
}

/// What was ordered to be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FetchOrdered {
    /// How many files are fetched: those that are linked to and have not come.
    files: u64,
}

/// Fetch the linked files of a submission
///
/// Those that have not come, once more or for the first time: at once, in the background, by the connection
/// that the source names in `fetch_files` today. The list of files tells what comes of it.
#[utoipa::path(
    post,
    path = "/projects/{project}/submissions/{submission}/fetch",
    operation_id = "fetch_submission_attachments",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path)),
    responses((status = 202, body = FetchOrdered), Problem),
)]
pub(super) async fn fetch(
    State(app): State<Shared>,
    Path((project, submission)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<(StatusCode, Json<FetchOrdered>), Problem> {
    let stored = find(&app, &project, &submission).await?;
    let files = app.hub.fetch_files(&project, stored.id).await?;
    Ok((StatusCode::ACCEPTED, Json(FetchOrdered { files })))
}

/// A file of a submission, byte for byte
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}/attachments/{name}",
    operation_id = "get_submission_attachment",
    tag = "submissions",
    params(
        ("project" = String, Path),
        ("submission" = Uuid, Path),
        ("name" = String, Path),
    ),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn attachment(
    State(app): State<Shared>,
    Path((project, submission, name)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let files = app.hub.store().files_of(&project, stored.id).await?;
    let file = files.into_iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Problem::not_found("file", shortened(&name)))?;
    let opened = match &file.sha256 {
        Some(sha256) => app.hub.store().files().open(sha256).await?,
        None => None,
    };
    let opened = opened.ok_or_else(|| file_not_there(&file))?;
    Ok(exact::file(file.content_type.as_deref(), opened, &file.name))
}

/// The answer where a file is known and its bytes are not here.
pub(crate) fn file_not_there(file: &StoredFile) -> Problem {
    let detail = format!("the file \"{}\" is not here", shortened(&file.name));
    let hint = match (&file.sha256, &file.link) {
        (Some(_), _) => {
            "it is missing from the folder of files; restore it from FILE.files of a backup \
                         FILE"
                .to_owned()
        }
        (None, Some(link)) => format!("its sender has it at {link}"),
        (None, None) => "its sender has not sent it yet, or it was erased".to_owned(),
    };
    Problem::new(StatusCode::NOT_FOUND, "file-not-there", detail).hint(hint)
}

/// One of the times that something was said of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubmissionState {
    /// Counts from 1 on.
    version: i64,
    /// The message that brought it.
    message: Uuid,
    /// What its sender calls it, as it was sent; edits have a name of their own.
    #[schema(required)]
    instance_id: Option<String>,
    /// When it was received.
    #[schema(format = DateTime)]
    received_at: String,
    /// The name of who filled it in.
    #[schema(required)]
    user: Option<String>,
    /// The id of who filled it in.
    #[schema(required)]
    user_id: Option<String>,
    /// The version of the form, as the submission says.
    #[schema(required)]
    form_version: Option<String>,
    /// Whether the answers have been erased.
    erased: bool,
    /// What is other than in the version before, two hundred places at the most: paths begin with
    /// `values` or `extra`. Null for the first version, and where either has been erased.
    #[schema(required)]
    changes: Option<Vec<Difference>>,
    /// Whether there are more places.
    more: bool,
}

/// The versions of a submission, newest first
///
/// Each with what it changed.
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}/history",
    operation_id = "list_submission_history",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path), Turn),
    responses((status = 200, body = List<SubmissionState>), Problem),
)]
pub(super) async fn history(
    State(app): State<Shared>,
    Path((project, submission)): Path<(String, String)>,
    ListedByText { filter: NoParameters {}, after, limit }: ListedByText<NoParameters>,
) -> Result<Json<List<SubmissionState>>, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let before = after.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let limit = limit.min(MOST_VERSIONS);
    let store = app.hub.store();
    let mut versions =
        store.submission_versions(&project, stored.id, before, limit + 1).await?.into_iter();
    let mut states: Vec<SubmissionState> = Vec::new();
    let mut newer = versions.next();
    let mut content = match &newer {
        Some(version) => content_of(&app, &project, stored.id, version).await?,
        None => None,
    };
    // The one behind the page is there to compare the last of it with.
    while let Some(version) = newer {
        newer = versions.next();
        let older = match &newer {
            Some(version) => content_of(&app, &project, stored.id, version).await?,
            None => None,
        };
        states.push(SubmissionState::new(version, content.as_ref(), older.as_ref()));
        content = older;
    }
    Ok(Json(List::page_by_text(limit, states, |state| state.version.to_string())))
}

async fn content_of(
    app: &App,
    project: &str,
    submission: Uuid,
    version: &SubmissionVersion,
) -> Result<Option<SubmissionContent>, Problem> {
    let wanted = WantedVersion::Number(version.version);
    Ok(app.hub.store().submission_content(project, submission, wanted).await?)
}

impl SubmissionState {
    fn new(
        version: SubmissionVersion,
        content: Option<&SubmissionContent>,
        before: Option<&SubmissionContent>,
    ) -> Self {
        let said = content.and_then(|content| instance_id(&parsed(&content.metadata)));
        let compared = before.zip(content).map(|(before, content)| {
            difference(&compared(before), &compared(content), MOST_CHANGES)
        });
        let (changes, more) = compared.map_or((None, false), |(changes, more)| {
            (Some(changes.into_iter().map(Difference::from).collect()), more)
        });
        Self {
            version: version.version,
            message: version.message,
            instance_id: said.or(version.instance_id),
            received_at: version.at.to_string(),
            user: version.user,
            user_id: version.user_id,
            form_version: version.form_version,
            erased: version.is_erased,
            changes,
            more,
        }
    }
}

/// What is compared of two versions.
fn compared(content: &SubmissionContent) -> Value<'static> {
    Value::object([("values", parsed(&content.values)), ("extra", parsed(&content.extra))])
}

/// The cases that a submission had a part in
///
/// As they are now, by their ids.
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}/cases",
    operation_id = "list_submission_cases",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path), Turn),
    responses((status = 200, body = List<Case>), Problem),
)]
pub(super) async fn cases_of(
    State(app): State<Shared>,
    Path((project, submission)): Path<(String, String)>,
    ListedByText { filter: NoParameters {}, after, limit }: ListedByText<NoParameters>,
) -> Result<Json<List<Case>>, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let mut ids = app.hub.store().cases_of_submission(&project, stored.id).await?;
    ids.sort_unstable();
    if let Some(after) = after {
        ids.retain(|id| *id > after);
    }
    ids.truncate(limit + 1);
    let found = cases::states(&app, &project, &ids).await?;
    Ok(Json(List::page_by_text(limit, found, Case::id)))
}
