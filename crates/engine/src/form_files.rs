//! The files that devices need to show a form: pictures, sounds, lists of choices. They are uploaded
//! one by one, and lie in the folder of files before their form names them.

use fieldpost_store::{FormFile, FormHead, FormWork, PutForm, StoreError};

use crate::error::HubError;
use crate::hub::Hub;

/// How many files a form may have.
pub const MOST_FORM_FILES: usize = 1_000;
/// How often a change is made anew because somebody else was quicker.
const MOST_TRIES: usize = 10;

/// What became of a file that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormFileOutcome {
    /// The form has it now, and had none of the name.
    Added,
    /// It took the place of the one of its name, or is the same.
    Replaced,
    /// The form has as many files as it may.
    TooMany,
}

impl Hub {
    /// Gives a form a file, in the place of the one of its name.
    pub async fn put_form_file(
        &self,
        project: &str,
        form: &str,
        file: &FormFile,
    ) -> Result<FormFileOutcome, HubError> {
        self.change_form_files(project, form, |files| {
            let is_full = files.len() >= MOST_FORM_FILES;
            match files.iter_mut().find(|present| present.name == file.name) {
                Some(present) if present == file => (false, FormFileOutcome::Replaced),
                Some(present) => {
                    *present = file.clone();
                    (true, FormFileOutcome::Replaced)
                }
                None if is_full => (false, FormFileOutcome::TooMany),
                None => {
                    files.push(file.clone());
                    (true, FormFileOutcome::Added)
                }
            }
        })
        .await
    }

    /// Takes a file away from a form; whether it had one of that name.
    pub async fn remove_form_file(
        &self,
        project: &str,
        form: &str,
        name: &str,
    ) -> Result<bool, HubError> {
        self.change_form_files(project, form, |files| {
            let before = files.len();
            files.retain(|file| file.name != name);
            let was_there = files.len() < before;
            (was_there, was_there)
        })
        .await
    }

    /// Changes the files of a form; `change` says whether it has, and what is answered.
    async fn change_form_files<T>(
        &self,
        project: &str,
        form: &str,
        change: impl Fn(&mut Vec<FormFile>) -> (bool, T),
    ) -> Result<T, HubError> {
        self.project(project).await?;
        for _ in 0..MOST_TRIES {
            let head = self.store().form(project, form).await?;
            let head = head.ok_or_else(|| HubError::not_found("form", &form))?;
            let mut files = self.store().form_files(project, form).await?;
            let (has_changed, outcome) = change(&mut files);
            if !has_changed {
                return Ok(outcome);
            }
            let revision = head.revision;
            let put = with_files(head, files);
            let work = FormWork::default();
            match self.store().put_form(project, put, revision, self.now(), work).await {
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    self.form_book().forget(project);
                    return Ok(outcome);
                }
            }
        }
        Err(StoreError::Conflict("somebody else keeps changing this form".to_owned()).into())
    }
}

/// The form as it is, with these files.
fn with_files(head: FormHead, files: Vec<FormFile>) -> PutForm {
    PutForm {
        name: head.name,
        title: head.title,
        form_id: head.form_id,
        xmlns: head.xmlns,
        version: head.version,
        application: head.application,
        root: head.root,
        origin: head.origin,
        is_encrypted: head.is_encrypted,
        definition: None,
        files: Some(files),
    }
}
