//! A hub with a destination, on either engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::{Asked, Hub, HubSettings, Incoming, Receipt, ReceiptOutcome, ReceiveError};
use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_model::json::Value;
use fieldpost_outbound::{AllowNetworks, Client, OutboundSettings};
use fieldpost_rules::definition::read_project;
use fieldpost_store::{DeliveryQuery, Page, Store, StoreSettings, clock};
use fieldpost_testkit::FakeDestination;
use tempfile::TempDir;
use uuid::Uuid;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A running hub with the project `clinic`, its inbox secret `secret-inbox-1`, and a destination.
pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) destination: FakeDestination,
    pub(crate) settings: StoreSettings,
    folder: TempDir,
}

/// The forms that submissions may make known in these tests.
pub(crate) const MOST_FORMS: usize = 20;

/// The longest file that is fetched in these tests, in bytes.
pub(crate) const MOST_FETCHED: u64 = 64 * 1024;

/// The page that holds everything a test makes.
const ALL: Page = Page { before: None, limit: 500 };

impl World {
    /// A hub whose one forwarder, `all`, sends every message of `inbox` to the destination's `/`.
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(engine, r#""all": {"on": "message", "from": "inbox", "to": "there"}"#)
            .await
    }

    pub(crate) async fn start_with(engine: Engine, forwarders: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = StoreSettings::in_folder(folder.path());
        if let Engine::Postgres = engine {
            settings.database = Some(fieldpost_testkit::postgres::database().await);
        }
        let destination = FakeDestination::start().await;
        let hub = start_hub(&settings).await;
        let world = Self { hub, destination, settings, folder };
        world.apply(forwarders).await;
        world
    }

    /// Replaces the project's forwarders.
    pub(crate) async fn apply(&self, forwarders: &str) {
        let url = self.destination.url("/");
        let text = format!(
            r#"{{"project": "clinic",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"}},
                             "kobo": {{"dialect": "kobo", "secret": "secret-inbox-2"}}}},
                 "connections": {{"there": {{"url": "{url}", "notify": ["ops@example.org"]}}}},
                 "forwarders": {{{forwarders}}}}}"#
        );
        self.apply_text(&text).await;
    }

    /// Makes the project what this document says.
    /// The data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn apply_text(&self, text: &str) {
        let draft = read_project(&Value::parse(text.as_bytes()).unwrap()).unwrap();
        self.hub.apply(&draft, true, false, &Asked::default()).await.unwrap();
    }

    /// Stops the hub and starts another one on the same store.
    pub(crate) async fn restart(&mut self) {
        self.hub.stop().await;
        let routing = self.hub.routing();
        drop(routing);
        let old = std::mem::replace(&mut self.hub, start_placeholder().await);
        // The data folder is free once the last handle of the old hub is gone.
        drop(old);
        self.hub = start_hub(&self.settings).await;
    }

    pub(crate) async fn post(&self, secret: &str, body: &str) -> Result<Receipt, ReceiveError> {
        self.post_with(secret, &[], body).await
    }

    pub(crate) async fn post_with(
        &self,
        secret: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Receipt, ReceiveError> {
        let route = self.hub.find_inbox(secret).await.unwrap().expect("the inbox is known");
        let mut all = vec![("content-type".to_owned(), "application/json".to_owned())];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: format!("/inbox/{secret}"),
            query: Vec::new(),
            headers: all,
            body: Bytes::from(body.to_owned()),
        };
        self.hub.receive(&route, incoming).await
    }

    /// Posts a body that must be kept; the answer is the message's id.
    pub(crate) async fn keep(&self, body: &str) -> Uuid {
        let receipt = self.post("secret-inbox-1", body).await.unwrap();
        assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
        receipt.message
    }

    pub(crate) async fn deliveries_of(&self, message: Uuid) -> Vec<Delivery> {
        let query = DeliveryQuery { payload: Some(message), ..DeliveryQuery::default() };
        self.hub.store().deliveries("clinic", &query, ALL).await.unwrap()
    }

    /// Waits until the only delivery of a message is in a state.
    pub(crate) async fn wait_for(&self, message: Uuid, state: DeliveryState) -> Delivery {
        for _ in 0..400 {
            let deliveries = self.deliveries_of(message).await;
            assert_eq!(deliveries.len(), 1, "one delivery was expected: {deliveries:?}");
            if deliveries[0].state == state {
                return deliveries[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the delivery never was {state}: {:?}", self.deliveries_of(message).await);
    }
}

async fn start_hub(settings: &StoreSettings) -> Hub {
    let store = Arc::new(Store::open(settings.clone()).await.unwrap());
    let mut hub_settings = HubSettings::with_clock(clock::system());
    hub_settings.poll_interval = Duration::from_millis(200);
    hub_settings.stop_timeout = Duration::from_secs(2);
    hub_settings.max_forms = MOST_FORMS;
    hub_settings.max_fetched_file = MOST_FETCHED;
    hub_settings.max_fetched_files = 4;
    hub_settings.max_fetched_total = 2 * MOST_FETCHED;
    hub_settings.fetch_pause = Duration::from_millis(50);
    Hub::start(store, client(), hub_settings).await.unwrap()
}

async fn start_placeholder() -> Hub {
    let folder = tempfile::tempdir().unwrap();
    start_hub(&StoreSettings::in_folder(folder.path())).await
}

fn client() -> Client {
    let settings = OutboundSettings {
        allow_networks: "127.0.0.0/8,10.0.0.0/8".parse::<AllowNetworks>().unwrap(),
        link_networks: "127.0.0.0/8".parse::<AllowNetworks>().unwrap(),
        ..OutboundSettings::default()
    };
    Client::new(settings).unwrap()
}
