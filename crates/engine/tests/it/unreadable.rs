//! A project whose definitions cannot be read, and the others, which go on.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{DefinitionChange, DefinitionKind, DeliveryQuery, Page, StoreError};
use rstest::rstest;

use crate::world::{Engine, World};

const SOON: Duration = Duration::from_secs(10);

/// Saves a definition past the hub, as another version of it, or somebody with SQL, may do.
async fn save(world: &World, project: &str, connection: &str) {
    let store = world.hub.store();
    let version = store.configuration(project).await.unwrap().unwrap();
    let version = version.project.configuration_version;
    let change = DefinitionChange::Set(
        DefinitionKind::Connection,
        "there".to_owned(),
        connection.to_owned(),
    );
    store.change_configuration(project, version, vec![change]).await.unwrap();
}

async fn wait_until(world: &World, unreadable: &[&str]) {
    let waiting = async {
        loop {
            let found = world.hub.unreadable_projects();
            if found.iter().map(|it| &*it.project).eq(unreadable.iter().copied()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.expect("the hub notices");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_cannot_be_read_leaves_the_others_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::start(engine).await;
    let url = world.destination.url("/other");
    world
        .apply_text(&format!(
            r#"{{"project": "other",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-3"}}}},
                 "connections": {{"there": {{"url": "{url}"}}}},
                 "forwarders": {{"all": {{"to": "there"}}}}}}"#
        ))
        .await;
    save(&world, "other", r#"{"url": 7}"#).await;
    wait_until(&world, &["other"]).await;
    let unreadable = world.hub.unreadable_projects();
    assert!(unreadable[0].reason.contains("connection \"there\""), "{unreadable:?}");
    // What was known of it stays, so that its address is not unknown all of a sudden.
    assert!(world.hub.find_inbox("secret-inbox-3").await.unwrap().is_some());
    let kept = world.keep("{\"a\":1}").await;
    world.wait_for(kept, DeliveryState::Succeeded).await;

    world.restart().await;
    assert_eq!(world.hub.unreadable_projects().len(), 1);
    let kept = world.keep("{\"a\":2}").await;
    world.wait_for(kept, DeliveryState::Succeeded).await;
    let asked = world.hub.find_inbox("secret-inbox-3").await;
    assert!(matches!(asked, Err(StoreError::Unavailable(_))), "come back later: {asked:?}");

    save(&world, "other", &format!(r#"{{"url": "{url}"}}"#)).await;
    wait_until(&world, &[]).await;
    world.post("secret-inbox-3", "{\"a\":3}").await.unwrap();
    let delivered = async {
        loop {
            let page = Page { before: None, limit: 10 };
            let query = DeliveryQuery::default();
            let found = world.hub.store().deliveries("other", &query, page).await.unwrap();
            if found.iter().any(|delivery| delivery.state == DeliveryState::Succeeded) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, delivered).await.expect("it is sent again");
}

/// An address of the hub's own that is new must not shut a project that has a form of that name.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_form_whose_name_is_reserved_since_leaves_its_project_readable(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::start(engine).await;
    world.apply_text(r#"{"project": "other", "forms": {"request": {"fields": []}}}"#).await;
    let store = world.hub.store();
    let version = store.configuration("other").await.unwrap().unwrap();
    let version = version.project.configuration_version;
    let form = r#"{"fields": []}"#.to_owned();
    let change = DefinitionChange::Set(DefinitionKind::Form, "backoffice".to_owned(), form);
    store.change_configuration("other", version, vec![change]).await.unwrap();
    world.restart().await;
    assert_eq!(world.hub.unreadable_projects().len(), 0);
    let (_, definition) = world.hub.definition("other").await.unwrap();
    let names: Vec<&str> = definition.forms.iter().map(|form| form.name.as_str()).collect();
    assert_eq!(names, ["backoffice", "request"]);
}
