//! The numbers that people are known by, and the forms that a project defines.

use fieldpost_model::submission::FormReference;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    DefinedForm, DefinitionChange, DefinitionKind, FormOrigin, FormQuery, FormWork, PutForm,
    StoreError, TAKEN_FORM, WantedDefinition,
};
use rstest::rstest;

use crate::support::{Engine, PROJECT, TestStore};

fn user(name: &str) -> DefinitionChange {
    DefinitionChange::Set(DefinitionKind::User, name.to_owned(), "{}".to_owned())
}

/// Those of the project with their numbers, by name.
async fn numbers(store: &TestStore) -> Vec<(String, Option<u64>)> {
    let configuration = store.configuration(PROJECT).await.unwrap().unwrap();
    configuration.definitions.into_iter().map(|stored| (stored.name, stored.number)).collect()
}

fn of(numbers: &[(&str, u64)]) -> Vec<(String, Option<u64>)> {
    numbers.iter().map(|(name, number)| ((*name).to_owned(), Some(*number))).collect()
}

#[rstest]
#[tokio::test]
async fn a_number_is_given_once_and_is_nobody_elses(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let change = async |version, changes| {
        assert_eq!(store.change_configuration(PROJECT, version, changes).await, Ok(version + 1));
    };
    change(1, vec![user("desk"), user("ann"), user("desk")]).await;
    assert_eq!(numbers(&store).await, of(&[("ann", 2), ("desk", 1)]));
    // Somebody who is not defined has one of the same series, and always the same.
    assert_eq!(store.person_number(PROJECT, "account:7").await, Ok(3));
    assert_eq!(store.person_number(PROJECT, "account:7").await, Ok(3));
    assert_eq!(store.person_number(PROJECT, "ann").await, Ok(2));
    let gone = DefinitionChange::Remove(DefinitionKind::User, "ann".to_owned());
    change(2, vec![gone, user("eve")]).await;
    assert_eq!(numbers(&store).await, of(&[("desk", 1), ("eve", 4)]));
    change(3, vec![user("ann")]).await;
    assert_eq!(numbers(&store).await, of(&[("ann", 2), ("desk", 1), ("eve", 4)]));
    // Another project counts for itself, and what is no user has no number.
    store.create_project("school", "School", Timestamp(1)).await.unwrap();
    assert_eq!(store.person_number("school", "account:7").await, Ok(1));
    let role = DefinitionChange::Set(DefinitionKind::Role, "ann".to_owned(), "{}".to_owned());
    store.change_configuration("school", 1, vec![role]).await.unwrap();
    let school = store.configuration("school").await.unwrap().unwrap();
    assert_eq!(school.definitions[0].number, None);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_are_given_different_numbers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let names: Vec<String> = (0..20).map(|number| format!("account:{}", number % 10)).collect();
    let asked = names.iter().map(|name| store.person_number(PROJECT, name));
    let given = futures_util::future::join_all(asked).await;
    let mut given: Vec<u64> = given.into_iter().map(Result::unwrap).collect();
    assert_eq!(given[..10], given[10..]);
    given.sort_unstable();
    given.dedup();
    assert_eq!(given, (1..=10).collect::<Vec<u64>>());
}

/// A form that the project defines, with a definition of these bytes if there are any.
fn defined(name: &str, form_id: &str, title: &str, bytes: Option<&str>) -> DefinitionChange {
    let form = PutForm {
        name: name.to_owned(),
        title: title.to_owned(),
        form_id: Some(form_id.to_owned()),
        xmlns: None,
        version: None,
        application: None,
        root: Some("data".to_owned()),
        origin: FormOrigin::Defined,
        is_encrypted: false,
        definition: bytes.map(|bytes| ("application/json".to_owned(), bytes.as_bytes().to_vec())),
        files: None,
    };
    DefinitionChange::Form(Box::new(DefinedForm {
        form,
        at: Timestamp(5),
        work: FormWork::default(),
    }))
}

fn uploaded(name: &str, form_id: &str) -> PutForm {
    let DefinitionChange::Form(form) = defined(name, form_id, "Uploaded", Some("1")) else {
        unreachable!("it is a form")
    };
    PutForm { origin: FormOrigin::Uploaded, ..form.form }
}

#[rstest]
#[tokio::test]
async fn a_form_that_the_project_defines_is_there_with_its_definitions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store
        .put_form(PROJECT, uploaded("old", "old"), 0, Timestamp(1), FormWork::default())
        .await
        .unwrap();
    let changes = vec![
        DefinitionChange::Set(DefinitionKind::Form, "new".to_owned(), "{}".to_owned()),
        defined("new", "new", "New", Some("one")),
        defined("old", "old", "Old", Some("two")),
    ];
    assert_eq!(store.change_configuration(PROJECT, 1, changes).await, Ok(2));
    let again =
        vec![defined("new", "new", "Newer", Some("three")), defined("bare", "bare", "B", None)];
    assert_eq!(store.change_configuration(PROJECT, 2, again).await, Ok(3));
    let forms = store.forms(PROJECT, &FormQuery::default(), None, 10).await.unwrap();
    let heads: Vec<_> = forms
        .iter()
        .map(|form| (&*form.name, &*form.title, form.origin, form.definition, form.revision))
        .collect();
    assert_eq!(
        heads,
        [
            ("bare", "B", FormOrigin::Defined, 0, 1),
            ("new", "Newer", FormOrigin::Defined, 2, 2),
            ("old", "Old", FormOrigin::Defined, 2, 2),
        ]
    );
    let newest = store.form_definition(PROJECT, "new", WantedDefinition::Newest).await.unwrap();
    assert_eq!(newest.unwrap().bytes, b"three");
    let first = store.form_definition(PROJECT, "old", WantedDefinition::Number(1)).await.unwrap();
    assert_eq!(first.unwrap().bytes, b"1");
    // Taking the definition out leaves the form as it is known.
    let gone = vec![DefinitionChange::Remove(DefinitionKind::Form, "new".to_owned())];
    assert_eq!(store.change_configuration(PROJECT, 3, gone).await, Ok(4));
    assert!(store.form(PROJECT, "new").await.unwrap().unwrap().has_definition());
    // Each change has a place of its own, for those who read along.
    let changes = store.changes(PROJECT, 0, 10).await.unwrap();
    assert_eq!(changes.len(), 3, "{changes:?}");
}

#[rstest]
#[tokio::test]
async fn another_form_of_the_name_or_the_id_is_left_alone_and_nothing_is_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let there = uploaded("visit", "visit-id");
    store.put_form(PROJECT, there, 0, Timestamp(1), FormWork::default()).await.unwrap();
    let taken = Err(StoreError::Conflict(TAKEN_FORM.to_owned()));
    for form in
        [defined("visit", "visit", "V", Some("x")), defined("other", "visit-id", "V", Some("x"))]
    {
        let changes = vec![DefinitionChange::Title("Not saved".to_owned()), form];
        assert_eq!(store.change_configuration(PROJECT, 1, changes).await, taken);
    }
    let configuration = store.configuration(PROJECT).await.unwrap().unwrap();
    assert_ne!(configuration.project.title, "Not saved");
    assert_eq!(configuration.project.configuration_version, 1);
    let reference = FormReference { id: Some("visit-id".to_owned()), ..FormReference::default() };
    let found = store.find_form(PROJECT, &reference).await.unwrap().unwrap();
    assert_eq!((&*found.title, found.origin), ("Uploaded", FormOrigin::Uploaded));
}
