//! Erasing what is older than a project wants to keep.
//!
//! Each kind of retention walks along the ids, which are in the order of time, and keeps a cursor:
//! a step looks at the next few messages and never at those behind it. What it finds too early is
//! noted, to be looked at again.
//!
//! What still waits is left: a delivery that is to be sent, a run that is to go on, and a submission whose
//! lifecycle has not come to an end.

use std::time::Duration;

use fieldpost_model::message::MessageState;
use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

mod alone;
mod due;

pub use due::{Due, MOST_DUE_COUNTED};

use crate::erase::{Depth, Erased, KeptBy, WAITING, places, with_ids};
use crate::erase_filed::{TOUCHED_MEANWHILE, add_erase_filed};
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::statement::{Batch, Row, as_integer};
use crate::{Store, runs};

names! {
    /// What a step of retention erases.
    pub enum RetentionKind {
        /// The bytes of old messages.
        Bodies = "bodies",
        /// All but the tombstone of old messages.
        Messages = "messages",
        /// The bytes of messages that have arrived everywhere.
        AfterSuccess = "after-success",
    }
}

/// One step of retention.
#[derive(Clone, Copy, Debug)]
pub struct RetentionStep<'s> {
    /// The project.
    pub project: &'s str,
    /// What is erased.
    pub kind: RetentionKind,
    /// What is older than this is erased.
    pub cutoff: Timestamp,
    /// The present.
    pub now: Timestamp,
    /// How soon what was looked at too early is looked at again; the older it is, the later.
    pub again: Duration,
    /// At most so many messages.
    pub limit: usize,
}

/// What a step of retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Messages that were looked at; fewer than the limit means that no more are due now.
    pub looked_at: usize,
    /// What was erased.
    pub erased: Erased,
}

/// The text of the conflict of two hubs that look at the same messages.
const MOVED: &str = "another hub has looked at these messages";

/// The states of a delivery that has not done what it was for.
const UNSUCCESSFUL: &str = "d.state NOT IN ('succeeded', 'superseded')";

/// The states of a run that has not done what it was for.
const UNSUCCESSFUL_RUN: &str = "r.state <> 'success'";

/// The submissions of the message `m` that are under way: somebody has still to act on what they say.
const UNDER_WAY: &str = "FROM submission_versions v CROSS JOIN progress t
     WHERE v.project = m.project AND v.message = m.id AND t.project = v.project
     AND t.submission = v.submission AND (t.standing = 'pending' OR t.status IS NULL)";
/// Those with calls that are out.
const CALLING: &str = "FROM submission_versions v CROSS JOIN lifecycle_calls c
     WHERE v.project = m.project AND v.message = m.id AND c.project = v.project
     AND c.submission = v.submission";
/// Those whose lifecycles are still to be told of them.
const UNTOLD: &str = "FROM submission_versions v CROSS JOIN untold u
     WHERE v.project = m.project AND v.message = m.id AND u.project = v.project
     AND u.submission = v.submission AND u.version = v.version";

/// What waits is looked at again after this part of its age,
const AGE_PART: u32 = 4;
/// but after this time at the latest;
const WAITING_AGAIN: Duration = Duration::from_hours(1);
/// and after this, where everything has ended: then it takes a person for anything to change.
const ENDED_AGAIN: Duration = Duration::from_hours(24);

/// What decides whether a message is erased.
#[derive(Clone, Copy, Debug)]
struct Facts {
    id: Uuid,
    received_at: Timestamp,
    state: MessageState,
    is_erased: bool,
    deliveries: i64,
    waiting: i64,
    unsuccessful: i64,
    last_attempt_at: Option<i64>,
    original_is_erased: bool,
}

/// What is to become of a message that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Erase,
    LookAgain,
    Leave,
}

impl Facts {
    fn fate(&self, kind: RetentionKind, cutoff: Timestamp) -> Fate {
        match kind {
            RetentionKind::Bodies if self.is_erased => Fate::Leave,
            RetentionKind::Bodies | RetentionKind::Messages if self.waiting > 0 => Fate::LookAgain,
            RetentionKind::Bodies | RetentionKind::Messages => Fate::Erase,
            RetentionKind::AfterSuccess => self.fate_after_success(cutoff),
        }
    }

    /// When to look at it again.
    fn look_at(&self, now: Timestamp, soonest: Duration) -> Timestamp {
        let is_stuck = self.waiting == 0 && self.unsuccessful > 0;
        let latest = if is_stuck { ENDED_AGAIN } else { WAITING_AGAIN };
        let pause = (now.since(self.received_at) / AGE_PART).min(latest);
        now + pause.max(soonest)
    }

    fn fate_after_success(&self, cutoff: Timestamp) -> Fate {
        if self.is_erased {
            return Fate::Leave;
        }
        if self.state == MessageState::Duplicate {
            // It holds the same content, and goes with the one that was delivered.
            return if self.original_is_erased { Fate::Erase } else { Fate::LookAgain };
        }
        if self.deliveries == 0 {
            return Fate::Leave;
        }
        let is_old_enough = self.last_attempt_at.is_none_or(|at| at <= cutoff.0);
        let has_ended = self.unsuccessful == 0 && self.waiting == 0;
        if has_ended && is_old_enough { Fate::Erase } else { Fate::LookAgain }
    }
}

impl RetentionKind {
    pub(crate) const fn depth(self) -> Depth {
        match self {
            Self::Bodies | Self::AfterSuccess => Depth::Bytes,
            Self::Messages => Depth::Tombstone,
        }
    }

    /// What keeps a message from being erased.
    const fn kept_by(self) -> KeptBy {
        match self {
            Self::Bodies | Self::Messages => KeptBy::WHAT_WAITS,
            Self::AfterSuccess => KeptBy { deliveries: UNSUCCESSFUL, runs: UNSUCCESSFUL_RUN },
        }
    }
}

impl Store {
    /// Looks at the next messages that have come of age since the last step.
    pub async fn retain_next(&self, step: RetentionStep<'_>) -> Result<Retained, StoreError> {
        let RetentionStep { project, kind, cutoff, limit, .. } = step;
        let cursor = self.retention_cursor(project, kind).await?;
        let ids = self
            .query(
                "SELECT id FROM messages WHERE project = $1 AND id > $2 AND id < $3
                 ORDER BY id LIMIT $4"
                    .to_owned(),
                vec![
                    project.into(),
                    cursor.into(),
                    first_id_at(cutoff).into(),
                    as_integer(limit).into(),
                ],
                |row| row.id(0),
            )
            .await?;
        let Some(last) = ids.last() else { return Ok(Retained::default()) };
        let mut batch = Batch::default();
        batch.one(
            MOVED,
            "INSERT INTO retention_cursors (project, kind, cursor) VALUES ($1, $2, $3)
             ON CONFLICT (project, kind) DO UPDATE SET cursor = excluded.cursor
             WHERE retention_cursors.cursor = $4",
            vec![project.into(), kind.name().into(), (*last).into(), cursor.into()],
        );
        self.retain(step, &ids, batch).await
    }

    /// How far the walk of one kind of retention has come.
    async fn retention_cursor(
        &self,
        project: &str,
        kind: RetentionKind,
    ) -> Result<Uuid, StoreError> {
        let cursors = self
            .query(
                "SELECT cursor FROM retention_cursors WHERE project = $1 AND kind = $2".to_owned(),
                vec![project.into(), kind.name().into()],
                |row| row.id(0),
            )
            .await?;
        Ok(cursors.first().copied().unwrap_or_default())
    }

    /// Looks again at messages that were looked at too early.
    pub async fn retain_again(&self, step: RetentionStep<'_>) -> Result<Retained, StoreError> {
        let ids = self
            .query(
                "SELECT message FROM retention_later
                 WHERE project = $1 AND kind = $2 AND look_at <= $3 ORDER BY look_at LIMIT $4"
                    .to_owned(),
                vec![
                    step.project.into(),
                    step.kind.name().into(),
                    step.now.into(),
                    as_integer(step.limit).into(),
                ],
                |row| row.id(0),
            )
            .await?;
        self.retain(step, &ids, Batch::default()).await
    }

    /// Looks at the messages of deliveries that have just succeeded.
    pub async fn retain_delivered(
        &self,
        step: RetentionStep<'_>,
        deliveries: &[Uuid],
    ) -> Result<Retained, StoreError> {
        let ids = self
            .query(
                format!(
                    "SELECT DISTINCT payload_id FROM deliveries WHERE project = $1 AND id IN ({})",
                    places(2, deliveries.len())
                ),
                with_ids(vec![step.project.into()], deliveries),
                |row| row.id(0),
            )
            .await?;
        self.retain(step, &ids, Batch::default()).await
    }

    /// Erases what is due among these messages, and notes what is to be looked at again.
    async fn retain(
        &self,
        step: RetentionStep<'_>,
        ids: &[Uuid],
        mut batch: Batch,
    ) -> Result<Retained, StoreError> {
        let RetentionStep { project, kind, cutoff, now, again, .. } = step;
        if ids.is_empty() {
            return Ok(Retained::default());
        }
        let facts = self.retention_facts(project, ids).await?;
        let fated = |fate: Fate| facts.iter().filter(move |it| it.fate(kind, cutoff) == fate);
        // What is erased is only erased if that still fits; else it is looked at once more.
        let erase: Vec<Uuid> = fated(Fate::Erase).map(|facts| facts.id).collect();
        batch.any(
            format!(
                "DELETE FROM retention_later WHERE project = $1 AND kind = $2 AND message IN ({})",
                places(3, ids.len())
            ),
            with_ids(vec![project.into(), kind.name().into()], ids),
        );
        for facts in fated(Fate::LookAgain) {
            batch.any(
                "INSERT INTO retention_later (project, kind, message, look_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (project, kind, message) DO NOTHING",
                vec![
                    project.into(),
                    kind.name().into(),
                    facts.id.into(),
                    facts.look_at(now, again).into(),
                ],
            );
        }
        let filed = self.filed_by(project, &erase, kind.depth()).await?;
        self.lock_filed(&mut batch, project, &filed);
        let plan = self.add_erase(&mut batch, project, &erase, kind.depth(), kind.kept_by(), now);
        add_erase_filed(self, &mut batch, project, &erase, &filed, now);
        add_look_again(&mut batch, step, &erase);
        match self.change(batch).await {
            Ok(counts) => Ok(Retained { looked_at: ids.len(), erased: plan.erased(&counts) }),
            // Nothing was done, not even the cursor was moved: the next round finds them again.
            Err(StoreError::Conflict(conflict))
                if conflict == MOVED || conflict == TOUCHED_MEANWHILE =>
            {
                Ok(Retained::default())
            }
            Err(error) => Err(error),
        }
    }

    async fn retention_facts(&self, project: &str, ids: &[Uuid]) -> Result<Vec<Facts>, StoreError> {
        // CROSS JOIN keeps the order of a join on SQLite: the few deliveries first.
        let of_message = "FROM deliveries d WHERE d.project = m.project AND d.payload_id = m.id";
        let by_message = self.engine.indexed_by(Some(runs::erase::BY_MESSAGE));
        let run =
            format!("FROM runs r {by_message} WHERE r.project = m.project AND r.message = m.id");
        let run_waits = runs::erase::WAITING;
        let sql = format!(
            "SELECT m.id, m.state, m.erased_at,
                 (SELECT count(*) {of_message}) + (SELECT count(*) {run}),
                 (SELECT count(*) {of_message} AND {WAITING})
                     + (SELECT count(*) {run} AND {run_waits})
                     + (SELECT count(*) {UNDER_WAY}) + (SELECT count(*) {CALLING})
                     + (SELECT count(*) {UNTOLD}),
                 (SELECT count(*) {of_message} AND {UNSUCCESSFUL})
                     + (SELECT count(*) {run} AND {UNSUCCESSFUL_RUN}),
                 (SELECT max(a.started_at + a.duration) FROM deliveries d CROSS JOIN attempts a
                     WHERE d.project = m.project AND d.payload_id = m.id
                     AND a.project = d.project AND a.delivery = d.id),
                 (SELECT o.erased_at FROM messages o
                     WHERE o.project = m.project AND o.id = m.duplicate_of), m.received_at,
                 (SELECT max(r.finished_at) {run})
             FROM messages m WHERE m.project = $1 AND m.id IN ({})",
            places(2, ids.len())
        );
        self.query(sql, with_ids(vec![project.into()], ids), read_facts).await
    }

    /// Deletes attempts that began before `cutoff`, of the next deliveries after a cursor. The
    /// answer is how many, and the cursor for the next step; `None`: these were the last.
    ///
    /// Of what lies before the cursor only younger attempts are left, so that a walk from the
    /// beginning costs little.
    pub async fn prune_attempts(
        &self,
        project: &str,
        cutoff: Timestamp,
        after: Uuid,
        limit: usize,
    ) -> Result<(u64, Option<Uuid>), StoreError> {
        let found = self
            .query(
                "SELECT DISTINCT delivery FROM attempts
                 WHERE project = $1 AND delivery > $2 AND delivery < $3 AND started_at < $4
                 ORDER BY delivery LIMIT $5"
                    .to_owned(),
                vec![
                    project.into(),
                    after.into(),
                    first_id_at(cutoff).into(),
                    cutoff.into(),
                    as_integer(limit).into(),
                ],
                |row| row.id(0),
            )
            .await?;
        let Some(last) = found.last() else { return Ok((0, None)) };
        let mut batch = Batch::default();
        batch.any(
            format!(
                "DELETE FROM attempts
                 WHERE project = $1 AND started_at < $2 AND delivery IN ({})",
                places(3, found.len())
            ),
            with_ids(vec![project.into(), cutoff.into()], &found),
        );
        let deleted = self.change(batch).await?.first().copied().unwrap_or(0);
        Ok((deleted, (found.len() == limit).then_some(*last)))
    }
}

/// What was to be erased and began to wait at the last moment is looked at again.
fn add_look_again(batch: &mut Batch, step: RetentionStep<'_>, ids: &[Uuid]) {
    if ids.is_empty() {
        return;
    }
    let look_at = step.now + step.again;
    batch.any(
        format!(
            "INSERT INTO retention_later (project, kind, message, look_at)
             SELECT project, $2, id, $3 FROM messages
             WHERE project = $1 AND id IN ({}) AND erased_at IS NULL
             ON CONFLICT (project, kind, message) DO NOTHING",
            places(4, ids.len())
        ),
        with_ids(vec![step.project.into(), step.kind.name().into(), look_at.into()], ids),
    );
}

fn read_facts(row: &Row<'_>) -> Result<Facts, StoreError> {
    Ok(Facts {
        id: row.id(0)?,
        state: row.named(1, MessageState::from_name)?,
        is_erased: row.optional_integer(2)?.is_some(),
        deliveries: row.integer(3)?,
        waiting: row.integer(4)?,
        unsuccessful: row.integer(5)?,
        last_attempt_at: row.optional_integer(6)?.max(row.optional_integer(9)?),
        original_is_erased: row.optional_integer(7)?.is_some(),
        received_at: row.time(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[track_caller]
    fn check(age: Duration, waiting: i64, expected: Duration) {
        let received_at = Timestamp(1_000_000_000);
        let now = received_at + age;
        let facts = Facts {
            id: Uuid::nil(),
            received_at,
            state: MessageState::Kept,
            is_erased: false,
            deliveries: 1,
            waiting,
            unsuccessful: 1,
            last_attempt_at: None,
            original_is_erased: false,
        };
        assert_eq!(facts.look_at(now, MINUTE).since(now), expected, "{age:?}");
    }

    #[test]
    fn what_is_older_is_looked_at_less_often() {
        check(Duration::ZERO, 1, MINUTE);
        check(4 * MINUTE, 1, MINUTE);
        check(40 * MINUTE, 1, 10 * MINUTE);
        check(Duration::from_hours(100), 1, WAITING_AGAIN);
        check(Duration::from_hours(40), 0, Duration::from_hours(10));
        check(Duration::from_hours(1_000), 0, ENDED_AGAIN);
    }
}
