//! The clock, handed in so that tests can turn it.

use std::sync::Arc;
use std::time::SystemTime;

use fieldpost_model::time::Timestamp;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's own clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn system() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}
