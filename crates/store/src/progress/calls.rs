//! Calls that are out, and those that have ended.
//!
//! Whoever records the last try of a call tells its lifecycle at once. A hub that dies between the two is
//! made up for by a look at the calls whose deliveries are final: there are few that are out.

use fieldpost_model::delivery::DeliveryState;
use uuid::Uuid;

use super::EndedCall;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{as_integer, length};

impl Store {
    /// The calls that have ended and are not marked as told, of all projects, by delivery; behind one.
    pub async fn ended_calls(
        &self,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<EndedCall>, StoreError> {
        let parameters = vec![after.unwrap_or_default().into(), as_integer(limit).into()];
        self.query(ended_sql(), parameters, |row| {
            Ok(EndedCall {
                project: row.text(0)?.into(),
                submission: row.id(1)?,
                number: length(row.integer(2)?)?,
                delivery: row.id(3)?,
                state: row.named(4, DeliveryState::from_name)?,
            })
        })
        .await
    }

    /// The submission whose lifecycle made a call, and its number there; `None` where the lifecycle has been
    /// told of its end, or the delivery is no call.
    pub async fn call_of(
        &self,
        project: &str,
        delivery: Uuid,
    ) -> Result<Option<(Uuid, u64)>, StoreError> {
        let sql = "SELECT submission, number FROM lifecycle_calls
                   WHERE project = $1 AND delivery = $2";
        let parameters = vec![project.into(), delivery.into()];
        let read = self
            .query(sql.to_owned(), parameters, |row| Ok((row.id(0)?, length(row.integer(1)?)?)));
        Ok(read.await?.pop())
    }
}

pub(super) fn ended_sql() -> String {
    "SELECT c.project, c.submission, c.number, c.delivery, coalesce(d.state, 'cancelled')
     FROM lifecycle_calls c
     LEFT JOIN deliveries d ON d.project = c.project AND d.id = c.delivery
     WHERE c.delivery > $1 AND (d.state IS NULL OR d.state NOT IN ('pending', 'failed'))
     ORDER BY c.delivery LIMIT $2"
        .to_owned()
}
