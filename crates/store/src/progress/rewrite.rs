//! What a step writes anew in its submission.
//!
//! A step that computes something gives the version anew that it belongs to. One that makes the submission
//! anonymous gives all versions anew, poorer; a version that is not given has no answers from here on. With
//! them go the exact forms, who filled them in, and the files that are not said to stay. Where it is for good,
//! the bytes of the messages go as well, and what was made and sent of them.

use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::json::Value;
use uuid::Uuid;

use super::{ProgressStep, RewrittenVersion};
use crate::Store;
use crate::erase::{Depth, KeptBy, places};
use crate::error::StoreError;
use crate::indexed_fields::{FieldPath, path_text, read_paths, value_at};
use crate::statement::{Batch, Parameter};

/// What has to be known before a submission can be rewritten.
#[derive(Debug, Default)]
pub(super) struct Rewriting {
    /// The messages that brought what is made anonymous for good.
    brought: Vec<Uuid>,
    /// The paths of the form whose values are indexed.
    paths: Vec<FieldPath>,
}

impl Store {
    pub(super) async fn rewriting(&self, step: &ProgressStep) -> Result<Rewriting, StoreError> {
        let mut rewriting = Rewriting::default();
        if step.anonymised == Some(AnonymiseMode::Final) {
            rewriting.brought = self.messages_of(&step.project, &[step.submission]).await?;
        }
        if !step.rewritten.is_empty() {
            let sql = "SELECT indexed FROM forms WHERE project = $1 AND name = $2";
            let parameters = vec![(&*step.project).into(), step.form.as_str().into()];
            let found = self.query(sql.to_owned(), parameters, |row| row.optional_text(0)).await?;
            rewriting.paths = read_paths(found.into_iter().next().flatten().as_deref())?;
        }
        Ok(rewriting)
    }

    /// Adds the statements that rewrite a submission. What the step sets off is in the batch already: it
    /// waits, and keeps what it carries.
    pub(super) fn add_rewritten(
        &self,
        batch: &mut Batch,
        step: &ProgressStep,
        rewriting: &Rewriting,
    ) {
        for version in &step.rewritten {
            add_version(batch, step, version);
        }
        if !step.rewritten.is_empty() {
            add_newest(batch, step, &rewriting.paths);
        }
        if step.anonymised.is_some() {
            add_forget_others(batch, step);
        }
        if let Some(kept) = &step.kept_files {
            let mut parameters = of_step(step);
            parameters.extend(kept.iter().map(|name| Parameter::from(name.as_str())));
            let others = match kept.len() {
                0 => String::new(),
                count => format!("AND name NOT IN ({})", places(3, count)),
            };
            batch.any(
                format!(
                    "DELETE FROM submission_files
                     WHERE project = $1 AND submission = $2 {others}"
                ),
                parameters,
            );
        }
        if step.anonymised == Some(AnonymiseMode::Final) {
            let now = (self.clock)();
            let kept_by = KeptBy::WHAT_WAITS;
            let (project, brought) = (&*step.project, &rewriting.brought);
            self.add_erase(batch, project, brought, Depth::Bytes, kept_by, now);
            self.add_erase_carried(batch, project, step.submission, now);
        }
    }
}

/// The project and the submission, as parameters.
fn of_step(step: &ProgressStep) -> Vec<Parameter> {
    vec![(&*step.project).into(), step.submission.into()]
}

fn add_version(batch: &mut Batch, step: &ProgressStep, rewritten: &RewrittenVersion) {
    let mut parameters = of_step(step);
    parameters.extend([
        rewritten.version.into(),
        rewritten.values.as_str().into(),
        rewritten.extra.as_str().into(),
        rewritten.metadata.as_str().into(),
    ]);
    // What retention has taken away meanwhile does not come back.
    batch.any(
        "UPDATE submission_versions SET answers = $4, extra = $5, metadata = $6
         WHERE project = $1 AND submission = $2 AND version = $3 AND answers IS NOT NULL",
        parameters,
    );
    if rewritten.forgets_user {
        let mut parameters = of_step(step);
        parameters.push(rewritten.version.into());
        batch.any(
            "UPDATE submission_versions SET user_name = NULL, user_id = NULL
             WHERE project = $1 AND submission = $2 AND version = $3",
            parameters.clone(),
        );
        batch.any(
            "UPDATE submissions SET user_name = NULL, user_id = NULL
             WHERE project = $1 AND id = $2 AND version = $3",
            parameters,
        );
    }
}

/// Adds what stands beside the newest version.
fn add_newest(batch: &mut Batch, step: &ProgressStep, paths: &[FieldPath]) {
    let newest = step.rewritten.iter().find(|it| it.version == step.expected_version);
    if newest.is_none() && step.anonymised.is_none() {
        return;
    }
    let mut parameters = of_step(step);
    parameters.push(newest.and_then(|newest| newest.position.clone()).into());
    batch.any("UPDATE submissions SET position = $3 WHERE project = $1 AND id = $2", parameters);
    batch.any("DELETE FROM field_values WHERE project = $1 AND submission = $2", of_step(step));
    let Some(newest) = newest else { return };
    let answers = Value::parse(newest.values.as_bytes()).unwrap_or(Value::Null);
    for path in paths {
        let (text, number) = value_at(&answers, path);
        let mut parameters = of_step(step);
        parameters.extend([
            path_text(path).into(),
            step.form.as_str().into(),
            text.into(),
            number.into(),
        ]);
        batch.any(
            "INSERT INTO field_values (project, submission, path, form, text, number)
             SELECT s.project, s.id, $3, $4, $5, $6 FROM submissions s
             JOIN submission_versions v ON v.project = s.project AND v.submission = s.id
                 AND v.version = s.version
             WHERE s.project = $1 AND s.id = $2 AND v.answers IS NOT NULL",
            parameters,
        );
    }
}

/// Adds the statements that forget who filled it in, the exact forms, and the versions that are not given.
fn add_forget_others(batch: &mut Batch, step: &ProgressStep) {
    batch.any(
        "UPDATE submissions SET user_name = NULL, user_id = NULL WHERE project = $1 AND id = $2",
        of_step(step),
    );
    batch.any(
        "UPDATE submission_versions SET user_name = NULL, user_id = NULL
         WHERE project = $1 AND submission = $2",
        of_step(step),
    );
    batch.any(
        "DELETE FROM submission_originals WHERE project = $1 AND submission = $2",
        of_step(step),
    );
    if step.rewritten.is_empty() {
        return;
    }
    let mut parameters = of_step(step);
    parameters.extend(step.rewritten.iter().map(|it| Parameter::from(it.version)));
    batch.any(
        format!(
            "UPDATE submission_versions SET answers = NULL, extra = NULL, metadata = NULL
             WHERE project = $1 AND submission = $2 AND version NOT IN ({})",
            places(3, step.rewritten.len())
        ),
        parameters,
    );
}
