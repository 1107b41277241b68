//! Preview: what a forwarder would send of something that is there, without sending it.
//!
//! The request is written the way of a delivery: the same facts, the same formats, with what is withheld
//! taken out. Only what proves who sends it is left out, because nobody may take it from here.

use bytes::Bytes;
use fieldpost_dialects::Decoded;
use fieldpost_model::attempt::AttemptRequest;
use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::message::{Message, MessageRequest, MessageState};
use fieldpost_model::secret::PLACEHOLDER;
use fieldpost_outbound::{Call, TableCall};
use fieldpost_rules::cases::{Occasion, events};
use fieldpost_rules::event::payload_of;
use fieldpost_rules::filter::{About, Candidate, Explanation, explain};
use fieldpost_rules::withhold::KnownFields;
use fieldpost_store::{
    CaseOrder, CasePage, CaseQuery, FormQuery, MessageQuery, Page, Payload, SubmissionOrder,
    SubmissionPage, SubmissionQuery,
};
use uuid::Uuid;

use crate::error::HubError;
use crate::events::{ApplicationFacts, CaseFacts, FormFacts, Kept};
use crate::filing::{FiledForm, Told, Touched, Wanted};
use crate::hub::Hub;
use crate::ids::new_id;
use crate::rendering::{Subject, Unrendered};
use crate::routing::ProjectRouting;
use crate::{matching, receive};

/// Bytes of a body that are shown.
pub const MOST_PREVIEWED: usize = 256 * 1024;
/// The newest things that are looked at for one that the forwarder wants.
const MOST_LOOKED_AT: usize = 20;
/// The header that proves where a request comes from.
const SIGNATURE: &str = "webhook-signature";

/// What is shown of a forwarder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PreviewOf {
    /// The newest that the forwarder wants; where it wants none of late, the newest.
    #[default]
    Newest,
    /// A message, or the first form or case in it.
    Message(Uuid),
    /// A submission, in its newest version.
    Submission(Uuid),
    /// A case, as its last form left it.
    Case(String),
    /// The application of the form of that name.
    Form(String),
}

/// What a forwarder would send.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What it is about.
    pub kind: PayloadKind,
    /// Its id: of the message, the submission, the case or the application.
    pub id: String,
    /// The message that it came of.
    pub message: Option<Uuid>,
    /// Whether the forwarder wants it, and why.
    pub explanation: Explanation,
    /// The request; or why there can be none, in a sentence.
    pub request: Result<PreviewedRequest, String>,
}

/// A request that is not sent.
#[derive(Clone, Debug)]
pub struct PreviewedRequest {
    /// The request, credentials masked.
    pub request: AttemptRequest,
    /// What the body is.
    pub content_type: Option<String>,
    /// The body, up to [`MOST_PREVIEWED`] bytes.
    pub body: Bytes,
    /// Whether there is more of it.
    pub is_cut: bool,
}

/// Something that a forwarder could send.
struct Chosen {
    kind: PayloadKind,
    id: String,
    message: Option<Uuid>,
    explanation: Explanation,
    facts: Option<String>,
    original: Option<fieldpost_store::Original>,
    content: Payload,
}

/// A message with what it has told.
pub(crate) struct Source {
    message: Message,
    request: MessageRequest,
    body: Bytes,
    pub(crate) told: Told,
}

impl Source {
    fn kept(&self) -> Kept<'_> {
        Kept { message: &self.message, request: &self.request, body: &self.body }
    }

    /// Adds the fields of the message's view, if it can be read.
    pub(crate) fn add_view(&self, routing: &ProjectRouting, known: &mut KnownFields) {
        let Ok(source) = source_of(routing, &self.message) else { return };
        if let Ok(decoded) = decoded(source, &self.message, &self.body) {
            known.add_view(&decoded.view);
        }
    }
}

impl Hub {
    /// What a forwarder, saved or only written down, would send. Nothing is sent, and nothing is kept.
    pub async fn preview(
        &self,
        project: &str,
        forwarder: &Forwarder,
        of: PreviewOf,
    ) -> Result<Preview, HubError> {
        let routing = self.project(project).await?;
        let chosen = match payload_of(forwarder.on) {
            PayloadKind::Message => self.choose_message(&routing, forwarder, of).await?,
            PayloadKind::Submission => self.choose_form(&routing, forwarder, of).await?,
            PayloadKind::Case => self.choose_case(&routing, forwarder, of).await?,
            PayloadKind::Application => self.choose_application(&routing, forwarder, of).await?,
            // No forwarder can ask for it.
            PayloadKind::Call => return Err(nothing("call")),
        };
        let request = self.previewed(&routing, forwarder, &chosen).await?;
        let Chosen { kind, id, message, explanation, .. } = chosen;
        Ok(Preview { kind, id, message, explanation, request })
    }

    /// Puts the request together.
    async fn previewed(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        chosen: &Chosen,
    ) -> Result<Result<PreviewedRequest, String>, HubError> {
        let subject = Subject {
            event: forwarder.on,
            facts: chosen.facts.as_deref().map(|facts| (chosen.kind, facts)),
            original: chosen.original.clone(),
            content: &chosen.content,
        };
        let rendered = match self.render(routing, forwarder, subject).await {
            Ok(rendered) => rendered,
            Err(Unrendered::Impossible(sentence)) => return Ok(Err(sentence)),
            Err(Unrendered::Store(error)) => return Err(error.into()),
        };
        let lane = routing.connections.get(&forwarder.to);
        let prepared = match lane.map(|lane| &lane.prepared) {
            None => return Ok(Err(format!("there is no connection \"{}\"", forwarder.to))),
            Some(Err(error)) => return Ok(Err(error.message.clone())),
            Some(Ok(prepared)) => prepared,
        };
        let body = rendered.body.bytes.clone();
        let now = self.now();
        let call = Call {
            method: forwarder.method,
            query: &rendered.query(forwarder),
            headers: &rendered.headers(forwarder),
            content_type: rendered.body.content_type.as_deref(),
            body: body.clone(),
            delivery_id: new_id(now),
            now,
            asking: None,
        };
        let previewed = match &rendered.body.rows {
            Some(rows) => {
                let call = TableCall { rows, body: body.clone() };
                self.outbound().preview_table(prepared, &call)
            }
            None => self.outbound().preview(prepared, &call),
        };
        let mut request = match previewed {
            Ok(request) => request,
            Err(error) => return Ok(Err(error.message)),
        };
        for (_, value) in request.headers.iter_mut().filter(|(name, _)| name == SIGNATURE) {
            PLACEHOLDER.clone_into(value);
        }
        Ok(Ok(PreviewedRequest {
            request,
            content_type: rendered.body.content_type,
            is_cut: body.len() > MOST_PREVIEWED,
            body: body.slice(..body.len().min(MOST_PREVIEWED)),
        }))
    }

    async fn choose_message(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        of: PreviewOf,
    ) -> Result<Chosen, HubError> {
        let messages = match of {
            PreviewOf::Newest => {
                let query = MessageQuery {
                    source: forwarder.filter.from.clone(),
                    state: Some(MessageState::Kept),
                    ..MessageQuery::default()
                };
                let page = Page { before: None, limit: MOST_LOOKED_AT };
                let messages = self.store().messages(&routing.project, &query, page).await?;
                messages.into_iter().filter(|it| it.erased_at.is_none()).map(|it| it.id).collect()
            }
            PreviewOf::Message(id) => vec![id],
            _ => return Err(other_kind("a message")),
        };
        let mut first = None;
        for id in messages {
            let (message, request, body) = self.whole_message(&routing.project, id).await?;
            let source = source_of(routing, &message)?;
            let decoded = decoded(source, &message, &body)?;
            let candidate =
                matching::candidate(&message.source, &decoded, &request.headers, &request.query);
            let explanation = explain(&forwarder.filter, &candidate);
            let is_wanted = explanation.matched;
            let chosen = Chosen {
                kind: PayloadKind::Message,
                id: id.to_string(),
                message: Some(id),
                explanation,
                facts: None,
                original: None,
                content: content_of(&message, &body),
            };
            if is_wanted {
                return Ok(chosen);
            }
            first = first.or(Some(chosen));
        }
        first.ok_or_else(|| nothing("message"))
    }

    async fn choose_form(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        of: PreviewOf,
    ) -> Result<Chosen, HubError> {
        let wanted = Wanted { forms: true, cases: false };
        let submission = match of {
            PreviewOf::Submission(id) => Some(id),
            _ => None,
        };
        let messages = match of {
            PreviewOf::Newest => {
                let page = SubmissionPage {
                    order: SubmissionOrder::Newest,
                    after: None,
                    limit: MOST_LOOKED_AT,
                };
                let query = SubmissionQuery::default();
                let newest = self.store().submissions(&routing.project, &query, page).await?;
                newest.found.into_iter().map(|it| it.message).collect()
            }
            PreviewOf::Message(id) => vec![id],
            PreviewOf::Submission(id) => {
                let stored = self.store().submission(&routing.project, id).await?;
                vec![stored.ok_or_else(|| HubError::not_found("submission", &id))?.message]
            }
            _ => return Err(other_kind("a submission")),
        };
        let is_asked_for = messages.len() == 1;
        let mut first = None;
        for id in messages {
            let source = match self.source_told(routing, id, wanted).await {
                Ok(source) => source,
                // One of many that was erased meanwhile.
                Err(HubError::Erased { .. } | HubError::NotFound { .. }) if !is_asked_for => {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut forms = source.told.forms.iter();
            let meant = |form: &&FiledForm| submission.is_none_or(|id| form.submission == id);
            let Some(form) = forms.find(meant) else { continue };
            let chosen = self.form_chosen(routing, forwarder, &source, form);
            if chosen.explanation.matched {
                return Ok(chosen);
            }
            first = first.or(Some(chosen));
        }
        first.ok_or_else(|| nothing("submission"))
    }

    fn form_chosen(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        source: &Source,
        form: &FiledForm,
    ) -> Chosen {
        let occurrence = self.occurrence_again(routing, source.kept());
        Chosen {
            kind: PayloadKind::Submission,
            id: form.submission.to_string(),
            message: Some(source.message.id),
            explanation: occurrence
                .with_form(form, |candidate| explain(&forwarder.filter, candidate)),
            facts: Some(FormFacts::of(form).to_json()),
            original: form.original.clone(),
            content: content_of(&source.message, &source.body),
        }
    }

    async fn choose_case(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        of: PreviewOf,
    ) -> Result<Chosen, HubError> {
        let wanted = Wanted { forms: true, cases: true };
        let cases = match of {
            PreviewOf::Message(id) => {
                let source = self.source_told(routing, id, wanted).await?;
                let touched = source.told.cases.first().ok_or_else(|| nothing("case"))?;
                return Ok(self.case_chosen(routing, forwarder, &source, touched));
            }
            PreviewOf::Newest => {
                let page =
                    CasePage { order: CaseOrder::LastChanged, after: None, limit: MOST_LOOKED_AT };
                let query = CaseQuery::default();
                let newest = self.store().list_cases(&routing.project, &query, &page).await?;
                newest.found.into_iter().map(|it| it.id).collect()
            }
            PreviewOf::Case(id) => {
                let there = self.store().cases(&routing.project, &[&id]).await?;
                there.get(&id).ok_or_else(|| HubError::not_found("case", &id))?;
                vec![id]
            }
            _ => return Err(other_kind("a case")),
        };
        let mut first = None;
        for case_id in cases {
            let history = self.store().case_changes(&routing.project, &case_id).await?;
            let Some(last) = history.last() else { continue };
            let stored = self.store().submission(&routing.project, last.submission).await?;
            // What tells of a case as a whole is the message itself.
            let message = stored.map_or(last.submission, |stored| stored.message);
            let source = match self.source_told(routing, message, wanted).await {
                Ok(source) => source,
                Err(HubError::Erased { .. } | HubError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let mut touched = source.told.cases.iter();
            let meant = |it: &&Touched| it.case.id == case_id && it.submission == last.submission;
            let Some(touched) = touched.find(meant) else { continue };
            let chosen = self.case_chosen(routing, forwarder, &source, touched);
            if chosen.explanation.matched {
                return Ok(chosen);
            }
            first = first.or(Some(chosen));
        }
        first.ok_or_else(|| nothing("case"))
    }

    fn case_chosen(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        source: &Source,
        touched: &Touched,
    ) -> Chosen {
        let occurrence = self.occurrence_again(routing, source.kept());
        let events = events(&touched.case, Occasion::Submission);
        let mut explanation = occurrence
            .with_case(&source.told, touched, |candidate| explain(&forwarder.filter, candidate));
        explanation.matched &= events.contains(&forwarder.on);
        Chosen {
            kind: PayloadKind::Case,
            id: touched.case.id.clone(),
            message: Some(source.message.id),
            explanation,
            facts: Some(CaseFacts::of(touched, touched.case.forms.len() <= 1).to_json()),
            original: None,
            content: content_of(&source.message, &source.body),
        }
    }

    async fn choose_application(
        &self,
        routing: &ProjectRouting,
        forwarder: &Forwarder,
        of: PreviewOf,
    ) -> Result<Chosen, HubError> {
        let head = match of {
            PreviewOf::Newest => {
                let forms = self
                    .store()
                    .forms(&routing.project, &FormQuery::default(), None, MOST_LOOKED_AT)
                    .await?;
                forms.into_iter().max_by_key(|form| form.updated_at)
            }
            PreviewOf::Form(name) => {
                let there = self.store().form(&routing.project, &name).await?;
                Some(there.ok_or_else(|| HubError::not_found("form", &name))?)
            }
            _ => return Err(other_kind("a form")),
        };
        let head = head.ok_or_else(|| nothing("form"))?;
        let facts = ApplicationFacts::saved(
            &head.name,
            head.form_id.as_deref(),
            head.application.as_deref(),
            None,
            head.updated_at,
        );
        let names = [Some(head.name.as_str()), head.form_id.as_deref(), head.xmlns.as_deref()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let application = facts.application.as_deref();
        let about = About { form: &names, application, ..About::default() };
        let body = facts.view();
        let candidate = Candidate { source: "", body: &body, headers: &[], query: &[], about };
        Ok(Chosen {
            kind: PayloadKind::Application,
            id: facts.id.clone(),
            message: None,
            explanation: explain(&forwarder.filter, &candidate),
            facts: Some(facts.to_json()),
            original: None,
            content: Payload { source: String::new(), content_type: None, bytes: 0, body: None },
        })
    }

    /// A message with what it has told.
    pub(crate) async fn source_told(
        &self,
        routing: &ProjectRouting,
        id: Uuid,
        wanted: Wanted,
    ) -> Result<Source, HubError> {
        let (message, request, body) = self.whole_message(&routing.project, id).await?;
        let told = {
            let decoded = decoded(source_of(routing, &message)?, &message, &body)?;
            let kept = Kept { message: &message, request: &request, body: &body };
            self.told_again(routing, kept, &decoded, wanted).await?
        };
        Ok(Source { message, request, body, told })
    }
}

fn source_of<'r>(
    routing: &'r ProjectRouting,
    message: &Message,
) -> Result<&'r fieldpost_model::source::Source, HubError> {
    routing.source(&message.source).ok_or_else(|| HubError::not_found("source", &message.source))
}

fn decoded<'b>(
    source: &fieldpost_model::source::Source,
    message: &'b Message,
    body: &'b [u8],
) -> Result<Decoded<'b>, HubError> {
    receive::read(source, message.content_type.as_deref(), body).map_err(|unreadable| {
        HubError::NotAllowed {
            code: unreadable.code,
            message: format!("the message cannot be read: {}", unreadable.reason),
            hint: "preview another message".to_owned(),
        }
    })
}

fn content_of(message: &Message, body: &Bytes) -> Payload {
    Payload {
        source: message.source.clone(),
        content_type: message.content_type.clone(),
        bytes: message.bytes,
        body: Some(body.clone()),
    }
}

fn nothing(noun: &str) -> HubError {
    HubError::NotAllowed {
        code: "nothing-to-preview",
        message: format!("there is no {noun} yet that could be shown"),
        hint: format!("send one {noun}, then preview again"),
    }
}

fn other_kind(noun: &str) -> HubError {
    HubError::NotAllowed {
        code: "not-previewable",
        message: format!("a forwarder of this event sends {noun}, and something else was named"),
        hint: format!("name {noun}, or leave it out for the newest"),
    }
}
