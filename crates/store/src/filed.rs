//! What a message made of submissions and cases: the way from what came in to what is there.

use uuid::Uuid;

use crate::Store;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::statement::{as_integer, length};

/// A version of a submission that a message brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtVersion {
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// Its number among the submissions of its form.
    pub number: u64,
    /// Which version of it this is.
    pub version: i64,
}

/// A case that a message had a part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedCase {
    /// Its id.
    pub id: String,
    /// What kind of thing it is.
    pub case_type: String,
    /// What people call it.
    pub name: String,
}

impl Store {
    /// The versions of submissions that a message brought, in the order of the submissions.
    pub async fn versions_brought(
        &self,
        project: &str,
        message: Uuid,
        limit: usize,
    ) -> Result<Vec<BroughtVersion>, StoreError> {
        let sql = "SELECT v.submission, s.form, s.number, v.version
                   FROM submission_versions v
                   JOIN submissions s ON s.project = v.project AND s.id = v.submission
                   WHERE v.project = $1 AND v.message = $2
                   ORDER BY v.submission, v.version LIMIT $3";
        let parameters = vec![project.into(), message.into(), as_integer(limit).into()];
        self.query(sql.to_owned(), parameters, |row| {
            Ok(BroughtVersion {
                submission: row.id(0)?,
                form: row.text(1)?,
                number: length(row.integer(2)?)?,
                version: row.integer(3)?,
            })
        })
        .await
    }

    /// The cases that these submissions had a part in, by id; so also a message that told of a case as a
    /// whole, where it is among them.
    pub async fn cases_touched(
        &self,
        project: &str,
        submissions: &[Uuid],
        limit: usize,
    ) -> Result<Vec<TouchedCase>, StoreError> {
        if submissions.is_empty() {
            return Ok(Vec::new());
        }
        let parameters = vec![project.into(), as_integer(limit).into()];
        let sql = format!(
            "SELECT id, case_type, name FROM cases WHERE project = $1 AND id IN (
                 SELECT case_id FROM case_changes
                 WHERE project = $1 AND submission IN ({}))
             ORDER BY id LIMIT $2",
            places(3, submissions.len())
        );
        self.query(sql, with_ids(parameters, submissions), |row| {
            Ok(TouchedCase { id: row.text(0)?, case_type: row.text(1)?, name: row.text(2)? })
        })
        .await
    }
}
