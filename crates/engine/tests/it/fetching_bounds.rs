//! What fetching linked files does not do: lead inside, wait for a server that hangs, take a page for a file,
//! take more than a message may have, or fill a folder that takes nothing.

use std::fs;

use fieldpost_model::submission::FetchState;
use fieldpost_store::FileFetch;
use fieldpost_testkit::{Answer, FakeDestination};
use rstest::rstest;
use uuid::Uuid;

use crate::clinic::{PATIENCE, until};
use crate::fetching::{kobo, world};
use crate::world::{Engine, MOST_FETCHED, World};

impl World {
    /// Waits until a file was tried.
    async fn tried(&self, submission: Uuid, name: &str) -> FileFetch {
        until("the file was tried", async || {
            let (_, fetch) = self.file(submission, name).await;
            (fetch.tries > 0).then_some(fetch)
        })
        .await
    }
}

/// The hub's `allow-network` opens 10.0.0.0/8 here, for connections.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_link_leads_to_a_private_network(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _) = world(engine).await;
    let inside = "http://10.1.2.3/secret".to_owned();
    world.destination.answer("/moved", Answer::status(302).header("location", &inside));
    world.destination.answer("/own", Answer::status(200).body("photo"));
    let own = |path: &str| world.destination.url(path);
    let files = [("there", inside), ("moved", own("/moved")), ("own", own("/own"))];
    world.post("secret-inbox-2", &kobo(&files)).await.unwrap();
    let id = world.submission("1").await;
    world.fetched(id, "own", FetchState::Fetched).await;
    for name in ["there", "moved"] {
        let error = world.tried(id, name).await.last_error.unwrap();
        assert!(error.contains("the address 10.1.2.3 is refused (private network"), "{error}");
        assert!(error.contains("from the origin") && !error.contains("allow-network"), "{error}");
    }
}

/// Twenty files of a server that never answers, and one of another connection.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_delays_only_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, well) = world(engine).await;
    apply_two(&world, &well, false).await;
    let names: Vec<String> = (0..20).map(|it| format!("{it}.jpg")).collect();
    for half in names.chunks(4) {
        let files: Vec<(&str, String)> = half
            .iter()
            .map(|name| {
                world.destination.answer(&format!("/{name}"), Answer::hang());
                (&**name, world.destination.url(&format!("/{name}")))
            })
            .collect();
        let body = kobo(&files).replace(r#""_uuid": "1""#, &format!(r#""_uuid": "{}""#, half[0]));
        world.post("secret-inbox-2", &body).await.unwrap();
    }
    world.destination.wait_for(2, PATIENCE).await;
    well.answer("/a.jpg", Answer::status(200).body("photo"));
    let body = kobo(&[("a.jpg", well.url("/a.jpg"))]);
    world.post("secret-inbox-5", &body).await.unwrap();
    let id = world.submission("1").await;
    world.fetched(id, "a.jpg", FetchState::Fetched).await;
    // Two at once, and all of them still hang.
    assert_eq!(world.destination.received().len(), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_paused_connection_wait_untouched(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, well) = world(engine).await;
    apply_two(&world, &well, true).await;
    world.destination.answer("/b.jpg", Answer::status(200).body("photo"));
    well.answer("/a.jpg", Answer::status(200).body("photo"));
    world.post("secret-inbox-5", &kobo(&[("a.jpg", well.url("/a.jpg"))])).await.unwrap();
    let paused = world.submission("1").await;
    let body =
        kobo(&[("b.jpg", world.destination.url("/b.jpg"))]).replace(r#"id": "1""#, r#"id": "2""#);
    world.post("secret-inbox-2", &body).await.unwrap();
    let other = world.submission("2").await;
    world.fetched(other, "b.jpg", FetchState::Fetched).await;
    let (_, fetch) = world.file(paused, "a.jpg").await;
    assert_eq!((fetch.state, fetch.tries, fetch.last_error), (FetchState::Waiting, 0, None));
    assert!(well.received().is_empty());
    apply_two(&world, &well, false).await;
    world.fetched(paused, "a.jpg", FetchState::Fetched).await;
}

/// Two connections, each with a source of Kobo.
async fn apply_two(world: &World, well: &FakeDestination, paused: bool) {
    let text = format!(
        r#"{{"project": "clinic",
             "sources": {{"kobo": {{"dialect": "kobo", "secret": "secret-inbox-2", "fetch_files": "files"}},
                         "other": {{"dialect": "kobo", "secret": "secret-inbox-5", "fetch_files": "well"}}}},
             "connections": {{"files": {{"url": "{}"}}, "well": {{"url": "{}", "paused": {paused}}}}}}}"#,
        world.destination.url("/"),
        well.url("/"),
    );
    world.apply_text(&text).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_or_nothing_is_no_file(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _) = world(engine).await;
    let own = |path: &str| world.destination.url(path);
    let page =
        || Answer::status(200).header("content-type", "text/html; charset=utf-8").body("<p>");
    world.destination.answer("/a.jpg", Answer::status(302).header("location", "/login"));
    world.destination.answer("/login", page());
    world.destination.answer("/b.jpg", Answer::status(204));
    world.destination.answer("/c.jpg", Answer::status(200));
    world.destination.answer("/d.html", page());
    let files = ["a.jpg", "b.jpg", "c.jpg", "d.html"].map(|it| (it, own(&format!("/{it}"))));
    world.post("secret-inbox-2", &kobo(&files)).await.unwrap();
    let id = world.submission("1").await;
    // Who asks for a page is given one.
    world.fetched(id, "d.html", FetchState::Fetched).await;
    for (name, why) in [
        ("a.jpg", "answered 200 with a page, not the file"),
        ("b.jpg", "answered 204 with nothing"),
        ("c.jpg", "answered 200 with nothing"),
    ] {
        let fetch = world.tried(id, name).await;
        let error = fetch.last_error.unwrap();
        assert!(error.contains(why), "{name}: {error}");
        assert_eq!(fetch.state, FetchState::Waiting, "{name}");
    }
    world.destination.answer("/a.jpg", Answer::status(200).body("photo"));
    world.fetched(id, "a.jpg", FetchState::Fetched).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_one_message_are_bounded_together(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _) = world(engine).await;
    let large = vec![b'x'; usize::try_from(MOST_FETCHED).unwrap()];
    let names = ["a", "b", "c", "d"];
    for name in names {
        let answer = Answer::status(200).body(large.clone());
        world.destination.answer(&format!("/{name}"), answer);
    }
    let files = names.map(|name| (name, world.destination.url(&format!("/{name}"))));
    world.post("secret-inbox-2", &kobo(&files)).await.unwrap();
    let id = world.submission("1").await;
    let mut ends = Vec::new();
    for name in names {
        let fetch = until("the file came or was given up", async || {
            let (_, fetch) = world.file(id, name).await;
            (fetch.state != FetchState::Waiting).then_some(fetch)
        })
        .await;
        ends.extend(fetch.last_error);
    }
    // The third may come while the second is not counted yet, the fourth cannot.
    assert!((1..=2).contains(&ends.len()), "{ends:?}");
    for error in ends {
        assert!(error.contains("131072 bytes together, the setting max-fetched-total"), "{error}");
    }
}

/// The folder that files are written in is a file itself.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_takes_nothing_is_a_failure_and_nothing_is_downloaded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _) = world(engine).await;
    let files = world.folder().join("files");
    fs::create_dir_all(&files).unwrap();
    let incoming = files.join("incoming");
    if incoming.is_dir() {
        fs::remove_dir_all(&incoming).unwrap();
    }
    fs::write(&incoming, "in the way").unwrap();
    world.destination.answer("/a.jpg", Answer::status(200).body("photo"));
    let link = world.destination.url("/a.jpg");
    world.post("secret-inbox-2", &kobo(&[("a.jpg", link)])).await.unwrap();
    let id = world.submission("1").await;
    let fetch = world.tried(id, "a.jpg").await;
    assert!(fetch.last_error.unwrap().contains("the folder of files"));
    assert!(world.destination.received().is_empty());
    fs::remove_file(&incoming).unwrap();
    world.fetched(id, "a.jpg", FetchState::Fetched).await;
}
