//! A store to test, and short ways to say what goes into it.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use fieldpost_model::attempt::{Attempt, AttemptRequest, AttemptResponse};
use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState};
use fieldpost_model::event::Event;
use fieldpost_model::message::MessageRequest;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accept, Accepted, Claimed, Claims, DedupeKey, Lane, LaneDemand, Move, NewDelivery, NewMessage,
    Outcome, Page, Release, Released, Store, StoreError, StoreSettings, Verdict, Walk, clock,
};
use fieldpost_testkit::postgres;
use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// The project that every store under test has, in version 1.
pub(crate) const PROJECT: &str = "clinic";
/// The connection that deliveries go to unless a test says otherwise.
pub(crate) const CONNECTION: &str = "ministry";
/// The forwarder that orders deliveries unless a test says otherwise.
pub(crate) const FORWARDER: &str = "births";
/// A lease that no test outlives.
pub(crate) const LONG: Duration = Duration::from_mins(10);
/// A lease that a test waits out.
pub(crate) const SHORT: Duration = Duration::from_millis(100);
/// Enough for a [`SHORT`] lease to be over.
pub(crate) const AFTER_SHORT: Duration = Duration::from_millis(150);

/// What the store under test is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A store in a folder, and perhaps a database, of its own.
pub(crate) struct TestStore {
    store: Store,
    settings: StoreSettings,
    folder: TempDir,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl TestStore {
    /// A fresh store with the project [`PROJECT`].
    pub(crate) async fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(engine: Engine, change: impl FnOnce(&mut StoreSettings)) -> Self {
        let url = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::database().await),
        };
        Self::at(url, change).await
    }

    /// A fresh store on a database that is there already; none means SQLite.
    pub(crate) async fn at(url: Option<String>, change: impl FnOnce(&mut StoreSettings)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings =
            StoreSettings { database: url, ..StoreSettings::in_folder(folder.path()) };
        change(&mut settings);
        let store = Store::open(settings.clone()).await.unwrap();
        store.create_project(PROJECT, "Clinic", now()).await.unwrap();
        Self { store, settings, folder }
    }

    /// Another hub on the same database, with a data folder of its own.
    pub(crate) async fn another_hub(&self) -> Self {
        self.another_hub_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn another_hub_with(&self, change: impl FnOnce(&mut StoreSettings)) -> Self {
        assert!(self.settings.database.is_some(), "only PostgreSQL is shared by several hubs");
        let folder = TempDir::new().unwrap();
        let mut settings =
            StoreSettings { data: folder.path().to_owned(), ..self.settings.clone() };
        change(&mut settings);
        Self { store: Store::open(settings.clone()).await.unwrap(), settings, folder }
    }

    /// Ends the process, as it were, and starts it again in the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { store, settings, folder } = self;
        drop(store);
        let store = Store::open(settings.clone()).await.unwrap();
        Self { store, settings, folder }
    }

    pub(crate) fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Changes the database past the store.
    pub(crate) async fn execute(&self, sql: &str) {
        if let Some(url) = &self.settings.database {
            connect(url).await.batch_execute(sql).await.unwrap();
        } else {
            let file = self.folder().join("fieldpost.db");
            rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
        }
    }

    /// Keeps a message with one delivery; the answer is the delivery.
    pub(crate) async fn deliver_one(&self) -> Delivery {
        let accept = message("one").to(CONNECTION);
        let id = accept.deliveries[0].id;
        assert_eq!(self.accept(accept).await, Ok(Accepted::Kept { version: 1 }));
        self.find(id).await
    }

    /// A delivery that must be there.
    pub(crate) async fn find(&self, id: Uuid) -> Delivery {
        self.delivery(PROJECT, id).await.unwrap().unwrap()
    }

    /// Claims up to `limit` of the usual lane.
    pub(crate) async fn claim_some(&self, limit: usize, lease: Duration) -> Vec<Claimed> {
        self.claim_lane(lane(CONNECTION), limit, lease).await.claimed
    }

    pub(crate) async fn claim_lane(&self, lane: Lane, limit: usize, lease: Duration) -> Claims {
        self.claim(vec![LaneDemand { lane, limit, lease }]).await.unwrap()
    }

    /// Claims the only delivery that is due, for long.
    pub(crate) async fn claim_one(&self) -> Claimed {
        let mut claimed = self.claim_some(2, LONG).await;
        assert_eq!(claimed.len(), 1, "one delivery is due: {claimed:?}");
        claimed.remove(0)
    }

    /// Moves what waits for [`FORWARDER`] from lane to lane, in one walk; the answer is how many.
    pub(crate) async fn move_lane(
        &self,
        from: &str,
        to: &str,
        connection: &str,
        due_now: bool,
    ) -> Result<u64, StoreError> {
        Ok(self.move_in_steps(from, to, connection, due_now).await?.iter().sum())
    }

    /// The same; the answer is how many each step of the walk has moved.
    pub(crate) async fn move_in_steps(
        &self,
        from: &str,
        to: &str,
        connection: &str,
        due_now: bool,
    ) -> Result<Vec<u64>, StoreError> {
        let step = Move { project: PROJECT, forwarder: FORWARDER, from, to, connection, due_now };
        let (mut walk, mut moved) = (Walk::default(), Vec::new());
        while !walk.is_over() {
            moved.push(self.move_step(&step, &mut walk).await?);
        }
        Ok(moved)
    }

    /// Cancels what waits for a forwarder that is no more, in one walk; the answer is how many.
    pub(crate) async fn cancel_forwarder(
        &self,
        project: &str,
        forwarder: &str,
        reason: &str,
    ) -> Result<usize, StoreError> {
        let (mut walk, mut cancelled) = (Walk::default(), 0);
        while !walk.is_over() {
            cancelled += self.cancel_step(project, forwarder, reason, &mut walk).await?;
        }
        Ok(cancelled)
    }

    /// Brings a delivery that waits for its first try into a state.
    pub(crate) async fn bring_to(&self, state: DeliveryState) -> Delivery {
        let delivery = self.deliver_one().await;
        match state {
            DeliveryState::Pending => {}
            DeliveryState::Failed => {
                let claimed = self.claim_one().await;
                let outcome = outcome(&claimed, Verdict::RetryIn(LONG));
                self.record(outcome).await.unwrap();
            }
            end => {
                let claimed = self.claim_one().await;
                self.record(outcome(&claimed, Verdict::Final(end))).await.unwrap();
            }
        }
        self.find(delivery.id).await
    }
}

/// The present, by the machine's clock.
pub(crate) fn now() -> Timestamp {
    clock::system()()
}

pub(crate) fn lane(name: &str) -> Lane {
    Lane { project: PROJECT.into(), name: name.to_owned() }
}

pub(crate) const fn first(limit: usize) -> Page {
    Page { before: None, limit }
}

/// A message of the source `intake` with this body, without identity, that calls for nothing.
pub(crate) fn message(body: &str) -> Accept {
    Accept {
        project: PROJECT.into(),
        configuration_version: 1,
        message: NewMessage {
            id: Uuid::now_v7(),
            source: "intake".to_owned(),
            received_at: now(),
            quarantined: None,
            remark: None,
            content_type: Some("application/json".to_owned()),
            identity: None,
            dedupe: None,
            request: MessageRequest {
                method: "POST".to_owned(),
                path: "/inbox/•••".to_owned(),
                query: Vec::new(),
                headers: Vec::new(),
            },
            body: body.to_owned().into(),
        },
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
        filing: None,
    }
}

/// A delivery to a connection, ordered by [`FORWARDER`].
pub(crate) fn delivery_to(connection: &str) -> NewDelivery {
    NewDelivery {
        id: Uuid::now_v7(),
        forwarder: FORWARDER.to_owned(),
        connection: connection.to_owned(),
        event: Event::Message,
        key: None,
        origin: DeliveryOrigin::Event,
        parked: false,
        order_key: None,
        collapse_key: None,
        hops: 0,
        payload: None,
    }
}

/// A connection of its own to PostgreSQL, past the store: another program, or another hub in a state
/// that cannot be brought about on purpose.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    // It ends with its client.
    tokio::spawn(connection);
    client
}

/// What tests change about a message before it is kept.
pub(crate) trait Change: Sized {
    fn change(self, change: impl FnOnce(&mut Accept)) -> Self;

    /// Calls for a delivery to this connection.
    fn to(self, connection: &str) -> Self {
        self.change(|accept| accept.deliveries.push(delivery_to(connection)))
    }

    /// Is known by this identity; its content is its body.
    fn known_as(self, identity: &str) -> Self {
        self.change(|accept| {
            accept.message.identity = Some(identity.to_owned());
            accept.message.dedupe = Some(DedupeKey {
                key: identity.to_owned(),
                content_hash: digest(&accept.message.body),
                window: None,
            });
        })
    }

    /// Cannot be read; it is known by its content.
    fn unreadable(self, reason: &str) -> Self {
        self.change(|accept| {
            let key = String::from_utf8_lossy(&accept.message.body).into_owned();
            accept.message.quarantined = Some(reason.to_owned());
            accept.message.dedupe = Some(DedupeKey {
                key: format!("quarantine:{key}"),
                content_hash: digest(&accept.message.body),
                window: None,
            });
        })
    }
}

impl Change for Accept {
    fn change(mut self, change: impl FnOnce(&mut Accept)) -> Self {
        change(&mut self);
        self
    }
}

/// 32 bytes that differ where the contents of tests differ. The store only compares them.
fn digest(content: &[u8]) -> [u8; 32] {
    let mut digest = [0_u8; 32];
    for (position, byte) in content.iter().enumerate() {
        let place = position % 32;
        digest[place] = digest[place].wrapping_mul(31).wrapping_add(*byte).wrapping_add(1);
    }
    digest
}

/// The outcome of a claimed delivery's next try: it was sent, and answered with 200 or 503.
pub(crate) fn outcome(claimed: &Claimed, verdict: Verdict) -> Outcome {
    let well = verdict == Verdict::Final(DeliveryState::Succeeded);
    Outcome {
        lane: claimed.lane.clone(),
        delivery: claimed.id,
        forwarder: claimed.forwarder.clone(),
        fence: claimed.fence,
        attempt: Attempt {
            number: claimed.attempts + 1,
            started_at: now(),
            duration: Duration::from_millis(12),
            request: Some(AttemptRequest {
                method: "POST".to_owned(),
                url: "https://ministry.example/births".to_owned(),
                headers: vec![("accept".to_owned(), "*/*".to_owned())],
                body_sha256: [7; 32],
                bytes: 3,
            }),
            response: Some(AttemptResponse {
                status: if well { 200 } else { 503 },
                headers: Vec::new(),
                body: b"ok".to_vec(),
                truncated: false,
            }),
            error: None,
        },
        request_body: None,
        verdict,
        counts: true,
        holds_followers: false,
        sequence: claimed.sequence.clone(),
        collapse: claimed.collapse.clone(),
        last_error: (!well).then(|| "the destination answered with 503".to_owned()),
    }
}

pub(crate) fn succeeded(claimed: &Claimed) -> Outcome {
    outcome(claimed, Verdict::Final(DeliveryState::Succeeded))
}

pub(crate) fn release(claimed: &Claimed) -> Release {
    Release {
        lane: claimed.lane.clone(),
        delivery: claimed.id,
        fence: claimed.fence,
        sequence: claimed.sequence.clone(),
    }
}

#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
}

#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Refused(_))), "{result:?}");
}

/// What is known of a quarantined message that can be read by now, and makes nothing but itself.
pub(crate) fn released(identity: &str, dedupe: Option<DedupeKey>) -> Released {
    Released {
        identity: Some(identity.to_owned()),
        dedupe,
        source: "intake".to_owned(),
        at: Timestamp(0),
        filing: None,
    }
}
