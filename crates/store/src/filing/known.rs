//! What is there of that which a batch of filings is about, and whether a plan still fits.
//!
//! It is read once for the whole batch, and then kept as the batch changes it: of two plans about one case
//! the second was made from what the first one changes, so it is stale.

use std::collections::{HashMap, HashSet};

use fieldpost_model::ProjectName;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::keys::Key;
use super::{FiledFile, Filing};
use crate::indexed_fields::FieldPath;
use crate::noted_answers::KnownAnswers;

/// What is known of a case.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KnownCase {
    pub(crate) revision: i64,
    /// The last position in its history.
    pub(crate) changes: i64,
    pub(crate) is_deleted: bool,
}

/// A file: project, submission, name, and the version of the submission that it counts from.
pub(crate) type FileKey = (ProjectName, Uuid, String, i64);

/// What is known by the keys of a batch; what is not here is not there.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) forms: HashSet<Key>,
    pub(crate) form_ids: HashSet<Key>,
    pub(crate) namespaces: HashSet<Key>,
    /// The last numbers that forms have given.
    pub(crate) numbers: HashMap<Key, i64>,
    /// The versions of submissions.
    pub(crate) submissions: HashMap<(ProjectName, Uuid), i64>,
    /// The submissions that have these names.
    pub(crate) instances: HashMap<Key, Uuid>,
    pub(crate) cases: HashMap<Key, KnownCase>,
    /// The paths of forms whose values are indexed.
    pub(crate) indexed_fields: HashMap<Key, Vec<FieldPath>>,
    /// The names of the answers that came of forms which nobody has described.
    pub(crate) noted: HashMap<Key, KnownAnswers>,
    /// The contents of files that have come.
    pub(crate) files: HashMap<FileKey, [u8; 32]>,
    /// When the last submission or case of a project took its place in the list of changes.
    pub(crate) indexed: HashMap<ProjectName, Timestamp>,
}

impl Known {
    /// Whether something has moved since the plan was made.
    pub(crate) fn has_moved_since(&self, project: &ProjectName, filing: &Filing) -> bool {
        let key = |text: &str| (project.clone(), text.to_owned());
        let form_moved = filing.forms.iter().any(|form| {
            let is_known = match (&form.form_id, &form.xmlns) {
                (Some(form_id), _) => self.form_ids.contains(&key(form_id)),
                (None, Some(xmlns)) => self.namespaces.contains(&key(xmlns)),
                (None, None) => false,
            };
            is_known || self.forms.contains(&key(&form.name))
        });
        let submission_moved = filing.submissions.iter().any(|submission| {
            let version = self.submissions.get(&(project.clone(), submission.id));
            let holder =
                submission.instance_id.as_ref().and_then(|id| self.instances.get(&key(id)));
            let is_new_form = filing.forms.iter().any(|form| form.name == submission.form);
            version.copied().unwrap_or(0) != submission.expected
                || holder.is_some_and(|holder| *holder != submission.id)
                || !(is_new_form || self.forms.contains(&key(&submission.form)))
        });
        let file_moved = filing.files.iter().any(|file| {
            if filing.submissions.iter().any(|other| other.id == file.submission) {
                return false;
            }
            // Two posts that bring a file under one name: what came first stays.
            let there = self.files.get(&self.key_of(project, filing, file));
            !self.submissions.contains_key(&(project.clone(), file.submission))
                || matches!((there, file.sha256), (Some(there), Some(new)) if *there != new)
        });
        let case_moved = filing.cases.iter().any(|filed| {
            let known = self.cases.get(&key(&filed.case.id));
            known.map_or(0, |known| known.revision) != filed.expected
        });
        let need_moved = filing.needed_cases.iter().any(|case_id| {
            let known = self.cases.get(&key(case_id));
            known.is_none_or(|known| known.is_deleted)
        });
        form_moved || submission_moved || file_moved || case_moved || need_moved
    }

    /// Notes what a filing changes, all but the numbers and positions that its rows take.
    pub(crate) fn note(&mut self, project: &ProjectName, filing: &Filing) {
        let key = |text: &str| (project.clone(), text.to_owned());
        for form in &filing.forms {
            self.forms.insert(key(&form.name));
            match (&form.form_id, &form.xmlns) {
                (Some(form_id), _) => self.form_ids.insert(key(form_id)),
                (None, Some(xmlns)) => self.namespaces.insert(key(xmlns)),
                (None, None) => false,
            };
        }
        for submission in &filing.submissions {
            self.submissions.insert((project.clone(), submission.id), submission.expected + 1);
            if let Some(instance_id) = &submission.instance_id {
                self.instances.insert(key(instance_id), submission.id);
            }
        }
        self.note_files(project, filing);
        for filed in &filing.cases {
            let known = self.cases.entry(key(&filed.case.id)).or_default();
            known.revision = filed.expected + 1;
            known.is_deleted = filed.case.deleted;
        }
    }

    /// Notes the files that a filing brings: all that one does which repeats another.
    pub(crate) fn note_files(&mut self, project: &ProjectName, filing: &Filing) {
        for file in &filing.files {
            if let Some(sha256) = file.sha256 {
                self.files.insert(self.key_of(project, filing, file), sha256);
            }
        }
    }

    /// What a file is known by: it counts from the version that it is filed with, or that it names.
    pub(crate) fn key_of(
        &self,
        project: &ProjectName,
        filing: &Filing,
        file: &FiledFile,
    ) -> FileKey {
        let comes = filing.submissions.iter().find(|other| other.id == file.submission);
        let there = self.submissions.get(&(project.clone(), file.submission)).copied();
        let version = match comes {
            Some(comes) => comes.expected + 1,
            None if file.version > 0 => file.version,
            None => there.unwrap_or(1),
        };
        (project.clone(), file.submission, file.name.clone(), version)
    }

    /// The next number of a form.
    pub(crate) fn next_number(&mut self, form: Key) -> i64 {
        let last = self.numbers.entry(form).or_default();
        *last += 1;
        *last
    }

    /// The next place in a project's list of changes: a moment of its own, behind all that are taken, and
    /// not before `now`. Whoever has read up to one misses nothing by going on from there.
    pub(crate) fn next_indexed(&mut self, project: &ProjectName, now: Timestamp) -> Timestamp {
        let last = self.indexed.entry(project.clone()).or_default();
        *last = now.max(Timestamp(last.0 + 1));
        *last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_list_of_changes_grow_whatever_the_clock_says() {
        let mut known = Known::default();
        let (clinic, other) = (ProjectName::from("clinic"), ProjectName::from("other"));
        let mut next = |project: &ProjectName, now| known.next_indexed(project, Timestamp(now)).0;
        assert_eq!([5, 5, 3, 9].map(|now| next(&clinic, now)), [5, 6, 7, 9]);
        assert_eq!(next(&other, 3), 3);
    }
}
