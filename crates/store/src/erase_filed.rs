//! Erasing what messages have made of forms, submissions and cases.
//!
//! What a message loses, its submission loses: with its *bytes* the answers, the place and the files; with
//! its identity the version as a whole, and with its last version the submission.
//!
//! What forwards a case as a whole brings no submission: its change of the case is known by the message
//! itself, which stands for a submission wherever cases are meant here.
//!
//! Cases are made by many forms. Retention leaves a case and its history alone as long as a form of it is
//! there, and takes both away with the last one. A person who is erased is erased from cases at once: the
//! case that was asked for goes as a whole; of a form that was asked for, every change goes, and the cases
//! that had others are noted, to be made anew from those that remain. That the rules do, not the store, so
//! it is done after the erasure; the note is in the transaction that erases, and stays until it is done.

use std::collections::BTreeSet;

use fieldpost_model::ProjectName;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::case_properties::forget_properties;
use crate::changes::{ChangeKind, changes_lock};
use crate::erase::{Depth, MORE_THAN_TOMBSTONE, places, with_ids};
use crate::erasures::{MOST_REDOS, Traces};
use crate::error::StoreError;
use crate::filing::batch::LateFiling;
use crate::filing::keys::{MOST_LISTED_KEYS, case_lock, lock_statement, submission_lock};
use crate::filing::{FiledCase, Filing};
use crate::noted_answers::forget_answers;
use crate::progress::erase::{add_erase_happened, add_erase_progress};
use crate::statement::{Batch, Parameter, as_integer};
use crate::text::storable_key;
use crate::{Engine, Store};

/// Ids that one query looks for.
const AT_ONCE: usize = 200;

/// The cases that the submission `$2` has changed.
const TOUCHED: &str =
    "SELECT h.case_id FROM case_changes h WHERE h.project = $1 AND h.submission = $2";

/// The tables that hold a case, its own row last but for the history, which says which cases are meant.
const CASE_TABLES: [(&str, &str); 6] = [
    ("tellings", "case_id"),
    ("case_rebuilds", "case_id"),
    ("case_states", "case_id"),
    ("case_indices", "case_id"),
    ("cases", "id"),
    ("case_changes", "case_id"),
];

/// The text of the conflict that an erasure runs into where a submission has come to touch another case
/// since it was looked at: it is to be looked at again.
pub(crate) const TOUCHED_MEANWHILE: &str = "a submission has touched another case meanwhile";

/// What messages have made that an erasure takes away.
#[derive(Clone, Debug)]
pub(crate) struct FiledBy {
    pub(crate) submissions: Vec<Uuid>,
    /// The cases that they have touched, where these are to be locked.
    cases: BTreeSet<String>,
    depth: Depth,
}

impl Store {
    /// The submissions that these messages have said something of; and those of the messages which have
    /// told of a case as a whole.
    pub(crate) async fn submissions_of(
        &self,
        project: &str,
        messages: &[Uuid],
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut submissions = Vec::new();
        for ids in messages.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT submission FROM submission_versions
                 WHERE project = $1 AND message IN ({listed})
                 UNION SELECT submission FROM case_changes
                 WHERE project = $1 AND submission IN ({listed})",
                listed = places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            submissions.extend(self.query(sql, parameters, |row| row.id(0)).await?);
        }
        submissions.sort_unstable();
        submissions.dedup();
        Ok(submissions)
    }

    /// All messages that have said something of these submissions, or stand for one.
    pub(crate) async fn messages_of(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut messages = Vec::new();
        for ids in submissions.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT message FROM submission_versions
                 WHERE project = $1 AND submission IN ({listed})
                 UNION SELECT id FROM messages WHERE project = $1 AND id IN ({listed})",
                listed = places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            messages.extend(self.query(sql, parameters, |row| row.id(0)).await?);
        }
        Ok(messages)
    }

    /// The submissions that have this name, or have changed the case of this id.
    pub(crate) async fn submissions_named(
        &self,
        project: &str,
        table: &'static str,
        column: &'static str,
        name: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        let sql =
            format!("SELECT DISTINCT submission FROM {table} WHERE project = $1 AND {column} = $2");
        let parameters = vec![project.into(), storable_key(name.to_owned()).into()];
        self.query(sql, parameters, |row| row.id(0)).await
    }

    /// What these messages have made, as far as an erasure of that depth touches it. Cases go only with
    /// what they are known by, and only PostgreSQL has writers to lock out.
    pub(crate) async fn filed_by(
        &self,
        project: &str,
        messages: &[Uuid],
        depth: Depth,
    ) -> Result<FiledBy, StoreError> {
        let submissions = self.submissions_of(project, messages).await?;
        self.filed_as(project, submissions, depth).await
    }

    /// The same of these submissions.
    pub(crate) async fn filed_as(
        &self,
        project: &str,
        submissions: Vec<Uuid>,
        depth: Depth,
    ) -> Result<FiledBy, StoreError> {
        let mut cases = BTreeSet::new();
        if let (Engine::Postgres(_), Depth::Tombstone) = (&self.engine, depth) {
            cases.extend(self.cases_of_submissions(project, &submissions).await?);
        }
        Ok(FiledBy { submissions, cases, depth })
    }

    /// Adds the locks of what is erased, before anything of it is read: whoever files a version of such a
    /// submission or a change of such a case holds them. A case that one of the submissions has come to
    /// touch since they were looked for is not among them; then the conflict is [`TOUCHED_MEANWHILE`].
    pub(crate) fn lock_filed(&self, batch: &mut Batch, project: &str, filed: &FiledBy) {
        let FiledBy { submissions, cases, depth } = filed;
        if matches!(&self.engine, Engine::Sqlite(_)) || submissions.is_empty() {
            return;
        }
        let mut keys: Vec<String> =
            submissions.iter().map(|id| submission_lock(project, *id)).collect();
        keys.extend(cases.iter().map(|case_id| case_lock(project, case_id)));
        if *depth == Depth::Tombstone {
            keys.push(changes_lock(project));
        }
        let locks_all = keys.len() > MOST_LISTED_KEYS;
        let (sql, parameters) = lock_statement(keys);
        batch.any(sql, parameters);
        if locks_all || *depth == Depth::Bytes {
            return;
        }
        for ids in submissions.chunks(AT_ONCE) {
            let mut parameters = with_ids(vec![project.into()], ids);
            let others = if cases.is_empty() {
                String::new()
            } else {
                let listed = places(parameters.len() + 1, cases.len());
                format!("AND case_id NOT IN ({listed})")
            };
            parameters.extend(cases.iter().map(|case_id| Parameter::from(case_id.as_str())));
            batch.one(
                TOUCHED_MEANWHILE,
                format!(
                    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM case_changes
                         WHERE project = $1 AND submission IN ({}) {others})",
                    places(2, ids.len())
                ),
                parameters,
            );
        }
    }

    /// Erases from cases what is about a person: see the beginning of this file. Changes go before the
    /// messages that brought them, and whole cases after the messages that told of them: so an erasure that
    /// was interrupted finds again what is left. Changes stay, with the conflict [`TOLD_MEANWHILE`](crate::TOLD_MEANWHILE), where
    /// messages of others wait to tell of their cases.
    pub async fn erase_cases(
        &self,
        project: &str,
        traces: &Traces,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for case_id in &traces.cases {
            let of_case = || vec![project.into(), case_id.as_str().into()];
            let told = self.cases_told(project, "= $2", of_case(), 0).await?;
            let mut batch = Batch::default();
            self.lock_case(&mut batch, project, case_id);
            self.add_erase_told(&mut batch, project, "$2", &case_id.as_str().into(), now);
            let this = "project = $1 AND id = $2";
            self.add_tombstones(&mut batch, ChangeKind::Case, this, of_case(), now);
            batch.any(forget_properties(this), of_case());
            for (table, column) in CASE_TABLES {
                batch.any(
                    format!("DELETE FROM {table} WHERE project = $1 AND {column} = $2"),
                    of_case(),
                );
            }
            self.change(batch).await?;
            self.tell_all(told);
        }
        for submission in &traces.submissions {
            self.erase_changes(project, traces, *submission, now).await?;
        }
        Ok(())
    }

    /// Takes the changes of one submission out of the histories of cases, and a case away with its last
    /// one. A plan that was made from such a case before is stale.
    async fn erase_changes(
        &self,
        project: &str,
        traces: &Traces,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..=MOST_REDOS {
            let filed = self.filed_as(project, vec![submission], Depth::Tombstone).await?;
            let told = self.erased_of(project, &filed.submissions).await?;
            let mut batch = Batch::default();
            self.lock_filed(&mut batch, project, &filed);
            self.require_untold(&mut batch, project, traces, TOUCHED, &submission.into());
            self.add_erase_changes(&mut batch, project, submission, now);
            match self.change(batch).await {
                Err(StoreError::Conflict(conflict)) if conflict == TOUCHED_MEANWHILE => {}
                end => return end.map(|_| self.tell_all(told)),
            }
        }
        Err(StoreError::Busy)
    }

    /// Adds the statements of that. Which cases are meant is asked in the transaction, under its locks.
    fn add_erase_changes(
        &self,
        batch: &mut Batch,
        project: &str,
        submission: Uuid,
        now: Timestamp,
    ) {
        let parameters = || vec![project.into(), submission.into()];
        self.add_erase_told(batch, project, TOUCHED, &submission.into(), now);
        let mut with_now: Vec<Parameter> = parameters();
        with_now.push(now.into());
        batch.any(
            format!(
                "INSERT INTO case_rebuilds (project, case_id, since)
                 SELECT project, id, $3 FROM cases WHERE project = $1 AND id IN ({TOUCHED})
                 ON CONFLICT (project, case_id) DO NOTHING"
            ),
            with_now,
        );
        batch.any(
            format!(
                "UPDATE cases SET revision = revision + 1 WHERE project = $1 AND id IN ({TOUCHED})"
            ),
            parameters(),
        );
        let only = |table: &str, column: &str| {
            format!(
                "project = $1 AND {column} IN ({TOUCHED})
                 AND NOT EXISTS (SELECT 1 FROM case_changes o WHERE o.project = $1
                     AND o.case_id = {table}.{column} AND o.submission <> $2)"
            )
        };
        let of_cases = only("cases", "id");
        self.add_tombstones(batch, ChangeKind::Case, &of_cases, parameters(), now);
        batch.any(forget_properties(&of_cases), parameters());
        for (table, column) in CASE_TABLES {
            let sql = format!("DELETE FROM {table} WHERE {}", only(table, column));
            batch.any(sql, parameters());
        }
        batch.any("DELETE FROM case_changes WHERE project = $1 AND submission = $2", parameters());
    }

    pub(crate) fn lock_case(&self, batch: &mut Batch, project: &str, case_id: &str) {
        if let Engine::Postgres(_) = &self.engine {
            let keys = vec![changes_lock(project), case_lock(project, case_id)];
            let (sql, parameters) = lock_statement(keys);
            batch.any(sql, parameters);
        }
    }

    /// Cases that have lost a form to an erasure, and are to be made anew from those that remain.
    pub async fn cases_to_rebuild(
        &self,
        project: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT case_id FROM case_rebuilds WHERE project = $1 ORDER BY case_id LIMIT $2";
        self.query(sql.to_owned(), vec![project.into(), as_integer(limit).into()], |row| {
            row.text(0)
        })
        .await
    }

    /// Keeps a case that was made anew. A conflict: it has changed meanwhile, and is to be made once more.
    pub async fn put_rebuilt_case(
        &self,
        project: &ProjectName,
        filed: FiledCase,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        // Before the note: whoever writes one holds the case already.
        self.lock_case(&mut batch, project, &filed.case.id);
        batch.any(
            "DELETE FROM case_rebuilds WHERE project = $1 AND case_id = $2",
            vec![(&**project).into(), filed.case.id.as_str().into()],
        );
        let late = LateFiling {
            project: project.clone(),
            message: Uuid::nil(),
            source: String::new(),
            at: now,
            is_repetition: false,
            filing: Filing { cases: vec![filed], ..Filing::default() },
        };
        self.change_and_file(batch, Some(late)).await.map(drop)
    }
}

/// Adds the statements that take from what these messages have made what those of them have said that are
/// erased by now.
pub(crate) fn add_erase_filed(
    store: &Store,
    batch: &mut Batch,
    project: &str,
    messages: &[Uuid],
    filed: &FiledBy,
    now: Timestamp,
) {
    for submissions in filed.submissions.chunks(AT_ONCE) {
        let erase = EraseFiled { store, now, project, messages, submissions };
        match filed.depth {
            Depth::Bytes => erase.add_answers(batch),
            Depth::Tombstone => erase.add_all(batch),
        }
        let parameters = with_ids(vec![project.into()], submissions);
        add_erase_happened(batch, &erase.listed(), &parameters);
        add_erase_progress(batch, &erase.listed(), &parameters);
        erase.add_field_values(batch);
    }
}

struct EraseFiled<'e> {
    store: &'e Store,
    now: Timestamp,
    project: &'e str,
    messages: &'e [Uuid],
    submissions: &'e [Uuid],
}

impl EraseFiled<'_> {
    /// The submissions, as a list of parameters.
    fn listed(&self) -> String {
        places(2, self.submissions.len())
    }

    /// The messages that are erased, as a query.
    fn gone(&self) -> String {
        format!(
            "SELECT m.id FROM messages m WHERE m.project = $1 AND m.erased_at IS NOT NULL
             AND m.id IN ({})",
            places(2 + self.submissions.len(), self.messages.len())
        )
    }

    fn add(&self, batch: &mut Batch, sql: String) {
        batch.any(sql, with_ids(vec![self.project.into()], self.submissions));
    }

    /// A statement that names the messages as well.
    fn add_by_message(&self, batch: &mut Batch, sql: String) {
        let parameters = with_ids(vec![self.project.into()], self.submissions);
        batch.any(sql, with_ids(parameters, self.messages));
    }

    /// Erases what was said. The time, the form and who said it stay.
    fn add_answers(&self, batch: &mut Batch) {
        let (listed, gone) = (self.listed(), self.gone());
        self.add_by_message(
            batch,
            format!(
                "UPDATE submission_versions SET answers = NULL, extra = NULL, metadata = NULL
                 WHERE project = $1 AND submission IN ({listed}) AND message IN ({gone})"
            ),
        );
        self.add(
            batch,
            format!(
                "DELETE FROM submission_originals WHERE project = $1 AND submission IN ({listed})
                 AND EXISTS (SELECT 1 FROM submission_versions v
                     WHERE v.project = $1 AND v.submission = submission_originals.submission
                     AND v.version = submission_originals.version AND v.answers IS NULL)"
            ),
        );
        self.add(
            batch,
            format!(
                "UPDATE submissions SET position = NULL WHERE project = $1 AND id IN ({listed})
                 AND EXISTS (SELECT 1 FROM submission_versions v
                     WHERE v.project = $1 AND v.submission = submissions.id
                     AND v.version = submissions.version AND v.answers IS NULL)"
            ),
        );
        self.add(
            batch,
            format!(
                "UPDATE submission_files SET sha256 = NULL, bytes = NULL, link = NULL,
                     fetch_by = NULL, fetch_at = NULL, fetch_error = NULL
                 WHERE project = $1 AND submission IN ({listed})
                 AND NOT EXISTS (SELECT 1 FROM submission_versions v
                     WHERE v.project = $1 AND v.submission = submission_files.submission
                     AND v.answers IS NOT NULL)"
            ),
        );
    }

    /// Erases the versions, and the submissions that have no other.
    fn add_all(&self, batch: &mut Batch) {
        let (listed, gone) = (self.listed(), self.gone());
        for table in ["submission_originals", "instances"] {
            self.add_by_message(
                batch,
                format!(
                    "DELETE FROM {table} WHERE project = $1 AND submission IN ({listed})
                     AND EXISTS (SELECT 1 FROM submission_versions v
                         WHERE v.project = $1 AND v.submission = {table}.submission
                         AND v.version = {table}.version AND v.message IN ({gone}))"
                ),
            );
        }
        self.add_by_message(
            batch,
            format!(
                "DELETE FROM submission_versions
                 WHERE project = $1 AND submission IN ({listed}) AND message IN ({gone})"
            ),
        );
        let versions_of = |id: &str| {
            format!(
                "SELECT 1 FROM submission_versions v WHERE v.project = $1 AND v.submission = {id}"
            )
        };
        self.add(
            batch,
            format!(
                "DELETE FROM submission_files WHERE project = $1 AND submission IN ({listed})
                 AND NOT EXISTS ({})",
                versions_of("submission_files.submission")
            ),
        );
        self.add_cases_without_forms(batch);
        let without_versions = format!(
            "project = $1 AND id IN ({listed}) AND NOT EXISTS ({})",
            versions_of("submissions.id")
        );
        self.add_tombstones(batch, ChangeKind::Submission, &without_versions);
        self.add(batch, forget_answers(&without_versions));
        self.add(batch, format!("DELETE FROM submissions WHERE {without_versions}"));
        self.add(
            batch,
            format!(
                "UPDATE submissions SET position = NULL, user_name = NULL, user_id = NULL,
                     instance_id = NULL
                 WHERE project = $1 AND id IN ({listed})
                 AND NOT EXISTS ({} AND v.version = submissions.version)",
                versions_of("submissions.id")
            ),
        );
    }

    /// Takes what is indexed of the newest answers away with them.
    fn add_field_values(&self, batch: &mut Batch) {
        self.add(
            batch,
            format!(
                "DELETE FROM field_values WHERE project = $1 AND submission IN ({})
                 AND NOT EXISTS (SELECT 1 FROM submissions s
                     JOIN submission_versions v ON v.project = s.project AND v.submission = s.id
                         AND v.version = s.version
                     WHERE s.project = $1 AND s.id = field_values.submission
                     AND v.answers IS NOT NULL)",
                self.listed()
            ),
        );
    }

    /// Takes the cases away of which no form is left, and no message that told of them as a whole.
    fn add_cases_without_forms(&self, batch: &mut Batch) {
        let listed = self.listed();
        let without_forms = |table: &str, column: &str| {
            format!(
                "project = $1 AND {column} IN (
                     SELECT h.case_id FROM case_changes h
                     WHERE h.project = $1 AND h.submission IN ({listed}))
                 AND NOT EXISTS (
                     SELECT 1 FROM case_changes h
                     WHERE h.project = $1 AND h.case_id = {table}.{column} AND (
                         EXISTS (SELECT 1 FROM submission_versions v
                             WHERE v.project = $1 AND v.submission = h.submission)
                         OR EXISTS (SELECT 1 FROM messages m
                             WHERE m.project = $1 AND m.id = h.submission
                             AND {MORE_THAN_TOMBSTONE})))"
            )
        };
        let of_cases = without_forms("cases", "id");
        self.add_tombstones(batch, ChangeKind::Case, &of_cases);
        self.add(batch, forget_properties(&of_cases));
        for (table, column) in CASE_TABLES {
            self.add(batch, format!("DELETE FROM {table} WHERE {}", without_forms(table, column)));
        }
    }

    /// Leaves tombstones of what is deleted next.
    fn add_tombstones(&self, batch: &mut Batch, kind: ChangeKind, condition: &str) {
        let parameters = with_ids(vec![self.project.into()], self.submissions);
        self.store.add_tombstones(batch, kind, condition, parameters, self.now);
    }
}
