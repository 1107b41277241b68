//! Runs of workflows: kept, claimed, recorded, and told of.
//!
//! ```text
//!   runs         the history: what was made, why, how it ended
//!   run_queue    what is still to be run: claimed along one index, left by what has ended
//!   run_steps    each execution of a step, with what went in and came out
//!   run_states   what a run was given, and what it left where no step has left the same
//!   run_log      what jobs logged
//! ```
//!
//! It works as with deliveries: a run is kept in the transaction of its event, held by a lease with a
//! fence, and written by compare-and-set, so that whoever has lost the lease writes nothing. A claim
//! touches the queue alone, and costs the same with ten million finished runs behind it. While a run stands in
//! the queue, where it stands is read from there.
//!
//! # Order
//!
//! Runs of one workflow with one order key go on strictly one after the other. Each has a position, given when
//! it is kept; of all that stand in the queue under one key, the one with the least position may be claimed,
//! and the others have ranks that a claim does not look at. Nothing moves and nothing is replaced: so whoever
//! adds or takes away only has to let the first one go, under the lock of the key on PostgreSQL. Those locks
//! are taken after those of deliveries, and are numbered behind them.
//!
//! # Concurrency
//!
//! What somebody has stands in a rank of its own, and is counted in the claim's transaction, over all hubs.

mod acting;
mod bulk;
mod claims;
mod counts;
mod cron;
pub(crate) mod erase;
mod list;
mod making;
pub(crate) mod order;
#[cfg(test)]
mod plans;
mod records;
mod states;
mod versions;

pub use bulk::RunChange;
pub use claims::{ClaimedInput, ClaimedRun, RunClaims, RunDemand, RunOutlook};
pub use counts::{MOST_RUNS_COUNTED, RunTallies};
pub use cron::CronMark;
pub use list::{RunCondition, RunPage, RunsFound};
pub use making::NewRun;
pub use records::{
    FinalState, RunEnd, RunError, RunHold, RunKept, RunLogLine, RunRecord, RunThen, StepRecord,
};
pub use states::StateSide;
pub use versions::WorkflowVersion;

pub(crate) use claims::{HeldRun, read_claimed, run_content};
#[cfg(test)]
pub(crate) use counts::tallies_sql;
pub(crate) use cron::{add_forget_mark, has_clock};
pub(crate) use list::{COLUMNS as COLUMNS_OF_RUN, read_run};
pub(crate) use making::{RunRow, newest_version_sql};
pub(crate) use records::STEP_AGAIN;
pub(crate) use states::DROP_STATES;
pub(crate) use versions::add_version;
