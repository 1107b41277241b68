//! Forms: what submissions name, and the definitions that give their answers types.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_dialects::{Received, read_definition};
use fieldpost_model::form::{self, Choice, FieldKind, Labels};
use fieldpost_model::{hexadecimal, names};
use fieldpost_rules::field_path::push_key;
use fieldpost_store::{
    FormDefinition, FormFile, FormHead, FormQuery, FormVersion, WantedDefinition,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{List, ListedByText, Turn, bad_cursor};
use super::names::{AnswerTypeName, FormOriginName};
use super::parameters::{NoParameters, Parameters, shortened, switch};
use super::path::Path;
use super::{exact, known};
use crate::app::Shared;
use crate::problem::Problem;

/// Choices of a question that are told. A list of all villages is for phones.
const MOST_CHOICES: usize = 200;
/// Versions that are told with a form.
const MOST_VERSIONS: usize = 50;
/// What labels without a language are called.
const NO_LANGUAGE: &str = "default";

/// A form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Form {
    /// Its name within the project; addresses have it.
    #[schema(example = "births")]
    name: String,
    /// What people call it.
    #[schema(example = "Birth registration")]
    title: String,
    /// The id that submissions name it by.
    #[serde(rename = "form_id")]
    #[schema(required)]
    id: Option<String>,
    /// The namespace that submissions name it by, where they name no id.
    #[schema(required)]
    xmlns: Option<String>,
    /// The version of its newest definition; without one, that of the first submission.
    #[schema(required)]
    version: Option<String>,
    /// The application that it is part of.
    #[schema(required)]
    application: Option<String>,
    /// How it came about.
    #[schema(value_type = FormOriginName)]
    origin: &'static str,
    /// Whether devices encrypt what is filled in.
    encrypted: bool,
    /// The number of its newest definition; null where none has been uploaded, so that all answers are
    /// texts.
    #[schema(required)]
    definition: Option<i64>,
    /// How many submissions it has been given so far; those that were erased count.
    submissions: u64,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<FormHead> for Form {
    fn from(head: FormHead) -> Self {
        Self {
            definition: head.has_definition().then_some(head.definition),
            name: head.name,
            title: head.title,
            id: head.form_id,
            xmlns: head.xmlns,
            version: head.version,
            application: head.application,
            origin: head.origin.name(),
            encrypted: head.is_encrypted,
            submissions: head.submissions,
            created_at: head.created_at.to_string(),
            updated_at: head.updated_at.to_string(),
        }
    }
}

/// A form with what it asks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FormInFull {
    #[serde(flatten)]
    form: Form,
    /// The languages of its labels.
    languages: Vec<String>,
    /// What its newest definition asks, in its order; null where it has none, or none that can be read.
    #[schema(required)]
    fields: Option<Vec<FormField>>,
    /// Its definitions, newest first; fifty at the most.
    versions: Vec<UploadedDefinition>,
    /// The files that devices need to show it.
    files: Vec<FormMedia>,
}

names! {
    /// What a place of a form is.
    pub enum PlaceKind {
        /// A question, or what the device answers by itself.
        Answer = "answer",
        /// Places that belong together.
        Group = "group",
        /// Places that are asked for any number of times.
        Repeat = "repeat",
    }
}

/// A place of a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FormField {
    /// Where its answer stands in the values: `household.head.name`.
    #[schema(example = "household.size")]
    path: String,
    /// `answer`, `group` or `repeat`.
    #[schema(example = "answer")]
    kind: &'static str,
    /// What kind of answer it takes; null where it takes none.
    #[schema(required, value_type = Option<AnswerTypeName>)]
    r#type: Option<&'static str>,
    /// The path of the repeat that it stands in.
    #[schema(required)]
    repeat: Option<String>,
    /// What people read, by language; `default` where the form has only one.
    labels: BTreeMap<String, String>,
    /// Whether an answer must be given, as the form says it: `true()`, or an expression.
    #[schema(required)]
    required: Option<String>,
    /// What can be chosen, two hundred choices at the most.
    choices: Vec<FieldChoice>,
    /// Whether there are more choices.
    choices_are_more: bool,
}

/// What can be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldChoice {
    /// What stands in the answer.
    value: String,
    /// What people read, by language.
    labels: BTreeMap<String, String>,
}

/// A definition of a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadedDefinition {
    /// Its number among those of its form; its bytes are at `versions/{number}`.
    number: i64,
    /// The version, as its author counts.
    #[schema(required)]
    version: Option<String>,
    /// What the bytes are.
    content_type: String,
    /// How many there are.
    bytes: u64,
    /// When it was uploaded.
    #[schema(format = DateTime)]
    at: String,
}

impl From<FormVersion> for UploadedDefinition {
    fn from(version: FormVersion) -> Self {
        let FormVersion { number, version, content_type, bytes, at } = version;
        Self { number, version, content_type, bytes, at: at.to_string() }
    }
}

/// A file that devices need to show a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FormMedia {
    /// Its name, as devices ask for it.
    name: String,
    /// What it is, where that is known.
    #[schema(required)]
    content_type: Option<String>,
    /// Its length.
    bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    sha256: String,
}

impl From<FormFile> for FormMedia {
    fn from(file: FormFile) -> Self {
        let FormFile { name, content_type, sha256, bytes } = file;
        Self { name, content_type, bytes, sha256: hexadecimal::encode(&sha256) }
    }
}

/// The places of a form, each group and repeat before what stands in it.
fn places(fields: &[form::Field]) -> Vec<FormField> {
    let mut places = Vec::new();
    add_places(&mut places, &mut String::new(), None, fields);
    places
}

fn add_places(
    places: &mut Vec<FormField>,
    path: &mut String,
    repeat: Option<&str>,
    fields: &[form::Field],
) {
    for field in fields {
        let length = path.len();
        push_key(path, &field.name);
        places.push(FormField::new(path.clone(), repeat, field));
        let own = path.clone();
        let inside = if let FieldKind::Repeat(_) = field.kind { Some(&*own) } else { repeat };
        add_places(places, path, inside, field.children());
        path.truncate(length);
    }
}

impl FormField {
    fn new(path: String, repeat: Option<&str>, field: &form::Field) -> Self {
        let leaf = field.as_leaf();
        let choices: &[Choice] = leaf.map(|leaf| &*leaf.choices).unwrap_or_default();
        let kind = match field.kind {
            FieldKind::Group(_) => PlaceKind::Group,
            FieldKind::Repeat(_) => PlaceKind::Repeat,
            FieldKind::Leaf(_) => PlaceKind::Answer,
        };
        Self {
            path,
            kind: kind.name(),
            r#type: leaf.map(|leaf| leaf.answer.name()),
            repeat: repeat.map(str::to_owned),
            labels: labels(&field.labels),
            required: field.required.clone(),
            choices: choices.iter().take(MOST_CHOICES).map(FieldChoice::from).collect(),
            choices_are_more: choices.len() > MOST_CHOICES,
        }
    }
}

impl From<&Choice> for FieldChoice {
    fn from(choice: &Choice) -> Self {
        Self { value: choice.value.clone(), labels: labels(&choice.labels) }
    }
}

fn labels(labels: &Labels) -> BTreeMap<String, String> {
    let language = |language: Option<&str>| language.unwrap_or(NO_LANGUAGE).to_owned();
    let labels = labels.0.iter();
    labels.map(|label| (language(label.language.as_deref()), label.text.clone())).collect()
}

/// What a definition asks; `None` where it cannot be read.
pub(crate) fn read(definition: &FormDefinition) -> Option<form::Form> {
    let content_type = Some(definition.content_type.as_str());
    read_definition(&Received { content_type, body: &definition.bytes }).ok()
}

/// Which forms are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FormFilter {
    /// With this text in the name, the title, the id or the namespace, in upper or lower case.
    text: Option<String>,
    /// Of this application only.
    application: Option<String>,
    /// `true`: only those with a definition; `false`: only those without.
    #[param(value_type = Option<bool>)]
    defined: Option<String>,
}

/// Forms, by name
#[utoipa::path(
    get,
    path = "/projects/{project}/forms",
    operation_id = "list_forms",
    tag = "forms",
    params(("project" = String, Path), FormFilter, Turn),
    responses((status = 200, body = List<Form>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    ListedByText { filter, after, limit }: ListedByText<FormFilter>,
) -> Result<Json<List<Form>>, Problem> {
    let FormFilter { text, application, defined } = filter;
    let defined = switch("defined", defined.as_deref())?;
    let text = text.filter(|text| !text.is_empty());
    let query = FormQuery { text, application, has_definition: defined };
    app.hub.project(&project).await?;
    let found = app.hub.store().forms(&project, &query, after.as_deref(), limit + 1).await?;
    Ok(Json(List::page_by_text(limit, found, |head| head.name.clone())))
}

/// One form, with what it asks
#[utoipa::path(
    get,
    path = "/projects/{project}/forms/{form}",
    operation_id = "get_form",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path)),
    responses((status = 200, body = FormInFull), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<FormInFull>, Problem> {
    let head = known::form(&app, &project, &form).await?;
    let store = app.hub.store();
    let wanted = WantedDefinition::Newest;
    let definition = store.form_definition(&project, &head.name, wanted).await?;
    // A definition is read aside: it may have ten thousand choices.
    let asked = tokio::task::spawn_blocking(move || definition.as_ref().and_then(read)).await;
    let asked = asked.unwrap_or_default();
    let versions = store.form_versions(&project, &head.name, None, MOST_VERSIONS).await?;
    let files = store.form_files(&project, &head.name).await?;
    Ok(Json(FormInFull {
        languages: asked.as_ref().map(|form| form.languages.clone()).unwrap_or_default(),
        fields: asked.map(|form| places(&form.fields)),
        versions: versions.into_iter().map(UploadedDefinition::from).collect(),
        files: files.into_iter().map(FormMedia::from).collect(),
        form: head.into(),
    }))
}

/// The definitions of a form, newest first
#[utoipa::path(
    get,
    path = "/projects/{project}/forms/{form}/versions",
    operation_id = "list_form_versions",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), Turn),
    responses((status = 200, body = List<UploadedDefinition>), Problem),
)]
pub(super) async fn versions(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    ListedByText { filter: NoParameters {}, after, limit }: ListedByText<NoParameters>,
) -> Result<Json<List<UploadedDefinition>>, Problem> {
    let head = known::form(&app, &project, &form).await?;
    let before = after.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let found = app.hub.store().form_versions(&project, &head.name, before, limit + 1).await?;
    Ok(Json(List::page_by_text(limit, found, |version| version.number.to_string())))
}

/// A definition of a form, byte for byte
#[utoipa::path(
    get,
    path = "/projects/{project}/forms/{form}/versions/{number}",
    operation_id = "get_form_version",
    tag = "forms",
    params(("project" = String, Path), ("form" = String, Path), ("number" = u64, Path)),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn version(
    State(app): State<Shared>,
    Path((project, form, number)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let head = known::form(&app, &project, &form).await?;
    let no_such = || Problem::not_found("version", shortened(&number));
    let wanted = WantedDefinition::Number(number.parse().map_err(|_| no_such())?);
    let found = app.hub.store().form_definition(&project, &head.name, wanted).await?;
    let found = found.ok_or_else(no_such)?;
    let name = format!("{}-{}", head.name, found.number);
    Ok(exact::bytes(Some(&found.content_type), found.bytes, &name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fieldpost_model::form::{AnswerType, Leaf};

    use super::*;

    #[test]
    fn places_stand_behind_what_they_are_in() {
        let leaf = |name: &str| form::Field::new(name, FieldKind::Leaf(Leaf::of(AnswerType::Text)));
        let group = form::Field::new("a.b", FieldKind::Group(vec![leaf("c")]));
        let repeat = form::Field::new("people", FieldKind::Repeat(vec![leaf("name"), group]));
        let places = places(&[leaf("first"), repeat, leaf("last")]);
        let told: Vec<(&str, &str, Option<&str>)> = places
            .iter()
            .map(|place| (&*place.path, place.kind, place.repeat.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("first", "answer", None),
                ("people", "repeat", None),
                ("people.name", "answer", Some("people")),
                ("people.\"a.b\"", "group", Some("people")),
                ("people.\"a.b\".c", "answer", Some("people")),
                ("last", "answer", None),
            ]
        );
    }

    #[test]
    fn choices_have_a_bound() {
        let choice = Choice { value: "x".to_owned(), labels: Labels::plain("X") };
        let field = |count: usize| {
            let choices: Arc<[Choice]> = vec![choice.clone(); count].into();
            let leaf = Leaf { choices, ..Leaf::of(AnswerType::SelectOne) };
            FormField::new(String::new(), None, &form::Field::new("f", FieldKind::Leaf(leaf)))
        };
        for (count, shown, are_more) in [
            (0, 0, false),
            (MOST_CHOICES, MOST_CHOICES, false),
            (MOST_CHOICES + 1, MOST_CHOICES, true),
        ] {
            let field = field(count);
            assert_eq!((field.choices.len(), field.choices_are_more), (shown, are_more));
        }
        assert_eq!(field(1).choices[0].labels[NO_LANGUAGE], "X");
    }
}
