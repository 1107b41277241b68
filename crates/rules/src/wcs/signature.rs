//! Signed URLs: making them, and checking them.
//!
//! What is signed is the query as it stands in the request line, byte for byte, up to `&signature=`:
//!
//! ```text
//! existing query & orig= & email= or NameID= & algo= & timestamp= & nonce= & signature=
//! ╰──────────────────────── HMAC with the key of `orig` ────────────────╯
//! ```
//!
//! The checks, in their order, each with the text that w.c.s. has for it:
//!
//! 1. `orig` is there once; it is a key of the project.
//! 2. `algo` is there once; the key allows it.
//! 3. The signature is the right one. It is compared without stopping at the first difference. It
//!    must be the last parameter, for what stands behind it is not signed; w.c.s. lets that pass. A
//!    key without a secret signs nothing.
//! 4. `timestamp` is there once and at most 30 seconds away, either way.
//! 5. `nonce` is there once, unless the key says `nonce: optional`, and was not there before. The last
//!    is for the caller to find out, in the store that all hubs share: [`Verified::nonce`] says what
//!    to remember and how long. w.c.s. forgets it after 30 seconds, while a query can be signed half
//!    a minute ahead and is good for a minute then.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDateTime;
use fieldpost_model::connection::{OnBehalfOf, SigningAlgorithm};
use fieldpost_model::project::{ApiAccess, NonceRule};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;
use url::{Url, form_urlencoded};

use super::query::Once;
use super::{Parameters, Refusal};

/// How far the time of a query may be from ours.
pub const WINDOW: Duration = Duration::from_secs(30);
/// How long a nonce is remembered: a query that was signed half a minute ahead is good for twice the
/// window, and hubs whose clocks differ by a minute must not take it twice.
pub const NONCE_KEPT: Duration = Duration::from_mins(2);
/// How many characters of a nonce count.
const NONCE_CHARACTERS: usize = 128;

/// How a query writes its time.
const TIMESTAMP_FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";
/// Where a query is cut.
const BEFORE_SIGNATURE: &str = "&signature=";

/// Signs queries with a key.
#[derive(Clone)]
pub struct Signer {
    /// Who signs: the parameter `orig`. A key that was agreed for one address needs none.
    origin: Option<String>,
    /// The parameter that names the user, encoded.
    user: Option<String>,
    algorithm: SigningAlgorithm,
    /// Keyed once; each signature starts from a copy.
    keyed: Keyed,
}

/// Says nothing of the key.
impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Signer").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer with this key; `None` where it is no key.
    pub fn new(
        origin: Option<&str>,
        key: &Secret,
        algorithm: SigningAlgorithm,
        on_behalf_of: Option<&OnBehalfOf>,
    ) -> Option<Self> {
        let user = on_behalf_of.map(|user| match user {
            OnBehalfOf::Email(address) => format!("email={}", encoded(address)),
            OnBehalfOf::NameId(id) => format!("NameID={}", encoded(id)),
        });
        let keyed = Keyed::new(algorithm, key)?;
        Some(Self { origin: origin.map(str::to_owned), user, algorithm, keyed })
    }

    /// Puts the signature behind the query of a URL. The nonce must be a new one each time, and of
    /// characters that a query takes as they are: the hexadecimal digits of 128 random bits.
    pub fn sign(&self, url: &mut Url, now: Timestamp, nonce: &str) {
        // RFC 3339 to the second: what follows are the decimals.
        let now = now.to_string();
        let seconds = now.split(['.', 'Z']).next().unwrap_or_default();
        let mut parts: Vec<String> = Vec::new();
        parts.extend(url.query().filter(|query| !query.is_empty()).map(str::to_owned));
        parts.extend(self.origin.as_ref().map(|origin| format!("orig={}", encoded(origin))));
        parts.extend(self.user.clone());
        parts.push(format!("algo={}", self.algorithm.name()));
        parts.push(format!("timestamp={}", encoded(&format!("{seconds}Z"))));
        parts.push(format!("nonce={nonce}"));
        // What is signed is what the URL will really send.
        url.set_query(Some(&parts.join("&")));
        let signed = url.query().unwrap_or_default();
        let signature = encoded(&STANDARD.encode(self.keyed.digest(signed.as_bytes())));
        let signed = format!("{signed}{BEFORE_SIGNATURE}{signature}");
        url.set_query(Some(&signed));
    }
}

#[derive(Clone)]
enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl Keyed {
    fn new(algorithm: SigningAlgorithm, key: &Secret) -> Option<Self> {
        let key = key.expose().as_bytes();
        match algorithm {
            SigningAlgorithm::Sha1 => Hmac::new_from_slice(key).map(Self::Sha1),
            SigningAlgorithm::Sha256 => Hmac::new_from_slice(key).map(Self::Sha256),
            SigningAlgorithm::Sha512 => Hmac::new_from_slice(key).map(Self::Sha512),
        }
        .ok()
    }

    fn digest(&self, message: &[u8]) -> Vec<u8> {
        fn finish(mut mac: impl Mac, message: &[u8]) -> Vec<u8> {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        match self.clone() {
            Self::Sha1(mac) => finish(mac, message),
            Self::Sha256(mac) => finish(mac, message),
            Self::Sha512(mac) => finish(mac, message),
        }
    }
}

/// Text as it stands in a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A query whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    /// The key that it was signed with.
    pub access: &'a ApiAccess,
    /// What must not have been there before; `None` where the query has none and needs none.
    pub nonce: Option<Nonce>,
}

/// What is good for one call. If it was remembered already, the call is refused with
/// [`nonce_already_used`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// The name of the key that it came with: what one partner sends takes nothing from another.
    pub origin: String,
    /// The nonce, in the form in which it is compared.
    pub text: String,
    /// How long it must be remembered.
    pub until: Timestamp,
}

/// Whether a query claims to be signed.
pub fn is_signed(parameters: &Parameters) -> bool {
    parameters.has("signature")
}

/// The refusal of a query whose nonce was there before.
pub fn nonce_already_used() -> Refusal {
    Refusal::denied("Nonce already used.")
}

/// Checks the signature of a query, which is the text behind the `?` of the request line, as sent.
pub fn check<'a>(
    query: &str,
    keys: &'a [ApiAccess],
    now: Timestamp,
) -> Result<Verified<'a>, Refusal> {
    let parameters = Parameters::of_query(query);
    let origin = single(&parameters, "orig")?;
    let access = keys.iter().find(|key| key.name == origin);
    let access = access.ok_or_else(|| Refusal::denied("Invalid orig."))?;
    let algorithm = single(&parameters, "algo")?;
    let algorithm = access.algorithms.iter().find(|it| it.name() == algorithm);
    let algorithm = algorithm.ok_or_else(|| Refusal::denied("Invalid algo."))?;
    if !has_right_signature(query, *algorithm, &access.secret) {
        return Err(Refusal::denied("Invalid signature."));
    }
    check_time(single(&parameters, "timestamp")?, now)?;
    Ok(Verified { access, nonce: nonce_of(&parameters, access, now)? })
}

/// Checks the signature of a query that names no key: one of these must have signed it. So whoever was given a key
/// for one address alone signs there.
pub fn check_with<'a>(
    query: &str,
    keys: &[&'a ApiAccess],
    now: Timestamp,
) -> Result<Verified<'a>, Refusal> {
    let parameters = Parameters::of_query(query);
    let written = single(&parameters, "algo")?;
    let allowed = |key: &ApiAccess| key.algorithms.iter().copied().find(|it| it.name() == written);
    let able: Vec<_> = keys.iter().filter_map(|key| Some((*key, allowed(key)?))).collect();
    if able.is_empty() {
        return Err(Refusal::denied("Invalid algo."));
    }
    let signer = able
        .into_iter()
        .find(|(key, algorithm)| has_right_signature(query, *algorithm, &key.secret));
    let (access, _) = signer.ok_or_else(|| Refusal::denied("Invalid signature."))?;
    check_time(single(&parameters, "timestamp")?, now)?;
    Ok(Verified { access, nonce: nonce_of(&parameters, access, now)? })
}

/// The value of a parameter that must stand there once, and not empty.
fn single<'p>(parameters: &'p Parameters, name: &str) -> Result<&'p str, Refusal> {
    match parameters.once(name) {
        Once::Value(value) if !value.is_empty() => Ok(value),
        _ => Err(Refusal::denied(format!("Missing/multiple {name} field."))),
    }
}

fn has_right_signature(query: &str, algorithm: SigningAlgorithm, secret: &Secret) -> bool {
    let Some((message, given)) = query.split_once(BEFORE_SIGNATURE) else { return false };
    // Whatever follows could be put there by anybody who saw the rest.
    if given.contains('&') || secret.expose().is_empty() {
        return false;
    }
    let given = form_urlencoded::parse(format!("signature={given}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let Ok(given) = STANDARD.decode(given) else { return false };
    let Some(keyed) = Keyed::new(algorithm, secret) else { return false };
    keyed.digest(message.as_bytes()).ct_eq(&given).into()
}

fn check_time(text: &str, now: Timestamp) -> Result<(), Refusal> {
    let sent = NaiveDateTime::parse_from_str(text, TIMESTAMP_FORMAT)
        .map_err(|_| Refusal::denied("Invalid timestamp field."))?;
    let sent = Timestamp(sent.and_utc().timestamp_micros());
    let (distance, side) = if sent < now {
        (now.since(sent), "in the past")
    } else {
        (sent.since(now), "in the future")
    };
    if distance <= WINDOW {
        return Ok(());
    }
    Err(Refusal::denied(format!(
        "timestamp is more than {} seconds {side}: {}",
        WINDOW.as_secs(),
        clock(distance)
    )))
}

/// A length of time as w.c.s. writes it: `0:01:00`, `2 days, 0:00:05`.
fn clock(distance: Duration) -> String {
    let seconds = distance.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    format!("{days}{hours}:{minutes:02}:{:02}", seconds % 60)
}

fn nonce_of(
    parameters: &Parameters,
    access: &ApiAccess,
    now: Timestamp,
) -> Result<Option<Nonce>, Refusal> {
    if access.nonce == NonceRule::Optional && !parameters.has("nonce") {
        return Ok(None);
    }
    let text = normalised_nonce(single(parameters, "nonce")?);
    // What leaves nothing to remember is none.
    if text.is_empty() {
        return Err(Refusal::denied("Missing/multiple nonce field."));
    }
    Ok(Some(Nonce { origin: access.name.clone(), text, until: now + NONCE_KEPT }))
}

/// A nonce as w.c.s. compares it: its first characters, in lower case, without accents and without
/// what is neither letter nor digit; blanks, slashes and dashes are one dash.
fn normalised_nonce(nonce: &str) -> String {
    let mut normalised = String::new();
    let beginning: String = nonce.chars().take(NONCE_CHARACTERS).collect();
    for character in beginning.trim().nfkd().filter(char::is_ascii) {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => {
                normalised.push(character.to_ascii_lowercase());
            }
            ' ' | '\t' | '\n' | '\'' | '/' | '-' if !normalised.ends_with('-') => {
                normalised.push('-');
            }
            _ => {}
        }
    }
    normalised
}

#[cfg(test)]
mod tests;
