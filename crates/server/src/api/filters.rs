//! Trying a filter against what came in, before anybody relies on it.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{Missed, TryOn};
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{self, read_forwarder};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Document;
use super::messages::{Condition, Explained, Message};
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// How many are looked at where nobody says how many.
const DEFAULT_LAST: usize = 1_000;
/// The keys of a forwarder that make its filter.
const FILTER_KEYS: [&str; 11] = [
    "on",
    "from",
    "forms",
    "case_types",
    "applications",
    "users",
    "without_users",
    "match",
    "unless",
    "match_headers",
    "match_query",
];
/// How many of the newest to look at.
const LAST: &str = "last";
/// The one to look at.
const MESSAGE: &str = "message";
/// The name and the connection that a filter is read under, since a filter is part of a forwarder.
const TRIAL: &str = "trial";

/// A filter that is to be tried. The keys mean what they mean in a forwarder.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a body that is read with its numbers as written")]
pub(super) struct FilterToTry {
    /// What it is tried on: `message`, unless given, or an event of forms or cases.
    #[schema(example = "case")]
    on: Option<String>,
    /// The one source to look at.
    from: Option<String>,
    /// The forms, by their names, ids or namespaces.
    forms: Option<Vec<String>>,
    /// The types of cases.
    case_types: Option<Vec<String>>,
    /// The ids of applications.
    applications: Option<Vec<String>>,
    /// The users, by their names or ids.
    users: Option<Vec<String>>,
    /// The users who are left out.
    without_users: Option<Vec<String>>,
    /// JSON that the message, the form or the case must contain.
    #[schema(value_type = Option<Object>)]
    r#match: Option<()>,
    /// JSON that it must not contain.
    #[schema(value_type = Option<Object>)]
    unless: Option<()>,
    /// Headers that the request must carry.
    #[schema(value_type = Option<Object>)]
    match_headers: Option<()>,
    /// Query parameters that the request must carry.
    #[schema(value_type = Option<Object>)]
    match_query: Option<()>,
    /// How many of the newest messages to look at; 1000, unless given, and 10000 at most. Of forms and
    /// cases 1000 at most, in as many messages.
    last: Option<u32>,
    /// The one message to look at, or at what it brought, instead of the newest.
    message: Option<Uuid>,
}

/// What a filter would have matched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilterTrial {
    /// Messages, forms or cases looked at, newest first. A case counts with each form that touched it.
    looked_at: u64,
    /// Those that match.
    matched: u64,
    /// Messages that could not be read.
    unreadable: u64,
    /// The newest messages that match, ten at most; those that brought what matches, where that is a form
    /// or a case.
    examples: Vec<Message>,
    /// What it is of each of the `examples` that matches.
    subjects: Vec<Explained>,
    /// Those that do not match by the fewest conditions, three at most.
    near: Vec<NearMiss>,
}

/// What a filter does not want, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NearMiss {
    /// The message; or that which brought it.
    message: Message,
    /// What it is: the message, a submission or a case.
    about: Explained,
    /// Condition by condition.
    conditions: Vec<Condition>,
    /// Why it is not wanted whatever the conditions say, in a sentence; null where nothing is the matter.
    #[schema(required)]
    remark: Option<&'static str>,
}

/// Try a filter
///
/// Against the newest messages or a given one, or the forms and cases that they brought, without saving
/// anything.
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
    let (forwarder, on) = read(document.value()?).map_err(Problem::invalid)?;
    let trial = app.hub.try_filter(&project, &forwarder, on).await?;
    let (examples, subjects) = trial
        .examples
        .into_iter()
        .map(|tried| (Message::from(tried.message), Explained::from(tried.subject)))
        .unzip();
    Ok(Json(FilterTrial {
        looked_at: trial.looked_at,
        matched: trial.matched,
        unreadable: trial.unreadable,
        examples,
        subjects,
        near: trial.near.into_iter().map(NearMiss::from).collect(),
    }))
}

impl From<Missed> for NearMiss {
    fn from(missed: Missed) -> Self {
        let Missed { tried, explanation, remark } = missed;
        let conditions = explanation.conditions.into_iter().map(Condition::from).collect();
        Self {
            message: Message::from(tried.message),
            about: Explained::from(tried.subject),
            conditions,
            remark,
        }
    }
}

fn read(value: Value<'_>) -> Result<(Forwarder, TryOn), Vec<definition::Problem>> {
    let problem = |path: &str, code, message: String, hint: &str| {
        let (path, hint) = (path.to_owned(), Some(hint.to_owned()));
        vec![definition::Problem { path, code, message, hint }]
    };
    let Value::Object(mut members) = value else {
        let message = format!("a filter is an object, not of type {}", value.kind_name());
        return Err(problem("", "wrong-type", message, "write `{\"match\": {…}}`"));
    };
    let mut on = None;
    if let Some(place) = members.iter().position(|(key, _)| key == LAST) {
        let (_, wanted) = members.remove(place);
        let number = wanted.as_number().and_then(|text| text.parse().ok());
        let last = number.filter(|number| *number > 0).ok_or_else(|| {
            let message = "`last` is not a whole number above zero".to_owned();
            problem(LAST, "wrong-value", message, "leave it out to look at 1000 messages")
        })?;
        on = Some(TryOn::Newest(last));
    }
    if let Some(place) = members.iter().position(|(key, _)| key == MESSAGE) {
        let (_, wanted) = members.remove(place);
        let id = wanted.as_str().and_then(|text| Uuid::parse_str(text).ok()).ok_or_else(|| {
            let message = "`message` is not the id of a message".to_owned();
            problem(MESSAGE, "wrong-value", message, "leave it out to look at the newest")
        })?;
        if on.is_some() {
            let message = "`message` and `last` do not go together".to_owned();
            return Err(problem(MESSAGE, "does-not-apply", message, "leave one of them out"));
        }
        on = Some(TryOn::Message(id));
    }
    if let Some((key, _)) = members.iter().find(|(key, _)| !FILTER_KEYS.contains(&&**key)) {
        let message = format!("a filter has no key `{key}`");
        let hint = format!("the keys are {}, {LAST} and {MESSAGE}", FILTER_KEYS.join(", "));
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
    Ok((forwarder, on.unwrap_or(TryOn::Newest(DEFAULT_LAST))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<usize, (&str, &str)>) {
        check_on(text, expected.map(TryOn::Newest));
    }

    #[track_caller]
    fn check_on(text: &str, expected: Result<TryOn, (&str, &str)>) {
        let found = read(Value::parse(text.as_bytes()).unwrap());
        let found = match &found {
            Ok((_, on)) => Ok(*on),
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
        check(r#"{"on": "case", "case_types": ["child"], "without_users": ["x"]}"#, Ok(1_000));
        check(r#"{"on": "form", "case_types": ["child"]}"#, Err(("case_types", "does-not-apply")));
        check(r#"{"forms": ["births"]}"#, Err(("forms", "does-not-apply")));
        check(r#"{"on": "cases"}"#, Err(("on", "wrong-value")));
        check(r#"{"from": 5}"#, Err(("from", "wrong-type")));
        let id = "0195a7c2-0000-7000-8000-000000000001";
        let of_one = format!(r#"{{"from": "kobo", "message": "{id}"}}"#);
        check_on(&of_one, Ok(TryOn::Message(Uuid::parse_str(id).unwrap())));
        check(r#"{"message": "births"}"#, Err(("message", "wrong-value")));
        check(r#"{"message": 5}"#, Err(("message", "wrong-value")));
        let both = format!(r#"{{"last": 5, "message": "{id}"}}"#);
        check(&both, Err(("message", "does-not-apply")));
    }
}
