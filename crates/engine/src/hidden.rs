//! What the address of a lifecycle's call must not give away.
//!
//! Templates put into an address what the submission holds: also the code by which anybody can follow it, or a
//! token that the answer of an earlier call brought. What is named as a credential in a query is masked wherever
//! requests are recorded; these are known by where they come from, whatever they stand in: a path, or a query
//! under any name. They are taken out of what is recorded of the request, and of the words of its error. The
//! answer stays: the lifecycle reads it, and what is secret in it is kept under a name that says so.

use fieldpost_model::json::Value;
use fieldpost_model::progress::Progress;
use fieldpost_outbound::Exchange;
use fieldpost_rules::redact::{is_credential_parameter, mask_url, scrub};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is escaped in a path that was written with it.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');
/// What is escaped in a query that was written with it.
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\'');
/// What is escaped in a parameter that is added to a query; its spaces become `+`.
const IN_PARAMETER: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');
/// The secrets that are looked for at most: those of the data that stand first.
const MOST_SECRETS: usize = 1_000;

/// The secrets of a submission, in every way in which an address may write them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    /// The secrets of a submission: its tracking code, and what its data keeps under the name of a credential.
    pub(crate) fn of(progress: &Progress) -> Self {
        let mut secrets: Vec<&str> = progress.tracking_code.as_deref().into_iter().collect();
        add_secrets(&progress.data, false, &mut secrets);
        let mut written = Vec::with_capacity(secrets.len());
        for secret in secrets {
            let escaped = [IN_PATH, IN_QUERY]
                .map(|set| utf8_percent_encode(secret, set).to_string())
                .into_iter();
            let parameter = utf8_percent_encode(secret, IN_PARAMETER).to_string().replace(' ', "+");
            written.push(secret.to_owned());
            written.extend(escaped.chain([parameter]));
        }
        written.sort_unstable();
        written.dedup();
        Self(written)
    }

    /// A text without them.
    pub(crate) fn taken_out_of(&self, text: &str) -> String {
        let secrets: Vec<&str> = self.0.iter().map(String::as_str).collect();
        scrub(text, &secrets)
    }

    /// An address as it may be shown.
    pub(crate) fn shown(&self, address: &str) -> String {
        self.taken_out_of(&mask_url(address))
    }

    /// What is recorded of a call, without them.
    pub(crate) fn take_out_of(&self, exchange: &mut Exchange) {
        if let Some(request) = &mut exchange.request {
            request.url = self.taken_out_of(&request.url);
        }
        if let Some(error) = &mut exchange.error {
            error.message = self.taken_out_of(&error.message);
        }
        // Where a redirect led says what was asked for.
        for (_, value) in exchange.response.iter_mut().flat_map(|response| &mut response.headers) {
            if value.contains('/') {
                *value = self.taken_out_of(value);
            }
        }
    }
}

/// Adds the texts that stand under the name of a credential, or within what does.
fn add_secrets<'v>(value: &'v Value<'_>, is_secret: bool, secrets: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                add_secrets(value, is_secret || is_credential_parameter(name), secrets);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                add_secrets(element, is_secret, secrets);
            }
        }
        Value::String(text) if is_secret && secrets.len() < MOST_SECRETS => secrets.push(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_secret_is_hidden_however_it_is_written() {
        let mut progress = Progress::draft(Uuid::nil(), 1, Timestamp::default());
        progress.tracking_code = Some("BCDFGHJK".to_owned());
        progress.data = Value::parse(
            br#"{"login_response": {"access_token": "a b/c", "lifetime": "thousand", "keys": {"password": ["p\u00e9re"]}},
                 "login_time": "2026-01-01"}"#,
        )
        .unwrap()
        .into_owned();
        let hidden = Hidden::of(&progress);
        for (address, shown) in [
            ("https://a/BCDFGHJK/x?c=BCDFGHJK", "https://a/•••••••/x?c=•••••••"),
            ("https://a/a%20b/c", "https://a/•••••••"),
            ("https://a/?x=a+b%2Fc&y=thousand", "https://a/?x=•••••••&y=thousand"),
            ("https://a/p%C3%A9re?pin=2026-01-01", "https://a/•••••••?pin=2026-01-01"),
            ("https://u:word@a/?api_key=unknown", "https://•••••••@a/?api_key=•••••••"),
        ] {
            assert_eq!(hidden.shown(address), shown, "{address}");
        }
    }
}
