//! The state of a case, as a case block in XML or as HQ's case JSON.
//!
//! HQ sends the whole case each time it changes, so the id of a case is no identity of a message:
//! that is the case's id, the time of its change and a digest of its state, joined by `/`.

use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;

use super::cases::CASE_BLOCKS;
use crate::view::{Members, children, each, hash, member_text, text};
use crate::xml::Root;
use crate::{Decoded, Shape, Unreadable};

/// How much of the state's SHA-256 goes into the identity, in bytes.
const DIGEST_LENGTH: usize = 8;

/// Whether the document is a case block, of version 2 (id in an attribute) or 1 (in an element).
pub(super) fn is_xml(root: &Root<'_>) -> bool {
    root.name == "case"
        && (member_text(&root.content, "@xmlns") == Some(CASE_BLOCKS)
            || root.content.get("@case_id").is_some()
            || root.content.get("case_id").is_some())
}

/// The view that HQ's case JSON gives of this case, as far as the block tells.
pub(super) fn of_xml<'a>(block: &Value<'a>) -> Result<Decoded<'a>, Unreadable> {
    let either = |attribute: &str, element: &str| {
        member_text(block, attribute).or_else(|| member_text(block, element)).map(str::to_owned)
    };
    let Some(id) = either("@case_id", "case_id") else {
        return Err(Unreadable::new("case-without-id", "The case block has no case_id."));
    };
    let user = either("@user_id", "user_id")
        .or_else(|| block.path(&["create", "user_id"]).and_then(text).map(str::to_owned));

    let mut view = Members::default();
    view.set("case_id", Value::string(id));
    for (name, text) in
        [("user_id", user), ("date_modified", either("@date_modified", "date_modified"))]
    {
        if let Some(text) = text {
            view.set(name, Value::string(text));
        }
    }
    view.set("closed", Value::Bool(block.get("close").is_some()));
    view.set("properties", properties(block));
    view.set("indices", indices(block));
    if let Some(attachments) = attachments(block) {
        view.set("attachments", attachments);
    }
    Ok(of_json(view.into_value()))
}

/// Whether the object is HQ's case JSON.
pub(super) fn is_json(view: &Value<'_>) -> bool {
    member_text(view, "case_id").is_some()
        && view.get("properties").is_some_and(|properties| properties.as_object().is_some())
}

/// HQ's case JSON is its own view.
pub(super) fn of_json(view: Value<'_>) -> Decoded<'_> {
    let id = member_text(&view, "case_id").unwrap_or_default().to_owned();
    let modified = member_text(&view, "date_modified").unwrap_or_default();
    let digest = hash(&view);
    let digest = hexadecimal::encode(digest.get(..DIGEST_LENGTH).unwrap_or(&digest));
    Decoded {
        identity: Some(format!("{id}/{modified}/{digest}")),
        key: Some(id),
        ..Decoded::new(Shape::Case, view)
    }
}

/// What the block creates, overwritten by what it updates.
fn properties<'a>(block: &Value<'a>) -> Value<'a> {
    let mut properties = Members::default();
    for (name, value) in parts(block, "create").chain(parts(block, "update")) {
        match name {
            // Version 1 has the type under another name, and the user among the properties.
            "case_type_id" => properties.set("case_type", value.clone()),
            "user_id" => {}
            _ => properties.set(name, value.clone()),
        }
    }
    properties.into_value()
}

/// The cases that this one points to. An index without an id is one that was taken away.
fn indices<'a>(block: &Value<'a>) -> Value<'a> {
    let mut indices = Members::default();
    for (name, value) in parts(block, "index") {
        let Some(id) = text(value).filter(|id| !id.is_empty()) else { continue };
        let mut index = Members::default();
        index.set("case_id", Value::string(id.to_owned()));
        if let Some(case_type) = value.get("@case_type") {
            index.set("case_type", case_type.clone());
        }
        let relationship = member_text(value, "@relationship").unwrap_or("child");
        index.set("relationship", Value::string(relationship.to_owned()));
        indices.set(name, index.into_value());
    }
    indices.into_value()
}

/// The addresses of the case's files, if it has any.
fn attachments<'a>(block: &Value<'a>) -> Option<Value<'a>> {
    let mut attachments = Members::default();
    for (name, value) in parts(block, "attachment") {
        if let Some(address) = member_text(value, "@src") {
            attachments.set(name, Value::object([("url", address.to_owned())]));
        }
    }
    (!attachments.is_empty()).then(|| attachments.into_value())
}

/// What stands in all blocks of that name, in order; a name may come more than once.
fn parts<'v, 'a>(
    block: &'v Value<'a>,
    name: &str,
) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
    let blocks = block.get(name).map(each).unwrap_or_default();
    blocks
        .iter()
        .flat_map(children)
        .flat_map(|(name, values)| each(values).iter().map(move |value| (name, value)))
}
