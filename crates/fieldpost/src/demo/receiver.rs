//! The receiver of the demo: one small server that plays the systems that data goes to.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// How often the registry fails before it takes a delivery.
const REGISTRY_FAILURES: u32 = 2;

/// How often the registry has met each delivery, by its `webhook-id`.
type Met = Arc<Mutex<HashMap<String, u32>>>;

/// A receiver that listens until it is dropped.
pub(super) struct Receiver {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts on a free port of this machine.
    pub(super) async fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/warehouse", post(warehouse))
            .route("/registry", post(registry))
            .route("/ministry", post(ministry))
            .route("/people", post(people))
            .route("/people/", post(people))
            .with_state(Met::default());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the demo's receiver ended: {error}");
            }
        });
        Ok(Self { address, server })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn warehouse() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn registry(State(met): State<Met>, headers: HeaderMap) -> (StatusCode, &'static str) {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
    let times = met.entry(id.to_owned()).or_default();
    *times += 1;
    if *times > REGISTRY_FAILURES {
        (StatusCode::CREATED, "registered")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the registry is being restarted")
    }
}

async fn ministry() -> (StatusCode, &'static str) {
    (StatusCode::UNPROCESSABLE_ENTITY, "the field \"district\" is missing")
}

async fn people() -> (StatusCode, axum::Json<serde_json::Value>) {
    (StatusCode::CREATED, axum::Json(serde_json::json!({ "number": 1 })))
}
