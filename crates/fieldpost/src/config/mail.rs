//! The settings of what the hub writes to people.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_outbound::mail::{MailSettings as Relay, MailSettingsError, Mailer};

use crate::failure::Failure;

/// Mail: incidents, deliveries that were given up, reports.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Mail")]
pub(crate) struct MailSettings {
    /// The relay that takes the hub's mail: `smtp://user:password@host:587` (with STARTTLS, which
    /// is required), or `smtps://…:465` (TLS from the first byte); `smtp://…?tls=none` for a relay
    /// on this machine. Without it nobody gets a mail. The relay may be in a private network.
    #[arg(long, env = "FIELDPOST_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) smtp_url: Option<RelayUrl>,

    /// As whom the hub writes: an address, or `Name <address>`.
    #[arg(long, env = "FIELDPOST_SMTP_FROM", value_name = "ADDRESS", hide_env_values = true)]
    pub(crate) smtp_from: Option<String>,

    /// The password for the relay, in the place of one in its URL. Prefer the environment variable:
    /// flags are seen by everybody on the machine.
    #[arg(long, env = "FIELDPOST_SMTP_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub(crate) smtp_password: Option<Password>,

    /// The hour of the day, UTC, at which reports are sent.
    #[arg(
        long,
        env = "FIELDPOST_REPORT_HOUR",
        value_name = "HOUR",
        default_value = "6",
        value_parser = clap::value_parser!(u32).range(0..=23),
        hide_env_values = true
    )]
    pub(crate) report_hour: u32,
}

impl MailSettings {
    /// The way to the relay, where one is set.
    pub(crate) fn mailer(&self) -> Result<Option<Mailer>, Failure> {
        let Some(relay) = self.relay()? else { return Ok(None) };
        Mailer::new(&relay).map(Some).map_err(|error| wrong(&error))
    }

    /// The relay as `host:port`, where one is set.
    pub(crate) fn relay_name(&self) -> Result<Option<String>, Failure> {
        Ok(self.relay()?.map(|relay| format!("{}:{}", relay.host, relay.port)))
    }

    fn relay(&self) -> Result<Option<Relay>, Failure> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let Some(from) = &self.smtp_from else {
            return Err(Failure::new(
                "--smtp-url names a mail relay, and nothing says as whom the hub writes",
            )
            .hint("add --smtp-from 'Fieldpost <fieldpost@example.org>'"));
        };
        let password = self.smtp_password.as_ref().map(|password| password.0.clone());
        Relay::read(url.0.expose(), from, password).map(Some).map_err(|error| wrong(&error))
    }
}

fn wrong(error: &MailSettingsError) -> Failure {
    Failure::new(error.to_string())
        .hint("percent-encode what is special in user and password: @ is %40, : is %3A, / is %2F")
}

/// The URL of a relay. It may hold a password, and so does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RelayUrl(Secret);

impl FromStr for RelayUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if ["smtp://", "smtps://"].iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(Secret::new(text)))
        } else {
            Err("a mail relay is written as smtp://user:password@host:587 or smtps://…".to_owned())
        }
    }
}

impl fmt::Debug for RelayUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PLACEHOLDER)
    }
}

/// A password. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(Secret);

impl FromStr for Password {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(Secret::new(text))) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PLACEHOLDER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: Option<&str>, from: Option<&str>, password: Option<&str>) -> MailSettings {
        MailSettings {
            smtp_url: url.map(|url| url.parse().unwrap()),
            smtp_from: from.map(str::to_owned),
            smtp_password: password.map(|password| password.parse().unwrap()),
            report_hour: 6,
        }
    }

    #[track_caller]
    fn check_refused(settings: &MailSettings, part: &str) {
        let refused = settings.mailer().unwrap_err().to_string();
        assert!(refused.contains(part) && !refused.contains("hunter2"), "{refused}");
    }

    #[tokio::test]
    async fn a_relay_needs_a_sender_and_a_user_a_password() {
        let from = Some("hub@example.org");
        assert!(settings(None, None, None).mailer().unwrap().is_none());
        assert!(settings(Some("smtp://h?tls=none"), from, None).mailer().unwrap().is_some());
        assert!(settings(Some("smtps://u@h"), from, Some("hunter2")).mailer().unwrap().is_some());
        check_refused(&settings(Some("smtp://u:hunter2@h"), None, None), "--smtp-from");
        check_refused(&settings(Some("smtp://u:hunter2@h"), Some("nobody"), None), "\"nobody\"");
        check_refused(&settings(Some("smtp://u@h"), from, None), "no password");
        check_refused(&settings(Some("smtp://h"), from, Some("hunter2")), "no user");
        let shown = format!("{:?}", settings(Some("smtp://u:hunter2@h"), from, Some("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!("http://h".parse::<RelayUrl>().is_err() && "".parse::<Password>().is_err());
    }
}
