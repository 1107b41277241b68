//! Lists by a field that a form has indexed: the same as without, and quick.

use fieldpost_store::{
    Criterion, FieldCondition, FieldOperator, FieldPath, FiledSubmission, Filing, IndexedField,
    MOST_INDEXED_FIELDS, RetentionKind, StoreError, SubmissionOrder, SubmissionPage,
    SubmissionQuery,
};
use rstest::rstest;
use uuid::Uuid;

use super::erased::{erase, keep, retain};
use super::{FORM, filed, new_form, submission};
use crate::support::{Engine, PROJECT, TestStore, assert_conflict, assert_refused};

/// Submissions that are filed before and after the field is named.
const EACH: usize = 12;

fn path(name: &str) -> FieldPath {
    vec!["g".to_owned(), name.to_owned()]
}

fn of(number: usize) -> FiledSubmission {
    // Ages from -3 to 8, some of them texts, some missing; two villages.
    let age = i64::try_from(number % 12).unwrap() - 3;
    let age = match number % 5 {
        0 => format!("\"{age}\""),
        1 => "null".to_owned(),
        _ => format!("{age}.50"),
    };
    let village = if number.is_multiple_of(2) { "Kibera" } else { "Kisumu" };
    FiledSubmission {
        values: format!("{{\"g\":{{\"age\":{age},\"village\":\"{village}\"}},\"n\":{number}}}"),
        ..submission(&format!("uuid:{number}"))
    }
}

async fn file(store: &TestStore, numbers: std::ops::Range<usize>) -> Vec<Uuid> {
    let mut messages = Vec::new();
    for number in numbers {
        let forms = if number == 0 { vec![new_form(FORM)] } else { Vec::new() };
        let filing = Filing { forms, submissions: vec![of(number)], ..Filing::default() };
        messages.push(keep(store, filed(&format!("m{number}"), filing)).await);
    }
    messages
}

async fn index_all(store: &TestStore) {
    while store.index_fields_step(5).await.unwrap() {}
}

/// All that a list shows, page by page.
async fn list(store: &TestStore, query: &SubmissionQuery, order: SubmissionOrder) -> Vec<Uuid> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = SubmissionPage { order, after, limit: 4 };
        let found = store.submissions(PROJECT, query, page).await.unwrap();
        assert!(found.found.len() <= 4);
        all.extend(found.found.iter().map(|it| it.id));
        after = found.next;
        if after.is_none() {
            return all;
        }
    }
}

fn conditions() -> Vec<Vec<FieldCondition>> {
    use FieldOperator::{Above, Absent, AtLeast, AtMost, Below, Contains, Differs, Equals};
    let one = |name: &str, operator: FieldOperator, value: &str| FieldCondition {
        path: path(name),
        operator,
        value: value.to_owned(),
    };
    let mut all: Vec<Vec<FieldCondition>> = Vec::new();
    for operator in [Equals, Below, AtMost, Above, AtLeast, Differs, Contains, Absent] {
        for value in ["2.50", "-1", "0", "4", "x"] {
            all.push(vec![one("age", operator, value)]);
        }
        all.push(vec![one("village", operator, "Kibera")]);
        all.push(vec![one("village", Equals, "Kisumu"), one("age", operator, "2.50")]);
    }
    all
}

async fn answers(store: &TestStore) -> Vec<Vec<Uuid>> {
    let mut answers = Vec::new();
    for fields in conditions() {
        for order in
            [SubmissionOrder::Newest, SubmissionOrder::Oldest, SubmissionOrder::FirstChanged]
        {
            let fields = fields.clone();
            let query = SubmissionQuery {
                form: Some(FORM.to_owned()),
                fields,
                ..SubmissionQuery::default()
            };
            answers.push(list(store, &query, order).await);
        }
    }
    answers
}

async fn rows(store: &TestStore, engine: Engine) -> i64 {
    let sql = "SELECT count(*) FROM field_values";
    match engine {
        Engine::Sqlite => {
            let file = rusqlite::Connection::open(store.folder().join("fieldpost.db")).unwrap();
            file.query_row(sql, [], |row| row.get(0)).unwrap()
        }
        Engine::Postgres => {
            let url = store.settings().database.clone().unwrap();
            crate::support::connect(&url).await.query_one(sql, &[]).await.unwrap().get(0)
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_list_shows_the_same_with_an_index(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    file(&store, 0..EACH).await;
    let paths = [path("age"), path("village")];
    store.index_fields(PROJECT, FORM, &paths).await.unwrap();
    file(&store, EACH..2 * EACH).await;
    // An edit, and one that takes the answer away.
    let all = SubmissionQuery { form: Some(FORM.to_owned()), ..SubmissionQuery::default() };
    let ids = list(&store, &all, SubmissionOrder::Oldest).await;
    for (number, values) in [(3, r#"{"g":{"age":7.5,"village":"Kibera"}}"#), (14, "{}")] {
        let edit = FiledSubmission {
            id: ids[number],
            expected: 1,
            values: values.to_owned(),
            content_hash: [9; 32],
            ..of(number)
        };
        let edit = Filing { submissions: vec![edit], ..Filing::default() };
        keep(&store, filed(&format!("edit {number}"), edit)).await;
    }
    let before = answers(&store).await;
    assert!(before.iter().any(|found| found.len() > 8), "{before:?}");
    let indexed = |is_complete| paths.clone().map(|path| IndexedField { path, is_complete });
    assert_eq!(store.indexed_fields(PROJECT, FORM).await.unwrap(), indexed(false));
    index_all(&store).await;
    assert_eq!(store.indexed_fields(PROJECT, FORM).await.unwrap(), indexed(true));
    assert_eq!(rows(&store, engine).await, i64::try_from(4 * EACH).unwrap());
    assert_eq!(answers(&store).await, before);
}

#[rstest]
#[tokio::test]
async fn paths_are_named_anew_step_by_step(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let empty = Filing { forms: vec![new_form("empty")], ..Filing::default() };
    keep(&store, filed("empty", empty)).await;
    store.index_fields(PROJECT, "empty", &[path("age")]).await.unwrap();
    index_all(&store).await;
    assert!(store.indexed_fields(PROJECT, "empty").await.unwrap()[0].is_complete);
    file(&store, 0..EACH).await;
    let (age, village) = (path("age"), path("village"));
    assert_conflict(&store.index_fields(PROJECT, "nothing", std::slice::from_ref(&age)).await);
    let many: Vec<FieldPath> = (0..=MOST_INDEXED_FIELDS).map(|it| path(&it.to_string())).collect();
    assert_refused(&store.index_fields(PROJECT, FORM, &many).await);
    let nobody_saw = std::slice::from_ref(&age);
    let unseen = store.index_fields_seen(PROJECT, FORM, &many[1..], Some(nobody_saw)).await;
    assert_conflict(&unseen);
    store.index_fields(PROJECT, FORM, &many[1..]).await.unwrap();
    store.index_fields(PROJECT, FORM, &[age.clone(), village.clone()]).await.unwrap();
    index_all(&store).await;
    assert_eq!(rows(&store, engine).await, i64::try_from(2 * EACH).unwrap());
    store.index_fields(PROJECT, FORM, std::slice::from_ref(&village)).await.unwrap();
    let both = store.index_fields(PROJECT, FORM, &[village.clone(), age.clone()]).await;
    assert!(matches!(both, Err(StoreError::Conflict(_))), "its values are being taken away");
    index_all(&store).await;
    assert_eq!(rows(&store, engine).await, i64::try_from(EACH).unwrap());
    store.index_fields(PROJECT, FORM, &[village, age]).await.unwrap();
    assert!(store.index_fields_step(5).await.unwrap());
}

/// A step that has read the first submissions must not write them once the path is taken back.
#[rstest]
#[tokio::test]
async fn a_path_that_is_taken_back_at_once_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    file(&store, 0..EACH).await;
    for round in 0..20 {
        store.index_fields(PROJECT, FORM, &[path("age")]).await.unwrap();
        let (step, taken) =
            tokio::join!(store.index_fields_step(EACH / 2), store.index_fields(PROJECT, FORM, &[]));
        assert_eq!((step, taken), (Ok(true), Ok(())));
        index_all(&store).await;
        assert_eq!(rows(&store, engine).await, 0, "round {round}");
    }
}

#[rstest]
#[tokio::test]
async fn an_edit_while_values_are_written_is_what_counts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    file(&store, 0..EACH).await;
    let all = SubmissionQuery { form: Some(FORM.to_owned()), ..SubmissionQuery::default() };
    let ids = list(&store, &all, SubmissionOrder::Oldest).await;
    store.index_fields(PROJECT, FORM, &[path("village")]).await.unwrap();
    let edit = FiledSubmission {
        id: ids[1],
        expected: 1,
        values: r#"{"g":{"village":"Kitale"}}"#.to_owned(),
        content_hash: [9; 32],
        ..of(1)
    };
    let edit = filed("edit", Filing { submissions: vec![edit], ..Filing::default() });
    tokio::join!(keep(&store, edit), async { store.index_fields_step(EACH).await.unwrap() });
    index_all(&store).await;
    let condition = |value: &str| FieldCondition {
        path: path("village"),
        operator: FieldOperator::Equals,
        value: value.to_owned(),
    };
    for (value, count) in [("Kitale", 1), ("Kisumu", EACH / 2 - 1), ("Kibera", EACH / 2)] {
        let query = SubmissionQuery { fields: vec![condition(value)], ..all.clone() };
        assert_eq!(list(&store, &query, SubmissionOrder::Oldest).await.len(), count, "{value}");
    }
}

#[rstest]
#[tokio::test]
async fn what_is_erased_is_found_by_no_index(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] by_age: bool,
) {
    let store = TestStore::new(engine).await;
    let messages = file(&store, 0..EACH).await;
    store.index_fields(PROJECT, FORM, &[path("age")]).await.unwrap();
    // Half of them is written.
    assert!(store.index_fields_step(EACH / 2).await.unwrap());
    if by_age {
        retain(&store, RetentionKind::Bodies).await;
    } else {
        erase(&store, Criterion::Message(messages[0])).await;
    }
    index_all(&store).await;
    let left = if by_age { 0 } else { EACH - 1 };
    assert_eq!(rows(&store, engine).await, i64::try_from(left).unwrap());
}

/// Where more meet a condition than are sorted at once, the list is walked along the index.
#[rstest]
#[tokio::test]
async fn many_that_meet_a_condition_are_walked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const MANY: usize = 2_300;
    let store = TestStore::new(engine).await;
    file(&store, 0..1).await;
    store.index_fields(PROJECT, FORM, &[path("village")]).await.unwrap();
    index_all(&store).await;
    let submissions: Vec<FiledSubmission> = (1..MANY).map(of).collect();
    let expected: Vec<Uuid> = submissions.iter().skip(1).step_by(2).map(|it| it.id).collect();
    let filing = Filing { submissions, ..Filing::default() };
    keep(&store, filed("many", filing)).await;
    let village = FieldCondition {
        path: path("village"),
        operator: FieldOperator::Equals,
        value: "Kibera".to_owned(),
    };
    let oldest = FieldCondition {
        path: vec!["n".to_owned()],
        operator: FieldOperator::Below,
        value: "7".to_owned(),
    };
    for (fields, expected) in
        [(vec![village.clone()], &expected[..]), (vec![oldest, village], &expected[..3])]
    {
        let form = Some(FORM.to_owned());
        let query = SubmissionQuery { form, fields, ..SubmissionQuery::default() };
        for order in [SubmissionOrder::Newest, SubmissionOrder::Oldest] {
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let page = SubmissionPage { order, after, limit: 400 };
                let found = store.submissions(PROJECT, &query, page).await.unwrap();
                all.extend(found.found.iter().map(|it| it.id));
                after = found.next;
                if after.is_none() {
                    break;
                }
            }
            if order == SubmissionOrder::Newest {
                all.reverse();
            }
            // The first of all, which was filed by itself, is of the village as well.
            assert_eq!(all[1..], *expected, "{order}");
        }
    }
}
