//! Putting stored secrets back where a definition shows only their placeholder.
//!
//! A definition that is shown hides its secrets. Whoever changes another line of it and sends it
//! back has only the placeholder to send; it stands for "as it was". What it stands for is looked
//! up by place: the same noun of the same name, the same kind of authentication, the same header.
//!
//! A secret is kept only for whom it was given to. Whoever may change a definition must not be able
//! to have a secret that he cannot see sent to himself. So what is sent must be given again where
//! it would go to another scheme, host or port, and where somebody on the way could take it from
//! now on: because certificates are no longer verified, or another authority is trusted. That is
//! asked for everything that a token is got with as well, since the token then goes to the new
//! place. What never leaves the hub is kept: signing secrets and the key of a client certificate.

use fieldpost_model::connection::{Authentication, Connection, Oauth2, Oauth2Grant, Tls};
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::project::{ApiAccess, ProjectSettings};
use fieldpost_model::recipient::{Recipient, Webhook};
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::source::{SenderAuthentication, Source};
use url::Url;

use super::address::{is_database, is_without_tls};
use super::problem::Problem;
use super::token::OauthKind;
use super::{ProjectDefinition, ProjectDraft, SourceDraft};
use crate::redact;

/// The port of a database whose URL names none.
const DATABASE_PORT: u16 = 5_432;

/// Puts the stored secrets of a project into a draft of it. What is returned are the placeholders
/// that stand for nothing.
pub fn keep_secrets(
    draft: &mut ProjectDraft,
    existing: Option<&ProjectDefinition>,
) -> Vec<Problem> {
    let stored = existing.map(|project| &project.settings);
    let mut problems = keep_settings_secrets(&mut draft.settings, stored);
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
    let ProjectDraft { connections, forwarders, .. } = draft;
    let staying = existing.map_or(&[][..], |project| &project.connections);
    for forwarder in forwarders {
        let to = connections.iter().chain(staying).find(|it| it.name == forwarder.to);
        problems.extend(keep_forwarder_secrets(forwarder, to, existing));
    }
    problems
}

/// Puts the stored secrets of a project's own settings, which are in URLs and keys, into a draft of
/// them.
pub fn keep_settings_secrets(
    draft: &mut ProjectSettings,
    stored: Option<&ProjectSettings>,
) -> Vec<Problem> {
    let mut keeper = Keeper::default();
    keeper.notify(&mut draft.notify, stored.map_or(&[], |stored| &stored.notify));
    let stored = stored.map_or(&[][..], |stored| &stored.api_access);
    for ApiAccess { name, secret, .. } in &mut draft.api_access {
        let stored = stored.iter().find(|stored| stored.name == *name);
        keeper.secret(&format!("api_access.{name}.secret"), secret, stored.map(|it| &it.secret));
    }
    keeper.problems
}

/// Puts the stored secrets of a source into a draft of it.
pub fn keep_source_secrets(draft: &mut SourceDraft, stored: Option<&Source>) -> Vec<Problem> {
    let mut keeper = Keeper::new("sources", &draft.name);
    if let Some(secret) = &mut draft.secret {
        keeper.secret("secret", secret, stored.map(|stored| &stored.secret));
    }
    if draft.path.as_deref() == Some(PLACEHOLDER) {
        let stored = stored.and_then(|stored| stored.path.clone());
        if stored.is_none() {
            keeper.stands_for_nothing("path");
        }
        draft.path = stored;
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
    if let Some(secret) = &mut draft.signing_secret {
        let stored = stored.and_then(|stored| stored.signing_secret.as_ref());
        keeper.secret("signing_secret", secret, stored);
    }
    if let Some(secret) = &mut draft.previous_signing_secret {
        let stored = stored.and_then(|stored| stored.previous_signing_secret.as_ref());
        keeper.secret("previous_signing_secret", secret, stored);
    }
    if let Some(key) = &mut draft.tls.client_key {
        keeper.secret("tls.client_key", key, stored.and_then(|it| it.tls.client_key.as_ref()));
    }
    if let Some(passphrase) = &mut draft.tls.client_key_passphrase {
        let stored = stored.and_then(|it| it.tls.client_key_passphrase.as_ref());
        keeper.secret("tls.client_key_passphrase", passphrase, stored);
    }
    keeper.notify(&mut draft.notify, stored.map_or(&[], |stored| &stored.notify));
    keeper.withheld = stored.and_then(|stored| change_of_way(draft, stored));
    keeper.url("url", &mut draft.url, stored.map(|stored| stored.url.as_str()));
    keeper.authentication(&mut draft.authentication, stored.map(|stored| &stored.authentication));
    let credential = stored.map_or(&[][..], |stored| &stored.credential);
    keeper.named("credential", &mut draft.credential, credential);
    keeper.problems
}

/// Puts the stored secrets of a forwarder, which are in its headers and queries, into a draft of
/// it. `to` is the connection that it will send to.
pub fn keep_forwarder_secrets(
    draft: &mut Forwarder,
    to: Option<&Connection>,
    existing: Option<&ProjectDefinition>,
) -> Vec<Problem> {
    let stored = existing
        .and_then(|project| project.forwarders.iter().find(|stored| stored.name == draft.name));
    let mut keeper = Keeper::new("forwarders", &draft.name);
    keeper.withheld = stored.zip(existing).zip(to).and_then(|((stored, existing), to)| {
        let before = existing.connections.iter().find(|it| it.name == stored.to)?;
        change_of_way(to, before)
    });
    let lists = [
        ("headers", &mut draft.headers, stored.map(|stored| &stored.headers)),
        ("query", &mut draft.query, stored.map(|stored| &stored.query)),
    ];
    for (key, pairs, stored) in lists {
        keeper.pairs(key, pairs, stored.map_or(&[], Vec::as_slice));
    }
    keeper.problems
}

/// Secrets of forwarders that nobody wrote anything about, and that would go elsewhere because
/// their connection does. `untouched` are these forwarders, `before` the connections as they are.
pub fn secrets_led_elsewhere<'f>(
    connections: &[Connection],
    before: &[Connection],
    untouched: impl IntoIterator<Item = &'f Forwarder>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for forwarder in untouched {
        let to = |connections: &'_ [Connection]| {
            connections.iter().position(|connection| connection.name == forwarder.to)
        };
        let pair = to(connections).zip(to(before));
        let pair = pair.and_then(|(now, then)| connections.get(now).zip(before.get(then)));
        let Some(why) = pair.and_then(|(now, then)| change_of_way(now, then)) else { continue };
        let mut keeper = Keeper::new("forwarders", &forwarder.name);
        let headers = forwarder.headers.iter().map(|(name, _)| ("headers", name));
        let query = forwarder.query.iter().map(|(name, _)| ("query", name));
        for (key, name) in headers.chain(query) {
            let is_secret = match key {
                "headers" => redact::is_credential_header(name),
                _ => redact::is_credential_parameter(name),
            };
            if is_secret {
                keeper.must_be_given_again(&format!("{key}.{name}"), &why);
            }
        }
        problems.extend(keeper.problems);
    }
    problems
}

/// Why what was given to one connection must not simply go to another; `None` where it goes to the
/// same place, and nobody more can listen.
fn change_of_way(now: &Connection, before: &Connection) -> Option<String> {
    if is_elsewhere(&now.url, &before.url) {
        return Some("`url` has another scheme, host or port than before".to_owned());
    }
    if let (Some((key, now)), Some((_, before))) =
        (token_endpoint(&now.authentication), token_endpoint(&before.authentication))
        && is_elsewhere(now, before)
    {
        return Some(format!("`{key}` has another scheme, host or port than before"));
    }
    trusts_more(&now.tls, &before.tls)
        .then(|| "`tls` trusts certificates that it did not trust before".to_owned())
}

/// The key and the address of where a token is got from.
fn token_endpoint(authentication: &Authentication) -> Option<(String, &str)> {
    match authentication {
        Authentication::Oauth2(oauth2) => {
            let kind = OauthKind::of(&oauth2.grant).name();
            Some((format!("auth.{kind}.token_url"), &oauth2.token_url))
        }
        Authentication::Login(login) => Some(("auth.login.url".to_owned(), &login.url)),
        _ => None,
    }
}

/// Whether two URLs differ in scheme, host or port, or those of databases in how TLS is used. What is no URL is nowhere.
fn is_elsewhere(now: &str, before: &str) -> bool {
    match (Url::parse(now), Url::parse(before)) {
        (Ok(now), Ok(before)) if is_database(now.as_str()) => reached(&now) != reached(&before),
        (Ok(now), Ok(before)) => now.origin() != before.origin(),
        _ => true,
    }
}

/// How a database is reached: whether it is one, without TLS or not, its host and its port.
fn reached(url: &Url) -> (bool, bool, Option<&str>, u16) {
    let port = url.port().unwrap_or(DATABASE_PORT);
    (is_database(url.as_str()), is_without_tls(url), url.host_str(), port)
}

/// Whether there are certificates that are taken now, and were not before.
fn trusts_more(now: &Tls, before: &Tls) -> bool {
    let another_authority = now.authorities.is_some() && now.authorities != before.authorities;
    !before.skip_verification && (now.skip_verification || another_authority)
}

/// Looks for placeholders in one noun, and notes those that stand for nothing.
#[derive(Default)]
struct Keeper {
    /// What comes before each key: the place of the noun and a dot, or nothing.
    within: String,
    /// Why stored secrets are not put back, where they are not.
    withheld: Option<String>,
    problems: Vec<Problem>,
}

impl Keeper {
    fn new(section: &str, name: &str) -> Self {
        Self { within: format!("{section}.{name}."), ..Self::default() }
    }

    /// Puts a stored value in the place of a placeholder, unless it is withheld.
    fn put_back<T: Clone>(&mut self, key: &str, placeholder: &mut T, stored: Option<&T>) {
        match (stored, self.withheld.clone()) {
            (None, _) => self.stands_for_nothing(key),
            (Some(_), Some(why)) => self.must_be_given_again(key, &why),
            (Some(stored), None) => placeholder.clone_from(stored),
        }
    }

    fn secret(&mut self, key: &str, secret: &mut Secret, stored: Option<&Secret>) {
        if secret.expose() == PLACEHOLDER {
            self.put_back(key, secret, stored);
        }
    }

    /// Secrets with names, each of which stands for the stored one of that name.
    fn named(&mut self, key: &str, secrets: &mut [(String, Secret)], stored: &[(String, Secret)]) {
        for (name, secret) in secrets {
            self.secret(&format!("{key}.{name}"), secret, by_name(stored, name));
        }
    }

    fn authentication(&mut self, draft: &mut Authentication, stored: Option<&Authentication>) {
        let stored = stored.unwrap_or(&Authentication::None);
        match draft {
            Authentication::None => {}
            Authentication::Basic { password, .. } => {
                let stored = match stored {
                    Authentication::Basic { password, .. } => Some(password),
                    _ => None,
                };
                self.secret("auth.basic.password", password, stored);
            }
            Authentication::Bearer { token } => {
                let stored = match stored {
                    Authentication::Bearer { token } => Some(token),
                    _ => None,
                };
                self.secret("auth.bearer", token, stored);
            }
            Authentication::ApiKey { key, .. } => {
                let stored = match stored {
                    Authentication::ApiKey { key, .. } => Some(key),
                    _ => None,
                };
                self.secret("auth.api_key.key", key, stored);
            }
            Authentication::Headers(headers) => {
                let stored = match stored {
                    Authentication::Headers(stored) => stored.as_slice(),
                    _ => &[],
                };
                self.named("auth.headers", headers, stored);
            }
            Authentication::Digest { password, .. } => {
                let stored = match stored {
                    Authentication::Digest { password, .. } => Some(password),
                    _ => None,
                };
                self.secret("auth.digest.password", password, stored);
            }
            Authentication::Oauth2(oauth2) => {
                let kind = OauthKind::of(&oauth2.grant);
                let stored = match stored {
                    Authentication::Oauth2(stored) if OauthKind::of(&stored.grant) == kind => {
                        Some(stored)
                    }
                    _ => None,
                };
                self.oauth2(kind.name(), oauth2, stored);
            }
            Authentication::Login(login) => {
                let stored = match stored {
                    Authentication::Login(stored) => Some(stored),
                    _ => None,
                };
                self.url("auth.login.url", &mut login.url, stored.map(|it| it.url.as_str()));
                let stored = stored.map_or(&[][..], |stored| &stored.fields);
                self.named("auth.login.fields", &mut login.fields, stored);
            }
            Authentication::SignedUrl(signed) => {
                let stored = match stored {
                    Authentication::SignedUrl(stored) => Some(&stored.key),
                    _ => None,
                };
                self.secret("auth.signed_url.key", &mut signed.key, stored);
            }
        }
    }

    fn oauth2(&mut self, kind: &str, draft: &mut Oauth2, stored: Option<&Oauth2>) {
        let token_url = stored.map(|stored| stored.token_url.as_str());
        self.url(&format!("auth.{kind}.token_url"), &mut draft.token_url, token_url);
        if let Some(secret) = &mut draft.client_secret {
            let stored = stored.and_then(|stored| stored.client_secret.as_ref());
            self.secret(&format!("auth.{kind}.client_secret"), secret, stored);
        }
        if let Oauth2Grant::Password { password, .. } = &mut draft.grant {
            let stored = match stored.map(|stored| &stored.grant) {
                Some(Oauth2Grant::Password { password, .. }) => Some(password),
                _ => None,
            };
            self.secret(&format!("auth.{kind}.password"), password, stored);
        }
    }

    fn pairs(&mut self, key: &str, pairs: &mut [(String, String)], stored: &[(String, String)]) {
        for (name, value) in pairs {
            if value == PLACEHOLDER {
                self.put_back(&format!("{key}.{name}"), value, by_name(stored, name));
            }
        }
    }

    /// A URL has its placeholders inside; it is kept where it is all as it was shown.
    fn url(&mut self, key: &str, url: &mut String, stored: Option<&str>) {
        if url.contains(PLACEHOLDER) {
            let stored = stored.filter(|stored| redact::mask_url(stored) == *url);
            self.put_back(key, url, stored.map(str::to_owned).as_ref());
        }
    }

    /// Webhooks among those who are told are found again by how they were shown, and their signing
    /// secrets by their URLs.
    fn notify(&mut self, draft: &mut [Recipient], stored: &[Recipient]) {
        let stored: Vec<&Webhook> = stored.iter().filter_map(Recipient::webhook).collect();
        for (index, recipient) in draft.iter_mut().enumerate() {
            let Recipient::Webhook(webhook) = recipient else { continue };
            let key = format!("notify[{index}]");
            if webhook.url.contains(PLACEHOLDER) {
                let is_it = |stored: &&&Webhook| redact::mask_webhook(&stored.url) == webhook.url;
                let stored = stored.iter().find(is_it).map(|stored| stored.url.clone());
                self.put_back(&key, &mut webhook.url, stored.as_ref());
            }
            let Webhook { url, signing_secret: Some(secret) } = webhook else { continue };
            let mut stored = stored.iter().filter(|stored| stored.url == *url);
            let stored = stored.find_map(|stored| stored.signing_secret.as_ref());
            self.secret(&format!("{key}.signing_secret"), secret, stored);
        }
    }

    fn stands_for_nothing(&mut self, key: &str) {
        self.problems.push(Problem {
            path: format!("{}{key}", self.within),
            code: "no-stored-secret",
            message: format!("`{PLACEHOLDER}` keeps a stored secret, and none is stored here"),
            hint: Some("write the secret itself, or `${NAME}`".to_owned()),
        });
    }

    fn must_be_given_again(&mut self, key: &str, why: &str) {
        self.problems.push(Problem {
            path: format!("{}{key}", self.within),
            code: "secret-must-be-given-again",
            message: format!(
                "the stored secret is not sent there without being given again: {why}"
            ),
            hint: Some("write the secret itself, or `${NAME}`".to_owned()),
        });
    }
}

/// The value of a header or query parameter.
fn by_name<'s, T>(pairs: &'s [(String, T)], name: &str) -> Option<&'s T> {
    pairs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
