//! What tests put around Fieldpost: destinations that behave and misbehave on demand, and a
//! PostgreSQL server that lives as long as the tests do.
//!
//! Nothing here is part of the hub. A helper that cannot set up its world ends the test with a
//! sentence that says why; it never skips.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot set up its world must end, with the reason"
)]

pub mod authority;
pub mod destination;
pub mod misbehaving;
pub mod postgres;
pub mod smtp;
pub mod tls;

pub use destination::{Answer, FakeDestination, ReceivedRequest};
pub use misbehaving::RawServer;
pub use postgres::TemporaryPostgres;
pub use tls::{TlsDestination, Validity};
