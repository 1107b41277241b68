//! What lifecycles are still to be told is written with the submission, and never lost.

use fieldpost_store::{
    Accepted, Adopted, FiledSubmission, Filing, ProgressStep, Stepped, WaitingUntold,
};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, begin, first_step, keep, progress, read, step, tracked};
use crate::filing::{filed, new_form, submission};
use crate::support::{Engine, PROJECT, TestStore};

fn told(untold: &[WaitingUntold]) -> Vec<(Uuid, i64, &str)> {
    untold.iter().map(|it| (it.submission, it.version, &*it.happening)).collect()
}

#[rstest]
#[tokio::test]
async fn it_waits_until_a_step_has_taken_it_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = FiledSubmission { untold: Some("{\"a\":1}".to_owned()), ..tracked(FORM) };
    begin(&store, &one).await;
    let quiet = FiledSubmission { untold: None, ..tracked(FORM) };
    keep(&store, &quiet, false).await;
    let edit = FiledSubmission {
        expected: 1,
        untold: Some("{\"a\":2}".to_owned()),
        content_hash: [2; 32],
        ..one.clone()
    };
    keep(&store, &edit, false).await;
    let store = store.restart().await;
    let waiting = store.untold(None, 9).await.unwrap();
    assert_eq!(told(&waiting), [(one.id, 1, "{\"a\":1}"), (one.id, 2, "{\"a\":2}")]);
    assert_eq!((&*waiting[0].project, &*waiting[0].form), (PROJECT, FORM));
    let behind = store.untold(Some(&waiting[0]), 9).await.unwrap();
    assert_eq!(told(&behind), [(one.id, 2, "{\"a\":2}")]);
    assert_eq!(store.untold(None, 1).await.unwrap(), waiting[..1]);
    assert_eq!(store.untold_of(PROJECT, quiet.id).await, Ok(Vec::new()));
    // A step takes in what it says, and nothing else.
    let first = ProgressStep { expected_version: 2, ..first_step(one.id, progress(1, 1)) };
    step(&store, &first).await;
    assert_eq!(told(&store.untold_of(PROJECT, one.id).await.unwrap()), [(one.id, 2, "{\"a\":2}")]);
    // Whoever goes by other definitions forgets nothing.
    assert_eq!(store.forget_untold(&waiting[1], 2).await, Ok(false));
    assert_eq!(told(&store.untold(None, 9).await.unwrap()), [(one.id, 2, "{\"a\":2}")]);
    assert_eq!(store.forget_untold(&waiting[1], 1).await, Ok(true));
    assert_eq!(store.untold(None, 9).await, Ok(Vec::new()));
}

#[rstest]
#[tokio::test]
async fn a_repetition_brings_nothing_to_tell(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    let filing =
        Filing { forms: vec![new_form(FORM)], submissions: vec![one.clone()], ..Filing::default() };
    let kept = filed("one", filing);
    let of = kept.message.id;
    assert_eq!(store.accept(kept).await, Ok(Accepted::Kept { version: 1 }));
    step(&store, &first_step(one.id, progress(1, 1))).await;
    let again = Filing {
        submissions: vec![FiledSubmission { expected: 1, ..one.clone() }],
        ..Filing::default()
    };
    assert_eq!(store.accept(filed("one", again)).await, Ok(Accepted::Duplicate { of }));
    assert_eq!(store.untold(None, 9).await, Ok(Vec::new()));
    assert_eq!(read(&store, one.id).await.version, 1);
}

#[rstest]
#[tokio::test]
async fn a_lifecycle_that_comes_later_is_told_of_what_was_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let old: Vec<FiledSubmission> =
        (0..5).map(|number| submission(&format!("uuid:{number}"))).collect();
    for (place, one) in old.iter().enumerate() {
        keep(&store, one, place == 0).await;
    }
    let edit = FiledSubmission { expected: 1, content_hash: [2; 32], ..old[0].clone() };
    keep(&store, &edit, false).await;
    // One is on its way already, one waits to be told of.
    step(&store, &first_step(old[1].id, progress(2, 1))).await;
    let waits = tracked(FORM);
    keep(&store, &waits, false).await;
    let adopt = async |store: &TestStore| {
        let happening = "{\"adopted\":true}";
        store.adopt(&PROJECT.into(), FORM, happening, 4).await.unwrap()
    };
    assert_eq!(adopt(&store).await, Adopted { told: 3, looked_at: 4 });
    // Whoever goes on, after a restart say, begins where it was left.
    let store = store.restart().await;
    assert_eq!(adopt(&store).await, Adopted { told: 1, looked_at: 2 });
    assert_eq!(adopt(&store).await, Adopted::default());
    let mut waiting = store.untold(None, 9).await.unwrap();
    waiting.sort_by_key(|it| it.submission);
    let adopted = "{\"adopted\":true}";
    assert_eq!(
        told(&waiting),
        [
            (old[0].id, 2, adopted),
            (old[2].id, 1, adopted),
            (old[3].id, 1, adopted),
            (old[4].id, 1, adopted),
            (waits.id, 1, waits.untold.as_deref().unwrap()),
        ]
    );
    let other = store.adopt(&PROJECT.into(), "deaths", adopted, 4).await;
    assert_eq!(other, Ok(Adopted::default()));
    // What is to be told no more is found again.
    let gone = waiting.iter().find(|it| it.submission == old[2].id).unwrap();
    assert_eq!(store.forget_untold(gone, 1).await, Ok(true));
    assert_eq!(adopt(&store).await, Adopted { told: 1, looked_at: 4 });
}

/// The step is kept while the submission is edited: what the edit has to tell is not lost with it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_a_step_is_kept_is_still_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for number in 0..10 {
        let one = tracked(FORM);
        keep(&store, &one, number == 0).await;
        let edit = FiledSubmission { expected: 1, content_hash: [2; 32], ..one.clone() };
        let edit = Filing { submissions: vec![edit], ..Filing::default() };
        let edit = filed(&format!("edit {number}"), edit);
        let first = first_step(one.id, progress(number + 1, 1));
        let (stepped, accepted) = tokio::join!(store.keep_step(&first), store.accept(edit));
        assert_eq!(accepted, Ok(Accepted::Kept { version: 1 }));
        let left: Vec<i64> = store
            .untold_of(PROJECT, one.id)
            .await
            .unwrap()
            .into_iter()
            .map(|told| told.version)
            .collect();
        match stepped.unwrap() {
            Stepped::Written { .. } => assert_eq!(left, [2]),
            Stepped::Moved => assert_eq!(left, [1, 2]),
            end => panic!("{end:?}"),
        }
    }
}
