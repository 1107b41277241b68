//! Room for bodies: how many bytes of them the hub holds in memory at once, over all connections.
//!
//! Each connection may send a body of the setting `max-body`. All of them together would fill the
//! memory of any machine, so what is larger than a small body takes its bytes out of one stock, the
//! setting `bodies-in-memory`, and gives them back with the last handle to the body. Who finds the
//! stock empty is asked to come back, before his bytes are read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bodies of up to this many bytes are free: the number of connections bounds them well enough,
/// and nearly all messages of the field are as small.
pub(crate) const FREE_BYTES: usize = 64 * 1024;
/// What a body of unknown length takes at a time, in bytes.
const STEP: usize = 64 * 1024;
/// The stock is counted in pieces of this many bytes.
const PIECE: usize = 1024;
/// DEFLATE makes at most this many bytes of one.
const MOST_OF_DEFLATE: usize = 1_032;

/// The stock of bytes.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    stock: Arc<Semaphore>,
    pieces: usize,
}

/// There is not room enough for a body at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl Room {
    /// Room for that many bytes. The longest body of `max_body` bytes has to fit, or it could not
    /// be taken by the idlest hub.
    pub(crate) fn new(bytes: usize, max_body: usize) -> Self {
        let pieces = pieces(bytes.max(max_body)).min(Semaphore::MAX_PERMITS);
        Self { stock: Arc::new(Semaphore::new(pieces)), pieces }
    }

    /// A share of it, for one body.
    pub(crate) const fn share(&self) -> Share<'_> {
        Share { room: self, taken: None, bytes: 0 }
    }
}

/// What one body has taken so far.
#[derive(Debug)]
pub(crate) struct Share<'r> {
    room: &'r Room,
    taken: Option<OwnedSemaphorePermit>,
    /// What is taken, in bytes.
    bytes: usize,
}

impl Share<'_> {
    /// Takes all of a body whose length was declared.
    pub(crate) fn declare(&mut self, length: usize) -> Result<(), NoRoom> {
        if length <= FREE_BYTES.max(self.bytes) {
            return Ok(());
        }
        let wanted = self.to_take(length);
        let stock = Arc::clone(&self.room.stock);
        let taken = stock.try_acquire_many_owned(wanted).map_err(|_| NoRoom)?;
        self.add(taken);
        Ok(())
    }

    /// Takes what a body of unknown length needs that has become so long.
    pub(crate) fn grow(&mut self, length: usize) -> Result<(), NoRoom> {
        if length <= FREE_BYTES.max(self.bytes) {
            return Ok(());
        }
        self.declare(length.max(self.bytes + STEP)).or_else(|NoRoom| self.declare(length))
    }

    /// Takes what undoing a compression may need beside the body itself. Its bytes are there
    /// already and others are being dealt with, so it waits for its turn.
    pub(crate) async fn wait_to_undo(
        &mut self,
        expanded: usize,
        patience: Duration,
    ) -> Result<(), NoRoom> {
        if expanded <= FREE_BYTES {
            return Ok(());
        }
        // What is larger than all the room may use all of it.
        let all = self.room.pieces * PIECE;
        let wanted = self.to_take(self.bytes.saturating_add(expanded).min(all));
        let acquire = Arc::clone(&self.room.stock).acquire_many_owned(wanted);
        let taken = tokio::time::timeout(patience, acquire).await;
        self.add(taken.map_err(|_| NoRoom)?.map_err(|_| NoRoom)?);
        Ok(())
    }

    /// Ties what was taken to the body: it is given back when nobody holds the body any longer.
    pub(crate) fn hold(self, body: Bytes) -> Bytes {
        match self.taken {
            Some(taken) => Bytes::from_owner(Held { body, _taken: taken }),
            None => body,
        }
    }

    /// The pieces that are missing to this many bytes.
    fn to_take(&self, bytes: usize) -> u32 {
        let missing = pieces(bytes).saturating_sub(pieces(self.bytes));
        u32::try_from(missing).unwrap_or(u32::MAX)
    }

    fn add(&mut self, taken: OwnedSemaphorePermit) {
        self.bytes += taken.num_permits() * PIECE;
        match &mut self.taken {
            Some(before) => before.merge(taken),
            None => self.taken = Some(taken),
        }
    }
}

/// A body together with the room that it takes.
struct Held {
    body: Bytes,
    _taken: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

const fn pieces(bytes: usize) -> usize {
    bytes.div_ceil(PIECE)
}

/// The most bytes that a body of `length` bytes becomes when its content encodings are undone,
/// where no stage may be longer than `limit`; 0 where there is nothing to undo.
pub(crate) fn most_when_undone(encodings: &str, length: usize, limit: usize) -> usize {
    match encodings.trim().to_ascii_lowercase().as_str() {
        _ if length == 0 => 0,
        "" | "identity" => 0,
        "gzip" | "x-gzip" | "deflate" => length.saturating_mul(MOST_OF_DEFLATE).min(limit),
        // Brotli has no such bound, nor has one compression within another.
        _ => limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    #[test]
    fn small_bodies_are_free_and_larger_ones_are_not() {
        let room = Room::new(200 * KIB, KIB);
        let mut first = room.share();
        first.declare(200 * KIB).unwrap();
        assert_eq!(room.share().declare(FREE_BYTES), Ok(()));
        assert_eq!(room.share().declare(FREE_BYTES + 1), Err(NoRoom));
        assert_eq!(room.share().grow(FREE_BYTES), Ok(()));
        assert_eq!(room.share().grow(FREE_BYTES + 1), Err(NoRoom));
        drop(first);
        assert_eq!(room.share().declare(200 * KIB), Ok(()));
        assert_eq!(room.share().declare(200 * KIB + 1), Err(NoRoom));
    }

    #[test]
    fn a_body_of_unknown_length_takes_step_by_step() {
        let room = Room::new(200 * KIB, KIB);
        let mut share = room.share();
        for length in [1, FREE_BYTES, 100 * KIB, 128 * KIB, 129 * KIB, 200 * KIB] {
            share.grow(length).unwrap();
            assert!(share.bytes >= length || length <= FREE_BYTES, "{length}: {}", share.bytes);
        }
        assert_eq!(room.stock.available_permits(), 0);
        assert_eq!(share.grow(200 * KIB + 1), Err(NoRoom));
    }

    #[test]
    fn the_longest_body_fits_however_little_room_is_asked_for() {
        assert_eq!(Room::new(0, 1_000_000).share().declare(1_000_000), Ok(()));
    }

    #[test]
    fn room_is_given_back_with_the_last_handle_to_the_body() {
        let room = Room::new(100 * KIB, KIB);
        let mut share = room.share();
        share.declare(100 * KIB).unwrap();
        let body = share.hold(Bytes::from_static(b"{}"));
        let other = body.clone();
        drop(body);
        assert_eq!(room.stock.available_permits(), 0);
        assert_eq!(other, "{}");
        drop(other);
        assert_eq!(room.stock.available_permits(), 100);
    }

    #[tokio::test]
    async fn compressed_bodies_wait_for_room_and_not_for_ever() {
        let room = Room::new(100 * KIB, KIB);
        let moment = Duration::from_millis(10);
        let mut first = room.share();
        // More than there is means all there is.
        first.wait_to_undo(1_000 * KIB, moment).await.unwrap();
        assert_eq!(room.share().wait_to_undo(FREE_BYTES, moment).await, Ok(()));
        assert_eq!(room.share().wait_to_undo(FREE_BYTES + 1, moment).await, Err(NoRoom));
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { room.share().wait_to_undo(100 * KIB, Duration::from_secs(20)).await }
        });
        drop(first);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }

    #[test]
    fn compressions_become_as_long_as_they_can() {
        for (encodings, length, expected) in [
            ("", 100, 0),
            ("Identity", 100, 0),
            ("br", 0, 0),
            ("GZIP", 1, 1_032),
            ("deflate", 100_000, 1_000_000),
            ("br", 1, 1_000_000),
            ("gzip, gzip", 1, 1_000_000),
        ] {
            assert_eq!(most_when_undone(encodings, length, 1_000_000), expected, "{encodings}");
        }
    }
}
