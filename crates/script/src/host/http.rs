//! The call `http`: one request and its whole answer.
//!
//! ```text
//! { method, url, headers: {name: text | [text]},
//!   body: {text} | {base64} | {form: [[name, value]]} | {multipart: [part]} | null,
//!   timeout_ms, max_redirects, max_bytes,
//!   auth: {basic: {username, password}} | {digest: {username, password}} | {bearer: text}
//!       | {header: {name, value}} | {headers: {name: value}} | "connection" | null,
//!   tls: {ca, cert, key, insecure} | null,    null: at the origin of the step's connection, its own
//!   origin,      whom `auth` and `tls` are for, also over redirects
//!   as }         "text" (what is no UTF-8 becomes U+FFFD) or "base64"; else text where it is UTF-8
//! → { url, method, status, status_text, headers: {name: text | [text]}, text | body_base64, duration_ms }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use fieldpost_model::connection::Authentication;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{
    AnswerRoom, Client, FreeAnswer, FreeFailure, FreeRequest, Places, Prepared, Terms,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Service, TlsOptions, failure, read, write};
use crate::protocol::CallError;
use crate::sandbox::Answer;

const MIB: usize = 1024 * 1024;

/// What a request of a step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// How long a request may last that names no time of its own, and at most.
    pub time: Duration,
    /// How many bytes the body of an answer may have. As base64 it must fit into the answer of a call.
    pub answer_bytes: usize,
    /// How many redirects are followed at most, whatever a request names.
    pub redirects: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { time: Duration::from_mins(5), answer_bytes: 23 * MIB, redirects: 20 }
    }
}

/// How many different terms are remembered for one step. Each is what a job proves itself with; more are
/// prepared again.
const TERMS_KEPT: usize = 16;

/// Makes requests.
#[derive(Debug)]
pub struct HttpService {
    client: Client,
    /// The connection of the step.
    connection: Option<Prepared>,
    limits: HttpLimits,
    /// Headers that every request has, whatever it says of them.
    headers: Vec<(String, String)>,
    /// What the step may take of the hub's room for answers.
    room: AnswerRoom,
    /// By what the request said of them.
    terms: Mutex<HashMap<String, Terms>>,
}

impl HttpService {
    /// Makes requests with that client: its rules about addresses hold.
    pub fn new(client: Client, limits: HttpLimits) -> Self {
        Self {
            client,
            connection: None,
            limits,
            headers: Vec::new(),
            room: AnswerRoom::of_step(),
            terms: Mutex::default(),
        }
    }

    /// Sets a header of every request. What a job says of it itself, as a header or as what it proves itself
    /// with, is left out.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Uses the TLS options of that connection at its origin, and its proof for who asks for it.
    #[must_use]
    pub fn of_connection(self, connection: Option<Prepared>) -> Self {
        Self { connection, ..self }
    }

    async fn request(&self, mut asked: Request) -> Result<Box<RawValue>, CallError> {
        for (name, _) in &self.headers {
            asked.leave_out(name);
        }
        let terms = self.terms(&asked)?;
        let method = asked.method.clone();
        let form = asked.answer_as;
        let mut request = asked.into_free(&self.limits, self.room.clone())?;
        request.headers.extend(self.headers.iter().cloned());
        let answer = self.client.request(&terms, request).await.map_err(failed)?;
        // The places are held until the answer is written.
        let (response, places) = Response::of(method, form, answer);
        let written = write(&response);
        drop(places);
        written
    }

    /// The terms of a request. The same ones are prepared once, so that a nonce of HTTP Digest is answered
    /// again and connections stay open.
    fn terms(&self, asked: &Request) -> Result<Terms, CallError> {
        let Request { auth, tls, origin, .. } = asked;
        let key = serde_json::to_string(&(auth, tls, origin))
            .map_err(|error| failure("bad-call", error.to_string()))?;
        let mut kept = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(terms) = kept.get(&key) {
            return Ok(terms.clone());
        }
        let authentication = auth.as_ref().map_or(Some(Authentication::None), Auth::read);
        let connection = self.connection.as_ref();
        let made = match (authentication, connection) {
            (Some(authentication), _) => {
                let tls = tls.as_ref().map(TlsOptions::read);
                let terms =
                    self.client.terms(&authentication, tls.as_ref(), origin.as_deref(), connection);
                terms.map_err(failed)?
            }
            (None, Some(connection)) => self.client.terms_of(connection),
            (None, None) => {
                let message = "The step has no connection whose credentials could be shown";
                return Err(failure("no-connection", message));
            }
        };
        if kept.len() >= TERMS_KEPT {
            kept.clear();
        }
        kept.insert(key, made.clone());
        Ok(made)
    }
}

impl Service for HttpService {
    fn name(&self) -> &'static str {
        "http"
    }

    fn call(&self, arguments: Box<RawValue>) -> Answer<'_> {
        Box::pin(async move { self.request(read(&arguments)?).await })
    }
}

/// So that steps of one run can share what they learn.
impl Service for Arc<HttpService> {
    fn name(&self) -> &'static str {
        "http"
    }

    fn call(&self, arguments: Box<RawValue>) -> Answer<'_> {
        (**self).call(arguments)
    }
}

fn failed(FreeFailure { code, message }: FreeFailure) -> CallError {
    failure(code, message)
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    body: Option<Body>,
    timeout_ms: Option<u64>,
    #[serde(default)]
    max_redirects: u32,
    max_bytes: Option<usize>,
    auth: Option<Auth>,
    tls: Option<TlsOptions>,
    origin: Option<String>,
    #[serde(rename = "as")]
    answer_as: Option<Form>,
}

/// One text, or several of the same name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Body {
    Text(String),
    Base64(String),
    Form(Vec<(String, String)>),
    Multipart(Vec<Part>),
}

/// A field of a form, or a file.
#[derive(Deserialize)]
struct Part {
    name: String,
    value: Option<String>,
    base64: Option<String>,
    filename: Option<String>,
    content_type: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Form {
    Text,
    Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auth {
    Basic { username: String, password: String },
    Digest { username: String, password: String },
    Bearer(String),
    Header { name: String, value: String },
    Headers(BTreeMap<String, String>),
    Connection,
}

impl Auth {
    /// What is to be shown; nothing for what the connection shows.
    fn read(&self) -> Option<Authentication> {
        let secret = |text: &String| Secret::new(text.as_str());
        Some(match self {
            Self::Basic { username, password } => {
                Authentication::Basic { username: username.clone(), password: secret(password) }
            }
            Self::Digest { username, password } => {
                Authentication::Digest { username: username.clone(), password: secret(password) }
            }
            Self::Bearer(token) => Authentication::Bearer { token: secret(token) },
            Self::Header { name, value } => {
                Authentication::ApiKey { header: name.clone(), key: secret(value) }
            }
            Self::Headers(headers) => Authentication::Headers(
                headers.iter().map(|(name, value)| (name.clone(), secret(value))).collect(),
            ),
            Self::Connection => return None,
        })
    }
}

impl Request {
    /// Leaves out a header that is not the job's to set.
    fn leave_out(&mut self, header: &str) {
        let is_it = |name: &str| name.trim().eq_ignore_ascii_case(header);
        self.headers.retain(|name, _| !is_it(name));
        match &mut self.auth {
            Some(Auth::Header { name, .. }) if is_it(name) => self.auth = None,
            Some(Auth::Headers(headers)) => headers.retain(|name, _| !is_it(name)),
            _ => {}
        }
    }

    fn into_free(self, limits: &HttpLimits, room: AnswerRoom) -> Result<FreeRequest, CallError> {
        let mut headers = Vec::new();
        for (name, values) in self.headers {
            match values {
                Values::One(value) => headers.push((name, value)),
                Values::Several(values) => {
                    headers.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
            }
        }
        let (body, content_type) = match self.body {
            Some(body) => body.encode()?,
            None => (Bytes::new(), None),
        };
        let is_content_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        if let Some(content_type) = content_type {
            // Only whoever wrote the body knows its boundary.
            headers.retain(|(name, _)| !is_content_type(name));
            headers.push(("content-type".to_owned(), content_type));
        }
        let asked = self.timeout_ms.map_or(limits.time, Duration::from_millis);
        #[expect(clippy::disallowed_methods, reason = "tokens expire by the wall clock of today")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(FreeRequest {
            method: self.method,
            url: self.url,
            headers,
            body,
            timeout: asked.min(limits.time),
            max_redirects: self.max_redirects.min(limits.redirects),
            max_bytes: self.max_bytes.unwrap_or(limits.answer_bytes).min(limits.answer_bytes),
            now: Timestamp(i64::try_from(now.as_micros()).unwrap_or(i64::MAX)),
            room,
        })
    }
}

impl Body {
    /// The bytes, and the content type where the form of the body decides it.
    fn encode(self) -> Result<(Bytes, Option<String>), CallError> {
        Ok(match self {
            Self::Text(text) => (text.into(), None),
            Self::Base64(text) => (decoded(&text)?.into(), None),
            Self::Form(fields) => {
                let text =
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                (text.into(), Some("application/x-www-form-urlencoded".to_owned()))
            }
            Self::Multipart(parts) => {
                let mut random = [0; 16];
                getrandom::fill(&mut random)
                    .map_err(|error| failure("no-randomness", error.to_string()))?;
                let boundary = format!("fieldpost-{:032x}", u128::from_be_bytes(random));
                let body = multipart(parts, &boundary)?;
                (body.into(), Some(format!("multipart/form-data; boundary={boundary}")))
            }
        })
    }
}

fn multipart(parts: Vec<Part>, boundary: &str) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"",
            quotable(&part.name)
        );
        if let Some(filename) = &part.filename {
            head.extend(["; filename=\"", &quotable(filename), "\""]);
        }
        let content_type = part.content_type.as_deref();
        let of_file = part.filename.as_ref().map(|_| "application/octet-stream");
        if let Some(content_type) = content_type.or(of_file) {
            if content_type.contains(['\r', '\n']) {
                let message = "A content type holds a line break";
                return Err(failure("bad-request", message));
            }
            head.extend(["\r\ncontent-type: ", content_type]);
        }
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        match part.base64 {
            Some(text) => body.extend(decoded(&text)?),
            None => body.extend_from_slice(part.value.unwrap_or_default().as_bytes()),
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(body)
}

/// A name as it stands between quotes in a part's head.
fn quotable(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn decoded(text: &str) -> Result<Vec<u8>, CallError> {
    BASE64
        .decode(text)
        .map_err(|error| failure("bad-call", format!("The body is no base64: {error}")))
}

#[derive(Serialize)]
struct Response {
    url: String,
    method: String,
    status: u16,
    status_text: &'static str,
    headers: BTreeMap<String, Values>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    duration_ms: u64,
}

impl Response {
    fn of(method: String, form: Option<Form>, answer: FreeAnswer) -> (Self, Places) {
        let FreeAnswer { status, headers, body, url, duration, places } = answer;
        let mut told: BTreeMap<String, Values> = BTreeMap::new();
        for (name, value) in &headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let name = name.as_str();
            match told.get_mut(name) {
                Some(Values::Several(values)) => values.push(value),
                Some(one) => {
                    let Values::One(first) = one else { continue };
                    *one = Values::Several(vec![std::mem::take(first), value]);
                }
                None => drop(told.insert(name.to_owned(), Values::One(value))),
            }
        }
        let text = match form {
            Some(Form::Base64) => Err(body),
            Some(Form::Text) => Ok(String::from_utf8(body)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())),
            None => String::from_utf8(body).map_err(std::string::FromUtf8Error::into_bytes),
        };
        let (text, body_base64) = match text {
            Ok(text) => (Some(text), None),
            Err(bytes) => (None, Some(BASE64.encode(bytes))),
        };
        let response = Self {
            url: url.into(),
            method,
            status: status.as_u16(),
            status_text: phrase(status.as_u16(), status.canonical_reason()),
            headers: told,
            text,
            body_base64,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        };
        (response, places)
    }
}

/// What a status is called: as OpenFn calls it, whose list is older than today's in a few places.
fn phrase(status: u16, canonical: Option<&'static str>) -> &'static str {
    match status {
        203 => "Non Authoritative Information",
        302 => "Moved Temporarily",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        416 => "Requested Range Not Satisfiable",
        419 => "Insufficient Space on Resource",
        420 => "Method Failure",
        _ => canonical.unwrap_or_default(),
    }
}
