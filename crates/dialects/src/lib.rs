//! The languages of the field: from the bytes of a message to what the hub can match and name.
//!
//! Everything here is a pure function. [`decode`] takes what was received and the dialect of the
//! source it came in by, and gives the message's *view* (one JSON value, whatever the message was
//! written in), the identity by which a repeated sending is known, the key of what it is about, and
//! the name of its form. What cannot be read is [`Unreadable`], with a stable code and a sentence
//! for the person who looks after the sender; the bytes are kept by the caller either way.
//!
//! Beyond the view, [`submission`] gives the answers in a message their types, by the form that
//! [`read_definition`] reads from its definition, and [`formats`] writes them for others.
//!
//! Each dialect is one module with one function, `decode`; the table below says which. The modules
//! beside them are what dialects share: `text` (encodings, content types), `view` (building and
//! reading views), `names` (the ids of submissions).

pub mod commcare;
mod definition;
mod form;
pub mod formats;
mod json;
mod kobo;
mod names;
mod normalised;
mod odk_aggregate;
pub mod odk_central;
pub mod openfn;
pub mod openrosa;
mod raw;
pub mod rows;
pub mod sheets;
pub mod submission;
mod text;
mod unreadable;
mod view;
pub mod wcs;
mod xml;

use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use sha2::{Digest, Sha256};

pub use definition::{is_json_definition, read_definition};
pub use form::MAX_FIELDS;
pub use kobo::WRAPPER_DEPTH;
pub use names::{MAX_NAME_LENGTH, instance_id};
pub use unreadable::Unreadable;
pub use xml::{MAX_ATTRIBUTES, MAX_DEPTH, NAMESPACE_GROWTH, is_element_name, is_xml_text};

/// What a sender sent, as far as decoding needs it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The `Content-Type` header, as sent.
    pub content_type: Option<&'a str>,
    /// The body, already decompressed.
    pub body: &'a [u8],
}

fieldpost_model::names! {
    /// What kind of thing a message turned out to be.
    pub enum Shape {
        /// Anything; the dialect knows no kinds.
        Message = "message",
        /// A filled form of CommCare.
        Form = "form",
        /// The state of a CommCare case.
        Case = "case",
        /// The notice that a CommCare form came in: its id and its cases' ids.
        FormStub = "form-stub",
        /// The notice that a CommCare application was saved or built: its id.
        AppSchema = "app-schema",
        /// A filled form of any other system.
        Submission = "submission",
    }
}

/// What two messages must share to have the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The view: order of members, white space and the writing of numbers do not matter.
    View,
    /// The bytes, each of them.
    Bytes,
}

/// A message that its dialect could read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// What kind of thing it is.
    pub shape: Shape,
    /// The whole message as one JSON value; filters match on it.
    pub view: Value<'a>,
    /// What its sender knows it by: equal for every sending and every later state of one thing.
    pub identity: Option<String>,
    /// The id of what it is about; deliveries can be kept in order by it.
    pub key: Option<String>,
    /// The name of the form that was filled in.
    pub form: Option<String>,
    /// What makes its content equal to another's.
    pub content: Content,
}

impl<'a> Decoded<'a> {
    /// A message of that shape that has only a view; each dialect adds what it knows.
    fn new(shape: Shape, view: Value<'a>) -> Self {
        Self { shape, view, identity: None, key: None, form: None, content: Content::View }
    }

    /// The same message with names that every store takes.
    fn storable(self) -> Self {
        Self {
            identity: self.identity.map(names::storable),
            key: self.key.map(names::storable),
            form: self.form.map(names::storable),
            ..self
        }
    }
}

impl Decoded<'_> {
    /// SHA-256 of the content: of the canonical view, or of `body` where every byte counts.
    pub fn content_hash(&self, body: &[u8]) -> [u8; 32] {
        match self.content {
            Content::View => view::hash(&self.view),
            Content::Bytes => Sha256::digest(body).into(),
        }
    }
}

/// Reads a message in the dialect of its source.
pub fn decode<'a>(dialect: Dialect, received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let decoded = match dialect {
        Dialect::Json => json::decode(received),
        Dialect::Xml => xml::decode(received),
        Dialect::Form => form::decode(received),
        Dialect::Raw => Ok(raw::decode(received)),
        Dialect::Kobo => kobo::decode(received),
        Dialect::OdkAggregate => odk_aggregate::decode(received),
        Dialect::OdkCentral => odk_central::decode(received),
        Dialect::Commcare => commcare::decode(received),
        Dialect::CommcareForm => commcare::decode_only(Shape::Form, received),
        Dialect::CommcareCase => commcare::decode_only(Shape::Case, received),
        Dialect::Wcs => wcs::decode(received),
        Dialect::Openrosa => openrosa::decode(received),
        Dialect::Normalised => normalised::decode(received),
    };
    decoded.map(Decoded::storable)
}
