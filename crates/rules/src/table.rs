//! Answers as a row of a table: which columns there are, and what stands in them.
//!
//! A column is named by the path of its answer: `group.question`. What a cell cannot hold as it is becomes:
//!
//! | answer | in the table |
//! |---|---|
//! | a point | four columns: `.latitude`, `.longitude`, `.altitude`, `.accuracy` |
//! | several choices | one text, spaces between them |
//! | a file | its name |
//! | a repeat, a line, an area, any other list | JSON |
//!
//! What no column stands for is not dropped: it is left over, to be written beside.

use std::collections::HashMap;

use fieldpost_model::form::{AnswerType, Field, FieldKind};
use fieldpost_model::json::Value;

use crate::field_path::push_key;

/// Columns of a table at the most: what spreadsheets open without trouble.
pub const MOST_COLUMNS: usize = 5_000;

/// The columns that a point takes.
const OF_A_POINT: [&str; 4] = ["latitude", "longitude", "altitude", "accuracy"];

/// The columns of a table, in their order.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// A cell for each column, empty where there is nothing.
    pub cells: Vec<String>,
    /// For each cell, whether it is a number; a text of digits is none.
    pub numbers: Vec<bool>,
    /// What no column stands for, by its path.
    pub left_over: Vec<(String, String)>,
}

impl Columns {
    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Adds the columns of a form that are not there yet.
    pub fn add_fields(&mut self, fields: &[Field]) {
        add_fields(self, &mut String::new(), fields);
    }

    /// Adds the columns of these answers that are not there yet.
    pub fn add_answers(&mut self, values: &Value<'_>) {
        walk_all(values, &mut |path, _, _| self.add(path));
    }

    /// The answers as a row.
    pub fn row(&self, values: &Value<'_>) -> TableRow {
        let count = self.names.len();
        let mut row = TableRow {
            cells: vec![String::new(); count],
            numbers: vec![false; count],
            left_over: Vec::new(),
        };
        walk_all(values, &mut |path, text, is_number| {
            let place = self.places.get(path).copied();
            let mut cells = row.cells.iter_mut().zip(&mut row.numbers);
            match place.and_then(|place| cells.nth(place)) {
                Some((cell, number)) => (*cell, *number) = (text, is_number),
                None if text.is_empty() => {}
                None => row.left_over.push((path.to_owned(), text)),
            }
        });
        row
    }

    fn add(&mut self, name: &str) {
        if self.names.len() < MOST_COLUMNS && !self.places.contains_key(name) {
            self.places.insert(name.to_owned(), self.names.len());
            self.names.push(name.to_owned());
        }
    }
}

fn add_fields(columns: &mut Columns, path: &mut String, fields: &[Field]) {
    for field in fields {
        below(path, &field.name, |path| match &field.kind {
            FieldKind::Group(fields) => add_fields(columns, path, fields),
            FieldKind::Leaf(leaf) if leaf.answer == AnswerType::Geopoint => {
                for part in OF_A_POINT {
                    below(path, part, |path| columns.add(path));
                }
            }
            FieldKind::Leaf(_) | FieldKind::Repeat(_) => columns.add(path),
        });
    }
}

/// Does something with a path that is longer by one key.
fn below(path: &mut String, key: &str, act: impl FnOnce(&mut String)) {
    let length = path.len();
    push_key(path, key);
    act(path);
    path.truncate(length);
}

/// Tells every cell of a form or a case. It is a group, whatever it looks like: one answer of the name
/// `filename` makes no file of it.
fn walk_all(values: &Value<'_>, tell: &mut dyn FnMut(&str, String, bool)) {
    let path = &mut String::new();
    match values {
        Value::Object(members) => {
            for (name, value) in members {
                below(path, name, |path| walk(path, value, tell));
            }
        }
        other => walk(path, other, tell),
    }
}

/// Tells every cell of an answer: its path, its text, and whether it is a number.
fn walk(path: &mut String, value: &Value<'_>, tell: &mut dyn FnMut(&str, String, bool)) {
    let members = match value {
        Value::Object(members) => members,
        Value::Array(elements) => return tell(path, of_list(elements, value), false),
        other => return tell(path, plain(other), other.as_number().is_some()),
    };
    if let Some(file) = file_name(value) {
        return tell(path, file.to_owned(), false);
    }
    match geometry(value) {
        Some("Point") => {
            let texts = of_point(value);
            for (part, text) in OF_A_POINT.into_iter().zip(texts) {
                let is_number = !text.is_empty();
                below(path, part, |path| tell(path, text, is_number));
            }
        }
        Some(_) => tell(path, value.to_json(), false),
        None => {
            for (name, value) in members {
                below(path, name, |path| walk(path, value, tell));
            }
        }
    }
}

/// The text of what is neither a list nor a group.
fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_json(),
    }
}

fn of_list(elements: &[Value<'_>], whole: &Value<'_>) -> String {
    let is_choice = |text: &&str| !text.is_empty() && !text.contains(char::is_whitespace);
    let choices: Option<Vec<&str>> =
        elements.iter().map(|element| element.as_str().filter(is_choice)).collect();
    choices.map_or_else(|| whole.to_json(), |choices| choices.join(" "))
}

/// The name of a file, if that is what the answer is.
fn file_name<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value.as_object()? {
        [(name, file)] if name == "filename" => file.as_str(),
        _ => None,
    }
}

/// The kind of a geometry, if that is what the answer is.
fn geometry<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.get("coordinates")?.as_array()?;
    let kind = value.get("type")?.as_str()?;
    ["Point", "LineString", "Polygon"].contains(&kind).then_some(kind)
}

/// The texts of the columns of a point.
fn of_point(point: &Value<'_>) -> [String; 4] {
    let coordinates = point.get("coordinates").and_then(Value::as_array).unwrap_or_default();
    let coordinate = |place: usize| coordinates.get(place).map(plain).unwrap_or_default();
    let accuracy = point.path(&["properties", "accuracy"]).map(plain).unwrap_or_default();
    [coordinate(1), coordinate(0), coordinate(2), accuracy]
}

#[cfg(test)]
mod tests {
    use fieldpost_model::form::Leaf;

    use super::*;

    fn parse(text: &str) -> Value<'_> {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[track_caller]
    fn check(answers: &str, expected: &[(&str, &str)]) {
        let answers = parse(answers);
        let mut columns = Columns::default();
        columns.add_answers(&answers);
        let row = columns.row(&answers);
        let names = columns.names().iter().map(String::as_str);
        let cells: Vec<(&str, &str)> = names.zip(row.cells.iter().map(String::as_str)).collect();
        assert_eq!(cells, expected);
        assert_eq!(row.left_over, []);
    }

    #[test]
    fn every_kind_of_answer_has_its_cells() {
        check(
            r#"{"name": "Ann", "age": 1.50, "is": true, "no": null, "g": {"a.b": "c"}}"#,
            &[("name", "Ann"), ("age", "1.50"), ("is", "true"), ("no", ""), ("g.\"a.b\"", "c")],
        );
        check(
            r#"{"w": {"type": "Point", "coordinates": [36.8, -1.3, 5],
                      "properties": {"accuracy": 2.5}}}"#,
            &[
                ("w.latitude", "-1.3"),
                ("w.longitude", "36.8"),
                ("w.altitude", "5"),
                ("w.accuracy", "2.5"),
            ],
        );
        check(
            r#"{"c": ["a", "b"], "e": [], "t": ["a b", "c"], "r": [{"x": 1}],
                "f": {"filename": "a.jpg"}}"#,
            &[
                ("c", "a b"),
                ("e", ""),
                ("t", r#"["a b","c"]"#),
                ("r", r#"[{"x":1}]"#),
                ("f", "a.jpg"),
            ],
        );
        check(
            r#"{"l": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}"#,
            &[("l", r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#)],
        );
        check(r#"{"filename": "a.jpg"}"#, &[("filename", "a.jpg")]);
        // What only looks like a place is a group.
        check(
            r#"{"x": {"type": "Point", "coordinates": "none"}}"#,
            &[("x.type", "Point"), ("x.coordinates", "none")],
        );
    }

    #[test]
    fn a_form_gives_the_columns_and_what_it_does_not_know_is_left_over() {
        let leaf = |name: &str, answer| Field::new(name, FieldKind::Leaf(Leaf::of(answer)));
        let people = FieldKind::Repeat(vec![leaf("first", AnswerType::Text)]);
        let mut columns = Columns::default();
        columns.add_fields(&[
            leaf("name", AnswerType::Text),
            Field::new("g", FieldKind::Group(vec![leaf("where", AnswerType::Geopoint)])),
            Field::new("people", people),
        ]);
        columns.add_fields(&[leaf("name", AnswerType::Text), leaf("older", AnswerType::Text)]);
        let expected = [
            "name",
            "g.where.latitude",
            "g.where.longitude",
            "g.where.altitude",
            "g.where.accuracy",
            "people",
            "older",
        ];
        assert_eq!(columns.names(), expected);
        let row = columns.row(&parse(r#"{"people": [], "name": "Bo", "new": "x", "nil": null}"#));
        assert_eq!(row.cells, ["Bo", "", "", "", "", "", ""]);
        assert_eq!(row.left_over, [("new".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn columns_have_a_bound() {
        let names: Vec<String> = (0..=MOST_COLUMNS).map(|number| format!("n{number}")).collect();
        let answers = Value::object(names.iter().map(|name| (name.clone(), Value::from("x"))));
        let mut columns = Columns::default();
        columns.add_answers(&answers);
        assert_eq!(columns.names().len(), MOST_COLUMNS);
        let row = columns.row(&answers);
        assert_eq!(row.left_over, [(format!("n{MOST_COLUMNS}"), "x".to_owned())]);
    }
}
