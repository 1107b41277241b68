//! What jobs keep between runs.

use bytes::Bytes;
use fieldpost_store::{CollectionQuery, MOST_COLLECTION_ITEMS, MOST_COLLECTION_PAGE_BYTES};
use rstest::rstest;

use crate::support::{Engine, PROJECT, TestStore};

fn item(key: &str, value: &str) -> (String, Bytes) {
    (key.to_owned(), Bytes::from(value.to_owned()))
}

fn pattern(text: &str) -> CollectionQuery {
    CollectionQuery { pattern: Some(text.to_owned()), ..CollectionQuery::default() }
}

async fn keys(store: &TestStore, query: &CollectionQuery) -> Vec<String> {
    let page = store.collection_items(PROJECT, "visits", query, None, 500).await.unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().map(|item| item.key).collect()
}

#[rstest]
#[tokio::test]
async fn items_are_kept_changed_found_and_removed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    assert_eq!(keys(&store, &CollectionQuery::default()).await, [""; 0]);
    let items = vec![item("b", "1"), item("a", "{\"x\":1}"), item("b", "2"), item("Ä", "null")];
    assert_eq!(store.set_collection_items(PROJECT, "visits", items).await.unwrap(), 3);
    let first = store.collection_item(PROJECT, "visits", "b").await.unwrap().unwrap();
    assert_eq!((first.value.as_ref(), first.created_at), (&b"2"[..], first.updated_at));
    store.set_collection_items(PROJECT, "visits", vec![item("b", "3")]).await.unwrap();
    let changed = store.collection_item(PROJECT, "visits", "b").await.unwrap().unwrap();
    assert_eq!((changed.value.as_ref(), changed.created_at), (&b"3"[..], first.created_at));
    assert!(changed.updated_at >= first.updated_at);
    assert_eq!(keys(&store, &CollectionQuery::default()).await, ["a", "b", "Ä"]);

    // Another project and another collection have their own.
    assert_eq!(store.collection_item(PROJECT, "other", "b").await.unwrap(), None);
    assert_eq!(store.collection_item("nowhere", "visits", "b").await.unwrap(), None);
    let all = store.collections(PROJECT).await.unwrap();
    assert_eq!((all.len(), all[0].name.as_str(), all[0].items), (1, "visits", 3));

    let gone = ["a".to_owned(), "missing".to_owned()];
    assert_eq!(store.remove_collection_items(PROJECT, "visits", &gone).await.unwrap(), 1);
    assert_eq!(store.remove_collection_items(PROJECT, "visits", &[]).await.unwrap(), 0);
    assert_eq!(keys(&store, &CollectionQuery::default()).await, ["b", "Ä"]);
}

#[rstest]
#[tokio::test]
async fn patterns_and_times_choose_and_pages_follow_each_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let days = (1..=2_500).map(|day| item(&format!("2024-{day:04}-{}", day % 2), "0")).collect();
    assert_eq!(store.set_collection_items(PROJECT, "visits", days).await.unwrap(), 2_500);
    let others =
        vec![item("2023-0001-1", "0"), item("2025", "0"), item("x%_", "0"), item("xab", "0")];
    store.set_collection_items(PROJECT, "visits", others).await.unwrap();

    let query = pattern("2024-*-1");
    let (mut after, mut seen, mut pages) = (None::<String>, Vec::new(), 0);
    loop {
        let page = store.collection_items(PROJECT, "visits", &query, after.as_deref(), 400).await;
        let page = page.unwrap();
        assert!(page.items.len() <= 400);
        seen.extend(page.items.into_iter().map(|item| item.key));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (1_250, 4));
    assert!(seen.is_sorted() && seen.iter().all(|key| key.ends_with("-1")));
    let most = store.collection_items(PROJECT, "visits", &pattern("*"), None, 5_000).await.unwrap();
    assert_eq!(most.items.len(), MOST_COLLECTION_ITEMS);
    assert_eq!(keys(&store, &pattern("x%*")).await, ["x%_"]);
    assert_eq!(keys(&store, &pattern("2025")).await, ["2025"]);

    let first = store.collection_item(PROJECT, "visits", "2025").await.unwrap().unwrap();
    let before = CollectionQuery { created: (None, Some(first.created_at)), ..pattern("2025*") };
    assert_eq!(keys(&store, &before).await, [""; 0]);
    let since = CollectionQuery { updated: (Some(first.updated_at), None), ..pattern("2025*") };
    assert_eq!(keys(&store, &since).await, ["2025"]);
}

#[rstest]
#[tokio::test]
async fn a_page_has_a_bound_of_bytes_and_keys_are_had_without_values(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    // Eight items of one character's key are a page to the byte.
    let value = "x".repeat(MOST_COLLECTION_PAGE_BYTES / 8 - 1);
    let items = ('a'..='h').map(|key| item(&key.to_string(), &value)).collect();
    store.set_collection_items(PROJECT, "visits", items).await.unwrap();
    let page = |after: Option<&'static str>| {
        let store = &store;
        async move {
            let any = CollectionQuery::default();
            let page = store.collection_items(PROJECT, "visits", &any, after, 1_000).await.unwrap();
            let keys: String = page.items.iter().map(|item| item.key.as_str()).collect();
            (keys, page.next)
        }
    };
    assert_eq!(page(None).await, ("abcdefgh".to_owned(), None));
    let longer = item("h", &format!("{value}x"));
    store.set_collection_items(PROJECT, "visits", vec![longer]).await.unwrap();
    assert_eq!(page(None).await, ("abcdefg".to_owned(), Some("g".to_owned())));
    assert_eq!(page(Some("g")).await, ("h".to_owned(), None));

    // An item larger than a page is a page by itself.
    let huge = "x".repeat(MOST_COLLECTION_PAGE_BYTES + 1);
    store.set_collection_items(PROJECT, "visits", vec![item("b", &huge)]).await.unwrap();
    assert_eq!(page(None).await, ("a".to_owned(), Some("a".to_owned())));
    assert_eq!(page(Some("a")).await, ("b".to_owned(), Some("b".to_owned())));

    let any = pattern("*");
    let keys = store.collection_keys(PROJECT, "visits", &any, None, 1_000).await.unwrap();
    assert_eq!((keys.keys.concat(), keys.next), ("abcdefgh".to_owned(), None));
    let keys = store.collection_keys(PROJECT, "visits", &any, Some("b"), 2).await.unwrap();
    assert_eq!((keys.keys.concat(), keys.next), ("cd".to_owned(), Some("d".to_owned())));
    let at = store.collection_item(PROJECT, "visits", "c").await.unwrap().unwrap().created_at;
    let before = CollectionQuery { created: (None, Some(at)), ..any };
    let keys = store.collection_keys(PROJECT, "visits", &before, None, 1_000).await.unwrap();
    assert_eq!(keys.keys, [""; 0]);
}
