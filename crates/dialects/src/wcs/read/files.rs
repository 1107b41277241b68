//! Files that are sent inside JSON.

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use fieldpost_model::json::Value;
use fieldpost_model::progress::{StoredFile, numbered_file_name};
use sha2::{Digest as _, Sha256};

/// What files are called that were sent without a name.
const NO_NAME: &str = "file";
/// What files are that were sent without a type.
const NO_TYPE: &str = "application/octet-stream";

/// Base64 with or without its end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Its name, which no other file of the submission has.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

impl SentFile {
    pub(super) fn new(name: &str, content_type: Option<&str>, bytes: Vec<u8>) -> Self {
        let content_type = content_type.map(str::trim).filter(|text| !text.is_empty());
        Self {
            name: base_name(name),
            content_type: content_type.unwrap_or(NO_TYPE).to_owned(),
            sha256: Sha256::digest(&bytes).into(),
            bytes,
        }
    }

    /// The file as records know it.
    pub fn stored(&self) -> StoredFile {
        StoredFile {
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            bytes: u64::try_from(self.bytes.len()).unwrap_or(u64::MAX),
            sha256: self.sha256,
        }
    }
}

/// The name without the folders before it: a name is all that is kept of them.
pub(crate) fn base_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|character| !character.is_control()).collect();
    let name = name.trim();
    if name.is_empty() || name.chars().all(|character| character == '.') {
        NO_NAME.to_owned()
    } else {
        name.to_owned()
    }
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFlaw {
    NoFile,
    NoContent,
    BadBase64,
}

/// A file of `{filename, content_type, content | b64_content, content_is_base64}`.
pub(super) fn read(value: &Value<'_>) -> Result<SentFile, FileFlaw> {
    if value.as_object().is_none() {
        return Err(FileFlaw::NoFile);
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let is_plain = value.get("content_is_base64").and_then(Value::as_bool) == Some(false);
    let bytes = match (text("b64_content"), text("content")) {
        (None, Some(content)) if is_plain => content.as_bytes().to_vec(),
        (Some(content), _) | (None, Some(content)) => decoded(content)?,
        (None, None) if text("filename").is_some() => return Err(FileFlaw::NoContent),
        (None, None) => return Err(FileFlaw::NoFile),
    };
    Ok(SentFile::new(text("filename").unwrap_or(NO_NAME), text("content_type"), bytes))
}

fn decoded(content: &str) -> Result<Vec<u8>, FileFlaw> {
    // Lines are broken by many encoders.
    let text: String = if content.contains(char::is_whitespace) {
        content.split_whitespace().collect()
    } else {
        return LENIENT.decode(content).map_err(|_| FileFlaw::BadBase64);
    };
    LENIENT.decode(text).map_err(|_| FileFlaw::BadBase64)
}

/// Gives each of many files a name of its own: the same file under the same name keeps it, another one is numbered.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// What stands under each name.
    taken: HashMap<String, [u8; 32]>,
    /// The names that were found for a file of a name.
    known: HashMap<(String, [u8; 32]), String>,
    /// The next number to be tried for a name: however many files of it there are, each is tried once.
    next: HashMap<String, u32>,
}

impl Names {
    /// A name for a file of this digest, and whether there was none of it before.
    pub(crate) fn give(&mut self, wanted: &str, digest: [u8; 32]) -> (String, bool) {
        if let Some(name) = self.known.get(&(wanted.to_owned(), digest)) {
            return (name.clone(), false);
        }
        let count = self.next.entry(wanted.to_owned()).or_insert(1);
        loop {
            let name =
                if *count == 1 { wanted.to_owned() } else { numbered_file_name(wanted, *count) };
            *count = count.saturating_add(1);
            let there = self.taken.get(&name).copied();
            self.known.insert((wanted.to_owned(), there.unwrap_or(digest)), name.clone());
            match there {
                None => {
                    self.taken.insert(name.clone(), digest);
                    return (name, true);
                }
                Some(there) if there == digest => return (name, false),
                Some(_) => {}
            }
        }
    }
}

/// The files of a submission under way: each has a name of its own.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) sent: Vec<SentFile>,
    /// Those that are there already, until their names are known.
    pub(super) present: Vec<StoredFile>,
    names: Names,
}

impl Files {
    /// Takes a file in; its name, and whether it had to be changed. The same file under the same name is
    /// one file.
    pub(super) fn add(&mut self, mut file: SentFile) -> (String, bool) {
        for file in std::mem::take(&mut self.present) {
            self.names.taken.entry(file.name).or_insert(file.sha256);
        }
        let (name, is_new) = self.names.give(&file.name, file.sha256);
        let is_renamed = name != file.name;
        if is_new {
            file.name.clone_from(&name);
            self.sent.push(file);
        }
        (name, is_renamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_from_base64() {
        for (json, expected) in [
            (r#"{"filename":"a.txt","content":"YQ=="}"#, Ok(("a.txt", NO_TYPE, "a"))),
            (
                r#"{"filename":"a.txt","content_type":"text/plain","content":"Y W\nI"}"#,
                Ok(("a.txt", "text/plain", "ab")),
            ),
            (r#"{"filename":"a.txt","b64_content":"YQ"}"#, Ok(("a.txt", NO_TYPE, "a"))),
            (
                r#"{"filename":"a.txt","content":"a b","content_is_base64":false}"#,
                Ok(("a.txt", NO_TYPE, "a b")),
            ),
            (r#"{"content":""}"#, Ok((NO_NAME, NO_TYPE, ""))),
            (r#"{"filename":"../../etc/passwd","content":""}"#, Ok(("passwd", NO_TYPE, ""))),
            (r#"{"filename":"C:\\a\\b.txt","content":""}"#, Ok(("b.txt", NO_TYPE, ""))),
            (r#"{"filename":"..","content":""}"#, Ok((NO_NAME, NO_TYPE, ""))),
            (r#"{"filename":"a","content":"%%"}"#, Err(FileFlaw::BadBase64)),
            (r#"{"filename":"a","url":"x"}"#, Err(FileFlaw::NoContent)),
            ("{}", Err(FileFlaw::NoFile)),
            ("\"YQ==\"", Err(FileFlaw::NoFile)),
        ] {
            let file = read(&Value::parse(json.as_bytes()).unwrap());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let file =
                file.map(|file| (file.name.clone(), file.content_type.clone(), text(&file.bytes)));
            let expected = expected.map(|(name, kind, text): (&str, &str, &str)| {
                (name.to_owned(), kind.to_owned(), text.to_owned())
            });
            assert_eq!(file, expected, "{json}");
        }
    }

    #[test]
    fn every_file_has_a_name_of_its_own() {
        let mut files = Files::default();
        let file = |name: &str, text: &str| SentFile::new(name, None, text.as_bytes().to_vec());
        files.present.push(file("old", "x").stored());
        for (name, text, expected) in [
            ("a.jpg", "1", ("a.jpg", false)),
            ("a.jpg", "2", ("a-2.jpg", true)),
            ("a.jpg", "1", ("a.jpg", false)),
            ("a.jpg", "2", ("a-2.jpg", true)),
            ("a.jpg", "3", ("a-3.jpg", true)),
            ("old", "x", ("old", false)),
            ("old", "y", ("old-2", true)),
            (".hidden", "z", (".hidden", false)),
            (".hidden", "w", (".hidden-2", true)),
        ] {
            let (name, is_renamed) = files.add(file(name, text));
            assert_eq!((name.as_str(), is_renamed), expected);
        }
        assert_eq!(files.sent.len(), 6);
    }
}
