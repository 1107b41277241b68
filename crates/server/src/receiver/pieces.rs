//! The body of an upload, piece by piece, within its bounds: not too long as a whole, not too slow,
//! and never more of it in memory than the reader of its parts has asked for.
//!
//! That reader takes whatever is there before it looks at it, and it looks for the end of a part's
//! head however far away that is. So it is given one piece a turn, and no more than a bound between
//! two signs that it gets on.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use hyper::body::Body as _;

use crate::body::{BodyRefusal, next_piece};

/// The most bytes that are handed on at once.
const PIECE: usize = 64 * 1024;
/// The most bytes that the reader of parts may take without getting on: all of a part's head.
pub(crate) const MOST_PENDING: usize = 256 * 1024;

/// What holds for an upload as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The most bytes.
    pub(crate) most: usize,
    /// The longest wait for a piece.
    pub(crate) patience: Duration,
}

/// Why there is no next piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The body ended otherwise than at its end.
    Body(BodyRefusal),
    /// What stands before a part's content is longer than anybody writes.
    LongHead,
}

/// What the stream and its reader know of each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pending: Arc<AtomicUsize>,
    stopped: Arc<Mutex<Option<Stop>>>,
}

impl Progress {
    /// The reader has got on.
    pub(crate) fn made(&self) {
        self.pending.store(0, Ordering::Relaxed);
    }

    /// Why the stream stopped, if it was the stream that did.
    pub(crate) fn stop(&self) -> Option<Stop> {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    body: Body,
    rest: Bytes,
    taken: usize,
    bounds: Bounds,
    progress: Progress,
    is_first: bool,
}

impl State {
    async fn next(&mut self) -> Result<Option<Bytes>, Stop> {
        if !self.is_first {
            // The reader looks at what it has before it gets more.
            tokio::task::yield_now().await;
        }
        self.is_first = false;
        while self.rest.is_empty() {
            let next = next_piece(&mut self.body);
            let next = tokio::time::timeout(self.bounds.patience, next).await;
            let next = next.map_err(|_| Stop::Body(BodyRefusal::TooSlow(self.bounds.patience)))?;
            let Some(piece) = next.map_err(Stop::Body)? else { return Ok(None) };
            if piece.len() > self.bounds.most - self.taken {
                return Err(Stop::Body(BodyRefusal::TooLarge(self.bounds.most)));
            }
            self.taken += piece.len();
            self.rest = piece;
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        let pending = self.progress.pending.fetch_add(piece.len(), Ordering::Relaxed);
        if pending + piece.len() > MOST_PENDING {
            return Err(Stop::LongHead);
        }
        Ok(Some(piece))
    }
}

/// The pieces of a body. Where they break off, the progress says why.
pub(crate) fn pieces(
    body: Body,
    bounds: Bounds,
    progress: Progress,
) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, Stop> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > bounds.most {
        return Err(Stop::Body(BodyRefusal::TooLarge(bounds.most)));
    }
    let state = State { body, rest: Bytes::new(), taken: 0, bounds, progress, is_first: true };
    Ok(stream::try_unfold(state, |mut state| async move {
        match state.next().await {
            Ok(piece) => Ok(piece.map(|piece| (piece, state))),
            Err(stop) => {
                let stopped = &state.progress.stopped;
                *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
                Err(io::Error::other("the upload broke off"))
            }
        }
    }))
}
