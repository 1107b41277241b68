//! Writing cases and blocks as XML.

use std::collections::BTreeMap;

use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, Case, CaseAction, CaseAttachment, CaseBlock,
    CaseIndex, CaseRelationship,
};
use fieldpost_model::forwarder::{CaseXmlVersion, ClosedCases};
use fieldpost_model::time::Timestamp;

use super::CASE_BLOCKS;
use crate::xml::{Writer, is_element_name};

/// What stands first among the values of a block, in this order; all others follow by name.
const FIRST: [&str; 4] = ["case_type", "case_name", "owner_id", "external_id"];

/// The case as XML. `address` gives the address of a file from its name.
pub fn case_xml(
    case: &Case,
    version: CaseXmlVersion,
    closed: ClosedCases,
    address: impl Fn(&str, &CaseAttachment) -> String,
) -> String {
    let mut block = state_of(case, address);
    if case.is_closed() && closed == ClosedCases::CloseOnly {
        block.actions = vec![CaseAction::Close(None)];
    }
    let mut writer = Writer::default();
    match version {
        CaseXmlVersion::V1 => write_version_1(&mut writer, case, &block),
        CaseXmlVersion::V2 => write_block(&mut writer, &block),
    }
    writer.finish()
}

/// A form of the hub's own, as XML: how it closes the extensions of a closed case. `blocks` are
/// written as changes.
pub fn system_form(
    form_id: &str,
    device_id: &str,
    user_id: &str,
    at: Timestamp,
    blocks: &[CaseBlock],
) -> String {
    let time = at.to_string();
    let mut writer = Writer::default();
    writer.open(
        "system",
        &[("version", "1"), ("uiVersion", "1"), ("xmlns", "http://commcarehq.org/case")],
    );
    writer.open("meta", &[("xmlns", "http://openrosa.org/jr/xforms")]);
    for (name, text) in [
        ("deviceID", device_id),
        ("timeStart", &time),
        ("timeEnd", &time),
        ("username", user_id),
        ("userID", user_id),
        ("instanceID", form_id),
    ] {
        writer.leaf(name, &[], text);
    }
    writer.close("meta");
    for block in blocks {
        write_block(&mut writer, block);
    }
    writer.close("system");
    writer.finish()
}

/// The block that gives the whole state of a case.
fn state_of(case: &Case, address: impl Fn(&str, &CaseAttachment) -> String) -> CaseBlock {
    let create = [
        ("case_type", case.case_type.as_str()),
        ("case_name", case.name.as_str()),
        ("owner_id", case.owner_or_user()),
    ];
    let create = create.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut update = case.properties.clone();
    if !case.external_id.is_empty() {
        update.insert("external_id".to_owned(), case.external_id.clone());
    }
    let indices =
        case.indices.iter().map(|(name, index)| (name.clone(), Some(index.clone()))).collect();
    let files = case.attachments.iter().map(|(name, attachment)| {
        let file = BroughtFile {
            origin: AttachmentOrigin::Remote,
            source: address(name, attachment),
            content_type: None,
        };
        (name.clone(), Some(file))
    });
    let mut actions = vec![
        CaseAction::Create(create),
        CaseAction::Update(update),
        CaseAction::Index(indices),
        CaseAction::Attachment(files.collect()),
    ];
    if case.is_closed() {
        actions.push(CaseAction::Close(None));
    }
    CaseBlock {
        case_id: case.id.clone(),
        user_id: case.modified_by.clone(),
        modified_at: case.modified_at,
        scope: BlockScope::State,
        actions,
    }
}

fn write_block(writer: &mut Writer, block: &CaseBlock) {
    let modified = block.modified_at.map(|time| time.to_string());
    let mut attributes = vec![("case_id", block.case_id.as_str())];
    attributes.extend(modified.as_deref().map(|modified| ("date_modified", modified)));
    attributes.extend([("user_id", block.user_id.as_str()), ("xmlns", CASE_BLOCKS)]);
    writer.open("case", &attributes);
    for action in &block.actions {
        match action {
            CaseAction::Create(values) => {
                writer.open("create", &[]);
                write_values(writer, values);
                writer.close("create");
            }
            CaseAction::Update(values) if values.is_empty() => {}
            CaseAction::Update(values) => {
                writer.open("update", &[]);
                write_values(writer, values);
                writer.close("update");
            }
            CaseAction::Close(_) => writer.leaf("close", &[], ""),
            CaseAction::Index(indices) => write_indices(writer, indices),
            CaseAction::Attachment(files) => write_files(writer, files),
        }
    }
    writer.close("case");
}

/// Names that no element can have are left out. No reader lets them in.
fn write_values(writer: &mut Writer, values: &BTreeMap<String, String>) {
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut values: Vec<(&String, &String)> =
        values.iter().filter(|(name, _)| is_element_name(name)).collect();
    values.sort_by_key(|(name, _)| rank(name));
    for (name, value) in values {
        writer.leaf(name, &[], value);
    }
}

fn write_indices(writer: &mut Writer, indices: &BTreeMap<String, Option<CaseIndex>>) {
    if indices.is_empty() {
        return;
    }
    writer.open("index", &[]);
    for (name, index) in indices.iter().filter(|(name, _)| is_element_name(name)) {
        let Some(index) = index else {
            writer.leaf(name, &[("case_type", "")], "");
            continue;
        };
        let mut attributes = vec![("case_type", index.case_type.as_str())];
        if index.relationship == CaseRelationship::Extension {
            attributes.push(("relationship", index.relationship.name()));
        }
        writer.leaf(name, &attributes, &index.case_id);
    }
    writer.close("index");
}

fn write_files(writer: &mut Writer, files: &BTreeMap<String, Option<BroughtFile>>) {
    if files.is_empty() {
        return;
    }
    writer.open("attachment", &[]);
    for (name, file) in files.iter().filter(|(name, _)| is_element_name(name)) {
        match file {
            Some(file) => {
                let origin = file.origin.name();
                writer.leaf(name, &[("src", file.source.as_str()), ("from", origin)], "");
            }
            None => writer.leaf(name, &[], ""),
        }
    }
    writer.close("attachment");
}

/// Version 1 knows neither indices nor attachments, and has the user among the values.
fn write_version_1(writer: &mut Writer, case: &Case, block: &CaseBlock) {
    writer.open("case", &[]);
    writer.leaf("case_id", &[], &case.id);
    if let Some(modified_at) = case.modified_at {
        writer.leaf("date_modified", &[], &modified_at.to_string());
    }
    for action in &block.actions {
        match action {
            CaseAction::Create(_) => {
                writer.open("create", &[]);
                writer.leaf("case_type_id", &[], &case.case_type);
                writer.leaf("user_id", &[], &case.modified_by);
                writer.leaf("case_name", &[], &case.name);
                writer.leaf("external_id", &[], &case.external_id);
                writer.close("create");
            }
            CaseAction::Update(_) => {
                let mut values = case.properties.clone();
                values.insert("owner_id".to_owned(), case.owner_or_user().to_owned());
                writer.open("update", &[]);
                write_values(writer, &values);
                writer.close("update");
            }
            CaseAction::Close(_) => writer.leaf("close", &[], ""),
            CaseAction::Index(_) | CaseAction::Attachment(_) => {}
        }
    }
    writer.close("case");
}
