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
mod case_faults;
#[cfg(test)]
mod collections;
mod command_line;
#[cfg(test)]
mod commcare_export;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod definition_faults;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod filed;
#[cfg(test)]
mod filed_tools;
#[cfg(test)]
mod imports_killed;
#[cfg(test)]
mod job;
#[cfg(test)]
mod job_runner;
#[cfg(test)]
mod killed_at_work;
#[cfg(test)]
mod large_form;
#[cfg(test)]
mod lifecycle_faults;
#[cfg(test)]
mod lifecycle_killed;
#[cfg(test)]
mod load;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod openfn;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod rehearsals;
#[cfg(test)]
mod rehearsals_of_forms;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod runs_by_command;
#[cfg(test)]
mod runs_faults;
#[cfg(test)]
mod runs_held;
#[cfg(test)]
mod runs_killed;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod small_disk;
#[cfg(test)]
mod takeover;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod wcs_forms;
mod workflow_files;
#[cfg(test)]
mod world;
#[cfg(test)]
mod xlsforms;
