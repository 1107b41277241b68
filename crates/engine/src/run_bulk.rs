//! Acting on many runs: beginning ended ones again, and ending those that are not.
//!
//! It is kept and worked off as an action on deliveries is: see [`bulk`](crate::bulk). What is begun again
//! is begun from its start, with the newest version of its workflow: whoever repeats many has mended
//! what was wrong with them.

use fieldpost_model::names;
use fieldpost_model::run::{Run, RunState};
use fieldpost_store::{BulkAction, BulkKind, HeldAction, NewRun, RunChange, RunCondition, Stretch};
use uuid::Uuid;

use crate::asked::Asked;
use crate::bulk::{BREATH, BulkPreview, End};
use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::{new_id, new_id_after};
use crate::run_actions::{STATE_NOT_KEPT, check_step, order_again};

/// Runs that one transaction changes, and that are read at once.
const STEP: usize = 50;
/// Bytes of states after which a transaction takes no more runs: each begins with a copy of its own.
const STEP_BYTES: usize = 8 * 1_024 * 1_024;

names! {
    /// What is done with many runs.
    pub enum RunAction {
        /// Those that have ended are begun again.
        Retry = "retry",
        /// Those that have not ended are ended.
        Cancel = "cancel",
    }
}

impl RunAction {
    const fn kind(self) -> BulkKind {
        match self {
            Self::Retry => BulkKind::RetryRuns,
            Self::Cancel => BulkKind::CancelRuns,
        }
    }

    /// The action that is kept under this name; those of deliveries and messages are none.
    pub(crate) const fn of_kind(kind: BulkKind) -> Option<Self> {
        match kind {
            BulkKind::RetryRuns => Some(Self::Retry),
            BulkKind::CancelRuns => Some(Self::Cancel),
            _ => None,
        }
    }

    /// Whether it does anything with a run in this state.
    const fn concerns(self, state: RunState) -> bool {
        match self {
            Self::Retry => state.is_final(),
            Self::Cancel => !state.is_final(),
        }
    }
}

/// What a change holds in memory.
fn bytes_of(change: &RunChange) -> usize {
    match change {
        RunChange::Again(again) => again.state.as_ref().map_or(0, bytes::Bytes::len),
        RunChange::Cancel | RunChange::PassOver => 0,
    }
}

impl Hub {
    /// How many runs an action would touch, of those that are there now.
    pub async fn preview_runs(
        &self,
        project: &str,
        action: RunAction,
        condition: &RunCondition,
    ) -> Result<BulkPreview, HubError> {
        self.count_runs_for(project, action, condition, new_id(self.now())).await
    }

    async fn count_runs_for(
        &self,
        project: &str,
        action: RunAction,
        condition: &RunCondition,
        below: Uuid,
    ) -> Result<BulkPreview, HubError> {
        let mut preview = BulkPreview::default();
        for state in RunState::ALL {
            if !condition.states.is_empty() && !condition.states.contains(state) {
                continue;
            }
            let of_state = RunCondition { states: vec![*state], ..condition.clone() };
            let count = self.store().count_runs(project, &of_state, below).await?;
            if count == 0 {
                continue;
            }
            if action.concerns(*state) {
                preview.matched += count;
                preview.states.insert(state.name(), count);
            } else {
                preview.passed_over += count;
            }
        }
        Ok(preview)
    }

    /// Begins to do what a person asks to every run that a condition describes.
    pub async fn act_on_runs(
        &self,
        project: &str,
        action: RunAction,
        condition: &RunCondition,
        asked: Asked,
    ) -> Result<BulkAction, HubError> {
        let routing = self.project(project).await?;
        // What comes later than the id is not part of what the person saw.
        let id = new_id(self.now());
        let preview = self.count_runs_for(project, action, condition, id).await?;
        self.begin(BulkAction {
            action: action.kind(),
            filter: condition.to_json(),
            matched: preview.matched,
            ..self.new_action(&routing, id, asked)
        })
        .await
    }

    /// Works off an action on runs.
    pub(crate) async fn act_on_runs_step_by_step(
        &self,
        held: &mut HeldAction,
        action: RunAction,
    ) -> Result<End, HubError> {
        let condition = RunCondition::from_json(&held.action.filter)?;
        let project = held.action.project.clone();
        let mut after = held.action.cursor;
        loop {
            let stretch = Stretch { after, below: held.action.id, limit: STEP };
            let page = self.store().oldest_runs(&project, &condition, stretch).await?;
            let (found, next) = (page.found, page.next);
            if self.pause(BREATH).await {
                return Ok(End::Stopping);
            }
            let mut changes = Vec::with_capacity(found.len());
            let mut bytes = 0;
            for run in found {
                let change = self.change_of_run(held, action, &run).await?;
                bytes += bytes_of(&change);
                changes.push((run, change));
                if bytes >= STEP_BYTES {
                    if !self.store().bulk_run_step(held, &changes).await? {
                        return Ok(End::NotOurs);
                    }
                    changes.clear();
                    bytes = 0;
                }
            }
            if !self.store().bulk_run_step(held, &changes).await? {
                return Ok(End::NotOurs);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(End::Done),
            }
        }
    }

    async fn change_of_run(
        &self,
        held: &HeldAction,
        action: RunAction,
        run: &Run,
    ) -> Result<RunChange, HubError> {
        if !action.concerns(run.state) {
            return Ok(RunChange::PassOver);
        }
        if action == RunAction::Cancel {
            return Ok(RunChange::Cancel);
        }
        let routing = self.project(&held.action.project).await?;
        let workflows = &routing.definition.workflows;
        // A run of a workflow that is no more would end before it began.
        let Some(workflow) = workflows.iter().find(|it| it.name == run.workflow) else {
            return Ok(RunChange::PassOver);
        };
        // The action was begun by another hub's clock, perhaps; it must not meet its own runs.
        let id = new_id_after(held.action.id, self.now());
        match self.run_as_given(&held.action.project, run, None, id).await {
            Ok(again) if check_step(workflow, again.from_step.as_deref()).is_err() => {
                Ok(RunChange::PassOver)
            }
            Ok(again) => {
                let by = Some(held.action.started_by.clone());
                let order_key = order_again(workflow, run, again.order_key.as_deref());
                let again = NewRun { version: None, by, order_key, ..again };
                Ok(RunChange::Again(Box::new(again)))
            }
            // What it began with is gone, or the run itself.
            Err(
                HubError::Erased { .. }
                | HubError::NotFound { .. }
                | HubError::NotAllowed { code: STATE_NOT_KEPT, .. },
            ) => Ok(RunChange::PassOver),
            Err(error) => Err(error),
        }
    }
}
