//! Making runs: with their message, again, by hand, or by the clock.

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::run::{RunInput, RunOrigin, RunState};
use uuid::Uuid;

use super::order::let_go;
use crate::Store;
use crate::error::StoreError;
use crate::records::Signal;
use crate::statement::{Batch, Parameter};
use crate::text::{storable, storable_key};

/// A run that something calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Its id, made by the planner; UUIDv7.
    pub id: Uuid,
    /// The workflow.
    pub workflow: String,
    /// The version that it runs; `None`: the newest at the moment at which the run is kept.
    pub version: Option<i64>,
    /// Why it is made.
    pub origin: RunOrigin,
    /// What it begins with.
    pub input: RunInput,
    /// The payload that it begins with, which is kept with it; `None`: its message as it came, or a state.
    pub payload: Option<Uuid>,
    /// The state that it begins with, as JSON; only where the input is a state.
    pub state: Option<Bytes>,
    /// What it is about.
    pub key: Option<String>,
    /// What it is kept in order with, among all runs of its workflow: those of one key go on strictly one
    /// after the other, in the order in which they were kept.
    pub order_key: Option<String>,
    /// How many hubs its message has passed through.
    pub hops: u32,
    /// The run that is begun again.
    pub retry_of: Option<Uuid>,
    /// The step that it begins with, where that is not the workflow's start.
    pub from_step: Option<String>,
    /// Who asked for it, as they are called now.
    pub by: Option<String>,
}

impl NewRun {
    /// A run of the newest version, about nothing and in no order.
    pub fn new(id: Uuid, workflow: &str, origin: RunOrigin, input: RunInput) -> Self {
        Self {
            id,
            workflow: workflow.to_owned(),
            version: None,
            origin,
            input,
            payload: None,
            state: None,
            key: None,
            order_key: None,
            hops: 0,
            retry_of: None,
            from_step: None,
            by: None,
        }
    }

    /// What it holds in memory while it waits to be kept.
    pub(crate) fn held_bytes(&self) -> usize {
        self.state.as_ref().map_or(0, Bytes::len)
    }

    /// Fits what only serves people and look-ups to what every database can hold.
    pub(crate) fn make_storable(&mut self) {
        self.key = self.key.take().map(storable_key);
        self.order_key = self.order_key.take().map(storable_key);
        self.by = self.by.take().map(storable);
    }
}

/// A run on its way into the tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunRow<'r> {
    pub(crate) project: &'r str,
    pub(crate) message: Option<Uuid>,
    pub(crate) run: &'r NewRun,
}

/// Selects the newest version of the workflow `{workflow}` of the project `{project}`; 0 where it is gone.
pub(crate) fn newest_version_sql(project: &str, workflow: &str) -> String {
    format!(
        "coalesce((SELECT d.saved_in FROM definitions d WHERE d.project = {project}
             AND d.kind = 'workflow' AND d.name = {workflow}), 0)"
    )
}

impl Store {
    /// The same run once more, under a new id: as it began, with the version that it ran, at the end of its
    /// order key. Whoever begins it at a step sets that, and the state. `None` where there is no such run.
    pub async fn run_again(
        &self,
        project: &str,
        run: Uuid,
        new: Uuid,
    ) -> Result<Option<NewRun>, StoreError> {
        let sql = "SELECT r.workflow, r.version, r.input, r.payload, r.key, r.order_key, r.hops, r.from_step,
                       r.id, s.bytes
                   FROM runs r LEFT JOIN run_states s
                       ON s.project = r.project AND s.run = r.id AND s.kind = 'given'
                   WHERE r.project = $1 AND r.id = $2";
        let found = self.query(sql.to_owned(), vec![project.into(), run.into()], |row| {
            Ok(NewRun {
                id: Uuid::nil(),
                workflow: row.text(0)?,
                version: Some(row.integer(1)?),
                origin: RunOrigin::Retry,
                input: row.named(2, RunInput::from_name)?,
                payload: row.optional_id(3)?,
                state: row.optional_bytes(9)?.map(Into::into),
                key: row.optional_text(4)?,
                order_key: row.optional_text(5)?,
                hops: row.count(6)?,
                retry_of: Some(row.id(8)?),
                from_step: row.optional_text(7)?,
                by: None,
            })
        });
        Ok(found.await?.into_iter().next().map(|again| NewRun { id: new, ..again }))
    }

    /// Keeps runs that no arriving message makes: by hand, as retries, for an event of the project's own.
    /// `message` is the message that they are about, whose bytes must still be there where they begin with
    /// those.
    pub async fn start_runs(
        &self,
        project: &ProjectName,
        message: Option<Uuid>,
        mut runs: Vec<NewRun>,
    ) -> Result<(), StoreError> {
        for run in &mut runs {
            run.make_storable();
        }
        let mut batch = Batch::default();
        self.lock_made_runs(&mut batch, project, &runs);
        let needs_bytes = |run: &NewRun| run.input != RunInput::State;
        if let Some(message) = message.filter(|_| runs.iter().any(needs_bytes)) {
            self.require_bytes(&mut batch, project, message);
        }
        self.add_runs(&mut batch, project, message, &runs);
        self.change(batch).await?;
        self.told_runs_made(project, &runs);
        Ok(())
    }

    /// Adds the statement that takes the locks of the order keys of new runs.
    pub(crate) fn lock_made_runs<'r>(
        &self,
        batch: &mut Batch,
        project: &str,
        runs: impl IntoIterator<Item = &'r NewRun>,
    ) {
        let keys =
            runs.into_iter().filter_map(|run| Some((&*run.workflow, run.order_key.as_deref()?)));
        self.lock_run_keys(batch, project, keys);
    }

    /// Adds the statements that keep runs. Their locks are taken, and what they begin with is there.
    pub(crate) fn add_runs(
        &self,
        batch: &mut Batch,
        project: &str,
        message: Option<Uuid>,
        runs: &[NewRun],
    ) {
        for run in runs {
            self.add_run(batch, project, message, run);
        }
    }

    fn add_run(&self, batch: &mut Batch, project: &str, message: Option<Uuid>, run: &NewRun) {
        let now = self.now_sql();
        batch.any(
            format!(
                "INSERT INTO runs (project, id, workflow, version, state, origin, input, message, payload,
                     key, order_key, hops, retry_of, from_step, asked_by, registered_at)
                 VALUES ($1, $2, $3, coalesce($4, {}), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                     {now})",
                newest_version_sql("$1", "$3")
            ),
            vec![
                project.into(),
                run.id.into(),
                run.workflow.as_str().into(),
                Parameter::Integer(run.version),
                RunState::Available.name().into(),
                run.origin.name().into(),
                run.input.name().into(),
                message.into(),
                run.payload.into(),
                run.key.clone().map(storable_key).into(),
                run.order_key.clone().map(storable_key).into(),
                i64::from(run.hops).into(),
                run.retry_of.into(),
                run.from_step.clone().into(),
                run.by.clone().into(),
            ],
        );
        if let Some(state) = &run.state {
            batch.any(
                "INSERT INTO run_states (project, run, kind, bytes) VALUES ($1, $2, 'given', $3)",
                vec![project.into(), run.id.into(), Parameter::Bytes(state.to_vec())],
            );
        }
        let (rank, position) = match &run.order_key {
            Some(_) => (2, self.next_position(batch)),
            None => (0, "NULL"),
        };
        batch.any(
            format!(
                "INSERT INTO run_queue (project, run, workflow, rank, next_at, fence, order_key, position,
                     cancel_asked)
                 VALUES ($1, $2, $3, {rank}, {now}, 0, $4, {position}, 0)"
            ),
            vec![
                project.into(),
                run.id.into(),
                run.workflow.as_str().into(),
                run.order_key.clone().into(),
            ],
        );
        if let Some(key) = &run.order_key {
            let_go(batch, project, (&run.workflow, key));
        }
    }

    /// Tells of new runs.
    pub(crate) fn told_runs_made<'r>(
        &self,
        project: &ProjectName,
        runs: impl IntoIterator<Item = &'r NewRun>,
    ) {
        for run in runs {
            self.told_run(project, run.id, &run.workflow, RunState::Available);
        }
    }

    pub(crate) fn told_run(
        &self,
        project: &ProjectName,
        id: Uuid,
        workflow: &str,
        state: RunState,
    ) {
        let (project, workflow) = (project.clone(), workflow.to_owned());
        self.signal(Signal::Run { project, id, workflow, state });
    }
}
