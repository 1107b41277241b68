//! The notice that a form came in: `{"form_id":…,"received_on":…,"case_ids":[…]}`.

use fieldpost_model::json::Value;

use crate::view::member_text;
use crate::{Decoded, Shape};

pub(super) fn is_stub(view: &Value<'_>) -> bool {
    member_text(view, "form_id").is_some()
        && (view.get("case_ids").is_some_and(|ids| ids.as_array().is_some())
            || member_text(view, "received_on").is_some())
}

/// The identity is set apart from that of the form itself, which may come to the same source.
pub(super) fn of_json(view: Value<'_>) -> Decoded<'_> {
    let form_id = member_text(&view, "form_id").map(str::to_owned);
    Decoded {
        identity: form_id.as_ref().map(|id| format!("stub/{id}")),
        key: form_id,
        ..Decoded::new(Shape::FormStub, view)
    }
}
