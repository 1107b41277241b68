//! Reading `www-authenticate`: what a destination asks, and in which words.

use http::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a destination asks with the scheme `Digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    pub(super) algorithm: Algorithm,
    /// The algorithm's name as it came, where one came.
    pub(super) algorithm_name: Option<String>,
    /// Whether the answer counts and carries a nonce of its own (`qop=auth`).
    pub(super) quality: bool,
    /// Whether only the nonce of the last answer was wrong.
    pub(super) stale: bool,
    /// Whether user names go as UTF-8.
    pub(super) utf8: bool,
}

/// What digests are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) hash: Hash,
    /// Whether the user's part is digested with the nonces once more.
    pub(super) session: bool,
}

/// The hash functions, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha256,
}

/// What a destination wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// An answer that the hub can give.
    Digest(Challenge),
    /// Something else; says what, as the end of a sentence.
    Other(String),
}

/// The strongest challenge that can be answered.
pub(super) fn strongest(headers: &HeaderMap) -> Offer {
    let mut schemes = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        schemes.extend(schemes_of(&String::from_utf8_lossy(value.as_bytes())));
    }
    let is_digest = |scheme: &Scheme| scheme.name.eq_ignore_ascii_case("digest");
    let answerable =
        schemes.iter().filter(|scheme| is_digest(scheme)).filter_map(Scheme::challenge);
    if let Some(challenge) = answerable.max_by_key(|challenge| challenge.algorithm.hash) {
        return Offer::Digest(challenge);
    }
    Offer::Other(if schemes.iter().any(is_digest) {
        "it asks for a form of Digest that the hub does not know; MD5 and SHA-256 with qop=auth \
         can be answered"
            .to_owned()
    } else if schemes.is_empty() {
        "it does not say how to prove oneself, so Digest cannot be answered".to_owned()
    } else {
        let names: Vec<&str> = schemes.iter().map(|scheme| scheme.name.as_str()).collect();
        format!("it asks for {}, not for Digest", names.join(" or "))
    })
}

/// One scheme of a `www-authenticate` header, with its parameters.
struct Scheme {
    name: String,
    parameters: Vec<(String, String)>,
}

impl Scheme {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The challenge, where the hub can answer it.
    fn challenge(&self) -> Option<Challenge> {
        let algorithm_name = self.get("algorithm");
        let (hash, session) = match algorithm_name.unwrap_or("MD5").to_ascii_lowercase().as_str() {
            "md5" => (Hash::Md5, false),
            "md5-sess" => (Hash::Md5, true),
            "sha-256" => (Hash::Sha256, false),
            "sha-256-sess" => (Hash::Sha256, true),
            _ => return None,
        };
        let quality = match self.get("qop") {
            Some(offered) => {
                let mut offered = offered.split(',').map(str::trim);
                if !offered.any(|quality| quality.eq_ignore_ascii_case("auth")) {
                    return None;
                }
                true
            }
            // The user's part would be digested with a nonce of the hub's, which only an answer with
            // a `qop` may name (RFC 2617, section 3.2.2): nobody could check it.
            None if session => return None,
            None => false,
        };
        let is = |name, value: &str| {
            self.get(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        Some(Challenge {
            realm: self.get("realm").unwrap_or_default().to_owned(),
            nonce: self.get("nonce")?.to_owned(),
            opaque: self.get("opaque").map(str::to_owned),
            algorithm: Algorithm { hash, session },
            algorithm_name: algorithm_name.map(str::to_owned),
            quality,
            stale: is("stale", "true"),
            utf8: is("charset", "utf-8"),
        })
    }
}

/// Reads the schemes of one header. A header may hold several, parted by the same commas as their
/// parameters: what begins a scheme is a word that stands before a parameter without `=`.
fn schemes_of(header: &str) -> Vec<Scheme> {
    let mut schemes: Vec<Scheme> = Vec::new();
    for part in split_at_commas(header) {
        let part = part.trim();
        let (before, value) = match part.split_once('=') {
            Some((before, value)) => (before.trim(), Some(value.trim())),
            None => (part, None),
        };
        let (scheme, name) = match (before.split_once(char::is_whitespace), value) {
            (Some((scheme, name)), _) => (Some(scheme), name.trim()),
            (None, Some(_)) => (None, before),
            (None, None) => (Some(before), ""),
        };
        if let Some(name) = scheme.filter(|name| !name.is_empty()) {
            schemes.push(Scheme { name: name.to_owned(), parameters: Vec::new() });
        }
        if let (Some(scheme), Some(value)) = (schemes.last_mut(), value) {
            scheme.parameters.push((name.to_owned(), unquoted(value)));
        }
    }
    schemes
}

/// Splits at the commas that stand in no quotes.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|character| {
        let is_escaped = escaped;
        escaped = quoted && !is_escaped && character == '\\';
        if character == '"' && !is_escaped {
            quoted = !quoted;
        }
        character == ',' && !quoted
    })
    .collect()
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else { return text.to_owned() };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut escaped = false;
    inner
        .chars()
        .filter(|character| {
            escaped = !escaped && *character == '\\';
            !escaped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(headers: &[&str]) -> Offer {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, header.parse().unwrap());
        }
        strongest(&map)
    }

    #[track_caller]
    fn check(headers: &[&str], nonce: &str, hash: Hash, session: bool) {
        let Offer::Digest(challenge) = offer(headers) else { panic!("{headers:?}") };
        assert_eq!(challenge.nonce, nonce);
        assert_eq!(challenge.algorithm, Algorithm { hash, session });
    }

    #[test]
    fn takes_the_strongest_challenge_wherever_it_stands() {
        let weak = "Digest realm=\"r\", nonce=\"weak\", qop=\"auth\", algorithm=MD5";
        let strong = "Digest realm=\"r\", nonce=\"strong\", qop=auth, algorithm=SHA-256";
        check(&[weak, strong], "strong", Hash::Sha256, false);
        check(&[strong, weak], "strong", Hash::Sha256, false);
        check(&[&format!("Basic realm=\"a, b\", {weak}, {strong}")], "strong", Hash::Sha256, false);
        check(&[&format!("Negotiate, {weak}")], "weak", Hash::Md5, false);
        check(&[&format!("Negotiate abc==, {weak}")], "weak", Hash::Md5, false);
        check(&["digest NONCE = x , Algorithm=md5-SESS, QOP=Auth"], "x", Hash::Md5, true);
        let newest = "Digest nonce=\"new\", algorithm=SHA-512-256, qop=auth";
        check(&[newest, weak], "weak", Hash::Md5, false);
    }

    #[test]
    fn says_what_else_is_asked_for() {
        for (headers, expected) in [
            (&[][..], "it does not say how to prove oneself"),
            (&["Basic realm=\"x\", Bearer"], "it asks for Basic or Bearer, not for Digest"),
            (&["Digest nonce=\"n\", qop=\"auth-int\""], "it asks for a form of Digest"),
            (&["Digest nonce=\"n\", algorithm=SHA-512-256"], "it asks for a form of Digest"),
            (&["Digest realm=\"r\""], "it asks for a form of Digest"),
            (&["Digest nonce=\"n\", algorithm=MD5-sess"], "it asks for a form of Digest"),
            (&["Digest nonce=\"n\", algorithm=SHA-256-sess"], "it asks for a form of Digest"),
        ] {
            let Offer::Other(why) = offer(headers) else { panic!("{headers:?}") };
            assert!(why.starts_with(expected), "{why}");
        }
    }

    proptest! {
        /// Whatever a destination sends, reading it ends.
        #[test]
        fn nothing_breaks_the_reader(header in "[ -~]{0,80}") {
            drop(schemes_of(&header));
        }
    }
}
