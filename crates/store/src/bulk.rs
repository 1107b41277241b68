//! Actions over many deliveries or messages.
//!
//! An action is a row: what is to be done, how far it has come, and who is at it. It is worked off
//! in small steps, oldest first. A step is one transaction: what is done to the deliveries and how
//! far the action has come are committed together, so that whoever goes on after a crash neither
//! leaves anything out nor does anything twice. Whoever is at it holds a lease; each step checks and
//! renews it, and with a lease that is lost, or an action that was stopped meanwhile, a step writes
//! nothing at all.
//!
//! An action concerns what was there when it began: what is older than its own id. So a resend never
//! meets its own copies.

use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::erase::ERASED;
use crate::error::StoreError;
use crate::records::{Page, Replay, Replayed, Signal};
use crate::replay::STALE;
use crate::statement::{Batch, Conditions, Row, as_integer, length};
use crate::text::storable;

names! {
    /// What an action does to each.
    pub enum BulkKind {
        /// Makes waiting deliveries due now.
        Retry = "retry",
        /// Ends waiting deliveries.
        Cancel = "cancel",
        /// Lets final deliveries wait again.
        Requeue = "requeue",
        /// Sends the payloads of deliveries again, as new deliveries.
        Resend = "resend",
        /// Matches messages again, for one forwarder.
        Replay = "replay",
        /// Begins ended runs again.
        RetryRuns = "retry-runs",
        /// Ends runs.
        CancelRuns = "cancel-runs",
    }
}

names! {
    /// Where an action stands.
    pub enum BulkState {
        /// It is being worked off.
        Running = "running",
        /// A person has stopped it; what was done stays done.
        Stopped = "stopped",
        /// All was looked at.
        Done = "done",
        /// It cannot go on.
        Failed = "failed",
    }
}

/// An action over many deliveries or messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkAction {
    /// The project.
    pub project: ProjectName,
    /// Its id, UUIDv7: it concerns what has a smaller one.
    pub id: Uuid,
    /// What it does.
    pub action: BulkKind,
    /// To which deliveries or messages, as JSON text.
    pub filter: String,
    /// For which forwarder messages are matched again.
    pub forwarder: Option<String>,
    /// How many deliveries a replay makes in a second at most; 0 is no bound.
    pub rate: u32,
    /// Where it stands.
    pub state: BulkState,
    /// How many it would touch, counted when it began. For a replay: messages to be looked at.
    pub matched: u64,
    /// The last delivery or message that was dealt with.
    pub cursor: Option<Uuid>,
    /// How many were touched so far.
    pub touched: u64,
    /// How many were passed over: their state did not allow the action, or they were being sent.
    pub passed_over: u64,
    /// Who asked for it.
    pub started_by: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it cannot go on.
    pub last_error: Option<String>,
    /// Why it was asked for, in the words of whoever did.
    pub reason: Option<String>,
}

/// An action that this process is at.
#[derive(Clone, Debug)]
pub struct HeldAction {
    /// The action, as it was when it was taken.
    pub action: BulkAction,
    fence: i64,
    lease: Duration,
}

/// What is done to one delivery.
#[derive(Clone, Debug)]
pub enum BulkChange {
    /// It is due now.
    Retry,
    /// It ends, by this action.
    Cancel,
    /// It waits again.
    Requeue {
        /// The connection that it goes to today.
        connection: String,
        /// Whether its forwarder is paused.
        parked: bool,
    },
    /// A new delivery of its payload is made.
    Resend {
        /// The new one's id.
        new: Uuid,
        /// The connection that it goes to today.
        connection: String,
        /// Whether its forwarder is paused.
        parked: bool,
    },
    /// Nothing: its state does not allow the action.
    PassOver,
}

/// The text of the conflict that a step runs into whose action is somebody else's, or has ended.
pub(crate) const NOT_OURS: &str = "the action has been stopped, or another hub has taken it over";

const COLUMNS: &str = "project, id, action, filter, forwarder, rate, state, matched, cursor, \
                       touched, passed_over, started_by, created_at, finished_at, last_error, reason";

/// What a delivery says that was cancelled by an action.
pub(crate) fn cancelled_by(action: Uuid) -> String {
    format!("cancelled by the action {action}")
}

impl Store {
    /// Keeps an action, to be worked off by whichever hub takes it first.
    pub async fn start_bulk(&self, action: &BulkAction) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "INSERT INTO bulk_actions (project, id, action, filter, forwarder, rate, state, matched,
                 touched, passed_over, started_by, created_at, reason, lease_until, fence)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, 0, 0)",
            vec![
                (&*action.project).into(),
                action.id.into(),
                action.action.name().into(),
                action.filter.as_str().into(),
                action.forwarder.clone().into(),
                i64::from(action.rate).into(),
                BulkState::Running.name().into(),
                as_integer(action.matched).into(),
                action.started_by.as_str().into(),
                action.created_at.into(),
                action.reason.clone().map(storable).into(),
            ],
        );
        self.change(batch).await?;
        self.tell_action(&action.project, action.id, BulkState::Running);
        Ok(())
    }

    fn tell_action(&self, project: &str, id: Uuid, state: BulkState) {
        self.signal(Signal::Action { project: project.into(), id, state });
    }

    /// Tells that an action that we are at has come further.
    pub(crate) fn tell_going_on(&self, held: &HeldAction) {
        self.tell_action(&held.action.project, held.action.id, BulkState::Running);
    }

    /// Actions, newest first.
    pub async fn bulk_actions(
        &self,
        project: &str,
        page: Page,
    ) -> Result<Vec<BulkAction>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let limit = conditions.bind(as_integer(page.limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM bulk_actions{} ORDER BY id DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_action).await
    }

    /// One action.
    pub async fn bulk_action(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<BulkAction>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM bulk_actions WHERE project = $1 AND id = $2");
        let found = self.query(sql, vec![project.into(), id.into()], read_action).await?;
        Ok(found.into_iter().next())
    }

    /// Ends an action that is running; what was done stays done. From this moment no step of it is
    /// written. A conflict: it has ended already.
    pub async fn stop_bulk(&self, project: &str, id: Uuid) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.one(
            "it has ended already",
            format!(
                "UPDATE bulk_actions SET state = 'stopped', finished_at = {}, fence = fence + 1,
                     owner = NULL
                 WHERE project = $1 AND id = $2 AND state = 'running'",
                self.now_sql()
            ),
            vec![project.into(), id.into()],
        );
        self.change(batch).await?;
        self.tell_action(project, id, BulkState::Stopped);
        Ok(())
    }

    /// Takes an action that nobody is at: a new one, one whose holder has died or stalled, or one
    /// that an earlier start of this very hub had. `None`: there is none.
    pub async fn hold_bulk(&self, lease: Duration) -> Result<Option<HeldAction>, StoreError> {
        let now = self.now_sql();
        let (held_before, parameters) = self.held_before(1);
        let parameters = parameters.to_vec();
        let sql = format!(
            "SELECT {COLUMNS}, fence FROM bulk_actions
             WHERE state = 'running' AND (owner IS NULL OR lease_until <= {now} OR {held_before})
             ORDER BY created_at LIMIT 1"
        );
        let free =
            self.query(sql, parameters, |row| Ok((read_action(row)?, row.integer(16)?))).await?;
        let Some((action, fence)) = free.into_iter().next() else { return Ok(None) };
        let mut batch = Batch::default();
        batch.one(
            NOT_OURS,
            format!(
                "UPDATE bulk_actions SET owner = $4, fence = fence + 1, lease_until = {now} + $5
                 WHERE project = $1 AND id = $2 AND fence = $3 AND state = 'running'"
            ),
            vec![
                (&*action.project).into(),
                action.id.into(),
                fence.into(),
                self.owner.as_str().into(),
                as_integer(lease.as_micros()).into(),
            ],
        );
        match self.change(batch).await {
            Ok(_) => {}
            Err(StoreError::Conflict(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        // What the last holder did between the look and the taking is read now.
        let action = self.bulk_action(&action.project, action.id).await?;
        Ok(action.map(|action| HeldAction { action, fence: fence + 1, lease }))
    }

    /// Does one step of an action on deliveries. `Ok(false)`: the action is not ours any more, and
    /// nothing was written. A delivery that has changed since it was read, or is being sent, is
    /// passed over.
    pub async fn bulk_step(
        &self,
        held: &mut HeldAction,
        changes: &[(Delivery, BulkChange)],
    ) -> Result<bool, StoreError> {
        match self.bulk_together(held, changes).await {
            Err(StoreError::Conflict(conflict)) if conflict != NOT_OURS => {}
            together => return ours(together),
        }
        // One of them is at fault: each has a transaction of its own.
        for (delivery, change) in changes {
            let alone = [(delivery.clone(), change.clone())];
            let done = match self.bulk_together(held, &alone).await {
                Err(StoreError::Conflict(conflict)) if conflict != NOT_OURS => {
                    self.bulk_together(held, &[(delivery.clone(), BulkChange::PassOver)]).await
                }
                done => done,
            };
            if !ours(done)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn bulk_together(
        &self,
        held: &mut HeldAction,
        changes: &[(Delivery, BulkChange)],
    ) -> Result<(), StoreError> {
        let Some((last, _)) = changes.last() else { return Ok(()) };
        let project = &*ProjectName::clone(&held.action.project);
        let passed_over =
            changes.iter().filter(|(_, change)| matches!(change, BulkChange::PassOver)).count();
        let mut batch = Batch::default();
        self.add_progress(&mut batch, held, last.id, changes.len() - passed_over, passed_over);
        // All locks before the first row, in the order that everybody keeps.
        let ids: Vec<Uuid> = changes.iter().map(|(delivery, _)| delivery.id).collect();
        self.lock_deliveries(&mut batch, project, &ids);
        for (delivery, change) in changes {
            match change {
                BulkChange::PassOver => {}
                BulkChange::Retry => self.add_retry(&mut batch, project, delivery),
                BulkChange::Cancel => {
                    let reason = cancelled_by(held.action.id);
                    self.add_cancel(&mut batch, project, delivery, &reason);
                }
                BulkChange::Requeue { connection, parked } => {
                    self.add_requeue(&mut batch, project, delivery, connection, *parked);
                }
                BulkChange::Resend { new, connection, parked } => {
                    self.add_resend(&mut batch, project, delivery, *new, connection, *parked);
                }
            }
        }
        self.change(batch).await?;
        held.action.cursor = Some(last.id);
        for (delivery, change) in changes {
            self.tell_of(project, delivery, change);
        }
        self.tell_going_on(held);
        Ok(())
    }

    fn tell_of(&self, project: &str, delivery: &Delivery, change: &BulkChange) {
        match change {
            BulkChange::PassOver => {}
            BulkChange::Retry => {
                self.told_waiting(project, delivery.id, &delivery.connection, delivery.state);
            }
            BulkChange::Cancel => self.told_cancelled(project, delivery),
            BulkChange::Requeue { connection, .. } => {
                self.told_waiting(project, delivery.id, connection, DeliveryState::Pending);
            }
            BulkChange::Resend { new, connection, .. } => {
                self.told_waiting(project, *new, connection, DeliveryState::Pending);
            }
        }
    }

    /// Does one step of a replay: keeps the deliveries of these messages, and notes that everything
    /// up to `last` was looked at, of which `passed_over` called for nothing. `None`: the action is
    /// not ours any more. Stale: nothing was written, plan again.
    pub async fn bulk_replay_step(
        &self,
        held: &mut HeldAction,
        replays: &[Replay],
        last: Uuid,
        passed_over: usize,
    ) -> Result<Option<Replayed>, StoreError> {
        let mut batch = Batch::default();
        self.add_progress(&mut batch, held, last, replays.len(), passed_over);
        if let Some(replay) = replays.first() {
            self.check_version(&mut batch, replay);
        }
        self.lock_replayed(&mut batch, replays);
        for replay in replays {
            self.add_replayed(&mut batch, replay);
        }
        match self.change(batch).await {
            Err(StoreError::Conflict(conflict)) if conflict == NOT_OURS => Ok(None),
            // A message whose bytes were erased meanwhile is found so when it is read again.
            Err(StoreError::Conflict(conflict)) if conflict == STALE || conflict == ERASED => {
                Ok(Some(Replayed::Stale))
            }
            done => {
                done?;
                held.action.cursor = Some(last);
                for replay in replays {
                    self.announce(replay);
                }
                self.tell_going_on(held);
                Ok(Some(Replayed::Done))
            }
        }
    }

    /// Notes how far an action has come. Where a step was committed and its answer lost, the cursor
    /// is another one than we know, and the step is not done again. It stands first in a step's transaction: on PostgreSQL
    /// it holds off whoever would stop the action until the step is done.
    pub(crate) fn add_progress(
        &self,
        batch: &mut Batch,
        held: &HeldAction,
        cursor: Uuid,
        touched: usize,
        passed_over: usize,
    ) {
        batch.one(
            NOT_OURS,
            format!(
                "UPDATE bulk_actions SET cursor = $4, touched = touched + $5,
                     passed_over = passed_over + $6, lease_until = {} + $7
                 WHERE project = $1 AND id = $2 AND fence = $3 AND state = 'running'
                     AND (cursor = $8 OR (cursor IS NULL AND $8 IS NULL))",
                self.now_sql()
            ),
            vec![
                (&*held.action.project).into(),
                held.action.id.into(),
                held.fence.into(),
                cursor.into(),
                as_integer(touched).into(),
                as_integer(passed_over).into(),
                as_integer(held.lease.as_micros()).into(),
                held.action.cursor.into(),
            ],
        );
    }

    /// Ends an action that we are at: all is looked at, or it cannot go on for this reason. Nothing
    /// happens where it is not ours any more.
    pub async fn finish_bulk(
        &self,
        held: &HeldAction,
        failure: Option<&str>,
    ) -> Result<(), StoreError> {
        let state = if failure.is_some() { BulkState::Failed } else { BulkState::Done };
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE bulk_actions SET state = $4, last_error = $5, finished_at = {},
                     owner = NULL, fence = fence + 1
                 WHERE project = $1 AND id = $2 AND fence = $3 AND state = 'running'",
                self.now_sql()
            ),
            vec![
                (&*held.action.project).into(),
                held.action.id.into(),
                held.fence.into(),
                state.name().into(),
                failure.map(str::to_owned).into(),
            ],
        );
        if self.change(batch).await? == [1] {
            self.tell_action(&held.action.project, held.action.id, state);
        }
        Ok(())
    }

    /// Lets go of an action, so that another hub can go on with it at once.
    pub async fn release_bulk(&self, held: &HeldAction) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "UPDATE bulk_actions SET owner = NULL, lease_until = 0
             WHERE project = $1 AND id = $2 AND fence = $3 AND state = 'running'",
            vec![(&*held.action.project).into(), held.action.id.into(), held.fence.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// Forgets actions that ended before this time; the answer is how many.
    pub async fn forget_bulk(&self, ended_before: Timestamp) -> Result<u64, StoreError> {
        let mut batch = Batch::default();
        batch.any("DELETE FROM bulk_actions WHERE finished_at < $1", vec![ended_before.into()]);
        Ok(self.change(batch).await?.first().copied().unwrap_or(0))
    }
}

/// Whether an action is still ours after a step of it.
pub(crate) fn ours(step: Result<(), StoreError>) -> Result<bool, StoreError> {
    match step {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict(conflict)) if conflict == NOT_OURS => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_action(row: &Row<'_>) -> Result<BulkAction, StoreError> {
    Ok(BulkAction {
        project: ProjectName::from(row.text(0)?),
        id: row.id(1)?,
        action: row.named(2, BulkKind::from_name)?,
        filter: row.text(3)?,
        forwarder: row.optional_text(4)?,
        rate: row.count(5)?,
        state: row.named(6, BulkState::from_name)?,
        matched: length(row.integer(7)?)?,
        cursor: row.optional_id(8)?,
        touched: length(row.integer(9)?)?,
        passed_over: length(row.integer(10)?)?,
        started_by: row.text(11)?,
        created_at: row.time(12)?,
        finished_at: row.optional_integer(13)?.map(Timestamp),
        last_error: row.optional_text(14)?,
        reason: row.optional_text(15)?,
    })
}
