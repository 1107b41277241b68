//! Lists of runs that cost the same however many there are.
//!
//! A list runs along an index: all runs by their id, those of one workflow, those in a state that somebody
//! may have to look at, or what stands in the queue. What else is asked for is looked at row by row, through
//! a bounded number of rows; then the list ends early and says from where to go on. Of several states each
//! is a list of its own, and the lists are merged.

use fieldpost_model::run::{JobPlace, Run, RunInput, RunOrigin, RunState};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::claims::input_id;
use super::erase::{BY_MESSAGE, BY_WORKFLOW};
use crate::Store;
use crate::delivery_list::ROWS_LOOKED_THROUGH;
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::statement::{Conditions, Parameter, Row, as_integer};
use crate::sweep::Stretch;
use crate::text::storable_key;

/// The columns of a run, of `runs r` and its row `q` of the queue.
pub(crate) const COLUMNS: &str = "r.id, r.workflow, r.version, \
     CASE WHEN r.state <> 'available' THEN r.state \
          WHEN q.rank = 4 THEN CASE WHEN r.started_at IS NULL THEN 'claimed' ELSE 'started' END \
          ELSE 'available' END, \
     r.origin, r.input, r.message, r.payload, r.key, r.retry_of, r.from_step, r.asked_by, \
     r.registered_at, r.started_at, r.finished_at, CASE WHEN q.rank < 4 THEN q.next_at END, \
     r.error_type, r.error_message, r.error_step, r.error_line, r.error_column";

/// What the partial index of runs that somebody may have to look at says, so that it is used.
const IN_TROUBLE: &str = "r.state NOT IN ('available', 'success')";

/// Which runs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunCondition {
    /// Of this workflow only.
    pub workflow: Option<String>,
    /// In one of these states only; none is no condition.
    pub states: Vec<RunState>,
    /// Made at this time or later, to the millisecond.
    pub from: Option<Timestamp>,
    /// Made before this time, to the millisecond.
    pub until: Option<Timestamp>,
    /// Of this message only.
    pub message: Option<Uuid>,
    /// About this key only.
    pub key: Option<String>,
    /// Ended by an error of this name only.
    pub error_type: Option<String>,
    /// Made for this reason only.
    pub origin: Option<RunOrigin>,
    /// Begun again from this run only.
    pub retry_of: Option<Uuid>,
    /// These only; none is no condition.
    pub ids: Vec<Uuid>,
}

/// Where a page of runs begins, and how long it is. Lists run from the newest to the oldest.
#[derive(Clone, Copy, Debug)]
pub struct RunPage {
    /// The last one that was looked at before.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: usize,
}

/// A page of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunsFound {
    /// In their order; there may be few or none although there are more to look at.
    pub found: Vec<Run>,
    /// From where to go on; `None` where all was looked at.
    pub next: Option<Uuid>,
}

/// Names an index for SQLite: see [`Engine::indexed_by`](crate::Engine::indexed_by).
pub(super) type IndexedBy<'n> = &'n dyn Fn(Option<&str>) -> String;

/// A query with its parameters.
pub(super) type Asked = (String, Vec<Parameter>);

/// What one part of a list runs along.
#[derive(Clone, Debug)]
pub(super) enum Along {
    /// What stands in the queue, in these states.
    Queue(Vec<RunState>),
    /// Those of one final state.
    State(RunState),
    /// All.
    All,
}

impl Along {
    /// The parts that a list of these states is made of.
    pub(super) fn of(states: &[RunState]) -> Vec<Self> {
        if states.is_empty() {
            return vec![Self::All];
        }
        let (ended, open): (Vec<RunState>, Vec<RunState>) =
            states.iter().partition(|state| state.is_final());
        let open = (!open.is_empty()).then_some(Self::Queue(open));
        ended.into_iter().map(Self::State).chain(open).collect()
    }

    /// The tables, and the table and the column that the list runs along.
    const fn tables(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            // On SQLite, CROSS JOIN keeps the order.
            Self::Queue(_) => ("run_queue q CROSS JOIN runs r", "q", "q.run"),
            Self::State(_) | Self::All => (
                "runs r LEFT JOIN run_queue q ON q.project = r.project AND q.run = r.id",
                "r",
                "r.id",
            ),
        }
    }

    /// The tables with the index that leads to what is asked for.
    fn from(&self, indexed_by: IndexedBy<'_>, condition: &RunCondition) -> String {
        let index = match self {
            Self::Queue(_) => None,
            _ if !condition.ids.is_empty() => None,
            _ if condition.message.is_some() => Some(BY_MESSAGE),
            _ if condition.key.is_some() => Some("runs_by_key"),
            Self::State(state) if *state != RunState::Success => Some("runs_in_trouble"),
            _ => condition.workflow.as_ref().map(|_| BY_WORKFLOW),
        };
        let named = format!("runs r {}", indexed_by(index));
        self.tables().0.replace("runs r", &named)
    }

    /// The conditions of a list of a project, with those of its states.
    fn conditions(&self, project: &str) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.add(&format!("{}.project = ?", self.tables().1), project);
        if let Self::Queue(_) = self {
            conditions.add_plain("r.project = q.project AND r.id = q.run");
        }
        self.condition(&mut conditions);
        conditions
    }

    /// The condition of its states.
    fn condition(&self, conditions: &mut Conditions) {
        match self {
            Self::All => {}
            Self::State(state) => {
                conditions.add("r.state = ?", state.name());
                if *state != RunState::Success {
                    conditions.add_plain(IN_TROUBLE);
                }
            }
            Self::Queue(states) => {
                let any: Vec<&str> = states
                    .iter()
                    .map(|state| match state {
                        RunState::Claimed => "(q.rank = 4 AND r.started_at IS NULL)",
                        RunState::Started => "(q.rank = 4 AND r.started_at IS NOT NULL)",
                        _ => "q.rank < 4",
                    })
                    .collect();
                conditions.add_plain(&format!("({})", any.join(" OR ")));
            }
        }
    }
}

/// A part of the ids, and the direction in which it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) newest_first: bool,
    /// The last one that was looked at before.
    pub(super) behind: Option<Uuid>,
    /// Only what is older.
    pub(super) below: Option<Uuid>,
    pub(super) limit: usize,
}

impl Reach {
    const fn words(&self) -> (&'static str, &'static str, &'static str) {
        if self.newest_first { ("<", ">=", "DESC") } else { (">", "<=", "ASC") }
    }

    fn add_to(&self, conditions: &mut Conditions, id: &str) {
        if let Some(behind) = self.behind {
            conditions.add(&format!("{id} {} ?", self.words().0), behind);
        }
        if let Some(below) = self.below {
            conditions.add(&format!("{id} < ?"), below);
        }
    }
}

impl RunCondition {
    /// Whether rows have to be looked through for something that no index tells. A message and a key have
    /// few runs.
    pub(super) fn is_looked_through(&self, along: &Along) -> bool {
        if self.message.is_some() || self.key.is_some() || !self.ids.is_empty() {
            return false;
        }
        let by_workflow = self.workflow.is_some() && !matches!(along, Along::All);
        by_workflow
            || matches!(along, Along::Queue(_) | Along::State(RunState::Success))
            || self.error_type.is_some()
            || self.origin.is_some()
            || self.retry_of.is_some()
    }

    fn add_time(&self, conditions: &mut Conditions, id: &str) {
        if let Some(from) = self.from {
            conditions.add(&format!("{id} >= ?"), first_id_at(from));
        }
        if let Some(until) = self.until {
            conditions.add(&format!("{id} < ?"), first_id_at(until));
        }
    }

    fn add_to(&self, conditions: &mut Conditions) {
        if let Some(workflow) = &self.workflow {
            conditions.add("r.workflow = ?", workflow.as_str());
        }
        if let Some(message) = self.message {
            conditions.add("r.message = ?", message);
        }
        if let Some(key) = &self.key {
            conditions.add("r.key = ?", storable_key(key.clone()));
        }
        if let Some(error_type) = &self.error_type {
            conditions.add("r.error_type = ?", error_type.as_str());
        }
        if let Some(origin) = self.origin {
            conditions.add("r.origin = ?", origin.name());
        }
        if let Some(retry_of) = self.retry_of {
            conditions.add("r.retry_of = ?", retry_of);
        }
        if !self.ids.is_empty() {
            let places: Vec<String> = self.ids.iter().map(|id| conditions.bind(*id)).collect();
            conditions.add_plain(&format!("r.id IN ({})", places.join(", ")));
        }
    }
}

impl Store {
    /// A page of runs, newest first.
    pub async fn runs(
        &self,
        project: &str,
        condition: &RunCondition,
        page: RunPage,
    ) -> Result<RunsFound, StoreError> {
        let RunPage { before: behind, limit } = page;
        self.reach(project, condition, Reach { newest_first: true, behind, below: None, limit })
            .await
    }

    /// The oldest runs of a stretch, oldest first.
    pub async fn oldest_runs(
        &self,
        project: &str,
        condition: &RunCondition,
        stretch: Stretch,
    ) -> Result<RunsFound, StoreError> {
        let Stretch { after: behind, below, limit } = stretch;
        let reach = Reach { newest_first: false, behind, below: Some(below), limit };
        self.reach(project, condition, reach).await
    }

    /// How many runs a condition describes, and that are older than `below`.
    pub async fn count_runs(
        &self,
        project: &str,
        condition: &RunCondition,
        below: Uuid,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        for along in Along::of(&condition.states) {
            let (sql, parameters) = count_sql(&along, project, condition, below, &|index| {
                self.engine.indexed_by(index)
            });
            let counts = self.query(sql, parameters, |row| row.integer(0)).await?;
            count += counts.first().map_or(0, |count| count.unsigned_abs());
        }
        Ok(count)
    }

    /// One run.
    pub async fn run(&self, project: &str, id: Uuid) -> Result<Option<Run>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs r
             LEFT JOIN run_queue q ON q.project = r.project AND q.run = r.id
             WHERE r.project = $1 AND r.id = $2"
        );
        let found = self.query(sql, vec![project.into(), id.into()], read_run).await?;
        Ok(found.into_iter().next())
    }

    async fn reach(
        &self,
        project: &str,
        condition: &RunCondition,
        reach: Reach,
    ) -> Result<RunsFound, StoreError> {
        let (mut found, mut until) = (Vec::new(), None::<Uuid>);
        let nearest = |one: Uuid, other: Uuid| {
            if reach.newest_first { one.max(other) } else { one.min(other) }
        };
        for along in Along::of(&condition.states) {
            let (runs, end) = self.reach_along(project, condition, &along, reach).await?;
            found.extend(runs);
            until = match (until, end) {
                (Some(one), Some(other)) => Some(nearest(one, other)),
                (one, other) => one.or(other),
            };
        }
        found.sort_by_key(|run: &Run| run.id);
        if reach.newest_first {
            found.reverse();
        }
        if let Some(until) = until {
            // Beyond it, one of the parts is not complete.
            found.retain(|run| nearest(run.id, until) == run.id);
        }
        if found.len() > reach.limit {
            found.truncate(reach.limit);
            until = found.last().map(|last| last.id);
        }
        Ok(RunsFound { found, next: until })
    }

    /// One part of a list, one run more than asked for where there are as many; and up to which id it is
    /// complete, where that is not to the end.
    async fn reach_along(
        &self,
        project: &str,
        condition: &RunCondition,
        along: &Along,
        reach: Reach,
    ) -> Result<(Vec<Run>, Option<Uuid>), StoreError> {
        let boundary = if condition.is_looked_through(along) {
            self.boundary_of_runs(project, condition, along, reach).await?
        } else {
            None
        };
        let indexed_by = |index: Option<&str>| self.engine.indexed_by(index);
        let (sql, parameters) = page_sql(along, project, condition, (reach, boundary), &indexed_by);
        let found = self.query(sql, parameters, read_run).await?;
        let last = found.last().filter(|_| found.len() > reach.limit).map(|last| last.id);
        Ok((found, last.or(boundary)))
    }

    /// The last row that a part looks at; `None` where it comes to the end before.
    async fn boundary_of_runs(
        &self,
        project: &str,
        condition: &RunCondition,
        along: &Along,
        reach: Reach,
    ) -> Result<Option<Uuid>, StoreError> {
        let (sql, parameters) = boundary_sql(along, project, condition, reach);
        let found = self.query(sql, parameters, |row| row.id(0)).await?;
        Ok(found.into_iter().next())
    }
}

/// Counts one part of the runs that a condition describes.
pub(super) fn count_sql(
    along: &Along,
    project: &str,
    condition: &RunCondition,
    below: Uuid,
    indexed_by: IndexedBy<'_>,
) -> Asked {
    let (from, id) = (along.from(indexed_by, condition), along.tables().2);
    let mut conditions = along.conditions(project);
    condition.add_time(&mut conditions, id);
    condition.add_to(&mut conditions);
    conditions.add(&format!("{id} < ?"), below);
    (format!("SELECT count(*) FROM {from}{}", conditions.sql()), conditions.parameters)
}

/// One part of a list, as far as the boundary where there is one, and one run more than asked for.
pub(super) fn page_sql(
    along: &Along,
    project: &str,
    condition: &RunCondition,
    (reach, boundary): (Reach, Option<Uuid>),
    indexed_by: IndexedBy<'_>,
) -> Asked {
    let (from, id) = (along.from(indexed_by, condition), along.tables().2);
    let (_, from_on, direction) = reach.words();
    let mut conditions = along.conditions(project);
    reach.add_to(&mut conditions, id);
    condition.add_time(&mut conditions, id);
    condition.add_to(&mut conditions);
    if let Some(boundary) = boundary {
        conditions.add(&format!("{id} {from_on} ?"), boundary);
    }
    let limit = conditions.bind(as_integer(reach.limit.saturating_add(1)));
    let sql = format!(
        "SELECT {COLUMNS} FROM {from}{} ORDER BY {id} {direction} LIMIT {limit}",
        conditions.sql()
    );
    (sql, conditions.parameters)
}

/// Finds the last row that a part of a list looks at.
pub(super) fn boundary_sql(
    along: &Along,
    project: &str,
    condition: &RunCondition,
    reach: Reach,
) -> Asked {
    let mut conditions = Conditions::default();
    let (table, id) = match along {
        Along::Queue(_) => ("run_queue r", "r.run"),
        Along::State(_) | Along::All => ("runs r", "r.id"),
    };
    conditions.add("r.project = ?", project);
    match (along, &condition.workflow) {
        (Along::State(state), _) if *state != RunState::Success => {
            along.condition(&mut conditions);
        }
        (Along::State(_) | Along::All, Some(workflow)) => {
            conditions.add("r.workflow = ?", workflow.as_str());
        }
        _ => {}
    }
    condition.add_time(&mut conditions, id);
    reach.add_to(&mut conditions, id);
    let skipped = conditions.bind(as_integer(ROWS_LOOKED_THROUGH - 1));
    let sql = format!(
        "SELECT {id} FROM {table}{} ORDER BY {id} {} LIMIT 1 OFFSET {skipped}",
        conditions.sql(),
        reach.words().2
    );
    (sql, conditions.parameters)
}

/// Reads a run.
pub(crate) fn read_run(row: &Row<'_>) -> Result<Run, StoreError> {
    let input = row.named(5, RunInput::from_name)?;
    let (message, payload) = (row.optional_id(6)?, row.optional_id(7)?);
    Ok(Run {
        id: row.id(0)?,
        workflow: row.text(1)?,
        version: row.integer(2)?,
        state: row.named(3, RunState::from_name)?,
        origin: row.named(4, RunOrigin::from_name)?,
        input,
        input_id: input_id(input, message, payload),
        message,
        key: row.optional_text(8)?,
        retry_of: row.optional_id(9)?,
        from_step: row.optional_text(10)?,
        by: row.optional_text(11)?,
        registered_at: row.time(12)?,
        started_at: row.optional_time(13)?,
        finished_at: row.optional_time(14)?,
        next_at: row.optional_time(15)?,
        error_type: row.optional_text(16)?,
        error_message: row.optional_text(17)?,
        error_step: row.optional_text(18)?,
        error_place: place(row.optional_integer(19)?, row.optional_integer(20)?),
    })
}

/// The place of an error, of which nothing or the line alone may be known.
fn place(line: Option<i64>, column: Option<i64>) -> Option<JobPlace> {
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    Some(JobPlace { line: number(line)?, column: number(column) })
}
