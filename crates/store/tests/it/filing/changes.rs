//! The feed of changes: everything that is stored once, in the order of the commits, and what is gone.

use std::collections::BTreeSet;

use fieldpost_store::{
    Accepted, Change, ChangeKind, Criterion, Filing, FormOrigin, FormWork, PutForm, Store,
};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use super::erased::{erase, keep, two_versions, visit};
use super::locks::Holder;
use super::{FORM, filed, new_form, submission};
use crate::support::{Engine, PROJECT, TestStore, now};

/// The whole feed behind a place, read a few at a time.
async fn feed(store: &Store, mut since: i64) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    loop {
        let page = store.changes(PROJECT, since, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        since = last.sequence;
        all.extend(page);
    }
    assert!(all.is_sorted_by(|one, other| one.sequence < other.sequence), "{all:?}");
    all
}

fn told(changes: &[Change]) -> Vec<(ChangeKind, &str, i64, bool)> {
    changes.iter().map(|it| (it.kind, &*it.id, it.version, it.is_tombstone)).collect()
}

#[rstest]
#[tokio::test]
async fn each_thing_stands_in_the_feed_once_behind_what_came_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use ChangeKind::{Case, Form, Submission};
    let store = TestStore::new(engine).await;
    assert_eq!(feed(&store, 0).await, []);
    assert_eq!(store.last_change(PROJECT).await, Ok(0));
    let (one, _) = two_versions(&store).await;
    let one = one.id.to_string();
    let all = feed(&store, 0).await;
    let expected = [
        (Form, FORM, 1, false),
        (Case, "a", 1, false),
        (Case, "b", 1, false),
        (Submission, one.as_str(), 2, false),
    ];
    assert_eq!(told(&all), expected, "the edit has moved the submission to the end");
    let last = all.last().unwrap().sequence;
    assert_eq!(store.last_change(PROJECT).await, Ok(last));
    assert_eq!(feed(&store, last).await, []);

    let (visit, _) = visit(&store).await;
    let head = store.form(PROJECT, FORM).await.unwrap().unwrap();
    let put = PutForm {
        name: head.name,
        title: "Births".to_owned(),
        form_id: head.form_id,
        xmlns: head.xmlns,
        version: head.version,
        application: None,
        root: None,
        origin: FormOrigin::Uploaded,
        is_encrypted: false,
        definition: None,
        files: None,
    };
    store.put_form(PROJECT, put, 1, now(), FormWork::default()).await.unwrap();
    let visit = visit.id.to_string();
    let expected =
        [(Submission, visit.as_str(), 1, false), (Case, "b", 2, false), (Form, FORM, 2, false)];
    assert_eq!(told(&feed(&store, last).await), expected);
}

#[rstest]
#[tokio::test]
async fn what_is_erased_leaves_its_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] by_case: bool,
) {
    use ChangeKind::{Case, Submission};
    let store = TestStore::new(engine).await;
    let (one, messages) = two_versions(&store).await;
    let (visit, _) = visit(&store).await;
    let last = store.last_change(PROJECT).await.unwrap();
    let criterion =
        if by_case { Criterion::Key("b".to_owned()) } else { Criterion::Message(messages[0]) };
    erase(&store, criterion).await;
    let (one, visit) = (one.id.to_string(), visit.id.to_string());
    let gone = feed(&store, last).await;
    let mut gone: Vec<_> = told(&gone);
    gone.sort_unstable();
    let mut expected = vec![(Submission, &*one, 2, true), (Case, "a", 1, true)];
    if by_case {
        expected.extend([(Submission, &*visit, 1, true), (Case, "b", 2, true)]);
    } else {
        // That of the case has been raised: a plan that was made before is stale.
        expected[1].2 = 2;
    }
    expected.sort_unstable();
    assert_eq!(gone, expected);
    assert!(store.last_change(PROJECT).await.unwrap() > last);

    // The same name once more comes behind its tombstone.
    let last = store.last_change(PROJECT).await.unwrap();
    let again = submission("uuid:again");
    let cases = vec![super::case("a", 0, "uuid:again", again.id)];
    let filing = Filing { submissions: vec![again.clone()], cases, ..Filing::default() };
    keep(&store, filed("again", filing)).await;
    let again = again.id.to_string();
    let expected = [(Submission, again.as_str(), 1, false), (Case, "a", 1, false)];
    assert_eq!(told(&feed(&store, last).await), expected);
}

/// Files one more submission.
async fn file_one(store: &Store) -> Uuid {
    let id = Uuid::now_v7();
    let one = fieldpost_store::FiledSubmission { id, ..submission(&id.to_string()) };
    let filing = Filing { submissions: vec![one], ..Filing::default() };
    let accepted = store.accept(filed(&id.to_string(), filing)).await;
    assert_eq!(accepted, Ok(Accepted::Kept { version: 1 }));
    id
}

async fn begin_form(store: &TestStore) {
    let filing = Filing { forms: vec![new_form(FORM)], ..Filing::default() };
    store.accept(filed("form", filing)).await.unwrap();
}

/// Two transactions overlap: one has taken its place and is not committed yet; the other one waits, and
/// comes behind it, whichever hub it is of. A reader never sees the second without the first.
#[tokio::test]
async fn a_place_is_not_passed_before_it_is_committed() {
    let store = TestStore::new(Engine::Postgres).await;
    begin_form(&store).await;
    let other_hub = store.another_hub().await;
    let since = store.last_change(PROJECT).await.unwrap();
    let holder = Holder::of_changes(&store).await;
    let early = since + 1_000_000_000_000;
    let insert = format!(
        "INSERT INTO tombstones (project, kind, id, version, at, indexed_at)
         VALUES ('{PROJECT}', 'case', 'early', 1, 0, {early})"
    );
    holder.client.batch_execute(&insert).await.unwrap();
    let late = async {
        let id = file_one(&other_hub).await;
        (id, feed(&store, since).await)
    };
    let watching = async {
        holder.is_waited_for().await;
        assert_eq!(feed(&store, since).await, [], "nothing is to be seen of either");
        holder.end().await;
    };
    let ((id, seen), ()) = tokio::join!(late, watching);
    let seen: Vec<_> = seen.iter().map(|change| (change.sequence, &*change.id)).collect();
    assert_eq!(seen, [(early, "early"), (early + 1, &*id.to_string())]);
}

/// Whoever goes on from the last place that they have seen misses nothing, however many file at once.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_follows_misses_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const EACH: usize = 60;
    let store = TestStore::new(engine).await;
    begin_form(&store).await;
    let mut hubs = Vec::new();
    if engine == Engine::Postgres {
        hubs = vec![store.another_hub().await, store.another_hub().await];
    }
    let all: Vec<&Store> = std::iter::once(&*store).chain(hubs.iter().map(|hub| &**hub)).collect();
    let filing = join_all(all.iter().map(|store| async move {
        let filed = join_all((0..EACH).map(|_| file_one(store))).await;
        filed.into_iter().collect::<BTreeSet<Uuid>>()
    }));
    let following = async {
        let (mut since, mut seen) = (0, BTreeSet::new());
        while seen.len() < EACH * all.len() {
            for change in store.changes(PROJECT, since, 7).await.unwrap() {
                since = change.sequence;
                if change.kind == ChangeKind::Submission {
                    seen.insert(change.id.parse::<Uuid>().unwrap());
                }
            }
        }
        seen
    };
    let following = tokio::time::timeout(std::time::Duration::from_secs(30), following);
    let (filed, seen) = tokio::join!(filing, following);
    assert_eq!(seen.unwrap(), filed.into_iter().flatten().collect());
}
