//! Reading the definition of a form that another system has: nothing is saved.
//!
//! What a w.c.s. tells of a form is not all of it. So what is read is shown together with what its author has
//! to add, and with what the project would say against it as it is.

use axum::Json;
use axum::extract::State;
use fieldpost_dialects::wcs::schema;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::form::{read_form, write_form};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::exact::ExactJson;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use crate::app::Shared;
use crate::problem::{Mistake, Problem};

/// Where the document of the other system stands in the body.
const SCHEMA: &str = "schema";
/// How many are read at once.
const MOST_SCHEMAS: usize = 100;

/// The definition of a form, as another system gives it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a body that is read with its numbers as written")]
pub(super) struct FormToRead {
    /// What a w.c.s. answers at `/api/formdefs/<slug>/schema`, or a list of 1 to 100 of them.
    #[schema(value_type = Object)]
    schema: (),
}

/// A form that was read, or a list of them where a list was sent.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum FormsRead {
    /// What one document says.
    One(Box<FormRead>),
    /// What each of them says, in their order.
    Many(Vec<FormRead>),
}

/// A form that was read, and is not saved.
#[derive(Serialize, ToSchema)]
pub(super) struct FormRead {
    /// Its name within the project.
    #[schema(example = "request")]
    name: String,
    /// The form as the project file has it.
    #[schema(value_type = Object)]
    definition: ExactJson,
    /// What the document does not say, or what cannot be taken over.
    missing: Vec<Lacking>,
    /// What would be said against it, were it saved as it is.
    problems: Vec<Mistake>,
}

/// What an author has to add to a form that was read.
#[derive(Serialize, ToSchema)]
pub(super) struct Lacking {
    /// What, as a stable word.
    #[schema(example = "items")]
    code: &'static str,
    /// Where: keys of the definition, with the names of fields and statuses.
    #[schema(example = "fields.kind.items")]
    path: String,
    /// What is missing and what to do about it, in a sentence.
    what: String,
}

impl FormRead {
    fn of(document: &Value<'_>) -> Option<Self> {
        let schema::Found { definition, missing } = schema::read(document)?;
        let written = write_form(&definition);
        let problems = read_form(&definition.name, &written).err().unwrap_or_default();
        let lacking = |missing: &schema::Missing| Lacking {
            code: missing.code.name(),
            path: missing.path.clone(),
            what: missing.what(),
        };
        Some(Self {
            definition: written.into(),
            missing: missing.iter().map(lacking).collect(),
            problems: problems.into_iter().map(Mistake::from).collect(),
            name: definition.name,
        })
    }
}

/// Read the definition of a form that a w.c.s. has
///
/// The body has as `schema` what a w.c.s. answers at `/api/formdefs/<slug>/schema`, or a list of such documents.
/// Nothing is saved: look the definition over, add what is missing, and put it.
#[utoipa::path(
    post,
    path = "/projects/{project}/form-definitions/read",
    operation_id = "read_form_definition",
    tag = "forms",
    request_body(content = FormToRead),
    responses((status = 200, body = FormsRead), Problem),
)]
pub(super) async fn read(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    document: Document,
) -> Result<Json<FormsRead>, Problem> {
    app.hub.project(&project).await?;
    let value = document.value()?;
    let sent = value.get(SCHEMA).ok_or_else(|| no_schema("the body has no `schema`"))?;
    let read = |document: &Value<'_>| {
        FormRead::of(document).ok_or_else(|| {
            let kind = document.kind_name();
            no_schema(&format!(
                "this {kind} is no definition of a form: it lacks `name` or `fields`"
            ))
        })
    };
    let Some(many) = sent.as_array() else {
        return Ok(Json(FormsRead::One(Box::new(read(sent)?))));
    };
    if many.is_empty() || many.len() > MOST_SCHEMAS {
        let count = many.len();
        return Err(no_schema(&format!("the list has {count} documents, not 1 to {MOST_SCHEMAS}")));
    }
    Ok(Json(FormsRead::Many(many.iter().map(read).collect::<Result<_, _>>()?)))
}

fn no_schema(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "form-definition", detail.to_owned())
        .hint("send as `schema` what a w.c.s. answers at `/api/formdefs/<slug>/schema`")
}
