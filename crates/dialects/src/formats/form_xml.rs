//! A submission as the XML instance that a device would have sent.
//!
//! For what came as JSON, and for what is not sent as it came because something is withheld. What is
//! written is read back by the same definition as the same submission: answers with the text that was
//! sent, repeats as elements that stand several times, what the form does not know where it stood.
//!
//! Left out is what a server said of the submission and no device would: its marks, its numbers, the
//! links to files.

use std::borrow::Cow;

use fieldpost_model::json::Value;
use fieldpost_model::submission::{Group, Metadata, Node, Submission};

use crate::commcare::CASE_BLOCKS;
use crate::view::each;
use crate::xml::{Writer, is_element_name};

/// The namespace of the block `meta`, by the specification of ODK.
const OPENROSA: &str = "http://openrosa.org/xforms";
/// The same as CommCare has it.
const OPENROSA_OF_JAVAROSA: &str = "http://openrosa.org/jr/xforms";
/// The name of the outermost element, where the submission does not say.
const ROOT: &str = "data";

/// Writes the submission as an XML instance.
pub fn form_xml(submission: &Submission) -> String {
    let (form, metadata) = (&submission.form, &submission.metadata);
    let root = form.root.as_deref().map_or(Cow::Borrowed(ROOT), element_name);
    let mut attributes = Vec::new();
    for (name, text) in [
        ("id", &form.id),
        ("version", &form.version),
        ("name", &form.title),
        ("xmlns", &form.xmlns),
        ("submissionDate", &metadata.submitted_at),
    ] {
        attributes.extend(text.as_deref().map(|text| (Cow::Borrowed(name), Cow::Borrowed(text))));
    }
    if submission.is_encrypted {
        attributes.push((Cow::Borrowed("encrypted"), Cow::Borrowed("yes")));
    }
    // CommCare names forms by their namespace alone, and looks for the block in its own.
    let meta_namespace = match (&form.id, &form.xmlns) {
        (None, Some(_)) => OPENROSA_OF_JAVAROSA,
        _ => OPENROSA,
    };
    let mut writer = Writer::default();
    open_with(&mut writer, &root, attributes, &submission.values.extra);
    write_inside(&mut writer, &submission.values);
    write_meta(&mut writer, metadata, meta_namespace);
    writer.close(&root);
    writer.finish()
}

type Attribute<'t> = (Cow<'t, str>, Cow<'t, str>);

/// Begins an element with these attributes and those among the members.
fn open_with<'t>(
    writer: &mut Writer,
    name: &str,
    mut attributes: Vec<Attribute<'t>>,
    members: &'t [(String, Value<'static>)],
) {
    for (member, value) in members {
        let Some(attribute) = member.strip_prefix('@') else { continue };
        let attribute = element_name(attribute);
        // Whatever stands twice makes a document that nobody can read.
        if !attributes.iter().any(|(present, _)| *present == attribute)
            && let Some(text) = scalar(value)
        {
            attributes.push((attribute, text));
        }
    }
    let has = |wanted: &str| attributes.iter().any(|(name, _)| name == wanted);
    if name == "case" && has("case_id") && !has("xmlns") {
        // Without a definition a block of CommCare is read as a group, whose namespace says nothing.
        attributes.push((Cow::Borrowed("xmlns"), Cow::Borrowed(CASE_BLOCKS)));
    }
    let attributes: Vec<(&str, &str)> =
        attributes.iter().map(|(name, text)| (&**name, &**text)).collect();
    writer.open(name, &attributes);
}

/// What stands inside an element: its stray text, what the form knows, and what it does not.
fn write_inside(writer: &mut Writer, group: &Group) {
    for (_, value) in group.extra.iter().filter(|(name, _)| name == "#text") {
        writer.text(&scalar(value).unwrap_or_default());
    }
    for (name, node) in &group.members {
        write_node(writer, &element_name(name), node);
    }
    for (name, value) in group.extra.iter().filter(|(name, _)| !name.starts_with(['@', '#'])) {
        write_view(writer, &element_name(name), value);
    }
}

fn write_node(writer: &mut Writer, name: &str, node: &Node) {
    match node {
        Node::Answer(answer) => {
            // What was not there does not come to be there.
            if let Some(lexical) = &answer.lexical {
                writer.leaf(name, &[], lexical);
            }
        }
        Node::Group(group) => {
            open_with(writer, name, Vec::new(), &group.extra);
            write_inside(writer, group);
            writer.close(name);
        }
        Node::Repeat(nodes) => nodes.iter().for_each(|node| write_node(writer, name, node)),
    }
}

/// Writes what a view has under a name: an element, or several.
fn write_view(writer: &mut Writer, name: &str, value: &Value<'_>) {
    for one in each(value) {
        match one {
            Value::Null => {}
            Value::Object(members) => {
                let members: Vec<(String, Value<'static>)> = members
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.clone().into_owned()))
                    .collect();
                let inside = Group { members: Vec::new(), extra: members };
                open_with(writer, name, Vec::new(), &inside.extra);
                write_inside(writer, &inside);
                writer.close(name);
            }
            // A list in a list, which no document has: its elements come one after the other.
            Value::Array(_) => write_view(writer, name, one),
            other => writer.leaf(name, &[], &scalar(other).unwrap_or_default()),
        }
    }
}

/// The block with the submission's id. It is there always, and always has an element for the id: that
/// is what readers know it by.
fn write_meta(writer: &mut Writer, metadata: &Metadata, namespace: &str) {
    writer.open("meta", &[("xmlns", namespace)]);
    writer.leaf("instanceID", &[], metadata.instance_id.as_deref().unwrap_or_default());
    for (name, text) in [
        ("deprecatedID", &metadata.deprecated_id),
        ("instanceName", &metadata.instance_name),
        ("deviceID", &metadata.device),
        ("username", &metadata.user),
        ("userID", &metadata.user_id),
        ("timeStart", &metadata.started_at),
        ("timeEnd", &metadata.ended_at),
    ] {
        if let Some(text) = text {
            writer.leaf(name, &[], text);
        }
    }
    let is_of_server = |name: &str| name.starts_with(['_', '*', '@', '#']) || name.contains('/');
    for (name, value) in metadata.other.iter().filter(|(name, _)| !is_of_server(name)) {
        write_view(writer, &element_name(name), value);
    }
    writer.close("meta");
}

/// The text of what is no list and no object.
fn scalar<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::String(text) | Value::Number(text) => Some(Cow::Borrowed(text)),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The name as one that an element can have: what cannot stand there becomes `_`. Names of JSON can be
/// anything.
fn element_name(name: &str) -> Cow<'_, str> {
    if is_element_name(name) {
        return Cow::Borrowed(name);
    }
    let mut written = String::with_capacity(name.len() + 1);
    let mut buffer = [0; 4];
    for character in name.chars() {
        let begins = is_element_name(character.encode_utf8(&mut buffer));
        let continues = begins || is_element_name(&format!("_{character}"));
        match (begins, continues) {
            (false, true) if written.is_empty() => written.extend(['_', character]),
            (_, true) => written.push(character),
            (_, false) => written.push('_'),
        }
    }
    Cow::Owned(if written.is_empty() { "_".to_owned() } else { written })
}
