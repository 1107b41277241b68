//! A form as CommCare HQ's Form API gives it; forwarded XML has a view of the same shape.

use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Attachment, AttachmentContent, Submission};

use super::openrosa;
use crate::view::member_text;

/// The name under which the API lists the form itself among its attachments.
const FORM_ITSELF: &str = "form.xml";

/// Reads an object of the Form API; `None` where it is none, but a case or a stub.
pub(super) fn submission(view: &Value<'_>, form: Option<&Form>) -> Option<Submission> {
    let content = view.get("form").filter(|form| form.as_object().is_some())?;
    let root = member_text(content, "#type").or_else(|| member_text(view, "type"));
    let mut submission = openrosa::submission(root, content, form);
    let own = |name: &str| member_text(view, name).map(str::to_owned);

    let reference = &mut submission.form;
    reference.version = reference.version.take().or_else(|| own("version"));
    reference.application = own("app_id");
    reference.build = own("build_id");

    let metadata = &mut submission.metadata;
    metadata.submitted_at = own("received_on").or_else(|| metadata.submitted_at.take());
    let of_metadata =
        |name: &str| view.get("metadata").and_then(|m| member_text(m, name)).map(str::to_owned);
    for (slot, name) in [
        (&mut metadata.instance_id, "instanceID"),
        (&mut metadata.deprecated_id, "deprecatedID"),
        (&mut metadata.device, "deviceID"),
        (&mut metadata.user, "username"),
        (&mut metadata.user_id, "userID"),
        (&mut metadata.started_at, "timeStart"),
        (&mut metadata.ended_at, "timeEnd"),
    ] {
        *slot = slot.take().or_else(|| of_metadata(name));
    }
    metadata.instance_id = metadata.instance_id.take().or_else(|| own("id"));
    link(&mut submission.attachments, view);
    Some(submission)
}

/// Adds what the API says of the files: where they are, and files that no answer names.
fn link(attachments: &mut Vec<Attachment>, view: &Value<'_>) {
    let listed = view.get("attachments").and_then(Value::as_object).unwrap_or_default();
    for (name, file) in listed.iter().filter(|(name, _)| name != FORM_ITSELF) {
        let content = match member_text(file, "url") {
            Some(url) => AttachmentContent::Link(url.to_owned()),
            None => AttachmentContent::Expected,
        };
        let content_type = member_text(file, "content_type").map(str::to_owned);
        let described = Attachment { name: name.to_string(), content_type, content };
        match attachments.iter_mut().find(|present| present.name == described.name) {
            Some(present) => *present = described,
            None => attachments.push(described),
        }
    }
}
