//! One token for all hubs, and one caller at a time who asks for the next.

use std::time::Duration;

use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{DefinitionChange, DefinitionKind, StoredToken, TokenOwner, TokenTurn};
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{AFTER_SHORT, CONNECTION, Engine, LONG, PROJECT, SHORT, TestStore};

fn owner(connection: &str, fingerprint: u8) -> TokenOwner {
    let connection = connection.to_owned();
    TokenOwner { project: PROJECT.into(), connection, fingerprint: [fingerprint; 32] }
}

async fn turn(store: &TestStore, owner: &TokenOwner, beyond: u64, lease: Duration) -> u64 {
    match store.take_token_turn(owner, beyond, lease).await.unwrap() {
        TokenTurn::Ours(fence) => fence,
        other => panic!("{other:?}"),
    }
}

async fn write(store: &TestStore, owner: &TokenOwner, fence: u64, text: &str) -> Option<u64> {
    store.write_token(owner, fence, &Secret::new(text), Some(Timestamp(7))).await.unwrap()
}

fn token(text: &str, generation: u64) -> StoredToken {
    StoredToken { text: Secret::new(text), expires_at: Some(Timestamp(7)), generation }
}

#[rstest]
#[tokio::test]
async fn one_caller_asks_and_all_others_get_what_it_got(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ours = owner(CONNECTION, 1);
    assert_eq!(store.token(&ours).await, Ok(None));
    let asked = join_all((0..16).map(|_| store.take_token_turn(&ours, 0, LONG))).await;
    let mut fences = Vec::new();
    for answer in asked {
        match answer.unwrap() {
            TokenTurn::Ours(fence) => fences.push(fence),
            TokenTurn::Taken(left) => assert!(left > LONG / 2 && left <= LONG, "{left:?}"),
            TokenTurn::Newer(token) => panic!("{token:?}"),
        }
    }
    assert_eq!(fences.len(), 1, "one has the turn");
    assert_eq!(store.token(&ours).await, Ok(None), "a row without a token is none");
    assert_eq!(write(&store, &ours, fences[0], "one").await, Some(1));
    assert_eq!(store.token(&ours).await, Ok(Some(token("one", 1))));
    let newer = store.take_token_turn(&ours, 0, LONG).await;
    assert_eq!(newer, Ok(TokenTurn::Newer(token("one", 1))));
    let second = turn(&store, &ours, 1, LONG).await;
    assert_eq!(write(&store, &ours, second, "two").await, Some(2));
    assert_eq!(write(&store, &ours, second, "three").await, None, "a turn is for one token");
    assert_eq!(store.token(&ours).await, Ok(Some(token("two", 2))));
}

#[rstest]
#[tokio::test]
async fn a_turn_ends_with_its_lease_or_when_it_is_given_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ours = owner(CONNECTION, 1);
    let first = turn(&store, &ours, 0, SHORT).await;
    tokio::time::sleep(AFTER_SHORT).await;
    let second = turn(&store, &ours, 0, LONG).await;
    assert_eq!(write(&store, &ours, first, "late").await, None);
    store.give_token_turn_back(&ours, first).await.unwrap();
    let taken = store.take_token_turn(&ours, 0, LONG).await.unwrap();
    assert!(matches!(taken, TokenTurn::Taken(_)), "{taken:?}");
    store.give_token_turn_back(&ours, second).await.unwrap();
    // Nobody else asks: a lease that ran out meanwhile harms nothing.
    let third = turn(&store, &ours, 0, Duration::ZERO).await;
    assert_eq!(write(&store, &ours, third, "good").await, Some(1));
}

#[rstest]
#[tokio::test]
async fn changed_credentials_and_other_connections_have_tokens_of_their_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for ours in [owner("warehouse", 1), owner("registry", 1), owner("warehouse", 2)] {
        assert_eq!(store.token(&ours).await, Ok(None), "{ours:?}");
        let fence = turn(&store, &ours, 0, LONG).await;
        assert_eq!(write(&store, &ours, fence, "token").await, Some(1));
    }
    assert_eq!(store.token(&owner("warehouse", 1)).await, Ok(None), "got with old credentials");
    assert!(store.token(&owner("registry", 1)).await.unwrap().is_some());
    assert!(store.token(&owner("warehouse", 2)).await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn a_changed_or_removed_connection_drops_its_tokens(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let connection = |name: &str| {
        DefinitionChange::Set(DefinitionKind::Connection, name.to_owned(), "{}".to_owned())
    };
    let both = vec![connection("warehouse"), connection("registry")];
    store.change_configuration(PROJECT, 1, both).await.unwrap();
    let changes = [
        vec![connection("warehouse")],
        vec![DefinitionChange::Remove(DefinitionKind::Connection, "warehouse".to_owned())],
    ];
    for (version, changes) in (2..).zip(changes) {
        let names = ["warehouse", "registry"];
        for ours in names.map(|name| owner(name, 1)) {
            let known = store.token(&ours).await.unwrap().map_or(0, |token| token.generation);
            let fence = turn(&store, &ours, known, LONG).await;
            assert!(write(&store, &ours, fence, "token").await.is_some());
        }
        let under_way = turn(&store, &owner("warehouse", 1), 9, LONG).await;
        store.change_configuration(PROJECT, version, changes).await.unwrap();
        assert_eq!(store.token(&owner("warehouse", 1)).await, Ok(None));
        assert!(store.token(&owner("registry", 1)).await.unwrap().is_some());
        // What was asked for before the change comes too late.
        assert_eq!(write(&store, &owner("warehouse", 1), under_way, "late").await, None);
        assert_eq!(store.token(&owner("warehouse", 1)).await, Ok(None));
    }
}

#[rstest]
#[tokio::test]
async fn generations_grow_for_those_who_know_a_token_that_was_dropped(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ours = owner(CONNECTION, 1);
    // Two callers still show generation 5 of a row that is gone: one of them asks.
    let fence = turn(&store, &ours, 5, LONG).await;
    assert_eq!(write(&store, &ours, fence, "six").await, Some(6));
    let other = store.take_token_turn(&ours, 5, LONG).await;
    assert_eq!(other, Ok(TokenTurn::Newer(token("six", 6))));
    // The same where a row is there, which was made by somebody who knew less.
    let behind = owner("registry", 1);
    let fence = turn(&store, &behind, 0, LONG).await;
    assert_eq!(write(&store, &behind, fence, "one").await, Some(1));
    let fence = turn(&store, &behind, 7, LONG).await;
    assert_eq!(store.token(&behind).await, Ok(None), "it does not pass for generation 7");
    assert_eq!(write(&store, &behind, fence, "eight").await, Some(8));
}

#[rstest]
#[tokio::test]
async fn a_token_that_does_not_open_is_asked_for_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let [ours, theirs] = ["warehouse", "registry"].map(|name| owner(name, 1));
    let fence = turn(&store, &ours, 3, LONG).await;
    assert_eq!(write(&store, &ours, fence, "four").await, Some(4));
    store.execute("UPDATE tokens SET connection = 'registry'").await;
    assert_eq!(store.token(&theirs).await, Ok(None), "it was sealed for another place");
    let fence = turn(&store, &theirs, 0, LONG).await;
    assert_eq!(write(&store, &theirs, fence, "five").await, Some(5));
    assert_eq!(store.token(&theirs).await, Ok(Some(token("five", 5))));
    // Whoever asks for the turn without a look before does not wait for what nobody can read.
    store.execute("UPDATE tokens SET connection = 'warehouse'").await;
    let waits = store.take_token_turn(&ours, 0, LONG).await;
    assert_eq!(waits, Ok(TokenTurn::Taken(Duration::ZERO)));
    let fence = turn(&store, &ours, 0, LONG).await;
    assert_eq!(write(&store, &ours, fence, "six").await, Some(6));
}

#[tokio::test]
async fn hubs_of_one_database_share_turns_and_tokens() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    let ours = owner(CONNECTION, 1);
    let fence = turn(&one, &ours, 0, LONG).await;
    let taken = other.take_token_turn(&ours, 0, LONG).await.unwrap();
    assert!(matches!(taken, TokenTurn::Taken(_)), "{taken:?}");
    assert_eq!(write(&one, &ours, fence, "one").await, Some(1));
    assert_eq!(other.token(&ours).await, Ok(Some(token("one", 1))));
}
