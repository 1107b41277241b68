//! What a message that was kept has told, gathered once more: for a replay, and for those who ask why a
//! forwarder wanted it or not.
//!
//! The forms are read again from the message. A case is made again from its history up to the form, so
//! that a replay sends what the event itself would have sent.

use std::collections::{HashMap, HashSet};

use fieldpost_dialects::{Decoded, Received, instance_id};
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::message::{Message, MessageRequest};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cases::{self, Occasion};
use fieldpost_store::{BroughtVersion, CaseChange, Instance, StoreError};
use uuid::Uuid;

use super::{Occurrence, Work};
use crate::filing::{self, FiledForm, Reader, SaidSubmission, Told, Touched, Wanted, Way};
use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::{matching, receive};

/// Submissions and cases of one message that are told again, of each so many: as many as one form may
/// have cases.
const MOST_TOLD_AGAIN: usize = 10_000;

/// A message that was kept.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'k> {
    pub(crate) message: &'k Message,
    pub(crate) request: &'k MessageRequest,
    pub(crate) body: &'k [u8],
}

impl Hub {
    /// What the forms and cases of a kept message call for today, as a replay.
    pub(crate) async fn work_again(
        &self,
        routing: &ProjectRouting,
        kept: Kept<'_>,
        decoded: &Decoded<'_>,
    ) -> Result<Work, StoreError> {
        let Some(hops) = matching::hops(&kept.request.headers) else { return Ok(Work::default()) };
        let told = self.told_again(routing, kept, decoded, routing.wanted()).await?;
        let occurrence = Occurrence {
            routing,
            source: &kept.message.source,
            headers: &kept.request.headers,
            query: &kept.request.query,
            origin: DeliveryOrigin::Replay,
            hops,
            now: self.now(),
        };
        // That a form was made known is not said twice.
        Ok(occurrence.plan(&told, &[]))
    }

    /// The same of a message that nobody has read yet; nothing where it cannot be read.
    pub(crate) async fn work_again_of(
        &self,
        routing: &ProjectRouting,
        kept: Kept<'_>,
    ) -> Result<Work, StoreError> {
        let Some(source) = routing.source(&kept.message.source) else { return Ok(Work::default()) };
        let content_type = kept.message.content_type.as_deref();
        match receive::read(source, content_type, kept.body) {
            Ok(decoded) => self.work_again(routing, kept, &decoded).await,
            Err(_) => Ok(Work::default()),
        }
    }

    /// What a kept message has told of forms and cases, as far as somebody wants to know.
    pub(crate) async fn told_again(
        &self,
        routing: &ProjectRouting,
        kept: Kept<'_>,
        decoded: &Decoded<'_>,
        wanted: Wanted,
    ) -> Result<Told, StoreError> {
        let mut told = Told::default();
        if !wanted.forms {
            return Ok(told);
        }
        let id = kept.message.id;
        let brought = self.store().versions_brought(&routing.project, id, MOST_TOLD_AGAIN).await?;
        if !brought.is_empty() {
            told.forms = self.forms_again(routing, kept, decoded, brought).await?;
        }
        if wanted.cases {
            told.cases = self.all_cases_again(routing, id, &told.forms).await?;
        }
        Ok(told)
    }

    /// The cases that a message has told of: those that each of its forms has touched, those that an edit
    /// among them has dropped, and the one that it has told of as a whole.
    async fn all_cases_again(
        &self,
        routing: &ProjectRouting,
        message: Uuid,
        forms: &[FiledForm],
    ) -> Result<Vec<Touched>, StoreError> {
        let mut left = MOST_TOLD_AGAIN;
        let mut cases = Vec::new();
        for form in forms {
            let left_by = LeftBy { submission: form.submission, edited_at: form.edited_at };
            let touched =
                self.store().cases_of_submission(&routing.project, form.submission).await?;
            cases.extend(self.cases_again(routing, left_by, touched, &mut left).await?);
            if form.edited_at.is_some() {
                let mut dropped = self.cases_before(routing, form).await?;
                dropped.retain(|case_id| !form.case_ids.contains(case_id));
                cases.extend(self.cases_again(routing, left_by, dropped, &mut left).await?);
            }
        }
        // What tells of a case as a whole stands in the case's history by itself.
        let left_by = LeftBy { submission: message, edited_at: None };
        let touched = self.store().cases_of_submission(&routing.project, message).await?;
        cases.extend(self.cases_again(routing, left_by, touched, &mut left).await?);
        Ok(cases)
    }

    /// The cases that an edited form touched before, as far as its version before can still be read.
    async fn cases_before(
        &self,
        routing: &ProjectRouting,
        form: &FiledForm,
    ) -> Result<Vec<String>, StoreError> {
        let (store, project) = (self.store(), &routing.project);
        let before = Some(form.version);
        let before = store.submission_versions(project, form.submission, before, 1).await?;
        let Some(before) = before.first() else { return Ok(Vec::new()) };
        let Some(message) = store.message(project, before.message).await? else {
            return Ok(Vec::new());
        };
        let content = store.message_content(project, before.message).await?;
        let (Some((_, body)), Some(source)) = (content, routing.source(&message.source)) else {
            return Ok(Vec::new());
        };
        let content_type = message.content_type.as_deref();
        let Ok(decoded) = receive::read(source, content_type, &body) else {
            return Ok(Vec::new());
        };
        let reader = Reader { project, dialect: source.dialect, book: self.form_book() };
        let said = reader.read(&Received { content_type, body: &body }, &decoded);
        // Only a form that came alone asks for something of cases.
        let alone = said.ok().and_then(|said| said.submissions.into_iter().next());
        Ok(alone.map(|said| filing::case_ids(&said.blocks)).unwrap_or_default())
    }

    /// The forms of a message, each with the version of the submission that it was filed as.
    async fn forms_again(
        &self,
        routing: &ProjectRouting,
        kept: Kept<'_>,
        decoded: &Decoded<'_>,
        brought: Vec<BroughtVersion>,
    ) -> Result<Vec<FiledForm>, StoreError> {
        let project = &routing.project;
        let Some(source) = routing.source(&kept.message.source) else { return Ok(Vec::new()) };
        let received =
            Received { content_type: kept.message.content_type.as_deref(), body: kept.body };
        let reader = Reader { project, dialect: source.dialect, book: self.form_book() };
        let Ok(said) = self.read_said(routing, reader, &received, decoded).await? else {
            return Ok(Vec::new());
        };
        let keys = filing::keys(&said.submissions);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let instances = self.store().instances(project, &keys).await?;
        let is_posted = filing::way_of(Some(source), &kept.request.path) != Way::Pushed;
        let mut forms = Vec::new();
        let mut own = Vec::new();
        let mut by_submission: HashMap<Uuid, BroughtVersion> = HashMap::new();
        for version in brought {
            match self
                .store()
                .submission_original(project, version.submission, version.version)
                .await?
            {
                // The hub wrote it because of this message.
                Some(original) => own.push((version, original)),
                None => drop(by_submission.insert(version.submission, version)),
            }
        }
        for (said, version) in pair(said.submissions, &instances, by_submission) {
            let known = self.store().submission(project, version.submission).await?;
            let Some(known) = known else { continue };
            let is_first = version.version == 1;
            forms.push(FiledForm {
                submission: version.submission,
                version: version.version,
                place: said.place,
                dialect: said.dialect,
                form: version.form,
                application: known.application,
                received_at: known.received_at,
                edited_at: (!is_first).then_some(kept.message.received_at),
                case_ids: filing::case_ids(&said.blocks),
                filled: said.submission,
                is_from_device: is_posted,
                original: None,
            });
        }
        for (version, original) in own {
            let at = kept.message.received_at;
            forms.push(FiledForm::of_hub(version.submission, version.form, original, at));
        }
        Ok(forms)
    }

    /// These cases, as a submission has left them.
    async fn cases_again(
        &self,
        routing: &ProjectRouting,
        left_by: LeftBy,
        case_ids: Vec<String>,
        left: &mut usize,
    ) -> Result<Vec<Touched>, StoreError> {
        let project = &routing.project;
        let submission = left_by.submission;
        let mut touched = Vec::new();
        for case_id in case_ids {
            let Some(fewer) = left.checked_sub(1) else { break };
            *left = fewer;
            let history = match self.store().case_changes(project, &case_id).await {
                Ok(history) => history,
                // Too long to be made again: it is told as it is now.
                Err(StoreError::Refused(_)) => {
                    let present = self.store().cases(project, &[&case_id]).await?.remove(&case_id);
                    touched.extend(present.map(|present| Touched {
                        form_id: submission.to_string(),
                        case: present.value,
                        submission,
                        occasion: left_by.occasion(),
                    }));
                    continue;
                }
                Err(error) => return Err(error),
            };
            touched.extend(as_left(&case_id, history, left_by));
        }
        Ok(touched)
    }
}

/// What has left a case in the state that is told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeftBy {
    /// The submission; the message, where that told of the case as a whole.
    pub(super) submission: Uuid,
    /// When it was edited, where this tells of the edit. What had come by then counts: the case was made
    /// anew from all of it.
    pub(super) edited_at: Option<Timestamp>,
}

impl LeftBy {
    const fn occasion(self) -> Occasion {
        if self.edited_at.is_some() { Occasion::Rebuild } else { Occasion::Submission }
    }
}

/// A case as it was left. `None`: this is nothing of its history, and no edit has taken it out of it.
pub(super) fn as_left(
    case_id: &str,
    mut history: Vec<CaseChange>,
    left_by: LeftBy,
) -> Option<Touched> {
    let LeftBy { submission, edited_at } = left_by;
    let place = history.iter().position(|change| change.submission == submission);
    let own = place.and_then(|place| history.get(place)).map(|own| own.transaction.clone());
    let at = if let Some(at) = edited_at {
        history
            .retain(|change| change.submission == submission || change.transaction.server_at <= at);
        at
    } else {
        history.truncate(place? + 1);
        own.as_ref()?.server_at
    };
    let asked: Vec<_> = history.iter().map(filing::as_asked).collect();
    let case = cases::rebuild(case_id, &asked, at).case;
    let form_id = own.map_or_else(|| submission.to_string(), |own| own.form_id);
    Some(Touched { case, form_id, submission, occasion: left_by.occasion() })
}

/// Each form that a message says with what it was filed as: by what its sender calls it, and by their
/// order where they have no names.
fn pair(
    said: Vec<SaidSubmission>,
    instances: &HashMap<String, Instance>,
    mut brought: HashMap<Uuid, BroughtVersion>,
) -> Vec<(SaidSubmission, BroughtVersion)> {
    let known = |said: &SaidSubmission| {
        let id = said.submission.metadata.instance_id.as_deref().and_then(instance_id)?;
        Some(instances.get(&id)?.submission)
    };
    let named: HashSet<Uuid> = said.iter().filter_map(known).collect();
    let mut nameless: Vec<BroughtVersion> =
        brought.extract_if(|id, _| !named.contains(id)).map(|(_, version)| version).collect();
    // Ids are made in the order of the message.
    nameless.sort_by_key(|version| version.submission);
    let mut nameless = nameless.into_iter();
    let mut pairs = Vec::new();
    // Of several of one name the last was filed.
    for said in said.into_iter().rev() {
        let version = match said.submission.metadata.instance_id.as_deref().and_then(instance_id) {
            Some(_) => known(&said).and_then(|id| brought.remove(&id)),
            None => nameless.next_back(),
        };
        pairs.extend(version.map(|version| (said, version)));
    }
    pairs.reverse();
    pairs
}
