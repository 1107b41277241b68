//! Trouble, and who is told of it: real destinations, a real relay.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_engine::{Subscription, Topic};
use fieldpost_model::attempt::Attempt;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::{IncidentState, NoticeKind, NoticeState};
use fieldpost_model::recipient::{Recipient, Webhook};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::signing::Signer;
use fieldpost_rules::delivery::Action;
use fieldpost_store::{Claimed, Lane, LaneDemand, Outcome, Store, Verdict};
use fieldpost_testkit::{Answer, FakeDestination};
use rstest::rstest;

use crate::world::Engine;

use crate::clinic::{Clinic, MINUTE, PATIENCE, Wish, until};

// MUST-39
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_told_once_and_its_end_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let clinic = Clinic::start(engine, &Wish::default()).await;
    let said = "<script>alert(1)</script> out of order";
    clinic.destination.answer("/hook", Answer::status(503).body(said));
    clinic.post(r#"{"n": 1}"#).await;
    let opened = clinic.mails(1).await.remove(0);
    assert_eq!(opened.subject(), "[Fieldpost] clinic: there does not take deliveries");
    assert_eq!((opened.to.as_slice(), opened.secured), (&["ops@example.org".to_owned()][..], true));
    let incident = clinic.incidents().await.remove(0);
    let sample = incident.last.as_ref().unwrap().sample.clone().unwrap();
    let text = opened.plain();
    for part in [
        said,
        "503 Service Unavailable",
        "Clinic <b>north</b> (clinic)",
        "/hook?token=•••••••&x=1",
        &sample.delivery.to_string(),
        &sample.message.unwrap().to_string(),
        "Waiting: 1 delivery",
        "Next try: ",
        "https://hub.example.org/unsubscribe/",
        "named in `notify`",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("hidden"), "no credential is told");
    let html = opened.html();
    assert!(!html.contains("<script>") && !html.contains("<b>north"), "{html}");
    assert!(html.contains("&lt;script&gt;"));
    let link = opened.header("list-unsubscribe").unwrap();
    assert!(link.starts_with("<https://hub.example.org/unsubscribe/"), "{link}");
    assert_eq!(
        opened.header("list-unsubscribe-post").as_deref(),
        Some("List-Unsubscribe=One-Click")
    );
    assert_eq!(opened.header("auto-submitted").as_deref(), Some("auto-generated"));

    // It goes on failing, and nobody is told again.
    until("it has failed often", async || {
        (clinic.incidents().await[0].failures >= 8).then_some(())
    })
    .await;
    assert_eq!(clinic.relay.subjects().len(), 1);

    clinic.destination.answer("/hook", Answer::status(200));
    let mails = clinic.mails(2).await;
    assert_eq!(mails[1].subject(), "[Fieldpost] clinic: there takes deliveries again");
    let incidents = clinic.incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].state, IncidentState::Recovered);
    let kinds: Vec<NoticeKind> = clinic.notices().await.iter().rev().map(|it| it.kind).collect();
    assert_eq!(kinds, [NoticeKind::Opened, NoticeKind::Recovered]);
    clinic.hub.stop().await;
}

// MUST-39
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn it_is_reminded_of_while_it_lasts() {
    let wish = Wish { incident: r#"{"failures": 1, "remind_every": "1d"}"#, ..Wish::default() };
    let clinic = Clinic::start(Engine::Sqlite, &wish).await;
    clinic.destination.answer("/hook", Answer::status(500));
    clinic.post("1").await;
    clinic.mails(1).await;
    clinic.set_forward(Duration::from_hours(24));
    let reminder = clinic.mails(2).await.remove(1);
    assert_eq!(reminder.subject(), "[Fieldpost] clinic: there still does not take deliveries");
    assert!(reminder.plain().contains("lasted for 1 day"), "{}", reminder.plain());
    // What was due a day ago, as the clock has it, is not tried in the past.
    let text = reminder.plain();
    let told = text.lines().find_map(|line| line.strip_prefix("Next try: ")).unwrap();
    let told = told.replace(" UTC", ":00Z").replace(' ', "T");
    let notices = clinic.notices().await;
    assert!(Timestamp::parse(&told).unwrap() + MINUTE > notices[0].created_at, "{told}");
    clinic.set_forward(Duration::from_hours(23));
    let before = clinic.incidents().await[0].failures;
    until("it went on", async || (clinic.incidents().await[0].failures > before).then_some(()))
        .await;
    assert_eq!(clinic.relay.subjects().len(), 2);
    clinic.set_forward(Duration::from_hours(1));
    clinic.mails(3).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payload_opens_nothing_and_is_told() {
    let clinic = Clinic::start(Engine::Sqlite, &Wish::default()).await;
    clinic.destination.answer("/hook", Answer::status(422).body("no such field"));
    clinic.post("1").await;
    until("the first is refused", async || {
        (!clinic.deliveries(DeliveryState::Rejected).await.is_empty()).then_some(())
    })
    .await;
    clinic.post("2").await;
    let mail = clinic.mails(1).await.remove(0);
    let subject = "[Fieldpost] clinic: 2 deliveries to there will not be tried again";
    assert_eq!(mail.subject(), subject);
    let refused = clinic.deliveries(DeliveryState::Rejected).await;
    let text = mail.plain();
    for part in [
        &*refused[0].to_string(),
        &refused[1].to_string(),
        "no such field",
        "`fieldpost deliveries list --project clinic --connection there --state rejected`",
        &format!("`fieldpost deliveries requeue --project clinic {}`", refused[0]),
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    for number in 3..10 {
        clinic.post(&number.to_string()).await;
    }
    until("nothing waits", async || {
        (clinic.hub.store().waiting().await.unwrap() == 0).then_some(())
    })
    .await;
    assert!(clinic.incidents().await.is_empty());
    assert_eq!(clinic.relay.subjects().len(), 1, "one within an hour");
    // Somebody takes one of them up again before people are told.
    let again = clinic.deliveries(DeliveryState::Rejected).await[0];
    clinic.destination.answer("/hook", Answer::status(200));
    clinic.hub.act("clinic", Action::Requeue, again).await.unwrap();
    until("it has arrived", async || {
        clinic.deliveries(DeliveryState::Succeeded).await.contains(&again).then_some(())
    })
    .await;
    clinic.set_forward(Duration::from_hours(1));
    let mail = clinic.mails(2).await.remove(1);
    let subject = "[Fieldpost] clinic: 7 deliveries to there will not be tried again";
    assert_eq!(mail.subject(), subject);
    assert!(!mail.plain().contains(&again.to_string()), "{}", mail.plain());
    let named = clinic.deliveries(DeliveryState::Rejected).await;
    let named = named.iter().filter(|it| mail.plain().contains(&it.to_string())).count();
    assert_eq!(named, 5, "{}", mail.plain());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_says_what_waits_for_a_refused_delivery() {
    let retry = r#"{"first": "50ms"}, "order_by": "connection", "on_rejected": "hold""#;
    let clinic = Clinic::start(Engine::Sqlite, &Wish { retry, ..Wish::default() }).await;
    clinic.destination.answer("/hook", Answer::status(422).body("no such field"));
    for number in 0..3 {
        clinic.post(&number.to_string()).await;
    }
    let text = clinic.mails(1).await.remove(0).plain();
    let refused = clinic.deliveries(DeliveryState::Rejected).await;
    assert_eq!(refused.len(), 1);
    let line = text.lines().find(|line| line.contains(&format!("  {}", refused[0])));
    assert!(line.is_some_and(|line| line.contains("holds 2 behind it")), "{text}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_given_up_delivery_opens_an_incident_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let wish = Wish {
        incident: r#"{"failures": 1000}"#,
        retry: r#"{"first": "50ms", "factor": 1, "max": "50ms", "give_up_after": "1s"}"#,
        ..Wish::default()
    };
    let clinic = Clinic::start(engine, &wish).await;
    clinic.destination.answer("/hook", Answer::status(500).body("broken for good"));
    clinic.post("1").await;
    clinic.mails(2).await;
    let subjects = clinic.relay.subjects();
    assert!(subjects.iter().any(|it| it.ends_with("there does not take deliveries")));
    let given_up = "1 delivery to there will not be tried again";
    assert!(subjects.iter().any(|it| it.ends_with(given_up)), "{subjects:?}");
    assert_eq!(clinic.incidents().await[0].given_up, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_401_and_a_410_are_trouble() {
    let wish = Wish { incident: r#"{"failures": 2}"#, ..Wish::default() };
    let clinic = Clinic::start(Engine::Sqlite, &wish).await;
    clinic.destination.answer("/hook", Answer::status(401));
    for number in 0..2 {
        clinic.post(&number.to_string()).await;
    }
    until("the 401s opened one", async || (!clinic.incidents().await.is_empty()).then_some(()))
        .await;
    assert_eq!(clinic.incidents().await[0].last.as_ref().unwrap().status, Some(401));

    let clinic = Clinic::start(Engine::Sqlite, &wish).await;
    clinic.destination.answer("/hook", Answer::status(410));
    clinic.post("1").await;
    until("the 410 opened one", async || (!clinic.incidents().await.is_empty()).then_some(()))
        .await;
    assert_eq!(clinic.incidents().await[0].last.as_ref().unwrap().status, Some(410));
}

/// A hub that is killed right after a record was written has told nobody, and counted nothing.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_ended_in_the_last_moment_of_a_hub_is_told_by_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let wish = Wish { retry: r#"{"first": "1h", "factor": 1, "max": "1h"}"#, ..Wish::default() };
    let mut clinic = Clinic::start(engine, &wish).await;
    clinic.destination.answer("/hook", Answer::status(503));
    clinic.post("1").await;
    until("it waits for its second try", async || {
        (!clinic.deliveries(DeliveryState::Failed).await.is_empty()).then_some(())
    })
    .await;
    let relay = Arc::clone(&clinic.relay);
    clinic.go().await;
    {
        let store = Store::open(clinic.settings.clone()).await.unwrap();
        let lane = Lane { project: "clinic".into(), name: "there".to_owned() };
        store.make_due(&lane).await.unwrap();
        let demand = LaneDemand { lane, limit: 1, lease: Duration::from_mins(1) };
        let claimed = store.claim(vec![demand]).await.unwrap().claimed.remove(0);
        let verdict = Verdict::Final(DeliveryState::Rejected);
        store.record(outcome(claimed, verdict, "422 no such field")).await.unwrap();
    }
    clinic.come_back(&relay).await;
    let mail = clinic.mails(1).await.remove(0);
    let subject = "[Fieldpost] clinic: 1 delivery to there will not be tried again";
    assert_eq!(mail.subject(), subject);
    assert!(mail.plain().contains("422 no such field"), "{}", mail.plain());
}

/// What became of an attempt, as a hub writes it that calls nobody.
fn outcome(claimed: Claimed, verdict: Verdict, last_error: &str) -> Outcome {
    Outcome {
        lane: claimed.lane,
        delivery: claimed.id,
        forwarder: claimed.forwarder,
        fence: claimed.fence,
        attempt: Attempt {
            number: claimed.attempts + 1,
            started_at: claimed.registered_at,
            duration: Duration::ZERO,
            request: None,
            response: None,
            error: None,
        },
        request_body: None,
        verdict,
        counts: true,
        holds_followers: false,
        sequence: claimed.sequence,
        collapse: claimed.collapse,
        last_error: Some(last_error.to_owned()),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_report_comes_once_for_each_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let more = r#", "reports": {"day": ["lead@example.org"]}"#;
    let clinic = Clinic::start(engine, &Wish { more, ..Wish::default() }).await;
    clinic.post("1").await;
    clinic.post("2").await;
    clinic.destination.wait_for(2, PATIENCE).await;
    until("reports have begun", async || {
        let every = fieldpost_model::project::ReportEvery::Day;
        clinic.hub.store().last_report("clinic", every).await.unwrap()
    })
    .await;
    assert!(clinic.relay.mails().is_empty(), "nothing is said about the time before");
    // The day on which this runs is over two days later at the latest.
    for _ in 0..2 {
        clinic.set_forward(Duration::from_hours(24));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mails = clinic.mails(2).await;
    let about_today = mails.iter().find(|mail| mail.plain().contains("2 messages came in"));
    let text = about_today.unwrap_or_else(|| panic!("{:?}", mails[0].plain())).plain();
    assert!(text.contains("called for 2 deliveries"), "{text}");
    assert!(text.contains("inbox") && text.contains("there"), "{text}");
    assert!(mails[0].subject().starts_with("[Fieldpost] clinic: the day of "));
    assert_eq!(mails[0].to, ["lead@example.org"]);
    assert_eq!(mails.len(), 2);
}

// MUST-39
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_hubs_one_mails() {
    let first = Clinic::start(Engine::Postgres, &Wish::default()).await;
    let second = Clinic::on(
        first.settings.database.clone(),
        Some(Arc::clone(&first.relay)),
        FakeDestination::start().await,
        &first.ahead,
        Some(first.settings.keys.clone()),
    )
    .await;
    first.destination.answer("/hook", Answer::status(503));
    // Each gets work, and each sees the trouble by itself.
    for number in 0..20 {
        let hub = if number % 2 == 0 { &first } else { &second };
        hub.post(&number.to_string()).await;
    }
    first.mails(1).await;
    until("both have counted", async || (first.incidents().await[0].failures >= 20).then_some(()))
        .await;
    first.destination.answer("/hook", Answer::status(200));
    first.mails(2).await;
    until("everything has arrived", async || {
        (first.hub.store().waiting().await.unwrap() == 0).then_some(())
    })
    .await;
    let subjects = first.relay.subjects();
    let opened = subjects.iter().filter(|it| it.ends_with("does not take deliveries")).count();
    assert_eq!((opened, subjects.len()), (1, 2), "{subjects:?}");
    assert_eq!(first.incidents().await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_gets_it_later_and_a_refused_address_is_given_up() {
    let notify = r#"["ops@example.org", "gone@example.org"]"#;
    let clinic = Clinic::start(Engine::Sqlite, &Wish { notify, ..Wish::default() }).await;
    clinic.relay.set_down(true);
    clinic.relay.refuse_recipient("gone@example.org", "550 5.1.1 nobody of that name");
    clinic.destination.answer("/hook", Answer::status(503));
    clinic.post("1").await;
    let tried =
        until("it was tried", async || clinic.notices().await.into_iter().find(|it| it.tries >= 2))
            .await;
    assert_eq!(tried.state, NoticeState::Pending);
    clinic.relay.set_down(false);
    clinic.relay.refuse_next(1, "451 4.3.0 later");
    let mail = clinic.mails(1).await.remove(0);
    let notices = until("both have ended", async || {
        let notices = clinic.notices().await;
        notices.iter().all(|it| it.state != NoticeState::Pending).then_some(notices)
    })
    .await;
    let of = |address: &str| notices.iter().find(|it| it.recipient == address).unwrap();
    let sent = of("ops@example.org");
    assert_eq!((sent.state, sent.last_error.as_deref()), (NoticeState::Sent, None));
    assert_eq!(mail.header("message-id"), Some(format!("<{}@example.org>", sent.id)));
    let refused = of("gone@example.org");
    assert_eq!(refused.state, NoticeState::GivenUp);
    assert!(refused.last_error.as_ref().unwrap().contains("nobody of that name"));
    let there = clinic.hub.definition("clinic").await.unwrap().1.connections.remove(0);
    let warned = clinic.hub.unreached("clinic").await.unwrap().warnings(&there);
    assert_eq!((warned.len(), warned[0].code), (1, "notify-refused"));
    assert!(warned[0].message.contains("gone@example.org") && warned[0].message.contains("550"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribed_is_left_alone_and_the_operator_is_warned() {
    let notify = r#"["ops@example.org"]"#;
    let clinic = Clinic::start(Engine::Sqlite, &Wish { notify, ..Wish::default() }).await;
    clinic.destination.answer("/hook", Answer::status(503));
    clinic.post("1").await;
    let mail = clinic.mails(1).await.remove(0);
    let link = mail.header("list-unsubscribe").unwrap();
    let token = link.trim_matches(['<', '>']).rsplit('/').next().unwrap().to_owned();
    let subscription = clinic.hub.subscription(&token).await.unwrap().unwrap();
    let expected = Subscription {
        project: "clinic".to_owned(),
        topic: Topic::Connection("there".to_owned()),
        address: "ops@example.org".to_owned(),
    };
    assert_eq!(subscription, expected);
    assert_eq!(clinic.hub.subscription(&format!("{token}A")).await.unwrap(), None);
    let there = clinic.hub.definition("clinic").await.unwrap().1.connections.remove(0);
    assert!(clinic.hub.unreached("clinic").await.unwrap().warnings(&there).is_empty());
    clinic.hub.set_subscribed(&subscription, false).await.unwrap();
    let warned = clinic.hub.unreached("clinic").await.unwrap().warnings(&there);
    assert_eq!(warned[0].code, "all-unsubscribed");
    clinic.destination.answer("/hook", Answer::status(200));
    until("it is over", async || {
        (clinic.incidents().await[0].state == IncidentState::Recovered).then_some(())
    })
    .await;
    assert_eq!(clinic.notices().await.len(), 1, "its end is told to nobody");
    clinic.hub.set_subscribed(&subscription, true).await.unwrap();
    assert!(clinic.hub.unreached("clinic").await.unwrap().warnings(&there).is_empty());
}

fn webhook(url: String, signing_secret: Option<Secret>) -> Recipient {
    Recipient::Webhook(Webhook { url, signing_secret })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_url_gets_a_webhook_and_without_a_relay_mails_are_not_sent() {
    let told = FakeDestination::start().await;
    let destination = FakeDestination::start().await;
    let clinic = Clinic::on(None, None, destination, &Arc::default(), None).await;
    clinic.apply(&Wish::default()).await;
    let (_, mut definition) = clinic.hub.definition("clinic").await.unwrap();
    let mut there = definition.connections.remove(0);
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    there.notify.push(webhook(told.url("/services/hidden-word?x=1"), Some(secret.clone())));
    clinic.hub.put("clinic", fieldpost_engine::Draft::Connection(there)).await.unwrap();
    let echo = format!("no such hook: {}", told.url("/services/hidden-word?x=1"));
    let refused = Answer::status(500).body(echo);
    told.answer_in_turn("/services/hidden-word", [refused], Answer::status(204));
    clinic.destination.answer("/hook", Answer::status(503));
    clinic.post("1").await;
    let requests = told.wait_for(2, PATIENCE).await;
    let body = requests[1].json();
    assert_eq!(body["type"], "incident.opened");
    assert_eq!(
        (&body["project"], &body["incident"]["subject"]),
        (&"clinic".into(), &"there".into())
    );
    assert_eq!(body["incident"]["last_status"], 503);
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    let of = |name: &str| requests[1].header(name).unwrap();
    let (id, at) = (of("webhook-id").parse().unwrap(), of("webhook-timestamp").parse().unwrap());
    let signer = Signer::new([&secret]).unwrap();
    assert_eq!(of("webhook-signature"), signer.sign(id, at, &requests[1].body));
    let notices = clinic.notices().await;
    assert!(!format!("{notices:?}").contains("hidden-word"), "{notices:?}");
    let mail = notices.iter().find(|it| it.recipient == "ops@example.org").unwrap();
    assert_eq!(mail.state, NoticeState::NotSent);
    assert!(mail.last_error.as_ref().unwrap().contains("--smtp-url"));
}

/// What is told of one connection is not for those who look after another one.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_differ_in_their_secrets_only_get_what_is_theirs() {
    let told = FakeDestination::start().await;
    let destination = FakeDestination::start().await;
    let clinic = Clinic::on(None, None, destination, &Arc::default(), None).await;
    clinic.apply(&Wish::default()).await;
    let (_, mut definition) = clinic.hub.definition("clinic").await.unwrap();
    let mut there = definition.connections.remove(0);
    there.notify = ["first", "second"]
        .map(|it| webhook(told.url(&format!("/services/{it}-word?token=x")), None))
        .into();
    clinic.hub.put("clinic", fieldpost_engine::Draft::Connection(there)).await.unwrap();
    clinic.destination.answer("/hook", Answer::status(503));
    clinic.post("1").await;
    let mut paths: Vec<String> =
        told.wait_for(2, PATIENCE).await.into_iter().map(|request| request.path).collect();
    paths.sort();
    assert_eq!(paths, ["/services/first-word", "/services/second-word"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_flaps_is_not_told_with_every_flap() {
    let wish = Wish { incident: r#"{"failures": 1, "share": "0%"}"#, ..Wish::default() };
    let clinic = Clinic::start(Engine::Sqlite, &wish).await;
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.extend([Answer::status(503), Answer::status(200)]);
    }
    clinic.destination.answer_in_turn("/hook", answers, Answer::status(200));
    for number in 0..20 {
        clinic.post(&number.to_string()).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    until("everything has arrived", async || {
        (clinic.hub.store().waiting().await.unwrap() == 0).then_some(())
    })
    .await;
    clinic.hub.stop().await;
    let incidents = clinic.incidents().await;
    assert!(incidents.len() <= 2, "it opened {} times", incidents.len());
    assert!(clinic.notices().await.len() <= 2, "it began, and it was over");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_begins_again_soon_is_told_of_when_it_lasts() {
    let incident = r#"{"failures": 1, "share": "0%", "window": "10m"}"#;
    let clinic = Clinic::start(Engine::Sqlite, &Wish { incident, ..Wish::default() }).await;
    let flap = [Answer::status(503), Answer::status(200)];
    clinic.destination.answer_in_turn("/hook", flap, Answer::status(503));
    clinic.post("1").await;
    clinic.mails(2).await;
    clinic.post("2").await;
    until("it begins again", async || (clinic.incidents().await.len() == 2).then_some(())).await;
    clinic.set_forward(Duration::from_mins(9));
    let before = clinic.incidents().await[0].failures;
    until("it went on", async || (clinic.incidents().await[0].failures > before).then_some(()))
        .await;
    assert_eq!(clinic.relay.subjects().len(), 2, "nobody is told of it yet");
    clinic.set_forward(Duration::from_mins(1));
    let subject = "[Fieldpost] clinic: there does not take deliveries";
    assert_eq!(clinic.mails(3).await[2].subject(), subject);
    clinic.destination.answer("/hook", Answer::status(200));
    until("it arrived", async || (clinic.hub.store().waiting().await.unwrap() == 0).then_some(()))
        .await;
    clinic.set_forward(Duration::from_mins(11));
    let subject = "[Fieldpost] clinic: there takes deliveries again";
    assert_eq!(clinic.mails(4).await[3].subject(), subject);
}
