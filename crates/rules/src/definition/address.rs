//! Addresses: the URLs that a hub calls, and whom it tells.

use fieldpost_model::recipient::{Recipient, Webhook};
use fieldpost_model::secret::PLACEHOLDER;
use url::Url;

use super::connection::read_signing_secret;
use super::fields::{Field, Section};
use crate::redact;

/// The longest URL, in bytes.
const MAX_URL: usize = 8_192;

/// How many people can be told of one thing.
const MAX_ADDRESSES: usize = 50;

/// The longest mail address, in bytes (RFC 5321).
const MAX_MAIL_ADDRESS: usize = 254;

/// What the URL of a database begins with.
const DATABASE_SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// How a URL is to begin that is called.
const OF_THE_WEB: &str = "it must begin with `https://` or `http://`";

/// Whether a URL is that of a database, to which rows are written, and not of a service.
pub fn is_database(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        DATABASE_SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// Whether the URL of a database asks for a connection without TLS.
pub(super) fn is_without_tls(url: &Url) -> bool {
    url.query_pairs().any(|(name, value)| name == "sslmode" && value == "disable")
}

/// Reads a URL that the hub is to call.
pub(super) fn read_url(field: &Field<'_, '_>) -> Option<String> {
    read_masked_url(field, redact::mask_url, OF_THE_WEB)
}

/// Reads the URL of a connection, which may be that of a database.
pub(super) fn read_destination(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    if is_database(text) {
        return read_database_url(field, text);
    }
    let hint = "it must begin with `https://` or `http://`; that of a database with `postgres://`";
    read_masked_url(field, redact::mask_url, hint)
}

/// Reads `postgres://host:port/database?sslmode=require`.
fn read_database_url(field: &Field<'_, '_>, text: &str) -> Option<String> {
    let url = read_any_url(field, text, &redact::mask_url(text))?;
    let bad = |message: &str, hint: &str| field.place.report_with_hint("bad-url", message, hint);
    if url.host_str().is_none_or(str::is_empty) {
        return bad("the URL names no host", "write it as `postgres://db.example.org/registry`");
    }
    let database = url.path().strip_prefix('/').unwrap_or_default();
    if database.is_empty() || database.contains('/') {
        return bad(
            "the path of the URL must be the name of one database",
            "write it as `postgres://db.example.org/registry`",
        );
    }
    let is_read =
        |(name, value): (_, _)| name == "sslmode" && (value == "require" || value == "disable");
    if !url.query_pairs().all(is_read) {
        return bad(
            "the query of a database's URL can say `sslmode=require` or `sslmode=disable`, and \
             nothing else",
            "leave the rest out; authorities to trust are written as `tls: { ca: … }`",
        );
    }
    Some(text.to_owned())
}

/// Reads a URL. A wrong one may carry a credential as well as a right one: `mask` hides it.
fn read_masked_url(field: &Field<'_, '_>, mask: fn(&str) -> String, hint: &str) -> Option<String> {
    let text = field.text()?;
    let shown = mask(text);
    let url = read_any_url(field, text, &shown)?;
    if !is_web(&url) {
        return field.place.report_with_hint(
            "bad-url",
            format!("`{shown}` is not a URL that the hub can send to"),
            hint,
        );
    }
    Some(text.to_owned())
}

/// Reads a URL of whatever scheme.
fn read_any_url(field: &Field<'_, '_>, text: &str, shown: &str) -> Option<Url> {
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
    if !url.username().is_empty() || url.password().is_some() {
        return bad(
            format!("`{shown}` has a user name in it"),
            "write `auth: { basic: { username: …, password: … } }` instead, where the password \
             is kept secret",
        );
    }
    // What is masked may end in a mark. It stands for a stored URL, or is refused for standing for none.
    if url.fragment().is_some() && !text.contains(PLACEHOLDER) {
        return bad(format!("`{shown}` has a `#` part, which is never sent"), "leave it out");
    }
    Some(url)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Reads whom to tell of trouble: mail addresses, and webhooks, as a URL or as an object with it.
pub(super) fn read_notify(field: &Field<'_, '_>) -> Vec<Recipient> {
    read_addresses(field, |field| {
        if field.value.as_object().is_some() {
            return read_webhook(field).map(Recipient::Webhook);
        }
        if field.value.as_str().is_some_and(|text| text.contains("://")) {
            let url = read_masked_url(field, redact::mask_webhook, OF_THE_WEB)?;
            return Some(Recipient::Webhook(Webhook { url, signing_secret: None }));
        }
        read_mail_address(field).map(Recipient::Mail)
    })
}

/// Reads a webhook that is signed.
fn read_webhook(field: &Field<'_, '_>) -> Option<Webhook> {
    let mut fields = field.fields(Section::Inner)?;
    let url = fields.require("url");
    let url = url.and_then(|field| read_masked_url(&field, redact::mask_webhook, OF_THE_WEB));
    let signing_secret = fields.take("signing_secret").map(read_signing_secret);
    fields.close();
    Some(Webhook { url: url?, signing_secret: signing_secret.flatten() })
}

/// Reads to whom mail is sent.
pub(super) fn read_mail_addresses(field: &Field<'_, '_>) -> Vec<String> {
    read_addresses(field, read_mail_address)
}

fn read_addresses<T>(field: &Field<'_, '_>, read: fn(&Field<'_, '_>) -> Option<T>) -> Vec<T> {
    let addresses = field.elements();
    if addresses.len() > MAX_ADDRESSES {
        field.place.report_with_hint::<()>(
            "out-of-range",
            format!("at most {MAX_ADDRESSES} addresses can be told, these are {}", addresses.len()),
            "name a mailing list",
        );
    }
    addresses.iter().filter_map(read).collect()
}

/// Reads a mail address. Whether it exists only sending can tell; this finds slips, and whatever
/// would end the address and begin something else in a mail's header.
pub(super) fn read_mail_address(field: &Field<'_, '_>) -> Option<String> {
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
