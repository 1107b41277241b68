//! Any well-formed XML, as a view that filters can match.
//!
//! The rules are those by which CommCare turns its forms into JSON, so that one filter matches both:
//! an element is an object of its attributes (`@name`) and children; repeated children are an array;
//! the text beside them is `#text`; an element with nothing but text is a string, and an empty one is
//! `""`. Prefixes are dropped; the namespace of an element is its `@xmlns` where it differs from the
//! one around it. Every value is a string. White space between elements does not count.
//!
//! A document brings nothing of its own: document types are refused whole, which leaves no external
//! entities and nothing to expand.

mod characters;
mod document;
mod element;
mod write;

use std::borrow::Cow;

use crate::view::Members;
use crate::{Decoded, Received, Shape, Unreadable, text};

pub(crate) use document::Root;
pub use document::{MAX_ATTRIBUTES, MAX_DEPTH, NAMESPACE_GROWTH};
pub(crate) use element::{Element, Search, plain};
pub(crate) use write::{Writer, escaped};

/// Whether the text is a name that an element of XML can have, without a prefix.
pub fn is_element_name(text: &str) -> bool {
    characters::is_qualified_name(text) && !text.contains(':')
}

/// Whether all characters of the text can stand in a document of XML.
pub fn is_xml_text(text: &str) -> bool {
    text.chars().all(characters::is_allowed)
}

/// Reads any XML document: `{"<root>": …}`. It has no identity: nothing in it says what it is.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let Root { name, content } = root(received)?;
    let mut view = Members::default();
    view.add(&name, content);
    Ok(Decoded::new(Shape::Message, view.into_value()))
}

/// The root element of the document in a body; every dialect that knows XML begins with it.
pub(crate) fn root<'a>(received: &Received<'a>) -> Result<Root<'a>, Unreadable> {
    let text = text::xml(received)?;
    if text.trim_ascii().is_empty() {
        return Err(Unreadable::new(
            "xml-empty",
            "The body is empty; an XML document was expected.",
        ));
    }
    match text {
        Cow::Borrowed(text) => document::read(text),
        Cow::Owned(text) => document::read(&text).map(Root::into_owned),
    }
}
