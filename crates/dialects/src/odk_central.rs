//! What community tools post for ODK Central, which has no webhooks of its own.
//!
//! Three events, told by `type`:
//!
//! | type | `data` |
//! |---|---|
//! | `submission.create` | `{"xml": "<?xml …"}`, the submission |
//! | `submission.update` | `{"reviewState": "hasIssues"}` |
//! | `entity.update.version` | the entity's properties |
//!
//! `id` is the submission's instance id or the entity's. The same event comes again only where its
//! sender tries again, and nothing in it tells a second try from a second change; so only the
//! creation of a submission has an identity.

use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_model::submission::Submission;
use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};

use crate::names::instance_id;
use crate::unreadable::excerpt;
use crate::view::member_text;
use crate::{Decoded, Received, Shape, Unreadable, json, submission, xml};

fieldpost_model::names! {
    /// What happened at ODK Central.
    pub enum CentralEvent {
        /// A submission came in.
        SubmissionCreated = "submission.create",
        /// A submission was reviewed.
        SubmissionReviewed = "submission.update",
        /// An entity was made or changed.
        EntityChanged = "entity.update.version",
    }
}

/// What the XML inside an event is.
pub const EMBEDDED_TYPE: &str = "text/xml";

/// Reads one event. The view is the document as it came.
pub fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let view = json::document(received)?;
    let (event, id) = event(&view)?;
    let key = Some(id);
    let decoded = match event {
        CentralEvent::SubmissionCreated => {
            let document = document(&view)?;
            let root = document.as_object().and_then(|roots| roots.first());
            let form = root.and_then(|(_, content)| member_text(content, "@id")).map(str::to_owned);
            Decoded { identity: key.clone(), form, ..Decoded::new(Shape::Submission, view) }
        }
        CentralEvent::SubmissionReviewed | CentralEvent::EntityChanged => {
            Decoded::new(Shape::Message, view)
        }
    };
    Ok(Decoded { key, ..decoded }.storable())
}

/// What happened, and to what.
pub fn event(view: &Value<'_>) -> Result<(CentralEvent, String), Unreadable> {
    let written = member_text(view, "type").unwrap_or_default();
    let has_data = view.get("data").is_some_and(|data| data.as_object().is_some());
    match (CentralEvent::from_name(written), member_text(view, "id").and_then(instance_id)) {
        (Some(event), Some(id)) if has_data => Ok((event, id)),
        _ => Err(Unreadable::new(
            "not-odk-central",
            format!(
                "The body is no event of ODK Central: an object was expected with an \"id\", an \
                 object \"data\", and as \"type\" one of submission.create, submission.update and \
                 entity.update.version; the type is '{}'.",
                excerpt(written)
            ),
        )),
    }
}

/// The submission that came in, where that is the event.
pub fn submission(view: &Value<'_>, form: Option<&Form>) -> Result<Option<Submission>, Unreadable> {
    match event(view)? {
        (CentralEvent::SubmissionCreated, id) => {
            let submission = submission::of_document(&document(view)?, form);
            Ok(submission.map(|mut submission| {
                submission.metadata.instance_id.get_or_insert(format!("uuid:{id}"));
                submission
            }))
        }
        _ => Ok(None),
    }
}

/// Where ODK Central has a file of a submission, below the address of its project in the API
/// (`https://…/v1/projects/1`): its events do not say which project they are of. `None` where the
/// submission lacks a name for its form or for itself, and where one of the names would lead elsewhere.
pub fn file_address(submission: &Submission, file: &str) -> Option<String> {
    let form = segment(submission.form.id.as_deref()?)?;
    let id = segment(submission.metadata.instance_id.as_deref()?)?;
    Some(format!("forms/{form}/submissions/{id}/attachments/{}", segment(file)?))
}

/// A name as one step of a path. `None` for what whoever follows the path may take for a step that stays
/// or goes back: to them `.` is the same as `%2E`, and some decode twice.
fn segment(name: &str) -> Option<PercentEncode<'_>> {
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let is_step = |part: &str| matches!(part, "." | "..");
    let is_safe = |name: &str| !name.is_empty() && !name.split(['/', '\\']).any(is_step);
    (is_safe(name) && is_safe(&decoded)).then(|| utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// The state that a reviewer gave a submission, where that is the event.
pub fn review_state<'v>(view: &'v Value<'_>) -> Option<&'v str> {
    member_text(view.get("data")?, "reviewState")
}

/// The XML inside an event, to the letter as the device sent it, where there is any.
pub fn embedded(view: &Value<'_>) -> Option<String> {
    let (event, _) = event(view).ok()?;
    let text = member_text(view.get("data")?, "xml")?;
    (event == CentralEvent::SubmissionCreated).then(|| text.to_owned())
}

/// The view of the XML inside an event.
fn document(view: &Value<'_>) -> Result<Value<'static>, Unreadable> {
    let text = view.get("data").and_then(|data| member_text(data, "xml")).unwrap_or_default();
    let received = Received { content_type: None, body: text.as_bytes() };
    xml::decode(&received).map(|decoded| decoded.view.into_owned())
}
