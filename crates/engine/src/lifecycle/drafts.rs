//! Drafts: what somebody began and has not sent. A form says how long they are kept, and how many of one person.
//!
//! Both are for the person's sake as much as for the hub's: what was begun and forgotten holds answers of somebody
//! who never decided to send them. Where somebody begins one more than the form keeps of a person, the one that
//! they have left alone for the longest time goes. What is sent at the same moment is no draft any more, and stays.

use fieldpost_model::form_definition::{Drafts, FormDefinition};
use fieldpost_model::progress_list::{DraftRule, Order, OrderKey, Pushdown};
use fieldpost_store::StoreError;

use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::telemetry;

/// Drafts that one step looks at.
const STEP: usize = 25;

/// How a form keeps drafts. Those of a form that keeps none any more go after the usual time.
fn kept(definition: &FormDefinition) -> Drafts {
    definition.drafts.unwrap_or(Drafts::DEFAULT)
}

impl Hub {
    /// Removes the next drafts of a project that nobody has gone on with for as long as their forms keep them.
    /// The answer is whether there may be more.
    pub(crate) async fn drop_left_drafts(
        &self,
        routing: &ProjectRouting,
    ) -> Result<bool, StoreError> {
        let (project, now) = (&*routing.project, self.now());
        let mut are_more = false;
        for definition in routing.form_definitions() {
            let before = now - kept(definition).lifespan;
            let name = &definition.name;
            let left = self.store().drafts_before(project, name, before, STEP).await?;
            let is_full = left.len() == STEP;
            let mut removed = 0;
            for draft in left {
                removed += u64::from(self.store().remove_draft(project, draft, before, now).await?);
            }
            // Where none of them could go, the next look finds the same: they wait for the next round.
            are_more |= is_full && removed > 0;
            telemetry::erased(project, "drafts", removed);
        }
        Ok(are_more)
    }

    /// Removes the drafts of a person that are more than the form keeps of one, those first that were left alone
    /// for the longest time.
    pub(super) async fn keep_few_drafts(
        &self,
        routing: &ProjectRouting,
        definition: &FormDefinition,
        user: u64,
    ) -> Result<(), StoreError> {
        let most = usize::try_from(kept(definition).max_per_user).unwrap_or(usize::MAX);
        let theirs = Pushdown {
            forms: vec![definition.name.clone()],
            drafts: DraftRule::Only,
            user: Some(user),
            order: Order { by: OrderKey::UpdatedAt, descending: true },
            ..Pushdown::default()
        };
        let (project, now) = (&*routing.project, self.now());
        let listed =
            self.store().list_progress(project, &theirs, most.saturating_add(STEP)).await?;
        for draft in listed.iter().skip(most) {
            // It is as old as it was read; what was gone on with since stays.
            let before = draft.updated_at + std::time::Duration::from_micros(1);
            self.store().remove_draft(project, draft.submission, before, now).await?;
        }
        Ok(())
    }
}
