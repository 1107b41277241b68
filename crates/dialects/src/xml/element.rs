//! Single elements of a document, in its order.
//!
//! The view of a document puts repeated siblings together, so that what stood between them is no
//! longer seen. Where that order counts, this reads the elements themselves. Only those that are
//! asked for are held, each with all that is in it.

use fieldpost_model::json::Value;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::characters::is_allowed;
use super::document::{
    MAX_DEPTH, attributes, check_name, document_type, forbidden_character, incomplete, refusal,
    resolve, second_root, too_deep, unknown_prefix,
};
use crate::view::{Members, each};
use crate::{Received, Unreadable, text};

/// An element, read from XML or from the view of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name without a prefix.
    pub(crate) name: String,
    /// Its namespace, where that is one of those asked for.
    pub(crate) namespace: Option<&'static str>,
    /// Its attributes without prefixes; declarations of namespaces are not among them.
    pub(crate) attributes: Vec<(String, String)>,
    /// The elements in it.
    pub(crate) children: Vec<Element>,
    /// The text in it; empty where that is nothing but white space.
    pub(crate) text: String,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(attribute, _)| attribute == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The elements of that name in it.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element of that name in it.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// What the view of a document has for it.
    pub(crate) fn to_view(&self) -> Value<'static> {
        if self.attributes.is_empty() && self.children.is_empty() {
            return Value::string(self.text.clone());
        }
        let mut members = Members::default();
        for (name, value) in &self.attributes {
            members.set(&format!("@{name}"), Value::string(value.clone()));
        }
        for child in &self.children {
            members.add(&child.name, child.to_view());
        }
        if !self.text.is_empty() {
            members.set("#text", Value::string(self.text.clone()));
        }
        members.into_value()
    }

    /// The element that a view was made of. `namespace` is that of the element around it.
    fn of_view(
        search: &Search,
        name: &str,
        view: &Value<'_>,
        around: Option<&'static str>,
    ) -> Self {
        let namespace = search.namespace_in(view, around);
        let mut element = Self { name: name.to_owned(), namespace, ..Self::default() };
        let Some(members) = view.as_object() else {
            element.text = plain(view);
            return element;
        };
        for (name, value) in members {
            match name.strip_prefix('@') {
                Some("xmlns") => {}
                Some(attribute) => element.attributes.push((attribute.to_owned(), plain(value))),
                None if name == "#text" => element.text = plain(value),
                None if name.starts_with('#') => {}
                None => element.children.extend(
                    each(value).iter().map(|child| Self::of_view(search, name, child, namespace)),
                ),
            }
        }
        element
    }
}

/// What is looked for in a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// Whether an element of that name is wanted at that depth; the root has depth 1.
    pub(crate) wants: fn(&str, usize) -> bool,
    /// The namespaces that are told apart from all others.
    pub(crate) namespaces: &'static [&'static str],
}

impl Search {
    fn namespace(&self, name: &str) -> Option<&'static str> {
        self.namespaces.iter().copied().find(|known| *known == name)
    }

    fn namespace_in(&self, view: &Value<'_>, around: Option<&'static str>) -> Option<&'static str> {
        match view.get("@xmlns").and_then(Value::as_str) {
            Some(own) => self.namespace(own),
            None => around,
        }
    }

    /// The outermost wanted elements of an XML document, in its order, with their depths.
    pub(crate) fn in_document(
        &self,
        received: &Received<'_>,
    ) -> Result<Vec<(usize, Element)>, Unreadable> {
        let text = text::xml(received)?;
        if !text.chars().all(is_allowed) {
            return Err(forbidden_character());
        }
        let mut reader = NsReader::from_str(&text);
        let (open, found) = (Vec::new(), Vec::new());
        let mut walk = Walk { search: self, depth: 0, is_over: false, open, found };
        loop {
            match reader.read_event().map_err(|error| refusal(&error))? {
                Event::Start(start) => walk.open(&reader, &start)?,
                Event::Empty(start) => {
                    walk.open(&reader, &start)?;
                    walk.close();
                }
                Event::End(_) => walk.close(),
                Event::Text(text) => walk.text(&text.xml10_content()),
                Event::CData(text) => walk.text(&text.xml10_content()),
                Event::GeneralRef(reference) => walk.text(&resolve(&reference)?),
                Event::DocType(_) => return Err(document_type()),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::Eof if walk.depth > 0 || !walk.is_over => {
                    return Err(incomplete(walk.depth));
                }
                Event::Eof => return Ok(walk.found),
            }
        }
    }

    /// The outermost wanted elements of the document that a view was made of, in the order of the
    /// view, with their depths.
    pub(crate) fn in_view(&self, root: &Value<'_>) -> Vec<(usize, Element)> {
        let mut found = Vec::new();
        self.below(root, 1, self.namespace_in(root, None), &mut found);
        found
    }

    fn below(
        &self,
        view: &Value<'_>,
        depth: usize,
        namespace: Option<&'static str>,
        found: &mut Vec<(usize, Element)>,
    ) {
        let members = view.as_object().unwrap_or_default();
        for (name, value) in members.iter().filter(|(name, _)| !name.starts_with(['@', '#'])) {
            for child in each(value) {
                if (self.wants)(name, depth + 1) {
                    found.push((depth + 1, Element::of_view(self, name, child, namespace)));
                } else {
                    let own = self.namespace_in(child, namespace);
                    self.below(child, depth + 1, own, found);
                }
            }
        }
    }
}

/// The way through a document.
struct Walk<'s> {
    search: &'s Search,
    /// How many elements are open.
    depth: usize,
    /// Whether the root has been closed.
    is_over: bool,
    /// Those of them that are held, from the wanted one inwards.
    open: Vec<Element>,
    found: Vec<(usize, Element)>,
}

impl Walk<'_> {
    fn open(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<(), Unreadable> {
        if self.is_over {
            return Err(second_root());
        }
        if self.depth == MAX_DEPTH {
            return Err(too_deep());
        }
        self.depth += 1;
        check_name(start.name())?;
        let name = start.local_name().into_inner();
        if self.open.is_empty() && !(self.search.wants)(name, self.depth) {
            return Ok(());
        }
        let namespace = match reader.resolver().resolve_element(start.name()).0 {
            ResolveResult::Bound(own) => self.search.namespace(own.into_inner()),
            ResolveResult::Unbound => None,
            ResolveResult::Unknown(prefix) => return Err(unknown_prefix(&prefix)),
        };
        let mut element = Element { name: name.to_owned(), namespace, ..Element::default() };
        let members = attributes(reader, start)?.into_value();
        for (name, value) in members.as_object().unwrap_or_default() {
            let name = name.strip_prefix('@').unwrap_or(name).to_owned();
            element.attributes.push((name, each(value).last().map(plain).unwrap_or_default()));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) {
        if let Some(mut element) = self.open.pop() {
            if element.text.trim().is_empty() {
                element.text.clear();
            }
            match self.open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => self.found.push((self.depth, element)),
            }
        }
        self.depth = self.depth.saturating_sub(1);
        self.is_over = self.depth == 0;
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }
}

/// The text that a value stands for.
pub(crate) fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(text) | Value::String(text) => text.to_string(),
        Value::Array(_) | Value::Object(_) => value.to_json(),
    }
}
