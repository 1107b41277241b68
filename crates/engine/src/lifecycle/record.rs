//! A submission with all that became of it, as lifecycles and documents need it: put together from what the
//! store keeps.

use fieldpost_dialects::submission::{stored, stored_position};
use fieldpost_model::form_definition::{RECORDED, flattened};
use fieldpost_model::json::Value;
use fieldpost_model::progress::{HistoryEntry, Progress, StoredFile};
use fieldpost_model::submission::{Attachment, AttachmentContent, Submission};
use fieldpost_rules::lifecycle::{Record, position};
use fieldpost_store::StoreError;
use fieldpost_store::{
    ProgressKey, StoredProgress, StoredSubmission, SubmissionContent, WantedVersion,
};
use uuid::Uuid;

use super::form::FollowedForm;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// A submission with all that became of it.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Its form.
    pub form: FollowedForm,
    /// Its id.
    pub submission: Uuid,
    /// What was answered, what became of it, and its files.
    pub record: Record,
    /// Counts what happened to it; 0 where its lifecycle has not begun.
    pub revision: i64,
    /// Counts what was answered.
    pub version: i64,
    /// Its place in the order of changes, which grows with each of them.
    pub place: u64,
    /// Whether retention has taken its answers away.
    pub is_erased: bool,
    /// Whether its lifecycle is still to be told of something.
    pub is_behind: bool,
}

impl Followed {
    /// The submission as documents are written of it.
    pub fn as_record(&self) -> fieldpost_dialects::wcs::Record<'_> {
        fieldpost_dialects::wcs::Record {
            definition: &self.form.definition,
            submission: &self.record.submission,
            progress: &self.record.progress,
            files: &self.record.files,
            place: Some(self.place),
        }
    }
}

/// What a submission is looked for by.
#[derive(Clone, Copy, Debug)]
pub enum RecordKey<'k> {
    /// What stands in addresses: the id that the form's template makes, or the number.
    Id(&'k str),
    /// The number among those of its form.
    Number(u64),
    /// Its id in the hub.
    Submission(Uuid),
}

impl Hub {
    /// The submission of a form; `None` where there is none.
    pub async fn record(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        key: RecordKey<'_>,
    ) -> Result<Option<Followed>, StoreError> {
        let (project, name) = (&*routing.project, form.definition.name.as_str());
        let number = match key {
            RecordKey::Submission(id) => return self.record_of(routing, form, id).await,
            RecordKey::Number(number) => Some(number),
            RecordKey::Id(id) => {
                let key = ProgressKey::NaturalId { form: name, id };
                if form.is_tracked
                    && let Some(found) = self.store().progress(project, key).await?
                {
                    return self.filled(routing, form, found).await;
                }
                id.parse().ok()
            }
        };
        let Some(number) = number else { return Ok(None) };
        if form.is_tracked {
            let key = ProgressKey::Number { form: name, number };
            let Some(found) = self.store().progress(project, key).await? else { return Ok(None) };
            return self.filled(routing, form, found).await;
        }
        let Some(found) = self.store().submission_of_number(project, name, number).await? else {
            return Ok(None);
        };
        self.filled(routing, form, recorded(form, &found)).await
    }

    /// The submission of that id, whether its lifecycle has begun or not.
    async fn record_of(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        id: Uuid,
    ) -> Result<Option<Followed>, StoreError> {
        let project = &*routing.project;
        if let Some(found) = self.store().progress(project, ProgressKey::Submission(id)).await? {
            return self.filled(routing, form, found).await;
        }
        let Some(found) = self.store().submission(project, id).await? else { return Ok(None) };
        let found = if form.is_tracked { begun(&found) } else { recorded(form, &found) };
        self.filled(routing, form, found).await
    }

    async fn filled(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        found: StoredProgress,
    ) -> Result<Option<Followed>, StoreError> {
        if found.form != form.definition.name {
            return Ok(None);
        }
        Ok(self.filled_all(routing, form, vec![found]).await?.pop())
    }

    /// A page of submissions of one form that has no lifecycle.
    pub async fn recorded(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        found: &[StoredSubmission],
    ) -> Result<Vec<Followed>, StoreError> {
        let found = found.iter().map(|found| recorded(form, found)).collect();
        self.filled_all(routing, form, found).await
    }

    /// A page of submissions of one form, in the order of what was found.
    pub async fn filled_all(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        found: Vec<StoredProgress>,
    ) -> Result<Vec<Followed>, StoreError> {
        let project = &*routing.project;
        let ids: Vec<Uuid> = found.iter().map(|found| found.submission).collect();
        let mut contents = self.store().submission_contents(project, &ids).await?;
        let mut files = self.store().files_of_progress(project, &ids).await?;
        let followed = found.into_iter().map(|found| {
            let files = files.remove(&found.submission).unwrap_or_default();
            let content = contents.remove(&found.submission);
            put_together(form, found, content.as_ref(), files)
        });
        Ok(followed.collect())
    }

    /// What was answered in one version, typed by the form as it is now.
    pub(super) async fn answered(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        submission: Uuid,
        version: i64,
    ) -> Result<Option<Submission>, StoreError> {
        let wanted = WantedVersion::Number(version);
        let content = self.store().submission_content(&routing.project, submission, wanted).await?;
        Ok(content.map(|content| typed(form, Some(&content), &[])))
    }

    /// The answers of a submission as they were at a moment: of the newest version that had come by then, with the
    /// files that it had. What an answer of another version calls its file by the same name stands behind those.
    pub async fn answered_at(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        at: fieldpost_model::time::Timestamp,
    ) -> Result<Option<(Submission, Vec<StoredFile>)>, StoreError> {
        let mut before = None;
        loop {
            let store = self.store();
            let page = store
                .submission_versions(&routing.project, followed.submission, before, VERSIONS)
                .await?;
            if let Some(found) = page.iter().find(|version| version.at <= at) {
                let (form, id, version) = (&followed.form, followed.submission, found.version);
                let Some(submission) = self.answered(routing, form, id, version).await? else {
                    return Ok(None);
                };
                let had = store.files_at(&routing.project, id, version).await?;
                let arrived = fieldpost_store::StoredFile::arrived;
                let mut files: Vec<StoredFile> = had.into_iter().filter_map(arrived).collect();
                files.extend(followed.record.files.iter().cloned());
                return Ok(Some((submission, files)));
            }
            match page.last() {
                Some(last) if page.len() == VERSIONS => before = Some(last.version),
                _ => return Ok(None),
            }
        }
    }
}

/// Versions that are looked through at once.
const VERSIONS: usize = 100;

/// The progress of a submission whose form has no lifecycle. Where no form says which answer is a place, it was filled
/// in where its sender says beside the answers.
fn recorded(form: &FollowedForm, found: &StoredSubmission) -> StoredProgress {
    let mut progress = progress_of(found);
    let said = found.position.as_deref().filter(|_| form.form.is_none());
    let said = said.and_then(|text| Value::parse(text.as_bytes()).ok());
    progress.geolocation = said.and_then(|position| stored_position(&position));
    progress.status = Some(RECORDED.to_owned());
    progress.history.push(HistoryEntry {
        time: found.received_at,
        last_jump_at: None,
        who: Some(fieldpost_model::progress::Actor::Submitter),
        status: Some(RECORDED.to_owned()),
        parts: Vec::new(),
    });
    stored_progress(found, progress)
}

/// The progress of a submission whose lifecycle has not begun.
fn begun(found: &StoredSubmission) -> StoredProgress {
    stored_progress(found, progress_of(found))
}

fn progress_of(found: &StoredSubmission) -> Progress {
    let mut progress = Progress::draft(found.id, found.number, found.received_at);
    progress.updated_at = found.modified_at;
    progress
}

fn stored_progress(found: &StoredSubmission, progress: Progress) -> StoredProgress {
    StoredProgress {
        submission: found.id,
        form: found.form.clone(),
        revision: 0,
        version: found.version,
        place: found.indexed_at.0,
        is_erased: false,
        due_at: None,
        is_behind: false,
        progress,
    }
}

fn put_together(
    form: &FollowedForm,
    mut found: StoredProgress,
    content: Option<&SubmissionContent>,
    files: Vec<StoredFile>,
) -> Followed {
    let is_erased = found.is_erased || content.is_none();
    let mut submission = typed(form, content, &files);
    let mut form = form.clone();
    if !form.is_tracked {
        submission.values = flattened(&submission.values);
        // What a form says it asks is typed by it, so that there is a field for everything.
        if form.form.is_none()
            && let Some(definition) = form.definition.with_answers(&submission.values)
        {
            form.definition = std::sync::Arc::new(definition);
        }
        // Nothing has happened to it that would have placed it.
        let key = form.definition.geolocation.as_deref();
        let place = key.and_then(|key| submission.values.get(key)).and_then(position);
        let known = found.progress.geolocation.take();
        found.progress.geolocation = known.or_else(|| place.cloned());
    }
    Followed {
        form,
        submission: found.submission,
        revision: found.revision,
        version: found.version,
        place: u64::try_from(found.place).unwrap_or_default(),
        is_erased,
        is_behind: found.is_behind,
        record: Record { submission, progress: found.progress, files },
    }
}

fn typed(
    form: &FollowedForm,
    content: Option<&SubmissionContent>,
    files: &[StoredFile],
) -> Submission {
    let parsed = |text: Option<&String>| {
        let value = text.and_then(|text| Value::parse(text.as_bytes()).ok());
        value.map_or(Value::Null, Value::into_owned)
    };
    let values = parsed(content.map(|content| &content.values));
    let extra = parsed(content.map(|content| &content.extra));
    let description = parsed(content.map(|content| &content.metadata));
    let mut submission = stored(form.form.as_deref(), &values, &extra, &description);
    submission.attachments = files.iter().map(attachment).collect();
    submission
}

fn attachment(file: &StoredFile) -> Attachment {
    Attachment {
        name: file.name.clone(),
        content_type: Some(file.content_type.clone()),
        content: AttachmentContent::Expected,
    }
}
