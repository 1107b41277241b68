//! The receivers: where phones send filled forms, and get the forms to fill in.
//!
//! ```text
//!   /p/<project>/submission, /formList, /forms/…      ODK Collect, KoboCollect, Enketo
//!   /p/<project>/key/<secret>/…                       the same, with the proof in the address
//!   /a/<project>/receiver/…                           CommCare
//! ```
//!
//! ```text
//!   gate ──► upload ──► submission ──► the engine
//!   who      pieces      what the sender is told
//! ```
//!
//! A source owns the paths of its dialect by saying who may post to them (`access`). Photos and the
//! like go to files as they come and are never whole in memory; the form itself is. Whatever is the
//! matter is told as an `OpenRosaResponse`, since that is what phones show.

mod answer;
pub(crate) mod digest;
mod forms;
mod gate;
pub(crate) mod pieces;
mod submission;
pub(crate) mod upload;

use axum::Router;
use axum::routing::any;
use fieldpost_engine::SourceRoute;
use fieldpost_model::source::Dialect;
use fieldpost_rules::openrosa::Flavour;
use http::StatusCode;
use http::request::Parts;

use crate::app::{App, Shared};
use crate::problem::Problem;

pub(crate) use forms::FormDigests;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{project}/submission", any(submission::openrosa))
        .route("/p/{project}/key/{key}/submission", any(submission::openrosa))
        .route("/p/{project}/formList", any(forms::list))
        .route("/p/{project}/key/{key}/formList", any(forms::list))
        .route("/p/{project}/forms/{*rest}", any(forms::of_a_form))
        .route("/p/{project}/key/{key}/forms/{*rest}", any(forms::of_a_form))
        .route("/a/{project}/receiver", any(submission::commcare))
        .route("/a/{project}/receiver/", any(submission::commcare))
        .route("/a/{project}/receiver/{*rest}", any(submission::commcare))
}

/// Where a request came in.
#[derive(Clone, Debug)]
struct Door {
    project: String,
    /// The secret of a key, where it stands in the address.
    key: Option<String>,
    flavour: Flavour,
}

impl Door {
    /// The source that owns the receiver paths; nobody but those whom it lets in gets the answer.
    async fn enter(&self, app: &App, request: &Parts) -> Result<SourceRoute, Turned> {
        let dialect = match self.flavour {
            Flavour::Odk | Flavour::Kobo => Dialect::Openrosa,
            Flavour::Commcare => Dialect::Commcare,
        };
        let found = app.hub.find_receiver(&self.project, dialect).await.map_err(Problem::from)?;
        let route = found.ok_or_else(no_receiver)?;
        let source = route.source().ok_or_else(no_receiver)?;
        let installation = app.hub.receiver_key().await.map_err(Problem::from)?;
        gate::admit(app, installation, &route, self, request)?;
        if !source.enabled {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "source-disabled",
                "this receiver does not take anything at present",
            )
            .hint("whoever looks after the project can enable its source")
            .into());
        }
        Ok(route)
    }
}

/// Why somebody is turned away.
#[derive(Debug)]
struct Turned {
    problem: Problem,
    /// How to prove oneself, where that is what is missing.
    challenges: Vec<String>,
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self { problem, challenges: Vec::new() }
    }
}

fn no_receiver() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-receiver", "nothing is received at this address")
        .hint("the project needs a source with `access`, and the address the project's name")
}
