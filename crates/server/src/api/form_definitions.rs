//! Definitions of forms that the project asks itself: what is asked, and the lifecycle of what is filled in.
//!
//! Each is a form of the hub as well, under the same name; what is known of it as such, its submissions
//! too, stands under `forms`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{Draft, Saved};
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_rules::definition::form::{form_warnings, read_form, write_form};
use fieldpost_store::DefinitionKind;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{as_json, current, find, put as save, remove, saved, with_versions};
use super::exact::ExactJson;
use super::list::List;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::principal::Caller;
use crate::app::{App, Shared};
use crate::problem::{Mistake, Problem};

/// A form that the project defines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DefinedForm {
    /// Its name within the project, and the form's part of every address.
    #[schema(example = "request")]
    name: String,
    /// What people call it.
    #[schema(example = "A request")]
    title: String,
    /// What it is listed under.
    #[schema(required)]
    category: Option<String>,
    /// Whether it takes no submissions.
    disabled: bool,
    /// How many fields it has, those that are only looked at included.
    fields: usize,
    /// What a submission can be in, in the order of the lifecycle.
    statuses: Vec<StatusShown>,
    /// Its version: that of the project's definitions that it was saved with.
    version: i64,
    /// What is allowed, and likely to be regretted.
    warnings: Vec<Mistake>,
    /// The form as the project file has it; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

/// A status of a lifecycle, in brief.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatusShown {
    /// Its id.
    #[schema(example = "new")]
    id: String,
    /// What people call it.
    #[schema(example = "New")]
    name: String,
    /// Whether it is an end.
    is_endpoint: bool,
}

impl DefinedForm {
    fn show(form: &FormDefinition, stored: &Saved) -> Self {
        let statuses = form.lifecycle.statuses.iter();
        let version = stored.saved_in(DefinitionKind::Form, &form.name);
        Self {
            name: form.name.clone(),
            title: form.title.clone(),
            category: form.category.clone(),
            disabled: form.disabled,
            fields: form.fields.len(),
            statuses: statuses
                .map(|status| StatusShown {
                    id: status.id.clone(),
                    name: status.name.clone(),
                    is_endpoint: status.is_endpoint(),
                })
                .collect(),
            version: version.unwrap_or_default(),
            warnings: form_warnings(form).into_iter().map(Mistake::from).collect(),
            definition: write_form(form).into(),
        }
    }
}

fn name_of(form: &Arc<FormDefinition>) -> &str {
    &form.name
}

/// All forms that the project defines
#[utoipa::path(
    get,
    path = "/projects/{project}/form-definitions",
    operation_id = "list_form_definitions",
    tag = "forms",
    responses((status = 200, body = List<DefinedForm>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<DefinedForm>>, Problem> {
    let stored = with_versions(&app, &project).await?;
    let forms = stored.definition.forms.iter();
    Ok(Json(List::whole(forms.map(|form| DefinedForm::show(form, &stored)))))
}

async fn shown(app: &App, project: &str, name: &str) -> Result<Tagged<DefinedForm>, Problem> {
    let stored = with_versions(app, project).await?;
    let form = find("form definition", &stored.definition.forms, name, name_of)?;
    let shown = DefinedForm::show(form, &stored);
    Ok(Tagged(stored.saved_in(DefinitionKind::Form, name), shown))
}

/// One form that the project defines
#[utoipa::path(
    get,
    path = "/projects/{project}/form-definitions/{form}",
    operation_id = "get_form_definition",
    tag = "forms",
    responses(
        (
            status = 200,
            body = DefinedForm,
            headers(("etag" = String, description = "Another one whenever it is saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<DefinedForm>>, Problem> {
    Ok(as_json(shown(&app, &project, &form).await?))
}

/// Make or replace a form that the project defines
///
/// The body is a form as the project file has it, with its lifecycle. It is a form of the hub from then on,
/// whose submissions are typed by it whatever way they come in; a change of what it asks is a new version.
/// A form of that name that submissions name by another id is left alone, and this one refused.
#[utoipa::path(
    put,
    path = "/projects/{project}/form-definitions/{form}",
    operation_id = "put_form_definition",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), Conditions),
    request_body(content = Object, description = "A form, as in the project file"),
    responses(
        (status = 200, body = DefinedForm, description = "Replaced"),
        (status = 201, body = DefinedForm, description = "Made"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, form)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_form(&form, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("form definition", &before.forms, &form, name_of).is_err();
    save(&app, &caller, &project, Draft::Form(Arc::new(draft)), &expected).await?;
    Ok(saved(is_new, shown(&app, &project, &form).await?))
}

/// Take a form out of the project
///
/// The form stays known, with its submissions; it is no longer asked, and where its submissions were on their
/// way is not gone on with.
#[utoipa::path(
    delete,
    path = "/projects/{project}/form-definitions/{form}",
    operation_id = "delete_form_definition",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), Conditions),
    responses((status = 204, description = "Taken out"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::Form, &form, &expected).await
}
