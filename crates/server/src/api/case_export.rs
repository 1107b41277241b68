//! All cases that a list would show as one table, written while it is read.
//!
//! A case that is changed meanwhile moves behind all others in the order that they are read in: so none is
//! missed. That none stands there twice is remembered, with a few bytes for each case.
//!
//! What goes wrong on the way breaks the answer off: a file that ends well is whole.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use fieldpost_dialects::sheets::Cell;
use fieldpost_model::case::Case;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::table::{Columns, TableRow};
use fieldpost_store::{CaseOrder, CasePage, CasePlace, CaseQuery, StoreError};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::cases::CaseFilter;
use super::exact;
use super::names::TableFormatName;
use super::parameters::{bad, named, read_both};
use super::path::Path;
use super::submission_export::with_left_over;
use super::table_file::{TableFile, TableFormat};
use crate::app::Shared;
use crate::problem::Problem;

/// Cases that are in memory at once.
const AT_ONCE: usize = 50;

/// The columns of a table beside the properties, before them.
const OWN_COLUMNS: [&str; 13] = [
    "_id",
    "_type",
    "_name",
    "_owner",
    "_external_id",
    "_closed",
    "_opened_at",
    "_opened_by",
    "_modified_at",
    "_modified_by",
    "_closed_at",
    "_closed_by",
    "_received_at",
];
/// The columns behind the properties: the cases that it points to, and what no other column has, as JSON.
const LAST_COLUMNS: [&str; 2] = ["_indices", "_extra"];

/// How cases are written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `csv`, unless given, or `xlsx`.
    #[param(value_type = Option<TableFormatName>)]
    format: Option<String>,
}

/// Which cases are written: as lists choose them, but for their order.
struct Chosen;

impl IntoParams for Chosen {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = CaseFilter::into_params(place);
        parameters.retain(|parameter| parameter.name != "sort");
        parameters
    }
}

/// Cases as one file
///
/// A line for each case, a column for each property that one of them has; they are looked through for these
/// first; one of the name of a column of the hub's own is `properties._id`. The cases that one points to are in `_indices`, as JSON by the name of the tie. Which cases, is
/// chosen as in lists of cases. A case that is changed while the file is written stands in it once.
///
/// As CSV, or as a workbook of Excel: the same table; of a text of more than 32,767 characters the beginning.
/// After a million rows the next sheet begins.
#[utoipa::path(
    get,
    path = "/projects/{project}/exports/cases",
    operation_id = "export_cases",
    tag = "cases",
    params(("project" = String, Path), Chosen, Wanted),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )),
        Problem,
    ),
)]
pub(super) async fn export(
    State(app): State<Shared>,
    Path(project): Path<String>,
    uri: http::Uri,
) -> Result<Response, Problem> {
    let (filter, wanted) = read_both::<CaseFilter, Wanted>(uri.query().unwrap_or_default())?;
    let format = wanted.format.as_deref();
    let format = named("format", format, TableFormat::ALL, TableFormat::name)?;
    let format = format.unwrap_or(TableFormat::Csv);
    let (query, order) = filter.read()?;
    if let Some(order) = order {
        let hint = "leave it out: a file has the case first that was changed first";
        return Err(bad("sort", order.name(), hint));
    }
    app.hub.project(&project).await?;
    let file_name = format!("{project}-cases.{}", format.name());
    let reader = Reader::new(app, project, query);
    let writer = Writer::Columns(format);
    let pieces = stream::try_unfold((reader, writer), |(reader, writer)| next(reader, writer));
    Ok(exact::body(Some(format.content_type()), Body::from_stream(pieces), &file_name))
}

/// Reads cases, the one that was changed first before the others, a few at a time.
struct Reader {
    app: Shared,
    project: String,
    query: CaseQuery,
    after: Option<CasePlace>,
    is_done: bool,
    /// What was read, by a digest of its id.
    read: HashSet<u64>,
    digests: RandomState,
}

impl Reader {
    fn new(app: Shared, project: String, query: CaseQuery) -> Self {
        let (read, digests) = (HashSet::new(), RandomState::new());
        Self { app, project, query, after: None, is_done: false, read, digests }
    }

    /// The next ones, which may be none although more follow; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Case>>, StoreError> {
        if self.is_done {
            return Ok(None);
        }
        let order = CaseOrder::FirstChanged;
        let page = CasePage { order, after: self.after.take(), limit: AT_ONCE };
        let store = self.app.hub.store();
        let found = store.list_cases(&self.project, &self.query, &page).await?;
        (self.is_done, self.after) = (found.next.is_none(), found.next);
        let mut ids: Vec<&str> = found.found.iter().map(|listed| listed.id.as_str()).collect();
        ids.retain(|id| self.read.insert(self.digests.hash_one(id)));
        let mut cases = store.cases(&self.project, &ids).await?;
        // One that was erased meanwhile is not there any more.
        Ok(Some(ids.iter().filter_map(|id| cases.remove(*id)).map(|case| case.value).collect()))
    }

    fn begin_anew(&mut self) {
        (self.is_done, self.after) = (false, None);
        self.read.clear();
    }
}

/// What is to be written next.
enum Writer {
    /// Nothing yet: the columns are looked for in the cases.
    Columns(TableFormat),
    Rows(Columns, TableFile),
    End,
}

/// The next piece of a file, and what follows it.
async fn next(
    mut reader: Reader,
    writer: Writer,
) -> Result<Option<(Bytes, (Reader, Writer))>, StoreError> {
    let (piece, writer) = match writer {
        Writer::Columns(format) => {
            let mut columns = Columns::default();
            while let Some(cases) = reader.next().await? {
                for case in cases {
                    columns.add_answers(&properties(&case));
                }
            }
            reader.begin_anew();
            let properties = columns.names().iter().map(|name| apart(name));
            let names: Vec<Cow<'_, str>> = OWN_COLUMNS
                .into_iter()
                .map(Cow::from)
                .chain(properties)
                .chain(LAST_COLUMNS.into_iter().map(Cow::from))
                .collect();
            let mut file = TableFile::begin(format, names.iter().map(|name| &**name))?;
            (file.take(), Writer::Rows(columns, file))
        }
        Writer::Rows(columns, mut file) => match reader.next().await? {
            None => (file.end()?, Writer::End),
            Some(cases) => {
                for case in cases {
                    file.add(row(&columns, &case).cells())?;
                }
                (file.take(), Writer::Rows(columns, file))
            }
        },
        Writer::End => return Ok(None),
    };
    Ok(Some((piece.into(), (reader, writer))))
}

/// The name of the column of a property: where it is that of a column of the hub's own, with `properties.`
/// before it. No other property has that name: a point in one is written between quotation marks.
fn apart(property: &str) -> Cow<'_, str> {
    if OWN_COLUMNS.contains(&property) || LAST_COLUMNS.contains(&property) {
        return format!("properties.{property}").into();
    }
    property.into()
}

/// The properties of a case. A name stands for itself, whatever is in it.
fn properties(case: &Case) -> Value<'_> {
    let properties = case.properties.iter();
    Value::object(properties.map(|(name, value)| (name.as_str(), Value::from(value.as_str()))))
}

/// A row of the table: every cell of it is a text, as the properties of cases are.
struct Row {
    own: [String; OWN_COLUMNS.len()],
    properties: TableRow,
    last: [String; LAST_COLUMNS.len()],
}

impl Row {
    fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        let cells = self.own.iter().chain(&self.properties.cells).chain(&self.last);
        cells.map(|text| Cell::text(text))
    }
}

fn row(columns: &Columns, case: &Case) -> Row {
    let mut cells = columns.row(&properties(case));
    let extra = with_left_over(Value::Null, std::mem::take(&mut cells.left_over));
    let indices = case.indices.iter().map(|(name, index)| {
        let index = Value::object([
            ("case_id", Value::from(index.case_id.as_str())),
            ("case_type", Value::from(index.case_type.as_str())),
            ("relationship", Value::from(index.relationship.name())),
        ]);
        (name.as_str(), index)
    });
    let indices =
        if case.indices.is_empty() { String::new() } else { Value::object(indices).to_json() };
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let (closed_at, closed_by) = case.closing.clone().map(|it| (it.at, it.by)).unzip();
    let own = [
        case.id.clone(),
        case.case_type.clone(),
        case.name.clone(),
        case.owner.clone(),
        case.external_id.clone(),
        case.is_closed().to_string(),
        time(case.opened_at),
        case.opened_by.clone(),
        time(case.modified_at),
        case.modified_by.clone(),
        time(closed_at),
        closed_by.unwrap_or_default(),
        case.server_modified_at.to_string(),
    ];
    Row { own, properties: cells, last: [indices, extra] }
}
