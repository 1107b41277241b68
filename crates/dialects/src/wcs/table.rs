//! Submissions as a table: a row each, for CSV, XLSX and ODS.

use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField, column_key, keyed};
use fieldpost_model::submission::{Group, Node};

use super::display::display;
use super::geojson::Shown;
use super::record::{Record, Site, Viewer};
use super::times;
use crate::sheets::Cell;

/// What stands between the rows of a block in one cell.
const BETWEEN_ROWS: &str = " | ";

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column<'c> {
    /// What stands over it.
    pub heading: String,
    what: What<'c>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What<'c> {
    Number,
    Received,
    Updated,
    User,
    Status,
    Field { key: String, field: &'c FormField, is_backoffice: bool },
    InBlock { block: String, key: String, field: &'c FormField, is_backoffice: bool },
}

/// The columns of a form: its number and times, whom it concerns, the answers, the status.
pub fn columns<'c>(definition: &'c FormDefinition, shown: Shown<'_>) -> Vec<Column<'c>> {
    let column = |heading: &str, what| Column { heading: heading.to_owned(), what };
    let mut columns = vec![
        column("Number", What::Number),
        column("Created", What::Received),
        column("Last Modified", What::Updated),
        column("User Label", What::User),
    ];
    add_fields(&mut columns, &definition.fields, shown, false);
    columns.push(column("Status", What::Status));
    add_fields(&mut columns, &definition.lifecycle.backoffice_fields, shown, true);
    columns
}

fn add_fields<'c>(
    columns: &mut Vec<Column<'c>>,
    fields: &'c [FormField],
    shown: Shown<'_>,
    is_backoffice: bool,
) {
    for (key, field) in keyed(fields) {
        if !shown.has(field) {
            continue;
        }
        if field.field_type != FieldType::Block {
            let what = What::Field { key, field, is_backoffice };
            columns.push(Column { heading: field.label.clone(), what });
            continue;
        }
        for (inner_key, inner) in keyed(&field.fields) {
            columns.push(Column {
                heading: format!("{} - {}", field.label, inner.label),
                what: What::InBlock {
                    block: key.clone(),
                    key: inner_key,
                    field: inner,
                    is_backoffice,
                },
            });
        }
    }
}

/// What stands in a cell: a text, and whether it is a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    text: String,
    is_number: bool,
}

impl Content {
    /// The cell.
    pub fn cell(&self) -> Cell<'_> {
        Cell { text: &self.text, is_number: self.is_number }
    }
}

/// A submission's cells, one for each column.
pub fn row(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    columns: &[Column<'_>],
) -> Vec<Content> {
    columns.iter().map(|column| content(record, site, viewer, &column.what)).collect()
}

fn content(record: &Record<'_>, site: &Site<'_>, viewer: &Viewer<'_>, what: &What<'_>) -> Content {
    let progress = record.progress;
    let time = |time| {
        let written = times::for_people(time, site.time_zone);
        written.as_str().unwrap_or_default().to_owned()
    };
    let text = match what {
        What::Number => progress.display_id.clone(),
        What::Received => time(progress.received_at),
        What::Updated => time(progress.updated_at),
        What::User => progress.user.as_ref().map_or_else(String::new, |user| user.name.clone()),
        What::Status => {
            let status = viewer.status.or_true(progress.status.as_deref());
            let status = status.and_then(|id| record.definition.lifecycle.status(id));
            status.map_or_else(String::new, |status| status.name.clone())
        }
        What::Field { key, field, is_backoffice } => {
            display(field, key, answers(record, *is_backoffice))
        }
        What::InBlock { block, key, field, is_backoffice } => {
            in_block(answers(record, *is_backoffice), block, key, field)
        }
    };
    let is_number = matches!(
        what,
        What::Field { field, .. } if field.field_type == FieldType::Numeric
    );
    Content { text, is_number }
}

fn answers<'r>(record: &Record<'r>, is_backoffice: bool) -> &'r Group {
    if is_backoffice { &record.progress.backoffice_values } else { &record.submission.values }
}

fn in_block(values: &Group, block: &str, key: &str, field: &FormField) -> String {
    let rows = match values.get(block) {
        Some(Node::Repeat(rows)) => rows,
        // Where no form says what is asked, others may have had several rows under that name.
        Some(Node::Answer(answer)) if key == column_key(0) => return answer.written().to_owned(),
        _ => return String::new(),
    };
    let row = |row: &Node| match row {
        Node::Group(group) => display(field, key, group),
        _ => String::new(),
    };
    rows.iter().map(row).collect::<Vec<_>>().join(BETWEEN_ROWS)
}
