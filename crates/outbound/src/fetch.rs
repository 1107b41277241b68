//! Fetching what a link leads to, piece by piece, by a connection.
//!
//! A link is the word of whoever sent a message, and what the operator's `allow-network` opens is meant for
//! addresses that projects choose: so it holds for the origin of the connection, and everywhere else, at once
//! or behind a redirect, only public addresses are dialled. The connection proves itself only to its own origin: what lies elsewhere, at once or behind a redirect, is asked for without
//! its credentials, and without its TLS options. A GET may be redirected in each of the ways that HTTP
//! knows, since nothing is lost on the way. Nothing here holds a file in memory.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::time::Timestamp;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use tokio::sync::mpsc;
use url::{ParseError, Url};

use crate::address::{host_header, judge_host, read_url, same_origin, unbuildable};
use crate::client::Client;
use crate::exchange::{Caller, Exchange};
use crate::prepared::Prepared;
use crate::request::Assembled;
use crate::response::Deadline;
use crate::settings::OutboundSettings;

/// What an error message calls the link.
const LINK: &str = "The link";

/// What is to be fetched.
#[derive(Clone, Copy, Debug)]
pub struct Fetch<'a> {
    /// Where it is: a URL, or what leads there from the address of the connection.
    pub link: &'a str,
    /// How long it may take altogether.
    pub timeout: Duration,
    /// The time by the wall clock.
    pub now: Timestamp,
}

impl Client {
    /// Fetches what a link leads to. The bytes of a whole success go into `pieces`, as fast as they are
    /// taken out; whoever closes it ends the call. Only where the exchange has no error were these all.
    pub async fn fetch(
        &self,
        prepared: &Prepared,
        fetch: Fetch<'_>,
        pieces: mpsc::Sender<Bytes>,
    ) -> Exchange {
        let deadline = Deadline::starting_now(fetch.timeout);
        let plain = match self.assemble_fetch(prepared, fetch.link) {
            Ok(plain) => plain,
            Err(error) => return Exchange::unsent(deadline.elapsed(), error),
        };
        let caller = Caller {
            prepared,
            settings: &self.shared.settings,
            user_agent: &self.shared.user_agent,
            deadline,
            began: fetch.now,
            pieces: Some(&pieces),
            keeps_all: false,
        };
        caller.converse(plain, Bytes::new()).await.exchange
    }

    fn assemble_fetch(&self, prepared: &Prepared, link: &str) -> Result<Assembled, AttemptError> {
        if prepared.database.is_some() {
            return Err(unbuildable("The connection is a database, which has no files"));
        }
        let url = address(&prepared.url, link)?;
        let OutboundSettings { allow_networks, link_networks, .. } = &self.shared.settings;
        let allowed = if is_own(prepared, &url) { allow_networks } else { link_networks };
        judge_host(&url, LINK, allowed)?;
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(HOST, host_header(&url)?);
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        Ok(Assembled { method: Method::GET, url, headers })
    }
}

impl Exchange {
    /// The content type of the answer.
    pub fn content_type(&self) -> Option<&str> {
        let headers = &self.response.as_ref()?.headers;
        let found = headers.iter().find(|(name, _)| name == CONTENT_TYPE.as_str());
        found.map(|(_, value)| value.as_str())
    }
}

/// Whether the proof of a connection may be shown to that address.
pub(crate) fn is_own(prepared: &Prepared, url: &Url) -> bool {
    same_origin(&prepared.url, url)
}

/// Where a link leads, seen from the address of the connection.
fn address(connection: &Url, link: &str) -> Result<Url, AttemptError> {
    let mut url = match Url::parse(link.trim()) {
        Err(ParseError::RelativeUrlWithoutBase) => below(connection, link.trim())?,
        _ => read_url(link, LINK)?,
    };
    // Whoever wrote the link cannot choose the hub's user name.
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        return Err(unbuildable(format!("{LINK} names no host")));
    }
    Ok(url)
}

/// What lies below the connection's address, as if that ended with a slash.
fn below(connection: &Url, link: &str) -> Result<Url, AttemptError> {
    let mut base = connection.clone();
    base.set_query(None);
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    let url = base.join(link);
    let url = url.map_err(|error| unbuildable(format!("{LINK} cannot be read: {error}")))?;
    read_url(url.as_str(), LINK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(connection: &str, link: &str, expected: &str) {
        let address = address(&connection.parse().unwrap(), link);
        let told = address.map_or_else(|error| error.message, String::from);
        assert!(told.contains(expected) && !told.contains("hunter2"), "{told} for {link}");
    }

    #[test]
    fn a_link_is_a_url_or_leads_on_from_the_connection() {
        let central = "https://central.example.org/v1/projects/1";
        for (link, expected) in [
            ("https://other.example.org/a?b=1#c", "https://other.example.org/a?b=1"),
            ("https://u:hunter2@other.example.org/a", "https://other.example.org/a"),
            ("forms/a%20b/x", "https://central.example.org/v1/projects/1/forms/a%20b/x"),
            ("/v1/x", "https://central.example.org/v1/x"),
            ("//other.example.org/x", "https://other.example.org/x"),
            ("file:///etc/passwd", "The link begins with file:"),
            ("data:text/plain,hunter2", "The link begins with data:"),
            ("https://", "The link cannot be read"),
        ] {
            check(central, link, expected);
            check(&format!("{central}/?key=hunter2"), link, expected);
        }
    }
}
