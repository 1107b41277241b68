//! What is known of a submission beside its answers.

use fieldpost_model::form::{Automatic, Field};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{
    AnswerValue, Attachment, AttachmentContent, Group, Metadata, Node,
};

use crate::view::{children, each, text};

/// Reads a `meta` block. What is not known by name is kept as it is.
pub(super) fn of_block(block: &Value<'_>) -> Metadata {
    let mut metadata = Metadata::default();
    for (name, value) in children(block) {
        let written = text(value).map(str::trim).filter(|text| !text.is_empty());
        match (slot(&mut metadata, name), written) {
            (Some(slot @ None), Some(written)) => *slot = Some(written.to_owned()),
            (Some(None), None) if text(value).is_some() => {}
            _ => metadata.other.push((name.to_owned(), value.clone().into_owned())),
        }
    }
    metadata
}

/// Where a node of the block belongs.
fn slot<'m>(metadata: &'m mut Metadata, name: &str) -> Option<&'m mut Option<String>> {
    Some(match name {
        "instanceID" => &mut metadata.instance_id,
        "deprecatedID" => &mut metadata.deprecated_id,
        "instanceName" => &mut metadata.instance_name,
        "deviceID" => &mut metadata.device,
        "username" => &mut metadata.user,
        "userID" => &mut metadata.user_id,
        "timeStart" => &mut metadata.started_at,
        "timeEnd" => &mut metadata.ended_at,
        _ => return None,
    })
}

/// Adds what the device filled in by itself, by the form's word.
pub(super) fn add_automatic(metadata: &mut Metadata, fields: &[Field], values: &Group) {
    for (field, (_, node)) in fields.iter().zip(&values.members) {
        match node {
            Node::Group(group) => add_automatic(metadata, field.children(), group),
            Node::Answer(answer) if !answer.written().trim().is_empty() => {
                let automatic = field.as_leaf().and_then(|leaf| leaf.automatic);
                add(metadata, automatic, answer.written().trim());
            }
            _ => {}
        }
    }
}

/// Adds what the device filled in by itself, by the names that everybody gives it.
pub(super) fn add_customary(metadata: &mut Metadata, values: &Group) {
    for (name, node) in &values.members {
        let automatic = match name.as_str() {
            "start" => Automatic::Start,
            "end" => Automatic::End,
            "deviceid" => Automatic::Device,
            "username" => Automatic::User,
            _ => continue,
        };
        if let Node::Answer(answer) = node
            && !answer.written().trim().is_empty()
        {
            add(metadata, Some(automatic), answer.written().trim());
        }
    }
}

fn add(metadata: &mut Metadata, automatic: Option<Automatic>, written: &str) {
    let slot = match automatic {
        Some(Automatic::Start) => &mut metadata.started_at,
        Some(Automatic::End) => &mut metadata.ended_at,
        Some(Automatic::Device) => &mut metadata.device,
        Some(Automatic::User) => &mut metadata.user,
        _ => return,
    };
    slot.get_or_insert_with(|| written.to_owned());
}

/// The files that the answers name, each once, in their order.
pub(super) fn files(values: &Group) -> Vec<String> {
    let mut names = Vec::new();
    for (_, node) in &values.members {
        files_of(node, &mut names);
    }
    names
}

fn files_of(node: &Node, names: &mut Vec<String>) {
    match node {
        Node::Answer(answer) if answer.value == AnswerValue::File => {
            names.push(answer.written().trim().to_owned());
        }
        Node::Answer(_) => {}
        Node::Group(group) => names.extend(files(group)),
        Node::Repeat(nodes) => nodes.iter().for_each(|node| files_of(node, names)),
    }
}

/// The files that a block or an encrypted document names at `path`.
pub(super) fn files_at(element: &Value<'_>, path: &[&str]) -> Vec<String> {
    let Some((first, rest)) = path.split_first() else {
        return text(element)
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .into_iter()
            .collect();
    };
    let inside = element.get(first).map(each).unwrap_or_default();
    inside.iter().flat_map(|one| files_at(one, rest)).collect()
}

/// Files that come with the submission or later, each once.
pub(super) fn expected(names: Vec<String>) -> Vec<Attachment> {
    let mut seen = std::collections::BTreeSet::new();
    names
        .into_iter()
        .filter(|name| seen.insert(name.clone()))
        .map(|name| Attachment { name, content_type: None, content: AttachmentContent::Expected })
        .collect()
}
