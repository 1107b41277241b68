//! A form is filled in: a new one, a draft that goes on, a submission that is changed.

use axum::body::Body;
use axum::response::Response;
use fieldpost_engine::ArrivedFile;
use fieldpost_engine::{Edit, Followed, FollowedForm, NewSubmission, RecordKey};
use fieldpost_model::progress::{Origin, Progress, StoredFile};
use fieldpost_model::submission::Submission;
use fieldpost_rules::lifecycle::{Addresses, Available, Caller};
use http::StatusCode;
use http::request::Parts;
use uuid::Uuid;

use super::answers::typed_of;
use super::flow::{Go, Then, step};
use super::form::{GO, Look, STATE};
use super::frame::Notice;
use super::posted;
use super::reading::{Asking, Reading, read};
use super::record;
use super::state::{Aim, State};
use super::typed::Typed;
use super::visit::{Turned, Visit};

/// Bytes of files that an answer names, whose order is that of the answers.
pub(super) fn arrived(files: &[StoredFile]) -> Vec<ArrivedFile> {
    let arrived = files.iter().map(|file| ArrivedFile {
        name: file.name.clone(),
        content_type: Some(file.content_type.clone()),
        sha256: file.sha256,
        bytes: file.bytes,
    });
    arrived.collect()
}

/// What a form is filled in for.
pub(super) struct Filling {
    form: FollowedForm,
    /// The submission that it changes, or the draft that it goes on with.
    followed: Option<Followed>,
    /// The action that allows to change it.
    action: Option<String>,
}

impl Filling {
    /// A new submission.
    pub(super) async fn new(visit: &Visit, form: &str) -> Result<Self, Turned> {
        let form = visit.form(form).await?;
        visit.may_fill(&form.definition).await?;
        Ok(Self { form, followed: None, action: None })
    }

    /// A submission that is there: a draft, or one whose status has an action that allows it.
    pub(super) async fn of(
        visit: &Visit,
        form: &str,
        id: &str,
        action: Option<&str>,
    ) -> Result<Self, Turned> {
        let (form, followed) = record::find(visit, form, id).await?;
        let Some(action) = action else {
            if !followed.record.progress.is_draft() {
                return Err(Turned::Moved);
            }
            if form.definition.disabled {
                return Err(Turned::Disabled);
            }
            return Ok(Self { form, followed: Some(followed), action: None });
        };
        let available = record::available(visit, &followed);
        let is_allowed = available
            .iter()
            .any(|it| matches!(it, Available::Edit(_, allowed) if allowed == action));
        if !is_allowed {
            return Err(Turned::Moved);
        }
        Ok(Self { form, followed: Some(followed), action: Some(action.to_owned()) })
    }

    fn aim(&self) -> Aim {
        match (&self.followed, &self.action) {
            (None, _) => Aim::New,
            (Some(followed), None) => Aim::Draft(followed.record.progress.number),
            (Some(followed), Some(action)) => {
                Aim::Edit(followed.record.progress.number, action.clone())
            }
        }
    }

    fn begun(&self, visit: &Visit) -> State {
        let typed = self.followed.as_ref().map_or_else(Typed::default, |followed| {
            let record = &followed.record;
            typed_of(&self.form.definition.fields, &record.submission.values, &record.files)
        });
        State::new(Uuid::new_v4(), visit.now, self.aim(), typed)
    }

    /// What is known of a submission while it is filled in.
    fn progress(&self, visit: &Visit) -> Progress {
        if let Some(followed) = &self.followed {
            return followed.record.progress.clone();
        }
        let mut progress = Progress::draft(Uuid::nil(), 0, visit.now);
        progress.user.clone_from(&visit.person);
        progress
    }
}

/// Shows the first page of a form.
pub(super) fn show(visit: &Visit, filling: &Filling) -> Response {
    let mut state = filling.begun(visit);
    let progress = filling.progress(visit);
    let addresses = Addresses::default();
    let asking = Asking {
        definition: &filling.form.definition,
        progress: &progress,
        addresses: &addresses,
        surroundings: visit.surroundings(),
        bounds: visit.bounds(),
    };
    let reading = read(&asking, &state.typed);
    state.page = reading.page_from(0).unwrap_or(reading.pages.len());
    page(visit, &asking, &mut state, &reading, Then::Show)
}

fn page(
    visit: &Visit,
    asking: &Asking<'_>,
    state: &mut State,
    reading: &Reading<'_>,
    then: Then,
) -> Response {
    let name = asking.definition.name.as_str();
    let of = [&*visit.routing.project, name];
    let code = visit.path(&["code"]);
    let follow = asking.definition.tracking_codes.is_some().then_some(code.as_str());
    let max_file = visit.app.settings.max_file;
    let look = Look { words: visit.words, asking, max_file, follow };
    let html = look.page(state, reading, then, |state| state.seal(visit.purpose("form", &of)));
    let is_wrong = then == Then::Mistakes;
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    visit.page(&look.title(state, reading), is_wrong, html, status)
}

/// Takes a step: what was posted, and what was pressed.
pub(super) async fn go(
    visit: &Visit,
    filling: &Filling,
    parts: &Parts,
    body: Body,
) -> Result<Response, Turned> {
    let definition = &filling.form.definition;
    let of = [&*visit.routing.project, definition.name.as_str()];
    let purpose = visit.purpose("form", &of);
    let state_of = |texts: &[(String, String)]| {
        let sealed = texts.iter().find(|(name, _)| name == STATE).map(|(_, text)| text)?;
        State::open(purpose, sealed, visit.now, visit.bounds().filling_time)
    };
    let takes = |texts: &[(String, String)], name: &str| {
        state_of(texts).is_some_and(|state| state.shown.iter().any(|shown| shown == name))
    };
    let posted = posted::read(&visit.app, &parts.headers, body, takes).await?;
    let mut state = state_of(&posted.texts).ok_or(Turned::Expired)?;
    if state.aim != filling.aim() {
        return Err(Turned::Expired);
    }
    let pressed = Go::read(posted.one(GO));
    let progress = filling.progress(visit);
    let addresses = Addresses::default();
    let asking = Asking {
        definition,
        progress: &progress,
        addresses: &addresses,
        surroundings: visit.surroundings(),
        bounds: visit.bounds(),
    };
    let (then, reading) = step(&asking, &mut state, &posted, &pressed);
    match then {
        Then::Show | Then::Further | Then::Mistakes => {
            Ok(page(visit, &asking, &mut state, &reading, then))
        }
        Then::TooMuch => {
            let words = visit.words;
            let text = super::words::filled(words.too_large_text, &[""]);
            let notice = Notice::new(words, words.too_large_title, text.trim());
            Ok(visit.notice(&notice, StatusCode::PAYLOAD_TOO_LARGE))
        }
        Then::Draft | Then::Send => {
            let (submission, files) = (reading.submission, reading.files);
            send(visit, filling, parts, &state, submission, &files, then == Then::Draft).await
        }
    }
}

async fn send(
    visit: &Visit,
    filling: &Filling,
    parts: &Parts,
    state: &State,
    submission: Submission,
    files: &[StoredFile],
    is_draft: bool,
) -> Result<Response, Turned> {
    let path = parts.uri.path().to_owned();
    let caller = visit.caller(true);
    let sent = match &filling.followed {
        // A draft that stays one is changed as it is.
        Some(followed) if is_draft || filling.action.is_some() => {
            let edit = Edit {
                submission,
                files: arrived(files),
                caller: Caller { is_submitter: visit.is_submitter(followed), ..caller },
                action: filling.action.clone(),
                path,
                ..Edit::default()
            };
            visit.app.hub.edit(&visit.routing, followed, edit).await?
        }
        draft => {
            let kind = if is_draft { "draft" } else { "sent" };
            let new = NewSubmission {
                submission,
                files: arrived(files),
                caller,
                user: visit.person.clone(),
                origin: Origin::default(),
                is_draft,
                draft: draft.as_ref().map(|followed| followed.submission),
                idempotency_key: Some(format!("page:{kind}:{}", state.key)),
                path,
                ..NewSubmission::default()
            };
            let form = &filling.form;
            visit.app.hub.submit(&visit.routing, form, new).await?.followed
        }
    };
    let name = &filling.form.definition.name;
    let Some(followed) = sent else {
        // Its lifecycle has erased it, as it was told to: there is nothing to look at.
        let words = visit.words;
        let notice = Notice::new(words, words.sent_title, words.sent_text);
        return Ok(visit.notice(&notice, StatusCode::OK));
    };
    let happened = match (&filling.action, is_draft) {
        (Some(_), _) => "",
        (None, true) => "?kept",
        (None, false) => "?sent",
    };
    let path = format!("{}{happened}", visit.path_of(name, &followed.record.progress));
    Ok(visit.redirect(&path, Some(visit.cookie(name, &followed))))
}

/// The submission of that id, of a form that the project asks.
pub(super) async fn found(
    visit: &Visit,
    form: &str,
    id: &str,
) -> Result<(FollowedForm, Followed), Turned> {
    let form = visit.form(form).await?;
    let followed = visit.app.hub.record(&visit.routing, &form, RecordKey::Id(id)).await?;
    let followed = followed.filter(|it| !it.is_erased).ok_or(Turned::NotFound)?;
    Ok((form, followed))
}
