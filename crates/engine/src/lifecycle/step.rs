//! One step of a lifecycle: decide, and keep what was decided.
//!
//! The decision is the machine's, on plain data; here its effects become what the store keeps with the step
//! in one transaction: deliveries of calls, notices of mails, files, rewritten versions. A step whose ground
//! has moved meanwhile is not kept, and is made again by whoever asked for it.

use std::collections::HashSet;

use fieldpost_dialects::formats;
use fieldpost_dialects::submission::stored;
use fieldpost_model::form::Form;
use fieldpost_model::form_definition::{AnonymiseMode, derived_fields};
use fieldpost_model::incident::{Sample, Sighting, call_subject};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Anonymise;
use fieldpost_model::progress::{ActionList, Place, Progress};
use fieldpost_model::submission::{Group, Submission};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::{
    Caller, Effect, Happening, Machine, Parties, Problem, Record, anonymise,
};
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::tracking_code;
use fieldpost_store::{
    CallEnd, LifecycleProblem, NewCall, ProgressStep, RewrittenVersion, SUBMITTER, Stepped,
    StoreError,
};
use uuid::Uuid;

use super::calls::{self, Planned};
use super::machine::machine;
use super::record::Followed;
use super::told::{Came, Told};
use crate::hub::Hub;
use crate::ids::random_bytes;
use crate::routing::ProjectRouting;

/// Codes that are tried before the hub gives up making one: each is one of twenty-five thousand millions.
const MOST_CODES: usize = 5;
/// Versions whose answers are looked at together.
const VERSIONS: usize = 100;

/// What is to happen to a submission.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// What the machine knows.
    Happening(Happening),
    /// It came in.
    Came(Box<Came>),
    /// Its answers were changed, and are there already.
    Edited {
        /// The action that allows it; `None`: the first that does.
        action: Option<String>,
        /// What was said of the lifecycle's own fields; those that it does not name stay.
        backoffice_values: Option<Value<'static>>,
    },
}

/// What a step is made from, beside the record.
pub(super) struct Ground<'g> {
    pub(super) routing: &'g ProjectRouting,
    pub(super) caller: &'g Caller,
    /// The versions that the lifecycle is told of by it.
    pub(super) told: Vec<i64>,
    /// The delivery of the call whose end is told.
    pub(super) ended_call: Option<Uuid>,
}

/// What became of a step.
pub(super) enum Advanced {
    /// It is kept; this is the submission as it is now.
    Kept(Box<Followed>),
    /// It is kept, and the submission is gone.
    Deleted,
    /// The submission has moved since it was read.
    Moved,
    /// The definitions have changed since.
    Stale,
}

/// What was decided, before it is kept.
struct Decided {
    record: Record,
    effects: Vec<Effect>,
    due_at: Option<Timestamp>,
    calls: Vec<NewCall>,
}

impl Hub {
    /// Makes a step and keeps it. The inner error is the machine's, and nothing has changed.
    pub(super) async fn advance(
        &self,
        ground: &Ground<'_>,
        followed: &Followed,
        next: &Next,
    ) -> Result<Result<Advanced, Refusal>, StoreError> {
        let now = self.now();
        let Followed { form, record, .. } = followed;
        let definition = &form.definition;
        let project = &ground.routing.project;
        let addresses = self.addresses(project, &definition.name, &record.progress);
        let machine = machine(definition, &addresses, self.surroundings(ground.routing, now));
        let decided = match decide(&machine, ground, followed, next, now) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if decided.effects.contains(&Effect::Deleted) {
            self.store().remove_submission(project, followed.submission, now).await?;
            return Ok(Ok(Advanced::Deleted));
        }
        tell_problems(ground.routing, followed, &decided.effects);
        let mut step = self.step_of(ground, followed, &machine, decided, now).await?;
        self.keep(followed, &mut step).await.map(Ok)
    }

    /// What the store keeps of a step.
    async fn step_of(
        &self,
        ground: &Ground<'_>,
        followed: &Followed,
        machine: &Machine<'_>,
        decided: Decided,
        now: Timestamp,
    ) -> Result<KeptStep, StoreError> {
        let routing = ground.routing;
        let Decided { record, effects, due_at, calls } = decided;
        let mode = effects.iter().filter_map(|effect| match effect {
            Effect::Anonymised(mode) => Some(*mode),
            _ => None,
        });
        let anonymised = mode.max_by_key(|mode| *mode == AnonymiseMode::Final);
        let forgets_user =
            anonymised == Some(AnonymiseMode::Final) || effects.contains(&Effect::Unlinked);
        let mut rewritten = Vec::new();
        if record.submission != followed.record.submission {
            rewritten.push(rewritten_version(followed.version, &record.submission, forgets_user));
        }
        if let Some(mode) = anonymised {
            let earlier = self.anonymised_before(routing, followed, mode, now).await?;
            rewritten.extend(earlier);
        }
        let named: Option<Vec<String>> =
            anonymised.map(|_| record.files.iter().map(|file| file.name.clone()).collect());
        let step = ProgressStep {
            project: routing.project.clone(),
            configuration_version: routing.version,
            submission: followed.submission,
            form: followed.form.definition.name.clone(),
            expected: followed.revision,
            expected_version: followed.version,
            standing: machine.standing(&record),
            acting: parties(&machine.acting(&record)),
            concerned: parties(&machine.concerned(&record)),
            due_at,
            told: ground.told.clone(),
            problems: problems(&effects, now),
            call_ends: call_ends(followed, &effects, now),
            ended_call: ground.ended_call,
            calls,
            notices: self.lifecycle_notices(routing, followed, &effects, now),
            files: new_files(&followed.record, &record),
            rewritten,
            kept_files: named,
            kept_step_files: anonymised
                .map(|_| record.files.iter().map(|file| file.sha256).collect()),
            anonymised,
            deliveries: Vec::new(),
            runs: Vec::new(),
            payloads: Vec::new(),
            progress: record.progress.clone(),
        };
        Ok(KeptStep { step, record })
    }

    /// Keeps a step. A code or a natural id that another submission has is exchanged for another.
    async fn keep(&self, followed: &Followed, kept: &mut KeptStep) -> Result<Advanced, StoreError> {
        let KeptStep { step, record } = kept;
        for _ in 0..MOST_CODES {
            if step.progress.tracking_code.is_none() && wants_code(followed, &step.progress) {
                step.progress.tracking_code = Some(new_code()?);
            }
            match self.store().keep_step(step).await? {
                Stepped::Written { revision } => {
                    if !step.calls.is_empty() {
                        tracing::debug!(calls = step.calls.len(), "a lifecycle makes calls");
                    }
                    if !step.notices.is_empty() {
                        self.watch().tell_of_notices();
                    }
                    if !step.call_ends.is_empty() {
                        self.watch().look_soon();
                    }
                    let record = Record { progress: step.progress.clone(), ..record.clone() };
                    return Ok(Advanced::Kept(Box::new(Followed {
                        record,
                        revision,
                        ..followed.clone()
                    })));
                }
                Stepped::Moved => return Ok(Advanced::Moved),
                Stepped::Stale => return Ok(Advanced::Stale),
                Stepped::TakenCode => step.progress.tracking_code = None,
                Stepped::TakenNaturalId => {
                    tracing::warn!(
                        project = %step.project,
                        form = step.form,
                        submission = %step.submission,
                        "another submission of the form has the id that its template makes; this \
                         one goes by its number"
                    );
                    if step.progress.natural_id.as_ref() == Some(&step.progress.display_id) {
                        step.progress.display_id = step.progress.number.to_string();
                    }
                    step.progress.natural_id = None;
                }
            }
        }
        Err(StoreError::Unavailable("no tracking code could be made that is free".to_owned()))
    }

    /// The earlier versions of a submission that is made anonymous.
    async fn anonymised_before(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        mode: AnonymiseMode,
        now: Timestamp,
    ) -> Result<Vec<RewrittenVersion>, StoreError> {
        let mut rewritten = Vec::new();
        let mut before = Some(followed.version);
        loop {
            let page = self
                .store()
                .submission_versions(&routing.project, followed.submission, before, VERSIONS)
                .await?;
            for version in &page {
                let (form, id) = (&followed.form, followed.submission);
                let Some(mut answered) = self.answered(routing, form, id, version.version).await?
                else {
                    continue;
                };
                let mut progress = followed.record.progress.clone();
                let how = Anonymise::Answers(mode);
                anonymise::anonymise(how, &form.definition, &mut answered, &mut progress, now);
                let forgets_user = mode == AnonymiseMode::Final;
                rewritten.push(rewritten_version(version.version, &answered, forgets_user));
            }
            match page.last() {
                Some(last) if page.len() == VERSIONS => before = Some(last.version),
                _ => return Ok(rewritten),
            }
        }
    }
}

/// A step with the record that it leaves.
struct KeptStep {
    step: ProgressStep,
    record: Record,
}

fn decide(
    machine: &Machine<'_>,
    ground: &Ground<'_>,
    followed: &Followed,
    next: &Next,
    now: Timestamp,
) -> Result<Decided, Refusal> {
    let edited;
    let (record, happening) = match next {
        Next::Happening(happening) => (followed.record.clone(), happening),
        Next::Edited { action, backoffice_values: values } => {
            let mut record = followed.record.clone();
            if let Some(values) = values {
                set_backoffice_values(followed, &mut record.progress.backoffice_values, values);
            }
            let submission = Box::new(record.submission.clone());
            let changed =
                Happening::Edited { action: action.clone(), submission, files: Vec::new() };
            // Whoever changed it was allowed to when they did; that is committed. What has changed since
            // may not allow it now.
            let is_allowed = machine.step(&record, ground.caller, &changed).is_ok();
            edited = if is_allowed { changed } else { Happening::Changed };
            (record, &edited)
        }
        Next::Came(came) => {
            let record = arrived(followed, came);
            if came.is_draft {
                let due_at = None;
                return Ok(Decided { record, effects: Vec::new(), due_at, calls: Vec::new() });
            }
            (record, &Happening::Submitted)
        }
    };
    let received_at = record.progress.received_at;
    let was_draft = followed.revision > 0;
    let mut step = machine.step(&record, ground.caller, happening)?;
    if matches!(happening, Happening::Submitted) && !was_draft {
        step.record.progress.received_at = received_at;
    }
    let (mut calls, mut effects) = (Vec::new(), Vec::new());
    let mut due_at = step.next_due;
    let mut record = step.record;
    let mut waiting: std::collections::VecDeque<Effect> = step.effects.into();
    while let Some(effect) = waiting.pop_front() {
        let Effect::Call(plan) = &effect else {
            effects.push(effect);
            continue;
        };
        match calls::planned(followed, &record.progress, plan, now) {
            Planned::Call(call) => calls.push(*call),
            // It could not be made: its end follows at once.
            Planned::Impossible(outcome) => {
                let ended = Happening::CallEnded { number: plan.number, outcome };
                let follows = machine.step(&record, &Caller::nobody(), &ended)?;
                record = follows.record;
                due_at = follows.next_due;
                waiting.extend(follows.effects);
            }
        }
    }
    Ok(Decided { record, effects, due_at, calls })
}

/// The record of what came in, before its lifecycle begins.
fn arrived(followed: &Followed, came: &Came) -> Record {
    let mut record = followed.record.clone();
    let progress = &mut record.progress;
    if followed.revision == 0 {
        if let Some(uuid) = came.uuid {
            progress.uuid = uuid;
        }
        progress.origin = came.origin.clone();
    }
    if came.user.is_some() {
        progress.user.clone_from(&came.user);
    }
    if let Some(values) = &came.backoffice_values {
        progress.backoffice_values = backoffice_values(followed, values);
    }
    record
}

/// The values of the lifecycle's own fields, as JSON has them by their keys.
pub(super) fn backoffice_values(followed: &Followed, values: &Value<'_>) -> Group {
    let fields = derived_fields(&followed.form.definition.lifecycle.backoffice_fields);
    let form = Form { fields, ..Form::default() };
    stored(Some(&form), values, &Value::Null, &Value::Null).values
}

/// Sets those of the lifecycle's own fields that an edit names. All others stay: a step may have set them since
/// the edit was made, as may another edit that was told before.
fn set_backoffice_values(followed: &Followed, present: &mut Group, said: &Value<'_>) {
    let Group { members, extra } = backoffice_values(followed, said);
    for (name, node) in members.into_iter().filter(|(name, _)| said.get(name).is_some()) {
        match present.members.iter_mut().find(|(other, _)| *other == name) {
            Some((_, known)) => *known = node,
            None => present.members.push((name, node)),
        }
    }
    for (name, value) in extra {
        match present.extra.iter_mut().find(|(other, _)| *other == name) {
            Some((_, known)) => *known = value,
            None => present.extra.push((name, value)),
        }
    }
}

/// What a lifecycle is told, as the machine knows it.
pub(super) fn next_of(told: Told) -> (Caller, Next) {
    match told {
        Told::Came(came) => (came.caller.clone(), Next::Came(came)),
        Told::Edited { caller, action, backoffice_values } => {
            (caller, Next::Edited { action, backoffice_values })
        }
    }
}

fn rewritten_version(
    version: i64,
    submission: &Submission,
    forgets_user: bool,
) -> RewrittenVersion {
    let (values, extra) = formats::values_apart(&submission.values);
    RewrittenVersion {
        version,
        values: values.to_json(),
        extra: extra.to_json(),
        metadata: formats::description(submission).to_json(),
        position: formats::place(submission, None).map(|place| place.to_json()),
        forgets_user,
    }
}

/// The files that the step brought.
fn new_files(before: &Record, after: &Record) -> Vec<fieldpost_model::progress::StoredFile> {
    let known: HashSet<_> = before.files.iter().map(|file| (&file.name, file.sha256)).collect();
    let is_new =
        |file: &&fieldpost_model::progress::StoredFile| !known.contains(&(&file.name, file.sha256));
    after.files.iter().filter(is_new).cloned().collect()
}

fn parties(parties: &Parties) -> Vec<String> {
    let submitter = parties.submitter.then(|| SUBMITTER.to_owned());
    parties.roles.iter().cloned().chain(submitter).collect()
}

fn wants_code(followed: &Followed, progress: &Progress) -> bool {
    followed.form.definition.tracking_codes.is_some() && progress.anonymised_at.is_none()
}

fn new_code() -> Result<String, StoreError> {
    (0..MOST_CODES)
        .find_map(
            |_| tracking_code::from_random(&random_bytes::<{ tracking_code::RANDOM_BYTES }>()),
        )
        .ok_or_else(|| StoreError::Unavailable("no tracking code could be made".to_owned()))
}

/// What the authors of lifecycles got wrong, as it is kept with the step.
fn problems(effects: &[Effect], now: Timestamp) -> Vec<LifecycleProblem> {
    let problems = effects.iter().filter_map(|effect| match effect {
        Effect::Problem(Problem { place, code, sentence }) => Some(LifecycleProblem {
            at: now,
            code: (*code).to_owned(),
            place: place.as_ref().map(place_of),
            sentence: sentence.clone(),
        }),
        _ => None,
    });
    problems.collect()
}

/// How calls ended, as whoever watches learns of it.
fn call_ends(followed: &Followed, effects: &[Effect], now: Timestamp) -> Vec<CallEnd> {
    let form = &followed.form.definition.name;
    let ends = effects.iter().filter_map(|effect| match effect {
        Effect::CallEnded { place, trouble } => Some(CallEnd {
            subject: call_subject(form, place),
            trouble: trouble.as_ref().map(|trouble| Sighting {
                at: now,
                error: Some(trouble.summary.clone()),
                status: trouble.status,
                url: trouble.url.clone(),
                sample: trouble.delivery.map(|delivery| Sample {
                    delivery,
                    message: None,
                    key: Some(format!("{form}/{}", followed.record.progress.number)),
                }),
            }),
        }),
        _ => None,
    });
    ends.collect()
}

/// Where it is in the lifecycle, in words.
fn place_of(place: &Place) -> String {
    let list = match &place.list {
        ActionList::Status(status) => format!("status {status}"),
        ActionList::Global(action) => format!("global action {action}"),
    };
    format!("{list}, action {}", place.action)
}

/// Tells the operator what the authors of lifecycles got wrong. Nothing of it tells what was answered.
fn tell_problems(routing: &ProjectRouting, followed: &Followed, effects: &[Effect]) {
    for effect in effects {
        let Effect::Problem(Problem { place, code, sentence }) = effect else { continue };
        let place = place.as_ref().map(place_of);
        tracing::warn!(
            project = %routing.project,
            form = followed.form.definition.name,
            submission = %followed.submission,
            code,
            place,
            "a lifecycle met a problem: {sentence}"
        );
        metrics::counter!("fieldpost_lifecycle_problems_total", "code" => *code).increment(1);
    }
}
