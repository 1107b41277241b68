//! The properties of each type of cases: kept with the cases, made for those that were there before, and forgotten.

use std::collections::BTreeMap;

use fieldpost_model::case::{AttachmentOrigin, CaseAttachment, CasePropertyKind, CaseRelationship};
use fieldpost_store::{Criterion, FiledCase, Filing, RetentionKind};
use rstest::rstest;
use uuid::Uuid;

use super::erased::{erase, keep, retain};
use super::{FORM, case, filed, new_form, submission, tie};
use crate::support::{Engine, PROJECT, TestStore, connect};

/// Files a form about one case of a type, which has these properties.
async fn file(store: &TestStore, case_type: &str, id: &str, properties: &[(&str, &str)]) -> Uuid {
    let filed = with(case_type, id, properties);
    keep_case(store, filed, id).await
}

fn with(case_type: &str, id: &str, properties: &[(&str, &str)]) -> FiledCase {
    let form = format!("uuid:{id}");
    let mut filed = case(id, 0, &form, Uuid::nil());
    case_type.clone_into(&mut filed.case.case_type);
    let properties = properties.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    filed.case.properties = properties.collect();
    filed
}

async fn keep_case(store: &TestStore, mut case: FiledCase, id: &str) -> Uuid {
    let brought = submission(&format!("uuid:{id}"));
    if let fieldpost_store::CaseHistory::Add(change) = &mut case.history {
        change.submission = brought.id;
    }
    let filing = Filing { submissions: vec![brought], cases: vec![case], ..Filing::default() };
    keep(store, filed(&format!("form {id}"), filing)).await
}

async fn known(store: &TestStore, case_type: &str) -> BTreeMap<String, CasePropertyKind> {
    let found = store.case_properties(PROJECT, case_type, 100).await.unwrap();
    found.into_iter().map(|it| (it.name, it.kind)).collect()
}

fn expected(kinds: &[(&str, CasePropertyKind)]) -> BTreeMap<String, CasePropertyKind> {
    kinds.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

use CasePropertyKind::{Empty, File, Position, Text, Tie};

/// Children with properties of each kind, and a mother.
async fn children(store: &TestStore) {
    let form = Filing { forms: vec![new_form(FORM)], ..Filing::default() };
    keep(store, filed("the form", form)).await;
    file(store, "child", "a", &[("age", "7"), ("gps", "48.85 2.35"), ("note", "")]).await;
    file(store, "child", "b", &[("place", "-1.5 36.8 1600 5"), ("gps", ""), ("wide", "1 2 3 4 5")])
        .await;
    let mut tied = with("child", "c", &[("place", "Kibera"), ("far", "95.5 2.0")]);
    tied.case.indices = [
        ("parent".to_owned(), tie("m", CaseRelationship::Child)),
        ("place".to_owned(), tie("m", CaseRelationship::Extension)),
    ]
    .into();
    let photo = CaseAttachment {
        origin: AttachmentOrigin::Local,
        source: "1.jpg".to_owned(),
        content_type: None,
        form_id: "uuid:c".to_owned(),
    };
    tied.case.attachments = [("photo".to_owned(), photo)].into();
    keep_case(store, tied, "c").await;
    file(store, "mother", "m", &[("age", "31")]).await;
}

fn of_children() -> BTreeMap<String, CasePropertyKind> {
    expected(&[
        ("age", Text),
        ("far", Text),
        ("gps", Position),
        ("note", Empty),
        ("parent", Tie),
        ("photo", File),
        ("place", Text),
        ("wide", Text),
    ])
}

#[rstest]
#[tokio::test]
async fn every_property_of_a_type_is_known_by_the_most_general_of_its_values(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    children(&store).await;
    assert_eq!(known(&store, "child").await, of_children());
    assert_eq!(known(&store, "mother").await, expected(&[("age", Text)]));
    assert_eq!(known(&store, "").await, expected(&[]));
    let two = store.case_properties(PROJECT, "child", 2).await.unwrap();
    let names: Vec<&str> = two.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["age", "far"]);
    assert!(store.case_properties("other", "child", 2).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn the_names_of_a_type_go_with_its_last_case(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    children(&store).await;
    erase(&store, Criterion::Key("a".to_owned())).await;
    assert_eq!(known(&store, "child").await, of_children());
    erase(&store, Criterion::Key("m".to_owned())).await;
    assert_eq!(known(&store, "mother").await, expected(&[]));
    retain(&store, RetentionKind::Messages).await;
    assert_eq!(known(&store, "child").await, expected(&[]));
}

const SQLITE: &str = include_str!("../../../src/schema/sqlite_0034_case_properties.sql");
const POSTGRES: &str = include_str!("../../../src/schema/postgres_0035_case_properties.sql");

#[rstest]
#[tokio::test]
async fn the_names_of_cases_that_were_there_before_are_made_as_they_would_have_been_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    children(&store).await;
    let away = "DROP TABLE case_properties;";
    match &store.settings().database {
        None => {
            let path = store.settings().data.join("fieldpost.db");
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.execute_batch(&format!("{away}{SQLITE}")).unwrap();
        }
        Some(url) => {
            connect(url).await.batch_execute(&format!("{away}{POSTGRES}")).await.unwrap();
        }
    }
    assert_eq!(known(&store, "child").await, of_children());
    assert_eq!(known(&store, "mother").await, expected(&[("age", Text)]));
}
