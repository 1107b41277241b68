//! The values of settings as people write them: every bound has a unit.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::size;

/// A size: `10MB`, `64KiB`, or a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Size {
    /// The size as a length of something in memory.
    pub(crate) fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match size::parse(text) {
            Some(0) => Err("a size of 0 would refuse everything".to_owned()),
            Some(bytes) => Ok(Self(bytes)),
            None => Err(format!(
                "{text:?} is not a size: write a number with a unit, such as 64KiB or 10MB"
            )),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&size::format(self.0))
    }
}

/// A time: `500ms`, `15s`, `5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match duration::parse(text) {
            Some(Duration::ZERO) => Err("a time of 0 would never be enough".to_owned()),
            Some(time) => Ok(Self(time)),
            None => Err(format!(
                "{text:?} is not a time: write a whole number with a unit (ms, s, m, h, d), such as 15s"
            )),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&duration::format(self.0))
    }
}

/// How many of something: one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u32);

impl Count {
    /// The number as a length of something in memory.
    pub(crate) fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(0) => Err("0 would stop everything: write 1 at least".to_owned()),
            Ok(number) => Ok(Self(number)),
            Err(_) => Err(format!("{text:?} is not a whole number up to {}", u32::MAX)),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// The address of a PostgreSQL database. It may hold a password, and so does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address with its password, for the one who dials it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a database is written as postgres://user:password@host/name; without one, SQLite \
                 in the data folder is used"
                .to_owned())
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match url::Url::parse(&self.0) {
            Ok(mut url) => {
                if url.password().is_some() {
                    // Fails for addresses that cannot hold a password, and this one does.
                    let _masked = url.set_password(Some("***"));
                }
                // Parameters can hold a password as well.
                url.set_query(None);
                write!(formatter, "{url}")
            }
            Err(_) => formatter.write_str("postgres://…"),
        }
    }
}

/// The base of links: an address with a scheme and a host, and no `/` at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// The address without a `/` at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = url::Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        match url {
            Some(_) => Ok(Self(text.trim_end_matches('/').to_owned())),
            None => Err(format!(
                "{text:?} is not an address: write it with its scheme, such as https://hub.example.org"
            )),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A token, as it is given by flag, environment or file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Secret);

impl Token {
    /// Takes a token that the hub made itself.
    pub(crate) fn made(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The token's text.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a token is one word of printable ASCII characters".to_owned());
        }
        Ok(Self(Secret::new(text)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PLACEHOLDER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        assert_eq!("64 kib".parse(), Ok(Size(65_536)));
        assert_eq!(Size(65_536).to_string(), "64KiB");
        for text in ["", "0", "0MB", "MB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_and_counts_are_never_zero() {
        assert_eq!("15s".parse(), Ok(Span(Duration::from_secs(15))));
        for text in ["0s", "15", "soon", ""] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        assert_eq!("4294967295".parse(), Ok(Count(u32::MAX)));
        for text in ["0", "4294967296", "-1", "many"] {
            assert!(text.parse::<Count>().is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        let database: DatabaseUrl =
            "postgres://me:hunter2@db.example.org/fieldpost?password=hunter2".parse().unwrap();
        assert_eq!(database.to_string(), "postgres://me:***@db.example.org/fieldpost");
        assert!(!format!("{database:?}").contains("hunter2"));
        let token: Token = "a-token".parse().unwrap();
        assert!(!format!("{token:?}").contains("a-token"));
        assert!("two words".parse::<Token>().is_err());
        assert!("mysql://x".parse::<DatabaseUrl>().is_err());
    }

    #[test]
    fn the_base_of_links_has_no_slash_at_its_end() {
        let base: BaseUrl = "https://hub.example.org/fieldpost/".parse().unwrap();
        assert_eq!(base.as_str(), "https://hub.example.org/fieldpost");
        for text in ["hub.example.org", "ftp://hub.example.org", "https://x/?a=1", ""] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
