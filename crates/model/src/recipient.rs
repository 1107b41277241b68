//! Recipients: who is told of trouble.
//!
//! People get mails, programs get webhooks. The URL of a webhook is often a secret as a whole, since
//! chat services put the key into its path; so it is never shown beyond its host.

use crate::secret::Secret;

/// Who is told when something is in trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Somebody, by mail.
    Mail(String),
    /// Something that takes a webhook instead.
    Webhook(Webhook),
}

/// Where a webhook goes, and what signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The URL, as written by the person.
    pub url: String,
    /// The Standard Webhooks secret (`whsec_<base64>`); with one, what is posted is signed.
    pub signing_secret: Option<Secret>,
}

impl Recipient {
    /// The mail address, or the URL: two of the same address are the same recipient.
    pub fn address(&self) -> &str {
        match self {
            Self::Mail(address) => address,
            Self::Webhook(webhook) => &webhook.url,
        }
    }

    /// The mail address, where it is one.
    pub fn mail_address(&self) -> Option<&str> {
        match self {
            Self::Mail(address) => Some(address),
            Self::Webhook(_) => None,
        }
    }

    /// The webhook, where it is one.
    pub const fn webhook(&self) -> Option<&Webhook> {
        match self {
            Self::Mail(_) => None,
            Self::Webhook(webhook) => Some(webhook),
        }
    }
}
