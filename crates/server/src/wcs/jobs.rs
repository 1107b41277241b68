//! What became of long work: `GET /api/jobs/<id>/`.
//!
//! Imports are done when they are answered, so a job is always over; what is told of it is what the audit log keeps.
//! Whoever started it may ask, and who runs the project.

use axum::response::Response;
use fieldpost_dialects::wcs::job::{self, Job};
use fieldpost_model::json::Value;
use fieldpost_rules::wcs::Refusal;
use uuid::Uuid;

use super::answer::{Turned, json};
use super::imports::{IMPORTED, owner};
use super::{Asked, forms};

/// Tells of a job.
pub(super) async fn answer(asked: &Asked, id: &str) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    forms::require_somebody(&caller)?;
    let id = Uuid::try_parse(id).map_err(|_| Refusal::not_found())?;
    let entry = asked.app.hub.store().audit_entry(asked.project(), id).await?;
    let entry = entry.filter(|entry| entry.action == IMPORTED).ok_or_else(Refusal::not_found)?;
    let detail = Value::parse(entry.detail.as_bytes()).map_or(Value::Null, Value::into_owned);
    let is_theirs = detail.get("owner").and_then(Value::as_str) == Some(&*owner(asked));
    if !is_theirs && !caller.is_administrator() {
        // Whether there is such a job is not theirs to know.
        return Err(Refusal::not_found().into());
    }
    let refused = detail.get("refused").and_then(Value::as_number).and_then(|it| it.parse().ok());
    let told = Job {
        id,
        at: entry.at,
        refused: refused.unwrap_or(0),
        result: detail.get("result").cloned().unwrap_or(Value::Null),
    };
    Ok(json(&job::write(&told, &asked.site())))
}
