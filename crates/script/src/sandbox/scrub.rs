//! Masks the secrets of a step's credential in what is written down.
//!
//! A job is given its credential in clear, and may log it, throw it or leave it in its state. What
//! people read and what is stored shows `***` in its place.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::protocol::StepError;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// A text shorter than this is no secret: masking every `a` would hide nothing and spoil all.
const SHORTEST_BYTES: usize = 3;

/// In a state, a secret that is shorter than this stays: it may be a word of the data, and what is
/// masked there is lost to the steps that follow.
const SHORTEST_IN_STATE_BYTES: usize = 12;

/// Numbers shorter than this are no secrets either.
const SHORTEST_DIGITS: usize = 6;

/// Keys of credentials whose values are no secrets, and that people want to read in a log.
const PUBLIC: [&str; 24] = [
    "apiurl",
    "apiversion",
    "appid",
    "authtype",
    "baseurl",
    "database",
    "domain",
    "email",
    "endpoint",
    "expires_at",
    "granttype",
    "host",
    "hosturl",
    "instanceurl",
    "port",
    "project_id",
    "projectid",
    "schema",
    "scope",
    "token_type",
    "url",
    "user",
    "username",
    "version",
];

/// The secrets of a step.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// As they are and as JSON has them, the longest first, so that none hides a part of another.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scrubber").field("secrets", &self.secrets.len()).finish()
    }
}

impl Scrubber {
    /// Knows the secrets of these credentials.
    pub fn new<'a>(credentials: impl IntoIterator<Item = &'a RawValue>) -> Self {
        let mut secrets = Vec::new();
        for credential in credentials {
            if let Ok(value) = serde_json::from_str(credential.get()) {
                collect(&value, &mut secrets);
            }
        }
        let escaped: Vec<String> = secrets.iter().map(|secret| inside_json(secret)).collect();
        secrets.extend(escaped);
        secrets.retain(|secret| secret.len() >= SHORTEST_BYTES);
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// The text without the secrets.
    pub fn text(&self, text: String) -> String {
        match self.masked(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        }
    }

    /// The JSON without the secrets.
    pub fn json(&self, json: Box<RawValue>) -> Box<RawValue> {
        self.masked_json(json, SHORTEST_BYTES)
    }

    /// A state without the secrets that cannot be words of its data.
    pub fn state(&self, state: Box<RawValue>) -> Box<RawValue> {
        self.masked_json(state, SHORTEST_IN_STATE_BYTES)
    }

    fn masked_json(&self, json: Box<RawValue>, shortest: usize) -> Box<RawValue> {
        match self.masked_from(json.get(), shortest) {
            Cow::Borrowed(_) => json,
            // A secret that is all digits may have stood outside of quotes.
            Cow::Owned(masked) => RawValue::from_string(masked)
                .or_else(|_| RawValue::from_string(format!("\"{MASK}\"")))
                .unwrap_or_default(),
        }
    }

    /// The error without the secrets.
    pub(super) fn error(&self, mut error: StepError) -> StepError {
        error.message = self.text(error.message);
        error.details = error.details.map(|details| self.json(details));
        error.fix = error.fix.map(|fix| self.text(fix));
        error
    }

    fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked_from(text, SHORTEST_BYTES)
    }

    /// The text without the secrets that are as long as this.
    fn masked_from<'a>(&self, text: &'a str, shortest: usize) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in self.secrets.iter().filter(|secret| secret.len() >= shortest) {
            if masked.contains(secret.as_str()) {
                masked = Cow::Owned(masked.replace(secret.as_str(), MASK));
            }
        }
        masked
    }
}

fn collect(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::String(text) => secrets.push(text.clone()),
        Value::Number(number) => {
            let digits = number.to_string();
            if digits.len() >= SHORTEST_DIGITS {
                secrets.push(digits);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if !PUBLIC.contains(&key.to_lowercase().as_str()) {
                    collect(value, secrets);
                }
            }
            basic(fields, secrets);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The header of HTTP Basic authentication carries name and password in another form.
fn basic(fields: &serde_json::Map<String, Value>, secrets: &mut Vec<String>) {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let Some(password) = text("password") else { return };
    for name in ["username", "user", "email"].into_iter().filter_map(text) {
        secrets.push(base64(format!("{name}:{password}").as_bytes()));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A text as it stands between the quotes of JSON.
fn inside_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[track_caller]
    fn check(credential: &str, text: &str, expected: &str) {
        let scrubber = Scrubber::new([raw(credential).as_ref()]);
        assert_eq!(scrubber.text(text.to_owned()), expected);
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        check(r#"{"password":"hunter2"}"#, "it is hunter2, hunter2!", "it is ***, ***!");
        check(r#"{"a":{"b":["deep-one"]}}"#, "xdeep-onex", "x***x");
        check(r#"{"password":"a\"b"}"#, r#"{"p":"a\"b"}"#, r#"{"p":"***"}"#);
        check(r#"{"username":"ann","password":"hunter2"}"#, "Basic YW5uOmh1bnRlcjI=", "Basic ***");
        check(r#"{"one":"abc","two":"abcdef"}"#, "abcdef abc", "*** ***");
        check(r#"{"pin":123456}"#, "pin 123456", "pin ***");
    }

    #[test]
    fn what_is_public_or_short_stays() {
        check(
            r#"{"username":"ann","baseUrl":"https://x.org"}"#,
            "ann at https://x.org",
            "ann at https://x.org",
        );
        check(
            r#"{"flag":"ab","port":5432,"on":true,"none":null}"#,
            "ab 5432 true null",
            "ab 5432 true null",
        );
    }

    #[test]
    fn a_state_keeps_what_may_be_a_word_of_its_data() {
        let credential = raw(r#"{"username":"admin","password":"district"}"#);
        let scrubber = Scrubber::new([credential.as_ref()]);
        let state = r#"{"level":"district","auth":"Basic YWRtaW46ZGlzdHJpY3Q="}"#;
        let masked = r#"{"level":"district","auth":"Basic ***"}"#;
        assert_eq!(scrubber.state(raw(state)).get(), masked);
        let scrubber = Scrubber::new([raw(r#"{"token":"a-longer-secret"}"#).as_ref()]);
        assert_eq!(scrubber.state(raw(r#"["a-longer-secret"]"#)).get(), r#"["***"]"#);
    }

    #[test]
    fn json_stays_json() {
        let scrubber = Scrubber::new([raw(r#"{"pin":123456,"key":"s3cret"}"#).as_ref()]);
        let masked = |json| scrubber.json(raw(json)).get().to_owned();
        assert_eq!(masked(r#"{"a":"my s3cret"}"#), r#"{"a":"my ***"}"#);
        assert_eq!(masked(r#"{"a":123456}"#), r#""***""#);
    }
}
