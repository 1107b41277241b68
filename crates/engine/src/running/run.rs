//! One claimed run: made ready, driven, and concluded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::run::{RunInput, RunState, RunStep};
use fieldpost_script::protocol::{Severity, StepError};
use fieldpost_script::runtime::workflow::{START, decide};
use fieldpost_store::{
    ClaimedInput, ClaimedRun, RunError, RunHold, RunKept, RunRecord, RunThen, StoreError,
};
use tokio::time::Instant;

use super::drive::{Arrived, Drive, Reins};
use super::going::{Going, ROOM_KILOBYTES, Runner};
use super::input::{NoInput, initial_state};
use super::journal::{Entries, Journal};
use super::prepared::{Prepared, Unprepared};
use super::records::{self, Records};
use super::suspects::{self, Admitted};
use super::{progress, telling};
use crate::routing::ProjectRouting;

/// The pause before a claim is given back once more that the store could not take back.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a stopping hub tries to give a claim back.
const FOR_WHEN_STOPPING: Duration = Duration::from_secs(5);
/// What ends a run whose workflow is no more.
const REMOVED: &str = "The workflow was removed";

/// Why a run cannot be driven.
enum Unready {
    /// It cannot now: it goes back to where it was claimed from.
    NotNow,
    /// It ends so.
    Ends(RunState, Option<RunError>),
}

impl From<StepError> for Unready {
    fn from(error: StepError) -> Self {
        Self::Ends(progress::run_state(&error), Some(progress::run_error(&error, None)))
    }
}

fn not_now(error: &StoreError) -> Unready {
    tracing::warn!(%error, "a run could not be made ready; it is tried again");
    Unready::NotNow
}

/// Runs a claimed run until it has ended, waits, or is given back.
pub(super) async fn serve(runner: Arc<Runner>, mut claimed: ClaimedRun, reins: Reins) {
    // Large states take turns: what all of them hold in memory is bounded.
    let Ok(_room) = Arc::clone(&runner.room).acquire_many_owned(kilobytes(&claimed)).await else {
        return;
    };
    let mut records = Records::of(&claimed);
    let workflow = claimed.run.workflow.clone();
    if claimed.cancel_asked {
        return conclude_with(&runner, &claimed, &mut records, RunState::Cancelled, None).await;
    }
    let _alone = match runner.suspects.admit(claimed.lost_claims, runner.settings.lost_claims) {
        Admitted::Now(alone) => alone,
        Admitted::Later => {
            return write(&runner, records.wait(Entries::default(), suspects::LATER)).await;
        }
        Admitted::Never => {
            let (state, error) = (RunState::Exception, Some(suspects::lost(&claimed)));
            return conclude_with(&runner, &claimed, &mut records, state, error).await;
        }
    };
    match ready(&runner, &mut claimed, records.clone(), reins).await {
        Ok((mut drive, going, deadline)) => {
            let arrived = drive.go(deadline).await;
            tracing::debug!(run = %claimed.run.id, workflow, ?arrived, "the run stops here");
            conclude(&runner, &claimed, drive, &going, arrived).await;
        }
        Err(Unready::NotNow) => {
            tokio::time::sleep(AGAIN).await;
            give_back(&runner, records.hold()).await;
        }
        Err(Unready::Ends(state, error)) => {
            conclude_with(&runner, &claimed, &mut records, state, error).await;
        }
    }
}

/// How many kilobytes of the room for states a run takes: so many as it begins with, or goes on with,
/// have their copies.
fn kilobytes(claimed: &ClaimedRun) -> u32 {
    let begins = match &claimed.input {
        ClaimedInput::Message { content, .. } => content.bytes,
        ClaimedInput::Event { payload, content } => {
            payload.facts_length + payload.original_bytes.unwrap_or(0) + content.bytes
        }
        ClaimedInput::State { bytes, .. } => *bytes,
        ClaimedInput::Erased => 0,
    };
    // What its steps have left is read one after the other.
    let largest = claimed.done.iter().filter_map(|step| step.output_bytes).max().unwrap_or(0);
    let bytes = begins.saturating_add(largest);
    let kilobytes = usize::try_from(bytes / 1_024).unwrap_or(usize::MAX);
    u32::try_from(kilobytes.clamp(1, ROOM_KILOBYTES)).unwrap_or(u32::MAX)
}

/// Makes a run ready: its definition, the state that it begins with, and the way that it has come.
async fn ready(
    runner: &Arc<Runner>,
    claimed: &mut ClaimedRun,
    records: Records,
    reins: Reins,
) -> Result<(Drive, Arc<Going>, Instant), Unready> {
    let routing = routing_of(runner, claimed).await?;
    let run = &claimed.run;
    let shelf = runner.shelf.get(runner.hub.store(), &claimed.project, &run.workflow, run.version);
    let prepared = match shelf.await {
        Ok(prepared) => prepared,
        Err(Unprepared::Store(error)) => return Err(not_now(&error)),
        Err(Unprepared::Unusable(error)) => return Err((*error).into()),
    };
    let state = match initial_state(&runner.hub, &routing, &prepared.workflow, claimed).await {
        Ok(state) => state,
        Err(NoInput::Store(error)) => return Err(not_now(&error)),
        Err(NoInput::Ends(error)) => return Err((*error).into()),
    };
    let walk = prepared.walk(run.from_step.as_deref()).map_err(|error| *error)?;
    let starts = walk.graph().starts();
    let limits = runner.settings.limits;
    let taken = decide(&runner.pool, starts, START, Some(&state), limits).await?;
    let used = progress::used(&claimed.done);
    let left = prepared.run_time(&runner.settings).saturating_sub(used);
    let deadline = Instant::now() + left;
    let going = Arc::new(Going {
        run: run.id,
        runner: Arc::clone(runner),
        prepared,
        routing,
        journal: Journal::new(claimed.last_log_line, runner.settings.log_bytes).into(),
        hops: claimed.hops,
    });
    // What a message or a given state is can be told again; what an event was rendered to cannot.
    let keeps_first_input = match run.input {
        RunInput::Message => false,
        RunInput::State => matches!(claimed.input, ClaimedInput::State { bytes: 0, .. }),
        RunInput::Submission | RunInput::Case | RunInput::Application => true,
    };
    let mut drive =
        Drive::new(Arc::clone(&going), reins, records, walk, claimed, keeps_first_input);
    drive.walk.begin(&state, &taken);
    Ok((drive, going, deadline))
}

/// The definitions of the project, at least as new as the run: its connections are those of now.
async fn routing_of(runner: &Runner, claimed: &ClaimedRun) -> Result<Arc<ProjectRouting>, Unready> {
    let (hub, project) = (&runner.hub, &claimed.project);
    let mut routing = hub.routing().project(project).cloned();
    let version = routing.as_ref().map(|routing| routing.version);
    let is_there = |routing: &ProjectRouting| {
        routing.definition.workflows.iter().any(|it| it.name == claimed.run.workflow)
    };
    if version.is_none_or(|version| version < claimed.run.version)
        || !routing.as_deref().is_some_and(is_there)
    {
        hub.refresh_beyond(project, version).await.map_err(|error| not_now(&error))?;
        routing = hub.routing().project(project).cloned();
    }
    let Some(routing) = routing else { return Err(Unready::NotNow) };
    if hub.is_unreadable(project) {
        return Err(Unready::NotNow);
    }
    if !is_there(&routing) {
        let error = RunError {
            error_type: "WorkflowRemoved".to_owned(),
            message: REMOVED.to_owned(),
            ..RunError::default()
        };
        return Err(Unready::Ends(RunState::Cancelled, Some(error)));
    }
    Ok(routing)
}

/// Records what has become of a run.
async fn conclude(
    runner: &Runner,
    claimed: &ClaimedRun,
    drive: Drive,
    going: &Going,
    arrived: Arrived,
) {
    let Drive { walk, errors, mut record, rows, .. } = drive;
    let prepared: &Prepared = &going.prepared;
    let whose = (claimed.run.origin, record.is_awaited());
    let ended =
        |state, error, finish| records::end(Some(&prepared.workflow), whose, state, error, finish);
    let end = match arrived {
        Arrived::Lost => {
            let run = claimed.run.id;
            tracing::warn!(%run, "the lease of run {run} was lost; who has it now goes on with it");
            return;
        }
        Arrived::Unrecorded => ended(RunState::Exception, Some(records::unrecorded()), None),
        Arrived::Abandoned => {
            let entries = going.journal().take();
            if entries.steps.is_empty() && entries.lines.is_empty() {
                return give_back(runner, record.hold()).await;
            }
            let record = record.wait(entries, Duration::ZERO);
            return write(runner, record).await;
        }
        Arrived::Waits(due) => {
            let entries = going.journal().take();
            let record = record.wait(entries, due.since(runner.hub.now()));
            return write(runner, record).await;
        }
        Arrived::Cancelled => ended(RunState::Cancelled, None, None),
        Arrived::Late => {
            let limit = progress::milliseconds(prepared.run_time(&runner.settings));
            let message = format!("Workflow took longer than {limit}ms to complete");
            let error = StepError::new("TimeoutError", Severity::Kill, message);
            ended(RunState::Killed, Some(progress::run_error(&error, None)), None)
        }
        Arrived::Broken(error, step) => {
            let error = *error;
            let told = progress::run_error(&error, step.as_deref());
            ended(progress::run_state(&error), Some(told), None)
        }
        Arrived::AtEnd => {
            let finish = walk.finish();
            rename(going, rows, &finish.names);
            let failed = finish.failed.and_then(|number| errors.get(&number));
            let error = failed.map(|(error, step)| progress::run_error(error, Some(step)));
            let state = if finish.failed.is_some() { RunState::Failed } else { RunState::Success };
            ended(state, error, Some(finish))
        }
    };
    telling::run_ended(claimed, &end, runner.hub.now());
    let record = record.make(going.journal().take(), RunThen::Ended(end));
    write(runner, record).await;
}

/// Tells again of the steps that began under another name than they have in the final state.
fn rename(going: &Going, mut rows: BTreeMap<u32, RunStep>, names: &[(u32, String)]) {
    for (number, name) in names {
        let Some(mut step) = rows.remove(number).filter(|row| row.name_in_state != *name) else {
            continue;
        };
        step.name_in_state.clone_from(name);
        going.journal().rename(step);
    }
}

/// Ends a run that was not driven.
async fn conclude_with(
    runner: &Runner,
    claimed: &ClaimedRun,
    records: &mut Records,
    state: RunState,
    error: Option<RunError>,
) {
    // What it leaves here of earlier tries goes as its workflow has it, also where that is no more.
    let (hub, run) = (&runner.hub, &claimed.run);
    let shelf = runner.shelf.get(hub.store(), &claimed.project, &run.workflow, run.version).await;
    let routing = hub.routing();
    let workflow = shelf.as_ref().map(|prepared| &prepared.workflow).ok().or_else(|| {
        let mut workflows = routing.project(&claimed.project)?.definition.workflows.iter();
        workflows.find(|workflow| workflow.name == run.workflow)
    });
    let whose = (run.origin, records.is_awaited());
    let end = records::end(workflow, whose, state, error, None);
    let now = runner.hub.now();
    telling::run_ended(claimed, &end, now);
    let entries = suspects::broken_off(claimed, state, now);
    write(runner, records.make(entries, RunThen::Ended(end))).await;
}

/// Ends a run that has failed inside the hub: begun again, it would fail again.
pub(super) async fn end_as_fault(runner: &Runner, claimed: &ClaimedRun) {
    let error = RunError {
        error_type: "ExecutionError".to_owned(),
        message: "The run failed inside the hub".to_owned(),
        ..RunError::default()
    };
    let mut records = Records::of(claimed);
    conclude_with(runner, claimed, &mut records, RunState::Exception, Some(error)).await;
}

/// Writes the last record of a claim. Where the store refuses what is in it, the run ends without: left
/// as it is, it would do its last step again and again, or stand as going on for ever.
async fn write(runner: &Runner, record: RunRecord) {
    let run = record.hold.run;
    let bare = records::without_contents(&record);
    let kept = match runner.recorder.record(record).await {
        // The store could not be reached until now: its lease runs out.
        None if runner.hub.stopping().is_cancelled() => None,
        None => {
            tracing::error!(%run, "what run {run} did could not be recorded; it ends without that");
            runner.recorder.record(bare).await
        }
        kept => kept,
    };
    if let Some(RunKept::LeaseLost) = kept {
        tracing::warn!(%run, "the lease of run {run} was lost; who has it now goes on with it");
    }
}

/// Gives a claim back, so that the run can be claimed at once.
pub(super) async fn give_back(runner: &Runner, hold: &RunHold) {
    let begun = Instant::now();
    loop {
        match runner.hub.store().give_back_runs(std::slice::from_ref(hold)).await {
            Ok(()) => return,
            Err(error)
                if error.is_temporary()
                    && (!runner.hub.stopping().is_cancelled()
                        || begun.elapsed() < FOR_WHEN_STOPPING) =>
            {
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => {
                let run = hold.run;
                tracing::warn!(%error, %run, "run {run} could not be given back; its lease runs out");
                return;
            }
        }
    }
}
