//! One suite for both engines: what the store promises, asked through its public face only.
//!
//! Each test takes an [`Engine`](support::Engine) and runs on SQLite and on PostgreSQL alike. Tests
//! of what only one of them has (several hubs, a log file) say so in their name or first line.

#[cfg(test)]
mod accept;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod actions;
#[cfg(test)]
mod backlog;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod claim;
#[cfg(test)]
mod collections;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod dedupe;
#[cfg(test)]
mod delivery_lists;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod erasing;
#[cfg(test)]
mod files;
#[cfg(test)]
mod filing;
#[cfg(test)]
mod history;
mod hubs;
#[cfg(test)]
mod incidents;
#[cfg(test)]
mod lanes;
#[cfg(test)]
mod latest;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod million;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod order;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod people;
#[cfg(test)]
mod progress;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod record;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod settling;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tallies;
#[cfg(test)]
mod tokens;
