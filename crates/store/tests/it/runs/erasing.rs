//! Erasing what runs have worked with.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::event::Event;
use fieldpost_model::run::{RunInput, RunOrigin, RunState};
use fieldpost_store::{
    Criterion, CronMark, DefinitionChange, DefinitionKind, FinalState, NewRun, RetentionKind,
    RetentionStep, RunEnd, RunError, RunLogLine, RunThen, StateSide, Traces, Verdict,
};
use rstest::rstest;
use uuid::Uuid;

use super::{WORKFLOW, given, ordered, record, run_of, setting_off, step};
use crate::payloads::{of_case, told};
use crate::support::{CONNECTION, Change, Engine, LONG, PROJECT, TestStore, message, now, outcome};

/// What an error quotes of what came in.
const QUOTED: &str = "no such birth: Amina";

/// A step that takes all that is there for old.
fn of_age(kind: RetentionKind) -> RetentionStep<'static> {
    let later = now() + Duration::from_hours(1);
    let again = Duration::from_mins(1);
    RetentionStep { project: PROJECT, kind, cutoff: later, now: later, again, limit: 25 }
}

/// Ends the only run that is due, with states and a log; the answer is its id.
async fn run_one(store: &TestStore, state: RunState) -> Uuid {
    let claimed = store.claim_one_run().await;
    let end = RunEnd {
        state,
        error: (state != RunState::Success).then(|| RunError {
            error_type: "JobError".to_owned(),
            message: QUOTED.to_owned(),
            ..RunError::default()
        }),
        final_state: Some(FinalState::State("{\"left\":1}".into())),
        drop_states: false,
    };
    let mut whole = record(&claimed, RunThen::Ended(end));
    whole.steps = vec![step(1, None, "{\"out\":1}")];
    whole.steps[0].step.error = Some(format!("{{\"message\":\"{QUOTED}\"}}"));
    whole.log = vec![RunLogLine {
        number: 1,
        step_number: Some(1),
        at: now(),
        level: "info".to_owned(),
        source: "JOB".to_owned(),
        message: "a word".to_owned(),
    }];
    store.write(whole).await;
    claimed.run.id
}

/// What is kept of a run: whether the output of its step, its final state, its log, its step.
async fn kept_of(store: &TestStore, run: Uuid) -> [bool; 4] {
    let output = store.step_state(PROJECT, run, 1, StateSide::Output).await.unwrap();
    [
        output.is_some(),
        store.final_state(PROJECT, run).await.unwrap().is_some(),
        !store.run_log(PROJECT, run, 0, 9).await.unwrap().is_empty(),
        !store.run_steps(PROJECT, run).await.unwrap().is_empty(),
    ]
}

#[rstest]
#[tokio::test]
async fn what_a_message_loses_its_runs_lose_and_what_waits_keeps_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = setting_off(vec![NewRun { order_key: None, ..ordered("case-1") }]);
    let message = accept.message.id;
    store.accept(accept).await.unwrap();
    let bodies = of_age(RetentionKind::Bodies);
    assert_eq!(store.retain_next(bodies).await.unwrap().erased.messages, 0);
    let run = run_one(&store, RunState::Failed).await;
    assert_eq!(kept_of(&store, run).await, [true; 4]);
    // What has failed has not done what it was for.
    let after = of_age(RetentionKind::AfterSuccess);
    assert_eq!(store.retain_next(after).await.unwrap().erased.messages, 0);

    let later = RetentionStep { now: bodies.now + Duration::from_hours(1), ..bodies };
    assert_eq!(store.retain_again(later).await.unwrap().erased.messages, 1);
    assert_eq!(kept_of(&store, run).await, [false, false, false, true]);
    let left = store.find_run(run).await;
    assert_eq!(left.key.as_deref(), Some("case-1"));
    assert_eq!((left.error_message, left.error_type.as_deref()), (None, Some("JobError")));
    assert_eq!(store.run_steps(PROJECT, run).await.unwrap()[0].error, None);
    assert_eq!(store.retain_next(of_age(RetentionKind::Messages)).await.unwrap().looked_at, 1);
    assert_eq!(kept_of(&store, run).await, [false; 4]);
    let tombstone = store.find_run(run).await;
    assert_eq!((tombstone.key, tombstone.state), (None, RunState::Failed));
    assert_eq!(tombstone.message, Some(message));
}

#[rstest]
#[tokio::test]
async fn bytes_go_after_success_of_all_runs(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    let run = run_one(&store, RunState::Success).await;
    let after = of_age(RetentionKind::AfterSuccess);
    assert_eq!(store.retain_next(after).await.unwrap().erased.messages, 1);
    assert_eq!(kept_of(&store, run).await, [false, false, false, true]);
}

#[rstest]
#[tokio::test]
async fn runs_of_no_message_come_of_age_by_themselves(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mark = CronMark { schedule: "* * * * * UTC".to_owned(), at: now() };
    let timed = "{\"trigger\":{\"cron\":\"* * * * *\"}}".to_owned();
    let change = DefinitionChange::Set(DefinitionKind::Workflow, WORKFLOW.to_owned(), timed);
    store.change_configuration(PROJECT, 1, vec![change]).await.unwrap();
    let moved = store.move_cron_mark(&PROJECT.into(), WORKFLOW, None, &mark, Vec::new()).await;
    assert_eq!(moved, Ok(true));
    let mut runs = Vec::new();
    for (origin, state) in [
        (RunOrigin::Manual, RunState::Success),
        (RunOrigin::Cron, RunState::Success),
        // The next one begins with what this one has left, whoever made it.
        (RunOrigin::Retry, RunState::Success),
        (RunOrigin::Cron, RunState::Failed),
    ] {
        let run = NewRun { origin, ..given("{}") };
        store.start_runs(&PROJECT.into(), None, vec![run]).await.unwrap();
        runs.push(run_one(&store, state).await);
    }
    let waits = NewRun { origin: RunOrigin::Cron, ..given("{\"x\":1}") };
    store.start_runs(&PROJECT.into(), None, vec![waits.clone()]).await.unwrap();
    let done = store.retain_runs_alone(of_age(RetentionKind::AfterSuccess)).await.unwrap();
    assert_eq!(done.looked_at, 2);
    // The next run begins with what the last good one has left.
    let whole = [[false, false, false, true], [false, false, false, true], [true; 4], [true; 4]];
    for (run, expected) in runs.iter().zip(whole) {
        assert_eq!(kept_of(&store, *run).await, expected);
    }
    let done = store.retain_runs_alone(of_age(RetentionKind::Bodies)).await.unwrap();
    assert_eq!(done.looked_at, 1);
    assert_eq!(kept_of(&store, runs[3]).await, [false, false, false, true]);
    assert_eq!(store.given_state(PROJECT, waits.id).await, Ok(waits.state));
    let done = store.retain_runs_alone(of_age(RetentionKind::Messages)).await.unwrap();
    assert_eq!(done.looked_at, 3);
    assert_eq!(kept_of(&store, runs[0]).await, [false; 4]);
    let done = store.retain_runs_alone(of_age(RetentionKind::Messages)).await.unwrap();
    assert_eq!(done.looked_at, 0);
    assert!(store.last_good_state(PROJECT, WORKFLOW, None).await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn the_runs_of_a_person_are_found_and_erased_with_the_messages(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = setting_off(vec![NewRun { order_key: None, ..ordered("case-1") }]);
    let message = accept.message.id;
    store.accept(accept).await.unwrap();
    // A message of somebody else has told of a case that the person's form has touched.
    let payload = of_case("case-1");
    let told = NewRun { input: RunInput::Case, payload: Some(payload.id), ..run_of(WORKFLOW) };
    let other = setting_off(vec![told.clone()]).change(|accept| accept.payloads = vec![payload]);
    store.accept(other).await.unwrap();

    let traces = store.find_traces(PROJECT, &Criterion::Key("case-1".to_owned())).await.unwrap();
    assert_eq!(traces.messages, [message]);
    let traces = Traces { touched: vec!["case-1".to_owned()], ..traces };
    let waiting = store.waiting_runs_of(PROJECT, &traces).await.unwrap();
    assert_eq!(waiting.len(), 2);
    assert_eq!(store.erase_messages(PROJECT, &[message], now()).await.unwrap().messages, 0);
    for run in &waiting {
        assert_eq!(store.cancel_run(&PROJECT.into(), run, "a person is erased").await, Ok(true));
    }
    assert!(store.waiting_runs_of(PROJECT, &traces).await.unwrap().is_empty());
    assert_eq!(store.erase_messages(PROJECT, &[message], now()).await.unwrap().messages, 1);
    assert_eq!(store.find_run(waiting[0].id).await.key, None);
}

#[rstest]
#[tokio::test]
async fn what_runs_have_made_of_an_erased_case_goes_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let payload = of_case("case-1");
    let told = NewRun { input: RunInput::Case, payload: Some(payload.id), ..run_of(WORKFLOW) };
    let accept = setting_off(vec![told]).change(|accept| accept.payloads = vec![payload.clone()]);
    store.accept(accept).await.unwrap();
    let run = run_one(&store, RunState::Success).await;
    let traces = Traces { cases: vec!["case-1".to_owned()], ..Traces::default() };
    store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    assert_eq!(kept_of(&store, run).await, [false, false, false, true]);
    assert_eq!(store.payload(PROJECT, payload.id).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn what_is_kept_for_a_sender_goes_when_nobody_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW), run_of(WORKFLOW)]).await;
    let mut runs = Vec::new();
    for claimed in store.claim_due(2, LONG).await {
        let end = RunEnd {
            state: RunState::Success,
            error: None,
            final_state: Some(FinalState::Answer("{\"state\":1}".into())),
            drop_states: true,
        };
        let mut whole = record(&claimed, RunThen::Ended(end));
        whole.steps = vec![step(1, None, "{\"out\":1}")];
        store.write(whole).await;
        let run = claimed.run.id;
        assert_eq!(kept_of(&store, run).await, [false, false, false, true]);
        assert!(store.run_answer(PROJECT, run).await.unwrap().is_some());
        runs.push(run);
    }
    store.drop_run_answer(PROJECT, runs[0]).await.unwrap();
    assert_eq!(store.run_answer(PROJECT, runs[0]).await, Ok(None));
    let earlier = now() - Duration::from_hours(1);
    assert_eq!(store.drop_run_answers(PROJECT, earlier, 25).await, Ok(0));
    let later = now() + Duration::from_hours(1);
    assert_eq!(store.drop_run_answers(PROJECT, later, 25).await, Ok(1));
    assert_eq!(store.run_answer(PROJECT, runs[1]).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn a_run_that_is_cancelled_between_two_tries_keeps_what_its_workflow_keeps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for (version, keep, is_kept) in [(2, "nothing", false), (3, "failed", true)] {
        let text = format!("{{\"keep\":\"{keep}\"}}");
        let change = DefinitionChange::Set(DefinitionKind::Workflow, WORKFLOW.to_owned(), text);
        store.change_configuration(PROJECT, version - 1, vec![change]).await.unwrap();
        let new = NewRun { version: None, ..given("{}") };
        store.start_runs(&PROJECT.into(), None, vec![new]).await.unwrap();
        let claimed = store.claim_one_run().await;
        let mut waits = record(&claimed, RunThen::AgainIn(Duration::from_hours(1)));
        waits.steps = vec![step(1, None, "{\"out\":1}")];
        store.write(waits).await;
        let run = store.find_run(claimed.run.id).await;
        assert!(kept_of(&store, run.id).await[0], "the next try may need it");
        assert_eq!(store.cancel_run(&PROJECT.into(), &run, "enough").await, Ok(true));
        assert_eq!(kept_of(&store, run.id).await, [is_kept, false, false, true], "{keep}");
        assert_eq!(store.given_state(PROJECT, run.id).await.unwrap().is_some(), is_kept);
    }
}

#[rstest]
#[tokio::test]
async fn what_a_delivery_that_ended_sets_off_goes_with_its_message(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.accept(message("{\"name\":\"Amina\"}").to(CONNECTION)).await.unwrap();
    let claimed = store.claim_one().await;
    let refused = outcome(&claimed, Verdict::Final(DeliveryState::Rejected));
    store.record(refused).await.unwrap();
    let ended = store.ended_deliveries(9).await.unwrap();
    let message = ended[0].message.unwrap();
    let told = vec![(Some(message), given("{\"data\":\"Amina\"}"))];
    assert_eq!(store.count_endings(PROJECT, CONNECTION, &ended, "", &told).await, Ok(true));
    let run = told[0].1.id;
    assert_eq!(store.find_run(run).await.message, Some(message));
    assert_eq!(store.erase_messages(PROJECT, &[message], now()).await.unwrap().messages, 0);
    assert_eq!(run_one(&store, RunState::Success).await, run);
    assert_eq!(store.erase_messages(PROJECT, &[message], now()).await.unwrap().messages, 1);
    assert_eq!(store.given_state(PROJECT, run).await, Ok(None));
    assert_eq!(kept_of(&store, run).await, [false; 4]);
}

/// The message that touched the case stays: it is somebody else's.
#[rstest]
#[tokio::test]
async fn what_a_delivery_that_ended_sets_off_goes_with_the_case_that_it_told_of(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let payload = of_case("case-1");
    store.accept(told("{}", payload.clone(), Event::Case)).await.unwrap();
    let claimed = store.claim_one().await;
    let refused = outcome(&claimed, Verdict::Final(DeliveryState::Rejected));
    store.record(refused).await.unwrap();
    let ended = store.ended_deliveries(9).await.unwrap();
    assert_eq!(ended[0].payload, Some(payload.id));
    let new = NewRun { payload: ended[0].payload, ..given("{\"data\":\"Amina\"}") };
    let runs = vec![(ended[0].message, new)];
    assert_eq!(store.count_endings(PROJECT, CONNECTION, &ended, "", &runs).await, Ok(true));
    let case = vec!["case-1".to_owned()];
    let traces = Traces { cases: case.clone(), touched: case, ..Traces::default() };
    let waiting = store.waiting_runs_of(PROJECT, &traces).await.unwrap();
    assert_eq!(waiting.iter().map(|run| run.id).collect::<Vec<_>>(), [runs[0].1.id]);
    let run = run_one(&store, RunState::Success).await;
    store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    assert_eq!(store.given_state(PROJECT, run).await, Ok(None));
    assert_eq!(kept_of(&store, run).await, [false, false, false, true]);
    let message = ended[0].message.unwrap();
    assert!(store.message_content(PROJECT, message).await.unwrap().is_some());
}
