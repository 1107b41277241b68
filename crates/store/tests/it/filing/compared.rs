//! A plan that was made from what has moved since writes nothing.

use std::sync::Arc;

use fieldpost_store::{Accept, Accepted, FiledSubmission, Filing, NewForm};
use futures_util::future::{join, join_all};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, begin, case, file, filed, new_form, revision, submission};
use crate::support::{Engine, PROJECT, TestStore};

/// Files something that does not fit after [`begin`], and looks whether anything was written.
async fn check(store: &TestStore, why: &str, filing: Filing) {
    let accept = filed(why, filing);
    let message = accept.message.id;
    assert_eq!(store.accept(accept).await, Ok(Accepted::Stale), "{why}");
    assert_eq!(store.message(PROJECT, message).await.unwrap(), None, "{why}");
    let form = store.form(PROJECT, FORM).await.unwrap().unwrap();
    assert_eq!((form.submissions, form.title.as_str()), (1, "BIRTHS"), "{why}");
}

#[rstest]
#[tokio::test]
async fn everything_that_a_plan_saw_is_compared(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    let xmlns = |name: &str| NewForm {
        name: name.to_owned(),
        xmlns: Some("http://x".to_owned()),
        ..NewForm::default()
    };
    let mut gone = case("gone", 0, "uuid:gone", first.id);
    gone.case.deleted = true;
    let filing = Filing { forms: vec![xmlns("x")], cases: vec![gone], ..Filing::default() };
    assert_eq!(store.accept(filed("x", filing)).await, Ok(Accepted::Kept { version: 1 }));

    let forms = |form: NewForm| Filing { forms: vec![form], ..Filing::default() };
    check(&store, "a form has the name", forms(NewForm { form_id: None, ..new_form(FORM) })).await;
    let same_id = NewForm { name: "other".to_owned(), ..new_form(FORM) };
    check(&store, "a form has the id", forms(same_id)).await;
    check(&store, "a form has the namespace", forms(xmlns("other"))).await;

    let submissions = |submission| Filing { submissions: vec![submission], ..Filing::default() };
    check(&store, "the name is taken", submissions(submission("uuid:first"))).await;
    let again = FiledSubmission { id: first.id, ..submission("uuid:other") };
    check(&store, "the submission is there", submissions(again.clone())).await;
    let newer = FiledSubmission { expected: 2, ..again };
    check(&store, "the submission has another revision", submissions(newer)).await;
    let unknown = FiledSubmission { expected: 1, ..submission("uuid:other") };
    check(&store, "the submission is not there", submissions(unknown)).await;
    let formless = FiledSubmission { form: "deaths".to_owned(), ..submission("uuid:other") };
    check(&store, "the form is not there", submissions(formless)).await;

    let files = vec![file(Uuid::now_v7(), "a.jpg", None)];
    check(&store, "the file's submission is not there", Filing { files, ..Filing::default() })
        .await;

    let next = submission("uuid:next");
    let cases =
        |case| Filing { submissions: vec![next.clone()], cases: vec![case], ..Filing::default() };
    check(&store, "the case is there", cases(case("c", 0, "uuid:next", next.id))).await;
    check(&store, "the case is older", cases(case("c", 2, "uuid:next", next.id))).await;
    check(&store, "the case is not there", cases(case("d", 1, "uuid:next", next.id))).await;

    for (why, needed) in [("nothing is there", "d"), ("it is deleted", "gone")] {
        let filing = Filing { needed_cases: vec![needed.to_owned()], ..Filing::default() };
        check(&store, why, filing).await;
    }
    let filing = Filing { needed_cases: vec!["c".to_owned()], ..Filing::default() };
    assert_eq!(store.accept(filed("fits", filing)).await, Ok(Accepted::Kept { version: 1 }));
    assert_eq!(revision(&store, "c").await, 1);
}

/// What a client posts: a form with a name, planned as an engine would from what is there.
async fn post(store: &TestStore, photo: u8) -> Accepted {
    loop {
        let known = store.instance(PROJECT, "uuid:same").await.unwrap();
        let is_form_there = store.form(PROJECT, FORM).await.unwrap().is_some();
        let mut filing = Filing::default();
        let id = if let Some(known) = &known {
            known.submission
        } else {
            let new = submission("uuid:same");
            let id = new.id;
            filing.submissions.push(new);
            filing.cases.push(case("same", 0, "uuid:same", id));
            filing.forms.extend((!is_form_there).then(|| new_form(FORM)));
            id
        };
        filing.files.push(file(id, &format!("{photo:02}.jpg"), Some([photo; 32])));
        match store.accept(filed("same", filing)).await.unwrap() {
            Accepted::Stale => {}
            accepted => return accepted,
        }
    }
}

#[rstest]
#[tokio::test]
async fn many_equal_posts_at_once_make_one_submission(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let answers = join_all((0..64).map(|photo| post(&store, photo))).await;
    let kept = answers.iter().filter(|answer| matches!(answer, Accepted::Kept { .. })).count();
    assert_eq!(kept, 1, "{answers:?}");
    let instance = store.instance(PROJECT, "uuid:same").await.unwrap().unwrap();
    assert_eq!((instance.version, instance.revision), (1, 1));
    let files = store.files_of(PROJECT, instance.submission).await.unwrap();
    assert_eq!(files.len(), 64, "each post has brought its file");
    assert_eq!(store.form(PROJECT, FORM).await.unwrap().unwrap().submissions, 1);
    assert_eq!(store.case_changes(PROJECT, "same").await.unwrap().len(), 1);
}

/// A form about the case `c`, planned from what is there, until it fits.
async fn visit(store: &TestStore, number: usize) {
    let name = format!("uuid:visit-{number}");
    loop {
        let visit = submission(&name);
        let filing = Filing {
            cases: vec![case("c", revision(store, "c").await, &name, visit.id)],
            submissions: vec![visit],
            ..Filing::default()
        };
        match store.accept(filed(&name, filing)).await.unwrap() {
            Accepted::Stale => {}
            accepted => return assert_eq!(accepted, Accepted::Kept { version: 1 }),
        }
    }
}

/// That every visit is in the history once, and counted.
async fn assert_visited(store: &TestStore, visits: usize) {
    assert_eq!(revision(store, "c").await, i64::try_from(visits + 1).unwrap());
    let forms = store.case_forms(PROJECT, "c", 0, 100).await.unwrap();
    let positions: Vec<i64> = forms.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=i64::try_from(visits + 1).unwrap()).collect::<Vec<i64>>());
    let mut numbers = Vec::new();
    for number in 0..visits {
        let instance = store.instance(PROJECT, &format!("uuid:visit-{number}")).await.unwrap();
        let id = instance.unwrap().submission;
        numbers.push(store.submission(PROJECT, id).await.unwrap().unwrap().number);
    }
    numbers.sort_unstable();
    let expected: Vec<u64> = (2..).take(visits).collect();
    assert_eq!(numbers, expected, "each has a number of its own");
}

#[rstest]
#[tokio::test]
async fn forms_about_one_case_count_one_after_the_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    begin(&store).await;
    join_all((0..16).map(|number| visit(&store, number))).await;
    assert_visited(&store, 16).await;
}

/// Only PostgreSQL is shared by several hubs.
#[tokio::test]
async fn forms_about_one_case_count_one_after_the_other_over_several_hubs() {
    let store = TestStore::new(Engine::Postgres).await;
    let other = store.another_hub().await;
    begin(&store).await;
    join_all((0..16).map(|number| visit(if number % 2 == 0 { &store } else { &other }, number)))
        .await;
    assert_visited(&store, 16).await;
}

#[rstest]
#[tokio::test]
async fn of_two_plans_in_one_batch_the_second_is_stale(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = Arc::new(TestStore::new(engine).await);
    begin(&store).await;
    let plan = |name: &str| -> Accept {
        let visit = submission(name);
        let cases = vec![case("c", 1, name, visit.id)];
        filed(name, Filing { submissions: vec![visit], cases, ..Filing::default() })
    };
    let names: Vec<String> = (0..8).map(|number| format!("uuid:{number}")).collect();
    // Messages without a filing are not held up by them.
    let plain = join_all((0..8).map(|_| store.accept(crate::support::message("plain"))));
    let answers = join_all(names.iter().map(|name| store.accept(plan(name))));
    let (plain, answers) = join(plain, answers).await;
    assert!(plain.iter().all(|answer| *answer == Ok(Accepted::Kept { version: 1 })), "{plain:?}");
    let kept =
        answers.iter().filter(|answer| **answer == Ok(Accepted::Kept { version: 1 })).count();
    let stale = answers.iter().filter(|answer| **answer == Ok(Accepted::Stale)).count();
    assert_eq!((kept, stale), (1, 7), "{answers:?}");
    assert_eq!(revision(&store, "c").await, 2);
}
