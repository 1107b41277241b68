//! Lists of runs.

use fieldpost_model::run::RunState::{Available, Claimed, Failed, Started, Success};
use fieldpost_model::run::{RunOrigin, RunState};
use fieldpost_store::{
    IdRange, RunCondition, RunEnd, RunError, RunPage, RunTallies, RunThen, Stretch,
};
use rstest::rstest;
use uuid::Uuid;

use super::{WORKFLOW, end, ordered, record, run_of, setting_off};
use crate::support::{Engine, LONG, PROJECT, TestStore, now};

/// Five runs: one that ended well, one that failed, one that is held, one that waits, one of another
/// workflow.
async fn five(store: &TestStore) -> Vec<Uuid> {
    let runs =
        vec![ordered("a"), ordered("b"), run_of(WORKFLOW), run_of(WORKFLOW), run_of("other")];
    let listed = runs.iter().map(|run| run.id).collect();
    store.set_off(runs).await;
    let claimed = store.claim_due(3, LONG).await;
    let error = RunError {
        error_type: "JobError".to_owned(),
        message: "no".to_owned(),
        ..RunError::default()
    };
    let failed = RunThen::Ended(RunEnd {
        state: Failed,
        error: Some(error),
        final_state: None,
        drop_states: false,
    });
    store.write(record(&claimed[0], end(Success))).await;
    store.write(record(&claimed[1], failed)).await;
    store.write(record(&claimed[2], RunThen::GoesOn)).await;
    listed
}

#[rstest]
#[tokio::test]
async fn a_list_shows_what_is_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let runs = five(&store).await;
    let message = store.find_run(runs[0]).await.message;
    let [good, bad, held, waits, other] = runs[..] else { panic!() };
    let in_states =
        |states: &[RunState]| RunCondition { states: states.to_vec(), ..RunCondition::default() };
    let checks: Vec<(RunCondition, Vec<Uuid>)> = vec![
        (RunCondition::default(), vec![other, waits, held, bad, good]),
        (
            RunCondition { workflow: Some(WORKFLOW.to_owned()), ..RunCondition::default() },
            vec![waits, held, bad, good],
        ),
        (in_states(&[Success]), vec![good]),
        (in_states(&[Failed, RunState::Crashed]), vec![bad]),
        (in_states(&[Available]), vec![other, waits]),
        (in_states(&[Claimed]), vec![]),
        (in_states(&[Started]), vec![held]),
        (in_states(&[Started, Available, Failed]), vec![other, waits, held, bad]),
        (
            RunCondition { workflow: Some("other".to_owned()), ..in_states(&[Available, Started]) },
            vec![other],
        ),
        (RunCondition { key: Some("b".to_owned()), ..RunCondition::default() }, vec![bad]),
        (RunCondition { message, ..in_states(&[Success, Failed]) }, vec![bad, good]),
        (RunCondition { message: Some(good), ..RunCondition::default() }, vec![]),
        (
            RunCondition { error_type: Some("JobError".to_owned()), ..RunCondition::default() },
            vec![bad],
        ),
        (RunCondition { origin: Some(RunOrigin::Cron), ..RunCondition::default() }, vec![]),
        (RunCondition { ids: vec![held, good], ..RunCondition::default() }, vec![held, good]),
        (RunCondition { until: Some(now() - LONG), ..RunCondition::default() }, vec![]),
        (RunCondition { from: Some(now() - LONG), ..in_states(&[Success]) }, vec![good]),
    ];
    let below = Uuid::max();
    for (condition, expected) in checks {
        let page = RunPage { before: None, limit: 9 };
        let list = store.runs(PROJECT, &condition, page).await.unwrap();
        let found: Vec<Uuid> = list.found.iter().map(|run| run.id).collect();
        assert_eq!((found, list.next), (expected.clone(), None), "{condition:?}");
        let count = store.count_runs(PROJECT, &condition, below).await;
        assert_eq!(count, Ok(expected.len() as u64), "{condition:?}");
        // Page by page, and from the other end.
        let mut paged = Vec::new();
        let mut before = None;
        loop {
            let page = RunPage { before, limit: 1 };
            let list = store.runs(PROJECT, &condition, page).await.unwrap();
            paged.extend(list.found.iter().map(|run| run.id));
            before = list.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(paged, expected, "{condition:?}");
        let stretch = Stretch { after: None, below, limit: 9 };
        let oldest = store.oldest_runs(PROJECT, &condition, stretch).await.unwrap();
        let oldest: Vec<Uuid> = oldest.found.iter().rev().map(|run| run.id).collect();
        assert_eq!(oldest, expected, "{condition:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_replay_and_a_form_set_runs_off_as_well(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = setting_off(Vec::new());
    let message = accept.message.id;
    store.accept(accept).await.unwrap();
    let replayed = run_of(WORKFLOW);
    let replay = fieldpost_store::Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message,
        released: None,
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: vec![replayed.clone()],
        payloads: Vec::new(),
    };
    assert_eq!(store.replay(&replay).await, Ok(fieldpost_store::Replayed::Done));
    let claimed = store.claim_one_run().await;
    assert_eq!((claimed.run.id, claimed.run.message), (replayed.id, Some(message)));
    let stale = fieldpost_store::Replay { configuration_version: 7, ..replay };
    assert_eq!(store.replay(&stale).await, Ok(fieldpost_store::Replayed::Stale));
    assert!(store.claim_due(9, LONG).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn how_the_runs_of_a_workflow_went_is_counted_within_bounds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    five(&store).await;
    let long_ago = now() - LONG;
    let tallies = store.run_tallies(PROJECT, WORKFLOW, long_ago).await.unwrap();
    let made = [(Available, 2), (Success, 1), (Failed, 1)];
    let made = made.into_iter().map(|(state, count)| ((RunOrigin::Event, state), count)).collect();
    let expected = RunTallies { made, waiting: 2, ..RunTallies::default() };
    assert_eq!(tallies, expected);
    assert_eq!(tallies.of(|origin, state| origin == RunOrigin::Event && state.is_final()), 2);
    // What waits does so whenever it was made.
    let none = store.run_tallies(PROJECT, WORKFLOW, now() + LONG).await.unwrap();
    assert_eq!(none, RunTallies { waiting: 2, ..RunTallies::default() });
    let nothing = store.run_tallies(PROJECT, "nowhere", long_ago).await.unwrap();
    assert_eq!(nothing, RunTallies::default());
    // One more than the bound is there, and then as many.
    let most = store.run_tallies_within(PROJECT, WORKFLOW, long_ago, 3).await.unwrap();
    assert!(most.made_is_more && !most.waiting_is_more, "{most:?}");
    let most = store.run_tallies_within(PROJECT, WORKFLOW, long_ago, 4).await.unwrap();
    assert!(!most.made_is_more, "{most:?}");
    let most = store.run_tallies_within(PROJECT, WORKFLOW, long_ago, 1).await.unwrap();
    assert_eq!((most.waiting, most.waiting_is_more), (1, true), "{most:?}");
}

#[rstest]
#[tokio::test]
async fn a_run_is_found_by_the_beginning_of_its_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let runs = five(&store).await;
    let range = IdRange::beginning(&runs[1].to_string()).unwrap();
    let found = store.runs_within(PROJECT, range, 5).await.unwrap();
    assert_eq!(
        found.iter().map(|run| (run.id, run.state)).collect::<Vec<_>>(),
        [(runs[1], Failed)]
    );
    assert_eq!(store.runs_within("elsewhere", range, 5).await, Ok(Vec::new()));
    let all = IdRange { first: Uuid::nil(), last: Uuid::max() };
    let newest: Vec<Uuid> =
        store.runs_within(PROJECT, all, 2).await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(newest, [runs[4], runs[3]]);
}
