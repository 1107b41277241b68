//! The files that come with submissions: whole and on disk, or not at all, and gone when nothing
//! names them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fieldpost_model::hexadecimal;
use fieldpost_store::{
    BackedUpFiles, BackupPart, FileError, KeptFile, Store, StoreError, backup, backup_files,
};
use rstest::rstest;

use crate::support::{Engine, PROJECT, TestStore};

/// More than a file of these tests has.
const MUCH: u64 = 1_000_000;
/// Older than any file that is waited for.
const OLD: Duration = Duration::from_hours(25);

async fn keep(store: &Store, content: &[u8]) -> KeptFile {
    let mut file = store.files().begin(MUCH).await.unwrap();
    for piece in content.chunks(10_000) {
        file.write(piece).await.unwrap();
    }
    file.finish().await.unwrap()
}

async fn read(store: &Store, sha256: &[u8; 32]) -> Option<Vec<u8>> {
    let mut file = store.files().open(sha256).await.unwrap()?;
    let mut content = Vec::new();
    while let Some(piece) = file.next().await.unwrap() {
        content.extend_from_slice(&piece);
    }
    assert_eq!(file.bytes(), content.len() as u64);
    Some(content)
}

pub(crate) fn path_of(store: &TestStore, file: &KeptFile) -> PathBuf {
    let [first, second] = [&file.sha256[..1], &file.sha256[1..2]].map(hexadecimal::encode);
    store.folder().join("files").join(first).join(second).join(hexadecimal::encode(&file.sha256))
}

pub(crate) fn age(path: &Path) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + since_epoch() - OLD).unwrap();
}

fn since_epoch() -> Duration {
    Duration::from_micros(u64::try_from((fieldpost_store::clock::system())().0).unwrap())
}

/// Everything that lies in the folder, as paths within it.
fn listing(store: &TestStore) -> Vec<String> {
    let root = store.folder().join("files");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

async fn remove_orphans(store: &Store) -> u64 {
    let mut removed = 0;
    for part in 0..=u8::MAX {
        removed += store.remove_orphans(part).await.unwrap();
    }
    removed
}

/// Lets a row name a file.
async fn name(store: &TestStore, engine: Engine, table: &str, owner: &str, file: &KeptFile) {
    let digits = hexadecimal::encode(&file.sha256);
    let (digest, id) = match engine {
        Engine::Sqlite => (format!("X'{digits}'"), format!("X'{}'", "0".repeat(32))),
        Engine::Postgres => (format!("'\\x{digits}'"), format!("'{}'", uuid::Uuid::nil())),
    };
    let owner_id = if table == "form_files" { "'visit'".to_owned() } else { id };
    let bytes = file.bytes;
    store
        .execute(&format!(
            "INSERT INTO {table} (project, {owner}, name, sha256, bytes)
             VALUES ('{PROJECT}', {owner_id}, '{digits}', {digest}, {bytes})"
        ))
        .await;
}

#[tokio::test]
async fn a_file_lies_once_under_the_digest_of_its_content() {
    let store = TestStore::new(Engine::Sqlite).await;
    let content = b"a photo".repeat(20_000);
    let kept = keep(&store, &content).await;
    assert_eq!(kept.bytes, content.len() as u64);
    assert_eq!(read(&store, &kept.sha256).await.unwrap(), content);
    assert_eq!(keep(&store, &content).await, kept);
    let empty = keep(&store, b"").await;
    assert_eq!(read(&store, &empty.sha256).await.unwrap(), b"");
    assert_eq!(listing(&store).len(), 2);

    let path = path_of(&store, &kept);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let folder = store.folder().join("files");
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(read(&store, &[7; 32]).await, None);
}

#[tokio::test]
async fn many_writers_of_one_content_make_one_file() {
    let store = TestStore::new(Engine::Sqlite).await;
    let content = b"the same photo".repeat(10_000);
    let writers = (0..32).map(|_| keep(&store, &content));
    let kept = futures_util::future::join_all(writers).await;
    assert!(kept.iter().all(|file| *file == kept[0]));
    assert_eq!(listing(&store).len(), 1);
    assert_eq!(read(&store, &kept[0].sha256).await.unwrap(), content);
}

#[tokio::test]
async fn a_file_has_as_many_bytes_as_it_may_and_not_one_more() {
    let store = TestStore::new(Engine::Sqlite).await;
    let mut file = store.files().begin(10).await.unwrap();
    file.write(b"01234").await.unwrap();
    file.write(b"56789").await.unwrap();
    assert_eq!(file.write(b"x").await, Err(FileError::TooLarge { most: 10 }));
    drop(file);
    assert_eq!(listing(&store), [""; 0], "what is refused leaves nothing");

    let mut file = store.files().begin(10).await.unwrap();
    file.write(b"0123456789").await.unwrap();
    assert_eq!(file.bytes(), 10);
    assert_eq!(file.finish().await.unwrap().bytes, 10);
}

#[tokio::test]
async fn whoever_dies_while_writing_leaves_nothing_but_an_orphan() {
    let store = TestStore::new(Engine::Sqlite).await;
    let mut file = store.files().begin(MUCH).await.unwrap();
    file.write(b"half a ph").await.unwrap();
    // As if the process were killed: nothing is cleared up.
    std::mem::forget(file);
    let left = listing(&store);
    assert!(matches!(&left[..], [one] if one.starts_with("incoming/")), "{left:?}");
    assert_eq!(remove_orphans(&store).await, 0, "it may still be written");
    age(&store.folder().join("files").join(&left[0]));
    assert_eq!(remove_orphans(&store).await, 1);
    assert_eq!(listing(&store), [""; 0]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_and_mended() {
    let store = TestStore::new(Engine::Sqlite).await;
    let folder = store.folder().join("files");
    // Not even the superuser makes a folder where a file is.
    fs::write(&folder, "in the way").unwrap();
    let Err(StoreError::Unavailable(said)) = store.files().begin(MUCH).await else {
        panic!("it was taken")
    };
    assert!(said.contains("files"), "{said}");
    fs::remove_file(&folder).unwrap();
    let mut file = store.files().begin(MUCH).await.unwrap();
    file.write(b"a photo").await.unwrap();
    // Between writing and naming.
    let kept = keep(&store, b"a photo").await;
    let group = folder.join(hexadecimal::encode(&kept.sha256[..1]));
    fs::remove_dir_all(&group).unwrap();
    fs::write(&group, "in the way").unwrap();
    let said = file.finish().await.unwrap_err();
    assert!(said.is_temporary(), "{said}");
    fs::remove_file(&group).unwrap();
    assert_eq!(listing(&store), [""; 0], "what could not be named is gone");
    let kept = keep(&store, b"a photo").await;
    assert_eq!(read(&store, &kept.sha256).await.unwrap(), b"a photo");
}

#[rstest]
#[tokio::test]
async fn orphans_go_and_nothing_else_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let of_a_submission = keep(&store, b"of a submission").await;
    let of_a_form = keep(&store, b"of a form").await;
    let old = keep(&store, b"of nothing").await;
    let young = keep(&store, b"of what is about to be kept").await;
    let again = keep(&store, b"of nothing, and written anew").await;
    name(&store, engine, "submission_files", "submission", &of_a_submission).await;
    name(&store, engine, "form_files", "form", &of_a_form).await;
    for file in [&of_a_submission, &of_a_form, &old, &again] {
        age(&path_of(&store, file));
    }
    keep(&store, b"of nothing, and written anew").await;
    assert_eq!(remove_orphans(&store).await, 1);
    assert_eq!(read(&store, &old.sha256).await, None);
    for file in [&of_a_submission, &of_a_form, &young, &again] {
        assert!(read(&store, &file.sha256).await.is_some());
    }
    assert_eq!(remove_orphans(&store).await, 0);
}

/// A hub that died while it looked left files aside: what is named, or young, comes back.
#[tokio::test]
async fn what_was_moved_aside_and_is_wanted_comes_back() {
    let store = TestStore::new(Engine::Sqlite).await;
    let named = keep(&store, b"named meanwhile").await;
    let young = keep(&store, b"young").await;
    let orphan = keep(&store, b"of nothing").await;
    name(&store, Engine::Sqlite, "submission_files", "submission", &named).await;
    age(&path_of(&store, &named));
    age(&path_of(&store, &orphan));
    for file in [&named, &young, &orphan] {
        let path = path_of(&store, file);
        let mut aside = path.clone().into_os_string();
        aside.push(".aside");
        fs::rename(path, aside).unwrap();
    }
    assert_eq!(remove_orphans(&store).await, 1);
    assert_eq!(read(&store, &named.sha256).await.unwrap(), b"named meanwhile");
    assert_eq!(read(&store, &young.sha256).await.unwrap(), b"young");
    assert_eq!(listing(&store).len(), 2);
}

#[tokio::test]
async fn two_backups_into_one_place_take_turns_and_leave_the_files_of_the_hub_alone() {
    let store = TestStore::new(Engine::Sqlite).await;
    let mut kept = Vec::new();
    for photo in [b"one", b"two"] {
        let file = keep(&store, photo).await;
        name(&store, Engine::Sqlite, "submission_files", "submission", &file).await;
        kept.push((file, photo));
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("hub.db");
    let (settings, place) = (store.settings().clone(), target.clone());
    let second_at = move || backup(&settings, &place, |_, _, _| {});
    let (settings, place) = (store.settings().clone(), target.clone());
    let (first, second) = tokio::task::spawn_blocking(move || {
        let (mut second, mut begin) = (None, Some(second_at));
        let first = backup(&settings, &place, |part, _, _| {
            if part == BackupPart::Files
                && let Some(begin) = begin.take()
            {
                // It may do what it wants now: if it does not wait, it is done soon.
                let (done, is_done) = std::sync::mpsc::channel::<()>();
                second = Some(std::thread::spawn(move || {
                    let ended = begin();
                    drop(done);
                    ended
                }));
                is_done.recv_timeout(Duration::from_millis(500)).unwrap_err();
            }
        });
        (first, second.unwrap().join().unwrap())
    })
    .await
    .unwrap();
    assert_eq!(first, Ok(BackedUpFiles { files: 2, missing: 0 }));
    assert!(second.unwrap_err().to_string().contains("is there already"));
    for (file, photo) in kept {
        assert_eq!(read(&store, &file.sha256).await.unwrap(), photo);
        let inside = path_of(&store, &file);
        let inside = inside.strip_prefix(store.folder().join("files")).unwrap();
        assert_eq!(fs::read(backup_files(&target).join(inside)).unwrap(), photo);
    }
}
