//! Many at once, at one hub and at two.

use std::sync::Arc;

use fieldpost_store::{ProgressKey, ProgressStep, Stepped};
use futures_util::future::join_all;
use rstest::rstest;

use super::{FORM, begin, begin_many, call, first_step, next_step, progress, read, tracked};
use crate::support::{Engine, PROJECT, TestStore};

const STEPPERS: u64 = 16;

/// The hubs that a database has: two, where it can be shared.
async fn hubs(engine: Engine) -> Vec<Arc<TestStore>> {
    let store = TestStore::new(engine).await;
    let other = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(store.another_hub().await),
    };
    [Some(store), other].into_iter().flatten().map(Arc::new).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_steps_from_one_revision_one_is_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let hubs = hubs(engine).await;
    let one = tracked(FORM);
    begin(&hubs[0], &one).await;
    let steps = (0..STEPPERS).map(|number| {
        let hub = Arc::clone(&hubs[usize::try_from(number).unwrap() % hubs.len()]);
        let step = ProgressStep {
            calls: vec![call(one.id, number)],
            ..first_step(one.id, progress(1, 1))
        };
        tokio::spawn(async move { hub.keep_step(&step).await.unwrap() })
    });
    let mut ends: Vec<Stepped> =
        join_all(steps).await.into_iter().map(|joined| joined.unwrap()).collect();
    ends.sort_by_key(|end| *end == Stepped::Moved);
    assert_eq!(ends[0], Stepped::Written { revision: 1 });
    assert!(ends[1..].iter().all(|end| *end == Stepped::Moved), "{ends:?}");
    assert_eq!(hubs[0].waiting().await, Ok(1), "one call is made, whichever step was kept");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn steps_that_are_made_again_are_all_kept_one_after_the_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let hubs = hubs(engine).await;
    let one = tracked(FORM);
    begin(&hubs[0], &one).await;
    super::step(&hubs[0], &first_step(one.id, progress(1, 1))).await;
    let steppers = (0..STEPPERS).map(|number| {
        let hub = Arc::clone(&hubs[usize::try_from(number).unwrap() % hubs.len()]);
        tokio::spawn(async move {
            loop {
                let stored = read(&hub, one.id).await;
                let mut step = next_step(&stored);
                step.progress.set_off += 1;
                step.calls = vec![call(one.id, step.progress.set_off)];
                match hub.keep_step(&step).await.unwrap() {
                    Stepped::Moved => {}
                    Stepped::Written { revision } => return revision,
                    end => panic!("{end:?}"),
                }
            }
        })
    });
    let mut revisions: Vec<i64> =
        join_all(steppers).await.into_iter().map(|joined| joined.unwrap()).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=17).collect::<Vec<_>>());
    let kept = read(&hubs[0], one.id).await;
    assert_eq!((kept.revision, kept.progress.set_off), (17, STEPPERS));
    assert_eq!(hubs[0].waiting().await, Ok(STEPPERS));
}

/// What is still to be told is told by whoever comes first, and its calls are made once.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_that_tell_the_same_lifecycles_make_each_call_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const SUBMISSIONS: usize = 20;
    let hubs = hubs(engine).await;
    let ids = begin_many(&hubs[0], FORM, SUBMISSIONS).await;
    let tellers = (0..4).map(|teller| {
        let hub = Arc::clone(&hubs[teller % hubs.len()]);
        tokio::spawn(async move {
            loop {
                let waiting = hub.untold(None, 50).await.unwrap();
                if waiting.is_empty() {
                    return;
                }
                for told in waiting {
                    let key = ProgressKey::Submission(told.submission);
                    if hub.progress(PROJECT, key).await.unwrap().is_some() {
                        continue;
                    }
                    let step = ProgressStep {
                        calls: vec![call(told.submission, 1)],
                        ..first_step(told.submission, progress(1, 1))
                    };
                    hub.keep_step(&step).await.unwrap();
                }
            }
        })
    });
    for joined in join_all(tellers).await {
        joined.unwrap();
    }
    assert_eq!(hubs[0].waiting().await, Ok(SUBMISSIONS as u64));
    for id in ids {
        assert_eq!(read(&hubs[0], id).await.revision, 1);
    }
}

/// Codes that are asked for at the same time: only one submission gets each.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_many_ask_for_is_given_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let hubs = hubs(engine).await;
    let ids = begin_many(&hubs[0], FORM, 12).await;
    let steps = ids.iter().enumerate().map(|(number, id)| {
        let hub = Arc::clone(&hubs[number % hubs.len()]);
        let code = if number % 2 == 0 { "CDFGHJKL" } else { "cdfghjkl" };
        let mut step = first_step(*id, progress(number as u64 + 1, 1));
        step.progress.tracking_code = Some(code.to_owned());
        tokio::spawn(async move { hub.keep_step(&step).await.unwrap() })
    });
    let mut ends: Vec<Stepped> =
        join_all(steps).await.into_iter().map(|joined| joined.unwrap()).collect();
    ends.sort_by_key(|end| *end == Stepped::TakenCode);
    assert_eq!(ends[0], Stepped::Written { revision: 1 });
    assert!(ends[1..].iter().all(|end| *end == Stepped::TakenCode), "{ends:?}");
}
