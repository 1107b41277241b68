//! `/`: one small page, to see what comes in and where it goes.
//!
//! It is a client of the API like any other. It asks for the administrator's token, and keeps it
//! for as long as its tab is open.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use crate::app::Shared;
use crate::html::{self, CSS, HTML, JAVASCRIPT};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(page))
        .route("/assets/page.css", get(styles))
        .route("/assets/page.js", get(script))
}

async fn page() -> Response {
    html::file(HTML, include_str!("../assets/page.html"))
}

async fn styles() -> Response {
    html::file(CSS, include_str!("../assets/page.css"))
}

async fn script() -> Response {
    html::file(JAVASCRIPT, include_str!("../assets/page.js"))
}
