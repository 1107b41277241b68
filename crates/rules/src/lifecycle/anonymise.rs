//! Anonymisation that is stored: what is taken away of a submission for good.
//!
//! As in documents that name nobody, what stays is what is named here. Beyond w.c.s. the agent goes,
//! the digest goes, a name that a template made of answers goes, and the position is made coarse.
//! Earlier versions, the message that the submission came in by and files on the disk are the store's.

use fieldpost_model::form_definition::{
    AnonymiseMode, FieldType, FormDefinition, FormField, coarse, keyed, nameless,
};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Anonymise;
use fieldpost_model::progress::{FILE_DIGEST, HistoryEntry, Origin, Part, Progress};
use fieldpost_model::submission::{Answer, AnswerValue, Group, Metadata, Node, Submission};
use fieldpost_model::time::Timestamp;

/// Takes away what an action says. The files that are kept beside a record are left to the caller: those
/// that [`named_files`] does not name afterwards.
pub fn anonymise(
    how: Anonymise,
    definition: &FormDefinition,
    submission: &mut Submission,
    progress: &mut Progress,
    now: Timestamp,
) {
    match how {
        Anonymise::UnlinkUser => progress.user = None,
        Anonymise::Answers(AnonymiseMode::Final) => {
            for_good(definition, submission, progress, now);
        }
        Anonymise::Answers(mode) => {
            let backoffice = &definition.lifecycle.backoffice_fields;
            forget(mode, &definition.fields, &mut submission.values);
            forget(mode, backoffice, &mut progress.backoffice_values);
            keep_named_files(submission, progress);
        }
    }
}

fn for_good(
    definition: &FormDefinition,
    submission: &mut Submission,
    progress: &mut Progress,
    now: Timestamp,
) {
    submission.values = kept(&definition.fields, &submission.values);
    submission.metadata =
        Metadata { instance_id: submission.metadata.instance_id.take(), ..Metadata::default() };
    let backoffice = &definition.lifecycle.backoffice_fields;
    progress.backoffice_values = kept(backoffice, &progress.backoffice_values);
    progress.data = Value::Object(Vec::new());
    progress.functions.clear();
    progress.tracking_code = None;
    progress.user = None;
    progress.digest = None;
    // A template made them of answers, or another program did of what it was told.
    progress.natural_id = None;
    progress.display_id = progress.number.to_string();
    // Addresses are made of answers too.
    progress.calls.clear();
    progress.origin = Origin {
        channel: progress.origin.channel,
        is_backoffice: progress.origin.is_backoffice,
        ..Origin::default()
    };
    progress.geolocation = progress.geolocation.as_ref().and_then(coarse);
    for entry in &mut progress.history {
        *entry = HistoryEntry { who: None, parts: Vec::new(), ..entry.clone() };
    }
    // What is counted from then is counted from the first time.
    progress.anonymised_at.get_or_insert(now);
    keep_named_files(submission, progress);
}

/// All fields in their order, with the answers that stay.
fn kept(fields: &[FormField], values: &Group) -> Group {
    let nameless = nameless(fields, values);
    let members =
        values.members.iter().filter(|(key, _)| is_field(fields, key)).map(|(key, node)| {
            let stays = nameless.get(key).cloned();
            (key.clone(), stays.unwrap_or_else(|| nothing(node)))
        });
    Group { members: members.collect(), extra: nameless.extra }
}

fn is_field(fields: &[FormField], key: &str) -> bool {
    keyed(fields).iter().any(|(name, _)| name == key)
}

/// No answer, in the shape of the one that was there.
fn nothing(node: &Node) -> Node {
    match node {
        Node::Answer(_) => Node::Answer(Answer::ABSENT),
        Node::Group(_) => Node::Group(Group::default()),
        Node::Repeat(_) => Node::Repeat(Vec::new()),
    }
}

/// Takes away the answers of the fields that are of that mode, inside blocks too.
fn forget(mode: AnonymiseMode, fields: &[FormField], values: &mut Group) {
    for (key, field) in keyed(fields) {
        let is_meant = field.anonymise == mode;
        if field.field_type == FieldType::Computed && is_meant {
            values.extra.retain(|(name, _)| *name != key);
        }
        let Some((_, node)) = values.members.iter_mut().find(|(name, _)| *name == key) else {
            continue;
        };
        if is_meant {
            *node = nothing(node);
        } else if let Node::Repeat(rows) = node {
            for row in rows {
                if let Node::Group(group) = row {
                    forget(mode, &field.fields, group);
                }
            }
        }
    }
}

/// Leaves the files that an answer still names.
fn keep_named_files(submission: &mut Submission, progress: &Progress) {
    let named = answered_files(submission, progress);
    submission.attachments.retain(|file| named.contains(&file.name));
}

fn answered_files(submission: &Submission, progress: &Progress) -> Vec<String> {
    let mut named = Vec::new();
    file_names(&submission.values, &mut named);
    file_names(&progress.backoffice_values, &mut named);
    named
}

/// The files that something in a record names: an answer, the history, or what calls and triggers left.
pub fn named_files(submission: &Submission, progress: &Progress) -> Vec<String> {
    let mut named = answered_files(submission, progress);
    for part in progress.history.iter().flat_map(|entry| &entry.parts) {
        match part {
            Part::Attachment { file, .. } => named.push(file.name.clone()),
            Part::FormData { data, .. } => stored_names(data, &mut named),
            Part::Comment { .. } | Part::CallError { .. } => {}
        }
    }
    stored_names(&progress.data, &mut named);
    named
}

/// The names of the files in a value.
fn stored_names(value: &Value<'_>, names: &mut Vec<String>) {
    match value {
        Value::Array(elements) => {
            for element in elements {
                stored_names(element, names);
            }
        }
        Value::Object(members) => {
            if value.get(FILE_DIGEST).is_some()
                && let Some(name) = value.get("filename").and_then(Value::as_str)
            {
                names.push(name.to_owned());
            }
            for (_, member) in members {
                stored_names(member, names);
            }
        }
        _ => {}
    }
}

fn file_names(group: &Group, names: &mut Vec<String>) {
    for (_, node) in &group.members {
        add_file_names(node, names);
    }
}

fn add_file_names(node: &Node, names: &mut Vec<String>) {
    match node {
        Node::Answer(answer) if answer.value == AnswerValue::File => {
            names.push(answer.written().to_owned());
        }
        Node::Answer(_) => {}
        Node::Group(group) => file_names(group, names),
        Node::Repeat(nodes) => nodes.iter().for_each(|node| add_file_names(node, names)),
    }
}
