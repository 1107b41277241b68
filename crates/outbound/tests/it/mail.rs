//! Real conversations with a relay.

use std::time::Duration;

use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::mail::{Mail, MailError, MailSettings, Mailer};
use fieldpost_testkit::smtp::{FakeSmtp, SmtpSecurity};
use uuid::Uuid;

const FROM: &str = "Fieldpost <hub@example.org>";
const TEXT: &str = "It does not answer.\r\n.\r\n..two dots\r\nÄrger – naïve\r\n";

fn mail(to: &str) -> Mail<'_> {
    Mail {
        id: Uuid::from_u128(7),
        to,
        subject: "[Fieldpost] clinic: wärehouse does not take deliveries",
        text: TEXT,
        html: Some("<p>It does not answer.</p>"),
        unsubscribe: Some("https://hub.example.org/unsubscribe/abc"),
        date: Timestamp(1_795_336_327_000_000),
    }
}

fn mailer(relay: &FakeSmtp, url: &str) -> Mailer {
    let mut settings = MailSettings::read(url, FROM, None).unwrap();
    settings.authorities = Some(relay.authority().to_owned());
    Mailer::new(&settings).unwrap()
}

async fn arrives(security: SmtpSecurity, credentials: Option<(&str, &str)>) {
    let relay = FakeSmtp::start(security, credentials).await;
    let mailer = mailer(&relay, &relay.url_with_credentials());
    mailer.greet().await.unwrap();
    mailer.send(&mail("ops@example.org")).await.unwrap();
    let mails = relay.wait_for(1, Duration::from_secs(5)).await;
    assert_eq!(mails[0].from, "hub@example.org");
    assert_eq!(mails[0].to, ["ops@example.org"]);
    assert_eq!(mails[0].secured, security != SmtpSecurity::None);
    assert_eq!(mails[0].user.as_deref(), credentials.map(|(user, _)| user));
    assert_eq!(mails[0].subject(), mail("").subject);
    assert_eq!(mails[0].plain().trim_end(), TEXT.trim_end());
    assert_eq!(mails[0].html().trim_end(), "<p>It does not answer.</p>");
    let id = mails[0].header("message-id").unwrap();
    assert_eq!(id, format!("<{}@example.org>", Uuid::from_u128(7)));
}

#[tokio::test]
async fn a_mail_arrives_however_the_relay_is_protected() {
    arrives(SmtpSecurity::None, None).await;
    arrives(SmtpSecurity::StartTls, None).await;
    arrives(SmtpSecurity::Tls, None).await;
    arrives(SmtpSecurity::StartTls, Some(("hub", "pass:word"))).await;
    arrives(SmtpSecurity::Tls, Some(("hub", "pässwörd"))).await;
}

#[tokio::test]
async fn an_old_relay_gets_its_old_proof() {
    let relay = FakeSmtp::start(SmtpSecurity::StartTls, Some(("hub", "word"))).await;
    relay.offer_login_only();
    let mailer = mailer(&relay, &relay.url_with_credentials());
    mailer.send(&mail("ops@example.org")).await.unwrap();
    assert_eq!(relay.mails()[0].user.as_deref(), Some("hub"));
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let relay = FakeSmtp::start(SmtpSecurity::None, None).await;
    let url = relay.url().replace("?tls=none", "");
    let refused = mailer(&relay, &url).send(&mail("ops@example.org")).await.unwrap_err();
    assert!(!refused.is_final, "{refused}");
    assert!(relay.mails().is_empty());
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let relay = FakeSmtp::start(SmtpSecurity::Tls, None).await;
    let settings = MailSettings::read(&relay.url(), FROM, None).unwrap();
    let refused = Mailer::new(&settings).unwrap().send(&mail("ops@example.org")).await.unwrap_err();
    assert!(!refused.is_final && refused.message.contains("certificate"), "{refused}");
    assert!(relay.mails().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_mended_by_the_operator_and_never_told() {
    let relay = FakeSmtp::start(SmtpSecurity::Tls, Some(("hub", "right"))).await;
    let url = relay.url().replace("smtps://", "smtps://hub@");
    let wrong = Secret::new("terribly-wrong");
    let mut settings = MailSettings::read(&url, FROM, Some(wrong)).unwrap();
    settings.authorities = Some(relay.authority().to_owned());
    let refused = Mailer::new(&settings).unwrap().send(&mail("ops@example.org")).await.unwrap_err();
    let unwelcome = Mailer::new(&settings).unwrap().greet().await.unwrap_err();
    assert!(unwelcome.message.contains("535"), "{unwelcome}");
    assert!(!refused.is_final, "it passes once the password is right: {refused}");
    assert!(refused.message.contains("535") && !refused.message.contains("terribly"), "{refused}");
}

#[tokio::test]
async fn refusals_are_told_in_the_relays_words() {
    let relay = FakeSmtp::start(SmtpSecurity::None, None).await;
    let mailer = mailer(&relay, &relay.url());
    relay.refuse_recipient("gone@example.org", "550 5.1.1 nobody of that name");
    let refused = mailer.send(&mail("gone@example.org")).await.unwrap_err();
    assert!(refused.is_final && refused.message.contains("nobody of that name"), "{refused}");

    relay.refuse_next(1, "451 4.3.0 come back later");
    let refused = mailer.send(&mail("ops@example.org")).await.unwrap_err();
    assert!(!refused.is_final && refused.message.contains("come back later"), "{refused}");
    mailer.send(&mail("ops@example.org")).await.unwrap();
    relay.wait_for(1, Duration::from_secs(5)).await;

    relay.set_down(true);
    let MailError { message, is_final } = mailer.send(&mail("ops@example.org")).await.unwrap_err();
    assert!(!is_final && message.contains("cannot be used"), "{message}");
}
