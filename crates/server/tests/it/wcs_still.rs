//! A hub whose clock is turned by hand, so that days, windows and moments in answers are known to the second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fieldpost_model::time::Timestamp;
use serde_json::Value;

use crate::hub::{Engine, TestHub};

/// Midnight of the first of January 2026, a Thursday, in microseconds.
const NEW_YEAR: i64 = 1_767_225_600_000_000;

/// A hub at midnight of the new year, and its clock.
pub(crate) struct Still {
    pub(crate) hub: TestHub,
    now: Arc<AtomicI64>,
}

impl Still {
    /// A hub with the project that is made for it. Calls of its lifecycles are tried once.
    pub(crate) async fn start(engine: Engine, project: impl FnOnce(&TestHub) -> Value) -> Self {
        let now = Arc::new(AtomicI64::new(NEW_YEAR));
        let told = Arc::clone(&now);
        let hub = TestHub::start_flow(engine, |flow| {
            flow.clock = Arc::new(move || Timestamp(told.load(Ordering::Relaxed)));
            flow.call_patience = Duration::ZERO;
        })
        .await;
        hub.apply(project(&hub)).await;
        Self { hub, now }
    }

    /// Turns the clock to so many seconds after midnight.
    pub(crate) fn turn_to(&self, seconds: i64) {
        self.now.store(NEW_YEAR + seconds * 1_000_000, Ordering::Relaxed);
    }
}
