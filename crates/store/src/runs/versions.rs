//! Versions: what a workflow was at each time that it was saved.
//!
//! A version is written in the transaction that saves the definition, sealed like it, and never changed. A
//! run executes the text of its version.

use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::keys::WORKFLOW_VERSIONS;
use crate::seal::Sealing;
use crate::statement::{Batch, as_integer};
use crate::text::storable;

/// A version of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowVersion {
    /// The version of the project's definitions that it was saved with.
    pub version: i64,
    /// When it was saved.
    pub saved_at: Timestamp,
}

/// The place that the text of a version is sealed to.
fn place(project: &str, workflow: &str, version: i64) -> String {
    WORKFLOW_VERSIONS.belongs_to(&[project, workflow, &version.to_string()])
}

impl Store {
    /// The versions of a workflow, newest first, from before another one.
    pub async fn workflow_versions(
        &self,
        project: &str,
        workflow: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<WorkflowVersion>, StoreError> {
        let sql = "SELECT version, saved_at FROM workflow_versions
                   WHERE project = $1 AND workflow = $2 AND version < $3
                   ORDER BY version DESC LIMIT $4";
        let parameters = vec![
            project.into(),
            workflow.into(),
            before.unwrap_or(i64::MAX).into(),
            as_integer(limit).into(),
        ];
        self.query(sql.to_owned(), parameters, |row| {
            Ok(WorkflowVersion { version: row.integer(0)?, saved_at: row.time(1)? })
        })
        .await
    }

    /// One version with its text; `None`: there is none of this number.
    pub async fn workflow_version(
        &self,
        project: &str,
        workflow: &str,
        version: i64,
    ) -> Result<Option<(WorkflowVersion, String)>, StoreError> {
        let sql = "SELECT version, saved_at, definition FROM workflow_versions
                   WHERE project = $1 AND workflow = $2 AND version = $3";
        let parameters = vec![project.into(), workflow.into(), version.into()];
        let found = self.query(sql.to_owned(), parameters, |row| {
            let version = WorkflowVersion { version: row.integer(0)?, saved_at: row.time(1)? };
            Ok((version, row.text(2)?))
        });
        let Some((found, sealed)) = found.await?.into_iter().next() else { return Ok(None) };
        let text = self.sealer.open(&place(project, workflow, version), &sealed)?;
        Ok(Some((found, text)))
    }
}

/// Adds the statement that keeps a version.
pub(crate) fn add_version(
    batch: &mut Batch,
    (project, workflow, version): (&str, &str, i64),
    definition: &str,
    now: &str,
    sealing: &Sealing<'_>,
) -> Result<(), StoreError> {
    let text = storable(definition.to_owned());
    let sealed = sealing.seal(&place(project, workflow, version), &text)?;
    batch.any(
        format!(
            "INSERT INTO workflow_versions (project, workflow, version, definition, saved_at)
             VALUES ($1, $2, $3, $4, {now})
             ON CONFLICT (project, workflow, version) DO UPDATE SET definition = excluded.definition"
        ),
        vec![project.into(), workflow.into(), version.into(), sealed.into()],
    );
    Ok(())
}
