//! What is recorded of a run, and read again.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::run::{JobPlace, RunOrigin, RunState, StepState};
use fieldpost_store::{
    FinalState, NewRun, RunEnd, RunError, RunLogLine, RunThen, StateSide, StepRecord, StoreError,
};
use rstest::rstest;
use uuid::Uuid;

use super::{WORKFLOW, end, given, hold, record, run_of, step};
use crate::support::{Engine, PROJECT, TestStore, now};

fn line(number: u32, message: &str) -> RunLogLine {
    RunLogLine {
        number,
        step_number: Some(1),
        at: now(),
        level: "info".to_owned(),
        source: "JOB".to_owned(),
        message: message.to_owned(),
    }
}

async fn state(store: &TestStore, run: Uuid, number: u32, side: StateSide) -> Option<Bytes> {
    store.step_state(PROJECT, run, number, side).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn a_run_of_one_step_is_one_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![given("{\"data\":1}")]).await;
    let claimed = store.claim_one_run().await;
    let run = claimed.run.id;
    let then = RunThen::Ended(RunEnd {
        state: RunState::Success,
        error: None,
        final_state: Some(FinalState::OfStep(1)),
        drop_states: false,
    });
    let mut whole = record(&claimed, then);
    whole.steps = vec![step(1, None, "{\"data\":2}")];
    whole.log = vec![line(1, "one\0"), line(2, "two")];
    store.write(whole.clone()).await;

    let read = store.find_run(run).await;
    assert_eq!((read.state, read.started_at), (RunState::Success, whole.started_at));
    assert!(read.finished_at.is_some() && read.next_at.is_none());
    let steps = store.run_steps(PROJECT, run).await.unwrap();
    assert_eq!(steps, [whole.steps[0].step.clone()]);
    assert_eq!(state(&store, run, 1, StateSide::Output).await, Some("{\"data\":2}".into()));
    assert_eq!(state(&store, run, 1, StateSide::Input).await, Some("{\"data\":1}".into()));
    assert_eq!(store.final_state(PROJECT, run).await, Ok(Some("{\"data\":2}".into())));
    let good = store.last_good_state(PROJECT, WORKFLOW, None).await;
    assert_eq!(good, Ok(Some("{\"data\":2}".into())));
    let log = store.run_log(PROJECT, run, 0, 9).await.unwrap();
    assert_eq!(log, [line_at(&log[0], 1, "one\u{2400}"), line_at(&log[1], 2, "two")]);
    assert_eq!(store.run_log(PROJECT, run, 1, 9).await.unwrap().len(), 1);
}

/// What a line says that was logged at the time of another.
fn line_at(other: &RunLogLine, number: u32, message: &str) -> RunLogLine {
    RunLogLine { at: other.at, ..line(number, message) }
}

/// PostgreSQL holds no NUL in a text, and whatever a job says must not cost the record of its run.
#[rstest]
#[tokio::test]
async fn a_nul_in_any_text_costs_no_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![given("{}")]).await;
    let claimed = store.claim_one_run().await;
    let run = claimed.run.id;
    let nul = || "a\0b".to_owned();
    let error =
        RunError { error_type: nul(), message: nul(), step: Some(nul()), ..RunError::default() };
    let end = RunEnd {
        state: RunState::Failed,
        error: Some(error),
        final_state: None,
        drop_states: false,
    };
    let mut whole = record(&claimed, RunThen::Ended(end));
    let mut told = step(1, None, "{}");
    told.step.step = nul();
    told.step.name_in_state = nul();
    told.step.error = Some(nul());
    whole.steps = vec![told];
    whole.log = vec![RunLogLine { level: nul(), source: nul(), ..line(1, "a\0b") }];
    store.write(whole).await;
    let shown = "a\u{2400}b";
    let read = store.find_run(run).await;
    assert_eq!(read.state, RunState::Failed);
    for text in [read.error_type, read.error_message, read.error_step] {
        assert_eq!(text.as_deref(), Some(shown));
    }
    let step = store.run_steps(PROJECT, run).await.unwrap().remove(0);
    assert_eq!([&step.step, &step.name_in_state], [shown, shown]);
    assert_eq!(step.error.as_deref(), Some(shown));
    let line = store.run_log(PROJECT, run, 0, 9).await.unwrap().remove(0);
    assert_eq!([line.level, line.source, line.message], [shown, shown, shown]);
}

#[rstest]
#[tokio::test]
async fn a_run_goes_on_after_what_earlier_claims_have_done(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    let first = store.claim_one_run().await;
    let begun = step(2, Some(1), "");
    let begun = StepRecord {
        step: fieldpost_model::run::RunStep {
            state: StepState::Running,
            finished_at: None,
            output_bytes: None,
            ..begun.step
        },
        output: None,
        input: None,
    };
    let mut so_far = record(&first, RunThen::GoesOn);
    let opened = StepRecord { input: Some("{}".into()), ..step(1, None, "{\"data\":2}") };
    so_far.steps = vec![opened, begun.clone()];
    so_far.log = vec![line(1, "one"), line(2, "two")];
    store.write(so_far).await;
    assert_eq!(store.find_run(first.run.id).await.state, RunState::Started);
    store.give_back_runs(&[hold(&first)]).await.unwrap();
    assert_eq!(store.find_run(first.run.id).await.state, RunState::Available);

    let second = store.claim_one_run().await;
    let states: Vec<_> = second.done.iter().map(|step| (step.state, step.output_bytes)).collect();
    let output = Some(Bytes::from("{\"data\":2}"));
    assert_eq!(states, [(StepState::Success, Some(10)), (StepState::Running, None)]);
    assert_eq!(state(&store, first.run.id, 1, StateSide::Output).await, output);
    assert_eq!(second.last_log_line, 2);
    // What was begun is written over, and what went into it is what came out before.
    let mut rest = record(&second, end(RunState::Success));
    rest.steps = vec![step(2, Some(1), "{\"data\":3}")];
    rest.log = vec![line(3, "three")];
    store.write(rest).await;
    let run = first.run.id;
    assert_eq!(state(&store, run, 1, StateSide::Input).await, Some("{}".into()));
    assert_eq!(state(&store, run, 2, StateSide::Input).await, output);
    let steps = store.run_steps(PROJECT, run).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.state).collect::<Vec<_>>(), [StepState::Success; 2]);
    assert_eq!(store.run_log(PROJECT, run, 0, 9).await.unwrap().len(), 3);
    assert_eq!(store.find_run(run).await.started_at, second.run.started_at);
}

#[rstest]
#[tokio::test]
async fn an_error_is_told_and_a_bad_end_is_no_good_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Some(12), None)] column: Option<u32>,
) {
    let place = Some(JobPlace { line: 3, column });
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    let claimed = store.claim_one_run().await;
    let error = RunError {
        error_type: "TypeError".to_owned(),
        message: "x is not a function".to_owned(),
        step: Some("load".to_owned()),
        place,
    };
    let then = RunThen::Ended(RunEnd {
        state: RunState::Failed,
        error: Some(error),
        final_state: Some(FinalState::State("{\"errors\":{}}".into())),
        drop_states: false,
    });
    store.write(record(&claimed, then)).await;
    let read = store.find_run(claimed.run.id).await;
    assert_eq!(read.error_type.as_deref(), Some("TypeError"));
    assert_eq!(read.error_message.as_deref(), Some("x is not a function"));
    assert_eq!(read.error_step.as_deref(), Some("load"));
    assert_eq!(read.error_place, place);
    let left = store.final_state(PROJECT, claimed.run.id).await;
    assert_eq!(left, Ok(Some("{\"errors\":{}}".into())));
    assert_eq!(store.last_good_state(PROJECT, WORKFLOW, None).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn the_last_good_state_is_that_of_the_newest_run_or_of_a_step_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for number in 1..=3 {
        store.set_off(vec![run_of(WORKFLOW)]).await;
        let claimed = store.claim_one_run().await;
        let state = if number == 3 { RunState::Failed } else { RunState::Success };
        let then = RunThen::Ended(RunEnd {
            state,
            error: None,
            final_state: Some(FinalState::OfStep(2)),
            drop_states: false,
        });
        let mut whole = record(&claimed, then);
        whole.steps =
            vec![step(1, None, &format!("[{number}]")), step(2, Some(1), &format!("{number}"))];
        store.write(whole).await;
    }
    let of = async |step| store.last_good_state(PROJECT, WORKFLOW, step).await.unwrap();
    assert_eq!(of(None).await, Some("2".into()));
    assert_eq!(of(Some("step-1")).await, Some("[2]".into()));
    assert_eq!(of(Some("step-7")).await, None);
}

/// A step that fails once, and is taken care of, does not have the clock begin from nothing.
#[rstest]
#[tokio::test]
async fn a_good_run_without_the_step_hands_on_what_the_clock_gave_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let of = async || store.last_good_state(PROJECT, WORKFLOW, Some("step-1")).await.unwrap();
    // Step 1 went well, then it failed, then somebody began behind it.
    for (origin, left) in [
        (RunOrigin::Cron, StepState::Success),
        (RunOrigin::Cron, StepState::Fail),
        (RunOrigin::Manual, StepState::Fail),
    ] {
        let made = NewRun { origin, ..given("{}") };
        store.start_runs(&PROJECT.into(), None, vec![made]).await.unwrap();
        let claimed = store.claim_one_run().await;
        let mut whole = record(&claimed, end(RunState::Success));
        let mut first = step(1, None, "{\"cursor\":2}");
        first.input = Some("{\"cursor\":1}".into());
        first.step.state = left;
        first.output = first.output.filter(|_| left == StepState::Success);
        whole.steps = vec![first, step(2, Some(1), "{}")];
        store.write(whole).await;
        let expected = if left == StepState::Success { "{\"cursor\":2}" } else { "{\"cursor\":1}" };
        assert_eq!(of().await, Some(expected.into()), "{origin:?} {left:?}");
    }
}

#[rstest]
#[tokio::test]
async fn states_are_dropped_where_they_are_not_to_be_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![given("{\"data\":1}")]).await;
    let claimed = store.claim_one_run().await;
    let run = claimed.run.id;
    let mut begun = record(&claimed, RunThen::GoesOn);
    begun.steps = vec![step(1, None, "{\"data\":2}")];
    store.write(begun).await;
    let then = RunThen::Ended(RunEnd {
        state: RunState::Success,
        error: None,
        final_state: Some(FinalState::State("{\"answer\":3}".into())),
        drop_states: true,
    });
    store.write(record(&claimed, then)).await;
    for side in [StateSide::Input, StateSide::Output] {
        assert_eq!(state(&store, run, 1, side).await, None);
    }
    assert_eq!(store.given_state(PROJECT, run).await, Ok(None));
    // What is needed after the end is kept all the same.
    assert_eq!(store.final_state(PROJECT, run).await, Ok(Some("{\"answer\":3}".into())));
    assert_eq!(store.run_steps(PROJECT, run).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn many_runs_are_one_record_and_the_lost_among_them_are_left_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off((0..40).map(|_| run_of(WORKFLOW)).collect()).await;
    let claimed = store.claim_due(99, Duration::from_mins(1)).await;
    assert_eq!(claimed.len(), 40);
    store.give_back_runs(&[hold(&claimed[7])]).await.unwrap();
    let records = claimed.iter().rev().map(|claimed| {
        let mut whole = record(claimed, end(RunState::Success));
        whole.steps = vec![step(1, None, "{}")];
        whole
    });
    let kept = store.record_runs(records.collect()).await.unwrap();
    let lost: Vec<usize> = kept
        .iter()
        .enumerate()
        .filter(|(_, kept)| **kept == fieldpost_store::RunKept::LeaseLost)
        .map(|(place, _)| place)
        .collect();
    assert_eq!(lost, [32]);
    assert!(store.run_steps(PROJECT, claimed[7].run.id).await.unwrap().is_empty());
    assert_eq!(store.find_run(claimed[7].run.id).await.state, RunState::Available);
    assert_eq!(store.find_run(claimed[8].run.id).await.state, RunState::Success);
    assert_eq!(store.record_runs(Vec::new()).await, Ok::<_, StoreError>(Vec::new()));
}
