//! What went wrong in lifecycles, for those who wrote them: a template that fails, a status that is gone, a mail
//! that has nobody to go to.
//!
//! They are kept with the step that met them, in its transaction, so that whoever looks at the submission sees why
//! it stands where it does. Of each submission only the last are kept: one that meets the same problem each hour
//! must not grow. They tell nothing of what was answered, and go with the submission all the same.

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::ProgressStep;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, as_integer};
use crate::text::storable;

/// The problems of one step that are kept.
const MOST_OF_A_STEP: usize = 10;
/// The steps whose problems are kept: the last so many of a submission.
const MOST_STEPS: i64 = 20;

/// Something that went wrong in the lifecycle of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleProblem {
    /// When.
    pub at: Timestamp,
    /// Its code.
    pub code: String,
    /// The action that met it; `None` where it was none.
    pub place: Option<String>,
    /// A sentence that tells nothing of what was answered.
    pub sentence: String,
}

/// Adds the statements that keep what a step met, and forget what earlier ones did.
pub(super) fn add_problems(batch: &mut Batch, step: &ProgressStep) {
    let revision = step.expected + 1;
    for (position, problem) in step.problems.iter().take(MOST_OF_A_STEP).enumerate() {
        batch.any(
            "INSERT INTO lifecycle_problems
                 (project, submission, revision, position, form, at, code, place, sentence)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            vec![
                (&*step.project).into(),
                step.submission.into(),
                revision.into(),
                as_integer(position).into(),
                step.form.as_str().into(),
                problem.at.into(),
                problem.code.as_str().into(),
                problem.place.clone().map(storable).into(),
                storable(problem.sentence.clone()).into(),
            ],
        );
    }
    if !step.problems.is_empty() {
        batch.any(
            "DELETE FROM lifecycle_problems
             WHERE project = $1 AND submission = $2 AND revision <= $3",
            vec![(&*step.project).into(), step.submission.into(), (revision - MOST_STEPS).into()],
        );
    }
}

impl Store {
    /// What went wrong in the lifecycle of a submission last, the newest first.
    pub async fn lifecycle_problems(
        &self,
        project: &str,
        submission: Uuid,
    ) -> Result<Vec<LifecycleProblem>, StoreError> {
        let sql = "SELECT at, code, place, sentence FROM lifecycle_problems
             WHERE project = $1 AND submission = $2 ORDER BY revision DESC, position";
        self.query(sql.to_owned(), vec![project.into(), submission.into()], |row| {
            Ok(LifecycleProblem {
                at: row.time(0)?,
                code: row.text(1)?,
                place: row.optional_text(2)?,
                sentence: row.text(3)?,
            })
        })
        .await
    }
}
