//! What a filled form makes of cases: the rules, applied to what the store has.
//!
//! ```text
//!   a new form        apply; a case whose forms are out of order by it is made anew from all of them
//!   a closed host     its extensions are closed with it, by a form of the hub's own
//!   an edited form    every case of the old and of the new text is made anew
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fieldpost_dialects::commcare::system_form;
use fieldpost_model::case::{Case, CaseBlock, CaseSubmission, CaseTransaction};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cases::{
    self, Applied, CaseError, ORDER_WINDOW, Occasion, SYSTEM_USER, closing_of_extensions,
    extension_device_id,
};
use fieldpost_store::{CaseChange, CaseHistory, FiledCase, Revised, Store, StoreError};
use uuid::Uuid;

use super::told::Touched;
use crate::ids::new_id;

/// Open extensions of the cases that one form closes. Real hosts have a handful.
const MOST_EXTENSIONS: usize = 10_000;

/// A filled form, as far as cases are concerned.
#[derive(Clone, Copy)]
pub(super) struct CaseForm<'f> {
    /// The submission that it is.
    pub(super) submission: Uuid,
    /// What it asks for.
    pub(super) asked: &'f CaseSubmission,
    /// Whether it takes the place of what it asked for before.
    pub(super) is_edit: bool,
    /// When this came in.
    pub(super) now: Timestamp,
    /// Whether somebody wants to be told of cases.
    pub(super) wants_cases: bool,
}

/// What forms make of cases.
#[derive(Debug, Default)]
pub(super) struct CaseFiling {
    /// The new states.
    pub(super) cases: Vec<FiledCase>,
    /// Cases that must be there when this is kept.
    pub(super) needed: Vec<String>,
    /// The form in which the hub closed extensions.
    pub(super) closing: Option<SystemForm>,
    /// The states to tell of, where somebody wants to be told.
    pub(super) touched: Vec<Touched>,
}

/// A form of the hub's own.
#[derive(Debug)]
pub(super) struct SystemForm {
    /// The submission that it is.
    pub(super) id: Uuid,
    /// The form itself.
    pub(super) xml: String,
}

impl CaseFiling {
    /// Notes a state that a form has made.
    fn tell(&mut self, form: CaseForm<'_>, case: &Case, occasion: Occasion) {
        if form.wants_cases {
            self.touched.push(Touched {
                case: case.clone(),
                form_id: form.asked.form_id.clone(),
                submission: form.submission,
                occasion,
            });
        }
    }
}

type Known = BTreeMap<String, Revised<Case>>;

/// Plans what a form makes of cases. The inner error refuses the form.
pub(super) async fn plan(
    store: &Store,
    project: &str,
    form: CaseForm<'_>,
) -> Result<Result<CaseFiling, CaseError>, StoreError> {
    let mentioned: Vec<&str> = cases::mentioned(form.asked).into_iter().collect();
    if mentioned.is_empty() && !form.is_edit {
        return Ok(Ok(CaseFiling::default()));
    }
    let known = store.cases(project, &mentioned).await?;
    let states = states(&known);
    if form.is_edit {
        return match cases::check(form.asked, &states) {
            Ok(()) => edited(store, project, form, known).await,
            Err(error) => Ok(Err(error)),
        };
    }
    let applied = match cases::apply(form.asked, &states) {
        Ok(applied) => applied,
        Err(error) => return Ok(Err(error)),
    };
    let mut filing = CaseFiling { needed: needed(form.asked, &mentioned), ..CaseFiling::default() };
    let closed = newly_closed(&applied, &states);
    for (case, change) in changes(form.submission, form.asked, &applied) {
        let filed = add(store, project, &known, case, change, form.now).await?;
        filing.tell(form, &filed.case, Occasion::Submission);
        filing.cases.push(filed);
    }
    if !form.asked.is_forwarded && !closed.is_empty() {
        close_extensions(store, project, form, &applied, &closed, &mut filing).await?;
    }
    Ok(Ok(filing))
}

fn states(known: &Known) -> BTreeMap<String, Case> {
    known.iter().map(|(id, case)| (id.clone(), case.value.clone())).collect()
}

/// The cases that a form points to and does not touch.
fn needed(asked: &CaseSubmission, mentioned: &[&str]) -> Vec<String> {
    if asked.is_forwarded {
        return Vec::new();
    }
    let touched: BTreeSet<&str> = asked.case_ids().into_iter().collect();
    let pointed_to = mentioned.iter().filter(|id| !touched.contains(**id));
    pointed_to.map(|id| (*id).to_owned()).collect()
}

/// The ids of the cases that were open, or not there, and are closed now.
fn newly_closed<'a>(applied: &'a Applied, states: &BTreeMap<String, Case>) -> Vec<&'a str> {
    let was_closed =
        |id: &str| states.get(id).is_some_and(|case| case.is_closed() && !case.deleted);
    let cases = applied.cases.iter().filter(|case| case.is_closed() && !was_closed(&case.id));
    cases.map(|case| case.id.as_str()).collect()
}

/// Each state with the change that made it.
fn changes(submission: Uuid, asked: &CaseSubmission, applied: &Applied) -> Vec<(Case, CaseChange)> {
    let cases = applied.cases.iter().cloned();
    // Both are in the order of the document.
    let blocks = asked.by_case().into_iter().map(|(_, blocks)| blocks);
    let change = |(transaction, blocks): (&CaseTransaction, Vec<&CaseBlock>)| CaseChange {
        transaction: transaction.clone(),
        submission,
        blocks: blocks.into_iter().cloned().collect(),
    };
    cases.zip(applied.transactions.iter().zip(blocks).map(change)).collect()
}

/// Adds a change to the history of its case, where it is the newest by the clock of the phone too; else
/// the case is made anew, with the change in its place.
async fn add(
    store: &Store,
    project: &str,
    known: &Known,
    case: Case,
    change: CaseChange,
    now: Timestamp,
) -> Result<FiledCase, StoreError> {
    let present = known.get(&case.id);
    let expected = present.map_or(0, |present| present.revision);
    // No form of the case was filled in later than it was last changed.
    let is_newest = present.is_none_or(|present| {
        present.value.modified_at.is_none_or(|latest| latest <= change.transaction.client_at)
    });
    if is_newest || !overtakes(store, project, &change.transaction).await? {
        return Ok(FiledCase { case, expected, history: CaseHistory::Add(change) });
    }
    let mut history = match store.case_changes(project, &case.id).await {
        Ok(history) => history,
        // Too long to be made anew: what comes counts in the order of its coming.
        Err(StoreError::Refused(_)) => {
            return Ok(FiledCase { case, expected, history: CaseHistory::Add(change) });
        }
        Err(error) => return Err(error),
    };
    history.push(change);
    Ok(made_anew(&case.id, expected, history, now))
}

/// Whether a change goes before another one of its case, as [`cases::overtakes`] has it.
async fn overtakes(
    store: &Store,
    project: &str,
    transaction: &CaseTransaction,
) -> Result<bool, StoreError> {
    let window = i64::try_from(ORDER_WINDOW.as_micros()).unwrap_or(i64::MAX);
    let Timestamp(at) = transaction.server_at;
    let received = Timestamp(at.saturating_sub(window))..=Timestamp(at.saturating_add(window));
    store.has_later_change(project, transaction, received).await
}

/// A case as all of these make it, each in its place.
pub(super) fn made_anew(
    case_id: &str,
    expected: i64,
    mut history: Vec<CaseChange>,
    now: Timestamp,
) -> FiledCase {
    let asked: Vec<CaseSubmission> = history.iter().map(as_asked).collect();
    let rebuilt = cases::rebuild(case_id, &asked, now);
    let forms = rebuilt.transactions.iter().map(|transaction| transaction.form_id.as_str());
    let places: HashMap<&str, usize> = forms.zip(0..).collect();
    history.sort_by_key(|change| places.get(change.transaction.form_id.as_str()).copied());
    FiledCase { case: rebuilt.case, expected, history: CaseHistory::Replace(history) }
}

/// What a change of the past asked for.
pub(crate) fn as_asked(change: &CaseChange) -> CaseSubmission {
    CaseSubmission {
        form_id: change.transaction.form_id.clone(),
        received_at: change.transaction.server_at,
        edited_at: None,
        blocks: change.blocks.clone(),
        is_forwarded: true,
    }
}

/// Makes every case anew that a form touched before it was edited, or touches since.
async fn edited(
    store: &Store,
    project: &str,
    form: CaseForm<'_>,
    mut known: Known,
) -> Result<Result<CaseFiling, CaseError>, StoreError> {
    let before = store.cases_of_submission(project, form.submission).await?;
    let missing: Vec<&str> =
        before.iter().filter(|id| !known.contains_key(*id)).map(String::as_str).collect();
    if !missing.is_empty() {
        known.append(&mut store.cases(project, &missing).await?);
    }
    let now_touched = form.asked.case_ids();
    let all: BTreeSet<&str> =
        before.iter().map(String::as_str).chain(now_touched.iter().copied()).collect();
    let mentioned: Vec<&str> = cases::mentioned(form.asked).into_iter().collect();
    let mut filing = CaseFiling { needed: needed(form.asked, &mentioned), ..CaseFiling::default() };
    let transactions = cases::transactions(form.asked);
    let blocks = form.asked.by_case().into_iter().map(|(_, blocks)| blocks);
    let asked: HashMap<&str, (&CaseTransaction, Vec<&CaseBlock>)> = transactions
        .iter()
        .zip(blocks)
        .map(|(transaction, blocks)| (transaction.case_id.as_str(), (transaction, blocks)))
        .collect();
    for case_id in all {
        let mut history = store.case_changes(project, case_id).await?;
        let place = history.iter().position(|change| change.submission == form.submission);
        let earlier = place.map(|place| history.remove(place));
        if let Some((transaction, blocks)) = asked.get(case_id) {
            let mut transaction = (*transaction).clone();
            // It keeps its place, and the id that it is known by in histories.
            if let Some(earlier) = earlier {
                transaction.server_at = earlier.transaction.server_at;
                transaction.form_id = earlier.transaction.form_id;
            }
            let blocks = blocks.iter().map(|block| (*block).clone()).collect();
            history.push(CaseChange { transaction, submission: form.submission, blocks });
        }
        let expected = known.get(case_id).map_or(0, |case| case.revision);
        let anew = made_anew(case_id, expected, history, form.now);
        if let Err(error) = cases::bounds(&anew.case) {
            return Ok(Err(error));
        }
        filing.tell(form, &anew.case, Occasion::Rebuild);
        filing.cases.push(anew);
    }
    Ok(Ok(filing))
}

/// Closes the open extensions of the cases that a form has closed.
async fn close_extensions(
    store: &Store,
    project: &str,
    form: CaseForm<'_>,
    applied: &Applied,
    closed: &[&str],
    filing: &mut CaseFiling,
) -> Result<(), StoreError> {
    let extensions = store.open_extensions_of(project, closed, MOST_EXTENSIONS).await?;
    let others: Vec<Case> = extensions.iter().map(|extension| extension.value.clone()).collect();
    let blocks = closing_of_extensions(&applied.cases, &others, form.now);
    if blocks.is_empty() {
        return Ok(());
    }
    let id = new_id(form.now);
    let form_id = id.to_string();
    let device = extension_device_id(&form.asked.form_id);
    let xml = system_form(&form_id, &device, SYSTEM_USER, form.now, &blocks);
    let asked = CaseSubmission {
        form_id,
        received_at: form.now,
        edited_at: None,
        blocks,
        is_forwarded: false,
    };
    let mut known: Known =
        extensions.into_iter().map(|extension| (extension.value.id.clone(), extension)).collect();
    // What this form has touched just now is as it has made it.
    for filed in &filing.cases {
        let revised = Revised { value: filed.case.clone(), revision: filed.expected };
        known.insert(filed.case.id.clone(), revised);
    }
    let closing = cases::apply(&asked, &states(&known)).map_err(|error| {
        StoreError::Refused(format!("the extensions of a closed case: {error}"))
    })?;
    let own = CaseForm { submission: id, asked: &asked, is_edit: false, ..form };
    for (case, change) in changes(id, &asked, &closing) {
        filing.tell(own, &case, Occasion::Submission);
        if let Some(filed) = filing.cases.iter_mut().find(|filed| filed.case.id == case.id) {
            let before = match &filed.history {
                CaseHistory::Replace(changes) => changes.clone(),
                CaseHistory::Add(first) => {
                    let mut changes = store.case_changes(project, &case.id).await?;
                    changes.push(first.clone());
                    changes
                }
            };
            let history = before.into_iter().chain([change]).collect();
            *filed = FiledCase {
                case,
                expected: filed.expected,
                history: CaseHistory::Replace(history),
            };
        } else {
            let expected = known.get(&case.id).map_or(0, |case| case.revision);
            filing.cases.push(FiledCase { case, expected, history: CaseHistory::Add(change) });
        }
    }
    filing.closing = Some(SystemForm { id, xml });
    Ok(())
}
