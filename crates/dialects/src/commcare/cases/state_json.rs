//! A forwarded case in JSON: the whole state, or where there are no properties, its closing alone.

use std::collections::BTreeMap;

use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, CaseAction, CaseBlock, CaseIndex,
};
use fieldpost_model::json::{Member, Value};

use super::block::{check_entries, moment, relationship, without_id};
use crate::Unreadable;
use crate::unreadable::excerpt;
use crate::view::{member_text, text};
use crate::xml::{is_element_name, plain};

/// What a case is made with; everything else is set by an update.
const OF_THE_CREATE: [&str; 3] = ["case_type", "case_name", "owner_id"];

pub(super) fn read(view: &Value<'_>) -> Result<CaseBlock, Unreadable> {
    let Some(case_id) = member_text(view, "case_id") else { return Err(without_id()) };
    let (properties, indices, files) =
        (members(view, "properties"), members(view, "indices"), members(view, "attachments"));
    check_entries(properties.len() + indices.len() + files.len())?;
    for (name, _) in properties.iter().chain(indices).chain(files) {
        check_name(name)?;
    }
    let values = properties.iter().map(|(name, value)| (name.to_string(), value_text(value)));
    let (create, update): (BTreeMap<_, _>, BTreeMap<_, _>) =
        values.partition(|(name, _)| OF_THE_CREATE.contains(&name.as_str()));

    let scope = if properties.is_empty() { BlockScope::Change } else { BlockScope::State };
    let mut actions = Vec::new();
    if !create.is_empty() {
        actions.push(CaseAction::Create(create));
    }
    if !update.is_empty() {
        actions.push(CaseAction::Update(update));
    }
    let closed_at = member_text(view, "date_closed");
    let is_closed = view.get("closed").and_then(Value::as_bool).unwrap_or(closed_at.is_some());
    if is_closed {
        actions.push(CaseAction::Close(moment(closed_at)?));
    }
    let indices = read_indices(indices)?;
    if !indices.is_empty() {
        actions.push(CaseAction::Index(indices));
    }
    let files: BTreeMap<_, _> =
        files.iter().map(|(name, value)| (name.to_string(), file(value))).collect();
    if !files.is_empty() {
        actions.push(CaseAction::Attachment(files));
    }
    Ok(CaseBlock {
        case_id: case_id.to_owned(),
        user_id: member_text(view, "user_id").unwrap_or_default().to_owned(),
        modified_at: moment(member_text(view, "date_modified"))?,
        scope,
        actions,
    })
}

fn members<'v, 'a>(view: &'v Value<'a>, name: &str) -> &'v [Member<'a>] {
    view.get(name).and_then(Value::as_object).unwrap_or_default()
}

/// A case has to be written as XML some day, where its properties are elements.
fn check_name(name: &str) -> Result<(), Unreadable> {
    if is_element_name(name) {
        return Ok(());
    }
    Err(Unreadable::new(
        "case-property-name",
        format!(
            "'{}' cannot be the name of a property, index or attachment of a case: XML has no such \
             names.",
            excerpt(name)
        ),
    ))
}

/// The text of a property; values of old had attributes beside it.
fn value_text(value: &Value<'_>) -> String {
    text(value).map_or_else(|| plain(value), str::to_owned)
}

fn read_indices(members: &[Member<'_>]) -> Result<BTreeMap<String, Option<CaseIndex>>, Unreadable> {
    let mut indices = BTreeMap::new();
    for (name, value) in members {
        let Some(case_id) = member_text(value, "case_id") else { continue };
        let index = CaseIndex {
            case_id: case_id.to_owned(),
            case_type: member_text(value, "case_type").unwrap_or_default().to_owned(),
            relationship: relationship(member_text(value, "relationship"))?,
        };
        indices.insert(name.to_string(), Some(index));
    }
    Ok(indices)
}

fn file(value: &Value<'_>) -> Option<BroughtFile> {
    Some(BroughtFile {
        origin: AttachmentOrigin::Remote,
        source: member_text(value, "url")?.to_owned(),
        content_type: member_text(value, "content_type").map(str::to_owned),
    })
}
