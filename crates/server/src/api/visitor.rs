//! Where a request comes from, as sessions and the audit log keep it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use fieldpost_engine::Visitor;
use http::header::USER_AGENT;
use http::request::Parts;

use crate::client_address::ClientAddress;

/// Where a request comes from.
pub(super) struct From(pub(super) Visitor);

impl<S: Sync> FromRequestParts<S> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self(Visitor {
            address: parts.extensions.get::<ClientAddress>().map(|client| client.0),
            agent: agent.map(str::to_owned),
        }))
    }
}
