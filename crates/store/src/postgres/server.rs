//! The PostgreSQL server that an operator named: how it is reached, and whether in secret.
//!
//! The URL decides, as everywhere: with `sslmode=require` the connection is encrypted, and the
//! server must show a certificate for its name from an authority that this machine trusts
//! (`SSL_CERT_FILE` names further ones). Without it the connection is as it always was, in the
//! clear, for a server on the same machine or in a closed network. There is nothing in between: a
//! connection that falls back to the clear when somebody asks it to protects nobody.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// How long a request waits for a connection before it is told that the store is not available.
pub(super) const CONNECTION_WAIT: Duration = Duration::from_secs(3);
/// After so long without a word from the server the kernel asks whether it is still there, this
/// often, this far apart; an answer to nobody must not hold up accepting for long.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMES: u32 = 3;

/// Where the database is.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    encryption: MakeRustlsConnect,
}

/// An open connection: it is served by whoever polls it.
pub(crate) type Served = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

impl Server {
    /// Reads the setting. `name` is what the server's own lists call the connections.
    pub(crate) fn parse(url: &str, name: &str) -> Result<Self, StoreError> {
        let mut config = Config::from_str(url)
            .map_err(|error| StoreError::Open(format!("--database cannot be read: {error}")))?;
        if config.get_ssl_mode() != SslMode::Require {
            config.ssl_mode(SslMode::Disable);
        }
        config
            .connect_timeout(CONNECTION_WAIT)
            .application_name(name)
            .keepalives_idle(KEEPALIVE_AFTER)
            .keepalives_interval(KEEPALIVE_EVERY)
            .keepalives_retries(KEEPALIVE_TIMES)
            .tcp_user_timeout(KEEPALIVE_AFTER);
        Ok(Self { config, encryption: encryption()? })
    }

    /// Connects. The client works while somebody polls the connection.
    pub(crate) async fn connect(&self) -> Result<(Client, Served), tokio_postgres::Error> {
        self.config.connect(self.encryption.clone()).await
    }

    /// What a pool makes its connections with.
    pub(crate) fn manager(&self) -> Manager {
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        Manager::from_config(self.config.clone(), self.encryption.clone(), settings)
    }
}

/// TLS 1.2 and 1.3, with the authorities of the machine.
fn encryption() -> Result<MakeRustlsConnect, StoreError> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Open(error.to_string()))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(client))
}
