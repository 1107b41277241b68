//! From what is to be sent to the bytes that are sent: one function for each kind of thing.
//!
//! A format that cannot be made of a thing is refused when the forwarder is defined; here it is a
//! sentence all the same. No sentence tells what is in the payload: it is kept and shown with the
//! delivery.

use fieldpost_model::case::CaseAttachment;
use fieldpost_model::forwarder::{Format, Rendering};
use fieldpost_model::json::Value;

use super::{
    ApplicationPayload, CasePayload, FormPayload, Written, application_schema, case_feature,
    case_view, form_json, form_xml, geojson, kobo, normalised, template, wcs,
};
use crate::commcare::{app_schema, case_json, case_xml, form_stub};
use crate::view::Members;
use crate::{Received, json, text, xml};

/// Writes a filled form.
pub fn write_form(
    format: Format,
    rendering: &Rendering,
    payload: &FormPayload<'_>,
) -> Result<Written, String> {
    let submission = payload.submission;
    let value = match format {
        Format::FormXml => {
            return Ok(xml_of(payload).unwrap_or_else(|| Written::xml(form_xml(submission))));
        }
        Format::FormJson => of_form_api(payload)?,
        Format::Stub => {
            let case_ids: Vec<&str> = payload.case_ids.iter().map(String::as_str).collect();
            form_stub(payload.id, payload.facts.received_at, &case_ids)
        }
        Format::Wcs => wcs(payload),
        Format::Kobo => kobo(submission, payload.facts).ok_or_else(|| {
            "The form's groups are nested so deep that Kobo's keys, which repeat the whole path, \
             would be longer than is allowed."
                .to_owned()
        })?,
        Format::Geojson => {
            let path: Vec<&str> = rendering.position.iter().map(String::as_str).collect();
            geojson(submission, (!path.is_empty()).then_some(&path))
        }
        Format::Normalised => form_view(payload),
        Format::Template => return template::write(rendering, &form_view(payload)),
        other => return Err(cannot(other, "a filled form")),
    };
    Ok(Written::json(&value))
}

/// Writes the state of a case.
pub fn write_case(
    format: Format,
    rendering: &Rendering,
    payload: &CasePayload<'_>,
) -> Result<Written, String> {
    let case = payload.case;
    let closed = rendering.closed_cases;
    let address =
        |name: &str, file: &CaseAttachment| payload.files.get(name).unwrap_or(&file.source).clone();
    let value = match format {
        Format::CaseXml => {
            return Ok(Written::xml(case_xml(case, rendering.case_xml_version, closed, address)));
        }
        Format::CaseJson => case_json(case, payload.domain, closed, address),
        Format::Geojson => case_feature(case, rendering.position.last().map(String::as_str)),
        Format::Normalised => case_view(case),
        Format::Template => return template::write(rendering, &case_view(case)),
        other => return Err(cannot(other, "a case")),
    };
    Ok(Written::json(&value))
}

/// Writes that an application was saved or built.
pub fn write_application(
    format: Format,
    rendering: &Rendering,
    payload: &ApplicationPayload<'_>,
) -> Result<Written, String> {
    match format {
        Format::SchemaId => Ok(Written::xml(app_schema(payload.id))),
        Format::SchemaJson => Ok(Written::json(&application_schema(payload))),
        Format::Template => template::write(rendering, &application_schema(payload)),
        other => Err(cannot(other, "an application")),
    }
}

fn cannot(format: Format, what: &str) -> String {
    format!("The format {} cannot be made of {what}.", format.name())
}

/// The document byte for byte, where it is XML. It is called what it was called, because a charset may
/// be named there and nowhere else.
fn xml_of(payload: &FormPayload<'_>) -> Option<Written> {
    let (bytes, content_type) = payload.original?;
    let is_xml = |name: &str| matches!(name, "text/xml" | "application/xml");
    let content_type = content_type
        .filter(|written| text::media_type(Some(written)).is_some_and(|name| is_xml(&name)))
        .unwrap_or("text/xml")
        .to_owned();
    text::looks_like_xml(bytes).then(|| Written { bytes: bytes.to_vec(), content_type })
}

/// The form as HQ's Form API has it: made of the document, and of what is written of the submission
/// where the document is in no dialect of forms.
fn of_form_api(payload: &FormPayload<'_>) -> Result<Value<'static>, String> {
    let written;
    let (body, content_type) = match payload.original {
        Some(original) if is_form_document(&original) => original,
        _ => {
            written = form_xml(payload.submission).into_bytes();
            (written.as_slice(), None)
        }
    };
    let received = Received { content_type, body };
    let view = if text::looks_like_xml(body) {
        xml::decode(&received).map(|decoded| decoded.view)
    } else {
        json::document(&received)
    };
    let view = view.map_err(|error| format!("The form cannot be read: {}", error.reason))?;
    form_json(&view, payload.facts)
        .ok_or_else(|| "The form is in no dialect that the Form API has a shape for.".to_owned())
}

/// Whether the document is a form in XML, or one of the Form API.
fn is_form_document(&(body, content_type): &(&[u8], Option<&str>)) -> bool {
    text::looks_like_xml(body)
        || json::document(&Received { content_type, body })
            .is_ok_and(|view| crate::commcare::is_form_of_api(&view))
}

/// The submission as typed JSON, with what the hub knows of it.
fn form_view(payload: &FormPayload<'_>) -> Value<'static> {
    let facts = payload.facts;
    let mut view = Members::default();
    if let Value::Object(members) = normalised(payload.submission) {
        for (name, value) in members {
            view.set(&name, value);
        }
    }
    let time = |time: fieldpost_model::time::Timestamp| Value::from(time.to_string());
    let files = facts.files.iter().map(|file| {
        Value::object([
            ("name", Value::from(file.name.clone())),
            ("content_type", Value::from(file.content_type.clone())),
            ("length", Value::from(file.length)),
            ("url", Value::from(file.url.clone())),
        ])
    });
    let case_ids = payload.case_ids.iter().cloned().map(Value::from).collect();
    for (name, value) in [
        ("project", Value::from(facts.project.to_owned())),
        ("number", facts.number.map_or(Value::Null, Value::from)),
        ("received_at", time(facts.received_at)),
        ("updated_at", time(facts.modified_at)),
        ("edited_at", facts.edited_at.map_or(Value::Null, time)),
        ("case_ids", Value::Array(case_ids)),
        ("files", Value::Array(files.collect())),
    ] {
        view.set(name, value);
    }
    view.into_value()
}
