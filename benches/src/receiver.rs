//! The destination: takes what is delivered, notes how long it was under way, and tells it.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::load::announce;

/// Microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "two processes compare their times by this clock")]
pub(crate) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// What one path has seen since it was last asked.
#[derive(Default)]
struct Seen {
    /// From sending to arrival, in microseconds.
    times: Vec<u64>,
    under_way: usize,
    most_under_way: usize,
}

/// How long the slow paths take.
const SLOW: Duration = Duration::from_secs(2);

#[derive(Default)]
struct World {
    paths: Mutex<HashMap<String, Seen>>,
    /// Whether the gate takes what comes.
    open: AtomicBool,
}

impl World {
    fn paths(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something has arrived.
    fn note(&self, name: String, body: &[u8]) {
        let now = now_micros();
        let sent = sent_at(body).unwrap_or(now);
        self.paths().entry(name).or_default().times.push(now.saturating_sub(sent));
    }
}

type Shared = Arc<World>;

/// `POST /to/{name}` answers at once, `/slow/{name}` after two seconds, `/fail/{name}` with 503,
/// `/hang/{name}` never; `/gate/{name}` answers with 503 until `POST /open`, and again after
/// `POST /close`. `GET /stats` tells what was taken, and forgets.
pub(crate) async fn serve() -> Result<()> {
    let app = Router::new()
        .route("/to/{name}", post(take))
        .route("/slow/{name}", post(take_slowly))
        .route("/fail/{name}", post(async || StatusCode::SERVICE_UNAVAILABLE))
        .route("/hang/{name}", post(hang))
        .route("/gate/{name}", post(pass_the_gate))
        .route("/open", post(async |State(world): State<Shared>| world.open.store(true, Relaxed)))
        .route("/close", post(async |State(world): State<Shared>| world.open.store(false, Relaxed)))
        .route("/stats", get(stats))
        .with_state(Shared::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?)?;
    Ok(axum::serve(listener, app).await?)
}

async fn take(State(world): State<Shared>, Path(name): Path<String>, body: Bytes) -> &'static str {
    world.note(name, &body);
    "ok"
}

async fn take_slowly(
    State(world): State<Shared>,
    Path(name): Path<String>,
    body: Bytes,
) -> &'static str {
    tokio::time::sleep(SLOW).await;
    world.note(name, &body);
    "ok"
}

async fn pass_the_gate(
    State(world): State<Shared>,
    Path(name): Path<String>,
    body: Bytes,
) -> StatusCode {
    if !world.open.load(Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    world.note(name, &body);
    StatusCode::OK
}

/// The time that the body says it was sent at, found without reading all of it.
fn sent_at(body: &[u8]) -> Option<u64> {
    const MARK: &[u8] = b"\"sent\":";
    let at = body.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let digits = body.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| u64::from(digit - b'0')).reduce(|number, digit| number * 10 + digit)
}

/// Counts down when a hanging call is given up by the caller.
struct UnderWay(Shared, String);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(seen) = self.0.paths().get_mut(&self.1) {
            seen.under_way = seen.under_way.saturating_sub(1);
        }
    }
}

async fn hang(State(world): State<Shared>, Path(name): Path<String>, _body: Bytes) {
    let _counted = UnderWay(Arc::clone(&world), name.clone());
    {
        let mut paths = world.paths();
        let seen = paths.entry(name).or_default();
        seen.under_way += 1;
        seen.most_under_way = seen.most_under_way.max(seen.under_way);
    }
    std::future::pending::<()>().await;
}

async fn stats(State(world): State<Shared>) -> String {
    let paths: serde_json::Map<String, Value> = world
        .paths()
        .iter_mut()
        .map(|(name, seen)| {
            let times = std::mem::take(&mut seen.times);
            (name.clone(), json!({"times": times, "most_under_way": seen.most_under_way}))
        })
        .collect();
    Value::Object(paths).to_string()
}

/// What the receiver at `url` has seen since it was last asked: by path name.
pub(crate) async fn ask(client: &reqwest::Client, url: &str) -> Result<HashMap<String, Stats>> {
    let text = client.get(format!("{url}/stats")).send().await?.text().await?;
    let value: Value = serde_json::from_str(&text)?;
    let paths = value.as_object().context("no statistics")?;
    Ok(paths
        .iter()
        .map(|(name, seen)| {
            let times = seen.get("times").and_then(Value::as_array).into_iter().flatten();
            let times = times.filter_map(Value::as_u64).collect();
            let most = seen.get("most_under_way").and_then(Value::as_u64).unwrap_or_default();
            (name.clone(), Stats { times, most_under_way: most })
        })
        .collect())
}

/// What one path has seen.
pub(crate) struct Stats {
    /// From sending to arrival, in microseconds.
    pub(crate) times: Vec<u64>,
    /// The most calls that hung at once.
    pub(crate) most_under_way: u64,
}
