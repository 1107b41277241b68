//! HTTP Digest (RFC 7616): the destination asks with a nonce, and the hub answers with a digest of
//! the nonce and the password, so that the password itself never travels.
//!
//! A nonce may be answered many times, each time with a higher count, so only the first call needs
//! a round trip more. Destinations may insist that the counts come in order; calls that run side by
//! side could overtake each other, so each answers a nonce of its own: whoever begins takes a
//! session from the pool, and puts it back when the answer is there.

mod challenge;

use std::sync::{Mutex, PoisonError};

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::hexadecimal;
use fieldpost_model::secret::Secret;
use http::header::{AUTHORIZATION, HeaderMap};
use md5::Md5;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use url::Position;
use uuid::Uuid;

use super::{Lesson, Shown, sensitive};
use crate::address::unbuildable;
use crate::request::Assembled;

use challenge::{Algorithm, Challenge, Hash, Offer};

/// How many sessions are kept for the next calls; more than a lane is usually wide.
const SESSIONS_KEPT: usize = 128;

/// A user who answers challenges.
pub(crate) struct Digest {
    username: String,
    password: Secret,
    /// The sessions that no call under way uses.
    sessions: Mutex<Vec<Session>>,
}

/// A nonce that is being answered.
#[derive(Clone, Debug)]
pub(super) struct Session {
    challenge: Challenge,
    /// The hub's own part, the same for the whole session as `-sess` asks for.
    client_nonce: String,
    /// The digest of user, realm and password, which is as good as the password.
    user: Secret,
    /// How many requests have answered the nonce.
    count: u32,
}

impl Digest {
    /// Reads the user's name and password.
    pub(super) fn prepare(
        username: &str,
        password: &Secret,
        secrets: &mut Vec<Secret>,
    ) -> Result<Self, AttemptError> {
        if username.contains(':') || username.chars().any(char::is_control) {
            return Err(unbuildable(format!(
                "The user name {username:?} holds a colon or a control character, which HTTP \
                 Digest cannot carry"
            )));
        }
        secrets.push(password.clone());
        let (username, password) = (username.to_owned(), password.clone());
        Ok(Self { username, password, sessions: Mutex::default() })
    }

    /// Answers a nonce that is known; without one the request goes out bare, to be asked.
    pub(super) fn show(
        &self,
        request: &mut Assembled,
        refused: Option<Shown>,
    ) -> Result<Shown, AttemptError> {
        let session = refused.and_then(|shown| shown.session).or_else(|| self.pool().pop());
        let Some(mut session) = session else { return Ok(Shown::default()) };
        session.count += 1;
        let uri = &request.url[Position::BeforePath..Position::AfterQuery];
        let answer = session.answer(&self.username, request.method.as_str(), uri);
        request.headers.insert(AUTHORIZATION, sensitive(answer.as_bytes(), "The user name")?);
        Ok(Shown { session: Some(session), ..Shown::default() })
    }

    /// Puts the session of a call that was not refused back for the next one.
    pub(super) fn keep(&self, session: Session) {
        let mut pool = self.pool();
        if pool.len() < SESSIONS_KEPT {
            pool.push(session);
        }
    }

    /// Takes in what the destination asks. It is worth an answer unless this very nonce has just
    /// been answered, and was not called stale.
    pub(super) fn learn(&self, shown: &mut Shown, answer: &HeaderMap) -> Lesson {
        let challenge = match challenge::strongest(answer) {
            Offer::Digest(challenge) => challenge,
            Offer::Other(why) => return Lesson::FinalBecause(why),
        };
        let answered = shown.session.take();
        let is_answered =
            answered.is_some_and(|session| session.challenge.nonce == challenge.nonce);
        if is_answered && !challenge.stale {
            return Lesson::Final;
        }
        let client_nonce = Uuid::new_v4().simple().to_string();
        shown.session =
            Some(Session::begin(challenge, client_nonce, &self.username, self.password.expose()));
        Lesson::TryAgain
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn begin(challenge: Challenge, client_nonce: String, username: &str, password: &str) -> Self {
        let Algorithm { hash, session } = challenge.algorithm;
        let realm = &challenge.realm;
        let mut user = digest(hash, &format!("{username}:{realm}:{password}"));
        if session {
            user = digest(hash, &format!("{user}:{}:{client_nonce}", challenge.nonce));
        }
        Self { challenge, client_nonce, user: Secret::new(user), count: 0 }
    }

    /// The `authorization` header.
    fn answer(&self, username: &str, method: &str, uri: &str) -> String {
        let Self { challenge, client_nonce, user, count } = self;
        let Challenge { realm, nonce, opaque, algorithm, .. } = challenge;
        let request = digest(algorithm.hash, &format!("{method}:{uri}"));
        let user = user.expose();
        let proved = if challenge.quality {
            format!("{user}:{nonce}:{count:08x}:{client_nonce}:auth:{request}")
        } else {
            format!("{user}:{nonce}:{request}")
        };
        let response = digest(algorithm.hash, &proved);
        let mut parts = vec![if challenge.utf8 && !username.is_ascii() {
            format!("username*=UTF-8''{}", utf8_percent_encode(username, NON_ALPHANUMERIC))
        } else {
            format!("username={}", quoted(username))
        }];
        parts.push(format!("realm={}", quoted(realm)));
        parts.push(format!("nonce={}", quoted(nonce)));
        parts.push(format!("uri={}", quoted(uri)));
        parts.push(format!("response=\"{response}\""));
        parts.extend(challenge.algorithm_name.as_ref().map(|name| format!("algorithm={name}")));
        if challenge.quality {
            parts.push(format!("qop=auth, nc={count:08x}, cnonce=\"{client_nonce}\""));
        }
        parts.extend(opaque.as_deref().map(|opaque| format!("opaque={}", quoted(opaque))));
        format!("Digest {}", parts.join(", "))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn digest(hash: Hash, text: &str) -> String {
    match hash {
        Hash::Md5 => hexadecimal::encode(&Md5::digest(text)),
        Hash::Sha256 => hexadecimal::encode(&Sha256::digest(text)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// RFC 7616, section 3.9.1.
    const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    const CLIENT_NONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn challenge_of(header: &str) -> Challenge {
        let mut headers = HeaderMap::new();
        headers.insert("www-authenticate", HeaderValue::from_str(header).unwrap());
        match challenge::strongest(&headers) {
            Offer::Digest(challenge) => challenge,
            Offer::Other(why) => panic!("{why}"),
        }
    }

    #[track_caller]
    fn check(header: &str, client_nonce: &str, user: (&str, &str), uri: &str, response: &str) {
        let challenge = challenge_of(header);
        let mut session = Session::begin(challenge, client_nonce.to_owned(), user.0, user.1);
        session.count = 1;
        let answer = session.answer(user.0, "GET", uri);
        assert!(answer.contains(&format!("response=\"{response}\"")), "{answer}");
    }

    #[test]
    fn answers_as_the_rfc_does() {
        let user = ("Mufasa", "Circle of Life");
        let asked = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", nonce=\"{NONCE}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let uri = "/dir/index.html";
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let asked = format!("{asked}, algorithm={algorithm}");
            check(&asked, CLIENT_NONCE, user, uri, response);
        }
    }

    /// The example of RFC 2617, and the same without a `qop`, as RFC 2069 has it.
    #[test]
    fn answers_older_servers() {
        let user = ("Mufasa", "Circle Of Life");
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
        let asked = format!("Digest realm=\"testrealm@host.com\", nonce=\"{nonce}\"");
        let uri = "/dir/index.html";
        let with_quality = format!("{asked}, qop=\"auth,auth-int\"");
        check(&with_quality, "0a4f113b", user, uri, "6629fae49393a05397450978507c4ef1");
        check(&asked, "0a4f113b", user, uri, "670fd8c2df070c60b045671b8b24ff02");
    }

    /// Computed with another implementation of the same formula.
    #[test]
    fn a_session_digests_the_nonces_as_well() {
        let asked = "Digest realm=\"r\", nonce=\"n\", qop=auth, algorithm=MD5-sess";
        check(asked, "c", ("u", "p"), "/", MD5_SESS);
        let asked = "Digest realm=\"r\", nonce=\"n\", qop=auth, algorithm=SHA-256-sess";
        check(asked, "c", ("u", "p"), "/", SHA256_SESS);
    }

    const MD5_SESS: &str = "6e4aac8b22e97762f88ccd0d5ccf5b1d";
    const SHA256_SESS: &str = "ea348c3992b38a8ab656b8bcd3589ab596820515773c2a4605013c6216e0f070";

    #[test]
    fn quotes_and_umlauts_arrive_whole() {
        let challenge = challenge_of(r#"Digest realm="a \"b\" \\c", nonce="n", qop="auth""#);
        assert_eq!(challenge.realm, r#"a "b" \c"#);
        let session = Session::begin(challenge, "c".to_owned(), "zoë", "p");
        let answer = session.answer("zoë", "GET", "/");
        assert!(answer.starts_with(r#"Digest username="zoë", realm="a \"b\" \\c", "#), "{answer}");
        let challenge = challenge_of(r#"Digest realm="r", nonce="n", charset=UTF-8"#);
        let session = Session::begin(challenge, "c".to_owned(), "zoë", "p");
        let answer = session.answer("zoë", "GET", "/");
        assert!(answer.starts_with("Digest username*=UTF-8''zo%C3%AB, realm=\"r\""), "{answer}");
    }

    #[test]
    fn a_nonce_that_was_just_answered_is_not_answered_again() {
        let digest = Digest::prepare("u", &Secret::new("p"), &mut Vec::new()).unwrap();
        let headers = |stale: &str, nonce: &str| {
            let header = format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\"{stale}");
            HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, header.parse().unwrap())])
        };
        let mut shown = Shown::default();
        assert_eq!(digest.learn(&mut shown, &headers("", "one")), Lesson::TryAgain);
        let answered = shown.clone();
        assert_eq!(digest.learn(&mut shown, &headers("", "one")), Lesson::Final);
        for (stale, nonce) in [(", stale=TRUE", "one"), ("", "two")] {
            let mut shown = answered.clone();
            assert_eq!(digest.learn(&mut shown, &headers(stale, nonce)), Lesson::TryAgain);
        }
    }

    #[test]
    fn no_more_sessions_are_kept_than_are_used_again() {
        let digest = Digest::prepare("u", &Secret::new("p"), &mut Vec::new()).unwrap();
        let challenge = challenge_of("Digest realm=\"r\", nonce=\"n\", qop=\"auth\"");
        let session = Session::begin(challenge, "c".to_owned(), "u", "p");
        for _ in 0..=SESSIONS_KEPT {
            digest.keep(session.clone());
        }
        assert_eq!(digest.pool().len(), SESSIONS_KEPT);
    }
}
