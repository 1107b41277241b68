//! What the operator can set about the flow.

use std::time::Duration;

use fieldpost_outbound::mail::Mailer;
use fieldpost_store::Clock;

use crate::lanes::breaker::BreakerPolicy;
use crate::running::JobSettings;

/// The settings of the flow.
#[derive(Clone)]
pub struct HubSettings {
    /// The longest body that is taken, after decompression, in bytes.
    pub max_body: usize,
    /// The most forms of a project that submissions may make known by themselves.
    pub max_forms: usize,
    /// The longest file that is fetched from a link, in bytes.
    pub max_fetched_file: u64,
    /// The most files that are fetched for one message.
    pub max_fetched_files: usize,
    /// The most bytes that are fetched for one message, all its files together.
    pub max_fetched_total: u64,
    /// How long one file may take to be fetched.
    pub fetch_timeout: Duration,
    /// The pause before a file is tried again for the first time; it grows from there.
    pub fetch_pause: Duration,
    /// Whether nothing leaves this hub: deliveries and notices are made, and wait.
    pub hold_deliveries: bool,
    /// Attempts under way at once, over all lanes.
    pub delivery_concurrency: usize,
    /// How often lanes and definitions are looked at although no hint came.
    pub poll_interval: Duration,
    /// How often it is looked how far the hub's clock is from the store's, which is the one for what has a point
    /// in time.
    pub clock_check: Duration,
    /// How long a stopping hub waits for attempts under way before it gives them back.
    pub stop_timeout: Duration,
    /// How often what was counted for charts is written: so much of it is lost when a hub is killed.
    pub tally_interval: Duration,
    /// When a destination that fails is left alone, and for how long.
    pub breaker: BreakerPolicy,
    /// The way to the relay that takes the hub's mail; without one, mails are kept as not sent.
    pub mailer: Option<Mailer>,
    /// What links to this hub begin with, without a slash at the end; without it, mails have none.
    pub public_url: Option<String>,
    /// The hour of the day, UTC, at which reports are written.
    pub report_hour: u32,
    /// The pause before a notice is tried again for the first time; it doubles from there.
    pub notice_pause: Duration,
    /// How long the first delivery that ends without having arrived waits for others, so that one
    /// mail tells of them.
    pub gather_endings: Duration,
    /// How long a session lasts that nobody uses.
    pub session_idle: Duration,
    /// How long a session lasts at the most.
    pub session_lifetime: Duration,
    /// The longest body that a call of a lifecycle sends, the files in it included, in bytes.
    pub max_call_body: usize,
    /// How long a call of a lifecycle is tried again before the lifecycle is told that it failed; zero: it is
    /// tried once.
    pub call_patience: Duration,
    /// What jobs and runs may take.
    pub jobs: JobSettings,
    /// The clock.
    pub clock: Clock,
}

impl HubSettings {
    /// The defaults.
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            max_body: 10_000_000,
            max_forms: 10_000,
            max_fetched_file: 100_000_000,
            max_fetched_files: 100,
            max_fetched_total: 500_000_000,
            fetch_timeout: Duration::from_mins(5),
            fetch_pause: Duration::from_secs(30),
            hold_deliveries: false,
            delivery_concurrency: 256,
            poll_interval: Duration::from_secs(1),
            clock_check: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(20),
            tally_interval: Duration::from_secs(2),
            breaker: BreakerPolicy::default(),
            mailer: None,
            public_url: None,
            report_hour: 6,
            notice_pause: Duration::from_secs(30),
            gather_endings: Duration::from_secs(30),
            session_idle: Duration::from_hours(14 * 24),
            session_lifetime: Duration::from_hours(90 * 24),
            max_call_body: 100_000_000,
            call_patience: Duration::from_mins(10),
            jobs: JobSettings::default(),
            clock,
        }
    }
}

impl std::fmt::Debug for HubSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HubSettings")
            .field("max_body", &self.max_body)
            .finish_non_exhaustive()
    }
}
