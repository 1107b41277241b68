//! Keeping a token until it expires, and getting the next one: once, however many callers want it.
//!
//! Three fences stand before the endpoint. A caller first looks at the token that the connection
//! holds in memory; nearly every call ends there. Where that one is expired or was refused, one
//! caller of this process goes on and the others wait for what it brings. It looks at the token
//! that all hubs share, and only with the turn of the [`TokenStore`] in hand does it ask the
//! endpoint. A token that was refused is named by its generation, so whoever comes late with an
//! old complaint is given the newer token instead of asking for yet another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use http::header::{HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use url::Url;

use super::endpoint::{Endpoint, NoToken};
use super::login::LoginClient;
use super::oauth2::Oauth2Client;
use super::{Circumstance, Preparation, Shown, sensitive, without_parameters};
use crate::request::Assembled;
use crate::tokens::{KeptToken, Pending, TokenKey, TokenStore, Turn, Written};

/// A token is given up this long before it expires, so that it does not expire on its way.
const EXPIRY_SLACK: Duration = Duration::from_secs(30);

/// The slack of a token that lives shortly is this part of its life.
const EXPIRY_SLACK_SHARE: u32 = 10;

/// The longest life that is believed of a token; what claims more is asked for again after it.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 365);

/// How much longer than the caller's own time the turn to ask is taken, to write what came of it.
const TURN_RESERVE: Duration = Duration::from_secs(5);

/// The longest that giving the turn back may take; it comes on top of the caller's own time.
const GIVE_BACK_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause before a hub looks again whether another one has got the token.
const TURN_POLL: Duration = Duration::from_millis(100);

/// A proof by token.
pub(crate) struct TokenProof {
    asking: Asking,
    place: Place,
    store: Arc<dyn TokenStore>,
    key: TokenKey,
    /// What the last caller got.
    held: Mutex<Option<Held>>,
    /// Held by the one caller that gets the next token; in it, why that went wrong last.
    turn: tokio::sync::Mutex<Option<LastFailure>>,
}

/// Whom to ask for a token.
pub(super) enum Asking {
    Oauth2(Oauth2Client),
    Login(LoginClient),
}

/// Where in a request the token goes.
pub(super) enum Place {
    Header { name: HeaderName, prefix: String },
    Query(String),
}

/// A token as an endpoint gave it.
pub(super) struct Fresh {
    pub(super) token: Secret,
    pub(super) refresh_token: Option<Secret>,
    /// How long it lives, where the endpoint says so.
    pub(super) lifetime: Option<Duration>,
}

/// A token that calls are made with.
#[derive(Clone)]
struct Held {
    token: Secret,
    refresh_token: Option<Secret>,
    expires_at: Option<Timestamp>,
    generation: u64,
}

struct LastFailure {
    at: Instant,
    error: AttemptError,
}

/// A digest over what a token is asked for with.
pub(super) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(super) fn new(kind: &str) -> Self {
        let mut fingerprint = Self(Sha256::new());
        fingerprint.add(kind);
        fingerprint
    }

    /// Adds a part. Its length goes in as well, so that no part can pass for the end of another.
    pub(super) fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }
}

impl Asking {
    fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Oauth2(client) => client.endpoint(),
            Self::Login(client) => client.endpoint(),
        }
    }

    async fn ask(
        &self,
        refresh_token: Option<&Secret>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Fresh, NoToken> {
        match self {
            Self::Oauth2(client) => client.ask(refresh_token, circumstance).await,
            Self::Login(client) => client.ask(circumstance).await,
        }
    }
}

impl TokenProof {
    pub(super) fn new(
        asking: Asking,
        fingerprint: Fingerprint,
        place: Place,
        preparation: &Preparation<'_>,
    ) -> Self {
        let key = TokenKey {
            project: preparation.project.clone(),
            connection: preparation.connection.to_owned(),
            fingerprint: fingerprint.0.finalize().into(),
        };
        let store = Arc::clone(preparation.tokens);
        Self {
            asking,
            place,
            store,
            key,
            held: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Whom the token is got from: "token endpoint auth.example.org".
    pub(super) fn origin(&self) -> String {
        self.asking.endpoint().describe()
    }

    /// Adds a token to a request: one beyond generation `refused`, where the destination has
    /// refused that one.
    pub(super) async fn show(
        &self,
        request: &mut Assembled,
        refused: Option<u64>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Shown, AttemptError> {
        let Held { token, generation, expires_at, .. } = self.token(refused, circumstance).await?;
        let mut secrets = vec![token.clone()];
        match &self.place {
            Place::Header { name, prefix } => {
                let value = format!("{prefix}{}", token.expose());
                let what = format!("The token of the {}", self.origin());
                request.headers.insert(name, sensitive(value.as_bytes(), what)?);
            }
            Place::Query(name) => {
                request.url.query_pairs_mut().append_pair(name, token.expose());
                let encoded = form_urlencoded::byte_serialize(token.expose().as_bytes());
                secrets.push(Secret::new(encoded.collect::<String>()));
            }
        }
        Ok(Shown { secrets, generation, token_expires_at: expires_at, ..Shown::default() })
    }

    /// The token itself, for who shows it in a way of its own.
    pub(super) async fn text(
        &self,
        circumstance: &Circumstance<'_>,
    ) -> Result<Secret, AttemptError> {
        Ok(self.token(None, circumstance).await?.token)
    }

    /// Takes the token out of a URL.
    pub(super) fn take_back(&self, url: &mut Url) {
        if let Place::Query(ours) = &self.place {
            without_parameters(url, |name, _| name == ours);
        }
    }

    async fn token(
        &self,
        refused: Option<u64>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Held, AttemptError> {
        if let Some(held) = self.held(refused, circumstance) {
            return Ok(held);
        }
        let wanted_at = Instant::now();
        let turn = circumstance.deadline.keep(self.turn.lock()).await;
        let mut last_failure = turn.map_err(|_elapsed| self.late(circumstance))?;
        // Whoever had the turn in the meantime may have brought a token, or a refusal: asking the
        // same question right again would only make a bad moment worse.
        if let Some(held) = self.held(refused, circumstance) {
            return Ok(held);
        }
        if let Some(failure) = last_failure.as_ref().filter(|failure| failure.at > wanted_at) {
            return Err(failure.error.clone());
        }
        match self.obtain(refused, circumstance).await {
            Ok(held) => {
                *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
                Ok(held)
            }
            Err(error) => {
                // Who ran out of its own time knows nothing that holds for those who have some left.
                if !circumstance.deadline.remaining().is_zero() {
                    *last_failure = Some(LastFailure { at: Instant::now(), error: error.clone() });
                }
                Err(error)
            }
        }
    }

    /// The token in memory, if it may be shown and was not refused.
    fn held(&self, refused: Option<u64>, circumstance: &Circumstance<'_>) -> Option<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|held| held.is_good(refused, circumstance.now())).cloned()
    }

    /// Takes the token that another hub has got, or gets one.
    async fn obtain(
        &self,
        refused: Option<u64>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Held, AttemptError> {
        let mut kept = self.stored(self.store.read(&self.key), circumstance).await?;
        loop {
            let known = kept.as_ref().and_then(Held::read);
            if let Some(held) = &known
                && held.is_good(refused, circumstance.now())
            {
                return Ok(held.clone());
            }
            let beyond = kept.as_ref().map_or(0, |kept| kept.generation).max(refused.unwrap_or(0));
            let lease = circumstance.deadline.remaining() + TURN_RESERVE;
            let turn = self.store.take_turn(&self.key, beyond, lease);
            match self.stored(turn, circumstance).await? {
                Turn::Ours { fence } => {
                    let refresh_token = known.and_then(|held| held.refresh_token);
                    return self.ask(fence, refresh_token.as_ref(), circumstance).await;
                }
                Turn::Newer(newer) => kept = Some(newer),
                Turn::Taken { for_at_most } => {
                    let pause = tokio::time::sleep(for_at_most.min(TURN_POLL));
                    let paused = circumstance.deadline.keep(pause).await;
                    paused.map_err(|_elapsed| self.late(circumstance))?;
                }
            }
        }
    }

    /// Asks the endpoint, with the turn in hand.
    async fn ask(
        &self,
        fence: u64,
        refresh_token: Option<&Secret>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Held, AttemptError> {
        let asked_at = circumstance.now();
        let asked = self.asking.ask(refresh_token, circumstance).await;
        let fresh = match asked.and_then(|fresh| self.sendable(fresh)) {
            Ok(fresh) => fresh,
            Err(NoToken { error, .. }) => {
                self.give_back(fence).await;
                return Err(error);
            }
        };
        let Fresh { token, refresh_token, lifetime } = fresh;
        let expires_at = lifetime.map(|lifetime| asked_at + usable_part(lifetime));
        let mut held = Held { token, refresh_token, expires_at, generation: 0 };
        let written = self.store.write(&self.key, fence, held.to_text(), expires_at);
        // A token that could not be kept still does for this process: generation 0 has no place in
        // the store, so the first refusal leads to a new one.
        match self.stored(written, circumstance).await {
            Ok(Written::Kept { generation }) => held.generation = generation,
            Ok(Written::TurnLost) => {
                tracing::debug!(key = ?self.key, "another hub has asked for a token meanwhile");
            }
            Err(error) => {
                tracing::warn!(error = error.message, key = ?self.key, "a token could not be kept");
            }
        }
        Ok(held)
    }

    /// Refuses a token that cannot be sent before anybody keeps it: the endpoint is at fault, and
    /// not what is to be sent with it.
    fn sendable(&self, fresh: Fresh) -> Result<Fresh, NoToken> {
        let in_header = matches!(self.place, Place::Header { .. });
        if in_header && HeaderValue::from_bytes(fresh.token.expose().as_bytes()).is_err() {
            let why = "the one in its answer cannot stand in a header";
            return Err(self.asking.endpoint().useless(why));
        }
        Ok(fresh)
    }

    /// Lets the next caller ask. The deadline may be over by now, so this has a limit of its own;
    /// where it fails, the turn ends with its lease.
    async fn give_back(&self, fence: u64) {
        let giving = self.store.give_back(&self.key, fence);
        match tokio::time::timeout(GIVE_BACK_TIMEOUT, giving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, key = ?self.key, "the turn to ask for a token was not given back");
            }
            Err(_elapsed) => {
                tracing::debug!(key = ?self.key, "the turn to ask for a token was not given back in time");
            }
        }
    }

    /// Waits for the store, but not beyond the deadline.
    async fn stored<T>(
        &self,
        pending: Pending<'_, T>,
        circumstance: &Circumstance<'_>,
    ) -> Result<T, AttemptError> {
        let answer = circumstance.deadline.keep(pending).await;
        answer.map_err(|_elapsed| self.late(circumstance))?.map_err(|error| AttemptError {
            kind: ErrorKind::Authentication,
            message: format!("The kept token of the connection cannot be had: {error}"),
        })
    }

    fn late(&self, circumstance: &Circumstance<'_>) -> AttemptError {
        AttemptError {
            kind: ErrorKind::Timeout,
            message: format!(
                "The {} gave no token within {:?}",
                self.origin(),
                circumstance.deadline.limit()
            ),
        }
    }
}

impl Held {
    /// Whether the token may be shown at `now`, and is not the one that was refused.
    fn is_good(&self, refused: Option<u64>, now: Timestamp) -> bool {
        refused.is_none_or(|refused| self.generation > refused)
            && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Reads what a store kept; what another version wrote in another way counts as no token.
    fn read(kept: &KeptToken) -> Option<Self> {
        let value = Value::parse(kept.text.expose().as_bytes()).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(Secret::new);
        Some(Self {
            token: text("token")?,
            refresh_token: text("refresh_token"),
            expires_at: kept.expires_at,
            generation: kept.generation,
        })
    }

    /// What a store keeps.
    fn to_text(&self) -> Secret {
        let mut members = vec![("token", Value::string(self.token.expose()))];
        if let Some(refresh_token) = &self.refresh_token {
            members.push(("refresh_token", Value::string(refresh_token.expose())));
        }
        Secret::new(Value::object(members).to_json())
    }
}

/// How long of its life a token is used.
fn usable_part(lifetime: Duration) -> Duration {
    let lifetime = lifetime.min(LONGEST_LIFE);
    lifetime.saturating_sub(EXPIRY_SLACK.min(lifetime / EXPIRY_SLACK_SHARE))
}

/// A number of seconds, as endpoints write it: a number, or a text with one in it.
pub(super) fn seconds(value: &Value<'_>) -> Option<Duration> {
    let text = value.as_number().or_else(|| value.as_str())?;
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_given_up_before_it_expires() {
        for (life, used) in [(0, 0), (10, 9), (300, 270), (301, 271), (3_600, 3_570)] {
            assert_eq!(usable_part(Duration::from_secs(life)), Duration::from_secs(used), "{life}");
        }
        assert!(usable_part(Duration::MAX) < LONGEST_LIFE);
    }

    #[test]
    fn lifetimes_are_numbers_however_they_are_written() {
        for (json, expected) in [
            ("3600", Some(3_600)),
            ("\"3600\"", Some(3_600)),
            ("3.6e3", Some(3_600)),
            ("-1", None),
            ("1e300", None),
            ("\"soon\"", None),
            ("null", None),
        ] {
            let value = Value::parse(json.as_bytes()).unwrap();
            assert_eq!(seconds(&value), expected.map(Duration::from_secs), "{json}");
        }
    }

    #[test]
    fn what_is_kept_can_be_read_again() {
        let held = Held {
            token: Secret::new("a \"b\""),
            refresh_token: Some(Secret::new("r")),
            expires_at: Some(Timestamp(5)),
            generation: 0,
        };
        let kept =
            KeptToken { text: held.to_text(), expires_at: Some(Timestamp(5)), generation: 4 };
        let read = Held::read(&kept).unwrap();
        assert_eq!(read.token.expose(), "a \"b\"");
        assert_eq!(read.refresh_token, held.refresh_token);
        assert!(read.is_good(Some(3), Timestamp(4)) && read.is_good(None, Timestamp(4)));
        assert!(!read.is_good(Some(4), Timestamp(4)) && !read.is_good(None, Timestamp(5)));
        let foreign = KeptToken { text: Secret::new("token"), ..kept };
        assert!(Held::read(&foreign).is_none());
    }
}
