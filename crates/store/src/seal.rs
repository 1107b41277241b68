//! Secrets at rest: what lies in the database in place of passwords, tokens and keys.
//!
//! ```text
//!   change_configuration ─ seal ──► definitions │ tokens │ facts ──► open ─ configuration
//!                           ▲                                          ▲
//!                           └────────── the key ring ──────────────────┘
//!                                a file, or given by the operator
//! ```
//!
//! Sealed are all definitions, the tokens of connections, and the facts that are secret. The rest
//! of the store hands text in and gets text back; that it lies sealed is known here alone.
//!
//! # Changing the key
//!
//! The ring has one active key, which seals, and others, which still open. Whoever seals holds the
//! [`Sealing`] until what they sealed is committed, and whoever puts another key into use waits for
//! all of them: so after a change, whatever is still to be re-sealed can be seen in the database.
//! `keys` has the order of things of a rotation.

mod file;
mod key;
mod text;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::RwLockReadGuard;

use crate::error::StoreError;

pub use key::{KeyId, KeyRing, NoKey, SealingKey};
pub(crate) use text::PREFIX;
use text::Unopened;

impl KeyRing {
    /// Writes the keys into a file that must not be there yet, for its owner only. They are on disk
    /// when this returns.
    pub fn save_as(&self, path: &Path) -> Result<(), StoreError> {
        file::save(path, self)
    }
}

/// Where the keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// From the operator, in another way than by a file. Only they can change it.
    Given(KeyRing),
    /// From a file, which is read again where something is met that none of the keys opens.
    File {
        /// The file.
        path: PathBuf,
        /// Whether a missing one is made, with a new key, as long as nothing is sealed. Not where
        /// several hubs share a database: each would make another.
        make: bool,
    },
}

impl KeySource {
    /// The keys, where there are any yet. Nothing is made.
    pub fn read(&self) -> Result<Option<KeyRing>, StoreError> {
        match self {
            Self::Given(ring) => Ok(Some(ring.clone())),
            Self::File { path, .. } => file::read(path),
        }
    }

    /// The keys for a store in which the key of this name is in use; where there is no file yet and
    /// nothing is sealed, one is made.
    fn open(&self, in_use: Option<&KeyId>) -> Result<KeyRing, StoreError> {
        if let Some(ring) = self.read()? {
            return Ok(ring);
        }
        let Self::File { path, make } = self else {
            return Err(StoreError::Keys("no key was given".to_owned()));
        };
        let shown = path.display();
        match in_use {
            None if *make => file::make(path),
            None => Err(StoreError::Keys(format!(
                "there is no key to seal secrets with, and hubs that share a database need the \
                 same one: make one with `fieldpost key generate`, and give it to every hub in a \
                 file (--key-file, here {shown}) or in the environment variable FIELDPOST_KEY"
            ))),
            Some(id) => Err(StoreError::Keys(format!(
                "the secrets in the database are sealed with the key {id}, and the key file \
                 {shown} is not there: put it back from where you keep its copy, or name it with \
                 --key-file"
            ))),
        }
    }
}

/// Opens what lies in a store, without the store; `None` where the keys do not open it. What was
/// never sealed needs none.
pub(crate) fn open(ring: Option<&KeyRing>, belongs_to: &str, stored: &str) -> Option<String> {
    if text::is_sealed(stored) {
        text::open(ring?, belongs_to, stored).ok()
    } else {
        Some(stored.to_owned())
    }
}

/// How far a rotation has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Whether it is under way.
    pub running: bool,
    /// Records that were sealed anew.
    pub resealed: u64,
    /// Records that could not be opened, and stay as they are.
    pub failed: u64,
    /// Why it ended early, if it did.
    pub error: Option<String>,
}

/// Seals and opens for a store.
pub(crate) struct Sealer {
    source: KeySource,
    ring: RwLock<Arc<KeyRing>>,
    /// Held by whoever seals until what they sealed is committed.
    sealing: tokio::sync::RwLock<()>,
    rotation: Mutex<Rotation>,
}

/// The turn to seal. It is to be held until what was sealed is committed.
pub(crate) struct Sealing<'s> {
    ring: Arc<KeyRing>,
    _until_committed: RwLockReadGuard<'s, ()>,
}

impl Sealing<'_> {
    /// Seals a text. `belongs_to` names the place where it will lie, and is asked for when it is
    /// opened.
    pub(crate) fn seal(&self, belongs_to: &str, text: &str) -> Result<String, StoreError> {
        let nonce = text::new_nonce()
            .map_err(|error| StoreError::Keys(NoKey::NoRandomBytes(error.to_string()).to_string()));
        text::seal(self.ring.active(), nonce?, belongs_to, text)
            .ok_or_else(|| StoreError::Keys(format!("{belongs_to} is too long to be sealed")))
    }
}

impl Sealer {
    /// Takes the keys of a store in which the key of this name is in use.
    pub(crate) fn new(source: KeySource, in_use: Option<&KeyId>) -> Result<Self, StoreError> {
        let ring = source.open(in_use)?;
        Ok(Self {
            source,
            ring: RwLock::new(Arc::new(ring)),
            sealing: tokio::sync::RwLock::default(),
            rotation: Mutex::default(),
        })
    }

    pub(crate) fn source(&self) -> &KeySource {
        &self.source
    }

    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn rotation(&self) -> MutexGuard<'_, Rotation> {
        self.rotation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn to seal.
    pub(crate) async fn begin(&self) -> Sealing<'_> {
        let turn = self.sealing.read().await;
        Sealing { ring: self.ring(), _until_committed: turn }
    }

    /// Puts other keys into use, once everything that is being sealed is committed.
    pub(crate) async fn change_ring(&self, ring: KeyRing) {
        let _nobody_seals = self.sealing.write().await;
        self.set_ring(ring);
    }

    /// Puts other keys into the file, whole, and then into use. `Ok` means that they are on disk.
    pub(crate) async fn replace_file(&self, ring: KeyRing) -> Result<(), StoreError> {
        if let KeySource::File { path, .. } = self.source.clone() {
            let written = ring.clone();
            let replaced = tokio::task::spawn_blocking(move || file::replace(&path, &written));
            replaced.await.unwrap_or_else(|error| Err(StoreError::Keys(error.to_string())))?;
        }
        self.change_ring(ring).await;
        Ok(())
    }

    /// Opens what lies in the store; what was never sealed is taken as it is. `belongs_to` is what
    /// it was sealed with. Where no key fits, the key file is read again: the operator may have
    /// given all hubs another key meanwhile.
    pub(crate) fn open(&self, belongs_to: &str, stored: &str) -> Result<String, StoreError> {
        if !text::is_sealed(stored) {
            return Ok(stored.to_owned());
        }
        let opened = match text::open(&self.ring(), belongs_to, stored) {
            Err(Unopened::UnknownKey(_)) if self.read_again()? => {
                text::open(&self.ring(), belongs_to, stored)
            }
            opened => opened,
        };
        opened.map_err(|reason| {
            StoreError::Keys(match reason {
                Unopened::UnknownKey(id) => format!(
                    "{belongs_to} is sealed with the key {id}, which this hub does not have; it \
                     has {}",
                    self.ring().ids()
                ),
                Unopened::Changed => format!(
                    "{belongs_to} does not open: somebody changed what is sealed, or moved it here \
                     from another place"
                ),
                Unopened::UnknownForm => {
                    format!("{belongs_to} is sealed in a way that this fieldpost does not know")
                }
            })
        })
    }

    /// Reads the keys again. When this returns, everything that was being sealed with other keys is
    /// committed: also where somebody who met an unknown key has read them before.
    pub(crate) async fn take_up_changes(&self) -> Result<(), StoreError> {
        let _nobody_seals = self.sealing.write().await;
        self.read_again().map(drop)
    }

    /// Reads the keys again; whether there are other ones now. Who meets an unknown key cannot wait
    /// for those who seal: it may be one of them.
    fn read_again(&self) -> Result<bool, StoreError> {
        let Some(fresh) = self.source.read()? else { return Ok(false) };
        if fresh == *self.ring() {
            return Ok(false);
        }
        tracing::info!(keys = fresh.ids(), "the keys have changed; these are in use now");
        self.set_ring(fresh);
        Ok(true)
    }

    fn set_ring(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn sealer(source: KeySource) -> Result<Sealer, StoreError> {
        Sealer::new(source, None)
    }

    async fn sealed(sealer: &Sealer, text: &str) -> String {
        sealer.begin().await.seal("facts/x", text).unwrap()
    }

    #[tokio::test]
    async fn a_text_of_an_unknown_key_opens_once_the_file_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let source = KeySource::File { path: path.clone(), make: true };
        let here = sealer(source).unwrap();
        let elsewhere =
            sealer(KeySource::Given(KeyRing::of(SealingKey::generate().unwrap()))).unwrap();
        let text = sealed(&elsewhere, "hunter2").await;
        let refused = here.open("facts/x", &text).unwrap_err().to_string();
        for id in [elsewhere.ring().ids(), here.ring().ids()] {
            assert!(refused.contains(&id), "{refused}");
        }
        let both = elsewhere.ring().renewed(here.ring().active().clone());
        file::replace(&path, &both).unwrap();
        assert_eq!(here.open("facts/x", &text).as_deref(), Ok("hunter2"));
        assert_eq!(*here.ring(), both);
    }

    #[tokio::test]
    async fn what_does_not_open_is_not_shown() {
        let sealer =
            sealer(KeySource::Given(KeyRing::of(SealingKey::generate().unwrap()))).unwrap();
        let text = sealed(&sealer, "hunter2").await;
        assert_eq!(sealer.open("facts/x", &text).as_deref(), Ok("hunter2"));
        assert_eq!(sealer.open("facts/x", "{}").as_deref(), Ok("{}"), "of an older version");
        for (place, text) in [
            ("facts/y", text.clone()),
            ("facts/x", text.replace("sealed:1", "sealed:9")),
            ("facts/x", text.get(..text.len() - 2).unwrap().to_owned()),
        ] {
            let refused = sealer.open(place, &text).unwrap_err();
            assert!(matches!(refused, StoreError::Keys(_)), "{refused:?}");
            let sentence = refused.to_string();
            assert!(sentence.starts_with(place), "{sentence}");
            assert!(!sentence.contains(text.get(20..).unwrap()), "{sentence}");
        }
    }

    #[tokio::test]
    async fn another_key_waits_for_those_who_seal() {
        let sealer =
            sealer(KeySource::Given(KeyRing::of(SealingKey::generate().unwrap()))).unwrap();
        let sealing = sealer.begin().await;
        let next = KeyRing::of(SealingKey::generate().unwrap());
        let mut changing = std::pin::pin!(sealer.change_ring(next.clone()));
        assert!(changing.as_mut().now_or_never().is_none(), "somebody seals");
        assert_eq!(*sealing.ring, *sealer.ring());
        drop(sealing);
        changing.await;
        assert_eq!(*sealer.ring(), next);
    }

    #[tokio::test]
    async fn keys_that_the_operator_changed_wait_for_those_who_seal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let sealer = sealer(KeySource::File { path: path.clone(), make: true }).unwrap();
        for met_before in [false, true] {
            let sealing = sealer.begin().await;
            let next = sealer.ring().renewed(SealingKey::generate().unwrap());
            file::replace(&path, &next).unwrap();
            if met_before {
                assert_eq!(sealer.read_again(), Ok(true));
            }
            let mut changing = std::pin::pin!(sealer.take_up_changes());
            assert!(changing.as_mut().now_or_never().is_none(), "somebody seals");
            assert_ne!(*sealing.ring, next);
            drop(sealing);
            changing.await.unwrap();
            assert_eq!(*sealer.ring(), next);
        }
    }

    #[test]
    fn a_missing_key_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let id = SealingKey::generate().unwrap().id().clone();
        for (make, in_use, told) in [
            (false, None, "fieldpost key generate"),
            (false, Some(&id), id.as_str()),
            (true, Some(&id), id.as_str()),
        ] {
            let source = KeySource::File { path: path.clone(), make };
            let refused = Sealer::new(source, in_use).err().unwrap().to_string();
            assert!(refused.contains(told), "{refused}");
            assert!(refused.contains(&path.display().to_string()), "{refused}");
            assert!(!path.exists(), "nothing was made");
        }
    }
}
