//! What an `XForm` cannot say of a form that the hub asks: told to whoever takes one for phones.

use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField};

/// Something that a phone shows otherwise, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where: keys of the form, with the names of fields.
    pub path: String,
    /// What becomes of it, in a sentence.
    pub what: &'static str,
}

/// What an `XForm` cannot say of the form.
pub fn left_out(definition: &FormDefinition) -> Vec<LeftOut> {
    let mut told = Vec::new();
    add(&definition.fields, "fields", &mut told);
    told
}

fn add(fields: &[FormField], around: &str, told: &mut Vec<LeftOut>) {
    for field in fields {
        let name = field.name.as_deref().unwrap_or(&field.id);
        let path = format!("{around}.{name}");
        let mut tell = |key: &str, what: &'static str| {
            told.push(LeftOut { path: format!("{path}{key}"), what });
        };
        if field.condition.is_some() {
            tell(".condition", "Phones know other conditions: the field is always asked.");
        }
        match field.field_type {
            FieldType::Computed => {
                tell("", "The hub computes it when the form has come; no phone asks it.");
            }
            FieldType::Page | FieldType::Title | FieldType::Subtitle | FieldType::Comment => {
                tell("", "It is only looked at, and not shown on phones.");
            }
            FieldType::Table => {
                tell(".rows", "A table is asked row by row, and its rows have no headings.");
            }
            FieldType::Item | FieldType::Items | FieldType::RankedItems
                if field.items.is_empty() =>
            {
                tell(".items", "No items are known: the answer is typed as text.");
            }
            FieldType::Items | FieldType::RankedItems
                if field.items.iter().any(|item| item.id.contains(char::is_whitespace)) =>
            {
                tell(
                    ".items",
                    "An id of an item has blanks, which phones put between answers: the answer is typed as text.",
                );
            }
            FieldType::Block => add(&field.fields, &format!("{path}.fields"), told),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::form_definition::Item;

    use super::*;

    #[test]
    fn what_phones_cannot_show_is_told() {
        let field = FormField::new;
        let inside =
            FormField { condition: Some("x".to_owned()), ..field("first", FieldType::String) };
        let definition = FormDefinition {
            fields: vec![
                field("name", FieldType::String),
                field("open", FieldType::Item),
                FormField { items: vec![Item::new("a", "A")], ..field("kind", FieldType::Items) },
                FormField {
                    items: vec![Item::new("a b", "A")],
                    ..field("kinds", FieldType::Items)
                },
                FormField { items: vec![Item::new("a b", "A")], ..field("one", FieldType::Item) },
                field("sum", FieldType::Computed),
                field("grid", FieldType::Table),
                FormField { name: None, ..field("9", FieldType::Page) },
                FormField { fields: vec![inside], ..field("people", FieldType::Block) },
            ],
            ..FormDefinition::default()
        };
        let told: Vec<String> = left_out(&definition).into_iter().map(|it| it.path).collect();
        assert_eq!(
            told,
            [
                "fields.open.items",
                "fields.kinds.items",
                "fields.sum",
                "fields.grid.rows",
                "fields.9",
                "fields.people.fields.first.condition",
            ]
        );
    }
}
