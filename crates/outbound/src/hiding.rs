//! Keeping credentials out of recorded answers.
//!
//! A destination may repeat what it was shown: a debugging page that prints all headers, a gateway
//! that quotes the address it refused. An answer is kept in the history, shown to whoever may read
//! that, and copied into backups, so what the hub proved itself with is taken out of it before it
//! is recorded. Which secrets are worth looking for is decided as in [`redact::scrub`]; unlike
//! there, a body is searched byte by byte, since it need not be text, and may have been cut.

use fieldpost_model::attempt::AttemptResponse;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_rules::redact::{self, SHORTEST_SCRUBBED_SECRET};
use form_urlencoded::parse;

use crate::request::Assembled;

/// Headers of an answer whose value is a URL, in whose query credentials may stand.
const URL_HEADERS: [&str; 2] = ["location", "content-location"];

/// Takes secrets out of an answer, and lets its body not grow beyond `body_kept` bytes by that.
/// `broke_off` is one that did not come to its end, and may have lost the end of a secret.
pub(crate) fn hide(
    response: &mut AttemptResponse,
    secrets: &[&str],
    body_kept: usize,
    broke_off: bool,
) {
    for (name, value) in &mut response.headers {
        if URL_HEADERS.contains(&name.as_str()) {
            *value = redact::mask_url(value);
        }
        *value = redact::scrub(value, secrets);
    }
    let mut secrets: Vec<&[u8]> = secrets
        .iter()
        .filter(|secret| secret.chars().count() >= SHORTEST_SCRUBBED_SECRET)
        .map(|secret| secret.as_bytes())
        .collect();
    // A secret may begin with another one; the longer must go first, or its end would stay.
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in &secrets {
        replace(&mut response.body, secret);
    }
    if response.truncated || broke_off {
        replace_cut_off(&mut response.body, &secrets);
    }
    if response.body.len() > body_kept {
        response.body.truncate(body_kept);
        response.truncated = true;
    }
}

/// What is secret in the value of a credential-bearing header: all of it, and what follows the
/// name of a scheme (`Token abc`), which a destination may repeat alone.
pub(crate) fn secrets_of_header(value: &str) -> impl Iterator<Item = Secret> {
    let bare = value.split_once(' ').map(|(_, rest)| rest.trim());
    [Some(value), bare].into_iter().flatten().map(Secret::new)
}

/// What is secret in a request that is not yet proved: the values of headers and query parameters
/// whose names are those of credentials. A forwarder may bring them, or the connection's own URL.
pub(crate) fn secrets_of_request(request: &Assembled) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (name, value) in &request.headers {
        if redact::is_credential_header(name.as_str()) {
            secrets.extend(secrets_of_header(&String::from_utf8_lossy(value.as_bytes())));
        }
    }
    for pair in request.url.query().unwrap_or_default().split('&') {
        let Some((name, value)) = parse(pair.as_bytes()).next() else { continue };
        if redact::is_credential_parameter(&name) {
            // As it was meant and as it was written; either may come back.
            secrets.extend(pair.split_once('=').map(|(_, written)| Secret::new(written)));
            secrets.push(Secret::new(value));
        }
    }
    secrets
}

/// Puts the placeholder in the place of a secret, wherever that stands.
fn replace(body: &mut Vec<u8>, secret: &[u8]) {
    let mut hidden = Vec::new();
    let mut rest = body.as_slice();
    while let Some(start) = rest.windows(secret.len()).position(|window| window == secret) {
        let (before, found) = rest.split_at(start);
        hidden.extend_from_slice(before);
        hidden.extend_from_slice(PLACEHOLDER.as_bytes());
        rest = found.get(secret.len()..).unwrap_or_default();
    }
    if !hidden.is_empty() {
        hidden.extend_from_slice(rest);
        *body = hidden;
    }
}

/// Puts the placeholder in the place of a secret's beginning, where the body was cut within it.
fn replace_cut_off(body: &mut Vec<u8>, secrets: &[&[u8]]) {
    let cut_off = |secret: &&[u8]| {
        let lengths = SHORTEST_SCRUBBED_SECRET..secret.len();
        lengths
            .rev()
            .find(|length| secret.get(..*length).is_some_and(|beginning| body.ends_with(beginning)))
    };
    if let Some(length) = secrets.iter().filter_map(cut_off).max() {
        body.truncate(body.len() - length);
        body.extend_from_slice(PLACEHOLDER.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// More than any body here has.
    const ENOUGH: usize = 1_000;

    fn answer(body: &[u8], truncated: bool) -> AttemptResponse {
        AttemptResponse { status: 200, headers: Vec::new(), body: body.to_vec(), truncated }
    }

    #[track_caller]
    fn check(body: &[u8], truncated: bool, secrets: &[&str], expected: &str) {
        let mut answer = answer(body, truncated);
        hide(&mut answer, secrets, ENOUGH, false);
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(shown, expected, "{:?} without {secrets:?}", String::from_utf8_lossy(body));
        assert_eq!(answer.truncated, truncated);
    }

    #[test]
    fn secrets_go_whatever_stands_around_them() {
        check(b"a hunter2 b hunter2", false, &["hunter2"], "a ••••••• b •••••••");
        check(b"hunter2", false, &["hunter2"], "•••••••");
        check(b"\xff hunter2 \xfe", false, &["hunter2"], "\u{fffd} ••••••• \u{fffd}");
        check(b"hunter2 \xc3", true, &["hunter2"], "••••••• \u{fffd}");
        check(b"hunter22", false, &["hunter2", "hunter22"], "•••••••");
        check(b"abc", false, &["abc", ""], "abc");
        check("zoë!".as_bytes(), false, &["zoë!"], "•••••••");
        check(b"nothing", false, &["hunter2"], "nothing");
    }

    #[test]
    fn what_is_left_of_a_secret_at_a_cut_goes_as_well() {
        check(b"it is hunter", true, &["hunter2"], "it is •••••••");
        check(b"it is hunt", true, &["hunter2"], "it is •••••••");
        check(b"it is hun", true, &["hunter2"], "it is hun");
        check(b"it is hunter", false, &["hunter2"], "it is hunter");
        check(b"it is hunter", true, &["hunt er", "hunter of the lost"], "it is •••••••");
        let mut broken = answer(b"it is hunter", false);
        hide(&mut broken, &["hunter2"], ENOUGH, true);
        assert_eq!(String::from_utf8(broken.body).unwrap(), "it is •••••••");
    }

    #[test]
    fn hiding_lets_no_body_grow_beyond_its_bound() {
        for (bound, length, truncated) in [(43, 43, false), (42, 42, true)] {
            let mut answer = answer(b"1234 1234", false);
            hide(&mut answer, &["1234"], bound, false);
            assert_eq!((answer.body.len(), answer.truncated), (length, truncated));
        }
    }

    #[test]
    fn urls_in_headers_lose_their_credentials() {
        let headers = [
            ("location", "/next?access_token=abc&x=hunter2"),
            ("content-location", "https://u:p@h/?key=abc"),
            ("x-note", "hunter2?key=abc"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut answer = AttemptResponse { headers, ..answer(b"", false) };
        hide(&mut answer, &["hunter2"], ENOUGH, false);
        let values: Vec<_> = answer.headers.iter().map(|(_, value)| value.as_str()).collect();
        let location = "/next?access_token=•••••••&x=•••••••";
        assert_eq!(values, [location, "https://•••••••@h/?key=•••••••", "•••••••?key=abc"]);
    }

    #[test]
    fn a_request_tells_what_is_secret_in_it() {
        let mut headers = http::HeaderMap::new();
        for (name, value) in [("authorization", "Token abc def"), ("x-api-key", "k"), ("x", "y")] {
            headers.insert(name, value.parse().unwrap());
        }
        let url = "http://h/?token=a%20b&form=c&pass".parse().unwrap();
        let request = Assembled { method: http::Method::POST, url, headers };
        let secrets = secrets_of_request(&request);
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["Token abc def", "abc def", "k", "a%20b", "a b", ""]);
    }

    proptest! {
        /// Whatever a body is made of and wherever it was cut, no secret can be read in it.
        #[test]
        fn no_secret_stays(
            before in proptest::collection::vec(any::<u8>(), 0..20),
            secret in "[a-zé]{4,12}",
            after in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut answer = answer(&[&before, secret.as_bytes(), &after].concat(), false);
            hide(&mut answer, &[&secret], ENOUGH, false);
            let found = answer.body.windows(secret.len()).any(|part| part == secret.as_bytes());
            prop_assert!(!found);
        }
    }
}
