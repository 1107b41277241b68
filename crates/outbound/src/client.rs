//! The client: one call, from the prepared connection to the recorded exchange.

use std::sync::Arc;

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, AttemptRequest};
use fieldpost_model::connection::Connection;
use http::header::HeaderValue;
use rustls::RootCertStore;

use crate::address::unbuildable;
use crate::exchange::{Caller, Exchange};
use crate::prepared::Prepared;
use crate::profile::Profiles;
use crate::request::{Call, assemble, method, record};
use crate::resolver::GuardedResolver;
use crate::response::Deadline;
use crate::room::AnswerRoom;
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
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) settings: OutboundSettings,
    /// Where the answers of all jobs find room.
    pub(crate) room: AnswerRoom,
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
        mut settings: OutboundSettings,
        resolver: GuardedResolver,
        authorities: RootCertStore,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Self, OutboundError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| OutboundError::UserAgent { value: settings.user_agent.clone() })?;
        settings.link_networks = settings.link_networks.for_links();
        let of_links = settings.link_networks.clone();
        let profiles = Profiles::new(resolver, authorities, settings.connect_timeout, of_links)?;
        let room = AnswerRoom::of_hub();
        Ok(Self { shared: Arc::new(Shared { profiles, tokens, user_agent, settings, room }) })
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

    /// What a call would send, as it would be recorded, without what proves who sends it. Nothing leaves.
    pub fn preview(
        &self,
        prepared: &Prepared,
        call: &Call<'_>,
    ) -> Result<AttemptRequest, AttemptError> {
        let assembled = assemble(prepared, method(call), call, &self.shared.user_agent)?;
        Ok(record(&assembled, prepared, &[], &call.body))
    }

    /// Makes one call. It ends by the connection's time limit, whatever the destination does.
    pub async fn send(&self, prepared: &Prepared, call: Call<'_>) -> Exchange {
        let Shared { settings, user_agent, .. } = &*self.shared;
        let deadline = Deadline::starting_now(prepared.timeout);
        if prepared.database.is_some() {
            let error = unbuildable(
                "The connection is a database: only what is a table can be sent to it; give the \
                 forwarder `format: table`",
            );
            return Exchange::unsent(deadline.elapsed(), error);
        }
        let assembled = match assemble(prepared, method(&call), &call, user_agent) {
            Ok(assembled) => assembled,
            Err(error) => return Exchange::unsent(deadline.elapsed(), error),
        };
        let caller = Caller {
            prepared,
            settings,
            user_agent,
            deadline,
            began: call.now,
            pieces: None,
            keeps_all: call.asking.is_some(),
        };
        caller.converse(assembled, call.body).await.exchange
    }
}

#[cfg(test)]
mod tests;
