//! What a change leaves in the audit log: who, what, to what, from where.
//!
//! Who and what are known from the request; a handler adds what only it knows. Nothing of a body is
//! taken by itself: it may hold a secret, or a person.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request};
use fieldpost_engine::Note;
use http::request::Parts;
use serde_json::{Map, Value};

use super::access::Addressed;
use super::parameters::boolean;
use super::principal::Principal;
use crate::client_address::ClientAddress;

/// Query parameters that say what a change does, and name nobody.
const TELLING: [&str; 2] = ["dry_run", "prune"];

/// What is noted beside what every request tells. Clones are handles to the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Audited {
    address: Option<IpAddr>,
    added: Arc<Mutex<Added>>,
}

#[derive(Debug, Default)]
struct Added {
    target: Option<String>,
    project: Option<String>,
    detail: Map<String, Value>,
}

impl Audited {
    /// What a request tells by itself.
    pub(super) fn of(request: &Request) -> Self {
        let address = request.extensions().get::<ClientAddress>().map(|client| client.0);
        let audited = Self { address, added: Arc::default() };
        let query = request.uri().query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // What cannot be read is refused, and changes nothing.
            if TELLING.contains(&&*name)
                && let Ok(value) = boolean(&name, Some(&value))
            {
                audited.detail(&name, value);
            }
        }
        audited
    }

    /// Adds a member to the detail. It must be no secret, and no part of a message.
    pub(super) fn detail(&self, name: &str, value: impl Into<Value>) {
        self.change(|added| drop(added.detail.insert(name.to_owned(), value.into())));
    }

    /// Names what was changed, where the address does not.
    pub(super) fn target(&self, target: impl Into<String>) {
        let target = target.into();
        self.change(|added| added.target = Some(target));
    }

    /// Names the project, where the address does not.
    pub(super) fn project(&self, project: impl Into<String>) {
        let project = project.into();
        self.change(|added| added.project = Some(project));
    }

    fn change(&self, change: impl FnOnce(&mut Added)) {
        change(&mut self.added.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The entry of the log.
    pub(super) fn note(&self, principal: &Principal, addressed: &Addressed) -> Note {
        let added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        let named = addressed.parameters.iter().rfind(|(name, _)| name != "project");
        let project = addressed.parameter("project").map(str::to_owned);
        Note {
            project: project.or_else(|| added.project.clone()),
            who: principal.who(),
            action: addressed.operation.action.unwrap_or_default().to_owned(),
            target: added.target.clone().or_else(|| named.map(|(_, value)| value.clone())),
            detail: Value::Object(added.detail.clone()).to_string(),
            address: self.address,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Audited {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
