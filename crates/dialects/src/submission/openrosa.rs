//! A filled form in XML, as every client of OpenRosa sends it.

use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{FormReference, Group, Metadata, Submission};

use super::{metadata, tree, untyped};
use crate::openrosa::instance::{XFORMS, is_meta};
use crate::view::{each, member_text, text};

/// What the root element says about the form; not answers.
const OF_THE_FORM: [&str; 8] = [
    "@id",
    "@version",
    "@uiVersion",
    "@name",
    "@encrypted",
    "@instanceID",
    "@submissionDate",
    "#type",
];

/// Reads a filled form: the root element's name, and its content as the XML view has it.
pub(super) fn submission(
    root: Option<&str>,
    content: &Value<'_>,
    form: Option<&Form>,
) -> Submission {
    let mut meta = None;
    let mut members = Vec::new();
    for (name, value) in tree::members(content) {
        if OF_THE_FORM.contains(&name) {
            continue;
        }
        let occurrences = each(value);
        match occurrences.iter().find(|one| is_meta(name, one)) {
            Some(block) if meta.is_none() => {
                meta = Some(block);
                // A question of the same name, beside the block.
                let others = occurrences.iter().filter(|one| !std::ptr::eq(*one, block));
                members.extend(others.map(|other| (name, other)));
            }
            _ => members.push((name, value)),
        }
    }
    let is_encrypted = matches!(member_text(content, "@encrypted"), Some("yes" | "true"));
    let mut metadata = meta.map(metadata::of_block).unwrap_or_default();
    if metadata.instance_id.is_none() {
        metadata.instance_id = attribute(content, "@instanceID");
    }
    if metadata.submitted_at.is_none() {
        metadata.submitted_at = attribute(content, "@submissionDate");
    }
    let form_reference = FormReference {
        id: attribute(content, "@id"),
        xmlns: attribute(content, "@xmlns").filter(|name| name != XFORMS),
        version: attribute(content, "@version"),
        root: root.map(str::to_owned),
        application: None,
        build: None,
        title: attribute(content, "@name"),
    };
    let values =
        if is_encrypted { encrypted(members) } else { answers(members, form, &mut metadata) };
    let mut files = metadata::files(&values);
    files.extend(meta.into_iter().flat_map(|meta| metadata::files_at(meta, &["audit"])));
    if is_encrypted {
        files.extend(metadata::files_at(content, &["encryptedXmlFile"]));
        files.extend(metadata::files_at(content, &["media", "file"]));
    }
    Submission {
        form: form_reference,
        metadata,
        values,
        attachments: metadata::expected(files),
        is_untyped: form.is_none(),
        is_encrypted,
    }
}

/// The answers among the members, and what the device says of itself in them.
pub(super) fn answers(
    members: Vec<tree::Raw<'_, '_>>,
    form: Option<&Form>,
    metadata: &mut Metadata,
) -> Group {
    if let Some(form) = form {
        let values = tree::group(&form.fields, members);
        metadata::add_automatic(metadata, &form.fields, &values);
        values
    } else {
        let values = untyped::group(members);
        metadata::add_customary(metadata, &values);
        values
    }
}

/// What an encrypted document says in the open: a key, and the names of files. No answers.
fn encrypted(members: Vec<tree::Raw<'_, '_>>) -> Group {
    let extra = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone().into_owned()))
        .collect();
    Group { members: Vec::new(), extra }
}

fn attribute(content: &Value<'_>, name: &str) -> Option<String> {
    content.get(name).and_then(text).map(str::to_owned).filter(|text| !text.is_empty())
}
