//! What data APIs ask of lists beside their pages: how many there are, what stands at an offset, and which
//! cases belong to many submissions.
//!
//! Lists are paged by key. An API of another system that pages by offset gets the place at an offset here,
//! where that is bounded by whoever asks.

use std::collections::HashMap;

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::case_list::{self, CaseOrder, CasePage, CasePlace, CaseQuery};
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::filing::Original;
use crate::statement::as_integer;
use crate::submission_list::{
    self, ANSWERS, SubmissionOrder, SubmissionPage, SubmissionPlace, SubmissionQuery,
};
use crate::submissions::{FILE_COLUMNS, StoredFile, laid_over, read_file};

/// Submissions whose cases one query looks for.
const AT_ONCE: usize = 200;

impl Store {
    /// How many submissions a list shows; `None` where it would have to look through more than
    /// [`SUBMISSIONS_LOOKED_THROUGH`](crate::SUBMISSIONS_LOOKED_THROUGH) to tell. Where an index has just
    /// those that are meant, they are always counted.
    pub async fn count_submissions(
        &self,
        project: &str,
        query: &SubmissionQuery,
        order: SubmissionOrder,
    ) -> Result<Option<u64>, StoreError> {
        let page = SubmissionPage { order, after: None, limit: 0 };
        if query.is_looked_through(order)
            && self.end_of_looking(project, query, page).await?.is_some()
        {
            return Ok(None);
        }
        let mut conditions = submission_list::along(project, query, order);
        self.add_submission_query(&mut conditions, project, query);
        let hint = self.engine.indexed_by(query.index(order));
        let sql = format!(
            "SELECT count(*) FROM submissions s {hint} {}{}",
            if query.reads_answers() { ANSWERS } else { "" },
            conditions.sql()
        );
        let found = self.query(sql, conditions.parameters, |row| row.integer(0)).await?;
        Ok(found.into_iter().next().map(i64::cast_unsigned))
    }

    /// The place of the last of the first `count` submissions of a list that no row has to be looked at for;
    /// `None` where there are fewer, or rows have to be looked at.
    pub async fn submission_place(
        &self,
        project: &str,
        query: &SubmissionQuery,
        order: SubmissionOrder,
        count: usize,
    ) -> Result<Option<SubmissionPlace>, StoreError> {
        if query.is_looked_through(order) || count == 0 {
            return Ok(None);
        }
        let page = SubmissionPage { order, after: None, limit: 0 };
        let mut conditions = submission_list::along(project, query, order);
        let hint = self.engine.indexed_by(query.index(order));
        let sql = submission_list::place_sql(&mut conditions, page, &hint, count - 1);
        let found = self
            .query(sql, conditions.parameters, |row| {
                Ok(SubmissionPlace { key: row.integer(0)?, id: row.id(1)? })
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// How many cases a list shows; `None` as with submissions.
    pub async fn count_cases(
        &self,
        project: &str,
        query: &CaseQuery,
        order: CaseOrder,
    ) -> Result<Option<u64>, StoreError> {
        let page = CasePage { order, after: None, limit: 0 };
        if query.is_looked_through() && self.end_of_cases(project, query, &page).await?.is_some() {
            return Ok(None);
        }
        let mut conditions = case_list::along(project, query);
        self.add_case_query(&mut conditions, query);
        let hint = self.engine.indexed_by(query.index());
        let sql = format!(
            "SELECT count(*) FROM cases c {hint} {}{}",
            if query.properties.is_empty() { "" } else { case_list::STATE },
            conditions.sql()
        );
        let found = self.query(sql, conditions.parameters, |row| row.integer(0)).await?;
        Ok(found.into_iter().next().map(i64::cast_unsigned))
    }

    /// The place of the last of the first `count` cases, as with submissions.
    pub async fn case_place(
        &self,
        project: &str,
        query: &CaseQuery,
        order: CaseOrder,
        count: usize,
    ) -> Result<Option<CasePlace>, StoreError> {
        if query.is_looked_through() || count == 0 {
            return Ok(None);
        }
        let page = CasePage { order, after: None, limit: 0 };
        let mut conditions = case_list::along(project, query);
        let hint = self.engine.indexed_by(query.index());
        let sql = case_list::place_sql(&mut conditions, &page, &hint, count - 1);
        let found = self
            .query(sql, conditions.parameters, |row| {
                Ok(CasePlace { indexed_at: row.time(0)?, id: row.text(1)? })
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// The ids of the cases that submissions have touched, by submission.
    pub async fn cases_by_submission(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<String>>, StoreError> {
        let mut cases: HashMap<Uuid, Vec<String>> = HashMap::new();
        for ids in submissions.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT submission, case_id FROM case_changes
                 WHERE project = $1 AND submission IN ({}) ORDER BY submission, case_id",
                places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            let found = self.query(sql, parameters, |row| Ok((row.id(0)?, row.text(1)?))).await?;
            for (submission, case) in found {
                cases.entry(submission).or_default().push(case);
            }
        }
        Ok(cases)
    }

    /// The ids of the forms in the histories of cases, by case, each in the order in which they count;
    /// `most` of all of them at the most.
    pub async fn forms_by_case(
        &self,
        project: &str,
        case_ids: &[&str],
        most: usize,
    ) -> Result<HashMap<String, Vec<String>>, StoreError> {
        let mut forms: HashMap<String, Vec<String>> = HashMap::new();
        for ids in case_ids.chunks(AT_ONCE) {
            let mut parameters = crate::cases::with_texts(project, ids);
            parameters.push(as_integer(most).into());
            let sql = format!(
                "SELECT case_id, form_id FROM case_changes
                 WHERE project = $1 AND case_id IN ({}) ORDER BY case_id, position LIMIT ${}",
                places(2, ids.len()),
                parameters.len()
            );
            let found = self.query(sql, parameters, |row| Ok((row.text(0)?, row.text(1)?))).await?;
            for (case, form) in found {
                forms.entry(case).or_default().push(form);
            }
        }
        Ok(forms)
    }

    /// The files of submissions, by submission, each in the order of their names.
    pub async fn files_by_submission(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<StoredFile>>, StoreError> {
        let mut files: HashMap<Uuid, Vec<StoredFile>> = HashMap::new();
        for ids in submissions.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT {FILE_COLUMNS} FROM submission_files
                 WHERE project = $1 AND submission IN ({}) ORDER BY submission, name, version",
                places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            let found = laid_over(self.query(sql, parameters, read_file).await?);
            for (submission, file) in found {
                files.entry(submission).or_default().push(file);
            }
        }
        Ok(files)
    }

    /// The exact forms of the newest versions of submissions, of those that the hub wrote itself.
    pub async fn originals_by_submission(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<HashMap<Uuid, Original>, StoreError> {
        let mut originals = HashMap::new();
        for ids in submissions.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT s.id, o.content_type, o.bytes FROM submissions s
                 JOIN submission_originals o ON o.project = s.project AND o.submission = s.id
                     AND o.version = s.version
                 WHERE s.project = $1 AND s.id IN ({})",
                places(2, ids.len())
            );
            let parameters = with_ids(vec![project.into()], ids);
            let found = self
                .query(sql, parameters, |row| {
                    let bytes = row.bytes(2)?.into();
                    Ok((row.id(0)?, Original { content_type: row.optional_text(1)?, bytes }))
                })
                .await?;
            originals.extend(found);
        }
        Ok(originals)
    }

    /// The indexing of cases, by id, of those that there are: when the last change took its place.
    pub async fn indexing_of_cases(
        &self,
        project: &str,
        case_ids: &[&str],
    ) -> Result<HashMap<String, Timestamp>, StoreError> {
        let mut indexed = HashMap::new();
        for ids in case_ids.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT id, indexed_at FROM cases WHERE project = $1 AND id IN ({})",
                places(2, ids.len())
            );
            let parameters = crate::cases::with_texts(project, ids);
            let found = self.query(sql, parameters, |row| Ok((row.text(0)?, row.time(1)?))).await?;
            indexed.extend(found);
        }
        Ok(indexed)
    }

    /// The names of the forms with a namespace, `most` at the most.
    pub async fn forms_with_xmlns(
        &self,
        project: &str,
        xmlns: &str,
        most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name FROM forms WHERE project = $1 AND xmlns = $2 ORDER BY name LIMIT $3";
        let xmlns = crate::text::storable_key(xmlns.to_owned());
        let parameters = vec![project.into(), xmlns.into(), as_integer(most).into()];
        self.query(sql.to_owned(), parameters, |row| row.text(0)).await
    }
}
