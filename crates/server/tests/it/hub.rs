//! A whole hub behind a socket, with a destination that it can reach, and a client with the token.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use fieldpost_engine::{Hub, HubSettings};
use fieldpost_outbound::{AllowNetworks, Client, OutboundSettings};
use fieldpost_server::{ServerSettings, serve};
use fieldpost_store::{Store, StoreSettings, clock};
use fieldpost_testkit::FakeDestination;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// The administrator's token.
pub(crate) const TOKEN: &str = "the-token-of-the-tests-long-enough";
/// The inbox secret of the source `inbox`.
pub(crate) const SECRET: &str = "secret-of-the-inbox-1";
/// The webhook id of the source `inbox`.
pub(crate) const WEBHOOK: &str = "4c1a3c9e-5a44-4d4e-9d3f-2f6c1a0b7e11";
/// The longest body that these hubs take.
pub(crate) const MAX_BODY: usize = 1_000_000;
/// How long anything may take to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running hub with the project `clinic`: its sources are `inbox` (json), `kobo`, `aggregate` and
/// `xml`, its connection `there` leads to the destination's `/`, its one forwarder `all` sends
/// everything of `inbox` there.
pub(crate) struct TestHub {
    pub(crate) hub: Hub,
    pub(crate) destination: FakeDestination,
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) shutdown: CancellationToken,
    pub(crate) server: Option<JoinHandle<std::io::Result<()>>>,
    folder: TempDir,
}

impl TestHub {
    /// The files that lie in the folder of files, whole ones and others.
    pub(crate) fn files_on_disk(&self) -> Vec<std::path::PathBuf> {
        let mut folders = vec![self.folder.path().join(fieldpost_store::FILES_FOLDER)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    pub(crate) async fn start() -> Self {
        Self::start_on(Engine::Sqlite).await
    }

    pub(crate) async fn start_on(engine: Engine) -> Self {
        Self::start_with(engine, |_, _| {}).await
    }

    pub(crate) async fn start_with(
        engine: Engine,
        change: impl FnOnce(&mut StoreSettings, &mut ServerSettings),
    ) -> Self {
        Self::start_all(engine, change, |_| {}).await
    }

    /// A hub whose flow has other settings.
    pub(crate) async fn start_flow(engine: Engine, change: impl FnOnce(&mut HubSettings)) -> Self {
        Self::start_all(engine, |_, _| {}, change).await
    }

    async fn start_all(
        engine: Engine,
        change: impl FnOnce(&mut StoreSettings, &mut ServerSettings),
        change_flow: impl FnOnce(&mut HubSettings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = StoreSettings::in_folder(folder.path());
        if let Engine::Postgres = engine {
            store.database = Some(fieldpost_testkit::postgres::database().await);
        }
        let mut settings = ServerSettings::new("1.2.3", TOKEN);
        settings.max_body = MAX_BODY;
        settings.body_timeout = Duration::from_secs(5);
        settings.header_timeout = Duration::from_secs(5);
        settings.stop_timeout = Duration::from_secs(5);
        change(&mut store, &mut settings);

        let store = Arc::new(Store::open(store).await.unwrap());
        let mut flow = HubSettings::with_clock(clock::system());
        flow.max_body = MAX_BODY;
        flow.poll_interval = Duration::from_millis(200);
        flow.tally_interval = Duration::from_millis(50);
        flow.stop_timeout = Duration::from_secs(2);
        change_flow(&mut flow);
        let hub = Hub::start(store, outbound(), flow).await.unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(listener, hub.clone(), settings, shutdown.clone()));
        let test = Self {
            hub,
            destination: FakeDestination::start().await,
            address,
            client: client(),
            shutdown,
            server: Some(server),
            folder,
        };
        test.apply(test.definition()).await;
        test
    }

    /// The project file of the tests.
    pub(crate) fn definition(&self) -> Value {
        json!({
            "project": "clinic",
            "sources": {
                "inbox": { "dialect": "json", "secret": SECRET, "id": WEBHOOK, "path": "intake" },
                "kobo": { "dialect": "kobo", "secret": "secret-of-the-kobo-1" },
                "xml": { "dialect": "xml", "secret": "secret-of-the-xml-1" },
                "aggregate": { "dialect": "odk-aggregate", "secret": "secret-of-aggregate-1" },
            },
            "connections": {
                "there": { "url": self.destination.url("/"), "notify": ["ops@example.org"] },
            },
            "forwarders": { "all": { "from": "inbox", "to": "there" } },
        })
    }

    /// Makes the project what this says.
    pub(crate) async fn apply(&self, definition: Value) {
        let answer = self.post("projects/clinic/apply?prune=true", &definition).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request to the API, with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(&format!("/api/v1/{path}"))).bearer_auth(TOKEN)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).body(body.to_string()).send().await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Response {
        self.request(Method::PUT, path).body(body.to_string()).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await.unwrap()
    }

    /// What a GET answers, which must be a success.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        let status = answer.status();
        let found = json_of(answer).await;
        assert_eq!(status, StatusCode::OK, "{path}: {found}");
        found
    }

    /// The items of a list.
    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        self.json(path).await["items"].as_array().unwrap().clone()
    }

    /// Posts to an inbox.
    pub(crate) async fn send(&self, secret: &str, body: impl Into<reqwest::Body>) -> Response {
        self.client
            .post(self.url(&format!("/inbox/{secret}")))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// Posts a body that must be kept; the answer is the message.
    pub(crate) async fn keep(&self, body: &str) -> Value {
        let answer = self.send(SECRET, body.to_owned()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.text().await.unwrap(), "{}");
        self.items("projects/clinic/messages?limit=1").await.remove(0)
    }

    /// Posts a body that must be kept and delivered; the answer is the delivery.
    pub(crate) async fn deliver(&self, body: &str) -> Value {
        let message = self.keep(body).await;
        let path = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        self.wait_for(&path, "succeeded").await
    }

    /// Waits until the only delivery of a list is in a state.
    pub(crate) async fn wait_for(&self, path: &str, state: &str) -> Value {
        eventually(&format!("the delivery of {path} is {state}"), async || {
            let mut deliveries = self.items(path).await;
            assert_eq!(deliveries.len(), 1, "one delivery was expected: {deliveries:?}");
            let delivery = deliveries.remove(0);
            (delivery["state"] == state).then_some(delivery)
        })
        .await
    }

    /// Stops the server, and the hub behind it.
    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(server) = self.server.take() {
            server.await.unwrap().unwrap();
        }
        self.hub.stop().await;
    }
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What counts in this process; there can be one only.
pub(crate) fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap()).clone()
}

pub(crate) async fn json_of(answer: Response) -> Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Checks an answer that is a problem, and returns it.
pub(crate) async fn problem(answer: Response, status: u16, code: &str) -> Value {
    let found = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem = json_of(answer).await;
    assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    for part in ["title", "detail"] {
        assert!(!text(&problem[part]).is_empty(), "{problem}");
    }
    problem
}

#[expect(clippy::disallowed_methods, reason = "the tests talk to their own hub")]
fn client() -> reqwest::Client {
    // Whoever comes second finds it done.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

/// A client that does not go where an answer sends it.
#[expect(clippy::disallowed_methods, reason = "the tests talk to their own hub")]
pub(crate) fn staying_client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.timeout(PATIENCE).build().unwrap()
}

fn outbound() -> Client {
    let settings = OutboundSettings {
        allow_networks: "127.0.0.0/8".parse::<AllowNetworks>().unwrap(),
        ..OutboundSettings::default()
    };
    Client::new(settings).unwrap()
}
