//! The names of the answers of forms that nobody has described: kept with the submissions, made for those that were there
//! before, and forgotten.

use std::collections::BTreeSet;

use fieldpost_model::form_definition::{
    AnswerShape, FormDefinition, MOST_NOTED, NotedAnswer, noted,
};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, Group, Node};
use fieldpost_store::{Accepted, Criterion, FiledSubmission, Filing, RetentionKind};
use futures_util::future::join_all;
use rstest::rstest;

use super::erased::{erase, keep, retain};
use super::{FORM, filed, new_form, submission};
use crate::support::{Engine, PROJECT, TestStore};

/// What stands in JSON, as answers of which nobody says what they are.
fn node(value: &Value<'_>) -> Node {
    match value {
        Value::Object(members) => Node::Group(group(members)),
        Value::Array(rows) => Node::Repeat(rows.iter().map(node).collect()),
        Value::Null => Node::Answer(Answer::ABSENT),
        other => Node::Answer(Answer::text(other.as_str().unwrap_or("1"))),
    }
}

fn group(members: &[(std::borrow::Cow<'_, str>, Value<'_>)]) -> Group {
    let members = members.iter().map(|(name, value)| (name.to_string(), node(value)));
    Group { members: members.collect(), ..Group::default() }
}

/// A submission of a form that nobody has described.
fn untyped(instance_id: &str, values: &str) -> FiledSubmission {
    let parsed = Value::parse(values.as_bytes()).unwrap();
    FiledSubmission {
        values: values.to_owned(),
        noted: noted(&group(parsed.as_object().unwrap())),
        is_untyped: true,
        ..submission(instance_id)
    }
}

async fn begin(store: &TestStore) {
    let forms = vec![new_form(FORM), new_form("other")];
    keep(store, filed("the forms", Filing { forms, ..Filing::default() })).await;
}

async fn file(store: &TestStore, one: FiledSubmission) {
    let body = format!("submission {:?}", one.instance_id);
    keep(store, filed(&body, Filing { submissions: vec![one], ..Filing::default() })).await;
}

async fn known(store: &TestStore, form: &str) -> Vec<NotedAnswer> {
    store.noted_answers(PROJECT, form).await.unwrap()
}

/// The names that are known, each with the letter of what stood there.
async fn told(store: &TestStore, form: &str) -> String {
    let letter = |shape| match shape {
        AnswerShape::Nothing => '-',
        AnswerShape::Single => '1',
        AnswerShape::Listed => '*',
        AnswerShape::Rows => '#',
    };
    let one = |it: &NotedAnswer| format!("{}{}", it.path.replace('\u{1f}', "/"), letter(it.shape));
    known(store, form).await.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Submissions with answers of each kind.
async fn visits(store: &TestStore) {
    begin(store).await;
    for (instance_id, values) in [
        ("uuid:1", r#"{"village":"Kibera","age":7,"loc":{"gps":"1 2","deep":{"x":null}}}"#),
        ("uuid:2", r#"{"age":"8","note":"","village":null,"tags":["a","b"],"none":[]}"#),
        (
            "uuid:3",
            r#"{"children":[{"name":"Amina"},{"born":{"on":"2026"},"name":"","toys":[{"x":"y"}]}],
                "note":"now","tags":"c","é\"\\":"x"}"#,
        ),
    ] {
        file(store, untyped(instance_id, values)).await;
    }
}

const OF_VISITS: &str = "village1 age1 loc_gps1 loc_deep_x- note- tags* none- children# children/name1 \
                         children/born_on1 children/toys# children/toys/x1 note1 tags1 é\"\\1";

#[rstest]
#[tokio::test]
async fn names_are_known_in_the_order_in_which_they_came(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    visits(&store).await;
    // A form gives these answers their names: nothing is noted of them.
    let described = FiledSubmission { noted: Vec::new(), ..untyped("uuid:4", r#"{"more":"1"}"#) };
    file(&store, described).await;
    assert_eq!(told(&store, FORM).await, OF_VISITS);
    assert_eq!(told(&store, "other").await, "");
    assert!(store.noted_answers("somebody", FORM).await.unwrap().is_empty());

    let one = untyped("uuid:5", r#"{"first":"1"}"#);
    let edit = FiledSubmission {
        id: one.id,
        expected: 1,
        content_hash: [2; 32],
        ..untyped("uuid:6", r#"{"first":"2","second":"3"}"#)
    };
    for version in [one, edit] {
        file(&store, FiledSubmission { form: "other".to_owned(), ..version }).await;
    }
    assert_eq!(told(&store, "other").await, "first1 second1");
}

#[rstest]
#[tokio::test]
async fn a_name_that_comes_in_many_messages_at_once_is_known_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    begin(&store).await;
    let store = &store;
    let accepted = join_all((0..30).map(|number| async move {
        let values = format!(r#"{{"village":"x","own{number}":"y"}}"#);
        let one = untyped(&format!("uuid:{number}"), &values);
        let filing = Filing { submissions: vec![one], ..Filing::default() };
        store.accept(filed(&format!("message {number}"), filing)).await
    }))
    .await;
    assert!(accepted.iter().all(|it| matches!(it, Ok(Accepted::Kept { .. }))), "{accepted:?}");
    let names: Vec<String> = known(store, FORM).await.into_iter().map(|it| it.path).collect();
    let own = (0..30).map(|number| format!("own{number}"));
    let expected: BTreeSet<String> = own.chain(["village".to_owned()]).collect();
    assert_eq!(names.len(), expected.len());
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[rstest]
#[tokio::test]
async fn the_names_of_a_form_go_with_its_last_submission(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    visits(&store).await;
    let other = FiledSubmission { form: "other".to_owned(), ..untyped("uuid:o", r#"{"a":"1"}"#) };
    file(&store, other).await;
    for instance_id in ["uuid:1", "uuid:2"] {
        erase(&store, Criterion::Identity(instance_id.to_owned())).await;
        assert_eq!(told(&store, FORM).await, OF_VISITS);
    }
    // What is said is gone, and that it was said is not.
    retain(&store, RetentionKind::Bodies).await;
    assert_eq!(told(&store, FORM).await, OF_VISITS);
    erase(&store, Criterion::Identity("uuid:3".to_owned())).await;
    assert_eq!(told(&store, FORM).await, "");
    assert_eq!(told(&store, "other").await, "a1");
    retain(&store, RetentionKind::Messages).await;
    assert_eq!(told(&store, "other").await, "");
    // What comes then begins anew.
    file(&store, untyped("uuid:7", r#"{"b":"1","a":"2"}"#)).await;
    assert_eq!(told(&store, FORM).await, "b1 a1");
}

#[rstest]
#[tokio::test]
async fn no_more_names_are_kept_of_a_form_than_that(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    begin(&store).await;
    let answers = (1..MOST_NOTED).map(|number| format!(r#""a{number}":"1""#));
    let values = format!("{{{}}}", answers.collect::<Vec<_>>().join(","));
    file(&store, untyped("uuid:1", &values)).await;
    file(&store, untyped("uuid:2", r#"{"a1":"1","last":"1","beyond":"1"}"#)).await;
    file(&store, untyped("uuid:3", r#"{"beyond":"1"}"#)).await;
    let names = known(&store, FORM).await;
    assert_eq!((names.len(), names.last().unwrap().path.as_str()), (MOST_NOTED, "last"));
}

const SQLITE: &str = include_str!("../../../src/schema/sqlite_0035_noted_answers.sql");
const POSTGRES: &str = include_str!("../../../src/schema/postgres_0036_noted_answers.sql");

/// Runs the migration as if it had not been run yet.
async fn migrate_again(store: &TestStore) {
    let sql = if store.settings().database.is_some() { POSTGRES } else { SQLITE };
    store.execute(&format!("DROP TABLE noted_answers;{sql}")).await;
}

#[rstest]
#[tokio::test]
async fn the_names_of_submissions_that_were_there_before_are_made_as_they_would_have_been_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    visits(&store).await;
    let long = "x".repeat(501);
    for values in [format!(r#"{{"{long}":"1"}}"#), r#"{"nul\u0000":"1","a":"\u0000"}"#.to_owned()] {
        let one = untyped(&format!("uuid:{}", values.len()), &values);
        file(&store, FiledSubmission { form: "other".to_owned(), ..one }).await;
    }
    let typed = FiledSubmission { is_untyped: false, ..untyped("uuid:4", r#"{"more":"1"}"#) };
    file(&store, FiledSubmission { noted: Vec::new(), ..typed }).await;
    migrate_again(&store).await;
    assert_eq!(told(&store, FORM).await, OF_VISITS);
    assert!(told(&store, "other").await.ends_with("a1"), "{}", told(&store, "other").await);
    assert!(!told(&store, "other").await.contains(&long));

    // Rows among which there are plain answers come to the same fields, in another order.
    let mixed = r#"{"mixed":["a",{"x":"b"}]}"#;
    file(&store, FiledSubmission { form: "other".to_owned(), ..untyped("uuid:5", mixed) }).await;
    let inside = |answers: &[NotedAnswer]| -> BTreeSet<String> {
        let definition = FormDefinition::of_answers("", answers);
        let mixed = definition.field("mixed").unwrap();
        mixed.fields.iter().map(|field| field.id.clone()).collect()
    };
    let before = inside(&known(&store, "other").await);
    migrate_again(&store).await;
    assert_eq!(inside(&known(&store, "other").await), before);
    assert_eq!(before, BTreeSet::from(["c1".to_owned(), "x".to_owned()]));
}
