//! What is held for a while: by whom, how long, and who may take it over at once.

use std::time::Instant;

use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::clock::Clock;
use crate::statement::Parameter;

/// The time by which leases of deliveries end on SQLite. It goes on steadily from the start of this
/// process, which alone can hold any: when somebody sets the machine's clock, a call that is under way
/// must not seem to be over.
#[derive(Clone, Debug)]
pub(crate) struct LeaseClock {
    begun_at: Timestamp,
    begun: Instant,
}

impl LeaseClock {
    pub(crate) fn start(clock: &Clock) -> Self {
        Self { begun_at: clock(), begun: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.begun_at + self.begun.elapsed()
    }
}

impl Store {
    /// The condition that an earlier start of this node holds a row: it is gone, since the folder is
    /// locked. `first` is the first of the two placeholders that the parameters stand for. Names
    /// are compared as they are: a `%` in one is no wildcard.
    pub(crate) fn held_before(&self, first: usize) -> (String, [Parameter; 2]) {
        let node = self.owner.split('/').next().unwrap_or_default();
        let sql = format!(
            "(owner <> ${first} AND substr(owner, 1, length(${second})) = ${second})",
            second = first + 1
        );
        (sql, [self.owner.as_str().into(), format!("{node}/").into()])
    }
}
