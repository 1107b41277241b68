//! What the lanes promise, with a clock that is moved by hand.

use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::event::Event;
use fieldpost_model::time::Timestamp;
use fieldpost_store::Payload;
use uuid::Uuid;

use fieldpost_model::connection::Rate;

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
        message: Some(Uuid::nil()),
        about: None,
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

fn wide(concurrency: u32) -> LaneDefinition {
    LaneDefinition { concurrency, timeout: Duration::from_secs(30), rate: None, paused: false }
}

fn lanes(now: Instant, defined: &[(&str, u32)]) -> Lanes {
    let mut lanes = Lanes::new(BreakerPolicy::default());
    lanes.define(defined.iter().map(|(name, most)| (lane(name), wide(*most))), now);
    lanes
}

fn fill(lanes: &mut Lanes, name: &str, count: u128, more: bool, now: Instant) {
    let claims = (0..count).map(|number| claimed(name, number)).collect();
    let outlook = vec![LaneOutlook { lane: lane(name), more, next_due_in: None }];
    assert!(lanes.take_in(claims, outlook, now, now).is_empty(), "{name} is there");
}

#[test]
fn a_full_lane_is_not_asked_for_and_costs_the_others_nothing() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("dead", 2), ("alive", 2)]);
    assert_eq!(lanes.demands(now).len(), 2);
    fill(&mut lanes, "dead", 4, true, now);
    fill(&mut lanes, "alive", 1, false, now);
    let mut started = Vec::new();
    while let Some(ready) = lanes.start_one(100, now) {
        started.push(ready.claimed.lane.name);
    }
    started.sort();
    assert_eq!(started, ["alive", "dead", "dead"], "two for the dead lane, and no more");
    lanes.hint(&lane("dead"), now);
    lanes.hint(&lane("alive"), now);
    let demands = lanes.demands(now);
    let asked: Vec<_> = demands.iter().map(|demand| &*demand.lane.name).collect();
    assert_eq!(asked, ["alive"], "the dead lane has two under way and two ready");
    assert_eq!(lanes.next_look(1_000, now), None, "and does not keep the dispatcher awake");
    lanes.done(&lane("dead"), Feedback::Well, false, now);
    assert!(lanes.start_one(100, now).is_some());
}

#[test]
fn lanes_take_turns_within_the_hubs_own_bound() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("one", 8), ("two", 8)]);
    fill(&mut lanes, "one", 8, false, now);
    fill(&mut lanes, "two", 8, false, now);
    let mut started = Vec::new();
    while let Some(ready) = lanes.start_one(8, now) {
        started.push(ready.claimed.lane.name);
    }
    assert_eq!(started.len(), 6, "the last quarter is for others");
    assert_eq!(started.iter().filter(|name| *name == "one").count(), 3);
    lanes.define(["one", "two", "three"].iter().map(|name| (lane(name), wide(8))), now);
    fill(&mut lanes, "three", 8, false, now);
    assert_eq!(lanes.start_one(8, now).unwrap().claimed.lane.name, "three");
    assert!(lanes.start_one(8, now).is_none());
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
    while lanes.start_one(100, now).is_some() {}
    lanes.hint(&lane("slow"), now);
    assert!(lanes.demands(now).is_empty(), "four under way, two ready: room for two only");
    assert_eq!(lanes.next_look(1_000, now), None);
    for _ in 0..2 {
        lanes.done(&lane("slow"), Feedback::Well, false, now);
    }
    assert_eq!(lanes.next_look(1_000, now), Some(now));
    assert_eq!(lanes.demands(now).len(), 1);
}

#[test]
fn a_removed_lane_ends_with_its_last_call_and_begins_no_other() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("one", 2)]);
    fill(&mut lanes, "one", 2, true, now);
    assert!(lanes.start_one(10, now).is_some());
    lanes.define(std::iter::empty(), now);
    assert_eq!(lanes.states.len(), 1);
    assert!(lanes.demands(now).is_empty());
    assert!(lanes.start_one(10, now).is_none());
    assert_eq!(lanes.give_up_unsendable(now).len(), 1, "it goes elsewhere now");
    lanes.done(&lane("one"), Feedback::Well, false, now);
    lanes.define(std::iter::empty(), now);
    assert!(lanes.states.is_empty() && lanes.turns.is_empty());
    let late = lanes.take_in(vec![claimed("one", 1)], Vec::new(), now, now);
    assert_eq!(late.len(), 1, "a claim that was under way meanwhile");
}

/// What starts until nothing more does, by lane.
fn start_all(lanes: &mut Lanes, now: Instant) -> Vec<String> {
    std::iter::from_fn(|| lanes.start_one(1_000, now)).map(|it| it.claimed.lane.name).collect()
}

#[test]
fn a_lane_of_large_payloads_takes_no_more_than_one_of_small_ones() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("large", 100), ("small", 100)]);
    let outlook = Vec::new();
    let of = |name: &str, bytes: u64| -> Vec<Claimed> {
        (0..40)
            .map(|number| {
                let mut claimed = claimed(name, number);
                claimed.content.bytes = bytes;
                claimed
            })
            .collect()
    };
    assert!(lanes.take_in(of("large", 640 * 1024), outlook.clone(), now, now).is_empty());
    assert!(lanes.take_in(of("small", 1_000), outlook, now, now).is_empty());
    let started: Vec<String> = std::iter::from_fn(|| lanes.start_one(1_000, now))
        .take(44)
        .map(|it| it.claimed.lane.name)
        .collect();
    let large = started.iter().filter(|name| *name == "large").count();
    assert_eq!(large, 4, "ten turns each: {started:?}");
    // Alone it goes on at once.
    assert_eq!(start_all(&mut lanes, now).len(), 36);
}

#[test]
fn a_rate_holds_and_wakes_the_dispatcher_in_time() {
    let now = Instant::now();
    let mut lanes = Lanes::new(BreakerPolicy::default());
    let rate = Some(Rate { calls: 2, per: Duration::from_secs(1) });
    lanes.define(std::iter::once((lane("slow"), LaneDefinition { rate, ..wide(8) })), now);
    assert_eq!(lanes.demands(now).len(), 1);
    fill(&mut lanes, "slow", 3, false, now);
    assert_eq!(start_all(&mut lanes, now).len(), 1);
    let next = lanes.next_look(1_000, now).unwrap();
    assert_eq!(next - now, Duration::from_millis(500));
    assert_eq!(start_all(&mut lanes, next).len(), 1);
    // Saving the connection again does not refill the bucket.
    lanes.define(std::iter::once((lane("slow"), LaneDefinition { rate, ..wide(4) })), next);
    assert!(start_all(&mut lanes, next).is_empty());
}

#[test]
fn a_lane_with_a_low_rate_does_not_claim_what_it_cannot_send() {
    let now = Instant::now();
    let mut lanes = Lanes::new(BreakerPolicy::default());
    let rate = Some(Rate { calls: 6, per: Duration::from_mins(1) });
    lanes.define(std::iter::once((lane("slow"), LaneDefinition { rate, ..wide(8) })), now);
    assert_eq!(lanes.demands(now)[0].limit, 4, "one at once, and what one call's time allows");
}

#[test]
fn a_paused_lane_is_neither_asked_for_nor_sent_and_goes_on_at_once() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("one", 2)]);
    fill(&mut lanes, "one", 2, true, now);
    let paused = LaneDefinition { paused: true, ..wide(2) };
    lanes.define(std::iter::once((lane("one"), paused)), now);
    assert!(start_all(&mut lanes, now).is_empty());
    assert_eq!(lanes.give_up_unsendable(now).len(), 2);
    lanes.hint(&lane("one"), now);
    assert!(lanes.demands(now).is_empty());
    assert_eq!(lanes.next_look(1_000, now), None);
    lanes.define(std::iter::once((lane("one"), wide(2))), now);
    assert_eq!(lanes.demands(now).len(), 1);
}

#[test]
fn an_open_breaker_keeps_the_queue_and_lets_one_probe_through() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("dead", 20)]);
    fill(&mut lanes, "dead", 20, true, now);
    assert_eq!(start_all(&mut lanes, now).len(), 20);
    let told = |lanes: &mut Lanes, times: usize, at: Instant| -> usize {
        (0..times).filter(|_| lanes.done(&lane("dead"), Feedback::Trouble, false, at)).count()
    };
    assert_eq!(told(&mut lanes, 20, now), 1, "it opens once");
    assert!(lanes.demands(now).is_empty());
    let standing = lanes.standings(now)[&lane("dead")];
    assert_eq!(standing.open, Some((Cause::Failures, Some(Duration::from_secs(1)))));
    let later = lanes.next_look(1_000, now).unwrap();
    assert_eq!(later - now, Duration::from_secs(1));
    let demands = lanes.demands(later);
    assert_eq!((demands.len(), demands[0].limit), (1, 1));
    fill(&mut lanes, "dead", 1, true, later);
    assert_eq!(start_all(&mut lanes, later).len(), 1);
    assert!(lanes.demands(later).is_empty());
    assert!(lanes.done(&lane("dead"), Feedback::Well, true, later));
    assert_eq!(lanes.demands(later)[0].limit, 40, "it closed: the whole window is open");
}

/// A connection whose rate allows one call an hour: far less often than a lease lasts.
#[test]
fn a_lane_claims_only_what_its_rate_lets_go_while_the_lease_lasts() {
    let hour = Duration::from_hours(1);
    let now = Instant::now();
    let mut lanes = Lanes::new(BreakerPolicy::default());
    let rate = Some(Rate { calls: 1, per: hour });
    lanes.define(std::iter::once((lane("slow"), LaneDefinition { rate, ..wide(8) })), now);
    assert_eq!(lanes.demands(now)[0].limit, 1);
    fill(&mut lanes, "slow", 1, true, now);
    assert_eq!(start_all(&mut lanes, now).len(), 1);
    lanes.done(&lane("slow"), Feedback::Well, false, now);
    assert!(lanes.demands(now).is_empty(), "its lease would end long before its call may begin");
    let mut at = now;
    for call in 1..=3 {
        let asks = lanes.next_look(1_000, at).unwrap();
        assert_eq!(asks + wide(8).timeout, now + hour * call);
        assert_eq!(lanes.demands(asks)[0].limit, 1);
        fill(&mut lanes, "slow", 1, true, asks);
        assert!(start_all(&mut lanes, asks).is_empty());
        at = lanes.next_look(1_000, asks).unwrap();
        assert_eq!(at, now + hour * call);
        let ready = lanes.start_one(1_000, at).unwrap();
        assert!(ready.lease_ends - at > wide(8).timeout + Duration::from_secs(5), "{call}");
        lanes.done(&lane("slow"), Feedback::Well, false, at);
    }
}

#[test]
fn a_full_hub_is_woken_by_the_end_of_a_call_and_not_by_a_rate() {
    let now = Instant::now();
    let mut lanes = lanes(now, &[("busy", 8)]);
    let rate = Some(Rate { calls: 1_000, per: Duration::from_secs(1) });
    let rated = (lane("rated"), LaneDefinition { rate, ..wide(8) });
    lanes.define([(lane("busy"), wide(8)), rated].into_iter(), now);
    assert_eq!(lanes.demands(now).len(), 2);
    fill(&mut lanes, "rated", 8, false, now);
    assert!(lanes.start_one(4, now).is_some());
    fill(&mut lanes, "busy", 8, false, now);
    for (most, under_way) in [(4, 3), (3, 3)] {
        while lanes.start_one(most, now).is_some() {}
        assert_eq!(lanes.under_way(), under_way);
        assert_eq!(lanes.next_look(most, now), None, "there is no room for either of {most}");
    }
    assert_eq!(lanes.next_look(5, now), Some(now));
}
