//! Opening: again, twice at once, in the wrong order of versions.

use fieldpost_store::{KeyRing, KeySource, SealingKey, Store, StoreError, StoreSettings};
use fieldpost_testkit::postgres;
use rstest::rstest;
use tempfile::TempDir;

use crate::support::{Engine, PROJECT, TestStore, connect, now};

#[track_caller]
fn refusal(opened: Result<Store, StoreError>) -> String {
    match opened {
        Err(StoreError::Open(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

/// Runs a statement past the store, as another program would.
async fn execute(settings: &StoreSettings, sql: &str) {
    match &settings.database {
        None => {
            let path = settings.data.join("fieldpost.db");
            rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
        }
        Some(url) => {
            connect(url).await.batch_execute(sql).await.unwrap();
        }
    }
}

// MUST-31
#[rstest]
#[tokio::test]
async fn opening_again_changes_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let projects = store.projects().await.unwrap();
    let store = store.restart().await.restart().await;
    assert_eq!(store.projects().await.unwrap(), projects);
}

// MUST-31
#[rstest]
#[case::newer("INSERT INTO schema_migrations VALUES (999, 0)", "newer fieldpost")]
#[case::foreign("UPDATE schema_migrations SET checksum = 1", "another program")]
#[tokio::test]
async fn a_schema_that_it_does_not_know_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: &str,
    #[case] sentence: &str,
) {
    let url = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(postgres::database().await),
    };
    let folder = TempDir::new().unwrap();
    let settings = StoreSettings { database: url, ..StoreSettings::in_folder(folder.path()) };
    drop(Store::open(settings.clone()).await.unwrap());
    execute(&settings, change).await;
    let refused = refusal(Store::open(settings.clone()).await);
    assert!(refused.contains(sentence), "{refused}");
}

#[rstest]
#[tokio::test]
async fn a_data_folder_has_one_process(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let refused = refusal(Store::open(store.settings().clone()).await);
    assert!(refused.contains("in use by another fieldpost process"), "{refused}");
    // The one that was there is not disturbed.
    store.create_project("more", "More", now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hubs_that_open_an_empty_database_at_once_all_succeed() {
    let url = postgres::database().await;
    let ring = KeyRing::of(SealingKey::generate().unwrap());
    let open = async || {
        let folder = TempDir::new().unwrap();
        let settings = StoreSettings {
            database: Some(url.clone()),
            keys: KeySource::Given(ring.clone()),
            ..StoreSettings::in_folder(folder.path())
        };
        (Store::open(settings).await.unwrap(), folder)
    };
    let hubs = tokio::join!(open(), open(), open(), open());
    hubs.0.0.create_project(PROJECT, "Clinic", now()).await.unwrap();
    assert_eq!(hubs.3.0.projects().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_address_where_nobody_answers_is_said_so() {
    let folder = TempDir::new().unwrap();
    for (url, sentence) in [
        ("postgres://nobody@127.0.0.1:1/nothing", "cannot reach the database"),
        ("postgres://:::", "cannot be read"),
    ] {
        let settings = StoreSettings {
            database: Some(url.to_owned()),
            ..StoreSettings::in_folder(folder.path())
        };
        let refused = refusal(Store::open(settings).await);
        assert!(refused.contains(sentence), "{refused}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fieldpost.db"), "no database, but long enough".repeat(99))
        .unwrap();
    let refused = refusal(Store::open(StoreSettings::in_folder(folder.path())).await);
    assert!(refused.contains("not a database"), "{refused}");
}
