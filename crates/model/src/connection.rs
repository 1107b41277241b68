//! A connection: a remote API, how to prove oneself to it, and how hard it may be used.

use std::time::Duration;

use crate::secret::Secret;

/// How the hub proves itself to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all.
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// `Authorization: Bearer <token>`.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// A key in a header of the destination's choosing.
    ApiKey {
        /// The header's name.
        header: String,
        /// The key.
        key: Secret,
    },
    /// Any headers, all secret.
    Headers(Vec<(String, Secret)>),
}

/// A connection as a project defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The name within the project; also the name of its lane.
    pub name: String,
    /// Where payloads are sent to, as written by the person.
    pub url: String,
    /// How the hub proves itself.
    pub authentication: Authentication,
    /// Who is told when the destination is in trouble.
    pub notify: Vec<String>,
    /// The longest that one attempt may take, from dialling to the last byte of the answer.
    pub timeout: Duration,
    /// How many attempts may be under way at once.
    pub concurrency: u32,
    /// The Standard Webhooks secret (`whsec_<base64>`); with one, everything sent is signed.
    pub signing_secret: Option<Secret>,
    /// Signs as well, while receivers change from this secret to the new one.
    pub previous_signing_secret: Option<Secret>,
}

/// `timeout` where a connection names none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// `concurrency` where a connection names none.
pub const DEFAULT_CONCURRENCY: u32 = 8;
