//! File: what a message makes of forms, submissions and cases, planned before it is kept.
//!
//! ```text
//!   read (pure)   what the message says: filled forms, what they ask of cases     reading
//!   forms         which form each is of, and what it asks                         book
//!   turn          one plan at a time for each submission and case                 turns
//!   plan          what becomes of it, by the rules and by what the store has      plan, cases, files
//! ```
//!
//! What is planned is kept in the transaction of the message, which compares everything that the plan
//! was made from with what is there by then: a plan that is no longer true writes nothing, and is made
//! again. So a form and its cases are there whole, together with the message and its deliveries, or
//! not at all.

mod book;
mod cases;
mod changing;
mod embedded;
mod files;
mod lifecycles;
mod plan;
mod posted;
mod reading;
mod rebuilding;
mod told;
mod turns;

use std::sync::Arc;

use fieldpost_dialects::{Decoded, Received, Unreadable, instance_id};
use fieldpost_model::source::{Dialect, Source};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::openrosa::Flavour;
use fieldpost_store::StoreError;
use uuid::Uuid;

pub use changing::{ChangeError, ChangedCases};
pub use files::ArrivedFile;
pub use posted::{FormOutcome, FormPost, FormReceipt};

pub(crate) use book::FormBook;
pub(crate) use cases::as_asked;
pub(crate) use plan::{Planned, Refusal, RefusedBy, Way, keys};
pub(crate) use reading::{Form, Reader, Said, SaidSubmission, read_one};
pub(crate) use told::{FiledForm, Told, Touched, Wanted, case_ids};
pub(crate) use turns::{Turn, Turns};

use crate::hub::Hub;
use crate::routing::ProjectRouting;
use files::Fetching;
use plan::Occasion;
use turns::Key;

/// Submissions and cases that one message takes turns for.
const MOST_TURN_KEYS: usize = 64;

/// The application whose receiver has this address: the last part of `/a/<project>/receiver/…`.
pub(crate) fn application_of(path: &str) -> Option<&str> {
    let (_, rest) = path.strip_prefix("/a/")?.split_once("/receiver/")?;
    let last = rest.split('/').rfind(|part| !part.is_empty())?;
    (!["secure", "api", "submission"].contains(&last)).then_some(last)
}

/// What a message came with beside its body, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    /// How it came in.
    pub(crate) way: Way,
    /// The application whose receiver it was posted to.
    pub(crate) application: Option<&'a str>,
    /// Its files.
    pub(crate) files: &'a [ArrivedFile],
    /// Whether it was set aside before, and others may have come since.
    pub(crate) is_late: bool,
    /// What the lifecycle of its form is told, where that is more than that it came.
    pub(crate) told: Option<&'a str>,
    /// Whether it is only begun: nobody else is told of it.
    pub(crate) is_draft: bool,
    /// The version of the submission that it was made from; another is a conflict.
    pub(crate) expected: Option<i64>,
}

impl Arrival<'_> {
    /// What comes to an inbox: the body is all of it.
    pub(crate) const PUSHED: Self = Self {
        way: Way::Pushed,
        application: None,
        files: &[],
        is_late: false,
        told: None,
        is_draft: false,
        expected: None,
    };
}

/// How a message came in, by the address that it came to: receivers have addresses of their own.
pub(crate) fn way_of(source: Option<&Source>, path: &str) -> Way {
    let flavour = match source.map(|source| source.dialect) {
        Some(Dialect::Openrosa) => Flavour::Odk,
        Some(Dialect::Commcare | Dialect::CommcareForm) => Flavour::Commcare,
        _ => return Way::Pushed,
    };
    let is_posted = ["/p/", "/a/"].iter().any(|receivers| path.starts_with(receivers));
    if is_posted { Way::Posted(flavour) } else { Way::Pushed }
}

/// A plan, with the turn in which it was made: held until the plan is kept, or given up.
pub(crate) struct InTurn {
    pub(crate) planned: Result<Planned, Refusal>,
    pub(crate) turn: Turn,
}

impl Hub {
    /// Reads what a message says, with the answers typed by their forms as these are now.
    pub(crate) async fn read_said(
        &self,
        routing: &ProjectRouting,
        reader: Reader<'_>,
        received: &Received<'_>,
        decoded: &Decoded<'_>,
    ) -> Result<Result<Said, Unreadable>, StoreError> {
        let mut said = match reader.read(received, decoded) {
            Ok(said) => said,
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        if self.look_up_forms(routing, &mut said).await? {
            match reader.read(received, decoded) {
                Ok(again) => said = again,
                Err(unreadable) => return Ok(Err(unreadable)),
            }
            self.look_up_forms(routing, &mut said).await?;
        }
        Ok(Ok(said))
    }

    /// Finds the form of each submission, as it is now. Where the answers were read by another definition
    /// than that, the message is to be read again: the answer is `true`.
    pub(crate) async fn look_up_forms(
        &self,
        routing: &ProjectRouting,
        said: &mut Said,
    ) -> Result<bool, StoreError> {
        let mut is_outdated = false;
        for submission in &mut said.submissions {
            let reference = &submission.submission.form;
            let found = self.form_book().find(self.store(), &routing.project, reference).await?;
            let definition = |form: &Option<book::KnownForm>| {
                form.as_ref().and_then(|form| form.definition.as_ref().map(Arc::as_ptr))
            };
            is_outdated |= definition(&found) != definition(&submission.form);
            submission.form = found;
        }
        Ok(is_outdated)
    }

    /// Plans what is to be filed of a message of that source.
    pub(crate) async fn plan_filing(
        &self,
        (routing, source): (&ProjectRouting, &str),
        message: Uuid,
        now: Timestamp,
        mut said: Said,
        arrival: Arrival<'_>,
    ) -> Result<InTurn, StoreError> {
        embedded::write(self.store(), &mut said).await?;
        let keys = turn_keys(&said);
        // Who is about very much would hold up everybody: there the comparison alone decides.
        let keys = if keys.len() > MOST_TURN_KEYS { &[] } else { keys.as_slice() };
        let turn = self.turns().take(&routing.project, keys.iter().map(Name::key)).await;
        let occasion = Occasion {
            store: self.store(),
            book: self.form_book(),
            project: &routing.project,
            message,
            now,
            way: arrival.way,
            application: arrival.application,
            files: arrival.files,
            is_late: arrival.is_late,
            max_forms: self.settings().max_forms,
            routing,
            told: arrival.told,
            expected: arrival.expected,
            wanted: if arrival.is_draft { Wanted::default() } else { routing.wanted() },
            fetching: routing.source(source).and_then(|source| {
                let connection = source.fetch_files.as_deref()?;
                Some(Fetching { connection, most: self.settings().max_fetched_files })
            }),
        };
        let planned = plan::plan(occasion, said).await?;
        Ok(InTurn { planned, turn })
    }
}

/// What a turn is taken for.
enum Name {
    Instance(String),
    Case(String),
}

impl Name {
    fn key(&self) -> Key<'_> {
        match self {
            Self::Instance(id) => Key::Instance(id),
            Self::Case(id) => Key::Case(id),
        }
    }
}

/// Everything that a message may change, as far as it says so.
fn turn_keys(said: &Said) -> Vec<Name> {
    let of_submission = |said: &SaidSubmission| {
        let metadata = &said.submission.metadata;
        let ids = [&metadata.instance_id, &metadata.deprecated_id];
        let ids = ids.into_iter().flatten().filter_map(|id| instance_id(id)).map(Name::Instance);
        let cases = said.blocks.iter().map(|block| Name::Case(block.case_id.clone()));
        ids.chain(cases).collect::<Vec<_>>()
    };
    let state = said.state.iter().map(|block| Name::Case(block.case_id.clone()));
    said.submissions.iter().flat_map(of_submission).chain(state).collect()
}
