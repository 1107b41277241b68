//! How the calls of lifecycles end: what the last attempt of a delivery says to the lifecycle that ordered it.

use fieldpost_dialects::wcs;
use fieldpost_dialects::wcs::answer::{self, Answer, ErrorKind, Outcome};
use fieldpost_model::attempt::{Attempt, ErrorKind as AttemptErrorKind};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::lifecycle::{ActionKind, Call};
use fieldpost_model::progress::{ActionList, StoredFile};
use fieldpost_rules::lifecycle::{CallError, CallOutcome};
use fieldpost_store::StoreError;
use uuid::Uuid;

use super::record::Followed;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

impl Hub {
    /// How a call ended, by its last attempt.
    pub(super) async fn outcome_of_call(
        &self,
        routing: &ProjectRouting,
        (followed, number): (&Followed, u64),
        (delivery, state): (Uuid, DeliveryState),
    ) -> Result<CallOutcome, StoreError> {
        let project = &*routing.project;
        let call = action_of_call(followed, number).unwrap_or_else(|| Call::new(String::new()));
        let attempt = self.store().attempts(project, delivery).await?.pop();
        let zone = super::machine::zone_of(routing);
        let (kept, body) = match &attempt {
            Some(attempt) if attempt.response.is_some() || attempt.error.is_some() => {
                read_attempt(&call, attempt, zone)
            }
            _ => {
                let told = format!("the call was ended before it was made: it is {}", state.name());
                let outcome = Outcome::Unreached(&told);
                (answer::read(&call, outcome, self.now(), zone), Vec::new())
            }
        };
        let file = match &kept.file {
            Some(file) => {
                let name = file.name.clone();
                Some(self.keep_bytes(name, file.content_type.clone(), &body).await?)
            }
            None => None,
        };
        let is_error = !kept.errors.is_empty();
        Ok(CallOutcome {
            url: attempt
                .as_ref()
                .and_then(|attempt| attempt.request.as_ref())
                .map(|request| request.url.clone())
                .unwrap_or_default(),
            status: attempt
                .as_ref()
                .and_then(|attempt| attempt.response.as_ref())
                .map(|response| response.status),
            errors: kept.errors.iter().map(|error| error_of(*error)).collect(),
            stored: kept.data,
            display_id: kept.display_id,
            file,
            summary: kept.summary.unwrap_or_default(),
            data: if is_error { body } else { Vec::new() },
            delivery: Some(delivery),
        })
    }

    /// Writes bytes into the folder of files.
    pub async fn keep_bytes(
        &self,
        name: String,
        content_type: String,
        bytes: &[u8],
    ) -> Result<StoredFile, StoreError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let mut file = self.store().files().begin(length).await?;
        file.write(bytes).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let kept = file.finish().await?;
        Ok(StoredFile { name, content_type, bytes: kept.bytes, sha256: kept.sha256 })
    }
}

/// The action that made a call, as it is now; `None` where it is gone.
fn action_of_call(followed: &Followed, number: u64) -> Option<Call> {
    let waiting = &followed.record.progress.waiting;
    let place = &waiting.iter().find(|waiting| waiting.number == number)?.place;
    let lifecycle = &followed.form.definition.lifecycle;
    let actions = match &place.list {
        ActionList::Status(id) => &lifecycle.status(id)?.actions,
        ActionList::Global(id) => &lifecycle.global_action(id)?.actions,
    };
    match &actions.iter().find(|action| action.id == place.action)?.kind {
        ActionKind::Call(call) => Some(call.clone()),
        _ => None,
    }
}

fn read_attempt(call: &Call, attempt: &Attempt, zone: wcs::Tz) -> (answer::Kept, Vec<u8>) {
    let started = attempt.started_at;
    if let Some(response) = &attempt.response {
        let header = |wanted: &str| {
            let found = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.as_str())
        };
        let body = response.body.clone();
        let answered = Answer {
            status: response.status,
            reason: "",
            content_type: header("content-type"),
            disposition: header("content-disposition"),
            error_code: header("x-error-code"),
            body: &body,
        };
        let kept = answer::read(call, Outcome::Answered(&answered), started, zone);
        return (kept, body);
    }
    let told = attempt.error.as_ref().map_or("no answer", |error| error.message.as_str());
    let is_ours = attempt.error.as_ref().is_some_and(|it| it.kind == AttemptErrorKind::Build);
    let outcome = if is_ours { Outcome::NoPayload(told) } else { Outcome::Unreached(told) };
    (answer::read(call, outcome, started, zone), Vec::new())
}

fn error_of(kind: ErrorKind) -> CallError {
    match kind {
        ErrorKind::App => CallError::App,
        ErrorKind::Client => CallError::Client,
        ErrorKind::Server => CallError::Server,
        ErrorKind::BadData => CallError::BadData,
        ErrorKind::Network => CallError::Network,
        ErrorKind::Payload => CallError::Payload,
    }
}
