//! What steps may ask of the world, and how it is done for them.
//!
//! A job reaches nothing by itself. What it needs, its adaptors ask for by calls, and a [`StepHost`] answers
//! them: it is made for one step, of the [`Service`]s that this step may have. Whoever runs steps decides
//! which those are: `fieldpost job` and the hub give the same ones.
//!
//! * [`http`] makes requests, under the hub's rules about addresses.
//! * [`mail`] sends letters by the operator's relay.
//! * [`sql`] has databases do statements, by the same rules.
//!
//! Where nothing is to leave the house, a [`StandIn`] answers before any of them is asked.
//!
//! What a step proves itself with, its [`credential`], is made of a connection.
//!
//! A service never trusts its arguments: the other side of a call is a script, and one that may have broken
//! out of its engine.

pub mod credential;
pub mod http;
pub mod mail;
pub mod sql;
mod stand_in;

use std::fmt;
use std::sync::Arc;

use fieldpost_model::connection::Tls;
use fieldpost_model::secret::Secret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::protocol::{CallError, LogLine};
use crate::sandbox::{Answer, Host};

pub use stand_in::{Asker, StandIn};

/// One thing that a step may ask for.
pub trait Service: Send + Sync {
    /// The name that adaptors ask by.
    fn name(&self) -> &'static str;

    /// Does it.
    fn call(&self, arguments: Box<RawValue>) -> Answer<'_>;
}

/// The host of a step: what it may ask for, and who listens to its log.
pub struct StepHost<'a> {
    services: Vec<Box<dyn Service + 'a>>,
    stand_in: Option<(Arc<dyn StandIn>, Asker)>,
    log: Box<dyn Fn(LogLine) + Send + Sync + 'a>,
}

impl<'a> StepHost<'a> {
    /// A host that gives nothing yet.
    pub fn new(log: impl Fn(LogLine) + Send + Sync + 'a) -> Self {
        Self { services: Vec::new(), stand_in: None, log: Box::new(log) }
    }

    /// Has somebody answer in the place of the services, who is told which step asks.
    #[must_use]
    pub fn answered_by(mut self, stand_in: Option<Arc<dyn StandIn>>, asker: Asker) -> Self {
        self.stand_in = stand_in.map(|stand_in| (stand_in, asker));
        self
    }

    /// Gives the step one thing more.
    #[must_use]
    pub fn with(mut self, service: impl Service + 'a) -> Self {
        self.services.push(Box::new(service));
        self
    }
}

impl fmt::Debug for StepHost<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.services.iter().map(|it| it.name())).finish()
    }
}

impl Host for StepHost<'_> {
    fn call(&self, name: &str, arguments: Box<RawValue>) -> Answer<'_> {
        if let Some((stand_in, asker)) = &self.stand_in
            && let Some(answer) = stand_in.answer(asker, name, &arguments)
        {
            return Box::pin(async { answer });
        }
        if let Some(service) = self.services.iter().find(|service| service.name() == name) {
            return service.call(arguments);
        }
        let error = failure("no-such-call", format!("`{name}` cannot be had here"));
        Box::pin(async { Err(error) })
    }

    fn log(&self, line: LogLine) {
        (self.log)(line);
    }
}

/// How TLS is spoken with what a call leads to, as calls write it.
#[derive(Serialize, Deserialize)]
struct TlsOptions {
    ca: Option<String>,
    cert: Option<String>,
    key: Option<String>,
    #[serde(default)]
    passphrase: Option<String>,
    #[serde(default)]
    insecure: bool,
}

impl TlsOptions {
    fn read(&self) -> Tls {
        Tls {
            authorities: self.ca.clone(),
            client_certificate: self.cert.clone(),
            client_key: self.key.as_deref().map(Secret::new),
            client_key_passphrase: self.passphrase.as_deref().map(Secret::new),
            skip_verification: self.insecure,
        }
    }
}

/// Reads the arguments of a call.
pub fn read<T: DeserializeOwned>(arguments: &RawValue) -> Result<T, CallError> {
    serde_json::from_str(arguments.get())
        .map_err(|error| failure("bad-call", format!("The call cannot be read: {error}")))
}

/// Writes the answer to a call.
pub fn write(answer: &impl Serialize) -> Result<Box<RawValue>, CallError> {
    serde_json::value::to_raw_value(answer)
        .map_err(|error| failure("bad-answer", format!("The answer cannot be written: {error}")))
}

/// Why a call came to nothing.
pub fn failure(code: &str, message: impl Into<String>) -> CallError {
    CallError { code: code.to_owned(), message: message.into() }
}
