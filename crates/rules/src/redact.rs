//! Keeping credentials out of what is stored, shown and logged.
//!
//! Requests are recorded whole, so that a person can see what was sent and what came in; but their
//! headers and queries carry passwords. Everything that records or prints a request passes through
//! here first. Whether a value is a credential is told by its name: the few names that the
//! standards give, and words that name a credential wherever they appear. A false alarm costs a
//! value that cannot be read back; a miss costs a password. So the words are broad.

use std::borrow::Cow;

use fieldpost_model::hexadecimal;
use fieldpost_model::secret::PLACEHOLDER;
use sha2::{Digest as _, Sha256};

/// The shortest secret, in characters, that [`scrub`] looks for: anything shorter stands in
/// ordinary words, and hiding it there would tell more than it hides.
pub const SHORTEST_SCRUBBED_SECRET: usize = 4;

/// Digits that tell masked webhooks apart: few enough to give nothing away.
const MARK_DIGITS: usize = 4;

/// Names of headers that always carry a credential.
const CREDENTIAL_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth"];

/// Names of query parameters that always carry a credential.
const CREDENTIAL_PARAMETERS: [&str; 6] = ["key", "auth", "authorization", "sig", "pass", "pwd"];

/// Words that make a name the name of a credential.
const CREDENTIAL_WORDS: [&str; 15] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "api-key",
    "apikey",
    "auth-key",
    "access-key",
    "subscription-key",
    "functions-key",
    "signature",
    "credential",
    "session",
    "jwt",
];

/// What the names of headers that carry a key end in. A query parameter may well be the key of a
/// record, so this is for headers only.
const CREDENTIAL_HEADER_ENDING: &str = "-key";

/// What looks like a credential and is none: the one proves one message, the other names it, and
/// neither grants anything.
const NO_CREDENTIALS: [&str; 2] = ["webhook-signature", "idempotency-key"];

/// Headers whose value is a scheme and then the credential.
const SCHEME_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];

/// What comes before the secret in an inbox URL.
const INBOX: &str = "/inbox/";

/// What comes before the project of a receiver, and before the secret of a key in its path.
const RECEIVER: &str = "/p/";
const KEY: &str = "key/";

/// What comes before the id or the path of a webhook.
const WEBHOOK: &str = "/i/";

/// Whether a header of this name carries a credential.
pub fn is_credential_header(name: &str) -> bool {
    let name = plain(name);
    is_credential(&name, &CREDENTIAL_HEADERS)
        || name.ends_with(CREDENTIAL_HEADER_ENDING) && !NO_CREDENTIALS.contains(&name.as_str())
}

/// Whether a query parameter of this name carries a credential.
pub fn is_credential_parameter(name: &str) -> bool {
    is_credential(&plain(name), &CREDENTIAL_PARAMETERS)
}

/// Masks the values of credential-bearing headers. An authorization keeps its scheme, which helps
/// to see what went wrong and gives nothing away.
pub fn mask_headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let shown =
                if is_credential_header(name) { mask_header(name, value) } else { value.clone() };
            (name.clone(), shown)
        })
        .collect()
}

/// Masks the values of credential-bearing query parameters.
pub fn mask_query(query: &[(String, String)]) -> Vec<(String, String)> {
    query
        .iter()
        .map(|(name, value)| {
            let shown =
                if is_credential_parameter(name) { PLACEHOLDER.to_owned() } else { value.clone() };
            (name.clone(), shown)
        })
        .collect()
}

/// Masks what a URL gives away: the user and password before the host, and the values of
/// credential-bearing query parameters. The rest stays as written, even where it is no valid URL.
pub fn mask_url(url: &str) -> String {
    let (rest, fragment) = split_before(url, '#');
    let (address, query) = split_before(rest, '?');
    let mut masked = mask_user(address).into_owned();
    if let Some(query) = query.strip_prefix('?') {
        let pairs: Vec<_> = query.split('&').map(mask_pair).collect();
        masked.push('?');
        masked.push_str(&pairs.join("&"));
    }
    masked + fragment
}

/// Masks all of a webhook's URL but its scheme and host: chat services put the key into the path.
/// What differs in the hidden part only must not be taken for each other, so a mark of a few digits
/// of its digest ends it. What is masked already, and what has nothing to hide, stays as it is.
pub fn mask_webhook(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return mask_url(url) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, hidden) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let shown = mask_url(&format!("{scheme}://{host}"));
    match hidden.strip_prefix('/').unwrap_or(hidden) {
        "" => format!("{shown}{hidden}"),
        masked if masked.starts_with(PLACEHOLDER) => format!("{shown}{hidden}"),
        _ => {
            let digits = hexadecimal::encode(&Sha256::digest(url));
            let mark: String = digits.chars().take(MARK_DIGITS).collect();
            format!("{shown}/{PLACEHOLDER}#{mark}")
        }
    }
}

/// Masks what names a webhook: `/i/<id>`, `/i/<project>/<path>`. Other paths stay as they are.
pub fn mask_webhook_path(path: &str) -> String {
    match path.strip_prefix(WEBHOOK) {
        Some(_) => format!("{WEBHOOK}{PLACEHOLDER}"),
        None => path.to_owned(),
    }
}

/// Masks the secret of a way in: `/inbox/<secret>`, `/p/<project>/key/<secret>/…`. Other paths stay
/// as they are.
pub fn mask_inbox_path(path: &str) -> String {
    match path.split_once(INBOX) {
        Some(("", secret)) if !secret.is_empty() => format!("{INBOX}{PLACEHOLDER}"),
        _ => mask_key(path).unwrap_or_else(|| path.to_owned()),
    }
}

/// The path of a receiver, `/p/<project>/key/<secret>/…`, with its secret masked; `None` for any
/// other.
fn mask_key(path: &str) -> Option<String> {
    let (project, rest) = path.strip_prefix(RECEIVER)?.split_once('/')?;
    let rest = rest.strip_prefix(KEY)?;
    let behind = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    Some(format!("{RECEIVER}{project}/{KEY}{PLACEHOLDER}{behind}"))
}

/// Replaces known secrets wherever they stand in a text, such as an error message that repeats
/// what was sent.
pub fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|secret| secret.chars().count() >= SHORTEST_SCRUBBED_SECRET)
        .collect();
    // A secret may begin with another one; the longer must go first, or its end would stay.
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, PLACEHOLDER))
}

/// A name as the lists have it: in lower case, its parts joined by `-`.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.', ' '], "-")
}

/// Whether a plain name is that of a credential: one of `exact`, or one with a telling word in it.
fn is_credential(name: &str, exact: &[&str]) -> bool {
    if NO_CREDENTIALS.contains(&name) {
        return false;
    }
    exact.contains(&name) || CREDENTIAL_WORDS.iter().any(|word| name.contains(word))
}

/// The masked value of a credential-bearing header.
fn mask_header(name: &str, value: &str) -> String {
    let has_scheme = SCHEME_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
    match value.trim_start().split_once(' ') {
        Some((scheme, _)) if has_scheme && is_scheme(scheme) => format!("{scheme} {PLACEHOLDER}"),
        _ => PLACEHOLDER.to_owned(),
    }
}

/// Whether a word can be the name of an authentication scheme. Schemes are short words; anything
/// else may be a part of the credential.
fn is_scheme(word: &str) -> bool {
    const LONGEST_SCHEME: usize = 20;
    !word.is_empty()
        && word.len() <= LONGEST_SCHEME
        && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

/// Masks what stands between `://` and the last `@` before the path.
fn mask_user(address: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = address.split_once("://") else { return Cow::Borrowed(address) };
    let (authority, path) = split_before(rest, '/');
    match authority.rsplit_once('@') {
        Some((_, host)) => Cow::Owned(format!("{scheme}://{PLACEHOLDER}@{host}{path}")),
        None => Cow::Borrowed(address),
    }
}

/// Masks one `name=value` of a query, where the name calls for it.
fn mask_pair(pair: &str) -> Cow<'_, str> {
    let Some((name, _)) = pair.split_once('=') else { return Cow::Borrowed(pair) };
    // A name may be written with percent signs; it names a credential all the same.
    let reads = url::form_urlencoded::parse(name.as_bytes())
        .next()
        .is_some_and(|(name, _)| is_credential_parameter(&name));
    if reads { Cow::Owned(format!("{name}={PLACEHOLDER}")) } else { Cow::Borrowed(pair) }
}

/// Splits a text before the first such character; all of it, and nothing, where there is none.
fn split_before(text: &str, separator: char) -> (&str, &str) {
    text.find(separator).and_then(|index| text.split_at_checked(index)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn knows_credential_headers_by_their_names() {
        for name in [
            "authorization",
            "Authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "x-api-key",
            "X-API-Key",
            "apikey",
            "x_api_key",
            "x-auth-token",
            "x-client-secret",
            "x-password",
            "x-hub-signature-256",
            "x-aws-credential",
            "x-auth-key",
            "X-Access-Key",
            "ocp-apim-subscription-key",
            "x-functions-key",
            "x-master-key",
            "X_Partner_Key",
            "x-session",
            "session-id",
            "x-jwt-assertion",
        ] {
            assert!(is_credential_header(name), "{name}");
        }
        for name in [
            "content-type",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "Webhook-Signature",
            "idempotency-key",
            "Idempotency-Key",
            "www-authenticate",
            "x-keyboard",
            "key",
            "user-agent",
        ] {
            assert!(!is_credential_header(name), "{name}");
        }
    }

    #[test]
    fn masks_headers_and_keeps_the_scheme() {
        let masked = mask_headers(&pairs(&[
            ("Authorization", "Basic dXNlcjpwYXNz"),
            ("authorization", "ApiKey ann@example.org:abc"),
            ("authorization", "0123456789"),
            ("authorization", "a1b2c3 d4e5f6"),
            ("proxy-authorization", "Bearer abc"),
            ("cookie", "session=abc; theme=dark"),
            ("x-api-key", "Bearer abc"),
            ("accept", "*/*"),
        ]));
        assert_eq!(
            masked,
            pairs(&[
                ("Authorization", "Basic •••••••"),
                ("authorization", "ApiKey •••••••"),
                ("authorization", "•••••••"),
                ("authorization", "•••••••"),
                ("proxy-authorization", "Bearer •••••••"),
                ("cookie", "•••••••"),
                ("x-api-key", "•••••••"),
                ("accept", "*/*"),
            ])
        );
    }

    #[test]
    fn knows_credential_parameters_by_their_names() {
        for name in [
            "key",
            "access_key",
            "auth_key",
            "subscription-key",
            "Subscription.Key",
            "session",
            "sessionid",
            "jwt",
            "api_key",
            "access_token",
            "sig",
        ] {
            assert!(is_credential_parameter(name), "{name}");
        }
        for name in ["form", "record_key", "keys", "monkey", "idempotency_key", "author", "design"]
        {
            assert!(!is_credential_parameter(name), "{name}");
        }
    }

    #[test]
    fn masks_query_values() {
        let query = pairs(&[("access_token", "abc"), ("key", "abc"), ("form", "births")]);
        let masked = pairs(&[("access_token", "•••••••"), ("key", "•••••••"), ("form", "births")]);
        assert_eq!(mask_query(&query), masked);
    }

    #[test]
    fn masks_urls() {
        for (url, masked) in [
            ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
            ("https://ann:pass@example.org/a", "https://•••••••@example.org/a"),
            ("https://ann@example.org", "https://•••••••@example.org"),
            ("https://a@b@example.org/x@y", "https://•••••••@example.org/x@y"),
            ("https://example.org/?Token=abc&x=1", "https://example.org/?Token=•••••••&x=1"),
            ("https://example.org?api%5Fkey=a=b&", "https://example.org?api%5Fkey=•••••••&"),
            ("/hook?x&signature=abc#at?token=x", "/hook?x&signature=•••••••#at?token=x"),
            ("not a url", "not a url"),
            ("", ""),
        ] {
            assert_eq!(mask_url(url), masked, "{url}");
        }
    }

    #[test]
    fn masks_all_of_a_webhook_but_its_host() {
        for (url, masked) in [
            ("https://hooks.example.org/services/T0/B0/xxx", "https://hooks.example.org/•••••••#"),
            ("https://hooks.example.org:8443/a", "https://hooks.example.org:8443/•••••••#"),
            ("https://example.org?a=b", "https://example.org/•••••••#"),
            ("https://ann:pass@example.org/a", "https://•••••••@example.org/•••••••#"),
        ] {
            let shown = mask_webhook(url);
            let mark = shown.strip_prefix(masked).unwrap_or_else(|| panic!("{shown}"));
            assert_eq!(mark.len(), MARK_DIGITS, "{shown}");
            assert!(mark.bytes().all(|digit| digit.is_ascii_hexdigit()), "{shown}");
            assert_eq!(mask_webhook(&shown), shown);
        }
        for whole in ["https://example.org", "https://example.org/", "ops@example.org", ""] {
            assert_eq!(mask_webhook(whole), whole);
        }
        let [one, two] = ["a", "b"].map(|key| mask_webhook(&format!("https://example.org/{key}")));
        assert_ne!(one, two);
    }

    #[test]
    fn masks_inbox_paths() {
        for (path, masked) in [
            ("/inbox/abc", "/inbox/•••••••"),
            ("/inbox/abc/def", "/inbox/•••••••"),
            ("/inbox/", "/inbox/"),
            ("/i/0190", "/i/0190"),
            ("/api/inbox/abc", "/api/inbox/abc"),
            ("/p/clinic/key/abc/submission", "/p/clinic/key/•••••••/submission"),
            ("/p/clinic/key/abc", "/p/clinic/key/•••••••"),
            ("/p/key/key/abc/forms/a.xml", "/p/key/key/•••••••/forms/a.xml"),
            ("/p/clinic/submission", "/p/clinic/submission"),
            ("/p/key/submission", "/p/key/submission"),
            ("/p/clinic", "/p/clinic"),
        ] {
            assert_eq!(mask_inbox_path(path), masked);
        }
        for (path, masked) in [
            ("/i/0190", "/i/•••••••"),
            ("/i/clinic/intake/births", "/i/•••••••"),
            ("/inbox/abc", "/inbox/abc"),
            ("/api/i/0190", "/api/i/0190"),
        ] {
            assert_eq!(mask_webhook_path(path), masked);
        }
    }

    #[test]
    fn scrubs_known_secrets_of_four_characters_and_more() {
        for (text, secrets, scrubbed) in [
            ("user:hunter2@host", &["hunter2"][..], "user:•••••••@host"),
            ("hunter22 and hunter2", &["hunter2", "hunter22"], "••••••• and •••••••"),
            ("abc stays", &["abc"], "abc stays"),
            ("abcd goes", &["abcd"], "••••••• goes"),
            ("éàü stays, 6 bytes", &["éàü"], "éàü stays, 6 bytes"),
            ("nothing", &[""], "nothing"),
        ] {
            assert_eq!(scrub(text, secrets), scrubbed);
        }
    }

    proptest! {
        #[test]
        fn a_secret_never_survives(
            before in "[a-z ]{0,10}",
            secret in "[A-Z0-9]{4,12}",
            after in "[a-z ]{0,10}",
        ) {
            let text = format!("{before}{secret}{after}{secret}");
            prop_assert!(!scrub(&text, &[&secret]).contains(&secret));
            let url = format!("https://u:{secret}@h/{before}?token={secret}&{after}=1");
            prop_assert!(!mask_url(&url).contains(&secret));
            let hook = format!("https://h/{before}/{secret}?{after}");
            prop_assert!(!mask_webhook(&hook).contains(&secret));
        }

        #[test]
        fn masking_a_masked_url_changes_nothing(url in "\\PC*") {
            let masked = mask_url(&url);
            prop_assert_eq!(mask_url(&masked), masked);
        }
    }
}
