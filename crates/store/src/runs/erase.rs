//! Erasing what runs have worked with.
//!
//! What a message loses, the runs that came of it lose. With its *bytes* go the states that went into steps
//! and came out of them, what runs were given and have left, and their logs and errors, which may say the same
//! in other words; the kind of an error stays. As a *tombstone* only the run is left: its workflow, when it ran and how it ended.
//!
//! A run that stands in the queue keeps the message from being erased, as a delivery does. In the history its
//! state is `available` exactly then.
//!
//! Runs that came of no message are found by an index that holds nothing else and nothing that has been
//! erased. What the last good run of a workflow with a clock has left stays: the next one begins with it.

use fieldpost_model::run::Run;
use uuid::Uuid;

use super::list::{COLUMNS, read_run};
use crate::Store;
use crate::erase::{Depth, places, with_ids};
use crate::erasures::{IDS_AT_ONCE, Traces};
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::retention::{Retained, RetentionKind, RetentionStep};
use crate::statement::{Batch, Parameter, as_integer};

/// The condition that a run `r` still needs what it began with.
pub(crate) const WAITING: &str = "r.state = 'available'";

/// The index that leads from a message to its runs. See [`Engine::indexed_by`](crate::Engine::indexed_by):
/// without the name of it SQLite looks through all runs of the project, once for each message.
pub(crate) const BY_MESSAGE: &str = "runs_by_message";

/// The index of the runs of a workflow, named for the same reason.
pub(crate) const BY_WORKFLOW: &str = "runs_by_workflow";

/// The runs of the messages `m` in this list that have lost their bytes.
pub(super) fn of_messages(list: &str, by_message: &str) -> String {
    format!(
        "SELECT r.id FROM messages m CROSS JOIN runs r {by_message}
         WHERE m.project = $1 AND m.id IN ({list}) AND m.erased_at IS NOT NULL
         AND r.project = m.project AND r.message = m.id AND r.state <> 'available'"
    )
}

/// The condition that a run `r` began with a payload `p`.
const OF_PAYLOAD: &str = "r.project = p.project AND r.message = p.message AND r.payload = p.id";

/// The runs in such a state that began with what events have told of cases.
fn of_cases(cases: &str, state: &str, by_message: &str) -> String {
    format!(
        "SELECT r.id FROM payloads p CROSS JOIN runs r {by_message}
         WHERE p.project = $1 AND p.case_id IN ({cases}) AND {OF_PAYLOAD} AND {state}"
    )
}

/// The condition that nothing waits that began with a payload `p`.
pub(crate) fn nothing_waits_with(by_message: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM runs r {by_message} WHERE {OF_PAYLOAD} AND {WAITING})")
}

/// The runs that wait to begin with what events have told of cases.
pub(crate) fn waiting_sql(cases: &str, by_message: &str) -> String {
    of_cases(cases, WAITING, by_message)
}

/// Adds the statements that erase the runs which `runs` selects by these parameters, the project first.
fn add_erase(batch: &mut Batch, runs: &str, parameters: &dyn Fn() -> Vec<Parameter>, depth: Depth) {
    let steps = match depth {
        Depth::Bytes => {
            "UPDATE run_steps SET input = NULL, output = NULL, error = NULL
             WHERE (input IS NOT NULL OR output IS NOT NULL OR error IS NOT NULL) AND"
        }
        Depth::Tombstone => "DELETE FROM run_steps WHERE",
    };
    for table in [steps, "DELETE FROM run_states WHERE", "DELETE FROM run_log WHERE"] {
        batch.any(format!("{table} project = $1 AND run IN ({runs})"), parameters());
    }
    let told = match depth {
        Depth::Bytes => "UPDATE runs SET error_message = NULL WHERE error_message IS NOT NULL AND",
        Depth::Tombstone => {
            "UPDATE runs SET key = NULL, order_key = NULL, error_message = NULL WHERE"
        }
    };
    batch.any(format!("{told} project = $1 AND id IN ({runs})"), parameters());
}

/// Adds the statements that erase the runs of these messages, as far as those have lost their bytes.
pub(crate) fn add_erase_runs(
    batch: &mut Batch,
    project: &str,
    messages: &[Uuid],
    depth: Depth,
    by_message: &str,
) {
    if !messages.is_empty() {
        let parameters = || with_ids(vec![project.into()], messages);
        let runs = of_messages(&places(2, messages.len()), by_message);
        add_erase(batch, &runs, &parameters, depth);
    }
}

/// Adds the statements that erase what runs have made of what events have told of cases. `cases` lists these,
/// by the parameters behind the project.
pub(crate) fn add_erase_told_runs(
    batch: &mut Batch,
    cases: &str,
    parameters: &dyn Fn() -> Vec<Parameter>,
    by_message: &str,
) {
    let runs = of_cases(cases, "r.state <> 'available'", by_message);
    add_erase(batch, &runs, parameters, Depth::Bytes);
}

/// Finds the next runs that came of no message and are due: `$2` is the first id that is too young, `$4` the
/// time before which they ended, where that is asked for.
pub(super) fn next_alone_sql(kind: RetentionKind, indexed_by: impl Fn(&str) -> String) -> String {
    let more = match kind {
        RetentionKind::Messages => "r.erased < 2",
        RetentionKind::Bodies => "r.erased = 0",
        RetentionKind::AfterSuccess => {
            "r.erased = 0 AND r.state = 'success' AND r.finished_at <= $4"
        }
    };
    let alone = match kind {
        RetentionKind::Messages => indexed_by("runs_alone"),
        RetentionKind::Bodies | RetentionKind::AfterSuccess => indexed_by("runs_alone_whole"),
    };
    let by_workflow = indexed_by(BY_WORKFLOW);
    format!(
        "SELECT r.id FROM runs r {alone}
         WHERE r.project = $1 AND r.message IS NULL AND r.id < $2 AND {more}
         AND r.state <> 'available' AND NOT (r.state = 'success' AND EXISTS (
             SELECT 1 FROM cron_marks c WHERE c.project = r.project AND c.workflow = r.workflow)
         AND r.id = (
             SELECT g.id FROM runs g {by_workflow} WHERE g.project = r.project AND g.workflow = r.workflow
             AND g.state = 'success' ORDER BY g.id DESC LIMIT 1))
         ORDER BY r.id LIMIT $3"
    )
}

impl Store {
    /// The runs that wait or go on, and work with something about a person.
    pub async fn waiting_runs_of(
        &self,
        project: &str,
        traces: &Traces,
    ) -> Result<Vec<Run>, StoreError> {
        let mut waiting = Vec::new();
        let by_message = self.engine.indexed_by(Some(BY_MESSAGE));
        for cases in traces.touched.chunks(IDS_AT_ONCE) {
            let mut parameters: Vec<Parameter> = vec![project.into()];
            parameters.extend(cases.iter().map(|case_id| case_id.as_str().into()));
            let these = waiting_sql(&places(2, cases.len()), &by_message);
            waiting.extend(self.runs_in(&these, parameters).await?);
        }
        for messages in traces.messages.chunks(IDS_AT_ONCE) {
            let these = format!(
                "SELECT r.id FROM runs r {by_message} WHERE r.project = $1 AND r.message IN ({}) AND {WAITING}",
                places(2, messages.len())
            );
            let parameters = with_ids(vec![project.into()], messages);
            waiting.extend(self.runs_in(&these, parameters).await?);
        }
        // What a message of the person told of a case is found by both.
        waiting.sort_by_key(|run| run.id);
        waiting.dedup_by_key(|run| run.id);
        Ok(waiting)
    }

    async fn runs_in(&self, ids: &str, parameters: Vec<Parameter>) -> Result<Vec<Run>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs r
             LEFT JOIN run_queue q ON q.project = r.project AND q.run = r.id
             WHERE r.project = $1 AND r.id IN ({ids})"
        );
        self.query(sql, parameters, read_run).await
    }

    /// Erases the next runs that came of no message and have come of age.
    pub async fn retain_runs_alone(&self, step: RetentionStep<'_>) -> Result<Retained, StoreError> {
        let RetentionStep { project, kind, cutoff, limit, .. } = step;
        let mut parameters: Vec<Parameter> = vec![project.into(), first_id_at(cutoff).into()];
        parameters.push(as_integer(limit).into());
        if kind == RetentionKind::AfterSuccess {
            parameters.push(cutoff.into());
        }
        let sql = next_alone_sql(kind, |index| self.engine.indexed_by(Some(index)));
        let ids = self.query(sql, parameters, |row| row.id(0)).await?;
        if ids.is_empty() {
            return Ok(Retained::default());
        }
        let mut batch = Batch::default();
        let list = places(2, ids.len());
        let parameters = || with_ids(vec![project.into()], &ids);
        add_erase(&mut batch, &list, &parameters, kind.depth());
        let erased = if kind.depth() == Depth::Tombstone { 2 } else { 1 };
        batch.any(
            format!("UPDATE runs SET erased = {erased} WHERE project = $1 AND id IN ({list})"),
            parameters(),
        );
        self.change(batch).await?;
        Ok(Retained { looked_at: ids.len(), ..Retained::default() })
    }
}
