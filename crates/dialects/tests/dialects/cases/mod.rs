//! Cases: the blocks of forms, forwarded states, what is written, and the laws between them.

mod blocks;
mod laws;
mod states;
mod written;

use std::collections::BTreeMap;

use fieldpost_dialects::commcare::{blocks_of_form, state};
use fieldpost_dialects::{Received, Unreadable};
use fieldpost_model::case::{
    AttachmentOrigin, BroughtFile, Case, CaseAttachment, CaseBlock, CaseIndex, CaseRelationship,
    CaseSubmission,
};
use fieldpost_model::time::Timestamp;

/// The namespace of case blocks.
const V2: &str = "http://commcarehq.org/case/transaction/v2";

fn form(body: &str) -> Result<Vec<CaseBlock>, Unreadable> {
    blocks_of_form(&Received { content_type: None, body: body.as_bytes() })
}

fn case_state(body: &str) -> Result<CaseBlock, Unreadable> {
    state(&Received { content_type: None, body: body.as_bytes() })
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn texts(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn tie(case_id: &str, case_type: &str, relationship: CaseRelationship) -> CaseIndex {
    CaseIndex { case_id: case_id.to_owned(), case_type: case_type.to_owned(), relationship }
}

fn file(origin: AttachmentOrigin, source: &str) -> BroughtFile {
    BroughtFile { origin, source: source.to_owned(), content_type: None }
}

/// The case that one block makes, received at that time.
#[track_caller]
fn made_by(block: CaseBlock, received_at: Timestamp) -> Case {
    let submission = CaseSubmission {
        form_id: "message".to_owned(),
        received_at,
        edited_at: None,
        is_forwarded: false,
        blocks: vec![block],
    };
    fieldpost_rules::cases::apply(&submission, &BTreeMap::new()).unwrap().cases.remove(0)
}

/// The address of a file that is remote: its own.
fn own_address(_: &str, attachment: &CaseAttachment) -> String {
    attachment.source.clone()
}

fn kinds(block: &CaseBlock) -> Vec<&'static str> {
    block.actions.iter().map(|action| action.kind().name()).collect()
}
