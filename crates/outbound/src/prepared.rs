//! A connection made ready to be called.
//!
//! Reading a URL, encoding credentials and keying signatures is the same for every delivery of a
//! connection; it is done once, and the result is shared by all deliveries of that lane.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::secret::Secret;
use fieldpost_rules::redact;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use url::{Host, Url};

use crate::guard::AllowNetworks;
use crate::profile::{Profile, Profiles};
use crate::request::is_reserved;
use crate::signing::Signer;

/// A connection whose URL was read and judged and whose credentials are ready to be sent.
///
/// It is made by [`Client::prepare`](crate::Client::prepare) and stays good until the connection
/// is changed.
#[derive(Clone)]
pub struct Prepared {
    /// Without user name, password and fragment: those are never part of a request line.
    pub(crate) url: Url,
    /// The `host` header that belongs to the URL.
    pub(crate) host: HeaderValue,
    /// The headers that prove who the hub is; all are marked as sensitive.
    pub(crate) credentials: Vec<(HeaderName, HeaderValue)>,
    /// The longest that one attempt may take.
    pub(crate) timeout: Duration,
    /// Signs what is sent, where the connection has a secret for it.
    pub(crate) signer: Option<Signer>,
    /// The HTTP client that does TLS as the connection wants it.
    pub(crate) profile: Arc<Profile>,
    /// Everything that must not be read in an error message.
    secrets: Vec<Secret>,
}

impl Prepared {
    /// Reads a connection. The error is the one that an attempt records: `build` for what cannot
    /// be sent, `refused` for an address that may not be dialled.
    pub(crate) fn new(
        project: &ProjectName,
        connection: &Connection,
        allow_networks: &AllowNetworks,
        profiles: &Profiles,
    ) -> Result<Self, AttemptError> {
        let mut url = read_url(&connection.url)?;
        judge_host(&url, allow_networks)?;
        let mut secrets = Vec::new();
        let mut credentials = credentials(&connection.authentication, &mut secrets)?;
        if let Some(header) = take_user_information(&mut url, &mut secrets)?
            && credentials.iter().all(|(name, _)| *name != AUTHORIZATION)
        {
            credentials.push((AUTHORIZATION, header));
        }
        Ok(Self {
            host: host_header(&url)?,
            url,
            credentials,
            timeout: connection.timeout,
            signer: signer(connection)?,
            profile: profile(project, connection, profiles)?,
            secrets,
        })
    }

    /// Takes the connection's secrets out of a text, whoever put them there.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let secrets: Vec<&str> = self.secrets.iter().map(Secret::expose).collect();
        redact::scrub(text, &secrets)
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

/// A `build` error.
pub(crate) fn unbuildable(message: impl Into<String>) -> AttemptError {
    AttemptError { kind: ErrorKind::Build, message: message.into() }
}

/// A header value that neither logs nor records show.
fn sensitive(value: &[u8], what: impl fmt::Display) -> Result<HeaderValue, AttemptError> {
    let mut value = HeaderValue::from_bytes(value).map_err(|_| {
        unbuildable(format!("{what} cannot be sent: it holds a line break or a control character"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn read_url(text: &str) -> Result<Url, AttemptError> {
    // The text itself stays out of the message: it may hold a password.
    let mut url = Url::parse(text.trim())
        .map_err(|error| unbuildable(format!("The connection's URL cannot be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unbuildable(format!(
            "The connection's URL begins with {}:, only http: and https: can be called",
            url.scheme()
        )));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Judges an address that stands in the URL itself: such a one never passes the resolver.
fn judge_host(url: &Url, allow_networks: &AllowNetworks) -> Result<(), AttemptError> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
        _ => return Err(unbuildable("The connection's URL names no host")),
    };
    allow_networks.judge(address).map_err(|refusal| AttemptError {
        kind: ErrorKind::Refused,
        message: format!("The connection is not called: {refusal}"),
    })
}

fn host_header(url: &Url) -> Result<HeaderValue, AttemptError> {
    let host = url.host_str().unwrap_or_default();
    let text = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::from_str(&text)
        .map_err(|_| unbuildable(format!("The host {text:?} cannot be sent")))
}

/// Takes `user:password@` out of the URL and makes it the Basic credentials that it stands for.
fn take_user_information(
    url: &mut Url,
    secrets: &mut Vec<Secret>,
) -> Result<Option<HeaderValue>, AttemptError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let password = Secret::new(percent_decoded(url.password().unwrap_or_default()));
    let header = basic(&percent_decoded(url.username()), &password, secrets)?;
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| unbuildable("The user name cannot be taken out of the URL"))?;
    Ok(Some(header))
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn credentials(
    authentication: &Authentication,
    secrets: &mut Vec<Secret>,
) -> Result<Vec<(HeaderName, HeaderValue)>, AttemptError> {
    match authentication {
        Authentication::None => Ok(Vec::new()),
        Authentication::Basic { username, password } => {
            Ok(vec![(AUTHORIZATION, basic(username, password, secrets)?)])
        }
        Authentication::Bearer { token } => {
            secrets.push(token.clone());
            let value = format!("Bearer {}", token.expose());
            Ok(vec![(AUTHORIZATION, sensitive(value.as_bytes(), "The bearer token")?)])
        }
        Authentication::ApiKey { header, key } => Ok(vec![secret_header(header, key, secrets)?]),
        Authentication::Headers(headers) => {
            headers.iter().map(|(name, value)| secret_header(name, value, secrets)).collect()
        }
        Authentication::Digest { .. }
        | Authentication::Oauth2(_)
        | Authentication::Login(_)
        | Authentication::SignedUrl(_) => {
            Err(unbuildable("This kind of authentication cannot be used yet"))
        }
    }
}

fn basic(
    username: &str,
    password: &Secret,
    secrets: &mut Vec<Secret>,
) -> Result<HeaderValue, AttemptError> {
    if username.contains(':') {
        return Err(unbuildable(format!(
            "The user name {username:?} holds a colon, which HTTP Basic cannot carry"
        )));
    }
    let encoded = STANDARD.encode(format!("{username}:{}", password.expose()));
    let header = sensitive(format!("Basic {encoded}").as_bytes(), "The password")?;
    secrets.push(password.clone());
    secrets.push(Secret::new(encoded));
    Ok(header)
}

fn secret_header(
    name: &str,
    value: &Secret,
    secrets: &mut Vec<Secret>,
) -> Result<(HeaderName, HeaderValue), AttemptError> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .ok()
        .filter(|header| !is_reserved(header))
        .ok_or_else(|| {
            unbuildable(format!("The connection's credentials cannot go in the header {name:?}"))
        })?;
    secrets.push(value.clone());
    Ok((header, sensitive(value.expose().as_bytes(), format_args!("The secret header {name:?}"))?))
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
    profiles.of(&connection.tls).map_err(|error| {
        unbuildable(format!("The connection's TLS options cannot be used: {error}"))
    })
}

fn signer(connection: &Connection) -> Result<Option<Signer>, AttemptError> {
    let Some(secret) = &connection.signing_secret else { return Ok(None) };
    let secrets = std::iter::once(secret).chain(&connection.previous_signing_secret);
    Signer::new(secrets).map(Some).map_err(|error| {
        unbuildable(format!("The connection's signing secret cannot be used: {error}"))
    })
}
