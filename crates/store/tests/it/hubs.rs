//! The hubs that work on one database, as they tell of themselves.

use fieldpost_store::HubNews;
use rstest::rstest;

use crate::support::{Engine, TestStore};

fn news(calls: u64) -> HubNews {
    let host = Some("relay".to_owned());
    HubNews { version: "1.2.3".to_owned(), host, lanes: 1, calls }
}

#[rstest]
#[tokio::test]
async fn a_hub_is_seen_until_it_stops(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    assert_eq!(store.seen_hubs().await, Ok(Vec::new()));
    store.tell_of_hub(&news(1)).await.unwrap();
    let first = store.seen_hubs().await.unwrap().remove(0);
    assert_eq!((&first.news, first.is_this_one), (&news(1), true));
    store.tell_of_hub(&news(2)).await.unwrap();
    let again = store.seen_hubs().await.unwrap();
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!((&again[0].news, again[0].started_at), (&news(2), first.started_at));
    assert!(again[0].seen_at >= first.seen_at);

    // What was killed takes its old place away when it starts again.
    let store = store.restart().await;
    let left = store.seen_hubs().await.unwrap();
    assert_eq!((left.len(), left[0].is_this_one), (1, false), "{left:?}");
    store.tell_of_hub(&news(0)).await.unwrap();
    let seen = store.seen_hubs().await.unwrap();
    assert_eq!((seen.len(), seen[0].is_this_one), (1, true), "{seen:?}");
    store.forget_this_hub().await.unwrap();
    assert_eq!(store.seen_hubs().await, Ok(Vec::new()));
}
