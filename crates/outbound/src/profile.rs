//! One HTTP client for each distinct way of doing TLS, all of them guarded alike.
//!
//! Idle connections belong to a client, so connections that differ in whom they trust must never
//! share one: a call of a careful connection could travel over what a careless one had opened.
//! Most connections have no TLS options, and all of those share the default client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use fieldpost_model::connection::Tls;
use fieldpost_model::secret::Secret;
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};
use sha2::{Digest as _, Sha256};

use crate::guard::AllowNetworks;
use crate::resolver::GuardedResolver;
use crate::settings::OutboundError;
use crate::tls::{self, UnusableTls};

/// How many idle connections to one host are held for the next call; more than a lane is usually
/// wide, since a lane that cannot park its connections dials for every call.
const IDLE_CONNECTIONS_PER_HOST: usize = 128;

/// How long an idle connection is held. Many servers close theirs after a minute or a little more,
/// and a call that meets the closing fails for nothing.
const IDLE_CONNECTION_LIFE: Duration = Duration::from_secs(30);

/// An HTTP client, and how it does TLS.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) http: reqwest::Client,
    pub(crate) tls: Arc<ClientConfig>,
}

/// Makes profiles, and gives out one that exists already to whoever wants the same.
#[derive(Debug)]
pub(crate) struct Profiles {
    resolver: GuardedResolver,
    authorities: RootCertStore,
    connect_timeout: Duration,
    default: Arc<Profile>,
    links: Arc<Profile>,
    /// By digest of the options. A profile ends with the last connection that uses it.
    others: Mutex<HashMap<[u8; 32], Weak<Profile>>>,
}

/// Why a profile could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    #[error(transparent)]
    Tls(#[from] UnusableTls),
    #[error("the HTTP client refused its configuration: {0}")]
    Client(#[from] reqwest::Error),
}

impl Profiles {
    pub(crate) fn new(
        resolver: GuardedResolver,
        authorities: RootCertStore,
        connect_timeout: Duration,
        link_networks: AllowNetworks,
    ) -> Result<Self, OutboundError> {
        let options = Tls::default();
        let of_links = resolver.judging_by(link_networks);
        let links = profile(&of_links, authorities.clone(), connect_timeout, &options)?;
        let default = profile(&resolver, authorities.clone(), connect_timeout, &options)?;
        let others = Mutex::default();
        let (default, links) = (Arc::new(default), Arc::new(links));
        Ok(Self { resolver, authorities, connect_timeout, default, links, others })
    }

    /// The profile for these options.
    pub(crate) fn of(&self, options: &Tls) -> Result<Arc<Profile>, ProfileError> {
        if *options == Tls::default() {
            return Ok(self.plain());
        }
        let digest = digest(options);
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(&digest).and_then(Weak::upgrade) {
            return Ok(known);
        }
        others.retain(|_, profile| profile.strong_count() > 0);
        let authorities = self.authorities.clone();
        let made = profile(&self.resolver, authorities, self.connect_timeout, options)?;
        let made = Arc::new(made);
        others.insert(digest, Arc::downgrade(&made));
        Ok(made)
    }

    /// The profile for no options at all.
    pub(crate) fn plain(&self) -> Arc<Profile> {
        Arc::clone(&self.default)
    }

    /// The profile for where links of messages lead: it dials no address that the operator opened for
    /// connections.
    pub(crate) fn for_links(&self) -> Arc<Profile> {
        Arc::clone(&self.links)
    }

    /// The longest that dialling may take.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// What every profile resolves names with.
    pub(crate) fn resolver(&self) -> &GuardedResolver {
        &self.resolver
    }
}

fn profile(
    resolver: &GuardedResolver,
    authorities: RootCertStore,
    connect_timeout: Duration,
    options: &Tls,
) -> Result<Profile, ProfileError> {
    let tls = tls::configuration(authorities, options)?;
    #[expect(clippy::disallowed_methods, reason = "this is where guarded clients are made")]
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(resolver.clone())
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
        .pool_idle_timeout(IDLE_CONNECTION_LIFE)
        .build()?;
    Ok(Profile { http, tls: Arc::new(tls) })
}

fn digest(
    Tls { authorities, client_certificate, client_key, client_key_passphrase, skip_verification }: &Tls,
) -> [u8; 32] {
    let mut digest = Sha256::new();
    let key = client_key.as_ref().map(Secret::expose);
    let passphrase = client_key_passphrase.as_ref().map(Secret::expose);
    for text in [authorities.as_deref(), client_certificate.as_deref(), key, passphrase] {
        // The length goes in as well, so that no text can pass for the end of another.
        digest.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        digest.update(text.unwrap_or_default());
    }
    digest.update([u8::from(*skip_verification)]);
    digest.finalize().into()
}
