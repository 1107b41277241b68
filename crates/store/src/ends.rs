//! What keeping and recording came to, as the engines tell it to the store.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use uuid::Uuid;

use crate::records::{Accepted, Outcome, Recorded, Verdict};

/// What keeping a message came to.
#[derive(Clone, Debug)]
pub(crate) struct AcceptEnd {
    pub(crate) accepted: Accepted,
    /// The waiting deliveries whose place its own have taken.
    pub(crate) superseded: Vec<Uuid>,
}

impl From<Accepted> for AcceptEnd {
    fn from(accepted: Accepted) -> Self {
        Self { accepted, superseded: Vec::new() }
    }
}

/// What becomes of a delivery and of its row in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Final: the row leaves.
    Leaves(DeliveryState),
    /// Final, and the row stays to hold those behind it.
    Holds(DeliveryState),
    /// Final, since a newer delivery waits that takes its place: the row leaves.
    Superseded { by: Uuid },
    /// Tried again after this pause.
    Waits(Duration),
}

impl End {
    /// The state that the delivery is in from here on.
    pub(crate) const fn state(self) -> DeliveryState {
        match self {
            Self::Leaves(state) | Self::Holds(state) => state,
            Self::Superseded { .. } => DeliveryState::Superseded,
            Self::Waits(_) => DeliveryState::Failed,
        }
    }

    /// Whether the delivery will not be tried again, and has not arrived: somebody is to be told.
    pub(crate) const fn is_without_success(self) -> bool {
        match self {
            Self::Leaves(state) | Self::Holds(state) => is_without_success(state),
            Self::Superseded { .. } | Self::Waits(_) => false,
        }
    }

    /// The pause before the next try.
    pub(crate) const fn pause(self) -> Option<Duration> {
        match self {
            Self::Waits(pause) => Some(pause),
            _ => None,
        }
    }

    /// The delivery that takes its place.
    pub(crate) const fn superseded_by(self) -> Option<Uuid> {
        match self {
            Self::Superseded { by } => Some(by),
            _ => None,
        }
    }
}

/// What recording an outcome came to.
#[derive(Clone, Debug)]
pub(crate) struct RecordEnd {
    pub(crate) recorded: Recorded,
    /// Where the delivery stands.
    pub(crate) state: DeliveryState,
    /// The lanes in which something may be claimed now that waited for it.
    pub(crate) free_lanes: Vec<String>,
}

impl Outcome {
    /// What becomes of the delivery, given a newer one that waits for the same key.
    pub(crate) fn end(&self, newer: Option<Uuid>) -> End {
        match (&self.verdict, newer) {
            (Verdict::RetryIn(_), Some(by)) => End::Superseded { by },
            (Verdict::RetryIn(pause), None) => End::Waits(*pause),
            (Verdict::Final(state), _) => {
                let holds = self.holds_followers && self.sequence.is_some();
                if holds && is_without_success(*state) {
                    End::Holds(*state)
                } else {
                    End::Leaves(*state)
                }
            }
        }
    }
}

const fn is_without_success(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Rejected | DeliveryState::Broken | DeliveryState::Cancelled)
}
