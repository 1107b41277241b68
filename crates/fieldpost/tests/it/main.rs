//! Tests through the front door: the real binary, real files, real requests.
//!
//! `crash_…` and `fault_…` tests kill hubs and break what is below them; they hold what
//! docs/specs/submission.md promises for such days. They measure times, so that they run one at a
//! time.

mod acting;
mod command_line;
mod crash;
mod demo;
mod doctor;
mod faults;
mod load;
mod projects;
mod reference;
mod serve;
mod settings;
mod world;
