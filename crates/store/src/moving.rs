//! Moving what waits from lane to lane, and ending what waits for nobody.
//!
//! A lane holds the deliveries of many forwarders, and there is no index of them by forwarder: work
//! that is never moved would pay for it. So whoever moves walks through the lane, from its beginning
//! to its end, and moves what it meets of the forwarder. Each step looks at a bounded number of
//! deliveries, so that a walk is as long as the lane, however many of them are the forwarder's. What
//! changes its place in the lane meanwhile may be missed: one walks again until a walk meets nothing.
//! Whoever ends what waits for nobody walks through the whole queue of the project, once. A delivery
//! that is known to lie in the wrong place is moved by itself.
//!
//! What is kept in order goes from one sequence to another with it, and meanwhile the rest of its
//! forwarder stands in the old ones. That nothing is overtaken is not this module's business: see
//! [`order`](crate::order).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::deliveries::END;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::order::{Among, connection_of, go_on, settle_around};
use crate::records::{Lane, Signal};
use crate::statement::{Batch, Row};
use crate::{Engine, Store};

/// Deliveries that one step of a walk looks at: so few that nobody waits for it noticeably.
const WALK_STEP: usize = 500;
/// Deliveries that one step cancels, with two statements each.
const CANCEL_STEP: usize = 100;

/// The condition that the forwarder of what stands in the queue is defined no more.
const NO_FORWARDER: &str = "NOT EXISTS (SELECT 1 FROM definitions d WHERE d.project = queue.project
     AND d.kind = 'forwarder' AND d.name = queue.forwarder)";

/// What stands in the queue, and what it is kept in order with.
type Waiting = (Uuid, Option<String>);

fn ids(waiting: &[Waiting]) -> Vec<Uuid> {
    waiting.iter().map(|(id, _)| *id).collect()
}

/// What is moved, from where to where.
#[derive(Clone, Copy, Debug)]
pub struct Move<'m> {
    /// The project.
    pub project: &'m str,
    /// The forwarder that it waits for.
    pub forwarder: &'m str,
    /// The lane in which it lies.
    pub from: &'m str,
    /// The lane in which it is to lie. In the same one, what is kept in order over another
    /// connection is put in order over this one.
    pub to: &'m str,
    /// The connection that it goes over from here on.
    pub connection: &'m str,
    /// Whether it is due at once.
    pub due_now: bool,
}

/// A place in a lane: rank, time and id of what stands there.
pub type PlaceInLane = (i64, i64, Uuid);

/// How far a walk has come: through a lane, or, by their ids alone, through all that waits.
#[derive(Clone, Debug)]
pub struct Walk<Place = PlaceInLane> {
    /// The last delivery that was looked at.
    after: Option<Place>,
    is_over: bool,
}

impl<Place> Default for Walk<Place> {
    fn default() -> Self {
        Self { after: None, is_over: false }
    }
}

impl<Place> Walk<Place> {
    /// Whether it has come to the end.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }
}

/// Where deliveries wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePlace {
    /// The lane.
    pub lane: String,
    /// The forwarder that they wait for.
    pub forwarder: String,
    /// The connection over which they are kept in order; `None` where they are in none.
    pub connection: Option<String>,
}

/// What a step of a walk has met.
struct Met {
    place: PlaceInLane,
    forwarder: String,
    sequence: Option<String>,
}

impl Move<'_> {
    /// What is to be moved of what was met.
    fn choose(&self, met: Vec<Met>) -> Vec<Waiting> {
        let is_elsewhere = |sequence: &String| connection_of(sequence) != self.connection;
        met.into_iter()
            .filter(|met| met.forwarder == self.forwarder)
            .map(|met| (met.place.2, met.sequence))
            .filter(|(_, sequence)| {
                self.from != self.to || sequence.as_ref().is_some_and(is_elsewhere)
            })
            .collect()
    }
}

fn read_met(row: &Row<'_>) -> Result<Met, StoreError> {
    Ok(Met {
        place: (row.integer(0)?, row.integer(1)?, row.id(2)?),
        forwarder: row.text(3)?,
        sequence: row.optional_text(4)?,
    })
}

impl Store {
    /// Goes a step of a walk through the lane `from`, and moves what it meets of the forwarder to the
    /// lane `to`, unless it is being sent. What is kept in order is sorted in by its position among
    /// what has the same key there. The answer is how many were moved.
    pub async fn move_step(&self, step: &Move<'_>, walk: &mut Walk) -> Result<u64, StoreError> {
        let met = self.walk_on(step, walk).await?;
        let (is_over, after) = (met.len() < WALK_STEP, met.last().map(|met| met.place));
        let waiting = step.choose(met);
        let moved = if waiting.is_empty() { 0 } else { self.move_some(step, &waiting).await? };
        walk.is_over = is_over;
        walk.after = after.or(walk.after);
        Ok(moved)
    }

    /// The same for deliveries that are known to lie there.
    pub async fn move_deliveries(
        &self,
        step: &Move<'_>,
        deliveries: &[Uuid],
    ) -> Result<u64, StoreError> {
        let mut moved = 0;
        for some in deliveries.chunks(WALK_STEP) {
            let sql = format!(
                "SELECT rank, next_at, delivery, forwarder, sequence FROM queue
                 WHERE project = $1 AND delivery IN ({}) AND lane = ${} AND {}",
                places(2, some.len()),
                some.len() + 2,
                self.free_sql()
            );
            let mut parameters = with_ids(vec![step.project.into()], some);
            parameters.push(step.from.into());
            let waiting = step.choose(self.query(sql, parameters, read_met).await?);
            if !waiting.is_empty() {
                moved += self.move_some(step, &waiting).await?;
            }
        }
        Ok(moved)
    }

    async fn move_some(&self, step: &Move<'_>, waiting: &[Waiting]) -> Result<u64, StoreError> {
        let Move { project, to, connection, .. } = *step;
        let (ids, among) = (ids(waiting), Among::on(&self.engine));
        let left: BTreeSet<&str> = waiting
            .iter()
            .filter_map(|(_, sequence)| Some(connection_of(sequence.as_ref()?)))
            .collect();
        let is_in_order = !left.is_empty();
        let mut batch = Batch::default();
        if is_in_order {
            self.lock_deliveries(&mut batch, project, &ids);
        }
        let first = batch.0.len();
        self.move_in_queue(&mut batch, step, &ids);
        if is_in_order {
            // The deliveries still name the connections that they have left.
            settle_around(among, &mut batch, project, &ids);
        }
        turn_deliveries(&mut batch, step, &ids);
        let moved = self.change(batch).await?.get(first).copied().unwrap_or(0);
        if moved > 0 {
            for name in left.into_iter().chain([to, connection]).collect::<BTreeSet<_>>() {
                self.signal(Signal::Due(Lane { project: project.into(), name: name.to_owned() }));
            }
        }
        Ok(moved)
    }

    /// What comes next in the lane that nobody is sending.
    async fn walk_on(&self, step: &Move<'_>, walk: &Walk) -> Result<Vec<Met>, StoreError> {
        let (rank, next_at, delivery) = walk.after.unwrap_or((-1, 0, Uuid::nil()));
        self.query(
            format!(
                "SELECT rank, next_at, delivery, forwarder, sequence FROM queue
                 WHERE project = $1 AND lane = $2 AND (rank, next_at, delivery) > ($3, $4, $5)
                 AND {} ORDER BY rank, next_at, delivery LIMIT {WALK_STEP}",
                self.free_sql()
            ),
            vec![
                step.project.into(),
                step.from.into(),
                rank.into(),
                next_at.into(),
                delivery.into(),
            ],
            read_met,
        )
        .await
    }

    fn move_in_queue(&self, batch: &mut Batch, step: &Move<'_>, ids: &[Uuid]) {
        let next_at = if step.due_now { self.now_sql() } else { "next_at".to_owned() };
        let is_elsewhere = "sequence <> CAST($4 AS TEXT) || '/' || order_key";
        let parameters =
            vec![step.project.into(), step.from.into(), step.to.into(), step.connection.into()];
        // Whoever let its lease run out knows the old sequence only: it has lost its claim. The
        // conditions of the choice stand again: somebody may have claimed since.
        batch.any(
            format!(
                "UPDATE queue SET lane = $3, next_at = {next_at},
                     sequence = CAST($4 AS TEXT) || '/' || order_key,
                     owner = CASE WHEN {is_elsewhere} THEN NULL ELSE owner END,
                     fence = CASE WHEN {is_elsewhere} THEN fence + 1 ELSE fence END
                 WHERE project = $1 AND lane = $2 AND {} AND delivery IN ({})",
                self.free_sql(),
                places(5, ids.len())
            ),
            with_ids(parameters, ids),
        );
    }

    /// In which lanes deliveries wait, for which forwarders, and over which connections they are kept
    /// in order. This reads the project's whole queue: it is for the moment after a change of
    /// definitions.
    pub async fn queue_places(&self, project: &str) -> Result<Vec<QueuePlace>, StoreError> {
        let slash = match &self.engine {
            Engine::Sqlite(_) => "instr",
            Engine::Postgres(_) => "strpos",
        };
        self.query(
            format!(
                "SELECT DISTINCT lane, forwarder, substr(sequence, 1, {slash}(sequence, '/') - 1)
                 FROM queue WHERE project = $1 ORDER BY 1, 2, 3"
            ),
            vec![project.into()],
            |row| {
                Ok(QueuePlace {
                    lane: row.text(0)?,
                    forwarder: row.text(1)?,
                    connection: row.optional_text(2)?,
                })
            },
        )
        .await
    }

    /// Goes a step of a walk through all that waits in a project, and cancels what it meets of a
    /// forwarder that is no more, in whatever lane; those that it holds are let go. It does nothing
    /// where the forwarder is there again. The answer is how many have left the queue.
    pub async fn cancel_step(
        &self,
        project: &str,
        forwarder: &str,
        reason: &str,
        walk: &mut Walk<Uuid>,
    ) -> Result<usize, StoreError> {
        let met = self
            .query(
                format!(
                    "SELECT delivery, forwarder FROM queue WHERE project = $1 AND delivery > $2
                     ORDER BY delivery LIMIT {WALK_STEP}"
                ),
                vec![project.into(), walk.after.unwrap_or_default().into()],
                |row| Ok((row.id(0)?, row.text(1)?)),
            )
            .await?;
        let mut waiting: Vec<Uuid> =
            met.iter().filter(|(_, of)| of == forwarder).map(|(id, _)| *id).collect();
        let are_too_many = waiting.len() > CANCEL_STEP;
        waiting.truncate(CANCEL_STEP);
        let left = self.cancel_orphans(project, forwarder, reason, &waiting).await?;
        let seen = if are_too_many { waiting.last() } else { met.last().map(|(id, _)| id) };
        walk.is_over = !are_too_many && met.len() < WALK_STEP;
        walk.after = seen.copied().or(walk.after);
        Ok(left)
    }

    /// The same for a few deliveries that are known to wait for it.
    pub async fn cancel_orphans(
        &self,
        project: &str,
        forwarder: &str,
        reason: &str,
        waiting: &[Uuid],
    ) -> Result<usize, StoreError> {
        if waiting.is_empty() {
            return Ok(0);
        }
        // The forwarder may have been saved since. Only leaving the queue asks for it: what has left
        // must end within the same transaction, or it would wait outside the queue for ever.
        let leave = format!("{} AND forwarder = $3 AND {NO_FORWARDER}", self.leave_queue_sql());
        let mut batch = Batch::default();
        self.lock_deliveries(&mut batch, project, waiting);
        let first = batch.0.len();
        for id in waiting {
            // Any number of rows: what is claimed meanwhile is left to its sender. What held others
            // had ended before, and stays as it is.
            batch.any(leave.as_str(), vec![project.into(), (*id).into(), forwarder.into()]);
            batch.any(END, vec![project.into(), (*id).into(), reason.into()]);
        }
        go_on(Among::on(&self.engine), &mut batch, project, waiting);
        let counts = self.change(batch).await?;
        let mut left = 0;
        let ends = counts.get(first..).unwrap_or_default().chunks(2);
        for (id, end) in waiting.iter().zip(ends) {
            if let [gone, ended] = *end {
                left += usize::from(gone > 0);
                if ended > 0 {
                    self.told_ended(project, *id);
                }
            }
        }
        if left > 0 {
            // Those that they held may go now, over whatever connection.
            for name in self.lanes(project).await? {
                self.signal(Signal::Due(Lane { project: project.into(), name }));
            }
        }
        Ok(left)
    }
}

/// Notes with the deliveries over which connection they go. What was claimed instead of being moved is
/// still in the old lane, and goes where it was to go.
fn turn_deliveries(batch: &mut Batch, step: &Move<'_>, ids: &[Uuid]) {
    let parameters = vec![step.project.into(), step.connection.into(), step.to.into()];
    batch.any(
        format!(
            "UPDATE deliveries SET connection = $2
             WHERE project = $1 AND connection <> $2 AND id IN ({})
             AND EXISTS (SELECT 1 FROM queue WHERE project = $1 AND delivery = deliveries.id
                 AND lane = $3)",
            places(4, ids.len())
        ),
        with_ids(parameters, ids),
    );
}
