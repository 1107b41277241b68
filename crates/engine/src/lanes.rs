//! The lanes of a hub, as the dispatcher sees them: what is under way, what is held ready, and
//! when to look again. Pure bookkeeping, no I/O.
//!
//! The backlog of a lane lies in the store, however long it is. Here is only a window: at most as
//! many calls under way as the connection allows, and as many deliveries held ready behind them.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use fieldpost_store::{Claimed, Lane, LaneDemand, LaneOutlook};

/// What a lease lasts beyond the longest calls that it covers.
const LEASE_MARGIN: Duration = Duration::from_secs(15);
/// Deliveries that are claimed for a lane at once, at most.
const MOST_PER_CLAIM: usize = 256;

/// A delivery that is held ready.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The delivery.
    pub(crate) claimed: Claimed,
    /// When the lease ends, by this process's monotonic clock, which cannot jump.
    pub(crate) lease_ends: Instant,
}

/// What the bookkeeping knows of one lane.
#[derive(Debug)]
struct LaneState {
    concurrency: usize,
    timeout: Duration,
    under_way: usize,
    ready: VecDeque<Ready>,
    /// When the store is to be asked; `None`: when a hint comes, or at the next poll.
    look_at: Option<Instant>,
    /// The lease that was last asked for: the timeout may be another by the time of the answer.
    asked_lease: Duration,
}

impl LaneState {
    fn room(&self) -> usize {
        (2 * self.concurrency).saturating_sub(self.under_way + self.ready.len())
    }

    /// Whether the store is worth asking. Asking for one delivery at a time would cost a
    /// transaction each: a lane that has calls to start waits until half of its window is free.
    fn wants_more(&self) -> bool {
        let room = self.room();
        room > 0 && (self.ready.is_empty() || room >= self.concurrency)
    }

    /// A delivery may wait for a whole call before its own begins.
    fn lease(&self) -> Duration {
        2 * self.timeout + LEASE_MARGIN
    }
}

/// All lanes.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    states: HashMap<Lane, LaneState>,
    /// The lanes in the order in which they take their turns.
    turns: VecDeque<Lane>,
    under_way: usize,
}

impl Lanes {
    /// Brings the lanes up to the definitions. A lane that is gone stays until its last call is
    /// done, so that its bounds hold.
    pub(crate) fn define(
        &mut self,
        connections: impl Iterator<Item = (Lane, u32, Duration)>,
        now: Instant,
    ) {
        let defined: HashMap<Lane, (u32, Duration)> = connections
            .map(|(lane, concurrency, timeout)| (lane, (concurrency, timeout)))
            .collect();
        self.states.retain(|lane, state| {
            defined.contains_key(lane) || state.under_way > 0 || !state.ready.is_empty()
        });
        self.turns.retain(|lane| self.states.contains_key(lane));
        for (lane, (concurrency, timeout)) in defined {
            let state = self.states.entry(lane.clone()).or_insert_with(|| {
                self.turns.push_back(lane);
                LaneState {
                    concurrency: 1,
                    timeout,
                    under_way: 0,
                    ready: VecDeque::new(),
                    look_at: Some(now),
                    asked_lease: Duration::ZERO,
                }
            });
            state.concurrency = concurrency.try_into().unwrap_or(usize::MAX);
            state.timeout = timeout;
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

    /// What to ask the store for now. A lane whose window is full is left out; it is asked for
    /// again as soon as there is room. The answer, whatever it is, sets when to look next.
    pub(crate) fn demands(&mut self, now: Instant) -> Vec<LaneDemand> {
        let mut demands = Vec::new();
        for (lane, state) in &mut self.states {
            if state.wants_more() && state.look_at.is_some_and(|at| at <= now) {
                state.look_at = None;
                state.asked_lease = state.lease();
                demands.push(LaneDemand {
                    lane: lane.clone(),
                    limit: state.room().min(MOST_PER_CLAIM),
                    lease: state.asked_lease,
                });
            }
        }
        demands
    }

    /// When the next lane wants to be looked at, among those that `demands` would ask for: any
    /// other would wake the dispatcher for nothing, again and again.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.states
            .values()
            .filter(|state| state.wants_more())
            .filter_map(|state| state.look_at)
            .min()
    }

    /// Takes in what was claimed, and what the store says of the lanes.
    pub(crate) fn take_in(
        &mut self,
        claimed: Vec<Claimed>,
        outlook: Vec<LaneOutlook>,
        asked_at: Instant,
        now: Instant,
    ) {
        for claim in claimed {
            if let Some(state) = self.states.get_mut(&claim.lane) {
                let lease_ends = asked_at + state.asked_lease;
                state.ready.push_back(Ready { claimed: claim, lease_ends });
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
    }

    /// The next delivery to start, one lane after the other, within every lane's concurrency and
    /// the hub's own.
    pub(crate) fn start_one(&mut self, most_under_way: usize) -> Option<Ready> {
        if self.under_way >= most_under_way {
            return None;
        }
        // The last quarter is for lanes that have nothing under way: many destinations that hang
        // together may fill the rest, and a healthy one still gets its call.
        let is_crowded = self.under_way >= most_under_way - most_under_way / 4;
        for _ in 0..self.turns.len() {
            let lane = self.turns.pop_front()?;
            let state = self.states.get_mut(&lane);
            let started = state.and_then(|state| {
                let most = if is_crowded { 1 } else { state.concurrency };
                let free = state.under_way < most;
                let ready = if free { state.ready.pop_front() } else { None };
                state.under_way += usize::from(ready.is_some());
                ready
            });
            self.turns.push_back(lane);
            if started.is_some() {
                self.under_way += 1;
                return started;
            }
        }
        None
    }

    /// A call is done.
    pub(crate) fn done(&mut self, lane: &Lane) {
        if let Some(state) = self.states.get_mut(lane) {
            state.under_way = state.under_way.saturating_sub(1);
        }
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Calls under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way
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
mod tests {
    use fieldpost_model::delivery::DeliveryOrigin;
    use fieldpost_model::event::Event;
    use fieldpost_model::time::Timestamp;
    use fieldpost_store::Payload;
    use uuid::Uuid;

    use super::*;

    fn lane(name: &str) -> Lane {
        Lane { project: "clinic".into(), name: name.to_owned() }
    }

    fn claimed(name: &str, number: u128) -> Claimed {
        Claimed {
            lane: lane(name),
            id: Uuid::from_u128(number),
            forwarder: "f".to_owned(),
            event: Event::Message,
            key: None,
            origin: DeliveryOrigin::Event,
            resend_of: None,
            attempts: 0,
            tries: 0,
            registered_at: Timestamp(0),
            payload: Uuid::nil(),
            configuration_version: 1,
            fence: 1,
            sequence: None,
            collapse: None,
            hops: 0,
            content: Payload {
                source: "s".to_owned(),
                content_type: None,
                bytes: 0,
                body: Some(bytes::Bytes::new()),
            },
        }
    }

    fn lanes(now: Instant, defined: &[(&str, u32)]) -> Lanes {
        let mut lanes = Lanes::default();
        let timeout = Duration::from_secs(30);
        lanes.define(defined.iter().map(|(name, most)| (lane(name), *most, timeout)), now);
        lanes
    }

    fn fill(lanes: &mut Lanes, name: &str, count: u128, more: bool, now: Instant) {
        let claims = (0..count).map(|number| claimed(name, number)).collect();
        let outlook = vec![LaneOutlook { lane: lane(name), more, next_due_in: None }];
        lanes.take_in(claims, outlook, now, now);
    }

    #[test]
    fn a_full_lane_is_not_asked_for_and_costs_the_others_nothing() {
        let now = Instant::now();
        let mut lanes = lanes(now, &[("dead", 2), ("alive", 2)]);
        assert_eq!(lanes.demands(now).len(), 2);
        fill(&mut lanes, "dead", 4, true, now);
        fill(&mut lanes, "alive", 1, false, now);
        let mut started = Vec::new();
        while let Some(ready) = lanes.start_one(100) {
            started.push(ready.claimed.lane.name);
        }
        started.sort();
        assert_eq!(started, ["alive", "dead", "dead"], "two for the dead lane, and no more");
        lanes.hint(&lane("dead"), now);
        lanes.hint(&lane("alive"), now);
        let demands = lanes.demands(now);
        let asked: Vec<_> = demands.iter().map(|demand| &*demand.lane.name).collect();
        assert_eq!(asked, ["alive"], "the dead lane has two under way and two ready");
        assert_eq!(lanes.next_look(), None, "and does not keep the dispatcher awake");
        lanes.done(&lane("dead"));
        assert!(lanes.start_one(100).is_some());
    }

    #[test]
    fn lanes_take_turns_within_the_hubs_own_bound() {
        let now = Instant::now();
        let mut lanes = lanes(now, &[("one", 8), ("two", 8)]);
        fill(&mut lanes, "one", 8, false, now);
        fill(&mut lanes, "two", 8, false, now);
        let mut started = Vec::new();
        while let Some(ready) = lanes.start_one(8) {
            started.push(ready.claimed.lane.name);
        }
        assert_eq!(started.len(), 6, "the last quarter is for others");
        assert_eq!(started.iter().filter(|name| *name == "one").count(), 3);
        lanes.define(
            ["one", "two", "three"].iter().map(|name| (lane(name), 8, Duration::from_secs(30))),
            now,
        );
        fill(&mut lanes, "three", 8, false, now);
        assert_eq!(lanes.start_one(8).unwrap().claimed.lane.name, "three");
        assert!(lanes.start_one(8).is_none());
        assert_eq!(lanes.under_way(), 7);
    }

    #[test]
    fn a_hint_that_comes_during_a_claim_is_not_lost() {
        let now = Instant::now();
        let mut lanes = lanes(now, &[("one", 2)]);
        assert_eq!(lanes.demands(now).len(), 1);
        assert!(lanes.demands(now).is_empty(), "asked already");
        lanes.hint(&lane("one"), now);
        fill(&mut lanes, "one", 0, false, now);
        assert_eq!(lanes.demands(now).len(), 1);
    }

    #[test]
    fn a_lane_that_is_not_asked_for_yet_does_not_keep_the_dispatcher_awake() {
        let now = Instant::now();
        let mut lanes = lanes(now, &[("slow", 4)]);
        assert_eq!(lanes.demands(now).len(), 1);
        fill(&mut lanes, "slow", 6, false, now);
        while lanes.start_one(100).is_some() {}
        lanes.hint(&lane("slow"), now);
        assert!(lanes.demands(now).is_empty(), "four under way, two ready: room for two only");
        assert_eq!(lanes.next_look(), None);
        for _ in 0..2 {
            lanes.done(&lane("slow"));
        }
        assert_eq!(lanes.next_look(), Some(now));
        assert_eq!(lanes.demands(now).len(), 1);
    }

    #[test]
    fn a_removed_lane_ends_with_its_last_call() {
        let now = Instant::now();
        let mut lanes = lanes(now, &[("one", 2)]);
        fill(&mut lanes, "one", 1, false, now);
        assert!(lanes.start_one(10).is_some());
        lanes.define(std::iter::empty(), now);
        assert_eq!(lanes.states.len(), 1);
        lanes.done(&lane("one"));
        lanes.define(std::iter::empty(), now);
        assert!(lanes.states.is_empty() && lanes.turns.is_empty());
    }
}
