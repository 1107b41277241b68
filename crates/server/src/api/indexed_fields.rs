//! The fields of a form by which lists are quick, however many submissions there are.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{Expected, HubError};
use fieldpost_model::json::Value;
use fieldpost_rules::field_path::{FieldPath, push_key};
use fieldpost_store::{IndexedField, MOST_INDEXED_FIELDS};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::body::Input;
use super::condition::{Condition, Conditions, Tagged};
use super::known;
use super::parameters::{NoParameters, Parameters, shortened};
use super::path::Path;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// The fields that a form is to have indexed, in place of those that it had.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedFields {
    /// Where the answers stand in the values; eight at the most.
    #[schema(example = json!(["household.village"]))]
    paths: Vec<String>,
}

/// The fields that a form has indexed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndexedFields {
    paths: Vec<IndexedPath>,
}

/// A field that is indexed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndexedPath {
    /// Where its answer stands in the values.
    #[schema(example = "household.village")]
    path: String,
    /// Whether lists go by it already; until then they look through the submissions.
    complete: bool,
}

impl From<IndexedField> for IndexedPath {
    fn from(field: IndexedField) -> Self {
        let mut path = String::new();
        field.path.iter().for_each(|name| push_key(&mut path, name));
        Self { path, complete: field.is_complete }
    }
}

/// The indexed fields of a form
///
/// With an `ETag`, which changes with the fields.
#[utoipa::path(
    get,
    path = "/projects/{project}/forms/{form}/indexed",
    operation_id = "get_indexed_fields",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path)),
    responses((status = 200, body = IndexedFields), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<IndexedFields>>, Problem> {
    let head = known::form(&app, &project, &form).await?;
    read(&app, &project, &head.name).await
}

/// Index fields of a form
///
/// Lists of its submissions by these fields are quick, however many there are. What is there already is
/// indexed in the background.
#[utoipa::path(
    put,
    path = "/projects/{project}/forms/{form}/indexed",
    operation_id = "put_indexed_fields",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), Conditions),
    request_body = WantedFields,
    responses((status = 200, body = IndexedFields), Problem),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    Input(wanted): Input<WantedFields>,
) -> Result<Tagged<Json<IndexedFields>>, Problem> {
    let head = known::form(&app, &project, &form).await?;
    let mut paths: Vec<Vec<String>> = Vec::new();
    for text in &wanted.paths {
        let path = path_of(text)?;
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    if paths.len() > MOST_INDEXED_FIELDS {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-many-indexed-fields",
            format!("a form can have {MOST_INDEXED_FIELDS} indexed fields"),
        )
        .hint("index those that lists are filtered by most"));
    }
    let store = app.hub.store();
    let before: Vec<Vec<String>> =
        store.indexed_fields(&project, &head.name).await?.into_iter().map(|it| it.path).collect();
    let seen = is_as_seen(&expected, &before, &head.name)?.then_some(&*before);
    store.index_fields_seen(&project, &head.name, &paths, seen).await?;
    read(&app, &project, &head.name).await
}

async fn read(
    app: &App,
    project: &str,
    form: &str,
) -> Result<Tagged<Json<IndexedFields>>, Problem> {
    let fields = app.hub.store().indexed_fields(project, form).await?;
    let tag = tag(fields.iter().map(|field| &*field.path));
    let paths = fields.into_iter().map(IndexedPath::from).collect();
    Ok(Tagged(Some(tag), Json(IndexedFields { paths })))
}

/// What the fields are known by: a digest of them, whether lists go by them already or not.
fn tag<'p>(paths: impl Iterator<Item = &'p [String]>) -> i64 {
    let all = Value::Array(paths.map(path_value).collect());
    let digest = Sha256::digest(all.to_json());
    digest.iter().take(size_of::<i64>() - 1).fold(0, |tag, byte| tag << 8 | i64::from(*byte))
}

fn path_value(path: &[String]) -> Value<'_> {
    Value::Array(path.iter().map(|name| Value::from(&**name)).collect())
}

/// Whether somebody has seen these fields and wants to change no others.
fn is_as_seen(expected: &Expected, before: &[Vec<String>], form: &str) -> Result<bool, Problem> {
    let (code, what, hint) = match expected {
        Expected::Anything | Expected::Something => return Ok(false),
        Expected::SavedIn(tags) if tags.contains(&tag(before.iter().map(Vec::as_slice))) => {
            return Ok(true);
        }
        Expected::SavedIn(_) => (
            "changed-meanwhile",
            format!(
                "somebody else has changed the indexed fields of the form \"{form}\" meanwhile"
            ),
            "get them again, look at what is different, and make the change in those",
        ),
        Expected::Nothing => (
            "exists-already",
            format!("there are indexed fields of the form \"{form}\" already, if only none"),
            "leave the condition out, or give back the `ETag` in `If-Match`",
        ),
    };
    Err(HubError::NotAsExpected { code, message: what, hint }.into())
}

fn path_of(text: &str) -> Result<Vec<String>, Problem> {
    let path = FieldPath::parse(text).and_then(FieldPath::into_keys);
    path.filter(|path| !path.is_empty()).ok_or_else(|| {
        Problem::bad_request(
            "bad-field-path",
            format!("\"{}\" is no path of names to a field", shortened(text)),
        )
        .hint("write it as lists of fields show it, `household.village`")
    })
}
