//! Where a database is, read from the URL of a connection.

use std::net::IpAddr;

use fieldpost_model::attempt::AttemptError;
use url::Url;

use crate::address::unbuildable;

/// What the URL of a database begins with.
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// The port of a database whose URL names none.
const DEFAULT_PORT: u16 = 5_432;

/// What the URL has to look like.
const HINT: &str = "write it as `postgres://host:port/database`";

/// Whether the URL of a connection is that of a database.
pub(crate) fn is_database(url: &str) -> bool {
    url.trim()
        .split_once("://")
        .is_some_and(|(scheme, _)| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

/// Where a database is, and how it is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The name or the address, an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    /// Whether it is talked to over TLS. There is nothing in between: a connection that falls back to
    /// the clear protects nobody.
    pub(crate) is_secure: bool,
    /// The URL as people see it, without user and query.
    pub(crate) shown: String,
}

impl Target {
    /// Reads the URL of a database. `what` names it in the error, which an attempt records.
    pub(crate) fn read(text: &str, what: &str) -> Result<Self, AttemptError> {
        // The text itself stays out of the message: it may hold a password.
        let url = Url::parse(text.trim())
            .map_err(|error| unbuildable(format!("{what} cannot be read: {error}; {HINT}")))?;
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() {
            return Err(unbuildable(format!("{what} names no host; {HINT}")));
        }
        let encoded = url.path().trim_start_matches('/');
        let database = percent_encoding::percent_decode_str(encoded).decode_utf8_lossy();
        if database.is_empty() || database.contains(['/', '\0']) {
            return Err(unbuildable(format!("{what} names no database; {HINT}")));
        }
        let mut is_secure = true;
        for (name, value) in url.query_pairs() {
            is_secure = match (&*name, &*value) {
                ("sslmode", "require") => true,
                ("sslmode", "disable") => false,
                _ => {
                    return Err(unbuildable(format!(
                        "{what} says `{name}`: only `sslmode=require` and `sslmode=disable` can \
                         stand in its query"
                    )));
                }
            };
        }
        let port = url.port().unwrap_or(DEFAULT_PORT);
        let named = url.port().map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            host: percent_encoding::percent_decode_str(bare).decode_utf8_lossy().into_owned(),
            port,
            database: database.into_owned(),
            is_secure,
            shown: format!("postgres://{host}{named}/{encoded}"),
        })
    }

    /// Whether it is on this machine, where nobody is on the way.
    pub(crate) fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        address.map_or(self.host == "localhost", |it| it.to_canonical().is_loopback())
    }

    /// The host and the port, as error messages name it.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_told_from_services() {
        for (url, expected) in [
            ("postgres://h/d", true),
            (" postgresql://h/d", true),
            ("POSTGRES://h/d", true),
            ("https://h/d", false),
            ("postgres:", false),
            ("mysql://h/d", false),
        ] {
            assert_eq!(is_database(url), expected, "{url}");
        }
    }

    #[test]
    fn a_url_says_where_a_database_is() {
        for (url, host, port, database, is_secure, shown) in [
            ("postgres://h/d", "h", 5_432, "d", true, "postgres://h/d"),
            ("postgres://h:5433/d?sslmode=disable", "h", 5_433, "d", false, "postgres://h:5433/d"),
            ("postgres://u:p@h/d?sslmode=require", "h", 5_432, "d", true, "postgres://h/d"),
            ("postgres://[::1]:1/my%20d", "::1", 1, "my d", true, "postgres://[::1]:1/my%20d"),
            ("postgresql://127.0.0.1/d", "127.0.0.1", 5_432, "d", true, "postgres://127.0.0.1/d"),
        ] {
            let target = Target::read(url, "It").unwrap();
            let (host, database, shown) = (host.to_owned(), database.to_owned(), shown.to_owned());
            assert_eq!(target, Target { host, port, database, is_secure, shown }, "{url}");
        }
        assert_eq!(Target::read("postgres://[::1]/d", "It").unwrap().authority(), "[::1]:5432");
        assert_eq!(Target::read("postgres://h/d", "It").unwrap().authority(), "h:5432");
    }

    #[test]
    fn a_url_that_names_no_database_is_refused() {
        for url in [
            "postgres://h",
            "postgres://h/",
            "postgres:///d",
            "postgres://h/a/b",
            "postgres://h/d?sslmode=prefer",
            "postgres://h/d?host=other",
            "postgres://u:hunter2@h:x/d",
        ] {
            let error = Target::read(url, "The URL").unwrap_err().message;
            assert!(error.starts_with("The URL ") && !error.contains("hunter2"), "{error}");
        }
    }
}
