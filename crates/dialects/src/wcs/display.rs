//! Answers as people read them: in lists, on maps, in tables, in the digest of a block.

use fieldpost_model::form_definition::{FieldType, FormField, Item, column_key, keyed};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node};

/// What stands between the texts of several choices, rows or columns.
const BETWEEN: &str = ", ";

/// An answer as a text; empty where there is none.
pub(super) fn display(field: &FormField, key: &str, values: &Group) -> String {
    if field.field_type == FieldType::Computed {
        return values.extra.iter().find(|(name, _)| name == key).map_or_else(String::new, of_json);
    }
    match values.get(key) {
        Some(Node::Answer(answer)) => of_answer(field, answer),
        Some(Node::Repeat(rows)) if field.field_type == FieldType::Block => {
            joined(digests(field, rows))
        }
        Some(Node::Repeat(rows)) => {
            let row = |row: &Node| table_row(field, row).join(BETWEEN);
            rows.iter().map(row).collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    }
}

fn of_json((_, value): &(String, Value<'static>)) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_json(),
    }
}

fn of_answer(field: &FormField, answer: &Answer) -> String {
    match &answer.value {
        AnswerValue::Empty => String::new(),
        AnswerValue::Boolean(truth) => if *truth { "Yes" } else { "No" }.to_owned(),
        AnswerValue::Decimal(number) => number.clone(),
        AnswerValue::Choices(chosen) => {
            joined(chosen.iter().map(|id| label(&field.items, id).to_owned()).collect())
        }
        AnswerValue::Text if field.field_type == FieldType::Item => {
            label(&field.items, answer.written()).to_owned()
        }
        AnswerValue::Geometry(place) => place
            .positions
            .first()
            .map_or_else(String::new, |point| format!("{};{}", point.latitude, point.longitude)),
        _ => answer.written().to_owned(),
    }
}

/// What people read of an item; its id, where nothing says.
pub(super) fn label<'i>(items: &'i [Item], id: &'i str) -> &'i str {
    items.iter().find(|item| item.id == id).map_or(id, |item| item.text.as_str())
}

/// One text for each row of a block.
pub(super) fn digests(field: &FormField, rows: &[Node]) -> Vec<String> {
    let fields = keyed(&field.fields);
    let digest = |row: &Node| match row {
        Node::Group(group) => {
            let texts = fields.iter().map(|(key, inner)| display(inner, key, group));
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    rows.iter().map(digest).collect()
}

/// The cells of a table's row.
pub(super) fn table_row(field: &FormField, row: &Node) -> Vec<String> {
    let Node::Group(group) = row else { return Vec::new() };
    let cell = |index: usize| match group.get(&column_key(index)) {
        Some(Node::Answer(answer)) => answer.written().to_owned(),
        _ => String::new(),
    };
    (0..field.columns.len()).map(cell).collect()
}

fn joined(texts: Vec<String>) -> String {
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    texts.join(BETWEEN)
}

/// A text inside HTML, between tags or in an attribute.
pub(super) fn html_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// HTML as plain text: a line for each paragraph, without tags, with entities read.
pub fn plain_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, behind) = after.split_once('>').unwrap_or((after, ""));
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        let ends_line =
            name == "br" || (tag.starts_with('/') && matches!(name, "p" | "div" | "li"));
        if ends_line {
            text.push('\n');
        }
        rest = behind;
    }
    text.push_str(rest);
    unescaped(&text).trim().to_owned()
}

fn unescaped(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        result.push_str(before);
        let entity = after.split_once(';').and_then(|(name, behind)| Some((entity(name)?, behind)));
        let (character, behind) = entity.unwrap_or(('&', after));
        result.push(character);
        rest = behind;
    }
    result.push_str(rest);
    result
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_plain_text() {
        for (html, text) in [
            ("<p>One</p><p>Two &amp; <b>three</b></p>", "One\nTwo & three"),
            ("a<br/>b<br>c", "a\nb\nc"),
            ("&lt;script&gt;&#39;&#x41;&unknown;&", "<script>'A&unknown;&"),
            ("no tags", "no tags"),
            ("broken <p", "broken"),
        ] {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn texts_do_no_harm_in_html() {
        assert_eq!(
            html_escaped("<a href=\"x\">'&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;&#x27;&lt;/a&gt;"
        );
    }
}
