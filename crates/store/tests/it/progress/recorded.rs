//! Lists of submissions whose forms have no lifecycle.

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::Channel;
use fieldpost_model::progress_list::{
    Among, DraftRule, ListPlace, NumberTest, Order, OrderKey, Plays, Pushdown, Span, Whom,
};
use fieldpost_store::{FiledSubmission, ListedProgress};
use rstest::rstest;

use super::{FORM, first_step, keep, progress, step};
use crate::filing::submission;
use crate::support::{Engine, PROJECT, TestStore};

/// Three submissions of each of two forms, by turns; the answer is the first form's.
async fn six(store: &TestStore) -> Vec<FiledSubmission> {
    let mut kept = Vec::new();
    for number in 0..6 {
        let form = if number % 2 == 0 { FORM } else { "a-form" };
        let one = FiledSubmission {
            form: form.to_owned(),
            position: (number == 2).then(|| "{}".to_owned()),
            ..submission(&format!("uuid:{number}"))
        };
        keep(store, &one, number < 2).await;
        if number % 2 == 0 {
            kept.push(one);
        }
    }
    kept
}

fn asked(by: OrderKey, descending: bool) -> Pushdown {
    Pushdown { order: Order { by, descending }, ..Pushdown::default() }
}

fn of_form(form: &str) -> Pushdown {
    Pushdown { forms: vec![form.to_owned()], ..asked(OrderKey::Number, false) }
}

fn names(rows: &[ListedProgress]) -> Vec<(&str, u64)> {
    rows.iter().map(|row| (&*row.form, row.number)).collect()
}

#[rstest]
#[tokio::test]
async fn each_is_recorded_and_that_is_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = six(&store).await;
    let rows = store.list_recorded(PROJECT, &of_form(FORM), 9).await.unwrap();
    assert_eq!(names(&rows), [(FORM, 1), (FORM, 2), (FORM, 3)]);
    let stored = store.submission(PROJECT, kept[1].id).await.unwrap().unwrap();
    let expected = ListedProgress {
        submission: kept[1].id,
        form: FORM.to_owned(),
        number: 2,
        uuid: kept[1].id,
        natural_id: None,
        display_id: "2".to_owned(),
        digest: None,
        status: Some("recorded".to_owned()),
        standing: Some(StatusKind::Done),
        received_at: stored.received_at,
        updated_at: stored.indexed_at,
        user: None,
        agent: None,
        criticality: 0,
        position: None,
        acting: Vec::new(),
        concerned: Vec::new(),
        anonymised_at: None,
        revision: 0,
    };
    assert_eq!(rows[1], expected);
    // One that is on its way is listed with those.
    step(&store, &first_step(kept[1].id, progress(2, 1))).await;
    let rows = store.list_recorded(PROJECT, &of_form(FORM), 9).await.unwrap();
    assert_eq!(names(&rows), [(FORM, 1), (FORM, 3)]);
    assert_eq!(store.count_recorded(PROJECT, &of_form(FORM)).await, Ok(2));
    assert_eq!(store.count_recorded(PROJECT, &Pushdown::default()).await, Ok(5));
    assert_eq!(store.count_progress(PROJECT, &Pushdown::default()).await, Ok(1));
}

#[rstest]
#[tokio::test]
async fn each_condition_finds_what_it_means(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = six(&store).await;
    let stored = store.submission(PROJECT, kept[1].id).await.unwrap().unwrap();
    let all = || of_form(FORM);
    let whom = || Some(Whom { roles: vec!["agents".to_owned()], user: Some(1) });
    let statuses = |among| Pushdown { statuses: Some(among), ..all() };
    let plays = |by_form| Plays { function: "_receiver".to_owned(), roles: Vec::new(), by_form };
    let critical = |test| Pushdown { criticality: vec![test], ..all() };
    let until = |until| Span { from: None, until: Some(until) };
    let recorded = || vec!["recorded".to_owned()];
    let everywhere = fieldpost_model::progress_list::Rectangle {
        south: -90.0,
        north: 90.0,
        west: -180.0,
        east: 180.0,
    };
    let cases: Vec<(&str, Pushdown, &[u64])> = vec![
        ("all", all(), &[1, 2, 3]),
        ("nothing", Pushdown { nothing: true, ..all() }, &[]),
        ("drafts", Pushdown { drafts: DraftRule::Only, ..all() }, &[]),
        ("pending", Pushdown { standing: Some(StatusKind::Pending), ..all() }, &[]),
        ("done", Pushdown { standing: Some(StatusKind::Done), ..all() }, &[1, 2, 3]),
        ("recorded", statuses(Among::In(recorded())), &[1, 2, 3]),
        ("new", statuses(Among::In(vec!["new".to_owned()])), &[]),
        ("not recorded", statuses(Among::NotIn(recorded())), &[]),
        ("waits", Pushdown { waiting_for: whom(), ..all() }, &[]),
        ("does not wait", Pushdown { not_waiting_for: whom(), ..all() }, &[1, 2, 3]),
        ("visible", Pushdown { visible_to: whom(), ..all() }, &[]),
        ("of a user", Pushdown { user: Some(1), ..all() }, &[]),
        ("by an agent", Pushdown { agent: Some(1), ..all() }, &[]),
        ("plays", Pushdown { plays: Some(plays(true)), ..all() }, &[1, 2, 3]),
        ("does not play", Pushdown { plays: Some(plays(false)), ..all() }, &[]),
        ("web", Pushdown { channel: Some(Channel::Web), ..all() }, &[1, 2, 3]),
        ("phone", Pushdown { channel: Some(Channel::Phone), ..all() }, &[]),
        ("number", Pushdown { numbers: vec![NumberTest::Greater(1)], ..all() }, &[2, 3]),
        ("display id", Pushdown { display_ids: vec!["2".to_owned()], ..all() }, &[2]),
        (
            "identifier",
            Pushdown { identifiers: vec!["3".to_owned(), "x".to_owned()], ..all() },
            &[3],
        ),
        ("no identifier", Pushdown { identifiers: vec!["x".to_owned()], ..all() }, &[]),
        ("pressing", critical(NumberTest::Greater(0)), &[]),
        ("not pressing", critical(NumberTest::LessOrEqual(0)), &[1, 2, 3]),
        ("received", Pushdown { received: until(stored.received_at), ..all() }, &[1, 2]),
        ("updated", Pushdown { updated: until(stored.indexed_at), ..all() }, &[1, 2]),
        ("with a place", Pushdown { within: Some(everywhere), ..all() }, &[2]),
    ];
    for (name, asked, expected) in cases {
        let rows = store.list_recorded(PROJECT, &asked, 9).await.unwrap();
        let found: Vec<u64> = rows.iter().map(|row| row.number).collect();
        assert_eq!(found, expected, "{name}");
        let count = store.count_recorded(PROJECT, &asked).await;
        assert_eq!(count, Ok(expected.len() as u64), "{name}");
    }
}

#[rstest]
#[tokio::test]
async fn pages_are_the_list_cut_into_pieces(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    six(&store).await;
    // All at one time: then forms are sorted by their bytes, and numbers decide.
    store.execute("UPDATE submissions SET received_at = 5").await;
    let by_turns = [(FORM, 1), ("a-form", 1), (FORM, 2), ("a-form", 2), (FORM, 3), ("a-form", 3)];
    let by_form = [("a-form", 1), ("a-form", 2), ("a-form", 3), (FORM, 1), (FORM, 2), (FORM, 3)];
    let by_number = [("a-form", 1), (FORM, 1), ("a-form", 2), (FORM, 2), ("a-form", 3), (FORM, 3)];
    let both = || vec![FORM.to_owned(), "a-form".to_owned()];
    for (by, expected) in [
        (OrderKey::UpdatedAt, by_turns),
        (OrderKey::ReceivedAt, by_form),
        (OrderKey::Number, by_number),
    ] {
        for descending in [false, true] {
            for forms in [Vec::new(), both()] {
                for limit in [1, 2, 4, 9] {
                    let mut asked = Pushdown { forms: forms.clone(), ..asked(by, descending) };
                    let mut found = Vec::new();
                    loop {
                        let page = store.list_recorded(PROJECT, &asked, limit).await.unwrap();
                        let Some(last) = page.last() else { break };
                        let key = match by {
                            OrderKey::Number => i64::try_from(last.number).unwrap(),
                            OrderKey::ReceivedAt => last.received_at.0,
                            OrderKey::UpdatedAt => last.updated_at.0,
                        };
                        let (form, number) = (last.form.clone(), last.number);
                        asked.after = Some(ListPlace { key, form, number, case_id: None });
                        found.extend(page.into_iter().map(|row| (row.form, row.number)));
                    }
                    if descending {
                        found.reverse();
                    }
                    let found: Vec<(&str, u64)> =
                        found.iter().map(|(form, number)| (&**form, *number)).collect();
                    assert_eq!(found, expected, "{by:?} {descending} {forms:?} {limit}");
                }
            }
        }
    }
}
