//! What steps ask of the world, as an account shows it, and what they are answered.
//!
//! The calls are those of `fieldpost_script::host`. Of what proves who asks, only the kind is shown.

use fieldpost_model::json::Value;
use fieldpost_rules::redact;
use reqwest::StatusCode;

use super::answers::{HttpReply, SqlReply, base64};

/// An object of an account.
pub(super) type Members = Vec<(&'static str, Value<'static>)>;

/// Header fields that say nothing of what a project does, or change with each version of this program.
const LEFT_OUT: [&str; 2] = ["user-agent", "content-length"];

fn text<'v>(value: &'v Value<'_>, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A request of a step.
pub(super) fn http(call: &Value<'_>) -> Members {
    let mut shown: Members = vec![
        ("http", Value::from(text(call, "method").to_ascii_uppercase())),
        ("url", Value::from(redact::mask_url(text(call, "url")))),
    ];
    let headers = call.get("headers").and_then(Value::as_object).unwrap_or_default();
    let headers = headers.iter().flat_map(|(name, value)| {
        let one = std::slice::from_ref(value);
        let values = value.as_array().unwrap_or(one).iter();
        values
            .map(|value| (name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_owned()))
    });
    add_headers(&mut shown, &headers.collect::<Vec<_>>());
    if let Some(proof) = proof(call.get("auth")) {
        shown.push(("proves_itself", Value::from(proof)));
    }
    if let Some((kind, content)) =
        call.get("body").and_then(Value::as_object).and_then(<[_]>::first)
    {
        shown.push(match (&**kind, content.as_str()) {
            ("text", Some(text)) => body(text.as_bytes()),
            ("form", _) => ("form", content.clone().into_owned()),
            ("multipart", _) => ("multipart", content.clone().into_owned()),
            _ => ("base64", content.clone().into_owned()),
        });
    }
    shown
}

/// The header of a request, credentials masked.
pub(super) fn add_headers(shown: &mut Members, headers: &[(String, String)]) {
    let mut masked = redact::mask_headers(headers);
    masked.retain(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    if masked.is_empty() {
        return;
    }
    let mut fields: Vec<(String, Value<'static>)> = Vec::new();
    for (name, value) in masked {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                let joined = format!("{}, {value}", known.as_str().unwrap_or_default());
                *known = Value::from(joined);
            }
            None => fields.push((name, Value::from(value))),
        }
    }
    shown.push(("headers", Value::object(fields)));
}

/// A body as people can read it, and as a line of it can be compared.
pub(super) fn body(bytes: &[u8]) -> (&'static str, Value<'static>) {
    if let Ok(json) = Value::parse(bytes) {
        return ("json", json.into_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => ("text", lines(text)),
        Err(_) => ("base64", Value::from(base64(bytes))),
    }
}

/// A text of one line as it is, a longer one line by line.
fn lines(text: &str) -> Value<'static> {
    if !text.trim_end_matches('\n').contains('\n') {
        return Value::from(text.to_owned());
    }
    let lines: Vec<Value<'static>> =
        text.split('\n').map(|line| Value::from(line.to_owned())).collect();
    Value::Array(lines)
}

/// How a request proves who makes it.
fn proof(auth: Option<&Value<'_>>) -> Option<String> {
    let auth = auth?;
    if auth.as_str().is_some() {
        return Some("as the connection does".to_owned());
    }
    let (kind, given) = auth.as_object()?.first()?;
    Some(match &**kind {
        "header" => format!("header {}", text(given, "name")),
        "headers" => {
            let names = given.as_object().unwrap_or_default().iter();
            let names: Vec<&str> = names.map(|(name, _)| &**name).collect();
            format!("headers {}", names.join(", "))
        }
        kind => kind.to_owned(),
    })
}

/// What is said of an answer that the case does not have.
fn unless_said(told: String, is_given: bool) -> Value<'static> {
    Value::from(if is_given { told } else { format!("{told}, since no answer fits") })
}

/// An answer in a word or two.
pub(super) fn told_http(reply: &HttpReply, is_given: bool) -> Value<'static> {
    unless_said(
        match reply {
            HttpReply::Answer { status, .. } => status.to_string(),
            HttpReply::Error { code, .. } => code.clone(),
        },
        is_given,
    )
}

/// An answer as the call has it; an error is a code and a sentence.
pub(super) fn answer_http(
    call: &Value<'_>,
    reply: HttpReply,
) -> Result<Value<'static>, (String, String)> {
    let (status, headers, content) = match reply {
        HttpReply::Answer { status, headers, body } => (status, headers, body),
        HttpReply::Error { code, message } => return Err((code, message)),
    };
    let phrase = StatusCode::from_u16(status).ok().and_then(|it| it.canonical_reason());
    let headers =
        headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), Value::from(value)));
    let wants_bytes = text(call, "as") == "base64";
    let wants_text = text(call, "as") == "text";
    let content = match String::from_utf8(content) {
        Ok(text) if !wants_bytes => ("text", text),
        Err(error) if wants_text => {
            ("text", String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        Ok(text) => ("body_base64", base64(text.as_bytes())),
        Err(error) => ("body_base64", base64(error.as_bytes())),
    };
    Ok(Value::object([
        ("url", Value::from(text(call, "url").to_owned())),
        ("method", Value::from(text(call, "method").to_owned())),
        ("status", Value::from(u64::from(status))),
        ("status_text", Value::from(phrase.unwrap_or_default())),
        ("headers", Value::object(headers)),
        (content.0, Value::from(content.1)),
        ("duration_ms", Value::from(0_u64)),
    ]))
}

/// A statement of a step.
pub(super) fn sql(call: &Value<'_>) -> Members {
    let port = call.get("port").and_then(Value::as_number);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let database = format!("{}{port}/{}", text(call, "host"), text(call, "database"));
    let mut shown: Members =
        vec![("sql", lines(text(call, "statement"))), ("database", Value::from(database))];
    let values = call.get("values").filter(|it| it.as_array().is_some_and(|it| !it.is_empty()));
    shown.extend(values.map(|values| ("values", values.clone().into_owned())));
    shown
}

/// What came of a statement, in a word or two.
pub(super) fn told_sql(reply: &SqlReply, is_given: bool) -> Value<'static> {
    unless_said(
        match reply {
            SqlReply::Rows { rows, affected } if rows.is_empty() => format!("{affected} touched"),
            SqlReply::Rows { rows, .. } if rows.len() == 1 => "1 row".to_owned(),
            SqlReply::Rows { rows, .. } => format!("{} rows", rows.len()),
            SqlReply::Failure { code, .. } => format!("refused: {code}"),
        },
        is_given,
    )
}

/// What came of a statement, as the call has it.
pub(super) fn answer_sql(reply: SqlReply) -> Value<'static> {
    let (rows, affected) = match reply {
        SqlReply::Rows { rows, affected } => (rows, affected),
        SqlReply::Failure { code, message } => {
            let failure = Value::object([
                ("code", Value::from(code)),
                ("message", Value::from(message)),
                ("detail", Value::Null),
                ("table", Value::Null),
                ("column", Value::Null),
                ("constraint", Value::Null),
            ]);
            return Value::object([("failure", failure)]);
        }
    };
    let mut columns: Vec<(String, &'static str)> = Vec::new();
    for (name, value) in rows.iter().filter_map(Value::as_object).flatten() {
        if !columns.iter().any(|(known, _)| *known == **name) {
            columns.push((name.to_string(), type_of(value)));
        }
    }
    let cells = |row: &Value<'static>| {
        let cells = columns.iter().map(|(name, _)| row.get(name).cloned().unwrap_or(Value::Null));
        Value::Array(cells.collect())
    };
    let rows: Vec<Value<'static>> = rows.iter().map(cells).collect();
    let columns = columns.iter().map(|(name, kind)| {
        Value::object([("name", Value::from(name.clone())), ("type", Value::from(*kind))])
    });
    Value::object([
        ("affected", Value::from(affected)),
        ("columns", Value::Array(columns.collect())),
        ("rows", Value::Array(rows)),
    ])
}

/// A type of PostgreSQL whose values a job is given as they are written here.
fn type_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "numeric",
        Value::Array(_) | Value::Object(_) => "jsonb",
        Value::Null | Value::String(_) => "text",
    }
}

/// A letter of a step.
pub(super) fn mail(call: &Value<'_>) -> Members {
    let mut letter: Members = Vec::new();
    for key in ["to", "cc", "bcc", "reply_to", "subject"] {
        let is_there = |value: &&Value<'_>| {
            !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
        };
        letter.extend(call.get(key).filter(is_there).map(|it| (key, it.clone().into_owned())));
    }
    for key in ["text", "html"] {
        letter.extend(Some(text(call, key)).filter(|it| !it.is_empty()).map(|it| (key, lines(it))));
    }
    let files = call.get("files").and_then(Value::as_array).unwrap_or_default();
    if !files.is_empty() {
        let names = files.iter().map(|file| Value::from(text(file, "name").to_owned()));
        letter.push(("files", Value::Array(names.collect())));
    }
    vec![("mail", Value::object(letter))]
}

/// What a letter is answered: it was taken.
pub(super) fn answer_mail(call: &Value<'_>) -> Value<'static> {
    let all = ["to", "cc", "bcc"].into_iter().filter_map(|key| call.get(key)?.as_array());
    let accepted = all.flatten().map(|address| address.clone().into_owned());
    Value::object([
        ("id", Value::from("00000000-0000-7000-8000-000000000000")),
        ("accepted", Value::Array(accepted.collect())),
    ])
}

/// What a step writes into a collection; `None` where it only reads.
pub(super) fn collection(call: &Value<'_>) -> Option<Members> {
    if let Some(set) = call.get("set") {
        let items = set.get("items").and_then(Value::as_array).unwrap_or_default().iter();
        let items = items.map(|item| {
            let value = text(item, "value");
            let value = Value::parse(value.as_bytes())
                .map_or_else(|_| Value::from(value.to_owned()), Value::into_owned);
            (text(item, "key").to_owned(), value)
        });
        let name = Value::from(text(set, "name").to_owned());
        return Some(vec![("collection", name), ("set", Value::object(items))]);
    }
    let removed = call.get("remove")?;
    let keys = removed.get("keys").cloned().unwrap_or(Value::Null).into_owned();
    let name = Value::from(text(removed, "name").to_owned());
    Some(vec![("collection", name), ("remove", keys)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Value<'static> {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[track_caller]
    fn check(shown: Members, expected: &str) {
        assert_eq!(Value::object(shown).to_json(), expected);
    }

    #[test]
    fn requests_are_shown_without_what_proves_who_makes_them() {
        let call = parsed(
            r#"{"method": "post", "url": "https://a/x?token=t", "headers": {"X-Form": "births",
                "Authorization": "Bearer t", "Accept": ["a", "b"]}, "body": {"text": "{\"n\":1.10}"},
                "auth": {"basic": {"username": "ann", "password": "pw"}}}"#,
        );
        let shown = Value::object(http(&call)).to_json();
        assert!(!shown.contains("pw") && !shown.contains("Bearer t"), "{shown}");
        for expected in [
            r#""http":"POST""#,
            r#""x-form":"births""#,
            r#""accept":"a, b""#,
            r#""proves_itself":"basic""#,
            r#""json":{"n":1.10}"#,
        ] {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
    }

    #[test]
    fn statements_mails_and_collections_are_shown() {
        check(
            sql(&parsed(
                r#"{"host": "db", "port": 5432, "database": "d", "user": "u", "password": "pw",
                    "statement": "SELECT\n1", "values": [1]}"#,
            )),
            r#"{"sql":["SELECT","1"],"database":"db:5432/d","values":[1]}"#,
        );
        check(
            mail(&parsed(
                r#"{"to": ["a@x"], "cc": [], "reply_to": null, "subject": "s", "text": "t",
                    "files": [{"name": "f.csv", "base64": ""}]}"#,
            )),
            r#"{"mail":{"to":["a@x"],"subject":"s","text":"t","files":["f.csv"]}}"#,
        );
        let set = parsed(r#"{"set": {"name": "c", "items": [{"key": "k", "value": "[1]"}]}}"#);
        check(collection(&set).unwrap(), r#"{"collection":"c","set":{"k":[1]}}"#);
        assert!(collection(&parsed(r#"{"get": {"name": "c", "key": "k"}}"#)).is_none());
    }

    #[test]
    fn rows_become_columns() {
        let rows = vec![parsed(r#"{"id": 1}"#), parsed(r#"{"id": 2, "name": "Bo"}"#)];
        let answer = answer_sql(SqlReply::Rows { rows, affected: 2 }).to_json();
        let expected = r#"{"affected":2,"columns":[{"name":"id","type":"numeric"},{"name":"name","type":"text"}],"rows":[[1,null],[2,"Bo"]]}"#;
        assert_eq!(answer, expected);
    }
}
