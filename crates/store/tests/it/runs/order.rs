//! Runs that go on strictly one after the other.

use std::time::Duration;

use fieldpost_model::run::RunState;
use fieldpost_store::{NewRun, RunThen};
use rstest::rstest;

use super::{end, given, hold, ids, ordered, record, run_of};
use crate::support::{Engine, LONG, PROJECT, TestStore};

#[rstest]
#[tokio::test]
async fn runs_of_one_key_go_on_one_after_the_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let runs = vec![ordered("a"), ordered("a"), ordered("b"), run_of(super::WORKFLOW)];
    store.set_off(runs.clone()).await;
    // What is kept later, by whatever way, stands behind.
    let by_hand = NewRun { order_key: Some("a".to_owned()), ..given("{}") };
    store.start_runs(&PROJECT.into(), None, vec![by_hand.clone()]).await.unwrap();
    let other_workflow = NewRun { workflow: "other".to_owned(), ..ordered("a") };
    store.set_off(vec![other_workflow.clone()]).await;

    let claimed = store.claim_due(9, LONG).await;
    assert_eq!(ids(&claimed), [runs[0].id, runs[2].id, runs[3].id]);
    assert_eq!(claimed[0].order_key.as_deref(), Some("a"));
    // The next try of a step, or giving it back, lets nobody pass.
    store.write(record(&claimed[0], RunThen::AgainIn(Duration::ZERO))).await;
    let again = store.claim_due(9, LONG).await;
    assert_eq!(ids(&again), [runs[0].id]);
    store.give_back_runs(&[hold(&again[0])]).await.unwrap();
    let again = store.claim_due(9, LONG).await;
    assert_eq!(ids(&again), [runs[0].id]);
    store.write(record(&again[0], end(RunState::Failed))).await;
    let second = store.claim_due(9, LONG).await;
    assert_eq!(ids(&second), [runs[1].id]);
    store.write(record(&second[0], end(RunState::Success))).await;
    assert_eq!(ids(&store.claim_due(9, LONG).await), [by_hand.id]);
}

#[rstest]
#[tokio::test]
async fn a_run_that_is_ended_lets_the_next_one_go(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let runs = vec![ordered("a"), ordered("a"), ordered("a")];
    store.set_off(runs.clone()).await;
    let middle = store.find_run(runs[1].id).await;
    assert_eq!(store.cancel_run(&PROJECT.into(), &middle, "enough").await, Ok(true));
    let first = store.find_run(runs[0].id).await;
    assert_eq!(store.cancel_run(&PROJECT.into(), &first, "enough").await, Ok(true));
    assert_eq!(ids(&store.claim_due(9, LONG).await), [runs[2].id]);
}
