//! New ids and secrets: the only place of the engine that rolls dice.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::hexadecimal;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use sha2::{Digest as _, Sha256};
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

/// The last id's time, in ticks of 1/4096 ms.
static LAST: AtomicU64 = AtomicU64::new(0);
/// Where the clock went back by more than this, a second, ids follow it back.
const MOST_AHEAD: u64 = 1_000 << 12;

/// The time of a new id, later than that of every id before.
fn next_tick(now: Timestamp) -> u64 {
    let micros = u64::try_from(now.0).unwrap_or(0);
    let present = ((micros / 1_000) << 12) | ((micros % 1_000) * 4_096 / 1_000);
    let after = |last: u64| {
        let is_far_ahead = last.saturating_sub(present) > MOST_AHEAD;
        if is_far_ahead { present } else { present.max(last + 1) }
    };
    let last = LAST.update(Ordering::Relaxed, Ordering::Relaxed, after);
    after(last)
}

/// A UUIDv7 of this time. Ids sort in the order in which they were made, also within a
/// millisecond: its fraction stands in the twelve bits behind (RFC 9562, section 6.2, method 3).
pub(crate) fn new_id(now: Timestamp) -> Uuid {
    let tick = next_tick(now);
    let [.., high, low] = tick.to_be_bytes();
    let mut bytes: [u8; 10] = random();
    let [first, second, ..] = &mut bytes;
    (*first, *second) = (high & 0x0f, low);
    Builder::from_unix_timestamp_millis(tick >> 12, &bytes).into_uuid()
}

/// The same, younger than an id that may have been made by another clock, or by this one before it was
/// set back.
pub(crate) fn new_id_after(earlier: Uuid, now: Timestamp) -> Uuid {
    let milliseconds = earlier.get_timestamp().map_or(0, |time| {
        let (seconds, nanoseconds) = time.to_unix();
        seconds * 1_000 + u64::from(nanoseconds / 1_000_000)
    });
    let after = i64::try_from((milliseconds + 1) * 1_000).unwrap_or(0);
    new_id(now.max(Timestamp(after)))
}

/// The secret and the webhook id of a new source.
pub(crate) fn new_source_keys() -> (Secret, Uuid) {
    let text = hexadecimal::encode(&random::<SECRET_BYTES>());
    (Secret::new(text), Uuid::new_v4())
}

/// The key of something that is signed: 64 hexadecimal digits.
pub(crate) fn new_secret() -> Secret {
    Secret::new(hexadecimal::encode(&random::<32>()))
}

/// A secret of 256 bits that somebody holds and this hub does not: of what it is, the store keeps
/// [`digest`] alone.
pub(crate) fn new_opaque() -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()))
}

/// What the store knows of a secret that somebody else holds. The secret has 256 bits of
/// randomness, so that nobody finds it by trying.
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Random bytes, of which texts for people are made.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    random()
}

/// A number in `[0, 1)`, for jitter.
pub(crate) fn jitter() -> f64 {
    f64::from(u32::from_le_bytes(random())) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_in_the_order_of_their_making() {
        let now = Timestamp(1_795_336_327_962_482);
        let ids: Vec<Uuid> =
            (0..10_000).map(|number| new_id(Timestamp(now.0 + number / 9))).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        let (seconds, nanoseconds) = ids[0].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds / 1_000_000), (1_795_336_327, 962));
        let an_hour_back = new_id(Timestamp(now.0 - 3_600_000_000));
        assert!(an_hour_back < ids[0], "a clock that was set back is followed");
    }

    #[test]
    fn an_id_after_another_is_younger_whatever_the_clock_says() {
        let now = Timestamp(1_795_336_327_962_482);
        // Made by another hub, whose clock is an hour ahead.
        let earlier =
            Builder::from_unix_timestamp_millis(1_795_339_927_962, &[0xff; 10]).into_uuid();
        assert!(new_id(now) < earlier);
        assert!(new_id_after(earlier, now) > earlier);
        let later = Timestamp(now.0 + 7_200_000_000);
        let (seconds, _) = new_id_after(earlier, later).get_timestamp().unwrap().to_unix();
        assert_eq!(seconds, 1_795_343_527, "a clock that is ahead of it is believed");
    }
}
