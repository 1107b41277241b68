//! Computed fields of what is filled in here, made before it is kept.
//!
//! Whoever is told of a submission, be it of its message, by an event or by the trigger of a workflow, is told what
//! was kept, perhaps before its lifecycle has begun. So that they all see the same, what follows from the answers
//! alone is made of them before. What follows from what is not there yet (the number, the status) or from the time
//! is made when the lifecycle begins: a key that is sent again must meet the same answers. Which is which the
//! templates say, by what they name.

use fieldpost_model::form_definition::{FieldType, keyed};
use fieldpost_model::progress::{Progress, StoredFile};
use fieldpost_model::submission::Submission;
use fieldpost_rules::lifecycle::Record;
use uuid::Uuid;

use super::form::FollowedForm;
use super::machine::machine;
use super::record::Followed;
use super::submit::NewSubmission;
use crate::filing::ArrivedFile;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

impl Hub {
    /// The answers of a new submission, with what is computed of them alone. A draft has nothing computed yet.
    pub(super) fn computed_of_new(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        new: &NewSubmission,
    ) -> Submission {
        let fields = keyed(&form.definition.fields);
        if new.is_draft || fields.iter().all(|(_, it)| it.field_type != FieldType::Computed) {
            return new.submission.clone();
        }
        let now = self.now();
        // The number and the id are in no field that is made here.
        let mut progress = Progress::draft(Uuid::nil(), 0, now);
        progress.user.clone_from(&new.user);
        progress.origin = new.origin.clone();
        let addresses = self.addresses(&routing.project, &form.definition.name, &progress);
        let files = new.files.iter().map(stored).collect();
        let record = Record { submission: new.submission.clone(), progress, files };
        let surroundings = self.surroundings(routing, now);
        machine(&form.definition, &addresses, surroundings).computed_when_sent(&record)
    }

    /// The answers of an edit, with all that is computed of them: what they belong to is there.
    pub(super) fn computed_of_edit(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        submission: Submission,
    ) -> Submission {
        if followed.record.progress.is_draft() {
            return submission;
        }
        let record = Record { submission, ..followed.record.clone() };
        self.with_machine(routing, followed, |machine| machine.computed(&record).0)
    }
}

fn stored(file: &ArrivedFile) -> StoredFile {
    StoredFile {
        name: file.name.clone(),
        content_type: file.content_type.clone().unwrap_or_default(),
        bytes: file.bytes,
        sha256: file.sha256,
    }
}
