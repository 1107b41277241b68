//! Filters on answers.
//!
//! A field is asked for by its name, `filter-<name>=<value>`, or by its id, `filter-<id>=on` with the value in
//! `filter-<id>-value`; without that the id says nothing. An operator that looks at the field alone
//! (`absent`, `is_today`) needs no value but `on`. An empty value asks for what holds nothing (`eq`) or something
//! (`ne`): that an answer is an empty text, and that there is none, is one to the hub.

use fieldpost_model::form_definition::FieldType;
use fieldpost_model::progress_list::Pushdown;

use super::own::{Known, ON};
use super::predicate::Condition;
use super::{ListFacts, Predicate};
use crate::wcs::days::{self, Calendar};
use crate::wcs::fields::{Filterable, Operator, filterable, operators};
use crate::wcs::operands::{Operand, Test, looks_like_number};
use crate::wcs::query::{invalid_value, list};
use crate::wcs::{Parameters, Refusal};

/// A field as a query asks for it.
struct Asked<'p> {
    /// The parameter that its values stand under.
    key: String,
    values: &'p [String],
    operator: &'p str,
    /// What refusals call it, where they do not say the parameter.
    name: &'p str,
    field_type: FieldType,
}

pub(super) fn read(
    parameters: &Parameters,
    facts: &ListFacts<'_>,
    known: &mut Known,
    pushdown: &mut Pushdown,
    predicate: &mut Predicate,
) -> Result<(), Refusal> {
    for field in filterable(facts.definition) {
        for name in [Some(&field.id), field.name.as_ref()].into_iter().flatten() {
            known.add_beside(name);
        }
        // A filter on an answer that is not told would tell it.
        let is_told = field.is_nameless || !facts.reading.anonymised;
        if operators(field.target.field_type).is_empty() || !is_told {
            continue;
        }
        if let Some(name) = &field.name {
            known.add_filter(name);
        }
        let Some(asked) = asked(parameters, &field) else { continue };
        if asked.key.ends_with("-value") {
            known.add_filter(&field.id);
        }
        match asked.test(&facts.calendar)? {
            Some(test) => predicate.conditions.push(Condition { target: field.target, test }),
            None => pushdown.nothing = true,
        }
    }
    Ok(())
}

fn asked<'p>(parameters: &'p Parameters, field: &'p Filterable) -> Option<Asked<'p>> {
    let of = |name: &str, key: String, values| {
        let operator = parameters.all(&format!("filter-{name}-operator")).last();
        let operator = operator.map(String::as_str).filter(|operator| !operator.is_empty());
        Asked {
            key,
            values,
            operator: operator.unwrap_or(Operator::Equal.name()),
            name: field.name.as_ref().unwrap_or(&field.id),
            field_type: field.target.field_type,
        }
    };
    let beside = format!("filter-{}-value", field.id);
    if parameters.all(&format!("filter-{}", field.id)) == [ON] {
        let asked = of(&field.id, beside.clone(), parameters.all(&beside));
        let is_unary = Operator::from_name(asked.operator).is_some_and(Operator::is_unary);
        if parameters.has(&beside) || is_unary {
            return Some(asked);
        }
    }
    let name = field.name.as_ref()?;
    let key = format!("filter-{name}");
    parameters.has(&key).then(|| of(name, key.clone(), parameters.all(&key)))
}

impl Asked<'_> {
    /// What is asked of the field; nothing where no field could be so.
    fn test(&self, calendar: &Calendar) -> Result<Option<Test>, Refusal> {
        let known = Operator::from_name(self.operator)
            .filter(|operator| operators(self.field_type).contains(operator));
        if self.field_type == FieldType::Bool {
            self.check_truth(known)?;
        }
        let Some(operator) = known else {
            let (operator, key) = (self.operator, &self.key);
            return Err(Refusal::invalid(format!(
                "Invalid operator \"{operator}\" for \"{key}\"."
            )));
        };
        if operator.is_unary() {
            return Ok(unary(operator, calendar));
        }
        let values = self.split(operator);
        if let Some(list) = self.of_list(operator, &values)? {
            return Ok(Some(list));
        }
        let [value] = &values[..] else {
            return Err(invalid_value(&list(self.values), &self.key));
        };
        if value.is_empty() {
            match operator {
                Operator::Equal => return Ok(Some(Test::Absent)),
                Operator::NotEqual => return Ok(Some(Test::Existing)),
                _ if !holds_texts(self.field_type) => return Ok(None),
                _ => {}
            }
        }
        let operand = self.operand(value)?;
        Ok(Some(match operator {
            Operator::NotEqual => Test::NotEqual(operand),
            Operator::Less => Test::Less(operand),
            Operator::LessOrEqual => Test::LessOrEqual(operand),
            Operator::Greater => Test::Greater(operand),
            Operator::GreaterOrEqual => Test::GreaterOrEqual(operand),
            Operator::Contains => Test::Contains(value.to_lowercase()),
            Operator::Alike => Test::Alike(value.to_lowercase()),
            _ => Test::Equal(operand),
        }))
    }

    /// Yes and no are written in one way each.
    fn check_truth(&self, operator: Option<Operator>) -> Result<(), Refusal> {
        let is_unary = operator.is_some_and(Operator::is_unary);
        let value = self.values.last().map_or("", String::as_str);
        if matches!(value, "true" | "false") || (is_unary && matches!(value, ON | "")) {
            return Ok(());
        }
        Err(invalid_value(value, &self.key))
    }

    /// The values, of lists one by one.
    fn split(&self, operator: Operator) -> Vec<String> {
        let is_list = matches!(operator, Operator::In | Operator::NotIn | Operator::Between)
            || self.field_type == FieldType::Items;
        if !is_list {
            let values = if self.values.is_empty() { &[String::new()][..] } else { self.values };
            return values.to_vec();
        }
        let parts = self.values.iter().flat_map(|value| value.split('|')).map(str::trim);
        let parts: Vec<String> = parts.filter(|it| !it.is_empty()).map(str::to_owned).collect();
        if parts.is_empty() && self.field_type == FieldType::Items {
            vec![String::new()]
        } else {
            parts
        }
    }

    /// What is asked where several values are: also `eq` and `ne` of several are meant so.
    fn of_list(&self, operator: Operator, values: &[String]) -> Result<Option<Test>, Refusal> {
        let operator = match operator {
            Operator::Equal if values.len() > 1 => Operator::In,
            Operator::NotEqual if values.len() > 1 => Operator::NotIn,
            operator => operator,
        };
        if !matches!(operator, Operator::In | Operator::NotIn | Operator::Between) {
            return Ok(None);
        }
        let operands: Result<Vec<Operand>, Refusal> =
            values.iter().map(|value| self.operand(value)).collect();
        let operands = alike(operands?, values);
        Ok(Some(match operator {
            Operator::In => Test::In(operands),
            Operator::NotIn => Test::NotIn(operands),
            _ => self.between(operands)?,
        }))
    }

    /// From the smaller one on, and before the greater one.
    fn between(&self, operands: Vec<Operand>) -> Result<Test, Refusal> {
        let operands: Result<[Operand; 2], _> = operands.try_into();
        let Ok([one, other]) = operands else {
            let value = self.values.join("|");
            let name = self.name;
            return Err(Refusal::invalid(format!(
                "Invalid value \"{value}\" for operator \"between\" and filter \"filter-{name}\""
            )));
        };
        let is_greater = other.compare(&one.as_cell()).is_some_and(std::cmp::Ordering::is_gt);
        Ok(if is_greater { Test::Within(other, one) } else { Test::Within(one, other) })
    }

    fn operand(&self, value: &str) -> Result<Operand, Refusal> {
        let unfit = || {
            let name = self.name;
            Refusal::invalid(format!("Invalid value \"{value}\" for filter \"filter-{name}\""))
        };
        match self.field_type {
            FieldType::Bool => Ok(Operand::Truth(value == "true")),
            FieldType::Numeric => {
                let number = value.trim().replace(',', ".");
                if looks_like_number(&number) { Ok(Operand::Number(number)) } else { Err(unfit()) }
            }
            FieldType::Date => {
                let day = days::day(value).ok_or_else(unfit)?;
                Ok(Operand::Text(days::iso(day)))
            }
            FieldType::Email => Ok(Operand::Text(value.to_owned())),
            _ => Ok(Operand::of_text(value)),
        }
    }
}

/// Whether an empty text can stand in a field of that type.
fn holds_texts(field_type: FieldType) -> bool {
    matches!(
        field_type,
        FieldType::String | FieldType::Text | FieldType::Email | FieldType::Phone | FieldType::Item
    )
}

/// Operands of which all are numbers, or all are texts.
fn alike(operands: Vec<Operand>, values: &[String]) -> Vec<Operand> {
    if operands.iter().any(|operand| matches!(operand, Operand::Text(_))) {
        let is_text = |operand: &Operand| matches!(operand, Operand::Text(_));
        let pairs = operands.into_iter().zip(values);
        let text = |(operand, value): (Operand, &String)| {
            if is_text(&operand) { operand } else { Operand::Text(value.clone()) }
        };
        return pairs.map(text).collect();
    }
    operands
}

/// What is asked of the field alone; nothing at a time that is outside of all calendars.
fn unary(operator: Operator, calendar: &Calendar) -> Option<Test> {
    let today = calendar.today()?;
    let day = |day: chrono::NaiveDate| Operand::Text(days::iso(day));
    Some(match operator {
        Operator::Existing => Test::Existing,
        Operator::Today => Test::Equal(day(today)),
        Operator::Tomorrow => Test::Equal(day(today.succ_opt()?)),
        Operator::Yesterday => Test::Equal(day(today.pred_opt()?)),
        Operator::ThisWeek => {
            let monday = calendar.monday()?;
            let next = monday.checked_add_days(chrono::Days::new(7))?;
            Test::Within(day(monday), day(next))
        }
        Operator::Past => Test::Less(day(today)),
        Operator::Future => Test::Greater(day(today)),
        Operator::TodayOrPast => Test::LessOrEqual(day(today)),
        Operator::TodayOrFuture => Test::GreaterOrEqual(day(today)),
        _ => Test::Absent,
    })
}
