//! The language of w.c.s.: what it pushes, and the documents of its API, out and in.
//!
//! Outwards, [`document`] writes one submission with all that happened to it, [`anonymous`] the same
//! without anybody in it, [`list`], [`geojson`] and [`table`] many of them, [`catalogue`] forms, people
//! and roles. What is written of is a [`Record`]; where and for whom, a [`Site`] and a [`Viewer`]; what
//! the caller may see and do is decided elsewhere and only said here. Documents that can carry files
//! are made of [`pieces`], so that no file is ever in memory as a whole.
//!
//! [`schema`] writes what a form asks, and reads it back.
//!
//! Inwards, [`read`] takes what is submitted, edited, imported and sent to triggers, with a warning for
//! everything that w.c.s. would have dropped without a word. [`push`] makes the body of a call, and
//! [`answer`] reads what was answered to it.

pub mod anonymous;
pub mod answer;
pub mod calendar;
pub mod case;
pub mod catalogue;
mod display;
pub mod document;
mod fields;
pub mod geojson;
mod history;
mod incoming;
pub mod job;
pub mod list;
pub mod pieces;
pub mod push;
pub mod read;
mod record;
pub mod schema;
pub mod statistics;
pub mod table;
mod times;

pub use chrono_tz::Tz;
pub use display::plain_text;
pub use incoming::{Pushed, pushed};
pub(crate) use incoming::{decode, instance_id};
pub use record::{Offer, Record, RecordsAt, Site, StatusSeen, Viewer};
