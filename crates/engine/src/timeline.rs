//! The timeline of a message: where is my submission, told as one document.

use fieldpost_dialects::Decoded;
use fieldpost_model::delivery::Delivery;
use fieldpost_model::json::Value;
use fieldpost_model::message::Message;
use fieldpost_model::source::Dialect;
use fieldpost_store::{BroughtVersion, DeliveryQuery, Page, TouchedCase, Try, Version};
use uuid::Uuid;

use crate::error::HubError;
use crate::events::ForwarderExplanation;
use crate::hub::Hub;
use crate::outlook::DeliveryPlace;
use crate::receive;

/// Deliveries of a message that are told; the newest, where it has more.
const MOST_DELIVERIES: usize = 100;
/// Tries of them that are told, all together.
const MOST_TRIES: usize = 1_000;
/// Versions that are told.
const MOST_VERSIONS: usize = 100;
/// Submissions and cases that are told, of each so many.
const MOST_FILED: usize = 100;

/// Where a message came from and what became of it.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The message.
    pub message: Message,
    /// How its source reads messages today; `None` where the source is no more.
    pub dialect: Option<Dialect>,
    /// What its dialect makes of it today.
    pub decoded: Reading,
    /// What each forwarder says to it today; empty where it cannot be read.
    pub explained: Vec<ForwarderExplanation>,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<DeliveryTold>,
    /// Whether there are older ones beside them.
    pub deliveries_are_more: bool,
    /// The messages of the same identity, newest first; this one is among them.
    pub versions: Vec<Version>,
    /// What it made of submissions and cases.
    pub filed: FiledByMessage,
}

/// What a message made of submissions and cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FiledByMessage {
    /// The versions of submissions that it brought.
    pub submissions: Vec<BroughtVersion>,
    /// The cases that it had a part in.
    pub cases: Vec<TouchedCase>,
    /// Whether there are more of either.
    pub are_more: bool,
}

/// What a dialect makes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It can be read.
    Readable(Summary),
    /// It cannot: a stable word, and why.
    Unreadable(&'static str, String),
    /// Its bytes were erased, or its source is no more.
    Gone,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What kind of thing it is, such as `form`.
    pub shape: &'static str,
    /// The form that was filled in.
    pub form: Option<String>,
    /// What deliveries of it are kept in order by.
    pub key: Option<String>,
    /// Members of its parsed view, where that is an object.
    pub members: Option<usize>,
}

/// A delivery with its tries.
#[derive(Clone, Debug)]
pub struct DeliveryTold {
    /// The delivery.
    pub delivery: Delivery,
    /// What holds it up.
    pub place: DeliveryPlace,
    /// Its tries, in order; those of the first deliveries, where there are very many.
    pub tries: Vec<Try>,
}

impl Hub {
    /// Where a message came from and what became of it.
    pub async fn timeline(&self, project: &str, id: Uuid) -> Result<Timeline, HubError> {
        let routing = self.project(project).await?;
        let found = self.store().message(project, id).await?;
        let message = found.ok_or_else(|| HubError::not_found("message", &id))?;
        let dialect = routing.source(&message.source).map(|source| source.dialect);
        let decoded = self.reading(project, &message).await?;
        let explained = match decoded {
            Reading::Readable(_) => match self.explain(project, id).await {
                Ok(explained) => explained,
                // It has passed through too many hubs: its reason says so.
                Err(HubError::NotAllowed { .. }) => Vec::new(),
                Err(error) => return Err(error),
            },
            Reading::Unreadable(..) | Reading::Gone => Vec::new(),
        };
        let (deliveries, deliveries_are_more) = self.deliveries_told(project, id).await?;
        let versions = self.store().versions(project, &message, MOST_VERSIONS).await?;
        let filed = self.filed_by(project, id).await?;
        Ok(Timeline {
            message,
            dialect,
            decoded,
            explained,
            deliveries,
            deliveries_are_more,
            versions,
            filed,
        })
    }

    /// What a message made of submissions and cases.
    async fn filed_by(&self, project: &str, message: Uuid) -> Result<FiledByMessage, HubError> {
        let most = MOST_FILED + 1;
        let mut submissions = self.store().versions_brought(project, message, most).await?;
        let brought = submissions.iter().map(|brought| brought.submission);
        // What tells of a case as a whole stands in the case's history by itself.
        let ids: Vec<Uuid> = brought.chain([message]).collect();
        let mut cases = self.store().cases_touched(project, &ids, most).await?;
        let are_more = submissions.len() > MOST_FILED || cases.len() > MOST_FILED;
        submissions.truncate(MOST_FILED);
        cases.truncate(MOST_FILED);
        Ok(FiledByMessage { submissions, cases, are_more })
    }

    /// What today's dialect of its source makes of a message.
    async fn reading(&self, project: &str, message: &Message) -> Result<Reading, HubError> {
        let routing = self.project(project).await?;
        let is_known = routing.source(&message.source).is_some();
        if message.erased_at.is_some() || !is_known {
            return Ok(Reading::Gone);
        }
        let Some((_, body)) = self.store().message_content(project, message.id).await? else {
            return Ok(Reading::Gone);
        };
        let (name, content_type) = (message.source.clone(), message.content_type.clone());
        let read = move || match routing.source(&name) {
            None => Reading::Gone,
            Some(source) => match receive::read(source, content_type.as_deref(), &body) {
                Ok(decoded) => Reading::Readable(summary(&decoded)),
                Err(unreadable) => Reading::Unreadable(unreadable.code, unreadable.reason),
            },
        };
        Ok(self.aside(read).await?)
    }

    /// The deliveries of a message with their tries, oldest first, and whether there are more.
    async fn deliveries_told(
        &self,
        project: &str,
        message: Uuid,
    ) -> Result<(Vec<DeliveryTold>, bool), HubError> {
        let query = DeliveryQuery { payload: Some(message), ..DeliveryQuery::default() };
        let page = Page { before: None, limit: MOST_DELIVERIES + 1 };
        let mut found = self.store().deliveries(project, &query, page).await?;
        let are_more = found.len() > MOST_DELIVERIES;
        found.truncate(MOST_DELIVERIES);
        found.reverse();
        let ids: Vec<Uuid> = found.iter().map(|delivery| delivery.id).collect();
        let mut tries = self.store().tries(project, &ids, MOST_TRIES).await?;
        let places = self.delivery_places(project, &found).await?;
        let told = found.into_iter().zip(places).map(|(delivery, place)| {
            let own = tries.extract_if(.., |one| one.delivery == delivery.id).collect();
            DeliveryTold { delivery, place, tries: own }
        });
        Ok((told.collect(), are_more))
    }
}

fn summary(decoded: &Decoded<'_>) -> Summary {
    Summary {
        shape: decoded.shape.name(),
        form: decoded.form.clone(),
        key: decoded.key.clone(),
        members: decoded.view.as_object().map(<[(_, Value<'_>)]>::len),
    }
}
