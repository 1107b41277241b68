//! What people look at first costs the same with a million deliveries as with none.
//!
//! The rows are loaded in bulk, past the store. A busy machine must not fail the test, so that the
//! quickest of a few looks counts.

use std::time::{Duration, Instant};

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::tally::TallySpan;
use fieldpost_store::{
    DeliveryOrder, DeliveryPage, DeliveryQuery, LANE_COUNT, NextTryOrder, TallyQuery,
};
use rstest::rstest;

use crate::support::{Engine, PROJECT, TestStore, now};

/// Deliveries, of which one in four waits.
const MANY: i64 = 1_000_000;
/// Connections that they go to, by turns.
const CONNECTIONS: i64 = 10;
/// Sources, and minutes for which each has a count.
const SOURCES: i64 = 20;
const MINUTES: i64 = 2 * 24 * 60;
/// How long a look may take here. Pages are built for half of it; but nothing is optimised for tests.
const LOOK: Duration = Duration::from_millis(100);
/// How often each is looked at.
const LOOKS: usize = 9;
const HOUR: Duration = Duration::from_hours(1);

/// Loads everything, in the words that both engines understand: `i` counts.
async fn load(store: &TestStore, engine: Engine) {
    let numbers = |count: i64| match engine {
        Engine::Sqlite => format!(
            "(WITH RECURSIVE n (value) AS
                  (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {count})
              SELECT value FROM n)"
        ),
        Engine::Postgres => format!("generate_series(1::bigint, {count}) n (value)"),
    };
    let id = match engine {
        Engine::Sqlite => "unhex(printf('0195a7c2000070008000%012x', value))",
        Engine::Postgres => "('0195a7c2-0000-7000-8000-' || lpad(to_hex(value), 12, '0'))::uuid",
    };
    let nobody = match engine {
        Engine::Sqlite => "zeroblob(16)",
        Engine::Postgres => "'00000000-0000-0000-0000-000000000000'::uuid",
    };
    let name = format!("'c' || (value % {CONNECTIONS})");
    let state = "CASE WHEN value % 4 = 0 THEN 'failed' ELSE 'succeeded' END";
    let (minute, hour) = (TallySpan::Minute.microseconds(), TallySpan::Hour.microseconds());
    let end = now().0 - now().0 % hour + hour;
    let statements = [
        format!(
            "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                 payload_id, state, origin, attempts, tries, registered_at)
             SELECT '{PROJECT}', {id}, 'f', {name}, 'message', 'message', {nobody}, {state},
                 'event', 1, 1, value FROM {}",
            numbers(MANY)
        ),
        format!(
            "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence)
             SELECT '{PROJECT}', {id}, {name}, 1, value, 'f', 0 FROM {} WHERE value % 4 = 0",
            numbers(MANY)
        ),
        format!(
            "INSERT INTO tallies (project, span, at, noun, kind, name, count)
             SELECT '{PROJECT}', {minute}, {end} - {minute} * (1 + value / {SOURCES}), 'source',
                 'received', 's' || (value % {SOURCES}), 1 FROM {}",
            numbers(MINUTES * SOURCES)
        ),
        format!(
            "INSERT INTO tallies (project, span, at, noun, kind, name, count)
             SELECT project, {hour}, at - at % {hour}, noun, kind, name, sum(count) FROM tallies
             WHERE span = {minute} GROUP BY 1, 2, 3, 4, 5, 6"
        ),
    ];
    store.execute(&statements.join(";\n")).await;
    if engine == Engine::Postgres {
        // What autovacuum does in the time that so many take to come in.
        store.execute("VACUUM ANALYZE deliveries").await;
        store.execute("VACUUM ANALYZE queue").await;
        store.execute("VACUUM ANALYZE tallies").await;
    }
}

/// The quickest of a few looks.
async fn quickest(mut look: impl AsyncFnMut()) -> Duration {
    let mut quickest = Duration::MAX;
    for _ in 0..LOOKS {
        let begun = Instant::now();
        look().await;
        quickest = quickest.min(begun.elapsed());
    }
    quickest
}

#[rstest]
#[tokio::test]
async fn a_look_at_a_million_deliveries_is_quick(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    load(&store, engine).await;
    check_overview(&store).await;
    check_lists(&store).await;
    let took = quickest(async || {
        let open = store.open_counts(PROJECT).await.unwrap();
        let (counts, are_more) = open.of_lanes(&["c4".to_owned()]);
        assert_eq!((counts[&DeliveryState::Failed], are_more), (LANE_COUNT + 1, true));
    })
    .await;
    assert!(took <= 2 * LOOK, "counting what is open takes {took:?}");
}

/// What an overview asks of the store.
async fn check_overview(store: &TestStore) {
    let today = TallyQuery {
        span: TallySpan::Hour,
        from: now() - 24 * HOUR,
        until: now() + HOUR,
        step: Duration::MAX,
        by_name: true,
    };
    let last_hour = TallyQuery { span: TallySpan::Minute, from: now() - HOUR, ..today };
    let sources = usize::try_from(SOURCES).unwrap();
    let took = quickest(async || {
        let backlogs = store.backlogs(PROJECT).await.unwrap();
        assert_eq!(backlogs.len(), usize::try_from(CONNECTIONS / 2).unwrap());
        assert!(backlogs.iter().all(|lane| lane.is_more && lane.waiting == LANE_COUNT));
        assert_eq!(store.tallies(PROJECT, &today).await.unwrap().len(), sources);
        assert_eq!(store.tallies(PROJECT, &last_hour).await.unwrap().len(), sources);
        store.last_times(PROJECT).await.unwrap();
        assert_eq!(store.open_incidents_of(PROJECT).await.unwrap(), []);
        store.unsubscribed(PROJECT).await.unwrap();
        store.refused_addresses(PROJECT).await.unwrap();
    })
    .await;
    assert!(took <= LOOK, "an overview takes {took:?}");
    let chart = TallyQuery {
        span: TallySpan::Minute,
        step: Duration::from_mins(5),
        by_name: false,
        ..today
    };
    let took = quickest(async || drop(store.tallies(PROJECT, &chart).await.unwrap())).await;
    assert!(took <= LOOK, "a chart takes {took:?}");
}

/// Pages of lists, whatever is asked for and however little of it is there.
async fn check_lists(store: &TestStore) {
    let connection =
        |name: &str| DeliveryQuery { connection: Some(name.to_owned()), ..Default::default() };
    for (query, found) in [
        (DeliveryQuery::default(), 50),
        (connection("c3"), 50),
        (connection("c99"), 0),
        (DeliveryQuery { states: vec![DeliveryState::Failed], ..connection("c4") }, 50),
        (DeliveryQuery { states: vec![DeliveryState::Rejected], ..Default::default() }, 0),
        (DeliveryQuery { source: Some("s1".to_owned()), ..Default::default() }, 0),
        (DeliveryQuery { text: Some("nothing".to_owned()), ..Default::default() }, 0),
        (DeliveryQuery { error_kind: Some(ErrorKind::Dns), ..Default::default() }, 0),
    ] {
        for order in DeliveryOrder::ALL.iter().copied() {
            let page = DeliveryPage { order, after: None, limit: 50 };
            let took = quickest(async || {
                let page = store.list_deliveries(PROJECT, &query, page).await.unwrap();
                assert_eq!(page.found.len(), found, "{query:?}");
            })
            .await;
            assert!(took <= 2 * LOOK, "{order} of {query:?} takes {took:?}");
        }
    }
    let took = quickest(async || {
        let found =
            store.list_by_next_try(PROJECT, &[], NextTryOrder::Latest, None, 50).await.unwrap();
        assert_eq!(found.found.len(), 50);
    })
    .await;
    assert!(took <= LOOK, "what is tried next takes {took:?}");
}
