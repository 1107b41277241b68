//! The adaptor `mail`, in a real conversation with a relay.

use std::time::Duration;

use fieldpost_outbound::mail::{MailSettings, Mailer};
use fieldpost_script::adaptors;
use fieldpost_script::host::StepHost;
use fieldpost_script::host::mail::MailService;
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_testkit::smtp::{FakeSmtp, SmtpSecurity};
use serde_json::{Value, json};

use crate::support::{limits, pool, raw};

async fn run(mailer: Option<Mailer>, source: &str) -> Result<Value, Value> {
    let adaptor = adaptors::named("mail").unwrap();
    let mut work = Job::compile("a", source, &[adaptor]).unwrap().work;
    work.limits = limits();
    work.state = raw(r#"{"data":{"id":7}}"#);
    let host = StepHost::new(|_| {}).with(MailService::new(mailer));
    let (outcome, _) = settle(pool().step(work, &host).await, "a", None);
    match outcome.error {
        Some(error) => Err(serde_json::to_value(error).unwrap()),
        None => Ok(serde_json::from_str(outcome.state.unwrap().get()).unwrap()),
    }
}

fn mailer(relay: &FakeSmtp) -> Mailer {
    Mailer::new(&MailSettings::read(&relay.url(), "Hub <hub@example.org>", None).unwrap()).unwrap()
}

#[tokio::test]
async fn a_letter_arrives_with_its_files() {
    let relay = FakeSmtp::start(SmtpSecurity::None, None).await;
    let source = r#"
        send({
            to: ["Ops <ops@example.org>", "a@example.org"], cc: "b@example.org", bcc: "c@example.org",
            replyTo: "desk@example.org", subject: state => `Case ${state.data.id}\r\nBcc: x@example.org`,
            text: "Grüße", html: "<p>Grüße</p>",
            attachments: [{ filename: "liste.csv", content: "a;b", contentType: "text/csv" }],
        });
    "#;
    let state = run(Some(mailer(&relay)), source).await.unwrap();
    let accepted = ["Ops <ops@example.org>", "a@example.org", "b@example.org", "c@example.org"];
    assert_eq!(state["data"]["accepted"], json!(accepted));
    assert_eq!(state["references"], json!([{ "id": 7 }]));
    let mails = relay.wait_for(1, Duration::from_secs(30)).await;
    let mail = &mails[0];
    let mut to = mail.to.clone();
    to.sort();
    assert_eq!(to, ["a@example.org", "b@example.org", "c@example.org", "ops@example.org"]);
    assert_eq!(mail.subject(), "Case 7  Bcc: x@example.org");
    assert_eq!(mail.header("reply-to").as_deref(), Some("desk@example.org"));
    assert_eq!(mail.header("bcc"), None);
    let id = state["data"]["id"].as_str().unwrap();
    assert_eq!(mail.header("message-id"), Some(format!("<{id}@example.org>")));
    assert!(
        mail.text.contains("filename=\"liste.csv\"") && mail.text.contains("a;b"),
        "{}",
        mail.text
    );
    run(
        Some(mailer(&relay)),
        "send({ to: 'a@example.org', text: 'Grüße', html: '<p>Grüße</p>' });",
    )
    .await
    .unwrap();
    let mails = relay.wait_for(2, Duration::from_secs(30)).await;
    let words = (mails[1].plain(), mails[1].html());
    assert_eq!((words.0.trim_end(), words.1.trim_end()), ("Grüße", "<p>Grüße</p>"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_that_says_why() {
    let relay = FakeSmtp::start(SmtpSecurity::None, None).await;
    let many: Vec<String> = (0..51).map(|number| format!("a{number}@example.org")).collect();
    let many = format!("send({{ to: {} }});", json!(many));
    for (mailer, source, said) in [
        (None, "send({ to: 'a@example.org' });", "--smtp-url"),
        (Some(mailer(&relay)), "send({ subject: 'x' });", "`to` is empty"),
        (Some(mailer(&relay)), &many, "50 people"),
        (Some(mailer(&relay)), "send({ to: 'nobody' });", "no mail address"),
        (
            Some(mailer(&relay)),
            "send({ to: 'a@example.org', text: 'x'.repeat(10 * 1024 * 1024 + 1) });",
            "10485760 bytes",
        ),
    ] {
        let error = run(mailer, source).await.unwrap_err();
        assert!(error["message"].as_str().unwrap().contains(said), "{error:#}");
    }
    assert!(relay.mails().is_empty());
}

#[tokio::test]
async fn a_step_sends_so_many_letters_and_no_more() {
    let relay = FakeSmtp::start(SmtpSecurity::None, None).await;
    let source = "send({ to: 'a@example.org', text: 'x' });\n".repeat(21);
    let error = run(Some(mailer(&relay)), &source).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("20 letters"), "{error:#}");
    assert_eq!(relay.wait_for(20, Duration::from_secs(30)).await.len(), 20);
}
