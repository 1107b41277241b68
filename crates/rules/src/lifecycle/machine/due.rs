//! What the time does: jumps after a while, and global actions.

use fieldpost_model::lifecycle::{Action, ActionKind, Anchor, GlobalAction, Jump};
use fieldpost_model::progress::{ActionList, Fired};
use fieldpost_model::time::Timestamp;

use super::super::effects::Record;
use super::walk::Walk;
use super::{Machine, place};

/// Something that the time does.
struct Timed<'a> {
    at: Timestamp,
    what: What<'a>,
}

enum What<'a> {
    Jump(ActionList, &'a Action, &'a Jump),
    Global(&'a GlobalAction, Timestamp),
}

/// All that the time will do if nothing else happens, the first first; of those at one moment, in the order
/// of the definition.
fn timed<'a>(machine: &Machine<'a>, record: &Record) -> Vec<Timed<'a>> {
    let progress = &record.progress;
    let Some(status) = progress.status.clone().filter(|_| !progress.is_busy()) else {
        return Vec::new();
    };
    let list = ActionList::Status(status);
    let jumps = machine.actions(&list).iter().filter_map(|action| {
        let ActionKind::Jump(jump) = &action.kind else { return None };
        let at = progress.arrived_at + jump.timeout?;
        Some(Timed { at, what: What::Jump(list.clone(), action, jump) })
    });
    let globals = machine.definition.lifecycle.global_actions.iter().filter_map(|action| {
        let timeout = action.timeout.as_ref()?;
        let anchor = anchor(machine, record, &timeout.since)?;
        let is_done = |fired: &Fired| fired.action == action.id && fired.anchor == anchor;
        if progress.fired.iter().any(is_done) {
            return None;
        }
        Some(Timed { at: anchor + timeout.after, what: What::Global(action, anchor) })
    });
    let mut timed: Vec<Timed<'a>> = jumps.chain(globals).collect();
    timed.sort_by_key(|timed| timed.at);
    timed
}

fn anchor(machine: &Machine<'_>, record: &Record, since: &Anchor) -> Option<Timestamp> {
    let progress = &record.progress;
    match since {
        Anchor::Creation => Some(progress.received_at),
        Anchor::FirstArrival(status) => progress.first_arrival(status),
        Anchor::LatestArrival(status) => progress.latest_arrival(status),
        Anchor::Finalised => {
            let status = progress.status.as_deref()?;
            let is_end = machine.definition.lifecycle.status(status)?.is_endpoint();
            is_end.then_some(progress.arrived_at)
        }
        Anchor::Anonymisation => progress.anonymised_at,
    }
}

/// When something is due. What is due already, and cannot be done, is looked at again after a while.
pub(super) fn next(machine: &Machine<'_>, record: &Record) -> Option<Timestamp> {
    let now = machine.surroundings.now;
    let moments = timed(machine, record).into_iter().map(|timed| match timed.what {
        What::Jump(_, action, jump)
            if timed.at <= now
                && !(machine.is_open(record, action)
                    && machine.target(record, &jump.to).is_some()) =>
        {
            now + machine.bounds.timeout_again
        }
        _ => timed.at,
    });
    moments.min()
}

impl Walk<'_, '_> {
    /// Remembers that a timeout of the status went wrong. It is looked at again and again while the
    /// submission stays there, and told of once.
    fn is_first_failure(&mut self, action: &Action) -> bool {
        let progress = &mut self.record.progress;
        let Some(status) = progress.status.as_deref() else { return true };
        let failed =
            Fired { action: Fired::of_jump(status, &action.id), anchor: progress.arrived_at };
        if progress.fired.contains(&failed) {
            return false;
        }
        progress.fired.retain(|fired| fired.action != failed.action);
        progress.fired.push(failed);
        true
    }

    /// Does the first of what is due.
    pub(super) fn time_came(&mut self) {
        let now = self.now();
        for timed in timed(self.machine, &self.record) {
            if timed.at > now {
                return;
            }
            match timed.what {
                What::Jump(list, action, jump) => {
                    let told = self.effects.len();
                    if self.holds(&list, action) {
                        let at = place(&list, action);
                        // Where it leads nowhere, the others may lead on.
                        if let Some(status) = self.go(&at, &jump.to, jump.sets_marker, None) {
                            return self.run(ActionList::Status(status), 0);
                        }
                    }
                    if self.effects.len() > told && !self.is_first_failure(action) {
                        self.effects.truncate(told);
                    }
                }
                What::Global(action, anchor) => {
                    let fired = &mut self.record.progress.fired;
                    fired.retain(|fired| fired.action != action.id);
                    fired.push(Fired { action: action.id.clone(), anchor });
                    self.record.progress.updated_at = now;
                    return self.run(ActionList::Global(action.id.clone()), 0);
                }
            }
        }
    }
}
