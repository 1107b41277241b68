//! For the machines that watch: is it alive, does it work, what does it do.
//!
//! Alive means that the process answers. Ready means that a message would be kept and go on its
//! way: the loops that deliver are running, and the store is asked to write something, at most once
//! a second however many ask; an answer that does not come within two seconds is a no. A hub that
//! is stopping is alive and not ready.
//!
//! The counters need no store, so they are told when it is away as well: that is when somebody
//! looks at them.

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

/// How long the store may take to write a line, or to count.
const STORE_PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer of the store is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// The metric of the deliveries that wait.
const WAITING: &str = "fieldpost_deliveries_waiting";

/// What the store said last, and when. Whoever asks meanwhile waits for the one who asks the store.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Result<(), &'static str>)>>,
}

impl Readiness {
    async fn check(&self, app: &App) -> Result<(), &'static str> {
        let stopping = app.stopping.is_cancelled() || app.hub.stopping().is_cancelled();
        check_process(stopping, app.hub.workers_alive())?;
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

/// What is to be said of the process itself.
const fn check_process(stopping: bool, workers_alive: bool) -> Result<(), &'static str> {
    match (stopping, workers_alive) {
        (true, _) => Err("the hub is stopping"),
        (false, false) => {
            Err("a loop of the hub has ended, so deliveries wait; its log says why: restart it")
        }
        (false, true) => Ok(()),
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
/// measured when it is asked for, and left out where the store does not say it in time.
async fn metrics(State(app): State<Shared>, uri: http::Uri) -> Result<Response, Problem> {
    let Some(handle) = &app.settings.metrics else { return Err(no_such_page(uri).await) };
    let waiting = match tokio::time::timeout(STORE_PATIENCE, app.hub.store().waiting()).await {
        Ok(Ok(waiting)) => Some(waiting),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the store does not say what waits: {error}");
            None
        }
        Err(_) => None,
    };
    handle.run_upkeep();
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((text, handle.render() + &levels(waiting)).into_response())
}

/// The levels, in the same format. The recorder would go on telling the last one that it knew.
fn levels(waiting: Option<u64>) -> String {
    waiting.map_or_else(String::new, |waiting| {
        format!("# TYPE {WAITING} gauge\n{WAITING} {waiting}\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_while_its_loops_run_and_it_is_not_stopping() {
        assert_eq!(check_process(false, true), Ok(()));
        assert!(check_process(false, false).unwrap_err().contains("loop"));
        for workers_alive in [true, false] {
            assert!(check_process(true, workers_alive).unwrap_err().contains("stopping"));
        }
    }

    #[test]
    fn an_unknown_level_is_left_out() {
        let told = "# TYPE fieldpost_deliveries_waiting gauge\nfieldpost_deliveries_waiting 5\n";
        assert_eq!(levels(Some(5)), told);
        assert_eq!(levels(None), "");
    }
}
