//! The `evolution` of a document: what happened to a submission, and what belongs to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;
use fieldpost_model::json::Value;
use fieldpost_model::progress::{Actor, FILE_DIGEST, HistoryEntry, Part, StoredFile};

use super::display::plain_text;
use super::pieces::{FileDigest, Object, Tree};
use super::record::{Record, user};
use super::times;

/// How the history of one record is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct History<'h> {
    pub(super) record: &'h Record<'h>,
    pub(super) time_zone: Tz,
    /// Whether the contents of files are written. Attachments are left out where they are not.
    pub(super) has_files: bool,
}

impl History<'_> {
    /// The history as today's releases write it.
    pub(super) fn current(&self) -> Tree {
        Tree::List(self.entries().map(|entry| self.current_entry(entry).into()).collect())
    }

    /// The history as old releases did: naive times, `user` for `who`.
    pub(super) fn classic(&self) -> Tree {
        Tree::List(self.entries().map(|entry| self.classic_entry(entry).into()).collect())
    }

    fn entries(&self) -> impl Iterator<Item = &HistoryEntry> {
        self.record.progress.history.iter()
    }

    fn current_entry(&self, entry: &HistoryEntry) -> Object {
        let offset = |time| times::with_offset(time, self.time_zone);
        let mut object = Object::default();
        object.set("time", offset(entry.time));
        object.set("last_jump_datetime", entry.last_jump_at.map_or(Value::Null, offset));
        object.set("who_id", who_id(entry));
        object.set_some("status", entry.status.clone());
        object.set_some("who", self.who(entry));
        self.add_parts(&mut object, entry, current_part);
        object
    }

    fn classic_entry(&self, entry: &HistoryEntry) -> Object {
        let mut object = Object::default();
        object.set_some("status", entry.status.clone());
        object.set("time", times::naive(entry.time, self.time_zone));
        object.set_some("user", self.who(entry));
        self.add_parts(&mut object, entry, classic_part);
        object
    }

    fn who(&self, entry: &HistoryEntry) -> Option<Object> {
        match entry.who.as_ref()? {
            Actor::Submitter => self.record.progress.user.as_ref().map(user),
            Actor::User(agent) => Some(user(agent)),
        }
    }

    fn add_parts(
        &self,
        object: &mut Object,
        entry: &HistoryEntry,
        comment: fn(Option<&str>, &str) -> Object,
    ) {
        let parts: Vec<Tree> = entry
            .parts
            .iter()
            .filter_map(|part| self.part(part, comment))
            .map(Tree::from)
            .collect();
        if !parts.is_empty() {
            object.set("parts", Tree::List(parts));
        }
    }

    fn part(&self, part: &Part, comment: fn(Option<&str>, &str) -> Object) -> Option<Object> {
        match part {
            Part::Comment { identifier, html } => Some(comment(identifier.as_deref(), html)),
            Part::Attachment { file, visible_to, .. } => {
                let to = visible_to.iter().map(|who| Value::from(who.name().to_owned())).collect();
                let to = if visible_to.is_empty() { Value::Null } else { Value::Array(to) };
                self.has_files.then(|| attachment(file, to))
            }
            Part::FormData { key, data } => {
                let mut object = of_type("workflow-form");
                object.set("key", key.clone());
                object.set("data", with_files(self.record, data, self.has_files));
                Some(object)
            }
            Part::CallError { summary, label, data, .. } => {
                Some(call_error(summary, label.as_deref(), data))
            }
        }
    }
}

fn of_type(name: &'static str) -> Object {
    let mut object = Object::default();
    object.set("type", name);
    object
}

/// What a part is called in documents.
pub(super) fn part_type(part: &Part) -> &'static str {
    match part {
        Part::Comment { .. } => "workflow-comment",
        Part::Attachment { .. } => "workflow-attachment",
        Part::FormData { .. } => "workflow-form",
        Part::CallError { .. } => "wscall-error",
    }
}

/// By whom: `_submitter`, or the id of a user.
fn who_id(entry: &HistoryEntry) -> Value<'static> {
    match &entry.who {
        Some(Actor::Submitter) => Value::from("_submitter"),
        Some(Actor::User(agent)) => Value::from(agent.number.to_string()),
        None => Value::Null,
    }
}

fn current_part(identifier: Option<&str>, html: &str) -> Object {
    let mut object = of_type("workflow-comment");
    object.set("identifier", Tree::text_or_null(identifier));
    object.set("comment", html.to_owned());
    object.set("comment_plain_text", plain_text(html));
    object
}

fn classic_part(_: Option<&str>, html: &str) -> Object {
    let mut object = of_type("workflow-comment");
    object.set("content", html.to_owned());
    object
}

fn attachment(file: &StoredFile, to: Value<'static>) -> Object {
    let mut object = of_type("workflow-attachment");
    object.set("content_type", file.content_type.clone());
    object.set("filename", file.name.clone());
    object.set("to", to);
    object.set("content", Tree::Content(file.sha256));
    object
}

fn call_error(summary: &str, label: Option<&str>, data: &[u8]) -> Object {
    let mut object = of_type("wscall-error");
    object.set("summary", summary.to_owned());
    object.set("label", Tree::text_or_null(label));
    match std::str::from_utf8(data) {
        Ok(text) => object.set("data", text.to_owned()),
        Err(_) => object.set("data_b64", STANDARD.encode(data)),
    }
    object
}

/// What calls, triggers and hooks left, with the content of the files in it. Only files of the record
/// itself have one: a digest that somebody sent opens nothing.
pub(super) fn with_files(record: &Record<'_>, value: &Value<'static>, has_files: bool) -> Tree {
    match value {
        Value::Object(members) => {
            let digest = value.get("filename").and_then(|_| stored_digest(value));
            let mut object = Object::default();
            for (name, inner) in members {
                if digest.is_some() && name == FILE_DIGEST {
                    continue;
                }
                object.set(name, with_files(record, inner, has_files));
            }
            if let Some(digest) = digest.filter(|digest| has_files && record.has_file(digest)) {
                object.set("content", Tree::Content(digest));
                object.set("content_is_base64", true);
            }
            object.into()
        }
        Value::Array(elements) => {
            Tree::List(elements.iter().map(|one| with_files(record, one, has_files)).collect())
        }
        plain => Tree::Value(plain.clone()),
    }
}

fn stored_digest(file: &Value<'static>) -> Option<FileDigest> {
    let text = file.get(FILE_DIGEST)?.as_str()?;
    let byte = |place: usize| u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes.filter(|_| text.len() == 64)?.try_into().ok()
}
