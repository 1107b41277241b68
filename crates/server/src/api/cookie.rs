//! The cookie of a session, and that no other site makes a browser send it in order to change
//! something.
//!
//! A browser sends the cookie along with whatever a page asks for. So a change that is proved by a
//! cookie must come from a page of this hub: the browser says so in `Sec-Fetch-Site`, or, where it
//! is too old for that, in `Origin`. A token is sent by nobody but who has it, and needs neither.

use std::time::Duration;

use fieldpost_model::secret::Secret;
use http::header::{COOKIE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::problem::Problem;

/// The name of the cookie.
pub(super) const NAME: &str = "fieldpost_session";
/// Its name where the hub is reached by `https`: a browser takes one of such a name from this very
/// host alone, and encrypted, so that neither a neighbour nor somebody on the way can plant it.
const HOST_NAME: &str = "__Host-fieldpost_session";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a browser sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent<'h> {
    /// No session.
    Nothing,
    /// The secret of one.
    One(&'h str),
    /// Several: somebody has planted one beside the right one, and which it is nobody can tell.
    Several,
}

/// The session that a browser sends.
pub(super) fn session<'h>(headers: &'h HeaderMap, public_url: Option<&str>) -> Sent<'h> {
    let wanted = name(public_url);
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Sent::Nothing,
        (Some(value), None) => Sent::One(value),
        (Some(_), Some(_)) => Sent::Several,
    }
}

fn is_https(public_url: Option<&str>) -> bool {
    public_url.is_some_and(|url| url.starts_with("https://"))
}

fn name(public_url: Option<&str>) -> &'static str {
    if is_https(public_url) { HOST_NAME } else { NAME }
}

/// The header that gives a browser its session.
pub(super) fn give(secret: &Secret, lasts: Duration, public_url: Option<&str>) -> HeaderValue {
    written(secret.expose(), lasts, public_url)
}

/// The header that takes it away.
pub(super) fn take_away(public_url: Option<&str>) -> HeaderValue {
    written("", Duration::ZERO, public_url)
}

fn written(value: &str, lasts: Duration, public_url: Option<&str>) -> HeaderValue {
    let secure = if is_https(public_url) { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        name(public_url),
        lasts.as_secs()
    );
    let mut header = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// What a request says about the page that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// A page of this hub.
    Own,
    /// Another one, or one of which nothing good is known.
    Other,
    /// No browser speaks of any page.
    Unsaid,
}

/// Reads where a request comes from.
pub(super) fn site(headers: &HeaderMap, public_url: Option<&str>) -> Site {
    if let Some(site) = headers.get(FETCH_SITE) {
        return if site.as_bytes() == b"same-origin" { Site::Own } else { Site::Other };
    }
    site_of_origin(headers, public_url)
}

/// Whether a browser says that a page of another site makes a request that proves itself by other means than
/// a cookie: browsers add passwords by themselves, too. An address that somebody typed is no page of others.
pub(crate) fn is_cross_site(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let is_typed = headers.get(FETCH_SITE).is_some_and(|site| site.as_bytes() == b"none");
    let site =
        if is_typed { site_of_origin(headers, public_url) } else { site(headers, public_url) };
    site == Site::Other
}

/// Reads where a request comes from by its `Origin`.
fn site_of_origin(headers: &HeaderMap, public_url: Option<&str>) -> Site {
    let Some(origin) = headers.get(ORIGIN) else { return Site::Unsaid };
    let Ok(origin) = origin.to_str() else { return Site::Other };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own_host = host.is_some_and(|host| {
        ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host))
    });
    let is_public = public_url.is_some_and(|url| origin_of(url).eq_ignore_ascii_case(origin));
    if is_own_host || is_public { Site::Own } else { Site::Other }
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url.get(authority..).and_then(|rest| rest.find('/'));
    path.and_then(|path| url.get(..authority + path)).unwrap_or(url)
}

/// The answer to a change that another site asks for.
pub(super) fn cross_site() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        "the session's cookie came along with a request that no page of this hub made",
    )
    .hint(
        "a program uses a token instead of a cookie; behind a proxy, set public-url to the \
         address that people see",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[track_caller]
    fn check(pairs: &[(&'static str, &'static str)], expected: Site) {
        let found = site(&headers(pairs), Some("https://hub.example.org/post"));
        assert_eq!(found, expected, "{pairs:?}");
    }

    #[test]
    fn the_browser_says_where_a_request_comes_from() {
        check(&[], Site::Unsaid);
        check(&[("sec-fetch-site", "same-origin")], Site::Own);
        for site in ["cross-site", "same-site", "none", ""] {
            check(&[("sec-fetch-site", site)], Site::Other);
        }
        // What the newer header says counts.
        check(
            &[("sec-fetch-site", "cross-site"), ("origin", "https://hub.example.org")],
            Site::Other,
        );
        check(&[("origin", "https://hub.example.org")], Site::Own);
        check(&[("origin", "https://hub.example.org:8443")], Site::Other);
        check(&[("origin", "https://hub.example.org.evil.example")], Site::Other);
        check(&[("origin", "null")], Site::Other);
        check(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], Site::Own);
        check(&[("origin", "http://127.0.0.1:8081"), ("host", "127.0.0.1:8080")], Site::Other);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        for (line, plain, encrypted) in [
            ("fieldpost_session=abc", Sent::One("abc"), Sent::Nothing),
            ("theme=dark; fieldpost_session=abc; x=y", Sent::One("abc"), Sent::Nothing),
            ("xfieldpost_session=abc", Sent::Nothing, Sent::Nothing),
            ("", Sent::Nothing, Sent::Nothing),
            ("fieldpost_session=abc; fieldpost_session=abc", Sent::Several, Sent::Nothing),
            ("fieldpost_session=a; __Host-fieldpost_session=b", Sent::One("a"), Sent::One("b")),
        ] {
            let headers = headers(&[("cookie", line)]);
            assert_eq!(session(&headers, None), plain, "{line}");
            assert_eq!(session(&headers, Some("https://hub.example.org")), encrypted, "{line}");
        }
        let twice =
            headers(&[("cookie", "fieldpost_session=a"), ("cookie", "fieldpost_session=b")]);
        assert_eq!(twice.get_all("cookie").iter().count(), 2);
        assert_eq!(session(&twice, None), Sent::Several);
    }

    #[test]
    fn the_cookie_is_for_the_server_alone() {
        let secret = Secret::new("abc");
        let lasts = Duration::from_mins(1);
        assert_eq!(
            give(&secret, lasts, Some("https://hub.example.org")),
            "__Host-fieldpost_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            give(&secret, lasts, None),
            "fieldpost_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            take_away(None),
            "fieldpost_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
