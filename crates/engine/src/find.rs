//! Finding anything of a project by what somebody has of it: an id or the beginning of one, a name,
//! what a sender calls a submission, or the case that it is about.
//!
//! Everything here is found by an index, so that it can be asked with each key that is pressed. What
//! stands in messages is looked through elsewhere.

use std::collections::HashSet;

use fieldpost_model::case::Case;
use fieldpost_model::delivery::Delivery;
use fieldpost_model::incident::Incident;
use fieldpost_model::message::Message;
use fieldpost_model::names;
use fieldpost_model::run::Run;
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{
    DeliveryQuery, FormHead, FormQuery, IdRange, Page, RunCondition, RunPage, StoredSubmission,
};
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;

/// What is told of each kind at most.
const MOST_OF_A_KIND: usize = 5;

names! {
    /// What was found.
    pub enum FoundKind {
        /// A source.
        Source = "source",
        /// A forwarder.
        Forwarder = "forwarder",
        /// A workflow.
        Workflow = "workflow",
        /// A connection.
        Connection = "connection",
        /// A message.
        Message = "message",
        /// A delivery.
        Delivery = "delivery",
        /// A run.
        Run = "run",
        /// An incident.
        Incident = "incident",
        /// A form.
        Form = "form",
        /// A submission.
        Submission = "submission",
        /// A case.
        Case = "case",
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Its id, or its name where it has none.
    pub id: String,
    /// What to tell it by.
    pub title: String,
}

impl Hub {
    /// Finds what a text may mean, names first.
    pub async fn find_anything(&self, project: &str, text: &str) -> Result<Vec<Found>, HubError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let routing = self.project(project).await?;
        let mut found = by_name(&routing.definition, &text.to_lowercase());
        if let Some(range) = IdRange::beginning(text) {
            found.extend(self.by_id(project, range).await?);
        }
        for source in &routing.definition.sources {
            let newest = self.store().newest_of(project, &source.name, text).await?;
            let Some(id) = newest else { continue };
            found.extend(self.store().message(project, id).await?.as_ref().map(message));
        }
        let query = DeliveryQuery { key: Some(text.to_owned()), ..DeliveryQuery::default() };
        let page = Page { before: None, limit: MOST_OF_A_KIND };
        found.extend(self.store().deliveries(project, &query, page).await?.iter().map(delivery));
        let about = RunCondition { key: Some(text.to_owned()), ..RunCondition::default() };
        let page = RunPage { before: None, limit: MOST_OF_A_KIND };
        found.extend(self.store().runs(project, &about, page).await?.found.iter().map(run));
        found.extend(self.filed(project, text).await?);
        let mut seen = HashSet::new();
        found.retain(|one| seen.insert((one.kind, one.id.clone())));
        Ok(found)
    }

    /// The forms of a name, the submission of an id, its own or its sender's, and the case of an id.
    async fn filed(&self, project: &str, text: &str) -> Result<Vec<Found>, HubError> {
        let store = self.store();
        let named = FormQuery { text: Some(text.to_owned()), ..FormQuery::default() };
        let forms = store.forms(project, &named, None, MOST_OF_A_KIND).await?;
        let mut found: Vec<Found> = forms.iter().map(form).collect();
        let own = match Uuid::parse_str(text) {
            Ok(id) => store.submission(project, id).await?,
            Err(_) => None,
        };
        let instance_id = fieldpost_dialects::instance_id(text);
        let sent = store.instance(project, instance_id.as_deref().unwrap_or(text)).await?;
        let sent = match sent {
            Some(instance) => store.submission(project, instance.submission).await?,
            None => None,
        };
        found.extend(own.iter().chain(&sent).map(submission));
        found.extend(store.cases(project, &[text]).await?.values().map(|found| case(&found.value)));
        Ok(found)
    }

    async fn by_id(&self, project: &str, range: IdRange) -> Result<Vec<Found>, HubError> {
        let store = self.store();
        let messages = store.messages_within(project, range, MOST_OF_A_KIND).await?;
        let deliveries = store.deliveries_within(project, range, MOST_OF_A_KIND).await?;
        let runs = store.runs_within(project, range, MOST_OF_A_KIND).await?;
        let incidents = store.incidents_within(project, range, MOST_OF_A_KIND).await?;
        let found = messages.iter().map(message).chain(deliveries.iter().map(delivery));
        Ok(found.chain(runs.iter().map(run)).chain(incidents.iter().map(incident)).collect())
    }
}

/// What has the text in its name, or in what people call it.
fn by_name(definition: &ProjectDefinition, text: &str) -> Vec<Found> {
    let sources = definition.sources.iter().map(|source| {
        let title = format!("{} ({})", source.name, source.dialect);
        (FoundKind::Source, source.name.as_str(), title)
    });
    let forwarders = definition.forwarders.iter().map(|forwarder| {
        let title = format!("{} → {}", forwarder.name, forwarder.to);
        (FoundKind::Forwarder, forwarder.name.as_str(), title)
    });
    let connections = definition.connections.iter().map(|connection| {
        (FoundKind::Connection, connection.name.as_str(), connection.name.clone())
    });
    let workflows = definition.workflows.iter().map(|workflow| {
        let title = if workflow.title.is_empty() { &workflow.name } else { &workflow.title };
        (FoundKind::Workflow, workflow.name.as_str(), title.clone())
    });
    let all = sources.chain(forwarders).chain(workflows).chain(connections);
    let fits = |kind: FoundKind, name: &str, title: &str| {
        name.to_lowercase().contains(text)
            || (kind == FoundKind::Workflow && title.to_lowercase().contains(text))
    };
    let named: Vec<Found> = all
        .filter(|(kind, name, title)| fits(*kind, name, title))
        .map(|(kind, name, title)| Found { kind, id: name.to_owned(), title })
        .collect();
    FoundKind::ALL
        .iter()
        .flat_map(|kind| named.iter().filter(move |one| one.kind == *kind).take(MOST_OF_A_KIND))
        .cloned()
        .collect()
}

fn found(kind: FoundKind, id: Uuid, title: String) -> Found {
    Found { kind, id: id.to_string(), title }
}

fn message(message: &Message) -> Found {
    let title = match &message.identity {
        Some(identity) => format!("{identity} ({})", message.source),
        None => format!("{} by {}", message.state, message.source),
    };
    found(FoundKind::Message, message.id, title)
}

fn delivery(delivery: &Delivery) -> Found {
    let Delivery { forwarder, connection, state, key, .. } = delivery;
    let about = key.as_ref().map(|key| format!("{key}, ")).unwrap_or_default();
    found(FoundKind::Delivery, delivery.id, format!("{about}{forwarder} → {connection}, {state}"))
}

fn run(run: &Run) -> Found {
    let about = run.key.as_ref().map(|key| format!("{key}, ")).unwrap_or_default();
    found(FoundKind::Run, run.id, format!("{about}{}, {}", run.workflow, run.state))
}

fn form(form: &FormHead) -> Found {
    let title = if form.title.is_empty() { &form.name } else { &form.title };
    Found { kind: FoundKind::Form, id: form.name.clone(), title: title.clone() }
}

fn submission(submission: &StoredSubmission) -> Found {
    let title = format!("{} #{}", submission.form, submission.number);
    found(FoundKind::Submission, submission.id, title)
}

fn case(case: &Case) -> Found {
    let title = format!("{} ({})", case.name, case.case_type);
    Found { kind: FoundKind::Case, id: case.id.clone(), title }
}

fn incident(incident: &Incident) -> Found {
    let title = format!("{}, {}", incident.subject, incident.state);
    found(FoundKind::Incident, incident.id, title)
}
