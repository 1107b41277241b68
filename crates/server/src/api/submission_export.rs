//! All submissions of a form as one file, written while it is read: of a million submissions a few are in
//! memory at a time.
//!
//! What goes wrong on the way breaks the answer off: a file that ends well is whole.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use fieldpost_dialects::sheets::Cell;
use fieldpost_model::json::Value;
use fieldpost_model::names;
use fieldpost_rules::table::{Columns, TableRow};
use fieldpost_store::{
    StoreError, StoredSubmission, SubmissionContent, SubmissionOrder, SubmissionPage,
    SubmissionPlace, SubmissionQuery, WantedDefinition,
};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::names::ExportFormatName;
use super::parameters::{Parameters, named};
use super::path::Path;
use super::submissions::{Stretch, contents, instance_id, parsed};
use super::table_file::{TableFile, TableFormat};
use super::{exact, forms, known};
use crate::app::Shared;
use crate::problem::Problem;

/// Submissions that are in memory at once.
const AT_ONCE: usize = 50;
/// Definitions of a form, the newest ones, that give a table its columns.
const MOST_DEFINITIONS: usize = 50;

names! {
    /// What submissions are written as.
    pub enum ExportFormat {
        /// A table: a line for each submission, a column for each question.
        Csv = "csv",
        /// The same table as a workbook of Excel.
        Xlsx = "xlsx",
        /// Features of GeoJSON: places with all that was answered.
        Geojson = "geojson",
    }
}

/// The columns of a table beside the answers, before them.
const OWN_COLUMNS: [&str; 10] = [
    "_id",
    "_number",
    "_instance_id",
    "_received_at",
    "_updated_at",
    "_version",
    "_form_version",
    "_user",
    "_user_id",
    "_source",
];
/// The column behind the answers: what no other column has, as JSON.
const EXTRA_COLUMN: &str = "_extra";

/// How submissions are written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `csv`, unless given, `xlsx` or `geojson`.
    #[param(value_type = Option<ExportFormatName>)]
    format: Option<String>,
    /// Received at this time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Received before this time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// `true`: only those that have a place; `false`: only those that have none.
    #[param(value_type = Option<bool>)]
    has_position: Option<String>,
    /// With this in an answer, as `values.village=Kibera`; as lists of submissions take it. May stand
    /// several times.
    r#where: Option<Vec<String>>,
}

/// All submissions of a form as one file, the first one first
///
/// As CSV: a line for each submission, a column for each question, named by its path; a point has four
/// columns, several choices stand in one with spaces between them, a repeat is JSON. The columns are those
/// of the form's definitions; a form without one has those of its submissions, which are looked through for
/// them first. What has no column is in `_extra`, as JSON.
///
/// As a workbook of Excel: the same table, with numbers as numbers; of a text of more than 32,767 characters
/// the beginning. After a million rows the next sheet begins.
///
/// As GeoJSON: a feature for each submission, without a geometry where it has no place.
#[utoipa::path(
    get,
    path = "/projects/{project}/forms/{form}/export",
    operation_id = "export_submissions",
    tag = "submissions",
    params(("project" = String, Path), ("form" = String, Path), Wanted),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (Object = "application/geo+json"),
        )),
        Problem,
    ),
)]
pub(super) async fn export(
    State(app): State<Shared>,
    Path((project, form)): Path<(String, String)>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    let Wanted { format, since, until, has_position, r#where } = wanted;
    let format = named("format", format.as_deref(), ExportFormat::ALL, ExportFormat::name)?;
    let query = Stretch { since, until, has_position, r#where }.of(&form)?;
    let head = known::form(&app, &project, &form).await?;
    let name = head.name;
    let mut columns = Columns::default();
    let format = format.unwrap_or(ExportFormat::Csv);
    let is_defined = head.definition > 0;
    if format != ExportFormat::Geojson && is_defined {
        columns = columns_of_definitions(&app, &project, &name).await?;
    }
    let reader = Reader { app, project, query, after: None, is_done: false };
    let (content_type, writer) = match format {
        ExportFormat::Csv => table(columns, is_defined, TableFormat::Csv),
        ExportFormat::Xlsx => table(columns, is_defined, TableFormat::Xlsx),
        ExportFormat::Geojson => ("application/geo+json", Writer::GeojsonHead),
    };
    let pieces = stream::try_unfold((reader, writer), |(reader, writer)| next(reader, writer));
    let file_name = format!("{name}.{}", format.name());
    Ok(exact::body(Some(content_type), Body::from_stream(pieces), &file_name))
}

async fn columns_of_definitions(
    app: &Shared,
    project: &str,
    form: &str,
) -> Result<Columns, StoreError> {
    let mut columns = Columns::default();
    let store = app.hub.store();
    for version in store.form_versions(project, form, None, MOST_DEFINITIONS).await? {
        let wanted = WantedDefinition::Number(version.number);
        let definition = store.form_definition(project, form, wanted).await?;
        let read = move || definition.as_ref().and_then(forms::read);
        if let Ok(Some(form)) = tokio::task::spawn_blocking(read).await {
            columns.add_fields(&form.fields);
        }
    }
    Ok(columns)
}

/// Reads submissions, oldest first, a few at a time.
struct Reader {
    app: Shared,
    project: String,
    query: SubmissionQuery,
    after: Option<SubmissionPlace>,
    is_done: bool,
}

/// A submission, and its answers unless they were erased.
type Read = (StoredSubmission, Option<SubmissionContent>);

impl Reader {
    /// The next ones, which may be none although more follow; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Read>>, StoreError> {
        if self.is_done {
            return Ok(None);
        }
        let page =
            SubmissionPage { order: SubmissionOrder::Oldest, after: self.after, limit: AT_ONCE };
        let found = self.app.hub.store().submissions(&self.project, &self.query, page).await?;
        (self.is_done, self.after) = (found.next.is_none(), found.next);
        let mut contents = contents(&self.app, &self.project, &found.found).await?;
        let read = found.found.into_iter().map(|stored| {
            let content = contents.remove(&stored.id);
            (stored, content)
        });
        Ok(Some(read.collect()))
    }

    fn begin_anew(&mut self) {
        (self.is_done, self.after) = (false, None);
    }
}

/// What is to be written next.
enum Writer {
    /// Nothing yet: the columns are looked for in the submissions.
    Columns(Columns, TableFormat),
    Head(Columns, TableFormat),
    Rows(Columns, TableFile),
    GeojsonHead,
    /// Features; whether there was one before.
    Features(bool),
    End,
}

/// What a table is, and the one who writes it: with these columns, where they are known.
const fn table(columns: Columns, are_known: bool, format: TableFormat) -> (&'static str, Writer) {
    let writer =
        if are_known { Writer::Head(columns, format) } else { Writer::Columns(columns, format) };
    (format.content_type(), writer)
}

/// The next piece of a file, and what follows it.
async fn next(
    mut reader: Reader,
    writer: Writer,
) -> Result<Option<(Bytes, (Reader, Writer))>, StoreError> {
    let (piece, writer) = match writer {
        Writer::Columns(mut columns, format) => {
            while let Some(submissions) = reader.next().await? {
                for content in submissions.into_iter().filter_map(|(_, content)| content) {
                    columns.add_answers(&parsed(&content.values));
                }
            }
            reader.begin_anew();
            head(columns, format)?
        }
        Writer::Head(columns, format) => head(columns, format)?,
        Writer::Rows(columns, mut file) => match reader.next().await? {
            None => (file.end()?.into(), Writer::End),
            Some(submissions) => {
                for read in submissions {
                    file.add(row(&columns, read).cells())?;
                }
                (file.take().into(), Writer::Rows(columns, file))
            }
        },
        Writer::GeojsonHead => {
            let head = "{\"type\":\"FeatureCollection\",\"features\":[";
            (Bytes::from_static(head.as_bytes()), Writer::Features(false))
        }
        Writer::Features(mut is_begun) => match reader.next().await? {
            None => (Bytes::from_static(b"]}\n"), Writer::End),
            Some(submissions) => {
                let mut text = String::new();
                for read in submissions {
                    text.push_str(if is_begun { ",\n" } else { "\n" });
                    text.push_str(&feature(read).to_json());
                    is_begun = true;
                }
                (text.into(), Writer::Features(is_begun))
            }
        },
        Writer::End => return Ok(None),
    };
    Ok(Some((piece, (reader, writer))))
}

/// The beginning of a table.
fn head(columns: Columns, format: TableFormat) -> Result<(Bytes, Writer), StoreError> {
    let own = OWN_COLUMNS.iter().copied();
    let answers = columns.names().iter().map(String::as_str);
    let mut file = TableFile::begin(format, own.chain(answers).chain([EXTRA_COLUMN]))?;
    Ok((file.take().into(), Writer::Rows(columns, file)))
}

/// A row of a table.
struct Row {
    own: [String; OWN_COLUMNS.len()],
    answers: TableRow,
    extra: String,
}

impl Row {
    fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        let own = OWN_COLUMNS
            .iter()
            .zip(&self.own)
            .map(|(name, text)| Cell { text, is_number: matches!(*name, "_number" | "_version") });
        let answers = self.answers.cells.iter().zip(&self.answers.numbers);
        let answers = answers.map(|(text, is_number)| Cell { text, is_number: *is_number });
        own.chain(answers).chain([Cell::text(&self.extra)])
    }
}

fn row(columns: &Columns, (stored, content): Read) -> Row {
    let values = content.as_ref().map_or(Value::Null, |content| parsed(&content.values));
    let mut answers = columns.row(&values);
    let extra = content.as_ref().map_or(Value::Null, |content| parsed(&content.extra));
    let extra = with_left_over(extra, std::mem::take(&mut answers.left_over));
    let said = content.as_ref().and_then(|content| instance_id(&parsed(&content.metadata)));
    let own = [
        stored.id.to_string(),
        stored.number.to_string(),
        said.or(stored.instance_id).unwrap_or_default(),
        stored.received_at.to_string(),
        stored.modified_at.to_string(),
        stored.version.to_string(),
        stored.form_version.unwrap_or_default(),
        stored.user.unwrap_or_default(),
        stored.user_id.unwrap_or_default(),
        stored.source,
    ];
    Row { own, answers, extra }
}

/// What the form does not know and what has no column, as JSON; nothing where there is neither.
pub(super) fn with_left_over(extra: Value<'static>, left_over: Vec<(String, String)>) -> String {
    let known = match extra {
        Value::Object(members) => members,
        _ => Vec::new(),
    };
    let left = left_over.into_iter().map(|(path, text)| (path.into(), Value::from(text)));
    let members: Vec<_> = known.into_iter().chain(left).collect();
    if members.is_empty() { String::new() } else { Value::Object(members).to_json() }
}

fn feature((stored, content): Read) -> Value<'static> {
    let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
    let part = |part: fn(&SubmissionContent) -> &str| {
        content.as_ref().map_or(Value::Null, |content| parsed(part(content)))
    };
    let metadata = part(|content| &content.metadata);
    let properties = Value::object([
        ("form", Value::from(stored.form)),
        ("number", Value::from(stored.number)),
        ("instance_id", text(instance_id(&metadata).or(stored.instance_id))),
        ("received_at", Value::from(stored.received_at.to_string())),
        ("updated_at", Value::from(stored.modified_at.to_string())),
        ("version", Value::from(stored.version)),
        ("form_version", text(stored.form_version)),
        ("user", text(stored.user)),
        ("user_id", text(stored.user_id)),
        ("source", Value::from(stored.source)),
        ("values", part(|content| &content.values)),
        ("extra", part(|content| &content.extra)),
    ]);
    Value::object([
        ("type", Value::from("Feature")),
        ("id", Value::from(stored.id.to_string())),
        ("geometry", stored.position.as_deref().map_or(Value::Null, parsed)),
        ("properties", properties),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_column_is_with_what_the_form_does_not_know() {
        let extra = parsed(r#"{"a": 1}"#);
        let left = vec![("b.c".to_owned(), "x".to_owned())];
        assert_eq!(with_left_over(extra, left), r#"{"a":1,"b.c":"x"}"#);
        assert_eq!(with_left_over(parsed("{}"), Vec::new()), "");
        assert_eq!(with_left_over(Value::Null, Vec::new()), "");
    }
}
