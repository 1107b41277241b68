//! Answers as people read them, on the page that asks whether all is right and on that of the submission.

use fieldpost_model::form_definition::{
    DisplayLocation, FieldType, FormField, Item, column_key, keyed,
};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node};

use super::markup::Markup;
use super::words::Words;

/// What answers are shown with.
#[derive(Clone, Copy)]
pub(super) struct Shown<'s> {
    /// The language.
    pub(super) words: &'s Words,
    /// Where the file of a name can be had; `None` where it cannot.
    pub(super) link: &'s dyn Fn(&str) -> Option<String>,
}

/// The answers to these fields that are shown at a place, as a list of terms and what is said of them.
/// `is_asked` tells which of them were asked.
pub(super) fn answers(
    with: Shown<'_>,
    fields: &[FormField],
    values: &Group,
    place: DisplayLocation,
    is_asked: impl Fn(&FormField) -> bool,
    html: &mut Markup,
) {
    html.open("dl", &[("class", "answers")]);
    for (key, field) in keyed(fields) {
        if !field.display_locations.contains(&place) || !is_asked(field) {
            continue;
        }
        html.open("div", &[]).element("dt", &[], &field.label).open("dd", &[]);
        answer(with, &key, field, values, html);
        html.close("dd").close("div");
    }
    html.close("dl").line();
}

fn answer(with: Shown<'_>, key: &str, field: &FormField, values: &Group, html: &mut Markup) {
    let words = with.words;
    if field.field_type == FieldType::Computed {
        let found = values.extra.iter().find(|(name, _)| name == key);
        return text_or_none(
            words,
            &found.map_or_else(String::new, |(_, value)| json(value)),
            html,
        );
    }
    match values.get(key) {
        Some(Node::Repeat(rows)) if field.field_type.has_columns() => {
            table(words, field, rows, html);
        }
        Some(Node::Repeat(rows)) if !rows.is_empty() => {
            html.open("ol", &[]);
            for row in rows {
                let Node::Group(group) = row else { continue };
                html.open("li", &[]);
                answers(with, &field.fields, group, DisplayLocation::Summary, |_| true, html);
                html.close("li");
            }
            html.close("ol");
        }
        Some(Node::Answer(answer)) => match &answer.value {
            AnswerValue::Choices(ids) if ids.len() > 1 => {
                let is_ranked = field.field_type == FieldType::RankedItems;
                let tag = if is_ranked { "ol" } else { "ul" };
                html.open(tag, &[]);
                for id in ids {
                    html.element("li", &[], label(&field.items, id));
                }
                html.close(tag);
            }
            AnswerValue::File => match (with.link)(answer.written()) {
                Some(path) => {
                    html.open("p", &[]).element("a", &[("href", &path)], answer.written());
                    html.close("p");
                }
                None => text_or_none(words, answer.written(), html),
            },
            _ => text_or_none(words, &text(words, field, answer), html),
        },
        _ => text_or_none(words, "", html),
    }
}

fn text_or_none(words: &Words, text: &str, html: &mut Markup) {
    if text.trim().is_empty() {
        html.element("span", &[("class", "none")], words.no_answer);
    } else {
        html.paragraphs(&[], text);
    }
}

fn json(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_json(),
    }
}

/// An answer as a text.
pub(super) fn text(words: &Words, field: &FormField, answer: &Answer) -> String {
    match &answer.value {
        AnswerValue::Empty => String::new(),
        AnswerValue::Boolean(truth) => if *truth { words.yes } else { words.no }.to_owned(),
        AnswerValue::Choices(ids) => {
            ids.iter().map(|id| label(&field.items, id)).collect::<Vec<_>>().join(", ")
        }
        AnswerValue::Geometry(place) => place.positions.first().map_or_else(String::new, |it| {
            format!("{} {}, {} {}", words.latitude, it.latitude, words.longitude, it.longitude)
        }),
        _ if field.field_type == FieldType::Item => {
            label(&field.items, answer.written()).to_owned()
        }
        _ => answer.written().to_owned(),
    }
}

fn label<'i>(items: &'i [Item], id: &'i str) -> &'i str {
    items.iter().find(|item| item.id == id).map_or(id, |item| item.text.as_str())
}

fn table(words: &Words, field: &FormField, rows: &[Node], html: &mut Markup) {
    if rows.is_empty() {
        return text_or_none(words, "", html);
    }
    // What scrolls must be within the reach of the keys.
    let scrolls =
        [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", &*field.label)];
    html.open("div", &scrolls).open("table", &[]).open("tr", &[]);
    if field.field_type == FieldType::Table {
        html.open("td", &[]).close("td");
    }
    for heading in &field.columns {
        html.element("th", &[("scope", "col")], heading);
    }
    html.close("tr");
    for (place, row) in rows.iter().enumerate() {
        let Node::Group(group) = row else { continue };
        html.open("tr", &[]);
        if field.field_type == FieldType::Table {
            let title = field.rows.get(place).map_or("", String::as_str);
            html.element("th", &[("scope", "row")], title);
        }
        for key in (0..field.columns.len()).map(column_key) {
            let cell = match group.get(&key) {
                Some(Node::Answer(answer)) => answer.written(),
                _ => "",
            };
            html.element("td", &[], cell);
        }
        html.close("tr");
    }
    html.close("table").close("div");
}
