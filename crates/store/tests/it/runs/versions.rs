//! Versions of workflows, and the marks of their clocks.

use fieldpost_model::time::Timestamp;
use fieldpost_store::{CronMark, DefinitionChange, DefinitionKind, NewRun};
use rstest::rstest;

use super::{WORKFLOW, demand, given};
use crate::support::{Engine, LONG, PROJECT, TestStore};

async fn save(store: &TestStore, version: i64, text: &str) {
    let change =
        DefinitionChange::Set(DefinitionKind::Workflow, WORKFLOW.to_owned(), text.to_owned());
    let saved = store.change_configuration(PROJECT, version, vec![change]).await;
    assert_eq!(saved, Ok(version + 1));
}

#[rstest]
#[tokio::test]
async fn every_saved_workflow_is_a_version(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    save(&store, 1, "{\"one\":1}").await;
    let of_newest = || NewRun { version: None, ..given("{}") };
    store.start_runs(&PROJECT.into(), None, vec![of_newest()]).await.unwrap();
    store
        .change_configuration(PROJECT, 2, vec![DefinitionChange::Title("Other".to_owned())])
        .await
        .unwrap();
    save(&store, 3, "{\"two\":2}").await;
    store.start_runs(&PROJECT.into(), None, vec![of_newest()]).await.unwrap();
    let versions = store.workflow_versions(PROJECT, WORKFLOW, None, 9).await.unwrap();
    let numbers: Vec<i64> = versions.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [4, 2]);
    let older = store.workflow_versions(PROJECT, WORKFLOW, Some(4), 9).await.unwrap();
    assert_eq!(older, versions[1..]);
    let text = async |version| {
        let found = store.workflow_version(PROJECT, WORKFLOW, version).await.unwrap();
        found.map(|(_, text)| text)
    };
    assert_eq!(text(2).await.as_deref(), Some("{\"one\":1}"));
    assert_eq!(text(4).await.as_deref(), Some("{\"two\":2}"));
    assert_eq!(text(3).await, None);
    let claimed = store.claim_due(9, LONG).await;
    let ran: Vec<i64> = claimed.iter().map(|claimed| claimed.run.version).collect();
    assert_eq!(ran, [2, 4]);

    // Sealed anew, they can still be read.
    store.begin_rotation().await.unwrap();
    store.reseal().await.unwrap();
    assert_eq!(text(2).await.as_deref(), Some("{\"one\":1}"));
    assert_eq!(store.key_status().await.unwrap().keys.len(), 1);
}

#[rstest]
#[tokio::test]
async fn of_several_hubs_one_makes_the_run_of_a_point_in_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let project = PROJECT.into();
    let timed = "{\"trigger\":{\"cron\":\"* * * * *\"}}";
    let mark = |minute: i64| CronMark {
        schedule: "* * * * * UTC".to_owned(),
        at: Timestamp(minute * 60_000_000),
    };
    let (one, two) = (mark(1), mark(2));
    let moved = async |seen: Option<&CronMark>, to: &CronMark| {
        store.move_cron_mark(&project, WORKFLOW, seen, to, vec![given("{}")]).await.unwrap()
    };
    assert!(!moved(None, &one).await, "there is no such workflow");
    save(&store, 1, timed).await;
    assert!(moved(None, &one).await);
    assert!(!moved(None, &one).await);
    let (a, b) = tokio::join!(moved(Some(&one), &two), moved(Some(&one), &two));
    assert!(a != b);
    assert_eq!(store.cron_marks(PROJECT).await.unwrap(), [(WORKFLOW.to_owned(), two)]);
    assert_eq!(store.is_run_in_queue(PROJECT, WORKFLOW).await, Ok(true));
    assert_eq!(store.claim_runs(vec![demand(9, LONG)]).await.unwrap().claimed.len(), 2);

    // Saved again with its clock it goes on; without one, or removed, it begins anew some day.
    let is_known = async || !store.cron_marks(PROJECT).await.unwrap().is_empty();
    save(&store, 2, timed).await;
    assert!(is_known().await);
    save(&store, 3, "{}").await;
    assert!(!is_known().await);
    assert!(moved(None, &one).await);
    let remove = DefinitionChange::Remove(DefinitionKind::Workflow, WORKFLOW.to_owned());
    store.change_configuration(PROJECT, 4, vec![remove]).await.unwrap();
    assert!(!is_known().await);
    // A hub that has not heard of it leaves none behind.
    assert!(!moved(None, &one).await);
}
