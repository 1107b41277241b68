//! A form together with what becomes of its submissions: one that the project asks itself, or any other,
//! seen as such a one.

use std::sync::Arc;

use fieldpost_model::form::Form;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::submission::FormReference;
use fieldpost_store::{FormHead, StoreError};

use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// A form together with what becomes of its submissions.
#[derive(Clone, Debug)]
pub struct FollowedForm {
    /// What it asks, and the lifecycle of what is filled in.
    pub definition: Arc<FormDefinition>,
    /// The form as the rest of the hub knows it, by which kept answers are typed; `None` where nobody ever
    /// said what it asks.
    pub form: Option<Arc<Form>>,
    /// Whether the project asks it itself, so that each submission has a lifecycle. Those of any other form
    /// are recorded, and that is all.
    pub is_tracked: bool,
}

impl FollowedForm {
    /// A form that the project asks itself.
    pub(crate) fn tracked(definition: &Arc<FormDefinition>) -> Self {
        let form = Some(Arc::new(definition.form()));
        Self { definition: Arc::clone(definition), form, is_tracked: true }
    }
}

impl Hub {
    /// The form of that name; `None` where there is none.
    pub async fn followed_form(
        &self,
        routing: &ProjectRouting,
        name: &str,
    ) -> Result<Option<FollowedForm>, StoreError> {
        if let Some(definition) = routing.form_definition(name) {
            return Ok(Some(FollowedForm::tracked(definition)));
        }
        let Some(head) = self.store().form(&routing.project, name).await? else { return Ok(None) };
        self.seen_form(routing, &head).await.map(Some)
    }

    /// A form that the project does not ask itself.
    pub async fn seen_form(
        &self,
        routing: &ProjectRouting,
        head: &FormHead,
    ) -> Result<FollowedForm, StoreError> {
        let reference = FormReference {
            id: head.form_id.clone(),
            xmlns: head.xmlns.clone(),
            ..FormReference::default()
        };
        let known = self.form_book().find(self.store(), &routing.project, &reference).await?;
        let form = known.and_then(|known| known.definition);
        let mut definition = if let Some(form) = form.as_deref() {
            FormDefinition::seen(form)
        } else {
            // What nobody has described asks what came of it.
            let answers = self.store().noted_answers(&routing.project, &head.name).await?;
            FormDefinition::of_answers(&head.title, &answers)
        };
        definition.name.clone_from(&head.name);
        Ok(FollowedForm { definition: Arc::new(definition), form, is_tracked: false })
    }
}
