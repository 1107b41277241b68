//! Submissions that were there before their form had a lifecycle: they are given one, as if they had just come.
//!
//! Whoever finds a form that the project defines walks along its submissions once, a page with each look, and
//! orders for each without progress that its lifecycle be told. Those that have one are passed over, so to walk
//! again, after a restart say, changes nothing.

use std::collections::HashMap;

use fieldpost_model::ProjectName;
use fieldpost_store::StoreError;
use uuid::Uuid;

use super::told::Told;
use crate::hub::Hub;

/// Submissions of a form that one look passes.
const PAGE: usize = 500;

/// How far the walk has come for a form.
#[derive(Clone, Copy, Debug)]
enum Walk {
    /// Behind this submission; `None` at its beginning.
    Behind(Option<Uuid>),
    /// At its end.
    Done,
}

/// The walks along all forms.
#[derive(Debug, Default)]
pub(super) struct Adopting(HashMap<(ProjectName, String), Walk>);

impl Adopting {
    /// Goes on by one page of each form.
    pub(super) async fn go_on(&mut self, hub: &Hub) -> Result<(), StoreError> {
        let routing = hub.routing();
        let is_defined = |(project, form): &(ProjectName, String)| {
            let found = routing.project(project);
            found.is_some_and(|project| project.form_definition(form).is_some())
        };
        // One that is defined again later is walked along again.
        self.0.retain(|form, _| is_defined(form));
        for project in routing.projects() {
            for definition in project.form_definitions() {
                let key = (project.project.clone(), definition.name.clone());
                let walk = self.0.entry(key).or_insert(Walk::Behind(None));
                let Walk::Behind(after) = *walk else { continue };
                let told = Told::by_another_system(false).to_json();
                let adopted = hub
                    .store()
                    .adopt(&project.project, &definition.name, &told, after, PAGE)
                    .await?;
                *walk = match adopted.next {
                    Some(next) => Walk::Behind(Some(next)),
                    None => Walk::Done,
                };
            }
        }
        Ok(())
    }
}
