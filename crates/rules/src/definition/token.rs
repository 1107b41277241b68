//! Authentication with a token that has to be got first: OAuth 2.0, and any other login.
//!
//! For services that many projects use there are presets. A preset is a shorthand: it is read as
//! what it stands for, and what it stands for is what is stored, shown and written back. So a
//! definition means the same after an update that mends a preset.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::connection::{
    CredentialsPlace, Login, LoginBody, Oauth2, Oauth2Grant, TokenPlace,
};
use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;

use super::address::read_url;
use super::authentication::{read_header_name, read_password};
use super::fields::{Field, Fields, Section};
use super::preset::{LoginPreset, OauthPreset};
use super::write::{Members, Secrets, only};
use crate::json_path::JsonPath;

/// How many scopes can be asked for.
const MAX_SCOPES: usize = 50;

/// How many fields a login can post.
const MAX_LOGIN_FIELDS: usize = 50;

/// In how many places a token can be looked for.
const MAX_TOKEN_PATHS: usize = 10;

/// The longest JSON path, in bytes.
const MAX_JSON_PATH: usize = 512;

/// How long a token can be used where its answer does not say.
const LIFETIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(365 * 24);

/// `lifetime` where a login names none.
const DEFAULT_LIFETIME: Duration = Duration::from_mins(10);

/// The longest word before a token, in bytes.
const MAX_PREFIX: usize = 64;

/// The two grants of OAuth 2.0, as `auth` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OauthKind {
    Client,
    Password,
}

impl OauthKind {
    pub(super) const fn of(grant: &Oauth2Grant) -> Self {
        match grant {
            Oauth2Grant::ClientCredentials => Self::Client,
            Oauth2Grant::Password { .. } => Self::Password,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Client => "oauth2_client",
            Self::Password => "oauth2_password",
        }
    }
}

/// Reads `oauth2_client` or `oauth2_password`. `base` is the connection's URL.
pub(super) fn read_oauth2(
    field: &Field<'_, '_>,
    kind: OauthKind,
    base: Option<&str>,
) -> Option<Oauth2> {
    let mut fields = field.fields(Section::Inner)?;
    let (token_url, usual_place) = read_token_url(&mut fields, base);
    let client_id = fields.take("client_id").map(|field| field.text().map(str::to_owned));
    let client_secret = fields.take("client_secret").map(Field::secret);
    let credentials = fields
        .take("credentials")
        .map(|field| field.choice(CredentialsPlace::ALL, CredentialsPlace::name));
    let scopes = fields.take("scope").map(|field| read_scopes(&field)).unwrap_or_default();
    let grant = match kind {
        OauthKind::Client => Some(Oauth2Grant::ClientCredentials),
        OauthKind::Password => {
            let username = fields.require("username").and_then(|field| field.text());
            let password = fields.require("password").and_then(read_password);
            username.zip(password).map(|(username, password)| Oauth2Grant::Password {
                username: username.to_owned(),
                password,
            })
        }
    };
    let needs_client = kind == OauthKind::Client || client_secret.is_some();
    if needs_client && client_id.is_none() {
        fields.missing("client_id");
    }
    if kind == OauthKind::Client && client_secret.is_none() {
        fields.missing("client_secret");
    }
    fields.close();
    Some(Oauth2 {
        grant: grant?,
        token_url: token_url?,
        client_id: client_id.flatten(),
        client_secret: client_secret.flatten(),
        credentials_in: credentials.unwrap_or(Some(usual_place))?,
        scopes,
    })
}

/// Reads where tokens come from, in full or by a preset, and where the client's id and secret go
/// unless that is said.
fn read_token_url(
    fields: &mut Fields<'_, '_>,
    base: Option<&str>,
) -> (Option<String>, CredentialsPlace) {
    let preset = fields.take("preset");
    let token_url = fields.take("token_url");
    match (preset, token_url) {
        (None, None) => {
            fields.place.key("token_url").report_with_hint::<()>(
                "missing-key",
                "`token_url` is missing",
                "write it, or the `preset` of a known service",
            );
            (None, CredentialsPlace::Header)
        }
        (None, Some(token_url)) => (read_url(&token_url), CredentialsPlace::Header),
        (Some(preset), Some(_)) => {
            preset.place.report_with_hint::<()>(
                "wrong-value",
                "a preset knows its `token_url`",
                "leave out the one or the other",
            );
            (None, CredentialsPlace::Header)
        }
        (Some(preset), None) => match preset.choice(OauthPreset::ALL, OauthPreset::name) {
            None => (None, CredentialsPlace::Header),
            Some(preset) => (base.map(|base| preset.token_url(base)), preset.credentials()),
        },
    }
}

/// Reads scopes: a list, or a text with spaces between them, as OAuth itself has it.
fn read_scopes(field: &Field<'_, '_>) -> Vec<String> {
    let scopes: Vec<String> = match field.value.as_str() {
        Some(text) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        None => field
            .elements()
            .iter()
            .filter_map(|element| element.text().map(str::to_owned))
            .collect(),
    };
    // RFC 6749 §3.3: visible ASCII, but for the quotation mark and the backslash.
    let is_scope = |scope: &String| {
        scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    };
    if let Some(wrong) = scopes.iter().find(|scope| !is_scope(scope)) {
        field.place.report::<()>(
            "wrong-value",
            format!("`{wrong}` is not a scope: visible ASCII characters without `\"` and `\\`"),
        );
    }
    if scopes.len() > MAX_SCOPES {
        field.place.report::<()>(
            "out-of-range",
            format!("at most {MAX_SCOPES} scopes can be asked for, these are {}", scopes.len()),
        );
    }
    scopes
}

pub(super) fn write_oauth2(oauth2: &Oauth2, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("token_url", secrets.url(&oauth2.token_url));
    if let Some(client_id) = &oauth2.client_id {
        members.put("client_id", client_id.clone());
    }
    if let Some(secret) = &oauth2.client_secret {
        members.put("client_secret", secrets.secret(secret));
    }
    if let Oauth2Grant::Password { username, password } = &oauth2.grant {
        members.put("username", username.clone());
        members.put("password", secrets.secret(password));
    }
    let place = oauth2.credentials_in;
    members.put_unless(place == CredentialsPlace::Header, "credentials", place.name());
    let scopes: Vec<Value<'_>> = oauth2.scopes.iter().cloned().map(Value::from).collect();
    members.put_unless(scopes.is_empty(), "scope", scopes);
    members.into_value()
}

/// Reads `login`, in full or by a preset. `base` is the connection's URL.
pub(super) fn read_login(field: &Field<'_, '_>, base: Option<&str>) -> Option<Login> {
    let mut fields = field.fields(Section::Inner)?;
    let login = match fields.take("preset") {
        Some(preset) => read_preset(&preset, &mut fields, base),
        None => read_full_login(&mut fields),
    };
    fields.close();
    login
}

/// Reads the credentials for a service that is known.
fn read_preset(
    field: &Field<'_, '_>,
    fields: &mut Fields<'_, '_>,
    base: Option<&str>,
) -> Option<Login> {
    let username = fields.require("username").and_then(Field::secret);
    let password = fields.require("password").and_then(read_password);
    let preset = field.choice(LoginPreset::ALL, LoginPreset::name)?;
    let base = base?;
    match preset.login(base, username?, password?) {
        Some(login) => Some(login),
        None => field.place.report_with_hint(
            "wrong-value",
            format!("the connection's URL is none of `{preset}`"),
            preset.wanted_url(),
        ),
    }
}

fn read_full_login(fields: &mut Fields<'_, '_>) -> Option<Login> {
    let url = fields.require("url").and_then(|field| read_url(&field));
    let body = fields.take("body").map(|field| field.choice(LoginBody::ALL, LoginBody::name));
    let posted = fields.require("fields").and_then(|field| read_login_fields(&field));
    let token_at = fields.require("token_at").and_then(|field| read_token_paths(&field));
    let lifetime_at = fields.take("lifetime_at").map(|field| read_json_path(&field));
    let lifetime = fields.take("lifetime").map(|field| field.duration(LIFETIME));
    let send_as = fields.take("send_as").map(|field| read_token_place(&field));
    Some(Login {
        url: url?,
        body: body.unwrap_or(Some(LoginBody::Json))?,
        fields: posted?,
        token_at: token_at?,
        lifetime_at: lifetime_at.flatten(),
        lifetime: lifetime.unwrap_or(Some(DEFAULT_LIFETIME))?,
        send_as: send_as.unwrap_or_else(|| Some(bearer()))?,
    })
}

/// Reads what a login posts. All of it may be secret.
fn read_login_fields(field: &Field<'_, '_>) -> Option<Vec<(String, Secret)>> {
    let entries = field.entries();
    if entries.is_empty() || entries.len() > MAX_LOGIN_FIELDS {
        return field.place.report(
            "out-of-range",
            format!("a login posts 1 to {MAX_LOGIN_FIELDS} fields, these are {}", entries.len()),
        );
    }
    let read = entries.into_iter().filter_map(|(name, field)| {
        let text = field.hidden().scalar_text()?;
        Some((name.to_owned(), Secret::new(text)))
    });
    Some(read.collect())
}

/// Reads where the token may stand: one path, or several that are looked at in turn.
fn read_token_paths(field: &Field<'_, '_>) -> Option<Vec<String>> {
    if field.value.as_str().is_some() {
        return read_json_path(field).map(|path| vec![path]);
    }
    let elements = field.elements();
    if elements.is_empty() || elements.len() > MAX_TOKEN_PATHS {
        return field.place.report(
            "out-of-range",
            format!(
                "a token is looked for in 1 to {MAX_TOKEN_PATHS} places, these are {}",
                elements.len()
            ),
        );
    }
    Some(elements.iter().filter_map(read_json_path).collect())
}

/// Reads a path down an answer.
fn read_json_path(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    if text.len() <= MAX_JSON_PATH && JsonPath::parse(text).is_some() {
        return Some(text.to_owned());
    }
    field.place.report_with_hint(
        "bad-json-path",
        format!("{} is not a path that the hub can follow", field.shown()),
        "write `$.token`, `$.data.token`, `$.tokens[0]` or `$['a name']`",
    )
}

/// Reads how a token is shown to the destination.
fn read_token_place(field: &Field<'_, '_>) -> Option<TokenPlace> {
    let mut fields = field.fields(Section::Inner)?;
    let header = fields.take("header");
    let prefix = fields.take("prefix");
    let query = fields.take("query");
    let place = fields.place.clone();
    fields.close();
    match (header, query) {
        (Some(header), None) => {
            let prefix = prefix.map(|field| read_prefix(&field));
            Some(TokenPlace::Header {
                name: read_header_name(&header)?,
                prefix: prefix.unwrap_or(Some(String::new()))?,
            })
        }
        (None, Some(query)) => {
            if let Some(prefix) = prefix {
                return prefix.place.report("wrong-value", "a prefix is for a header only");
            }
            query.text().map(|name| TokenPlace::Query(name.to_owned()))
        }
        _ => place.report_with_hint(
            "wrong-value",
            "a token is sent in a header or in the query",
            "write `{ header: Authorization, prefix: \"Bearer \" }` or `{ query: access_token }`",
        ),
    }
}

fn read_prefix(field: &Field<'_, '_>) -> Option<String> {
    let text = field.any_text()?;
    if text.len() <= MAX_PREFIX && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Some(text.to_owned());
    }
    field.place.report(
        "bad-header",
        format!("what stands before a token is ASCII text, at most {MAX_PREFIX} bytes"),
    )
}

pub(super) fn write_login(login: &Login, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("url", secrets.url(&login.url));
    members.put_unless(login.body == LoginBody::Json, "body", login.body.name());
    members.put("fields", secrets.named(&login.fields));
    match login.token_at.as_slice() {
        [path] => members.put("token_at", path.clone()),
        paths => {
            let paths: Vec<Value<'_>> = paths.iter().cloned().map(Value::from).collect();
            members.put("token_at", paths);
        }
    }
    if let Some(path) = &login.lifetime_at {
        members.put("lifetime_at", path.clone());
    }
    let lifetime = login.lifetime;
    members.put_unless(lifetime == DEFAULT_LIFETIME, "lifetime", duration::format(lifetime));
    if login.send_as != bearer() {
        members.put("send_as", write_token_place(&login.send_as));
    }
    members.into_value()
}

fn write_token_place(place: &TokenPlace) -> Value<'static> {
    match place {
        TokenPlace::Query(name) => only("query", name.clone()),
        TokenPlace::Header { name, prefix } => {
            let mut members = Members::default();
            members.put("header", name.clone());
            members.put_unless(prefix.is_empty(), "prefix", prefix.clone());
            members.into_value()
        }
    }
}

/// How the tokens of OAuth 2.0 are sent, and those of most other services.
pub(super) fn bearer() -> TokenPlace {
    TokenPlace::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
}
