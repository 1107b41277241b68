//! Makes cases anew that have lost a form to an erasure, from the forms that remain.

use fieldpost_model::ProjectName;
use fieldpost_store::StoreError;

use super::cases::made_anew;
use super::turns::{Key, Turn};
use crate::hub::Hub;

/// Cases that are asked for at once.
const STEP: usize = 100;
/// How often a case is made anew before what changes it meanwhile is left to go on, until the next time.
const MOST_TRIES: usize = 5;

impl Hub {
    /// Keeps this hub from planning with cases from the time on that an erasure takes a form out of them until
    /// they are made anew: what was planned in between would tell others what the form had said.
    pub(crate) async fn turn_of_cases(&self, project: &str, case_ids: &[String]) -> Turn {
        self.turns().take(project, case_ids.iter().map(|case_id| Key::Case(case_id))).await
    }

    /// Makes the cases of a project anew that an erasure has left so. What is not done now, since a form
    /// came in between or the hub was stopped, is done the next time.
    pub(crate) async fn rebuild_cases(&self, project: &ProjectName) -> Result<(), StoreError> {
        loop {
            let cases = self.store().cases_to_rebuild(project, STEP).await?;
            let is_last = cases.len() < STEP;
            let mut is_done = true;
            for case_id in &cases {
                is_done &= match self.rebuild_case(project, case_id).await {
                    // One that can never be made anew must not keep the others from it.
                    Err(StoreError::Refused(reason)) => {
                        tracing::warn!(%project, case_id, reason, "a case cannot be made anew");
                        false
                    }
                    done => done?,
                };
            }
            if is_last || !is_done {
                return Ok(());
            }
        }
    }

    /// Whether the case is as the forms that remain make it.
    async fn rebuild_case(&self, project: &ProjectName, case_id: &str) -> Result<bool, StoreError> {
        let store = self.store();
        for _ in 0..MOST_TRIES {
            // The revision first: what comes in between is noticed.
            let Some(present) = store.cases(project, &[case_id]).await?.remove(case_id) else {
                store.forget_notes(project, case_id).await?;
                return Ok(true);
            };
            // Whole: that forms from outside may not make a case anew which is too long is no reason to keep
            // what a person has said.
            let history = store.every_case_change(project, case_id).await?;
            let (now, id) = (self.now(), case_id.to_owned());
            let anew = self.aside(move || made_anew(&id, present.revision, history, now)).await?;
            match store.put_rebuilt_case(project, anew, now).await {
                Err(StoreError::Conflict(_)) => {}
                done => return done.map(|()| true),
            }
        }
        Ok(false)
    }
}
