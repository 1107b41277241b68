//! The case blocks of a form: found anywhere in it, in the order of the document.

use fieldpost_model::case::CaseBlock;
use fieldpost_model::json::Value;

use super::{CASE_BLOCKS, block};
use crate::xml::{Element, Search};
use crate::{Received, Unreadable, json, text};

/// How many case blocks one form may have. The largest that servers make in bulk have a thousand.
pub const MAX_CASE_BLOCKS: usize = 10_000;

/// The blocks, wherever they are, and the block with the submission's user, which is a child of the
/// root.
const SEARCH: Search = Search {
    wants: |name, depth| name == "case" || (name == "meta" && depth == 2),
    namespaces: &[CASE_BLOCKS],
};

/// What a block of version 1 has beside its `case_id`.
const OF_VERSION_1: [&str; 5] = ["date_modified", "create", "update", "close", "referral"];

/// The case blocks of a form in XML, or as the Form API gives it in JSON.
pub fn blocks_of_form(received: &Received<'_>) -> Result<Vec<CaseBlock>, Unreadable> {
    if text::looks_like_xml(received.body) {
        blocks(&SEARCH.in_document(received)?)
    } else {
        blocks_of_view(&json::document(received)?)
    }
}

/// The case blocks of a form by its view: that of the Form API, or of the XML document alone. A view
/// has siblings of one name together, so what stood between them counts after them.
pub fn blocks_of_view(view: &Value<'_>) -> Result<Vec<CaseBlock>, Unreadable> {
    let form = view.get("form").filter(|form| form.as_object().is_some()).unwrap_or(view);
    blocks(&SEARCH.in_view(form))
}

fn blocks(found: &[(usize, Element)]) -> Result<Vec<CaseBlock>, Unreadable> {
    let metas = found.iter().filter(|(depth, element)| *depth == 2 && element.name == "meta");
    let users = metas.filter_map(|(_, meta)| meta.child("userID"));
    let user = users.map(|user| user.text.trim()).find(|user| !user.is_empty());
    let mut blocks = Vec::new();
    for (_, element) in found {
        add(element, user.unwrap_or_default(), &mut blocks)?;
    }
    Ok(blocks)
}

/// Adds the block that an element is, or those inside it: a question may be called `case`.
fn add(element: &Element, user: &str, blocks: &mut Vec<CaseBlock>) -> Result<(), Unreadable> {
    if element.name != "case" || !is_block(element) {
        return element.children.iter().try_for_each(|child| add(child, user, blocks));
    }
    if blocks.len() == MAX_CASE_BLOCKS {
        return Err(Unreadable::new(
            "case-blocks",
            format!("The form has more than {MAX_CASE_BLOCKS} case blocks."),
        ));
    }
    let mut block = block::read(element)?;
    if block.user_id.is_empty() {
        user.clone_into(&mut block.user_id);
    }
    blocks.push(block);
    Ok(())
}

/// Whether an element called `case` is a block, of version 2 or of version 1. A group of questions may
/// be called so as well, and even ask for a `case_id`.
fn is_block(element: &Element) -> bool {
    let has = |name: &str| element.child(name).is_some();
    element.namespace.is_some()
        || element.attribute("case_id").is_some()
        || (has("case_id") && OF_VERSION_1.iter().any(|name| has(name)))
}
