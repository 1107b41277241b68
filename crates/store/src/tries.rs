//! How often somebody tries to come in: counted for each account and each address, by all hubs of
//! a database together.
//!
//! A try is counted before it is looked at, so that many at once are no more than many one after
//! the other. A window begins with the first try and ends by itself. What is counted lies under
//! digests: the table names neither accounts nor addresses.
//!
//! Every transaction takes its rows in the order of their digests, and what is over is forgotten in
//! a transaction of its own: so nobody waits for somebody who waits for them.

use std::time::Duration;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Parameter, as_integer};

/// Something that tries are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// A digest of the account or the address.
    pub subject: [u8; 32],
    /// The tries that it has within a window.
    pub limit: u32,
}

const TOO_MANY: &str = "there were too many tries";

impl Store {
    /// Counts a try for all of these, or for none: the answer is how long to wait where one of
    /// them has no try left, and none where the try may go on.
    pub async fn count_try(
        &self,
        tried: &[Tried],
        window: Duration,
    ) -> Result<Option<Duration>, StoreError> {
        let now = self.now_sql();
        let window: i64 = as_integer(window.as_micros());
        self.forget_old_tries(window).await?;
        let mut batch = Batch::default();
        for Tried { subject, limit } in in_order(tried) {
            batch.one(
                TOO_MANY,
                format!(
                    "INSERT INTO sign_in_tries (subject, tries, since) VALUES ($1, 1, {now})
                     ON CONFLICT (subject) DO UPDATE SET
                         tries = CASE WHEN sign_in_tries.since <= {now} - $3 THEN 1
                             ELSE sign_in_tries.tries + 1 END,
                         since = CASE WHEN sign_in_tries.since <= {now} - $3 THEN {now}
                             ELSE sign_in_tries.since END
                     WHERE sign_in_tries.tries < $2 OR sign_in_tries.since <= {now} - $3"
                ),
                vec![Parameter::Bytes(subject.to_vec()), i64::from(limit).into(), window.into()],
            );
        }
        match self.change(batch).await {
            Ok(_) => Ok(None),
            Err(StoreError::Conflict(conflict)) if conflict == TOO_MANY => {
                self.wait_for_tries(tried, window).await.map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets what was tried before this window.
    async fn forget_old_tries(&self, window: i64) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!(
                "DELETE FROM sign_in_tries WHERE subject IN (
                     SELECT subject FROM sign_in_tries WHERE since <= {} - $1
                     ORDER BY subject {})",
                self.now_sql(),
                self.engine.left_to_others()
            ),
            vec![window.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// How long until all of these have a try again.
    async fn wait_for_tries(&self, tried: &[Tried], window: i64) -> Result<Duration, StoreError> {
        let mut longest = Duration::ZERO;
        for Tried { subject, limit } in tried {
            let sql = format!(
                "SELECT since + $3 - {} FROM sign_in_tries WHERE subject = $1 AND tries >= $2",
                self.now_sql()
            );
            let parameters =
                vec![Parameter::Bytes(subject.to_vec()), i64::from(*limit).into(), window.into()];
            for left in self.query(sql, parameters, |row| row.integer(0)).await? {
                longest = longest.max(Duration::from_micros(u64::try_from(left).unwrap_or(0)));
            }
        }
        Ok(longest)
    }

    /// Gives a try back that was none after all.
    pub async fn give_try_back(&self, tried: &[Tried]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for Tried { subject, .. } in in_order(tried) {
            batch.any(
                "UPDATE sign_in_tries SET tries = tries - 1 WHERE subject = $1 AND tries > 0",
                vec![Parameter::Bytes(subject.to_vec())],
            );
        }
        self.change(batch).await.map(drop)
    }

    /// Forgets the tries of one of these: who came in had the right to.
    pub async fn forget_tries(&self, tried: &Tried) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "DELETE FROM sign_in_tries WHERE subject = $1",
            vec![Parameter::Bytes(tried.subject.to_vec())],
        );
        self.change(batch).await.map(drop)
    }
}

/// The same in the order in which everybody takes their rows.
fn in_order(tried: &[Tried]) -> Vec<Tried> {
    let mut ordered = tried.to_vec();
    ordered.sort_by_key(|tried| tried.subject);
    ordered
}
