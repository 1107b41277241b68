//! Forms that people make and change.

use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accepted, Filing, FormFile, FormOrigin, FormWork, PutForm, StoreError, TAKEN_FORM,
    WantedDefinition,
};
use rstest::rstest;

use super::{FORM, begin, filed, new_form};
use crate::support::{Engine, PROJECT, TestStore, assert_conflict};

/// An upload of that version.
fn upload(name: &str, version: &str) -> PutForm {
    PutForm {
        name: name.to_owned(),
        title: "Births".to_owned(),
        form_id: Some(format!("{name}-id")),
        xmlns: None,
        version: Some(version.to_owned()),
        application: None,
        root: Some("data".to_owned()),
        origin: FormOrigin::Uploaded,
        is_encrypted: false,
        definition: Some(("application/xml".to_owned(), version.as_bytes().to_vec())),
        files: None,
    }
}

#[rstest]
#[tokio::test]
async fn each_upload_is_a_definition_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    begin(&store).await;
    let map = FormFile {
        name: "map.png".to_owned(),
        content_type: Some("image/png".to_owned()),
        sha256: [7; 32],
        bytes: 9,
    };
    let at = Timestamp(5);
    let first = PutForm { files: Some(vec![map.clone()]), ..upload(FORM, "1") };
    assert_eq!(store.put_form(PROJECT, first, 1, at, FormWork::default()).await, Ok(2));
    assert_eq!(store.put_form(PROJECT, upload(FORM, "2"), 2, at, FormWork::default()).await, Ok(3));
    let renamed = PutForm { definition: None, title: "New".to_owned(), ..upload(FORM, "2") };
    assert_eq!(store.put_form(PROJECT, renamed, 3, at, FormWork::default()).await, Ok(4));

    let form = store.form(PROJECT, FORM).await.unwrap().unwrap();
    assert_eq!((&*form.title, form.revision, form.definition), ("New", 4, 2));
    assert_eq!((form.origin, form.submissions), (FormOrigin::Uploaded, 1));
    assert_eq!(store.form_files(PROJECT, FORM).await.unwrap(), [map], "they stay");
    let definition = async |wanted| {
        let found = store.form_definition(PROJECT, FORM, wanted).await.unwrap();
        found.map(|definition| (definition.number, definition.bytes))
    };
    let (one, two) = (Some((1, b"1".to_vec())), Some((2, b"2".to_vec())));
    assert_eq!(definition(WantedDefinition::Newest).await, two);
    assert_eq!(definition(WantedDefinition::Number(1)).await, one);
    assert_eq!(definition(WantedDefinition::Version("1")).await, one);
    assert_eq!(definition(WantedDefinition::Version("3")).await, None);
    let versions = store.form_versions(PROJECT, FORM, None, 10).await.unwrap();
    assert_eq!(
        versions.iter().map(|it| (it.number, it.bytes)).collect::<Vec<_>>(),
        [(2, 1), (1, 1)]
    );
    assert_eq!(store.form_versions(PROJECT, FORM, Some(2), 10).await.unwrap(), versions[1..]);

    let none = PutForm { files: Some(Vec::new()), ..upload(FORM, "3") };
    assert_eq!(store.put_form(PROJECT, none, 4, at, FormWork::default()).await, Ok(5));
    assert_eq!(store.form_files(PROJECT, FORM).await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn a_form_is_changed_by_one_at_a_time_and_has_its_name_and_id_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let at = Timestamp(5);
    assert_eq!(
        store.put_form(PROJECT, upload("one", "1"), 0, at, FormWork::default()).await,
        Ok(1)
    );
    assert_conflict(&store.put_form(PROJECT, upload("one", "2"), 0, at, FormWork::default()).await);
    assert_conflict(&store.put_form(PROJECT, upload("one", "2"), 2, at, FormWork::default()).await);
    assert_conflict(
        &store.put_form(PROJECT, upload("none", "2"), 1, at, FormWork::default()).await,
    );
    let taken = Err(StoreError::Conflict(TAKEN_FORM.to_owned()));
    let same_id = |name: &str| PutForm { name: name.to_owned(), ..upload("one", "1") };
    assert_eq!(store.put_form(PROJECT, same_id("two"), 0, at, FormWork::default()).await, taken);
    assert_eq!(
        store.put_form(PROJECT, upload("two", "1"), 0, at, FormWork::default()).await,
        Ok(1)
    );
    assert_eq!(store.put_form(PROJECT, same_id("two"), 1, at, FormWork::default()).await, taken);
    let by_xmlns = |name: &str| PutForm {
        form_id: None,
        xmlns: Some("http://x".to_owned()),
        ..upload(name, "1")
    };
    assert_eq!(store.put_form(PROJECT, by_xmlns("three"), 0, at, FormWork::default()).await, Ok(1));
    assert_eq!(store.put_form(PROJECT, by_xmlns("two"), 1, at, FormWork::default()).await, taken);
    assert_eq!(store.form_versions(PROJECT, "two", None, 10).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_free_name_is_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let mut forms = vec![new_form("births")];
    forms.extend((2..=70).map(|number| new_form(&format!("births-{number}"))));
    let filing = Filing { forms, ..Filing::default() };
    assert_eq!(store.accept(filed("many", filing)).await, Ok(Accepted::Kept { version: 1 }));
    assert_eq!(store.free_form_name(PROJECT, "births").await.unwrap(), "births-71");
    assert_eq!(store.free_form_name(PROJECT, "deaths").await.unwrap(), "deaths");
}
