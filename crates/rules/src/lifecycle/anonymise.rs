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
use fieldpost_model::progress::{HistoryEntry, Origin, Progress};
use fieldpost_model::submission::{Answer, AnswerValue, Group, Metadata, Node, Submission};
use fieldpost_model::time::Timestamp;

/// Takes away what an action says. Files that nothing names any more are left to the caller: those of
/// `submission.attachments` that are gone afterwards.
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
    if progress.natural_id.take().is_some() {
        progress.display_id = progress.number.to_string();
    }
    progress.origin = Origin {
        channel: progress.origin.channel,
        is_backoffice: progress.origin.is_backoffice,
        ..Origin::default()
    };
    progress.geolocation = progress.geolocation.as_ref().and_then(coarse);
    for entry in &mut progress.history {
        *entry = HistoryEntry { who: None, parts: Vec::new(), ..entry.clone() };
    }
    progress.anonymised_at = Some(now);
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
    let mut named = Vec::new();
    file_names(&submission.values, &mut named);
    file_names(&progress.backoffice_values, &mut named);
    submission.attachments.retain(|file| named.contains(&file.name));
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
