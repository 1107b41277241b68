//! Rendering of filled forms: the document is read again, typed by the form as it is now.

use std::sync::Arc;

use bytes::Bytes;
use fieldpost_dialects::formats::{FormPayload, ServerFacts, StoredFile, Written, write_form};
use fieldpost_dialects::{Received, decode, odk_central};
use fieldpost_model::ProjectName;
use fieldpost_model::form::Form;
use fieldpost_model::forwarder::{Format, Forwarder, Rendering, Withheld};
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::FormReference;
use fieldpost_rules::withhold;
use fieldpost_store::StoreError;

use super::tables::rows_of_form;
use super::{Subject, Unrendered, own};
use crate::events::FormFacts;
use crate::filing::{Form as ReadForm, read_one};
use crate::flow::LARGE_BODY;
use crate::hub::Hub;
use crate::payload::Body;
use crate::routing::ProjectRouting;

/// Why a form cannot be sent whose document has been erased.
const GONE: &str = "the form's bytes are gone";

/// Why a document is not sent as it is. Definitions of that kind are refused; should one be there all the
/// same, nothing leaves.
const NOTHING_WITHHELD: &str =
    "something is to be withheld, and the format sends the document as it came";

/// Everything that a form is written from.
struct Job {
    project: ProjectName,
    facts: FormFacts,
    bytes: Bytes,
    content_type: Option<String>,
    definition: Option<Arc<Form>>,
    number: Option<u64>,
    files: Vec<StoredFile>,
    format: Format,
    rendering: Rendering,
    withheld: Vec<Withheld>,
    key: [u8; 32],
}

impl Hub {
    pub(super) async fn render_form(
        &self,
        project: &ProjectRouting,
        forwarder: &Forwarder,
        facts: FormFacts,
        subject: Subject<'_>,
    ) -> Result<Body, Unrendered> {
        let (bytes, content_type, is_message) = if let Some(original) = subject.original {
            (original.bytes, original.content_type, false)
        } else {
            let bytes = subject.content.body.clone().ok_or_else(|| GONE.to_owned())?;
            (bytes, subject.content.content_type.clone(), true)
        };
        if forwarder.format == Format::AsReceived && !forwarder.withhold.is_empty() {
            return Err(Unrendered::Impossible(NOTHING_WITHHELD.to_owned()));
        }
        if forwarder.format == Format::AsReceived {
            return Ok(Body { bytes, content_type, is_payload: is_message, rows: None });
        }
        let job = self.job(project, forwarder, facts, bytes.clone(), content_type).await?;
        let written = if bytes.len() < LARGE_BODY {
            job.write()
        } else {
            self.aside(move || job.write()).await?
        };
        let body = written?;
        // What is sent as it came is kept once, with the message.
        let is_payload = is_message && body.bytes == bytes;
        Ok(Body { is_payload, ..body })
    }

    /// Gathers what a form is written from.
    async fn job(
        &self,
        project: &ProjectRouting,
        forwarder: &Forwarder,
        facts: FormFacts,
        bytes: Bytes,
        content_type: Option<String>,
    ) -> Result<Job, StoreError> {
        let name = &project.project;
        let reference = FormReference {
            id: facts.form_id.clone(),
            xmlns: facts.xmlns.clone(),
            ..FormReference::default()
        };
        let known = self.form_book().find(self.store(), name, &reference).await?;
        let (number, files) = match forwarder.format {
            Format::FormXml | Format::Json | Format::Stub | Format::Geojson | Format::Table => {
                (None, Vec::new())
            }
            _ => self.server_side(name, &facts).await?,
        };
        let key = self.withholding_key(name, forwarder).await?;
        Ok(Job {
            project: name.clone(),
            facts,
            bytes,
            content_type,
            definition: known.and_then(|known| known.definition),
            number,
            files,
            format: forwarder.format,
            rendering: forwarder.rendering.clone(),
            withheld: forwarder.withhold.clone(),
            key,
        })
    }

    /// The number of a submission among those of its form, and the files of this version that are there: a
    /// later one may have others by the same names.
    async fn server_side(
        &self,
        project: &str,
        facts: &FormFacts,
    ) -> Result<(Option<u64>, Vec<StoredFile>), StoreError> {
        let submission = facts.submission;
        let known = self.store().submission(project, submission).await?;
        let files = self.store().files_at(project, submission, facts.version).await?;
        // What is here is had from here; what is not, by its link, if it is one for others too.
        let is_to_be_had = |file: &fieldpost_store::StoredFile| {
            file.sha256.is_some() || file.link.as_ref().is_some_and(|link| link.contains("://"))
        };
        let files = files.into_iter().filter(is_to_be_had).map(|file| StoredFile {
            url: file
                .link
                .filter(|_| file.sha256.is_none())
                .unwrap_or_else(|| self.file_address(project, submission, &file.name)),
            name: file.name,
            content_type: file
                .content_type
                .unwrap_or_else(|| "application/octet-stream".to_owned()),
            length: file.bytes.unwrap_or_default(),
        });
        Ok((known.map(|known| known.number), files.collect()))
    }
}

impl Job {
    /// Writes the form. The error is a sentence.
    fn write(mut self) -> Result<Body, String> {
        let received = Received { content_type: self.content_type.as_deref(), body: &self.bytes };
        let decoded = decode(self.facts.dialect, &received)
            .map_err(|unreadable| format!("the form cannot be read: {}", unreadable.reason))?;
        if self.format == Format::Json {
            let content_type = "application/json".to_owned();
            let view = decoded.view.into_owned();
            let view = withhold::view(view, &self.withheld, &self.key);
            return Ok(own(Written { bytes: view.to_json().into_bytes(), content_type }));
        }
        let definition = self.definition.as_deref();
        let read = read_one(self.facts.dialect, &decoded, self.facts.place, definition);
        let ReadForm { mut submission, is_alone } =
            read.ok_or("the message holds no such form any more: its source reads it otherwise")?;
        // Where the source says which form its messages are of, they need not say it themselves.
        if submission.form.id.is_none() && submission.form.xmlns.is_none() {
            submission.form.id.clone_from(&self.facts.form_id);
        }
        withhold::submission(&mut submission, &self.withheld, &self.key);
        if !self.withheld.is_empty() {
            let is_named = |file: &StoredFile| {
                submission.attachments.iter().any(|attachment| attachment.name == file.name)
            };
            self.files.retain(is_named);
        }
        let facts = &self.facts;
        if self.format == Format::Table {
            return rows_of_form(&submission, definition, facts, &self.rendering);
        }
        let resource = format!("/a/{}/api/form/v1/{}/", self.project, facts.id);
        let modified_at = facts.edited_at.unwrap_or(facts.received_at);
        let server = ServerFacts {
            number: self.number,
            project: &self.project,
            received_at: facts.received_at,
            modified_at,
            indexed_at: modified_at,
            resource: Some(&resource),
            application: facts.application.as_deref(),
            build: facts.build.as_deref(),
            edited_at: facts.edited_at,
            is_from_device: facts.is_from_device,
            sender_address: None,
            files: &self.files,
        };
        let is_whole = is_alone && self.withheld.is_empty();
        let embedded = match facts.dialect {
            Dialect::OdkCentral => odk_central::embedded(&decoded.view).map(Bytes::from),
            _ => None,
        };
        let document: (&[u8], Option<&str>) = match &embedded {
            Some(document) => (document, Some(odk_central::EMBEDDED_TYPE)),
            None => (&self.bytes, self.content_type.as_deref()),
        };
        let payload = FormPayload {
            id: &facts.id,
            form_name: &facts.form,
            submission: &submission,
            original: is_whole.then_some(document),
            facts: &server,
            case_ids: &facts.case_ids,
            form: definition,
        };
        write_form(self.format, &self.rendering, &payload).map(own)
    }
}
