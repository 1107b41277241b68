//! What lifecycles are still to be told: the order is written with the submission, in its transaction.
//!
//! So no hub that dies between the two leaves a submission behind that its lifecycle never hears of.

use fieldpost_model::ProjectName;
use uuid::Uuid;

use super::{Adopted, WaitingUntold};
use crate::Store;
use crate::error::StoreError;
use crate::replay::STALE;
use crate::statement::{Batch, Parameter, Row, as_integer};
use crate::text::storable;

const COLUMNS: &str = "project, submission, form, version, happening, since";

impl Store {
    /// What lifecycles are still to be told, of all projects, what has waited longest first, behind one that
    /// was read before.
    pub async fn untold(
        &self,
        after: Option<&WaitingUntold>,
        limit: usize,
    ) -> Result<Vec<WaitingUntold>, StoreError> {
        let mut parameters: Vec<Parameter> = vec![as_integer(limit).into()];
        let mut behind = "";
        if let Some(after) = after {
            behind = "WHERE (since, project, submission, version) > ($2, $3, $4, $5)";
            parameters.extend([
                after.since.into(),
                (&*after.project).into(),
                after.submission.into(),
                after.version.into(),
            ]);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM untold {} {behind}
             ORDER BY since, project, submission, version LIMIT $1",
            self.engine.indexed_by(Some("untold_by_since"))
        );
        self.query(sql, parameters, read_untold).await
    }

    /// What the lifecycle of one submission is still to be told, in the order of its versions.
    pub async fn untold_of(
        &self,
        project: &str,
        submission: Uuid,
    ) -> Result<Vec<WaitingUntold>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM untold WHERE project = $1 AND submission = $2 ORDER BY version"
        );
        self.query(sql, vec![project.into(), submission.into()], read_untold).await
    }

    /// Forgets what a lifecycle was to be told: its form has none any more, by the definitions of this version.
    /// Should it have one again, it is found again. `false`: the definitions have changed since, and it stays.
    pub async fn forget_untold(
        &self,
        told: &WaitingUntold,
        configuration_version: i64,
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        self.require_version(&mut batch, &told.project, configuration_version);
        batch.any(
            "DELETE FROM adopted WHERE project = $1 AND form = $2",
            vec![(&*told.project).into(), told.form.as_str().into()],
        );
        batch.any(
            "DELETE FROM untold WHERE project = $1 AND submission = $2 AND version = $3",
            vec![(&*told.project).into(), told.submission.into(), told.version.into()],
        );
        match self.change(batch).await {
            Err(StoreError::Conflict(conflict)) if conflict == STALE => Ok(false),
            forgotten => forgotten.map(|_| true),
        }
    }

    /// Lets a lifecycle be told of the next submissions of its form that were there before it. Those that have
    /// progress, or wait to be told, are left as they are. It goes on where it last came to, by whichever hub, and
    /// remembers in the same transaction how far it has come; what comes while a form has a lifecycle is told with
    /// the submission itself, and passed over here later.
    pub async fn adopt(
        &self,
        project: &ProjectName,
        form: &str,
        happening: &str,
        limit: usize,
    ) -> Result<Adopted, StoreError> {
        let sql = format!(
            "SELECT number FROM submissions {} WHERE project = $1 AND form = $2 AND number > coalesce(
                 (SELECT a.number FROM adopted a WHERE a.project = $1 AND a.form = $2), 0)
             ORDER BY number LIMIT $3",
            self.engine.indexed_by(Some("submissions_by_number"))
        );
        let parameters = vec![(&**project).into(), form.into(), as_integer(limit).into()];
        let numbers = self.query(sql, parameters, |row| row.integer(0)).await?;
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return Ok(Adopted::default());
        };
        let mut batch = Batch::default();
        batch.any(
            format!(
                "INSERT INTO untold (project, submission, version, form, happening, since)
                 SELECT s.project, s.id, s.version, s.form, $5, {} FROM submissions s {}
                 WHERE s.project = $1 AND s.form = $2 AND s.number >= $3 AND s.number <= $4
                 AND NOT EXISTS (SELECT 1 FROM progress p
                     WHERE p.project = s.project AND p.submission = s.id)
                 AND NOT EXISTS (SELECT 1 FROM untold u
                     WHERE u.project = s.project AND u.submission = s.id)
                 ON CONFLICT (project, submission, version) DO NOTHING",
                self.now_sql(),
                self.engine.indexed_by(Some("submissions_by_number"))
            ),
            vec![
                (&**project).into(),
                form.into(),
                (*first).into(),
                (*last).into(),
                storable(happening.to_owned()).into(),
            ],
        );
        batch.any(
            "INSERT INTO adopted (project, form, number) VALUES ($1, $2, $3)
             ON CONFLICT (project, form) DO UPDATE SET number = excluded.number
             WHERE adopted.number < excluded.number",
            vec![(&**project).into(), form.into(), (*last).into()],
        );
        let told = self.change(batch).await?.first().copied().unwrap_or(0);
        Ok(Adopted { told, looked_at: numbers.len() as u64 })
    }
}

fn read_untold(row: &Row<'_>) -> Result<WaitingUntold, StoreError> {
    Ok(WaitingUntold {
        project: row.text(0)?.into(),
        submission: row.id(1)?,
        form: row.text(2)?,
        version: row.integer(3)?,
        happening: row.text(4)?,
        since: row.time(5)?,
    })
}
