//! Between answers and the values of templates.

use chrono::NaiveDate;
use fieldpost_model::form_definition::{FieldType, FormField, Item, column_key, keyed};
use fieldpost_model::hexadecimal;
use fieldpost_model::json::{Value as Json, number};
use fieldpost_model::progress::StoredFile;
use fieldpost_model::submission::{
    Answer, AnswerValue, Geometry, GeometryKind, Group, Node, Position,
};

use super::template::{Datum, FileDatum};

/// What a field's answer is: as people read it, or in one of its other shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `form_var_kind`: labels.
    Shown,
    /// `form_var_kind_raw`: ids.
    Raw,
    /// `form_var_kind_structured`: all that is known.
    Structured,
}

/// The answer of a field; `None` where there is none.
pub(super) fn datum(
    field: &FormField,
    node: &Node,
    shape: Shape,
    files: &[StoredFile],
) -> Option<Datum> {
    match node {
        Node::Answer(answer) => leaf(field, answer, shape, files),
        Node::Group(group) => Some(members(&field.fields, group, files)),
        Node::Repeat(rows) => {
            Some(Datum::List(rows.iter().map(|row| table_row(field, row, files)).collect()))
        }
    }
}

fn table_row(field: &FormField, row: &Node, files: &[StoredFile]) -> Datum {
    let Node::Group(group) = row else { return Datum::Nothing };
    if !field.field_type.has_columns() {
        return members(&field.fields, group, files);
    }
    let cell = |index| match group.get(&column_key(index)) {
        Some(Node::Answer(answer)) => Datum::text(answer.written()),
        _ => Datum::Nothing,
    };
    Datum::List((0..field.columns.len()).map(cell).collect())
}

/// What a block asks, in every shape.
fn members(fields: &[FormField], group: &Group, files: &[StoredFile]) -> Datum {
    let mut members = Vec::new();
    for (key, field) in keyed(fields) {
        let Some(node) = group.get(&key) else { continue };
        let mut add = |name: String, shape| {
            members.push((name, datum(field, node, shape, files).unwrap_or(Datum::Nothing)));
        };
        add(key.clone(), Shape::Shown);
        if field.field_type.has_items() {
            add(format!("{key}_raw"), Shape::Raw);
            add(format!("{key}_structured"), Shape::Structured);
        }
    }
    Datum::Map(members)
}

fn leaf(field: &FormField, answer: &Answer, shape: Shape, files: &[StoredFile]) -> Option<Datum> {
    let written = answer.written();
    Some(match &answer.value {
        AnswerValue::Empty => return None,
        AnswerValue::Boolean(truth) => Datum::Truth(*truth),
        AnswerValue::Integer(whole) => decimal(&whole.to_string()),
        AnswerValue::Decimal(text) => decimal(text),
        AnswerValue::Choices(ids) => {
            let chosen = ids.iter().map(|id| item(field, id, shape));
            match shape {
                Shape::Shown => {
                    Datum::text(chosen.map(|it| it.written()).collect::<Vec<_>>().join(", "))
                }
                Shape::Raw | Shape::Structured => Datum::List(chosen.collect()),
            }
        }
        AnswerValue::Geometry(geometry) => place(geometry)?,
        AnswerValue::File => Datum::File(file(written, files)),
        AnswerValue::Text if field.field_type == FieldType::Date => {
            NaiveDate::parse_from_str(written, "%Y-%m-%d")
                .map_or_else(|_| Datum::text(written), Datum::Day)
        }
        AnswerValue::Text if field.field_type == FieldType::Item => item(field, written, shape),
        AnswerValue::Text | AnswerValue::DateTime(_) | AnswerValue::Unfit => Datum::text(written),
    })
}

fn decimal(text: &str) -> Datum {
    let number = Datum::text(text).as_decimal();
    number.map_or_else(|| Datum::text(text), Datum::Decimal)
}

fn item(field: &FormField, id: &str, shape: Shape) -> Datum {
    let known = field.items.iter().find(|item| item.id == id);
    match shape {
        Shape::Raw => Datum::text(id),
        Shape::Shown => Datum::text(known.map_or(id, |item| &item.text)),
        Shape::Structured => structured(known.unwrap_or(&Item::new(id, id))),
    }
}

fn structured(item: &Item) -> Datum {
    let own = [("id", &item.id), ("text", &item.text)];
    let own = own.map(|(name, text)| (name.to_owned(), Datum::text(text)));
    let attributes = item.attributes.iter();
    let attributes = attributes.map(|(name, value)| (name.clone(), Datum::from_json(value)));
    Datum::Map(own.into_iter().chain(attributes).collect())
}

fn file(name: &str, files: &[StoredFile]) -> FileDatum {
    let known = files.iter().find(|file| file.name == name);
    let unknown = "application/octet-stream";
    FileDatum {
        filename: name.to_owned(),
        content_type: known.map_or(unknown, |file| &file.content_type).to_owned(),
        sha256: known.map(|file| hexadecimal::encode(&file.sha256)),
        url: None,
    }
}

fn place(geometry: &Geometry) -> Option<Datum> {
    let position = geometry.positions.first().filter(|_| geometry.kind == GeometryKind::Point)?;
    Some(position_datum(position))
}

/// A position as w.c.s. has it.
pub(super) fn position_datum(position: &Position) -> Datum {
    let number = |text: &String| Datum::Number(text.clone());
    Datum::Map(vec![
        ("lat".to_owned(), number(&position.latitude)),
        ("lon".to_owned(), number(&position.longitude)),
    ])
}

/// The position that an answer is.
pub fn position(node: &Node) -> Option<&Position> {
    let Node::Answer(Answer { value: AnswerValue::Geometry(geometry), .. }) = node else {
        return None;
    };
    geometry.positions.first().filter(|_| geometry.kind == GeometryKind::Point)
}

/// The value of a template as the answer of a field. A value that does not fit stays as a text that says
/// that it does not, as any other answer.
pub(super) fn node(field: &FormField, datum: &Datum) -> Node {
    let written = datum.written();
    let unfit = || Answer { lexical: Some(datum.written()), value: AnswerValue::Unfit };
    let of = |value| Answer { lexical: Some(datum.written()), value };
    if matches!(datum, Datum::Nothing) || written.is_empty() {
        return Node::Answer(Answer::ABSENT);
    }
    Node::Answer(match field.field_type {
        FieldType::Bool => match (datum, written.to_lowercase().as_str()) {
            (Datum::Truth(truth), _) => of(AnswerValue::Boolean(*truth)),
            (_, "true" | "1" | "yes" | "on") => of(AnswerValue::Boolean(true)),
            (_, "false" | "0" | "no" | "off") => of(AnswerValue::Boolean(false)),
            _ => unfit(),
        },
        FieldType::Numeric => match datum.as_decimal() {
            Some(number) => of(AnswerValue::Decimal(number.to_string())),
            None => unfit(),
        },
        FieldType::Date => match super::template::filters::day(datum) {
            Some(day) => Answer::text(day.to_string()),
            None => unfit(),
        },
        FieldType::Item => {
            let found = field.items.iter().find(|item| item.id == written || item.text == written);
            Answer::text(found.map_or(written, |item| item.id.clone()))
        }
        FieldType::Items | FieldType::RankedItems => match datum {
            Datum::List(elements) => {
                let ids: Vec<String> = elements.iter().map(Datum::written).collect();
                Answer { lexical: Some(ids.join(" ")), value: AnswerValue::Choices(ids) }
            }
            _ => of(AnswerValue::Choices(vec![written])),
        },
        FieldType::Map => point(datum).map_or_else(unfit, |position| {
            let Position { latitude, longitude, .. } = &position;
            let lexical = Some(format!("{latitude} {longitude}"));
            let positions = vec![position];
            Answer {
                lexical,
                value: AnswerValue::Geometry(Geometry { kind: GeometryKind::Point, positions }),
            }
        }),
        FieldType::File if matches!(datum, Datum::File(_)) => of(AnswerValue::File),
        FieldType::String | FieldType::Text | FieldType::Email | FieldType::Phone => {
            Answer::text(written)
        }
        _ => unfit(),
    })
}

/// A position, of an object or of `lat;lon`.
fn point(datum: &Datum) -> Option<Position> {
    let (latitude, longitude) = match datum {
        Datum::Map(_) => (datum.member("lat")?.written(), datum.member("lon")?.written()),
        Datum::Text(text) => {
            let (latitude, longitude) = text.split_once(';')?;
            (latitude.trim().to_owned(), longitude.trim().to_owned())
        }
        _ => return None,
    };
    let fits = |text: &str, most: f64| {
        number::is_number(text) && text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most)
    };
    (fits(&latitude, 90.0) && fits(&longitude, 180.0)).then_some(Position {
        longitude,
        latitude,
        altitude: None,
        accuracy: None,
    })
}

/// A file as an object of workflow data.
pub(super) fn file_object(file: &StoredFile) -> Json<'static> {
    Json::object([
        ("filename", Json::from(file.name.clone())),
        ("content_type", Json::from(file.content_type.clone())),
        (fieldpost_model::progress::FILE_DIGEST, Json::from(hexadecimal::encode(&file.sha256))),
    ])
}
