//! A forwarded case: the block that gives its whole state.
//!
//! A case is sent whole each time it changes, so what a block with `create` does not name is not
//! there. A block without it is a change like any other: some senders close a case by just that.

use fieldpost_model::case::{BlockScope, CaseAction, CaseBlock};

use super::block::{self, moment, without_id};
use super::{CASE_BLOCKS, state_json};
use crate::xml::{Element, Search};
use crate::{Received, Unreadable, json, text};

/// The root, whatever it is called; the message has been told to be a case before.
const SEARCH: Search = Search { wants: |_, depth| depth == 1, namespaces: &[CASE_BLOCKS] };

/// Reads a case as forwarders send it: a block of version 2 or 1, or JSON.
pub fn state(received: &Received<'_>) -> Result<CaseBlock, Unreadable> {
    if !text::looks_like_xml(received.body) {
        return state_json::read(&json::document(received)?);
    }
    let found = SEARCH.in_document(received)?;
    let Some((_, element)) = found.first() else { return Err(without_id()) };
    let mut block =
        if element.namespace.is_some() { block::read(element)? } else { of_version_1(element)? };
    if block.actions.iter().any(|action| matches!(action, CaseAction::Create(_))) {
        block.scope = BlockScope::State;
    }
    Ok(block)
}

/// Version 1 has elements where version 2 has attributes, and the type under another name.
fn of_version_1(element: &Element) -> Result<CaseBlock, Unreadable> {
    let either = |name: &str| {
        let child = || element.child(name).map(|child| child.text.trim());
        element.attribute(name).or_else(child).filter(|text| !text.is_empty())
    };
    let Some(case_id) = either("case_id") else { return Err(without_id()) };
    let mut actions = block::actions(element)?;
    let mut user_id = either("user_id").unwrap_or_default().to_owned();
    for action in &mut actions {
        let CaseAction::Create(values) = action else { continue };
        if let Some(case_type) = values.remove("case_type_id") {
            values.insert("case_type".to_owned(), case_type);
        }
        let user = values.remove("user_id").unwrap_or_default();
        if user_id.is_empty() {
            user_id = user;
        }
    }
    Ok(CaseBlock {
        case_id: case_id.to_owned(),
        user_id,
        modified_at: moment(either("date_modified"))?,
        scope: BlockScope::Change,
        actions,
    })
}
