//! Reading a URL that a project chose, and judging the host in it.

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use http::header::HeaderValue;
use url::{Host, Url};

use crate::guard::AllowNetworks;

/// A `build` error.
pub(crate) fn unbuildable(message: impl Into<String>) -> AttemptError {
    AttemptError { kind: ErrorKind::Build, message: message.into() }
}

/// Reads a URL that can be called. `what` names it: "The connection's URL".
///
/// The fragment goes, since it is never sent. A user name stays, for whoever knows what to do
/// with it.
pub(crate) fn read_url(text: &str, what: &str) -> Result<Url, AttemptError> {
    // The text itself stays out of the message: it may hold a password.
    let mut url = Url::parse(text.trim())
        .map_err(|error| unbuildable(format!("{what} cannot be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unbuildable(format!(
            "{what} begins with {}:, only http: and https: can be called",
            url.scheme()
        )));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Judges an address that stands in the URL itself: such a one never passes the resolver.
pub(crate) fn judge_host(
    url: &Url,
    what: &str,
    allow_networks: &AllowNetworks,
) -> Result<(), AttemptError> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
        _ => return Err(unbuildable(format!("{what} names no host"))),
    };
    allow_networks.judge(address).map_err(|refusal| AttemptError {
        kind: ErrorKind::Refused,
        message: format!("{what} is not called: {refusal}"),
    })
}

/// The host and, where the URL names it, the port: the text of the `host` header.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The `host` header that belongs to a URL.
pub(crate) fn host_header(url: &Url) -> Result<HeaderValue, AttemptError> {
    let text = host_and_port(url);
    HeaderValue::from_str(&text)
        .map_err(|_| unbuildable(format!("The host {text:?} cannot be sent")))
}

/// Whether two URLs lead to the same scheme, host and port. What is meant for the one may only be
/// shown to the other where they do.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}
