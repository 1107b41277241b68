//! Order in a storm: many senders, several hubs, failures and people, all at once. In the end every
//! key has been sent in the order in which it was kept, and nothing is stuck.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{Accept, DeliveryQuery, LaneDemand, Recorded, Store, Verdict};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, first, lane, message, outcome, release,
    succeeded,
};

const KEYS: usize = 12;
/// Messages of each key.
const EACH: usize = 40;
/// The other connection that the forwarder sends over now and then.
const ELSEWHERE: &str = "hospital";
/// Tasks that send.
const WORKERS: usize = 4;

/// The same numbers in every run, spread like dice.
fn dice(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) >> 7
}

/// What becomes of those of one key that wait.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kept {
    /// Each is sent.
    #[default]
    Each,
    /// The newest is.
    Latest,
    /// The newest is, and what was kept first is resent again and again.
    LatestAndResent,
}

/// What goes on in a storm, beside keeping and sending.
#[derive(Clone, Copy, Default)]
struct Weather {
    /// What becomes of those that wait.
    waiting: Kept,
    /// A person ends, hurries and repeats what waits.
    has_a_person: bool,
    /// The forwarder is led from one connection to the other, and back.
    is_led: bool,
}

fn of_key(key: usize, connection: &str, is_latest: bool) -> Accept {
    message("x").to(connection).change(|accept| {
        let delivery = &mut accept.deliveries[0];
        delivery.order_key = Some(format!("case:{key}"));
        delivery.key = Some(key.to_string());
        delivery.collapse_key = is_latest.then(|| key.to_string());
    })
}

/// What became of the deliveries.
#[derive(Default)]
struct Log {
    /// The deliveries of each key, in the order in which they were kept.
    kept: Mutex<HashMap<usize, Vec<Uuid>>>,
    /// The successes of each key, in the order in which they were recorded.
    sent: Mutex<HashMap<String, Vec<Uuid>>>,
    under_way: Mutex<HashMap<String, usize>>,
    tried: AtomicUsize,
}

/// Keeps the messages of one key, one after the other.
async fn keep(store: &Store, log: &Log, key: usize, weather: Weather) {
    for number in 0..EACH {
        let is_elsewhere = weather.is_led && dice(number / 4 + key).is_multiple_of(2);
        let connection = if is_elsewhere { ELSEWHERE } else { CONNECTION };
        let accept = of_key(key, connection, weather.waiting != Kept::Each);
        log.kept.lock().unwrap().entry(key).or_default().push(accept.deliveries[0].id);
        store.accept(accept).await.unwrap();
        let comes_back = dice(number + key).is_multiple_of(3);
        if weather.waiting == Kept::LatestAndResent && comes_back {
            let (first, copy) = (log.kept.lock().unwrap()[&key][0], Uuid::now_v7());
            log.kept.lock().unwrap().entry(key).or_default().push(copy);
            let first = store.delivery(PROJECT, first).await.unwrap().unwrap();
            store.resend(PROJECT, &first, copy, connection, false).await.unwrap();
        }
    }
}

/// Claims and records until told to stop; every third try fails, and some claims are given back.
async fn send(store: &Store, log: &Log, is_over: &AtomicBool) {
    loop {
        let was_over = is_over.load(Ordering::SeqCst);
        let lanes = [CONNECTION, ELSEWHERE].map(lane);
        let demands = lanes.map(|lane| LaneDemand { lane, limit: 5, lease: LONG });
        let claims = store.claim(demands.into()).await.unwrap();
        if claims.claimed.is_empty() {
            if was_over {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        let records = claims.claimed.iter().map(async |claimed| {
            let key = claimed.key.clone().unwrap();
            let at_once = {
                let mut under_way = log.under_way.lock().unwrap();
                let at_once = under_way.entry(key.clone()).or_default();
                *at_once += 1;
                *at_once
            };
            assert_eq!(at_once, 1, "two of one key are being sent");
            let tried = dice(log.tried.fetch_add(1, Ordering::SeqCst));
            if tried.is_multiple_of(7) {
                *log.under_way.lock().unwrap().get_mut(&key).unwrap() -= 1;
                return store.release(vec![release(claimed)]).await.unwrap();
            }
            let fails = tried.is_multiple_of(3);
            if !fails {
                log.sent.lock().unwrap().entry(key.clone()).or_default().push(claimed.id);
            }
            // The next of this key may be claimed before the answer of the record is here.
            *log.under_way.lock().unwrap().get_mut(&key).unwrap() -= 1;
            let verdict = Verdict::RetryIn(Duration::ZERO);
            let end = if fails { outcome(claimed, verdict) } else { succeeded(claimed) };
            assert_eq!(store.record(end).await, Ok(Recorded::Written));
        });
        join_all(records).await;
    }
}

/// A person who ends, hurries and repeats what waits.
async fn meddle(store: &Store, is_over: &AtomicBool) {
    let mut round = 0;
    while !is_over.load(Ordering::SeqCst) {
        round += 1;
        let query =
            DeliveryQuery { state: Some(DeliveryState::Pending), ..DeliveryQuery::default() };
        for delivery in store.deliveries(PROJECT, &query, first(7)).await.unwrap() {
            // Being sent already, or ended: then there is nothing to do.
            if dice(round + usize::from(delivery.id.as_bytes()[15])).is_multiple_of(2) {
                store.retry(PROJECT, &delivery).await.ok();
            } else {
                store.cancel(PROJECT, &delivery, "by hand").await.ok();
            }
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Moves what waits from one lane to the other, and back, as hubs do that know different definitions.
async fn lead(store: &TestStore, is_over: &AtomicBool) {
    while !is_over.load(Ordering::SeqCst) {
        for (from, to) in [(CONNECTION, ELSEWHERE), (ELSEWHERE, CONNECTION)] {
            store.move_lane(from, to, to, true).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn storm(stores: &[&TestStore], weather: Weather) -> Log {
    let (log, is_over) = (Log::default(), AtomicBool::new(false));
    let keeping = async {
        let keys = (0..KEYS).map(|key| keep(stores[key % stores.len()], &log, key, weather));
        join_all(keys).await;
        is_over.store(true, Ordering::SeqCst);
    };
    let sending =
        join_all((0..WORKERS).map(|worker| send(stores[worker % stores.len()], &log, &is_over)));
    let meddling = async {
        if weather.has_a_person {
            meddle(stores[0], &is_over).await;
        }
    };
    let leading = async {
        if weather.is_led {
            join_all(stores.iter().map(|store| lead(store, &is_over))).await;
        }
    };
    tokio::join!(keeping, sending, meddling, leading);
    for _ in 0..1_000 {
        // Of the last ones, some may have failed after the last look.
        if stores[0].waiting().await == Ok(0) {
            break;
        }
        send(stores[0], &log, &AtomicBool::new(true)).await;
    }
    assert_eq!(stores[0].waiting().await, Ok(0), "nothing is stuck");
    assert_eq!(stores[0].repair_order(PROJECT).await, Ok(0));
    log
}

/// Whether what was sent of every key came in the order of keeping.
fn assert_in_order(log: &Log) -> usize {
    let (kept, sent) = (log.kept.lock().unwrap(), log.sent.lock().unwrap());
    let mut count = 0;
    for (key, kept) in kept.iter() {
        let places: Vec<usize> = sent[&key.to_string()]
            .iter()
            .map(|id| kept.iter().position(|other| other == id).unwrap())
            .collect();
        assert!(places.is_sorted_by(|one, next| one < next), "key {key}: {places:?}");
        count += places.len();
    }
    count
}

async fn stores(engine: Engine) -> Vec<TestStore> {
    let store = TestStore::new(engine).await;
    let mut stores = Vec::new();
    if engine == Engine::Postgres {
        stores.push(store.another_hub().await);
    }
    stores.push(store);
    stores
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_sent_whole_and_in_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stores = stores(engine).await;
    let log = storm(&stores.iter().collect::<Vec<_>>(), Weather::default()).await;
    assert_eq!(assert_in_order(&log), KEYS * EACH, "all were sent, each once");
}

// MUST-42
/// Whichever hub moves what, and while whatever is under way: over both connections together, every
/// key arrives in order.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forwarder_that_is_led_to_and_fro_keeps_its_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] has_a_person: bool,
) {
    let stores = stores(engine).await;
    let weather = Weather { is_led: true, has_a_person, ..Weather::default() };
    let log = storm(&stores.iter().collect::<Vec<_>>(), weather).await;
    let sent = assert_in_order(&log);
    assert!(has_a_person || sent == KEYS * EACH, "{sent} were sent");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_meddles_breaks_no_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stores = stores(engine).await;
    let weather = Weather { has_a_person: true, ..Weather::default() };
    let log = storm(&stores.iter().collect::<Vec<_>>(), weather).await;
    let sent = assert_in_order(&log);
    let cancelled =
        DeliveryQuery { state: Some(DeliveryState::Cancelled), ..DeliveryQuery::default() };
    let cancelled = stores[0].count_deliveries(PROJECT, &cancelled).await.unwrap();
    assert_eq!(sent + usize::try_from(cancelled).unwrap(), KEYS * EACH);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_every_key_the_newest_state_is_sent_last(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Kept::Latest, Kept::LatestAndResent)] waiting: Kept,
) {
    let stores = stores(engine).await;
    let weather = Weather { waiting, ..Weather::default() };
    let log = storm(&stores.iter().collect::<Vec<_>>(), weather).await;
    let sent = assert_in_order(&log);
    let superseded =
        DeliveryQuery { state: Some(DeliveryState::Superseded), ..DeliveryQuery::default() };
    let superseded = stores[0].count_deliveries(PROJECT, &superseded).await.unwrap();
    let (kept, all_sent) = (log.kept.lock().unwrap(), log.sent.lock().unwrap());
    let all: usize = kept.values().map(Vec::len).sum();
    assert_eq!(sent + usize::try_from(superseded).unwrap(), all);
    for (key, kept) in kept.iter() {
        assert_eq!(all_sent[&key.to_string()].last(), kept.last(), "key {key}");
    }
}
