//! Facts about the installation: a name and a text. Those that are secret lie sealed.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use fieldpost_model::hexadecimal;
use fieldpost_model::secret::Secret;

use crate::Store;
use crate::error::StoreError;
use crate::keys::FACTS;
use crate::seal::NoKey;
use crate::statement::{Batch, unreadable};

/// The bytes of a project's secret.
const SECRET_BYTES: usize = 32;

/// The fact that is the secret of a project.
fn project_secret_fact(project: &str) -> String {
    format!("project-secret/{project}")
}

impl Store {
    /// The secret by which a project makes digests that nobody else can: made when it is first asked for,
    /// the same for all hubs from then on, and through every rotation of the sealing key.
    pub async fn project_secret(&self, project: &str) -> Result<[u8; SECRET_BYTES], StoreError> {
        if let Some(known) = self.project_secrets().get(project) {
            return Ok(*known);
        }
        let mut fresh = [0; SECRET_BYTES];
        getrandom::fill(&mut fresh).map_err(|error| {
            StoreError::Keys(NoKey::NoRandomBytes(error.to_string()).to_string())
        })?;
        let make = || Secret::new(hexadecimal::encode(&fresh));
        let kept = self.secret_fact_or_make(&project_secret_fact(project), make).await?;
        let secret = decoded(kept.expose()).ok_or_else(|| unreadable("secret of", project))?;
        self.project_secrets().insert(project.to_owned(), secret);
        Ok(secret)
    }

    fn project_secrets(&self) -> MutexGuard<'_, HashMap<String, [u8; SECRET_BYTES]>> {
        self.project_secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fact about the installation.
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM facts WHERE name = $1";
        let found = self.query(sql.to_owned(), vec![name.into()], |row| row.text(0)).await?;
        Ok(found.into_iter().next())
    }

    /// Sets a fact that still has the value `from`. The answer is whether it was this call that did.
    pub async fn move_fact(&self, name: &str, from: &str, to: &str) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "UPDATE facts SET value = $3 WHERE name = $1 AND value = $2",
            vec![name.into(), from.into(), to.into()],
        );
        Ok(self.change(batch).await? == [1])
    }

    /// Sets a fact about the installation.
    pub async fn set_fact(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO facts (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            vec![name.into(), value.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// A secret fact about the installation.
    pub async fn secret_fact(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        let Some(stored) = self.fact(name).await? else { return Ok(None) };
        self.sealer.open(&FACTS.belongs_to(&[name]), &stored).map(Secret::new).map(Some)
    }

    /// Sets a secret fact about the installation. It lies sealed, and stays through rotations.
    pub async fn set_secret_fact(&self, name: &str, value: &Secret) -> Result<(), StoreError> {
        let sealing = self.sealer.begin().await;
        let sealed = sealing.seal(&FACTS.belongs_to(&[name]), value.expose())?;
        self.set_fact(name, &sealed).await
    }

    /// A secret fact about the installation, which is made where it is missing. All hubs that ask
    /// at once get the same one.
    pub async fn secret_fact_or_make(
        &self,
        name: &str,
        make: impl FnOnce() -> Secret,
    ) -> Result<Secret, StoreError> {
        if let Some(there) = self.secret_fact(name).await? {
            return Ok(there);
        }
        let made = make();
        {
            let sealing = self.sealer.begin().await;
            let sealed = sealing.seal(&FACTS.belongs_to(&[name]), made.expose())?;
            let mut batch = Batch::default();
            batch.any(
                "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                vec![name.into(), sealed.into()],
            );
            self.change(batch).await?;
        }
        Ok(self.secret_fact(name).await?.unwrap_or(made))
    }
}

/// The bytes that are written in these digits.
fn decoded(digits: &str) -> Option<[u8; SECRET_BYTES]> {
    let mut bytes = [0; SECRET_BYTES];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
