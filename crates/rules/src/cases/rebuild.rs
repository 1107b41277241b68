//! A case made anew from its forms, in the order in which they count.
//!
//! That is the order of receipt, with one exception: phones send late and in any order what one user
//! did in one day, so a form goes before the forms of the same user that were received up to
//! [`ORDER_WINDOW`] apart from it and were filled in later. Where that would put a form first that
//! does not create the case, the phone's clock is not to be trusted, and the order of receipt stays.

use std::time::Duration;

use fieldpost_model::case::{Case, CaseSubmission, CaseTransaction};
use fieldpost_model::time::Timestamp;

use super::change;

/// How far apart two forms of one user may be received for the phone's clock to order them.
pub const ORDER_WINDOW: Duration = Duration::from_hours(12);

/// A case as its forms make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Its state; deleted where no form is left.
    pub case: Case,
    /// Its history, in the order in which the forms count.
    pub transactions: Vec<CaseTransaction>,
}

/// Whether a form counts before one that was received before it. If the newest transaction of a
/// case overtakes any other, the case has to be rebuilt.
pub fn overtakes(later: &CaseTransaction, earlier: &CaseTransaction) -> bool {
    let apart =
        later.server_at.since(earlier.server_at).max(earlier.server_at.since(later.server_at));
    later.user_id == earlier.user_id && apart <= ORDER_WINDOW && later.client_at < earlier.client_at
}

/// Makes a case from all forms that have touched it and still count. What they ask for of other
/// cases is passed over. They have all been taken, so nothing is refused any more.
pub fn rebuild(case_id: &str, submissions: &[CaseSubmission], rebuilt_at: Timestamp) -> Rebuilt {
    let mut case = Case::new(case_id);
    let mut transactions = Vec::new();
    for (transaction, submission) in in_order(case_id, submissions) {
        change::apply_form(&mut case, submission, &submission.blocks_of(case_id));
        transactions.push(transaction);
    }
    case.deleted = transactions.is_empty();
    case.server_modified_at = case.server_modified_at.max(rebuilt_at);
    Rebuilt { case, transactions }
}

fn in_order<'s>(
    case_id: &str,
    submissions: &'s [CaseSubmission],
) -> Vec<(CaseTransaction, &'s CaseSubmission)> {
    let mut received: Vec<(CaseTransaction, &CaseSubmission)> = submissions
        .iter()
        .filter_map(|submission| {
            let blocks = submission.blocks_of(case_id);
            Some((change::transaction(case_id, submission, &blocks)?, submission))
        })
        .collect();
    received.sort_by_key(|(transaction, _)| transaction.server_at);

    let mut ordered: Vec<(CaseTransaction, &CaseSubmission)> = Vec::new();
    for (transaction, submission) in &received {
        let overtaken = ordered.iter().position(|(earlier, _)| overtakes(transaction, earlier));
        let place = overtaken.unwrap_or(ordered.len());
        ordered.insert(place, (transaction.clone(), submission));
    }
    let begins_with_create =
        |list: &[(CaseTransaction, _)]| list.first().is_some_and(|(first, _)| first.creates());
    if begins_with_create(&ordered) { ordered } else { received }
}
