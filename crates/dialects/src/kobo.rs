//! What KoboToolbox REST services post: a submission as JSON, or as XML.
//!
//! A service's payload template may wrap the submission in anything, `{"form":"births","body":
//! %SUBMISSION%}` being the one that its users know. So the submission is looked for, and the view
//! is the whole document: filters match on the wrapper too. A service's subset of fields may leave
//! out everything that a submission is known by; such a message is readable and has no identity.

use fieldpost_model::json::Value;

use crate::names::instance_id;
use crate::unreadable::Unreadable;
use crate::view::{member_text, text};
use crate::{Decoded, Received, Shape, json, text as encodings, xml};

/// How deep inside its wrapper a submission is looked for, in objects and arrays around it.
pub const WRAPPER_DEPTH: usize = 5;

/// Any one of these members makes an object a submission.
const MARKS: [&str; 4] = ["_uuid", "meta/instanceID", "_xform_id_string", "formhub/uuid"];

/// Reads a submission, wrapped or not.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let view = if encodings::looks_like_xml(received.body) {
        xml::decode(received)?.view
    } else {
        json::document(received)?
    };
    if view.as_object().is_none() {
        return Err(Unreadable::new(
            "not-kobo",
            format!(
                "The body is a JSON {}; a KoboToolbox submission is an object.",
                view.kind_name()
            ),
        ));
    }
    let submission = find_submission(&view);
    let identity = submission.and_then(identity);
    let form = submission.and_then(form);
    Ok(Decoded { key: identity.clone(), identity, form, ..Decoded::new(Shape::Submission, view) })
}

/// The outermost object that is marked as a submission.
pub(crate) fn find_submission<'v, 'a>(view: &'v Value<'a>) -> Option<&'v Value<'a>> {
    let mut level = vec![view];
    for _ in 0..=WRAPPER_DEPTH {
        if let Some(submission) = level.iter().find(|value| is_submission(value)) {
            return Some(submission);
        }
        level = level.into_iter().flat_map(contents).collect();
    }
    None
}

fn is_submission(value: &Value<'_>) -> bool {
    MARKS.iter().any(|mark| value.get(mark).is_some())
        || value.path(&["meta", "instanceID"]).is_some()
}

fn contents<'v, 'a>(value: &'v Value<'a>) -> Box<dyn Iterator<Item = &'v Value<'a>> + 'v> {
    match value {
        Value::Array(elements) => Box::new(elements.iter()),
        Value::Object(members) => Box::new(members.iter().map(|(_, value)| value)),
        _ => Box::new(std::iter::empty()),
    }
}

/// The server's `_uuid`, else the phone's instance id: two writings of the same id.
fn identity(submission: &Value<'_>) -> Option<String> {
    [
        submission.get("_uuid"),
        submission.get("meta/instanceID"),
        submission.path(&["meta", "instanceID"]),
    ]
    .into_iter()
    .flatten()
    .filter_map(text)
    .find_map(instance_id)
}

/// The form's id; in XML it is an attribute of the submission.
fn form(submission: &Value<'_>) -> Option<String> {
    let name = member_text(submission, "_xform_id_string");
    name.or_else(|| member_text(submission, "@id")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, identity: Option<&str>, form: Option<&str>) {
        let decoded = decode(&Received { content_type: None, body: body.as_bytes() }).unwrap();
        assert_eq!(decoded.identity.as_deref(), identity, "{body}");
        assert_eq!(decoded.key, decoded.identity, "{body}");
        assert_eq!(decoded.form.as_deref(), form, "{body}");
        assert_eq!(decoded.shape, Shape::Submission);
    }

    #[test]
    fn both_writings_of_an_id_give_one_identity() {
        check(r#"{"_uuid":"19d7"}"#, Some("19d7"), None);
        check(r#"{"_uuid":"uuid:19d7"}"#, Some("19d7"), None);
        check(r#"{"meta/instanceID":"uuid:19d7"}"#, Some("19d7"), None);
        check(r#"{"meta/instanceID":"uuid:other","_uuid":"19d7"}"#, Some("19d7"), None);
        check(r#"{"meta/instanceID":"uuid:19d7","_uuid":""}"#, Some("19d7"), None);
        check(r#"{"meta/instanceID":"uuid:19d7","_uuid":null}"#, Some("19d7"), None);
        check(r#"{"meta":{"instanceID":"uuid:19d7"}}"#, Some("19d7"), None);
    }

    #[test]
    fn a_subset_of_fields_may_leave_no_identity() {
        check("{}", None, None);
        check(r#"{"first_q":"hello"}"#, None, None);
        check(r#"{"_xform_id_string":"groups","first_q":"hello"}"#, None, Some("groups"));
        check(r#"{"formhub/uuid":"6f57"}"#, None, None);
        check(r#"{"_uuid":12}"#, None, None);
    }

    #[test]
    fn the_wrapper_may_be_anything_up_to_a_depth() {
        let submission = r#"{"_uuid":"19d7","_xform_id_string":"groups"}"#;
        check(&format!(r#"{{"form":"f","body":{submission}}}"#), Some("19d7"), Some("groups"));
        check(&format!(r#"{{"items":[1,[],{submission}]}}"#), Some("19d7"), Some("groups"));
        check(r#"{"deep":{"_uuid":"far"},"_uuid":"near"}"#, Some("near"), None);
        let wrap = |levels: usize| {
            format!("{}{submission}{}", r#"{"body":"#.repeat(levels), "}".repeat(levels))
        };
        check(&wrap(WRAPPER_DEPTH), Some("19d7"), Some("groups"));
        check(&wrap(WRAPPER_DEPTH + 1), None, None);
    }

    #[test]
    fn xml_is_taken_as_well() {
        check(
            r#"<?xml version="1.0"?><aXf id="aXf" version="3"><q>1</q>
               <meta><instanceID>uuid:19d7</instanceID></meta></aXf>"#,
            Some("19d7"),
            Some("aXf"),
        );
    }

    #[test]
    fn only_objects_are_submissions() {
        for body in ["[]", "1", "\"a\"", "null"] {
            let received = Received { content_type: None, body: body.as_bytes() };
            assert_eq!(decode(&received).unwrap_err().code, "not-kobo", "{body}");
        }
    }
}
