//! Files that submissions only link to are brought home, whatever happens on the way.

use fieldpost_model::submission::FetchState;
use fieldpost_store::{FileFetch, StoredFile};
use fieldpost_testkit::{Answer, FakeDestination};
use rstest::rstest;
use uuid::Uuid;

use crate::clinic::{PATIENCE, until};
use crate::world::{Engine, MOST_FETCHED, World};

/// A world whose Kobo asks for a token, and a storage elsewhere.
pub(crate) async fn world(engine: Engine) -> (World, FakeDestination) {
    let world = World::start(engine).await;
    apply(&world, r#", "fetch_files": "files""#).await;
    (world, FakeDestination::start().await)
}

async fn apply(world: &World, fetch: &str) {
    let url = world.destination.url("/api/v2");
    let text = format!(
        r#"{{"project": "clinic",
             "sources": {{"kobo": {{"dialect": "kobo", "secret": "secret-inbox-2"{fetch}}},
                         "aggregate": {{"dialect": "odk-aggregate", "secret": "secret-inbox-3"{fetch}}},
                         "central": {{"dialect": "odk-central", "secret": "secret-inbox-4"{fetch}}}}},
             "connections": {{"files": {{"url": "{url}",
                 "auth": {{"headers": {{"Authorization": "Token t"}}}}}}}}}}"#
    );
    world.apply_text(&text).await;
}

/// A submission of Kobo that links to files.
pub(crate) fn kobo(files: &[(&str, String)]) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|(name, url)| {
            format!(
                r#"{{"download_url": "{url}", "mimetype": "image/jpeg", "filename": "u/attachments/{name}"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"_xform_id_string": "visit", "_uuid": "1", "photo": "a.jpg", "_attachments": [{}]}}"#,
        files.join(", ")
    )
}

impl World {
    pub(crate) async fn submission(&self, instance: &str) -> Uuid {
        self.hub.store().instance("clinic", instance).await.unwrap().unwrap().submission
    }

    pub(crate) async fn file(&self, submission: Uuid, name: &str) -> (StoredFile, FileFetch) {
        let files = self.hub.store().files_of("clinic", submission).await.unwrap();
        let file = files.into_iter().find(|file| file.name == name).unwrap();
        let fetch = file.fetch.clone().unwrap();
        (file, fetch)
    }

    /// Waits until the fetching of a file stands so.
    pub(crate) async fn fetched(
        &self,
        submission: Uuid,
        name: &str,
        state: FetchState,
    ) -> (StoredFile, FileFetch) {
        until("the file was fetched or given up", async || {
            let found = self.file(submission, name).await;
            (found.1.state == state).then_some(found)
        })
        .await
    }

    async fn content(&self, file: &StoredFile) -> Vec<u8> {
        let mut opened =
            self.hub.store().files().open(&file.sha256.unwrap()).await.unwrap().unwrap();
        let mut content = Vec::new();
        while let Some(piece) = opened.next().await.unwrap() {
            content.extend_from_slice(&piece);
        }
        content
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn linked_files_are_fetched_with_the_token_and_it_goes_nowhere_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, storage) = world(engine).await;
    let own = |path: &str| world.destination.url(path);
    let photo = Answer::status(200).header("content-type", "image/png").body("photo");
    let failing = [Answer::status(503), Answer::status(401)];
    world.destination.answer_in_turn("/m/a.jpg", failing, photo);
    let signed = storage.url("/signed?signature=s");
    let moved = Answer::status(302).header("location", &signed);
    world.destination.answer("/m/b.jpg", moved);
    storage.answer("/signed", Answer::status(200).body("moved"));
    storage.answer("/elsewhere", Answer::status(200).body("elsewhere"));
    let body = kobo(&[
        ("a.jpg", own("/m/a.jpg")),
        ("b.jpg", own("/m/b.jpg")),
        ("c.jpg", storage.url("/elsewhere")),
    ]);
    world.post("secret-inbox-2", &body).await.unwrap();
    let id = world.submission("1").await;
    for (name, content, tries) in
        [("a.jpg", "photo", 3), ("b.jpg", "moved", 1), ("c.jpg", "elsewhere", 1)]
    {
        let (file, fetch) = world.fetched(id, name, FetchState::Fetched).await;
        assert_eq!(world.content(&file).await, content.as_bytes(), "{name}");
        assert_eq!((fetch.tries, fetch.last_error, &*fetch.connection), (tries, None, "files"));
        assert_eq!(file.bytes, Some(content.len() as u64));
        // What the sender says of a file is its kind; the link stays.
        assert_eq!(file.content_type.as_deref(), Some("image/jpeg"));
        assert!(file.link.is_some());
    }
    let shown = |server: &FakeDestination| -> Vec<(String, Option<String>)> {
        let requests = server.received().into_iter();
        requests
            .map(|it| {
                assert_eq!((it.method.as_str(), it.header("webhook-id")), ("GET", None));
                (it.path.clone(), it.header("authorization").map(str::to_owned))
            })
            .collect()
    };
    let of_kobo = shown(&world.destination);
    assert_eq!(of_kobo.len(), 4, "{of_kobo:?}");
    assert!(of_kobo.iter().all(|(_, token)| token.as_deref() == Some("Token t")), "{of_kobo:?}");
    let mut elsewhere = shown(&storage);
    elsewhere.sort();
    assert_eq!(elsewhere, [("/elsewhere".to_owned(), None), ("/signed".to_owned(), None)]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_never_comes_is_told_and_can_be_asked_for_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _) = world(engine).await;
    let own = |path: &str| world.destination.url(path);
    world.destination.answer("/gone", Answer::status(410));
    world.destination.answer("/wrong", Answer::status(400).body("no such thing"));
    let large = vec![b'x'; usize::try_from(MOST_FETCHED).unwrap() + 1];
    world.destination.answer("/large", Answer::status(200).body(large));
    for path in ["/more", "/most"] {
        world.destination.answer(path, Answer::status(200).body("here"));
    }
    let files = [("gone", own("/gone")), ("large", own("/large")), ("wrong", own("/wrong"))];
    let body = kobo(&[&files[..], &[("more", own("/more")), ("most", own("/most"))]].concat());
    world.post("secret-inbox-2", &body).await.unwrap();
    let id = world.submission("1").await;
    for (name, tries, why) in [
        ("gone", 1, "410 Gone"),
        ("wrong", 1, "400 Bad Request: no such thing"),
        ("large", 1, "longer than 65536 bytes, the setting max-fetched-file"),
        ("most", 0, "more than 4 files, the setting max-fetched-files"),
    ] {
        let (file, fetch) = world.fetched(id, name, FetchState::Failed).await;
        let error = fetch.last_error.unwrap();
        assert!(error.contains(why), "{name}: {error}");
        assert_eq!((fetch.tries, file.sha256), (tries, None), "{name}");
    }
    world.fetched(id, "more", FetchState::Fetched).await;
    // The longest that there may be is one byte less.
    let most = vec![b'x'; usize::try_from(MOST_FETCHED).unwrap()];
    world.destination.answer("/large", Answer::status(200).body(most));
    for path in ["/gone", "/wrong"] {
        world.destination.answer(path, Answer::status(200).body("here"));
    }
    assert_eq!(world.hub.fetch_files("clinic", id).await.unwrap(), 4);
    for name in ["gone", "wrong", "large", "most"] {
        world.fetched(id, name, FetchState::Fetched).await;
    }
    assert_eq!(world.hub.fetch_files("clinic", id).await.unwrap(), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_elsewhere_tells_whose_the_credentials_are_and_is_tried_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, storage) = world(engine).await;
    for path in ["/there", "/private"] {
        storage.answer(path, Answer::status(401));
    }
    let moved = Answer::status(302).header("location", &storage.url("/private"));
    world.destination.answer("/moved", moved);
    world.destination.answer("/early", Answer::status(404));
    let body = kobo(&[
        ("there", storage.url("/there")),
        ("moved", world.destination.url("/moved")),
        ("early", world.destination.url("/early")),
    ]);
    world.post("secret-inbox-2", &body).await.unwrap();
    let id = world.submission("1").await;
    let own = world.destination.url("");
    let why = format!("asked without the credentials of files, which are for {own}");
    for (name, status, is_stranger) in
        [("there", "401", true), ("moved", "401", true), ("early", "404", false)]
    {
        let fetch = until("the file was asked for", async || {
            let (_, fetch) = world.file(id, name).await;
            (fetch.tries > 0).then_some(fetch)
        })
        .await;
        let error = fetch.last_error.unwrap();
        assert!(error.contains(status), "{name}: {error}");
        assert_eq!(error.contains(&why), is_stranger, "{name}: {error}");
        assert_eq!(fetch.state, FetchState::Waiting, "{name}");
    }
    // A file that comes late is there in the end.
    world.destination.answer("/early", Answer::status(200).body("late"));
    let (file, _) = world.fetched(id, "early", FetchState::Fetched).await;
    assert_eq!(world.content(&file).await, b"late");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn links_of_before_are_fetched_once_the_source_says_how(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _) = world(engine).await;
    apply(&world, "").await;
    let link = world.destination.url("/m/a.jpg");
    world.destination.answer("/m/a.jpg", Answer::status(200).body("photo"));
    world.post("secret-inbox-2", &kobo(&[("a.jpg", link)])).await.unwrap();
    let id = world.submission("1").await;
    let files = world.hub.store().files_of("clinic", id).await.unwrap();
    assert_eq!((files.len(), &files[0].fetch), (1, &None));
    assert_eq!(world.hub.fetch_files("clinic", id).await.unwrap_err().code(), "no-fetching");
    apply(&world, r#", "fetch_files": "files""#).await;
    assert_eq!(world.hub.fetch_files("clinic", id).await.unwrap(), 1);
    world.fetched(id, "a.jpg", FetchState::Fetched).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_stops_leaves_its_work_to_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (mut world, _) = world(engine).await;
    world.destination.answer("/m/a.jpg", Answer::hang());
    let link = world.destination.url("/m/a.jpg");
    world.post("secret-inbox-2", &kobo(&[("a.jpg", link)])).await.unwrap();
    let id = world.submission("1").await;
    world.destination.wait_for(1, PATIENCE).await;
    world.destination.answer("/m/a.jpg", Answer::status(200).body("photo"));
    world.restart().await;
    let (_, fetch) = world.fetched(id, "a.jpg", FetchState::Fetched).await;
    assert_eq!(fetch.tries, 1, "stopping is no failure");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn links_of_aggregate_and_names_of_central_are_fetched(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _) = world(engine).await;
    let link = world.destination.url("/view/binaryData?blobKey=k");
    let of_central = "/api/v2/forms/trees/submissions/uuid%3A3/attachments/my%20photo%2Ejpg";
    for path in ["/view/binaryData", of_central] {
        world.destination.answer(path, Answer::status(200).body("photo"));
    }
    let aggregate = format!(
        r#"{{"token": "", "content": "record", "formId": "visit", "formVersion": "", "data": [
             {{"*meta-instance-id*": "uuid:2",
               "photo": {{"filename": "p.jpg", "type": "image/jpeg", "url": "{link}"}}}}]}}"#
    );
    world.post("secret-inbox-3", &aggregate).await.unwrap();
    let id = world.submission("2").await;
    world.fetched(id, "p.jpg", FetchState::Fetched).await;
    // Without its definition only an encrypted form says which of its answers are files.
    let document = "<data id='trees' encrypted='yes'>\
                    <media><file>my photo.jpg</file></media>\
                    <meta><instanceID>uuid:3</instanceID></meta></data>";
    let central = format!(
        r#"{{"type": "submission.create", "id": "uuid:3", "data": {{"xml": "{document}"}}}}"#
    );
    world.post("secret-inbox-4", &central).await.unwrap();
    let id = world.submission("3").await;
    world.fetched(id, "my photo.jpg", FetchState::Fetched).await;
    let paths: Vec<String> =
        world.destination.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/view/binaryData", of_central]);
}
