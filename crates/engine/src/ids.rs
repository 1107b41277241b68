//! New ids and secrets: the only place of the engine that rolls dice.

use fieldpost_model::hexadecimal;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use uuid::{Builder, Uuid};

/// Bytes of a made inbox secret, written as 32 hexadecimal digits.
const SECRET_BYTES: usize = 16;

#[expect(
    clippy::expect_used,
    reason = "a hub without a source of randomness would make guessable secrets: better none"
)]
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A UUIDv7 of this time: ids sort by time.
pub(crate) fn new_id(now: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(now.0.div_euclid(1_000)).unwrap_or(0);
    Builder::from_unix_timestamp_millis(milliseconds, &random()).into_uuid()
}

/// The secret and the webhook id of a new source.
pub(crate) fn new_source_keys() -> (Secret, Uuid) {
    let text = hexadecimal::encode(&random::<SECRET_BYTES>());
    (Secret::new(text), Uuid::new_v4())
}

/// A number in `[0, 1)`, for jitter.
pub(crate) fn jitter() -> f64 {
    f64::from(u32::from_le_bytes(random())) / (f64::from(u32::MAX) + 1.0)
}
