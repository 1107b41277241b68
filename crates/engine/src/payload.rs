//! What a delivery sends: the message's own bytes, or its view in another format.

use bytes::Bytes;
use fieldpost_dialects::{Received, decode};
use fieldpost_model::forwarder::{Format, Withheld};
use fieldpost_model::rows::Rows;
use fieldpost_rules::withhold;
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
    /// Where it goes to tables of a database: the rows, which the bytes show.
    pub(crate) rows: Option<Rows>,
}

/// What is taken out of what is sent, and the key of the digests that are sent instead.
#[derive(Clone, Copy, Default)]
pub(crate) struct Withholding<'w> {
    pub(crate) withheld: &'w [Withheld],
    pub(crate) key: [u8; 32],
}

/// Builds the body that a forwarder's format asks for. The error is a sentence: the delivery is
/// broken, since another try would build the same.
pub(crate) fn body(
    format: Format,
    content: &Payload,
    project: &ProjectRouting,
    withholding: Withholding<'_>,
) -> Result<Body, String> {
    let bytes = content.body.clone().ok_or("the message's bytes are gone")?;
    match format {
        Format::AsReceived if !withholding.withheld.is_empty() => {
            Err("nothing can be withheld of what is sent as it came".to_owned())
        }
        Format::AsReceived => {
            let content_type = content.content_type.clone();
            Ok(Body { bytes, content_type, is_payload: true, rows: None })
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
            let view = decoded.view.into_owned();
            let view = withhold::view(view, withholding.withheld, &withholding.key);
            Ok(Body {
                bytes: view.to_json().into(),
                content_type: Some("application/json".to_owned()),
                is_payload: false,
                rows: None,
            })
        }
        other => Err(format!("a message cannot be sent as {}", other.name())),
    }
}
