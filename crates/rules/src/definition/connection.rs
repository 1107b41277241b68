//! Connections: the keys of one, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use fieldpost_model::connection::{
    Authentication, Connection, DEFAULT_CONCURRENCY, DEFAULT_TIMEOUT, IncidentPolicy, Tls,
};
use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use url::Url;

use super::fields::{Field, Fields, Place, Section, collect};
use super::headers::{check_header_name, read_header_value, read_headers};
use super::problem::Problem;
use super::project::check_name;
use super::source::{read_basic, write_basic};
use super::write::{Members, Secrets, only};
use crate::redact;

/// The longest URL, in bytes.
const MAX_URL: usize = 8_192;

/// How long one attempt can be allowed to take.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_mins(10);

/// How many attempts can be allowed at once.
const CONCURRENCY: RangeInclusive<u32> = 1..=1_000;

/// How many people can be told of trouble.
const MAX_NOTIFY: usize = 50;

/// The longest mail address, in bytes (RFC 5321).
const MAX_MAIL_ADDRESS: usize = 254;

/// The ways of authentication, as `auth` names them beside `none`.
const KINDS_OF_AUTHENTICATION: [&str; 4] = ["basic", "bearer", "api_key", "headers"];

/// What a signing secret begins with.
const SIGNING_SECRET_PREFIX: &str = "whsec_";

/// How long the key in a signing secret can be, in bytes.
const SIGNING_KEY_BYTES: RangeInclusive<usize> = 1..=64;

/// The least bytes that Standard Webhooks asks for. Receivers that made shorter secrets exist, so
/// those are taken, and warned of.
pub(super) const SOUND_SIGNING_KEY_BYTES: usize = 24;

/// Base64 with and without the `=` at its end: receivers hand out both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a connection.
pub fn read_connection(name: &str, value: &Value<'_>) -> Result<Connection, Vec<Problem>> {
    collect(&format!("connections.{name}"), |place| read(name, value, place))
}

/// Writes a connection; what is as it would be anyway is left out.
pub fn write_connection(connection: &Connection, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("url", secrets.url(&connection.url));
    members.put_unless(
        connection.authentication == Authentication::None,
        "auth",
        write_authentication(&connection.authentication, secrets),
    );
    let notify: Vec<Value<'_>> = connection.notify.iter().cloned().map(Value::from).collect();
    members.put_unless(notify.is_empty(), "notify", notify);
    let timeout = connection.timeout;
    members.put_unless(timeout == DEFAULT_TIMEOUT, "timeout", duration::format(timeout));
    let concurrency = connection.concurrency;
    members.put_unless(concurrency == DEFAULT_CONCURRENCY, "concurrency", u64::from(concurrency));
    for (key, secret) in [
        ("signing_secret", &connection.signing_secret),
        ("previous_signing_secret", &connection.previous_signing_secret),
    ] {
        if let Some(secret) = secret {
            members.put(key, secrets.secret(secret));
        }
    }
    members.into_value()
}

pub(super) fn read(name: &str, value: &Value<'_>, place: Place<'_>) -> Option<Connection> {
    check_name(&place, name);
    let mut fields = Fields::open(Section::Connection, value, place)?;
    let url = fields.require("url").and_then(|field| read_url(&field));
    let authentication = fields.take("auth").map(|field| read_authentication(&field));
    let notify = fields.take("notify").map(|field| read_notify(&field)).unwrap_or_default();
    let timeout = fields.take("timeout").map(|field| field.duration(TIMEOUT));
    let concurrency = fields.take("concurrency").map(|field| field.whole_number(CONCURRENCY));
    let signing_secret = fields.take("signing_secret").map(read_signing_secret);
    let previous_field = fields.take("previous_signing_secret");
    let previous_place = previous_field.as_ref().map(|field| field.place.clone());
    let previous_signing_secret = previous_field.map(read_signing_secret);
    fields.close();
    if let (Some(place), None) = (previous_place, &signing_secret) {
        place.report_with_hint::<()>(
            "wrong-value",
            "there is a previous signing secret, but none that it was followed by",
            "write it as `signing_secret`",
        );
    }
    Some(Connection {
        name: name.to_owned(),
        url: url?,
        authentication: authentication.unwrap_or(Some(Authentication::None))?,
        notify,
        timeout: timeout.unwrap_or(Some(DEFAULT_TIMEOUT))?,
        concurrency: concurrency.unwrap_or(Some(DEFAULT_CONCURRENCY))?,
        signing_secret: signing_secret.flatten(),
        previous_signing_secret: previous_signing_secret.flatten(),
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
    })
}

fn read_url(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    // The query of a wrong URL may carry a credential as well as that of a right one.
    let shown = redact::mask_url(text);
    let bad = |message: String, hint: &str| field.place.report_with_hint("bad-url", message, hint);
    if text.len() > MAX_URL {
        return bad(
            format!("a URL has at most {MAX_URL} bytes, this one {}", text.len()),
            "send what is long in the body",
        );
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            return bad(
                format!("`{shown}` is not a URL: {error}"),
                "write it in full, as `https://example.org/hook`",
            );
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        return bad(
            format!("`{shown}` is not a URL that the hub can send to"),
            "it must begin with `https://` or `http://`",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad(
            format!("`{shown}` has a user name in it"),
            "write `auth: { basic: { username: …, password: … } }` instead, where the password \
             is kept secret",
        );
    }
    if url.fragment().is_some() {
        return bad(format!("`{shown}` has a `#` part, which is never sent"), "leave it out");
    }
    Some(text.to_owned())
}

fn read_authentication(field: &Field<'_, '_>) -> Option<Authentication> {
    if field.value.as_str() == Some("none") {
        return Some(Authentication::None);
    }
    if let Some(kind) = field.value.as_str().filter(|kind| KINDS_OF_AUTHENTICATION.contains(kind)) {
        // A kind by its bare name: say what belongs under it rather than that it is no object.
        return needs_values(&field.place, kind);
    }
    let mut fields = Fields::open(Section::Authentication, field.value, field.place.clone())?;
    let kind = fields.only_one_of(&KINDS_OF_AUTHENTICATION)?;
    let Some(values) = fields.take(kind) else { return needs_values(&field.place, kind) };
    match kind {
        "basic" => {
            let (username, password) = read_basic(&values)?;
            Some(Authentication::Basic { username, password })
        }
        "bearer" => read_bearer(values),
        "api_key" => read_api_key(&values),
        _ => {
            let headers = read_headers(&values.hidden()).into_iter();
            let secret = headers.map(|(name, value)| (name, Secret::new(value)));
            Some(Authentication::Headers(secret.collect()))
        }
    }
}

fn needs_values<T>(place: &Place<'_>, kind: &str) -> Option<T> {
    place.report_with_hint(
        "wrong-type",
        format!("`{kind}` needs its values"),
        format!("write `auth: {{ {kind}: … }}`"),
    )
}

/// Reads a token, written as it is or under its name.
fn read_bearer(field: Field<'_, '_>) -> Option<Authentication> {
    let token = if field.value.as_object().is_some() {
        let mut fields = field.fields(Section::Inner)?;
        let token = fields.require("token");
        fields.close();
        token?
    } else {
        field
    };
    Some(Authentication::Bearer { token: read_secret_header(token)? })
}

fn read_api_key(field: &Field<'_, '_>) -> Option<Authentication> {
    let mut fields = field.fields(Section::Inner)?;
    let header = fields.require("header").and_then(|field| {
        let name = field.text()?;
        check_header_name(&field.place, name)?;
        Some(name.to_owned())
    });
    let key = fields.require("key").and_then(read_secret_header);
    fields.close();
    Some(Authentication::ApiKey { header: header?, key: key? })
}

/// Reads a secret that is sent as a header, or as a part of one.
fn read_secret_header(field: Field<'_, '_>) -> Option<Secret> {
    let field = field.hidden();
    field.text()?;
    read_header_value(&field).map(Secret::new)
}

fn read_notify(field: &Field<'_, '_>) -> Vec<String> {
    let addresses = field.elements();
    if addresses.len() > MAX_NOTIFY {
        field.place.report_with_hint::<()>(
            "out-of-range",
            format!("at most {MAX_NOTIFY} addresses can be told, these are {}", addresses.len()),
            "name a mailing list",
        );
    }
    addresses.iter().filter_map(read_mail_address).collect()
}

/// Reads a mail address. Whether it exists only sending can tell; this finds slips, and whatever
/// would end the address and begin something else in a mail's header.
fn read_mail_address(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    let is_plain = text.len() <= MAX_MAIL_ADDRESS
        && !text.chars().any(|character| {
            character.is_whitespace() || character.is_control() || "<>(),;:\"\\".contains(character)
        });
    let has_sides = text
        .rsplit_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !user.contains('@'));
    if is_plain && has_sides {
        return Some(text.to_owned());
    }
    field.place.report_with_hint(
        "bad-mail-address",
        format!("{} is not a mail address", field.shown()),
        "write the address alone, as `ops@example.org`",
    )
}

fn read_signing_secret(field: Field<'_, '_>) -> Option<Secret> {
    let place = field.place.clone();
    let secret = field.secret()?;
    let length = signing_key_bytes(&secret);
    let is_good = length.is_some_and(|length| SIGNING_KEY_BYTES.contains(&length));
    if is_good || secret.expose() == PLACEHOLDER {
        return Some(secret);
    }
    let (least, most) = (SIGNING_KEY_BYTES.start(), SIGNING_KEY_BYTES.end());
    place.report_with_hint(
        "bad-signing-secret",
        format!("must be `{SIGNING_SECRET_PREFIX}` and the base64 of {least} to {most} bytes"),
        "make one with `openssl rand -base64 32`",
    )
}

/// How long the key in a signing secret is, in bytes; `None` where there is none.
pub(super) fn signing_key_bytes(secret: &Secret) -> Option<usize> {
    let encoded = secret.expose().strip_prefix(SIGNING_SECRET_PREFIX)?;
    BASE64.decode(encoded).ok().map(|key| key.len())
}

fn write_authentication(authentication: &Authentication, secrets: Secrets) -> Value<'static> {
    match authentication {
        Authentication::None => Value::from("none"),
        Authentication::Basic { username, password } => write_basic(username, password, secrets),
        Authentication::Bearer { token } => only("bearer", secrets.secret(token)),
        Authentication::ApiKey { header, key } => {
            let mut members = Members::default();
            members.put("header", header.clone());
            members.put("key", secrets.secret(key));
            only("api_key", members.into_value())
        }
        Authentication::Digest { .. }
        | Authentication::Oauth2(_)
        | Authentication::Login(_)
        | Authentication::SignedUrl(_) => Value::from("none"),
        Authentication::Headers(headers) => {
            let members = headers
                .iter()
                .map(|(name, value)| (name.clone().into(), secrets.secret(value)))
                .collect();
            only("headers", Value::Object(members))
        }
    }
}
