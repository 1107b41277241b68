//! The room that the answers of jobs take in the hub's memory.
//!
//! A job may wait for many answers at once, and many jobs run beside each other, so a bound for one answer
//! bounds nothing. Small answers are read as they come. One that grows takes a place among the middling ones
//! first, and among the large ones where it grows on, and keeps both until whoever asked has passed it on; where
//! no place is free it waits, and the sender with it, until the request's own time is over. Places are taken
//! in this order alone and a large answer needs no further one, so nobody waits in a ring.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Up to how many bytes an answer takes no place.
pub(crate) const SMALL_ANSWER_BYTES: usize = 64 * 1024;
/// Up to how many bytes an answer takes a middling place alone.
const MIDDLING_ANSWER_BYTES: usize = 1024 * 1024;
/// How many middling answers, and larger ones, a hub reads at once.
const MIDDLING_ANSWERS: usize = 32;
/// How many large answers a hub reads at once. One of 23 MiB takes up to four times as much: packed, unpacked, and
/// as the JSON that a job is told.
const LARGE_ANSWERS: usize = 4;

/// The places of a hub, or those of one step in it.
#[derive(Clone, Debug)]
pub struct AnswerRoom {
    middling: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl AnswerRoom {
    fn of(middling: usize, large: usize) -> Self {
        Self {
            middling: Arc::new(Semaphore::new(middling)),
            large: Arc::new(Semaphore::new(large)),
        }
    }

    /// The places of a whole hub.
    pub(crate) fn of_hub() -> Self {
        Self::of(MIDDLING_ANSWERS, LARGE_ANSWERS)
    }

    /// The places that one step may have of those, so that it leaves some to the others.
    pub fn of_step() -> Self {
        Self::of(MIDDLING_ANSWERS / 4, 1)
    }
}

/// The places of one answer. They are free again when this is dropped.
#[derive(Debug, Default)]
pub struct Places {
    middling: Vec<OwnedSemaphorePermit>,
    large: Vec<OwnedSemaphorePermit>,
}

impl Places {
    /// Takes what an answer of so many bytes needs in all of these rooms, and waits where there is no place.
    pub(crate) async fn take(&mut self, bytes: usize, rooms: &[&AnswerRoom]) {
        if bytes > SMALL_ANSWER_BYTES && self.middling.is_empty() {
            self.middling = one_of_each(rooms.iter().map(|room| &room.middling)).await;
        }
        if bytes > MIDDLING_ANSWER_BYTES && self.large.is_empty() {
            self.large = one_of_each(rooms.iter().map(|room| &room.large)).await;
        }
    }
}

/// One place of each, taken in the order given. None of them is ever closed.
async fn one_of_each(rooms: impl Iterator<Item = &Arc<Semaphore>>) -> Vec<OwnedSemaphorePermit> {
    let mut places = Vec::new();
    for room in rooms {
        places.extend(Arc::clone(room).acquire_owned().await.ok());
    }
    places
}
