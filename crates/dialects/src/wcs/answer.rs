//! What comes of a call: what is stored of its answer, and what kind of error it was.
//!
//! Everything stored begins with the call's variable name. The rules decide by the kind of error what
//! follows; here it is only told. A program can say in an answer with status 200 that it failed: by the
//! header `x-error-code`, which counts for files too, else by `err` in its JSON.

use chrono_tz::Tz;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{Call, CallMethod, CallResponse};
use fieldpost_model::progress::{MAX_CALL_ERROR_BYTES, Part};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::times;

/// What a call came to.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'o> {
    /// There was an answer.
    Answered(&'o Answer<'o>),
    /// There was none: what went wrong on the way.
    Unreached(&'o str),
    /// No request could be made: what was wrong with its body.
    NoPayload(&'o str),
}

/// An answer, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// What stands beside the status: `Not Found`; empty for the usual words.
    pub reason: &'a str,
    /// Its `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Its `Content-Disposition`.
    pub disposition: Option<&'a str>,
    /// Its `X-Error-Code`.
    pub error_code: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

fieldpost_model::names! {
    /// What kind of error a call met.
    pub enum ErrorKind {
        /// The program says that it failed.
        App = "app",
        /// A status from 400 to 499.
        Client = "client",
        /// A status from 500 to 599.
        Server = "server",
        /// An answer that is no JSON where JSON was wanted.
        BadData = "bad-data",
        /// No answer.
        Network = "network",
        /// No request.
        Payload = "payload",
    }
}

/// What is kept of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The kinds of error that it met, in the order in which policies apply.
    pub errors: Vec<ErrorKind>,
    /// What is set in the data of the lifecycle.
    pub data: Vec<(String, Value<'static>)>,
    /// The id that the program gave the submission.
    pub display_id: Option<String>,
    /// The file that the answer is, where files are wanted.
    pub file: Option<ReceivedFile>,
    /// What is told of the error, where there was one.
    pub summary: Option<String>,
}

/// An answer that is a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
}

/// Reads what a call came to. `started` is when it was made.
pub fn read(call: &Call, outcome: Outcome<'_>, started: Timestamp, zone: Tz) -> Kept {
    let mut kept = Kept::default();
    let time = naive_with_fraction(started, zone);
    kept.store(call, "time", time);
    match outcome {
        Outcome::Answered(answer) => kept.read_answer(call, answer),
        Outcome::Unreached(what) => {
            kept.store(call, "connection_error", Value::from(what.to_owned()));
            kept.errors.push(ErrorKind::Network);
            kept.summary = Some(what.to_owned());
        }
        Outcome::NoPayload(what) => {
            kept.store(call, "payload_error", Value::from(what.to_owned()));
            kept.errors.push(ErrorKind::Payload);
            kept.summary = Some(what.to_owned());
        }
    }
    kept
}

/// The part of the history that tells of an error, with the beginning of the answer.
pub fn error_part(call: &Call, kept: &Kept, body: &[u8], delivery: Option<Uuid>) -> Option<Part> {
    let cut = body.get(..MAX_CALL_ERROR_BYTES).unwrap_or(body);
    Some(Part::CallError {
        summary: kept.summary.clone()?,
        label: (!call.label.is_empty()).then(|| call.label.clone()),
        data: at_character(body, cut).to_vec(),
        delivery,
    })
}

/// The cut text without the half of a character at its end; what is no text stays as it was cut.
fn at_character<'b>(whole: &[u8], cut: &'b [u8]) -> &'b [u8] {
    match std::str::from_utf8(cut) {
        Err(error) if error.error_len().is_none() && std::str::from_utf8(whole).is_ok() => {
            cut.get(..error.valid_up_to()).unwrap_or(cut)
        }
        _ => cut,
    }
}

impl Kept {
    fn store(&mut self, call: &Call, suffix: &str, value: Value<'static>) {
        if let Some(name) = &call.name {
            self.data.push((format!("{name}_{suffix}"), value));
        }
    }

    fn read_answer(&mut self, call: &Call, answer: &Answer<'_>) {
        let json = Value::parse(answer.body).ok().map(Value::into_owned);
        let code = app_error_code(call.response, answer, json.as_ref());
        let is_ok = (200..300).contains(&answer.status);
        let has_content = !matches!(answer.status, 204 | 205);
        self.store(call, "status", Value::from(i64::from(answer.status)));
        self.store(call, "app_error_code", code.clone());
        if let Some(header) = answer.error_code.filter(|header| !header.is_empty()) {
            self.store(call, "app_error_header", Value::from(header.to_owned()));
        }
        let has_failed = !is_zero(&code);
        if has_failed {
            self.errors.push(ErrorKind::App);
        }
        match answer.status {
            400..500 => self.errors.push(ErrorKind::Client),
            500..600 => self.errors.push(ErrorKind::Server),
            _ => {}
        }
        if has_content && is_ok && !has_failed {
            self.store_content(call, answer, json.clone());
        } else if has_content && let Some(json) = &json {
            self.store(call, "error_response", json.clone());
        }
        if self.summary.is_none() && !self.errors.is_empty() {
            self.summary = Some(summary(answer, &code, json.as_ref()));
        }
    }

    fn store_content(&mut self, call: &Call, answer: &Answer<'_>, json: Option<Value<'static>>) {
        match (call.response, json) {
            (CallResponse::Attachment, _) => {
                let file = received_file(call, answer);
                let length = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
                self.store(call, "content_type", Value::from(file.content_type.clone()));
                self.store(call, "length", Value::from(length));
                self.file = Some(file);
            }
            (CallResponse::Json, Some(json)) => {
                if call.method == CallMethod::Post {
                    self.display_id = display_id(&json);
                }
                self.store(call, "response", json);
            }
            // Whoever stores nothing wants no data.
            (CallResponse::Json, None) if call.name.is_none() => {}
            (CallResponse::Json, None) => {
                self.errors.push(ErrorKind::BadData);
                let error = Value::parse(answer.body).err();
                let error = error.map_or_else(String::new, |error| error.to_string());
                self.summary = Some(format!("JSONDecodeError: {error}"));
            }
        }
    }
}

/// The moment as w.c.s. stores it: local time without a zone, with its fraction.
fn naive_with_fraction(time: Timestamp, zone: Tz) -> Value<'static> {
    let whole = times::naive(time, zone);
    let Some(text) = whole.as_str() else { return whole };
    match time.0.rem_euclid(1_000_000) {
        0 => Value::from(text.to_owned()),
        micros => Value::from(format!("{text}.{micros:06}")),
    }
}

/// What the program says of its failure: 0 where it says nothing.
fn app_error_code(
    response: CallResponse,
    answer: &Answer<'_>,
    json: Option<&Value<'static>>,
) -> Value<'static> {
    let said = match answer.error_code.filter(|header| !header.is_empty()) {
        Some(header) => Some(Value::from(header.to_owned())),
        None if response == CallResponse::Json => json.and_then(|json| json.get("err")).cloned(),
        None => None,
    };
    match said {
        Some(Value::String(text)) if !text.is_empty() => match text.trim().parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::String(text),
        },
        Some(Value::Bool(true)) => Value::from(1_i64),
        Some(code @ (Value::Number(_) | Value::Array(_) | Value::Object(_))) => code,
        _ => Value::from(0_i64),
    }
}

fn is_zero(code: &Value<'_>) -> bool {
    code.as_number().is_some_and(|number| fieldpost_model::json::numbers_equal(number, "0"))
}

/// `404 Not Found`, `404 Not Found (err_desc: …)`, `err: 1, err_desc: …`.
fn summary(answer: &Answer<'_>, code: &Value<'_>, json: Option<&Value<'static>>) -> String {
    let description = json.and_then(|json| json.get("err_desc")).and_then(Value::as_str);
    let description = description.filter(|text| !text.is_empty());
    let is_error = answer.status >= 400;
    let mut said = Vec::new();
    if !is_error {
        said.push(format!("err: {}", code.as_str().map_or_else(|| code.to_json(), str::to_owned)));
    }
    said.extend(description.map(|text| format!("err_desc: {text}")));
    let said = said.join(", ");
    if !is_error {
        return said;
    }
    let reason = if answer.reason.is_empty() { usual_reason(answer.status) } else { answer.reason };
    let status = format!("{} {reason}", answer.status);
    let status = status.trim_end();
    if said.is_empty() { status.to_owned() } else { format!("{status} ({said})") }
}

/// The words beside the statuses that are met most. HTTP/2 sends none.
fn usual_reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// The id that an answer gives the submission: in `data` before beside it.
fn display_id(json: &Value<'_>) -> Option<String> {
    let ids = [json.path(&["data", "display_id"]), json.get("display_id")];
    ids.into_iter().flatten().find_map(|id| {
        let text = id.as_str().or_else(|| id.as_number())?;
        (!text.is_empty()).then(|| text.to_owned())
    })
}

fn received_file(call: &Call, answer: &Answer<'_>) -> ReceivedFile {
    let content_type = answer.content_type.unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    let content_type = content_type.to_ascii_lowercase();
    let named = answer.disposition.and_then(|text| text.split_once("filename="));
    let named = named.and_then(|(_, rest)| safe_name(rest.split(';').next().unwrap_or(rest)));
    let extension = extension(&content_type);
    let name = named.unwrap_or_else(|| {
        let stem = match (&call.name, &call.file_field) {
            (Some(name), _) => name.clone(),
            (None, Some(field)) => format!("file-{field}"),
            (None, None) => "file".to_owned(),
        };
        format!("{stem}{extension}")
    });
    ReceivedFile { name, content_type }
}

/// The last part of a name, without quotes and without what a file system takes for more than a name.
fn safe_name(text: &str) -> Option<String> {
    let name = text.trim().trim_matches('"').rsplit(['/', '\\']).next()?;
    let name: String = name.chars().filter(|character| !character.is_control()).collect();
    let name = name.trim_matches(['.', ' ']).to_owned();
    (!name.is_empty()).then_some(name)
}

/// How files of a type end, for the types that are met most.
fn extension(content_type: &str) -> &'static str {
    match content_type {
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "application/zip" => ".zip",
        "application/xml" | "text/xml" => ".xml",
        "application/vnd.oasis.opendocument.text" => ".odt",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "text/csv" => ".csv",
        "text/html" => ".html",
        "text/plain" => ".txt",
        _ => "",
    }
}
