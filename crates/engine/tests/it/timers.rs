//! Workflows that the time or trouble of the project's own sets off.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::Incoming;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::json::Value;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cron::Schedule;
use fieldpost_store::{RunCondition, RunPage};
use fieldpost_testkit::{Answer, FakeDestination};
use rstest::rstest;

use crate::clinic::{Clinic, Wish, until};
use crate::world::Engine;

const DAY: Duration = Duration::from_hours(24);
const ALL: RunPage = RunPage { before: None, limit: 100 };

/// The runs of a workflow, the newest first.
async fn runs(clinic: &Clinic, workflow: &str) -> Vec<Run> {
    let condition = RunCondition { workflow: Some(workflow.to_owned()), ..RunCondition::default() };
    clinic.hub.store().runs("clinic", &condition, ALL).await.unwrap().found
}

async fn count(clinic: &Clinic, workflow: &str) -> usize {
    runs(clinic, workflow).await.len()
}

/// Up to which point a workflow's clock was looked at.
async fn mark(clinic: &Clinic, workflow: &str) -> Option<Timestamp> {
    let marks = clinic.hub.store().cron_marks("clinic").await.unwrap();
    marks.into_iter().find(|(name, _)| name == workflow).map(|(_, mark)| mark.at)
}

/// A daily point that is hours away, whenever the test runs.
fn expression(now: Timestamp) -> String {
    let hour = (now.unix_seconds() / 3_600 + 6) % 24;
    format!("0 {hour} * * *")
}

fn workflow(name: &str, trigger: &str, more: &str) -> String {
    format!(
        r#""{name}": {{"trigger": {{{trigger}}}, {more}
            "steps": {{"only": {{"adaptor": "common", "job": "fn(state => state)"}}}}}}"#
    )
}

/// Applies a project with these workflows.
async fn apply(clinic: &Clinic, workflows: &[String]) {
    let more = format!(r#", "workflows": {{{}}}"#, workflows.join(", "));
    clinic.apply(&Wish { more: more.leak(), ..Wish::default() }).await;
}

async fn is_known(clinic: &Clinic, workflow: &str) {
    until("the clock is known", async || mark(clinic, workflow).await).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn points_in_time_make_runs_and_missed_ones_as_they_are_to(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let clinic = Clinic::start(engine, &Wish::default()).await;
    let expression = expression(clinic.hub.now());
    let cron = format!(r#""cron": "{expression}""#);
    let kinds = [
        ("all", r#"{}, "catch_up": "all""#),
        ("one", r#"{}, "catch_up": "one""#),
        ("none", r#"{}, "catch_up": "none""#),
        ("skip", r#"{}, "catch_up": "all", "overlap": "skip""#),
        ("queue", r#"{}, "catch_up": "all", "overlap": "queue""#),
    ];
    let workflows =
        kinds.map(|(name, trigger)| workflow(name, &trigger.replacen("{}", &cron, 1), ""));
    apply(&clinic, &workflows).await;
    for (name, _) in kinds {
        is_known(&clinic, name).await;
        assert_eq!(count(&clinic, name).await, 0);
    }

    let point = Schedule::read(&expression, "UTC").unwrap().next(clinic.hub.now()).unwrap();
    clinic.set_forward(point.since(clinic.hub.now()) + Duration::from_secs(10));
    for (name, _) in kinds {
        let run = until("the run is made", async || runs(&clinic, name).await.pop()).await;
        assert_eq!(
            (run.origin, run.input, run.state),
            (RunOrigin::Cron, RunInput::State, RunState::Available)
        );
        assert_eq!(run.key, Some(point.to_string()));
        assert_eq!(mark(&clinic, name).await, Some(point));
    }

    // Three points pass while no hub looks.
    clinic.set_forward(DAY * 3 + Duration::from_hours(1));
    for (name, expected) in [("all", 4), ("one", 2), ("none", 1), ("skip", 1), ("queue", 4)] {
        until("the points were looked at", async || {
            (mark(&clinic, name).await > Some(point + DAY * 2)).then_some(())
        })
        .await;
        assert_eq!(count(&clinic, name).await, expected, "{name}");
    }
    assert_eq!(runs(&clinic, "one").await[0].key, Some((point + DAY * 3).to_string()));
    clinic.hub.stop().await;
}

/// The time is read before the definitions, so one may come in that is younger than the time that it is looked at
/// by. Whichever comes first, the point that passes or the definition that is saved: each point makes one run.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_point_that_passes_while_its_definition_is_saved_makes_one_run(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let clinic = Clinic::start(engine, &Wish::default()).await;
    let expression = expression(clinic.hub.now());
    let schedule = Schedule::read(&expression, "UTC").unwrap();
    let saved = |round: usize, name: &str| {
        let cron = format!(r#""cron": "{expression}", "catch_up": "one""#);
        workflow(name, &cron, &format!(r#""title": "Round {round}","#))
    };
    apply(&clinic, &[saved(0, "daily")]).await;
    is_known(&clinic, "daily").await;
    let mut points = Vec::new();
    for round in 1..=8 {
        let point = schedule.next(clinic.hub.now()).unwrap();
        // Together with one that is new each time: its clock begins when it comes in.
        let both = [saved(round, "daily"), saved(round, &format!("new-{round}"))];
        let (before, to_point) = (clinic.hub.now(), point.since(clinic.hub.now()));
        tokio::join!(async { clinic.set_forward(to_point) }, apply(&clinic, &both));
        points.insert(0, point.to_string());
        let all = until("the run is made", async || {
            let all = runs(&clinic, "daily").await;
            (all.len() >= round).then_some(all)
        })
        .await;
        let keys: Vec<String> = all.into_iter().filter_map(|run| run.key).collect();
        assert_eq!(keys, points, "round {round}");
        let new = format!("new-{round}");
        let begun = until("its clock is known", async || mark(&clinic, &new).await).await;
        assert!(begun >= before, "it begins when it comes in: {begun}");
        let made = runs(&clinic, &new).await;
        let is_of_point = |run: &Run| run.key.as_deref() == Some(&*points[0]);
        assert!(made.len() <= 1 && made.iter().all(is_of_point), "{made:?}");
    }
    // What was missed is made up for once, by the newest definition.
    clinic.set_forward(DAY * 3);
    until("it catches up", async || (count(&clinic, "daily").await > 8).then_some(())).await;
    all_have_looked().await;
    assert_eq!(count(&clinic, "daily").await, 9);
    clinic.hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hubs_one_makes_the_run_of_a_point() {
    let clinic = Clinic::start(Engine::Postgres, &Wish::default()).await;
    let expression = expression(clinic.hub.now());
    apply(&clinic, &[workflow("daily", &format!(r#""cron": "{expression}""#), "")]).await;
    is_known(&clinic, "daily").await;
    let other = Clinic::on(
        clinic.settings.database.clone(),
        None,
        FakeDestination::start().await,
        &clinic.ahead,
        Some(clinic.settings.keys.clone()),
    )
    .await;
    until("it knows the project", async || other.hub.routing().project("clinic").cloned()).await;
    for days in 1..=5 {
        let point = Schedule::read(&expression, "UTC").unwrap().next(clinic.hub.now()).unwrap();
        clinic.set_forward(point.since(clinic.hub.now()));
        until("the run is made", async || (count(&clinic, "daily").await >= days).then_some(()))
            .await;
        assert_eq!(mark(&clinic, "daily").await, Some(point));
    }
    other.hub.stop().await;
    clinic.hub.stop().await;
    assert_eq!(count(&clinic, "daily").await, 5);
}

/// A clock that is minutes ahead makes no point before its time, and one that is behind makes none again.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_hubs_whose_clocks_are_apart_one_makes_the_run_of_a_point() {
    let clinic = Clinic::start(Engine::Postgres, &Wish::default()).await;
    let expression = expression(clinic.hub.now());
    apply(&clinic, &[workflow("daily", &format!(r#""cron": "{expression}""#), "")]).await;
    is_known(&clinic, "daily").await;
    let mut others = Vec::new();
    for minutes in [-20, 20] {
        let ahead = Arc::new(AtomicI64::new(minutes * 60_000_000));
        let (settings, there) = (&clinic.settings, FakeDestination::start().await);
        let keys = Some(settings.keys.clone());
        let other = Clinic::on(settings.database.clone(), None, there, &ahead, keys).await;
        until("it knows the project", async || other.hub.routing().project("clinic").cloned())
            .await;
        others.push(other);
    }
    let all = || others.iter().chain([&clinic]);
    // All have looked at it with the store's time.
    all_have_looked().await;
    for days in 1..=3 {
        let now = clinic.hub.now();
        let point = Schedule::read(&expression, "UTC").unwrap().next(now).unwrap();
        // Four minutes before it, it has come for nobody; a minute after it, for everybody. A hub that looks between
        // the settings of two clocks sees fewer minutes than it takes a clock to be wrong.
        all().for_each(|hub| {
            hub.set_forward(point.since(now).saturating_sub(Duration::from_mins(4)));
        });
        all_have_looked().await;
        assert_eq!(count(&clinic, "daily").await, days - 1);
        all().for_each(|hub| hub.set_forward(Duration::from_mins(5)));
        until("the run is made", async || (count(&clinic, "daily").await >= days).then_some(()))
            .await;
        all_have_looked().await;
        assert_eq!(
            (count(&clinic, "daily").await, mark(&clinic, "daily").await),
            (days, Some(point))
        );
    }
    for other in &others {
        other.hub.stop().await;
    }
    clinic.hub.stop().await;
    assert_eq!(count(&clinic, "daily").await, 3);
}

/// Time for several looks. That nothing wrong has happened is all that is asserted after it.
async fn all_have_looked() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_clock_stands_still_and_another_schedule_begins_anew() {
    let clinic = Clinic::start(Engine::Sqlite, &Wish::default()).await;
    let expression = expression(clinic.hub.now());
    let named = |name: &str, more: &str| {
        workflow(name, &format!(r#""cron": "{expression}", "catch_up": "one""#), more)
    };
    apply(&clinic, &[named("stands", ""), named("goes", "")]).await;
    is_known(&clinic, "stands").await;
    is_known(&clinic, "goes").await;
    apply(&clinic, &[named("stands", r#""paused": true,"#), named("goes", "")]).await;
    clinic.set_forward(DAY * 2);
    until("the other one goes", async || (count(&clinic, "goes").await == 1).then_some(())).await;
    assert_eq!(count(&clinic, "stands").await, 0);

    // What passed meanwhile was missed.
    apply(&clinic, &[named("stands", r#""paused": false,"#), named("goes", "")]).await;
    until("it goes on", async || (count(&clinic, "stands").await == 1).then_some(())).await;

    // What another schedule would have done until now is nobody's concern.
    let before = mark(&clinic, "stands").await;
    clinic.set_forward(Duration::from_hours(1));
    let often = workflow("stands", r#""cron": "59 23 31 12 *", "catch_up": "all""#, "");
    apply(&clinic, &[often, named("goes", "")]).await;
    until("it has begun anew", async || (mark(&clinic, "stands").await > before).then_some(()))
        .await;
    assert_eq!(count(&clinic, "stands").await, 1);
    clinic.hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_looked_at_in_what_is_to_come_begins_anew() {
    let clinic = Clinic::start(Engine::Sqlite, &Wish::default()).await;
    let expression = expression(clinic.hub.now());
    let cron = format!(r#""cron": "{expression}", "catch_up": "one""#);
    apply(&clinic, &[workflow("daily", &cron, "")]).await;
    is_known(&clinic, "daily").await;
    // The hub's time is wrong by years for a while.
    clinic.set_forward(DAY * 1_000);
    until("it runs", async || (count(&clinic, "daily").await == 1).then_some(())).await;
    let wrong = mark(&clinic, "daily").await;
    clinic.set_back(DAY * 1_000);
    until("it begins anew", async || (mark(&clinic, "daily").await < wrong).then_some(())).await;
    assert_eq!(count(&clinic, "daily").await, 1);
    let point = Schedule::read(&expression, "UTC").unwrap().next(clinic.hub.now()).unwrap();
    clinic.set_forward(point.since(clinic.hub.now()) + Duration::from_secs(10));
    until("it runs in its time", async || (count(&clinic, "daily").await == 2).then_some(())).await;
    clinic.hub.stop().await;
}

/// What a run begins with.
async fn data(clinic: &Clinic, run: &Run) -> Value<'static> {
    let state = clinic.hub.store().given_state("clinic", run.id).await.unwrap().unwrap();
    let state = Value::parse(&state).unwrap().into_owned();
    state.get("data").unwrap().clone()
}

fn text<'v>(value: &'v Value<'_>, path: &[&str]) -> &'v str {
    value.path(path).and_then(Value::as_str).unwrap_or_default()
}

async fn post_after(clinic: &Clinic, hops: u32) {
    let route = clinic.hub.find_inbox("secret-inbox-1").await.unwrap().unwrap();
    let header = |name: &str, value: String| (name.to_owned(), value);
    let incoming = Incoming {
        method: "POST".to_owned(),
        path: "/inbox/x".to_owned(),
        query: Vec::new(),
        headers: vec![
            header("content-type", "application/json".to_owned()),
            header("fieldpost-hops", hops.to_string()),
        ],
        body: Bytes::from(format!("{{\"hops\": {hops}}}")),
    };
    clinic.hub.receive(&route, incoming).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_ended_sets_off_a_run_that_is_told_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let clinic = Clinic::start(engine, &Wish::default()).await;
    apply(&clinic, &[workflow("ended", r#""event": "delivery-ended""#, "")]).await;
    clinic.destination.answer("/hook", Answer::status(422).body("no such field"));
    // One that has gone round is told to nobody any more.
    post_after(&clinic, 4).await;
    post_after(&clinic, 1).await;
    until("both are refused", async || {
        (clinic.deliveries(DeliveryState::Rejected).await.len() == 2).then_some(())
    })
    .await;
    let run = until("a run is made", async || runs(&clinic, "ended").await.pop()).await;
    assert_eq!((run.origin, run.input), (RunOrigin::Event, RunInput::State));
    let told = data(&clinic, &run).await;
    assert_eq!(text(&told, &["type"]), "delivery.ended");
    assert_eq!(text(&told, &["project"]), "clinic");
    let delivery = text(&told, &["delivery", "id"]);
    assert!(
        clinic
            .deliveries(DeliveryState::Rejected)
            .await
            .iter()
            .any(|id| id.to_string() == delivery)
    );
    for (key, expected) in [("state", "rejected"), ("connection", "there"), ("forwarder", "all")] {
        assert_eq!(text(&told, &["delivery", key]), expected, "{key}");
    }
    assert!(text(&told, &["delivery", "error"]).contains("no such field"), "{told:?}");
    assert_eq!(text(&told, &["delivery", "message"]).len(), 36);
    // What ends last is counted before the hub has stopped.
    clinic.hub.stop().await;
    assert_eq!(count(&clinic, "ended").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_incident_sets_off_a_run_when_it_opens_and_one_when_it_is_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let clinic = Clinic::start(engine, &Wish::default()).await;
    let workflows = [
        workflow("opened", r#""event": "incident-opened""#, ""),
        workflow("closed", r#""event": "incident-closed""#, ""),
    ];
    apply(&clinic, &workflows).await;
    clinic.destination.answer("/hook", Answer::status(503));
    clinic.post(r#"{"n": 1}"#).await;
    let opened = until("a run is made", async || runs(&clinic, "opened").await.pop()).await;
    let told = data(&clinic, &opened).await;
    let incident = clinic.incidents().await.remove(0);
    assert_eq!(text(&told, &["type"]), "incident.opened");
    assert_eq!(text(&told, &["incident", "id"]), incident.id.to_string());
    assert_eq!(text(&told, &["incident", "subject"]), "there");
    assert_eq!(opened.key.as_deref(), Some("there"));
    assert_eq!(count(&clinic, "closed").await, 0);

    clinic.destination.answer("/hook", Answer::status(200));
    let closed = until("a run is made", async || runs(&clinic, "closed").await.pop()).await;
    let told = data(&clinic, &closed).await;
    assert_eq!(text(&told, &["type"]), "incident.recovered");
    assert_eq!(text(&told, &["incident", "id"]), incident.id.to_string());
    clinic.hub.stop().await;
    assert_eq!((count(&clinic, "opened").await, count(&clinic, "closed").await), (1, 1));
}
