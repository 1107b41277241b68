//! The filings of one transaction: which of them fit, and what they come to together.

use fieldpost_model::ProjectName;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::Filing;
use super::keys::Keys;
use super::known::Known;
use super::rows::{By, Rows};
use crate::records::{Accept, Accepted};

/// The filings of the messages of one transaction.
#[derive(Debug, Default)]
pub(crate) struct FilingBatch {
    known: Known,
    rows: Rows,
}

/// The filing of a message that can be read.
fn filing_of(accept: &Accept) -> Option<&Filing> {
    accept.filing.as_deref().filter(|_| accept.message.quarantined.is_none())
}

impl FilingBatch {
    /// What these messages are about; `None` where none has a filing.
    pub(crate) fn keys<'a>(accepts: impl Iterator<Item = &'a Accept>) -> Option<Keys> {
        let mut keys = None;
        for accept in accepts {
            if let Some(filing) = filing_of(accept) {
                keys.get_or_insert_with(Keys::default).add(&accept.project, filing);
            }
        }
        keys
    }

    /// Begins with what there is.
    pub(crate) fn with(known: Known) -> Self {
        Self { known, rows: Rows::default() }
    }

    /// Whether the filing of a message fits what there is, after those that were noted before.
    pub(crate) fn fits(&self, accept: &Accept) -> bool {
        filing_of(accept).is_none_or(|filing| !self.known.has_moved_since(&accept.project, filing))
    }

    /// Notes a message that fits: later ones are compared with what it changes.
    pub(crate) fn note(&mut self, accept: &Accept) {
        if let Some(filing) = filing_of(accept) {
            self.known.note(&accept.project, filing);
        }
    }

    /// Notes a message that repeats another one: later ones are compared with the files that it brings.
    pub(crate) fn note_repetition(&mut self, accept: &Accept) {
        if let Some(filing) = filing_of(accept) {
            self.known.note_files(&accept.project, filing);
        }
    }

    /// Adds what the filing of a message comes to, by what became of the message.
    pub(crate) fn add(&mut self, accept: &Accept, accepted: &Accepted) {
        let Some(filing) = accept.filing.as_deref() else { return };
        let Accept { project, message, .. } = accept;
        match accepted {
            Accepted::Kept { .. } => {
                self.rows.file(By::of(project, message), filing, &mut self.known);
            }
            Accepted::Duplicate { .. } => {
                self.rows.file_again(project, filing, &self.known);
            }
            Accepted::Quarantined { id, .. } => self.rows.set_aside(project, *id, filing),
            Accepted::Stale | Accepted::QuarantineFull => {}
        }
    }

    /// What is to be written.
    pub(crate) fn into_rows(self) -> Rows {
        self.rows
    }
}

/// The filing of a message that was set aside before, and counts from now on.
#[derive(Clone, Debug)]
pub(crate) struct LateFiling {
    pub(crate) project: ProjectName,
    pub(crate) message: Uuid,
    pub(crate) source: String,
    pub(crate) at: Timestamp,
    /// Whether the same was kept meanwhile as another message: then it brings files only.
    pub(crate) is_repetition: bool,
    pub(crate) filing: Filing,
}

impl LateFiling {
    /// What it is about.
    pub(crate) fn keys(&self) -> Keys {
        let mut keys = Keys::default();
        keys.add(&self.project, &self.filing);
        keys
    }

    /// What is to be written, beside what there is; `None` where that has moved since the plan was
    /// made.
    pub(crate) fn rows(&self, mut known: Known) -> Option<Rows> {
        let Self { project, message, source, at, is_repetition, filing } = self;
        if known.has_moved_since(project, filing) {
            return None;
        }
        known.note(project, filing);
        let mut rows = Rows::default();
        if *is_repetition {
            rows.file_again(project, filing, &known);
            return Some(rows);
        }
        rows.file(By { project, message: *message, source, at: *at }, filing, &mut known);
        Some(rows)
    }
}
