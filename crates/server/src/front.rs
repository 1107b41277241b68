//! The front door: which surface a request is for.
//!
//! The inbox, whose requests are many and small, is told by its path alone and goes no further;
//! everything else goes through the router. Requests are counted here, by surface and status.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use metrics::Counter;
use tower::ServiceExt as _;

use crate::app::Shared;
use crate::client_address::client_address;
use crate::{
    api, application, data, health, inbox, pages, problem, receiver, unsubscribe, wcs, webhook,
};

/// The way to all surfaces. Clones are cheap.
#[derive(Clone)]
pub(crate) struct Front {
    app: Shared,
    api: Router,
    others: Router,
    /// Counts the inbox's every yes: looking it up by its labels costs more than counting.
    taken: Counter,
}

impl Front {
    pub(crate) fn new(app: Shared) -> Self {
        let others = Router::new()
            .merge(webhook::router())
            .merge(receiver::router())
            .merge(pages::router())
            .merge(data::router())
            .merge(wcs::router())
            .merge(health::router())
            .merge(application::router())
            .merge(unsubscribe::router())
            .fallback(application::otherwise)
            .method_not_allowed_fallback(problem::wrong_method)
            .with_state(Arc::clone(&app));
        Self { api: api::router(&app), others, app, taken: counter("inbox", StatusCode::OK) }
    }

    /// Answers one request, which came over a socket from `peer`.
    pub(crate) async fn answer(
        self,
        mut request: Request<Incoming>,
        peer: IpAddr,
    ) -> Result<Response<Body>, Infallible> {
        let surface = surface(request.uri().path());
        let answer = match surface {
            "inbox" => {
                self.note_client(&mut request, peer);
                inbox::answer(&self.app, request).await
            }
            "api" => {
                self.note_client(&mut request, peer);
                self.api.oneshot(request).await?
            }
            "receiver" | "form" | "data" | "wcs" | "webhook" => {
                self.note_client(&mut request, peer);
                self.others.oneshot(request).await?
            }
            _ => self.others.oneshot(request).await?,
        };
        match (surface, answer.status()) {
            ("inbox", StatusCode::OK) => self.taken.increment(1),
            (surface, status) => counter(surface, status).increment(1),
        }
        Ok(answer)
    }

    /// Notes with a request who sent it.
    fn note_client(&self, request: &mut Request<Incoming>, peer: IpAddr) {
        let trusted = &self.app.settings.trusted_proxies;
        self.app.unbelieved_proxies.look_at(peer, request.headers(), trusted);
        let client = client_address(peer, request.headers(), trusted);
        request.extensions_mut().insert(client);
    }
}

fn counter(surface: &'static str, status: StatusCode) -> Counter {
    let status = status.as_str().to_owned();
    metrics::counter!("fieldpost_requests_total", "surface" => surface, "status" => status)
}

/// The surface that a path belongs to, as it is called in the metrics.
fn surface(path: &str) -> &'static str {
    let part = |place| path.split('/').nth(place);
    match part(1) {
        Some("p") if part(3) == Some("api") && part(4) != Some("v2") => "wcs",
        Some("a" | "p") if part(3) == Some("api") => "data",
        Some("api") if part(2).is_some_and(|word| wcs::WORDS.contains(&word)) => "wcs",
        Some("inbox") => "inbox",
        Some("i") => "webhook",
        Some("p") if !is_receiver(path) => "form",
        Some("a" | "p") => "receiver",
        Some("api") => "api",
        Some("healthz" | "readyz" | "metrics") => "health",
        _ => "page",
    }
}

/// Whether a path below a project is one of OpenRosa; the others are pages of forms.
fn is_receiver(path: &str) -> bool {
    matches!(path.split('/').nth(3), Some("submission" | "formList" | "forms" | "key"))
}
