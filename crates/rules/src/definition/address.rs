//! Addresses: the URLs that a hub calls, and whom it tells.

use url::Url;

use super::fields::Field;
use crate::redact;

/// The longest URL, in bytes.
const MAX_URL: usize = 8_192;

/// How many people can be told of one thing.
const MAX_ADDRESSES: usize = 50;

/// The longest mail address, in bytes (RFC 5321).
const MAX_MAIL_ADDRESS: usize = 254;

/// Reads a URL that the hub is to call.
pub(super) fn read_url(field: &Field<'_, '_>) -> Option<String> {
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
    if !is_web(&url) {
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

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Reads whom to tell of trouble: mail addresses, and URLs that take a webhook instead.
pub(super) fn read_notify(field: &Field<'_, '_>) -> Vec<String> {
    read_addresses(field, |field| {
        let is_url = field.value.as_str().is_some_and(|text| text.contains("://"));
        if is_url { read_url(field) } else { read_mail_address(field) }
    })
}

/// Reads to whom mail is sent.
pub(super) fn read_mail_addresses(field: &Field<'_, '_>) -> Vec<String> {
    read_addresses(field, read_mail_address)
}

fn read_addresses(
    field: &Field<'_, '_>,
    read: fn(&Field<'_, '_>) -> Option<String>,
) -> Vec<String> {
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
