//! What the model says of nodes: their types, and the conditions they stand under.

use std::collections::BTreeMap;

use fieldpost_model::form::{AnswerType, Automatic};
use fieldpost_model::json::Value;

use super::attribute;
use super::paths::resolve;
use crate::view::each;

/// What a bind says of its node.
#[derive(Clone, Debug, Default)]
pub(super) struct Bind {
    pub(super) answer: Option<AnswerType>,
    pub(super) automatic: Option<Automatic>,
    pub(super) required: Option<String>,
    pub(super) readonly: Option<String>,
    pub(super) relevant: Option<String>,
}

/// The binds of a form by the paths of their nodes.
#[derive(Debug, Default)]
pub(super) struct Binds {
    by_path: BTreeMap<String, Bind>,
    /// Paths by the ids of binds; controls may name a bind instead of a path.
    paths: BTreeMap<String, String>,
}

impl Binds {
    /// Reads the model's binds; what is relative counts from the instance's root element.
    pub(super) fn read(model: &Value<'_>, root: &str) -> Self {
        let mut binds = Self::default();
        binds.read_inside(model, root);
        binds
    }

    fn read_inside(&mut self, element: &Value<'_>, around: &str) {
        for bind in element.get("bind").map(each).unwrap_or_default() {
            let written = attribute(bind, "@nodeset").or_else(|| attribute(bind, "@ref"));
            let Some(path) = written.and_then(|written| resolve(around, written)) else { continue };
            if let Some(id) = attribute(bind, "@id") {
                self.paths.insert(id.to_owned(), path.clone());
            }
            self.by_path.entry(path.clone()).or_default().add(bind);
            self.read_inside(bind, &path);
        }
    }

    /// What is said of the node at that path.
    pub(super) fn take(&mut self, path: &str) -> Bind {
        self.by_path.remove(path).unwrap_or_default()
    }

    /// The path that a bind of that id is for.
    pub(super) fn path_of(&self, id: &str) -> Option<&str> {
        self.paths.get(id).map(String::as_str)
    }
}

impl Bind {
    /// Adds what one element says; several may be for one node.
    fn add(&mut self, bind: &Value<'_>) {
        let condition = |name: &str| attribute(bind, name).map(str::to_owned);
        self.answer = self.answer.or_else(|| attribute(bind, "@type").and_then(answer_type));
        self.automatic = self.automatic.or_else(|| automatic(bind));
        self.required = self.required.take().or_else(|| condition("@required"));
        self.readonly = self.readonly.take().or_else(|| condition("@readonly"));
        self.relevant = self.relevant.take().or_else(|| condition("@relevant"));
    }
}

/// The type by its name in XML Schema or in the tools of the field; prefixes do not count.
fn answer_type(written: &str) -> Option<AnswerType> {
    let name = written.trim().rsplit(':').next()?;
    Some(match name.to_ascii_lowercase().as_str() {
        "string" | "text" | "normalizedstring" | "token" | "intent" | "anyuri" => AnswerType::Text,
        "int" | "integer" | "long" | "short" | "byte" | "nonnegativeinteger"
        | "positiveinteger" | "unsignedint" | "unsignedlong" => AnswerType::Integer,
        "decimal" | "double" | "float" => AnswerType::Decimal,
        "boolean" => AnswerType::Boolean,
        "date" => AnswerType::Date,
        "time" => AnswerType::Time,
        "datetime" => AnswerType::DateTime,
        "select1" | "listitem" => AnswerType::SelectOne,
        "select" | "listitems" => AnswerType::SelectMany,
        "rank" => AnswerType::Rank,
        "geopoint" => AnswerType::Geopoint,
        "geotrace" => AnswerType::Geotrace,
        "geoshape" => AnswerType::Geoshape,
        "binary" | "base64binary" | "hexbinary" => AnswerType::File,
        "barcode" => AnswerType::Barcode,
        _ => return None,
    })
}

/// What the device fills in, by `jr:preload` and its parameter.
fn automatic(bind: &Value<'_>) -> Option<Automatic> {
    let parameter = attribute(bind, "@preloadParams").unwrap_or_default();
    match (attribute(bind, "@preload")?, parameter) {
        ("timestamp", "start") => Some(Automatic::Start),
        ("timestamp", "end") => Some(Automatic::End),
        ("date", "today") => Some(Automatic::Today),
        ("property", "deviceid") => Some(Automatic::Device),
        ("property", "username") => Some(Automatic::User),
        ("property", "phonenumber") => Some(Automatic::PhoneNumber),
        ("property", "email") => Some(Automatic::EmailAddress),
        ("uid", _) => Some(Automatic::InstanceId),
        _ => None,
    }
}
