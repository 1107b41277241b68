//! Putting stored secrets back where a definition shows only their placeholder.
//!
//! A definition that is shown hides its secrets. Whoever changes another line of it and sends it
//! back has only the placeholder to send; it stands for "as it was". What it stands for is looked
//! up by place: the same noun of the same name, the same kind of authentication, the same header.

use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::source::{SenderAuthentication, Source};

use super::problem::Problem;
use super::{ProjectDefinition, ProjectDraft, SourceDraft};
use crate::redact;

/// Puts the stored secrets of a project into a draft of it. What is returned are the placeholders
/// that stand for nothing.
pub fn keep_secrets(
    draft: &mut ProjectDraft,
    existing: Option<&ProjectDefinition>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for connection in &mut draft.connections {
        let stored = existing.and_then(|project| {
            project.connections.iter().find(|stored| stored.name == connection.name)
        });
        problems.extend(keep_connection_secrets(connection, stored));
    }
    for source in &mut draft.sources {
        let stored = existing
            .and_then(|project| project.sources.iter().find(|stored| stored.name == source.name));
        problems.extend(keep_source_secrets(source, stored));
    }
    for forwarder in &mut draft.forwarders {
        let stored = existing.and_then(|project| {
            project.forwarders.iter().find(|stored| stored.name == forwarder.name)
        });
        problems.extend(keep_forwarder_secrets(forwarder, stored));
    }
    problems
}

/// Puts the stored secrets of a source into a draft of it.
pub fn keep_source_secrets(draft: &mut SourceDraft, stored: Option<&Source>) -> Vec<Problem> {
    let mut keeper = Keeper::new("sources", &draft.name);
    if let Some(secret) = &mut draft.secret {
        keeper.secret("secret", secret, stored.map(|stored| &stored.secret));
    }
    for (index, sender) in draft.authentication.iter_mut().enumerate() {
        let stored = stored.and_then(|stored| stored.authentication.get(index));
        match sender {
            SenderAuthentication::ApiKey(key) => {
                let stored = match stored {
                    Some(SenderAuthentication::ApiKey(stored)) => Some(stored),
                    _ => None,
                };
                keeper.secret(&format!("auth[{index}].api_key"), key, stored);
            }
            SenderAuthentication::Basic { username, password } => {
                let stored = match stored {
                    Some(SenderAuthentication::Basic { username: same, password })
                        if same == username =>
                    {
                        Some(password)
                    }
                    _ => None,
                };
                keeper.secret(&format!("auth[{index}].basic.password"), password, stored);
            }
        }
    }
    keeper.problems
}

/// Puts the stored secrets of a connection into a draft of it.
pub fn keep_connection_secrets(
    draft: &mut Connection,
    stored: Option<&Connection>,
) -> Vec<Problem> {
    let mut keeper = Keeper::new("connections", &draft.name);
    keeper.url(&mut draft.url, stored.map(|stored| stored.url.as_str()));
    keeper.authentication(&mut draft.authentication, stored.map(|stored| &stored.authentication));
    if let Some(secret) = &mut draft.signing_secret {
        let stored = stored.and_then(|stored| stored.signing_secret.as_ref());
        keeper.secret("signing_secret", secret, stored);
    }
    if let Some(secret) = &mut draft.previous_signing_secret {
        let stored = stored.and_then(|stored| stored.previous_signing_secret.as_ref());
        keeper.secret("previous_signing_secret", secret, stored);
    }
    keeper.problems
}

/// Puts the stored secrets of a forwarder, which are in its headers and queries, into a draft of
/// it.
pub fn keep_forwarder_secrets(draft: &mut Forwarder, stored: Option<&Forwarder>) -> Vec<Problem> {
    let mut keeper = Keeper::new("forwarders", &draft.name);
    let lists = [
        ("headers", &mut draft.headers, stored.map(|stored| &stored.headers)),
        ("query", &mut draft.query, stored.map(|stored| &stored.query)),
    ];
    for (key, pairs, stored) in lists {
        keeper.pairs(key, pairs, stored.map_or(&[], Vec::as_slice));
    }
    keeper.problems
}

/// Looks for placeholders in one noun, and notes those that stand for nothing.
struct Keeper {
    path: String,
    problems: Vec<Problem>,
}

impl Keeper {
    fn new(section: &str, name: &str) -> Self {
        Self { path: format!("{section}.{name}"), problems: Vec::new() }
    }

    fn secret(&mut self, key: &str, secret: &mut Secret, stored: Option<&Secret>) {
        if secret.expose() == PLACEHOLDER {
            match stored {
                Some(stored) => *secret = stored.clone(),
                None => self.stands_for_nothing(key),
            }
        }
    }

    fn authentication(&mut self, draft: &mut Authentication, stored: Option<&Authentication>) {
        match draft {
            Authentication::None
            | Authentication::Digest { .. }
            | Authentication::Oauth2(_)
            | Authentication::Login(_)
            | Authentication::SignedUrl(_) => {}
            Authentication::Basic { password, .. } => {
                let stored = match stored {
                    Some(Authentication::Basic { password, .. }) => Some(password),
                    _ => None,
                };
                self.secret("auth.basic.password", password, stored);
            }
            Authentication::Bearer { token } => {
                let stored = match stored {
                    Some(Authentication::Bearer { token }) => Some(token),
                    _ => None,
                };
                self.secret("auth.bearer", token, stored);
            }
            Authentication::ApiKey { key, .. } => {
                let stored = match stored {
                    Some(Authentication::ApiKey { key, .. }) => Some(key),
                    _ => None,
                };
                self.secret("auth.api_key.key", key, stored);
            }
            Authentication::Headers(headers) => {
                let stored = match stored {
                    Some(Authentication::Headers(stored)) => stored.as_slice(),
                    _ => &[],
                };
                for (name, secret) in headers {
                    self.secret(&format!("auth.headers.{name}"), secret, by_name(stored, name));
                }
            }
        }
    }

    fn pairs(&mut self, key: &str, pairs: &mut [(String, String)], stored: &[(String, String)]) {
        for (name, value) in pairs {
            if value == PLACEHOLDER {
                match by_name(stored, name) {
                    Some(stored) => value.clone_from(stored),
                    None => self.stands_for_nothing(&format!("{key}.{name}")),
                }
            }
        }
    }

    /// A URL has its placeholders inside; it is kept where it is all as it was shown.
    fn url(&mut self, url: &mut String, stored: Option<&str>) {
        if !url.contains(PLACEHOLDER) {
            return;
        }
        match stored {
            Some(stored) if redact::mask_url(stored) == *url => stored.clone_into(url),
            _ => self.stands_for_nothing("url"),
        }
    }

    fn stands_for_nothing(&mut self, key: &str) {
        self.problems.push(Problem {
            path: format!("{}.{key}", self.path),
            code: "no-stored-secret",
            message: format!("`{PLACEHOLDER}` keeps a stored secret, and none is stored here"),
            hint: Some("write the secret itself, or `${NAME}`".to_owned()),
        });
    }
}

/// The value of a header or query parameter.
fn by_name<'s, T>(pairs: &'s [(String, T)], name: &str) -> Option<&'s T> {
    pairs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
