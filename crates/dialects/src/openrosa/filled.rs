//! A filled form, as Collect, Enketo and their kin send it: the XML of the form's instance.
//!
//! The root element may have any name; what makes the document a filled form is that it says which
//! form it is of, by the attribute `id` or a namespace of its own, or has the block `meta` with an
//! `instanceID`. The view is that of any XML, so that filters match on the answers by their names.

use fieldpost_model::json::Value;

use super::instance::{XFORMS, is_meta};
use crate::names::instance_id;
use crate::unreadable::{Unreadable, excerpt};
use crate::view::{each, member_text, text};
use crate::{Decoded, Received, Shape, xml};

/// Reads a filled form.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let view = xml::decode(received)?.view;
    let Some([(root, content)]) = view.as_object() else { return Err(not_openrosa("")) };
    let (identity, form) = (identity(content), form(content));
    if identity.is_none() && form.is_none() {
        return Err(not_openrosa(root));
    }
    Ok(Decoded { key: identity.clone(), identity, form, ..Decoded::new(Shape::Submission, view) })
}

/// The id of the submission: in its `meta`, else, as old clients write it, at the root.
fn identity(content: &Value<'_>) -> Option<String> {
    let blocks = content.get("meta").map(each).unwrap_or_default();
    let meta = blocks.iter().find(|block| is_meta("meta", block));
    let named = meta.and_then(|meta| meta.get("instanceID")).and_then(text);
    named.or_else(|| member_text(content, "@instanceID")).and_then(instance_id)
}

/// The form's id, else the namespace that names it.
fn form(content: &Value<'_>) -> Option<String> {
    let xmlns = || member_text(content, "@xmlns").filter(|name| *name != XFORMS);
    let id = member_text(content, "@id").filter(|id| !id.is_empty());
    id.or_else(xmlns).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn not_openrosa(root: &str) -> Unreadable {
    Unreadable::new(
        "not-openrosa",
        format!(
            "The body is XML with the root element '{}', but no filled form: it has neither the \
             id of a form, nor a namespace, nor an instanceID in a meta block.",
            excerpt(root)
        ),
    )
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
        assert_eq!(decoded.shape, Shape::Submission, "{body}");
    }

    #[test]
    fn a_form_is_known_by_its_id_or_its_namespace() {
        check(r#"<data id="case1" version="3"><age>7</age></data>"#, None, Some("case1"));
        check(r#"<data xmlns="http://example.org/f"/>"#, None, Some("http://example.org/f"));
        check(r#"<data xmlns="http://example.org/f" id="a"/>"#, None, Some("a"));
        check(r#"<data id="" xmlns="http://example.org/f"/>"#, None, Some("http://example.org/f"));
        check(r#"<data xmlns="http://www.w3.org/2002/xforms" id="a"/>"#, None, Some("a"));
    }

    #[test]
    fn a_submission_is_known_by_its_instance_id() {
        let meta = "<meta><instanceID> uuid:19d7 </instanceID></meta>";
        check(&format!("<data id='a'>{meta}</data>"), Some("19d7"), Some("a"));
        check(&format!("<data>{meta}</data>"), Some("19d7"), None);
        check("<data instanceID='uuid:19d7'/>", Some("19d7"), None);
        check("<data id='a'><meta><instanceID/></meta></data>", None, Some("a"));
        check(
            &format!("<data id='a'><meta>a question</meta>{meta}</data>"),
            Some("19d7"),
            Some("a"),
        );
        check(
            "<data xmlns='http://example.org/f' xmlns:orx='http://openrosa.org/xforms'>\
             <orx:meta><orx:instanceID>uuid:19d7</orx:instanceID></orx:meta></data>",
            Some("19d7"),
            Some("http://example.org/f"),
        );
    }

    #[test]
    fn what_names_no_form_is_none() {
        for body in [
            "<data/>",
            "<data><meta><instanceID/></meta></data>",
            "<data xmlns='http://www.w3.org/2002/xforms'><a/></data>",
        ] {
            let received = Received { content_type: None, body: body.as_bytes() };
            assert_eq!(decode(&received).unwrap_err().code, "not-openrosa", "{body}");
        }
    }
}
