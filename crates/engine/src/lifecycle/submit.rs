//! Forms that are filled in here: on the hub's own pages, or by programs that speak as w.c.s. does.
//!
//! What is filled in becomes a message like any other, in the hub's own JSON, and goes the way of any
//! message: it is kept with all that it calls for, and its lifecycle is told afterwards. So every forwarder
//! and every workflow hears of it, and nothing is lost if the hub dies between the two.

use std::sync::Arc;

use fieldpost_dialects::formats;
use fieldpost_model::json::Value;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::Origin;
use fieldpost_model::source::{Dedupe, Dialect, OnBadBody, Source};
use fieldpost_model::submission::Submission;
use fieldpost_rules::lifecycle::{Caller, Happening};
use fieldpost_rules::openrosa::{Decision, Flavour};
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::StoreError;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::form::FollowedForm;
use super::happen::{LifecycleError, Subject};
use super::record::{Followed, RecordKey};
use super::step::Next;
use super::told::{Came, Told};
use crate::Incoming;
use crate::filing::{Arrival, ArrivedFile, Refusal as FilingRefusal, RefusedBy, Way};
use crate::flow::{ReceiptOutcome, TakenIn};
use crate::hub::Hub;
use crate::ids::new_secret;
use crate::routing::{ProjectRouting, SourceRoute};

/// The source that takes in what is filled in here: every project has it, and none can define it.
pub const OWN_SOURCE: &str = "hub:forms";
/// The text of the refusal of a key that was used before, with other answers.
const OTHER_ANSWERS: &str =
    "The Idempotency-Key was used before with other answers; send a new one with them.";

/// A form that was filled in.
#[derive(Clone, Debug, Default)]
pub struct NewSubmission {
    /// The answers; the names of files are in them, and in its attachments.
    pub submission: Submission,
    /// The files, which lie in the folder of files by now.
    pub files: Vec<ArrivedFile>,
    /// Who sends it.
    pub caller: Caller,
    /// Whose it is.
    pub user: Option<UserReference>,
    /// The way that it took.
    pub origin: Origin,
    /// Whether it is only begun.
    pub is_draft: bool,
    /// The draft that it takes the place of.
    pub draft: Option<Uuid>,
    /// What was said of the lifecycle's own fields: an object by their keys, as the format normalised has
    /// answers.
    pub backoffice_values: Option<Value<'static>>,
    /// The name that the sender gave to this sending: the same again is the same submission.
    pub idempotency_key: Option<String>,
    /// The path that it was sent to.
    pub path: String,
    /// The headers that it was sent with.
    pub headers: Vec<(String, String)>,
}

/// A form that was taken in.
#[derive(Clone, Debug)]
pub struct SubmittedForm {
    /// The submission, as its lifecycle has left it by now; `None` where the lifecycle has erased it.
    pub followed: Option<Followed>,
    /// Whether it was there already.
    pub is_repeated: bool,
    /// The message that it is kept as.
    pub message: Uuid,
}

/// An edit of a submission.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// All answers, as they are to be.
    pub submission: Submission,
    /// The files that come with it.
    pub files: Vec<ArrivedFile>,
    /// Who does it.
    pub caller: Caller,
    /// The action that allows it; `None`: the first that does.
    pub action: Option<String>,
    /// The values of the lifecycle's own fields that change; those that are not named stay as they are.
    pub backoffice_values: Option<Value<'static>>,
    /// The path that it was sent to.
    pub path: String,
    /// The headers that it was sent with.
    pub headers: Vec<(String, String)>,
}

impl Hub {
    /// Takes in a form that was filled in. `Ok` means: committed and synced, and its lifecycle has begun.
    pub async fn submit(
        &self,
        routing: &Arc<ProjectRouting>,
        form: &FollowedForm,
        new: NewSubmission,
    ) -> Result<SubmittedForm, LifecycleError> {
        let uuid = self.uuid_of(routing, form, &new).await?;
        let user = new.user.as_ref().map(|user| user.number);
        let mut submission = self.computed_of_new(routing, form, &new);
        submission.form.id = Some(form.definition.name.clone());
        submission.metadata.instance_id = Some(format!("uuid:{uuid}"));
        let told = Told::Came(Box::new(Came {
            uuid: Some(uuid),
            is_draft: new.is_draft,
            caller: new.caller,
            user: new.user,
            origin: new.origin,
            backoffice_values: new.backoffice_values,
        }));
        let is_new = new.draft.is_none();
        let arrival = Arrival {
            way: if is_new { Way::Posted(Flavour::Odk) } else { Way::Pushed },
            files: &new.files,
            told: Some(&told.to_json()),
            is_draft: new.is_draft,
            ..Arrival::PUSHED
        };
        let incoming = incoming(&submission, new.path, new.headers);
        let taken = Box::pin(self.take_in(&own_route(routing), incoming, arrival)).await?;
        let is_repeated = taken.decision == Some(Decision::Duplicate)
            || matches!(taken.receipt.outcome, ReceiptOutcome::Duplicate { .. });
        let message = taken.receipt.message;
        refused(taken)?;
        let id = self.submission_of(routing, uuid).await?;
        let mut subject = Subject {
            routing: Arc::clone(routing),
            form: form.clone(),
            key: RecordKey::Submission(id),
        };
        let mut followed = Box::pin(self.caught_up(&mut subject)).await?;
        // A draft whose answers are the same when it is sent makes no new version.
        let is_left_a_draft = followed.as_ref().is_some_and(|it| it.record.progress.is_draft());
        if is_left_a_draft
            && !new.is_draft
            && let Told::Came(came) = told
        {
            let caller = came.caller.clone();
            followed =
                Box::pin(self.make_happen(subject, &caller, &Next::Came(came), None)).await?;
        }
        if new.is_draft
            && let Some(user) = user
        {
            // The draft is kept: an error now would have its sender begin another one.
            let few = self.keep_few_drafts(routing, &form.definition, user).await;
            few.unwrap_or_else(|error| {
                let (project, form) = (&routing.project, &form.definition.name);
                tracing::warn!(%error, %project, %form, "drafts that are too many could not be removed");
            });
        }
        Ok(SubmittedForm { followed, is_repeated, message })
    }

    /// Changes the answers of a submission, where its lifecycle allows that to the caller. What is not a draft
    /// any more goes through [`Happening::Edited`]; a draft is changed as it is.
    pub async fn edit(
        &self,
        routing: &Arc<ProjectRouting>,
        followed: &Followed,
        edit: Edit,
    ) -> Result<Option<Followed>, LifecycleError> {
        self.check_edit(routing, followed, &edit)?;
        let told = Told::Edited {
            caller: edit.caller.clone(),
            action: edit.action.clone(),
            backoffice_values: edit.backoffice_values.clone(),
        };
        let mut submission = self.computed_of_edit(routing, followed, edit.submission);
        submission.form.id = Some(followed.form.definition.name.clone());
        submission
            .metadata
            .instance_id
            .clone_from(&followed.record.submission.metadata.instance_id);
        let arrival = Arrival {
            files: &edit.files,
            told: Some(&told.to_json()),
            expected: Some(followed.version),
            is_draft: followed.record.progress.is_draft(),
            ..Arrival::PUSHED
        };
        let incoming = incoming(&submission, edit.path, edit.headers);
        let taken = Box::pin(self.take_in(&own_route(routing), incoming, arrival)).await?;
        let is_same = taken.decision == Some(Decision::Duplicate)
            || matches!(taken.receipt.outcome, ReceiptOutcome::Duplicate { .. });
        if taken.refusal.as_ref().is_some_and(|it| matches!(it.by, RefusedBy::Decision(_))) {
            // Somebody else has changed it since it was read.
            return Err(StoreError::Busy.into());
        }
        refused(taken)?;
        let mut subject = Subject {
            routing: Arc::clone(routing),
            form: followed.form.clone(),
            key: RecordKey::Submission(followed.submission),
        };
        if is_same {
            let next =
                Next::Edited { action: edit.action, backoffice_values: edit.backoffice_values };
            return Box::pin(self.make_happen(subject, &edit.caller, &next, None)).await;
        }
        Ok(Box::pin(self.caught_up(&mut subject)).await?)
    }

    /// Whether the lifecycle allows an edit, before anything of it is kept.
    fn check_edit(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        edit: &Edit,
    ) -> Result<(), Refusal> {
        if followed.record.progress.is_draft() && edit.caller.is_submitter {
            return Ok(());
        }
        let happening = Happening::Edited {
            action: edit.action.clone(),
            submission: Box::new(edit.submission.clone()),
            files: Vec::new(),
        };
        self.with_machine(routing, followed, |machine| {
            machine.step(&followed.record, &edit.caller, &happening).map(drop)
        })
    }

    /// The id of a new submission: that of its draft; one that follows from the key that its sender gave it;
    /// else a new one.
    async fn uuid_of(
        &self,
        routing: &ProjectRouting,
        form: &FollowedForm,
        new: &NewSubmission,
    ) -> Result<Uuid, LifecycleError> {
        if let Some(draft) = new.draft {
            let found = self.record(routing, form, RecordKey::Submission(draft)).await?;
            let found = found.ok_or(LifecycleError::NotFound)?;
            if !found.record.progress.is_draft() {
                return Err(Refusal::invalid("Formdata is already submitted.").into());
            }
            return Ok(found.record.progress.uuid);
        }
        Ok(match &new.idempotency_key {
            Some(key) => keyed_uuid(&routing.project, &form.definition.name, key),
            None => Uuid::new_v4(),
        })
    }

    /// The submission that was taken in under an id.
    async fn submission_of(
        &self,
        routing: &ProjectRouting,
        uuid: Uuid,
    ) -> Result<Uuid, LifecycleError> {
        let key = uuid.to_string();
        let found = self.store().instances(&routing.project, &[&key]).await?;
        let found = found.get(&key).map(|instance| instance.submission);
        found.ok_or(LifecycleError::NotFound)
    }
}

/// The id that the submission of a form has which was sent with a key: the same for all who send that one.
pub fn keyed_uuid(project: &str, form: &str, key: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in [project, form, key] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What was taken in as an error, where it was not.
fn refused(taken: TakenIn) -> Result<(), LifecycleError> {
    match (taken.refusal, taken.receipt.outcome) {
        (Some(FilingRefusal { by: RefusedBy::Decision(_), .. }), _) => {
            Err(Refusal::invalid(OTHER_ANSWERS).into())
        }
        (Some(refusal), _) => Err(Refusal::invalid(refusal.reason).into()),
        (None, ReceiptOutcome::Quarantined { reason, .. }) => Err(Refusal::invalid(reason).into()),
        (None, _) => Ok(()),
    }
}

fn incoming(submission: &Submission, path: String, headers: Vec<(String, String)>) -> Incoming {
    // What is kept is the hub's own writing, whatever the form was sent as.
    let is_of_body = |name: &str| {
        ["content-type", "content-length", "content-encoding", "idempotency-key", "webhook-id"]
            .contains(&name)
    };
    let mut headers: Vec<(String, String)> =
        headers.into_iter().filter(|(name, _)| !is_of_body(name)).collect();
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Incoming {
        method: "POST".to_owned(),
        path,
        query: Vec::new(),
        headers,
        body: formats::normalised(submission).to_json().into(),
    }
}

/// The way of what is filled in here.
fn own_route(routing: &Arc<ProjectRouting>) -> SourceRoute {
    SourceRoute::own(routing)
}

/// The source of what is filled in here. Nobody is told its secret, which is made anew each time.
pub(crate) fn own_source() -> Source {
    Source {
        name: OWN_SOURCE.to_owned(),
        dialect: Dialect::Normalised,
        secret: new_secret(),
        id: Uuid::new_v4(),
        path: None,
        enabled: false,
        dedupe: Dedupe::Identity,
        on_bad_body: OnBadBody::Refuse,
        authentication: Vec::new(),
        access: None,
        expect_every: None,
        fetch_files: None,
        form: None,
        gives_display_id: false,
    }
}
