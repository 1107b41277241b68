//! Trying a filter against what came in, before anybody relies on it.

use axum::Json;
use axum::extract::State;
use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;
use fieldpost_model::message;
use fieldpost_rules::definition::{self, read_forwarder};
use fieldpost_rules::filter;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::messages::{Condition, Message};
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// Messages that are looked at where nobody says how many.
const DEFAULT_LAST: usize = 1_000;
/// The keys of a forwarder that make its filter.
const FILTER_KEYS: [&str; 5] = ["from", "match", "unless", "match_headers", "match_query"];
/// How many messages to look at.
const LAST: &str = "last";
/// The name and the connection that a filter is read under, since a filter is part of a forwarder.
const TRIAL: &str = "trial";

/// A filter that is to be tried. The keys mean what they mean in a forwarder.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a body that is read with its numbers as written")]
pub(super) struct FilterToTry {
    /// The one source to look at.
    from: Option<String>,
    /// JSON that the message must contain.
    #[schema(value_type = Option<Object>)]
    r#match: Option<()>,
    /// JSON that the message must not contain.
    #[schema(value_type = Option<Object>)]
    unless: Option<()>,
    /// Headers that the request must carry.
    #[schema(value_type = Option<Object>)]
    match_headers: Option<()>,
    /// Query parameters that the request must carry.
    #[schema(value_type = Option<Object>)]
    match_query: Option<()>,
    /// How many of the newest messages to look at; 1000, unless given, and 10000 at most.
    last: Option<u32>,
}

/// What a filter would have matched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilterTrial {
    /// Messages looked at, newest first.
    looked_at: u64,
    /// Messages that match.
    matched: u64,
    /// Messages that could not be read.
    unreadable: u64,
    /// The newest that match, ten at most.
    examples: Vec<Message>,
    /// Those that do not match by the fewest conditions, three at most.
    near: Vec<NearMiss>,
}

/// A message that a filter does not want, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NearMiss {
    /// The message.
    message: Message,
    /// Condition by condition.
    conditions: Vec<Condition>,
}

/// Try a filter
///
/// Against the newest messages, without saving anything.
#[utoipa::path(
    post,
    path = "/projects/{project}/filters/try",
    operation_id = "try_filter",
    tag = "forwarders",
    request_body = FilterToTry,
    responses((status = 200, body = FilterTrial), Problem),
)]
pub(super) async fn try_filter(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    document: Document,
) -> Result<Json<FilterTrial>, Problem> {
    let (filter, last) = read(document.value()?).map_err(Problem::invalid)?;
    let trial = app.hub.try_filter(&project, &filter, last).await?;
    Ok(Json(FilterTrial {
        looked_at: trial.looked_at,
        matched: trial.matched,
        unreadable: trial.unreadable,
        examples: trial.examples.into_iter().map(Message::from).collect(),
        near: trial.near.into_iter().map(near_miss).collect(),
    }))
}

fn near_miss((message, explanation): (message::Message, filter::Explanation)) -> NearMiss {
    let conditions = explanation.conditions.into_iter().map(Condition::from).collect();
    NearMiss { message: Message::from(message), conditions }
}

fn read(value: Value<'_>) -> Result<(MessageFilter, usize), Vec<definition::Problem>> {
    let problem = |path: &str, code, message: String, hint: &str| {
        let (path, hint) = (path.to_owned(), Some(hint.to_owned()));
        vec![definition::Problem { path, code, message, hint }]
    };
    let Value::Object(mut members) = value else {
        let message = format!("a filter is an object, not of type {}", value.kind_name());
        return Err(problem("", "wrong-type", message, "write `{\"match\": {…}}`"));
    };
    let mut last = DEFAULT_LAST;
    if let Some(place) = members.iter().position(|(key, _)| key == LAST) {
        let (_, wanted) = members.remove(place);
        let number = wanted.as_number().and_then(|text| text.parse().ok());
        last = number.filter(|number| *number > 0).ok_or_else(|| {
            let message = "`last` is not a whole number above zero".to_owned();
            problem(LAST, "wrong-value", message, "leave it out to look at 1000 messages")
        })?;
    }
    if let Some((key, _)) = members.iter().find(|(key, _)| !FILTER_KEYS.contains(&&**key)) {
        let message = format!("a filter has no key `{key}`");
        let hint = format!("the keys are {} and {LAST}", FILTER_KEYS.join(", "));
        return Err(problem(key, "unknown-key", message, &hint));
    }
    members.push(("to".into(), TRIAL.into()));
    let forwarder = read_forwarder(TRIAL, &Value::Object(members)).map_err(|mut problems| {
        let prefix = format!("forwarders.{TRIAL}.");
        for problem in &mut problems {
            if let Some(path) = problem.path.strip_prefix(&prefix) {
                problem.path = path.to_owned();
            }
        }
        problems
    })?;
    Ok((forwarder.filter, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<usize, (&str, &str)>) {
        let found = read(Value::parse(text.as_bytes()).unwrap());
        let found = match &found {
            Ok((_, last)) => Ok(*last),
            Err(problems) => Err((problems[0].path.as_str(), problems[0].code)),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_filter_is_read_as_in_a_forwarder() {
        check("{}", Ok(1_000));
        check(r#"{"from": "kobo", "match": {"form": "births"}, "last": 5}"#, Ok(5));
        check(r#"{"match_headers": {"x-form": "births"}, "unless": [1]}"#, Ok(1_000));
        check(
            r#"{"match_headers": {"x-api-key": "a"}}"#,
            Err(("match_headers.x-api-key", "credential-condition")),
        );
        check(
            r#"{"match_query": {"token": "a"}}"#,
            Err(("match_query.token", "credential-condition")),
        );
        check("[]", Err(("", "wrong-type")));
        check(r#"{"last": 0}"#, Err(("last", "wrong-value")));
        check(r#"{"last": "5"}"#, Err(("last", "wrong-value")));
        check(r#"{"to": "x"}"#, Err(("to", "unknown-key")));
        check(r#"{"from": 5}"#, Err(("from", "wrong-type")));
    }
}
