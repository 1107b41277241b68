//! Linked files are ordered with their submission, fetched by one hub at a time, and gone with it.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::submission::FetchState;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Criterion, FetchOutcome, FileFetch, FiledFile, Filing, HeldFetch, KeptFile, StoredFile,
    WantedFetch,
};
use rstest::rstest;
use uuid::Uuid;

use super::erased::erase;
use super::{FORM, file, filed, new_form, submission};
use crate::support::{AFTER_SHORT, Engine, LONG, PROJECT, SHORT, TestStore, now};

const FILE: KeptFile = KeptFile { sha256: [9; 32], bytes: 7 };

fn linked(submission: Uuid, name: &str, refused: Option<&str>) -> FiledFile {
    FiledFile {
        link: Some(format!("https://kobo.example.org/{name}")),
        fetch: Some(WantedFetch {
            connection: "kobo-files".to_owned(),
            since: now(),
            refused: refused.map(str::to_owned),
        }),
        ..file(submission, name, None)
    }
}

/// Keeps a submission that links to `a.jpg`, and to `b.jpg` that nobody wants; the answer is its id.
async fn keep(store: &TestStore) -> Uuid {
    let one = submission("uuid:one");
    let id = one.id;
    let plain = FiledFile { fetch: None, ..linked(id, "b.jpg", None) };
    let filing = Filing {
        forms: vec![new_form(FORM)],
        files: vec![linked(id, "a.jpg", None), plain],
        submissions: vec![one],
        ..Filing::default()
    };
    super::erased::keep(store, filed("one", filing)).await;
    id
}

async fn claim(store: &TestStore, lease: Duration) -> Vec<HeldFetch> {
    store.claim_fetches(10, lease, 10, HashMap::new()).await.unwrap()
}

async fn only(store: &TestStore, lease: Duration) -> HeldFetch {
    let mut held = claim(store, lease).await;
    assert_eq!(held.len(), 1, "{held:?}");
    held.remove(0)
}

async fn first_file(store: &TestStore, submission: Uuid) -> (StoredFile, FileFetch) {
    let file = store.files_of(PROJECT, submission).await.unwrap().remove(0);
    let fetch = file.fetch.clone().unwrap();
    (file, fetch)
}

#[rstest]
#[tokio::test]
async fn a_linked_file_is_fetched_once_and_belongs_to_its_submission(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = keep(&store).await;
    let held = only(&store, LONG).await;
    assert_eq!((held.submission, &*held.name, held.tries), (id, "a.jpg", 0));
    assert_eq!((&*held.link, &*held.connection), ("https://kobo.example.org/a.jpg", "kobo-files"));
    assert_eq!(claim(&store, LONG).await, []);
    let kind = Some("image/jpeg".to_owned());
    assert_eq!(
        store.record_fetch(&held, &FetchOutcome::Fetched(FILE, kind.clone())).await,
        Ok(true)
    );
    let (file, fetch) = first_file(&store, id).await;
    assert_eq!((file.sha256, file.bytes, file.content_type), (Some([9; 32]), Some(7), kind));
    assert_eq!((fetch.state, fetch.tries, fetch.next_at), (FetchState::Fetched, 1, None));
    assert!(fetch.fetched_at.is_some());
    // Whoever held it once has no say any more, and nothing is left to do.
    let late = FetchOutcome::GivenUp("late".to_owned());
    assert_eq!(store.record_fetch(&held, &late).await, Ok(false));
    assert_eq!(claim(&store, LONG).await, []);
}

#[rstest]
#[tokio::test]
async fn what_fails_is_due_again_and_what_is_given_up_when_somebody_asks(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = keep(&store).await;
    let record = async |outcome| {
        let held = only(&store, LONG).await;
        assert_eq!(store.record_fetch(&held, &outcome).await, Ok(true));
        let (_, fetch) = first_file(&store, id).await;
        (fetch.state, fetch.tries, fetch.last_error)
    };
    let told = || Some("503".to_owned());
    let again = FetchOutcome::RetryIn(Duration::ZERO, "503".to_owned());
    assert_eq!(record(again).await, (FetchState::Waiting, 1, told()));
    let later = FetchOutcome::Later(Duration::ZERO, "503".to_owned());
    assert_eq!(record(later).await, (FetchState::Waiting, 1, told()));
    let given_up = FetchOutcome::GivenUp("503".to_owned());
    assert_eq!(record(given_up).await, (FetchState::Failed, 2, told()));
    assert_eq!(claim(&store, LONG).await, []);
    // Whoever asks has the other link fetched as well.
    assert_eq!(store.fetch_files(PROJECT, id, "other").await, Ok(2));
    let held = claim(&store, LONG).await;
    assert!(held.iter().all(|held| held.connection == "other" && held.tries == 0), "{held:?}");
    assert_eq!(held.len(), 2);
    // What is being fetched goes on.
    assert_eq!(store.fetch_files(PROJECT, id, "third").await, Ok(0));
    for held in held {
        let fetched = FetchOutcome::Fetched(FILE, None);
        assert_eq!(store.record_fetch(&held, &fetched).await, Ok(true));
    }
    assert_eq!(store.fetch_files(PROJECT, id, "other").await, Ok(0));
}

#[rstest]
#[tokio::test]
async fn a_lease_that_is_over_leaves_the_file_to_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep(&store).await;
    let first = only(&store, SHORT).await;
    tokio::time::sleep(AFTER_SHORT).await;
    let second = only(&store, LONG).await;
    let fetched = FetchOutcome::Fetched(FILE, None);
    assert_eq!(store.record_fetch(&first, &fetched).await, Ok(false));
    let store = store.restart().await;
    assert_eq!(claim(&store, LONG).await, []);
    // The folder is this hub's alone: what an earlier start held, nobody holds.
    store.free_fetches().await.unwrap();
    let third = only(&store, LONG).await;
    assert_eq!(store.record_fetch(&second, &fetched).await, Ok(false));
    assert_eq!(store.record_fetch(&third, &fetched).await, Ok(true));
}

#[rstest]
#[tokio::test]
async fn one_too_many_waits_for_somebody_to_ask(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = submission("uuid:one");
    let id = one.id;
    let filing = Filing {
        forms: vec![new_form(FORM)],
        files: vec![linked(id, "a.jpg", Some("too many"))],
        submissions: vec![one],
        ..Filing::default()
    };
    super::erased::keep(&store, filed("one", filing)).await;
    assert_eq!(claim(&store, LONG).await, []);
    let (_, fetch) = first_file(&store, id).await;
    assert_eq!((fetch.state, fetch.last_error), (FetchState::Failed, Some("too many".to_owned())));
    assert_eq!(store.fetch_files(PROJECT, id, "kobo-files").await, Ok(1));
    only(&store, LONG).await;
}

#[rstest]
#[tokio::test]
async fn an_erased_submission_is_fetched_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = keep(&store).await;
    let held = only(&store, SHORT).await;
    let message = store.submission(PROJECT, id).await.unwrap().unwrap().message;
    erase(&store, Criterion::Message(message)).await;
    assert_eq!(store.submission(PROJECT, id).await, Ok(None));
    assert_eq!(store.record_fetch(&held, &FetchOutcome::Fetched(FILE, None)).await, Ok(false));
    tokio::time::sleep(AFTER_SHORT).await;
    assert_eq!(claim(&store, LONG).await, []);
}

/// The same form is posted with the file that it has been linked to until then.
#[rstest]
#[tokio::test]
async fn what_comes_by_itself_is_fetched_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = keep(&store).await;
    let held = only(&store, SHORT).await;
    let come = FiledFile { version: 1, ..file(id, "a.jpg", Some([5; 32])) };
    let filing = Filing { files: vec![come], ..Filing::default() };
    super::erased::keep(&store, filed("again", filing)).await;
    // What was fetched meanwhile does not take its place.
    assert_eq!(store.record_fetch(&held, &FetchOutcome::Fetched(FILE, None)).await, Ok(false));
    // Nor is it ordered once more by a message that links to it again.
    let linked = FiledFile { version: 1, ..linked(id, "a.jpg", None) };
    let filing = Filing { files: vec![linked], ..Filing::default() };
    super::erased::keep(&store, filed("third", filing)).await;
    assert_eq!(store.record_fetch(&held, &FetchOutcome::Fetched(FILE, None)).await, Ok(false));
    let (file, fetch) = first_file(&store, id).await;
    assert_eq!((file.sha256, file.bytes), (Some([5; 32]), Some(5)));
    assert_eq!(fetch.state, FetchState::Fetched);
    tokio::time::sleep(AFTER_SHORT).await;
    assert_eq!(claim(&store, LONG).await, []);
}

/// A connection has no more files at once than it has room for, and hundreds that wait for it hold up no other.
#[rstest]
#[tokio::test]
async fn each_connection_has_room_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = submission("uuid:one");
    let id = one.id;
    let since = now();
    let before = Timestamp(since.0 - 1_000_000);
    let of = |name: &str, connection: &str, since| {
        let fetch = WantedFetch { connection: connection.to_owned(), since, refused: None };
        FiledFile { fetch: Some(fetch), ..linked(id, name, None) }
    };
    let mut files: Vec<FiledFile> =
        (0..40).map(|it| of(&format!("a{it:02}"), "hangs", before)).collect();
    files.extend(["b1", "b2", "b3"].map(|name| of(name, "well", since)));
    let filing =
        Filing { forms: vec![new_form(FORM)], files, submissions: vec![one], ..Filing::default() };
    super::erased::keep(&store, filed("one", filing)).await;
    let claim = async |room: &[(&str, usize)]| {
        let room = room.iter().map(|(name, room)| ((PROJECT.into(), (*name).to_owned()), *room));
        let held = store.claim_fetches(4, LONG, 2, room.collect()).await.unwrap();
        let mut lanes: Vec<String> = held.into_iter().map(|held| held.connection).collect();
        lanes.sort();
        lanes
    };
    assert_eq!(claim(&[]).await, ["hangs", "hangs", "well", "well"]);
    assert_eq!(claim(&[("hangs", 0), ("well", 1)]).await, ["well"]);
    assert_eq!(claim(&[("hangs", 0), ("well", 0)]).await, [""; 0]);
    assert_eq!(claim(&[("hangs", 1), ("well", 0)]).await, ["hangs"]);
}

/// What a message had fetched is counted over all its files, and nothing else is.
#[rstest]
#[tokio::test]
async fn the_bytes_of_a_message_are_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = submission("uuid:one");
    let id = one.id;
    let filing = Filing {
        forms: vec![new_form(FORM)],
        files: ["a", "b", "c"].map(|name| linked(id, name, None)).to_vec(),
        submissions: vec![one],
        ..Filing::default()
    };
    super::erased::keep(&store, filed("one", filing)).await;
    let held = claim(&store, LONG).await;
    assert_eq!(held.len(), 3);
    for (held, before) in held.iter().zip([0, 7, 14]) {
        assert_eq!(store.fetched_bytes(held).await, Ok(before));
        let fetched = FetchOutcome::Fetched(FILE, None);
        assert_eq!(store.record_fetch(held, &fetched).await, Ok(true));
    }
}
