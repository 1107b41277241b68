//! The client: one call, from the prepared connection to the recorded exchange.

use std::sync::Arc;

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection::Connection;
use http::header::HeaderValue;
use rustls::RootCertStore;

use crate::exchange::{Caller, Exchange};
use crate::prepared::Prepared;
use crate::profile::Profiles;
use crate::request::{Call, assemble, method};
use crate::resolver::GuardedResolver;
use crate::response::Deadline;
use crate::settings::{OutboundError, OutboundSettings};
use crate::tls;
use crate::tokens::{MemoryTokens, TokenStore};

/// The one HTTP client of the hub. Copies share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) profiles: Profiles,
    tokens: Arc<dyn TokenStore>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) settings: OutboundSettings,
}

impl Client {
    /// Makes the client. It trusts the certificate authorities of this machine, and keeps tokens
    /// for itself.
    pub fn new(settings: OutboundSettings) -> Result<Self, OutboundError> {
        Self::with_tokens(settings, Arc::new(MemoryTokens::default()))
    }

    /// Makes the client, which shares its tokens through the given store.
    pub fn with_tokens(
        settings: OutboundSettings,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Self, OutboundError> {
        let resolver = GuardedResolver::new(settings.allow_networks.clone());
        Self::assembled_from(settings, resolver, tls::trusted_authorities(), tokens)
    }

    /// Makes the client of given parts, so that tests have a name service and an authority of
    /// their own.
    pub(crate) fn assembled_from(
        settings: OutboundSettings,
        resolver: GuardedResolver,
        authorities: RootCertStore,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Self, OutboundError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| OutboundError::UserAgent { value: settings.user_agent.clone() })?;
        let profiles = Profiles::new(resolver, authorities, settings.connect_timeout)?;
        Ok(Self { shared: Arc::new(Shared { profiles, tokens, user_agent, settings }) })
    }

    /// Reads a connection once, for all the calls that will be made to it. The error is what an
    /// attempt on this connection records.
    pub fn prepare(
        &self,
        project: &ProjectName,
        connection: &Connection,
    ) -> Result<Prepared, AttemptError> {
        let Shared { profiles, tokens, settings, .. } = &*self.shared;
        Prepared::new(project, connection, &settings.allow_networks, profiles, tokens)
    }

    /// Makes one call. It ends by the connection's time limit, whatever the destination does.
    pub async fn send(&self, prepared: &Prepared, call: Call<'_>) -> Exchange {
        let Shared { settings, user_agent, .. } = &*self.shared;
        let deadline = Deadline::starting_now(prepared.timeout);
        let assembled = match assemble(prepared, method(call.method), &call, user_agent) {
            Ok(assembled) => assembled,
            Err(error) => return Exchange::unsent(deadline.elapsed(), error),
        };
        let caller = Caller { prepared, settings, user_agent, deadline, began: call.now };
        caller.converse(assembled, call.body).await.exchange
    }
}

#[cfg(test)]
mod tests;
