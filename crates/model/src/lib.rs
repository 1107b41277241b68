//! The nouns of Fieldpost, as plain data.
//!
//! Everything the hub talks about is defined here once: projects with their sources, connections
//! and forwarders; messages that came in; deliveries that go out, with their attempts. The crate
//! does no I/O, reads no clock and no environment, and knows no database: the other rooms of the
//! house (see ARCHITECTURE.md) meet on these types.

pub mod access;
pub mod attempt;
pub mod case;
pub mod connection;
pub mod delivery;
pub mod duration;
pub mod event;
pub mod form;
pub mod form_definition;
pub mod forwarder;
pub mod hexadecimal;
pub mod incident;
pub mod json;
pub mod lifecycle;
pub mod message;
mod names;
pub mod openrosa;
pub mod pattern;
pub mod person;
pub mod progress;
pub mod progress_count;
pub mod progress_list;
pub mod project;
pub mod recipient;
pub mod retry;
pub mod rows;
pub mod run;
pub mod secret;
pub mod size;
pub mod source;
pub mod submission;
pub mod switches;
pub mod tally;
pub mod time;
pub mod workflow;

/// A project's name: its key everywhere, lower-case letters, digits, `-` and `_`, at most 64 bytes.
pub type ProjectName = std::sync::Arc<str>;
