//! The answer of one control, and the way back: what a control holds for an answer that is there.

use fieldpost_dialects::wcs::read::typed as read_typed;
use fieldpost_model::form_definition::{FieldType, FormField, column_key, keyed};
use fieldpost_model::progress::StoredFile;
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node};
use fieldpost_rules::account::is_email;

use super::typed::{PREFIX, Typed};

/// What can be wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// There is none.
    Required,
    /// A box that must be ticked is not.
    Untrue,
    /// It is no mail address.
    Email,
    /// It is no telephone number.
    Phone,
    /// It is no number.
    Number,
    /// It is no day.
    Date,
    /// It is no position.
    Position,
    /// It is none of the items.
    Item,
    /// Two items have one rank, or a rank is none.
    Rank,
    /// It is longer than a control takes.
    TooLong,
}

/// What a box that is ticked sends.
pub(super) const TICKED: &str = "yes";

/// The answer of a control, and what is wrong with it. What cannot be read stays as it was typed.
pub(super) fn read(
    field: &FormField,
    name: &str,
    typed: &Typed,
    max_text: usize,
) -> (Answer, Option<What>) {
    let text = typed.one(name);
    if typed.all(name).any(|text| text.len() > max_text) {
        return (unfit(""), Some(What::TooLong));
    }
    match field.field_type {
        FieldType::Bool => {
            let truth = typed.has(name, TICKED);
            let lexical = Some(truth.to_string());
            (Answer { lexical, value: AnswerValue::Boolean(truth) }, None)
        }
        FieldType::Text => (or_absent(text.trim_end()), None),
        FieldType::Email => checked(text, is_email, What::Email),
        FieldType::Phone => checked(text, is_phone, What::Phone),
        FieldType::Numeric => fitting(field.field_type, text, What::Number),
        FieldType::Date => fitting(field.field_type, text, What::Date),
        FieldType::Map => position(name, typed),
        FieldType::Item => checked(
            text,
            |id| field.items.is_empty() || field.items.iter().any(|item| item.id == id),
            What::Item,
        ),
        FieldType::Items => items(field, name, typed),
        FieldType::RankedItems => ranks(field, name, typed),
        _ => (or_absent(text.trim()), None),
    }
}

fn or_absent(text: &str) -> Answer {
    if text.is_empty() { Answer::ABSENT } else { Answer::text(text) }
}

fn unfit(text: &str) -> Answer {
    Answer { lexical: Some(text.to_owned()), value: AnswerValue::Unfit }
}

fn checked(text: &str, fits: impl Fn(&str) -> bool, what: What) -> (Answer, Option<What>) {
    let text = text.trim();
    let is_fit = text.is_empty() || fits(text);
    (or_absent(text), (!is_fit).then_some(what))
}

fn fitting(field_type: FieldType, text: &str, what: What) -> (Answer, Option<What>) {
    match read_typed(field_type, text) {
        Some(answer) => (answer, None),
        None => (unfit(text), Some(what)),
    }
}

/// Digits, as many as the shortest numbers that can be called, and what people write between them.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= 3 && text.chars().all(|it| it.is_ascii_digit() || " +-.()/".contains(it))
}

fn position(name: &str, typed: &Typed) -> (Answer, Option<What>) {
    let degrees = |part: &str| typed.one(&format!("{name}.{part}")).trim().replace(',', ".");
    let (latitude, longitude) = (degrees("lat"), degrees("lon"));
    if latitude.is_empty() && longitude.is_empty() {
        return (Answer::ABSENT, None);
    }
    fitting(FieldType::Map, &format!("{latitude};{longitude}"), What::Position)
}

fn choices(ids: Vec<String>) -> Answer {
    Answer { lexical: Some(ids.join(" ")), value: AnswerValue::Choices(ids) }
}

/// Lines of a field whose items nobody knows.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn items(field: &FormField, name: &str, typed: &Typed) -> (Answer, Option<What>) {
    if field.items.is_empty() {
        return (choices(lines(typed.one(name))), None);
    }
    let known = field.items.iter().filter(|item| typed.has(name, &item.id));
    let ids: Vec<String> = known.map(|item| item.id.clone()).collect();
    let unknown = typed.all(name).any(|id| !field.items.iter().any(|item| item.id == id));
    (choices(ids), unknown.then_some(What::Item))
}

/// Ranks are typed beside the items, by the places of these.
fn ranks(field: &FormField, name: &str, typed: &Typed) -> (Answer, Option<What>) {
    if field.items.is_empty() {
        return (choices(lines(typed.one(name))), None);
    }
    let (mut ranked, mut what) = (Vec::new(), None);
    for (place, item) in field.items.iter().enumerate() {
        let text = typed.one(&format!("{name}.{place}")).trim();
        match text.parse::<usize>() {
            _ if text.is_empty() => {}
            Ok(rank) if (1..=field.items.len()).contains(&rank) => {
                if ranked.iter().any(|(taken, _)| *taken == rank) {
                    what = Some(What::Rank);
                }
                ranked.push((rank, item.id.clone()));
            }
            _ => what = Some(What::Rank),
        }
    }
    ranked.sort();
    (choices(ranked.into_iter().map(|(_, id)| id).collect()), what)
}

/// No answer to a field.
pub(super) fn nothing(field: &FormField) -> Node {
    match field.field_type {
        FieldType::Block | FieldType::Table | FieldType::TableRows => Node::Repeat(Vec::new()),
        _ => Node::Answer(Answer::ABSENT),
    }
}

/// Whether a required field has no answer. A box that must be ticked has one only when it is.
pub(super) fn is_missing(field: &FormField, node: &Node) -> bool {
    match node {
        Node::Answer(answer) => match &answer.value {
            AnswerValue::Empty => true,
            AnswerValue::Choices(chosen) => chosen.is_empty(),
            AnswerValue::Boolean(truth) => field.field_type == FieldType::Bool && !truth,
            _ => false,
        },
        Node::Repeat(rows) => rows.is_empty(),
        Node::Group(_) => false,
    }
}

/// Whether nobody answered anything in a row.
pub(super) fn is_blank(group: &Group) -> bool {
    group.members.iter().all(|(_, node)| match node {
        Node::Answer(answer) => match &answer.value {
            AnswerValue::Empty | AnswerValue::Boolean(false) => true,
            AnswerValue::Choices(chosen) => chosen.is_empty(),
            _ => false,
        },
        Node::Repeat(rows) => rows.is_empty(),
        Node::Group(group) => is_blank(group),
    })
}

/// What the controls of a form hold for answers that are there.
pub(super) fn typed_of(fields: &[FormField], values: &Group, files: &[StoredFile]) -> Typed {
    let mut typed = Typed::default();
    type_group(fields, values, files, PREFIX, &mut typed);
    typed
}

fn type_group(
    fields: &[FormField],
    values: &Group,
    files: &[StoredFile],
    prefix: &str,
    typed: &mut Typed,
) {
    for (key, field) in keyed(fields) {
        let name = format!("{prefix}{key}");
        match values.get(&key) {
            Some(Node::Answer(answer)) => type_answer(field, &name, answer, files, typed),
            Some(Node::Repeat(rows)) => {
                typed.set_rows(&name, rows.len());
                for (place, row) in rows.iter().enumerate() {
                    let Node::Group(group) = row else { continue };
                    let inner = format!("{name}.{place}.");
                    if field.field_type.has_columns() {
                        type_cells(field, group, &inner, typed);
                    } else {
                        type_group(&field.fields, group, files, &inner, typed);
                    }
                }
            }
            _ => {}
        }
    }
}

fn type_cells(field: &FormField, group: &Group, prefix: &str, typed: &mut Typed) {
    for key in (0..field.columns.len()).map(column_key) {
        if let Some(Node::Answer(answer)) = group.get(&key) {
            typed.texts.push((format!("{prefix}{key}"), answer.written().to_owned()));
        }
    }
}

fn type_answer(
    field: &FormField,
    name: &str,
    answer: &Answer,
    files: &[StoredFile],
    typed: &mut Typed,
) {
    let mut add = |name: String, text: &str| {
        if !text.is_empty() {
            typed.texts.push((name, text.to_owned()));
        }
    };
    match &answer.value {
        AnswerValue::Boolean(true) => add(name.to_owned(), TICKED),
        AnswerValue::Empty | AnswerValue::Boolean(false) => {}
        AnswerValue::Choices(ids) if field.items.is_empty() => {
            add(name.to_owned(), &ids.join("\n"));
        }
        AnswerValue::Choices(ids) if field.field_type == FieldType::RankedItems => {
            for (place, item) in field.items.iter().enumerate() {
                if let Some(rank) = ids.iter().position(|id| *id == item.id) {
                    add(format!("{name}.{place}"), &(rank + 1).to_string());
                }
            }
        }
        AnswerValue::Choices(ids) => ids.iter().for_each(|id| add(name.to_owned(), id)),
        AnswerValue::Geometry(place) => {
            if let Some(position) = place.positions.first() {
                add(format!("{name}.lat"), &position.latitude);
                add(format!("{name}.lon"), &position.longitude);
            }
        }
        AnswerValue::File => {
            if let Some(file) = files.iter().find(|file| file.name == answer.written()) {
                typed.put_file(name, file.clone());
            }
        }
        AnswerValue::Unfit if field.field_type == FieldType::Map => {
            let (latitude, longitude) = answer.written().split_once(';').unwrap_or_default();
            add(format!("{name}.lat"), latitude);
            add(format!("{name}.lon"), longitude);
        }
        _ => add(name.to_owned(), answer.written()),
    }
}
