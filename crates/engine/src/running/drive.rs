//! Driving one run: from its claim to the record that ends it, or lets it wait for its next try.
//!
//! ```text
//!   walk ── steps that may begin ──► processes ──► ended ──► recorded ──► walk
//!             several at once                       │          │
//!                                                   │          └ a step that follows begins after
//!                                                   │            this commit, not before
//!                                                   └ failed, to be tried again: the run waits
//! ```
//!
//! What ends the last step is recorded together with the end of the run: a run of one step is one
//! claim and one record. Whatever stops the run early drops the futures of its steps, and with them
//! their processes end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::run::{RunStep, StepState};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::StepRetry;
use fieldpost_script::protocol::{Severity, StepError};
use fieldpost_script::runtime::walk::{Left, Visit, Walk};
use fieldpost_store::{ClaimedRun, RunKept, RunThen, StepRecord};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::going::Going;
use super::progress::{self, Known};
use super::records::Records;
use super::step::{self, Ended};

/// Ways in which a run is stopped from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Reins {
    /// Somebody has asked to end it.
    pub(super) cancel: CancellationToken,
    /// The lease was lost: whoever has it now says what becomes of the run.
    pub(super) lost: CancellationToken,
    /// The hub stops.
    pub(super) abandon: CancellationToken,
}

/// How a drive ended.
#[derive(Debug)]
pub(super) enum Arrived {
    /// The run has come to its end.
    AtEnd,
    /// It waits for the next try of a step, from then on.
    Waits(Timestamp),
    /// Somebody has asked to end it.
    Cancelled,
    /// It took longer than it may.
    Late,
    /// The hub stops.
    Abandoned,
    /// The lease was lost.
    Lost,
    /// The store did not take a record.
    Unrecorded,
    /// A step, or what leads on from it, has ended the run.
    Broken(Box<StepError>, Option<String>),
}

/// A run on its way.
pub(super) struct Drive {
    going: Arc<Going>,
    reins: Reins,
    pub(super) record: Records,
    pub(super) walk: Walk,
    /// What earlier claims have recorded.
    known: HashMap<u32, RunStep>,
    /// Whether what the first steps were given is written with them.
    keeps_first_input: bool,
    tasks: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// Tries that are under way, and whether they were recorded as such.
    running: BTreeMap<u32, (RunStep, bool)>,
    /// Steps that have ended, and lead on when that is recorded.
    leaving: Vec<Ended>,
    /// The record under way, and what leads on after it.
    saving: Option<(BoxFuture<'static, Option<RunKept>>, Vec<Ended>)>,
    /// Steps that failed and are tried again.
    later: Vec<(Timestamp, Visit)>,
    /// The errors of steps that failed.
    pub(super) errors: HashMap<u32, (StepError, String)>,
    /// Executions of steps as they were told of last.
    pub(super) rows: BTreeMap<u32, RunStep>,
}

impl Drive {
    pub(super) fn new(
        going: Arc<Going>,
        reins: Reins,
        record: Records,
        walk: Walk,
        claimed: &mut ClaimedRun,
        keeps_first_input: bool,
    ) -> Self {
        let done = std::mem::take(&mut claimed.done);
        let walk = walk.resumed(done.iter().map(progress::begun));
        Self {
            going,
            reins,
            record,
            walk,
            known: done.into_iter().map(|step| (step.number, step)).collect(),
            keeps_first_input,
            tasks: FuturesUnordered::new(),
            running: BTreeMap::new(),
            leaving: Vec::new(),
            saving: None,
            later: Vec::new(),
            errors: HashMap::new(),
            rows: BTreeMap::new(),
        }
    }

    /// Goes on until the run has ended, waits, or is stopped. Nothing is under way afterwards, and
    /// what the journal holds is still to be recorded.
    pub(super) async fn go(&mut self, deadline: Instant) -> Arrived {
        let mut tell = tokio::time::interval(self.going.runner.settings.tell_every);
        tell.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tell.reset();
        let reins = self.reins.clone();
        let arrived = loop {
            if let Some(arrived) = self.begin_what_may() {
                break arrived;
            }
            self.save_what_leads_on();
            if self.tasks.is_empty() && self.saving.is_none() {
                match self.next_try() {
                    // It became due when it was told of: an earlier claim has waited for it.
                    Some(due) if due <= self.going.now() => continue,
                    Some(due) => break Arrived::Waits(due),
                    None if self.walk.is_idle() => break Arrived::AtEnd,
                    // All paths of a step that waited for them have come.
                    None => continue,
                }
            }
            let next_try = self.next_try();
            tokio::select! {
                biased;
                () = reins.lost.cancelled() => break Arrived::Lost,
                () = reins.cancel.cancelled() => break Arrived::Cancelled,
                () = reins.abandon.cancelled() => break Arrived::Abandoned,
                Some(ended) = self.tasks.next(), if !self.tasks.is_empty() => {
                    if let Some(arrived) = self.take_ended(ended) {
                        break arrived;
                    }
                }
                kept = saved(&mut self.saving) => if let Some(arrived) = self.take_saved(kept) {
                    break arrived;
                },
                () = tokio::time::sleep_until(deadline) => break Arrived::Late,
                () = until(next_try, self.going.now()) => {}
                _ = tell.tick() => self.tell(),
            }
        };
        self.wind_up(arrived).await
    }

    /// Begins all steps that may begin now, and the tries that are due.
    fn begin_what_may(&mut self) -> Option<Arrived> {
        let now = self.going.now();
        let (due, later) =
            std::mem::take(&mut self.later).into_iter().partition(|(at, _)| *at <= now);
        self.later = later;
        let due: Vec<(Timestamp, Visit)> = due;
        for (_, mut visit) in due {
            self.walk.again(&mut visit);
            self.begin(visit);
        }
        while let Some(visit) = self.walk.next_visit() {
            let known = self.known.remove(&visit.number).filter(|_| visit.known);
            let Some(step) = known else {
                self.begin(visit);
                continue;
            };
            self.rows.insert(step.number, step.clone());
            let error: Option<StepError> =
                step.error.as_deref().and_then(|error| serde_json::from_str(error).ok());
            match progress::known(&step, self.retry_of(&visit.step).as_ref()) {
                Known::BrokenOff => self.begin(visit),
                Known::Again(due) => self.later.push((due, visit)),
                Known::Ended => {
                    let going = Arc::clone(&self.going);
                    self.tasks.push(Box::pin(step::recall(going, visit, error)));
                }
                Known::EndsRun => {
                    let unknown = || StepError::new("ExecutionError", Severity::Exception, "");
                    let error = Box::new(error.unwrap_or_else(unknown));
                    return Some(Arrived::Broken(error, Some(visit.step)));
                }
            }
        }
        None
    }

    fn retry_of(&self, step: &str) -> Option<StepRetry> {
        let mut retry = self.going.prepared.step(step)?.retry?;
        if self.going.runner.settings.rehearsal.is_some() {
            retry.max = Duration::ZERO;
        }
        Some(retry)
    }

    fn begin(&mut self, visit: Visit) {
        let row = RunStep {
            number: visit.number,
            step: visit.step.clone(),
            name_in_state: visit.name.clone(),
            after: visit.after,
            state: StepState::Running,
            attempt: visit.attempt,
            started_at: self.going.now(),
            finished_at: None,
            input_bytes: visit.state.as_ref().map(|state| state.get().len() as u64),
            output_bytes: None,
            error: None,
            log_lines: 0,
        };
        self.running.insert(visit.number, (row, false));
        self.tasks.push(Box::pin(step::run(Arc::clone(&self.going), visit)));
    }

    fn take_ended(&mut self, ended: Ended) -> Option<Arrived> {
        let Ended { visit, outcome, finished_at, .. } = &ended;
        if let Some(error) = &outcome.error {
            self.errors.insert(visit.number, (error.clone(), visit.step.clone()));
        }
        if ended.is_recorded {
            let state = outcome.state.as_ref().map(|state| state.get().as_bytes());
            self.record.heed(self.rows.get(&visit.number).map(|row| (row, state)).into_iter());
            return self.take_judged(ended);
        }
        self.note(&ended);
        if let Some(error) = &outcome.error {
            let retry = self.retry_of(&visit.step);
            let next = progress::next_try(retry.as_ref(), visit.attempt, Some(error), *finished_at);
            if let Some(due) = next {
                self.later.push((due, ended.visit));
                return None;
            }
            if error.severity != Severity::Fail {
                return Some(Arrived::Broken(Box::new(error.clone()), Some(visit.step.clone())));
            }
        }
        self.take_judged(ended)
    }

    /// Enters a try that has ended into the journal.
    fn note(&mut self, ended: &Ended) {
        let Ended { visit, started_at, finished_at, outcome, .. } = ended;
        let Some((row, _)) = self.running.remove(&visit.number) else { return };
        let output = outcome.state.as_ref().map(|state| Bytes::from(state.get().to_owned()));
        let error = outcome.error.as_ref();
        let row = RunStep {
            state: progress::step_state(error),
            started_at: *started_at,
            finished_at: Some(*finished_at),
            output_bytes: output.as_ref().map(|output| output.len() as u64),
            error: error.and_then(|error| serde_json::to_string(error).ok()),
            ..row
        };
        let keeps_input = visit.joined || (visit.after.is_none() && self.keeps_first_input);
        let state = visit.state.as_ref().filter(|_| keeps_input);
        let input = state.map(|state| Bytes::from(state.get().to_owned()));
        self.rows.insert(visit.number, row.clone());
        self.going.journal().step(StepRecord { step: row, input, output });
    }

    fn take_judged(&mut self, ended: Ended) -> Option<Arrived> {
        match &ended.taken {
            Err(error) => Some(Arrived::Broken(error.clone(), Some(ended.visit.step.clone()))),
            Ok(_) if ended.is_recorded => {
                leave(&mut self.walk, &ended);
                None
            }
            Ok(_) => {
                self.leaving.push(ended);
                None
            }
        }
    }

    /// Steps that have ended are recorded before what follows them begins; where nothing follows and
    /// nothing else goes on, they are recorded with the end of the run.
    fn save_what_leads_on(&mut self) {
        if self.leaving.is_empty() || self.saving.is_some() {
            return;
        }
        let leads_on =
            |ended: &Ended| ended.taken.as_ref().is_ok_and(|taken| taken.contains(&true));
        let is_last = self.tasks.is_empty()
            && self.later.is_empty()
            && self.walk.is_idle()
            && !self.leaving.iter().any(leads_on);
        let leaving = std::mem::take(&mut self.leaving);
        if is_last {
            for ended in &leaving {
                leave(&mut self.walk, ended);
            }
            return;
        }
        self.save(leaving);
    }

    fn save(&mut self, leaving: Vec<Ended>) {
        let entries = self.going.journal().take();
        let record = self.record.make(entries, RunThen::GoesOn);
        let recorder = self.going.runner.recorder.clone();
        let saving = async move { recorder.record(record).await };
        self.saving = Some((Box::pin(saving), leaving));
    }

    fn take_saved(&mut self, (kept, leaving): (Option<RunKept>, Vec<Ended>)) -> Option<Arrived> {
        self.saving = None;
        match kept {
            None => return Some(Arrived::Unrecorded),
            Some(RunKept::LeaseLost) => return Some(Arrived::Lost),
            Some(RunKept::Written { cancel_asked: true }) => return Some(Arrived::Cancelled),
            Some(RunKept::Written { cancel_asked: false }) => {}
        }
        for ended in &leaving {
            leave(&mut self.walk, ended);
        }
        None
    }

    /// Lets people see steps that go on, and what they have logged.
    fn tell(&mut self) {
        if self.saving.is_some() {
            return;
        }
        for (row, told) in self.running.values_mut().filter(|(_, told)| !told) {
            *told = true;
            let record = StepRecord { step: row.clone(), input: None, output: None };
            self.going.journal().step(record);
        }
        if !self.going.journal().is_empty() {
            self.save(Vec::new());
        }
    }

    fn next_try(&self) -> Option<Timestamp> {
        self.later.iter().map(|(due, _)| *due).min()
    }

    /// Waits for the record under way: the next one comes after it. Where it was lost, nothing follows.
    async fn after_saving(&mut self, arrived: Arrived) -> Arrived {
        let Some((saving, leaving)) = self.saving.take() else { return arrived };
        if matches!(arrived, Arrived::Lost) {
            return arrived;
        }
        let kept = saving.await;
        match self.take_saved((kept, leaving)) {
            None | Some(Arrived::Cancelled) => arrived,
            Some(lost) => lost,
        }
    }

    /// Ends what is under way, and enters into the journal how it was ended.
    async fn wind_up(&mut self, arrived: Arrived) -> Arrived {
        // With the futures of the steps their processes end.
        self.tasks.clear();
        let arrived = self.after_saving(arrived).await;
        let (state, error) = match &arrived {
            Arrived::Late => {
                let limit = self.going.prepared.run_time(&self.going.runner.settings);
                (StepState::Kill, Some(StepError::timeout(progress::milliseconds(limit))))
            }
            // It is run again, by whoever has the run next.
            Arrived::Abandoned | Arrived::Lost | Arrived::Unrecorded | Arrived::Waits(_) => {
                return arrived;
            }
            _ => (StepState::Cancel, None),
        };
        let now = self.going.now();
        let error = error.and_then(|error| serde_json::to_string(&error).ok());
        for (_, (row, _)) in std::mem::take(&mut self.running) {
            let step = RunStep { state, finished_at: Some(now), error: error.clone(), ..row };
            self.going.journal().step(StepRecord { step, input: None, output: None });
        }
        arrived
    }
}

/// The run goes on from a step.
fn leave(walk: &mut Walk, ended: &Ended) {
    let taken = ended.taken.as_deref().unwrap_or_default();
    let state: Option<&RawValue> = ended.outcome.state.as_deref();
    walk.leave(&ended.visit, Left { state, failed: ended.outcome.error.is_some(), taken });
}

/// What became of the record under way.
async fn saved(
    saving: &mut Option<(BoxFuture<'static, Option<RunKept>>, Vec<Ended>)>,
) -> (Option<RunKept>, Vec<Ended>) {
    match saving {
        Some((record, leaving)) => {
            let kept = record.await;
            (kept, std::mem::take(leaving))
        }
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Timestamp>, now: Timestamp) {
    match at {
        Some(at) => tokio::time::sleep(at.since(now).max(Duration::from_millis(1))).await,
        None => std::future::pending().await,
    }
}
