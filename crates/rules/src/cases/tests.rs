//! `CommCare`'s case rules, one by one, and the laws that hold over any number of forms.

mod check;
mod laws;
mod order;
mod steps;

use std::collections::BTreeMap;

use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, Case, CaseAction, CaseBlock, CaseIndex,
    CaseRelationship, CaseSubmission,
};
use fieldpost_model::time::Timestamp;

use super::{Applied, apply};

const MINUTE: i64 = 60_000_000;

/// That many minutes after the beginning of time.
fn at(minutes: i64) -> Timestamp {
    Timestamp(minutes * MINUTE)
}

/// A form that was received at that minute.
fn form(id: &str, minute: i64, blocks: Vec<CaseBlock>) -> CaseSubmission {
    CaseSubmission {
        form_id: id.to_owned(),
        received_at: at(minute),
        edited_at: None,
        blocks,
        is_forwarded: false,
    }
}

/// A block by the user `u`, made at that minute.
fn block(case_id: &str, minute: i64, actions: Vec<CaseAction>) -> CaseBlock {
    CaseBlock {
        case_id: case_id.to_owned(),
        user_id: "u".to_owned(),
        modified_at: Some(at(minute)),
        scope: BlockScope::Change,
        actions,
    }
}

fn texts(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn create(values: &[(&str, &str)]) -> CaseAction {
    CaseAction::Create(texts(values))
}

fn update(values: &[(&str, &str)]) -> CaseAction {
    CaseAction::Update(texts(values))
}

fn close() -> CaseAction {
    CaseAction::Close(None)
}

fn tie(case_id: &str, relationship: CaseRelationship) -> CaseIndex {
    CaseIndex { case_id: case_id.to_owned(), case_type: "household".to_owned(), relationship }
}

fn index(name: &str, case_id: &str, relationship: CaseRelationship) -> CaseAction {
    CaseAction::Index([(name.to_owned(), Some(tie(case_id, relationship)))].into())
}

fn untie(name: &str) -> CaseAction {
    CaseAction::Index([(name.to_owned(), None)].into())
}

fn attach(name: &str, source: Option<&str>) -> CaseAction {
    let file = source.map(|source| BroughtFile {
        origin: AttachmentOrigin::Local,
        source: source.to_owned(),
        content_type: None,
    });
    CaseAction::Attachment([(name.to_owned(), file)].into())
}

/// The cases of a project, as forms come in one after the other.
#[derive(Default)]
struct Cases(BTreeMap<String, Case>);

impl Cases {
    #[track_caller]
    fn take(&mut self, submission: &CaseSubmission) -> Applied {
        let applied = apply(submission, &self.0).unwrap_or_else(|error| panic!("{error}"));
        self.keep(applied.cases.clone());
        applied
    }

    fn keep(&mut self, cases: Vec<Case>) {
        self.0.extend(cases.into_iter().map(|case| (case.id.clone(), case)));
    }

    /// A case after these forms.
    #[track_caller]
    fn after(case_id: &str, forms: &[CaseSubmission]) -> Case {
        let mut cases = Self::default();
        for form in forms {
            cases.take(form);
        }
        cases.0.remove(case_id).unwrap()
    }
}
