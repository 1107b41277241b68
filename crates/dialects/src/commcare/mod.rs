//! What CommCare HQ forwards: forms, cases, form stubs, application ids.
//!
//! The kind is told by the shape of the body, never by the content type, which HQ fills in freely
//! (an application id travels as `text/xml`). Forms and cases come as XML or as JSON, as each
//! forwarder of the sender is set; both give views of the same shape, that of the JSON, so one
//! filter matches either. What only the server knows (domain, times of receipt) is in the JSON alone.
//!
//! Beside the view, which filters match, there is what forms and forwarders ask for of cases, as the
//! rules take it: [`blocks_of_form`] and [`state()`]. The other way, [`case_xml`], [`case_json()`],
//! [`form_stub`] and [`app_schema`] write what HQ would forward.

mod application;
mod case;
mod cases;
mod form;
mod notice;
mod stub;

use fieldpost_model::json::Value;

use crate::unreadable::excerpt;
use crate::xml::Root;
use crate::{Decoded, Received, Shape, Unreadable, json, text, xml};

pub use cases::{
    MAX_BLOCK_ENTRIES, MAX_CASE_BLOCKS, blocks_of_form, blocks_of_view, case_api_json, case_json,
    case_xml, state, system_form,
};
pub use notice::{app_schema, form_stub};

pub(crate) use cases::CASE_BLOCKS;
pub(crate) use form::{is_json as is_form_of_api, of_xml as form_of_xml};

/// Reads whatever HQ forwards.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    if text::looks_like_xml(received.body) {
        return of_xml(xml::root(received)?);
    }
    let text = text::utf_8(received, "json-encoding")?.trim_ascii();
    if let Some(decoded) = application::decode(text) {
        return Ok(decoded);
    }
    if text.starts_with(['{', '[', '"']) || text.is_empty() {
        return of_json(json::document(received)?);
    }
    Err(not_commcare("neither XML nor JSON"))
}

/// Reads what HQ forwards, for a source that takes one kind only.
pub(crate) fn decode_only<'a>(
    wanted: Shape,
    received: &Received<'a>,
) -> Result<Decoded<'a>, Unreadable> {
    let decoded = decode(received)?;
    if decoded.shape == wanted {
        return Ok(decoded);
    }
    let (code, found) = match decoded.shape {
        Shape::Form => ("is-form", "a form"),
        Shape::Case => ("is-case", "a case"),
        Shape::FormStub => ("is-form-stub", "a form stub"),
        _ => ("is-app-schema", "an application id"),
    };
    Err(Unreadable::new(
        code,
        format!(
            "This is {found}, but the source takes {wanted}s only. Change the forwarder at the \
             sender, or give the source the dialect commcare."
        ),
    ))
}

fn of_xml(root: Root<'_>) -> Result<Decoded<'_>, Unreadable> {
    if case::is_xml(&root) {
        case::of_xml(&root.content)
    } else if form::is_xml(&root) {
        Ok(form::of_xml(root))
    } else {
        Err(not_commcare(&format!("XML with the root element '{}'", excerpt(&root.name))))
    }
}

fn of_json(view: Value<'_>) -> Result<Decoded<'_>, Unreadable> {
    if form::is_json(&view) {
        Ok(form::of_json(view))
    } else if case::is_json(&view) {
        Ok(case::of_json(view))
    } else if stub::is_stub(&view) {
        Ok(stub::of_json(view))
    } else {
        Err(not_commcare(&format!("a JSON {}", view.kind_name())))
    }
}

fn not_commcare(found: &str) -> Unreadable {
    Unreadable::new(
        "not-commcare",
        format!(
            "The body is {found}: no form, no case, no form stub and no application id of CommCare. \
             For other payloads use the dialects json or xml."
        ),
    )
}
