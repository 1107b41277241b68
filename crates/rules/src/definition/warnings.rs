//! What is allowed in a definition and likely to be regretted.

use std::net::IpAddr;

use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::project::ApiAccess;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use url::{Host, Url};

use super::address::{is_database, is_without_tls};
use super::connection::{SOUND_SIGNING_KEY_BYTES, signing_key_bytes};
use super::form::form_warnings;
use super::problem::Problem;
use super::workflow::workflow_warnings;
use super::{ProjectDraft, SourceDraft};
use crate::redact;

/// Secrets of inboxes and keys that are shorter than this can be guessed, so that one is warned.
const SHORT_SECRET: usize = 16;

/// What the names of machines end in that are reached within a house only.
const PRIVATE_ENDINGS: [&str; 5] = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];

/// What is allowed and likely to be regretted: connections first, then sources, keys, forms and workflows.
pub fn warnings(project: &ProjectDraft) -> Vec<Problem> {
    let connections = project.connections.iter().flat_map(connection_warnings);
    let sources = project.sources.iter().filter_map(short_secret);
    let keys = project.settings.api_access.iter().filter_map(short_key);
    let workflows = project.workflows.iter().flat_map(workflow_warnings);
    let forms = project.forms.iter().flat_map(|form| form_warnings(form));
    connections.chain(sources).chain(keys).chain(forms).chain(workflows).collect()
}

/// What is allowed in a connection and likely to be regretted.
pub fn connection_warnings(connection: &Connection) -> Vec<Problem> {
    let found = [no_notify(connection), unverified_tls(connection), clear_credentials(connection)];
    found.into_iter().flatten().chain(weak_signing(connection)).collect()
}

fn warning(
    connection: &Connection,
    key: &str,
    code: &'static str,
    message: String,
    hint: &str,
) -> Problem {
    let path = format!("connections.{}.{key}", connection.name);
    Problem { path, code, message, hint: Some(hint.to_owned()) }
}

fn no_notify(connection: &Connection) -> Option<Problem> {
    connection.notify.is_empty().then(|| {
        warning(
            connection,
            "notify",
            "no-notify",
            format!("nobody is told when `{}` is in trouble", connection.name),
            "write `notify: [ops@example.org]`",
        )
    })
}

fn unverified_tls(connection: &Connection) -> Option<Problem> {
    connection.tls.skip_verification.then(|| {
        warning(
            connection,
            "tls.skip_verification",
            "unverified-tls",
            format!(
                "ANYBODY on the way to `{}` can read and change what is sent, credentials \
                 included: its certificate is not verified",
                connection.name
            ),
            "give the certificate of its authority as `tls: { ca: … }` instead",
        )
    })
}

/// Warns of credentials that are sent over plain HTTP beyond the house.
fn clear_credentials(connection: &Connection) -> Option<Problem> {
    let (key, url) = match &connection.authentication {
        Authentication::Oauth2(oauth2) if is_open(&oauth2.token_url) => {
            ("auth", oauth2.token_url.as_str())
        }
        Authentication::Login(login) if is_open(&login.url) => ("auth", login.url.as_str()),
        authentication => {
            let in_query = redact::mask_url(&connection.url) != connection.url;
            let shows_secret = in_query || sends_secret(authentication);
            (shows_secret && is_open(&connection.url)).then_some(("url", &*connection.url))?
        }
    };
    Some(warning(
        connection,
        key,
        "credentials-in-the-clear",
        format!("credentials are sent in the clear to `{}`", redact::mask_url(url)),
        if is_database(url) { "write `sslmode=require`" } else { "write `https://`" },
    ))
}

/// Whether somebody who reads a request learns a secret from it. Digest and signed URLs prove that
/// one is known without telling it.
fn sends_secret(authentication: &Authentication) -> bool {
    match authentication {
        Authentication::None | Authentication::Digest { .. } | Authentication::SignedUrl(_) => {
            false
        }
        Authentication::Basic { .. }
        | Authentication::Bearer { .. }
        | Authentication::ApiKey { .. }
        | Authentication::Headers(_)
        | Authentication::Oauth2(_)
        | Authentication::Login(_) => true,
    }
}

/// Whether a URL is of plain HTTP, or of a database without TLS, and leads, as far as its host tells, out of the house.
fn is_open(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_inside = match url.host() {
        None => false,
        // Addresses in the URLs of databases are not told from names.
        Some(Host::Domain(name)) => name.parse().map_or_else(|_| is_private_name(name), is_private),
        Some(Host::Ipv4(address)) => is_private(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private(address.to_canonical()),
    };
    let is_plain = url.scheme() == "http" || is_database(url.as_str()) && is_without_tls(&url);
    is_plain && !is_inside
}

/// Whether a name is one of a machine within the house: one without a dot, or with an ending that
/// is kept for such names.
fn is_private_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.') || PRIVATE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Warns of signing secrets that are shorter than the specification asks for.
fn weak_signing(connection: &Connection) -> impl Iterator<Item = Problem> {
    let secrets = [
        ("signing_secret", &connection.signing_secret),
        ("previous_signing_secret", &connection.previous_signing_secret),
    ];
    secrets.into_iter().filter_map(|(key, secret)| {
        let length = signing_key_bytes(secret.as_ref()?)?;
        (length < SOUND_SIGNING_KEY_BYTES).then(|| {
            warning(
                connection,
                key,
                "short-signing-secret",
                format!(
                    "the signing secret has {length} bytes; fewer than {SOUND_SIGNING_KEY_BYTES} \
                     can be guessed"
                ),
                "make one with `openssl rand -base64 32`",
            )
        })
    })
}

fn short_secret(source: &SourceDraft) -> Option<Problem> {
    let secret = source.secret.as_ref().map(Secret::expose)?;
    is_short(secret).then(|| Problem {
        path: format!("sources.{}.secret", source.name),
        code: "short-secret",
        message: format!(
            "the secret has fewer than {SHORT_SECRET} characters; who guesses it can post to `{}`",
            source.name
        ),
        hint: Some("leave `secret` out to have one made".to_owned()),
    })
}

fn short_key(key: &ApiAccess) -> Option<Problem> {
    is_short(key.secret.expose()).then(|| Problem {
        path: format!("api_access.{}.secret", key.name),
        code: "short-secret",
        message: format!(
            "the secret has fewer than {SHORT_SECRET} characters; who guesses it comes in as `{}`",
            key.name
        ),
        hint: Some("make one with `openssl rand -hex 16`".to_owned()),
    })
}

fn is_short(secret: &str) -> bool {
    secret != PLACEHOLDER && secret.len() < SHORT_SECRET
}
