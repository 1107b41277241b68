//! The parameter `query` of KoboToolbox's data API: conditions as its database has them, in JSON.
//!
//! Those in use are there: `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`, `$exists`, `$and`, `$or`,
//! `$nor` and `$not`, on `_id`, `_uuid`, `_submission_time`, `_submitted_by`, `__version__`, `meta/instanceID` and
//! on answers by their paths (`group/name`). What is not there is refused: a filter that is left out gives
//! away too much.

use std::time::Duration;

use fieldpost_dialects::instance_id;
use fieldpost_model::json::Value;
use fieldpost_store::{
    Comparison, FieldCondition, FieldOperator, SubmissionCondition, SubmissionQuery, SubmissionText,
};

use super::query::{bad, time};
use crate::problem::Problem;

/// Conditions that one query has at most, and how deep they may lie in each other.
const MOST_CONDITIONS: usize = 100;
const MOST_DEPTH: usize = 10;
/// What stands behind the name of a field, and never in its place.
const OF_FIELDS: [&str; 10] =
    ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$not"];
/// How exact KoboToolbox tells times.
const SECOND: Duration = Duration::from_secs(1);

/// Adds a query to what is asked for. `form_id` is what submissions call their form.
pub(super) fn add(
    wanted: &mut SubmissionQuery,
    text: &str,
    form_id: Option<&str>,
) -> Result<(), Problem> {
    let value = Value::parse(text.as_bytes()).map_err(|error| {
        bad("query", text, format!("write JSON, as {{\"_id\": {{\"$gt\": 42}}}}: {error}"))
    })?;
    let mut reader = Reader { form_id, left: MOST_CONDITIONS, bounds: (None, None) };
    let condition = reader.object(&value, 0, true)?;
    (wanted.number_from, wanted.number_to) = reader.bounds;
    wanted.condition = match condition {
        SubmissionCondition::All(parts) if parts.is_empty() => None,
        other => Some(other),
    };
    Ok(())
}

struct Reader<'f> {
    form_id: Option<&'f str>,
    /// Conditions that may still come.
    left: usize,
    /// The numbers between which all lie: an index finds them.
    bounds: (Option<i64>, Option<i64>),
}

impl Reader<'_> {
    /// All members of an object. What stands at the top holds for all.
    fn object(
        &mut self,
        value: &Value<'_>,
        depth: usize,
        is_top: bool,
    ) -> Result<SubmissionCondition, Problem> {
        let members = value.as_object().ok_or_else(|| wrong(value, "an object of conditions"))?;
        if depth > MOST_DEPTH {
            return Err(refuse(&format!("conditions lie in each other up to {MOST_DEPTH} deep")));
        }
        let mut parts = Vec::with_capacity(members.len());
        for (name, value) in members {
            match &**name {
                "$and" => {
                    let list = list(value)?;
                    for value in list {
                        parts.push(self.object(value, depth + 1, is_top)?);
                    }
                }
                "$or" => parts.push(SubmissionCondition::Any(self.each(value, depth)?)),
                "$nor" => {
                    let any = SubmissionCondition::Any(self.each(value, depth)?);
                    parts.push(SubmissionCondition::Not(Box::new(any)));
                }
                name if OF_FIELDS.contains(&name) => return Err(misplaced(name)),
                name if name.starts_with('$') => return Err(unknown(name)),
                name => parts.extend(self.field(name, value, is_top)?),
            }
        }
        Ok(SubmissionCondition::All(parts))
    }

    fn each(
        &mut self,
        value: &Value<'_>,
        depth: usize,
    ) -> Result<Vec<SubmissionCondition>, Problem> {
        list(value)?.iter().map(|value| self.object(value, depth + 1, false)).collect()
    }

    /// The conditions on one field.
    fn field(
        &mut self,
        name: &str,
        value: &Value<'_>,
        is_top: bool,
    ) -> Result<Vec<SubmissionCondition>, Problem> {
        let Some(operators) = value.as_object() else {
            return Ok(vec![self.compare(name, "$eq", value, is_top)?]);
        };
        let mut parts = Vec::with_capacity(operators.len());
        for (operator, value) in operators {
            parts.push(match &**operator {
                "$in" | "$nin" => {
                    let list = list(value)?;
                    let equal: Result<Vec<_>, _> =
                        list.iter().map(|value| self.compare(name, "$eq", value, false)).collect();
                    let any = SubmissionCondition::Any(equal?);
                    if *operator == "$in" { any } else { SubmissionCondition::Not(Box::new(any)) }
                }
                "$not" => {
                    let parts = self.field(name, value, false)?;
                    SubmissionCondition::Not(Box::new(SubmissionCondition::All(parts)))
                }
                operator => self.compare(name, operator, value, is_top)?,
            });
        }
        Ok(parts)
    }

    fn compare(
        &mut self,
        name: &str,
        operator: &str,
        value: &Value<'_>,
        is_top: bool,
    ) -> Result<SubmissionCondition, Problem> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| refuse(&format!("a query has up to {MOST_CONDITIONS} conditions")))?;
        if operator == "$exists" {
            let exists = value.as_bool().ok_or_else(|| wrong(value, "true or false"))?;
            let there = there(name)?;
            return Ok(if exists { there } else { SubmissionCondition::Not(Box::new(there)) });
        }
        let comparison = match operator {
            "$eq" => Comparison::Equals,
            "$ne" => Comparison::Differs,
            "$gt" => Comparison::Above,
            "$gte" => Comparison::AtLeast,
            "$lt" => Comparison::Below,
            "$lte" => Comparison::AtMost,
            other => return Err(unknown(other)),
        };
        match name {
            "_id" => self.number(comparison, value, is_top),
            "_submission_time" => received(comparison, value),
            "_xform_id_string" => {
                let is_it = value.as_str() == self.form_id;
                let wanted = match comparison {
                    Comparison::Equals => is_it,
                    Comparison::Differs => !is_it,
                    _ => return Err(unknown(operator)),
                };
                Ok(if wanted { always() } else { never() })
            }
            name => match text(name) {
                Some(Text::Id) => {
                    let written = scalar(value)?;
                    let id = instance_id(&written).unwrap_or(written);
                    Ok(SubmissionCondition::Text(SubmissionText::InstanceId, comparison, id))
                }
                Some(Text::Known(text)) if value.is_null() => {
                    Ok(absent(SubmissionCondition::HasText(text), comparison == Comparison::Equals))
                }
                Some(Text::Known(text)) => {
                    Ok(SubmissionCondition::Text(text, comparison, scalar(value)?))
                }
                None if name.starts_with('_') => {
                    Err(refuse(&format!("`{}` cannot be asked for", crate::api::shortened(name))))
                }
                None if value.is_null() => {
                    Ok(absent(there(name)?, comparison == Comparison::Equals))
                }
                None => Ok(SubmissionCondition::Field(FieldCondition {
                    path: path(name),
                    operator: of_field(comparison),
                    value: scalar(value)?,
                })),
            },
        }
    }

    fn number(
        &mut self,
        comparison: Comparison,
        value: &Value<'_>,
        is_top: bool,
    ) -> Result<SubmissionCondition, Problem> {
        let number = scalar(value)?.parse::<i64>().map_err(|_| wrong(value, "a whole number"))?;
        if !is_top || comparison == Comparison::Differs {
            return Ok(SubmissionCondition::Number(comparison, number));
        }
        let (from, to) = match comparison {
            Comparison::Above if number == i64::MAX => return Ok(never()),
            Comparison::Below if number == i64::MIN => return Ok(never()),
            Comparison::Above => (number.checked_add(1), None),
            Comparison::AtLeast => (Some(number), None),
            Comparison::Below => (None, number.checked_sub(1)),
            Comparison::AtMost => (None, Some(number)),
            Comparison::Equals | Comparison::Differs => (Some(number), Some(number)),
        };
        let (low, high) = &mut self.bounds;
        *low = [*low, from].into_iter().flatten().max();
        *high = [*high, to].into_iter().flatten().min();
        Ok(always())
    }
}

/// The condition that there is something.
fn there(name: &str) -> Result<SubmissionCondition, Problem> {
    match (name, text(name)) {
        ("_id" | "_submission_time" | "_xform_id_string", _) => Ok(always()),
        (_, Some(Text::Id)) => Ok(SubmissionCondition::HasText(SubmissionText::InstanceId)),
        (_, Some(Text::Known(text))) => Ok(SubmissionCondition::HasText(text)),
        (name, None) if name.starts_with('_') => {
            Err(refuse(&format!("`{}` cannot be asked for", crate::api::shortened(name))))
        }
        (name, None) => Ok(SubmissionCondition::Field(FieldCondition {
            path: path(name),
            operator: FieldOperator::Present,
            value: String::new(),
        })),
    }
}

/// What is compared as a text, and is no answer.
enum Text {
    Id,
    Known(SubmissionText),
}

fn text(name: &str) -> Option<Text> {
    Some(match name {
        "_uuid" | "meta/instanceID" => Text::Id,
        "_submitted_by" => Text::Known(SubmissionText::User),
        "__version__" => Text::Known(SubmissionText::FormVersion),
        _ => return None,
    })
}

/// A time of receipt, which clients see in whole seconds.
fn received(comparison: Comparison, value: &Value<'_>) -> Result<SubmissionCondition, Problem> {
    let at = time("_submission_time", &scalar(value)?)?;
    let behind = at + SECOND;
    let is = |comparison, at| SubmissionCondition::Received(comparison, at);
    let within = || {
        SubmissionCondition::All(vec![is(Comparison::AtLeast, at), is(Comparison::Below, behind)])
    };
    Ok(match comparison {
        Comparison::Above => is(Comparison::AtLeast, behind),
        Comparison::AtMost => is(Comparison::Below, behind),
        Comparison::AtLeast | Comparison::Below => is(comparison, at),
        Comparison::Equals => within(),
        Comparison::Differs => SubmissionCondition::Not(Box::new(within())),
    })
}

const fn always() -> SubmissionCondition {
    SubmissionCondition::All(Vec::new())
}

const fn never() -> SubmissionCondition {
    SubmissionCondition::Any(Vec::new())
}

fn absent(there: SubmissionCondition, is_wanted: bool) -> SubmissionCondition {
    if is_wanted { SubmissionCondition::Not(Box::new(there)) } else { there }
}

fn path(name: &str) -> Vec<String> {
    name.split('/').map(str::to_owned).collect()
}

const fn of_field(comparison: Comparison) -> FieldOperator {
    match comparison {
        Comparison::Below => FieldOperator::Below,
        Comparison::AtMost => FieldOperator::AtMost,
        Comparison::Above => FieldOperator::Above,
        Comparison::AtLeast => FieldOperator::AtLeast,
        Comparison::Equals => FieldOperator::Equals,
        Comparison::Differs => FieldOperator::Differs,
    }
}

fn list<'v, 'a>(value: &'v Value<'a>) -> Result<&'v [Value<'a>], Problem> {
    value.as_array().ok_or_else(|| wrong(value, "a list"))
}

/// What stands there, as the text that answers are compared with.
fn scalar(value: &Value<'_>) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_json()),
        _ => Err(wrong(value, "a text, a number, true or false")),
    }
}

fn wrong(value: &Value<'_>, wanted: &str) -> Problem {
    bad("query", &value.to_json(), format!("{wanted} is wanted there"))
}

fn unknown(operator: &str) -> Problem {
    bad(
        "query",
        operator,
        "there are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $and, $or, $nor and $not",
    )
}

/// An operator of a field without one.
fn misplaced(operator: &str) -> Problem {
    let hint = if operator == "$not" {
        "write {\"age\": {\"$not\": {\"$gt\": 5}}}; of whole conditions, {\"$nor\": [{\"age\": 5}]}"
            .to_owned()
    } else {
        format!("write {{\"age\": {{\"{operator}\": …}}}}")
    };
    let detail =
        format!("the parameter `query`: `{operator}` stands behind a field, not in its place");
    Problem::bad_request("bad-parameter", detail).hint(hint)
}

fn refuse(what: &str) -> Problem {
    Problem::bad_request("bad-parameter", format!("the parameter `query`: {what}")).hint(
        "conditions are on _id, _uuid, _submission_time, _submitted_by, __version__, \
         meta/instanceID, and on answers by their paths, as group/name",
    )
}

#[cfg(test)]
mod tests {
    use fieldpost_model::time::Timestamp;

    use super::*;

    fn read(text: &str) -> Result<SubmissionQuery, Problem> {
        let mut wanted = SubmissionQuery::default();
        add(&mut wanted, text, Some("births"))?;
        Ok(wanted)
    }

    #[track_caller]
    fn check(text: &str, expected: SubmissionCondition) {
        let expected = Some(SubmissionCondition::All(vec![expected]));
        assert_eq!(read(text).unwrap().condition, expected, "{text}");
    }

    fn field(path: &[&str], operator: FieldOperator, value: &str) -> SubmissionCondition {
        SubmissionCondition::Field(FieldCondition {
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            operator,
            value: value.to_owned(),
        })
    }

    #[test]
    fn an_empty_query_asks_for_everything() {
        assert_eq!(read("{}").unwrap(), SubmissionQuery::default());
    }

    #[test]
    fn numbers_at_the_top_bound_the_list() {
        for (text, expected) in [
            (r#"{"_id":{"$gt":41}}"#, (Some(42), None)),
            (r#"{"_id":{"$gte":41,"$lt":50}}"#, (Some(41), Some(49))),
            (r#"{"_id":7}"#, (Some(7), Some(7))),
            (r#"{"$and":[{"_id":{"$gt":1}},{"_id":{"$gt":5}}]}"#, (Some(6), None)),
            (r#"{"_id":{"$not":{"$gt":5}}}"#, (None, None)),
        ] {
            let read = read(text).unwrap();
            assert_eq!((read.number_from, read.number_to), expected, "{text}");
        }
    }

    #[test]
    fn conditions_are_put_together_as_they_stand() {
        use FieldOperator::{AtLeast, Equals, Present};
        check(r#"{"loc/village":"Kibera"}"#, field(&["loc", "village"], Equals, "Kibera"));
        check(r#"{"age":{"$gte":18}}"#, field(&["age"], AtLeast, "18"));
        check(r#"{"age":{"$exists":true}}"#, field(&["age"], Present, ""));
        check(r#"{"age":null}"#, SubmissionCondition::Not(Box::new(field(&["age"], Present, ""))));
        check(
            r#"{"$or":[{"a":"1"},{"b":"2"}]}"#,
            SubmissionCondition::Any(vec![
                SubmissionCondition::All(vec![field(&["a"], Equals, "1")]),
                SubmissionCondition::All(vec![field(&["b"], Equals, "2")]),
            ]),
        );
        check(
            r#"{"a":{"$in":["1",2]}}"#,
            SubmissionCondition::Any(vec![field(&["a"], Equals, "1"), field(&["a"], Equals, "2")]),
        );
        check(
            r#"{"_uuid":"uuid:7"}"#,
            SubmissionCondition::Text(
                SubmissionText::InstanceId,
                Comparison::Equals,
                "7".to_owned(),
            ),
        );
        let at = Timestamp::parse("2026-01-01T00:00:01Z").unwrap();
        check(
            r#"{"_submission_time":{"$gt":"2026-01-01T00:00:00"}}"#,
            SubmissionCondition::Received(Comparison::AtLeast, at),
        );
    }

    #[test]
    fn an_operator_without_a_field_is_told_where_it_belongs() {
        for operator in OF_FIELDS {
            for text in [
                format!("{{\"{operator}\":{{\"age\":5}}}}"),
                format!("{{\"$or\":[{{\"{operator}\":1}}]}}"),
            ] {
                let problem = read(&text).unwrap_err();
                let expected = format!("`{operator}` stands behind a field");
                assert!(problem.detail().contains(&expected), "{text}: {}", problem.detail());
                assert!(problem.hint_text().unwrap().contains("age"), "{text}");
            }
        }
        let hint = read(r#"{"$not":{"a":"1"}}"#).unwrap_err();
        assert!(hint.hint_text().unwrap().contains("$nor"), "{hint:?}");
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let deep = format!("{}{{}}{}", r#"{"$and":["#.repeat(11), "]}".repeat(11));
        let many: Vec<String> = (0..=MOST_CONDITIONS).map(|it| format!("\"a{it}\":1")).collect();
        let many = format!("{{{}}}", many.join(","));
        for text in [
            "",
            "[]",
            "{",
            r#"{"a":{"$regex":"x"}}"#,
            r#"{"$where":"1"}"#,
            r#"{"a":{"$gt":[1]}}"#,
            r#"{"$or":{"a":1}}"#,
            r#"{"_id":"seven"}"#,
            r#"{"_tags":"x"}"#,
            r#"{"_submission_time":{"$gt":"soon"}}"#,
            r#"{"a":{"$exists":1}}"#,
            &deep,
            &many,
        ] {
            assert_eq!(read(text).unwrap_err().code(), "bad-parameter", "{text}");
        }
    }
}
