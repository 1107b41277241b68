//! Writing definitions back: the parts that all nouns share.

use fieldpost_model::json::{Member, Value};
use fieldpost_model::recipient::{Recipient, Webhook};
use fieldpost_model::secret::{PLACEHOLDER, Secret};

use super::headers;
use crate::redact;

/// Whether secrets are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// As they are.
    Shown,
    /// As their placeholder, which [`keep_secrets`](super::keep_secrets) turns back.
    Hidden,
    /// The same, and the addresses of webhooks as well: whoever knows one can post to it.
    HiddenWithAddresses,
}

impl Secrets {
    /// A secret.
    pub(super) fn secret(self, secret: &Secret) -> Value<'static> {
        self.text(secret.expose())
    }

    /// What makes the address of a webhook.
    pub(super) fn address(self, address: impl Into<Value<'static>>) -> Value<'static> {
        match self {
            Self::Shown | Self::Hidden => address.into(),
            Self::HiddenWithAddresses => Value::from(PLACEHOLDER),
        }
    }

    /// Secrets with their names.
    pub(super) fn named(self, pairs: &[(String, Secret)]) -> Value<'static> {
        let members =
            pairs.iter().map(|(name, value)| (name.clone().into(), self.secret(value))).collect();
        Value::Object(members)
    }

    fn text(self, text: &str) -> Value<'static> {
        match self {
            Self::Shown => Value::from(text.to_owned()),
            Self::Hidden | Self::HiddenWithAddresses => Value::from(PLACEHOLDER),
        }
    }

    /// A URL, whose query may carry a credential.
    pub(super) fn url(self, url: &str) -> Value<'static> {
        Value::from(match self {
            Self::Shown => url.to_owned(),
            Self::Hidden | Self::HiddenWithAddresses => redact::mask_url(url),
        })
    }

    /// Whom to tell: mail addresses and webhooks.
    pub(super) fn recipients(self, recipients: &[Recipient]) -> Value<'static> {
        Value::Array(recipients.iter().map(|recipient| self.recipient(recipient)).collect())
    }

    fn recipient(self, recipient: &Recipient) -> Value<'static> {
        let Webhook { url, signing_secret } = match recipient {
            Recipient::Mail(address) => return Value::from(address.clone()),
            Recipient::Webhook(webhook) => webhook,
        };
        let url = match self {
            Self::Shown => url.clone(),
            Self::Hidden | Self::HiddenWithAddresses => redact::mask_webhook(url),
        };
        match signing_secret {
            None => Value::from(url),
            Some(secret) => {
                Value::object([("url", url.into()), ("signing_secret", self.secret(secret))])
            }
        }
    }

    /// Headers, some of which may be credentials.
    pub(super) fn headers(self, pairs: &[(String, String)]) -> Value<'static> {
        self.pairs(pairs, redact::is_credential_header)
    }

    /// Query parameters, some of which may be credentials.
    pub(super) fn query(self, pairs: &[(String, String)]) -> Value<'static> {
        self.pairs(pairs, redact::is_credential_parameter)
    }

    fn pairs(self, pairs: &[(String, String)], is_credential: fn(&str) -> bool) -> Value<'static> {
        headers::write_pairs(pairs, |name, value| match self {
            Self::Hidden if is_credential(name) => PLACEHOLDER.to_owned(),
            _ => value.to_owned(),
        })
    }
}

/// The members of an object that is being written.
#[derive(Debug, Default)]
pub(super) struct Members(Vec<Member<'static>>);

impl Members {
    /// Adds a key.
    pub(super) fn put(&mut self, key: &'static str, value: impl Into<Value<'static>>) {
        self.0.push((key.into(), value.into()));
    }

    /// Adds a key unless its value is what it would be without it.
    pub(super) fn put_unless(
        &mut self,
        is_default: bool,
        key: &'static str,
        value: impl Into<Value<'static>>,
    ) {
        if !is_default {
            self.put(key, value);
        }
    }

    /// The object.
    pub(super) fn into_value(self) -> Value<'static> {
        Value::Object(self.0)
    }
}

/// An object of one key.
pub(super) fn only(key: &'static str, value: impl Into<Value<'static>>) -> Value<'static> {
    Value::Object(vec![(key.into(), value.into())])
}
