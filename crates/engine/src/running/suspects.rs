//! Runs of which claims were lost: whether one takes down the hub that runs it.
//!
//! A hub that is killed says nothing of what it had, and the next one begins with all of that again. That is as it
//! should be, unless one of these runs is what kills hubs: then it would do so for ever, and the others with it never
//! get on. So it is counted how many claims of a run ended without a word since a step of it was last recorded as
//! done. One loss says nothing: hubs are restarted. A run that has lost two claims is run alone among its like, one at
//! a time, and those that have to wait are put back, so that whoever dies takes down one suspect only and is found
//! out; what has lost as many as the setting says is ended.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::run::{RunState, RunStep, StepState};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{ClaimedRun, RunError, StepRecord};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::journal::Entries;

/// So many lost claims make a run one of those that are run one at a time.
const SUSPECT: u32 = 2;
/// When a suspect is looked at again that found another one being run.
pub(super) const LATER: Duration = Duration::from_secs(1);

/// The place of the one suspect that is run.
pub(super) struct Suspects(Arc<Semaphore>);

/// Whether a run is run now.
pub(super) enum Admitted {
    /// It is, and no suspect beside it while the place is held, where it is one itself.
    Now(Option<OwnedSemaphorePermit>),
    /// Another suspect is being run.
    Later,
    /// It has lost too many claims.
    Never,
}

impl Default for Suspects {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Suspects {
    /// Whether a run is run now that has lost so many claims, of `most`.
    pub(super) fn admit(&self, lost_claims: u32, most: u32) -> Admitted {
        if lost_claims >= most {
            return Admitted::Never;
        }
        if lost_claims < SUSPECT {
            return Admitted::Now(None);
        }
        match Arc::clone(&self.0).try_acquire_owned() {
            Ok(place) => Admitted::Now(Some(place)),
            Err(_) => Admitted::Later,
        }
    }
}

/// The error of a run that has lost too many claims, by OpenFn's name.
pub(super) fn lost(claimed: &ClaimedRun) -> RunError {
    let error_type =
        if claimed.run.started_at.is_some() { "LostAfterStart" } else { "LostAfterClaim" };
    let times = claimed.lost_claims;
    let going_on = claimed.done.iter().rfind(|step| step.state == StepState::Running);
    RunError {
        error_type: error_type.to_owned(),
        message: format!(
            "{times} times one after the other the hub that ran this ended, or stood still, before a step was \
             recorded as done: the run may be what ends it"
        ),
        step: going_on.map(|step| step.step.clone()),
        place: None,
    }
}

/// Steps that were broken off, and are not begun again since the run ends here.
pub(super) fn broken_off(claimed: &ClaimedRun, state: RunState, now: Timestamp) -> Entries {
    let state = if state == RunState::Cancelled { StepState::Cancel } else { StepState::Exception };
    let running = claimed.done.iter().filter(|step| step.state == StepState::Running);
    let steps = running.map(|step| StepRecord {
        step: RunStep { state, finished_at: Some(now), ..step.clone() },
        input: None,
        output: None,
    });
    Entries { steps: steps.collect(), lines: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspects_are_run_one_at_a_time_and_not_for_ever() {
        let suspects = Suspects::default();
        for lost in [0, 1] {
            assert!(matches!(suspects.admit(lost, 5), Admitted::Now(None)), "{lost}");
        }
        let Admitted::Now(Some(place)) = suspects.admit(2, 5) else { panic!("it is alone") };
        assert!(matches!(suspects.admit(4, 5), Admitted::Later));
        assert!(matches!(suspects.admit(1, 5), Admitted::Now(None)));
        assert!(matches!(suspects.admit(5, 5), Admitted::Never));
        drop(place);
        assert!(matches!(suspects.admit(4, 5), Admitted::Now(Some(_))));
        assert!(matches!(suspects.admit(1, 1), Admitted::Never));
    }
}
