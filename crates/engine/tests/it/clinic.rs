//! A project whose trouble is told of: a hub with a destination and a relay, and a clock that can be
//! set forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::{Asked, Hub, HubSettings, Incoming};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::{Incident, Notice};
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::mail::{MailSettings, Mailer};
use fieldpost_outbound::{AllowNetworks, Client, OutboundSettings};
use fieldpost_rules::definition::read_project;
use fieldpost_store::{
    Clock, DeliveryQuery, IncidentQuery, KeySource, Page, Store, StoreSettings, clock,
};
use fieldpost_testkit::FakeDestination;
use fieldpost_testkit::smtp::{FakeSmtp, ReceivedMail, SmtpSecurity};
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::Engine;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Mails tell times to the minute.
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const PUBLIC_URL: &str = "https://hub.example.org";
pub(crate) const ALL: Page = Page { before: None, limit: 100 };

/// A hub with a destination and a relay, whose clock can be set forward.
pub(crate) struct Clinic {
    pub(crate) hub: Hub,
    pub(crate) destination: FakeDestination,
    pub(crate) relay: Arc<FakeSmtp>,
    pub(crate) ahead: Arc<AtomicI64>,
    pub(crate) settings: StoreSettings,
    pub(crate) folder: TempDir,
}

/// What tests change about the project.
pub(crate) struct Wish {
    pub(crate) notify: &'static str,
    pub(crate) incident: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) source: &'static str,
    pub(crate) more: &'static str,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            notify: r#"["ops@example.org"]"#,
            incident: r#"{"failures": 3, "remind_every": "1h"}"#,
            retry: r#"{"first": "50ms", "factor": 1, "max": "50ms"}"#,
            source: "",
            more: "",
        }
    }
}

impl Clinic {
    pub(crate) async fn start(engine: Engine, wish: &Wish) -> Self {
        let relay = Arc::new(FakeSmtp::start(SmtpSecurity::StartTls, Some(("hub", "word"))).await);
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(fieldpost_testkit::postgres::database().await),
        };
        let destination = FakeDestination::start().await;
        let clinic = Self::on(database, Some(relay), destination, &Arc::default(), None).await;
        clinic.apply(wish).await;
        clinic
    }

    pub(crate) async fn on(
        database: Option<String>,
        relay: Option<Arc<FakeSmtp>>,
        destination: FakeDestination,
        ahead: &Arc<AtomicI64>,
        keys: Option<KeySource>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = StoreSettings::in_folder(folder.path());
        settings.keys = keys.unwrap_or(settings.keys);
        settings.database = database;
        settings.clock = ahead_of_time(ahead);
        let hub = start_hub(&settings, relay.as_deref()).await;
        let relay = match relay {
            Some(relay) => relay,
            None => Arc::new(FakeSmtp::start(SmtpSecurity::None, None).await),
        };
        let ahead = Arc::clone(ahead);
        Self { hub, destination, relay, ahead, settings, folder }
    }

    pub(crate) async fn apply(&self, wish: &Wish) {
        let url = self.destination.url("/hook?token=hidden&x=1");
        let Wish { notify, incident, retry, source, more } = wish;
        let text = format!(
            r#"{{"project": "clinic", "title": "Clinic <b>north</b>",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"{source}}}}},
                 "connections": {{"there": {{"url": "{url}", "notify": {notify},
                                             "incident": {incident}}}}},
                 "forwarders": {{"all": {{"from": "inbox", "to": "there", "retry": {retry}}}}}{more}}}"#
        );
        let draft = read_project(&Value::parse(text.as_bytes()).unwrap()).unwrap();
        self.hub.apply(&draft, true, false, &Asked::default()).await.unwrap();
    }

    pub(crate) async fn post(&self, body: &str) {
        let route = self.hub.find_inbox("secret-inbox-1").await.unwrap().unwrap();
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: "/inbox/x".to_owned(),
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Bytes::from(body.to_owned()),
        };
        self.hub.receive(&route, incoming).await.unwrap();
    }

    pub(crate) async fn mails(&self, count: usize) -> Vec<ReceivedMail> {
        self.relay.wait_for(count, PATIENCE).await
    }

    /// Waits until the store knows what is expected.
    pub(crate) async fn expects_something(&self) {
        until("something is expected", async || {
            (!self.hub.store().expectations().await.unwrap().is_empty()).then_some(())
        })
        .await;
    }

    /// Starts a hub on the store of the one that was stopped, and waits until it listens.
    pub(crate) async fn come_back(&mut self, relay: &FakeSmtp) {
        let listened = async |hub: &Hub| hub.store().fact("listened-at").await.unwrap();
        let before = {
            let store = Store::open(self.settings.clone()).await.unwrap();
            store.fact("listened-at").await.unwrap()
        };
        self.hub = start_hub(&self.settings, Some(relay)).await;
        until("the hub listens", async || (listened(&self.hub).await != before).then_some(()))
            .await;
    }

    /// Stops the hub and lets go of its store, so that another one can be opened.
    pub(crate) async fn go(&mut self) {
        self.hub.stop().await;
        let destination = FakeDestination::start().await;
        let spare = Self::on(None, None, destination, &self.ahead, None).await;
        drop(std::mem::replace(&mut self.hub, spare.hub));
    }

    pub(crate) async fn incidents(&self) -> Vec<Incident> {
        self.hub.store().incidents("clinic", &IncidentQuery::default(), ALL).await.unwrap()
    }

    /// The ids of the deliveries in a state, newest first.
    pub(crate) async fn deliveries(&self, state: DeliveryState) -> Vec<Uuid> {
        let query = DeliveryQuery { state: Some(state), ..DeliveryQuery::default() };
        let found = self.hub.store().deliveries("clinic", &query, ALL).await.unwrap();
        found.into_iter().map(|delivery| delivery.id).collect()
    }

    pub(crate) async fn notices(&self) -> Vec<Notice> {
        self.hub.store().notices("clinic", ALL).await.unwrap()
    }

    pub(crate) fn set_forward(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.ahead.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn set_back(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.ahead.fetch_sub(micros, Ordering::Relaxed);
    }
}

pub(crate) fn ahead_of_time(ahead: &Arc<AtomicI64>) -> Clock {
    let (system, ahead) = (clock::system(), Arc::clone(ahead));
    Arc::new(move || Timestamp(system().0 + ahead.load(Ordering::Relaxed)))
}

pub(crate) async fn start_hub(settings: &StoreSettings, relay: Option<&FakeSmtp>) -> Hub {
    let store = Arc::new(Store::open(settings.clone()).await.unwrap());
    let mut hub = HubSettings::with_clock(Arc::clone(&settings.clock));
    hub.poll_interval = Duration::from_millis(50);
    // Tests that turn a clock turn it for the store as well.
    hub.clock_check = Duration::from_hours(1);
    hub.stop_timeout = Duration::from_secs(2);
    hub.breaker.first_pause = Duration::from_millis(50);
    hub.breaker.max_pause = Duration::from_millis(100);
    hub.notice_pause = Duration::from_millis(100);
    hub.gather_endings = Duration::from_millis(500);
    hub.public_url = Some(PUBLIC_URL.to_owned());
    hub.mailer = relay.map(|relay| {
        let url = relay.url_with_credentials();
        let mut mail = MailSettings::read(&url, "Fieldpost <hub@example.org>", None).unwrap();
        mail.authorities = Some(relay.authority().to_owned());
        Mailer::new(&mail).unwrap()
    });
    let outbound = OutboundSettings {
        allow_networks: "127.0.0.0/8".parse::<AllowNetworks>().unwrap(),
        ..OutboundSettings::default()
    };
    Hub::start(store, Client::new(outbound).unwrap(), hub).await.unwrap()
}

pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
