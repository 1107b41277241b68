//! For the machines that watch: is it alive, does it work, what does it do.
//!
//! Alive means that the process answers. Ready means that a message would be kept: the store is
//! asked to write something, at most once a second however many ask, and an answer that does not
//! come within two seconds is a no. A hub that is stopping is alive and not ready.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::sync::Mutex;

use crate::app::{App, Shared};
use crate::problem::{Problem, no_such_page};

/// How long the store may take to write a line.
const STORE_PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer of the store is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What the store said last, and when. Whoever asks meanwhile waits for the one who asks the store.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Result<(), &'static str>)>>,
}

impl Readiness {
    async fn check(&self, app: &App) -> Result<(), &'static str> {
        if app.stopping.is_cancelled() || app.hub.stopping().is_cancelled() {
            return Err("the hub is stopping");
        }
        let mut last = self.last.lock().await;
        if let Some((asked_at, said)) = *last
            && asked_at.elapsed() < GOOD_FOR
        {
            return said;
        }
        let said =
            match tokio::time::timeout(STORE_PATIENCE, app.hub.store().check_writable()).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the hub is not ready: {error}");
                    Err("the store cannot be written; the hub's log says why")
                }
                Err(_) => Err("the store does not answer"),
            };
        *last = Some((Instant::now(), said));
        said
    }
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<Shared>) -> Result<&'static str, Problem> {
    let told = |why: &'static str| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", why).retry_after(1)
    };
    app.readiness.check(&app).await.map(|()| "ready").map_err(told)
}

/// Everything that is counted, in the text format of Prometheus. What is a level, not a count, is
/// measured when it is asked for.
async fn metrics(State(app): State<Shared>, uri: http::Uri) -> Result<Response, Problem> {
    let Some(handle) = &app.settings.metrics else { return Err(no_such_page(uri).await) };
    let waiting = app.hub.store().waiting().await?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float; nobody has 2^52 deliveries"
    )]
    metrics::gauge!("fieldpost_deliveries_waiting").set(waiting as f64);
    handle.run_upkeep();
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((text, handle.render()).into_response())
}
