//! Imports of cards that are submissions of a form: each row is submitted by itself, or edits the one that it names.
//!
//! A row that names no card, or one that is not there, is a new submission. What it is known by follows from what it
//! names, else from what it says, so the same row sent again is the same submission. A row that cannot be taken does not keep the
//! others from it; the answer tells of it.

use fieldpost_dialects::wcs::read::{self, Card, Warning, WarningCode, cards_csv, cards_json};
use fieldpost_engine::{
    Edit, Followed, FollowedForm, LifecycleError, NewSubmission, RecordKey, keyed_uuid,
};
use fieldpost_model::progress::Origin;
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::{ProgressKey, StoreError};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::answer::Turned;
use super::endpoint::ImportFormat;
use super::imports::{Imported, Modes, RefusedRow, check_rows, parsed, text};
use super::{Asked, submit};
use crate::incoming;

/// What became of one row.
enum Taken {
    Created,
    Updated,
    Skipped,
}

/// Takes in an import of submissions of a form.
pub(super) async fn run(
    asked: &Asked,
    form: &FollowedForm,
    format: ImportFormat,
    bytes: &[u8],
    modes: Modes,
) -> Result<Imported, Turned> {
    if modes.deletes {
        let text = "\"delete-mode=delete\" is for cards that are cases: submissions are not deleted \
                    because a list does not name them.";
        return Err(Refusal::invalid(text).into());
    }
    let cards = match format {
        ImportFormat::Csv => cards_csv(&form.definition, text(bytes)?),
        ImportFormat::Json => cards_json(&form.definition, &parsed(bytes)?),
    };
    let cards = cards.map_err(|bad| Refusal::invalid_format(bad.name()))?;
    check_rows(asked, cards.cards.len())?;
    submit::strictly(asked, &cards.warnings)?;
    let (warnings, warned) = (cards.warnings, cards.warned);
    let mut imported = Imported { warnings, warned, ..Imported::default() };
    for (row, card) in (1..).zip(cards.cards) {
        match Box::pin(take(asked, form, card, modes)).await {
            Ok(Taken::Created) => imported.created += 1,
            Ok(Taken::Updated) => imported.updated += 1,
            Ok(Taken::Skipped) => imported.skipped += 1,
            Err(Turned::Refused(Refusal { code, description, .. })) => {
                imported.refused.push(RefusedRow { row, code, text: description });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(imported)
}

/// Refuses a row that leaves out what must be answered.
fn require_answers<'w>(missing: impl IntoIterator<Item = &'w Warning>) -> Result<(), Refusal> {
    let texts: Vec<String> = missing.into_iter().map(Warning::text).collect();
    if texts.is_empty() {
        return Ok(());
    }
    Err(Refusal { code: WarningCode::Required.name(), ..Refusal::invalid(texts.join(" ")) })
}

async fn take(
    asked: &Asked,
    form: &FollowedForm,
    card: Card,
    modes: Modes,
) -> Result<Taken, Turned> {
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    if let Some(found) = find(asked, form, &card).await? {
        if !modes.updates {
            return Ok(Taken::Skipped);
        }
        let record = &found.record;
        let edited = read::edit(&form.definition, &record.submission, &record.files, &card.edit)
            .map_err(submit::bad_body)?;
        if !edited.changes(&record.submission, &record.progress) {
            return Ok(Taken::Skipped);
        }
        // What was missing before is not the fault of this row.
        let is_taken_away = |warning: &&Warning| {
            let was = record.submission.values.answer(&[&warning.field]);
            warning.code == WarningCode::Required && was.is_some_and(|it| !it.written().is_empty())
        };
        require_answers(edited.warnings.iter().filter(is_taken_away))?;
        let edit = Edit {
            submission: edited.submission,
            files: submit::kept(asked, &edited.files).await?,
            caller: asked.admitted.actor(),
            action: None,
            backoffice_values: submit::values_of(&edited.backoffice_values),
            path: asked.parts.uri.path().to_owned(),
            headers: Vec::new(),
        };
        hub.edit(routing, &found, edit).await.map_err(turned)?;
        return Ok(Taken::Updated);
    }
    require_answers(&card.missing)?;
    let key = key(&card);
    let content = card.content;
    let new = NewSubmission {
        submission: content.submission,
        files: submit::kept(asked, &content.files).await?,
        caller: asked.admitted.actor(),
        origin: Origin {
            channel: content.channel,
            is_backoffice: true,
            agent: asked.admitted.reference.clone(),
            parent: None,
            context: content.context,
        },
        backoffice_values: submit::values_of(&content.backoffice_values),
        idempotency_key: Some(key),
        path: asked.parts.uri.path().to_owned(),
        headers: incoming::incoming(&asked.parts, bytes::Bytes::new()).headers,
        ..NewSubmission::default()
    };
    let taken = hub.submit(routing, form, new).await.map_err(turned)?;
    Ok(if taken.is_repeated { Taken::Skipped } else { Taken::Created })
}

/// Why a row was not taken; one that others are quicker to change, for the caller to send again.
fn turned(error: LifecycleError) -> Turned {
    match error {
        LifecycleError::Store(StoreError::Busy) => {
            Refusal::invalid("Somebody else changes this card just now.").into()
        }
        other => submit::turned(other),
    }
}

/// The submission that a row names: by what it is called here, by the id that it has everywhere, or by what an earlier
/// import called it.
async fn find(
    asked: &Asked,
    form: &FollowedForm,
    card: &Card,
) -> Result<Option<Followed>, StoreError> {
    let Some(id) = &card.id else { return Ok(None) };
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let uuid = Uuid::try_parse(id).ok();
    if uuid.is_none()
        && let Some(found) = hub.record(routing, form, RecordKey::Id(id)).await?
    {
        return Ok(Some(found));
    }
    let imported = keyed_uuid(asked.project(), &form.definition.name, &key(card));
    for uuid in uuid.into_iter().chain([imported]) {
        let found = hub.store().progress(asked.project(), ProgressKey::Uuid(uuid)).await?;
        if let Some(found) = found.filter(|found| found.form == form.definition.name) {
            return hub.record(routing, form, RecordKey::Submission(found.submission)).await;
        }
    }
    Ok(None)
}

/// What a row that makes a card is known by: the id that it names, else what it says.
fn key(card: &Card) -> String {
    let text = card.id.clone().unwrap_or_else(|| card.edit.to_json());
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let kind = if card.id.is_some() { "id" } else { "content" };
    format!("import:{kind}:{}", fieldpost_model::hexadecimal::encode(&digest))
}
