//! Moving what waits from lane to lane, and ending what waits for nobody.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::deliveries::END;
use crate::error::StoreError;
use crate::order::settle;
use crate::records::{Lane, Signal};
use crate::statement::{Batch, Parameter};
use crate::{Engine, Store};

/// Deliveries that one step moves: so few that nobody waits for it noticeably.
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

/// A step of moving what waits from a lane to another, to go over this connection.
struct Move<'m> {
    project: &'m str,
    from: &'m str,
    to: &'m str,
    connection: &'m str,
    due_now: bool,
    waiting: &'m [Waiting],
    /// Whether anything among it is kept in order with what goes over another connection.
    is_rewritten: bool,
}

impl Store {
    /// Moves what waits in the lane `from` for `forwarder` to the lane `to`, due now where
    /// `due_now`; it goes over `connection` from here on. What is kept in order is sorted in by its
    /// position among what has the same key there. One bounded step; the answer is how many were
    /// moved, and 0 means all are.
    pub async fn move_lane(
        &self,
        project: &str,
        forwarder: &str,
        from: &str,
        to: &str,
        connection: &str,
        due_now: bool,
    ) -> Result<u64, StoreError> {
        let waiting = self.to_move(project, forwarder, from).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let own = format!("{connection}/");
        let rewritten: BTreeSet<&String> =
            sequences(&waiting).filter(|sequence| !sequence.starts_with(&own)).collect();
        let touched: Vec<String> = rewritten
            .into_iter()
            .flat_map(|old| {
                let key = old.split_once('/').map_or("", |(_, key)| key);
                [old.clone(), format!("{own}{key}")]
            })
            .collect();
        let is_rewritten = !touched.is_empty();
        let step = Move { project, from, to, connection, due_now, waiting: &waiting, is_rewritten };
        let mut batch = Batch::default();
        self.lock_sequences(&mut batch, project, &touched);
        let first = batch.0.len();
        self.move_in_queue(&mut batch, &step);
        turn_deliveries(&mut batch, &step);
        settle(&mut batch, project, &touched);
        let moved = self.change(batch).await?.get(first).copied().unwrap_or(0);
        if moved > 0 {
            self.signal(Signal::Due(Lane { project: project.into(), name: to.to_owned() }));
            self.told_settled(project, &touched);
        }
        Ok(moved)
    }

    async fn to_move(
        &self,
        project: &str,
        forwarder: &str,
        from: &str,
    ) -> Result<Vec<Waiting>, StoreError> {
        self.query(
            format!(
                "SELECT delivery, sequence FROM queue WHERE project = $1 AND lane = $2
                 AND forwarder = $3 AND {} ORDER BY rank, next_at LIMIT {MOVE_STEP}",
                self.free_sql()
            ),
            vec![project.into(), from.into(), forwarder.into()],
            |row| Ok((row.id(0)?, row.optional_text(1)?)),
        )
        .await
    }

    fn move_in_queue(&self, batch: &mut Batch, step: &Move<'_>) {
        let next_at = if step.due_now { self.now_sql() } else { "next_at".to_owned() };
        let mut parameters = vec![step.project.into(), step.from.into(), step.to.into()];
        let places = add_ids(&mut parameters, step.waiting);
        let mut rewrite = String::new();
        if step.is_rewritten {
            parameters.push(step.connection.into());
            let slash = match &self.engine {
                Engine::Sqlite(_) => "instr",
                Engine::Postgres(_) => "strpos",
            };
            // Whoever let its lease run out knows the old sequence only: it has lost its claim.
            rewrite = format!(
                ", sequence = ${} || substr(sequence, {slash}(sequence, '/')), owner = NULL,
                 fence = fence + 1",
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

    /// In which lanes deliveries wait, and for which forwarders. This reads the project's whole
    /// queue: it is for the moment after a change of definitions.
    pub async fn queue_places(&self, project: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.query(
            "SELECT DISTINCT lane, forwarder FROM queue WHERE project = $1 ORDER BY lane, forwarder"
                .to_owned(),
            vec![project.into()],
            |row| Ok((row.text(0)?, row.text(1)?)),
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
        settle(&mut batch, project, &touched);
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
fn turn_deliveries(batch: &mut Batch, step: &Move<'_>) {
    let mut parameters = vec![step.project.into(), step.connection.into(), step.to.into()];
    let places = add_ids(&mut parameters, step.waiting);
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
