//! The parts of a filled form that are not answers.

use fieldpost_model::json::Value;

use crate::commcare::CASE_BLOCKS;
use crate::view::member_text;

/// The namespace of XForms themselves. Instances that declare none of their own stand in it, so it
/// names no form.
pub(crate) const XFORMS: &str = "http://www.w3.org/2002/xforms";

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
