//! The decisions of the hub, as pure functions.
//!
//! Nothing here reads a clock, rolls dice, looks at the environment or talks to anybody: what a
//! decision depends on is an argument, so that every rule can be read and tested alone.

pub mod access;
pub mod account;
pub mod cases;
pub mod collection;
pub mod cron;
pub mod definition;
pub mod delivery;
pub mod difference;
pub mod event;
pub mod field_path;
pub mod field_test;
pub mod filter;
pub mod incident;
pub mod json_path;
pub mod lifecycle;
pub mod openrosa;
pub mod order;
pub mod redact;
pub mod retry;
pub mod series;
pub mod table;
pub mod wcs;
pub mod withhold;
