//! Projects, their definitions, and the version that every plan is checked against.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use fieldpost_store::{
    Accepted, Configuration, DefinitionChange, DefinitionKind, Pause, Project, Replay, Replayed,
    Store, StoreError, StoredDefinition, TAKEN_KEY,
};
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{
    CONNECTION, Change, Engine, PROJECT, TestStore, assert_conflict, connect, message, now,
};

fn set(name: &str) -> DefinitionChange {
    DefinitionChange::Set(DefinitionKind::Forwarder, name.to_owned(), "{\"on\":\"form\"}".into())
}

#[rstest]
#[tokio::test]
async fn definitions_change_together_and_read_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let created_at = now();
    store.create_project("district", "District \"ü\"", created_at).await.unwrap();
    assert_conflict(&store.create_project("district", "Again", now()).await);
    let changes = vec![
        set("births"),
        DefinitionChange::Set(DefinitionKind::Source, "intake".to_owned(), "{}".to_owned()),
        DefinitionChange::Set(DefinitionKind::Connection, "ministry".to_owned(), "1".to_owned()),
        DefinitionChange::Set(DefinitionKind::Connection, "ministry".to_owned(), "2".to_owned()),
    ];
    assert_eq!(store.change_configuration("district", 1, changes).await, Ok(2));
    let changes = vec![
        DefinitionChange::Remove(DefinitionKind::Source, "intake".to_owned()),
        DefinitionChange::Remove(DefinitionKind::Source, "never there".to_owned()),
        DefinitionChange::Title("Renamed".to_owned()),
    ];
    assert_eq!(store.change_configuration("district", 2, changes).await, Ok(3));
    let project = Project {
        name: "district".into(),
        title: "Renamed".to_owned(),
        configuration_version: 3,
        created_at,
    };
    let stored = |kind, name: &str, text: &str| StoredDefinition {
        kind,
        name: name.to_owned(),
        text: text.to_owned(),
        saved_in: 2,
        pause: None,
        number: None,
    };
    let definitions = vec![
        stored(DefinitionKind::Connection, "ministry", "2"),
        stored(DefinitionKind::Forwarder, "births", "{\"on\":\"form\"}"),
    ];
    let expected = Configuration { project: project.clone(), definitions };
    assert_eq!(store.configuration("district").await, Ok(Some(expected)));
    let projects = store.projects().await.unwrap();
    let names: Vec<&str> = projects.iter().map(|project| &*project.name).collect();
    assert_eq!(names, [PROJECT, "district"]);
    assert_eq!(projects[1], project);
    let empty = store.configuration(PROJECT).await.unwrap().unwrap();
    assert_eq!((empty.project.configuration_version, empty.definitions), (1, Vec::new()));
    assert_eq!(store.configuration("nobody").await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn each_definition_knows_the_version_that_it_was_saved_with(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let saved = async || -> Vec<(String, i64)> {
        let found = store.configuration(PROJECT).await.unwrap().unwrap();
        found.definitions.into_iter().map(|it| (it.name, it.saved_in)).collect()
    };
    let named = |name: &str, saved_in| (name.to_owned(), saved_in);
    store.change_configuration(PROJECT, 1, vec![set("births"), set("deaths")]).await.unwrap();
    assert_eq!(saved().await, [named("births", 2), named("deaths", 2)]);
    // The same text again is another save; what is not in the change stays as it was.
    store.change_configuration(PROJECT, 2, vec![set("births")]).await.unwrap();
    assert_eq!(saved().await, [named("births", 3), named("deaths", 2)]);
    let removed = DefinitionChange::Remove(DefinitionKind::Forwarder, "births".to_owned());
    store.change_configuration(PROJECT, 3, vec![removed]).await.unwrap();
    store.change_configuration(PROJECT, 4, vec![set("births")]).await.unwrap();
    assert_eq!(saved().await, [named("births", 5), named("deaths", 2)]);
}

#[rstest]
#[tokio::test]
async fn a_pause_lies_beside_its_definition_until_either_goes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let pauses = async || -> Vec<Option<Pause>> {
        let found = store.configuration(PROJECT).await.unwrap().unwrap();
        found.definitions.into_iter().map(|it| it.pause).collect()
    };
    let change = |name: &str, pause: Option<&Pause>| {
        DefinitionChange::Pause(DefinitionKind::Forwarder, name.to_owned(), pause.cloned())
    };
    let why = Pause { since: now(), by: "ü\0".to_owned(), reason: Some("moved\0".to_owned()) };
    let kept = Pause { by: "ü␀".to_owned(), reason: Some("moved␀".to_owned()), ..why.clone() };
    let begin = vec![set("births"), set("deaths"), change("births", Some(&why))];
    store.change_configuration(PROJECT, 1, begin).await.unwrap();
    assert_eq!(pauses().await, [Some(kept.clone()), None]);
    // Saving the definition leaves it, and so does a pause of what is not there.
    let others = vec![set("births"), change("nowhere", Some(&why))];
    store.change_configuration(PROJECT, 2, others).await.unwrap();
    assert_eq!(pauses().await, [Some(kept.clone()), None]);
    let silent = Pause { reason: None, ..kept };
    let turned = vec![change("births", None), change("deaths", Some(&silent))];
    store.change_configuration(PROJECT, 3, turned).await.unwrap();
    assert_eq!(pauses().await, [None, Some(silent)]);
    let removed = DefinitionChange::Remove(DefinitionKind::Forwarder, "deaths".to_owned());
    store.change_configuration(PROJECT, 4, vec![removed]).await.unwrap();
    store.change_configuration(PROJECT, 5, vec![set("deaths")]).await.unwrap();
    assert_eq!(pauses().await, [None, None]);
}

#[rstest]
#[tokio::test]
async fn a_change_of_older_definitions_is_a_conflict(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let changed = join_all(
        (0..8).map(|number| store.change_configuration(PROJECT, 1, vec![set(&number.to_string())])),
    )
    .await;
    assert_eq!(changed.iter().filter(|end| **end == Ok(2)).count(), 1, "{changed:?}");
    let left = store.configuration(PROJECT).await.unwrap().unwrap();
    assert_eq!((left.project.configuration_version, left.definitions.len()), (2, 1));
    assert_conflict(&store.change_configuration(PROJECT, 1, vec![set("late")]).await);
    assert_conflict(&store.change_configuration("nobody", 1, vec![set("late")]).await);
    assert_eq!(store.configuration(PROJECT).await.unwrap().unwrap(), left);
}

/// Many senders through these hubs, without a pause, while the definitions are changed: once a
/// change has been answered, no message of an older plan is kept, and no change waits for long.
async fn change_under_load(hubs: &[&Store]) {
    const CHANGES: i64 = 20;
    const PATIENCE: Duration = Duration::from_secs(5);
    let answered = AtomicI64::new(1);
    let stop = AtomicBool::new(false);
    let sender = async |hub: &Store| {
        let mut kept = 0_u32;
        let mut planned_with = 1;
        while !stop.load(Ordering::SeqCst) {
            let current = answered.load(Ordering::SeqCst);
            let accept = message("x").to(CONNECTION).change(|accept| {
                accept.configuration_version = planned_with;
            });
            match hub.accept(accept).await.unwrap() {
                Accepted::Kept { .. } => {
                    assert!(
                        planned_with >= current,
                        "kept with version {planned_with}, after version {current} was answered"
                    );
                    kept += 1;
                }
                Accepted::Stale => {
                    let found = hub.configuration(PROJECT).await.unwrap().unwrap();
                    planned_with = found.project.configuration_version;
                }
                other => panic!("{other:?}"),
            }
        }
        kept
    };
    let changing = async {
        let mut longest = Duration::ZERO;
        for version in 1..=CHANGES {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let hub = hubs[usize::try_from(version).unwrap() % hubs.len()];
            let start = Instant::now();
            let change = hub.change_configuration(PROJECT, version, vec![set("births")]).await;
            longest = longest.max(start.elapsed());
            assert_eq!(change, Ok(version + 1));
            answered.store(version + 1, Ordering::SeqCst);
        }
        stop.store(true, Ordering::SeqCst);
        longest
    };
    let senders = (0..64).map(|number| sender(hubs[number % hubs.len()]));
    let (kept, longest) = tokio::join!(join_all(senders), changing);
    assert!(kept.iter().sum::<u32>() > 64, "the load was there: {kept:?}");
    assert!(longest < PATIENCE, "a change waited for {longest:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_under_load_is_not_missed_and_does_not_starve(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    change_under_load(&[&store]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_through_one_hub_makes_the_plans_of_the_other_stale() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    assert_eq!(one.change_configuration(PROJECT, 1, vec![set("births")]).await, Ok(2));
    assert_eq!(other.accept(message("x")).await, Ok(Accepted::Stale));
    assert_conflict(&other.change_configuration(PROJECT, 1, vec![set("deaths")]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_through_two_hubs_under_load_are_not_missed() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    change_under_load(&[&one, &other]).await;
}

/// Hubs with slow disks hold the project's row for long, and there is always one who does. A change
/// waits for those who are there, not for those who come.
#[tokio::test]
async fn a_change_does_not_wait_until_nobody_accepts() {
    const HOLD: Duration = Duration::from_millis(120);
    const PATIENCE: Duration = Duration::from_secs(2);
    let store = TestStore::new(Engine::Postgres).await;
    let url = store.settings().database.clone().unwrap();
    let stop = AtomicBool::new(false);
    let slow_hub = async |delay: u32| {
        let client = connect(&url).await;
        tokio::time::sleep(HOLD / 3 * delay).await;
        let start = Instant::now();
        while !stop.load(Ordering::SeqCst) && start.elapsed() < 2 * PATIENCE {
            let begin = "BEGIN; SELECT 1 FROM projects WHERE project = 'clinic' FOR SHARE";
            client.batch_execute(begin).await.unwrap();
            tokio::time::sleep(HOLD).await;
            client.batch_execute("COMMIT").await.unwrap();
        }
    };
    let changing = async {
        tokio::time::sleep(2 * HOLD).await;
        let start = Instant::now();
        for version in 1..4 {
            let change = store.change_configuration(PROJECT, version, vec![set("births")]).await;
            assert_eq!(change, Ok(version + 1));
        }
        stop.store(true, Ordering::SeqCst);
        start.elapsed()
    };
    let ((), (), (), took) = tokio::join!(slow_hub(0), slow_hub(1), slow_hub(2), changing);
    assert!(took < PATIENCE, "the changes waited for {took:?}");
}

/// Matching old messages again must neither wait for the senders nor hold them up.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn replays_go_on_beside_accepting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let old = message("old");
    let replay = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: old.message.id,
        released: None,
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    store.accept(old).await.unwrap();
    let stop = AtomicBool::new(false);
    let sender = async || {
        while !stop.load(Ordering::SeqCst) {
            assert_eq!(store.accept(message("x")).await, Ok(Accepted::Kept { version: 1 }));
        }
    };
    let replaying = async {
        let start = Instant::now();
        for _ in 0..50 {
            assert_eq!(store.replay(&replay).await, Ok(Replayed::Done));
        }
        stop.store(true, Ordering::SeqCst);
        start.elapsed()
    };
    let (_, took) = tokio::join!(join_all((0..16).map(|_| sender())), replaying);
    assert!(took < Duration::from_secs(10), "50 replays took {took:?}");
}

#[rstest]
#[tokio::test]
async fn facts_are_set_and_set_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    assert_eq!(store.fact("digest").await, Ok(None));
    store.set_fact("digest", "1").await.unwrap();
    store.set_fact("digest", "2").await.unwrap();
    assert_eq!(store.fact("digest").await, Ok(Some("2".to_owned())));
    store.check_writable().await.unwrap();
    let name = if engine == Engine::Sqlite { "sqlite" } else { "postgres" };
    assert_eq!(store.engine_name(), name);
}

fn keys(source: &str, keys: &[u8]) -> DefinitionChange {
    let keys = keys.iter().map(|key| [*key; 32]).collect();
    DefinitionChange::SourceKeys { source: source.to_owned(), keys }
}

fn remove(source: &str) -> DefinitionChange {
    DefinitionChange::Remove(DefinitionKind::Source, source.to_owned())
}

#[rstest]
#[tokio::test]
async fn a_source_key_leads_to_one_source_of_all_projects(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.create_project("other", "Other", now()).await.unwrap();
    let taken = || Err(StoreError::Conflict(TAKEN_KEY.to_owned()));
    let change = async |project, version, changes| {
        store.change_configuration(project, version, changes).await
    };
    // A key may stand twice with its own source, and be set again.
    assert_eq!(change(PROJECT, 1, vec![keys("a", &[1, 2, 1])]).await, Ok(2));
    assert_eq!(change(PROJECT, 2, vec![keys("a", &[2, 1])]).await, Ok(3));
    // Nobody else gets one, and the whole change is undone.
    assert_eq!(change(PROJECT, 3, vec![keys("b", &[3, 2])]).await, taken());
    assert_eq!(change("other", 1, vec![set("births"), keys("a", &[1])]).await, taken());
    assert_eq!(store.configuration("other").await.unwrap().unwrap().definitions, []);
    assert_eq!(change("other", 1, vec![keys("a", &[3])]).await, Ok(2));
    // What a source gives up is free.
    assert_eq!(change(PROJECT, 3, vec![keys("a", &[1])]).await, Ok(4));
    assert_eq!(change("other", 2, vec![keys("b", &[2])]).await, Ok(3));
    assert_eq!(change(PROJECT, 4, vec![remove("a")]).await, Ok(5));
    assert_eq!(change("other", 3, vec![keys("c", &[1])]).await, Ok(4));
    // Removing a source of one project leaves its namesake alone.
    assert_eq!(change(PROJECT, 5, vec![remove("b")]).await, Ok(6));
    assert_eq!(change(PROJECT, 6, vec![keys("d", &[2])]).await, taken());
    // Other versions are another conflict.
    let stale = change(PROJECT, 5, vec![keys("d", &[9])]).await;
    assert_conflict(&stale);
    assert_ne!(stale, taken());
}

#[rstest]
#[case::renamed(vec![keys("b", &[1]), remove("a")])]
#[case::exchanged(vec![keys("z", &[1]), keys("a", &[26])])]
#[tokio::test]
async fn within_one_change_keys_can_go_from_source_to_source(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: Vec<DefinitionChange>,
) {
    let store = TestStore::new(engine).await;
    let before = vec![keys("a", &[1]), keys("z", &[26])];
    assert_eq!(store.change_configuration(PROJECT, 1, before).await, Ok(2));
    assert_eq!(store.change_configuration(PROJECT, 2, change).await, Ok(3));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_projects_at_once_one_gets_the_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let names: Vec<String> = (0..8).map(|number| format!("project-{number}")).collect();
    for name in &names {
        store.create_project(name, "", now()).await.unwrap();
    }
    let changes =
        names.iter().map(|name| store.change_configuration(name, 1, vec![keys("a", &[1])]));
    let ends = join_all(changes).await;
    assert_eq!(ends.iter().filter(|end| **end == Ok(2)).count(), 1, "{ends:?}");
    let taken = Err(StoreError::Conflict(TAKEN_KEY.to_owned()));
    assert_eq!(ends.iter().filter(|end| **end == taken).count(), 7, "{ends:?}");
}
