//! What a batch of filings is about.

use std::collections::BTreeSet;

use fieldpost_model::ProjectName;
use uuid::Uuid;

use super::Filing;
use crate::changes::changes_lock;
use crate::statement::Parameter;

/// Something of a project that is known by a text.
pub(crate) type Key = (ProjectName, String);

/// What has to be known before filings can be compared with what is there; each once, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// Forms, by name.
    pub(crate) forms: BTreeSet<Key>,
    /// Forms that nobody has described, of which names of answers come.
    pub(crate) noting: BTreeSet<Key>,
    /// Forms, by the ids that are new.
    pub(crate) form_ids: BTreeSet<Key>,
    /// Forms without an id, by the namespaces that are new.
    pub(crate) namespaces: BTreeSet<Key>,
    pub(crate) submissions: BTreeSet<(ProjectName, Uuid)>,
    /// Submissions that files come to which are there already.
    pub(crate) filled: BTreeSet<(ProjectName, Uuid)>,
    pub(crate) instances: BTreeSet<Key>,
    pub(crate) cases: BTreeSet<Key>,
    /// Projects whose lists of what has changed grow.
    pub(crate) growing: BTreeSet<ProjectName>,
}

impl Keys {
    /// Adds what a filing is about.
    pub(crate) fn add(&mut self, project: &ProjectName, filing: &Filing) {
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
            self.forms.insert(key(&submission.form));
            if !submission.noted.is_empty() {
                self.noting.insert(key(&submission.form));
            }
            self.submissions.insert((project.clone(), submission.id));
            self.instances.extend(submission.instance_id.as_deref().map(key));
        }
        let is_new = |id: Uuid| filing.submissions.iter().any(|it| it.id == id);
        let filled = filing.files.iter().map(|file| file.submission).filter(|id| !is_new(*id));
        self.filled.extend(filled.map(|id| (project.clone(), id)));
        self.submissions.extend(self.filled.iter().cloned());
        self.cases.extend(filing.cases.iter().map(|filed| key(&filed.case.id)));
        self.cases.extend(filing.needed_cases.iter().map(|case_id| key(case_id)));
        if !(filing.submissions.is_empty() && filing.cases.is_empty()) {
            self.growing.insert(project.clone());
        }
    }

    /// One text for everything that is to be locked. What is only needed is locked as well: it
    /// must not go before this is committed.
    pub(crate) fn locks(&self) -> Vec<String> {
        let texts = |kind: &'static str, keys: &BTreeSet<Key>| -> Vec<String> {
            keys.iter().map(|(project, text)| format!("{project}/{kind}/{text}")).collect()
        };
        let mut locks = texts("form", &self.forms);
        // Who waits here until somebody else has committed comes behind him in every list of changes.
        locks.extend(self.growing.iter().map(|project| changes_lock(project)));
        locks.extend(texts("form-id", &self.form_ids));
        locks.extend(texts("xmlns", &self.namespaces));
        locks.extend(texts("instance", &self.instances));
        locks.extend(self.cases.iter().map(|(project, id)| case_lock(project, id)));
        locks.extend(self.submissions.iter().map(|(project, id)| submission_lock(project, *id)));
        locks
    }
}

/// What a case is locked by.
pub(crate) fn case_lock(project: &str, case_id: &str) -> String {
    format!("{project}/case/{case_id}")
}

/// What a submission is locked by.
pub(crate) fn submission_lock(project: &str, submission: Uuid) -> String {
    format!("{project}/submission/{submission}")
}

/// The statement that takes the locks of the keys which `keys` lists as `key`, in the order of their
/// numbers, until the transaction ends. As in [`crate::order::lock`], 1,024 locks are shared by all keys;
/// these are the next numbers.
pub(crate) fn lock(keys: &str) -> String {
    format!(
        "SELECT pg_advisory_xact_lock(number) FROM (
             SELECT DISTINCT 5073697969740448768 + (hashtextextended(key, 0) & 1023) AS number
             FROM {keys} ORDER BY number) locks"
    )
}

/// Beyond so many keys nearly every lock is among theirs, and all are taken.
pub(crate) const MOST_LISTED_KEYS: usize = 5_000;

/// The same for keys, with its parameters.
pub(crate) fn lock_statement(keys: Vec<String>) -> (String, Vec<Parameter>) {
    if keys.len() > MOST_LISTED_KEYS {
        let all = "SELECT pg_advisory_xact_lock(5073697969740448768 + number)
                   FROM generate_series(0, 1023) number";
        return (all.to_owned(), Vec::new());
    }
    let values: Vec<String> = (1..=keys.len()).map(|number| format!("(${number}::text)")).collect();
    let listed = format!("(VALUES {}) AS keys (key)", values.join(", "));
    (lock(&listed), keys.into_iter().map(Parameter::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_keys_are_listed_and_beyond_all_locks_are_taken() {
        let keys = |count: usize| (0..count).map(|number| number.to_string()).collect();
        let (_, parameters) = lock_statement(keys(MOST_LISTED_KEYS));
        assert_eq!(parameters.len(), MOST_LISTED_KEYS);
        let (sql, parameters) = lock_statement(keys(MOST_LISTED_KEYS + 1));
        assert_eq!(parameters.len(), 0);
        assert!(sql.contains("5073697969740448768 + number"), "{sql}");
        assert!(sql.contains("generate_series(0, 1023)"), "{sql}");
    }
}
