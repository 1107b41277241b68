//! What the lifecycle of a form is told of a submission that is filed.
//!
//! Most senders know nothing of lifecycles: something came, and that is all. A record of another w.c.s. says whose
//! it is, which way it took, and what its own lifecycle has noted. Of these notes, what this one has a field
//! for is set; what it has noted itself stays.

use fieldpost_dialects::submission::take_asked;
use fieldpost_dialects::wcs::Pushed;
use fieldpost_model::form_definition::{FormDefinition, derived_fields};
use fieldpost_model::progress::Origin;
use fieldpost_model::submission::Submission;
use fieldpost_rules::lifecycle::Caller;
use uuid::Uuid;

use super::plan::Occasion;
use crate::lifecycle::{Came, Told};
use crate::people::Person;

/// A submission of a form with a lifecycle.
#[derive(Clone, Copy)]
pub(super) struct LifecycleOf<'f> {
    /// The form.
    pub(super) definition: &'f FormDefinition,
    /// Whether it was there before.
    pub(super) is_edit: bool,
}

impl Occasion<'_> {
    /// What the lifecycle is told. Answers to its own fields are taken out of the submission.
    pub(super) fn untold(
        self,
        filed: LifecycleOf<'_>,
        submission: &mut Submission,
        pushed: Option<&Pushed>,
    ) -> String {
        if let Some(told) = self.told {
            return told.to_owned();
        }
        let Some(pushed) = pushed else {
            return Told::by_another_system(filed.is_edit).to_json();
        };
        let fields = derived_fields(&filed.definition.lifecycle.backoffice_fields);
        let noted = take_asked(&fields, &mut submission.values);
        let told = if filed.is_edit {
            Told::Edited { caller: Caller::nobody(), action: None, backoffice_values: noted }
        } else {
            Told::Came(Box::new(Came {
                uuid: pushed.uuid.as_deref().and_then(|uuid| Uuid::try_parse(uuid).ok()),
                user: self.user_of(pushed),
                origin: Origin {
                    channel: pushed.channel,
                    is_backoffice: pushed.is_backoffice,
                    ..Origin::default()
                },
                backoffice_values: noted,
                ..Came::default()
            }))
        };
        told.to_json()
    }

    fn user_of(self, pushed: &Pushed) -> Option<fieldpost_model::person::UserReference> {
        let person = self.routing.person_claimed(pushed.user.as_ref()?);
        person.map(Person::reference)
    }
}
