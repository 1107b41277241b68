//! A submission as KoboToolbox posts it: `{"loc/gps": "48.1 2.2 0 5", "contact": [{"contact/name": …}]}`.
//!
//! Groups are in the keys, which have the whole path, inside repeats too. What the server adds
//! begins with `_`, has a slash of its own (`formhub/uuid`), or stands under `meta/`. All answers
//! are texts.

use std::collections::BTreeSet;

use fieldpost_model::form::Form;
use fieldpost_model::json::{Member, Value};
use fieldpost_model::submission::{
    Attachment, AttachmentContent, FormReference, Metadata, Position, Submission,
};

use super::answers::is_within;
use super::tree::Raw;
use super::{metadata, of_document, openrosa, tree};
use crate::kobo::find_submission;
use crate::view::{Members, each, member_text};

/// What the server adds to the answers. A form that has a field of such a name keeps it.
const OF_THE_SERVER: [&str; 15] = [
    "_id",
    "_uuid",
    "_attachments",
    "_geolocation",
    "_submission_time",
    "_submitted_by",
    "_status",
    "_tags",
    "_notes",
    "_validation_status",
    "_xform_id_string",
    "_bamboo_dataset_id",
    "_supplementalDetails",
    "formhub/uuid",
    "__version__",
];

/// The members that are told elsewhere in a submission, and so not kept once more.
const TOLD_ELSEWHERE: [&str; 6] = [
    "_attachments",
    "_geolocation",
    "_submission_time",
    "_submitted_by",
    "_xform_id_string",
    "__version__",
];

/// Reads a submission, in its wrapper or without, as JSON or as XML.
pub(super) fn submission(view: &Value<'_>, form: Option<&Form>) -> Option<Submission> {
    let submission = find_submission(view)?;
    let members = submission.as_object()?;
    if is_xml(view, members) {
        return of_document(view, form);
    }
    let own_fields: BTreeSet<&str> = form
        .map(|form| form.fields.iter().map(|field| field.name.as_str()).collect())
        .unwrap_or_default();
    let is_own = |key: &str| own_fields.contains(key.split('/').next().unwrap_or(key));
    let (of_server, answers): (Vec<_>, Vec<_>) = tree::raw(members)
        .into_iter()
        .partition(|(name, _)| OF_THE_SERVER.contains(name) && !is_own(name));

    let tree = unflatten(&answers, "");
    let block = tree.get("meta").filter(|block| block.as_object().is_some());
    let mut metadata = block.map(metadata::of_block).unwrap_or_default();
    add_of_server(&mut metadata, submission, &of_server);
    let is_answer = |name: &str| name != "meta" || block.is_none();
    let raw = tree::members(&tree).into_iter().filter(|(name, _)| is_answer(name)).collect();
    let values = openrosa::answers(raw, form, &mut metadata);

    let own = |name: &str| member_text(submission, name).map(str::to_owned);
    let mut files = metadata::files(&values);
    files.extend(block.into_iter().flat_map(|block| metadata::files_at(block, &["audit"])));
    Some(Submission {
        form: FormReference {
            id: own("_xform_id_string"),
            version: own("__version__"),
            ..FormReference::default()
        },
        metadata,
        values,
        attachments: attachments(submission, files),
        is_untyped: form.is_none(),
        is_encrypted: false,
    })
}

/// Whether the view is that of an XML document: one root, and no key that only JSON can have.
fn is_xml(view: &Value<'_>, members: &[Member<'_>]) -> bool {
    let has_one_root = view.as_object().is_some_and(|roots| roots.len() == 1);
    has_one_root && !members.iter().any(|(name, _)| name.contains('/') || name.starts_with('_'))
}

fn add_of_server(
    metadata: &mut Metadata,
    submission: &Value<'_>,
    of_server: &[(&str, &Value<'_>)],
) {
    let own = |name: &str| member_text(submission, name).map(str::to_owned);
    metadata.instance_id = metadata.instance_id.take().or_else(|| own("_uuid"));
    metadata.submitted_at = own("_submission_time");
    metadata.user = own("_submitted_by");
    metadata.position = submission.get("_geolocation").and_then(position);
    let others = of_server.iter().filter(|(name, _)| !TOLD_ELSEWHERE.contains(name));
    metadata
        .other
        .extend(others.map(|(name, value)| ((*name).to_owned(), (*value).clone().into_owned())));
}

/// `[latitude, longitude]`; `[null, null]` where there is none.
fn position(value: &Value<'_>) -> Option<Position> {
    let [latitude, longitude] = value.as_array()? else { return None };
    let (latitude, longitude) = (latitude.as_number()?, longitude.as_number()?);
    (is_within(latitude, 90.0) && is_within(longitude, 180.0)).then(|| Position {
        longitude: longitude.to_owned(),
        latitude: latitude.to_owned(),
        altitude: None,
        accuracy: None,
    })
}

/// The members with their groups around them. `around` is the path that keys inside a repeat begin
/// with, slash included.
fn unflatten(members: &[Raw<'_, '_>], around: &str) -> Value<'static> {
    let mut root = Branch::default();
    for &(key, value) in members {
        let path = key.strip_prefix(around).unwrap_or(key);
        let inside = format!("{key}/");
        let value = match value {
            Value::Array(occurrences)
                if occurrences.iter().any(|one| one.as_object().is_some()) =>
            {
                let occurrences = occurrences.iter().map(|one| match one.as_object() {
                    Some(members) => unflatten(&tree::raw(members), &inside),
                    None => one.clone().into_owned(),
                });
                Value::Array(occurrences.collect())
            }
            other => other.clone().into_owned(),
        };
        root.insert(path, value);
    }
    root.into_value()
}

/// A group under construction: named values, and groups inside.
#[derive(Default)]
struct Branch {
    order: Vec<String>,
    values: std::collections::BTreeMap<String, Value<'static>>,
    branches: std::collections::BTreeMap<String, Self>,
}

/// How many groups a key may lead through; the rest of a longer key is one name.
const MAX_GROUPS: usize = 64;

impl Branch {
    fn insert(&mut self, path: &str, value: Value<'static>) {
        let mut branch = self;
        let mut parts = path.splitn(MAX_GROUPS, '/').peekable();
        while let Some(name) = parts.next() {
            if !branch.values.contains_key(name) && !branch.branches.contains_key(name) {
                branch.order.push(name.to_owned());
            }
            if parts.peek().is_none() {
                branch.values.insert(name.to_owned(), value);
                return;
            }
            branch = branch.branches.entry(name.to_owned()).or_default();
        }
    }

    fn into_value(mut self) -> Value<'static> {
        let mut members = Members::default();
        for name in std::mem::take(&mut self.order) {
            // A key may be both a value and the beginning of others; neither is lost.
            if let Some(branch) = self.branches.remove(&name) {
                members.set(&name, branch.into_value());
                if let Some(value) = self.values.remove(&name) {
                    members.set(&format!("{name}/"), value);
                }
            } else if let Some(value) = self.values.remove(&name) {
                members.set(&name, value);
            }
        }
        members.into_value()
    }
}

/// The files that the server lists, by the names that the answers know them by, and those that it
/// does not list.
fn attachments(submission: &Value<'_>, expected: Vec<String>) -> Vec<Attachment> {
    let listed = submission.get("_attachments").map(each).unwrap_or_default();
    let mut found: Vec<Attachment> = Vec::new();
    for file in listed {
        let stored = member_text(file, "media_file_basename")
            .or_else(|| member_text(file, "filename"))
            .map(|path| path.rsplit_once('/').map_or(path, |(_, name)| name));
        let Some(stored) = stored else { continue };
        let name = answer_name(stored, &expected).unwrap_or(stored);
        let content = match member_text(file, "download_url") {
            Some(url) => AttachmentContent::Link(url.to_owned()),
            None => AttachmentContent::Expected,
        };
        let content_type = member_text(file, "mimetype").map(str::to_owned);
        found.push(Attachment { name: name.to_owned(), content_type, content });
    }
    let listed: BTreeSet<String> = found.iter().map(|file| file.name.clone()).collect();
    let missing = expected.into_iter().filter(|name| !listed.contains(name)).collect();
    found.extend(metadata::expected(missing));
    found
}

/// The name in the answers for the name that the server stored a file under: it puts `_` for
/// blanks, leaves out what is neither letter, digit, `.`, `-` nor `_`, and sets seven characters
/// behind a name that was taken.
fn answer_name<'e>(stored: &str, expected: &'e [String]) -> Option<&'e str> {
    let is_same = |name: &&String| {
        **name == stored || cleaned(name) == stored || Some(cleaned(name)) == without_suffix(stored)
    };
    expected.iter().find(is_same).map(String::as_str)
}

fn cleaned(name: &str) -> String {
    name.trim()
        .chars()
        .map(|character| if character == ' ' { '_' } else { character })
        .filter(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'))
        .collect()
}

/// `photo.jpg` out of `photo_a1B2c3D.jpg`.
fn without_suffix(stored: &str) -> Option<String> {
    let (stem, extension) = stored.rsplit_once('.')?;
    let (name, suffix) = stem.rsplit_once('_')?;
    let is_suffix = suffix.len() == 7 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_suffix.then(|| format!("{name}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_files_are_known_by_the_names_in_the_answers() {
        let expected = ["1.jpg", "my photo.jpg", "été (1).png"].map(str::to_owned);
        for (stored, name) in [
            ("1.jpg", Some("1.jpg")),
            ("my_photo.jpg", Some("my photo.jpg")),
            ("été_1.png", Some("été (1).png")),
            ("my_photo_a1B2c3D.jpg", Some("my photo.jpg")),
            ("1_a1B2c3D.jpg", Some("1.jpg")),
            ("1_a1B2c3.jpg", None),
            ("2.jpg", None),
        ] {
            assert_eq!(answer_name(stored, &expected), name, "{stored}");
        }
    }

    #[test]
    fn keys_become_groups_and_nothing_is_lost() {
        for (flat, tree) in [
            (r#"{"a/b/c":"1","a/d":"2"}"#, r#"{"a":{"b":{"c":"1"},"d":"2"}}"#),
            (
                r#"{"g/r":[{"g/r/x":"1"},{"g/r/y/z":"2"}]}"#,
                r#"{"g":{"r":[{"x":"1"},{"y":{"z":"2"}}]}}"#,
            ),
            (r#"{"r":[{"r/s":[{"r/s/x":"1"}]}]}"#, r#"{"r":[{"s":[{"x":"1"}]}]}"#),
            (r#"{"a":"1","a/b":"2"}"#, r#"{"a":{"b":"2"},"a/":"1"}"#),
            (r#"{"list":["1","2"]}"#, r#"{"list":["1","2"]}"#),
        ] {
            let value = Value::parse(flat.as_bytes()).unwrap();
            let unflattened = unflatten(&tree::raw(value.as_object().unwrap()), "");
            assert_eq!(unflattened.to_json(), tree, "{flat}");
        }
    }

    #[test]
    fn a_key_leads_through_so_many_groups_and_no_more() {
        let key = |groups: usize| vec!["g"; groups + 1].join("/");
        let depth = |groups: usize| {
            let (key, value) = (key(groups), Value::string("1"));
            let mut tree = unflatten(&[(key.as_str(), &value)], "");
            let mut depth = 0;
            while let Some([(_, inside)]) = tree.as_object() {
                (tree, depth) = (inside.clone(), depth + 1);
            }
            depth
        };
        assert_eq!(depth(MAX_GROUPS - 1), MAX_GROUPS);
        assert_eq!(depth(MAX_GROUPS), MAX_GROUPS);
    }
}
