//! The hub's own JSON, as another hub forwards it in the format `normalised`, and as this one writes what
//! people fill in on its pages and programs submit by its API.

use fieldpost_model::json::Value;

use crate::names::instance_id;
use crate::view::member_text;
use crate::{Decoded, Received, Shape, Unreadable, json};

/// Reads one submission. The view is the document as it came.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let view = json::document(received)?;
    if view.get("values").and_then(Value::as_object).is_none() {
        return Err(Unreadable::new(
            "not-normalised",
            "The body is no submission in the format normalised: an object was expected with an \
             object \"values\"."
                .to_owned(),
        ));
    }
    let identity = member_text(&view, "instance_id").and_then(instance_id);
    let form = view.path(&["form", "id"]).and_then(|id| id.as_str()).map(str::to_owned);
    Ok(Decoded { key: identity.clone(), identity, form, ..Decoded::new(Shape::Submission, view) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_known_by_its_instance_id() {
        let body = br#"{"form":{"id":"births"},"instance_id":"uuid:a","values":{}}"#;
        let decoded = decode(&Received { content_type: None, body }).unwrap();
        assert_eq!(decoded.identity.as_deref(), Some("a"));
        assert_eq!(decoded.key, decoded.identity);
        assert_eq!(decoded.form.as_deref(), Some("births"));
        assert_eq!(decoded.shape, Shape::Submission);
    }

    #[test]
    fn only_submissions_are_read() {
        for body in ["[]", "{}", r#"{"values":[]}"#, "1"] {
            let received = Received { content_type: None, body: body.as_bytes() };
            assert_eq!(decode(&received).unwrap_err().code, "not-normalised", "{body}");
        }
    }
}
