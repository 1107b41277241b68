//! A connection made ready to be called.
//!
//! Reading a URL, encoding credentials and keying signatures is the same for every delivery of a
//! connection; it is done once, and the result is shared by all deliveries of that lane.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, AttemptResponse, ErrorKind};
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::secret::Secret;
use fieldpost_rules::redact;
use http::header::HeaderValue;
use url::Url;

use crate::address::{host_header, judge_host, read_url, unbuildable};
use crate::auth::{Preparation, Proof};
use crate::guard::AllowNetworks;
use crate::hiding;
use crate::profile::{Profile, Profiles};
use crate::signing::Signer;
use crate::tables::{Database, Door, Target, is_database};
use crate::tokens::TokenStore;

/// What an error message calls the connection's URL.
pub(crate) const CONNECTION_URL: &str = "The connection's URL";

/// A connection whose URL was read and judged and whose credentials are ready to be sent.
///
/// It is made by [`Client::prepare`](crate::Client::prepare) and stays good until the connection
/// is changed. Copies share what the connection learns: its token, its digest nonces.
#[derive(Clone)]
pub struct Prepared {
    /// The name of the connection.
    pub(crate) name: String,
    /// Without user name, password and fragment: those are never part of a request line.
    pub(crate) url: Url,
    /// The `host` header that belongs to the URL.
    pub(crate) host: HeaderValue,
    /// Proves who the hub is.
    pub(crate) proof: Arc<Proof>,
    /// The longest that one attempt may take.
    pub(crate) timeout: Duration,
    /// Signs what is sent, where the connection has a secret for it.
    pub(crate) signer: Option<Signer>,
    /// The HTTP client that does TLS as the connection wants it.
    pub(crate) profile: Arc<Profile>,
    /// The HTTP client for other origins that the destination redirects to.
    pub(crate) profile_elsewhere: Arc<Profile>,
    /// The HTTP client for other origins that a link of a message leads to.
    pub(crate) profile_of_links: Arc<Profile>,
    /// The database that it is, where it is one: rows are written to it, and no requests sent.
    pub(crate) database: Option<Arc<Database>>,
    /// Everything that must not be read in a record of a call.
    secrets: Vec<Secret>,
}

impl Prepared {
    /// Reads a connection. The error is the one that an attempt records: `build` for what cannot
    /// be sent, `refused` for an address that may not be dialled, `tls` for certificates and keys
    /// that cannot be used.
    pub(crate) fn new(
        project: &ProjectName,
        connection: &Connection,
        allow_networks: &AllowNetworks,
        profiles: &Profiles,
        tokens: &Arc<dyn TokenStore>,
    ) -> Result<Self, AttemptError> {
        if is_database(&connection.url) {
            return Self::of_database(project, connection, profiles);
        }
        let mut url = read_url(&connection.url, CONNECTION_URL)?;
        judge_host(&url, CONNECTION_URL, allow_networks)?;
        let mut preparation = Preparation {
            project,
            connection: &connection.name,
            allow_networks,
            tokens,
            secrets: Vec::new(),
        };
        let mut proof = Proof::prepare(&connection.authentication, &mut preparation)?;
        let mut secrets = preparation.secrets;
        if let Some((username, password)) = take_user_information(&mut url)? {
            proof.prove_user_of_url(&username, &password, &mut secrets)?;
        }
        Ok(Self {
            name: connection.name.clone(),
            host: host_header(&url)?,
            url,
            proof: Arc::new(proof),
            timeout: connection.timeout,
            signer: signer(connection)?,
            profile: profile(project, connection, profiles)?,
            profile_elsewhere: profiles.plain(),
            profile_of_links: profiles.for_links(),
            database: None,
            secrets,
        })
    }

    /// Reads a connection that is a database. Its address is judged when it is dialled.
    fn of_database(
        project: &ProjectName,
        connection: &Connection,
        profiles: &Profiles,
    ) -> Result<Self, AttemptError> {
        let target = Target::read(&connection.url, CONNECTION_URL)?;
        let mut url = Url::parse(connection.url.trim())
            .map_err(|error| unbuildable(format!("{CONNECTION_URL} cannot be read: {error}")))?;
        let of_url = take_user_information(&mut url)?;
        let credentials = match &connection.authentication {
            Authentication::None => of_url,
            Authentication::Basic { username, password } => {
                Some((username.clone(), password.clone()))
            }
            _ => {
                return Err(unbuildable(
                    "A database is opened with a user name and a password, which `auth.basic` \
                     gives, and with nothing else",
                ));
            }
        };
        let secrets = credentials.iter().map(|(_, password)| password.clone()).collect();
        let profile = profile(project, connection, profiles)?;
        let host = HeaderValue::from_str(&target.authority())
            .map_err(|_| unbuildable(format!("{CONNECTION_URL} names a host that cannot be")))?;
        let limit = profiles.connect_timeout().min(connection.timeout);
        let resolver = profiles.resolver().clone();
        let door = Door::new(target, credentials, &profile.tls, resolver, limit);
        let database = Database::new(door, connection.timeout, connection.concurrency);
        Ok(Self {
            name: connection.name.clone(),
            url,
            host,
            proof: Arc::new(Proof::Fixed(Vec::new())),
            timeout: connection.timeout,
            signer: None,
            profile,
            profile_elsewhere: profiles.plain(),
            profile_of_links: profiles.for_links(),
            database: Some(Arc::new(database)),
            secrets,
        })
    }

    /// Takes the connection's secrets, and those that were got for one call, out of a text,
    /// whoever put them there.
    pub(crate) fn scrub(&self, text: &str, got: &[Secret]) -> String {
        redact::scrub(text, &self.secrets_and(got))
    }

    /// The same for an answer, of whose body `body_kept` bytes are kept at most, and which may have
    /// broken off.
    pub(crate) fn hide(
        &self,
        answer: &mut AttemptResponse,
        got: &[Secret],
        body_kept: usize,
        broke_off: bool,
    ) {
        hiding::hide(answer, &self.secrets_and(got), body_kept, broke_off);
    }

    fn secrets_and<'a>(&'a self, got: &'a [Secret]) -> Vec<&'a str> {
        self.secrets.iter().chain(got).map(Secret::expose).collect()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, timeout, .. } = self;
        formatter
            .debug_struct("Prepared")
            .field("host", host)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

/// Takes `user:password@` out of the URL.
fn take_user_information(url: &mut Url) -> Result<Option<(String, Secret)>, AttemptError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let username = percent_decoded(url.username());
    let password = Secret::new(percent_decoded(url.password().unwrap_or_default()));
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| unbuildable("The user name cannot be taken out of the URL"))?;
    Ok(Some((username, password)))
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The HTTP client for the connection's TLS options.
fn profile(
    project: &ProjectName,
    connection: &Connection,
    profiles: &Profiles,
) -> Result<Arc<Profile>, AttemptError> {
    if connection.tls.skip_verification {
        let name = &connection.name;
        tracing::warn!(
            %project,
            connection = name,
            "the connection `{name}` of `{project}` takes any certificate: whoever stands on the \
             way can read and change what is sent, its credentials included"
        );
    }
    // No fault of the payload: it waits until somebody mends them.
    profiles.of(&connection.tls).map_err(|error| AttemptError {
        kind: ErrorKind::Tls,
        message: format!("The connection's TLS options cannot be used: {error}"),
    })
}

fn signer(connection: &Connection) -> Result<Option<Signer>, AttemptError> {
    let Some(secret) = &connection.signing_secret else { return Ok(None) };
    let secrets = std::iter::once(secret).chain(&connection.previous_signing_secret);
    Signer::new(secrets).map(Some).map_err(|error| {
        unbuildable(format!("The connection's signing secret cannot be used: {error}"))
    })
}
