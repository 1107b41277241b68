//! What ODK Aggregate's JSON server publisher posts: an envelope with, in practice, one submission.
//!
//! `{"token":…,"content":"record","formId":…,"formVersion":…,"data":[{…}]}`. The envelope's token is
//! a secret of the sender; it stays in the view, which is the document as it came, so views must not
//! be logged.

use fieldpost_model::json::Value;

use crate::names::instance_id;
use crate::view::member_text;
use crate::{Decoded, Received, Shape, Unreadable, json};

/// Where a submission carries its instance id.
const INSTANCE_ID: &str = "*meta-instance-id*";

/// Reads the envelope. Several submissions in it have one identity, their ids joined by commas.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let view = json::document(received)?;
    let form = member_text(&view, "formId").map(str::to_owned);
    let submissions = view.get("data").and_then(Value::as_array);
    let (Some(form), Some(submissions)) = (form, submissions) else {
        return Err(not_odk_aggregate(&view));
    };
    if submissions.iter().any(|submission| submission.as_object().is_none()) {
        return Err(not_odk_aggregate(&view));
    }
    let identity = identity(submissions);
    Ok(Decoded {
        key: identity.clone(),
        identity,
        form: Some(form),
        ..Decoded::new(Shape::Submission, view)
    })
}

/// The ids of all submissions; none if there is no submission or one of them has no id, as half an
/// identity would make different messages equal.
fn identity(submissions: &[Value<'_>]) -> Option<String> {
    let ids: Option<Vec<String>> = submissions
        .iter()
        .map(|submission| member_text(submission, INSTANCE_ID).and_then(instance_id))
        .collect();
    ids.filter(|ids| !ids.is_empty()).map(|ids| ids.join(","))
}

fn not_odk_aggregate(view: &Value<'_>) -> Unreadable {
    Unreadable::new(
        "not-odk-aggregate",
        format!(
            "The body is a JSON {}, but not what ODK Aggregate publishes: an object with a text \
             \"formId\" and an array \"data\" of objects. For other JSON use the dialect json.",
            view.kind_name()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, identity: Option<&str>) {
        let decoded = decode(&Received { content_type: None, body: body.as_bytes() }).unwrap();
        assert_eq!(decoded.identity.as_deref(), identity, "{body}");
        assert_eq!(decoded.key, decoded.identity, "{body}");
        assert_eq!(decoded.form.as_deref(), Some("f"), "{body}");
    }

    #[test]
    fn the_identity_is_that_of_all_submissions() {
        check(r#"{"formId":"f","data":[{"*meta-instance-id*":"uuid:a"}]}"#, Some("a"));
        check(
            r#"{"formId":"f","data":[{"*meta-instance-id*":"uuid:a"},{"*meta-instance-id*":"b"}]}"#,
            Some("a,b"),
        );
        check(r#"{"formId":"f","data":[{"*meta-instance-id*":"a"},{"q":1}]}"#, None);
        check(r#"{"formId":"f","data":[{"q":1}]}"#, None);
        check(r#"{"formId":"f","data":[]}"#, None);
    }

    #[test]
    fn other_shapes_are_refused() {
        for body in [
            "{}",
            "[]",
            r#"{"formId":"f"}"#,
            r#"{"data":[{}]}"#,
            r#"{"formId":1,"data":[{}]}"#,
            r#"{"formId":"f","data":{}}"#,
            r#"{"formId":"f","data":[1]}"#,
        ] {
            let received = Received { content_type: None, body: body.as_bytes() };
            assert_eq!(decode(&received).unwrap_err().code, "not-odk-aggregate", "{body}");
        }
    }
}
