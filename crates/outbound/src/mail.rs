//! Mail: one message to one recipient, through the operator's relay.
//!
//! The relay is the operator's own choice, made by a setting, so the guard does not stand before
//! it. What a project writes ends up in mails all the same: names, addresses, what a destination
//! answered. None of it can add a header or a recipient, since the address is parsed before it is
//! used, the subject loses its control characters, and everything else stands in an encoded body.
//!
//! A message has the same `Message-ID` over all its tries, so that a mailbox that got it twice can
//! tell.

mod letter;

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use url::Url;
use uuid::Uuid;

use crate::response::excerpt;

pub use letter::{Enclosure, Letter};

/// The longest that dialling the relay, and each of its answers, may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest that a whole conversation may take.
pub const MAIL_TIMEOUT: Duration = Duration::from_mins(1);
/// The longest subject, in characters: one line of most mail programs.
const LONGEST_SUBJECT: usize = 200;
/// The ports of the ways to reach a relay, where the URL names none.
const PORT_OF_TLS: u16 = 465;
const PORT_OF_SUBMISSION: u16 = 587;
/// Answers that are about who sends and not about what: they pass once the operator has mended it.
const ABOUT_THE_SENDER: std::ops::RangeInclusive<u16> = 530..=539;

/// How the way to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte: `smtps://`.
    Tls,
    /// TLS by `STARTTLS`, without which nothing is sent: `smtp://`.
    StartTls,
    /// None, for a relay on this machine or in a trusted network: `smtp://…?tls=none`.
    None,
}

/// The relay that takes the hub's mail, and as whom the hub writes.
#[derive(Clone)]
pub struct MailSettings {
    /// The relay's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub security: MailSecurity,
    /// As whom the hub proves itself to it, where it has to.
    pub credentials: Option<(String, Secret)>,
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// Certificate authorities trusted beside this machine's, as PEM text.
    pub authorities: Option<String>,
}

/// Why the mail settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailSettingsError {
    /// The URL is none of a relay.
    #[error(
        "the mail relay is written as smtp://user:password@host:587, or smtps:// for TLS from the first byte: {0}"
    )]
    Url(String),
    /// The sender is no address.
    #[error("{0:?} is no mail address to send from")]
    From(String),
    /// TLS cannot be set up.
    #[error("TLS with the mail relay cannot be set up: {0}")]
    Tls(String),
}

impl MailSettings {
    /// Reads the relay's URL; `password` wins over the one in it.
    pub fn read(
        url: &str,
        from: &str,
        password: Option<Secret>,
    ) -> Result<Self, MailSettingsError> {
        let wrong = |what: &str| MailSettingsError::Url(what.to_owned());
        let url = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        let mut security = match url.scheme() {
            "smtps" => MailSecurity::Tls,
            "smtp" => MailSecurity::StartTls,
            _ => return Err(wrong("another scheme than smtp and smtps")),
        };
        for (name, value) in url.query_pairs() {
            security = match (&*name, &*value, security) {
                ("tls", "none", MailSecurity::StartTls) => MailSecurity::None,
                ("tls", "required", security) => security,
                _ => {
                    return Err(wrong(
                        "the only parameters are tls=none (with smtp) and tls=required",
                    ));
                }
            };
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the host is missing"))?.to_owned();
        let port = url.port().unwrap_or(match security {
            MailSecurity::Tls => PORT_OF_TLS,
            MailSecurity::StartTls | MailSecurity::None => PORT_OF_SUBMISSION,
        });
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let password = password.or_else(|| url.password().map(|text| Secret::new(decoded(text))));
        let credentials = match (url.username(), password) {
            ("", None) => None,
            ("", Some(_)) => return Err(wrong("there is a password and no user")),
            (_, None) => return Err(wrong("there is a user and no password")),
            (user, Some(password)) => Some((decoded(user), password)),
        };
        if security == MailSecurity::None && credentials.is_some() && !is_this_machine(&host) {
            return Err(wrong("with tls=none the password would go over the network in the clear"));
        }
        let from = from.trim().to_owned();
        mailbox(&from).ok_or_else(|| MailSettingsError::From(from.clone()))?;
        Ok(Self { host, port, security, credentials, from, authorities: None })
    }
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MailSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Whether what is sent to a host never leaves this machine.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok()
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// What it is known by over all its tries.
    pub id: Uuid,
    /// The one recipient.
    pub to: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: Option<&'a str>,
    /// Where the recipient ends mails like this one; a POST there is enough (RFC 8058).
    pub unsubscribe: Option<&'a str>,
    /// When it was written.
    pub date: Timestamp,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MailError {
    /// A sentence with the relay's own words.
    pub message: String,
    /// Whether trying again is in vain.
    pub is_final: bool,
}

/// The way to the relay. Copies share it.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Makes the way to the relay; nothing is dialled yet.
    pub fn new(settings: &MailSettings) -> Result<Self, MailSettingsError> {
        let from = mailbox(&settings.from)
            .ok_or_else(|| MailSettingsError::From(settings.from.clone()))?;
        let tls = match settings.security {
            MailSecurity::Tls => Tls::Wrapper(tls_parameters(settings)?),
            MailSecurity::StartTls => Tls::Required(tls_parameters(settings)?),
            MailSecurity::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(STEP_TIMEOUT))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some((user, password)) = &settings.credentials {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            builder = builder.credentials(credentials);
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Greets the relay, proves the hub to it, and takes leave.
    pub async fn greet(&self) -> Result<(), MailError> {
        let failed = |message: &str| MailError { message: message.to_owned(), is_final: false };
        match tokio::time::timeout(STEP_TIMEOUT, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(failed("the mail relay hung up")),
            Ok(Err(error)) => Err(describe(&error)),
            Err(_) => Err(failed("the mail relay does not answer")),
        }
    }

    /// Hands one message to the relay. It ends within [`MAIL_TIMEOUT`], whatever the relay does.
    pub async fn send(&self, mail: &Mail<'_>) -> Result<(), MailError> {
        self.hand_over(self.write(mail)?).await
    }

    /// Hands what is written to the relay, within [`MAIL_TIMEOUT`].
    async fn hand_over(&self, message: Message) -> Result<(), MailError> {
        match tokio::time::timeout(MAIL_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(describe(&error)),
            Err(_) => Err(MailError {
                message: format!("the mail relay had not taken it within {MAIL_TIMEOUT:?}"),
                is_final: false,
            }),
        }
    }

    fn write(&self, mail: &Mail<'_>) -> Result<Message, MailError> {
        let unwritable = |message: String| MailError { message, is_final: true };
        let to: Address = mail.to.parse().map_err(|_| {
            unwritable(format!(
                "{:?} is no mail address",
                mail.to.chars().take(100).collect::<String>()
            ))
        })?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(mail.subject))
            .date(date(mail.date))
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"));
        if let Some(link) = mail.unsubscribe.filter(|link| can_stand_in_a_header(link)) {
            message = message
                .raw_header(header("List-Unsubscribe", &format!("<{link}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let text = mail.text.to_owned();
        let written = match mail.html {
            Some(html) => {
                message.multipart(MultiPart::alternative_plain_html(text, html.to_owned()))
            }
            None => message.singlepart(SinglePart::plain(text)),
        };
        written.map_err(|error| unwritable(format!("the mail cannot be written: {error}")))
    }
}

fn machine_has_authorities() -> bool {
    let found = rustls_native_certs::load_native_certs();
    rustls::RootCertStore::empty().add_parsable_certificates(found.certs).0 > 0
}

fn tls_parameters(settings: &MailSettings) -> Result<TlsParameters, MailSettingsError> {
    let wrong = |error: lettre::transport::smtp::Error| MailSettingsError::Tls(error.to_string());
    // Where the machine has no certificates (a bare container), those that are built in are used.
    let store = if machine_has_authorities() {
        CertificateStore::Default
    } else {
        CertificateStore::WebpkiRoots
    };
    let mut builder = TlsParameters::builder(settings.host.clone()).certificate_store(store);
    if let Some(authorities) = &settings.authorities {
        let authority = Certificate::from_pem(authorities.as_bytes()).map_err(wrong)?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build_rustls().map_err(wrong)
}

/// A header as it stands on the wire, in one line: mail programs read a folded link wrongly.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

fn can_stand_in_a_header(link: &str) -> bool {
    /// A line of a mail has 998 characters at most (RFC 5322 §2.1.1).
    const LONGEST_LINK: usize = 900;
    link.len() <= LONGEST_LINK
        && link.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>')
}

/// A subject without line breaks and other control characters, of a bounded length.
fn one_line(subject: &str) -> String {
    let plain: String = subject.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    plain.chars().take(LONGEST_SUBJECT).collect()
}

fn date(at: Timestamp) -> SystemTime {
    let micros = u64::try_from(at.0).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

fn describe(error: &lettre::transport::smtp::Error) -> MailError {
    let code = error.status().map(u16::from);
    let is_about_sender = code.is_some_and(|code| ABOUT_THE_SENDER.contains(&code));
    let is_final = error.is_permanent() && !is_about_sender;
    let words = excerpt(&error.to_string());
    let message = match code {
        Some(_) => format!("the mail relay refused it: {words}"),
        None => format!("the mail relay cannot be used: {words}"),
    };
    MailError { message, is_final }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(url: &str) -> Result<MailSettings, MailSettingsError> {
        MailSettings::read(url, "Fieldpost <hub@example.org>", None)
    }

    #[track_caller]
    fn check(url: &str, host: &str, port: u16, security: MailSecurity, user: Option<(&str, &str)>) {
        let settings = read(url).unwrap();
        assert_eq!((&*settings.host, settings.port, settings.security), (host, port, security));
        let found =
            settings.credentials.as_ref().map(|(user, password)| (&**user, password.expose()));
        assert_eq!(found, user, "{url}");
    }

    #[test]
    fn reads_relays() {
        check("smtp://mail.example.org", "mail.example.org", 587, MailSecurity::StartTls, None);
        check("smtp://u:p@h:25", "h", 25, MailSecurity::StartTls, Some(("u", "p")));
        check("smtps://u%40x:p%3A%2F@h", "h", 465, MailSecurity::Tls, Some(("u@x", "p:/")));
        check("smtp://localhost:2525?tls=none", "localhost", 2525, MailSecurity::None, None);
        for here in ["localhost", "127.0.0.1", "[::1]"] {
            let (url, user) = (format!("smtp://u:p@{here}:25?tls=none"), Some(("u", "p")));
            check(&url, here, 25, MailSecurity::None, user);
        }
        check("smtp://h?tls=required", "h", 587, MailSecurity::StartTls, None);
        let secret = Some(Secret::new("elsewhere"));
        let given = MailSettings::read("smtp://u@h", "hub@example.org", secret).unwrap();
        assert_eq!(given.credentials.unwrap().1.expose(), "elsewhere");
    }

    #[test]
    fn refuses_what_is_no_relay() {
        for url in [
            "https://h",
            "h:25",
            "smtp://",
            "smtp://u@h",
            "smtp://:p@h",
            "smtp://h?tls=maybe",
            "smtps://h?tls=none",
            "smtp://h?x=1",
            "smtp://u:p@h?tls=none",
            "smtp://u:p@10.0.0.1:25?tls=none",
        ] {
            let refused = read(url).unwrap_err();
            assert!(matches!(refused, MailSettingsError::Url(_)), "{url}: {refused}");
        }
        for from in ["", "nobody", "a@b\r\nBcc: x@y"] {
            let refused = MailSettings::read("smtp://h", from, None).unwrap_err();
            assert!(matches!(refused, MailSettingsError::From(_)), "{from}");
        }
        let shown = format!("{:?}", read("smtp://u:hidden@h").unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }

    fn written<'a>(change: impl FnOnce(&mut Mail<'a>)) -> Result<String, MailError> {
        let mailer = Mailer::new(&read("smtp://h?tls=none").unwrap()).unwrap();
        let mut mail = Mail {
            id: Uuid::from_u128(7),
            to: "ops@example.org",
            subject: "trouble",
            text: "plain\r\n.\r\nwords",
            html: Some("<p>words</p>"),
            unsubscribe: Some("https://hub.example.org/unsubscribe/abc"),
            date: Timestamp(1_795_336_327_000_000),
        };
        change(&mut mail);
        let message = mailer.write(&mail)?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    /// The lines of the header.
    fn head(text: &str) -> Vec<&str> {
        text.split("\r\n\r\n").next().unwrap().split("\r\n").collect()
    }

    #[test]
    fn a_mail_has_the_headers_of_a_machine() {
        let text = written(|_| {}).unwrap();
        let head = head(&text);
        for line in [
            "From: Fieldpost <hub@example.org>",
            "To: ops@example.org",
            "Subject: trouble",
            "Date: Sun, 22 Nov 2026 08:32:07 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000007@example.org>",
            "Auto-Submitted: auto-generated",
            "List-Unsubscribe: <https://hub.example.org/unsubscribe/abc>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ] {
            assert!(head.contains(&line), "{line} is missing in {head:#?}");
        }
        assert!(text.contains("text/plain") && text.contains("text/html"));
    }

    #[test]
    fn nothing_adds_a_header() {
        let evil = "x\r\nBcc: victim@example.org\r\n\r\nbody\u{0}";
        let text = written(|mail| mail.subject = evil).unwrap();
        assert!(!head(&text).iter().any(|line| line.starts_with("Bcc")), "{text}");
        let text = written(|mail| mail.unsubscribe = Some("https://h/x\r\nBcc: a@b")).unwrap();
        assert!(!text.contains("Bcc") && !text.contains("List-Unsubscribe"));
        for to in [evil, "a@example.org\r\nBcc: x@example.org", "a@x.org, b@x.org", "", "nobody"] {
            assert!(written(|mail| mail.to = to).unwrap_err().is_final, "{to}");
        }
        let long = "ü".repeat(10_000);
        let text = written(|mail| mail.subject = &long).unwrap();
        assert!(head(&text).iter().all(|line| line.len() < 998));
    }
}
