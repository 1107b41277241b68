//! A destination that asks for HTTP Digest.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use md5::Md5;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::destination::{Answer, FakeDestination, ReceivedRequest};

/// The user whom every such destination knows.
const USERNAME: &str = "ann";
const PASSWORD: &str = "open sesame";
const REALM: &str = "the \"warehouse\", upstairs";
const OPAQUE: &str = "opaque value";

/// A server that answers `200` to whoever proves by digest to be `ann` with the password
/// `open sesame`.
#[derive(Debug)]
pub struct DigestAuthority {
    destination: FakeDestination,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The algorithms that are offered, one challenge each.
    algorithms: Vec<String>,
    quality: bool,
    /// The last count of every nonce that was given out; `None` once it is stale.
    nonces: HashMap<String, Option<u32>>,
    accepted: usize,
    refused: usize,
}

impl DigestAuthority {
    /// Starts a server that offers these algorithms, with `qop=auth`.
    pub async fn start(algorithms: &[&str]) -> Self {
        Self::start_with(algorithms, true).await
    }

    /// Starts a server of the old kind, that knows nothing of `qop`.
    pub async fn start_without_quality(algorithms: &[&str]) -> Self {
        Self::start_with(algorithms, false).await
    }

    async fn start_with(algorithms: &[&str], quality: bool) -> Self {
        let destination = FakeDestination::start().await;
        let algorithms = algorithms.iter().map(ToString::to_string).collect();
        let state = State { algorithms, quality, ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let judge = Arc::clone(&state);
        destination.answer_with("*", move |request| locked(&judge).answer(request));
        Self { destination, state }
    }

    /// The user's name.
    pub fn username(&self) -> &'static str {
        USERNAME
    }

    /// The user's password.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The server itself.
    pub fn destination(&self) -> &FakeDestination {
        &self.destination
    }

    /// From now on every nonce that was given out is stale.
    pub fn forget_nonces(&self) {
        locked(&self.state).nonces.values_mut().for_each(|count| *count = None);
    }

    /// How many requests were accepted.
    pub fn accepted(&self) -> usize {
        locked(&self.state).accepted
    }

    /// How many requests were answered with a challenge.
    pub fn refused(&self) -> usize {
        locked(&self.state).refused
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, request: &ReceivedRequest) -> Answer {
        match self.check(request) {
            Ok(()) => {
                self.accepted += 1;
                Answer::status(200).body("welcome")
            }
            Err(stale) => {
                self.refused += 1;
                self.challenge(stale)
            }
        }
    }

    fn challenge(&mut self, stale: bool) -> Answer {
        let mut answer =
            Answer::status(401).header("www-authenticate", "Basic realm=\"no, thanks\"");
        for algorithm in self.algorithms.clone() {
            let nonce = Uuid::new_v4().simple().to_string();
            let realm = REALM.replace('"', "\\\"");
            let quality = if self.quality { ", qop=\"auth-int, auth\"" } else { "" };
            let stale = if stale { ", stale=true" } else { "" };
            let header = format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", opaque=\"{OPAQUE}\", \
                 algorithm={algorithm}{quality}{stale}"
            );
            self.nonces.insert(nonce, Some(0));
            answer = answer.header("www-authenticate", &header);
        }
        answer
    }

    /// The error says whether only the nonce is to blame.
    fn check(&mut self, request: &ReceivedRequest) -> Result<(), bool> {
        let header = request.header("authorization").ok_or(false)?;
        let parameters = parameters(header.strip_prefix("Digest ").ok_or(false)?);
        let get = |name: &str| parameters.get(name).map(String::as_str);
        let target = if request.query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, request.query)
        };
        let algorithm = get("algorithm").ok_or(false)?;
        let expected = [("username", USERNAME), ("realm", REALM), ("opaque", OPAQUE)];
        let is_meant = expected.iter().all(|(name, value)| get(name) == Some(*value))
            && get("uri") == Some(target.as_str())
            && self.algorithms.iter().any(|offered| offered == algorithm);
        if !is_meant {
            return Err(false);
        }
        let nonce = get("nonce").ok_or(false)?;
        let last = *self.nonces.get(nonce).ok_or(true)?;
        let last = last.ok_or(true)?;
        let digest = |text: String| digest(algorithm, &text);
        let mut user = digest(format!("{USERNAME}:{REALM}:{PASSWORD}"));
        let asked = digest(format!("{}:{target}", request.method));
        let proved = if self.quality {
            let (count, client_nonce) = (get("nc").ok_or(false)?, get("cnonce").ok_or(false)?);
            if get("qop") != Some("auth") || count.len() != 8 || client_nonce.is_empty() {
                return Err(false);
            }
            let number = u32::from_str_radix(count, 16).map_err(|_| false)?;
            if number <= last {
                // Somebody plays an old answer again.
                return Err(true);
            }
            self.nonces.insert(nonce.to_owned(), Some(number));
            if algorithm.ends_with("-sess") {
                user = digest(format!("{user}:{nonce}:{client_nonce}"));
            }
            digest(format!("{user}:{nonce}:{count}:{client_nonce}:auth:{asked}"))
        } else {
            digest(format!("{user}:{nonce}:{asked}"))
        };
        if get("response") == Some(proved.as_str()) { Ok(()) } else { Err(false) }
    }
}

/// Reads `name=value, name="value"`.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut parameters = HashMap::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let mut value = String::new();
                let mut characters = quoted.chars();
                while let Some(character) = characters.next() {
                    match character {
                        '"' => break,
                        '\\' => value.extend(characters.next()),
                        other => value.push(other),
                    }
                }
                (value, characters.as_str())
            }
            None => match after.split_once(',') {
                Some((value, _)) => (value.to_owned(), after.trim_start_matches(|it| it != ',')),
                None => (after.to_owned(), ""),
            },
        };
        parameters.insert(name.trim().to_owned(), value);
        rest = after.trim_start_matches([',', ' ']);
    }
    parameters
}

fn digest(algorithm: &str, text: &str) -> String {
    let bytes: Vec<u8> = if algorithm.starts_with("MD5") {
        Md5::digest(text).to_vec()
    } else {
        Sha256::digest(text).to_vec()
    };
    bytes.iter().fold(String::new(), |mut hexadecimal, byte| {
        // Writing to a text cannot fail.
        write!(hexadecimal, "{byte:02x}").unwrap_or_default();
        hexadecimal
    })
}
