//! Uploading a form's definition: what gives the answers of its submissions their types, and what
//! phones fetch.
//!
//! The definition says by which id or namespace submissions name the form. Where such a form is there,
//! perhaps made known by a submission alone, it gets a new version; else it is made. The bytes are
//! kept as they came, since phones compare their digest; only a list of fields is kept as the questions that
//! it becomes.

use fieldpost_dialects::{Received, Unreadable, is_json_definition, read_definition};
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::form::Form;
use fieldpost_model::submission::FormReference;
use fieldpost_store::{
    FormHead, FormOrigin, FormWork, PutForm, STALE_PLAN, StoreError, WantedDefinition,
};

use crate::error::HubError;
use crate::events::{ApplicationFacts, Occurrence, Work};
use crate::form_of_fields::with_questions;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// How often an upload is decided anew because somebody else was quicker.
const MOST_TRIES: usize = 10;
/// What definitions are kept as.
const XML: &str = "application/xml";
pub(crate) const JSON: &str = "application/json";
/// The name of a form in whose id and title nothing is left that names can have.
const NAMELESS: &str = "form";

/// A definition that is uploaded.
#[derive(Clone, Debug, Default)]
pub struct FormUpload {
    /// The definition, byte for byte: an `XForm`, or one in JSON.
    pub definition: Vec<u8>,
    /// The application that the form is part of; without one it stays in its own.
    pub application: Option<String>,
    /// The build of the application that publishes it, where this does: its id is what those are told
    /// who follow applications.
    pub build: Option<String>,
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadedForm {
    /// The form as it is now.
    pub head: FormHead,
    /// Whether the form was made by this.
    pub is_new: bool,
}

/// Why an upload was refused.
#[derive(Clone, Debug)]
pub enum UploadError {
    /// The definition cannot be read.
    Unreadable(Unreadable),
    /// Anything else.
    Hub(HubError),
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        Self::Hub(error.into())
    }
}

impl Hub {
    /// Takes the definition of a form. The same bytes once more change nothing, unless they come for another
    /// application; of a build whoever follows applications is told all the same.
    pub async fn upload_form(
        &self,
        project: &str,
        upload: FormUpload,
    ) -> Result<UploadedForm, UploadError> {
        let FormUpload { definition, application, build } = upload;
        let content_type = if is_json_definition(&definition) { JSON } else { XML };
        self.project(project).await.map_err(UploadError::Hub)?;
        let read = self.aside(move || {
            let definition = with_questions(definition)?;
            let received = Received { content_type: Some(content_type), body: &definition };
            let form = read_definition(&received)?;
            Ok((form, definition))
        });
        let (form, definition) = read.await?.map_err(UploadError::Unreadable)?;
        let reference = FormReference {
            id: form.form_id.clone(),
            xmlns: form.xmlns.clone(),
            ..FormReference::default()
        };
        for _ in 0..MOST_TRIES {
            let there = self.store().find_form(project, &reference).await?;
            let same = match &there {
                Some(head) if self.is_newest(project, head, &definition).await? => Some(head),
                _ => None,
            };
            let (name, expected) = match &there {
                Some(head) => (head.name.clone(), head.revision),
                None => (self.store().free_form_name(project, &wanted_name(&form)).await?, 0),
            };
            let kept = there.as_ref().and_then(|head| head.application.clone());
            let application = application.clone().or(kept);
            let routing = self.project(project).await.map_err(UploadError::Hub)?;
            refuse_defined(&routing, &name, &form).map_err(UploadError::Hub)?;
            let new = same.is_none().then(|| (content_type.to_owned(), definition.clone()));
            let put = put_form(&form, name.clone(), application, new, FormOrigin::Uploaded);
            let work = self.work_of(&routing, &put, build.as_deref());
            let tells = build.is_some() && !work.deliveries.is_empty();
            if let Some(head) = same
                && head.application == put.application
                && !tells
            {
                return Ok(UploadedForm { head: head.clone(), is_new: false });
            }
            let put = self.store().put_form(project, put, expected, self.now(), work).await;
            match put {
                Err(StoreError::Conflict(reason)) if reason == STALE_PLAN => {
                    self.refresh_beyond(project, Some(routing.version)).await?;
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    self.form_book().forget(project);
                    let head = self.store().form(project, &name).await?;
                    let head =
                        head.ok_or_else(|| UploadError::Hub(HubError::not_found("form", &name)))?;
                    return Ok(UploadedForm { head, is_new: there.is_none() });
                }
            }
        }
        Err(StoreError::Conflict("somebody else keeps changing this form".to_owned()).into())
    }

    /// What it calls for that a form is saved.
    pub(crate) fn work_of(
        &self,
        routing: &ProjectRouting,
        form: &PutForm,
        build: Option<&str>,
    ) -> FormWork {
        let now = self.now();
        let (form_id, application) = (form.form_id.as_deref(), form.application.as_deref());
        let facts = ApplicationFacts::saved(&form.name, form_id, application, build, now);
        let occurrence = Occurrence {
            routing,
            source: "",
            headers: &[],
            query: &[],
            origin: DeliveryOrigin::Event,
            hops: 0,
            now,
        };
        let names = [Some(form.name.as_str()), form.form_id.as_deref(), form.xmlns.as_deref()];
        let mut work = Work::default();
        occurrence.plan_application(&facts, &names, &mut work);
        let Work { deliveries, runs, payloads } = work;
        FormWork { configuration_version: routing.version, deliveries, runs, payloads }
    }

    /// Whether these bytes are the newest definition of a form.
    pub(crate) async fn is_newest(
        &self,
        project: &str,
        head: &FormHead,
        definition: &[u8],
    ) -> Result<bool, StoreError> {
        if !head.has_definition() {
            return Ok(false);
        }
        let wanted = WantedDefinition::Newest;
        let newest = self.store().form_definition(project, &head.name, wanted).await?;
        Ok(newest.is_some_and(|newest| newest.bytes == definition))
    }
}

/// A form that the project defines is as the project says: an upload would be undone by whoever applies the
/// project next.
fn refuse_defined(routing: &ProjectRouting, name: &str, form: &Form) -> Result<(), HubError> {
    let mut names = [Some(name), form.form_id.as_deref()].into_iter().flatten();
    let Some(defined) = names.find_map(|name| routing.form_definition(name)) else {
        return Ok(());
    };
    Err(HubError::NotAllowed {
        code: "defined-by-project",
        message: format!("the form \"{}\" is defined by the project itself", defined.name),
        hint: "change it under `forms` of the project, or take it out there before the upload"
            .to_owned(),
    })
}

/// The name of a form that is to be made.
fn wanted_name(form: &Form) -> String {
    let by_person = [form.form_id.as_deref(), Some(form.title.as_str()), form.xmlns.as_deref()];
    let name = by_person.into_iter().flatten().find_map(Form::name_from);
    name.unwrap_or_else(|| NAMELESS.to_owned())
}

pub(crate) fn put_form(
    form: &Form,
    name: String,
    application: Option<String>,
    definition: Option<(String, Vec<u8>)>,
    origin: FormOrigin,
) -> PutForm {
    let title = if form.title.trim().is_empty() { name.clone() } else { form.title.clone() };
    PutForm {
        name,
        title,
        form_id: form.form_id.clone(),
        xmlns: form.xmlns.clone(),
        version: form.version.clone(),
        application,
        root: Some(form.root.clone()),
        origin,
        is_encrypted: form.is_encrypted,
        definition,
        files: None,
    }
}
