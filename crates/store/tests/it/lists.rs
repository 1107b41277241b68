//! What lists show, and what they leave out.

use std::time::Duration;

use fieldpost_model::delivery::{DeliveryOrigin, DeliveryState};
use fieldpost_model::message::MessageState;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{Accept, DeliveryQuery, MessageQuery, OpenCounts, Page, Verdict};
use rstest::rstest;
use uuid::{Builder, Uuid};

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, first, message, now, outcome,
    succeeded,
};

/// An id that was made at this time; the number tells those of one moment apart.
fn id_at(time: Timestamp, number: u8) -> Uuid {
    let milliseconds = u64::try_from(time.0 / 1_000).unwrap();
    Builder::from_unix_timestamp_millis(milliseconds, &[number; 10]).into_uuid()
}

async fn found_messages(store: &TestStore, query: MessageQuery) -> Vec<Uuid> {
    let found = store.messages(PROJECT, &query, first(100)).await.unwrap();
    found.into_iter().map(|message| message.id).collect()
}

async fn found_deliveries(store: &TestStore, query: DeliveryQuery) -> Vec<Uuid> {
    let found = store.deliveries(PROJECT, &query, first(100)).await.unwrap();
    let count = store.count_deliveries(PROJECT, &query).await.unwrap();
    assert_eq!(count, found.len() as u64, "list and count agree about {query:?}");
    found.into_iter().map(|delivery| delivery.id).collect()
}

#[rstest]
#[tokio::test]
async fn messages_are_filtered_by_each_field(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let elsewhere = message("A").known_as("a").change(|a| a.message.source = "elsewhere".into());
    let kept = message("B").known_as("b");
    let duplicate = message("B").known_as("b");
    let unreadable = message("<").unreadable("not XML");
    let ids: Vec<Uuid> =
        [&elsewhere, &kept, &duplicate, &unreadable].map(|accept| accept.message.id).to_vec();
    for accept in [elsewhere, kept, duplicate, unreadable] {
        store.accept(accept).await.unwrap();
    }
    let everything = MessageQuery::default();
    let newest_first: Vec<Uuid> = ids.iter().rev().copied().collect();
    assert_eq!(found_messages(&store, everything.clone()).await, newest_first);

    let source = |name: &str| MessageQuery { source: Some(name.into()), ..everything.clone() };
    assert_eq!(found_messages(&store, source("elsewhere")).await, [ids[0]]);
    assert_eq!(found_messages(&store, source("nowhere")).await, [] as [Uuid; 0]);
    let state = |state| MessageQuery { state: Some(state), ..everything.clone() };
    assert_eq!(found_messages(&store, state(MessageState::Kept)).await, [ids[1], ids[0]]);
    assert_eq!(found_messages(&store, state(MessageState::Duplicate)).await, [ids[2]]);
    assert_eq!(found_messages(&store, state(MessageState::Quarantined)).await, [ids[3]]);
    let both = MessageQuery { state: Some(MessageState::Kept), ..source("intake") };
    assert_eq!(found_messages(&store, both).await, [ids[1]]);
    // An id finds the message and what repeats it.
    let text = |text: String| MessageQuery { text: Some(text), ..everything.clone() };
    assert_eq!(found_messages(&store, text(ids[1].to_string())).await, [ids[2], ids[1]]);
    // Other projects have nothing to do with it.
    let other = store.messages("other", &everything, first(10)).await.unwrap();
    assert_eq!(other, []);
}

#[rstest]
#[tokio::test]
async fn deliveries_are_filtered_by_each_field(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let plain = message("1").to(CONNECTION);
    let other = message("2").to("hospital").change(|accept| {
        accept.message.source = "elsewhere".into();
        accept.deliveries[0].forwarder = "deaths".to_owned();
        accept.deliveries[0].key = Some("case-7".to_owned());
    });
    let (one, two) = (plain.deliveries[0].id, other.deliveries[0].id);
    let payload = other.message.id;
    store.accept(plain).await.unwrap();
    store.accept(other).await.unwrap();
    let claimed = store.claim_one().await;
    store.record(outcome(&claimed, Verdict::RetryIn(LONG))).await.unwrap();

    let everything = DeliveryQuery::default();
    let check = async |query: DeliveryQuery, expected: &[Uuid]| {
        assert_eq!(found_deliveries(&store, query.clone()).await, expected, "{query:?}");
    };
    check(everything.clone(), &[two, one]).await;
    check(DeliveryQuery { forwarder: Some("deaths".into()), ..everything.clone() }, &[two]).await;
    check(DeliveryQuery { connection: Some(CONNECTION.into()), ..everything.clone() }, &[one])
        .await;
    let state = |state| DeliveryQuery { state: Some(state), ..DeliveryQuery::default() };
    check(state(DeliveryState::Failed), &[one]).await;
    check(state(DeliveryState::Pending), &[two]).await;
    check(state(DeliveryState::Succeeded), &[]).await;
    check(DeliveryQuery { payload: Some(payload), ..everything.clone() }, &[two]).await;
    check(DeliveryQuery { ids: vec![one, two], ..everything.clone() }, &[two, one]).await;
    check(DeliveryQuery { ids: vec![one], ..everything.clone() }, &[one]).await;
    check(DeliveryQuery { ids: vec![one], ..state(DeliveryState::Pending) }, &[]).await;
    let origin = |origin| DeliveryQuery { origin: Some(origin), ..DeliveryQuery::default() };
    check(origin(DeliveryOrigin::Event), &[two, one]).await;
    check(origin(DeliveryOrigin::Resend), &[]).await;
    check(DeliveryQuery { source: Some("intake".into()), ..everything.clone() }, &[one]).await;
    check(DeliveryQuery { key: Some("case-7".into()), ..everything.clone() }, &[two]).await;
    let text = |text: String| DeliveryQuery { text: Some(text), ..DeliveryQuery::default() };
    check(text("ASE-7".into()), &[two]).await;
    check(text("answered with".into()), &[one]).await;
    check(text(one.to_string()), &[one]).await;
    check(text(payload.to_string()), &[two]).await;
    check(text("nothing of this".into()), &[]).await;
    let all_at_once = DeliveryQuery {
        holds: false,
        cancelled_by: None,
        forwarder: Some("deaths".into()),
        connection: Some("hospital".into()),
        state: Some(DeliveryState::Pending),
        states: vec![DeliveryState::Pending, DeliveryState::Failed],
        status: None,
        error_kind: None,
        origin: Some(DeliveryOrigin::Event),
        ids: vec![one, two],
        payload: Some(payload),
        source: Some("elsewhere".into()),
        key: Some("case-7".into()),
        since: Some(now() - LONG),
        until: Some(now() + LONG),
        text: Some("case".into()),
    };
    check(all_at_once.clone(), &[two]).await;
    check(DeliveryQuery { key: Some("case-8".into()), ..all_at_once }, &[]).await;
}

#[rstest]
#[tokio::test]
async fn text_is_found_as_it_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let uuid = "0f5c3a52-9a4b-4a0c-8a9e-3f1f7a3d9b11";
    let identities = ["100%", "100x", "a_b", "axb", r"back\slash", "Zoë", uuid, "'; --", "q?q"];
    let mut ids = Vec::new();
    for (number, identity) in identities.iter().enumerate() {
        let accept = message(&number.to_string()).known_as(identity).to(CONNECTION).change(|a| {
            a.deliveries[0].key = Some((*identity).to_owned());
        });
        ids.push((accept.message.id, accept.deliveries[0].id));
        store.accept(accept).await.unwrap();
    }
    for (text, expected) in [
        ("0%", vec![0]),
        ("100", vec![0, 1]),
        ("a_b", vec![2]),
        (r"k\s", vec![4]),
        (r"\", vec![4]),
        ("%", vec![0]),
        ("_", vec![2]),
        ("AXB", vec![3]),
        ("zoë", vec![5]),
        ("oë", vec![5]),
        (uuid, vec![6]),
        ("0F5C3A52", vec![6]),
        ("'", vec![7]),
        ("?", vec![8]),
        ("nothing", vec![]),
        ("\0", vec![]),
    ] {
        let messages: Vec<Uuid> = expected.iter().rev().map(|number| ids[*number].0).collect();
        let deliveries: Vec<Uuid> = expected.iter().rev().map(|number| ids[*number].1).collect();
        let text = Some(text.to_owned());
        let query = MessageQuery { text: text.clone(), ..MessageQuery::default() };
        assert_eq!(found_messages(&store, query).await, messages, "messages with {text:?}");
        let query = DeliveryQuery { text: text.clone(), ..DeliveryQuery::default() };
        assert_eq!(found_deliveries(&store, query).await, deliveries, "deliveries with {text:?}");
    }
}

#[rstest]
#[tokio::test]
async fn times_include_the_beginning_and_not_the_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let start = Timestamp(now().0 / 1_000 * 1_000);
    let millisecond = Duration::from_millis(1);
    let times = [start, start + millisecond, start + 2 * millisecond];
    let mut ids = Vec::new();
    for (number, time) in (0_u8..).zip(times) {
        let accept = message(&number.to_string()).to(CONNECTION).change(|accept| {
            accept.message.id = id_at(time, number);
            accept.message.received_at = time;
            accept.deliveries[0].id = id_at(time, number);
        });
        ids.push(accept.message.id);
        store.accept(accept).await.unwrap();
    }
    for (since, until, expected) in [
        (Some(times[1]), None, vec![2, 1]),
        (None, Some(times[1]), vec![0]),
        (Some(times[0]), Some(times[2]), vec![1, 0]),
        (Some(times[1]), Some(times[1]), vec![]),
        (Some(times[0] + Duration::from_micros(1)), None, vec![2, 1]),
        (None, Some(times[1] + Duration::from_micros(1)), vec![1, 0]),
        (Some(times[2] + millisecond), None, vec![]),
        (Some(Timestamp(i64::MIN)), Some(Timestamp(i64::MAX)), vec![2, 1, 0]),
    ] {
        let expected: Vec<Uuid> = expected.into_iter().map(|number: usize| ids[number]).collect();
        let query = MessageQuery { since, until, ..MessageQuery::default() };
        assert_eq!(found_messages(&store, query).await, expected, "{since:?} to {until:?}");
        let query = DeliveryQuery { since, until, ..DeliveryQuery::default() };
        assert_eq!(found_deliveries(&store, query).await, expected, "{since:?} to {until:?}");
    }
}

/// The id may be made a moment before or after the time that stands beside it.
#[rstest]
#[tokio::test]
async fn a_message_is_found_by_its_time_of_receipt(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let time = now();
    for (number, id_time) in
        (0_u8..).zip([time - Duration::from_secs(40), time, time + Duration::from_secs(40)])
    {
        let accept = message(&number.to_string()).change(|accept| {
            accept.message.id = id_at(id_time, number);
            accept.message.received_at = time;
        });
        store.accept(accept).await.unwrap();
    }
    let after = time + Duration::from_micros(1);
    let query = MessageQuery { since: Some(time), until: Some(after), ..MessageQuery::default() };
    assert_eq!(found_messages(&store, query).await.len(), 3);
}

#[rstest]
#[tokio::test]
async fn pages_follow_each_other_while_others_write(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut there = Vec::new();
    for number in 0..10 {
        let accept = message(&number.to_string()).to(CONNECTION);
        there.push((accept.message.id, accept.deliveries[0].id));
        store.accept(accept).await.unwrap();
    }
    there.reverse();
    let (mut messages, mut deliveries) = (Vec::new(), Vec::new());
    let mut pages = [first(3), first(3)];
    loop {
        let page = store.messages(PROJECT, &MessageQuery::default(), pages[0]).await.unwrap();
        pages[0].before = page.last().map(|message| message.id);
        let full = page.len() == 3;
        messages.extend(page.into_iter().map(|message| message.id));
        let page = store.deliveries(PROJECT, &DeliveryQuery::default(), pages[1]).await.unwrap();
        pages[1].before = page.last().map(|delivery| delivery.id);
        deliveries.extend(page.into_iter().map(|delivery| delivery.id));
        // What comes in meanwhile belongs before the first page.
        store.accept(message("meanwhile").to(CONNECTION)).await.unwrap();
        if !full {
            break;
        }
    }
    assert_eq!(messages, there.iter().map(|(message, _)| *message).collect::<Vec<_>>());
    assert_eq!(deliveries, there.iter().map(|(_, delivery)| *delivery).collect::<Vec<_>>());
    let nothing = Page { before: None, limit: 0 };
    let none = store.messages(PROJECT, &MessageQuery::default(), nothing).await.unwrap();
    assert_eq!(none, []);
}

#[rstest]
#[tokio::test]
async fn what_is_open_is_counted_by_forwarder_and_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ordered_by = |forwarder: &str| -> Accept {
        message("x").to(CONNECTION).change(|a| a.deliveries[0].forwarder = forwarder.to_owned())
    };
    for forwarder in ["deaths", FORWARDER, FORWARDER, FORWARDER] {
        store.accept(ordered_by(forwarder)).await.unwrap();
    }
    let claimed = store.claim_some(3, LONG).await;
    store.record(outcome(&claimed[0], Verdict::RetryIn(LONG))).await.unwrap();
    store.record(succeeded(&claimed[1])).await.unwrap();
    let counts = store.open_counts(PROJECT).await.unwrap();
    let births = [(DeliveryState::Pending, 2)].into();
    assert_eq!(counts.of_forwarder(FORWARDER, CONNECTION), (births, false));
    let deaths = [(DeliveryState::Failed, 1)].into();
    assert_eq!(counts.of_forwarder("deaths", CONNECTION), (deaths, false));
    let both = [(DeliveryState::Pending, 2), (DeliveryState::Failed, 1)].into();
    assert_eq!(counts.of_lanes(&[CONNECTION.to_owned()]), (both, false));
    assert_eq!(counts.of_lanes(&["warehouse".to_owned()]), ([].into(), false));
    assert_eq!(store.waiting().await, Ok(3));
    assert_eq!(store.open_counts("other").await, Ok(OpenCounts::default()));
}

#[rstest]
#[tokio::test]
async fn a_part_of_an_id_is_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let id = |text: &str| Uuid::parse_str(text).unwrap();
    let original = message("A").known_as("form").to(CONNECTION).change(|accept| {
        accept.message.id = id("01990000-0000-7000-8000-0000aBcDe101");
        accept.deliveries[0].id = id("01990000-0000-7000-8000-000000dde201");
    });
    let repetition = message("A").known_as("form").change(|accept| {
        accept.message.id = id("01990000-0000-7000-8000-000000000301");
    });
    let other = message("B").to(CONNECTION).change(|accept| {
        accept.message.id = id("01990000-0000-7000-8000-000000000401");
        accept.deliveries[0].id = id("01990000-0000-7000-8000-000000000501");
    });
    for accept in [original, repetition, other] {
        store.accept(accept).await.unwrap();
    }
    let ends = |ids: &[Uuid]| -> Vec<String> {
        ids.iter().map(|id| id.to_string().split_off(33)).collect()
    };
    for (text, messages, deliveries) in [
        ("0199", vec!["101", "401", "301"], vec!["201", "501"]),
        ("abcde1", vec!["101", "301"], vec!["201"]),
        ("AbCdE101", vec!["101", "301"], vec!["201"]),
        ("01990000-0000-7000-8000-0000abcde101", vec!["101", "301"], vec!["201"]),
        ("0000-7000-8000-0000ab", vec!["101", "301"], vec!["201"]),
        ("dde2", vec![], vec!["201"]),
        ("de2", vec![], vec![]),
        ("-d-e-2-", vec![], vec![]),
        ("0301", vec!["301"], vec![]),
        ("0401", vec!["401"], vec!["501"]),
        ("----", vec![], vec![]),
        ("0501x", vec![], vec![]),
    ] {
        let query = MessageQuery { text: Some(text.to_owned()), ..MessageQuery::default() };
        assert_eq!(ends(&found_messages(&store, query).await), messages, "messages with {text:?}");
        let query = DeliveryQuery { text: Some(text.to_owned()), ..DeliveryQuery::default() };
        let found = ends(&found_deliveries(&store, query).await);
        assert_eq!(found, deliveries, "deliveries with {text:?}");
    }
}
