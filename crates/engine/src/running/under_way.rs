//! The runs that are under way here, each with the fence of its claim.
//!
//! A hub that stood still for longer than a lease may claim a run that it has itself. From then on two
//! drives of one run end here, and two leases are told of. Only the word on the newer claim counts: the
//! older drive is stopped, and neither its end nor the loss of its lease touches the newer one.

use std::collections::HashMap;

use fieldpost_store::{RunHold, RunKept};
use uuid::Uuid;

use super::drive::Reins;

/// The runs that are under way here.
#[derive(Default)]
pub(super) struct UnderWay(HashMap<Uuid, Driven>);

struct Driven {
    hold: RunHold,
    reins: Reins,
}

impl UnderWay {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A claim begins to be driven. An earlier claim of the same run has been lost with it.
    pub(super) fn begin(&mut self, hold: RunHold, reins: Reins) {
        let run = hold.run;
        if let Some(earlier) = self.0.insert(run, Driven { hold, reins }) {
            tracing::warn!(%run, "the lease of run {run} ran out here, and it was claimed again");
            earlier.reins.lost.cancel();
        }
    }

    /// A claim is not driven any more.
    pub(super) fn done(&mut self, hold: &RunHold) {
        if self.driven(hold).is_some() {
            self.0.remove(&hold.run);
        }
    }

    /// Somebody has asked to end a run, whoever has it.
    pub(super) fn cancel(&self, run: Uuid) {
        if let Some(driven) = self.0.get(&run) {
            driven.reins.cancel.cancel();
        }
    }

    /// A claim was renewed, or is lost.
    pub(super) fn renewed(&self, hold: &RunHold, kept: RunKept) {
        let Some(Driven { reins, .. }) = self.driven(hold) else { return };
        match kept {
            RunKept::LeaseLost => reins.lost.cancel(),
            RunKept::Written { cancel_asked: true } => reins.cancel.cancel(),
            RunKept::Written { cancel_asked: false } => {}
        }
    }

    /// All claims, in the order in which everybody writes runs, so that two transactions never wait for
    /// each other.
    pub(super) fn holds(&self) -> Vec<RunHold> {
        let mut holds: Vec<RunHold> = self.0.values().map(|driven| driven.hold.clone()).collect();
        holds.sort_by_key(|hold| hold.run);
        holds
    }

    fn driven(&self, hold: &RunHold) -> Option<&Driven> {
        self.0.get(&hold.run).filter(|driven| driven.hold.fence == hold.fence)
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::ProjectName;

    use super::*;

    fn hold(run: u128, fence: i64) -> RunHold {
        let project = ProjectName::from("p".to_owned());
        RunHold { project, run: Uuid::from_u128(run), fence }
    }

    #[test]
    fn only_the_word_on_the_newest_claim_of_a_run_counts() {
        let mut under_way = UnderWay::default();
        let (older, newer) = (Reins::default(), Reins::default());
        under_way.begin(hold(1, 1), older.clone());
        under_way.begin(hold(1, 2), newer.clone());
        assert!(older.lost.is_cancelled() && !newer.lost.is_cancelled());

        // What comes late of the older claim.
        under_way.renewed(&hold(1, 1), RunKept::LeaseLost);
        under_way.renewed(&hold(1, 1), RunKept::Written { cancel_asked: true });
        under_way.done(&hold(1, 1));
        assert!(!newer.lost.is_cancelled() && !newer.cancel.is_cancelled());
        assert_eq!(under_way.holds(), [hold(1, 2)]);

        under_way.renewed(&hold(1, 2), RunKept::Written { cancel_asked: true });
        assert!(newer.cancel.is_cancelled() && !newer.lost.is_cancelled());
        under_way.renewed(&hold(1, 2), RunKept::LeaseLost);
        assert!(newer.lost.is_cancelled());
        under_way.done(&hold(1, 2));
        assert!(under_way.is_empty());
    }

    #[test]
    fn claims_are_renewed_in_the_order_in_which_runs_are_written() {
        let mut under_way = UnderWay::default();
        for run in (1..=50).rev() {
            under_way.begin(hold(run, 7), Reins::default());
        }
        let holds = under_way.holds();
        assert!(holds.len() == 50 && holds.is_sorted_by_key(|hold| hold.run));
    }
}
