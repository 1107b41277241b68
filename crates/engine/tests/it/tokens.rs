//! Hubs of one database ask for one token together, however many of their calls need it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::SharedTokens;
use fieldpost_model::connection::{
    Authentication, Connection, CredentialsPlace, IncidentPolicy, Oauth2, Oauth2Grant, Tls,
};
use fieldpost_model::forwarder::Method;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::tokens::{TokenKey, TokenStore as _, Turn};
use fieldpost_outbound::{AllowNetworks, Call, Client, OutboundSettings};
use fieldpost_store::{KeyRing, KeySource, SealingKey, Store, StoreSettings, TokenOwner, clock};
use fieldpost_testkit::authority::TokenAuthority;
use fieldpost_testkit::postgres;
use futures_util::future::join_all;
use tempfile::TempDir;
use uuid::Uuid;

/// The calls that each hub makes at once.
const CALLS: usize = 20;

/// A hub as far as its calls go: a client, and the store where it keeps its tokens.
struct Caller {
    client: Client,
    _folder: TempDir,
}

impl Caller {
    async fn start(database: Option<String>, ring: &KeyRing) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings {
            database,
            keys: KeySource::Given(ring.clone()),
            ..StoreSettings::in_folder(folder.path())
        };
        let store = Arc::new(Store::open(settings).await.unwrap());
        let outbound = OutboundSettings {
            allow_networks: "127.0.0.0/8".parse::<AllowNetworks>().unwrap(),
            ..OutboundSettings::default()
        };
        let client = Client::with_tokens(outbound, Arc::new(SharedTokens::new(store))).unwrap();
        Self { client, _folder: folder }
    }

    /// Makes many calls at once; all must be let in.
    async fn call(&self, connection: &Connection) {
        let prepared = self.client.prepare(&"clinic".into(), connection).unwrap();
        let calls = (0..CALLS).map(|_| async {
            let call = Call {
                method: Method::Post,
                query: &[],
                headers: &[],
                content_type: Some("application/json"),
                body: Bytes::from_static(b"{}"),
                delivery_id: Uuid::now_v7(),
                now: clock::system()(),
                asking: None,
            };
            let exchange = self.client.send(&prepared, call).await;
            assert_eq!(exchange.error, None);
            assert_eq!(exchange.response.unwrap().status, 200);
        });
        join_all(calls).await;
    }
}

fn connection(authority: &TokenAuthority) -> Connection {
    Connection {
        name: "warehouse".to_owned(),
        url: authority.destination().url("/api"),
        authentication: Authentication::Oauth2(Oauth2 {
            grant: Oauth2Grant::ClientCredentials,
            token_url: authority.token_url(),
            client_id: Some("hub".to_owned()),
            client_secret: Some(Secret::new("hunter2")),
            credentials_in: CredentialsPlace::Header,
            scopes: Vec::new(),
        }),
        notify: Vec::new(),
        timeout: Duration::from_secs(20),
        concurrency: 8,
        signing_secret: None,
        previous_signing_secret: None,
        credential: Vec::new(),
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
    }
}

/// Two callers at once, and then one that comes later.
async fn check_sharing(one: &Caller, other: &Caller, later: impl AsyncFnOnce() -> Caller) {
    let authority = TokenAuthority::start().await;
    // Long enough that all of them wait for the same answer.
    authority.take_time(Duration::from_millis(200));
    let connection = connection(&authority);
    tokio::join!(one.call(&connection), other.call(&connection));
    assert_eq!(authority.asked(), 1, "one token for all");
    // The destination forgets the token: whoever notices first asks once for all.
    authority.revoke_all();
    tokio::join!(one.call(&connection), other.call(&connection));
    assert_eq!(authority.asked(), 2, "one new token for all");
    let later = later().await;
    later.call(&connection).await;
    assert_eq!(authority.asked(), 2, "who comes later finds it in the store");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_of_one_database_ask_for_one_token() {
    let ring = KeyRing::of(SealingKey::generate().unwrap());
    let database = Some(postgres::database().await);
    let one = Caller::start(database.clone(), &ring).await;
    let other = Caller::start(database.clone(), &ring).await;
    check_sharing(&one, &other, async || Caller::start(database, &ring).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_finds_its_tokens_again() {
    let ring = KeyRing::of(SealingKey::generate().unwrap());
    let only = Caller::start(None, &ring).await;
    check_sharing(&only, &only, async || {
        // The same store, and the connection prepared anew, which knows no token yet.
        let Caller { client, _folder } = &only;
        Caller { client: client.clone(), _folder: tempfile::tempdir().unwrap() }
    })
    .await;
}

#[tokio::test]
async fn fingerprints_lie_in_the_store_keyed_by_the_installation() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(StoreSettings::in_folder(folder.path())).await.unwrap());
    let key = TokenKey {
        project: "clinic".into(),
        connection: "warehouse".to_owned(),
        fingerprint: [7; 32],
    };
    let tokens = SharedTokens::new(Arc::clone(&store));
    let turn = tokens.take_turn(&key, 0, Duration::from_mins(1)).await.unwrap();
    let Turn::Ours { fence } = turn else { panic!("{turn:?}") };
    tokens.write(&key, fence, Secret::new("token"), None).await.unwrap();
    let TokenKey { project, connection, fingerprint } = key.clone();
    let plain = TokenOwner { project, connection, fingerprint };
    assert_eq!(store.token(&plain).await, Ok(None), "nothing to try passwords against");
    let another = SharedTokens::new(store);
    let found = another.read(&key).await.unwrap().unwrap();
    assert_eq!(found.text.expose(), "token", "whoever has the store has the key");
}
