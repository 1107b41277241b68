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
/// What the filter `urlencode` of templates escapes; `/` is kept, or not.
const BY_FILTER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const BY_FILTER_BUT_SLASHES: &AsciiSet = &BY_FILTER.remove(b'/');
/// The secrets that are looked for at most: those of the data that stand first.
const MOST_SECRETS: usize = 1_000;

/// The secrets of a submission, in every way in which an address may write them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    /// The secrets of a submission: its tracking code, and what its data keeps under the name of a credential.
    pub(crate) fn of(progress: &Progress) -> Self {
        Self::from_secrets(secrets_of(progress))
    }

    /// Secrets in every way in which an address may write them.
    fn from_secrets(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut written = Vec::new();
        for secret in secrets {
            let by_filter = [BY_FILTER, BY_FILTER_BUT_SLASHES]
                .map(|set| utf8_percent_encode(&secret, set).to_string());
            for template in by_filter.into_iter().chain([secret]) {
                let escaped =
                    [IN_PATH, IN_QUERY].map(|set| utf8_percent_encode(&template, set).to_string());
                let parameter = utf8_percent_encode(&template, IN_PARAMETER).to_string();
                written.extend(escaped);
                written.push(parameter.replace(' ', "+"));
                written.push(template);
            }
        }
        written.sort_unstable();
        written.dedup();
        Self(written)
    }

    /// These, and secrets that were known when the call was planned: meanwhile others may have taken their place.
    pub(crate) fn with(self, planned: Vec<String>) -> Self {
        let Self(mut written) = Self::from_secrets(planned);
        written.extend(self.0);
        written.sort_unstable();
        written.dedup();
        Self(written)
    }

    /// Whether a text holds one of them.
    fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret))
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

/// Those secrets of submissions that the parts of an address hold.
pub(crate) fn secrets_within(progresses: [&Progress; 2], parts: &[&str]) -> Vec<String> {
    let mut secrets: Vec<String> = progresses.into_iter().flat_map(secrets_of).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets.retain(|secret| {
        let hidden = Hidden::from_secrets([secret.clone()]);
        !secret.is_empty() && parts.iter().any(|part| hidden.is_in(part))
    });
    secrets
}

fn secrets_of(progress: &Progress) -> Vec<String> {
    let mut secrets: Vec<String> = progress.tracking_code.clone().into_iter().collect();
    add_secrets(&progress.data, false, &mut secrets);
    secrets
}

/// Adds the texts and the numbers that stand under the name of a credential, or within what does.
fn add_secrets(value: &Value<'_>, is_secret: bool, secrets: &mut Vec<String>) {
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
        Value::String(text) if is_secret && secrets.len() < MOST_SECRETS => {
            secrets.push(text.to_string());
        }
        Value::Number(_) if is_secret && secrets.len() < MOST_SECRETS => {
            secrets.push(value.to_json());
        }
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
            br#"{"login_response": {"access_token": "a b/c", "lifetime": "thousand", "keys": {"password": ["p\u00e9re", "q+r/s=="], "pin_token": 271828}},
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
            ("https://a/q%2Br/s%3D%3D/x", "https://a/•••••••/x"),
            ("https://a/?x=q%2Br%2Fs%3D%3D", "https://a/?x=•••••••"),
            ("https://a/?x=q%252Br%2Fs%253D%253D", "https://a/?x=•••••••"),
            ("https://a/271828/3", "https://a/•••••••/3"),
            ("https://u:word@a/?api_key=unknown", "https://•••••••@a/?api_key=•••••••"),
        ] {
            assert_eq!(hidden.shown(address), shown, "{address}");
        }
    }
}
