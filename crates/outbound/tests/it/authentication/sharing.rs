//! Tokens that several hubs share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::tokens::{
    KeptToken, MemoryTokens, Pending, TokenKey, TokenStore, TokenStoreError, Turn, Written,
};
use fieldpost_outbound::{Client, Prepared};
use fieldpost_testkit::authority::TokenAuthority;

use super::oauth2::{connection_with, oauth2};
use crate::common::{call, error, project, settings};

/// A hub of its own, which shares its tokens through the store.
fn hub(authority: &TokenAuthority, store: &Arc<dyn TokenStore>) -> (Client, Prepared) {
    let client = Client::with_tokens(settings(), Arc::clone(store)).unwrap();
    let connection = connection_with(authority, oauth2(authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    (client, prepared)
}

/// Every call of every hub at once.
async fn call_all(hubs: &[(Client, Prepared)], calls: usize) {
    let calls: Vec<_> = hubs
        .iter()
        .flat_map(|hub| std::iter::repeat_n(hub.clone(), calls))
        .map(|(client, prepared)| tokio::spawn(async move { client.send(&prepared, call()).await }))
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().error, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hubs_ask_for_one_token_together() {
    let authority = TokenAuthority::start().await;
    authority.take_time(Duration::from_millis(200));
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::default());
    let hubs = [hub(&authority, &store), hub(&authority, &store), hub(&authority, &store)];
    call_all(&hubs, 10).await;
    assert_eq!(authority.asked(), 1);
    // All of them hold the same token that no longer works; one new one is enough.
    authority.revoke_all();
    call_all(&hubs, 10).await;
    assert_eq!(authority.asked(), 2);
    // A hub that starts later finds it.
    call_all(&[hub(&authority, &store)], 1).await;
    assert_eq!(authority.asked(), 2);
}

/// Who asked and died holds the turn only until its lease ends.
#[tokio::test]
async fn a_hub_that_died_with_the_turn_is_waited_for_until_its_lease_ends() {
    let authority = TokenAuthority::start().await;
    let store = Arc::new(Seen::default());
    let shared: Arc<dyn TokenStore> = Arc::clone(&store) as Arc<dyn TokenStore>;
    let (client, prepared) = hub(&authority, &shared);
    assert_eq!(client.send(&prepared, call()).await.error, None);
    let key = store.key.lock().unwrap().clone().unwrap();
    // Somebody takes the turn beyond the token that is known, and is never heard of again.
    let turn = store.inner.take_turn(&key, 1, Duration::from_millis(400)).await.unwrap();
    assert!(matches!(turn, Turn::Ours { .. }));
    authority.revoke_all();
    let exchange = client.send(&prepared, call()).await;
    assert_eq!(exchange.error, None);
    assert!(exchange.duration >= Duration::from_millis(300), "{:?}", exchange.duration);
    assert_eq!(authority.asked(), 2);
    // Where the lease is longer than the call may take, the call ends in time and says why.
    store.inner.take_turn(&key, 2, Duration::from_mins(1)).await.unwrap();
    authority.revoke_all();
    let mut connection = connection_with(&authority, oauth2(&authority));
    connection.timeout = Duration::from_millis(600);
    let hasty = client.prepare(&project(), &connection).unwrap();
    let exchange = client.send(&hasty, call()).await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Timeout);
    assert!(message.ends_with("gave no token within 600ms"), "{message}");
    assert_eq!(authority.asked(), 2);
}

/// A store that cannot be asked fails the attempt; one that cannot keep what was got does not.
#[tokio::test]
async fn a_broken_store_is_named() {
    let authority = TokenAuthority::start().await;
    let store = Arc::new(Seen::default());
    let shared: Arc<dyn TokenStore> = Arc::clone(&store) as Arc<dyn TokenStore>;
    let (client, prepared) = hub(&authority, &shared);
    store.cannot_write.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(client.send(&prepared, call()).await.error, None);
    }
    assert_eq!(authority.asked(), 1);
    store.cannot_read.store(true, Ordering::SeqCst);
    let (client, prepared) = hub(&authority, &shared);
    let exchange = client.send(&prepared, call()).await;
    let expected = "The kept token of the connection cannot be had: the disk is on fire";
    assert_eq!(error(&exchange), (ErrorKind::Authentication, expected));
    assert_eq!(authority.asked(), 1);
}

/// A store that remembers what it was asked for, and can be broken.
#[derive(Debug, Default)]
struct Seen {
    inner: MemoryTokens,
    key: std::sync::Mutex<Option<TokenKey>>,
    cannot_read: AtomicBool,
    cannot_write: AtomicBool,
}

impl Seen {
    fn broken<'a, T: Send + 'a>(broken: &AtomicBool) -> Option<Pending<'a, T>> {
        let error = || TokenStoreError("the disk is on fire".to_owned());
        broken.load(Ordering::SeqCst).then(|| {
            let pending: Pending<'a, T> = Box::pin(std::future::ready(Err(error())));
            pending
        })
    }
}

impl TokenStore for Seen {
    fn read<'a>(&'a self, key: &'a TokenKey) -> Pending<'a, Option<KeptToken>> {
        *self.key.lock().unwrap() = Some(key.clone());
        Self::broken(&self.cannot_read).unwrap_or_else(|| self.inner.read(key))
    }

    fn take_turn<'a>(
        &'a self,
        key: &'a TokenKey,
        beyond: u64,
        lease: Duration,
    ) -> Pending<'a, Turn> {
        self.inner.take_turn(key, beyond, lease)
    }

    fn write<'a>(
        &'a self,
        key: &'a TokenKey,
        fence: u64,
        text: Secret,
        expires_at: Option<Timestamp>,
    ) -> Pending<'a, Written> {
        Self::broken(&self.cannot_write)
            .unwrap_or_else(|| self.inner.write(key, fence, text, expires_at))
    }

    fn give_back<'a>(&'a self, key: &'a TokenKey, fence: u64) -> Pending<'a, ()> {
        self.inner.give_back(key, fence)
    }
}
