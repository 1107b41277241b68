//! Facts about the installation: a name and a text. Those that are secret lie sealed.

use fieldpost_model::secret::Secret;

use crate::Store;
use crate::error::StoreError;
use crate::keys::FACTS;
use crate::statement::Batch;

impl Store {
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
