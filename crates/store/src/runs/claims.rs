//! What is claimed: how much of which workflow, and what a run needs to go on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::message::MessageRequest;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState, RunStep};
use uuid::Uuid;

use crate::error::StoreError;
use crate::filing::Original;
use crate::payloads::ClaimedPayload;
use crate::records::Payload;
use crate::request::read_request;
use crate::statement::{Row, length};
use crate::{Engine, Store};

/// How many runs of a workflow a hub could begin.
#[derive(Clone, Debug)]
pub struct RunDemand {
    /// The project.
    pub project: ProjectName,
    /// The workflow.
    pub workflow: String,
    /// At most so many.
    pub limit: usize,
    /// How many may go on at once over all hubs; `None`: any number.
    pub concurrency: Option<u32>,
    /// How long they are held, unless the lease is renewed.
    pub lease: Duration,
}

/// What a claim got, and how each workflow looks afterwards.
#[derive(Clone, Debug, Default)]
pub struct RunClaims {
    /// The runs that are ours now, the oldest first.
    pub claimed: Vec<ClaimedRun>,
    /// One for each demand, in their order.
    pub outlook: Vec<RunOutlook>,
}

/// What a workflow answered to a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutlook {
    /// The project.
    pub project: ProjectName,
    /// The workflow.
    pub workflow: String,
    /// Whether as many were claimed as were asked for, so that more may be due.
    pub more: bool,
    /// How long until something is due that is not due now.
    pub next_due_in: Option<Duration>,
}

/// A run that is held for running.
#[derive(Clone, Debug)]
pub struct ClaimedRun {
    /// The project.
    pub project: ProjectName,
    /// The run, as it was before the claim.
    pub run: Run,
    /// Proves that the claim is still ours.
    pub fence: i64,
    /// What it is kept in order with.
    pub order_key: Option<String>,
    /// How many hubs its message has passed through.
    pub hops: u32,
    /// What it begins with.
    pub input: ClaimedInput,
    /// What earlier claims have executed, in the order of the numbers: the run goes on from there. One that is
    /// `running` was broken off. What each has left is not here, since all of it together has no bound: see
    /// [`step_state`](Store::step_state).
    pub done: Vec<RunStep>,
    /// The number of the last line in its log; 0: there is none.
    pub last_log_line: u32,
    /// Whether somebody has asked to end it.
    pub cancel_asked: bool,
    /// How many claims of it have ended without a word since a step was last recorded as done: a hub that died, or
    /// one that stood still for longer than its lease.
    pub lost_claims: u32,
}

/// What a run begins with.
#[derive(Clone, Debug)]
pub enum ClaimedInput {
    /// Its message.
    Message {
        /// The request that it came by.
        request: MessageRequest,
        /// Its bytes.
        content: Payload,
    },
    /// What an event has made of a form, a case or an application.
    Event {
        /// What is known of it.
        payload: ClaimedPayload,
        /// The bytes of a form that is the body of its message; there are none in all other cases.
        content: Payload,
    },
    /// A state.
    State {
        /// How many bytes it has; 0: none was given.
        bytes: u64,
        /// The state, as JSON; `None` where it has more than [`LARGE_PAYLOAD`](crate::LARGE_PAYLOAD) bytes, to
        /// be read by [`given_state`](Store::given_state).
        state: Option<Bytes>,
    },
    /// It is gone: it has been erased.
    Erased,
}

/// A run that was claimed, before what it begins with is read.
#[derive(Clone, Debug)]
pub(crate) struct HeldRun {
    pub(crate) project: ProjectName,
    pub(crate) run: Uuid,
    pub(crate) fence: i64,
    pub(crate) cancel_asked: bool,
    pub(crate) lost_claims: u32,
}

/// The columns that [`read_claimed`] reads: of `runs r`, `payloads p`, `messages m`, `message_bodies b` and
/// `run_states s`.
macro_rules! run_content {
    () => {
        "r.project, r.id, r.workflow, r.version, r.origin, r.input, r.message, r.payload, r.key, \
         r.retry_of, r.from_step, r.asked_by, r.registered_at, r.started_at, r.order_key, r.hops, \
         m.source, m.content_type, \
         CASE WHEN r.input = 'message' OR (p.kind = 'submission' AND p.original IS NULL) \
             THEN m.bytes END, \
         CASE WHEN (r.input = 'message' OR (p.kind = 'submission' AND p.original IS NULL)) \
             AND m.bytes <= 65536 THEN b.bytes END, \
         CASE WHEN r.input = 'message' THEN b.request END, \
         p.id, p.kind, CASE WHEN length(p.facts) <= 65536 THEN p.facts END, \
         CAST(length(p.facts) AS BIGINT), p.content_type, CAST(length(p.original) AS BIGINT), \
         CASE WHEN length(p.original) <= 65536 THEN p.original END, \
         CAST(length(s.bytes) AS BIGINT), CASE WHEN length(s.bytes) <= 65536 THEN s.bytes END"
    };
}
pub(crate) use run_content;

/// Lists the workflows of which something stands in the queue.
pub(super) const IN_QUEUE: &str = "WITH RECURSIVE projects (project) AS (
         SELECT min(project) FROM run_queue
         UNION ALL
         SELECT (SELECT min(q.project) FROM run_queue q WHERE q.project > projects.project)
         FROM projects WHERE projects.project IS NOT NULL),
     places (project, workflow) AS (
         SELECT project, (SELECT min(q.workflow) FROM run_queue q
                          WHERE q.project = projects.project)
         FROM projects WHERE project IS NOT NULL
         UNION ALL
         SELECT places.project, (SELECT min(q.workflow) FROM run_queue q
             WHERE q.project = places.project AND q.workflow > places.workflow)
         FROM places WHERE places.workflow IS NOT NULL)
     SELECT project, workflow FROM places WHERE workflow IS NOT NULL";

/// Reads a claimed run. One that cannot be read is left out and told of: it must not keep the others.
pub(crate) fn read_claimed(
    row: &Row<'_>,
    held: &HeldRun,
) -> Result<Option<ClaimedRun>, StoreError> {
    match read_whole(row, held) {
        Ok(claimed) => Ok(Some(claimed)),
        Err(error) if error.is_temporary() => Err(error),
        Err(error) => {
            let id = held.run;
            tracing::error!(%error, run = %id, "run {id} cannot be read and does not go on");
            Ok(None)
        }
    }
}

fn read_whole(row: &Row<'_>, held: &HeldRun) -> Result<ClaimedRun, StoreError> {
    let input = row.named(5, RunInput::from_name)?;
    let (message, payload) = (row.optional_id(6)?, row.optional_id(7)?);
    Ok(ClaimedRun {
        project: held.project.clone(),
        run: Run {
            id: row.id(1)?,
            workflow: row.text(2)?,
            version: row.integer(3)?,
            state: RunState::Claimed,
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
            finished_at: None,
            next_at: None,
            error_type: None,
            error_message: None,
            error_step: None,
            error_place: None,
        },
        fence: held.fence,
        order_key: row.optional_text(14)?,
        hops: row.count(15)?,
        input: read_input(row, input)?,
        done: Vec::new(),
        last_log_line: 0,
        cancel_asked: held.cancel_asked,
        lost_claims: held.lost_claims,
    })
}

/// The id of what a run began with.
pub(super) fn input_id(
    input: RunInput,
    message: Option<Uuid>,
    payload: Option<Uuid>,
) -> Option<Uuid> {
    match input {
        RunInput::Message => message,
        RunInput::State => None,
        RunInput::Submission | RunInput::Case | RunInput::Application => payload,
    }
}

fn read_input(row: &Row<'_>, input: RunInput) -> Result<ClaimedInput, StoreError> {
    if input == RunInput::State {
        let bytes = length(row.optional_integer(28)?.unwrap_or(0))?;
        let state = row.optional_bytes(29)?.map(Into::into);
        return Ok(ClaimedInput::State { bytes, state });
    }
    let content = read_content(row)?;
    if input == RunInput::Message {
        let request = row.optional_text(20)?;
        return Ok(match request {
            Some(request) => ClaimedInput::Message { request: read_request(&request)?, content },
            None => ClaimedInput::Erased,
        });
    }
    Ok(match read_payload(row)? {
        Some(payload) if payload.facts_length > 0 => ClaimedInput::Event { payload, content },
        _ => ClaimedInput::Erased,
    })
}

fn read_content(row: &Row<'_>) -> Result<Payload, StoreError> {
    let bytes = row.optional_integer(18)?;
    Ok(Payload {
        source: row.optional_text(16)?.unwrap_or_default(),
        content_type: row.optional_text(17)?,
        bytes: length(bytes.unwrap_or(0))?,
        body: match bytes {
            Some(_) => row.optional_bytes(19)?.map(Into::into),
            None => Some(Bytes::new()),
        },
    })
}

fn read_payload(row: &Row<'_>) -> Result<Option<ClaimedPayload>, StoreError> {
    let Some(id) = row.optional_id(21)? else { return Ok(None) };
    let (content_type, original) = (row.optional_text(25)?, row.optional_bytes(27)?);
    Ok(Some(ClaimedPayload {
        id,
        kind: row.named(22, PayloadKind::from_name)?,
        facts: row.optional_text(23)?,
        facts_length: length(row.optional_integer(24)?.unwrap_or(0))?,
        original: original.map(|bytes| Original { content_type, bytes: bytes.into() }),
        original_bytes: row.optional_integer(26)?.map(length).transpose()?,
    }))
}

impl Store {
    /// Claims what is due of the workflows asked for: what has not been begun before what goes on.
    ///
    /// What is claimed is ours until its lease ends. What is neither recorded nor given back comes back
    /// by itself: on PostgreSQL when its lease has run out; on SQLite, where there is nobody to take over
    /// from, with the next start. What an error kept from the caller comes back with the next claim.
    pub async fn claim_runs(&self, demands: Vec<RunDemand>) -> Result<RunClaims, StoreError> {
        if demands.is_empty() {
            return Ok(RunClaims::default());
        }
        self.free_lost_claims().await?;
        let begun = self.lost_claims.begin(&self.owner);
        let mut claims = match &self.engine {
            Engine::Sqlite(sqlite) => {
                let clock = Arc::clone(&self.clock);
                sqlite.claim_runs(demands, begun.owner().to_owned(), clock).await
            }
            Engine::Postgres(postgres) => postgres.claim_runs(&demands, begun.owner()).await,
        }?;
        for claimed in &mut claims.claimed {
            // Few runs are claimed twice: a look for each is cheap.
            if claimed.run.started_at.is_some() {
                claimed.done = self.run_steps(&claimed.project, claimed.run.id).await?;
                claimed.last_log_line =
                    self.last_log_line(&claimed.project, claimed.run.id).await?;
            }
        }
        begun.answered();
        for ClaimedRun { project, run, .. } in &claims.claimed {
            self.told_run(project, run.id, &run.workflow, RunState::Claimed);
        }
        Ok(claims)
    }

    async fn last_log_line(&self, project: &str, run: Uuid) -> Result<u32, StoreError> {
        let sql = "SELECT coalesce(max(number), 0) FROM run_log WHERE project = $1 AND run = $2";
        let found =
            self.query(sql.to_owned(), vec![project.into(), run.into()], |row| row.count(0));
        Ok(found.await?.into_iter().next().unwrap_or(0))
    }

    /// The workflows of which something stands in the queue, over all projects. It goes from workflow to workflow, not from run to run.
    pub async fn workflows_in_queue(&self) -> Result<Vec<(ProjectName, String)>, StoreError> {
        self.query(IN_QUEUE.to_owned(), Vec::new(), |row| {
            Ok((ProjectName::from(row.text(0)?), row.text(1)?))
        })
        .await
    }
}
