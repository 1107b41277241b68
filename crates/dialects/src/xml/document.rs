//! From the text of a document to the view of its root element.

use std::borrow::Cow;
use std::rc::Rc;

use fieldpost_model::json::Value;
use quick_xml::XmlVersion;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::escape::{EscapeError, resolve_predefined_entity};
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceError, QName, ResolveResult};
use quick_xml::reader::NsReader;

use super::characters::{is_allowed, is_qualified_name};
use crate::Unreadable;
use crate::unreadable::excerpt;
use crate::view::Members;

/// How deep elements may stand inside each other, in elements, the root included.
pub const MAX_DEPTH: usize = 128;

/// How many attributes one element may have, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 1_000;

/// How much the namespaces of a view may amount to, in documents. A document declares a namespace
/// once and uses it in every element; the view spells it out wherever it changes, so that ten
/// megabytes could be blown up to terabytes.
pub const NAMESPACE_GROWTH: usize = 16;

/// The root element of a document.
#[derive(Debug)]
pub(crate) struct Root<'a> {
    /// Its name without a prefix.
    pub(crate) name: String,
    /// A string, or an object of its attributes and children.
    pub(crate) content: Value<'a>,
}

impl Root<'_> {
    pub(crate) fn into_owned(self) -> Root<'static> {
        Root { name: self.name, content: self.content.into_owned() }
    }
}

/// Reads a whole document. A refusal names the line.
pub(super) fn read(text: &str) -> Result<Root<'_>, Unreadable> {
    if let Some(position) = text.find(|character| !is_allowed(character)) {
        return Err(in_line(text, position, &forbidden_character()));
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    read_events(&mut reader, text.len().saturating_mul(NAMESPACE_GROWTH)).map_err(|unreadable| {
        let position = reader.error_position().max(reader.buffer_position());
        in_line(text, usize::try_from(position).unwrap_or(usize::MAX), &unreadable)
    })
}

fn in_line(text: &str, position: usize, unreadable: &Unreadable) -> Unreadable {
    let line = text.get(..position).unwrap_or(text).matches('\n').count() + 1;
    Unreadable::new(unreadable.code, format!("{} (Line {line}.)", unreadable.reason))
}

fn read_events<'a>(
    reader: &mut NsReader<&'a [u8]>,
    namespace_budget: usize,
) -> Result<Root<'a>, Unreadable> {
    let mut tree = Tree { open: Vec::new(), root: None, namespace_budget };
    let mut at_start = true;
    loop {
        match reader.read_event().map_err(|error| refusal(&error))? {
            Event::Start(start) => tree.open(reader, &start)?,
            Event::Empty(start) => {
                tree.open(reader, &start)?;
                tree.close(start.local_name().into_inner());
            }
            Event::End(end) => tree.close(end.local_name().into_inner()),
            Event::Text(text) => {
                if text.contains("]]>") {
                    return Err(syntax("']]>' cannot stand in text; write ']]&gt;'"));
                }
                tree.text(text.xml10_content())?;
            }
            Event::CData(text) => tree.character_data(text.xml10_content())?,
            Event::GeneralRef(reference) => tree.character_data(resolve(&reference)?)?,
            Event::Comment(_) => {}
            Event::PI(instruction) if is_qualified_name(instruction.target()) => {}
            Event::PI(_) => return Err(syntax("a processing instruction has no name")),
            Event::Decl(_) if at_start => {}
            Event::Decl(_) => {
                return Err(syntax(
                    "the XML declaration must be the very beginning of the document",
                ));
            }
            Event::DocType(_) => return Err(document_type()),
            Event::Eof => return tree.finish(),
        }
        at_start = false;
    }
}

/// The elements that are open, from the root inwards, and the root once it is closed.
struct Tree<'a> {
    open: Vec<Element<'a>>,
    root: Option<Root<'a>>,
    /// How many bytes of namespaces may still be spelled out.
    namespace_budget: usize,
}

struct Element<'a> {
    members: Members<'a>,
    text: Cow<'a, str>,
    /// The namespace of the nearest element that has one, itself included.
    namespace: Option<Rc<str>>,
}

impl<'a> Tree<'a> {
    fn open(
        &mut self,
        reader: &NsReader<&'a [u8]>,
        start: &BytesStart<'_>,
    ) -> Result<(), Unreadable> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(second_root());
        }
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep());
        }
        check_name(start.name())?;
        let mut members = attributes(reader, start)?;
        let around = self.open.last().and_then(|parent| parent.namespace.clone());
        let namespace = match reader.resolver().resolve_element(start.name()).0 {
            ResolveResult::Bound(own) if around.as_deref() == Some(own.into_inner()) => around,
            ResolveResult::Bound(own) => {
                self.namespace_budget = self
                    .namespace_budget
                    .checked_sub(own.into_inner().len())
                    .ok_or_else(too_many_namespaces)?;
                members.add("@xmlns", Value::string(own.into_inner().to_owned()));
                Some(Rc::from(own.into_inner()))
            }
            ResolveResult::Unbound => around,
            ResolveResult::Unknown(prefix) => return Err(unknown_prefix(&prefix)),
        };
        self.open.push(Element { members, text: Cow::Borrowed(""), namespace });
        Ok(())
    }

    /// Ends the innermost element. The reader has made sure that there is one of this name.
    fn close(&mut self, name: &str) {
        let Some(Element { mut members, text, .. }) = self.open.pop() else { return };
        // Wider than what XML calls white space: no-break spaces come in when samples are copied.
        let blank = text.trim().is_empty();
        let content = if members.is_empty() {
            Value::string(if blank { Cow::Borrowed("") } else { text })
        } else {
            if !blank {
                members.add("#text", Value::string(text));
            }
            members.into_value()
        };
        match self.open.last_mut() {
            Some(parent) => parent.members.add(name, content),
            None => self.root = Some(Root { name: name.to_owned(), content }),
        }
    }

    /// Text between tags; outside the root element only white space.
    fn text(&mut self, text: Cow<'a, str>) -> Result<(), Unreadable> {
        if self.open.is_empty() && text.trim_ascii().is_empty() {
            return Ok(());
        }
        self.character_data(text)
    }

    /// Text that counts as such even where it is white space.
    fn character_data(&mut self, text: Cow<'a, str>) -> Result<(), Unreadable> {
        let Some(element) = self.open.last_mut() else {
            let place = if self.root.is_some() { "after" } else { "before" };
            return Err(syntax(&format!("there is text {place} the root element")));
        };
        if element.text.is_empty() {
            element.text = text;
        } else {
            element.text.to_mut().push_str(&text);
        }
        Ok(())
    }

    fn finish(self) -> Result<Root<'a>, Unreadable> {
        match (self.root, self.open.len()) {
            (Some(root), _) => Ok(root),
            (None, open) => Err(incomplete(open)),
        }
    }
}

/// The attributes of an element as members; declarations of namespaces are not among them.
pub(super) fn attributes<'a>(
    reader: &NsReader<&[u8]>,
    start: &BytesStart<'_>,
) -> Result<Members<'a>, Unreadable> {
    let mut members = Members::default();
    for (count, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|error| bad_attribute(&error))?;
        if count == MAX_ATTRIBUTES {
            return Err(Unreadable::new(
                "xml-attributes",
                format!("An element has more than {MAX_ATTRIBUTES} attributes."),
            ));
        }
        check_name(attribute.key)?;
        if attribute.value.contains('<') {
            return Err(syntax("'<' cannot stand in an attribute; write '&lt;'"));
        }
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| refusal(&error))?;
        if !value.chars().all(is_allowed) {
            return Err(forbidden_character());
        }
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        if let ResolveResult::Unknown(prefix) = reader.resolver().resolve_attribute(attribute.key).0
        {
            return Err(unknown_prefix(&prefix));
        }
        let name = format!("@{}", attribute.key.local_name().into_inner());
        members.add(&name, Value::string(value.into_owned()));
    }
    Ok(members)
}

/// The text that a reference stands for: a character, or one of the five predefined entities.
pub(super) fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, Unreadable> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) if is_allowed(character) => Ok(Cow::Owned(character.to_string())),
        Ok(Some(_)) => Err(forbidden_character()),
        Ok(None) => resolve_predefined_entity(reference)
            .map(Cow::Borrowed)
            .ok_or_else(|| unknown_entity(reference)),
        Err(error) => Err(refusal(&error)),
    }
}

pub(super) fn check_name(name: QName<'_>) -> Result<(), Unreadable> {
    if is_qualified_name(name.into_inner()) {
        Ok(())
    } else {
        Err(syntax(&format!("'{}' is not a name", excerpt(name.into_inner()))))
    }
}

/// The reader's errors in our words: theirs quote names of any length.
pub(super) fn refusal(error: &Error) -> Unreadable {
    match error {
        Error::Syntax(SyntaxError::UnclosedDoctype)
        | Error::IllFormed(IllFormedError::MissingDoctypeName) => document_type(),
        Error::Syntax(_) => syntax("it breaks off inside a tag, a comment or the like"),
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            let (expected, found) = (short(expected), short(found));
            syntax(&format!("'</{found}>' stands where '</{expected}>' was expected"))
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => {
            syntax(&format!("'</{}>' closes nothing", excerpt(name)))
        }
        Error::IllFormed(IllFormedError::UnclosedReference)
        | Error::Escape(EscapeError::UnterminatedEntity(_)) => {
            syntax("'&' begins nothing; write '&amp;'")
        }
        Error::IllFormed(IllFormedError::DoubleHyphenInComment) => {
            syntax("'--' cannot stand inside a comment")
        }
        Error::InvalidAttr(error) => bad_attribute(error),
        Error::Escape(EscapeError::UnrecognizedEntity(_, name)) => unknown_entity(name),
        Error::Escape(EscapeError::InvalidCharRef(_)) => forbidden_character(),
        Error::Namespace(NamespaceError::TooManyBindings(most)) => Unreadable::new(
            "xml-namespace",
            format!("More than {most} namespaces are declared at one place."),
        ),
        Error::Namespace(_) => Unreadable::new(
            "xml-namespace",
            "A namespace declaration uses a name that XML keeps for itself.",
        ),
        _ => syntax("it does not follow the rules of XML"),
    }
}

/// Half an excerpt, for reasons that quote two names.
fn short(name: &str) -> String {
    excerpt(&name.chars().take(24).collect::<String>())
}

fn syntax(what: &str) -> Unreadable {
    Unreadable::new("xml-syntax", format!("The document is not well-formed XML: {what}."))
}

fn bad_attribute(error: &AttrError) -> Unreadable {
    syntax(match error {
        AttrError::Duplicated(..) => "an element has one attribute twice",
        _ => "an attribute is not written as name=\"value\"",
    })
}

pub(super) fn second_root() -> Unreadable {
    syntax("there is a second root element")
}

/// The end of a document, where that many elements are open and none has been closed.
pub(super) fn incomplete(open: usize) -> Unreadable {
    match open {
        0 => syntax("there is no element in it"),
        _ => syntax(&format!("it breaks off; {open} of its elements are not closed")),
    }
}

pub(super) fn too_deep() -> Unreadable {
    Unreadable::new(
        "xml-depth",
        format!("Elements stand more than {MAX_DEPTH} deep inside each other."),
    )
}

pub(super) fn document_type() -> Unreadable {
    Unreadable::new(
        "xml-doctype",
        "The document has a document type (<!DOCTYPE …>); for safety none is taken. Let the sender \
         leave it out.",
    )
}

fn unknown_entity(name: &str) -> Unreadable {
    Unreadable::new(
        "xml-entity",
        format!(
            "The entity '&{};' is not known; only &lt; &gt; &amp; &apos; &quot; and character \
             references are.",
            excerpt(name)
        ),
    )
}

fn too_many_namespaces() -> Unreadable {
    Unreadable::new(
        "xml-namespace",
        format!(
            "Spelled out at each element, the namespaces are more than {NAMESPACE_GROWTH} times as \
             long as the document."
        ),
    )
}

pub(super) fn unknown_prefix(prefix: &str) -> Unreadable {
    Unreadable::new(
        "xml-namespace",
        format!("The prefix '{}' is used but not declared.", excerpt(prefix)),
    )
}

pub(super) fn forbidden_character() -> Unreadable {
    Unreadable::new(
        "xml-character",
        "The document contains a character that XML does not allow, such as a control character.",
    )
}
