//! The lanes of a hub, as the dispatcher sees them: what is under way, what is held ready, and
//! when to look again. Pure bookkeeping, no I/O.
//!
//! The backlog of a lane lies in the store, however long it is. Here is only a window: at most as
//! many calls under way as the connection allows, and as many deliveries held ready behind them.
//!
//! Lanes take turns (deficit round robin): a call costs its lane one turn, a large payload several,
//! so that a lane of large payloads takes no more of the hub than one of small ones. A lane that is
//! paused, whose [breaker] is open or whose [bucket] is empty is passed over and
//! costs the others nothing.

pub(crate) mod breaker;
mod bucket;
mod lane;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use fieldpost_store::{Claimed, Lane, LaneDemand, LaneOutlook};

use breaker::{BreakerPolicy, Cause, Feedback};
pub(crate) use lane::LaneDefinition;
use lane::{HubRoom, LaneState, Start};

/// Deliveries that are claimed for a lane at once, at most.
const MOST_PER_CLAIM: usize = 256;

/// A delivery that is held ready.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The delivery.
    pub(crate) claimed: Claimed,
    /// When the lease ends, by this process's monotonic clock, which cannot jump.
    pub(crate) lease_ends: Instant,
    /// Whether its call shows how a destination is that was left alone.
    pub(crate) is_probe: bool,
}

/// How a lane stands, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether its connection or its project is paused.
    pub(crate) paused: bool,
    /// Why it is left alone and for how long still, where its breaker is not closed.
    pub(crate) open: Option<(Cause, Option<Duration>)>,
    /// Calls under way.
    pub(crate) under_way: usize,
}

/// All lanes.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    states: HashMap<Lane, LaneState>,
    /// The lanes in the order in which they take their turns.
    turns: VecDeque<Lane>,
    under_way: usize,
    policy: BreakerPolicy,
}

impl Lanes {
    /// No lanes yet.
    pub(crate) fn new(policy: BreakerPolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Brings the lanes up to the definitions. A lane that is gone stays until its last call is
    /// done, so that its bounds hold, and begins no other: what is held ready goes elsewhere now.
    pub(crate) fn define(
        &mut self,
        connections: impl Iterator<Item = (Lane, LaneDefinition)>,
        now: Instant,
    ) {
        let defined: HashMap<Lane, LaneDefinition> = connections.collect();
        self.states.retain(|lane, state| {
            defined.contains_key(lane) || state.under_way > 0 || !state.ready.is_empty()
        });
        self.turns.retain(|lane| self.states.contains_key(lane));
        for (lane, state) in &mut self.states {
            if !defined.contains_key(lane) {
                state.retire();
            }
        }
        for (lane, definition) in defined {
            let state = self.states.entry(lane.clone()).or_insert_with(|| {
                self.turns.push_back(lane);
                LaneState::new(definition, now)
            });
            state.define(definition, now);
        }
    }

    /// A hint: the lane may have something due.
    pub(crate) fn hint(&mut self, lane: &Lane, now: Instant) {
        if let Some(state) = self.states.get_mut(lane) {
            state.look_at = Some(now);
        }
    }

    /// Hints were missed, or it is time to poll: every lane may have something due.
    pub(crate) fn hint_all(&mut self, now: Instant) {
        for state in self.states.values_mut() {
            state.look_at = Some(now);
        }
    }

    /// A person asks for a call now, whatever the breaker thinks.
    pub(crate) fn try_now(&mut self, lane: &Lane, now: Instant) {
        if let Some(state) = self.states.get_mut(lane) {
            state.breaker.try_now();
            state.look_at = Some(now);
        }
    }

    /// What to ask the store for now. A lane whose window is full is left out; it is asked for
    /// again as soon as there is room. The answer, whatever it is, sets when to look next.
    pub(crate) fn demands(&mut self, now: Instant) -> Vec<LaneDemand> {
        let mut demands = Vec::new();
        for (lane, state) in &mut self.states {
            if let Some(room) = state.demand(now) {
                state.look_at = None;
                state.asked_lease = state.lease();
                demands.push(LaneDemand {
                    lane: lane.clone(),
                    limit: room.min(MOST_PER_CLAIM),
                    lease: state.asked_lease,
                });
            }
        }
        demands
    }

    /// When the next lane wants to be looked at, among those that could do something then: any
    /// other would wake the dispatcher for nothing, again and again.
    pub(crate) fn next_look(&self, most_under_way: usize, now: Instant) -> Option<Instant> {
        let room = self.room(most_under_way);
        self.states.values().filter_map(|state| state.next_look(room, now)).min()
    }

    /// How much room there is for further calls. The last quarter is for lanes that have nothing
    /// under way: many destinations that hang together may fill the rest, and a healthy one still
    /// gets its call.
    fn room(&self, most_under_way: usize) -> HubRoom {
        if self.under_way >= most_under_way {
            HubRoom::None
        } else if self.under_way >= most_under_way - most_under_way / 4 {
            HubRoom::Scarce
        } else {
            HubRoom::Ample
        }
    }

    /// Takes in what was claimed, and what the store says of the lanes. The answer is what was
    /// claimed for lanes that are gone since, to give it back.
    #[must_use]
    pub(crate) fn take_in(
        &mut self,
        claimed: Vec<Claimed>,
        outlook: Vec<LaneOutlook>,
        asked_at: Instant,
        now: Instant,
    ) -> Vec<Claimed> {
        let mut homeless = Vec::new();
        for claim in claimed {
            if let Some(state) = self.states.get_mut(&claim.lane) {
                let lease_ends = asked_at + state.asked_lease;
                state.ready.push_back(Ready { claimed: claim, lease_ends, is_probe: false });
            } else {
                homeless.push(claim);
            }
        }
        for LaneOutlook { lane, more, next_due_in } in outlook {
            if let Some(state) = self.states.get_mut(&lane) {
                let due = if more { Some(now) } else { next_due_in.map(|pause| now + pause) };
                // A hint that came while the store was asked stays in force.
                state.look_at = match (state.look_at, due) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
        }
        homeless
    }

    /// The next delivery to start, one lane after the other, within every lane's bounds and the
    /// hub's own.
    pub(crate) fn start_one(&mut self, most_under_way: usize, now: Instant) -> Option<Ready> {
        let room = self.room(most_under_way);
        if room == HubRoom::None {
            return None;
        }
        loop {
            let mut somebody_saves = false;
            for _ in 0..self.turns.len() {
                let lane = self.turns.pop_front()?;
                let state = self.states.get_mut(&lane);
                let start = state.map_or(Start::No, |state| state.start(room, now));
                self.turns.push_back(lane);
                match start {
                    Start::Now(ready) => {
                        self.under_way += 1;
                        return Some(ready);
                    }
                    Start::LaterTurn => somebody_saves = true,
                    Start::No => {}
                }
            }
            if !somebody_saves {
                return None;
            }
        }
    }

    /// A call is done, and was a probe or not. `true`: by it the lane's breaker opened or closed.
    pub(crate) fn done(
        &mut self,
        lane: &Lane,
        feedback: Feedback,
        is_probe: bool,
        now: Instant,
    ) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(state) = self.states.get_mut(lane) else { return false };
        state.under_way = state.under_way.saturating_sub(1);
        let changed = state.breaker.done(feedback, is_probe, &self.policy, now);
        if changed {
            // Its queue is looked at as soon as the breaker lets something through.
            state.look_at = Some(now);
        }
        changed
    }

    /// Calls under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }

    /// How each lane stands that is not simply at work or idle.
    pub(crate) fn standings(&self, now: Instant) -> HashMap<Lane, Standing> {
        let standing = |state: &LaneState| Standing {
            paused: state.is_paused(),
            open: state.breaker.open().map(|(cause, until)| {
                (cause, until.map(|until| until.saturating_duration_since(now)))
            }),
            under_way: state.under_way,
        };
        self.states.iter().map(|(lane, state)| (lane.clone(), standing(state))).collect()
    }

    /// Takes out what is held ready in lanes that cannot send it soon, to give it back.
    pub(crate) fn give_up_unsendable(&mut self, now: Instant) -> Vec<Claimed> {
        self.states
            .values_mut()
            .flat_map(|state| state.give_up_unsendable(now))
            .map(|ready| ready.claimed)
            .collect()
    }

    /// Takes out everything that is held ready, to give it back.
    pub(crate) fn give_up_ready(&mut self) -> Vec<Claimed> {
        self.states
            .values_mut()
            .flat_map(|state| state.ready.drain(..))
            .map(|ready| ready.claimed)
            .collect()
    }
}

#[cfg(test)]
mod tests;
