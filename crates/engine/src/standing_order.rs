//! The standing order behind the calls of lifecycles, which no forwarder has made: to deliveries they are like
//! any other.

use std::time::Duration;

use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{
    Format, Forwarder, MessageFilter, Method, OnRejected, OrderBy, PayloadChoice, Rendering,
};
use fieldpost_model::retry::RetryPolicy;

/// What the names begin with that calls are ordered by, before that of their form: no forwarder can have such a name.
const ORDERED_BY: &str = "lifecycle:";
/// The pause after the first try that failed. Somebody waits for what follows, so it is short.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// Tries that each call gets, unless it is tried only once.
const TRIES: u32 = 3;

/// The name that the calls of a form are ordered by.
pub(crate) fn name(form: &str) -> String {
    format!("{ORDERED_BY}{form}")
}

/// Whether calls are ordered by that name. They lie where their lifecycle put them, until they end: no forwarder
/// says where they belong, and that there is none says nothing of them.
pub(crate) fn is_of_calls(name: &str) -> bool {
    name.starts_with(ORDERED_BY)
}

/// The standing order that a call is delivered by: how often it is tried before the lifecycle is told that
/// it failed.
pub(crate) fn order(name: &str, connection: &str, patience: Duration) -> Forwarder {
    let minimum_tries = if patience.is_zero() { 1 } else { TRIES };
    let retry = RetryPolicy {
        first: FIRST_PAUSE,
        max: LONGEST_PAUSE,
        give_up_after: patience,
        minimum_tries,
        ..RetryPolicy::default()
    };
    Forwarder {
        name: name.to_owned(),
        on: Event::Call,
        filter: MessageFilter::default(),
        to: connection.to_owned(),
        format: Format::Json,
        method: Method::Post,
        paused: false,
        headers: Vec::new(),
        query: Vec::new(),
        retry,
        order_by: OrderBy::None,
        on_rejected: OnRejected::Continue,
        payload: PayloadChoice::Snapshot,
        rendering: Rendering::default(),
        withhold: Vec::new(),
    }
}
