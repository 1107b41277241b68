//! A destination that wants its query signed, as w.c.s. does.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{only, query_of};
use crate::destination::{Answer, FakeDestination, ReceivedRequest};

const ORIGIN: &str = "partner";
const KEY: &str = "s3cret key";

/// A server that answers `200` to queries that `partner` has signed at the expected time, and
/// otherwise `403` with the reason.
#[derive(Debug)]
pub struct SignedAuthority {
    destination: FakeDestination,
}

impl SignedAuthority {
    /// Starts a server that takes only this `timestamp`.
    pub async fn start(timestamp: &'static str) -> Self {
        let destination = FakeDestination::start().await;
        let nonces = Arc::new(Mutex::new(HashSet::new()));
        destination.answer_with("*", move |request| {
            let mut nonces = nonces.lock().unwrap_or_else(PoisonError::into_inner);
            match check(request, timestamp, &mut nonces) {
                Ok(()) => Answer::status(200),
                Err(why) => Answer::status(403).body(why),
            }
        });
        Self { destination }
    }

    /// Who may sign.
    pub fn origin(&self) -> &'static str {
        ORIGIN
    }

    /// The key to sign with.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// The server itself.
    pub fn destination(&self) -> &FakeDestination {
        &self.destination
    }
}

/// Checks in the order in which w.c.s. does.
fn check(
    request: &ReceivedRequest,
    timestamp: &str,
    nonces: &mut HashSet<String>,
) -> Result<(), &'static str> {
    let query = query_of(request);
    let origin = only(&query, "orig").ok_or("Missing/multiple orig field.")?;
    if origin != ORIGIN {
        return Err("Invalid orig.");
    }
    let algorithm = only(&query, "algo").ok_or("Missing/multiple algo field.")?;
    let (message, _) = request.query.split_once("&signature=").ok_or("Missing signature.")?;
    let signed = wcs_signature(algorithm, KEY, message).ok_or("Invalid algo.")?;
    if only(&query, "signature") != Some(signed.as_str()) {
        return Err("Invalid signature.");
    }
    if only(&query, "timestamp").ok_or("Missing/multiple timestamp field.")? != timestamp {
        return Err("timestamp is more than 30 seconds in the past");
    }
    let nonce = only(&query, "nonce").ok_or("Missing/multiple nonce field.")?;
    if nonces.insert(nonce.to_owned()) { Ok(()) } else { Err("Nonce already used.") }
}

/// What w.c.s. expects as the signature of a query; `None` for an algorithm that it does not know.
pub fn wcs_signature(algorithm: &str, key: &str, message: &str) -> Option<String> {
    let key = key.as_bytes();
    match algorithm {
        "sha1" => Hmac::<Sha1>::new_from_slice(key).map(|mac| sign(mac, message)).ok(),
        "sha256" => Hmac::<Sha256>::new_from_slice(key).map(|mac| sign(mac, message)).ok(),
        "sha512" => Hmac::<Sha512>::new_from_slice(key).map(|mac| sign(mac, message)).ok(),
        _ => None,
    }
}

fn sign(mut mac: impl Mac, message: &str) -> String {
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
