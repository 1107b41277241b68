//! What a list asks of rows, as SQL.

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress_list::{
    Among, DraftRule, NumberTest, Plays, Pushdown, Rectangle, Span, Whom,
};

use super::list::UNITS;
use super::texts::one_stands_in;
use super::{SUBMITTER, person};
use crate::Engine;
use crate::statement::{Conditions, Parameter, as_integer};
use crate::text::storable_key;

/// Nothing meets this.
const NEVER: &str = "1 = 0";

/// Adds what is asked of the rows `p` of `progress`, but for their forms and the place to go on from.
pub(super) fn add_pushdown(engine: &Engine, conditions: &mut Conditions, asked: &Pushdown) {
    match asked.drafts {
        DraftRule::Without => conditions.add_plain("p.status IS NOT NULL"),
        DraftRule::With => {}
        DraftRule::Only => conditions.add_plain("p.status IS NULL"),
    }
    if !asked.with_anonymised {
        conditions.add_plain("p.anonymised_at IS NULL");
    }
    if let Some(standing) = asked.standing {
        conditions.add_plain(standing_sql(standing));
    }
    match &asked.statuses {
        None => {}
        Some(Among::In(statuses)) => add_in(conditions, "p.status", statuses.iter().map(text)),
        Some(Among::NotIn(statuses)) => {
            add_not_in(conditions, "p.status", statuses.iter().map(text));
        }
    }
    if let Some(whom) = &asked.waiting_for {
        conditions.add_plain(standing_sql(StatusKind::Pending));
        let acting = acting_sql(engine, conditions, whom);
        conditions.add_plain(&acting);
    }
    if let Some(whom) = &asked.not_waiting_for {
        let acting = acting_sql(engine, conditions, whom);
        conditions.add_plain(&format!("NOT (coalesce(p.standing, '') = 'pending' AND {acting})"));
    }
    if let Some(whom) = &asked.visible_to {
        let is_theirs = concerned_sql(engine, conditions, whom);
        conditions.add_plain(&is_theirs);
    }
    add_span(conditions, "p.received_at", asked.received);
    add_span(conditions, "p.updated_at", asked.updated);
    if let Some(user) = asked.user {
        conditions.add("p.user_number = ?", as_integer(user));
    }
    if let Some(agent) = asked.agent {
        conditions.add("p.agent_number = ?", as_integer(agent));
    }
    if let Some(plays) = &asked.plays {
        let plays = plays_sql(engine, conditions, plays);
        conditions.add_plain(&plays);
    }
    if let Some(channel) = asked.channel {
        conditions.add("p.channel = ?", channel.name());
    }
    if let Some(parent) = &asked.parent {
        conditions.add("p.parent_form = ?", parent.form.as_str());
        conditions.add("p.parent_number = ?", as_integer(parent.number));
    }
    add_numbers(conditions, "p.number", &asked.numbers);
    add_numbers(conditions, "p.criticality", &asked.criticality);
    if !asked.display_ids.is_empty() {
        add_in(conditions, "p.display_id", asked.display_ids.iter().map(text));
    }
    if !asked.identifiers.is_empty() {
        add_identifiers(conditions, &asked.identifiers);
    }
    if let Some(rectangle) = asked.within {
        add_within(conditions, rectangle);
    }
}

/// As the index of those that are pending says it: otherwise SQLite would not use it.
const fn standing_sql(standing: StatusKind) -> &'static str {
    match standing {
        StatusKind::Pending => "p.standing = 'pending'",
        StatusKind::Done => "p.standing = 'done'",
    }
}

#[expect(clippy::ptr_arg, reason = "it is mapped over texts")]
fn text(text: &String) -> Parameter {
    text.as_str().into()
}

fn bound(
    conditions: &mut Conditions,
    values: impl IntoIterator<Item = Parameter>,
) -> Option<String> {
    let places: Vec<String> = values.into_iter().map(|value| conditions.bind(value)).collect();
    (!places.is_empty()).then(|| places.join(", "))
}

/// Adds the condition that a column holds one of these values; never, where there are none.
pub(super) fn add_in(
    conditions: &mut Conditions,
    column: &str,
    values: impl IntoIterator<Item = Parameter>,
) {
    match bound(conditions, values) {
        Some(places) => conditions.add_plain(&format!("{column} IN ({places})")),
        None => conditions.add_plain(NEVER),
    }
}

/// Adds the condition that a column holds none of these values: what is absent is none of them.
fn add_not_in(
    conditions: &mut Conditions,
    column: &str,
    values: impl IntoIterator<Item = Parameter>,
) {
    if let Some(places) = bound(conditions, values) {
        conditions.add_plain(&format!("({column} IS NULL OR {column} NOT IN ({places}))"));
    }
}

/// One of these can do something now.
fn acting_sql(engine: &Engine, conditions: &mut Conditions, whom: &Whom) -> String {
    let named = whom.roles.iter().cloned().chain(whom.user.map(person));
    let mut acting = one_stands_in(engine, conditions, "p.acting", named);
    if let Some(user) = whom.user {
        let user = conditions.bind(as_integer(user));
        let submitter = [SUBMITTER.to_owned()];
        let submitter = one_stands_in(engine, conditions, "p.acting", submitter);
        acting = format!("({acting} OR ({submitter} AND coalesce(p.user_number, -1) = {user}))");
    }
    acting
}

/// One of these may see it.
fn concerned_sql(engine: &Engine, conditions: &mut Conditions, whom: &Whom) -> String {
    let named = whom.roles.iter().cloned().chain(whom.user.map(person));
    let mut concerned = one_stands_in(engine, conditions, "p.concerned", named);
    if let Some(user) = whom.user {
        let user = conditions.bind(as_integer(user));
        concerned = format!("({concerned} OR coalesce(p.user_number, -1) = {user})");
    }
    concerned
}

fn plays_sql(engine: &Engine, conditions: &mut Conditions, plays: &Plays) -> String {
    let Plays { function, roles, by_form } = plays;
    let is_bound = [format!("{function}=")];
    let is_bound = one_stands_in(engine, conditions, "p.functions", is_bound);
    let roles = roles.iter().map(|role| format!("{function}={role}"));
    let to_theirs = one_stands_in(engine, conditions, "p.functions", roles);
    let by_form = if *by_form { "1 = 1" } else { NEVER };
    format!("(CASE WHEN {is_bound} THEN {to_theirs} ELSE {by_form} END)")
}

pub(super) fn add_span(conditions: &mut Conditions, column: &str, span: Span) {
    if let Some(from) = span.from {
        conditions.add(&format!("{column} >= ?"), from);
    }
    if let Some(until) = span.until {
        conditions.add(&format!("{column} <= ?"), until);
    }
}

pub(super) fn add_numbers(conditions: &mut Conditions, column: &str, tests: &[NumberTest]) {
    let number = |number: &u64| Parameter::from(as_integer(*number));
    for test in tests {
        let (comparison, bound) = match test {
            NumberTest::Less(bound) => ("<", bound),
            NumberTest::LessOrEqual(bound) => ("<=", bound),
            NumberTest::Greater(bound) => (">", bound),
            NumberTest::GreaterOrEqual(bound) => (">=", bound),
            NumberTest::Among(Among::In(numbers)) => {
                add_in(conditions, column, numbers.iter().map(number));
                continue;
            }
            NumberTest::Among(Among::NotIn(numbers)) => {
                add_not_in(conditions, column, numbers.iter().map(number));
                continue;
            }
        };
        conditions.add(&format!("{column} {comparison} ?"), as_integer(*bound));
    }
}

/// The numbers that texts write, as they are written: `07` is none.
pub(super) fn numbers_of(texts: &[String]) -> Vec<u64> {
    let number = |text: &String| text.parse().ok().filter(|it: &u64| it.to_string() == *text);
    texts.iter().filter_map(number).collect()
}

fn add_identifiers(conditions: &mut Conditions, identifiers: &[String]) {
    let keys = identifiers.iter().map(|id| storable_key(id.clone()).into());
    let natural = bound(conditions, keys).unwrap_or_default();
    let numbers = numbers_of(identifiers).into_iter().map(|it| Parameter::from(as_integer(it)));
    let by_number = match bound(conditions, numbers) {
        Some(numbers) => format!(" OR (p.number IN ({numbers}) AND p.natural_id IS NULL)"),
        None => String::new(),
    };
    conditions.add_plain(&format!("(p.natural_id IN ({natural}){by_number})"));
}

/// Adds a box, a little larger where its edges lie between two units.
fn add_within(conditions: &mut Conditions, rectangle: Rectangle) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is beyond the numbers is at their end"
    )]
    let units = |degrees: f64| Parameter::from(degrees as i64);
    let Rectangle { south, north, west, east } = rectangle;
    conditions.add("p.latitude >= ?", units((south * UNITS).floor()));
    conditions.add("p.latitude <= ?", units((north * UNITS).ceil()));
    let from = conditions.bind(units((west * UNITS).floor()));
    let to = conditions.bind(units((east * UNITS).ceil()));
    let word = if west <= east { "AND" } else { "OR" };
    conditions.add_plain(&format!("(p.longitude >= {from} {word} p.longitude <= {to})"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_number_is_written_as_is_a_number() {
        let texts = ["7", "07", "-7", "7.0", "seven", "18446744073709551616"];
        assert_eq!(numbers_of(&texts.map(str::to_owned)), [7]);
    }
}
