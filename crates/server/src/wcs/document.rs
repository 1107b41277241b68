//! One record as a document: `GET /api/forms/<slug>/<id>/`, and the files of it.
//!
//! Files stand in documents as Base64. They are read while the document is sent, so a record with films in it
//! takes no more memory than one without.

use std::collections::VecDeque;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use fieldpost_dialects::wcs::RecordsAt;
use fieldpost_dialects::wcs::anonymous;
use fieldpost_dialects::wcs::document;
use fieldpost_dialects::wcs::pieces::{Base64Stream, Piece, Tree};
use fieldpost_engine::{Followed, RecordKey};
use fieldpost_model::form_definition::nameless;
use fieldpost_model::hexadecimal;
use fieldpost_model::progress::StoredFile;
use fieldpost_model::submission::{AnswerValue, Group, Node};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::reading::{Address, Kind, Reading, may_read};
use fieldpost_rules::wcs::{Parameters, Refusal, Switches, switches};
use fieldpost_store::{OpenFile, Store, StoreError};
use futures_util::stream;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::answer::Turned;
use super::validators::Validators;
use super::{Asked, case_records, cases, forms, shown};
use crate::api::file_answer;
use crate::uploaded;

/// A record, with what the caller may read of it.
pub(super) struct Found {
    pub(super) followed: Followed,
    pub(super) reading: Reading,
}

/// The record that an address names, where the caller may read it.
pub(super) async fn find(asked: &Asked, kind: Kind, form: &str, id: &str) -> Result<Found, Turned> {
    let caller = asked.admitted.caller();
    forms::require_somebody(&caller)?;
    let followed = if asked.records == RecordsAt::Cases {
        cases::refuse_without_names(&caller, &asked.admitted.parameters)?;
        case_records::find(asked, form, id).await?
    } else {
        let form = forms::find(asked, form).await?;
        let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
        hub.record(routing, &form, RecordKey::Id(id)).await?
    };
    let followed = followed.ok_or_else(Refusal::not_found)?;
    let concerned = shown::concerned(asked, &followed);
    let concerned = concerned.iter().map(String::as_str);
    let parameters = &asked.admitted.parameters;
    let reading = may_read(&caller, Address::Record, kind, parameters, concerned)?;
    // What was not sent yet is nobody's to read, with names or without; lists leave it out.
    let is_draft = followed.form.is_tracked && followed.record.progress.is_draft();
    if is_draft && !caller.is_administrator() {
        return Err(Refusal::not_found().into());
    }
    Ok(Found { followed, reading })
}

/// `GET /api/forms/<slug>/<id>/`.
pub(super) async fn answer(
    asked: &Asked,
    kind: Kind,
    form: &str,
    id: &str,
) -> Result<Response, Turned> {
    let Found { mut followed, reading } = find(asked, kind, form, id).await?;
    let parameters = &asked.admitted.parameters;
    let validators = validators(asked, &followed);
    if validators.hold(&asked.parts) {
        return Ok(validators.not_modified());
    }
    if let Some(at) = moment(asked)? {
        let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
        if let Some((then, files)) = hub.answered_at(routing, &followed, at).await? {
            followed.record.submission = then;
            followed.record.files = files;
        }
    }
    shown::hide(asked, &mut followed, reading);
    let tree = write(asked, &followed, reading, switches::of_document(parameters));
    let store = asked.app.hub.store();
    let mut response = Response::new(Body::from_stream(sent(std::sync::Arc::clone(store), &tree)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    validators.add(&mut response);
    Ok(response)
}

fn validators(asked: &Asked, followed: &Followed) -> Validators {
    let place = i64::try_from(followed.place).unwrap_or(i64::MAX);
    let facts = [place, followed.revision, followed.version];
    // What can be done now may depend on the day.
    let hour = asked.app.hub.now().0 / 3_600_000_000;
    let with_actions = asked.admitted.parameters.switch("include-actions", false);
    let facts = facts.into_iter().chain(with_actions.then_some(hour)).collect::<Vec<_>>();
    let validators = Validators::of(asked, &facts, Timestamp(place), &[]);
    // The revision of a card stands for what it tells of other cases, which may be gone, and of files: of that no time
    // says when it changed.
    let is_card = asked.records == RecordsAt::Cases;
    if is_card && followed.revision != 0 { validators.without_time() } else { validators }
}

fn write(asked: &Asked, followed: &Followed, reading: Reading, switches: Switches) -> Tree {
    let caller = asked.admitted.caller();
    let shown = shown::look(asked, followed, &caller, reading);
    let (record, site, viewer) = (followed.as_record(), asked.site(), shown.viewer());
    if reading.anonymised {
        return anonymous::document(&record, &site, &viewer, switches);
    }
    if is_classic(&asked.admitted.parameters) {
        return document::classic(&record, &site, &viewer, switches.files_content);
    }
    document::write(&record, &site, &viewer, switches)
}

/// Whether the shape of old releases is asked for.
pub(super) fn is_classic(parameters: &Parameters) -> bool {
    parameters.all("compat").last().is_some_and(|value| value == "classic")
}

/// The moment that `at` names.
fn moment(asked: &Asked) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = asked.admitted.parameters.one("at")? else { return Ok(None) };
    let wrong = || Refusal::invalid(format!("Invalid value \"{text}\" for \"at\"."));
    asked.calendar().time(text).map(Some).ok_or_else(wrong)
}

/// What of a document is still to be sent.
struct Sending {
    store: std::sync::Arc<Store>,
    pieces: VecDeque<Piece>,
    /// The file that is being sent, and what of it did not make a whole yet.
    file: Option<(OpenFile, Base64Stream)>,
}

/// A document as it is sent: files are opened when it is their turn.
fn sent(
    store: std::sync::Arc<Store>,
    tree: &Tree,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> + use<> {
    let sending = Sending { store, pieces: tree.pieces().into(), file: None };
    stream::try_unfold(sending, |mut sending| async move {
        let next = sending.next().await?;
        Ok(next.map(|bytes| (bytes, sending)))
    })
}

impl Sending {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if let Some((mut file, mut encoder)) = self.file.take() {
            return Ok(Some(match file.next().await? {
                Some(bytes) => {
                    let text = encoder.push(&bytes);
                    self.file = Some((file, encoder));
                    text.into()
                }
                None => encoder.end().into(),
            }));
        }
        match self.pieces.pop_front() {
            None => Ok(None),
            Some(Piece::Text(text)) => Ok(Some(text.into())),
            Some(Piece::Content(sha256)) => {
                let file = self.store.files().open(&sha256).await?;
                // A document that lacks a file must not look as if it had none: the answer breaks off.
                let lost = || StoreError::Unavailable("a file is not where it was".to_owned());
                self.file = Some((file.ok_or_else(lost)?, Base64Stream::default()));
                Ok(Some(Bytes::new()))
            }
        }
    }
}

/// `GET <form url>/download?hash=<sha256>`: a file of a record, as it is.
pub(super) async fn download(
    asked: &Asked,
    kind: Kind,
    form: &str,
    id: &str,
) -> Result<Response, Turned> {
    let Found { followed, reading } = find(asked, kind, form, id).await?;
    let wanted = asked.admitted.parameters.one("hash")?.unwrap_or_default();
    let file = readable(&followed, reading)
        .into_iter()
        .find(|file| hexadecimal::encode(&file.sha256) == wanted)
        .ok_or_else(Refusal::not_found)?;
    let opened = asked.app.hub.store().files().open(&file.sha256).await?;
    let opened = opened.ok_or_else(Refusal::not_found)?;
    let length = HeaderValue::from(opened.bytes());
    let body = uploaded::streamed(opened);
    let mut response = file_answer(Some(&file.content_type), body, &file.name);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    Ok(response)
}

/// The files of a record that a caller may read: without names, those of answers that tell none.
fn readable(followed: &Followed, reading: Reading) -> Vec<&StoredFile> {
    let record = &followed.record;
    if !reading.anonymised {
        return record.files.iter().collect();
    }
    let definition = &followed.form.definition;
    let own = nameless(&definition.fields, &record.submission.values);
    let added =
        nameless(&definition.lifecycle.backoffice_fields, &record.progress.backoffice_values);
    let mut names = Vec::new();
    add_files(&own, &mut names);
    add_files(&added, &mut names);
    record.files.iter().filter(|file| names.contains(&file.name)).collect()
}

/// Adds the names of the files that answers name.
pub(crate) fn add_files(group: &Group, names: &mut Vec<String>) {
    for (_, node) in &group.members {
        add_file(node, names);
    }
}

fn add_file(node: &Node, names: &mut Vec<String>) {
    match node {
        Node::Answer(answer) if answer.value == AnswerValue::File => {
            names.push(answer.written().to_owned());
        }
        Node::Answer(_) => {}
        Node::Group(group) => add_files(group, names),
        Node::Repeat(rows) => rows.iter().for_each(|row| add_file(row, names)),
    }
}
