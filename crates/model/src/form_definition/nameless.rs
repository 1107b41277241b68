//! Answers that tell nobody's name: what is left of a submission that is made anonymous.
//!
//! It is an allow-list. An answer is left if its field says `anonymise: no`; one that was picked from a
//! list only if it is on the list; a block only if it says so, and of its fields those that say so as
//! well. A text where a number, a choice or a position was asked for is somebody's own words, and goes.

use super::{AnonymiseMode, FieldType, FormField, keyed};
use crate::submission::{Answer, AnswerValue, Group, Node, Position};

/// Decimals that the degrees of a coarse position keep: about a kilometre.
const COARSE_DECIMALS: usize = 2;

/// A position that tells the quarter, not the house.
pub fn coarse(position: &Position) -> Option<Position> {
    let coarse = |degrees: &str| {
        let degrees: f64 = degrees.parse().ok()?;
        degrees.is_finite().then(|| format!("{degrees:.COARSE_DECIMALS$}"))
    };
    Some(Position {
        longitude: coarse(&position.longitude)?,
        latitude: coarse(&position.latitude)?,
        altitude: None,
        accuracy: None,
    })
}

/// The answers that tell nobody's name: those of fields that say so, as far as they are what the field says.
pub fn nameless(fields: &[FormField], values: &Group) -> Group {
    let mut kept = Group::default();
    for (key, field) in keyed(fields) {
        if field.anonymise != AnonymiseMode::No {
            continue;
        }
        if field.field_type == FieldType::Computed {
            kept.extra.extend(values.extra.iter().find(|(name, _)| *name == key).cloned());
        } else if let Some(node) = values.get(&key).and_then(|node| nameless_node(field, node)) {
            kept.members.push((key, node));
        }
    }
    kept
}

fn nameless_node(field: &FormField, node: &Node) -> Option<Node> {
    match (field.field_type, node) {
        (FieldType::Block, Node::Repeat(rows)) => {
            let row = |row: &Node| match row {
                Node::Group(group) => Some(Node::Group(nameless(&field.fields, group))),
                _ => None,
            };
            Some(Node::Repeat(rows.iter().filter_map(row).collect()))
        }
        (FieldType::Table | FieldType::TableRows, Node::Repeat(_)) => Some(node.clone()),
        (kind, Node::Answer(answer)) => nameless_answer(field, kind, answer).map(Node::Answer),
        _ => None,
    }
}

/// An answer that is what its field says.
fn nameless_answer(field: &FormField, kind: FieldType, answer: &Answer) -> Option<Answer> {
    let is_listed = |id: &str| field.items.iter().any(|item| item.id == id);
    match (kind, &answer.value) {
        (FieldType::Item, AnswerValue::Text) => is_listed(answer.written()).then(|| answer.clone()),
        (FieldType::Items | FieldType::RankedItems, AnswerValue::Choices(chosen)) => {
            let listed: Vec<String> = chosen.iter().filter(|id| is_listed(id)).cloned().collect();
            let lexical = Some(listed.join(" "));
            Some(Answer { lexical, value: AnswerValue::Choices(listed) })
        }
        (FieldType::Bool, AnswerValue::Boolean(_))
        | (FieldType::Numeric, AnswerValue::Decimal(_) | AnswerValue::Integer(_))
        | (FieldType::Map, AnswerValue::Geometry(_))
        | (FieldType::File, AnswerValue::File)
        | (
            FieldType::String
            | FieldType::Text
            | FieldType::Email
            | FieldType::Phone
            | FieldType::Date,
            AnswerValue::Text,
        ) => Some(answer.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_becomes_coarse() {
        let position = |longitude: &str, latitude: &str| Position {
            longitude: longitude.to_owned(),
            latitude: latitude.to_owned(),
            altitude: Some("35".to_owned()),
            accuracy: Some("4".to_owned()),
        };
        let kept = coarse(&position("2.352219", "-48.856613")).unwrap();
        assert_eq!((kept.longitude.as_str(), kept.latitude.as_str()), ("2.35", "-48.86"));
        assert_eq!((kept.altitude, kept.accuracy), (None, None));
        assert_eq!(coarse(&position("Main Street", "1")), None);
    }

    #[test]
    fn a_text_stays_only_where_its_field_says_so_and_it_is_what_the_field_says() {
        let text = |text: &str| Answer::text(text);
        let choices = |ids: &[&str]| Answer {
            lexical: Some(ids.join(" ")),
            value: AnswerValue::Choices(ids.iter().map(|id| (*id).to_owned()).collect()),
        };
        let unfit = Answer { lexical: Some("Marie".to_owned()), value: AnswerValue::Unfit };
        for (field_type, mode, answer, expected) in [
            (FieldType::String, AnonymiseMode::Final, text("Marie"), None),
            (FieldType::String, AnonymiseMode::Intermediate, text("Marie"), None),
            (FieldType::String, AnonymiseMode::No, text("open"), Some(text("open"))),
            (FieldType::Item, AnonymiseMode::No, text("a"), Some(text("a"))),
            (FieldType::Item, AnonymiseMode::No, text("Marie"), None),
            (FieldType::Items, AnonymiseMode::No, choices(&["a", "Marie"]), Some(choices(&["a"]))),
            (FieldType::RankedItems, AnonymiseMode::No, choices(&["Marie"]), Some(choices(&[]))),
            (FieldType::Bool, AnonymiseMode::No, text("Marie"), None),
            (FieldType::Bool, AnonymiseMode::No, unfit.clone(), None),
            (FieldType::Numeric, AnonymiseMode::No, unfit, None),
        ] {
            let mut field = FormField::new("x", field_type);
            field.anonymise = mode;
            field.items = vec![crate::form_definition::Item::new("a", "A")];
            let values =
                Group { members: vec![("x".to_owned(), Node::Answer(answer))], ..Group::default() };
            let kept = nameless(&[field], &values);
            let expected = expected.map(Node::Answer);
            assert_eq!(kept.get("x"), expected.as_ref(), "{field_type} {mode}");
        }
    }
}
