//! The flow on real parts: both databases, a real destination, real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds its world otherwise must end, with the place"
)]

mod central;
mod clinic;
mod deliver;
mod fetching;
mod fetching_bounds;
mod filing;
mod forwarding;
mod incidents;
mod keep;
mod lanes;
mod lifecycle_notes;
mod lifecycles;
mod order;
mod returning;
mod run_answers;
mod runs_again;
mod runs_ended;
mod silence;
mod timers;
mod tokens;
mod unreadable;
mod unusable;
mod workflows;
mod world;
