//! Putting a request together, and its record.
//!
//! Every header that goes out is set here, the ones that the HTTP library would add by itself as
//! well: so the record is what was sent, and not what was meant.

use bytes::Bytes;
use fieldpost_model::attempt::{AttemptError, AttemptRequest};
use fieldpost_model::forwarder::Method;
use fieldpost_model::lifecycle::CallMethod;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::redact;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName,
    HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use crate::address::unbuildable;
use crate::prepared::Prepared;

/// Standard Webhooks: the id of the delivery, the same over all its attempts.
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
/// Standard Webhooks: when this attempt was made.
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// Standard Webhooks: proof of origin.
pub(crate) const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Headers that say where a message ends and what the connection is used for. Only the HTTP
/// library may set them: a second opinion on the length of a body smuggles requests.
const RESERVED: [HeaderName; 9] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// How many headers of its own a call may bring: more than any destination reads.
pub(crate) const GIVEN_HEADERS: usize = 100;

/// Whether a header is the HTTP library's alone to set.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    RESERVED.contains(name)
}

/// One attempt of a delivery: what to send beside what the connection says.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// Query parameters, added to those of the connection's URL.
    pub query: &'a [(String, String)],
    /// Headers of the forwarder and of the delivery (`fieldpost-resend-of`). The connection's
    /// credentials and the `webhook-…` headers win over headers of the same name here.
    pub headers: &'a [(String, String)],
    /// The body's content type; a `content-type` among `headers` is a person's wish and wins.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: Bytes,
    /// The delivery's id, sent as `webhook-id`.
    pub delivery_id: Uuid,
    /// The time by the wall clock, sent as `webhook-timestamp`.
    pub now: Timestamp,
    /// What somebody asks for who waits for the answer; `None` for what is only forwarded.
    pub asking: Option<Asking<'a>>,
}

/// A call whose answer is read by whoever ordered it, as the calls of lifecycles are. Of its answer is
/// kept as much as is read.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The method, in the place of [`Call::method`].
    pub method: CallMethod,
    /// What is put behind the connection's URL, with a query of its own where it has one; empty for nothing.
    pub path: &'a str,
}

/// A request that is ready to go out, but for the proof of who sends it.
#[derive(Clone, Debug)]
pub(crate) struct Assembled {
    pub(crate) method: http::Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
}

/// Puts a request together, or says what about it cannot be sent.
pub(crate) fn assemble(
    prepared: &Prepared,
    method: http::Method,
    call: &Call<'_>,
    user_agent: &HeaderValue,
) -> Result<Assembled, AttemptError> {
    let mut headers = HeaderMap::with_capacity(call.headers.len() + 10);
    headers.insert(HOST, prepared.host.clone());
    headers.insert(USER_AGENT, user_agent.clone());
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if !call.body.is_empty() || !is_without_body(&method) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(call.body.len()));
    }
    if let Some(content_type) = call.content_type {
        headers.insert(CONTENT_TYPE, value("content-type", content_type)?);
    }
    add_given_headers(&mut headers, call.headers)?;
    sign(&mut headers, prepared, call)?;
    Ok(Assembled { method, url: url(prepared, call)?, headers })
}

/// Adds the forwarder's headers. The first of a name takes the place of what the hub would send,
/// further ones of the same name stand beside it.
fn add_given_headers(
    headers: &mut HeaderMap,
    given: &[(String, String)],
) -> Result<(), AttemptError> {
    if given.len() > GIVEN_HEADERS {
        return Err(unbuildable(format!(
            "The request has {} headers of its own, at most {GIVEN_HEADERS} can be sent",
            given.len()
        )));
    }
    let mut names = Vec::with_capacity(given.len());
    for (name, text) in given {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| unbuildable(format!("{name:?} is not the name of a header")))?;
        if is_reserved(&header) {
            return Err(unbuildable(format!(
                "The header {name:?} is set by the hub alone; take it out of the forwarder"
            )));
        }
        let value = value(name, text)?;
        if names.contains(&header) {
            headers.append(header, value);
        } else {
            headers.insert(header.clone(), value);
            names.push(header);
        }
    }
    Ok(())
}

fn value(name: &str, text: &str) -> Result<HeaderValue, AttemptError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        unbuildable(format!(
            "The value of the header {name:?} holds a line break or a control character"
        ))
    })
}

fn sign(headers: &mut HeaderMap, prepared: &Prepared, call: &Call<'_>) -> Result<(), AttemptError> {
    let seconds = call.now.unix_seconds();
    headers.insert(WEBHOOK_ID, value("webhook-id", &call.delivery_id.to_string())?);
    headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::from(seconds));
    match &prepared.signer {
        Some(signer) => {
            let signature = signer.sign(call.delivery_id, seconds, &call.body);
            headers.insert(WEBHOOK_SIGNATURE, value("webhook-signature", &signature)?);
        }
        // A signature that is not the hub's would be taken for one.
        None => drop(headers.remove(WEBHOOK_SIGNATURE)),
    }
    Ok(())
}

/// The method of a call as HTTP has it.
pub(crate) fn method(call: &Call<'_>) -> http::Method {
    if let Some(asking) = call.asking {
        return match asking.method {
            CallMethod::Get => http::Method::GET,
            CallMethod::Post => http::Method::POST,
            CallMethod::Put => http::Method::PUT,
            CallMethod::Patch => http::Method::PATCH,
            CallMethod::Delete => http::Method::DELETE,
        };
    }
    match call.method {
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

/// Whether a request of this method has no body by its nature.
fn is_without_body(method: &http::Method) -> bool {
    matches!(*method, http::Method::GET | http::Method::HEAD | http::Method::OPTIONS)
}

fn url(prepared: &Prepared, call: &Call<'_>) -> Result<Url, AttemptError> {
    let mut url = prepared.url.clone();
    if let Some(asking) = call.asking.filter(|asking| !asking.path.is_empty()) {
        add_path(&mut url, asking.path);
        if url.origin() != prepared.url.origin() {
            return Err(unbuildable("The path of the call leads to another host"));
        }
    }
    if !call.query.is_empty() {
        url.query_pairs_mut().extend_pairs(call.query);
    }
    Ok(url)
}

/// Puts a path behind that of a URL: it is a path whatever it looks like, and leads nowhere else.
fn add_path(url: &mut Url, added: &str) {
    let added = added.split_once('#').map_or(added, |(before, _)| before);
    let (path, query) = match added.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (added, None),
    };
    let begun = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{begun}/{}", path.trim_start_matches('/')));
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        let joined = match url.query() {
            Some(own) if !own.is_empty() => format!("{own}&{query}"),
            _ => query.to_owned(),
        };
        url.set_query(Some(&joined));
    }
}

/// What is kept of a request: everything as sent, credentials masked, those that were got for this
/// request alone as well.
pub(crate) fn record(
    assembled: &Assembled,
    prepared: &Prepared,
    got: &[Secret],
    body: &Bytes,
) -> AttemptRequest {
    AttemptRequest {
        method: assembled.method.as_str().to_owned(),
        url: prepared.scrub(&redact::mask_url(assembled.url.as_str()), got),
        headers: record_headers(&assembled.headers),
        body_sha256: Sha256::digest(body).into(),
        bytes: body.len() as u64,
    }
}

/// Headers as text. A credential of the connection is masked whatever its header is called, others
/// by their names.
pub(crate) fn record_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| {
            let hidden = value.is_sensitive() && !redact::is_credential_header(name.as_str());
            let text = if hidden {
                PLACEHOLDER.to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.as_str().to_owned(), text)
        })
        .collect();
    redact::mask_headers(&pairs)
}
