//! What senders tell twice: a place beside the answer that asked for it, a file by the name that the
//! answer gives it, a device both as an answer and as what the phone says of itself.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::forwarder::{Coarseness, Withholding};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Attachment, AttachmentContent, Submission};

use super::coarse;

/// How phones name the place where a form was filled in, in what they say of themselves.
const PLACES: [&str; 2] = ["location", "geo_point"];
/// How many letters and digits `KoboToolbox` sets behind the name of a file that was taken.
const SUFFIX_LENGTH: usize = 7;

/// What was withheld of the answers.
#[derive(Default)]
pub(super) struct Told<'w> {
    /// How a position was withheld, if one was.
    position: Option<&'w Withholding>,
    /// What was written, without the blanks around, and how it was withheld.
    texts: BTreeMap<String, &'w Withholding>,
}

impl<'w> Told<'w> {
    /// A place was withheld. Of several ways the one that tells least counts.
    pub(super) fn place(&mut self, how: &'w Withholding) {
        if self.position.is_none_or(|other| matches!(other, Withholding::Coarsen(_))) {
            self.position = Some(how);
        }
    }

    /// A text was withheld that is known to be no place.
    pub(super) fn text(&mut self, how: &'w Withholding, written: &str) {
        let written = written.trim();
        if !written.is_empty() {
            self.texts.insert(written.to_owned(), how);
        }
    }

    /// A text was withheld that nobody says the type of.
    pub(super) fn untyped(&mut self, how: &'w Withholding, written: &str) {
        if coarse::places(written).is_some() {
            self.place(how);
        }
        self.text(how, written);
    }

    /// What stands in a value was withheld.
    pub(super) fn value(&mut self, how: &'w Withholding, value: &Value<'_>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.value(how, value)),
            Value::Object(members) => {
                for (_, value) in members {
                    self.value(how, value);
                }
            }
            Value::String(written) => self.untyped(how, written),
            _ => {}
        }
    }

    /// How a text was withheld.
    pub(super) fn how(&self, written: &str) -> Option<&'w Withholding> {
        self.texts.get(written.trim()).copied()
    }

    /// Takes out of a submission what it tells once more.
    pub(super) fn take_out(self, submission: &mut Submission) {
        if !submission.attachments.is_empty() {
            let files: BTreeSet<String> = self.texts.keys().map(|name| stored(name)).collect();
            submission.attachments.retain(|file| !is_among(file, &files));
        }
        let Some(how) = self.position else { return };
        let metadata = &mut submission.metadata;
        let position = metadata.position.take();
        metadata.position = position.and_then(|it| coarse::position(how, &it));
        let others = std::mem::take(&mut metadata.other);
        metadata.other = others
            .into_iter()
            .filter_map(|(name, value)| {
                let is_place = PLACES.contains(&name.as_str());
                let value = if is_place { place(how, &value)? } else { value };
                Some((name, value))
            })
            .collect();
    }
}

/// What is sent instead of a place that a phone tells of itself.
fn place(how: &Withholding, value: &Value<'_>) -> Option<Value<'static>> {
    let Withholding::Coarsen(coarseness @ Coarseness::Step(_)) = how else { return None };
    // With a namespace of its own the element is an object.
    let written = value.as_str().or_else(|| value.get("#text").and_then(Value::as_str))?;
    coarse::text(coarseness, written).map(Value::from)
}

/// Whether a file is among those of these stored names.
fn is_among(file: &Attachment, files: &BTreeSet<String>) -> bool {
    let name = stored(&file.name);
    if name.is_empty() {
        return false;
    }
    let is_of_server = matches!(file.content, AttachmentContent::Link(_));
    let without_suffix = is_of_server.then(|| without_suffix(&name)).flatten();
    files.contains(&name) || without_suffix.is_some_and(|name| files.contains(&name))
}

/// The name that servers store a file under: no folders, `_` for blanks, and nothing but letters,
/// digits, `.`, `-` and `_`.
fn stored(name: &str) -> String {
    let name = name.trim().trim_end_matches('/');
    let name = name.rsplit_once('/').map_or(name, |(_, last)| last).trim();
    name.chars()
        .map(|character| if character == ' ' { '_' } else { character })
        .filter(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'))
        .collect()
}

/// `photo.jpg` out of `photo_a1B2c3D.jpg`.
fn without_suffix(stored: &str) -> Option<String> {
    let (stem, extension) = stored.rsplit_once('.')?;
    let (name, suffix) = stem.rsplit_once('_')?;
    let is_suffix =
        suffix.len() == SUFFIX_LENGTH && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_suffix.then(|| format!("{name}.{extension}"))
}
