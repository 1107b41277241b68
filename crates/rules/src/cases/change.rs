//! One form's changes to one case.

use std::collections::BTreeMap;

use fieldpost_model::case::{
    BlockScope, BroughtFile, Case, CaseAction, CaseActionKind, CaseAttachment, CaseBlock,
    CaseIndex, CaseSubmission, CaseTransaction, Closing,
};
use fieldpost_model::time::Timestamp;

/// Names in an update that are not properties of a case but its own data; they are passed over.
const RESERVED: [&str; 3] = ["case_id", "date_modified", "supply_point_location_id"];

/// Applies what a form asks for of a case, which is `blocks`. The form has been checked, or has been
/// taken before.
pub(super) fn apply_form(case: &mut Case, submission: &CaseSubmission, blocks: &[&CaseBlock]) {
    for block in blocks {
        apply_block(case, block, submission);
    }
    case.server_modified_at = case.server_modified_at.max(submission.server_at());
    if !case.forms.contains(&submission.form_id) {
        case.forms.push(submission.form_id.clone());
    }
}

/// The memory that a form touched a case by `blocks`; `None` where there are none.
pub(super) fn transaction(
    case_id: &str,
    submission: &CaseSubmission,
    blocks: &[&CaseBlock],
) -> Option<CaseTransaction> {
    let client_at = blocks.iter().map(|block| client_time(block, submission)).max()?;
    let done = |kind: CaseActionKind| {
        blocks.iter().flat_map(|block| &block.actions).any(|action| action.kind() == kind)
    };
    Some(CaseTransaction {
        case_id: case_id.to_owned(),
        form_id: submission.form_id.clone(),
        user_id: blocks.last().map(|block| acting_user(block).to_owned()).unwrap_or_default(),
        client_at,
        server_at: submission.received_at,
        kinds: CaseActionKind::ALL.iter().copied().filter(|kind| done(*kind)).collect(),
    })
}

fn apply_block(case: &mut Case, block: &CaseBlock, submission: &CaseSubmission) {
    let at = client_time(block, submission);
    let user = acting_user(block);
    if block.scope == BlockScope::State {
        forget_state(case);
    }
    for action in &block.actions {
        match action {
            CaseAction::Create(values) => set_known(case, values),
            CaseAction::Update(values) => update(case, values, block.scope),
            CaseAction::Close(closed_at) => {
                case.closing = Some(Closing { at: closed_at.unwrap_or(at), by: user.to_owned() });
            }
            CaseAction::Index(indices) => index(case, indices),
            CaseAction::Attachment(files) => attach(case, files, &submission.form_id),
        }
    }
    if !user.is_empty() {
        user.clone_into(&mut case.modified_by);
    }
    case.modified_at = case.modified_at.max(Some(at));
    case.opened_at.get_or_insert(at);
    if case.opened_by.is_empty() {
        user.clone_into(&mut case.opened_by);
    }
    // A whole state says whether there is an owner; a change may leave that open.
    if case.owner.is_empty() && block.scope == BlockScope::Change {
        user.clone_into(&mut case.owner);
    }
}

/// When a block was made; without a date of its own that is when the form came.
fn client_time(block: &CaseBlock, submission: &CaseSubmission) -> Timestamp {
    block.modified_at.unwrap_or(submission.received_at)
}

/// Who made a block: its user, else the one that it sets, as blocks of old did.
fn acting_user(block: &CaseBlock) -> &str {
    if !block.user_id.is_empty() {
        return &block.user_id;
    }
    let set = block.actions.iter().rev().find_map(|action| match action {
        CaseAction::Create(values) | CaseAction::Update(values) => {
            values.get("user_id").filter(|user| !user.is_empty())
        }
        _ => None,
    });
    set.map_or("", String::as_str)
}

/// Takes away all that a whole state would name. What it cannot name stays: who opened the case and
/// when, and what has touched it.
fn forget_state(case: &mut Case) {
    case.case_type.clear();
    case.name.clear();
    case.owner.clear();
    case.external_id.clear();
    case.properties.clear();
    case.indices.clear();
    case.attachments.clear();
    case.closing = None;
    case.modified_at = None;
}

/// Sets what every case has. An empty text sets nothing: no form can take a name or owner away.
fn set_known(case: &mut Case, values: &BTreeMap<String, String>) {
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        match name.as_str() {
            "case_type" => value.clone_into(&mut case.case_type),
            "case_name" => value.clone_into(&mut case.name),
            "owner_id" => value.clone_into(&mut case.owner),
            "external_id" => value.clone_into(&mut case.external_id),
            "date_opened" => case.opened_at = Timestamp::parse_lenient(value).or(case.opened_at),
            _ => {}
        }
    }
}

fn update(case: &mut Case, values: &BTreeMap<String, String>, scope: BlockScope) {
    set_known(case, values);
    for (name, value) in values {
        match name.as_str() {
            "case_type" | "case_name" | "owner_id" | "external_id" | "date_opened" | "user_id" => {}
            reserved if RESERVED.contains(&reserved) => {}
            "name" if value.is_empty() => {}
            "name" => value.clone_into(&mut case.name),
            _ => {
                // A mobile worker's own case is found by the worker's id. A whole state has the
                // external id beside it, which may have been set to something else since.
                if name == "hq_user_id" && scope == BlockScope::Change {
                    value.clone_into(&mut case.external_id);
                }
                case.properties.insert(name.clone(), value.clone());
            }
        }
    }
}

fn index(case: &mut Case, indices: &BTreeMap<String, Option<CaseIndex>>) {
    for (name, index) in indices {
        match index {
            Some(index) => case.indices.insert(name.clone(), index.clone()),
            None => case.indices.remove(name),
        };
    }
}

fn attach(case: &mut Case, files: &BTreeMap<String, Option<BroughtFile>>, form_id: &str) {
    for (name, file) in files {
        match file {
            Some(BroughtFile { origin, source, content_type }) => {
                let attachment = CaseAttachment {
                    origin: *origin,
                    source: source.clone(),
                    content_type: content_type.clone(),
                    form_id: form_id.to_owned(),
                };
                case.attachments.insert(name.clone(), attachment)
            }
            None => case.attachments.remove(name),
        };
    }
}
