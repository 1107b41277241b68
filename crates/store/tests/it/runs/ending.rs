//! Ending runs, and beginning them again.

use bytes::Bytes;
use fieldpost_model::run::{RunInput, RunOrigin, RunState};
use fieldpost_store::{
    BulkAction, BulkKind, BulkState, ClaimedInput, DefinitionChange, DefinitionKind, NewRun,
    RunChange, RunCondition, RunKept, RunPage, RunThen, Signal, StateSide,
};
use rstest::rstest;
use uuid::Uuid;

use super::{WORKFLOW, end, hold, ordered, record, run_of, step};
use crate::support::{Engine, LONG, PROJECT, TestStore, assert_conflict, now};

#[rstest]
#[tokio::test]
async fn what_waits_is_ended_and_whoever_has_it_is_asked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW), run_of(WORKFLOW)]).await;
    let held = store.claim_due(1, LONG).await.remove(0);
    let runs = store
        .runs(PROJECT, &RunCondition::default(), RunPage { before: None, limit: 9 })
        .await
        .unwrap()
        .found;
    let (waits, is_held) = (&runs[0], &runs[1]);
    assert_eq!(is_held.id, held.run.id);
    assert_eq!(store.cancel_run(&PROJECT.into(), waits, "not needed").await, Ok(true));
    let ended = store.find_run(waits.id).await;
    assert_eq!(
        (ended.state, ended.error_message.as_deref()),
        (RunState::Cancelled, Some("not needed"))
    );
    assert!(ended.finished_at.is_some());
    assert_conflict(&store.cancel_run(&PROJECT.into(), waits, "again").await);

    let mut told = store.listen();
    assert_eq!(store.cancel_run(&PROJECT.into(), is_held, "not needed").await, Ok(false));
    let asked = Signal::CancelRun { project: PROJECT.into(), id: held.run.id };
    assert_eq!(told.recv().await.unwrap(), asked);
    let cancel_asked = Ok(vec![RunKept::Written { cancel_asked: true }]);
    assert_eq!(store.renew_runs(&[hold(&held)], LONG).await, cancel_asked);
    assert_eq!(store.record_runs(vec![record(&held, RunThen::GoesOn)]).await, cancel_asked);
    // Whoever takes over knows of it too.
    store.give_back_runs(&[hold(&held)]).await.unwrap();
    let again = store.claim_one_run().await;
    assert!(again.cancel_asked);
    let ended = record(&again, end(RunState::Cancelled));
    assert_eq!(store.record_runs(vec![ended]).await, cancel_asked);
    assert_conflict(&store.cancel_run(&PROJECT.into(), is_held, "again").await);
}

#[rstest]
#[tokio::test]
async fn a_run_is_begun_again_from_its_start_or_from_a_step(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = NewRun { hops: 3, ..ordered("a") };
    store.set_off(vec![first.clone()]).await;
    let claimed = store.claim_one_run().await;
    let mut failed = record(&claimed, end(RunState::Failed));
    failed.steps = vec![step(1, None, "{\"data\":2}"), step(2, Some(1), "{}")];
    store.write(failed).await;

    let new = Uuid::now_v7();
    let again = store.run_again(PROJECT, first.id, new).await.unwrap().unwrap();
    let expected = NewRun {
        id: new,
        origin: RunOrigin::Retry,
        retry_of: Some(first.id),
        by: None,
        ..first.clone()
    };
    assert_eq!(again, expected);
    let message = claimed.run.message;
    store.start_runs(&PROJECT.into(), message, vec![again.clone()]).await.unwrap();
    let second = store.claim_one_run().await;
    assert_eq!((second.run.id, second.run.retry_of, second.hops), (new, Some(first.id), 3));
    assert!(matches!(second.input, ClaimedInput::Message { .. }));
    store.write(record(&second, end(RunState::Success))).await;

    let state = store.step_state(PROJECT, first.id, 2, StateSide::Input).await.unwrap();
    assert_eq!(state, Some(Bytes::from("{\"data\":2}")));
    let from_step = NewRun {
        id: Uuid::now_v7(),
        input: RunInput::State,
        payload: None,
        state,
        from_step: Some("step-2".to_owned()),
        by: Some("ada".to_owned()),
        version: None,
        ..again
    };
    store.start_runs(&PROJECT.into(), message, vec![from_step]).await.unwrap();
    let third = store.claim_one_run().await;
    assert_eq!(third.run.from_step.as_deref(), Some("step-2"));
    assert_eq!((third.run.by.as_deref(), third.run.message), (Some("ada"), message));
    assert!(matches!(third.input, ClaimedInput::State { bytes: 10, .. }), "{third:?}");
    assert_eq!(store.run_again(PROJECT, Uuid::now_v7(), new).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn what_has_been_erased_is_not_begun_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    let claimed = store.claim_one_run().await;
    store.write(record(&claimed, end(RunState::Failed))).await;
    store.execute("UPDATE messages SET erased_at = 1").await;
    let again = store.run_again(PROJECT, claimed.run.id, Uuid::now_v7()).await.unwrap().unwrap();
    assert_conflict(&store.start_runs(&PROJECT.into(), claimed.run.message, vec![again]).await);
}

#[rstest]
#[tokio::test]
async fn what_waits_for_a_removed_workflow_is_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW), ordered("a"), ordered("a"), run_of("other")]).await;
    let held = store.claim_due(1, LONG).await.remove(0);
    let define = |name: &str| {
        DefinitionChange::Set(DefinitionKind::Workflow, name.to_owned(), "{}".to_owned())
    };
    store.change_configuration(PROJECT, 1, vec![define("other")]).await.unwrap();
    let (project, reason) = (PROJECT.into(), "the workflow has been removed");
    assert_eq!(store.cancel_runs_of_removed(&project, "other", reason).await, Ok(0));
    assert_eq!(store.cancel_runs_of_removed(&project, WORKFLOW, reason).await, Ok(3));
    assert_eq!(store.cancel_runs_of_removed(&project, WORKFLOW, reason).await, Ok(0));
    let asked = Ok(vec![RunKept::Written { cancel_asked: true }]);
    assert_eq!(store.renew_runs(&[hold(&held)], LONG).await, asked);
    assert!(store.claim_due(9, LONG).await.is_empty());
}

fn bulk(action: BulkKind) -> BulkAction {
    BulkAction {
        project: PROJECT.into(),
        id: Uuid::now_v7(),
        action,
        filter: RunCondition::default().to_json(),
        forwarder: None,
        rate: 0,
        state: BulkState::Running,
        matched: 0,
        cursor: None,
        touched: 0,
        passed_over: 0,
        started_by: "ada".to_owned(),
        created_at: now(),
        finished_at: None,
        last_error: None,
        reason: None,
    }
}

#[rstest]
#[tokio::test]
async fn many_are_ended_or_begun_again_in_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let runs = vec![run_of(WORKFLOW), ordered("a"), ordered("a"), run_of(WORKFLOW)];
    store.set_off(runs.clone()).await;
    let held = store.claim_due(1, LONG).await.remove(0);
    assert_eq!(held.run.id, runs[0].id);
    let mut read = Vec::new();
    for run in &runs {
        read.push(store.find_run(run.id).await);
    }
    // One of them has ended since it was read.
    assert_eq!(store.cancel_run(&PROJECT.into(), &read[3], "first").await, Ok(true));
    store.start_bulk(&bulk(BulkKind::CancelRuns)).await.unwrap();
    let mut action = store.hold_bulk(LONG).await.unwrap().unwrap();
    let cancels: Vec<_> = read.iter().map(|run| (run.clone(), RunChange::Cancel)).collect();
    assert_eq!(store.bulk_run_step(&mut action, &cancels).await, Ok(true));
    let after = store.bulk_action(PROJECT, action.action.id).await.unwrap().unwrap();
    assert_eq!((after.touched, after.passed_over), (3, 1));
    for ended in &runs[1..3] {
        assert_eq!(store.find_run(ended.id).await.state, RunState::Cancelled);
    }
    let asked = Ok(vec![RunKept::Written { cancel_asked: true }]);
    assert_eq!(store.record_runs(vec![record(&held, end(RunState::Cancelled))]).await, asked);
    store.finish_bulk(&action, None).await.unwrap();
    assert_eq!(store.bulk_run_step(&mut action, &cancels).await, Ok(false));

    store.start_bulk(&bulk(BulkKind::RetryRuns)).await.unwrap();
    let mut action = store.hold_bulk(LONG).await.unwrap().unwrap();
    let mut again = Vec::new();
    for run in &read[1..3] {
        let new = store.run_again(PROJECT, run.id, Uuid::now_v7()).await.unwrap().unwrap();
        again.push((run.clone(), RunChange::Again(Box::new(new))));
    }
    assert_eq!(store.bulk_run_step(&mut action, &again).await, Ok(true));
    let first = store.claim_one_run().await;
    assert_eq!(first.run.retry_of, Some(runs[1].id));
    store.write(record(&first, end(RunState::Success))).await;
    assert_eq!(store.claim_one_run().await.run.retry_of, Some(runs[2].id));
}
