//! Any workflow that can be written.

use fieldpost_model::workflow::{
    CatchUp, CronTrigger, Edge, EventTrigger, Join, KeepStates, Overlap, Reply, RunOrder, Step,
    StepRetry, Trigger, Trouble, When, Workflow,
};
use proptest::prelude::*;

use super::super::*;
use super::forwarders::any_filter;
use super::{any_duration, any_name};

fn any_event_trigger() -> impl Strategy<Value = Trigger> {
    let format = |on: Event| prop::sample::select(trigger_formats(on));
    let reply = prop::option::of((200..=599_u16, 200..=599_u16));
    let event = prop::sample::select(Event::OFFERED);
    event.prop_flat_map(move |on| (Just(on), any_filter(on), format(on), reply.clone())).prop_map(
        |(on, filter, format, reply)| {
            let reply = reply.map(|(success_code, error_code)| Reply { success_code, error_code });
            let reply = reply.filter(|_| on == Event::Message);
            Trigger::Event(EventTrigger { on, filter, format, reply })
        },
    )
}

fn any_trigger() -> impl Strategy<Value = Trigger> {
    let cron = (
        prop::sample::select(vec!["* * * * *", "*/5 6-18 * * 1-5", "30 2 29 2 *"]),
        prop::sample::select(vec!["UTC", "Africa/Nairobi"]),
        prop::sample::select(Overlap::ALL),
        prop::sample::select(CatchUp::ALL),
        prop::option::of(Just("s0".to_owned())),
    );
    prop_oneof![
        Just(Trigger::Manual),
        prop::sample::select(Trouble::ALL).prop_map(Trigger::Trouble),
        cron.prop_map(|(expression, time_zone, overlap, catch_up, cursor_step)| {
            Trigger::Cron(CronTrigger {
                expression: expression.to_owned(),
                time_zone: time_zone.to_owned(),
                overlap,
                catch_up,
                cursor_step,
            })
        }),
        any_event_trigger(),
    ]
}

/// An edge to a step, which is given its name later.
fn any_edge() -> impl Strategy<Value = (When, String, bool)> {
    let when = prop_oneof![
        Just(When::Always),
        Just(When::OnJobSuccess),
        Just(When::OnJobFailure),
        "state\\.[a-z]{1,5}( === [0-9])?".prop_map(When::Expression),
    ];
    (when, "\\PC{0,6}", any::<bool>())
}

fn any_step() -> impl Strategy<Value = (Step, Vec<(When, String, bool)>)> {
    let retry = (1..=100_u32, any_duration(86_400_000), any_duration(86_400_000), 1.0..=100.0_f64)
        .prop_map(|(tries, one, other, factor)| StepRetry {
            tries,
            first: one.min(other),
            factor,
            max: one.max(other),
        });
    (
        "\\PC{0,6}",
        prop::collection::vec("[a-z@/0-9.-]{1,8}", 0..3),
        prop_oneof![Just(String::new()), "[ -~\n]{0,40}"],
        prop::collection::vec(any_edge(), 0..3),
        prop::option::of(retry),
        prop::option::of(any_duration(86_400_000)),
        prop::option::of((4 << 20)..=(16_u64 << 30)),
    )
        .prop_map(|(name, adaptors, job, edges, retry, timeout, memory_bytes)| {
            let (id, connection, next) = (String::new(), None, Vec::new());
            let step =
                Step { id, name, adaptors, connection, job, next, retry, timeout, memory_bytes };
            (step, edges)
        })
}

/// Edges to the steps from this number on, as far as there are so many.
fn edges_to(from: usize, count: usize, edges: Vec<(When, String, bool)>) -> Vec<Edge> {
    (from..count)
        .zip(edges)
        .map(|(to, (when, label, disabled))| Edge { to: format!("s{to}"), when, label, disabled })
        .collect()
}

pub(super) fn any_workflow() -> impl Strategy<Value = Workflow> {
    (
        any_name(),
        prop_oneof![Just(String::new()), "\\PC{1,20}"],
        any_trigger(),
        prop::collection::vec(any_step(), 1..4),
        prop::collection::vec(any_edge(), 0..2),
        (
            any::<bool>(),
            prop::option::of(1..=1_000_u32),
            prop::option::of(any_duration(86_400_000)),
        ),
        (
            prop::sample::select(RunOrder::ALL),
            prop::sample::select(Join::ALL),
            prop::sample::select(KeepStates::ALL),
        ),
    )
        .prop_map(
            |(name, title, trigger, steps, start, (paused, concurrency, timeout), more)| {
                let count = steps.len();
                let begins = |(when, label, disabled)| match when {
                    When::OnJobSuccess | When::OnJobFailure => (When::Always, label, disabled),
                    when => (when, label, disabled),
                };
                let first = vec![(When::Always, String::new(), false)];
                let start =
                    if start.is_empty() { first } else { start.into_iter().map(begins).collect() };
                let (order_by, join, keep) = more;
                let is_event = matches!(trigger, Trigger::Event(_));
                let order_by = match order_by {
                    RunOrder::Case | RunOrder::Form if !is_event => RunOrder::None,
                    order_by => order_by,
                };
                // What a step has left is there for the next run only where all is kept.
                let has_cursor =
                    matches!(&trigger, Trigger::Cron(clock) if clock.cursor_step.is_some());
                let keep = if has_cursor { KeepStates::All } else { keep };
                let steps = steps.into_iter().enumerate().map(|(place, (step, edges))| Step {
                    id: format!("s{place}"),
                    next: edges_to(place + 1, count, edges),
                    ..step
                });
                Workflow {
                    name,
                    title,
                    trigger,
                    paused,
                    start: edges_to(0, count, start),
                    steps: steps.collect(),
                    concurrency,
                    order_by,
                    join,
                    timeout,
                    keep,
                }
            },
        )
}
