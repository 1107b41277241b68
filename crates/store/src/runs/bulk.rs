//! Actions over many runs: ending them, or beginning them again.
//!
//! They are worked off as those over deliveries are: see [`bulk`](crate::bulk).

use fieldpost_model::ProjectName;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState};
use fieldpost_model::time::Timestamp;

use super::acting::add_drop_states_of_ended;
use super::list::RunCondition;
use super::making::NewRun;
use crate::Store;
use crate::bulk::{HeldAction, NOT_OURS, cancelled_by, ours};
use crate::error::StoreError;
use crate::statement::Batch;
use crate::sweep::{Reader, id, ids, ids_text, to_json};

/// What an action does to one run.
#[derive(Clone, Debug)]
pub enum RunChange {
    /// This run is begun in its place.
    Again(Box<NewRun>),
    /// It is ended, or whoever has it is asked to end it.
    Cancel,
    /// Nothing: its state does not allow the action.
    PassOver,
}

impl Store {
    /// Does one step of an action on runs. `Ok(false)`: the action is not ours any more, and nothing was
    /// written. A run that has ended since it was read, or has lost what it began with, is passed over.
    pub async fn bulk_run_step(
        &self,
        held: &mut HeldAction,
        changes: &[(Run, RunChange)],
    ) -> Result<bool, StoreError> {
        match self.bulk_runs_together(held, changes).await {
            Err(StoreError::Conflict(conflict)) if conflict != NOT_OURS => {}
            together => return ours(together),
        }
        // One of them is at fault: each has a transaction of its own.
        for (run, change) in changes {
            let done = match self.bulk_runs_together(held, &[(run.clone(), change.clone())]).await {
                Err(StoreError::Conflict(conflict)) if conflict != NOT_OURS => {
                    self.bulk_runs_together(held, &[(run.clone(), RunChange::PassOver)]).await
                }
                done => done,
            };
            if !ours(done)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn bulk_runs_together(
        &self,
        held: &mut HeldAction,
        changes: &[(Run, RunChange)],
    ) -> Result<(), StoreError> {
        let Some((last, _)) = changes.last() else { return Ok(()) };
        let project = ProjectName::clone(&held.action.project);
        let passed_over =
            changes.iter().filter(|(_, change)| matches!(change, RunChange::PassOver)).count();
        let mut keys = Vec::with_capacity(changes.len());
        for (run, change) in changes {
            keys.push(match change {
                RunChange::Cancel => self.order_key_of(&project, run.id).await?,
                RunChange::Again(new) => new.order_key.clone(),
                RunChange::PassOver => None,
            });
        }
        let mut batch = Batch::default();
        self.add_progress(&mut batch, held, last.id, changes.len() - passed_over, passed_over);
        // All locks before the first row, in the order that everybody keeps.
        let locked = changes.iter().zip(&keys);
        let locked = locked.filter_map(|((run, _), key)| Some((&*run.workflow, key.as_deref()?)));
        self.lock_run_keys(&mut batch, &project, locked);
        let mut ends = Vec::new();
        for ((run, change), key) in changes.iter().zip(&keys) {
            match change {
                RunChange::PassOver => {}
                RunChange::Cancel => {
                    let reason = cancelled_by(held.action.id);
                    let end =
                        self.add_cancel_run(&mut batch, &project, run, key.as_deref(), &reason);
                    if self.keeps_nothing_of(&project, run).await? {
                        add_drop_states_of_ended(&mut batch, &project, run.id);
                    }
                    ends.push((run, end));
                }
                RunChange::Again(new) => {
                    if let Some(message) = run.message.filter(|_| new.input != RunInput::State) {
                        self.require_bytes(&mut batch, &project, message);
                    }
                    self.add_runs(&mut batch, &project, run.message, std::slice::from_ref(&**new));
                }
            }
        }
        let counts = self.change(batch).await?;
        held.action.cursor = Some(last.id);
        for (run, end) in ends {
            self.told_run_cancelled(&project, run, counts.get(end) == Some(&1));
        }
        for (_, change) in changes {
            if let RunChange::Again(new) = change {
                self.told_run(&project, new.id, &new.workflow, RunState::Available);
            }
        }
        self.tell_going_on(held);
        Ok(())
    }
}

/// States with commas between them; nothing for none.
fn states_text(states: &[RunState]) -> Option<String> {
    let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn states(text: &str) -> Option<Vec<RunState>> {
    text.split(',').map(RunState::from_name).collect()
}

impl RunCondition {
    /// The condition as JSON text: an object of texts.
    pub fn to_json(&self) -> String {
        to_json(vec![
            ("workflow", self.workflow.clone()),
            ("states", states_text(&self.states)),
            ("from", self.from.map(|time| time.to_string())),
            ("until", self.until.map(|time| time.to_string())),
            ("message", self.message.map(|id| id.to_string())),
            ("key", self.key.clone()),
            ("error_type", self.error_type.clone()),
            ("origin", self.origin.map(|origin| origin.name().to_owned())),
            ("retry_of", self.retry_of.map(|id| id.to_string())),
            ("ids", ids_text(&self.ids)),
        ])
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub fn from_json(text: &str) -> Result<Self, StoreError> {
        let reader = Reader::new(text)?;
        Ok(Self {
            workflow: reader.text("workflow"),
            states: reader.read("states", states)?.unwrap_or_default(),
            from: reader.read("from", Timestamp::parse)?,
            until: reader.read("until", Timestamp::parse)?,
            message: reader.read("message", id)?,
            key: reader.text("key"),
            error_type: reader.text("error_type"),
            origin: reader.read("origin", RunOrigin::from_name)?,
            retry_of: reader.read("retry_of", id)?,
            ids: reader.read("ids", ids)?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_condition_reads_back_as_it_was() {
        let condition = RunCondition {
            workflow: Some("register".to_owned()),
            states: vec![RunState::Failed, RunState::Crashed],
            from: Some(Timestamp(1_000_001)),
            until: Some(Timestamp(2_000_002)),
            message: Some(Uuid::from_u128(7)),
            key: Some("a \"key\"".to_owned()),
            error_type: Some("JobError".to_owned()),
            origin: Some(RunOrigin::Cron),
            retry_of: Some(Uuid::from_u128(8)),
            ids: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
        };
        assert_eq!(RunCondition::from_json(&condition.to_json()), Ok(condition));
        assert_eq!(RunCondition::from_json("{}"), Ok(RunCondition::default()));
        for wrong in ["", "{\"states\": \"gone\"}", "{\"from\": \"then\"}", "{\"ids\": \"7,\"}"] {
            assert!(RunCondition::from_json(wrong).is_err(), "{wrong}");
        }
    }
}
