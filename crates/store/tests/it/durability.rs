//! What a yes means: committed and synced, whole, whoever still listens.

use std::path::Path;
use std::time::Duration;

use fieldpost_store::{
    Accepted, DefinitionChange, DefinitionKind, MessageQuery, Store, StoreSettings,
};
use futures_util::StreamExt;
use futures_util::future::{FutureExt, join_all};
use futures_util::stream;
use rstest::rstest;
use tempfile::TempDir;

use crate::support::{CONNECTION, Change, Engine, LONG, PROJECT, TestStore, first, message};

/// The database's files, as a machine that loses its power at this moment finds them again.
fn copy_files(from: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    for file in ["fieldpost.db", "fieldpost.db-wal", "key"] {
        std::fs::copy(from.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

// MUST-1
#[tokio::test]
async fn what_was_answered_is_in_the_files_at_that_moment() {
    let store = TestStore::new(Engine::Sqlite).await;
    let mut kept = Vec::new();
    for number in 0..5 {
        let accept = message(&number.to_string()).to(CONNECTION);
        kept.push(accept.message.id);
        store.accept(accept).await.unwrap();
        let copy = copy_files(store.folder());
        let found = Store::open(StoreSettings::in_folder(copy.path())).await.unwrap();
        for (content, id) in kept.iter().enumerate() {
            let (_, body) = found.message_content(PROJECT, *id).await.unwrap().unwrap();
            assert_eq!(body, content.to_string().as_bytes());
        }
        assert_eq!(found.waiting().await, Ok(kept.len() as u64));
    }
}

#[rstest]
#[tokio::test]
async fn a_restart_finds_everything(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    let set = DefinitionChange::Set(DefinitionKind::Source, "intake".into(), "{}".into());
    store.change_configuration(PROJECT, 1, vec![set]).await.unwrap();
    let configuration = store.configuration(PROJECT).await.unwrap();
    let store = store.restart().await;
    assert_eq!(store.find(delivery.id).await, delivery);
    assert_eq!(store.configuration(PROJECT).await.unwrap(), configuration);
    assert_eq!(store.claim_one().await.id, delivery.id);
}

/// Waits for something that happens soon.
async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was never done");
}

// MUST-6
/// What has been handed over is done, even if the caller hangs up at once.
#[rstest]
#[tokio::test]
async fn who_stops_waiting_leaves_whole_work_behind(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut sent = Vec::new();
    for number in 0..20 {
        let accept = message(&number.to_string()).to(CONNECTION);
        sent.push(accept.message.id);
        assert!(store.accept(accept).now_or_never().is_none(), "it cannot be there already");
    }
    let kept = async || {
        let found = store.messages(PROJECT, &MessageQuery::default(), first(100)).await.unwrap();
        found.len() == sent.len()
    };
    eventually(kept).await;
    assert_eq!(store.waiting().await, Ok(20));

    let set = DefinitionChange::Set(DefinitionKind::Source, "intake".into(), "{}".into());
    let change = store.change_configuration(PROJECT, 1, vec![set]).now_or_never();
    assert!(change.is_none(), "it cannot be there already");
    let changed = async || {
        let configuration = store.configuration(PROJECT).await.unwrap().unwrap();
        let version = configuration.project.configuration_version;
        assert_eq!(i64::try_from(configuration.definitions.len()), Ok(version - 1), "whole");
        version == 2
    };
    eventually(changed).await;
}

/// The log file of SQLite stays bounded while much is written and read.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_file_stays_bounded() {
    const MEGABYTE: usize = 1024 * 1024;
    const MOST: u64 = 100 * MEGABYTE as u64;
    let store = TestStore::new(Engine::Sqlite).await;
    let body = "x".repeat(MEGABYTE / 4);
    let log = store.folder().join("fieldpost.db-wal");
    let mut written = stream::iter(0..640).map(|_| store.accept(message(&body))).buffered(8);
    let mut largest = 0;
    let mut number = 0;
    while let Some(answer) = written.next().await {
        assert_eq!(answer, Ok(Accepted::Kept { version: 1 }));
        number += 1;
        largest = largest.max(std::fs::metadata(&log).unwrap().len());
        if number % 20 == 0 {
            store.messages(PROJECT, &MessageQuery::default(), first(100)).await.unwrap();
        }
    }
    assert!(largest > 0 && largest <= MOST, "the log grew to {largest} bytes");
}

/// A reader that began before sees what was committed meanwhile when it reads the next time.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_seen_by_the_next_reader(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let checks = (0..32).map(|sender: u32| {
        let store = &store;
        async move {
            for number in 0..8 {
                let accept = message(&format!("{sender}/{number}")).to(CONNECTION);
                let (id, delivery) = (accept.message.id, accept.deliveries[0].id);
                store.accept(accept).await.unwrap();
                assert!(store.message(PROJECT, id).await.unwrap().is_some());
                assert!(store.delivery(PROJECT, delivery).await.unwrap().is_some());
            }
        }
    });
    join_all(checks).await;
    assert_eq!(store.claim_some(1_000, LONG).await.len(), 256);
}
