//! HTTP Digest (RFC 7616) from the side of who asks: with MD5, which is all that Collect answers.
//!
//! The question, the nonce, is a time with a signature, so nothing has to be remembered: any hub of
//! the project recognises it, also after a restart. It is signed with a random key of the
//! installation, so that nobody can try passwords against it at home, and with all the secrets of the
//! project's keys: whoever changes one lets all questions grow old at once. For the sake of memory a
//! nonce may be answered more than once within its time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::hexadecimal;
use fieldpost_model::project::ApiAccess;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderValue, Uri};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::senders::same_secret;

/// How long a question can be answered.
const LIFETIME: Duration = Duration::from_mins(10);
/// How far the clocks of two hubs may be apart.
const SKEW: Duration = Duration::from_mins(1);
/// Bytes of the time in a nonce, and of its signature.
const TIME_BYTES: usize = 8;
const SIGNATURE_BYTES: usize = 16;

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// What this installation signs its questions with.
    pub(crate) installation: &'a Secret,
    pub(crate) project: &'a str,
    /// All keys of the project.
    pub(crate) keys: &'a [ApiAccess],
    pub(crate) now: Timestamp,
}

impl Asked<'_> {
    /// What people are shown when they are asked.
    pub(crate) fn realm(&self) -> String {
        format!("Fieldpost {}", self.project)
    }

    fn nonce(&self, at: Timestamp) -> String {
        let time = at.0.to_be_bytes();
        let mut nonce = time.to_vec();
        nonce.extend_from_slice(&self.signature(time));
        URL_SAFE_NO_PAD.encode(nonce)
    }

    fn signature(&self, time: [u8; TIME_BYTES]) -> [u8; SIGNATURE_BYTES] {
        let mut secrets = Sha256::new();
        secrets.update(self.installation.expose().as_bytes());
        for key in self.keys {
            let secret = key.secret.expose().as_bytes();
            secrets.update((secret.len() as u64).to_be_bytes());
            secrets.update(secret);
        }
        let digest: [u8; 32] = secrets.finalize().into();
        // As HMAC itself does with a key that is shorter than a block.
        let mut key = [0; 64];
        for (place, byte) in key.iter_mut().zip(digest) {
            *place = byte;
        }
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(b"fieldpost digest nonce\0");
        mac.update(self.project.as_bytes());
        mac.update(&time);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut signature = [0; SIGNATURE_BYTES];
        for (short, long) in signature.iter_mut().zip(whole) {
            *short = long;
        }
        signature
    }

    /// Whether a nonce is a question of ours that can still be answered.
    fn is_fresh(&self, nonce: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(nonce) else { return false };
        let Some((time, signature)) = bytes.split_first_chunk::<TIME_BYTES>() else { return false };
        if !same_secret(&self.signature(*time), signature) {
            return false;
        }
        let age = self.now.0.saturating_sub(i64::from_be_bytes(*time));
        (-micros(SKEW)..=micros(LIFETIME)).contains(&age)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The question, as the value of `WWW-Authenticate`.
pub(crate) fn challenge(asked: &Asked<'_>, is_stale: bool) -> String {
    let (realm, nonce) = (asked.realm(), asked.nonce(asked.now));
    let stale = if is_stale { ", stale=true" } else { "" };
    format!("Digest realm=\"{realm}\", qop=\"auth\", algorithm=MD5, nonce=\"{nonce}\"{stale}")
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    /// It is right, and its question is not ours or too old.
    Stale,
    Wrong,
}

/// The request that an answer is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'r> {
    pub(crate) method: &'r str,
    pub(crate) uri: &'r Uri,
    /// What the public URL has before each path.
    pub(crate) prefix: &'r str,
}

impl Target<'_> {
    /// Whether a client means this request by what it signed; some sign the whole URL, and behind a
    /// proxy the path may begin with more.
    fn is_meant_by(&self, signed: &str) -> bool {
        let wanted = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let signed = signed
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)))
            .unwrap_or(signed);
        signed == wanted || signed.strip_prefix(self.prefix) == Some(wanted)
    }
}

/// An answer, as a client sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    username: String,
    realm: String,
    nonce: String,
    uri: String,
    response: String,
    algorithm: String,
    quality: String,
    count: String,
    client_nonce: String,
}

impl Answer {
    /// Reads the header `Authorization`; `None` where it is of another scheme.
    pub(crate) fn read(authorization: &HeaderValue) -> Option<Self> {
        let text = std::str::from_utf8(authorization.as_bytes()).ok()?;
        let (scheme, rest) = text.trim_start().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let mut answer = Self::default();
        for (name, value) in parameters(rest) {
            let place = match name.to_ascii_lowercase().as_str() {
                "username" => &mut answer.username,
                "realm" => &mut answer.realm,
                "nonce" => &mut answer.nonce,
                "uri" => &mut answer.uri,
                "response" => &mut answer.response,
                "algorithm" => &mut answer.algorithm,
                "qop" => &mut answer.quality,
                "nc" => &mut answer.count,
                "cnonce" => &mut answer.client_nonce,
                _ => continue,
            };
            *place = value;
        }
        Some(answer)
    }

    /// The name that it is given for.
    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// Checks the answer for one of these keys.
    pub(crate) fn check(
        &self,
        asked: &Asked<'_>,
        keys: &[&ApiAccess],
        target: &Target<'_>,
    ) -> Verdict {
        let is_md5 = self.algorithm.is_empty() || self.algorithm.eq_ignore_ascii_case("md5");
        let is_for_this = is_md5
            && self.quality.eq_ignore_ascii_case("auth")
            && self.realm == asked.realm()
            && target.is_meant_by(&self.uri);
        let key = keys.iter().find(|key| key.name == self.username);
        let (true, Some(key)) = (is_for_this, key) else { return Verdict::Wrong };
        let expected = self.expected(key.secret.expose(), target.method);
        let sent = self.response.to_ascii_lowercase();
        if !same_secret(expected.as_bytes(), sent.as_bytes()) {
            return Verdict::Wrong;
        }
        if asked.is_fresh(&self.nonce) { Verdict::Holds } else { Verdict::Stale }
    }

    /// The response that whoever knows the secret sends.
    fn expected(&self, secret: &str, method: &str) -> String {
        let user = md5(&format!("{}:{}:{secret}", self.username, self.realm));
        let request = md5(&format!("{method}:{}", self.uri));
        let Self { nonce, count, client_nonce, quality, .. } = self;
        md5(&format!("{user}:{nonce}:{count}:{client_nonce}:{quality}:{request}"))
    }
}

fn md5(text: &str) -> String {
    hexadecimal::encode(&Md5::digest(text.as_bytes()))
}

/// The parameters of a header: `name=value` or `name="value"`, with commas between them.
fn parameters(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',', '\t']);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match after.split_once(',') {
                Some((value, after)) => (value.trim().to_owned(), after),
                None => (after.trim().to_owned(), ""),
            },
        };
        found.push((name.trim(), value));
        rest = after.trim_start_matches([' ', ',', '\t']);
    }
    found
}

/// A quoted text up to its end, and what comes after it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

#[cfg(test)]
mod tests {
    use fieldpost_model::project::NonceRule;
    use fieldpost_model::secret::Secret;

    use super::*;

    fn key(name: &str, secret: &str) -> ApiAccess {
        ApiAccess {
            name: name.to_owned(),
            secret: Secret::new(secret),
            algorithms: Vec::new(),
            roles: Vec::new(),
            anonymised_only: false,
            nonce: NonceRule::Required,
        }
    }

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    /// The answer that a client gives to a question.
    fn answered(question: &str, username: &str, secret: &str, method: &str, uri: &str) -> Answer {
        let question = question.strip_prefix("Digest ").unwrap();
        let asked = parameters(question);
        let of = |wanted: &str| {
            asked.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone()).unwrap()
        };
        let mut answer = Answer {
            username: username.to_owned(),
            realm: of("realm"),
            nonce: of("nonce"),
            uri: uri.to_owned(),
            algorithm: of("algorithm"),
            quality: of("qop"),
            count: "00000001".to_owned(),
            client_nonce: "0a4f113b".to_owned(),
            response: String::new(),
        };
        answer.response = answer.expected(secret, method);
        answer
    }

    #[test]
    fn the_example_of_the_specification_holds() {
        let header = HeaderValue::from_static(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
             response=\"8ca523f5e9506fed4657c9700eebdbec\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
        );
        let answer = Answer::read(&header).unwrap();
        assert_eq!(answer.expected("Circle of Life", "GET"), "8ca523f5e9506fed4657c9700eebdbec");
    }

    #[test]
    fn an_answer_holds_for_its_key_request_and_time() {
        let keys = [key("phones", "correct horse"), key("partner", "other")];
        let taken: Vec<&ApiAccess> = keys.iter().take(1).collect();
        let installation = Secret::new("of the installation".to_owned());
        let at = |now| Asked { installation: &installation, project: "clinic", keys: &keys, now };
        let question = challenge(&at(NOW), false);
        let check = |answer: &Answer, now, method: &str, uri: &'static str| {
            let uri = Uri::from_static(uri);
            let target = Target { method, uri: &uri, prefix: "/hub" };
            answer.check(&at(now), &taken, &target)
        };
        let path = "/p/clinic/submission?deviceID=1";
        let answer = answered(&question, "phones", "correct horse", "POST", path);
        assert_eq!(check(&answer, NOW, "POST", path), Verdict::Holds);
        assert_eq!(check(&answer, NOW, "HEAD", path), Verdict::Wrong);
        assert_eq!(check(&answer, NOW, "POST", "/p/other/submission"), Verdict::Wrong);
        let minute = 60_000_000;
        assert_eq!(check(&answer, Timestamp(NOW.0 + 10 * minute), "POST", path), Verdict::Holds);
        let late = Timestamp(NOW.0 + 10 * minute + 1);
        assert_eq!(check(&answer, late, "POST", path), Verdict::Stale);
        let early = Timestamp(NOW.0 - minute - 1);
        assert_eq!(check(&answer, early, "POST", path), Verdict::Stale);

        for (username, secret) in
            [("phones", "correct horsE"), ("partner", "other"), ("", ""), ("phones", "")]
        {
            let answer = answered(&question, username, secret, "POST", path);
            assert_eq!(check(&answer, NOW, "POST", path), Verdict::Wrong, "{username}");
        }
        for signed in [
            "https://hub.example.org/p/clinic/submission?deviceID=1",
            "/hub/p/clinic/submission?deviceID=1",
        ] {
            let answer = answered(&question, "phones", "correct horse", "POST", signed);
            assert_eq!(check(&answer, NOW, "POST", path), Verdict::Holds, "{signed}");
        }
    }

    #[test]
    fn a_question_of_somebody_else_is_asked_anew() {
        let keys = [key("phones", "correct horse")];
        let taken: Vec<&ApiAccess> = keys.iter().collect();
        let installations = ["one", "two"].map(|text| Secret::new(text.to_owned()));
        let [here, elsewhere] = &installations;
        let ours = Asked { installation: here, project: "clinic", keys: &keys, now: NOW };
        let other = [key("phones", "another")];
        let theirs = Asked { keys: &other, ..ours };
        let of_others = Asked { installation: elsewhere, ..ours };
        let uri = Uri::from_static("/p/clinic/submission");
        let target = Target { method: "POST", uri: &uri, prefix: "" };
        for nonce in [
            theirs.nonce(NOW),
            of_others.nonce(NOW),
            String::new(),
            "AAAA".to_owned(),
            "%".to_owned(),
        ] {
            let question = challenge(&ours, false).replace(&ours.nonce(NOW), &nonce);
            let answer =
                answered(&question, "phones", "correct horse", "POST", "/p/clinic/submission");
            assert_eq!(answer.check(&ours, &taken, &target), Verdict::Stale, "{nonce}");
        }
        assert!(challenge(&ours, true).ends_with("stale=true"));
    }

    #[test]
    fn whatever_is_sent_is_read_or_not() {
        for (header, is_digest) in [
            ("Basic abc", false),
            ("Digest", false),
            ("digest ", true),
            ("Digest =,=,\"", true),
            ("DIGEST username=\"a\\\"b\", qop=auth", true),
            ("Digest username=\"unfinished", true),
        ] {
            let read = Answer::read(&HeaderValue::from_str(header).unwrap());
            assert_eq!(read.is_some(), is_digest, "{header}");
        }
        let header = HeaderValue::from_static("Digest username=\"a\\\"b, c\" , qop=auth,nc=1");
        let read = Answer::read(&header).unwrap();
        assert_eq!((&*read.username, &*read.quality, &*read.count), ("a\"b, c", "auth", "1"));
    }
}
