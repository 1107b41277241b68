//! The file that the keys lie in: read, made at a first start, replaced by a rotation.
//!
//! It is for its owner only. Whoever may not read the database's secrets must not read the key
//! either, so that a file that everybody may read is refused; one that its group may read is
//! taken with a warning, since mounted secrets often are.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::key::{KeyRing, SealingKey};
use crate::error::StoreError;

/// Only the owner reads what opens every secret.
const FILE_MODE: u32 = 0o600;
/// The permissions of everybody who is neither the owner nor of their group.
const OTHERS: u32 = 0o007;
/// The permissions of the owner's group.
const GROUP: u32 = 0o070;

/// Reads the keys of a file; `None` where there is no such file, or an empty one, as a start that
/// was ended in the middle of making it leaves behind.
pub(super) fn read(path: &Path) -> Result<Option<KeyRing>, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(trouble(path, &error)),
    };
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| trouble(path, &error))?;
    if text.is_empty() {
        return Ok(None);
    }
    let metadata = file.metadata().map_err(|error| trouble(path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    let shown = path.display();
    if mode & OTHERS != 0 {
        return Err(StoreError::Keys(format!(
            "the key file {shown} can be read or changed by every user of this machine (mode \
             {mode:o}): `chmod 600 {shown}`, and rotate the key if others may have seen it"
        )));
    }
    if mode & GROUP != 0 {
        tracing::warn!(path = %shown, "the key file {shown} is open to its group (mode {mode:o})");
    }
    let ring = KeyRing::parse(&text);
    ring.map(Some).map_err(|error| StoreError::Keys(format!("the key file {shown}: {error}")))
}

/// Makes the file with a new key, unless another process was quicker; the answer is what is in it.
/// The key is on disk when this returns.
pub(super) fn make(path: &Path) -> Result<KeyRing, StoreError> {
    let key = SealingKey::generate().map_err(|error| StoreError::Keys(error.to_string()))?;
    let ring = KeyRing::of(key);
    let write = || -> io::Result<()> {
        let mut options = File::options();
        let mut file = options.create(true).append(true).mode(FILE_MODE).open(path)?;
        // Whoever else makes it at this moment waits here, and then finds it made.
        file.lock()?;
        if file.metadata()?.len() == 0 {
            file.write_all(ring.expose().as_bytes())?;
            file.sync_all()?;
            sync_folder(path)?;
        }
        Ok(())
    };
    write().map_err(|error| trouble(path, &error))?;
    read(path)?.ok_or_else(|| {
        StoreError::Keys(format!("the key file {} was emptied while it was made", path.display()))
    })
}

/// Puts other keys into the file, whole or not at all. They are on disk when this returns.
pub(super) fn replace(path: &Path, ring: &KeyRing) -> Result<(), StoreError> {
    let beside = beside(path);
    let write = || -> io::Result<()> {
        let mut options = File::options();
        let mut file =
            options.create(true).truncate(true).write(true).mode(FILE_MODE).open(&beside)?;
        // What an interrupted replacement left behind keeps its mode when it is opened again.
        file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
        file.write_all(ring.expose().as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_folder(path)
    };
    write().map_err(|error| trouble(path, &error))
}

/// Writes keys into a file that must not be there yet, for its owner only.
pub(super) fn save(path: &Path, ring: &KeyRing) -> Result<(), StoreError> {
    let write = || -> io::Result<()> {
        let mut options = File::options();
        let mut file = options.create_new(true).write(true).mode(FILE_MODE).open(path)?;
        file.write_all(ring.expose().as_bytes())?;
        file.sync_all()?;
        sync_folder(path)
    };
    write().map_err(|error| trouble(path, &error))
}

/// Where the next content of a file is written before it takes the file's place.
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    beside.into()
}

/// A file's name is on disk once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn trouble(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Keys(format!("the key file {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(read(&path), Ok(None));
        let made = make(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(make(&path), Ok(made.clone()), "what is there stays");
        assert_eq!(read(&path), Ok(Some(made)));
        // A start that was ended between making the file and writing the key.
        fs::write(&path, "").unwrap();
        assert_eq!(read(&path), Ok(None));
        let again = make(&path).unwrap();
        assert_eq!(read(&path), Ok(Some(again)));
    }

    #[test]
    fn of_many_that_make_it_at_once_all_get_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let rings: Vec<KeyRing> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| make(&path).unwrap())).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(rings.iter().all(|ring| *ring == rings[0]), "{rings:?}");
    }

    #[test]
    fn keys_are_replaced_whole_whatever_was_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let old = make(&path).unwrap();
        fs::write(beside(&path), "half a k").unwrap();
        fs::set_permissions(beside(&path), fs::Permissions::from_mode(0o644)).unwrap();
        let new = old.renewed(SealingKey::generate().unwrap());
        replace(&path, &new).unwrap();
        assert_eq!(read(&path), Ok(Some(new)));
        assert_eq!(mode(&path), 0o600);
        assert!(!beside(&path).exists());
    }

    #[test]
    fn a_file_that_everybody_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = make(&path).unwrap();
        for wide in [0o604, 0o602, 0o644, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(wide)).unwrap();
            let refused = read(&path).unwrap_err().to_string();
            assert!(refused.contains(&format!("mode {wide:o}")), "{refused}");
            assert!(refused.contains("chmod 600"), "{refused}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read(&path), Ok(Some(made)), "a group may be meant to read it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "hunter2\n").unwrap();
        let refused = read(&path).unwrap_err().to_string();
        assert!(refused.contains("is no key") && !refused.contains("hunter2"), "{refused}");
        assert!(read(folder.path()).is_err(), "a folder is no key file");
    }
}
