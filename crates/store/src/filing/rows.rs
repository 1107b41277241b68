//! The rows that filings come to, gathered over a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::codec::{blocks_text, case_text, kinds_text};
use super::keys::Key;
use super::known::{FileKey, Known};
use super::tables::{self, Table};
use super::{CaseChange, CaseHistory, FiledCase, FiledFile, FiledSubmission, Filing, NewForm};
use crate::case_properties;
use crate::forms::FormOrigin;
use crate::indexed_fields::{FieldPath, path_text, value_at};
use crate::noted_answers::KnownAnswers;
use crate::records::NewMessage;
use crate::statement::{Parameter, as_integer};
use crate::text::storable_key;

/// The values of a row, in the order of the columns.
pub(crate) type Row = Vec<Parameter>;

/// The message that a filing comes with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By<'m> {
    pub(crate) project: &'m ProjectName,
    pub(crate) message: Uuid,
    pub(crate) source: &'m str,
    pub(crate) at: Timestamp,
}

impl<'m> By<'m> {
    pub(crate) fn of(project: &'m ProjectName, message: &'m NewMessage) -> Self {
        Self { project, message: message.id, source: &message.source, at: message.received_at }
    }
}

/// What a batch of filings comes to. What is removed goes first.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Cases whose indices are written anew.
    pub(crate) untied: Vec<Key>,
    /// Cases whose histories are written anew.
    pub(crate) forgotten: Vec<Key>,
    written: BTreeMap<&'static str, Vec<Row>>,
    numbers: BTreeMap<Key, i64>,
    files: BTreeMap<FileKey, FiledFile>,
    values: BTreeMap<(ProjectName, Uuid, String), Row>,
    /// What cases have: project, type, name and kind, in the order of the key, so that those who write at once do not
    /// wait for each other in turns.
    properties: BTreeSet<(ProjectName, String, String, i64)>,
}

impl Rows {
    /// Adds a filing of a message that is kept.
    pub(crate) fn file(&mut self, by: By<'_>, filing: &Filing, known: &mut Known) {
        for form in &filing.forms {
            let indexed = known.next_indexed(by.project, by.at);
            self.put(&tables::FORMS, form_row(by, form, indexed));
        }
        for submission in &filing.submissions {
            let form = (by.project.clone(), submission.form.clone());
            let mut number = 0;
            if submission.expected == 0 {
                number = known.next_number(form.clone());
                self.numbers.insert(form, number);
            }
            let indexed = known.next_indexed(by.project, by.at);
            self.submission(by, submission, number, indexed);
            let form = (by.project.clone(), submission.form.clone());
            if let Some(paths) = known.indexed_fields.get(&form) {
                self.fields(by.project, submission, paths);
            }
            if !submission.noted.is_empty() {
                self.names(by.project, submission, known.noted.entry(form).or_default());
            }
        }
        for file in &filing.files {
            self.file_of(known.key_of(by.project, filing, file), file);
        }
        for filed in &filing.cases {
            let key = (by.project.clone(), filed.case.id.clone());
            let now = by.at.max(filed.case.server_modified_at);
            let indexed = known.next_indexed(by.project, now);
            let last = &mut known.cases.entry(key.clone()).or_default().changes;
            if let CaseHistory::Replace(_) = filed.history {
                *last = 0;
                self.forgotten.push(key.clone());
            }
            let first = *last + 1;
            *last += as_integer(filed.history.changes().len());
            self.case(key, filed, indexed, first..=*last);
        }
    }

    /// Adds the files of a message that repeats another one: those of submissions that are there.
    pub(crate) fn file_again(&mut self, project: &ProjectName, filing: &Filing, known: &Known) {
        let is_new = |file: &FiledFile| {
            filing.submissions.iter().any(|it| it.id == file.submission && it.expected == 0)
        };
        for file in filing.files.iter().filter(|file| !is_new(file)) {
            self.file_of(known.key_of(project, filing, file), file);
        }
    }

    /// Adds the files of a message that is set aside, as if the message were the submission: so they
    /// stay, and are there when it is released.
    pub(crate) fn set_aside(&mut self, project: &ProjectName, message: Uuid, filing: &Filing) {
        for file in &filing.files {
            self.file_of((project.clone(), message, file.name.clone(), 1), file);
        }
    }

    /// The rows of each table, in the order of writing.
    pub(crate) fn into_tables(mut self) -> Vec<(&'static Table, Vec<Row>)> {
        for ((project, form), last) in std::mem::take(&mut self.numbers) {
            self.put(&tables::FORM_NUMBERS, vec![(&*project).into(), form.into(), last.into()]);
        }
        for (key, file) in std::mem::take(&mut self.files) {
            self.put(&tables::SUBMISSION_FILES, file_row(key, file));
        }
        for row in std::mem::take(&mut self.values).into_values() {
            self.put(&tables::FIELD_VALUES, row);
        }
        for (project, case_type, name, kind) in std::mem::take(&mut self.properties) {
            let row = vec![(&*project).into(), case_type.into(), name.into(), kind.into()];
            self.put(&tables::CASE_PROPERTIES, row);
        }
        let written = |table: &&'static Table| Some((*table, self.written.remove(table.name)?));
        tables::ALL.iter().filter_map(written).collect()
    }

    fn put(&mut self, table: &'static Table, row: Row) {
        self.written.entry(table.name).or_default().push(row);
    }

    fn submission(
        &mut self,
        by: By<'_>,
        submission: &FiledSubmission,
        number: i64,
        indexed: Timestamp,
    ) {
        let version = submission.expected + 1;
        let project = || Parameter::from(&**by.project);
        let hash = || bytes(Some(submission.content_hash.to_vec()));
        self.put(&tables::SUBMISSIONS, submission_row(by, submission, number, indexed));
        self.put(
            &tables::SUBMISSION_VERSIONS,
            vec![
                project(),
                submission.id.into(),
                version.into(),
                by.message.into(),
                submission.instance_id.clone().into(),
                by.at.into(),
                submission.user.clone().into(),
                submission.user_id.clone().into(),
                submission.form_version.clone().into(),
                hash(),
                submission.metadata.as_str().into(),
                submission.extra.as_str().into(),
                submission.values.as_str().into(),
            ],
        );
        if let Some(instance_id) = &submission.instance_id {
            self.put(
                &tables::INSTANCES,
                vec![
                    project(),
                    instance_id.as_str().into(),
                    submission.id.into(),
                    version.into(),
                    hash(),
                ],
            );
        }
        if let Some(happening) = &submission.untold {
            self.put(
                &tables::UNTOLD,
                vec![
                    project(),
                    submission.id.into(),
                    version.into(),
                    submission.form.as_str().into(),
                    happening.as_str().into(),
                    by.at.into(),
                ],
            );
        }
        if let Some(original) = &submission.original {
            self.put(
                &tables::SUBMISSION_ORIGINALS,
                vec![
                    project(),
                    submission.id.into(),
                    version.into(),
                    original.content_type.clone().into(),
                    bytes(Some(original.bytes.to_vec())),
                ],
            );
        }
    }

    /// Adds what stands at the paths that the form has indexed; what stands nowhere takes away what did.
    fn fields(&mut self, project: &ProjectName, submission: &FiledSubmission, paths: &[FieldPath]) {
        if paths.is_empty() {
            return;
        }
        let answers = Value::parse(submission.values.as_bytes()).unwrap_or(Value::Null);
        for path in paths {
            let (text, number) = value_at(&answers, path);
            // Of two versions in one batch the later one counts.
            let key = (project.clone(), submission.id, path_text(path));
            let row = vec![
                (&**project).into(),
                submission.id.into(),
                key.2.as_str().into(),
                submission.form.as_str().into(),
                text.into(),
                number.into(),
            ];
            self.values.insert(key, row);
        }
    }

    /// Adds the names of answers that the form has not had yet.
    fn names(
        &mut self,
        project: &ProjectName,
        submission: &FiledSubmission,
        known: &mut KnownAnswers,
    ) {
        for answer in &submission.noted {
            let Some((shape, place)) = known.note(answer) else { continue };
            self.put(
                &tables::NOTED_ANSWERS,
                vec![
                    (&**project).into(),
                    submission.form.as_str().into(),
                    answer.path.as_str().into(),
                    shape.into(),
                    place.into(),
                ],
            );
        }
    }

    /// A file may come in several messages of one batch.
    fn file_of(&mut self, key: FileKey, file: &FiledFile) {
        let known = self.files.entry(key).or_insert_with(|| file.clone());
        known.content_type = file.content_type.clone().or_else(|| known.content_type.take());
        known.sha256 = file.sha256.or(known.sha256);
        known.bytes = file.bytes.or(known.bytes);
        known.link = file.link.clone().or_else(|| known.link.take());
        known.fetch = file.fetch.clone().or_else(|| known.fetch.take());
    }

    /// Adds a case, whose changes take these positions in its history.
    fn case(
        &mut self,
        key: Key,
        filed: &FiledCase,
        indexed: Timestamp,
        positions: RangeInclusive<i64>,
    ) {
        let project = || Parameter::from(&*key.0);
        let case_id = || Parameter::from(key.1.as_str());
        self.put(&tables::CASES, case_row(project(), filed, *positions.end(), indexed));
        self.put(&tables::CASE_STATES, vec![project(), case_id(), case_text(&filed.case).into()]);
        // By name as it is stored: two that are cut to the same are one row.
        let indices: BTreeMap<String, _> = filed
            .case
            .indices
            .iter()
            .map(|(name, index)| (storable_key(name.clone()), index))
            .collect();
        for (name, index) in indices {
            self.put(
                &tables::CASE_INDICES,
                vec![
                    project(),
                    case_id(),
                    name.into(),
                    storable_key(index.case_id.clone()).into(),
                    index.case_type.as_str().into(),
                    index.relationship.name().into(),
                ],
            );
        }
        if !filed.case.case_type.is_empty() && !filed.case.deleted {
            let case_type = storable_key(filed.case.case_type.clone());
            let properties = filed.case.property_kinds().map(|(name, kind)| {
                let name = storable_key(name.to_owned());
                (key.0.clone(), case_type.clone(), name, case_properties::code(kind))
            });
            self.properties.extend(properties);
        }
        for (position, change) in positions.zip(filed.history.changes()) {
            self.put(&tables::CASE_CHANGES, change_row(project(), case_id(), position, change));
        }
        if filed.expected > 0 {
            self.untied.push(key);
        }
    }
}

fn bytes(bytes: Option<Vec<u8>>) -> Parameter {
    Parameter::OptionalBytes(bytes)
}

fn truth(truth: bool) -> Parameter {
    i64::from(truth).into()
}

fn time(time: Option<Timestamp>) -> Parameter {
    Parameter::Integer(time.map(|time| time.0))
}

fn key(text: &str) -> Parameter {
    storable_key(text.to_owned()).into()
}

fn form_row(by: By<'_>, form: &NewForm, indexed: Timestamp) -> Row {
    vec![
        (&**by.project).into(),
        form.name.as_str().into(),
        form.title.as_str().into(),
        form.form_id.clone().into(),
        form.xmlns.clone().into(),
        form.version.clone().into(),
        form.application.clone().into(),
        form.root.clone().into(),
        FormOrigin::Arrived.name().into(),
        truth(false),
        0.into(),
        1.into(),
        by.at.into(),
        by.at.into(),
        indexed.into(),
    ]
}

fn submission_row(
    by: By<'_>,
    submission: &FiledSubmission,
    number: i64,
    indexed: Timestamp,
) -> Row {
    vec![
        (&**by.project).into(),
        submission.id.into(),
        submission.form.as_str().into(),
        number.into(),
        (submission.expected + 1).into(),
        submission.instance_id.clone().into(),
        by.source.into(),
        by.message.into(),
        by.at.into(),
        by.at.into(),
        submission.form_version.clone().into(),
        submission.application.clone().into(),
        submission.build.clone().into(),
        submission.user.clone().into(),
        submission.user_id.clone().into(),
        submission.position.clone().into(),
        truth(submission.is_untyped),
        truth(submission.is_encrypted),
        indexed.into(),
    ]
}

fn file_row((project, submission, name, version): FileKey, file: FiledFile) -> Row {
    let fetch = file.fetch.as_ref();
    let since = fetch.map(|fetch| fetch.since);
    let is_due = file.sha256.is_none() && fetch.is_some_and(|fetch| fetch.refused.is_none());
    vec![
        (&*project).into(),
        submission.into(),
        name.into(),
        version.into(),
        file.content_type.into(),
        bytes(file.sha256.map(|sha256| sha256.to_vec())),
        Parameter::Integer(file.bytes.map(as_integer)),
        file.link.into(),
        fetch.map(|fetch| fetch.connection.clone()).into(),
        time(since.filter(|_| is_due)),
        time(since),
        fetch.and_then(|fetch| fetch.refused.clone()).into(),
    ]
}

fn case_row(project: Parameter, filed: &FiledCase, changes: i64, indexed: Timestamp) -> Row {
    let case = &filed.case;
    let (closed_at, closed_by) =
        case.closing.as_ref().map_or((None, ""), |closing| (Some(closing.at), &*closing.by));
    vec![
        project,
        case.id.as_str().into(),
        key(&case.case_type),
        case.name.as_str().into(),
        key(&case.owner),
        key(&case.external_id),
        time(case.opened_at),
        case.opened_by.as_str().into(),
        time(case.modified_at),
        case.modified_by.as_str().into(),
        time(closed_at),
        closed_by.into(),
        case.server_modified_at.into(),
        truth(case.deleted),
        (filed.expected + 1).into(),
        changes.into(),
        indexed.into(),
    ]
}

fn change_row(project: Parameter, case_id: Parameter, position: i64, change: &CaseChange) -> Row {
    let CaseChange { transaction, submission, blocks } = change;
    vec![
        project,
        case_id,
        position.into(),
        transaction.form_id.as_str().into(),
        (*submission).into(),
        transaction.user_id.as_str().into(),
        transaction.client_at.into(),
        transaction.server_at.into(),
        kinds_text(&transaction.kinds).into(),
        blocks_text(blocks).into(),
    ]
}
