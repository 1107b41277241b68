//! What is secret lies sealed, with a key that is not in the database, and opens where it belongs.

use std::path::PathBuf;
use std::time::Duration;

use fieldpost_model::secret::Secret;
use fieldpost_store::{
    DefinitionChange, DefinitionKind, KeyRing, KeySource, KeyStatus, SealingKey, Store, StoreError,
    StoreSettings, TokenOwner, TokenTurn, inspect,
};
use fieldpost_testkit::postgres;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rstest::rstest;
use tempfile::TempDir;

use crate::support::{Engine, PROJECT, TestStore, assert_conflict, now};

/// What must be found nowhere.
const PLANTED: &str = "hunter2-the-planted-secret";
const FACT: &str = "unsubscribe-key";

fn connection(name: &str, password: &str) -> DefinitionChange {
    let definition = format!(r#"{{"auth":{{"password":"{password}"}}}}"#);
    DefinitionChange::Set(DefinitionKind::Connection, name.to_owned(), definition)
}

fn owner(connection: &str) -> TokenOwner {
    let connection = connection.to_owned();
    TokenOwner { project: PROJECT.into(), connection, fingerprint: [7; 32] }
}

/// Puts the planted secret wherever a secret can lie.
async fn plant(store: &Store) {
    store.change_configuration(PROJECT, 1, vec![connection("ministry", PLANTED)]).await.unwrap();
    store.set_secret_fact(FACT, &Secret::new(PLANTED)).await.unwrap();
    let turn = store.take_token_turn(&owner("ministry"), 0, Duration::from_mins(1)).await;
    let TokenTurn::Ours(fence) = turn.unwrap() else { panic!("nobody else asks") };
    let written = store.write_token(&owner("ministry"), fence, &Secret::new(PLANTED), None).await;
    assert_eq!(written, Ok(Some(1)));
}

/// Checks that what was planted can be read back.
async fn assert_planted(store: &Store) {
    let found = store.configuration(PROJECT).await.unwrap().unwrap();
    assert!(found.definitions.iter().any(|one| one.text.contains(PLANTED)), "{found:?}");
    assert_eq!(store.secret_fact(FACT).await, Ok(Some(Secret::new(PLANTED))));
    let token = store.token(&owner("ministry")).await.unwrap().unwrap();
    assert_eq!((token.text, token.generation), (Secret::new(PLANTED), 1));
}

/// Everything that the database holds, as bytes in which a text can be looked for: the files of
/// SQLite but the key, or the text of every table of PostgreSQL.
async fn everything(store: &TestStore) -> Vec<(String, Vec<u8>)> {
    let Some(url) = &store.settings().database else {
        let files = std::fs::read_dir(store.folder()).unwrap().map(|entry| entry.unwrap().path());
        return files
            .filter(|path| !path.ends_with("key"))
            .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
            .collect();
    };
    postgres::everything_in(url).await
}

#[track_caller]
fn assert_nowhere(everything: &[(String, Vec<u8>)], secret: &str) {
    let hexadecimal = fieldpost_model::hexadecimal::encode(secret.as_bytes());
    for (place, bytes) in everything {
        for text in [secret, &hexadecimal] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{secret} lies readable in {place}");
        }
    }
}

fn ring() -> KeyRing {
    KeyRing::of(SealingKey::generate().unwrap())
}

/// The sentence that opening with these keys is refused with.
async fn refusal(settings: &StoreSettings, keys: KeySource) -> String {
    match Store::open(StoreSettings { keys, ..settings.clone() }).await {
        Err(StoreError::Keys(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

/// How many records are sealed with each key, the active one first.
fn records(status: &KeyStatus) -> Vec<u64> {
    status.keys.iter().map(|key| key.records).collect()
}

#[rstest]
#[tokio::test]
async fn a_secret_is_readable_through_the_store_and_nowhere_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    plant(&store).await;
    assert_planted(&store).await;
    let found = everything(&store).await;
    assert!(found.iter().any(|(_, bytes)| bytes.windows(9).any(|it| it == b"sealed:1:")));
    assert_nowhere(&found, PLANTED);
    let KeySource::File { path, .. } = &store.settings().keys else { panic!("a file") };
    let text = std::fs::read_to_string(path).unwrap();
    let key = text.lines().find(|line| line.starts_with("fpk1_")).unwrap();
    assert_nowhere(&found, key);
    let store = store.restart().await;
    assert_planted(&store).await;
}

// MUST-31, MUST-37
#[rstest]
#[tokio::test]
async fn what_an_older_version_wrote_is_read_and_sealed_at_the_next_start(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // Three steps of sealing.
    const RECORDS: usize = 150;
    let store = TestStore::new(engine).await;
    plant(&store).await;
    for number in 0..RECORDS {
        let sql = format!(
            "INSERT INTO definitions (project, kind, name, definition)
             VALUES ('{PROJECT}', 'connection', 'old-{number}', '{{\"password\":\"{PLANTED}\"}}')"
        );
        store.execute(&sql).await;
    }
    let before = store.configuration(PROJECT).await.unwrap();
    assert_eq!(before.as_ref().unwrap().definitions.len(), RECORDS + 1);
    assert_eq!(store.key_status().await.unwrap().unsealed, RECORDS as u64);
    let store = store.restart().await;
    assert_eq!(store.configuration(PROJECT).await.unwrap(), before);
    let status = store.key_status().await.unwrap();
    assert_eq!((status.unsealed, records(&status)), (0, vec![RECORDS as u64 + 3]));
    assert_nowhere(&everything(&store).await, PLANTED);
}

/// Sealing what an older version wrote is no reason to stop overwriting what is deleted.
#[tokio::test]
async fn what_is_deleted_is_overwritten_after_such_a_start_as_well() {
    const CUT_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
    let store = TestStore::new(Engine::Sqlite).await;
    let unsealed = "INSERT INTO definitions (project, kind, name, definition)
        VALUES ('clinic', 'connection', 'old', '{}')";
    store.execute(unsealed).await;
    let store = store.restart().await;
    store.set_fact("remark", &PLANTED.repeat(10)).await.unwrap();
    store.execute(CUT_LOG).await;
    store.set_fact("remark", "").await.unwrap();
    store.execute(CUT_LOG).await;
    assert_nowhere(&everything(&store).await, PLANTED);
}

// MUST-37
#[rstest]
#[tokio::test]
async fn what_was_moved_to_another_place_does_not_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    plant(&store).await;
    let changes = vec![connection("attacker", "none")];
    store.change_configuration(PROJECT, 2, changes).await.unwrap();
    store
        .execute(
            "UPDATE definitions SET definition =
                 (SELECT definition FROM definitions WHERE name = 'ministry')
             WHERE name = 'attacker'",
        )
        .await;
    store.execute("UPDATE tokens SET connection = 'attacker'").await;
    store.execute(&format!("UPDATE facts SET name = 'other' WHERE name = '{FACT}'")).await;
    let of_definition = store.configuration(PROJECT).await.unwrap_err();
    let of_fact = store.secret_fact("other").await.unwrap_err();
    for (refused, place) in
        [(of_definition, "definitions/clinic/connection/attacker"), (of_fact, "facts/other")]
    {
        let StoreError::Keys(sentence) = refused else { panic!("{refused:?}") };
        assert!(sentence.starts_with(place), "{sentence}");
        assert!(sentence.contains("does not open"), "{sentence}");
        assert!(!sentence.contains(PLANTED) && !sentence.contains("sealed:1"), "{sentence}");
    }
    // A token is no loss: the next one is asked for.
    assert_eq!(store.token(&owner("attacker")).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn another_key_is_refused_with_the_names_of_both(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] something_is_sealed: bool,
) {
    let url = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(postgres::database().await),
    };
    let folder = TempDir::new().unwrap();
    let (mine, other) = (ring(), ring());
    let settings = StoreSettings {
        database: url,
        keys: KeySource::Given(mine.clone()),
        ..StoreSettings::in_folder(folder.path())
    };
    let store = Store::open(settings.clone()).await.unwrap();
    store.create_project(PROJECT, "Clinic", now()).await.unwrap();
    if something_is_sealed {
        plant(&store).await;
    }
    drop(store);
    let refused = refusal(&settings, KeySource::Given(other.clone())).await;
    for id in [mine.ids(), other.ids()] {
        assert!(refused.contains(&id), "{refused}");
    }
    // A key behind the present one is all that is asked for.
    let both = KeySource::Given(other.and(mine.active().clone()));
    let store = Store::open(StoreSettings { keys: both, ..settings }).await.unwrap();
    if something_is_sealed {
        assert_planted(&store).await;
    }
}

#[tokio::test]
async fn a_lost_key_file_is_not_made_anew() {
    let folder = TempDir::new().unwrap();
    let settings = StoreSettings::in_folder(folder.path());
    drop(Store::open(settings.clone()).await.unwrap());
    let path = folder.path().join("key");
    let elsewhere = folder.path().join("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();
    let refused = refusal(&settings, settings.keys.clone()).await;
    assert!(refused.contains("is not there: put it back"), "{refused}");
    assert!(!path.exists());
    std::fs::write(&path, "").unwrap();
    assert!(refusal(&settings, settings.keys.clone()).await.contains("put it back"));
    std::fs::rename(elsewhere, path).unwrap();
    drop(Store::open(settings).await.unwrap());
}

/// What the guide tells the one who has lost the key.
#[rstest]
#[tokio::test]
async fn without_its_key_a_database_can_be_used_without_its_secrets(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let guide = include_str!("../../../../docs/guides/secrets.md");
    let statements: Vec<&str> = guide.lines().filter(|line| line.starts_with("DELETE ")).collect();
    assert_eq!(statements.len(), 3, "{statements:?}");
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    plant(&store).await;
    for statement in statements {
        store.execute(statement).await;
    }
    let KeySource::File { path, .. } = &store.settings().keys else { panic!("a file") };
    std::fs::remove_file(path).unwrap();
    let store = store.restart().await;
    assert_eq!(store.find(delivery.id).await, delivery);
    assert_eq!(store.configuration(PROJECT).await.unwrap().unwrap().definitions, []);
    assert_eq!(store.secret_fact(FACT).await, Ok(None));
}

/// The keys of the file of a store.
fn keys_in_file(store: &TestStore) -> KeyRing {
    store.settings().keys.read().unwrap().unwrap()
}

#[tokio::test]
async fn a_rotation_seals_everything_anew_and_forgets_the_old_key() {
    let store = TestStore::new(Engine::Sqlite).await;
    plant(&store).await;
    let many = (0..150).map(|number| connection(&format!("c{number}"), PLANTED)).collect();
    store.change_configuration(PROJECT, 2, many).await.unwrap();
    let before = store.key_status().await.unwrap();
    assert_eq!((records(&before), before.kept_by_hub), (vec![153], true));
    store.begin_rotation().await.unwrap();
    assert_eq!(
        keys_in_file(&store).keys().count(),
        2,
        "both are on disk before anything is sealed"
    );
    assert_conflict(&store.begin_rotation().await);
    // Somebody saves meanwhile.
    let (resealed, changed) = tokio::join!(
        store.reseal(),
        store.change_configuration(PROJECT, 3, vec![connection("c1", "another")])
    );
    assert_eq!((resealed, changed), (Ok(()), Ok(4)));
    let after = store.key_status().await.unwrap();
    assert_ne!(after.active, before.active);
    assert_eq!((records(&after), after.rotation.running), (vec![153], false));
    assert!(after.rotation.resealed >= 152, "{after:?}");
    assert_eq!((after.rotation.failed, &after.rotation.error), (0, &None));
    assert_eq!(keys_in_file(&store).ids(), after.active.as_str());
    assert_planted(&store).await;
    let store = store.restart().await;
    assert_planted(&store).await;
    let found = store.configuration(PROJECT).await.unwrap().unwrap();
    assert!(found.definitions.iter().any(|one| one.text.contains("another")));
}

#[rstest]
#[tokio::test]
async fn the_secret_of_a_project_is_its_own_and_outlives_a_rotation(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let secret = store.project_secret(PROJECT).await.unwrap();
    assert_ne!(secret, [0; 32]);
    assert_ne!(store.project_secret("other").await.unwrap(), secret);
    let digits = fieldpost_model::hexadecimal::encode(&secret);
    assert_nowhere(&everything(&store).await, &digits);
    store.begin_rotation().await.unwrap();
    store.reseal().await.unwrap();
    let store = store.restart().await;
    assert_eq!(store.project_secret(PROJECT).await, Ok(secret));
}

#[tokio::test]
async fn an_interrupted_rotation_goes_on_with_the_next_start() {
    let store = TestStore::new(Engine::Sqlite).await;
    plant(&store).await;
    store.begin_rotation().await.unwrap();
    let status = store.key_status().await.unwrap();
    assert_eq!(records(&status), [0, 3], "nothing is sealed anew yet: {status:?}");
    // One record was, when the hub died.
    let version = store.change_configuration(PROJECT, 2, vec![connection("new", "x")]).await;
    assert_eq!(version, Ok(3));
    let store = store.restart().await;
    let found = store.key_status().await.unwrap();
    assert_eq!((&found.active, records(&found)), (&status.active, vec![4]));
    assert_eq!(keys_in_file(&store).keys().count(), 1);
    assert_planted(&store).await;
}

#[rstest]
#[tokio::test]
async fn a_rotation_that_nobody_waits_for_any_more_does_not_hold_up_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    plant(&store).await;
    assert!(store.begin_rotation().now_or_never().is_none(), "it waits for the database");
    let status = store.key_status().await.unwrap();
    assert!(!status.rotation.running && status.rotation.error.is_some(), "{status:?}");
    store.begin_rotation().await.unwrap();
    assert!(store.reseal().now_or_never().is_none(), "it waits for the database");
    let status = store.key_status().await.unwrap();
    assert!(!status.rotation.running && status.rotation.error.is_some(), "{status:?}");
    store.begin_rotation().await.unwrap();
    store.reseal().await.unwrap();
    let status = store.key_status().await.unwrap();
    assert_eq!((status.rotation.running, status.rotation.error), (false, None));
    assert_planted(&store).await;
}

#[tokio::test]
async fn a_record_that_does_not_open_keeps_its_key_in_the_file() {
    let store = TestStore::new(Engine::Sqlite).await;
    plant(&store).await;
    store.execute("UPDATE tokens SET connection = 'attacker'").await;
    store.begin_rotation().await.unwrap();
    store.reseal().await.unwrap();
    let status = store.key_status().await.unwrap();
    assert_eq!((records(&status), status.rotation.failed), (vec![2, 1], 1));
    assert_eq!(keys_in_file(&store).keys().count(), 2);
    // Whoever mends it and rotates again comes to the end; no third key is made on the way.
    store.execute("UPDATE tokens SET connection = 'ministry'").await;
    store.begin_rotation().await.unwrap();
    store.reseal().await.unwrap();
    let mended = store.key_status().await.unwrap();
    assert_eq!((&mended.active, records(&mended)), (&status.active, vec![3]));
    assert_eq!(keys_in_file(&store).keys().count(), 1);
    assert_planted(&store).await;
}

#[tokio::test]
async fn a_key_file_that_cannot_be_written_is_the_operators_to_change() {
    let store = TestStore::new(Engine::Sqlite).await;
    plant(&store).await;
    let old = keys_in_file(&store);
    let new = SealingKey::generate().unwrap();
    // Whatever would replace the file finds a folder in its way, also for the superuser.
    std::fs::create_dir(store.folder().join("key.new")).unwrap();
    let refused = store.begin_rotation().await.unwrap_err();
    assert!(matches!(refused, StoreError::Keys(_)), "{refused:?}");
    let status = store.key_status().await.unwrap();
    assert_eq!((status.active.as_str(), records(&status)), (&*old.ids(), vec![3]));
    assert!(!status.rotation.running && status.rotation.error.is_some(), "{status:?}");
    // The operator puts the next key first; a start, and a rotation, do the rest.
    let path = store.folder().join("key");
    std::fs::remove_file(&path).unwrap();
    KeyRing::of(new.clone()).and(old.active().clone()).save_as(&path).unwrap();
    let store = store.restart().await;
    let status = store.key_status().await.unwrap();
    assert_eq!((&status.active, records(&status)), (new.id(), vec![3, 0]));
    assert_planted(&store).await;
}

#[tokio::test]
async fn hubs_of_one_database_get_a_new_key_one_after_the_other() {
    let keys = TempDir::new().unwrap();
    let file = |name: &str, ring: &KeyRing| -> PathBuf {
        let path = keys.path().join(name);
        // Replaced as a whole, as whoever hands out secrets does it.
        let beside = keys.path().join("beside");
        ring.save_as(&beside).unwrap();
        std::fs::rename(beside, &path).unwrap();
        path
    };
    let old = ring();
    let new = SealingKey::generate().unwrap();
    let both = KeyRing::of(new.clone()).and(old.active().clone());
    let one = TestStore::with(Engine::Postgres, |settings| {
        settings.keys = KeySource::File { path: file("one", &old), make: false };
    })
    .await;
    let other = one
        .another_hub_with(|settings| {
            settings.keys = KeySource::File { path: file("other", &old), make: false };
        })
        .await;
    plant(&one).await;
    // One hub is started with the new key first, and seals with it.
    file("one", &both);
    let one = one.restart().await;
    assert_eq!(one.change_configuration(PROJECT, 2, vec![connection("new", "x")]).await, Ok(3));
    let refused = other.configuration(PROJECT).await.unwrap_err().to_string();
    for id in [new.id().as_str(), old.active().id().as_str()] {
        assert!(refused.contains(id), "{refused}");
    }
    let status = other.key_status().await.unwrap();
    let unknown = status.keys.iter().find(|key| !key.present).unwrap();
    assert_eq!((&unknown.id, unknown.records), (new.id(), 1));
    // The other one need not be started again: it looks into its file.
    file("other", &both);
    assert_planted(&other).await;
    assert_eq!(other.configuration(PROJECT).await.unwrap().unwrap().definitions.len(), 2);
    // What is left is sealed anew by whichever; the old key is the operator's to take away.
    other.begin_rotation().await.unwrap();
    other.reseal().await.unwrap();
    let status = one.key_status().await.unwrap();
    assert_eq!((&status.active, records(&status)), (new.id(), vec![4, 0]));
    assert!(!status.kept_by_hub);
    file("one", &KeyRing::of(new));
    let one = one.restart().await;
    assert_planted(&one).await;
}

#[rstest]
#[tokio::test]
async fn all_who_ask_for_a_secret_fact_at_once_get_the_same(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ask = |number: usize| {
        let made = Secret::new(number.to_string());
        store.secret_fact_or_make("key-of-links", move || made)
    };
    let got = join_all((0..8).map(ask)).await;
    assert!(got.iter().all(|secret| *secret == got[0] && secret.is_ok()), "{got:?}");
    let again = store.secret_fact_or_make("key-of-links", || panic!("it is there")).await;
    assert_eq!(again, got[0]);
}

#[rstest]
#[tokio::test]
async fn an_inspection_opens_what_its_keys_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    plant(&store).await;
    let with = inspect(store.settings()).await.unwrap().unwrap();
    let active = store.key_status().await.unwrap().active;
    assert_eq!((with.key.as_ref(), with.sealed_definitions), (Some(&active), 0));
    assert_eq!(with.sealed_with, [active]);
    assert!(with.definitions[0].definition.contains(PLANTED), "{:?}", with.definitions);
    let nowhere = KeySource::File { path: store.folder().join("nowhere"), make: true };
    for keys in [nowhere, KeySource::Given(ring())] {
        let settings = StoreSettings { keys, ..store.settings().clone() };
        let without = inspect(&settings).await.unwrap().unwrap();
        assert_eq!((without.definitions, without.sealed_definitions), (Vec::new(), 1));
        assert_eq!(
            (without.key, without.sealed_with),
            (with.key.clone(), with.sealed_with.clone())
        );
    }
    assert!(!store.folder().join("nowhere").exists(), "looking makes nothing");
}
