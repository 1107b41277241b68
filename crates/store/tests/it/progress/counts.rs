//! Counts of what came in, by the time of receipt.

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::{Channel, Origin};
use fieldpost_model::progress_count::{CountGroup, CountQuery, Counted};
use fieldpost_model::time::Timestamp;
use fieldpost_store::ProgressStep;
use rstest::rstest;

use super::{FORM, begin_many, first_step, progress, step};
use crate::support::{Engine, PROJECT, TestStore};

const DEATHS: &str = "deaths";
const QUARTER: i64 = 900;
const DAY: i64 = 86_400;

/// The second at which each came in, its status, and its way. The last of these is a draft.
const CAME: [(i64, Option<&str>, Channel); 6] = [
    (QUARTER - 1, Some("new"), Channel::Web),
    (QUARTER, Some("new"), Channel::Web),
    (QUARTER + 1, Some("done"), Channel::Phone),
    (40 * DAY, Some("done"), Channel::Web),
    (400 * DAY, Some("new"), Channel::Phone),
    (400 * DAY, None, Channel::Web),
];

/// What a query counts, as the second, the group and the number.
async fn counted(store: &TestStore, query: CountQuery) -> Vec<(i64, String, u64)> {
    let (mut all, mut query) = (Vec::new(), query);
    loop {
        let part = store.count_received(PROJECT, &query).await.unwrap();
        let row = |Counted { since, group, count }| {
            (since.0 / 1_000_000, group.unwrap_or_default(), count)
        };
        all.extend(part.counted.into_iter().map(row));
        let Some(next) = part.next else { return all };
        query.from = Some(next);
    }
}

#[rstest]
#[tokio::test]
async fn submissions_are_counted_by_the_quarter_that_they_came_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, CAME.len()).await;
    for (number, (id, (second, status, channel))) in (1..).zip(ids.into_iter().zip(CAME)) {
        let mut came = progress(number, second);
        came.status = status.map(str::to_owned);
        came.origin = Origin { channel, ..Origin::default() };
        let standing = match status {
            Some("done") => Some(StatusKind::Done),
            Some(_) => Some(StatusKind::Pending),
            None => None,
        };
        let first = ProgressStep { standing, ..first_step(id, came) };
        step(&store, &first).await;
    }
    let other = begin_many(&store, DEATHS, 1).await;
    for id in other {
        let first = ProgressStep { form: DEATHS.to_owned(), ..first_step(id, progress(1, 5)) };
        step(&store, &first).await;
    }
    let of_form = || CountQuery { form: Some(FORM.to_owned()), ..CountQuery::default() };
    let by = |group| CountQuery { group: Some(group), ..of_form() };
    let at = |second: i64| Some(Timestamp(second * 1_000_000));
    for (query, expected) in [
        (of_form(), vec![(0, "", 1), (QUARTER, "", 2), (40 * DAY, "", 1), (400 * DAY, "", 1)]),
        (
            by(CountGroup::Status),
            vec![
                (0, "new", 1),
                (QUARTER, "done", 1),
                (QUARTER, "new", 1),
                (40 * DAY, "done", 1),
                (400 * DAY, "new", 1),
            ],
        ),
        (
            CountQuery { before: at(QUARTER + 2), ..by(CountGroup::Standing) },
            vec![(0, "pending", 1), (QUARTER, "done", 1), (QUARTER, "pending", 1)],
        ),
        (
            CountQuery { from: at(QUARTER + 1), ..by(CountGroup::Channel) },
            vec![(QUARTER, "phone", 1), (40 * DAY, "web", 1), (400 * DAY, "phone", 1)],
        ),
        (
            CountQuery { channel: Some(Channel::Phone), ..of_form() },
            vec![(QUARTER, "", 1), (400 * DAY, "", 1)],
        ),
        (
            CountQuery {
                before: at(QUARTER),
                group: Some(CountGroup::Form),
                ..CountQuery::default()
            },
            vec![(0, FORM, 1), (0, DEATHS, 1)],
        ),
        (CountQuery { from: at(401 * DAY), ..of_form() }, vec![]),
        (CountQuery { form: Some("other".to_owned()), ..CountQuery::default() }, vec![]),
    ] {
        let expected: Vec<(i64, String, u64)> = expected
            .into_iter()
            .map(|(second, group, count)| (second, group.to_owned(), count))
            .collect();
        assert_eq!(counted(&store, query.clone()).await, expected, "{query:?}");
    }
}
