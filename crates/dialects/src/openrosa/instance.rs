//! The parts of a filled form that are not answers.

use fieldpost_model::json::Value;

use crate::view::member_text;

/// The namespace of CommCare's case blocks since version 2.
const CASE_BLOCKS: &str = "http://commcarehq.org/case/transaction/v2";

/// Whether an element is the block with the submission's id. A form may have a question of its own
/// that is called `meta`; that one has no node for an id.
pub(crate) fn is_meta(name: &str, element: &Value<'_>) -> bool {
    name == "meta" && element.get("instanceID").is_some()
}

/// Whether an element is a block of CommCare that changes a case. It is no answer: it is kept whole,
/// for those who follow cases.
pub(crate) fn is_case_block(name: &str, element: &Value<'_>) -> bool {
    name == "case"
        && (member_text(element, "@xmlns") == Some(CASE_BLOCKS)
            || element.get("@case_id").is_some())
}
