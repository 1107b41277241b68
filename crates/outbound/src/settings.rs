//! What the operator can set about outgoing requests, with a default for each.

use std::time::Duration;

use crate::guard::AllowNetworks;
use crate::profile::ProfileError;

/// The operator's settings for everything that leaves by HTTP.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// Networks that are refused by default and may be dialled all the same.
    pub allow_networks: AllowNetworks,
    /// Networks beside the public ones that links of messages may lead to at other origins than that of
    /// their connection. No setting of the hub opens any: only tests do.
    pub link_networks: AllowNetworks,
    /// The longest that name lookup, dialling and the TLS handshake may take together. A
    /// connection with a shorter `timeout` ends earlier.
    pub connect_timeout: Duration,
    /// How many bytes of an answer's body are kept with the attempt.
    pub response_body_kept: usize,
    /// How many bytes of an answer's body are read before the connection is dropped. Reading a
    /// little more than is kept lets the connection be used again; reading on forever does not.
    pub response_body_read: usize,
    /// What the hub calls itself in `user-agent`.
    pub user_agent: String,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            allow_networks: AllowNetworks::default(),
            link_networks: AllowNetworks::default(),
            connect_timeout: Duration::from_secs(10),
            response_body_kept: 64 * 1024,
            response_body_read: 1024 * 1024,
            user_agent: concat!("fieldpost/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Why the client could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The `user-agent` setting cannot stand in a header.
    #[error(
        "The user agent {value:?} cannot be sent. Hint: use printable characters without line breaks."
    )]
    UserAgent {
        /// The setting as it was given.
        value: String,
    },
    /// The TLS library refused its own configuration.
    #[error("TLS for outgoing requests cannot be set up: {0}")]
    Tls(String),
    /// The HTTP client refused its configuration.
    #[error("The client for outgoing requests cannot be set up: {0}")]
    Client(reqwest::Error),
}

impl From<ProfileError> for OutboundError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Tls(error) => Self::Tls(error.to_string()),
            ProfileError::Client(error) => Self::Client(error),
        }
    }
}
