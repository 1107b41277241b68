//! What a message makes of forms, submissions and cases: the filing that is kept with it.
//!
//! The store knows no rules. Whoever plans a filing reads the present state, decides, and says with each
//! thing which revision the plan was made from. The accepting transaction compares them all; where one has
//! moved, nothing is written and the plan is made again ([`Accepted::Stale`](crate::Accepted::Stale)). A
//! message that repeats another one brings files only: a client sends the files of one form in several
//! posts with the same form in each. A quarantined message brings nothing.
//!
//! ```text
//!   keys      what a batch of filings is about: to be locked, and to be read
//!   known     what the database holds of it, and what the batch has added   → stale, or not
//!   batch     the filings of one transaction, in the order of arrival
//!   rows      what is written: the same tables on both engines
//! ```

pub(crate) mod batch;
pub(crate) mod codec;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod rows;
pub(crate) mod tables;

use bytes::Bytes;
use fieldpost_model::case::{Case, CaseBlock, CaseTransaction};
use fieldpost_model::form_definition::NotedAnswer;
use uuid::Uuid;

use crate::fetches::WantedFetch;
use crate::text::{storable, storable_key};

/// The text of the conflict that a filing runs into which no longer fits what there is.
pub(crate) const MOVED: &str = "what the filing was planned from has changed since";

/// What one message makes of forms, submissions and cases.
#[derive(Clone, Debug, Default)]
pub struct Filing {
    /// Forms that nobody has known before.
    pub forms: Vec<NewForm>,
    /// Submissions, new ones and new versions.
    pub submissions: Vec<FiledSubmission>,
    /// Files of submissions that are there, or that come with this filing.
    pub files: Vec<FiledFile>,
    /// The new states of cases.
    pub cases: Vec<FiledCase>,
    /// Cases that must be there, not deleted; nothing of theirs changes.
    pub needed_cases: Vec<String>,
}

/// A form that a submission makes known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewForm {
    /// Its key within the project.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The id that submissions name it by.
    pub form_id: Option<String>,
    /// The namespace that submissions name it by.
    pub xmlns: Option<String>,
    /// The version of the first submission.
    pub version: Option<String>,
    /// The application that it is part of.
    pub application: Option<String>,
    /// The name of a submission's outermost element.
    pub root: Option<String>,
}

/// A submission, or a new version of one.
#[derive(Clone, Debug, Default)]
pub struct FiledSubmission {
    /// Its id, made by the planner; UUIDv7.
    pub id: Uuid,
    /// The revision that the plan was made from; 0 for one that was not there.
    pub expected: i64,
    /// The name of its form.
    pub form: String,
    /// The version of the form, as the submission says.
    pub form_version: Option<String>,
    /// The application that it was filled in with.
    pub application: Option<String>,
    /// The build of the application.
    pub build: Option<String>,
    /// What its sender calls it, in this version.
    pub instance_id: Option<String>,
    /// SHA-256 of its content, by which a repetition is told from an edit.
    pub content_hash: [u8; 32],
    /// The answers, as JSON text.
    pub values: String,
    /// What the form does not know, as JSON text.
    pub extra: String,
    /// What is known of it beside the answers, as JSON text.
    pub metadata: String,
    /// Where it was filled in: a geometry in GeoJSON.
    pub position: Option<String>,
    /// The name of who filled it in.
    pub user: Option<String>,
    /// The id of who filled it in.
    pub user_id: Option<String>,
    /// Whether no definition gave the answers a type.
    pub is_untyped: bool,
    /// Whether there are only files that hold the answers, encrypted.
    pub is_encrypted: bool,
    /// The names of the answers, where nobody has described the form.
    pub noted: Vec<NotedAnswer>,
    /// The exact form, where that is not the body of its message.
    pub original: Option<Original>,
    /// What the lifecycle of its form is to be told of this version, as a text of its planner's; `None` where
    /// the form has no lifecycle.
    pub untold: Option<String>,
}

/// The exact bytes of a form that is not the body of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// What it is.
    pub content_type: Option<String>,
    /// The bytes.
    pub bytes: Bytes,
}

/// A file of a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FiledFile {
    /// The submission.
    pub submission: Uuid,
    /// The version of the submission that it came with, and counts from. 0: the one that it is filed with,
    /// else the newest.
    pub version: i64,
    /// The name that the answers write.
    pub name: String,
    /// What it is, where the sender says.
    pub content_type: Option<String>,
    /// SHA-256 of its bytes; `None` for one that has not come yet.
    pub sha256: Option<[u8; 32]>,
    /// How many bytes it has.
    pub bytes: Option<u64>,
    /// Where it is to be had.
    pub link: Option<String>,
    /// The order to fetch it from there.
    pub fetch: Option<WantedFetch>,
}

/// The new state of a case.
#[derive(Clone, Debug)]
pub struct FiledCase {
    /// The state. Its forms are not kept with it: they are those of the history.
    pub case: Case,
    /// The revision that the plan was made from; 0 for one that was not there.
    pub expected: i64,
    /// What becomes of its history.
    pub history: CaseHistory,
}

/// What becomes of the history of a case.
#[derive(Clone, Debug)]
pub enum CaseHistory {
    /// One change more.
    Add(CaseChange),
    /// The case was made anew: this is its history from here on.
    Replace(Vec<CaseChange>),
}

/// What one form did to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChange {
    /// The memory of it.
    pub transaction: CaseTransaction,
    /// The submission.
    pub submission: Uuid,
    /// What the form asked for of this case.
    pub blocks: Vec<CaseBlock>,
}

/// Something together with the revision that it was read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised<T> {
    /// What was read.
    pub value: T,
    /// Grows with every change.
    pub revision: i64,
}

impl CaseHistory {
    /// The changes that are written.
    pub(crate) fn changes(&self) -> &[CaseChange] {
        match self {
            Self::Add(change) => std::slice::from_ref(change),
            Self::Replace(changes) => changes,
        }
    }
}

/// What a case, a block or a submission holds in memory beside its texts.
const OVERHEAD: usize = 512;

impl Filing {
    /// What this filing holds in memory while it waits. An estimate for cases: what their texts hold
    /// came with the message, which is counted, or was read from the database.
    pub(crate) fn held_bytes(&self) -> usize {
        let submissions = self.submissions.iter().map(|submission| {
            let original = submission.original.as_ref().map_or(0, |original| original.bytes.len());
            OVERHEAD
                + original
                + submission.values.len()
                + submission.extra.len()
                + submission.metadata.len()
                + submission.untold.as_ref().map_or(0, String::len)
                + submission.noted.iter().map(|answer| answer.path.len()).sum::<usize>()
        });
        let cases = self.cases.iter().map(|filed| {
            let properties = filed.case.properties.iter();
            let texts: usize = properties.map(|(name, value)| name.len() + value.len()).sum();
            OVERHEAD * (1 + filed.history.changes().len()) + texts
        });
        let files = self.files.len() * OVERHEAD;
        submissions.sum::<usize>() + cases.sum::<usize>() + files
    }

    /// Fits what serves look-ups to what every database can hold.
    pub(crate) fn make_storable(&mut self) {
        for form in &mut self.forms {
            fit(&mut form.form_id, storable_key);
            fit(&mut form.xmlns, storable_key);
            fit(&mut form.version, storable_key);
        }
        for submission in &mut self.submissions {
            fit(&mut submission.instance_id, storable_key);
            fit(&mut submission.user_id, storable_key);
            fit(&mut submission.form_version, storable);
            fit(&mut submission.untold, storable);
        }
        for file in &mut self.files {
            file.name = storable_key(std::mem::take(&mut file.name));
        }
        for filed in &mut self.cases {
            filed.case.id = storable_key(std::mem::take(&mut filed.case.id));
        }
        for case_id in &mut self.needed_cases {
            *case_id = storable_key(std::mem::take(case_id));
        }
    }
}

fn fit(text: &mut Option<String>, fitted: fn(String) -> String) {
    *text = text.take().map(fitted);
}
