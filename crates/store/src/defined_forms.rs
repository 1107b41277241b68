//! Forms that a project defines itself: each is a form as any other, from the commit of the definition on.
//!
//! So they are written in the transaction that changes the definitions, and not compared with what they
//! were: what the project says of its own forms holds. A form of the name that submissions name otherwise is
//! another form, though, and is left alone.

use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::forms::{FormWork, PutForm, TAKEN_FORM};
use crate::payloads::add_payloads;
use crate::runs::NewRun;
use crate::statement::{Batch, Parameter, as_integer};
use crate::text::storable_key;

/// A form that a project defines, as it is from now on.
#[derive(Clone, Debug)]
pub struct DefinedForm {
    /// The form, with its definition where that is another one than before.
    pub form: PutForm,
    /// When.
    pub at: Timestamp,
    /// What it sets off; planned from the version of the definitions that the change is of.
    pub work: FormWork,
}

impl Store {
    /// Adds the statements that make a form known, or change it.
    pub(crate) fn add_defined_form(
        &self,
        batch: &mut Batch,
        project: &str,
        defined: &mut DefinedForm,
    ) {
        let DefinedForm { form, at, work } = defined;
        work.runs.iter_mut().for_each(NewRun::make_storable);
        self.lock_form(batch, project, form);
        self.lock_made(batch, project, work.deliveries.iter());
        self.lock_made_runs(batch, project, &work.runs);
        let name: Parameter = form.name.as_str().into();
        let form_id: Parameter = form.form_id.clone().map(storable_key).into();
        batch.one(
            TAKEN_FORM,
            "UPDATE projects SET title = title WHERE project = $1
             AND NOT EXISTS (SELECT 1 FROM forms WHERE project = $1
                 AND ((name = $2 AND coalesce(form_id, '') <> $3)
                     OR (name <> $2 AND form_id = $3)))",
            vec![project.into(), name.clone(), form_id.clone()],
        );
        let place = self.engine.next_place(*at);
        batch.one(
            TAKEN_FORM,
            format!(
                "INSERT INTO forms (project, name, title, form_id, version, application, root, made,
                     is_encrypted, definition, revision, created_at, updated_at, indexed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 1, $10, $10, {place})
                 ON CONFLICT (project, name) DO UPDATE SET title = excluded.title,
                     version = excluded.version, application = excluded.application,
                     root = excluded.root, made = excluded.made, is_encrypted = 0,
                     definition = forms.definition + excluded.definition,
                     revision = forms.revision + 1, updated_at = excluded.updated_at,
                     indexed_at = excluded.indexed_at"
            ),
            vec![
                project.into(),
                name.clone(),
                form.title.as_str().into(),
                form_id,
                form.version.clone().map(storable_key).into(),
                form.application.clone().into(),
                form.root.clone().into(),
                form.origin.name().into(),
                i64::from(form.definition.is_some()).into(),
                (*at).into(),
            ],
        );
        if let Some((content_type, bytes)) = &form.definition {
            batch.any(
                "INSERT INTO form_versions
                     (project, form, number, version, content_type, bytes, at, definition)
                 SELECT project, name, definition, version, $3, $4, $5, $6
                 FROM forms WHERE project = $1 AND name = $2",
                vec![
                    project.into(),
                    name,
                    content_type.as_str().into(),
                    as_integer(bytes.len()).into(),
                    (*at).into(),
                    Parameter::Bytes(bytes.clone()),
                ],
            );
        }
        add_payloads(batch, project, None, &work.payloads);
        for delivery in &work.deliveries {
            self.add_newest(batch, project, None, delivery);
        }
        self.add_runs(batch, project, None, &work.runs);
    }
}
