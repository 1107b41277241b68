//! One case block: what an element asks for of its case.

use std::collections::BTreeMap;

use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, CaseAction, CaseBlock, CaseIndex, CaseRelationship,
};
use fieldpost_model::time::Timestamp;

use super::CASE_BLOCKS;
use crate::Unreadable;
use crate::unreadable::excerpt;
use crate::xml::Element;

/// How many values, indices and attachments one block may have together.
pub const MAX_BLOCK_ENTRIES: usize = 10_000;

/// Reads a block of version 2, the one that forms have.
pub(super) fn read(element: &Element) -> Result<CaseBlock, Unreadable> {
    if element.namespace != Some(CASE_BLOCKS) {
        return Err(Unreadable::new(
            "case-version-1",
            format!(
                "VersionNotSupported: A case block has not the namespace {CASE_BLOCKS}. Blocks of \
                 version 1 are not taken; let the application be built anew."
            ),
        ));
    }
    if element.child("referral").is_some() {
        return Err(Unreadable::new(
            "case-referral",
            "UsesReferrals: Sorry, referrals are no longer supported! Use an index instead.",
        ));
    }
    let Some(case_id) = element.attribute("case_id") else { return Err(without_id()) };
    Ok(CaseBlock {
        case_id: case_id.to_owned(),
        user_id: element.attribute("user_id").unwrap_or_default().to_owned(),
        modified_at: moment(element.attribute("date_modified"))?,
        scope: BlockScope::Change,
        actions: actions(element)?,
    })
}

/// What a block of either version asks for.
pub(super) fn actions(element: &Element) -> Result<Vec<CaseAction>, Unreadable> {
    let parts = ["create", "update", "index", "attachment"];
    check_entries(parts.iter().flat_map(|part| entries(element, part)).count())?;
    let mut actions = Vec::new();
    let create = values(element, "create");
    if !create.is_empty() {
        actions.push(CaseAction::Create(create));
    }
    let update = values(element, "update");
    if !update.is_empty() {
        actions.push(CaseAction::Update(update));
    }
    if element.child("close").is_some() {
        actions.push(CaseAction::Close(None));
    }
    let indices = indices(element)?;
    if !indices.is_empty() {
        actions.push(CaseAction::Index(indices));
    }
    let files: BTreeMap<_, _> =
        entries(element, "attachment").map(|entry| (entry.name.clone(), file(entry))).collect();
    if !files.is_empty() {
        actions.push(CaseAction::Attachment(files));
    }
    Ok(actions)
}

/// Refuses a block with too much in it.
pub(super) fn check_entries(count: usize) -> Result<(), Unreadable> {
    if count <= MAX_BLOCK_ENTRIES {
        return Ok(());
    }
    Err(Unreadable::new(
        "case-entries",
        format!("A case block has more than {MAX_BLOCK_ENTRIES} values, indices and attachments."),
    ))
}

pub(super) fn without_id() -> Unreadable {
    Unreadable::new("case-without-id", "The case block has no case_id.")
}

/// The time in a text, if there is any text.
pub(super) fn moment(text: Option<&str>) -> Result<Option<Timestamp>, Unreadable> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    match Timestamp::parse_lenient(text) {
        Some(time) => Ok(Some(time)),
        None => Err(Unreadable::new(
            "case-date",
            format!(
                "'{}' is no date or time of a case; write 2015-04-17T20:14:34.046462Z.",
                excerpt(text)
            ),
        )),
    }
}

pub(super) fn relationship(text: Option<&str>) -> Result<CaseRelationship, Unreadable> {
    let text = text.unwrap_or_default();
    match CaseRelationship::from_name(text) {
        Some(relationship) => Ok(relationship),
        None if text.is_empty() => Ok(CaseRelationship::Child),
        None => Err(Unreadable::new(
            "case-index",
            format!("'{}' is no relationship of cases: child or extension.", excerpt(text)),
        )),
    }
}

/// What stands in all parts of that name, in order.
fn entries<'e>(element: &'e Element, part: &'e str) -> impl Iterator<Item = &'e Element> {
    element.all(part).flat_map(|part| &part.children)
}

/// The values in all parts of that name; of one that is repeated the last counts.
fn values(element: &Element, part: &str) -> BTreeMap<String, String> {
    entries(element, part).map(|entry| (entry.name.clone(), value(entry))).collect()
}

/// The text of a value. One that is made of elements, which no phone sends, is kept as JSON.
fn value(entry: &Element) -> String {
    if entry.children.is_empty() { entry.text.clone() } else { entry.to_view().to_json() }
}

fn indices(element: &Element) -> Result<BTreeMap<String, Option<CaseIndex>>, Unreadable> {
    let mut indices = BTreeMap::new();
    for entry in entries(element, "index") {
        let Some(case_type) = entry.attribute("case_type") else {
            return Err(Unreadable::new(
                "case-index",
                format!(
                    "Invalid index, must have a case type attribute: '{}' has no case_type.",
                    excerpt(&entry.name)
                ),
            ));
        };
        let relationship = relationship(entry.attribute("relationship"))?;
        let case_id = entry.text.trim().to_owned();
        let index = CaseIndex { case_id, case_type: case_type.to_owned(), relationship };
        indices.insert(entry.name.clone(), Some(index).filter(|index| !index.case_id.is_empty()));
    }
    Ok(indices)
}

/// The file that an entry brings; `None` where it names none, which takes the file away.
fn file(entry: &Element) -> Option<BroughtFile> {
    let given = |name: &str| entry.attribute(name).filter(|value| !value.is_empty());
    let (origin, source, name) = (given("from"), given("src"), given("name"));
    origin.or(source).or(name)?;
    let source = source.or(name).unwrap_or(&entry.name).to_owned();
    let origin = origin.and_then(AttachmentOrigin::from_name);
    let is_address = source.contains("://");
    let guessed = if is_address { AttachmentOrigin::Remote } else { AttachmentOrigin::Local };
    Some(BroughtFile { origin: origin.unwrap_or(guessed), source, content_type: None })
}
