//! Reading progress: one, or those of a page.

use std::collections::HashMap;

use fieldpost_model::ProjectName;
use fieldpost_model::progress::{Channel, Origin, Parent, Progress};
use fieldpost_model::submission::Position;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::list::{COLUMNS, ListedProgress, read_listed};
use super::{ProgressKey, StoredProgress, codec};
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::statement::{Parameter, Row, as_integer};
use crate::text::storable_key;
use crate::{Engine, Store};

/// Ids that one query looks for.
const AT_ONCE: usize = 200;
/// How many columns stand before those that only these queries read.
const LISTED: usize = 21;

impl Store {
    /// The progress of a submission; `None` where it has none.
    pub async fn progress(
        &self,
        project: &str,
        key: ProgressKey<'_>,
    ) -> Result<Option<StoredProgress>, StoreError> {
        let mut parameters: Vec<Parameter> = vec![project.into()];
        let (condition, index) = match key {
            ProgressKey::Submission(id) => {
                parameters.push(id.into());
                ("p.submission = $2", None)
            }
            ProgressKey::Number { form, number } => {
                parameters.extend([form.into(), as_integer(number).into()]);
                (BY_NUMBER, Some("progress_by_form_number"))
            }
            ProgressKey::NaturalId { form, id } => {
                parameters.extend([form.into(), storable_key(id.to_owned()).into()]);
                (BY_NATURAL_ID, Some("progress_by_natural_id"))
            }
            ProgressKey::Uuid(uuid) => {
                parameters.push(uuid.into());
                (BY_UUID, Some("progress_by_uuid"))
            }
            ProgressKey::TrackingCode(code) => {
                parameters.push(folded_code(code).into());
                (BY_TRACKING_CODE, Some("progress_by_tracking_code"))
            }
        };
        let sql = format!("{} AND {condition} LIMIT 1", select(&self.engine, index));
        Ok(self.query(sql, parameters, read_stored).await?.pop())
    }

    /// The progress of submissions, by submission; those that have none are left out. Whoever asks minds how
    /// much that is.
    pub async fn progresses(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<HashMap<Uuid, StoredProgress>, StoreError> {
        let mut found = HashMap::new();
        for ids in submissions.chunks(AT_ONCE) {
            let sql = format!(
                "{} AND p.submission IN ({})",
                select(&self.engine, None),
                places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            let page = self.query(sql, parameters, read_stored).await?;
            found.extend(page.into_iter().map(|stored| (stored.submission, stored)));
        }
        Ok(found)
    }

    /// The submissions that go on by themselves by now, of all projects: what has waited longest comes first.
    pub async fn due_progress(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ProjectName, Uuid)>, StoreError> {
        let sql = format!(
            "SELECT project, submission FROM progress {} WHERE due_at IS NOT NULL AND due_at <= $1
             ORDER BY due_at, project, submission LIMIT $2",
            self.engine.indexed_by(Some("progress_due"))
        );
        let parameters = vec![now.into(), as_integer(limit).into()];
        self.query(sql, parameters, |row| Ok((row.text(0)?.into(), row.id(1)?))).await
    }

    /// Lets a submission that is due wait until later, without a step: one that cannot be taken along now
    /// must not stand in the way of others. A step that is kept meanwhile says itself when it is due.
    pub async fn put_off(
        &self,
        project: &str,
        stored: (Uuid, i64),
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let (submission, revision) = stored;
        let mut batch = crate::statement::Batch::default();
        batch.any(
            "UPDATE progress SET due_at = $4
             WHERE project = $1 AND submission = $2 AND revision = $3 AND due_at IS NOT NULL",
            vec![project.into(), submission.into(), revision.into(), until.into()],
        );
        self.change(batch).await.map(drop)
    }
}

/// A tracking code as it is looked for: it counts the same in capitals or not.
pub(super) fn folded_code(code: &str) -> String {
    storable_key(code.to_ascii_uppercase())
}

/// What progress is looked up by, but for the submission itself.
pub(super) const BY_NUMBER: &str = "p.form = $2 AND p.number = $3";
pub(super) const BY_NATURAL_ID: &str = "p.form = $2 AND p.natural_id = $3";
pub(super) const BY_UUID: &str = "p.uuid = $2";
pub(super) const BY_TRACKING_CODE: &str = "p.tracking_code = $2";

/// The query of all progress of the project `$1`, found by this index.
pub(super) fn select(engine: &Engine, index: Option<&str>) -> String {
    format!(
        "SELECT {COLUMNS}, p.arrived_at, p.channel, p.parent_form, p.parent_number, p.tracking_code,
             p.due_at, s.version, s.indexed_at, b.body,
             CAST(CASE WHEN EXISTS (SELECT 1 FROM untold u WHERE u.project = p.project
                 AND u.submission = p.submission) THEN 1 ELSE 0 END AS BIGINT)
         FROM progress p {}
         JOIN submissions s ON s.project = p.project AND s.id = p.submission
         LEFT JOIN progress_bodies b ON b.project = p.project AND b.submission = p.submission
         WHERE p.project = $1",
        engine.indexed_by(index)
    )
}

fn read_stored(row: &Row<'_>) -> Result<StoredProgress, StoreError> {
    let listed = read_listed(row)?;
    let body = row.optional_text(LISTED + 8)?;
    let progress = match &body {
        Some(body) => codec::read(body)?,
        None => remainder(&listed, row)?,
    };
    Ok(StoredProgress {
        submission: listed.submission,
        form: listed.form,
        revision: listed.revision,
        version: row.integer(LISTED + 6)?,
        place: row.integer(LISTED + 7)?,
        progress,
        is_erased: body.is_none(),
        due_at: row.optional_time(LISTED + 5)?,
        is_behind: row.count(LISTED + 9)? > 0,
    })
}

/// What the columns tell of progress whose content was erased.
fn remainder(listed: &ListedProgress, row: &Row<'_>) -> Result<Progress, StoreError> {
    let parent = match (row.optional_text(LISTED + 2)?, row.optional_integer(LISTED + 3)?) {
        (Some(form), Some(number)) => Some(Parent { form, number: number.unsigned_abs() }),
        _ => None,
    };
    let channel = row.named(LISTED + 1, Channel::from_name)?;
    Ok(Progress {
        natural_id: listed.natural_id.clone(),
        display_id: listed.display_id.clone(),
        status: listed.status.clone(),
        updated_at: listed.updated_at,
        arrived_at: row.time(LISTED)?,
        criticality: listed.criticality,
        tracking_code: row.optional_text(LISTED + 4)?,
        origin: Origin { channel, parent, ..Origin::default() },
        anonymised_at: listed.anonymised_at,
        digest: listed.digest.clone(),
        geolocation: listed.position.map(|(latitude, longitude)| Position {
            longitude: longitude.to_string(),
            latitude: latitude.to_string(),
            altitude: None,
            accuracy: None,
        }),
        ..Progress::draft(listed.uuid, listed.number, listed.received_at)
    })
}
