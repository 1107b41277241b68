//! Cases and what forms ask of them, as JSON text and back, without loss.
//!
//! What is empty is left out. The id of a case and the forms of its history are not in the text of the table:
//! they have columns and rows of their own. A text that leaves the store has them both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, Case, CaseAction, CaseActionKind, CaseAttachment,
    CaseBlock, CaseIndex, CaseRelationship, Closing,
};
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

use crate::error::StoreError;
use crate::statement::unreadable;

/// Members of an object on their way into a text; names are given once each.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Members<'a> {
    fn put(mut self, name: &'a str, value: Option<Value<'a>>) -> Self {
        self.0.extend(value.map(|value| (Cow::Borrowed(name), value)));
        self
    }

    /// A text, where there is one.
    fn text(self, name: &'a str, text: &'a str) -> Self {
        self.put(name, (!text.is_empty()).then(|| Value::from(text)))
    }

    fn time(self, name: &'a str, time: Option<Timestamp>) -> Self {
        self.put(name, time.map(time_value))
    }

    fn object(self) -> Value<'a> {
        Value::Object(self.0)
    }
}

fn time_value(time: Timestamp) -> Value<'static> {
    time.0.into()
}

/// A map as an object; `None` where it is empty.
fn map<'a, T>(map: &'a BTreeMap<String, T>, value: fn(&'a T) -> Value<'a>) -> Option<Value<'a>> {
    let members = map.iter().map(|(name, it)| (Cow::Borrowed(&**name), value(it))).collect();
    (!map.is_empty()).then_some(Value::Object(members))
}

fn texts(values: &BTreeMap<String, String>) -> Value<'_> {
    map(values, |text| Value::from(&**text)).unwrap_or(Value::Object(Vec::new()))
}

fn index(index: &CaseIndex) -> Value<'_> {
    Members::default()
        .text("case_id", &index.case_id)
        .text("case_type", &index.case_type)
        .text("relationship", index.relationship.name())
        .object()
}

fn file<'a>(
    origin: AttachmentOrigin,
    source: &'a str,
    content_type: Option<&'a str>,
) -> Members<'a> {
    Members::default()
        .text("origin", origin.name())
        .text("source", source)
        .put("content_type", content_type.map(Value::from))
}

fn attachment(attachment: &CaseAttachment) -> Value<'_> {
    file(attachment.origin, &attachment.source, attachment.content_type.as_deref())
        .text("form_id", &attachment.form_id)
        .object()
}

/// A case as one text, whole, to be read again by [`read_case`].
pub fn write_case(case: &Case) -> String {
    let forms = case.forms.iter().map(|form| Value::from(&**form)).collect();
    let whole = Members::default()
        .text("id", &case.id)
        .put("forms", (!case.forms.is_empty()).then_some(Value::Array(forms)))
        .put("state", Some(case_value(case)));
    whole.object().to_json()
}

/// Reads what [`write_case`] wrote.
pub fn read_case(text: &str) -> Result<Case, StoreError> {
    let read = || {
        let whole = Value::parse(text.as_bytes()).ok()?;
        let forms = whole.get("forms").map_or(Some(Vec::new()), |forms| {
            let form = |form: &Value<'_>| Some(form.as_str()?.to_owned());
            forms.as_array()?.iter().map(form).collect()
        })?;
        Some(Case { forms, ..case_of(&text_of(&whole, "id")?, whole.get("state")?)? })
    };
    read().ok_or_else(|| unreadable("case", "in a payload"))
}

/// The state of a case.
pub(crate) fn case_text(case: &Case) -> String {
    case_value(case).to_json()
}

fn case_value(case: &Case) -> Value<'_> {
    let closing = |closing: &'_ Closing| {
        let at = Members::default().time("at", Some(closing.at));
        let by = (!closing.by.is_empty()).then(|| Value::from(closing.by.clone()));
        at.put("by", by).object()
    };
    Members::default()
        .text("type", &case.case_type)
        .text("name", &case.name)
        .text("owner", &case.owner)
        .text("external_id", &case.external_id)
        .put("properties", map(&case.properties, |text| Value::from(&**text)))
        .put("indices", map(&case.indices, index))
        .put("attachments", map(&case.attachments, attachment))
        .time("opened_at", case.opened_at)
        .text("opened_by", &case.opened_by)
        .time("modified_at", case.modified_at)
        .text("modified_by", &case.modified_by)
        .put("closing", case.closing.as_ref().map(closing))
        .time("server_modified_at", Some(case.server_modified_at))
        .put("deleted", case.deleted.then_some(Value::Bool(true)))
        .object()
}

/// What a form asks of one case.
pub(crate) fn blocks_text(blocks: &[CaseBlock]) -> String {
    Value::Array(blocks.iter().map(block).collect()).to_json()
}

fn block(block: &CaseBlock) -> Value<'_> {
    let is_state = block.scope == BlockScope::State;
    Members::default()
        .text("user_id", &block.user_id)
        .time("modified_at", block.modified_at)
        .put("is_state", is_state.then_some(Value::Bool(true)))
        .put("actions", Some(Value::Array(block.actions.iter().map(action).collect())))
        .object()
}

fn action(action: &CaseAction) -> Value<'_> {
    let value = match action {
        CaseAction::Create(values) | CaseAction::Update(values) => texts(values),
        CaseAction::Close(at) => at.map_or(Value::Null, time_value),
        CaseAction::Index(indices) => {
            map(indices, |tie| tie.as_ref().map_or(Value::Null, index)).unwrap_or(EMPTY)
        }
        CaseAction::Attachment(files) => {
            map(files, |it| it.as_ref().map_or(Value::Null, brought)).unwrap_or(EMPTY)
        }
    };
    Members::default().put(action.kind().name(), Some(value)).object()
}

const EMPTY: Value<'static> = Value::Object(Vec::new());

fn brought(brought: &BroughtFile) -> Value<'_> {
    file(brought.origin, &brought.source, brought.content_type.as_deref()).object()
}

/// The kinds of things that a form did, as a text.
pub(crate) fn kinds_text(kinds: &[CaseActionKind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    names.join(" ")
}

/// Reads what [`kinds_text`] wrote.
pub(crate) fn read_kinds(text: &str) -> Result<Vec<CaseActionKind>, StoreError> {
    text.split_whitespace()
        .map(|name| CaseActionKind::from_name(name).ok_or_else(|| unreadable("action", name)))
        .collect()
}

/// Reads what [`case_text`] wrote, of the case of that id.
pub(crate) fn read_state(id: &str, text: &str) -> Result<Case, StoreError> {
    let value = Value::parse(text.as_bytes()).ok();
    value.as_ref().and_then(|value| case_of(id, value)).ok_or_else(|| unreadable("case", id))
}

/// Reads what [`blocks_text`] wrote, about the case of that id.
pub(crate) fn read_blocks(case_id: &str, text: &str) -> Result<Vec<CaseBlock>, StoreError> {
    let value = Value::parse(text.as_bytes()).ok();
    let blocks = value.as_ref().and_then(Value::as_array);
    let read = |blocks: &[Value<'_>]| blocks.iter().map(|it| block_of(case_id, it)).collect();
    blocks.and_then(read).ok_or_else(|| unreadable("case block of", case_id))
}

// Each of these answers `None` where the value is not what the functions above write.

fn case_of(id: &str, value: &Value<'_>) -> Option<Case> {
    Some(Case {
        id: id.to_owned(),
        case_type: text_of(value, "type")?,
        name: text_of(value, "name")?,
        owner: text_of(value, "owner")?,
        external_id: text_of(value, "external_id")?,
        properties: member_map(value, "properties", |text| Some(text.as_str()?.to_owned()))?,
        indices: member_map(value, "indices", index_of)?,
        attachments: member_map(value, "attachments", attachment_of)?,
        opened_at: time_of(value, "opened_at")?,
        opened_by: text_of(value, "opened_by")?,
        modified_at: time_of(value, "modified_at")?,
        modified_by: text_of(value, "modified_by")?,
        closing: match value.get("closing") {
            None => None,
            Some(closing) => {
                Some(Closing { at: time_of(closing, "at")??, by: text_of(closing, "by")? })
            }
        },
        server_modified_at: time_of(value, "server_modified_at")??,
        forms: Vec::new(),
        deleted: truth_of(value, "deleted")?,
    })
}

fn block_of(case_id: &str, value: &Value<'_>) -> Option<CaseBlock> {
    let actions = value.get("actions")?.as_array()?;
    Some(CaseBlock {
        case_id: case_id.to_owned(),
        user_id: text_of(value, "user_id")?,
        modified_at: time_of(value, "modified_at")?,
        scope: if truth_of(value, "is_state")? { BlockScope::State } else { BlockScope::Change },
        actions: actions.iter().map(action_of).collect::<Option<_>>()?,
    })
}

fn action_of(value: &Value<'_>) -> Option<CaseAction> {
    let [(name, value)] = value.as_object()? else { return None };
    let text = |value: &Value<'_>| Some(value.as_str()?.to_owned());
    Some(match CaseActionKind::from_name(name)? {
        CaseActionKind::Create => CaseAction::Create(map_of(value, text)?),
        CaseActionKind::Update => CaseAction::Update(map_of(value, text)?),
        CaseActionKind::Close => CaseAction::Close(nullable(value, integer_of)?.map(Timestamp)),
        CaseActionKind::Index => {
            CaseAction::Index(map_of(value, |value| nullable(value, index_of))?)
        }
        CaseActionKind::Attachment => {
            CaseAction::Attachment(map_of(value, |value| nullable(value, brought_of))?)
        }
    })
}

fn index_of(value: &Value<'_>) -> Option<CaseIndex> {
    Some(CaseIndex {
        case_id: text_of(value, "case_id")?,
        case_type: text_of(value, "case_type")?,
        relationship: CaseRelationship::from_name(value.get("relationship")?.as_str()?)?,
    })
}

fn attachment_of(value: &Value<'_>) -> Option<CaseAttachment> {
    let BroughtFile { origin, source, content_type } = brought_of(value)?;
    Some(CaseAttachment { origin, source, content_type, form_id: text_of(value, "form_id")? })
}

fn brought_of(value: &Value<'_>) -> Option<BroughtFile> {
    Some(BroughtFile {
        origin: AttachmentOrigin::from_name(value.get("origin")?.as_str()?)?,
        source: text_of(value, "source")?,
        content_type: match value.get("content_type") {
            None => None,
            Some(text) => Some(text.as_str()?.to_owned()),
        },
    })
}

/// A text, empty where it was left out.
fn text_of(value: &Value<'_>, name: &str) -> Option<String> {
    value.get(name).map_or(Some(String::new()), |text| Some(text.as_str()?.to_owned()))
}

#[expect(clippy::option_option, reason = "unreadable, left out, and there are three answers")]
fn time_of(value: &Value<'_>, name: &str) -> Option<Option<Timestamp>> {
    value.get(name).map_or(Some(None), |time| Some(Some(Timestamp(integer_of(time)?))))
}

fn truth_of(value: &Value<'_>, name: &str) -> Option<bool> {
    value.get(name).map_or(Some(false), Value::as_bool)
}

fn integer_of(value: &Value<'_>) -> Option<i64> {
    value.as_number()?.parse().ok()
}

#[expect(clippy::option_option, reason = "unreadable, null, and there are three answers")]
fn nullable<T>(value: &Value<'_>, read: fn(&Value<'_>) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() { Some(None) } else { read(value).map(Some) }
}

fn member_map<T>(
    value: &Value<'_>,
    name: &str,
    read: fn(&Value<'_>) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    value.get(name).map_or(Some(BTreeMap::new()), |value| map_of(value, read))
}

fn map_of<T>(
    value: &Value<'_>,
    read: impl Fn(&Value<'_>) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    value.as_object()?.iter().map(|(name, it)| Some((name.to_string(), read(it)?))).collect()
}

#[cfg(test)]
mod tests;
