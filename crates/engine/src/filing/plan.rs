//! What becomes of the filled forms in a message, once it is known what is there.
//!
//! Each is new, the same again, a later state of one that is there, or refused. What pushes to an inbox
//! has taken the form itself and is never told no; a device that posts to a receiver is, by the rules of
//! [`openrosa`](fieldpost_rules::openrosa).

use std::collections::{HashMap, HashSet};

use fieldpost_dialects::{formats, instance_id};
use fieldpost_model::case::CaseSubmission;
use fieldpost_model::form::Form;
use fieldpost_model::form_definition::{NotedAnswer, noted};
use fieldpost_model::submission::{FormReference, Submission};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::openrosa::{
    Arrival, Decision, Files, Flavour, Known, Original as Replaced, decide, decide_pushed,
};
use fieldpost_store::{
    FiledFile, FiledSubmission, Filing, Instance, NewForm, Original, Store, StoreError,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::book::{FormBook, KnownForm};
use super::cases::{self, CaseForm};
use super::files::{ArrivedFile, Fetching, FileOrder, compare};
use super::lifecycles::LifecycleOf;
use super::reading::{Said, SaidSubmission};
use super::told::{FiledForm, Told, Wanted, case_ids};
use crate::ids::new_id;
use crate::routing::ProjectRouting;

/// What the name of a form is made of where nothing in what submissions call it can be one.
const NAMELESS: &str = "form";
/// The form in which the hub changes cases by itself, as CommCare names it.
const SYSTEM_FORM: &str = "http://commcarehq.org/case";

/// How a message came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Another system pushed it to an inbox.
    Pushed,
    /// A device, or whoever speaks as one, posted it to a receiver.
    Posted(Flavour),
}

/// Why a message's forms are not filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// A stable word.
    pub(crate) code: &'static str,
    /// Why, in a sentence.
    pub(crate) reason: String,
    /// What refuses it.
    pub(crate) by: RefusedBy,
}

/// What refuses a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusedBy {
    /// What is there under its id, or what it would take the place of.
    Decision(Decision),
    /// The rules of cases.
    Cases,
    /// The document itself: something is missing that every form has.
    Document,
}

impl Refusal {
    /// A document that names no form.
    pub(crate) fn nameless() -> Self {
        Self {
            code: "form-unnamed",
            reason: "The document names no form: its root element has neither an id nor a \
                     namespace (xmlns)."
                .to_owned(),
            by: RefusedBy::Document,
        }
    }

    fn too_many_forms(most: usize) -> Self {
        Self {
            code: "too-many-forms",
            reason: format!(
                "The form is not known, and the project has {most} forms already, the setting \
                 max-forms. Upload the form, or raise the setting; then replay this message."
            ),
            by: RefusedBy::Document,
        }
    }

    fn without_instance_id() -> Self {
        Self {
            code: "instance-id-missing",
            reason: "The form has no instanceID in its meta block, so that nobody could tell a \
                     repeated sending from a new one."
                .to_owned(),
            by: RefusedBy::Document,
        }
    }
}

/// What is to be kept of a message's forms.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    /// What is written.
    pub(crate) filing: Filing,
    /// What became of the first form.
    pub(crate) decision: Option<Decision>,
    /// What forwarders are to be told of.
    pub(crate) told: Told,
    /// The first submission that the message is about, new or not.
    pub(crate) submission: Option<Uuid>,
}

/// What a plan is made for.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'o> {
    pub(crate) store: &'o Store,
    pub(crate) book: &'o FormBook,
    pub(crate) project: &'o fieldpost_model::ProjectName,
    /// The message.
    pub(crate) message: Uuid,
    /// When it came in.
    pub(crate) now: Timestamp,
    pub(crate) way: Way,
    /// The application whose receiver it was posted to.
    pub(crate) application: Option<&'o str>,
    pub(crate) files: &'o [ArrivedFile],
    /// Whether it was set aside before, and others may have come since.
    pub(crate) is_late: bool,
    /// How many forms a project may have before submissions make no more.
    pub(crate) max_forms: usize,
    /// The definitions.
    pub(crate) routing: &'o ProjectRouting,
    /// What the lifecycle of the form is told, where that is more than that the submission came.
    pub(crate) told: Option<&'o str>,
    /// The version of the submission that it was made from; another is a conflict.
    pub(crate) expected: Option<i64>,
    /// What somebody listens to.
    pub(crate) wanted: Wanted,
    /// How files are fetched that are only linked to, where they are.
    pub(crate) fetching: Option<Fetching<'o>>,
}

/// Plans what becomes of what a message says. The inner error refuses all of it.
pub(crate) async fn plan(
    occasion: Occasion<'_>,
    said: Said,
) -> Result<Result<Planned, Refusal>, StoreError> {
    let mut planned = Planned::default();
    if let Some(state) = said.state {
        let asked = CaseSubmission {
            form_id: occasion.message.to_string(),
            received_at: occasion.now,
            edited_at: None,
            blocks: vec![state],
            is_forwarded: true,
        };
        return Ok(occasion
            .file_cases(occasion.message, &asked, false, &mut planned)
            .await?
            .map(|()| planned));
    }
    let keys = keys(&said.submissions);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let present = occasion.store.instances(occasion.project, &keys).await?;
    for submission in newest_of_each(said.submissions) {
        match occasion.file(submission, &present, &mut planned).await? {
            Ok(decision) => planned.decision = planned.decision.or(Some(decision)),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(planned))
}

/// The ids that submissions go by, and those that they take the place of.
pub(crate) fn keys(submissions: &[SaidSubmission]) -> Vec<String> {
    let metadata = submissions.iter().map(|said| &said.submission.metadata);
    let named = metadata.flat_map(|it| [it.instance_id.as_deref(), it.deprecated_id.as_deref()]);
    named.flatten().filter_map(instance_id).collect()
}

/// Of those that one message has of one id the last: it is the newest.
fn newest_of_each(submissions: Vec<SaidSubmission>) -> Vec<SaidSubmission> {
    let key = |said: &SaidSubmission| instance_id(said.submission.metadata.instance_id.as_deref()?);
    let mut seen = HashSet::new();
    let from_the_end = submissions.into_iter().rev();
    let mut newest: Vec<SaidSubmission> =
        from_the_end.filter(|said| key(said).is_none_or(|key| seen.insert(key))).collect();
    newest.reverse();
    newest
}

/// What is there under the id of a submission, and of the one that it takes the place of.
#[derive(Clone, Copy)]
struct Present<'p> {
    known: Option<&'p Instance>,
    original: Option<&'p Instance>,
    names_original: bool,
}

impl Present<'_> {
    fn arrival(self, content_hash: [u8; 32], files: Files) -> Arrival {
        let known = match self.known {
            None => Known::Nothing,
            Some(known) if known.content_hash == content_hash => Known::SameBody,
            Some(_) => Known::OtherBody,
        };
        let original = match self.original {
            None if self.names_original => Replaced::Unknown,
            None => Replaced::NotNamed,
            Some(original) if original.is_newest() => Replaced::Newest,
            Some(_) => Replaced::Outdated,
        };
        Arrival { known, files, original }
    }
}

impl Occasion<'_> {
    /// Plans what becomes of one filled form.
    async fn file(
        self,
        said: SaidSubmission,
        present: &HashMap<String, Instance>,
        planned: &mut Planned,
    ) -> Result<Result<Decision, Refusal>, StoreError> {
        let metadata = &said.submission.metadata;
        let id_of = |written: Option<&String>| written.and_then(|written| instance_id(written));
        let key = id_of(metadata.instance_id.as_ref());
        let replaced = id_of(metadata.deprecated_id.as_ref()).filter(|id| Some(id) != key.as_ref());
        if key.is_none() && matches!(self.way, Way::Posted(Flavour::Odk | Flavour::Kobo)) {
            return Ok(Err(Refusal::without_instance_id()));
        }
        let present = Present {
            known: key.as_ref().and_then(|key| present.get(key)),
            original: replaced.as_ref().and_then(|key| present.get(key)),
            names_original: replaced.is_some(),
        };
        let stored = match present.known {
            Some(known) if !self.files.is_empty() => {
                self.store.files_at(self.project, known.submission, known.version).await?
            }
            _ => Vec::new(),
        };
        let arrival = present.arrival(said.content_hash, compare(self.files, &stored));
        let decision = match self.way {
            Way::Pushed => decide_pushed(arrival),
            Way::Posted(flavour) => decide(flavour, arrival),
        };
        let instance = present.known.or(present.original);
        if let Some(instance) = instance {
            planned.submission.get_or_insert(instance.submission);
        }
        match (decision, instance) {
            (Decision::Duplicate | Decision::AddFiles, Some(instance)) => {
                let files = self.arrived(instance.submission);
                let files = files.map(|file| FiledFile { version: instance.version, ..file });
                planned.filing.files.extend(files);
            }
            // Two names of one submission in one message: the first of them counts.
            (Decision::Edit, Some(instance))
                if planned.filing.submissions.iter().any(|it| it.id == instance.submission) => {}
            // What was set aside is older than what has been taken since.
            (Decision::Edit, Some(_)) if self.is_late && arrival.known == Known::OtherBody => {
                return Ok(Err(refused(Decision::Conflict)));
            }
            (Decision::Edit, Some(instance))
                if self.expected.is_some_and(|expected| expected != instance.revision) =>
            {
                return Ok(Err(refused(Decision::Conflict)));
            }
            (Decision::Edit, Some(instance)) => {
                let (id, revision) = (instance.submission, instance.revision);
                let edited = Some((revision, instance.received_at));
                if let Err(refusal) = self.store_one(said, id, edited, key, planned).await? {
                    return Ok(Err(refusal));
                }
            }
            (decision, _) if decision.is_taken() => {
                let id = new_id(self.now);
                planned.submission.get_or_insert(id);
                if let Err(refusal) = self.store_one(said, id, None, key, planned).await? {
                    return Ok(Err(refusal));
                }
            }
            (decision, _) => return Ok(Err(refused(decision))),
        }
        Ok(Ok(decision))
    }

    /// Plans a new submission, or a new version of one.
    async fn store_one(
        self,
        said: SaidSubmission,
        id: Uuid,
        edited: Option<(i64, Timestamp)>,
        key: Option<String>,
        planned: &mut Planned,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let SaidSubmission {
            mut submission,
            content_hash,
            blocks,
            form,
            files,
            place,
            dialect,
            pushed,
        } = said;
        let asked = CaseSubmission {
            form_id: form_id(&submission).unwrap_or_else(|| id.to_string()),
            received_at: edited.map_or(self.now, |(_, received_at)| received_at),
            edited_at: edited.map(|_| self.now),
            blocks,
            is_forwarded: self.way == Way::Pushed,
        };
        let told_before = planned.told.forms.len();
        let cased = self.file_cases(id, &asked, edited.is_some(), planned).await?;
        if let Err(refusal) = cased {
            return Ok(Err(refusal));
        }
        let form = match self.known_form(&submission.form, form, planned).await? {
            Some(name) => name,
            None if self.store.has_forms(self.project, self.max_forms).await? => {
                return Ok(Err(Refusal::too_many_forms(self.max_forms)));
            }
            None => self.new_form(&submission.form, planned).await?,
        };
        let untold = match self.routing.form_definition(&form) {
            Some(definition) => {
                let filed = LifecycleOf { definition, is_edit: edited.is_some() };
                Some(self.untold(filed, &mut submission, pushed.as_deref()))
            }
            None => None,
        };
        let links = planned.filing.files.iter().filter(|file| file.fetch.is_some()).count();
        let order = FileOrder { dialect, links };
        planned.filing.files.extend(self.files_of(id, &submission, &files, order));
        let (values, extra) = formats::values_apart(&submission.values);
        let application = self.application.map(str::to_owned);
        let filed = FiledSubmission {
            id,
            expected: edited.map_or(0, |(revision, _)| revision),
            form,
            form_version: submission.form.version.clone(),
            application: application.or(submission.form.application.clone()),
            build: submission.form.build.clone(),
            instance_id: key,
            content_hash,
            values: values.to_json(),
            extra: extra.to_json(),
            metadata: formats::description(&submission).to_json(),
            position: formats::place(&submission, None).map(|place| place.to_json()),
            user: submission.metadata.user.clone(),
            user_id: submission.metadata.user_id.clone(),
            is_untyped: submission.is_untyped,
            is_encrypted: submission.is_encrypted,
            noted: names_of(&submission),
            original: None,
            untold,
        };
        if self.wanted.forms {
            let told = FiledForm {
                submission: id,
                version: filed.expected + 1,
                place,
                dialect,
                form: filed.form.clone(),
                filled: submission,
                application: filed.application.clone(),
                received_at: asked.received_at,
                edited_at: asked.edited_at,
                case_ids: case_ids(&asked.blocks),
                is_from_device: self.way != Way::Pushed,
                original: None,
            };
            // The form itself goes before those that it called for.
            planned.told.forms.insert(told_before, told);
        }
        planned.filing.submissions.push(filed);
        Ok(Ok(()))
    }

    async fn file_cases(
        self,
        submission: Uuid,
        asked: &CaseSubmission,
        is_edit: bool,
        planned: &mut Planned,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let form =
            CaseForm { submission, asked, is_edit, now: self.now, wants_cases: self.wanted.cases };
        let filing = match cases::plan(self.store, self.project, form).await {
            Ok(Ok(filing)) => filing,
            // What can never be done is set aside with its reason, not tried for ever.
            Err(StoreError::Refused(reason)) => {
                let code = "case-not-kept";
                return Ok(Err(Refusal { code, reason, by: RefusedBy::Cases }));
            }
            Err(error) => return Err(error),
            Ok(Err(error)) => {
                return Ok(Err(Refusal {
                    code: error.code(),
                    reason: format!("{error}. {}", error.hint()),
                    by: RefusedBy::Cases,
                }));
            }
        };
        planned.filing.cases.extend(filing.cases);
        planned.filing.needed_cases.extend(filing.needed);
        planned.told.cases.extend(filing.touched);
        if let Some(closing) = filing.closing {
            let reference =
                FormReference { xmlns: Some(SYSTEM_FORM.to_owned()), ..FormReference::default() };
            let form = match self.known_form(&reference, None, planned).await? {
                Some(name) => name,
                None => self.new_form(&reference, planned).await?,
            };
            let filed = system_submission(closing, form.clone());
            if self.wanted.forms
                && let Some(original) = filed.original.clone()
            {
                let told = FiledForm::of_hub(filed.id, form, original, self.now);
                planned.told.forms.push(told);
            }
            planned.filing.submissions.push(filed);
        }
        Ok(Ok(()))
    }

    /// The name of the form of a submission, if it is known, or will be by then.
    async fn known_form(
        self,
        reference: &FormReference,
        read: Option<KnownForm>,
        planned: &Planned,
    ) -> Result<Option<String>, StoreError> {
        let known = match read {
            Some(known) => Some(known),
            None => self.book.find(self.store, self.project, reference).await?,
        };
        let is_this =
            |form: &&NewForm| (&form.form_id, &form.xmlns) == (&reference.id, &reference.xmlns);
        let new = || planned.filing.forms.iter().find(is_this).map(|form| form.name.clone());
        Ok(known.map(|known| known.head.name).or_else(new))
    }

    /// Makes the form of a submission known; the answer is the name that it gets.
    async fn new_form(
        self,
        reference: &FormReference,
        planned: &mut Planned,
    ) -> Result<String, StoreError> {
        let wanted = wanted_name(reference);
        let mut name = self.store.free_form_name(self.project, &wanted).await?;
        // Another form that this message makes known may have it.
        let is_taken = |name: &str| planned.filing.forms.iter().any(|form| form.name == name);
        let mut number = 2;
        while is_taken(&name) {
            let other = format!("{wanted}-{number}");
            name = self.store.free_form_name(self.project, &other).await?;
            number += 1;
        }
        planned.filing.forms.push(NewForm {
            name: name.clone(),
            title: title(reference).unwrap_or(&name).to_owned(),
            form_id: reference.id.clone(),
            xmlns: reference.xmlns.clone(),
            version: reference.version.clone(),
            application: self.application.map(str::to_owned).or(reference.application.clone()),
            root: reference.root.clone(),
        });
        Ok(name)
    }
}

fn refused(decision: Decision) -> Refusal {
    let code = match decision {
        Decision::FileConflict => "file-conflict",
        Decision::OriginalUnknown => "original-unknown",
        Decision::OriginalOutdated => "original-outdated",
        _ => "submission-conflict",
    };
    let reason = fieldpost_rules::openrosa::reply(
        Flavour::Odk,
        fieldpost_model::openrosa::ProtocolVersion::Two,
        decision,
    );
    Refusal { code, reason: reason.message, by: RefusedBy::Decision(decision) }
}

/// The names of the answers, where there is nobody else to say what the form asks.
fn names_of(submission: &Submission) -> Vec<NotedAnswer> {
    if submission.is_untyped { noted(&submission.values) } else { Vec::new() }
}

/// The id that a form goes by in the history of cases, as it was sent.
fn form_id(submission: &Submission) -> Option<String> {
    submission.metadata.instance_id.clone().filter(|id| !id.trim().is_empty())
}

fn title(reference: &FormReference) -> Option<&str> {
    let FormReference { title, id, xmlns, .. } = reference;
    [title, id, xmlns].into_iter().flatten().map(String::as_str).find(|text| !text.is_empty())
}

/// The name that a form would like: of its title where its id is one that no person would choose.
fn wanted_name(reference: &FormReference) -> String {
    let FormReference { title, id, xmlns, .. } = reference;
    let by_person = [id, title, xmlns];
    let name = by_person.into_iter().flatten().find_map(|text| Form::name_from(text));
    name.unwrap_or_else(|| NAMELESS.to_owned())
}

fn system_submission(closing: cases::SystemForm, form: String) -> FiledSubmission {
    let cases::SystemForm { id, xml } = closing;
    FiledSubmission {
        id,
        form,
        instance_id: Some(id.to_string()),
        content_hash: Sha256::digest(&xml).into(),
        values: "{}".to_owned(),
        extra: "{}".to_owned(),
        metadata: "{}".to_owned(),
        user_id: Some(fieldpost_rules::cases::SYSTEM_USER.to_owned()),
        original: Some(Original {
            content_type: Some("text/xml".to_owned()),
            bytes: xml.into_bytes().into(),
        }),
        ..FiledSubmission::default()
    }
}
