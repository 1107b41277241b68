//! Presets: services whose way of giving out tokens is known.
//!
//! Each finds its token endpoint from the connection's own URL, which names a resource of the
//! service, so that only the credentials have to be written.

use std::time::Duration;

use fieldpost_model::connection::{CredentialsPlace, Login, LoginBody};
use fieldpost_model::names;
use fieldpost_model::secret::Secret;

use super::token::bearer;

/// The segment of a path behind which a service has its API.
const API: &str = "/api";

/// How long a token is used whose lifetime the service does not tell.
const LIFETIME: Duration = Duration::from_mins(10);

names! {
    /// Services with a token endpoint of OAuth 2.0.
    pub enum OauthPreset {
        /// DHIS2.
        Dhis2 = "dhis2",
        /// MOVEit Automation.
        Moveit = "moveit",
    }
}

names! {
    /// Services with a login of their own.
    pub enum LoginPreset {
        /// CommCare HQ's own kind of bearer token.
        Commcare = "commcare",
        /// Go.Data.
        Godata = "godata",
    }
}

impl OauthPreset {
    /// The token endpoint of the service that a URL is of.
    pub(super) fn token_url(self, url: &str) -> String {
        let service = service(without_query(url));
        match self {
            Self::Dhis2 => format!("{service}/uaa/oauth/token"),
            Self::Moveit => format!("{service}/api/v1/token"),
        }
    }

    /// Where its token endpoint wants the client's id and secret.
    pub(super) const fn credentials(self) -> CredentialsPlace {
        match self {
            Self::Dhis2 => CredentialsPlace::Header,
            Self::Moveit => CredentialsPlace::Body,
        }
    }
}

impl LoginPreset {
    /// The login of the service that a URL is of; `None` where the URL is not one of it.
    pub(super) fn login(self, url: &str, username: Secret, password: Secret) -> Option<Login> {
        let url = without_query(url);
        match self {
            Self::Commcare => Some(Login {
                url: format!("{}token", commcare_api(url)?),
                body: LoginBody::Form,
                fields: vec![
                    ("grant_type".to_owned(), Secret::new("password")),
                    ("username".to_owned(), username),
                    ("password".to_owned(), password),
                ],
                token_at: vec!["$.access_token".to_owned()],
                lifetime_at: Some("$.expires_in".to_owned()),
                lifetime: LIFETIME,
                send_as: bearer(),
            }),
            Self::Godata => {
                Some(Login {
                    url: format!("{}{API}/users/login", service(url)),
                    body: LoginBody::Json,
                    fields: vec![("email".to_owned(), username), ("password".to_owned(), password)],
                    // The first is of the older login, the others of the newer one.
                    token_at: ["$.id", "$.response.access_token", "$.access_token"]
                        .map(str::to_owned)
                        .to_vec(),
                    lifetime_at: Some("$.ttl".to_owned()),
                    lifetime: LIFETIME,
                    send_as: bearer(),
                })
            }
        }
    }

    /// What the URL of a connection to the service looks like.
    pub(super) const fn wanted_url(self) -> &'static str {
        match self {
            Self::Commcare => {
                "the connection's `url` has to begin with `https` and to hold `/api/v1/`, or \
                 another version; else write the login in full"
            }
            Self::Godata => "the connection's `url` is that of the service, with `/api`",
        }
    }
}

fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(address, _)| address)
}

/// The address of a service, of the address of a resource: what comes before the segment `api`. An
/// address without that segment is the service itself.
fn service(address: &str) -> &str {
    let host = address.find("://").map_or(0, |colon| colon + "://".len());
    let api = address.match_indices(API).map(|(index, _)| index).find(|index| {
        let after = address.get(index + API.len()..).unwrap_or_default();
        *index > host && (after.is_empty() || after.starts_with('/'))
    });
    let service = api.and_then(|index| address.get(..index)).unwrap_or(address);
    service.trim_end_matches('/')
}

/// The part of an address up to the last `/api/v1/`, of whichever version.
fn commcare_api(address: &str) -> Option<&str> {
    if !address.starts_with("https") {
        return None;
    }
    let (index, version) = address.rmatch_indices("/api/v").find_map(|(index, marker)| {
        let (digits, _) = address.get(index + marker.len()..)?.split_once('/')?;
        let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_version.then_some((index + marker.len(), digits))
    })?;
    address.get(..index + version.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_find_their_endpoints() {
        use {LoginPreset as L, OauthPreset as O};
        let oauth = |preset: O, url| Some(preset.token_url(url));
        let login = |preset: L, url| {
            preset.login(url, Secret::new("u"), Secret::new("p")).map(|login| login.url)
        };
        for (found, expected) in [
            (
                oauth(O::Dhis2, "https://play.example.org"),
                Some("https://play.example.org/uaa/oauth/token"),
            ),
            (
                oauth(O::Dhis2, "https://example.org/dev/"),
                Some("https://example.org/dev/uaa/oauth/token"),
            ),
            (
                oauth(O::Dhis2, "https://example.org/dev/api/dataValueSets?async=true"),
                Some("https://example.org/dev/uaa/oauth/token"),
            ),
            (
                oauth(O::Dhis2, "https://api.example.org/x"),
                Some("https://api.example.org/x/uaa/oauth/token"),
            ),
            (
                oauth(O::Dhis2, "https://example.org/apiary"),
                Some("https://example.org/apiary/uaa/oauth/token"),
            ),
            (
                oauth(O::Moveit, "https://example.org/webadmin/api/v1/tasks"),
                Some("https://example.org/webadmin/api/v1/token"),
            ),
            (
                login(L::Commcare, "https://www.commcarehq.org/a/x/api/v1/form/"),
                Some("https://www.commcarehq.org/a/x/api/v1/token"),
            ),
            (
                login(L::Commcare, "https://example.org/api/v2/api/v10/x?y=/api/v3/"),
                Some("https://example.org/api/v2/api/v10/token"),
            ),
            (login(L::Commcare, "http://example.org/api/v1/x"), None),
            (login(L::Commcare, "https://example.org/api/v1"), None),
            (login(L::Commcare, "https://example.org/api/vX/"), None),
            (
                login(L::Godata, "https://example.org/api/outbreaks/1/cases"),
                Some("https://example.org/api/users/login"),
            ),
            (login(L::Godata, "https://example.org"), Some("https://example.org/api/users/login")),
        ] {
            assert_eq!(found.as_deref(), expected);
        }
    }
}
