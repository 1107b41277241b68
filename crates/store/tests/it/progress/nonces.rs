//! What a signed request may say only once is known to all hubs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{AFTER_SHORT, Engine, LONG, PROJECT, SHORT, TestStore};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_callers_at_once_one_uses_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let other = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(store.another_hub().await),
    };
    let hubs: Vec<_> = [Some(store), other].into_iter().flatten().map(Arc::new).collect();
    let uses = (0..32).map(|number| {
        let hub = Arc::clone(&hubs[number % hubs.len()]);
        tokio::spawn(async move { hub.use_nonce(PROJECT, "portal", "b7c1", LONG).await.unwrap() })
    });
    let used = join_all(uses).await.into_iter().filter(|used| *used.as_ref().unwrap()).count();
    assert_eq!(used, 1);
}

#[rstest]
#[tokio::test]
async fn it_is_of_one_caller_and_may_be_as_long_as_that_likes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let long = "7".repeat(20_000);
    let longer = format!("{long}8");
    for (orig, nonce, expected) in [
        ("portal", "b7c1", true),
        ("portal", "b7c1", false),
        ("portal", "B7C1", true),
        ("agenda", "b7c1", true),
        ("portal", &*long, true),
        ("portal", &*longer, true),
        ("portal", &*long, false),
        ("portal", "a\0b", true),
        ("portal", "a\0b", false),
    ] {
        assert_eq!(store.use_nonce(PROJECT, orig, nonce, LONG).await, Ok(expected));
    }
    assert_eq!(store.use_nonce("other", "portal", "b7c1", LONG).await, Ok(true));
}

#[rstest]
#[tokio::test]
async fn it_is_forgotten_once_it_cannot_be_said_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for nonce in ["a", "b", "c"] {
        assert_eq!(store.use_nonce(PROJECT, "portal", nonce, SHORT).await, Ok(true));
    }
    assert_eq!(store.use_nonce(PROJECT, "portal", "d", LONG).await, Ok(true));
    assert_eq!(store.sweep_nonces(9).await, Ok(0));
    tokio::time::sleep(AFTER_SHORT + Duration::from_millis(50)).await;
    assert_eq!(store.use_nonce(PROJECT, "portal", "a", LONG).await, Ok(true));
    assert_eq!(store.use_nonce(PROJECT, "portal", "a", LONG).await, Ok(false));
    assert_eq!(store.sweep_nonces(1).await, Ok(1));
    assert_eq!(store.sweep_nonces(9).await, Ok(1));
    assert_eq!(store.sweep_nonces(9).await, Ok(0));
    assert_eq!(store.use_nonce(PROJECT, "portal", "d", LONG).await, Ok(false));
}
