//! Everything that leaves the house: HTTP to where projects send, mail to whom they tell.
//!
//! A delivery's bytes pass through here on their way to the destination that a project chose. The
//! crate answers four questions that the rest of the hub must never have to think about:
//!
//! * **May this address be dialled?** [`guard`] decides, on the address as it is dialled and not
//!   on the name, so that no name can lead the hub into the network that it runs in.
//! * **Who are we to the destination?** `auth` has a file for each kind of proof, from a password
//!   to a token that all hubs share ([`tokens`]); a proof goes nowhere but where it belongs.
//! * **What exactly was sent, and what came back?** [`Client::send`] returns an [`Exchange`]: the
//!   request as it went out with credentials masked, as much of the answer as is kept, and one
//!   named reason where something went wrong.
//! * **How long may it take, and how much may it cost?** Every call has one deadline from dialling
//!   to the last byte, and every part of the answer has a bound.
//!
//! [`Client::fetch`] brings the other way round what a link leads to, under the same rules.
//! [`Client::request`] makes whatever request a job wants, and brings the whole answer.
//! [`Client::probe`] goes the way of a call on foot, for a person who sets a connection up.
//!
//! A redirect is followed only where nothing of the request is lost by it, and only to an address that
//! was judged anew; no proxy is read from the environment, since that would dial an address that
//! nobody checked.

mod address;
mod auth;
mod client;
mod exchange;
mod failure;
mod fetch;
mod free;
pub mod guard;
mod hiding;
pub mod mail;
mod prepared;
pub mod probe;
mod profile;
mod proxy;
mod redirect;
mod request;
mod resolver;
mod response;
mod room;
mod settings;
pub mod signing;
pub mod sql;
mod tables;
mod tls;
pub mod tokens;

pub use client::Client;
pub use exchange::Exchange;
pub use fetch::Fetch;
pub use free::{FreeAnswer, FreeFailure, FreeRequest, Terms};
pub use guard::AllowNetworks;
pub use prepared::Prepared;
pub use probe::{Hint, ProbeCall, ProbeMethod, Step, StepName};
pub use proxy::GuardedProxy;
pub use request::{Asking, Call};
pub use room::{AnswerRoom, Places};
pub use settings::{OutboundError, OutboundSettings};
pub use tables::TableCall;
pub use tokens::TokenStore;
