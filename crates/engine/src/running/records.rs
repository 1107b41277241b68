//! Making the records of one run.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::run::{RunOrigin, RunState, RunStep};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::{KeepStates, Trigger, Workflow};
use fieldpost_script::runtime::walk::Finish;
use fieldpost_store::{
    ClaimedInput, ClaimedRun, FinalState, RunEnd, RunError, RunHold, RunRecord, RunThen,
};
use serde_json::value::RawValue;

use super::awaiting::{KeptAnswer, response_of};
use super::journal::Entries;

/// The paths of webhooks, whose senders may wait for a run.
const WEBHOOKS: &str = "/i/";

/// What all records of a run have.
#[derive(Clone, Debug)]
pub(super) struct Records {
    hold: RunHold,
    workflow: String,
    order_key: Option<String>,
    /// When the first step began, once that was recorded.
    started_at: Option<Timestamp>,
    /// Whether claims of it were lost since a step was last recorded as done.
    has_lost_claims: bool,
    /// Whether its sender may wait for an answer: it came to a webhook, and not to an inbox.
    is_awaited: bool,
    /// The `webhookResponse` of the step that left one last, and when that ended.
    response: Option<(Timestamp, Bytes)>,
}

impl Records {
    pub(super) fn of(claimed: &ClaimedRun) -> Self {
        let is_awaited = matches!(
            &claimed.input,
            ClaimedInput::Message { request, .. } if request.path.starts_with(WEBHOOKS)
        );
        Self {
            hold: hold_of(claimed),
            workflow: claimed.run.workflow.clone(),
            order_key: claimed.order_key.clone(),
            started_at: claimed.run.started_at,
            has_lost_claims: claimed.lost_claims > 0,
            is_awaited,
            response: None,
        }
    }

    /// Whether somebody may wait for what the run leaves.
    pub(super) const fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Takes up what steps say that the sender is to be answered. The word of the step counts that ended last.
    pub(super) fn heed<'s>(
        &mut self,
        steps: impl Iterator<Item = (&'s RunStep, Option<&'s [u8]>)>,
    ) {
        if !self.is_awaited {
            return;
        }
        for (finished_at, output) in
            steps.filter_map(|(step, output)| Some((step.finished_at?, output?)))
        {
            let is_last = self.response.as_ref().is_none_or(|(latest, _)| *latest <= finished_at);
            if let Some(response) = response_of(output).filter(|_| is_last) {
                self.response = Some((finished_at, response));
            }
        }
    }

    pub(super) const fn hold(&self) -> &RunHold {
        &self.hold
    }

    /// A record of what has happened since the last one.
    pub(super) fn make(&mut self, entries: Entries, mut then: RunThen) -> RunRecord {
        self.heed(entries.steps.iter().map(|it| (&it.step, it.output.as_deref())));
        if let (
            RunThen::Ended(RunEnd { final_state: Some(FinalState::Answer(answer)), .. }),
            Some((_, response)),
        ) = (&mut then, &self.response)
        {
            *answer = KeptAnswer::Response.of(&String::from_utf8_lossy(response));
        }
        let first = entries.steps.iter().map(|record| record.step.started_at).min();
        let started_at = first.filter(|_| self.started_at.is_none());
        self.started_at = self.started_at.or(started_at);
        let gets_on = entries.steps.iter().any(|record| record.step.finished_at.is_some());
        let forgets_lost_claims = self.has_lost_claims && gets_on;
        self.has_lost_claims &= !gets_on;
        RunRecord {
            hold: self.hold.clone(),
            workflow: self.workflow.clone(),
            order_key: self.order_key.clone(),
            started_at,
            steps: entries.steps,
            log: entries.lines,
            then,
            forgets_lost_claims,
        }
    }

    /// A record that lets the run wait.
    pub(super) fn wait(&mut self, entries: Entries, pause: Duration) -> RunRecord {
        self.make(entries, RunThen::AgainIn(pause))
    }
}

pub(super) fn hold_of(claimed: &ClaimedRun) -> RunHold {
    RunHold { project: claimed.project.clone(), run: claimed.run.id, fence: claimed.fence }
}

/// The error of a run that did what the store has refused to keep.
pub(super) fn unrecorded() -> RunError {
    RunError {
        error_type: "ExecutionError".to_owned(),
        message: "What the run did could not be recorded".to_owned(),
        ..RunError::default()
    }
}

/// The end of a run whose last record the store has refused: nothing of what that told.
pub(super) fn without_contents(refused: &RunRecord) -> RunRecord {
    let drop_states = matches!(&refused.then, RunThen::Ended(end) if end.drop_states);
    let end = RunEnd {
        state: RunState::Exception,
        error: Some(unrecorded()),
        final_state: None,
        drop_states,
    };
    RunRecord {
        hold: refused.hold.clone(),
        workflow: refused.workflow.clone(),
        order_key: refused.order_key.clone(),
        started_at: refused.started_at,
        steps: Vec::new(),
        log: Vec::new(),
        then: RunThen::Ended(end),
        forgets_lost_claims: false,
    }
}

/// How a run ends in this state.
pub(super) fn end(
    workflow: Option<&Workflow>,
    (origin, is_awaited): (RunOrigin, bool),
    state: RunState,
    error: Option<RunError>,
    finish: Option<Finish>,
) -> RunEnd {
    let drop_states = workflow.is_some_and(|workflow| match workflow.keep {
        KeepStates::All => false,
        KeepStates::Failed => state == RunState::Success,
        KeepStates::Nothing => true,
    });
    let needed = workflow.and_then(|workflow| needed_by(workflow, origin, state));
    let final_state = finish.and_then(|finish| match (drop_states, finish.leaf, needed) {
        (false, Some(number), _) => Some(FinalState::OfStep(number)),
        (false, None, _) | (true, _, Some(Needed::ByTheClock)) => finish
            .state
            .map(|state| FinalState::State(Bytes::from(Box::<str>::from(state).into_string()))),
        (true, _, Some(Needed::BySender)) if is_awaited => {
            let state = finish.state.as_deref().map_or("null", RawValue::get);
            Some(FinalState::Answer(KeptAnswer::State.of(state)))
        }
        (true, ..) => None,
    });
    RunEnd { state, error, final_state, drop_states }
}

/// Who needs what a run has left after its end, though nothing of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed {
    /// The sender who waits for an answer.
    BySender,
    /// The clock's next run, which goes on from there.
    ByTheClock,
}

fn needed_by(workflow: &Workflow, origin: RunOrigin, state: RunState) -> Option<Needed> {
    if state != RunState::Success {
        return None;
    }
    match &workflow.trigger {
        Trigger::Event(trigger) if trigger.reply.is_some() && origin == RunOrigin::Event => {
            Some(Needed::BySender)
        }
        Trigger::Cron(_) => Some(Needed::ByTheClock),
        Trigger::Event(_) | Trigger::Trouble(_) | Trigger::Manual => None,
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::run::StepState;
    use fieldpost_store::StepRecord;
    use uuid::Uuid;

    use super::*;

    fn step(number: u32, finished_at: i64) -> RunStep {
        RunStep {
            number,
            step: "a".to_owned(),
            name_in_state: "a".to_owned(),
            after: None,
            state: StepState::Success,
            attempt: 1,
            started_at: Timestamp(0),
            finished_at: Some(Timestamp(finished_at)),
            input_bytes: None,
            output_bytes: None,
            error: None,
            log_lines: 0,
        }
    }

    fn entries(steps: &[(u32, i64, &str)]) -> Entries {
        let record = |(number, at, output): &(u32, i64, &str)| StepRecord {
            step: step(*number, *at),
            input: None,
            output: Some(Bytes::copy_from_slice(output.as_bytes())),
        };
        Entries { steps: steps.iter().map(record).collect(), lines: Vec::new() }
    }

    fn end(records: &mut Records, entries: Entries) -> Option<FinalState> {
        let end = RunEnd {
            state: RunState::Success,
            error: None,
            final_state: Some(FinalState::Answer(KeptAnswer::State.of("{}"))),
            drop_states: true,
        };
        match records.make(entries, RunThen::Ended(end)).then {
            RunThen::Ended(end) => end.final_state,
            _ => None,
        }
    }

    #[test]
    fn the_sender_is_answered_with_what_a_step_said_last_also_where_nothing_is_kept() {
        let hold = RunHold { project: "p".into(), run: Uuid::nil(), fence: 1 };
        let of = |is_awaited| Records {
            hold: hold.clone(),
            workflow: "w".to_owned(),
            order_key: None,
            started_at: None,
            has_lost_claims: false,
            is_awaited,
            response: None,
        };
        let said = r#"{"webhookResponse":{"status":202}}"#;
        let state = Some(FinalState::Answer(r#"{"state":{}}"#.into()));
        let response = Some(FinalState::Answer(r#"{"response":{"status":202}}"#.into()));
        assert_eq!(end(&mut of(true), entries(&[(1, 1, "{}")])), state);
        assert_eq!(end(&mut of(false), entries(&[(1, 1, said)])), state);
        assert_eq!(end(&mut of(true), entries(&[(1, 1, said), (2, 2, "{}")])), response);
        // A branch that began earlier and ended later has the last word.
        let other = r#"{"webhookResponse":{"status":200}}"#;
        let branches = entries(&[(1, 9, said), (2, 2, other)]);
        assert_eq!(end(&mut of(true), branches), response);
        let mut records = of(true);
        records.make(entries(&[(1, 1, said)]), RunThen::GoesOn);
        assert_eq!(end(&mut records, entries(&[(2, 2, "{}")])), response);
    }
}
