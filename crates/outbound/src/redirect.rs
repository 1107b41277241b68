//! Redirects: which are followed, and what goes along.
//!
//! 307 and 308 say "the same request, over there", and that is what a delivery can do. 301, 302 and
//! 303 turn a POST into a GET in practice, so that the payload would be lost and the answer to a
//! harmless GET be taken for its receipt; they are reported and never followed. Only where something is
//! fetched, by a GET that has nothing to lose, each of the five leads on.
//!
//! Where the redirect leads is chosen by the destination, so it is judged like every address, and
//! what proves the hub's identity stays behind unless scheme, host and port are the same: all
//! headers of the connection's `auth`, whatever their names; those of the forwarder that are named
//! like credentials; the signature; and the connection's TLS options, which would show its client
//! certificate, or trust whom the machine does not. Other headers of the forwarder go along.

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_rules::redact;
use http::StatusCode;
use http::header::{HOST, HeaderMap, LOCATION};
use url::Url;

use crate::address::{host_header, judge_host, same_origin};
use crate::guard::AllowNetworks;
use crate::request::{Assembled, WEBHOOK_SIGNATURE};

/// How many redirects one attempt follows.
pub(crate) const MAX_REDIRECTS: usize = 3;

/// The name under which a followed redirect stands among the headers of the recorded answer.
pub(crate) const REDIRECT_RECORD: &str = "fieldpost-redirected";

/// Which redirects a request follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    /// Those that keep method and body: a payload is on its way.
    SameRequest,
    /// All of them: a GET without a body stays what it is.
    EveryRedirect,
}

impl Follows {
    /// Whether an answer of this status is followed.
    pub(crate) fn at(self, status: StatusCode) -> bool {
        match status {
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
                self == Self::EveryRedirect
            }
            _ => false,
        }
    }
}

/// One redirect that was followed; credentials in its URLs are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) status: u16,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Hop {
    /// The hop as the recorded answer tells of it.
    pub(crate) fn describe(&self) -> String {
        format!("{} from {} to {}", self.status, self.from, self.to)
    }
}

/// Where an answer whose status is [followed](Follows::at) sends the request on to, judged by the networks
/// that `allowed_at` names for it: `None` where that is
/// nowhere, an error where it must not go.
pub(crate) fn target<'n>(
    from: &Url,
    status: StatusCode,
    headers: &HeaderMap,
    followed: usize,
    allowed_at: impl FnOnce(&Url) -> &'n AllowNetworks,
) -> Result<Option<Url>, AttemptError> {
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let location = String::from_utf8_lossy(location.as_bytes());
    let shown = redact::mask_url(&location);
    let refuse = |kind: ErrorKind, why: String| {
        let name = status.canonical_reason().unwrap_or_default();
        let message =
            format!("{} {name}: the redirect to {shown} is not followed: {why}", status.as_u16());
        Err(AttemptError { kind, message })
    };
    if followed >= MAX_REDIRECTS {
        return refuse(
            ErrorKind::Status,
            format!("{MAX_REDIRECTS} redirects were followed already"),
        );
    }
    let Ok(mut target) = from.join(&location) else {
        return refuse(ErrorKind::Status, "it is not a URL".to_owned());
    };
    if from.scheme() == "https" && target.scheme() != "https" {
        return refuse(
            ErrorKind::Status,
            "it leads from https: to what anybody can read".to_owned(),
        );
    }
    if !matches!(target.scheme(), "http" | "https") {
        return refuse(ErrorKind::Status, "only http: and https: can be called".to_owned());
    }
    if let Err(error) = judge_host(&target, "the address", allowed_at(&target)) {
        return refuse(error.kind, error.message);
    }
    target.set_fragment(None);
    // A destination cannot choose the hub's user name.
    if target.set_username("").and_then(|()| target.set_password(None)).is_err() {
        return refuse(ErrorKind::Status, "it names no host".to_owned());
    }
    Ok(Some(target))
}

/// Turns a request without its proof towards `target`. Answers whether the proof may go along.
pub(crate) fn turn(request: &mut Assembled, target: Url) -> Result<bool, AttemptError> {
    let stays = same_origin(&request.url, &target);
    if !stays {
        request.headers.insert(HOST, host_header(&target)?);
        request.headers.remove(WEBHOOK_SIGNATURE);
        let credentials: Vec<_> = request
            .headers
            .keys()
            .filter(|name| redact::is_credential_header(name.as_str()))
            .cloned()
            .collect();
        for name in credentials {
            request.headers.remove(name);
        }
    }
    request.url = target;
    Ok(stays)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn target_of(
        from: &str,
        status: u16,
        location: &str,
        followed: usize,
    ) -> Result<Option<String>, AttemptError> {
        let headers = HeaderMap::from_iter([(
            LOCATION,
            HeaderValue::from_bytes(location.as_bytes()).unwrap(),
        )]);
        let status = StatusCode::from_u16(status).unwrap();
        if !Follows::SameRequest.at(status) {
            return Ok(None);
        }
        let none = AllowNetworks::default();
        let found = target(&from.parse().unwrap(), status, &headers, followed, |_| &none);
        found.map(|target| target.map(String::from))
    }

    #[track_caller]
    fn check(from: &str, location: &str, expected: &str) {
        for status in [307, 308] {
            let target = target_of(from, status, location, 0).unwrap();
            assert_eq!(target.as_deref(), Some(expected), "{status} to {location}");
        }
        for status in [200, 300, 301, 302, 303, 304, 305, 306, 309, 401] {
            assert_eq!(target_of(from, status, location, 0), Ok(None), "{status}");
        }
    }

    #[test]
    fn only_307_and_308_lead_on() {
        let from = "https://example.org/a/b?x=1";
        check(from, "/c", "https://example.org/c");
        check(from, "c", "https://example.org/a/c");
        check(from, "?y=2#z", "https://example.org/a/b?y=2");
        check(from, "//other.example.org:8443", "https://other.example.org:8443/");
        check(from, "https://user:password@example.org/c", "https://example.org/c");
        check("http://example.org/", "https://example.org/", "https://example.org/");
    }

    #[test]
    fn what_is_fetched_may_lie_elsewhere() {
        let follows = |status| Follows::EveryRedirect.at(StatusCode::from_u16(status).unwrap());
        let followed: Vec<u16> = (200..400).filter(|status| follows(*status)).collect();
        assert_eq!(followed, [301, 302, 303, 307, 308]);
    }

    #[track_caller]
    fn check_refused(from: &str, location: &str, followed: usize, kind: ErrorKind, why: &str) {
        let error = target_of(from, 308, location, followed).unwrap_err();
        assert_eq!(error.kind, kind, "{}", error.message);
        assert!(error.message.starts_with("308 Permanent Redirect: the redirect to "));
        assert!(error.message.contains(why), "{}", error.message);
    }

    #[test]
    fn what_must_not_be_followed_is_named() {
        let from = "https://example.org/";
        let status = ErrorKind::Status;
        check_refused(from, "http://example.org/", 0, status, "to what anybody can read");
        check_refused(from, "ftp://example.org/", 0, status, "to what anybody can read");
        check_refused("http://h/", "ftp://example.org/", 0, status, "only http: and https:");
        check_refused("http://h/", "http://[::1", 0, status, "it is not a URL");
        assert!(target_of(from, 307, "/", MAX_REDIRECTS - 1).is_ok());
        check_refused(from, "/", MAX_REDIRECTS, status, "3 redirects were followed already");
        for host in ["127.0.0.1", "[::1]", "0x7f.1", "169.254.169.254", "[::ffff:10.0.0.1]"] {
            let location = format!("https://{host}/");
            check_refused(from, &location, 0, ErrorKind::Refused, "is refused (");
        }
        let error = target_of("http://h/", 307, "gopher://u:hunter2@h/", 0).unwrap_err();
        assert!(!error.message.contains("hunter2"), "{}", error.message);
    }
}
