//! Erasing what lifecycles have made of submissions.
//!
//! With the answers goes what happened: it tells of the same people. Where a submission is, and its number,
//! stay, so that lists and counts stay right. With the submission everything goes.

use fieldpost_model::delivery::Delivery;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::changes::ChangeKind;
use crate::deliveries::{self, read_delivery};
use crate::erase::{
    Depth, KeptBy, WAITING, attempts_without_bytes, places, with_ids, without_attempts,
    without_last_error, without_subject, without_words,
};
use crate::erase_filed::add_erase_filed;
use crate::erasures::MOST_REDOS;
use crate::error::StoreError;
use crate::runs;
use crate::statement::{Batch, Parameter};
use crate::tellings::BY_PAYLOAD;

/// The text of the conflict that the removal of a draft runs into which somebody has gone on with.
const NOT_LEFT: &str = "somebody has gone on with the draft";

/// The tables that hold what lifecycles make of a submission, and what it is called there.
const TABLES: [(&str, &str); 7] = [
    ("progress_bodies", "submission"),
    ("progress_files", "submission"),
    ("untold", "submission"),
    ("lifecycle_problems", "submission"),
    ("call_ends", "submission"),
    ("lifecycle_calls", "submission"),
    ("progress", "submission"),
];

/// What a submission is made of beside what lifecycles make of it, its own row last.
const SUBMISSION_TABLES: [(&str, &str); 6] = [
    ("field_values", "submission"),
    ("instances", "submission"),
    ("submission_files", "submission"),
    ("submission_originals", "submission"),
    ("submission_versions", "submission"),
    ("submissions", "id"),
];

/// Adds the statements that erase all that lifecycles have made of these submissions which are no longer
/// there. `listed` names the submissions, the parameters from `$2` on.
pub(crate) fn add_erase_progress(batch: &mut Batch, listed: &str, parameters: &[Parameter]) {
    for (table, column) in TABLES {
        batch.any(
            format!(
                "DELETE FROM {table} WHERE project = $1 AND {column} IN ({listed})
                 AND NOT EXISTS (SELECT 1 FROM submissions s
                     WHERE s.project = $1 AND s.id = {table}.{column})"
            ),
            parameters.to_vec(),
        );
    }
    // What only their calls and events carried goes with them; what waits is given up.
    let carried = format!(
        "SELECT p.id FROM payloads p WHERE p.project = $1 AND p.message IS NULL
         AND p.submission IS NOT NULL AND p.submission IN ({listed})
         AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.project = $1 AND s.id = p.submission)"
    );
    let theirs = format!(
        "SELECT d.id FROM deliveries d WHERE d.project = $1 AND d.payload_id IN ({carried})"
    );
    let mut add = |sql: String| batch.any(sql, parameters.to_vec());
    add(format!(
        "UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL
         WHERE project = $1 AND id IN ({theirs}) AND state IN ('pending', 'failed')"
    ));
    add(format!("DELETE FROM queue WHERE project = $1 AND delivery IN ({theirs})"));
    add(without_attempts(&theirs));
    add(without_words(&format!("last_delivery IN ({theirs})")));
    add(without_words(&format!(
        "last_submission IS NOT NULL AND last_submission IN ({listed})
         AND NOT EXISTS (SELECT 1 FROM submissions s
             WHERE s.project = $1 AND s.id = incidents.last_submission)"
    )));
    add(without_subject(&theirs));
    add(format!("DELETE FROM payloads WHERE project = $1 AND id IN ({carried})"));
    add(format!(
        "DELETE FROM notices WHERE project = $1 AND submission IS NOT NULL
         AND submission IN ({listed}) AND NOT EXISTS (SELECT 1 FROM submissions s
             WHERE s.project = $1 AND s.id = notices.submission)"
    ));
}

/// Adds the statements that erase what happened to these submissions, of which the newest answers are gone.
pub(crate) fn add_erase_happened(batch: &mut Batch, listed: &str, parameters: &[Parameter]) {
    let without_answers = |id: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM submissions s
                 JOIN submission_versions v ON v.project = s.project AND v.submission = s.id
                     AND v.version = s.version
                 WHERE s.project = $1 AND s.id = {id} AND v.answers IS NOT NULL)"
        )
    };
    for table in ["progress_bodies", "progress_files", "lifecycle_problems", "call_ends"] {
        batch.any(
            format!(
                "DELETE FROM {table} WHERE project = $1 AND submission IN ({listed}) AND {}",
                without_answers(&format!("{table}.submission"))
            ),
            parameters.to_vec(),
        );
    }
    batch.any(
        without_words(&format!(
            "last_submission IS NOT NULL AND last_submission IN ({listed}) AND {}",
            without_answers("incidents.last_submission")
        )),
        parameters.to_vec(),
    );
    batch.any(
        format!(
            "DELETE FROM notices WHERE project = $1 AND submission IS NOT NULL
             AND submission IN ({listed}) AND state <> 'pending' AND {}",
            without_answers("notices.submission")
        ),
        parameters.to_vec(),
    );
    batch.any(
        format!(
            "UPDATE progress SET digest = NULL, user_number = NULL, agent_number = NULL,
                 latitude = NULL, longitude = NULL, due_at = NULL, revision = revision + 1
             WHERE project = $1 AND submission IN ({listed}) AND {}",
            without_answers("progress.submission")
        ),
        parameters.to_vec(),
    );
}

impl Store {
    /// Adds the statements that erase what calls and events of a submission carried and sent, all but what
    /// still waits, and what was told of those that failed. A step adds them after the ends that it notes.
    pub(super) fn add_erase_carried(
        &self,
        batch: &mut Batch,
        project: &str,
        submission: Uuid,
        now: Timestamp,
    ) {
        batch.any(
            format!(
                "UPDATE payloads SET facts = '', content_type = NULL, original = NULL
                 WHERE project = $1 AND submission = $2 AND message IS NULL
                 AND submission IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM deliveries d WHERE d.project = payloads.project
                     AND d.payload_id = payloads.id AND {WAITING})
                 AND NOT EXISTS (SELECT 1 FROM runs r {} WHERE r.project = payloads.project
                     AND r.payload = payloads.id AND r.message IS NULL AND {})",
                self.engine.indexed_by(Some("runs_by_payload")),
                runs::erase::WAITING
            ),
            vec![project.into(), submission.into()],
        );
        let theirs = "SELECT d.id FROM payloads p JOIN deliveries d
                 ON d.project = p.project AND d.payload_id = p.id
             WHERE p.project = $1 AND p.submission = $2 AND p.message IS NULL
             AND p.submission IS NOT NULL AND p.facts = ''";
        batch.any(
            attempts_without_bytes("$3", theirs),
            vec![project.into(), submission.into(), now.into()],
        );
        batch.any(without_last_error(theirs), vec![project.into(), submission.into()]);
        // That they failed stays to be told, without the words: before the incidents, as whoever watches does.
        batch.any(
            "UPDATE call_ends SET error = NULL, url = NULL, key = NULL
             WHERE project = $1 AND submission = $2",
            vec![project.into(), submission.into()],
        );
        batch.any(
            without_words("last_submission IS NOT NULL AND last_submission = $2"),
            vec![project.into(), submission.into()],
        );
        batch.any(
            "DELETE FROM notices WHERE project = $1 AND submission = $2
             AND submission IS NOT NULL AND state <> 'pending'",
            vec![project.into(), submission.into()],
        );
    }

    /// The calls and events of lifecycles that wait, or hold others, and are about these submissions.
    pub(crate) async fn waiting_of_lifecycles(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!(
            "SELECT {} FROM deliveries WHERE project = $1 AND id IN (
                 SELECT d.id FROM payloads p CROSS JOIN deliveries d {}
                 WHERE p.project = $1 AND p.message IS NULL AND p.submission IS NOT NULL
                 AND p.submission IN ({}) AND d.project = p.project AND d.payload_id = p.id
                 AND {WAITING})",
            deliveries::COLUMNS,
            self.engine.indexed_by(Some(BY_PAYLOAD)),
            places(2, submissions.len())
        );
        self.query(sql, with_ids(vec![project.into()], submissions), read_delivery).await
    }

    /// Removes a submission with all that is known of it, and leaves a tombstone in the feed of changes.
    /// `false`: there is none.
    ///
    /// The messages that brought it are erased to their tombstones; but those of which something still waits
    /// keep their bytes until it is sent, and then go by retention. Its own calls that wait are given up.
    pub async fn remove_submission(
        &self,
        project: &str,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.remove_if(project, submission, None, now).await
    }

    /// Removes a draft that nobody has changed since before a moment, as [`Self::remove_submission`] does.
    /// `false`: there is none, or it was changed or sent meanwhile; then it stays.
    pub async fn remove_draft(
        &self,
        project: &str,
        submission: Uuid,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.remove_if(project, submission, Some(before), now).await {
            Err(StoreError::Conflict(conflict)) if conflict == NOT_LEFT => Ok(false),
            removed => removed,
        }
    }

    /// Removes a submission; where a moment is named, only if it is a draft that was left before that.
    async fn remove_if(
        &self,
        project: &str,
        submission: Uuid,
        left_before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..=MOST_REDOS {
            let told = self.erased_of(project, &[submission]).await?;
            let messages = self.messages_of(project, &[submission]).await?;
            let filed = self.filed_as(project, vec![submission], Depth::Tombstone).await?;
            let waiting = self.waiting_of_lifecycles(project, &[submission]).await?;
            let mut batch = Batch::default();
            self.lock_filed(&mut batch, project, &filed);
            if let Some(before) = left_before {
                // What was sent is told to the lifecycle later than it is kept: until then it looks like a draft.
                batch.one(
                    NOT_LEFT,
                    "UPDATE progress SET revision = revision
                     WHERE project = $1 AND submission = $2 AND status IS NULL AND updated_at < $3
                     AND NOT EXISTS (SELECT 1 FROM untold u WHERE u.project = $1
                         AND u.submission = $2)",
                    vec![project.into(), submission.into(), before.into()],
                );
            }
            for delivery in &waiting {
                self.let_next_go(&mut batch, project, delivery.id);
            }
            let kept_by = KeptBy::WHAT_WAITS;
            self.add_erase(&mut batch, project, &messages, Depth::Tombstone, kept_by, now);
            let found = batch.0.len();
            let parameters = || with_ids(vec![project.into()], &[submission]);
            batch.any(
                "UPDATE submissions SET version = version WHERE project = $1 AND id = $2",
                parameters(),
            );
            if !messages.is_empty() {
                add_erase_filed(self, &mut batch, project, &messages, &filed, now);
            }
            // What something still waits of is left by these: it goes all the same.
            let this = "project = $1 AND id = $2";
            self.add_tombstones(&mut batch, ChangeKind::Submission, this, parameters(), now);
            for (table, column) in SUBMISSION_TABLES {
                let sql = format!("DELETE FROM {table} WHERE project = $1 AND {column} = $2");
                batch.any(sql, parameters());
            }
            add_erase_progress(&mut batch, "$2", &parameters());
            match self.change(batch).await {
                Err(StoreError::Conflict(conflict))
                    if conflict == crate::erase_filed::TOUCHED_MEANWHILE => {}
                end => {
                    let is_gone = end?.get(found).is_some_and(|found| *found > 0);
                    self.tell_all(told);
                    for delivery in &waiting {
                        self.told_cancelled(project, delivery);
                    }
                    return Ok(is_gone);
                }
            }
        }
        Err(StoreError::Busy)
    }

    /// The drafts of a form that nobody has changed since before a moment, the oldest first. What its lifecycle is
    /// still to be told of may have been sent, and is left out.
    pub async fn drafts_before(
        &self,
        project: &str,
        form: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let sql = format!(
            "SELECT p.submission FROM progress p {}
             WHERE p.project = $1 AND p.form = $2 AND p.status IS NULL AND p.updated_at < $3
             AND NOT EXISTS (SELECT 1 FROM untold u
                 WHERE u.project = p.project AND u.submission = p.submission)
             ORDER BY p.updated_at, p.number LIMIT $4",
            self.engine.indexed_by(Some("progress_drafts"))
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters = vec![project.into(), form.into(), before.into(), limit.into()];
        self.query(sql, parameters, |row| row.id(0)).await
    }
}
