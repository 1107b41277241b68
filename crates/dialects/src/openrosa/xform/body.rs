//! What the body shows: which nodes are repeated, what control asks for each, and under what label.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::form::{AnswerType, Labels};
use fieldpost_model::json::Value;

use super::attribute;
use super::binds::Binds;
use super::choices::{Found, Lists};
use super::paths::resolve;
use super::texts::Texts;
use crate::Unreadable;
use crate::view::{children, each};

/// A control of the body.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) labels: Labels,
    /// The type that the kind of control says, against what the bind says.
    pub(super) answer: Option<AnswerType>,
    pub(super) choices: Found,
    pub(super) media_type: Option<String>,
}

/// The body by the paths of its nodes.
#[derive(Debug, Default)]
pub(super) struct Body {
    controls: BTreeMap<String, Control>,
    repeats: BTreeSet<String>,
    groups: BTreeMap<String, Labels>,
}

impl Body {
    /// Reads a body. What is relative counts from the group around it, at first from `root`.
    pub(super) fn read(
        body: &Value<'_>,
        root: &str,
        binds: &Binds,
        texts: &Texts,
        lists: &mut Lists<'_, '_>,
    ) -> Result<Self, Unreadable> {
        let mut reader = Reader { body: Self::default(), binds, texts, lists };
        reader.inside(body, root)?;
        Ok(reader.body)
    }

    pub(super) fn is_repeat(&self, path: &str) -> bool {
        self.repeats.contains(path)
    }

    /// The label of the group at that path, where the body shows one.
    pub(super) fn take_group(&mut self, path: &str) -> Option<Labels> {
        self.groups.remove(path)
    }

    pub(super) fn take_control(&mut self, path: &str) -> Option<Control> {
        self.controls.remove(path)
    }
}

struct Reader<'r, 'v, 'a> {
    body: Body,
    binds: &'r Binds,
    texts: &'r Texts,
    lists: &'r mut Lists<'v, 'a>,
}

impl Reader<'_, '_, '_> {
    /// Reads what stands inside an element. The reader of XML has seen to it that this ends.
    fn inside(&mut self, element: &Value<'_>, around: &str) -> Result<(), Unreadable> {
        for (name, elements) in children(element) {
            for element in each(elements) {
                match name {
                    "group" | "repeat" => self.group(name == "repeat", element, around)?,
                    "input" | "secret" | "textarea" | "range" | "trigger" | "select"
                    | "select1" | "rank" | "upload" => self.control(name, element, around)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn group(
        &mut self,
        is_repeat: bool,
        element: &Value<'_>,
        around: &str,
    ) -> Result<(), Unreadable> {
        let path = self.path(element, around);
        let labels = self.texts.label_of(element);
        if let Some(path) = &path {
            // A repeat mostly has no label of its own, but stands in a group of its path that has.
            let present = self.body.groups.entry(path.clone()).or_default();
            if present.0.is_empty() {
                *present = labels;
            }
            if is_repeat {
                self.body.repeats.insert(path.clone());
            }
        }
        self.inside(element, path.as_deref().unwrap_or(around))
    }

    fn control(&mut self, name: &str, element: &Value<'_>, around: &str) -> Result<(), Unreadable> {
        let Some(path) = self.path(element, around) else { return Ok(()) };
        let answer = match name {
            "select" => Some(AnswerType::SelectMany),
            "select1" => Some(AnswerType::SelectOne),
            "rank" => Some(AnswerType::Rank),
            "upload" => Some(AnswerType::File),
            _ => None,
        };
        let has_choices = matches!(name, "select" | "select1" | "rank");
        let choices = if has_choices { self.lists.of(element)? } else { Found::default() };
        let control = Control {
            labels: self.texts.label_of(element),
            answer,
            choices,
            media_type: attribute(element, "@mediatype").map(str::to_owned),
        };
        // Where two controls ask for one node, the first says what it is.
        self.body.controls.entry(path).or_insert(control);
        Ok(())
    }

    /// The path of the node that an element shows, by `bind`, `ref` or `nodeset`.
    fn path(&self, element: &Value<'_>, around: &str) -> Option<String> {
        if let Some(path) = attribute(element, "@bind").and_then(|id| self.binds.path_of(id)) {
            return Some(path.to_owned());
        }
        let written = attribute(element, "@ref").or_else(|| attribute(element, "@nodeset"))?;
        resolve(around, written)
    }
}
