//! JSON with the contents of files in it, which are nowhere in memory.
//!
//! A document can carry files of a hundred megabytes. What is written here is therefore no text but
//! *pieces* of one: texts, and between them the places where the Base64 of a file goes. Whoever sends
//! the document reads each file while it is sent.

use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::json::Value;

/// The SHA-256 of a file's bytes, which the hub finds it by.
pub type FileDigest = [u8; 32];

/// How much of a file is read at once, in bytes: a multiple of three, as Base64 wants it.
const CHUNK: usize = 48 * 1_024;

/// JSON with places for the contents of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// Plain JSON.
    Value(Value<'static>),
    /// An object, in the order of its members.
    Object(Object),
    /// An array.
    List(Vec<Self>),
    /// A string: the Base64 of this file.
    Content(FileDigest),
}

/// An object under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Tree)>);

/// What a document is sent as, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Text(String),
    /// The Base64 of this file, without the quotes around it: they are in the texts.
    Content(FileDigest),
}

impl<V: Into<Value<'static>>> From<V> for Tree {
    fn from(value: V) -> Self {
        Self::Value(value.into())
    }
}

impl From<Object> for Tree {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl Object {
    /// Sets a member; one of that name is replaced where it stands.
    pub fn set(&mut self, name: &str, value: impl Into<Tree>) {
        match self.0.iter_mut().find(|(present, _)| present == name) {
            Some((_, place)) => *place = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    /// Sets a member where there is a value.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<Tree>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Gives a member another name, in its place.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some((name, _)) = self.0.iter_mut().find(|(name, _)| name == from) {
            to.clone_into(name);
        }
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.0.iter().find(|(present, _)| present == name).map(|(_, value)| value)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Tree {
    /// JSON's `null`.
    pub const NULL: Self = Self::Value(Value::Null);

    /// A text, or `null`.
    pub(crate) fn text_or_null(text: Option<&str>) -> Self {
        Self::Value(text.map_or(Value::Null, |text| Value::string(text.to_owned())))
    }

    /// The document as plain JSON. The contents of files are left out, with the names before them.
    pub fn into_value(self) -> Value<'static> {
        self.without_contents().unwrap_or(Value::Null)
    }

    fn without_contents(self) -> Option<Value<'static>> {
        Some(match self {
            Self::Value(value) => value,
            Self::Object(Object(members)) => {
                let members = members.into_iter();
                let kept = members.filter_map(|(name, tree)| {
                    tree.without_contents().map(|value| (name.into(), value))
                });
                Value::Object(kept.collect())
            }
            Self::List(trees) => {
                Value::Array(trees.into_iter().filter_map(Self::without_contents).collect())
            }
            Self::Content(_) => return None,
        })
    }

    /// What the document is sent as. No two texts stand beside each other.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Pieces::default();
        self.add_to(&mut pieces);
        pieces.list.push(Piece::Text(pieces.text));
        pieces.list
    }

    fn add_to(&self, pieces: &mut Pieces) {
        match self {
            Self::Value(value) => pieces.text.push_str(&value.to_json()),
            Self::Object(Object(members)) => {
                for (place, (name, tree)) in members.iter().enumerate() {
                    pieces.text.push(if place == 0 { '{' } else { ',' });
                    pieces.text.push_str(&Value::from(name.as_str()).to_json());
                    pieces.text.push(':');
                    tree.add_to(pieces);
                }
                pieces.text.push_str(if members.is_empty() { "{}" } else { "}" });
            }
            Self::List(trees) => {
                for (place, tree) in trees.iter().enumerate() {
                    pieces.text.push(if place == 0 { '[' } else { ',' });
                    tree.add_to(pieces);
                }
                pieces.text.push_str(if trees.is_empty() { "[]" } else { "]" });
            }
            Self::Content(digest) => {
                pieces.text.push('"');
                pieces.list.push(Piece::Text(std::mem::take(&mut pieces.text)));
                pieces.list.push(Piece::Content(*digest));
                pieces.text.push('"');
            }
        }
    }

    /// Writes the document; `open` opens a file for reading. A part of one file is in memory.
    pub fn write_to<R: Read>(
        &self,
        output: &mut impl Write,
        mut open: impl FnMut(&FileDigest) -> io::Result<R>,
    ) -> io::Result<()> {
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => output.write_all(text.as_bytes())?,
                Piece::Content(digest) => copy_as_base64(open(&digest)?, output)?,
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Pieces {
    list: Vec<Piece>,
    text: String,
}

fn copy_as_base64(mut file: impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut encoder = Base64Stream::default();
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        output.write_all(encoder.push(bytes).as_bytes())?;
    }
    output.write_all(encoder.end().as_bytes())
}

/// Base64 of bytes that come in chunks of any length.
#[derive(Debug, Default)]
pub struct Base64Stream {
    /// What did not make three bytes yet.
    rest: Vec<u8>,
}

impl Base64Stream {
    /// The text of the bytes that are there.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.len() - self.rest.len() % 3;
        let ready: Vec<u8> = self.rest.drain(..whole).collect();
        STANDARD.encode(ready)
    }

    /// The text of what is left.
    pub fn end(self) -> String {
        STANDARD.encode(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_the_same_in_pieces_and_as_a_whole() {
        let mut file = Object::default();
        file.set("filename", "a.txt");
        file.set("content", Tree::Content([1; 32]));
        file.set("empty", Tree::List(Vec::new()));
        let mut object = Object::default();
        object.set("first", 1_i64);
        object.set("files", Tree::List(vec![file.into(), Tree::Content([2; 32])]));
        object.set("none", Object::default());
        object.set("first", 2_i64);
        object.set_some("nothing", None::<i64>);
        let tree = Tree::from(object);
        let content = |digest: &FileDigest| match digest {
            [1, ..] => vec![b'x'; CHUNK + 1],
            _ => b"yz".to_vec(),
        };
        let mut whole = Vec::new();
        tree.write_to(&mut whole, |digest| Ok(io::Cursor::new(content(digest)))).unwrap();
        let mut pieces = String::new();
        for piece in tree.pieces() {
            match piece {
                Piece::Text(text) => pieces.push_str(&text),
                Piece::Content(digest) => pieces.push_str(&STANDARD.encode(content(&digest))),
            }
        }
        assert_eq!(String::from_utf8(whole).unwrap(), pieces);
        let value = Value::parse(pieces.as_bytes()).unwrap();
        assert_eq!(value.get("first").unwrap().as_number(), Some("2"));
        let files = value.get("files").unwrap().as_array().unwrap();
        assert_eq!(files[1].as_str(), Some("eXo="));
        assert_eq!(
            tree.into_value().to_json(),
            r#"{"first":2,"files":[{"filename":"a.txt","empty":[]}],"none":{}}"#
        );
    }

    #[test]
    fn chunks_of_any_length_make_one_text() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in [1, 2, 3, 4, 7, 255] {
            let mut stream = Base64Stream::default();
            let mut text: String = bytes.chunks(length).map(|chunk| stream.push(chunk)).collect();
            text.push_str(&stream.end());
            assert_eq!(text, STANDARD.encode(&bytes), "{length}");
        }
    }
}
