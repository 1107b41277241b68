//! What is counted for charts, and what waits at one look.

use std::time::Duration;

use fieldpost_model::tally::{TallyKind, TallyNoun, TallySpan};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{LastTime, NewTally, Tally, TallyQuery, Verdict};
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, message, now, outcome,
};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-03-01T{text}Z")).unwrap()
}

fn received(name: &str, count: u64, last_at: Timestamp) -> NewTally {
    NewTally {
        project: PROJECT.into(),
        noun: TallyNoun::Source,
        kind: TallyKind::Received,
        name: name.to_owned(),
        count,
        last_at,
    }
}

/// Step, name and count, in order.
async fn counts(store: &TestStore, query: TallyQuery) -> Vec<(usize, String, u64)> {
    let found = store.tallies(PROJECT, &query).await.unwrap();
    let mut counts: Vec<_> =
        found.into_iter().map(|Tally { step, name, count, .. }| (step, name, count)).collect();
    counts.sort_unstable();
    counts
}

fn counted(expected: &[(usize, &str, u64)]) -> Vec<(usize, String, u64)> {
    expected.iter().map(|(step, name, count)| (*step, (*name).to_owned(), *count)).collect()
}

#[rstest]
#[tokio::test]
async fn counts_are_added_to_their_minute_and_their_hour(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for (at, tallies) in [
        ("11:59:59.9", vec![received("kobo", 1, time("11:59:59"))]),
        (
            "12:00:00",
            vec![received("kobo", 2, time("12:00:00")), received("odk", 5, time("12:00:00"))],
        ),
        ("12:00:59.9", vec![received("kobo", 4, time("12:00:58"))]),
        ("12:04:00", vec![received("kobo", 8, time("12:03:59"))]),
        ("12:05:00", vec![]),
    ] {
        store.add_tallies(time(at), &tallies).await.unwrap();
    }
    let query = TallyQuery {
        span: TallySpan::Minute,
        from: time("11:59:00"),
        until: time("12:05:00"),
        step: MINUTE,
        by_name: true,
    };
    let each = [(0, "kobo", 1), (1, "kobo", 6), (1, "odk", 5), (5, "kobo", 8)];
    assert_eq!(counts(&store, query).await, counted(&each));
    let pairs = TallyQuery { step: 2 * MINUTE, by_name: false, ..query };
    assert_eq!(counts(&store, pairs).await, counted(&[(0, "", 12), (2, "", 8)]));
    let hours = TallyQuery { span: TallySpan::Hour, from: time("11:00:00"), step: HOUR, ..query };
    let each = [(0, "kobo", 1), (1, "kobo", 14), (1, "odk", 5)];
    assert_eq!(counts(&store, hours).await, counted(&each));
    let until_noon = TallyQuery { until: time("12:00:00"), ..hours };
    assert_eq!(counts(&store, until_noon).await, counted(&[(0, "kobo", 1)]));
    assert_eq!(store.tallies("north", &query).await, Ok(Vec::new()));
}

#[rstest]
#[tokio::test]
async fn the_last_time_only_moves_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    for last_at in ["12:00:01", "12:00:03", "12:00:02"] {
        let tally = received("kobo", 1, time(last_at));
        store.add_tallies(time("12:00:00"), &[tally]).await.unwrap();
    }
    let last = LastTime {
        noun: TallyNoun::Source,
        kind: TallyKind::Received,
        name: "kobo".to_owned(),
        at: time("12:00:03"),
    };
    assert_eq!(store.last_times(PROJECT).await, Ok(vec![last]));
    assert_eq!(store.last_times("north").await, Ok(Vec::new()));
}

/// More things than one statement takes, counted by several hubs at once.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_counted_at_once_is_lost(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const SOURCES: usize = 145;
    const TIMES: u64 = 10;
    let store = TestStore::new(engine).await;
    let at = time("12:00:00");
    let tallies: Vec<NewTally> =
        (0..SOURCES).map(|number| received(&format!("s{number}"), 1, at)).collect();
    let backwards: Vec<NewTally> = tallies.iter().rev().cloned().collect();
    let adding = (0..TIMES)
        .map(|number| store.add_tallies(at, if number % 2 == 0 { &tallies } else { &backwards }));
    for added in join_all(adding).await {
        added.unwrap();
    }
    let query =
        TallyQuery { span: TallySpan::Hour, from: at, until: at + HOUR, step: HOUR, by_name: true };
    let found = store.tallies(PROJECT, &query).await.unwrap();
    assert_eq!(found.len(), SOURCES);
    assert!(found.iter().all(|tally| tally.count == TIMES), "{found:?}");
}

#[rstest]
#[tokio::test]
async fn old_counts_are_swept_out(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    for at in ["11:59:00", "12:00:00"] {
        store.add_tallies(time(at), &[received("kobo", 1, time(at))]).await.unwrap();
    }
    let before = time("12:00:00");
    assert_eq!(store.sweep_tallies("north", TallySpan::Minute, before).await, Ok(0));
    assert_eq!(store.sweep_tallies(PROJECT, TallySpan::Minute, before).await, Ok(1));
    let query = TallyQuery {
        span: TallySpan::Minute,
        from: time("11:00:00"),
        until: time("13:00:00"),
        step: HOUR,
        by_name: true,
    };
    assert_eq!(counts(&store, query).await, counted(&[(1, "kobo", 1)]));
    let hours = TallyQuery { span: TallySpan::Hour, ..query };
    assert_eq!(counts(&store, hours).await, counted(&[(0, "kobo", 1), (1, "kobo", 1)]));
}

#[rstest]
#[tokio::test]
async fn each_lane_tells_what_waits_in_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    assert_eq!(store.backlogs(PROJECT).await, Ok(Vec::new()));
    let begun = now();
    for connection in [CONNECTION, CONNECTION, CONNECTION, "warehouse"] {
        store.accept(message("x").to(connection)).await.unwrap();
    }
    let parked = message("x").to("warehouse").change(|a| a.deliveries[0].parked = true);
    store.accept(parked).await.unwrap();
    // One has arrived, one waits for its second try, one for its first.
    let claimed = store.claim_some(2, LONG).await;
    store.record(outcome(&claimed[0], Verdict::RetryIn(LONG))).await.unwrap();
    store.record(crate::support::succeeded(&claimed[1])).await.unwrap();

    let backlogs = store.backlogs(PROJECT).await.unwrap();
    let told: Vec<(&str, u64)> =
        backlogs.iter().map(|backlog| (&*backlog.lane, backlog.waiting)).collect();
    let parking = format!("!{FORWARDER}");
    let mut expected = [(&*parking, 1), (CONNECTION, 2), ("warehouse", 1)];
    let mut sorted = told.clone();
    expected.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for backlog in &backlogs {
        assert!(!backlog.is_more, "{backlog:?}");
        let oldest = backlog.oldest.unwrap();
        assert!(oldest >= begun && oldest <= now(), "{backlog:?}");
        assert!(backlog.next_at.unwrap() <= now(), "a first try is due: {backlog:?}");
    }

    // Where only retries are left, the next one is due when they are.
    let first_try = store.claim_one().await;
    store.record(crate::support::succeeded(&first_try)).await.unwrap();
    let backlogs = store.backlogs(PROJECT).await.unwrap();
    let left = backlogs.iter().find(|backlog| backlog.lane == CONNECTION).unwrap();
    let retry = store.find(claimed[0].id).await;
    assert_eq!(left.waiting, 1);
    // Statements of one transaction have each its own present.
    let (queued, shown) = (left.next_at.unwrap(), retry.next_attempt_at.unwrap());
    assert!(queued.0.abs_diff(shown.0) < 1_000_000, "{queued} and {shown}");
    assert_eq!(left.oldest, Some(retry.registered_at));
    assert_eq!(store.backlogs("north").await, Ok(Vec::new()));
}
