//! Forms, submissions and cases, kept with the message that brings them.

mod changes;
mod compared;
mod erased;
mod erased_pushes;
mod fetched;
mod files;
mod forms;
mod indexed;
mod kept;
mod lists;
mod locks;
mod noted;
mod properties;
mod told;

use fieldpost_model::case::{
    BlockScope, Case, CaseAction, CaseActionKind, CaseBlock, CaseIndex, CaseRelationship,
    CaseTransaction,
};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accept, Accepted, CaseChange, CaseHistory, FiledCase, FiledFile, FiledSubmission, Filing,
    NewForm,
};
use uuid::Uuid;

use crate::support::{Change, PROJECT, TestStore, message};

/// The form that submissions are of unless a test says otherwise.
const FORM: &str = "births";

/// A message with that body, known by its body, that files this.
pub(crate) fn filed(body: &str, filing: Filing) -> Accept {
    message(body).known_as(body).change(|accept| accept.filing = Some(Box::new(filing)))
}

pub(crate) fn new_form(name: &str) -> NewForm {
    NewForm {
        name: name.to_owned(),
        title: name.to_uppercase(),
        form_id: Some(format!("{name}-id")),
        version: Some("7".to_owned()),
        ..NewForm::default()
    }
}

/// A new submission of [`FORM`].
pub(crate) fn submission(instance_id: &str) -> FiledSubmission {
    FiledSubmission {
        id: Uuid::now_v7(),
        form: FORM.to_owned(),
        instance_id: Some(instance_id.to_owned()),
        content_hash: [1; 32],
        values: r#"{"name":"Amina","weight":2.50}"#.to_owned(),
        extra: "{}".to_owned(),
        metadata: "{}".to_owned(),
        ..FiledSubmission::default()
    }
}

fn file(submission: Uuid, name: &str, sha256: Option<[u8; 32]>) -> FiledFile {
    FiledFile {
        submission,
        name: name.to_owned(),
        sha256,
        bytes: sha256.map(|_| 5),
        ..FiledFile::default()
    }
}

/// What a form did to a case: it created it.
fn change(case_id: &str, form_id: &str, submission: Uuid) -> CaseChange {
    CaseChange {
        transaction: CaseTransaction {
            case_id: case_id.to_owned(),
            form_id: form_id.to_owned(),
            user_id: "u".to_owned(),
            client_at: Timestamp(5),
            server_at: Timestamp(6),
            kinds: vec![CaseActionKind::Create],
        },
        submission,
        blocks: vec![CaseBlock {
            case_id: case_id.to_owned(),
            user_id: "u".to_owned(),
            modified_at: Some(Timestamp(5)),
            scope: BlockScope::Change,
            actions: vec![CaseAction::Create(
                [("case_name".to_owned(), "Amina".to_owned())].into(),
            )],
        }],
    }
}

/// A case as a form leaves it.
pub(crate) fn case(case_id: &str, expected: i64, form_id: &str, submission: Uuid) -> FiledCase {
    FiledCase {
        case: Case {
            case_type: "child".to_owned(),
            name: "Amina".to_owned(),
            owner: "u".to_owned(),
            properties: [("weight".to_owned(), "2.50".to_owned())].into(),
            server_modified_at: Timestamp(6),
            ..Case::new(case_id)
        },
        expected,
        history: CaseHistory::Add(change(case_id, form_id, submission)),
    }
}

fn tie(case_id: &str, relationship: CaseRelationship) -> CaseIndex {
    CaseIndex { case_id: case_id.to_owned(), case_type: "household".to_owned(), relationship }
}

/// Files [`FORM`] with one submission and one case, all new; the answer is the submission.
async fn begin(store: &TestStore) -> FiledSubmission {
    let submission = submission("uuid:first");
    let filing = Filing {
        forms: vec![new_form(FORM)],
        submissions: vec![submission.clone()],
        cases: vec![case("c", 0, "uuid:first", submission.id)],
        ..Filing::default()
    };
    assert_eq!(store.accept(filed("first", filing)).await, Ok(Accepted::Kept { version: 1 }));
    submission
}

/// The revision of a case; 0 where it is not there.
async fn revision(store: &TestStore, case_id: &str) -> i64 {
    let mut cases = store.cases(PROJECT, &[case_id]).await.unwrap();
    cases.remove(case_id).map_or(0, |case| case.revision)
}
