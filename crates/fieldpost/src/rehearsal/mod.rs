//! Rehearsals: what a project makes of a recorded message, without a hub beside and without a network.
//!
//! A case is a message as it came in. For each one a hub of its own is put together in a folder that is
//! gone afterwards: the same store, the same reading, matching and filing, the same processes that run
//! jobs. Three things are not as in a hub that serves. Nothing is sent: deliveries are made and wait, and
//! what steps ask of the world is answered by the case. The clock stands at the time of the case, for the
//! hub and for the jobs. And chance is known. So the same files give the same account on every machine,
//! and the account can be kept in git beside them.
//!
//! ```text
//!   project ── placeholders ──┐
//!   case ── message ──────────┴─► hub ──► deliveries, runs ──┐
//!        └─ answers ──► stand-in ◄──► steps                  ├─► account ── compared with ── snapshot
//!                          └── what they asked for ──────────┘
//! ```
//!
//! Nothing of the environment is read: `${NAME}` becomes a placeholder, or what the case folder says.

mod account;
mod answers;
mod case;
mod difference;
mod placeholders;
mod requests;
mod scrub;
mod stage;
mod stand_in;

pub(crate) use case::{CASE_FILE, Case, Folders, SNAPSHOT_FILE, cases_beside, folders};
pub(crate) use difference::difference;
pub(crate) use placeholders::Placeholders;
pub(crate) use stage::Stage;
