//! The extensions of a case that was closed: they are closed with it.
//!
//! That happens in a form of its own, which the hub writes after the one that closed the host. The
//! history of each extension then names the form that closed it, and it can be archived alone.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::case::{BlockScope, Case, CaseAction, CaseBlock, CaseRelationship};
use fieldpost_model::time::Timestamp;

/// The user in whose name the hub changes cases.
pub const SYSTEM_USER: &str = "system";

/// The device that the hub's form names, with the id of the form that closed the host.
pub fn extension_device_id(form_id: &str) -> String {
    format!("SubmissionPost-{form_id}-close_extensions")
}

/// The blocks that close all open extensions of the closed cases among `touched`, and the open
/// extensions of those. `others` are further cases, as they are after the form: at least all open
/// ones that are tied to the closed cases as extensions, over any number of steps.
pub fn closing_of_extensions(touched: &[Case], others: &[Case], at: Timestamp) -> Vec<CaseBlock> {
    let mut extensions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let is_touched: BTreeSet<&str> = touched.iter().map(|case| case.id.as_str()).collect();
    let others = others.iter().filter(|case| !is_touched.contains(case.id.as_str()));
    for case in touched.iter().chain(others).filter(|case| !case.is_closed() && !case.deleted) {
        for index in case.indices.values() {
            if index.relationship == CaseRelationship::Extension {
                extensions.entry(&index.case_id).or_default().push(&case.id);
            }
        }
    }
    let mut hosts: Vec<&str> =
        touched.iter().filter(|case| case.is_closed()).map(|case| case.id.as_str()).collect();
    let mut closing = BTreeSet::new();
    while let Some(host) = hosts.pop() {
        let found = extensions.get(host).into_iter().flatten();
        hosts.extend(found.filter(|extension| closing.insert(**extension)));
    }
    closing.into_iter().map(|case_id| closing_block(case_id, at)).collect()
}

fn closing_block(case_id: &str, at: Timestamp) -> CaseBlock {
    CaseBlock {
        case_id: case_id.to_owned(),
        user_id: SYSTEM_USER.to_owned(),
        modified_at: Some(at),
        scope: BlockScope::Change,
        actions: vec![CaseAction::Close(None)],
    }
}
