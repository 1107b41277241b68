//! Computed fields of what is filled in here, made before it is kept.
//!
//! Whoever is told of a submission, be it of its message, by an event or by the trigger of a workflow, is told what
//! was kept, perhaps before its lifecycle has begun. So that they all see the same, what follows from the answers
//! alone is made of them before. What follows from what is not there yet (the number, the status) or from the time
//! is made when the lifecycle begins: a key that is sent again must meet the same answers. Which is which is found
//! out by making each field twice, with another number at another time, and by taking what was the same.

use std::time::Duration;

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

/// How far apart the two times are: another day, month, year and day of the week.
const LATER: Duration = Duration::from_hours(24 * 399);

impl Hub {
    /// The answers of a new submission, with what is computed of them alone. A draft has nothing computed yet.
    pub(super) fn computed_of_new(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        new: &NewSubmission,
    ) -> Submission {
        let fields = keyed(&form.definition.fields);
        let computed = fields.iter().filter(|(_, it)| it.field_type == FieldType::Computed);
        let computed: Vec<&str> = computed.map(|(key, _)| key.as_str()).collect();
        if new.is_draft || computed.is_empty() {
            return new.submission.clone();
        }
        let now = self.now();
        let made = |number: u64, uuid: Uuid, at| {
            let mut progress = Progress::draft(uuid, number, at);
            progress.user.clone_from(&new.user);
            progress.origin = new.origin.clone();
            let addresses = self.addresses(&routing.project, &form.definition.name, &progress);
            let files = new.files.iter().map(stored).collect();
            let record = Record { submission: new.submission.clone(), progress, files };
            let surroundings = self.surroundings(routing, at);
            machine(&form.definition, &addresses, surroundings).computed(&record).0
        };
        let (mut made, other) = (made(1, Uuid::nil(), now), made(2, Uuid::max(), now + LATER));
        let others = &other.values.extra;
        made.values
            .extra
            .retain(|member| !computed.contains(&&*member.0) || others.contains(member));
        made
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
