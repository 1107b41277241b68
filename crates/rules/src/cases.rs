//! What forms make of cases: `CommCare`'s case rules.
//!
//! | rule | where |
//! |---|---|
//! | 1 blocks count in the order of the document, several for one case too | [`apply()`] |
//! | 2 create, update, close, index, attachment, in this order; a block without any is a touch | `change` |
//! | 3 names, types, owners and ids are set where they are not empty, and are short | `change`, `check` |
//! | 4 everything else in an update is a property, and may be empty | `change` |
//! | 5 an index points to a case that is there, or that the same form makes | `check` |
//! | 6 an attachment that names no file takes the file away | `change` |
//! | 7 the user, the times, and what is not known yet follow from the block | `change` |
//! | 8 a closed case closes its extensions, in a form of the hub's own | [`closing_of_extensions`] |
//! | 9 an update may come before its create | `change` |
//! | 10 the forms of one user are put in the order of the phone's clock | [`overtakes`], [`rebuild()`] |
//! | 11 an edited or archived form makes its cases anew from those that remain | [`rebuild()`] |
//! | 12 a form is taken whole or not at all | [`apply()`] |
//! | 13 a stub names all cases of its form | `CaseSubmission::case_ids` |
//!
//! The caller loads the cases that a form mentions ([`mentioned`]), and stores what comes out. A form
//! that [`overtakes`] an earlier one is applied like any other to be judged; the state of that case
//! is then made by [`rebuild()`] from all its forms. An edit is judged by [`check()`], and rebuilt too.

mod change;
mod check;
mod events;
mod extensions;
mod rebuild;

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::case::{Case, CaseAction, CaseSubmission, CaseTransaction};

pub use check::{CaseError, MAX_CASE_PROPERTIES, MAX_NAME_LENGTH, bounds, check};
pub use events::{Occasion, events};
pub use extensions::{SYSTEM_USER, closing_of_extensions, extension_device_id};
pub use rebuild::{ORDER_WINDOW, Rebuilt, overtakes, rebuild};

/// What a form has made: for each case that it touches, in the order of the document, the new state
/// and the memory of the change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The new states.
    pub cases: Vec<Case>,
    /// One transaction for each of them.
    pub transactions: Vec<CaseTransaction>,
}

/// The ids of all cases that a form touches or points to: what has to be loaded to judge it.
pub fn mentioned(submission: &CaseSubmission) -> BTreeSet<&str> {
    let mut ids: BTreeSet<&str> = submission.case_ids().into_iter().collect();
    for action in submission.blocks.iter().flat_map(|block| &block.actions) {
        if let CaseAction::Index(indices) = action {
            ids.extend(indices.values().flatten().map(|index| index.case_id.as_str()));
        }
    }
    ids
}

/// The memory of what a form did, one for each case that it touches, in the order of the document.
pub fn transactions(submission: &CaseSubmission) -> Vec<CaseTransaction> {
    let by_case = submission.by_case();
    by_case.iter().filter_map(|(id, blocks)| change::transaction(id, submission, blocks)).collect()
}

/// Applies a form to the cases that it touches. `known` holds the present state of every case that
/// it mentions and that there is. An error stands for the whole form: nothing of it counts.
pub fn apply(
    submission: &CaseSubmission,
    known: &BTreeMap<String, Case>,
) -> Result<Applied, CaseError> {
    check(submission, known)?;
    let mut applied = Applied::default();
    for (case_id, blocks) in submission.by_case() {
        let present = known.get(case_id).filter(|case| !case.deleted).cloned();
        let mut case = present.unwrap_or_else(|| Case::new(case_id));
        change::apply_form(&mut case, submission, &blocks);
        bounds(&case)?;
        applied.cases.push(case);
        applied.transactions.extend(change::transaction(case_id, submission, &blocks));
    }
    Ok(applied)
}

#[cfg(test)]
mod tests;
