//! Incidents are opened, told and ended once, and what is told of them is kept until it is sent.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::{
    IncidentKind, IncidentState, NoticeChannel, NoticeKind, NoticeState, Sample, Sighting,
};
use fieldpost_model::message::MessageState;
use fieldpost_model::project::ReportEvery;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{IncidentQuery, NewIncident, NewNotice, NoticeOutcome, Verdict};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    AFTER_SHORT, CONNECTION, Change as _, Engine, LONG, PROJECT, SHORT, TestStore, first, message,
    now, outcome,
};

fn trouble() -> NewIncident {
    NewIncident {
        id: Uuid::now_v7(),
        kind: IncidentKind::Connection,
        subject: CONNECTION.to_owned(),
        failures: 5,
        given_up: 0,
        last: Some(sighting("503 Service Unavailable")),
        unsteady_within: Duration::ZERO,
    }
}

fn sighting(error: &str) -> Sighting {
    Sighting {
        at: now(),
        error: Some(error.to_owned()),
        status: Some(503),
        url: Some("https://ministry.example/births".to_owned()),
        sample: Some(Sample {
            delivery: Uuid::from_u128(7),
            message: Some(Uuid::from_u128(8)),
            key: Some("case-1".to_owned()),
        }),
    }
}

fn mail(incident: Option<Uuid>, kind: NoticeKind) -> NewNotice {
    NewNotice {
        id: Uuid::now_v7(),
        incident,
        kind,
        channel: NoticeChannel::Mail,
        recipient: "ops@example.org".to_owned(),
        subject: "trouble".to_owned(),
        text: "text".to_owned(),
        html: Some("<p>text</p>".to_owned()),
        unsubscribe: None,
        impossible: None,
    }
}

#[rstest]
#[tokio::test]
async fn an_incident_is_opened_counted_and_ended_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let new = trouble();
    let opened = mail(Some(new.id), NoticeKind::Opened);
    assert!(store.open_incident(PROJECT, &new, &[opened], &[]).await.unwrap());
    let second = trouble();
    let twice = mail(Some(second.id), NoticeKind::Opened);
    assert!(!store.open_incident(PROJECT, &second, &[twice], &[]).await.unwrap());

    store.note_failures(PROJECT, new.id, 3, 1, Some(&sighting("500"))).await.unwrap();
    store.note_failures(PROJECT, new.id, 2, 0, None).await.unwrap();
    store.note_success(PROJECT, new.id).await.unwrap();
    let open = store.open_incidents().await.unwrap();
    assert_eq!(open.len(), 1);
    let incident = &open[0].incident;
    assert_eq!((incident.failures, incident.given_up), (10, 1));
    assert_eq!(incident.last.as_ref().unwrap().error.as_deref(), Some("500"));
    assert_eq!(incident.last.as_ref().unwrap().sample, sighting("").sample);
    assert!(incident.success_at.is_some() && !incident.unsteady);

    let told = incident.opened_at;
    let reminder = || [mail(Some(new.id), NoticeKind::Reminder)];
    assert!(store.remind_of_incident(PROJECT, new.id, told, &reminder()).await.unwrap());
    assert!(!store.remind_of_incident(PROJECT, new.id, told, &reminder()).await.unwrap());

    let recovered = || [mail(Some(new.id), NoticeKind::Recovered)];
    assert!(store.recover_incident(PROJECT, new.id, &recovered(), &[]).await.unwrap());
    assert!(!store.recover_incident(PROJECT, new.id, &recovered(), &[]).await.unwrap());
    store.note_failures(PROJECT, new.id, 9, 9, None).await.unwrap();
    let ended = store.incident(PROJECT, new.id).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.failures), (IncidentState::Recovered, 10));
    assert!(ended.recovered_at.is_some() && ended.reminded_at.is_some());
    let kinds: Vec<NoticeKind> = store
        .notices_of(PROJECT, new.id, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|notice| notice.kind)
        .collect();
    assert_eq!(kinds, [NoticeKind::Opened, NoticeKind::Reminder, NoticeKind::Recovered]);

    // What begins again at once is unsteady.
    let again = NewIncident { unsteady_within: LONG, ..trouble() };
    assert!(store.open_incident(PROJECT, &again, &[], &[]).await.unwrap());
    assert!(store.incident(PROJECT, again.id).await.unwrap().unwrap().unsteady);
    let all = store.incidents(PROJECT, &IncidentQuery::default(), first(10)).await.unwrap();
    assert_eq!(all.iter().map(|it| it.id).collect::<Vec<_>>(), [again.id, new.id]);
    let query = IncidentQuery {
        state: Some(IncidentState::Recovered),
        kind: Some(IncidentKind::Connection),
        subject: Some(CONNECTION.to_owned()),
    };
    assert_eq!(store.incidents(PROJECT, &query, first(10)).await.unwrap(), [ended]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_see_it_one_opens_it() {
    let store = TestStore::new(Engine::Postgres).await;
    let other = store.another_hub().await;
    let mut opened = 0;
    for _ in 0..4 {
        let (one, two) = (trouble(), trouble());
        let (a, b) = tokio::join!(
            store.open_incident(PROJECT, &one, &[], &[]),
            other.open_incident(PROJECT, &two, &[], &[])
        );
        opened += u32::from(a.unwrap()) + u32::from(b.unwrap());
    }
    assert_eq!(opened, 1);
}

#[rstest]
#[tokio::test]
async fn a_notice_is_held_sent_tried_again_and_given_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let new = trouble();
    let mut notices = [NoticeKind::Opened; 2].map(|kind| mail(Some(new.id), kind));
    notices[1].impossible = Some("no mail relay is set".to_owned());
    store.open_incident(PROJECT, &new, &notices, &[]).await.unwrap();

    let held = store.claim_notices(10, SHORT).await.unwrap();
    assert_eq!(held.len(), 1, "what nobody can send is not claimed");
    assert!(store.claim_notices(10, SHORT).await.unwrap().is_empty(), "it is held");
    tokio::time::sleep(AFTER_SHORT).await;
    let again = store.claim_notices(10, LONG).await.unwrap();
    assert_eq!(again[0].notice.id, held[0].notice.id, "the lease is over");
    assert!(!store.record_notice(&held[0], &NoticeOutcome::Sent).await.unwrap());

    let retry = NoticeOutcome::RetryIn(SHORT, "451 later".to_owned());
    assert!(store.record_notice(&again[0], &retry).await.unwrap());
    assert!(store.claim_notices(10, LONG).await.unwrap().is_empty(), "it waits");
    tokio::time::sleep(AFTER_SHORT).await;
    let third = store.claim_notices(10, LONG).await.unwrap().remove(0);
    assert_eq!((third.notice.tries, third.notice.last_error.as_deref()), (1, Some("451 later")));
    assert!(store.record_notice(&third, &NoticeOutcome::Sent).await.unwrap());

    let told = store.notices_of(PROJECT, new.id, 10).await.unwrap();
    assert_eq!((told[0].state, told[0].tries), (NoticeState::Sent, 2));
    assert!(told[0].sent_at.is_some() && told[0].next_at.is_none());
    assert_eq!(told[1].state, NoticeState::NotSent);
    assert_eq!(told[1].last_error.as_deref(), Some("no mail relay is set"));
    assert_eq!(store.notices(PROJECT, first(1)).await.unwrap()[0].id, told[1].id);

    assert_eq!(store.sweep_notices(LONG).await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(store.sweep_notices(Duration::ZERO).await.unwrap(), 2);
}

#[rstest]
#[tokio::test]
async fn what_a_dead_process_held_is_sent_after_its_restart(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let new = trouble();
    let notices = [mail(Some(new.id), NoticeKind::Opened)];
    store.open_incident(PROJECT, &new, &notices, &[]).await.unwrap();
    assert_eq!(store.claim_notices(10, LONG).await.unwrap().len(), 1);
    store.free_notices().await.unwrap();
    assert!(store.claim_notices(10, LONG).await.unwrap().is_empty(), "it is held by this start");
    let store = store.restart().await;
    assert!(store.claim_notices(10, LONG).await.unwrap().is_empty());
    store.free_notices().await.unwrap();
    assert_eq!(store.claim_notices(10, LONG).await.unwrap()[0].notice.id, notices[0].id);
}

#[rstest]
#[tokio::test]
async fn endings_are_told_at_most_once_in_a_while(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let end = async |state, count: usize, sample: &str| {
        for number in 0..count {
            store.accept(message(&format!("{sample} {number}")).to(CONNECTION)).await.unwrap();
            let claimed = store.claim_one().await;
            store.record(outcome(&claimed, Verdict::Final(state))).await.unwrap();
        }
        let ended = store.ended_deliveries(9).await.unwrap();
        assert!(ended.iter().all(|it| it.state == state && it.connection == CONNECTION));
        assert_eq!(ended.len(), count, "each is noted once, with what ended it");
        assert!(store.count_endings(PROJECT, CONNECTION, &ended, sample, &[]).await.unwrap());
        assert!(!store.count_endings(PROJECT, CONNECTION, &ended, "again", &[]).await.unwrap());
    };
    end(DeliveryState::Cancelled, 3, "one").await;
    end(DeliveryState::Rejected, 1, "two").await;
    store.bring_to(DeliveryState::Succeeded).await;
    assert!(store.ended_deliveries(9).await.unwrap().is_empty());
    let due = store.endings_to_tell(LONG).await.unwrap();
    assert_eq!((due[0].given_up, due[0].refused, &*due[0].sample), (3, 1, "two"));
    let untold = async || store.untold_sample(PROJECT, CONNECTION).await.unwrap();
    assert_eq!(untold().await.as_deref(), Some("two"));
    let notices = || [mail(None, NoticeKind::GivenUp)];
    assert!(store.tell_endings(&due[0], &notices()).await.unwrap());
    assert!(!store.tell_endings(&due[0], &notices()).await.unwrap(), "it was told");
    assert_eq!(untold().await, None);
    assert!(store.endings_to_tell(LONG).await.unwrap().is_empty());
    end(DeliveryState::Broken, 1, "three").await;
    assert!(store.endings_to_tell(LONG).await.unwrap().is_empty(), "told a moment ago");
    tokio::time::sleep(Duration::from_millis(2)).await;
    let due = store.endings_to_tell(Duration::from_millis(1)).await.unwrap();
    assert_eq!((due[0].told, due[0].given_up + due[0].refused), (4, 5));
    assert_eq!(store.notices(PROJECT, first(10)).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn expectations_begin_with_their_last_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.expect(PROJECT, "intake", LONG).await.unwrap();
    let since = store.expectations().await.unwrap()[0].since;
    tokio::time::sleep(Duration::from_millis(2)).await;
    store.expect(PROJECT, "intake", LONG).await.unwrap();
    assert_eq!(store.expectations().await.unwrap()[0].since, since);
    store.expect(PROJECT, "intake", SHORT).await.unwrap();
    let changed = store.expectations().await.unwrap().remove(0);
    assert!(changed.since > since && changed.every == SHORT);
    assert!(store.present().await.unwrap() >= changed.since);
    assert_eq!(store.last_received(PROJECT, "intake").await.unwrap(), None);
    store.accept(message("one")).await.unwrap();
    let last = message("two");
    let received_at = last.message.received_at;
    store.accept(last).await.unwrap();
    let heard = store.last_received(PROJECT, "intake").await.unwrap();
    assert_eq!(heard, Some(received_at));
    store.expect_nothing(PROJECT, "intake").await.unwrap();
    assert!(store.expectations().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_period_is_counted_and_reported_on_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let start = now();
    tokio::time::sleep(Duration::from_millis(2)).await;
    for body in ["one", "two"] {
        store.accept(message(body).to(CONNECTION)).await.unwrap();
    }
    store.accept(message("three").unreadable("no")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2)).await;
    let end = now();
    let counts = store.period_counts(PROJECT, start, end).await.unwrap();
    let intake = &counts.messages["intake"];
    assert_eq!(intake[&MessageState::Kept], 2);
    assert_eq!(intake[&MessageState::Quarantined], 1);
    assert_eq!(counts.deliveries[CONNECTION].values().sum::<u64>(), 2);
    let day = Duration::from_hours(24);
    let before = store.period_counts(PROJECT, start - day, start).await.unwrap();
    assert_eq!(before, fieldpost_store::PeriodCounts::default());
    let waiting = store.waiting_by_forwarder(PROJECT).await.unwrap();
    assert_eq!(waiting.iter().map(|(_, count)| count).sum::<u64>(), 2);
    let (waits, next) = store.lane_waiting(PROJECT, CONNECTION, 1_000).await.unwrap();
    assert!(waits == 2 && next.is_some());
    assert_eq!(store.lane_waiting(PROJECT, CONNECTION, 1).await.unwrap().0, 1);

    assert_eq!(store.last_report(PROJECT, ReportEvery::Day).await.unwrap(), None);
    let mails = || [mail(None, NoticeKind::Report)];
    let period = Timestamp(1_000);
    assert!(store.add_report(PROJECT, ReportEvery::Day, period, &mails()).await.unwrap());
    assert!(!store.add_report(PROJECT, ReportEvery::Day, period, &mails()).await.unwrap());
    assert!(store.add_report(PROJECT, ReportEvery::Week, period, &[]).await.unwrap());
    assert_eq!(store.last_report(PROJECT, ReportEvery::Day).await.unwrap(), Some(period));
    assert_eq!(store.notices(PROJECT, first(10)).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn who_has_had_enough_is_remembered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for _ in 0..2 {
        store.set_unsubscribed(PROJECT, "connection:x", "a@example.org", true).await.unwrap();
    }
    let expected = [("connection:x".to_owned(), "a@example.org".to_owned())];
    assert_eq!(store.unsubscribed(PROJECT).await.unwrap(), expected);
    store.set_unsubscribed(PROJECT, "connection:x", "a@example.org", false).await.unwrap();
    assert!(store.unsubscribed(PROJECT).await.unwrap().is_empty());
}
