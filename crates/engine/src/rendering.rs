//! Rendering: from what is kept of an event to the request that is sent.
//!
//! It is done with each try, by the forwarder as it is then: so a template that was mended, a field that
//! is withheld since, or a form whose questions were uploaded count for what waits. What is withheld is
//! taken out of the submission or the case before any format sees it, and the document itself is out of
//! reach of the formats then.
//!
//! What cannot be made is told in a sentence: the delivery is broken, and can be queued again once the
//! reason is gone.

mod cases;
mod forms;
mod tables;

use bytes::Bytes;
use fieldpost_dialects::formats::{ApplicationPayload, Written, write_application};
use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::form::Form;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::lifecycle::CallMethod;
use fieldpost_model::submission::FormReference;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{FormQuery, Original, Payload, StoreError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::events::{ApplicationFacts, CaseFacts, FormFacts};
use crate::hidden::Hidden;
use crate::hub::Hub;
use crate::payload::{self, Body, Withholding};
use crate::routing::ProjectRouting;

/// The header that tells when a form came in, as CommCare HQ names it.
const RECEIVED_ON: &str = "received-on";
/// The header that tells when a case was changed last, as CommCare HQ names it.
const MODIFIED_ON: &str = "server-modified-on";
/// The parameter that tells the application of a form, as CommCare HQ names it.
const APPLICATION: &str = "app_id";
/// Forms of an application whose questions are told.
const MOST_FORMS: usize = 500;
/// What a part of an address has written out.
const NOT_IN_A_PART: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is to be sent, before anybody has written it.
pub(crate) struct Subject<'s> {
    /// What set it off.
    pub(crate) event: Event,
    /// What is kept of it; none for a message as it came.
    pub(crate) facts: Option<(PayloadKind, &'s str)>,
    /// The document, where it is not the message.
    pub(crate) original: Option<Original>,
    /// The message.
    pub(crate) content: &'s Payload,
}

/// What is sent beside what the forwarder and the connection say.
pub(crate) struct Rendered {
    pub(crate) body: Body,
    headers: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    /// What a lifecycle asks for by it.
    pub(crate) asked: Option<Asked>,
}

/// What a lifecycle asks for beside what it sends.
pub(crate) struct Asked {
    /// The method.
    pub(crate) method: CallMethod,
    /// What is put behind the connection's URL.
    pub(crate) path: String,
    /// What is added to the query.
    pub(crate) query: Vec<(String, String)>,
    /// What its address must not give away where it is recorded.
    pub(crate) hidden: Hidden,
}

/// Why nothing can be sent.
pub(crate) enum Unrendered {
    /// It can never be, as things are; in a sentence.
    Impossible(String),
    /// The store could not be asked: it may be tried again.
    Store(StoreError),
}

impl From<String> for Unrendered {
    fn from(sentence: String) -> Self {
        Self::Impossible(sentence)
    }
}

impl From<StoreError> for Unrendered {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Rendered {
    /// The headers beside those of the connection. What a person has written of the same name takes the
    /// place of what the event would say.
    pub(crate) fn headers(&self, forwarder: &Forwarder) -> Vec<(String, String)> {
        joined(&forwarder.headers, &self.headers)
    }

    /// The query beside that of the connection.
    pub(crate) fn query(&self, forwarder: &Forwarder) -> Vec<(String, String)> {
        let mut query = joined(&forwarder.query, &self.query);
        query.extend(self.asked.iter().flat_map(|asked| asked.query.iter().cloned()));
        query
    }

    pub(crate) fn of(body: Body) -> Self {
        Self { body, headers: Vec::new(), query: Vec::new(), asked: None }
    }

    pub(crate) fn add_header(&mut self, name: &'static str, value: String) {
        self.headers.push((name, value));
    }

    fn with_time(mut self, header: &'static str, at: Timestamp) -> Self {
        self.headers.push((header, at.to_string()));
        self
    }
}

impl Hub {
    /// Writes what a forwarder sends.
    pub(crate) async fn render(
        &self,
        project: &ProjectRouting,
        forwarder: &Forwarder,
        subject: Subject<'_>,
    ) -> Result<Rendered, Unrendered> {
        let (kind, facts) = subject.facts.unwrap_or((PayloadKind::Message, ""));
        match kind {
            PayloadKind::Message => {
                let key = self.withholding_key(&project.project, forwarder).await?;
                let withholding = Withholding { withheld: &forwarder.withhold, key };
                let body = payload::body(forwarder.format, subject.content, project, withholding)?;
                Ok(Rendered::of(body))
            }
            PayloadKind::Submission => {
                let facts = FormFacts::read(facts)?;
                let at = facts.received_at;
                let application = facts.application.clone().filter(|_| {
                    forwarder.rendering.sends_application && subject.event != Event::FormStub
                });
                let body = self.render_form(project, forwarder, facts, subject).await?;
                let mut rendered = Rendered::of(body).with_time(RECEIVED_ON, at);
                rendered.query.extend(application.map(|id| (APPLICATION, id)));
                Ok(rendered)
            }
            PayloadKind::Case => {
                let facts = CaseFacts::read(facts)?;
                let (body, at) = self.render_case(project, forwarder, facts).await?;
                Ok(Rendered::of(body).with_time(MODIFIED_ON, at))
            }
            PayloadKind::Application => {
                let facts = ApplicationFacts::read(facts)?;
                let body = self.render_application(project, forwarder, facts).await?;
                Ok(Rendered::of(body))
            }
            PayloadKind::Call => self.render_call(project, facts).await,
        }
    }

    /// The key of the digests that a forwarder sends; any, where it sends none.
    pub(crate) async fn withholding_key(
        &self,
        project: &str,
        forwarder: &Forwarder,
    ) -> Result<[u8; 32], StoreError> {
        if forwarder.withhold.is_empty() {
            return Ok([0; 32]);
        }
        self.store().project_secret(project).await
    }

    async fn render_application(
        &self,
        project: &ProjectRouting,
        forwarder: &Forwarder,
        facts: ApplicationFacts,
    ) -> Result<Body, Unrendered> {
        let forms = self.forms_of_application(project, &facts).await?;
        let payload = ApplicationPayload {
            id: &facts.id,
            domain: &project.project,
            application: facts.application.as_deref(),
            build: facts.build.as_deref(),
            saved_at: facts.saved_at,
            forms: &forms,
        };
        let written = write_application(forwarder.format, &forwarder.rendering, &payload)?;
        Ok(own(written))
    }

    /// What the forms of an application ask; those without a definition ask nothing that is known.
    async fn forms_of_application(
        &self,
        project: &ProjectRouting,
        facts: &ApplicationFacts,
    ) -> Result<Vec<Form>, StoreError> {
        let store = self.store();
        let heads = match &facts.application {
            Some(application) => {
                let application = Some(application.clone());
                let query = FormQuery { application, ..FormQuery::default() };
                store.forms(&project.project, &query, None, MOST_FORMS).await?
            }
            None => store.form(&project.project, &facts.form).await?.into_iter().collect(),
        };
        let mut forms = Vec::new();
        for head in heads {
            let reference =
                FormReference { id: head.form_id, xmlns: head.xmlns, ..FormReference::default() };
            let known = self.form_book().find(store, &project.project, &reference).await?;
            let definition = known.and_then(|known| known.definition);
            forms.extend(definition.map(|definition| Form::clone(&definition)));
        }
        Ok(forms)
    }

    /// Where a file of a submission can be had.
    fn file_address(&self, project: &str, submission: uuid::Uuid, name: &str) -> String {
        let base = self.settings().public_url.as_deref().unwrap_or_default();
        let name: String = url_part(name);
        format!("{base}/api/v1/projects/{project}/submissions/{submission}/attachments/{name}")
    }
}

/// What a person has written, and behind it what the event says under other names.
fn joined(written: &[(String, String)], told: &[(&str, String)]) -> Vec<(String, String)> {
    let is_written = |name: &str| written.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let told = told.iter().filter(|(name, _)| !is_written(name));
    let told = told.map(|(name, value)| ((*name).to_owned(), value.clone()));
    written.iter().cloned().chain(told).collect()
}

/// A name as a part of an address.
pub(crate) fn url_part(name: &str) -> String {
    utf8_percent_encode(name, &NOT_IN_A_PART).to_string()
}

/// A body that the hub has written.
fn own(written: Written) -> Body {
    Body {
        bytes: Bytes::from(written.bytes),
        content_type: Some(written.content_type),
        is_payload: false,
        rows: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_parts_of_addresses() {
        assert_eq!(url_part("a b/ü.jpg"), "a%20b%2F%C3%BC.jpg");
    }
}
