//! What somebody typed into the page of a form: read as the same answer that the API would make of it.

use fieldpost_model::form_definition::FieldType;
use fieldpost_model::json::Value;
use fieldpost_model::submission::Answer;

use super::scalars::{self, Read};

/// The answer that a text is; `None` where it is not what the field asks for. Blanks around it, and ways
/// of writing that people have, are no mistakes. A position is `lat;lon`.
pub fn typed(field_type: FieldType, text: &str) -> Option<Answer> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Answer::ABSENT);
    }
    let value = Value::from(text.to_owned());
    let read = match field_type {
        FieldType::Bool => scalars::boolean(&value),
        FieldType::Numeric => scalars::numeric(&value),
        FieldType::Date => scalars::date(&value),
        FieldType::Map => scalars::position(&value),
        _ => scalars::text(&value),
    };
    match read {
        Read::Plain(answer) | Read::Converted(answer) => Some(answer),
        Read::Unreadable => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read() {
        for (field_type, text, expected) in [
            (FieldType::String, " Amina ", Some("Amina")),
            (FieldType::Numeric, "5,50", Some("5.50")),
            (FieldType::Numeric, "five", None),
            (FieldType::Date, "28/02/2026", Some("2026-02-28")),
            (FieldType::Date, "2026-02-30", None),
            (FieldType::Bool, "on", Some("true")),
            (FieldType::Map, "48.85;2,35", Some("48.85;2.35")),
            (FieldType::Map, "91;2", None),
            (FieldType::Email, "  ", Some("")),
        ] {
            let answer = typed(field_type, text);
            assert_eq!(answer.as_ref().map(Answer::written), expected, "{field_type} {text:?}");
        }
    }
}
