//! Moving what waits from lane to lane, and ending what waits for nobody.
//!
//! A lane holds the deliveries of many forwarders, and there is no index of them by forwarder: work
//! that is never moved would pay for it. So whoever moves walks through the lane, from its beginning
//! to its end, and moves what it meets of the forwarder. Each step looks at a bounded number of
//! deliveries, so that a walk is as long as the lane, however many of them are the forwarder's. What
//! changes its place in the lane meanwhile may be missed: one walks again until a walk meets nothing.
//!
//! What is kept in order goes from one sequence to another with it, and meanwhile the rest of its
//! forwarder stands in the old ones. That nothing is overtaken is not this module's business: see
//! [`order`](crate::order).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::deliveries::END;
use crate::error::StoreError;
use crate::order::{Among, go_on, key_of, settle};
use crate::records::{Lane, Signal};
use crate::statement::{Batch, Parameter};
use crate::{Engine, Store};

/// Deliveries that one step of a walk looks at: so few that nobody waits for it noticeably.
const MOVE_STEP: usize = 500;
/// Deliveries that one step cancels, with two statements each.
const CANCEL_STEP: usize = 100;

/// The condition that the forwarder of what stands in the queue is defined no more.
const NO_FORWARDER: &str = "NOT EXISTS (SELECT 1 FROM definitions d WHERE d.project = queue.project
     AND d.kind = 'forwarder' AND d.name = queue.forwarder)";

/// What stands in the queue, and what it is kept in order with.
type Waiting = (Uuid, Option<String>);

fn sequences(waiting: &[Waiting]) -> impl Iterator<Item = &String> {
    waiting.iter().filter_map(|(_, sequence)| sequence.as_ref())
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

/// How far a walk through a lane has come.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The last delivery that was looked at: its rank, its time, its id.
    after: Option<(i64, i64, Uuid)>,
    is_over: bool,
}

impl Walk {
    /// Whether it has come to the end of the lane.
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
    place: (i64, i64, Uuid),
    forwarder: String,
    sequence: Option<String>,
}

impl Move<'_> {
    fn is_elsewhere(&self, sequence: &str) -> bool {
        sequence.split_once('/').is_none_or(|(connection, _)| connection != self.connection)
    }

    /// What is to be moved of what a step has met.
    fn choose(&self, met: Vec<Met>) -> Vec<Waiting> {
        met.into_iter()
            .filter(|met| met.forwarder == self.forwarder)
            .map(|met| (met.place.2, met.sequence))
            .filter(|(_, sequence)| {
                self.from != self.to
                    || sequence.as_ref().is_some_and(|sequence| self.is_elsewhere(sequence))
            })
            .collect()
    }

    /// The sequences that are left, and those that are come to.
    fn touched(&self, waiting: &[Waiting]) -> Vec<String> {
        let left: BTreeSet<&String> =
            sequences(waiting).filter(|sequence| self.is_elsewhere(sequence)).collect();
        left.into_iter()
            .flat_map(|old| [old.clone(), format!("{}/{}", self.connection, key_of(old))])
            .collect()
    }
}

impl Store {
    /// Goes a step of a walk through the lane `from`, and moves what it meets of the forwarder to the
    /// lane `to`, unless it is being sent. What is kept in order is sorted in by its position among
    /// what has the same key there. The answer is how many were moved.
    pub async fn move_step(&self, step: &Move<'_>, walk: &mut Walk) -> Result<u64, StoreError> {
        let met = self.walk_on(step, walk).await?;
        let (is_over, after) = (met.len() < MOVE_STEP, met.last().map(|met| met.place));
        let waiting = step.choose(met);
        let moved = if waiting.is_empty() { 0 } else { self.move_some(step, &waiting).await? };
        walk.is_over = is_over;
        walk.after = after.or(walk.after);
        Ok(moved)
    }

    async fn move_some(&self, step: &Move<'_>, waiting: &[Waiting]) -> Result<u64, StoreError> {
        let Move { project, to, .. } = *step;
        let touched = step.touched(waiting);
        let mut batch = Batch::default();
        self.lock_sequences(&mut batch, project, &touched);
        let first = batch.0.len();
        self.move_in_queue(&mut batch, step, waiting, !touched.is_empty());
        turn_deliveries(&mut batch, step, waiting);
        settle(Among::on(&self.engine), &mut batch, project, &touched);
        let moved = self.change(batch).await?.get(first).copied().unwrap_or(0);
        if moved > 0 {
            self.signal(Signal::Due(Lane { project: project.into(), name: to.to_owned() }));
            self.told_settled(project, &touched);
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
                 AND {} ORDER BY rank, next_at, delivery LIMIT {MOVE_STEP}",
                self.free_sql()
            ),
            vec![
                step.project.into(),
                step.from.into(),
                rank.into(),
                next_at.into(),
                delivery.into(),
            ],
            |row| {
                Ok(Met {
                    place: (row.integer(0)?, row.integer(1)?, row.id(2)?),
                    forwarder: row.text(3)?,
                    sequence: row.optional_text(4)?,
                })
            },
        )
        .await
    }

    fn move_in_queue(
        &self,
        batch: &mut Batch,
        step: &Move<'_>,
        waiting: &[Waiting],
        is_rewritten: bool,
    ) {
        let next_at = if step.due_now { self.now_sql() } else { "next_at".to_owned() };
        let mut parameters = vec![step.project.into(), step.from.into(), step.to.into()];
        let places = add_ids(&mut parameters, waiting);
        let mut rewrite = String::new();
        if is_rewritten {
            parameters.push(step.connection.into());
            // Whoever let its lease run out knows the old sequence only: it has lost its claim.
            rewrite = format!(
                ", sequence = CAST(${} AS TEXT) || '/' || order_key, owner = NULL, fence = fence + 1",
                parameters.len()
            );
        }
        // The conditions stand again: somebody may have claimed since the choice.
        batch.any(
            format!(
                "UPDATE queue SET lane = $3, next_at = {next_at}{rewrite}
                 WHERE project = $1 AND lane = $2 AND {} AND delivery IN ({places})",
                self.free_sql()
            ),
            parameters,
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

    /// Cancels what waits for a forwarder that is no more, in whatever lane, and lets those go that it
    /// holds. One bounded step; it does nothing where the forwarder is there again. The answer is how
    /// many have left the queue.
    pub async fn cancel_forwarder(
        &self,
        project: &str,
        forwarder: &str,
        reason: &str,
    ) -> Result<usize, StoreError> {
        let waiting = self
            .query(
                format!(
                    "SELECT delivery, sequence FROM queue WHERE project = $1 AND forwarder = $2
                     AND {} AND {NO_FORWARDER} ORDER BY delivery LIMIT {CANCEL_STEP}",
                    self.free_sql()
                ),
                vec![project.into(), forwarder.into()],
                |row| Ok((row.id(0)?, row.optional_text(1)?)),
            )
            .await?;
        let touched: BTreeSet<&String> = sequences(&waiting).collect();
        let touched: Vec<String> = touched.into_iter().cloned().collect();
        // The forwarder may have been saved since. Only leaving the queue asks for it: what has left
        // must end within the same transaction, or it would wait outside the queue for ever.
        let leave = format!("{} AND {NO_FORWARDER}", self.leave_queue_sql());
        let mut batch = Batch::default();
        self.lock_sequences(&mut batch, project, &touched);
        let first = batch.0.len();
        for (id, _) in &waiting {
            // Any number of rows: what is claimed meanwhile is left to its sender. What held others
            // had ended before, and stays as it is.
            batch.any(leave.as_str(), vec![project.into(), (*id).into()]);
            batch.any(END, vec![project.into(), (*id).into(), reason.into()]);
        }
        go_on(Among::on(&self.engine), &mut batch, project, forwarder, &touched);
        let counts = self.change(batch).await?;
        let mut left = 0;
        let ends = counts.get(first..).unwrap_or_default().chunks(2);
        for ((id, _), end) in waiting.iter().zip(ends) {
            if let [gone, ended] = *end {
                left += usize::from(gone > 0);
                if ended > 0 {
                    self.told_ended(project, *id);
                }
            }
        }
        self.told_settled(project, &touched);
        Ok(left)
    }
}

/// Adds the ids to the parameters; the answer is their placeholders.
fn add_ids(parameters: &mut Vec<Parameter>, waiting: &[Waiting]) -> String {
    let first = parameters.len() + 1;
    parameters.extend(waiting.iter().map(|(id, _)| Parameter::from(*id)));
    let places: Vec<String> =
        (first..=parameters.len()).map(|number| format!("${number}")).collect();
    places.join(", ")
}

/// Notes with the deliveries over which connection they go. What was claimed instead of being moved is
/// still in the old lane, and goes where it was to go.
fn turn_deliveries(batch: &mut Batch, step: &Move<'_>, waiting: &[Waiting]) {
    let mut parameters = vec![step.project.into(), step.connection.into(), step.to.into()];
    let places = add_ids(&mut parameters, waiting);
    batch.any(
        format!(
            "UPDATE deliveries SET connection = $2
             WHERE project = $1 AND connection <> $2 AND id IN ({places})
             AND EXISTS (SELECT 1 FROM queue WHERE project = $1 AND delivery = deliveries.id
                 AND lane = $3)"
        ),
        parameters,
    );
}
