//! The lifecycle's own fields: what an edit does not name stays as it is when the edit is told, whoever set it and
//! whenever. And what is to be told to a lifecycle that is gone.

use std::sync::Arc;

use fieldpost_engine::{Edit, Followed, NewSubmission, ProjectRouting, ReceiptOutcome, RecordKey};
use fieldpost_model::json::Value;
use fieldpost_model::person::UserReference;
use fieldpost_model::submission::{Answer, Group, Node, Submission};
use fieldpost_rules::lifecycle::{Caller, Happening};
use rstest::rstest;

use crate::clinic::until;
use crate::world::{Engine, World};

const RECORDS: &str = "secret-inbox-3";

/// What the form `request` becomes; nothing, where a project is to have no form.
const FORM: &str = r#""request": {"title": "Request",
    "fields": [{"name": "name", "label": "Name", "type": "string"}],
    "lifecycle": {
        "functions": {"_receiver": "agents"},
        "backoffice_fields": [{"name": "remark", "label": "Remark", "type": "string"},
                              {"name": "checked", "label": "Checked", "type": "string"}],
        "statuses": {"new": {"name": "New", "actions": [{"edit": true, "by": ["_receiver"]}]}},
        "global_actions": {"check": {"by": ["_receiver"], "actions": [{"set": {"checked": "yes"}}]}}}}"#;

async fn apply(world: &World, form: &str) {
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                "sources": {{"records": {{"dialect": "wcs", "secret": "{RECORDS}"}}}},
                "roles": {{"agents": {{"name": "Agents", "emails": ["agents@example.org"]}}}},
                "forms": {{{form}}}}}"#
        ))
        .await;
}

async fn world(engine: Engine) -> World {
    let world = World::start(engine).await;
    apply(&world, FORM).await;
    world
}

fn clinic(world: &World) -> Arc<ProjectRouting> {
    Arc::clone(world.hub.routing().project("clinic").unwrap())
}

async fn record(world: &World) -> Option<Followed> {
    let routing = clinic(world);
    let form = world.hub.followed_form(&routing, "request").await.unwrap()?;
    world.hub.record(&routing, &form, RecordKey::Number(1)).await.unwrap()
}

fn answers(name: &str) -> Submission {
    let members = vec![("name".to_owned(), Node::Answer(Answer::text(name)))];
    Submission { values: Group { members, extra: Vec::new() }, ..Submission::default() }
}

fn agent() -> Caller {
    let user = UserReference { number: 7, name: "Grace".to_owned(), ..UserReference::default() };
    Caller { user: Some(user), roles: vec!["agents".to_owned()], ..Caller::default() }
}

/// What is noted in a field of the lifecycle.
fn noted<'f>(followed: &'f Followed, name: &str) -> &'f str {
    let values = &followed.record.progress.backoffice_values;
    values.answer(&[name]).map(Answer::written).unwrap_or_default()
}

/// A record of another w.c.s., which has noted something.
async fn push(world: &World, name: &str, noted: &str) {
    let body = format!(
        r#"{{"uuid": "5e3a1c60-9d1f-4c57-8a3a-6b1c7c6fd001", "id": "16", "display_id": "1-16",
             "api_url": "https://forms.example.org/api/forms/request/16/",
             "fields": {{"name": "{name}"}}, "workflow": {{"fields": {noted}}}}}"#
    );
    let receipt = world.post(RECORDS, &body).await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_noted_since_the_record_was_read_outlives_the_edit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let routing = clinic(&world);
    let form = world.hub.followed_form(&routing, "request").await.unwrap().unwrap();
    let new = NewSubmission {
        submission: answers("Ada"),
        backoffice_values: Some(Value::object([("remark", Value::from("first"))])),
        path: "/p/clinic/request/".to_owned(),
        ..NewSubmission::default()
    };
    let read = world.hub.submit(&routing, &form, new).await.unwrap().followed.unwrap();
    assert_eq!((noted(&read, "remark"), noted(&read, "checked")), ("first", ""));
    let check = Happening::GlobalAction { id: "check".to_owned() };
    world.hub.happen(&routing, &form, RecordKey::Number(1), &agent(), check).await.unwrap();
    // New answers go the way of any message; the same answers are told at once.
    for (name, remark) in [("Grace", "second"), ("Grace", "third")] {
        let read = if remark == "second" { read.clone() } else { record(&world).await.unwrap() };
        let edit = Edit {
            submission: answers(name),
            caller: agent(),
            backoffice_values: Some(Value::object([("remark", Value::from(remark))])),
            path: "/edit".to_owned(),
            ..Edit::default()
        };
        let edited = world.hub.edit(&routing, &read, edit).await.unwrap().unwrap();
        assert_eq!((noted(&edited, "remark"), noted(&edited, "checked")), (remark, "yes"));
    }
    // An order that was kept with all fields is told as it ever was.
    let whole = [("remark", Value::from("last")), ("checked", Value::Null)];
    let edit = Edit {
        submission: answers("Ada"),
        caller: agent(),
        backoffice_values: Some(Value::object(whole)),
        ..Edit::default()
    };
    let read = record(&world).await.unwrap();
    let edited = world.hub.edit(&routing, &read, edit).await.unwrap().unwrap();
    assert_eq!((noted(&edited, "remark"), noted(&edited, "checked")), ("last", ""));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_pushes_that_are_told_later_both_are_noted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = world(engine).await;
    push(&world, "Ada", r#"{"remark": "first"}"#).await;
    until("the lifecycle has begun", async || {
        record(&world).await.filter(|it| it.revision > 0).map(drop)
    })
    .await;
    // A hub that stops takes in what comes, and tells no lifecycle of it.
    world.hub.stop().await;
    push(&world, "Grace", r#"{"remark": "second"}"#).await;
    push(&world, "Edith", r#"{"checked": "yes"}"#).await;
    world.restart().await;
    let told = until("both are told", async || {
        record(&world).await.filter(|it| !it.is_behind && it.version == 3)
    })
    .await;
    assert_eq!((noted(&told, "remark"), noted(&told, "checked")), ("second", "yes"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_lifecycle_that_is_gone_was_to_be_told_is_forgotten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = world(engine).await;
    world.hub.stop().await;
    push(&world, "Ada", r#"{"remark": "first"}"#).await;
    push(&world, "Grace", "{}").await;
    assert_eq!(world.hub.store().untold(None, 9).await.unwrap().len(), 2);
    apply(&world, "").await;
    world.restart().await;
    until("nothing is left to tell", async || {
        world.hub.store().untold(None, 9).await.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(record(&world).await.unwrap().revision, 0);
    // The form has a lifecycle again: the submission is found, as any that was there before.
    apply(&world, FORM).await;
    let begun = until("the lifecycle has begun", async || {
        record(&world).await.filter(|it| it.revision > 0)
    })
    .await;
    assert_eq!(begun.record.progress.status.as_deref(), Some("new"));
}
