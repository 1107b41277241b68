//! The answers of a case: what requests, statements and mails of its runs are told.
//!
//! ```yaml
//! answers:
//!   - { method: GET, url: https://dhis2.example.org/api/me, json: { id: a1 } }
//!   - { url: "https://*/api/tracker*", status: 409, file: conflict.json }
//!   - { step: load, error: ECONNRESET }
//!   - { sql: "SELECT id", rows: [{ id: 1 }] }
//!   - { sql: INSERT, affected: 3 }
//!   - { sql: DELETE, failure: { code: "42P01", message: relation "births" does not exist } }
//! ```
//!
//! A request takes the first answer that fits it and that its step has not had; where the step has had all
//! that fit, the last of them once more. What no answer fits is told that it went well: an empty JSON object
//! with status 200, a statement that touched nothing. Each step has the answers for itself, so that steps
//! which go on side by side do not take them from each other.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fieldpost_model::json::Value;
use fieldpost_model::pattern;
use fieldpost_model::workflow::Workflow;

use super::case::{beside, pairs, string};
use crate::failure::Failure;

/// The keys that an answer may have.
const KEYS: [&str; 15] = [
    "workflow", "step", "method", "url", "status", "headers", "json", "text", "file", "error",
    "sql", "rows", "affected", "failure", "message",
];

/// Those that only an answer to a request has.
const OF_REQUESTS: [&str; 9] =
    ["method", "url", "status", "headers", "json", "text", "file", "error", "message"];

/// Those that only an answer to a statement has.
const OF_STATEMENTS: [&str; 3] = ["rows", "affected", "failure"];

/// One answer of a case.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    workflow: Option<String>,
    step: Option<String>,
    asked: Asked,
}

/// What is answered, and how.
#[derive(Clone, Debug)]
enum Asked {
    Http { method: Option<String>, url: Option<String>, reply: HttpReply },
    Sql { contains: String, reply: SqlReply },
}

/// What a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HttpReply {
    /// An answer of the other side.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// There was none: a code as Node.js has it, and a sentence.
    Error { code: String, message: String },
}

/// What a statement is answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SqlReply {
    /// Rows: objects, and how many were touched.
    Rows { rows: Vec<Value<'static>>, affected: u64 },
    /// The database refuses it: its code and what it says.
    Failure { code: String, message: String },
}

impl Default for HttpReply {
    fn default() -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer { status: 200, headers, body: b"{}".to_vec() }
    }
}

impl Default for SqlReply {
    fn default() -> Self {
        Self::Rows { rows: Vec::new(), affected: 0 }
    }
}

/// Reads the answers of a case.
pub(super) fn read_answers(folder: &Path, value: &Value<'_>) -> Result<Vec<Answer>, Failure> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let list = value.as_array().ok_or_else(|| Failure::new("`answers` is a list"))?;
    (1..)
        .zip(list)
        .map(|(number, answer)| {
            read_answer(folder, answer)
                .map_err(|failure| failure.within(format!("answer {number}")))
        })
        .collect()
}

fn read_answer(folder: &Path, value: &Value<'_>) -> Result<Answer, Failure> {
    let members = value.as_object().unwrap_or_default();
    if let Some((key, _)) = members.iter().find(|(key, _)| !KEYS.contains(&&**key)) {
        return Err(Failure::new(format!("an answer has no `{key}`"))
            .hint(format!("its keys are: {}", KEYS.join(", "))));
    }
    let is_sql = value.get("sql").is_some();
    let (kind, others) =
        if is_sql { ("a statement", &OF_REQUESTS[..]) } else { ("a request", &OF_STATEMENTS[..]) };
    if let Some((key, _)) = members.iter().find(|(key, _)| others.contains(&&**key)) {
        return Err(Failure::new(format!("an answer to {kind} has no `{key}`"))
            .hint("an answer with `sql` is for statements, one without for requests"));
    }
    let asked = match string(value, "sql")? {
        Some(contains) => Asked::Sql { contains, reply: sql_reply(value)? },
        None => Asked::Http {
            method: string(value, "method")?,
            url: string(value, "url")?,
            reply: http_reply(folder, value)?,
        },
    };
    Ok(Answer { workflow: string(value, "workflow")?, step: string(value, "step")?, asked })
}

fn http_reply(folder: &Path, value: &Value<'_>) -> Result<HttpReply, Failure> {
    if let Some(code) = string(value, "error")? {
        let message = string(value, "message")?.unwrap_or_else(|| format!("{code}, says the case"));
        return Ok(HttpReply::Error { code, message });
    }
    let status = string(value, "status")?.unwrap_or_else(|| "200".to_owned());
    let status = status.parse().ok().filter(|status| (100..600).contains(status));
    let status = status.ok_or_else(|| Failure::new("`status` is a number from 100 to 599"))?;
    let mut headers = pairs(value, "headers")?;
    let json = value.get("json");
    let body = match (json, string(value, "text")?, string(value, "file")?) {
        (Some(json), None, None) => json.to_json().into_bytes(),
        (None, Some(text), None) => text.into_bytes(),
        (None, None, Some(file)) => beside(folder, &file)?,
        (None, None, None) => b"{}".to_vec(),
        _ => return Err(Failure::new("an answer has one body: `json`, `text` or `file`")),
    };
    let is_typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !is_typed && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(HttpReply::Answer { status, headers, body })
}

fn sql_reply(value: &Value<'_>) -> Result<SqlReply, Failure> {
    if let Some(failure) = value.get("failure") {
        let part = |key| string(failure, key).map(Option::unwrap_or_default);
        return Ok(SqlReply::Failure { code: part("code")?, message: part("message")? });
    }
    let rows = match value.get("rows") {
        None => Vec::new(),
        Some(rows) => {
            let no_rows = || Failure::new("`rows` is a list of objects");
            let rows = rows.as_array().ok_or_else(no_rows)?;
            if rows.iter().any(|row| row.as_object().is_none()) {
                return Err(no_rows());
            }
            rows.iter().map(|row| row.clone().into_owned()).collect()
        }
    };
    let affected = match string(value, "affected")? {
        None => rows.len() as u64,
        Some(text) => text.parse().map_err(|_| Failure::new("`affected` is a number"))?,
    };
    Ok(SqlReply::Rows { rows, affected })
}

/// The answers that one step has had.
pub(super) type Had = Vec<usize>;

impl Answer {
    /// What of a project an answer is for that the project does not have, in a sentence.
    pub(super) fn lost(&self, workflows: &[Workflow]) -> Option<String> {
        let wanted = self.workflow.as_deref();
        let mut meant = workflows.iter().filter(|it| wanted.is_none_or(|name| name == it.name));
        if let Some(name) = wanted
            && meant.clone().next().is_none()
        {
            return Some(format!("there is no workflow `{name}`"));
        }
        let step = self.step.as_deref()?;
        let is_there = meant.any(|workflow| workflow.steps.iter().any(|it| it.id == step));
        (!is_there).then(|| match wanted {
            Some(workflow) => format!("the workflow `{workflow}` has no step `{step}`"),
            None => format!("no workflow has a step `{step}`"),
        })
    }

    fn is_for(&self, workflow: &str, step: &str) -> bool {
        self.workflow.as_deref().is_none_or(|name| name == workflow)
            && self.step.as_deref().is_none_or(|name| name == step)
    }
}

/// The answer to a request; `None` where no answer of the case fits.
pub(super) fn to_request(
    answers: &[Answer],
    had: &mut Had,
    (workflow, step): (&str, &str),
    (asked_method, asked_url): (&str, &str),
) -> Option<HttpReply> {
    next(answers, had, |answer| match &answer.asked {
        Asked::Http { method, url, reply } if answer.is_for(workflow, step) => {
            let is_meant = method.as_deref().is_none_or(|it| it.eq_ignore_ascii_case(asked_method))
                && url.as_deref().is_none_or(|wanted| pattern::meets(asked_url, wanted));
            is_meant.then(|| reply.clone())
        }
        _ => None,
    })
}

/// The answer to a statement; `None` where no answer of the case fits.
pub(super) fn to_statement(
    answers: &[Answer],
    had: &mut Had,
    (workflow, step): (&str, &str),
    statement: &str,
) -> Option<SqlReply> {
    next(answers, had, |answer| match &answer.asked {
        Asked::Sql { contains, reply } if answer.is_for(workflow, step) => {
            statement.contains(contains.as_str()).then(|| reply.clone())
        }
        _ => None,
    })
}

fn next<T>(answers: &[Answer], had: &mut Had, fits: impl Fn(&Answer) -> Option<T>) -> Option<T> {
    let mut last = None;
    for (place, answer) in answers.iter().enumerate() {
        let Some(reply) = fits(answer) else { continue };
        if !had.contains(&place) {
            had.push(place);
            return Some(reply);
        }
        last = Some(reply);
    }
    last
}

/// Bytes as base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Vec<Answer> {
        let value = fieldpost_rules::definition::yaml::read_as_is(text).unwrap();
        read_answers(Path::new("."), &value).unwrap()
    }

    fn status(reply: Option<HttpReply>) -> Option<u16> {
        match reply? {
            HttpReply::Answer { status, .. } => Some(status),
            HttpReply::Error { .. } => Some(0),
        }
    }

    #[test]
    fn answers_are_taken_in_their_order_and_the_last_one_stays() {
        let answers = answers(
            "[{url: 'https://a/*', status: 201}, {method: get, status: 202}, {step: other, status: 203}, \
             {error: ECONNRESET}]",
        );
        let mut had = Had::new();
        let mut ask = |method: &str, url: &str| {
            status(to_request(&answers, &mut had, ("w", "s"), (method, url)))
        };
        assert_eq!(ask("POST", "https://a/x"), Some(201));
        assert_eq!(ask("GET", "https://a/x"), Some(202));
        assert_eq!(ask("GET", "https://a/x"), Some(0));
        assert_eq!(ask("GET", "https://b/x"), Some(0), "the last that fits stays");
        assert_eq!(
            status(to_request(&answers[..1], &mut Had::new(), ("w", "s"), ("GET", "https://b/"))),
            None
        );
    }

    #[test]
    fn statements_have_rows_and_failures() {
        let answers = answers(
            "[{sql: SELECT, rows: [{id: 1}]}, {sql: GRANT, failure: {code: '42501', message: no}}]",
        );
        let ask =
            |statement| to_statement(&answers, &mut Had::new(), ("w", "s"), statement).unwrap();
        let rows = vec![Value::object([("id", Value::from(1_u64))])];
        assert_eq!(ask("SELECT 1"), SqlReply::Rows { rows, affected: 1 });
        let refused = SqlReply::Failure { code: "42501".to_owned(), message: "no".to_owned() };
        assert_eq!(ask("GRANT ALL ON x TO y"), refused);
        assert_eq!(to_statement(&answers, &mut Had::new(), ("w", "s"), "INSERT"), None);
    }

    #[test]
    fn what_no_answer_can_be_is_told() {
        for (text, expected) in [
            ("[{statsu: 1}]", "an answer has no `statsu`"),
            ("[{status: 99}]", "`status` is a number from 100 to 599"),
            ("[{json: 1, text: a}]", "one body"),
            ("[{sql: a, rows: [1]}]", "`rows` is a list of objects"),
            ("[{sql: a, status: 500}]", "an answer to a statement has no `status`"),
            ("[{url: a, rows: []}]", "an answer to a request has no `rows`"),
            ("{url: a}", "`answers` is a list"),
        ] {
            let value = fieldpost_rules::definition::yaml::read_as_is(text).unwrap();
            let failure = read_answers(Path::new("."), &value).unwrap_err().to_string();
            assert!(failure.contains(expected), "{text}: {failure}");
        }
    }
}
