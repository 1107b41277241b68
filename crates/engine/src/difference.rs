//! The difference of two messages: what a newer version of a submission changed.

use fieldpost_dialects::Decoded;
use fieldpost_model::json::Value;
use fieldpost_model::message::Message;
use fieldpost_rules::difference::{Difference, difference};
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::receive;
use crate::routing::ProjectRouting;

/// Places that are told.
pub const MOST_DIFFERENCES: usize = 1_000;

/// Two messages, and where their contents differ.
#[derive(Clone, Debug)]
pub struct MessageDifference {
    /// The one that came in first.
    pub before: Message,
    /// The other one.
    pub after: Message,
    /// Where they differ.
    pub differences: Vec<Difference>,
    /// Whether there are more places.
    pub is_more: bool,
}

impl Hub {
    /// Where the contents of two messages differ, as today's dialects of their sources read them.
    pub async fn message_difference(
        &self,
        project: &str,
        one: Uuid,
        other: Uuid,
    ) -> Result<MessageDifference, HubError> {
        let routing = self.project(project).await?;
        let (before, _, before_body) = self.whole_message(project, one.min(other)).await?;
        let (after, _, after_body) = self.whole_message(project, one.max(other)).await?;
        let compare = move || {
            let earlier = read(&routing, &before, &before_body)?;
            let later = read(&routing, &after, &after_body)?;
            let (differences, is_more) = difference(&earlier.view, &later.view, MOST_DIFFERENCES);
            drop((earlier, later));
            Ok(MessageDifference { before, after, differences, is_more })
        };
        self.aside(compare).await?
    }
}

/// Where two payloads differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PayloadDifference {
    /// Whether they are the same, byte for byte.
    pub are_same: bool,
    /// The places; `None` where one of the two is no JSON, so that there are no places to name.
    pub differences: Option<Vec<Difference>>,
    /// Whether there are more places.
    pub is_more: bool,
}

impl Hub {
    /// Where two payloads differ: by their bytes, and, where both are JSON, by what they mean.
    pub async fn payload_difference(
        &self,
        before: Vec<u8>,
        after: Vec<u8>,
    ) -> Result<PayloadDifference, HubError> {
        let compare = move || {
            let are_same = before == after;
            let (Ok(earlier), Ok(later)) = (Value::parse(&before), Value::parse(&after)) else {
                return PayloadDifference { are_same, ..PayloadDifference::default() };
            };
            let (found, is_more) = difference(&earlier, &later, MOST_DIFFERENCES);
            PayloadDifference { are_same, differences: Some(found), is_more }
        };
        Ok(self.aside(compare).await?)
    }
}

/// Reads a message as its source does today.
fn read<'m>(
    routing: &ProjectRouting,
    message: &'m Message,
    body: &'m [u8],
) -> Result<Decoded<'m>, HubError> {
    let source = routing
        .source(&message.source)
        .ok_or_else(|| HubError::not_found("source", &message.source))?;
    receive::read(source, message.content_type.as_deref(), body).map_err(|unreadable| {
        HubError::NotAllowed {
            code: unreadable.code,
            message: format!("the message {} cannot be read: {}", message.id, unreadable.reason),
            hint: "compare the exact bytes at the messages' bodies".to_owned(),
        }
    })
}
