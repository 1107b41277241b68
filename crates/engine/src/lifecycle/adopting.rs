//! Submissions that were there before their form had a lifecycle: they are given one, as if they had just come.
//!
//! Whoever finds a form that the project defines walks along its submissions, a page with each look, and orders
//! for each without progress that its lifecycle be told. The store remembers how far it was walked, so that a
//! hub that starts passes over what came since, and not over everything again.

use std::collections::HashSet;

use fieldpost_model::ProjectName;
use fieldpost_store::StoreError;

use super::told::Told;
use crate::hub::Hub;

/// Submissions of a form that one look passes.
const PAGE: usize = 500;

/// The forms whose submissions were walked along to their end.
#[derive(Debug, Default)]
pub(super) struct Adopting(HashSet<(ProjectName, String)>);

impl Adopting {
    /// Goes on by one page of each form.
    pub(super) async fn go_on(&mut self, hub: &Hub) -> Result<(), StoreError> {
        let routing = hub.routing();
        let is_defined = |(project, form): &(ProjectName, String)| {
            let found = routing.project(project);
            found.is_some_and(|project| project.form_definition(form).is_some())
        };
        // One that is defined again later is walked along again, from where it was left.
        self.0.retain(is_defined);
        for project in routing.projects() {
            for definition in project.form_definitions() {
                let key = (project.project.clone(), definition.name.clone());
                if self.0.contains(&key) {
                    continue;
                }
                let told = Told::by_another_system(false).to_json();
                let adopted =
                    hub.store().adopt(&project.project, &definition.name, &told, PAGE).await?;
                if adopted.looked_at < PAGE as u64 {
                    self.0.insert(key);
                }
            }
        }
        Ok(())
    }
}
