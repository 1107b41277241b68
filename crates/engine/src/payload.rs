//! What a delivery sends: the message's own bytes, or its view in another format.

use bytes::Bytes;
use fieldpost_dialects::{Received, decode};
use fieldpost_model::forwarder::Format;
use fieldpost_store::Payload;

use crate::routing::ProjectRouting;

/// A request's body.
pub(crate) struct Body {
    /// The bytes.
    pub(crate) bytes: Bytes,
    /// Their content type.
    pub(crate) content_type: Option<String>,
    /// Whether they are the message's own, untouched.
    pub(crate) is_payload: bool,
}

/// Builds the body that a forwarder's format asks for. The error is a sentence: the delivery is
/// broken, since another try would build the same.
pub(crate) fn body(
    format: Format,
    content: &Payload,
    project: &ProjectRouting,
) -> Result<Body, String> {
    let bytes = content.body.clone().ok_or("the message's bytes are gone")?;
    match format {
        Format::AsReceived => {
            Ok(Body { bytes, content_type: content.content_type.clone(), is_payload: true })
        }
        Format::Json => {
            let source = project.source(&content.source).ok_or_else(|| {
                format!(
                    "the source \"{}\" has been removed: its dialect is not known any more",
                    content.source
                )
            })?;
            let received = Received { content_type: content.content_type.as_deref(), body: &bytes };
            let decoded = decode(source.dialect, &received).map_err(|unreadable| {
                format!("the message cannot be read: {}", unreadable.reason)
            })?;
            Ok(Body {
                bytes: decoded.view.to_json().into(),
                content_type: Some("application/json".to_owned()),
                is_payload: false,
            })
        }
    }
}
