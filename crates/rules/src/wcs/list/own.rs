//! The filters that every form has: numbers, times, people, place, how pressing it is.
//!
//! Each has an id with dashes and an alias with `_`. By its id it is asked for with `on` and its value beside,
//! or with the value itself; by its alias always with the value itself.

use std::collections::BTreeSet;

use fieldpost_model::progress_list::{Among, NumberTest, Plays, Pushdown, Whom};
use fieldpost_model::time::Timestamp;

use super::distance::Distance;
use super::{ListFacts, Predicate};
use crate::wcs::query::{invalid_value, list};
use crate::wcs::{Parameters, Refusal};

/// The ids of all of them.
const IDS: [&str; 12] = [
    "internal-id",
    "number",
    "identifier",
    "start",
    "end",
    "start-mtime",
    "end-mtime",
    "user",
    "user-function",
    "submission-agent",
    "distance",
    "criticality-level",
];

/// Those that tell whose a record is. Where records name nobody they are not known: whoever tries one value
/// after the other would learn what is left out.
const NAMING: [&str; 6] =
    ["number", "identifier", "user", "user-function", "submission-agent", "distance"];

/// What stands for a value where the values of a filter stand beside it.
pub(super) const ON: &str = "on";
/// Whoever calls.
const CURRENT: &str = "__current__";

/// What a query's filters and their values can be called.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What stands behind `filter-`.
    filters: BTreeSet<String>,
    /// What stands between `filter-` and `-value` or `-operator`.
    beside: BTreeSet<String>,
}

impl Known {
    pub(super) fn add_filter(&mut self, name: &str) {
        self.filters.insert(name.to_owned());
    }

    pub(super) fn add_beside(&mut self, name: &str) {
        self.beside.insert(name.to_owned());
    }

    /// Refuses what is not known.
    pub(super) fn check(&self, parameters: &Parameters) -> Result<(), Refusal> {
        let is_beside = |name: &str| name.ends_with("-value") || name.ends_with("-operator");
        let filters = parameters.names().filter(|name| !is_beside(name));
        let filters = filters.filter_map(|name| name.strip_prefix("filter-"));
        let unknown: Vec<&str> = filters.filter(|name| !self.filters.contains(*name)).collect();
        refuse(&unknown, "Invalid filter", "Invalid filters")?;
        let unused: Vec<&str> = parameters
            .names()
            .filter(|name| is_beside(name) && *name != "filter-operator" && !self.has_beside(name))
            .collect();
        refuse(&unused, "Unused parameter", "Unused parameters")
    }

    fn has_beside(&self, parameter: &str) -> bool {
        let name = parameter.strip_suffix("-value").or_else(|| parameter.strip_suffix("-operator"));
        let name = name.and_then(|name| name.strip_prefix("filter-"));
        name.is_some_and(|name| self.beside.contains(name))
    }
}

/// The names come sorted.
fn refuse(names: &[&str], one: &str, several: &str) -> Result<(), Refusal> {
    let what = match names {
        [] => return Ok(()),
        [_] => one,
        _ => several,
    };
    Err(Refusal::invalid(format!("{what} \"{}\".", names.join("\", \""))))
}

/// A filter as a query asks for it.
struct Asked<'p> {
    /// The parameter that its values stand under.
    key: String,
    values: &'p [String],
    operator: &'p str,
}

impl Asked<'_> {
    fn value(&self) -> Result<&str, Refusal> {
        match self.values {
            [] => Ok(""),
            [value] => Ok(value.trim()),
            values => Err(invalid_value(&list(values), &self.key)),
        }
    }

    fn invalid(&self, value: &str) -> Refusal {
        invalid_value(value, &self.key)
    }

    /// Refuses every operator but these.
    fn check_operator(&self, id: &str, known: &[&str]) -> Result<(), Refusal> {
        if known.contains(&self.operator) {
            return Ok(());
        }
        let operator = self.operator;
        Err(Refusal::invalid(format!("Invalid operator \"{operator}\" for \"filter-{id}\".")))
    }
}

fn asked<'p>(parameters: &'p Parameters, id: &str) -> Option<Asked<'p>> {
    let by_id = format!("filter-{id}");
    let by_alias = format!("filter-{}", id.replace('-', "_"));
    let values = parameters.all(&by_id);
    let (key, values) = if values.iter().any(|value| !value.is_empty()) {
        let key = format!("{by_id}-value");
        let values = if values == [ON] { parameters.all(&key) } else { values };
        (key, values)
    } else if parameters.has(&by_alias) {
        (by_alias.clone(), parameters.all(&by_alias))
    } else {
        return None;
    };
    let operator = parameters.all(&format!("{}-operator", key.trim_end_matches("-value"))).last();
    let operator = operator.map(String::as_str).filter(|operator| !operator.is_empty());
    Some(Asked { key, values, operator: operator.unwrap_or("eq") })
}

/// Reads all of them, in the order in which w.c.s. does.
pub(super) fn read(
    parameters: &Parameters,
    facts: &ListFacts<'_>,
    pushdown: &mut Pushdown,
    predicate: &mut Predicate,
) -> Result<Known, Refusal> {
    if let Some(asked) = asked(parameters, "internal-id") {
        pushdown.numbers.push(number(&asked)?);
    }
    if let Some(asked) = asked(parameters, "number") {
        asked.check_operator("number", &["eq"])?;
        pushdown.display_ids = vec![asked.value()?.to_owned()];
    }
    if let Some(asked) = asked(parameters, "identifier") {
        asked.check_operator("identifier", &["eq", "ne"])?;
        let ids = asked.value()?.split(',').map(|id| id.trim().to_owned()).collect();
        if asked.operator == "eq" {
            pushdown.identifiers = ids;
        } else {
            predicate.other_identifiers = ids;
        }
    }
    pushdown.received.from = time(parameters, facts, "start")?;
    pushdown.received.until = time(parameters, facts, "end")?;
    pushdown.updated.from = time(parameters, facts, "start-mtime")?;
    pushdown.updated.until = time(parameters, facts, "end-mtime")?;
    people(parameters, facts, pushdown)?;
    if let Some(asked) = asked(parameters, "distance") {
        let distance = distance(parameters, &asked)?;
        pushdown.within = Some(distance.rectangle());
        predicate.distance = Some(distance);
    }
    if let Some(asked) = asked(parameters, "criticality-level") {
        asked.check_operator("criticality-level", &["eq"])?;
        let value = asked.value()?;
        let level: i64 = value.parse().map_err(|_| asked.invalid(value))?;
        let levels = u64::try_from(level).into_iter().collect();
        pushdown.criticality.push(NumberTest::Among(Among::In(levels)));
    }
    let mut known = Known::default();
    let anonymised = facts.reading.anonymised;
    for id in IDS.iter().filter(|id| !(anonymised && NAMING.contains(*id))) {
        for name in [(*id).to_owned(), id.replace('-', "_")] {
            known.add_filter(&name);
            known.add_beside(&name);
        }
    }
    if !anonymised {
        known.add_filter("user-uuid");
        known.add_filter("submission-agent-uuid");
    }
    // The status is asked for otherwise; pages of w.c.s. send its own name as well.
    known.add_filter("status");
    known.add_beside("status");
    Ok(known)
}

/// The test of a number that is asked for.
fn number(asked: &Asked<'_>) -> Result<NumberTest, Refusal> {
    let operators = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in"];
    asked.check_operator("internal-id", &operators)?;
    let operator = asked.operator;
    let is_list = matches!(operator, "in" | "not_in")
        || asked.values.len() > 1
        || asked.values.iter().any(|value| value.contains(','));
    if !is_list {
        let value = asked.value()?;
        let number: i128 = value.parse().map_err(|_| asked.invalid(value))?;
        return Ok(compared(operator, number));
    }
    let separators: &[char] =
        if matches!(operator, "in" | "not_in") { &['|', ','] } else { &[','] };
    let values: Vec<String> = asked
        .values
        .iter()
        .flat_map(|value| value.split(separators))
        .map(|value| value.trim().to_owned())
        .collect();
    let refusal = || {
        let values = list(&values);
        let name = "filter-internal-id";
        Refusal::invalid(format!(
            "Invalid value \"{values}\" for \"{name}\" and operator \"{operator}\"."
        ))
    };
    let numbers: Result<Vec<i128>, _> = values.iter().map(|value| value.parse()).collect();
    let numbers = numbers.map_err(|_| refusal())?;
    let numbers = numbers.into_iter().filter_map(|number| u64::try_from(number).ok()).collect();
    match operator {
        "eq" | "in" => Ok(NumberTest::Among(Among::In(numbers))),
        "ne" | "not_in" => Ok(NumberTest::Among(Among::NotIn(numbers))),
        _ => Err(refusal()),
    }
}

/// A comparison with one number, which may lie outside of those that there are.
fn compared(operator: &str, number: i128) -> NumberTest {
    let one: Vec<u64> = u64::try_from(number).into_iter().collect();
    let (nothing, everything) =
        (NumberTest::Among(Among::In(Vec::new())), NumberTest::Among(Among::NotIn(Vec::new())));
    match (operator, one.first()) {
        ("eq", _) => NumberTest::Among(Among::In(one)),
        ("ne", _) => NumberTest::Among(Among::NotIn(one)),
        ("lt", Some(number)) => NumberTest::Less(*number),
        ("lte", Some(number)) => NumberTest::LessOrEqual(*number),
        ("gt", Some(number)) => NumberTest::Greater(*number),
        ("gte", Some(number)) => NumberTest::GreaterOrEqual(*number),
        ("lt" | "lte", None) if number > 0 => everything,
        ("gt" | "gte", None) if number < 0 => everything,
        _ => nothing,
    }
}

/// A moment; an empty one is no bound.
fn time(
    parameters: &Parameters,
    facts: &ListFacts<'_>,
    id: &str,
) -> Result<Option<Timestamp>, Refusal> {
    let Some(asked) = asked(parameters, id) else { return Ok(None) };
    asked.check_operator(id, &["eq"])?;
    match asked.value()? {
        "" => Ok(None),
        value => match facts.calendar.time(value) {
            Some(time) => Ok(Some(time)),
            None => Err(asked.invalid(value)),
        },
    }
}

/// Whose records, by whom they were filled in, and in which somebody plays a part.
fn people(
    parameters: &Parameters,
    facts: &ListFacts<'_>,
    pushdown: &mut Pushdown,
) -> Result<(), Refusal> {
    let named = parameters.one("filter-user-uuid")?.filter(|name| !name.is_empty());
    let function = asked(parameters, "user-function");
    if let Some(asked) = &function {
        let function = asked.value()?;
        let whom = match named {
            Some(name) => find(facts, name),
            None => Some(facts.caller.clone()),
        };
        let roles = whom.map(|whom| whom.roles).unwrap_or_default();
        let bound = facts.definition.lifecycle.function(function).and_then(|it| it.role.as_ref());
        let by_form = bound.is_some_and(|role| roles.contains(role));
        pushdown.nothing |= roles.is_empty();
        pushdown.plays = Some(Plays { function: function.to_owned(), roles, by_form });
    } else if let Some(name) = named {
        set_person(
            find(facts, name).and_then(|whom| whom.user),
            &mut pushdown.user,
            &mut pushdown.nothing,
        );
    }
    if let Some(asked) = asked(parameters, "user") {
        let number = numbered(facts, asked.value()?);
        set_person(number, &mut pushdown.user, &mut pushdown.nothing);
    }
    let agent = parameters.one("filter-submission-agent-uuid")?.filter(|name| !name.is_empty());
    if let Some(name) = agent {
        let number = find(facts, name).and_then(|whom| whom.user);
        set_person(number, &mut pushdown.agent, &mut pushdown.nothing);
    }
    if let Some(asked) = asked(parameters, "submission-agent") {
        let number = numbered(facts, asked.value()?);
        set_person(number, &mut pushdown.agent, &mut pushdown.nothing);
    }
    Ok(())
}

/// A person by a name identifier, or whoever calls.
fn find(facts: &ListFacts<'_>, name: &str) -> Option<Whom> {
    if name == CURRENT { Some(facts.caller.clone()) } else { (facts.people)(name) }
}

/// A person by a number, or whoever calls.
fn numbered(facts: &ListFacts<'_>, value: &str) -> Option<u64> {
    if value == CURRENT { facts.caller.user } else { value.parse().ok() }
}

/// Somebody who is not known has no records; nor have two people the same one.
fn set_person(number: Option<u64>, place: &mut Option<u64>, nothing: &mut bool) {
    *nothing |= number.is_none() || place.is_some_and(|known| Some(known) != number);
    *place = number;
}

fn distance(parameters: &Parameters, asked: &Asked<'_>) -> Result<Distance, Refusal> {
    let degrees = |name: &str| -> Result<Option<f64>, Refusal> {
        let Some(text) = parameters.one(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        let degrees = text.trim().parse().ok().filter(|degrees: &f64| degrees.is_finite());
        degrees.map(Some).ok_or_else(|| invalid_value(text, name))
    };
    let center = degrees("center_lat")?.zip(degrees("center_lon")?);
    let Some((latitude, longitude)) = center else {
        return Err(Refusal::invalid("Distance filter missing a center."));
    };
    let value = asked.value()?;
    let metres = value.parse().ok().filter(|metres: &f64| metres.is_finite() && *metres >= 0.0);
    let metres = metres.ok_or_else(|| asked.invalid(value))?;
    Ok(Distance::new(latitude, longitude, metres))
}
