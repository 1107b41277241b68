//! What is claimed, by whom, and how it comes back.

use std::time::Duration;

use fieldpost_model::run::{RunInput, RunState};
use fieldpost_store::{
    ClaimedInput, ClaimedRun, LARGE_PAYLOAD, NewRun, RunDemand, RunKept, RunOutlook, RunRecord,
    RunThen, StoreError,
};
use rstest::rstest;
use uuid::Uuid;

use super::{WORKFLOW, WRITTEN, demand, end, given, hold, ids, record, run_of, setting_off, step};
use crate::payloads::of_case;
use crate::support::{AFTER_SHORT, Change, Engine, LONG, PROJECT, SHORT, TestStore};

#[rstest]
#[tokio::test]
async fn a_claim_brings_the_message_and_holds_the_run(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let run = NewRun { key: Some("k".to_owned()), hops: 2, ..run_of(WORKFLOW) };
    let accept = setting_off(vec![run.clone(), run_of("other")]);
    let message = accept.message.id;
    store.accept(accept).await.unwrap();
    let waiting = store.find_run(run.id).await;
    assert_eq!((waiting.state, waiting.message), (RunState::Available, Some(message)));
    assert_eq!((waiting.input_id, waiting.started_at), (Some(message), None));
    assert!(waiting.next_at.is_some());
    let mut places = store.workflows_in_queue().await.unwrap();
    places.sort();
    assert_eq!(places, [(PROJECT.into(), "other".to_owned()), (PROJECT.into(), WORKFLOW.into())]);

    let claimed = store.claim_one_run().await;
    assert_eq!((claimed.run.id, claimed.hops, &claimed.run.key), (run.id, 2, &run.key));
    assert!(claimed.done.is_empty() && !claimed.cancel_asked);
    let ClaimedInput::Message { request, content } = &claimed.input else { panic!("{claimed:?}") };
    assert_eq!((&*request.method, &*content.source), ("POST", "intake"));
    assert_eq!(content.body.as_deref(), Some(&b"{\"a\":1}"[..]));
    assert_eq!(store.find_run(run.id).await.state, RunState::Claimed);
    assert!(store.claim_due(5, LONG).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_run_begins_with_what_its_event_has_made_or_with_a_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let payload = of_case("c");
    let about_case =
        NewRun { input: RunInput::Case, payload: Some(payload.id), ..run_of(WORKFLOW) };
    let runs = vec![about_case, given("{\"data\":7}")];
    let accept = setting_off(runs).change(|accept| accept.payloads = vec![payload.clone()]);
    store.accept(accept).await.unwrap();
    let large = "x".repeat(usize::try_from(LARGE_PAYLOAD).unwrap() + 1);
    let (large, none) = (given(&large), NewRun { state: None, ..given("") });
    store.start_runs(&PROJECT.into(), None, vec![large.clone(), none]).await.unwrap();

    let claimed = store.claim_due(9, LONG).await;
    let [case, state, too_large, none] = claimed.as_slice() else { panic!("{claimed:?}") };
    let ClaimedInput::Event { payload: carried, .. } = &case.input else { panic!("{case:?}") };
    assert_eq!((carried.id, carried.facts.as_ref()), (payload.id, Some(&payload.facts)));
    assert_eq!(case.run.input_id, Some(payload.id));
    let read = |claimed: &ClaimedRun| match &claimed.input {
        ClaimedInput::State { bytes, state } => (*bytes, state.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(read(state), (10, Some("{\"data\":7}".into())));
    assert_eq!(read(too_large), (LARGE_PAYLOAD + 1, None));
    assert_eq!(store.given_state(PROJECT, large.id).await.unwrap(), large.state);
    assert_eq!(read(none), (0, None));
}

#[rstest]
#[tokio::test]
async fn whoever_has_lost_the_lease_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    let first = store.claim_one_run().await;
    store.give_back_runs(&[hold(&first)]).await.unwrap();
    let second = store.claim_one_run().await;
    assert_eq!(second.run.id, first.run.id);
    let lost = Ok(vec![RunKept::LeaseLost]);
    assert_eq!(store.record_runs(vec![record(&first, end(RunState::Success))]).await, lost);
    assert_eq!(store.record_runs(vec![record(&first, RunThen::GoesOn)]).await, lost);
    assert_eq!(store.renew_runs(&[hold(&first)], LONG).await, lost);
    assert_eq!(store.find_run(first.run.id).await.state, RunState::Claimed);
    assert_eq!(store.renew_runs(&[hold(&second)], LONG).await, Ok(vec![WRITTEN]));
    store.write(record(&second, end(RunState::Success))).await;
    assert_eq!(store.record_runs(vec![record(&second, RunThen::GoesOn)]).await, lost);
    assert_eq!(store.find_run(first.run.id).await.state, RunState::Success);
    assert!(store.workflows_in_queue().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_start_frees_what_earlier_starts_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW), run_of(WORKFLOW)]).await;
    let held = store.claim_due(9, LONG).await;
    let store = store.restart().await;
    let again = store.claim_due(9, LONG).await;
    assert_eq!(ids(&again), ids(&held));
    assert!(again.iter().all(|claimed| claimed.fence == 2));
}

/// How many claims of the only run have been lost, as the next claim of it says.
async fn lost_claims(store: &TestStore) -> (ClaimedRun, u32) {
    let claimed = store.claim_one_run().await;
    let lost = claimed.lost_claims;
    (claimed, lost)
}

#[rstest]
#[tokio::test]
async fn claims_that_end_without_a_word_are_counted_until_the_run_gets_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    for expected in 0..3 {
        let (_, lost) = lost_claims(&store).await;
        assert_eq!(lost, expected);
        store = store.restart().await;
    }
    // Whoever gives one back, or lets it wait, has said something of it, and nothing that it has got on.
    let (claimed, lost) = lost_claims(&store).await;
    store.give_back_runs(&[hold(&claimed)]).await.unwrap();
    let (claimed, again) = lost_claims(&store).await;
    store.write(record(&claimed, RunThen::AgainIn(Duration::ZERO))).await;
    let (claimed, waited) = lost_claims(&store).await;
    assert_eq!((lost, again, waited), (3, 3, 3));
    let got_on = RunRecord {
        steps: vec![step(1, None, "{}")],
        forgets_lost_claims: true,
        ..record(&claimed, RunThen::GoesOn)
    };
    store.write(got_on).await;
    store = store.restart().await;
    assert_eq!(lost_claims(&store).await.1, 1);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_a_lost_claim() {
    let store = TestStore::new(Engine::Postgres).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    assert_eq!(store.claim_due(2, SHORT).await.len(), 1);
    tokio::time::sleep(AFTER_SHORT).await;
    assert_eq!(lost_claims(&store).await.1, 1);
}

/// Two claims can get into each other's way on PostgreSQL, which then gives one of them up.
#[tokio::test]
async fn a_claim_that_the_database_gave_up_is_made_again_and_not_for_ever() {
    let store = TestStore::new(Engine::Postgres).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    let give_up = |times: &str| {
        format!(
            "CREATE SEQUENCE IF NOT EXISTS claims_tried;
             SELECT setval('claims_tried', 1, false);
             CREATE OR REPLACE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('claims_tried') <= {times} THEN
                     RAISE EXCEPTION 'given up' USING ERRCODE = '40001';
                 END IF;
                 RETURN NULL;
             END $$;
             DROP TRIGGER IF EXISTS give_up ON run_queue;
             CREATE TRIGGER give_up AFTER UPDATE ON run_queue EXECUTE FUNCTION give_up()"
        )
    };
    store.execute(&give_up("3")).await;
    let claimed = store.claim_one_run().await;
    assert_eq!(claimed.fence, 1, "what was given up is undone");
    store.give_back_runs(&[hold(&claimed)]).await.unwrap();
    store.execute(&give_up("1000000")).await;
    assert_eq!(store.claim_runs(vec![demand(2, LONG)]).await.unwrap_err(), StoreError::Busy);
    store.execute("DROP TRIGGER give_up ON run_queue").await;
    assert_eq!(store.claim_one_run().await.fence, 2);
}

/// Several hubs: only PostgreSQL has them.
#[tokio::test]
async fn another_hub_takes_over_what_is_not_renewed() {
    let store = TestStore::new(Engine::Postgres).await;
    store.set_off(vec![run_of(WORKFLOW), run_of(WORKFLOW)]).await;
    let here = store.claim_due(9, SHORT).await;
    let there = store.another_hub().await;
    let kept = store.renew_runs(&[hold(&here[1])], LONG).await;
    assert_eq!(kept, Ok(vec![WRITTEN]));
    tokio::time::sleep(AFTER_SHORT).await;
    let taken = there.claim_due(9, LONG).await;
    assert_eq!(ids(&taken), [here[0].run.id]);
    assert_eq!(
        store.record_runs(vec![record(&here[0], end(RunState::Success))]).await,
        Ok(vec![RunKept::LeaseLost])
    );
}

#[rstest]
#[tokio::test]
async fn only_so_many_go_on_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    store.set_off((0..5).map(|_| run_of(WORKFLOW)).collect()).await;
    let bounded = || vec![RunDemand { concurrency: Some(2), ..demand(9, LONG) }];
    let claims = store.claim_runs(bounded()).await.unwrap();
    assert_eq!(claims.claimed.len(), 2);
    assert!(store.claim_runs(bounded()).await.unwrap().claimed.is_empty());
    store.write(record(&claims.claimed[0], end(RunState::Failed))).await;
    assert_eq!(store.claim_runs(bounded()).await.unwrap().claimed.len(), 1);
    // Whoever waits for the next try of a step does not go on.
    let again = RunThen::AgainIn(LONG);
    store.write(record(&claims.claimed[1], again)).await;
    assert_eq!(store.claim_runs(bounded()).await.unwrap().claimed.len(), 1);
}

/// Several hubs: only PostgreSQL has them.
#[tokio::test]
async fn only_so_many_go_on_over_all_hubs() {
    const MOST: usize = 3;
    let store = TestStore::new(Engine::Postgres).await;
    store.set_off((0..40).map(|_| run_of(WORKFLOW)).collect()).await;
    let there = store.another_hub().await;
    let bounded = || vec![RunDemand { concurrency: Some(3), ..demand(2, LONG) }];
    let mut ended = 0;
    while ended < 40 {
        let (one, other, third) = tokio::join!(
            store.claim_runs(bounded()),
            there.claim_runs(bounded()),
            store.claim_runs(bounded())
        );
        let claims = [one, other, third].map(Result::unwrap);
        let held: Vec<_> = claims.iter().flat_map(|claims| &claims.claimed).collect();
        assert!(!held.is_empty() && held.len() <= MOST, "{}", held.len());
        let ends = held.iter().map(|claimed| record(claimed, end(RunState::Success))).collect();
        assert!(store.record_runs(ends).await.unwrap().iter().all(|kept| *kept == WRITTEN));
        ended += held.len();
    }
}

#[rstest]
#[tokio::test]
async fn a_claim_tells_when_to_look_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW), run_of(WORKFLOW)]).await;
    let claims = store.claim_runs(vec![demand(1, LONG)]).await.unwrap();
    let outlook = |more, next_due_in| RunOutlook {
        project: PROJECT.into(),
        workflow: WORKFLOW.to_owned(),
        more,
        next_due_in,
    };
    assert_eq!(claims.outlook, [outlook(true, None)]);
    let pause = Duration::from_hours(1);
    store.write(record(&claims.claimed[0], RunThen::AgainIn(pause))).await;
    assert_eq!(store.find_run(claims.claimed[0].run.id).await.state, RunState::Available);
    let claims = store.claim_runs(vec![demand(9, Duration::from_hours(2))]).await.unwrap();
    assert_eq!(claims.claimed.len(), 1);
    let next = claims.outlook[0].next_due_in.unwrap();
    assert!(!claims.outlook[0].more && next <= pause && next + LONG > pause, "{next:?}");
}

#[rstest]
#[tokio::test]
async fn what_a_run_begins_with_may_be_gone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.set_off(vec![run_of(WORKFLOW)]).await;
    store.execute("DELETE FROM message_bodies").await;
    let claimed = store.claim_one_run().await;
    assert!(matches!(claimed.input, ClaimedInput::Erased), "{claimed:?}");
    let of_nothing = NewRun { payload: Some(Uuid::now_v7()), input: RunInput::Case, ..given("") };
    let of_nothing = NewRun { state: None, ..of_nothing };
    store.start_runs(&PROJECT.into(), None, vec![of_nothing]).await.unwrap();
    let claimed = store.claim_one_run().await;
    assert!(matches!(claimed.input, ClaimedInput::Erased), "{claimed:?}");
}
