//! Imports of cards that are cases: rows of CSV or documents of JSON, each with what it says of one case.
//!
//! Cases have no form that says what may be asked of them: every column is a property. So a list that was exported
//! can be changed in a sheet and sent back.

use std::collections::BTreeSet;

use fieldpost_model::json::{Member, Value};

use super::submit::{BadBody, answers};
use super::{MOST_WARNINGS, Warning, WarningCode, csv};
use crate::is_element_name;
use crate::wcs::case::{CLOSED, EXTERNAL_ID, NAME, OWNER};

/// What stands behind the name of a choice in the member that tells all that is known of it.
const STRUCTURED: &str = "_structured";
/// The member of that which says that the choice is a tie to another case.
const RELATIONSHIP: &str = "relationship";

/// What one row says of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseRow {
    /// The id that it names: of the case, or the one that another system has for it.
    pub id: Option<String>,
    /// What it says, by name: `case_name`, `external_id`, `owner_id` and properties.
    pub values: Vec<(String, String)>,
    /// Whether it says that the case is closed.
    pub is_closed: bool,
}

impl CaseRow {
    /// What it says of a name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The rows of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseRows {
    /// The rows.
    pub rows: Vec<CaseRow>,
    /// What was amiss.
    pub warnings: Vec<Warning>,
}

/// What a column says of each row.
enum Column {
    Id,
    Status,
    Value(String),
    Nothing,
}

/// The column of a heading: as an export calls it, or as the documents do. Exports write the names of properties as
/// they are, and their own with capital letters.
fn column(heading: &str) -> Column {
    let name = match heading.trim() {
        // The number of an export is what people call the case, which is one of its ids.
        "id" | "case_id" | "uuid" | "Number" => return Column::Id,
        "Status" => return Column::Status,
        "Created" | "Last Modified" | "User Label" => return Column::Nothing,
        "Name" => NAME,
        "External id" => EXTERNAL_ID,
        "Owner" => OWNER,
        other => other,
    };
    property(name)
}

/// The column of a name. The address says the type, and forms say when a case was opened.
fn property(name: &str) -> Column {
    match name {
        "case_type" | "date_opened" => Column::Nothing,
        name => Column::Value(name.to_owned()),
    }
}

/// Reads an import of CSV. An empty cell says nothing.
pub fn case_rows_csv(text: &str) -> Result<CaseRows, BadBody> {
    let mut lines = csv::rows(text).into_iter();
    let headings = lines.next().ok_or(BadBody::NoObject)?;
    let mut read = CaseRows::default();
    let columns: Vec<Column> =
        headings.iter().map(|heading| read.checked(column(heading))).collect();
    for line in lines {
        let mut row = CaseRow::default();
        for (column, cell) in columns.iter().zip(line).filter(|(_, cell)| !cell.is_empty()) {
            match column {
                Column::Id => row.id = Some(cell),
                Column::Status => row.is_closed = is_closed(&cell),
                Column::Value(name) => row.values.push((name.clone(), cell)),
                Column::Nothing => {}
            }
        }
        read.rows.push(row);
    }
    Ok(read)
}

/// Reads an import of JSON: `{"data": [document, …]}`. What is null says nothing.
pub fn case_rows_json(body: &Value<'_>) -> Result<CaseRows, BadBody> {
    let documents = body.get("data").and_then(Value::as_array).ok_or(BadBody::NoObject)?;
    let mut read = CaseRows::default();
    for document in documents {
        let members = answers(document)?;
        let id = ["id", "uuid"].into_iter().find_map(|name| text(document.get(name)?));
        let status = document.path(&["workflow", "status", "id"]).and_then(Value::as_str);
        let mut row = CaseRow { id, is_closed: status == Some(CLOSED), ..CaseRow::default() };
        let ties = ties(&members);
        for (name, value) in members {
            if is_file(&value) || ties.contains(&*name) {
                continue;
            }
            let Some(value) = text(&value) else { continue };
            if let Column::Value(name) = read.checked(property(&name)) {
                row.values.push((name, value));
            }
        }
        read.rows.push(row);
    }
    Ok(read)
}

/// What a document says of ties, by the names of its members: it tells the tie, its id and what is known of it.
fn ties(members: &[Member<'_>]) -> BTreeSet<String> {
    let told = members.iter().filter_map(|(name, value)| {
        let name = name.strip_suffix(STRUCTURED)?;
        value.get(RELATIONSHIP).map(|_| name.to_owned())
    });
    told.flat_map(|name| [format!("{name}_raw"), format!("{name}{STRUCTURED}"), name]).collect()
}

/// Whether a value is a file, as documents have it.
fn is_file(value: &Value<'_>) -> bool {
    value.get("filename").is_some() && value.get("field_id").is_some()
}

impl CaseRows {
    /// Leaves out the columns of which this is so.
    pub fn leave_out(&mut self, is_left_out: impl Fn(&str) -> bool) {
        for row in &mut self.rows {
            row.values.retain(|(name, _)| !is_left_out(name));
        }
    }

    /// Warns of the columns of which this is not so; they stay.
    pub fn warn_of_unknown(&mut self, is_known: impl Fn(&str) -> bool) {
        let names: BTreeSet<String> =
            self.rows.iter().flat_map(|row| &row.values).map(|(name, _)| name.clone()).collect();
        for name in names.into_iter().filter(|name| !is_known(name)) {
            self.warn(WarningCode::UnknownKey, name);
        }
    }

    /// Warns of a column.
    pub fn warn(&mut self, code: WarningCode, field: String) {
        let warning = Warning { code, field, value: None };
        if self.warnings.len() < MOST_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A column, where a form can say it; properties have names of XML.
    fn checked(&mut self, column: Column) -> Column {
        let Column::Value(name) = &column else { return column };
        if is_element_name(name) {
            return column;
        }
        self.warn(WarningCode::UnknownKey, name.clone());
        Column::Nothing
    }
}

fn is_closed(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(CLOSED)
}

/// A value as the text that a property is; a position as phones write it.
fn text(value: &Value<'_>) -> Option<String> {
    let place = |name: &str| value.get(name).map(Value::to_json);
    Some(match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.to_string(),
        Value::Object(_) => match place("lat").zip(place("lon")) {
            Some((latitude, longitude)) => format!("{latitude} {longitude}"),
            None => value.to_json(),
        },
        other => other.to_json(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: Option<&str>, values: &[(&str, &str)], is_closed: bool) -> CaseRow {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        CaseRow { id: id.map(str::to_owned), values: values.collect(), is_closed }
    }

    #[test]
    fn columns_are_properties_but_for_those_that_say_which_case_it_is() {
        let text = "id;case_name;village;Status;Last Modified;bad name;case_type\n\
                    7;Amina;Kibera;Open;2026-01-01;x;other\n;Juma;;Closed;;;\n";
        let read = case_rows_csv(text).unwrap();
        let expected = [
            row(Some("7"), &[(NAME, "Amina"), ("village", "Kibera")], false),
            row(None, &[(NAME, "Juma")], true),
        ];
        assert_eq!(read.rows, expected);
        let fields: Vec<&str> = read.warnings.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["bad name"]);
        assert_eq!(case_rows_csv(""), Err(BadBody::NoObject));
    }

    #[test]
    fn documents_are_read_as_lists_give_them() {
        let json = r#"{"data": [
            {"id": "c-1", "fields": {"case_name": "Amina", "age": 7, "gps": {"lat": 1.5, "lon": 2.25},
             "note": null}, "workflow": {"status": {"id": "closed"}}},
            {"data": {"case_name": "Juma", "is_well": true}}
        ]}"#;
        let read = case_rows_json(&Value::parse(json.as_bytes()).unwrap()).unwrap();
        let expected = [
            row(Some("c-1"), &[(NAME, "Amina"), ("age", "7"), ("gps", "1.5 2.25")], true),
            row(None, &[(NAME, "Juma"), ("is_well", "true")], false),
        ];
        assert_eq!((read.rows.as_slice(), read.warnings.as_slice()), (&expected[..], &[][..]));
        assert_eq!(read.rows[0].value("age"), Some("7"));
        for wrong in ["{}", r#"{"data": {}}"#, "[]"] {
            let value = Value::parse(wrong.as_bytes()).unwrap();
            assert_eq!(case_rows_json(&value), Err(BadBody::NoObject), "{wrong}");
        }
    }
}
