//! Whether what a client has is still good: `ETag` and `Last-Modified`, and the answer 304.
//!
//! A tag is made of everything that an answer depends on: the place of the newest change, the version of the
//! definitions, who asks and for what. Nothing is read to make it but that place, so a list that has not changed
//! costs next to nothing. What proves the caller, which differs with each signed call, is not part of it.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use fieldpost_model::hexadecimal;
use fieldpost_model::time::Timestamp;
use http::header::{CACHE_CONTROL, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

use super::Asked;

/// The parameters that prove a call, and say nothing of what is asked for.
const PROOFS: [&str; 4] = ["signature", "timestamp", "nonce", "algo"];
/// A change in the same second as another cannot be told from it by a time of HTTP: a moment this young says
/// nothing.
const SETTLED: Duration = Duration::from_secs(2);
/// Bytes of the digest that a tag is.
const TAG_BYTES: usize = 12;

/// What an answer is told from others of the same address by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validators {
    tag: String,
    /// None where no time says when what is shown was changed.
    modified: Option<Timestamp>,
    is_settled: bool,
}

impl Validators {
    /// Those of an answer that depends on these facts, beside who asks for what. `modified` is when the
    /// newest of what it shows was changed.
    pub(super) fn of(asked: &Asked, facts: &[i64], modified: Timestamp, body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        for fact in facts {
            add(&fact.to_be_bytes());
        }
        add(&asked.admitted.routing.version.to_be_bytes());
        let caller = asked.admitted.caller();
        add(caller.key().map_or("", |key| key.name.as_str()).as_bytes());
        add(caller.user().map_or("", |user| user.id.as_str()).as_bytes());
        add(caller.roles().join("\0").as_bytes());
        add(&[u8::from(caller.is_administrator()), u8::from(caller.is_signed())]);
        add(asked.parts.uri.path().as_bytes());
        add(without_proofs(asked.parts.uri.query().unwrap_or_default()).as_bytes());
        add(body);
        let digest: [u8; 32] = digest.finalize().into();
        let hex = hexadecimal::encode(digest.get(..TAG_BYTES).unwrap_or(&digest));
        let is_settled = modified + SETTLED <= asked.app.hub.now();
        // Weak: the same facts, not necessarily the same bytes.
        Self { tag: format!("W/\"{hex}\""), modified: Some(modified), is_settled }
    }

    /// The same of an answer that can change without a change that has a time: its tag alone is told.
    pub(super) fn without_time(self) -> Self {
        Self { modified: None, ..self }
    }

    /// Whether what the client says it has is still good.
    pub(super) fn hold(&self, parts: &Parts) -> bool {
        if !parts.method.is_safe() {
            return false;
        }
        if let Some(tags) = text(&parts.headers, IF_NONE_MATCH) {
            let plain = self.tag.trim_start_matches("W/");
            return tags
                .split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || tag == plain);
        }
        let since = text(&parts.headers, IF_MODIFIED_SINCE);
        let since = since.as_deref().and_then(read_http_date);
        let since = since.zip(self.modified).filter(|_| self.is_settled);
        since.is_some_and(|(since, modified)| modified.0 / 1_000_000 <= since)
    }

    /// What is answered then.
    pub(super) fn not_modified(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.add(&mut response);
        response
    }

    /// Adds them to an answer. It may be kept by whoever asked, who must ask each time whether it is good.
    pub(super) fn add(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(ETAG, tag);
        }
        let date = self.modified.and_then(http_date);
        if let Some(date) = date.and_then(|it| HeaderValue::try_from(it).ok()) {
            headers.insert(LAST_MODIFIED, date);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(VARY, HeaderValue::from_static("authorization, cookie"));
    }
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// A query without what proves it.
fn without_proofs(query: &str) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !PROOFS.contains(&name)
    });
    kept.collect::<Vec<_>>().join("&")
}

/// A moment as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(time: Timestamp) -> Option<String> {
    let seconds = u64::try_from(time.0 / 1_000_000).ok()?;
    let time = std::time::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(httpdate::fmt_http_date(time))
}

/// The second that it names.
fn read_http_date(text: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(text).ok()?;
    let seconds = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(seconds).ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn hold(validators: &Validators, method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        validators.hold(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn what_a_client_has_is_good_as_long_as_nothing_has_changed() {
        let modified = Timestamp::parse("1994-11-06T08:49:37.250Z").unwrap();
        let settled =
            Validators { tag: "W/\"a1\"".to_owned(), modified: Some(modified), is_settled: true };
        let young = Validators { is_settled: false, ..settled.clone() };
        let (same, earlier, later) = (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:36 GMT",
            "Sun, 06 Nov 1994 08:49:38 GMT",
        );
        for (headers, of_settled, of_young) in [
            (&[][..], false, false),
            (&[("if-none-match", "W/\"a1\"")], true, true),
            (&[("if-none-match", "\"a1\"")], true, true),
            (&[("if-none-match", "\"b2\", W/\"a1\"")], true, true),
            (&[("if-none-match", "*")], true, true),
            (&[("if-none-match", "\"b2\"")], false, false),
            (&[("if-modified-since", same)], true, false),
            (&[("if-modified-since", later)], true, false),
            (&[("if-modified-since", earlier)], false, false),
            (&[("if-modified-since", "yesterday")], false, false),
            // The tag counts where both are there.
            (&[("if-none-match", "\"b2\""), ("if-modified-since", later)], false, false),
        ] {
            assert_eq!(hold(&settled, "GET", headers), of_settled, "{headers:?}");
            assert_eq!(hold(&young, "GET", headers), of_young, "{headers:?}");
        }
        assert!(!hold(&settled, "POST", &[("if-none-match", "*")]));
        assert_eq!(http_date(modified).as_deref(), Some(same));
    }

    #[test]
    fn what_proves_a_call_says_nothing_of_what_it_asks_for() {
        assert_eq!(
            without_proofs("full=on&orig=a&algo=sha256&timestamp=x&nonce=y&signature=z%3D"),
            "full=on&orig=a"
        );
        assert_eq!(without_proofs(""), "");
    }
}
