//! Cases: their states, what ties them to each other, and their histories.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::case::{Case, CaseRelationship, CaseTransaction};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::filing::codec::{read_blocks, read_kinds, read_state as read_case_state};
use crate::filing::{CaseChange, Revised};
use crate::statement::{Parameter, Row, as_integer};
use crate::text::storable_key;

/// Cases that one query looks for.
const AT_ONCE: usize = 200;

/// Changes of one case that can be read at once, to make the case anew.
pub const MOST_CASE_CHANGES: usize = 10_000;

/// A state with its revision. Of the forms in its history the first two are enough for the rules: whether a
/// form is the only one, and whether it was the first.
const STATE: &str = "c.id, c.revision, s.state, \
                     (SELECT h.form_id FROM case_changes h \
                         WHERE h.project = c.project AND h.case_id = c.id \
                         ORDER BY h.position LIMIT 1), \
                     (SELECT h.form_id FROM case_changes h \
                         WHERE h.project = c.project AND h.case_id = c.id \
                         ORDER BY h.position LIMIT 1 OFFSET 1)";

const STATES: &str = "cases c JOIN case_states s ON s.project = c.project AND s.case_id = c.id";

const CHANGE: &str =
    "case_id, form_id, submission, user_id, client_at, server_at, kinds, blocks, position";

impl Store {
    /// The states of cases by id, of those that there are; deleted ones as well. Each names at most the
    /// first two forms of its history.
    pub async fn cases(
        &self,
        project: &str,
        case_ids: &[&str],
    ) -> Result<BTreeMap<String, Revised<Case>>, StoreError> {
        let mut cases = BTreeMap::new();
        for ids in case_ids.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT {STATE} FROM {STATES} WHERE c.project = $1 AND c.id IN ({})",
                places(2, ids.len())
            );
            let found = self.query(sql, with_texts(project, ids), read_state).await?;
            cases.extend(found.into_iter().map(|case| (case.value.id.clone(), case)));
        }
        Ok(cases)
    }

    /// The open cases that are tied to these as extensions, over any number of steps.
    ///
    /// Refused where they are more than `most`.
    pub async fn open_extensions_of(
        &self,
        project: &str,
        case_ids: &[&str],
        most: usize,
    ) -> Result<Vec<Revised<Case>>, StoreError> {
        let mut found: BTreeMap<String, Revised<Case>> = BTreeMap::new();
        let mut hosts: Vec<String> = case_ids.iter().map(|id| (*id).to_owned()).collect();
        while !hosts.is_empty() {
            let mut next = Vec::new();
            for ids in hosts.chunks(AT_ONCE) {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                next.extend(self.open_extensions_at(project, &ids, most).await?);
            }
            hosts.clear();
            for case in next {
                let id = case.value.id.clone();
                if found.insert(id.clone(), case).is_none() {
                    hosts.push(id);
                }
            }
            if found.len() > most {
                return Err(StoreError::Refused(format!(
                    "the closed cases have more than {most} open extensions"
                )));
            }
        }
        Ok(found.into_values().collect())
    }

    /// The open cases that are tied to these as extensions, over one step; one more than `most`.
    async fn open_extensions_at(
        &self,
        project: &str,
        hosts: &[&str],
        most: usize,
    ) -> Result<Vec<Revised<Case>>, StoreError> {
        let mut parameters = with_texts(project, hosts);
        parameters.push(as_integer(most + 1).into());
        let sql = format!(
            "SELECT {STATE} FROM {STATES}
             WHERE c.project = $1 AND c.closed_at IS NULL AND c.is_deleted = 0 AND c.id IN (
                 SELECT i.case_id FROM case_indices i WHERE i.project = $1
                 AND i.relationship = '{}' AND i.target IN ({}))
             ORDER BY c.id LIMIT ${}",
            CaseRelationship::Extension.name(),
            places(2, hosts.len()),
            parameters.len()
        );
        self.query(sql, parameters, read_state).await
    }

    /// Whether one user has changed a case, in a form received between two moments, later by the clock
    /// of the phone than in this transaction.
    pub async fn has_later_change(
        &self,
        project: &str,
        transaction: &CaseTransaction,
        received: std::ops::RangeInclusive<Timestamp>,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT position FROM case_changes
                   WHERE project = $1 AND case_id = $2 AND user_id = $3 AND client_at > $4
                   AND server_at BETWEEN $5 AND $6 LIMIT 1";
        let parameters = vec![
            project.into(),
            storable_key(transaction.case_id.clone()).into(),
            transaction.user_id.as_str().into(),
            transaction.client_at.into(),
            (*received.start()).into(),
            (*received.end()).into(),
        ];
        let found = self.query(sql.to_owned(), parameters, |row| row.integer(0)).await?;
        Ok(!found.is_empty())
    }

    /// The whole history of a case, in the order in which its forms count.
    ///
    /// Refused where it has more than [`MOST_CASE_CHANGES`].
    pub async fn case_changes(
        &self,
        project: &str,
        case_id: &str,
    ) -> Result<Vec<CaseChange>, StoreError> {
        let changes = self.case_history(project, case_id, 0, MOST_CASE_CHANGES + 1).await?;
        if changes.len() > MOST_CASE_CHANGES {
            return Err(StoreError::Refused(format!(
                "the case {case_id} has more than {MOST_CASE_CHANGES} changes"
            )));
        }
        Ok(changes.into_iter().map(|(_, change)| change).collect())
    }

    /// The whole history of a case however long it is, as an erasure needs it: nothing of a person may stay
    /// since others have said too much. It is read in steps; what comes in between raises the revision.
    pub async fn every_case_change(
        &self,
        project: &str,
        case_id: &str,
    ) -> Result<Vec<CaseChange>, StoreError> {
        let (mut all, mut after) = (Vec::new(), i64::MIN);
        loop {
            let step = self.case_history(project, case_id, after, MOST_CASE_CHANGES).await?;
            let is_last = step.len() < MOST_CASE_CHANGES;
            after = step.last().map_or(after, |(position, _)| *position);
            all.extend(step.into_iter().map(|(_, change)| change));
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The history of a case, in the order in which its forms count: what is behind a position, with its
    /// positions.
    pub async fn case_history(
        &self,
        project: &str,
        case_id: &str,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, CaseChange)>, StoreError> {
        let sql = format!(
            "SELECT {CHANGE} FROM case_changes
             WHERE project = $1 AND case_id = $2 AND position > $3 ORDER BY position LIMIT $4"
        );
        let parameters = vec![
            project.into(),
            storable_key(case_id.to_owned()).into(),
            after.into(),
            as_integer(limit).into(),
        ];
        self.query(sql, parameters, read_change).await
    }

    /// The ids of the forms in the history of a case, in the order in which they count: those behind a
    /// position, with their positions.
    pub async fn case_forms(
        &self,
        project: &str,
        case_id: &str,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = "SELECT position, form_id FROM case_changes
                   WHERE project = $1 AND case_id = $2 AND position > $3
                   ORDER BY position LIMIT $4";
        let parameters = vec![
            project.into(),
            storable_key(case_id.to_owned()).into(),
            after.into(),
            as_integer(limit).into(),
        ];
        self.query(sql.to_owned(), parameters, |row| Ok((row.integer(0)?, row.text(1)?))).await
    }

    /// The ids of the cases that any of these submissions has touched.
    pub(crate) async fn cases_of_submissions(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<Vec<String>, StoreError> {
        let mut cases = BTreeSet::new();
        for ids in submissions.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT DISTINCT case_id FROM case_changes
                 WHERE project = $1 AND submission IN ({})",
                places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            cases.extend(self.query(sql, parameters, |row| row.text(0)).await?);
        }
        Ok(cases.into_iter().collect())
    }

    /// The ids of the cases that a submission has touched.
    pub async fn cases_of_submission(
        &self,
        project: &str,
        submission: Uuid,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT case_id FROM case_changes WHERE project = $1 AND submission = $2
                   ORDER BY case_id";
        self.query(sql.to_owned(), vec![project.into(), submission.into()], |row| row.text(0)).await
    }
}

/// The project and texts, as they are stored.
pub(crate) fn with_texts(project: &str, texts: &[&str]) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = vec![project.into()];
    parameters.extend(texts.iter().map(|text| storable_key((*text).to_owned()).into()));
    parameters
}

fn read_state(row: &Row<'_>) -> Result<Revised<Case>, StoreError> {
    let forms = [row.optional_text(3)?, row.optional_text(4)?];
    let state = read_case_state(&row.text(0)?, &row.text(2)?)?;
    let value = Case { forms: forms.into_iter().flatten().collect(), ..state };
    Ok(Revised { value, revision: row.integer(1)? })
}

fn read_change(row: &Row<'_>) -> Result<(i64, CaseChange), StoreError> {
    let case_id = row.text(0)?;
    let blocks = read_blocks(&case_id, &row.text(7)?)?;
    let transaction = CaseTransaction {
        case_id,
        form_id: row.text(1)?,
        user_id: row.text(3)?,
        client_at: row.time(4)?,
        server_at: row.time(5)?,
        kinds: read_kinds(&row.text(6)?)?,
    };
    Ok((row.integer(8)?, CaseChange { transaction, submission: row.id(2)?, blocks }))
}
