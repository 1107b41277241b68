//! Second factors: a sealed secret for each user, the last step that was taken, and codes for who
//! has lost the phone.

use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::keys::SECOND_FACTORS;
use crate::statement::{Batch, Parameter};
use crate::users::{account_key, add_changed_credentials};

/// A user's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret, as text.
    pub secret: Secret,
    /// Since when it counts; without, it is still to be confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// The last step that was taken.
    pub last_step: Option<i64>,
    /// The secret as it lies sealed: what tells this factor from one that was begun after it.
    sealed: String,
}

impl Store {
    /// A user's second factor, confirmed or not.
    pub async fn second_factor(&self, account: Uuid) -> Result<Option<SecondFactor>, StoreError> {
        let account = account_key(account);
        let sql = "SELECT secret, confirmed_at, last_step FROM second_factors WHERE account = $1";
        let found = self.query(sql.to_owned(), vec![account.as_str().into()], |row| {
            Ok((row.text(0)?, row.optional_integer(1)?, row.optional_integer(2)?))
        });
        let Some((sealed, confirmed_at, last_step)) = found.await?.into_iter().next() else {
            return Ok(None);
        };
        let secret = self.sealer.open(&SECOND_FACTORS.belongs_to(&[&account]), &sealed)?;
        let (secret, confirmed_at) = (Secret::new(secret), confirmed_at.map(Timestamp));
        Ok(Some(SecondFactor { secret, confirmed_at, last_step, sealed }))
    }

    /// Keeps a second factor that is still to be confirmed, in the place of another such one. The
    /// answer is whether it was kept: one that counts stays.
    pub async fn begin_second_factor(
        &self,
        account: Uuid,
        secret: &Secret,
    ) -> Result<bool, StoreError> {
        let account = account_key(account);
        let sealing = self.sealer.begin().await;
        let sealed = sealing.seal(&SECOND_FACTORS.belongs_to(&[&account]), secret.expose())?;
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO second_factors (account, secret) VALUES ($1, $2)
             ON CONFLICT (account) DO UPDATE SET secret = excluded.secret
             WHERE second_factors.confirmed_at IS NULL",
            vec![account.into(), sealed.into()],
        );
        Ok(self.change(batch).await? == [1])
    }

    /// Confirms a second factor by the step whose code was sent, and keeps the digests of its
    /// recovery codes. The answer is whether it was this call that did: a factor that was begun
    /// after this one is not confirmed by a code of this one.
    pub async fn confirm_second_factor(
        &self,
        account: Uuid,
        factor: &SecondFactor,
        step: i64,
        recovery_codes: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        Self::once(
            &mut batch,
            format!(
                "UPDATE second_factors SET confirmed_at = {}, last_step = $2
                 WHERE account = $1 AND confirmed_at IS NULL AND secret = $3",
                self.now_sql()
            ),
            vec![account_key(account).into(), step.into(), factor.sealed.as_str().into()],
        );
        add_recovery_codes(&mut batch, account, recovery_codes);
        // A session that is being begun without a code comes too late.
        add_changed_credentials(&mut batch, account);
        self.change_unless_done(batch).await
    }

    /// Keeps other recovery codes in the place of those that are left. The answer is whether there
    /// is a second factor that they are for.
    pub async fn replace_recovery_codes(
        &self,
        account: Uuid,
        recovery_codes: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        Self::once(
            &mut batch,
            "UPDATE second_factors SET secret = secret
             WHERE account = $1 AND confirmed_at IS NOT NULL",
            vec![account_key(account).into()],
        );
        add_recovery_codes(&mut batch, account, recovery_codes);
        self.change_unless_done(batch).await
    }

    /// Takes a step, unless it or a later one was taken: the answer says so. Of many callers with
    /// the same code, through whichever hub, one is let in.
    pub async fn take_step(&self, account: Uuid, step: i64) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "UPDATE second_factors SET last_step = $2 WHERE account = $1
             AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < $2)",
            vec![account_key(account).into(), step.into()],
        );
        Ok(self.change(batch).await? == [1])
    }

    /// Takes a recovery code, which is gone then; whether there was one.
    pub async fn take_recovery_code(
        &self,
        account: Uuid,
        digest: [u8; 32],
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "DELETE FROM recovery_codes WHERE account = $1 AND digest = $2",
            vec![account.into(), Parameter::Bytes(digest.to_vec())],
        );
        Ok(self.change(batch).await? == [1])
    }

    /// How many recovery codes a user has left.
    pub async fn recovery_codes_left(&self, account: Uuid) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM recovery_codes WHERE account = $1";
        let found = self.query(sql.to_owned(), vec![account.into()], |row| row.count(0)).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Removes a second factor with its recovery codes; whether there was one.
    pub async fn remove_second_factor(&self, account: Uuid) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        add_removal(&mut batch, account);
        add_changed_credentials(&mut batch, account);
        Ok(self.change(batch).await?.first() == Some(&1))
    }
}

/// Adds the removal of a second factor with its recovery codes.
pub(crate) fn add_removal(batch: &mut Batch, account: Uuid) {
    batch.any("DELETE FROM second_factors WHERE account = $1", vec![account_key(account).into()]);
    batch.any("DELETE FROM recovery_codes WHERE account = $1", vec![account.into()]);
}

/// Adds recovery codes in the place of those that there were.
fn add_recovery_codes(batch: &mut Batch, account: Uuid, digests: &[[u8; 32]]) {
    batch.any("DELETE FROM recovery_codes WHERE account = $1", vec![account.into()]);
    for digest in digests {
        batch.any(
            "INSERT INTO recovery_codes (account, digest) VALUES ($1, $2)",
            vec![account.into(), Parameter::Bytes(digest.to_vec())],
        );
    }
}
