//! Looking through messages: by what stands in them, from the newest on.
//!
//! No index knows what stands in a message, so each is read. A look is bounded in messages and in
//! time, and says how far it came; who asks again goes on from there. Bodies are read in bunches
//! that hold little memory, on threads that may block.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fieldpost_model::json::Value;
use fieldpost_model::message::{Message, MessageRequest};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::field_path::FieldCondition;
use fieldpost_rules::filter::contains;
use fieldpost_store::{MessageQuery, Page, StoreError};
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::receive;
use crate::routing::ProjectRouting;

/// Messages that one look goes through at most.
pub const MOST_LOOKED_THROUGH: usize = 2_000;
/// How long one look takes at most, but for the bunch that it is at.
pub const LONGEST_LOOK: Duration = Duration::from_millis(500);
/// Messages of one bunch.
const BUNCH: usize = 100;
/// Bytes of bodies that are read together; a larger one is read alone.
const BUNCH_BYTES: u64 = 4 * 1024 * 1024;
/// The fewest hexadecimal digits that are taken for a part of an id.
const FEWEST_ID_DIGITS: usize = 4;

/// What is looked for in messages. All of it must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentQuery {
    /// A text in the body, in the identity, or a part of the id; in upper or lower case.
    pub text: Option<String>,
    /// What fields of the content must be.
    pub fields: Vec<FieldCondition>,
    /// JSON that the content must contain, as a filter's `match` asks for it.
    pub matches: Option<Value<'static>>,
}

impl ContentQuery {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a content has all that is asked of it, but for the text.
    pub(crate) fn is_in(&self, view: &Value<'_>) -> bool {
        self.fields.iter().all(|field| field.holds(view))
            && self.matches.as_ref().is_none_or(|wanted| contains(view, wanted))
    }

    fn asks_for_content(&self) -> bool {
        !self.fields.is_empty() || self.matches.is_some()
    }
}

/// What a look has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookedThrough {
    /// The messages, newest first.
    pub found: Vec<Message>,
    /// The last message that was looked at, and when it came in; `None` where there was none.
    pub until: Option<(Uuid, Timestamp)>,
    /// Whether there are older ones to look at.
    pub is_more: bool,
}

impl Hub {
    /// Looks for messages by their content, from the newest of the page on.
    pub async fn look_through(
        &self,
        project: &str,
        query: &MessageQuery,
        content: &Arc<ContentQuery>,
        page: Page,
    ) -> Result<LookedThrough, HubError> {
        let routing = self.project(project).await?;
        if let Some(found) = self.by_whole_id(project, query, content, page).await? {
            return Ok(found);
        }
        let begun = Instant::now();
        let mut looked = LookedThrough { is_more: true, ..LookedThrough::default() };
        let mut before = page.before;
        let mut left = MOST_LOOKED_THROUGH;
        while left > 0 && begun.elapsed() < LONGEST_LOOK {
            let bunch = Page { before, limit: left.min(BUNCH) };
            let messages = self.store().messages(project, query, bunch).await?;
            let is_last = messages.len() < bunch.limit;
            left -= messages.len();
            for messages in bunches(messages) {
                let last = messages.last().map(|message| (message.id, message.received_at));
                let mut found = self.wanted(&routing, content, messages).await?;
                let room = page.limit - looked.found.len();
                if found.len() > room {
                    found.truncate(room);
                }
                looked.found.extend(found);
                looked.until = last.or(looked.until);
                if looked.found.len() == page.limit {
                    // What was found last is where the next look begins behind.
                    let last = looked.found.last();
                    looked.until = last.map(|message| (message.id, message.received_at));
                    return Ok(looked);
                }
            }
            before = looked.until.map(|(id, _)| id).or(before);
            if is_last {
                looked.is_more = false;
                break;
            }
        }
        Ok(looked)
    }

    /// The message of which somebody has the whole id, however old it is; `None` where more than that
    /// is asked for, or it is not there.
    async fn by_whole_id(
        &self,
        project: &str,
        query: &MessageQuery,
        content: &ContentQuery,
        page: Page,
    ) -> Result<Option<LookedThrough>, StoreError> {
        let id = content.text.as_deref().and_then(|text| Uuid::try_parse(text.trim()).ok());
        let (Some(id), None, false) = (id, page.before, content.asks_for_content()) else {
            return Ok(None);
        };
        let found = self.store().message(project, id).await?;
        let is_asked_for = |message: &Message| {
            query.source.as_ref().is_none_or(|source| *source == message.source)
                && query.state.is_none_or(|state| state == message.state)
                && query.since.is_none_or(|since| since <= message.received_at)
                && query.until.is_none_or(|until| message.received_at < until)
        };
        Ok(found.filter(is_asked_for).map(|message| LookedThrough {
            until: Some((message.id, message.received_at)),
            found: vec![message],
            is_more: false,
        }))
    }

    /// Those of a bunch that have what is looked for.
    async fn wanted(
        &self,
        routing: &Arc<ProjectRouting>,
        content: &Arc<ContentQuery>,
        messages: Vec<Message>,
    ) -> Result<Vec<Message>, HubError> {
        let wholes = self.wholes(&routing.project, messages).await?;
        let (routing, content) = (Arc::clone(routing), Arc::clone(content));
        let look = move || {
            let wanted = wholes
                .into_iter()
                .filter(|(message, whole)| has(&routing, &content, message, whole.as_ref()));
            wanted.map(|(message, _)| message).collect()
        };
        Ok(self.aside(look).await?)
    }

    /// The requests and bytes of messages, in their order; those that were erased have none.
    async fn wholes(
        &self,
        project: &str,
        messages: Vec<Message>,
    ) -> Result<Vec<(Message, Option<(MessageRequest, Bytes)>)>, StoreError> {
        let ids: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
        let mut contents = self.store().message_contents(project, &ids).await?;
        let whole = |message: Message| {
            let content = contents.remove(&message.id);
            (message, content.map(|(request, bytes)| (request, bytes.into())))
        };
        Ok(messages.into_iter().map(whole).collect())
    }
}

/// Splits messages into bunches whose bodies together are of a size to be read at once.
fn bunches(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut bunches: Vec<Vec<Message>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        bytes += message.bytes;
        match bunches.last_mut() {
            Some(bunch) if bytes <= BUNCH_BYTES => bunch.push(message),
            _ => {
                bytes = message.bytes;
                bunches.push(vec![message]);
            }
        }
    }
    bunches
}

/// Whether a message has what is looked for.
fn has(
    routing: &ProjectRouting,
    content: &ContentQuery,
    message: &Message,
    whole: Option<&(MessageRequest, Bytes)>,
) -> bool {
    let body: &[u8] = whole.map_or(&[], |(_, body)| body);
    let text = content.text.as_ref().map(|text| text.to_lowercase());
    let is_known_by_text = text.as_ref().is_none_or(|text| {
        is_called(message, text) || String::from_utf8_lossy(body).to_lowercase().contains(text)
    });
    if is_known_by_text && !content.asks_for_content() {
        return true;
    }
    let source = routing.source(&message.source);
    let decoded = source
        .filter(|_| whole.is_some())
        .and_then(|source| receive::read(source, message.content_type.as_deref(), body).ok());
    let Some(decoded) = decoded else { return false };
    let view = &decoded.view;
    // What the body has escaped stands plainly in its view.
    let has_text =
        is_known_by_text || text.is_some_and(|text| view.to_json().to_lowercase().contains(&text));
    has_text && content.is_in(view)
}

/// Whether a text, in lower case, is in what a message is called by: its identity, or a part of its
/// id or of that of the message which it repeats.
fn is_called(message: &Message, text: &str) -> bool {
    if message.identity.as_ref().is_some_and(|it| it.to_lowercase().contains(text)) {
        return true;
    }
    let digits = text.replace('-', "");
    let is_part_of_id =
        digits.len() >= FEWEST_ID_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let in_id = |id: Uuid| id.simple().to_string().contains(&digits);
    is_part_of_id && (in_id(message.id) || message.duplicate_of.is_some_and(in_id))
}
