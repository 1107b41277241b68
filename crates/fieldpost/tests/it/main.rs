//! Tests through the front door: the real binary, real files, real requests.
//!
//! `crash_…` and `fault_…` tests kill hubs and break what is below them; they hold what
//! docs/specs/submission.md promises for such days. They measure times, so that they run one at a
//! time.

#[cfg(test)]
mod account_faults;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod acting;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod load;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod takeover;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod world;
