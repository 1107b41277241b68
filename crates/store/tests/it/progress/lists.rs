//! Lists along the narrow rows: every condition, every order, page by page.

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{Channel, Origin, Parent, Progress};
use fieldpost_model::progress_list::{
    Among, DraftRule, ListPlace, NumberTest, Order, OrderKey, Plays, Pushdown, Rectangle, Span,
    Whom,
};
use fieldpost_model::submission::Position;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{ListedProgress, ProgressStep, SUBMITTER, person};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, begin_many, first_step, next_step, progress, read, step};
use crate::support::{Engine, PROJECT, TestStore};

const DEATHS: &str = "deaths";

fn user(number: u64) -> UserReference {
    UserReference { number, name: format!("User {number}"), ..UserReference::default() }
}

fn place(latitude: &str, longitude: &str) -> Position {
    Position {
        longitude: longitude.to_owned(),
        latitude: latitude.to_owned(),
        altitude: None,
        accuracy: None,
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// What one of the submissions below is like.
fn described(number: u64) -> (Progress, Option<StatusKind>, Vec<String>, Vec<String>) {
    let mut it = progress(number, i64::try_from(number).unwrap());
    let (mut standing, mut acting, mut concerned) =
        (Some(StatusKind::Pending), texts(&["agents"]), texts(&["agents"]));
    match number {
        1 => {
            it.user = Some(user(7));
            acting = vec![SUBMITTER.to_owned()];
            it.natural_id = Some("B-1".to_owned());
            it.geolocation = Some(place("48.85", "2.35"));
        }
        2 => {
            it.status = Some("accepted".to_owned());
            it.user = Some(user(8));
            acting = vec![SUBMITTER.to_owned()];
            concerned = texts(&["mayor", "agents-of-others"]);
            it.functions = vec![("_receiver".to_owned(), texts(&["mayor"]))];
            it.origin = Origin {
                channel: Channel::Phone,
                agent: Some(user(7)),
                parent: Some(Parent { form: DEATHS.to_owned(), number: 1 }),
                ..Origin::default()
            };
        }
        3 => {
            it.status = Some("rejected".to_owned());
            (standing, acting) = (Some(StatusKind::Done), Vec::new());
            it.criticality = 2;
            it.functions = vec![("_receiver".to_owned(), Vec::new())];
            it.geolocation = Some(place("-17.8", "179.5"));
        }
        4 => {
            it.status = None;
            (standing, acting, concerned) = (None, Vec::new(), Vec::new());
            it.user = Some(user(7));
        }
        5 => {
            it.anonymised_at = Some(Timestamp(9));
            it.status = Some("rejected".to_owned());
            (standing, acting) = (Some(StatusKind::Done), Vec::new());
        }
        _ => {
            it.status = Some("gone".to_owned());
            // Its status is gone: it waits for nobody, whoever could do something in it.
            standing = None;
            concerned = vec![person(7), "mayor".to_owned()];
            it.criticality = 1;
            it.geolocation = Some(place("-17.8", "-179.9"));
            it.display_id = "X-6".to_owned();
        }
    }
    (it, standing, acting, concerned)
}

/// Six submissions of one form, one of another.
async fn six(store: &TestStore) {
    for (number, id) in (1..).zip(begin_many(store, FORM, 6).await) {
        let (progress, standing, acting, concerned) = described(number);
        let first = first_step(id, progress);
        step(store, &ProgressStep { standing, acting, concerned, ..first }).await;
    }
    let other = begin_many(store, DEATHS, 1).await[0];
    let mut first = first_step(other, progress(1, 3));
    first.form = DEATHS.to_owned();
    step(store, &first).await;
}

fn everything() -> Pushdown {
    Pushdown {
        forms: texts(&[FORM]),
        drafts: DraftRule::With,
        with_anonymised: true,
        order: Order { by: OrderKey::Number, descending: false },
        ..Pushdown::default()
    }
}

fn roles(roles: &[&str], user: Option<u64>) -> Whom {
    Whom { roles: texts(roles), user }
}

fn span(from: Option<i64>, until: Option<i64>) -> Span {
    let second = |second: i64| Timestamp(second * 1_000_000);
    Span { from: from.map(second), until: until.map(second) }
}

/// What is asked, in a word, and the numbers that it finds among the six.
fn asked() -> Vec<(&'static str, Pushdown, &'static [u64])> {
    let all = everything;
    let drafts = |drafts| Pushdown { drafts, ..all() };
    let statuses = |among| Pushdown { statuses: Some(among), ..all() };
    let numbers = |test| Pushdown { numbers: vec![test], ..all() };
    let critical = |test| Pushdown { criticality: vec![test], ..all() };
    let within = |south, north, west, east| Pushdown {
        within: Some(Rectangle { south, north, west, east }),
        ..all()
    };
    let plays = |roles: &[&str], by_form| Pushdown {
        plays: Some(Plays { function: "_receiver".to_owned(), roles: texts(roles), by_form }),
        ..all()
    };
    vec![
        ("all", all(), &[1, 2, 3, 4, 5, 6]),
        ("nothing", Pushdown { nothing: true, ..all() }, &[]),
        ("usual", Pushdown { with_anonymised: false, ..drafts(DraftRule::Without) }, &[1, 2, 3, 6]),
        ("no drafts", drafts(DraftRule::Without), &[1, 2, 3, 5, 6]),
        ("drafts", drafts(DraftRule::Only), &[4]),
        ("no anonymised", Pushdown { with_anonymised: false, ..all() }, &[1, 2, 3, 4, 6]),
        ("pending", Pushdown { standing: Some(StatusKind::Pending), ..all() }, &[1, 2]),
        ("done", Pushdown { standing: Some(StatusKind::Done), ..all() }, &[3, 5]),
        ("in", statuses(Among::In(texts(&["new", "gone"]))), &[1, 6]),
        ("in none", statuses(Among::In(Vec::new())), &[]),
        ("not in", statuses(Among::NotIn(texts(&["new", "gone"]))), &[2, 3, 4, 5]),
        ("not in none", statuses(Among::NotIn(Vec::new())), &[1, 2, 3, 4, 5, 6]),
        (
            "waits for agents",
            Pushdown { waiting_for: Some(roles(&["agents"], None)), ..all() },
            &[],
        ),
        ("waits for 7", Pushdown { waiting_for: Some(roles(&[], Some(7))), ..all() }, &[1]),
        ("waits for 9", Pushdown { waiting_for: Some(roles(&["mayor"], Some(9))), ..all() }, &[]),
        (
            "does not wait for 7",
            Pushdown { not_waiting_for: Some(roles(&[], Some(7))), ..all() },
            &[2, 3, 4, 5, 6],
        ),
        (
            "does not wait for anybody",
            Pushdown { not_waiting_for: Some(roles(&[], None)), ..all() },
            &[1, 2, 3, 4, 5, 6],
        ),
        (
            "visible to agents",
            Pushdown { visible_to: Some(roles(&["agents"], None)), ..all() },
            &[1, 3, 5],
        ),
        (
            "visible to the mayor",
            Pushdown { visible_to: Some(roles(&["mayor"], None)), ..all() },
            &[2, 6],
        ),
        ("visible to 7", Pushdown { visible_to: Some(roles(&[], Some(7))), ..all() }, &[1, 4, 6]),
        ("visible to nobody", Pushdown { visible_to: Some(roles(&[], None)), ..all() }, &[]),
        ("received", Pushdown { received: span(Some(2), Some(4)), ..all() }, &[2, 3, 4]),
        ("received since", Pushdown { received: span(Some(5), None), ..all() }, &[5, 6]),
        ("updated until", Pushdown { updated: span(None, Some(2)), ..all() }, &[1, 2]),
        ("of 7", Pushdown { user: Some(7), ..all() }, &[1, 4]),
        ("by 7", Pushdown { agent: Some(7), ..all() }, &[2]),
        ("plays, and so by form", plays(&["mayor"], true), &[1, 2, 4, 5, 6]),
        ("plays, not by form", plays(&["mayor"], false), &[2]),
        ("plays another", plays(&["may"], false), &[]),
        ("by phone", Pushdown { channel: Some(Channel::Phone), ..all() }, &[2]),
        (
            "of a parent",
            Pushdown { parent: Some(Parent { form: DEATHS.to_owned(), number: 1 }), ..all() },
            &[2],
        ),
        (
            "of another parent",
            Pushdown { parent: Some(Parent { form: DEATHS.to_owned(), number: 2 }), ..all() },
            &[],
        ),
        ("less", numbers(NumberTest::Less(3)), &[1, 2]),
        ("less or equal", numbers(NumberTest::LessOrEqual(3)), &[1, 2, 3]),
        ("greater", numbers(NumberTest::Greater(4)), &[5, 6]),
        ("greater or equal", numbers(NumberTest::GreaterOrEqual(4)), &[4, 5, 6]),
        ("numbers", numbers(NumberTest::Among(Among::In(vec![2, 9, 4]))), &[2, 4]),
        ("other numbers", numbers(NumberTest::Among(Among::NotIn(vec![2, 9, 4]))), &[1, 3, 5, 6]),
        ("beyond all", numbers(NumberTest::Greater(u64::MAX)), &[]),
        ("display ids", Pushdown { display_ids: texts(&["X-6", "1-2"]), ..all() }, &[2, 6]),
        (
            "identifiers",
            Pushdown { identifiers: texts(&["B-1", "1", "3", "03", "x"]), ..all() },
            &[1, 3],
        ),
        ("no such identifier", Pushdown { identifiers: texts(&["1"]), ..all() }, &[]),
        ("pressing", critical(NumberTest::GreaterOrEqual(1)), &[3, 6]),
        ("not pressing", critical(NumberTest::Among(Among::In(vec![0]))), &[1, 2, 4, 5]),
        ("in France", within(42.0, 51.0, -5.0, 8.0), &[1]),
        ("at its edge", within(48.85, 48.85, 2.35, 2.35), &[1]),
        ("across the date line", within(-20.0, -10.0, 179.0, -179.0), &[3, 6]),
        ("everywhere", within(-90.0, 90.0, -180.0, 180.0), &[1, 3, 6]),
    ]
}

fn numbers(rows: &[ListedProgress]) -> Vec<u64> {
    rows.iter().map(|row| row.number).collect()
}

#[rstest]
#[tokio::test]
async fn each_condition_finds_what_it_means_in_every_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    six(&store).await;
    for (name, asked, expected) in asked() {
        for by in [OrderKey::Number, OrderKey::ReceivedAt, OrderKey::UpdatedAt] {
            for descending in [false, true] {
                let asked = Pushdown { order: Order { by, descending }, ..asked.clone() };
                let mut found = numbers(&store.list_progress(PROJECT, &asked, 99).await.unwrap());
                if descending {
                    found.reverse();
                }
                assert_eq!(found, expected, "{name}, {by:?} {descending}");
            }
        }
        let count = store.count_progress(PROJECT, &asked).await;
        assert_eq!(count, Ok(expected.len() as u64), "{name}");
    }
}

#[rstest]
#[tokio::test]
async fn a_row_tells_what_lists_show(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    six(&store).await;
    let rows = store.list_progress(PROJECT, &everything(), 9).await.unwrap();
    let (second, sixth) = (&rows[1], &rows[5]);
    let stored = read(&store, second.submission).await.progress;
    let expected = ListedProgress {
        submission: second.submission,
        form: FORM.to_owned(),
        number: 2,
        uuid: stored.uuid,
        natural_id: None,
        display_id: "1-2".to_owned(),
        digest: None,
        status: Some("accepted".to_owned()),
        standing: Some(StatusKind::Pending),
        received_at: Timestamp(2_000_000),
        updated_at: Timestamp(2_000_000),
        user: Some(8),
        agent: Some(7),
        criticality: 0,
        position: None,
        acting: texts(&[SUBMITTER]),
        concerned: texts(&["mayor", "agents-of-others"]),
        anonymised_at: None,
        revision: 1,
    };
    assert_eq!(*second, expected);
    assert_eq!(sixth.position, Some((-17.8, -179.9)));
    assert_eq!((sixth.standing, sixth.criticality), (None, 1));
}

fn behind(row: &ListedProgress, by: OrderKey) -> ListPlace {
    let key = match by {
        OrderKey::Number => i64::try_from(row.number).unwrap(),
        OrderKey::ReceivedAt => row.received_at.0,
        OrderKey::UpdatedAt => row.updated_at.0,
    };
    ListPlace { key, form: row.form.clone(), number: row.number, case_id: None }
}

/// All pages of a list, each of so many.
async fn pages(store: &TestStore, asked: &Pushdown, limit: usize) -> Vec<(String, u64)> {
    let (mut asked, mut rows) = (asked.clone(), Vec::new());
    loop {
        let page = store.list_progress(PROJECT, &asked, limit).await.unwrap();
        let Some(last) = page.last() else { return rows };
        asked.after = Some(behind(last, asked.order.by));
        rows.extend(page.into_iter().map(|row| (row.form, row.number)));
    }
}

#[rstest]
#[tokio::test]
async fn pages_are_the_list_cut_into_pieces_also_where_many_have_one_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    // Names that databases sort by their languages, and we by their bytes.
    let forms = ["a-b", "ab", "b"];
    let mut all = Vec::new();
    for form in forms {
        for (number, id) in (1..).zip(begin_many(&store, form, 5).await) {
            let mut it = progress(number, i64::try_from(number / 3).unwrap());
            it.updated_at = Timestamp(i64::try_from(number % 2).unwrap());
            all.push((form, it.clone()));
            let first = first_step(id, it);
            step(&store, &ProgressStep { form: form.to_owned(), ..first }).await;
        }
    }
    let of = |forms: &[&str]| texts(forms);
    for forms in [of(&[]), of(&["ab"]), of(&["ab", "b"]), of(&["b", "a-b", "ab"])] {
        for by in [OrderKey::Number, OrderKey::ReceivedAt, OrderKey::UpdatedAt] {
            for descending in [false, true] {
                let order = Order { by, descending };
                let asked = Pushdown { forms: forms.clone(), order, ..everything() };
                let mut expected: Vec<_> = all
                    .iter()
                    .filter(|(form, _)| forms.is_empty() || forms.iter().any(|it| it == form))
                    .map(|(form, it)| {
                        let key = match by {
                            OrderKey::Number => i64::try_from(it.number).unwrap(),
                            OrderKey::ReceivedAt => it.received_at.0,
                            OrderKey::UpdatedAt => it.updated_at.0,
                        };
                        (key, (*form).to_owned(), it.number)
                    })
                    .collect();
                expected.sort();
                if descending {
                    expected.reverse();
                }
                let expected: Vec<_> =
                    expected.into_iter().map(|(_, form, number)| (form, number)).collect();
                for limit in [1, 2, 4, 99] {
                    let found = pages(&store, &asked, limit).await;
                    assert_eq!(found, expected, "{forms:?} {order:?} {limit}");
                }
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_is_written_between_two_pages_moves_only_what_was_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 6).await;
    for (number, id) in (1..).zip(&ids) {
        step(&store, &first_step(*id, progress(number, i64::try_from(number).unwrap()))).await;
    }
    let by_change = Order { by: OrderKey::UpdatedAt, descending: false };
    let mut asked = Pushdown { order: by_change, ..everything() };
    let first = store.list_progress(PROJECT, &asked, 2).await.unwrap();
    assert_eq!(numbers(&first), [1, 2]);
    let change = async |id: Uuid, second: i64| {
        let mut next = next_step(&read(&store, id).await);
        next.progress.updated_at = Timestamp(second * 1_000_000);
        step(&store, &next).await;
    };
    // One that was read, and one that was not.
    change(ids[0], 50).await;
    change(ids[3], 60).await;
    asked.after = Some(behind(&first[1], OrderKey::UpdatedAt));
    let rest = store.list_progress(PROJECT, &asked, 99).await.unwrap();
    assert_eq!(numbers(&rest), [3, 5, 6, 1, 4]);
    let mut since = everything();
    since.updated.from = Some(Timestamp(50_000_000));
    assert_eq!(numbers(&store.list_progress(PROJECT, &since, 99).await.unwrap()), [1, 4]);
    // In the order of receipt nothing has moved.
    let by_receipt = Order { by: OrderKey::ReceivedAt, descending: true };
    let mut asked = Pushdown { order: by_receipt, ..everything() };
    let first = store.list_progress(PROJECT, &asked, 3).await.unwrap();
    change(ids[5], 70).await;
    asked.after = Some(behind(&first[2], OrderKey::ReceivedAt));
    let rest = store.list_progress(PROJECT, &asked, 99).await.unwrap();
    assert_eq!((numbers(&first), numbers(&rest)), (vec![6, 5, 4], vec![3, 2, 1]));
}
