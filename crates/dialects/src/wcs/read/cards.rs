//! Cards that are imported: many at once, as JSON or as CSV.

use fieldpost_model::form_definition::{FormDefinition, keyed};
use fieldpost_model::json::Value;

use super::submit::{BadBody, Submitted, answers, submit};
use super::{MOST_WARNINGS, Warning, WarningCode, csv};

/// One card of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The UUID or id that it names, for imports that update.
    pub id: Option<String>,
    /// What it says.
    pub content: Submitted,
    /// What must be answered and is not: a card that is there may have it already, a new one cannot be made so.
    pub missing: Vec<Warning>,
    /// The same as the body of an edit: what it does not name stays as it is.
    pub edit: Value<'static>,
}

/// What was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cards {
    /// The cards.
    pub cards: Vec<Card>,
    /// What was amiss with the whole, and with each card: `[3].name`, counted from 0. Of a long list that is the
    /// beginning.
    pub warnings: Vec<Warning>,
    /// How many warnings there were, those that are left out as well.
    pub warned: usize,
}

/// Reads an import of JSON: `{"data": [document, …]}`.
pub fn cards_json(definition: &FormDefinition, body: &Value<'_>) -> Result<Cards, BadBody> {
    let rows = body.get("data").and_then(Value::as_array).ok_or(BadBody::NoObject)?;
    let mut cards = Cards::default();
    for (place, row) in rows.iter().enumerate() {
        let content = submit(definition, row)?;
        let answers = answers(row)?.into_iter();
        let answers = answers.map(|(name, value)| (name.into_owned(), value.into_owned()));
        let edit = Value::object([("data", Value::object(answers))]);
        let id = ["uuid", "id"].into_iter().find_map(|name| {
            let id = row.get(name)?;
            let text = id.as_str().or_else(|| id.as_number())?;
            (!text.is_empty()).then(|| text.to_owned())
        });
        cards.add(place, id, (content, edit));
    }
    Ok(cards)
}

/// Reads an import of CSV. The first line names the fields: by variable name, id or label; a column `id` or `uuid`,
/// where no field is called so, says which card it is. Cells are
/// read as they would be in JSON; several choices have `|` between them.
pub fn cards_csv(definition: &FormDefinition, text: &str) -> Result<Cards, BadBody> {
    let mut rows = csv::rows(text).into_iter();
    let headings = rows.next().ok_or(BadBody::NoObject)?;
    let fields: Vec<Option<(String, bool)>> =
        headings.iter().map(|heading| column(definition, heading)).collect();
    let mut cards = Cards::default();
    let ids = headings
        .iter()
        .zip(&fields)
        .position(|(heading, field)| field.is_none() && ["id", "uuid"].contains(&heading.trim()));
    for (place, (heading, field)) in headings.iter().zip(&fields).enumerate() {
        if field.is_none() && Some(place) != ids {
            let field = heading.clone();
            cards.warn(Warning { code: WarningCode::UnknownKey, field, value: None });
        }
    }
    for (place, row) in rows.enumerate() {
        let id = ids.and_then(|place| row.get(place)).filter(|id| !id.is_empty()).cloned();
        let members = fields.iter().zip(row).filter_map(|(field, cell)| {
            let (key, is_list) = field.as_ref()?;
            (!cell.is_empty()).then(|| (key.clone(), cell_value(cell, *is_list)))
        });
        let body = Value::object([("data", Value::object(members))]);
        let content = submit(definition, &body)?;
        cards.add(place, id, (content, body));
    }
    Ok(cards)
}

fn cell_value(cell: String, is_list: bool) -> Value<'static> {
    if is_list {
        Value::Array(cell.split('|').map(|id| Value::from(id.trim().to_owned())).collect())
    } else {
        Value::from(cell)
    }
}

/// The field of a column, and whether its cells are lists.
fn column(definition: &FormDefinition, heading: &str) -> Option<(String, bool)> {
    use fieldpost_model::form_definition::FieldType::{Items, RankedItems};
    let heading = heading.trim();
    let backoffice = keyed(&definition.lifecycle.backoffice_fields);
    let fields: Vec<_> = keyed(&definition.fields).into_iter().chain(backoffice).collect();
    let by_name = fields.iter().find(|(key, field)| key == heading || field.id == heading);
    let found = by_name.or_else(|| fields.iter().find(|(_, field)| field.label == heading));
    found.map(|(key, field)| (key.clone(), matches!(field.field_type, Items | RankedItems)))
}

impl Cards {
    fn add(
        &mut self,
        place: usize,
        id: Option<String>,
        (mut content, edit): (Submitted, Value<'static>),
    ) {
        let (missing, warnings): (Vec<Warning>, Vec<Warning>) =
            std::mem::take(&mut content.warnings)
                .into_iter()
                .partition(|warning| warning.code == WarningCode::Required);
        for warning in warnings {
            let field = format!("[{place}].{}", warning.field);
            self.warn(Warning { field, ..warning });
        }
        self.cards.push(Card { id, content, missing, edit });
    }

    fn warn(&mut self, warning: Warning) {
        self.warned += 1;
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(warning);
        }
    }
}
