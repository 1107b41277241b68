//! Receive: from a request's bytes to a message that can be kept.
//!
//! The body is decompressed under its size limit, read in the dialect of its source, and given the
//! key that it is deduplicated by. What cannot be read becomes a quarantined message; only what is
//! too large, or compressed in a way that nobody can undo, is refused without being kept.

use std::io::Read;

use bytes::Bytes;
use fieldpost_dialects::{Decoded, Received, Unreadable, decode};
use fieldpost_model::hexadecimal;
use fieldpost_model::message::MessageRequest;
use fieldpost_model::source::{Dedupe, Source};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::{order, redact};
use fieldpost_store::{DedupeKey, NewMessage};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

/// The longest identity that is kept as it is; of a longer one its digest is.
const MAX_IDENTITY: usize = 256;
/// Headers in which a sender names its message himself.
const IDENTITY_HEADERS: [&str; 2] = ["idempotency-key", "webhook-id"];
/// Encodings that a body may be wrapped in, one within the other.
const MAX_ENCODINGS: usize = 3;

/// A request as it came in, before anybody looked at its body.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query as pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent, still compressed.
    pub body: Bytes,
}

impl Incoming {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Why a body was refused without being kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than the setting allows, decompressed.
    #[error("the body is longer than {limit} bytes, the setting max-body")]
    TooLarge {
        /// The setting, in bytes.
        limit: usize,
    },
    /// The compression is not known, or the bytes are not what it says.
    #[error("the body cannot be decompressed: {0}")]
    Encoding(String),
}

/// Undoes the content encodings of a body, never holding more than `limit` bytes of any stage.
pub(crate) fn decompress(incoming: &Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = incoming.body.clone();
    if let Some(encodings) = incoming.header("content-encoding") {
        let encodings: Vec<&str> =
            encodings.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if encodings.len() > MAX_ENCODINGS {
            return Err(BodyError::Encoding(format!("{} encodings", encodings.len())));
        }
        // The last one named was applied last.
        for encoding in encodings.iter().rev() {
            body = undo(&encoding.to_ascii_lowercase(), &body, limit)?;
        }
    }
    if body.len() > limit { Err(BodyError::TooLarge { limit }) } else { Ok(body) }
}

#[expect(clippy::disallowed_methods, reason = "each reader is handed to `bounded` at once")]
fn undo(encoding: &str, body: &Bytes, limit: usize) -> Result<Bytes, BodyError> {
    match encoding {
        "identity" => Ok(body.clone()),
        "gzip" | "x-gzip" => bounded(flate2::read::MultiGzDecoder::new(&body[..]), limit),
        "deflate" => bounded(flate2::read::ZlibDecoder::new(&body[..]), limit)
            // Some senders leave the zlib wrapper out.
            .or_else(|error| match error {
                BodyError::Encoding(_) => {
                    bounded(flate2::read::DeflateDecoder::new(&body[..]), limit)
                }
                BodyError::TooLarge { .. } => Err(error),
            }),
        "br" => bounded(brotli_decompressor::Decompressor::new(&body[..], 16 * 1024), limit),
        other => Err(BodyError::Encoding(format!("the encoding \"{other}\" is not known here"))),
    }
}

fn bounded(reader: impl Read, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(most)
        .read_to_end(&mut body)
        .map_err(|error| BodyError::Encoding(error.to_string()))?;
    if body.len() > limit { Err(BodyError::TooLarge { limit }) } else { Ok(body.into()) }
}

/// Reads a body in the dialect of its source. Where the source says which form its messages are of, they are.
pub(crate) fn read<'b>(
    source: &Source,
    content_type: Option<&'b str>,
    body: &'b [u8],
) -> Result<Decoded<'b>, Unreadable> {
    let mut decoded = decode(source.dialect, &Received { content_type, body })?;
    if source.form.is_some() {
        decoded.form.clone_from(&source.form);
    }
    Ok(decoded)
}

/// Makes the message that is to be kept, from what was read or could not be.
pub(crate) fn message(
    id: Uuid,
    now: Timestamp,
    source: &Source,
    incoming: &Incoming,
    body: &Bytes,
    read: Result<&Decoded<'_>, &Unreadable>,
) -> NewMessage {
    let (identity, dedupe) = match read {
        Ok(decoded) => identify(source, &incoming.headers, decoded, body),
        Err(_) => (own_identity(&incoming.headers).map(shortened), Some(quarantine_key(body))),
    };
    NewMessage {
        id,
        source: source.name.clone(),
        received_at: now,
        quarantined: read.err().map(|unreadable| unreadable.reason.clone()),
        remark: order::too_many_hops(order::hops(&incoming.headers)),
        content_type: incoming.header("content-type").map(str::to_owned),
        identity,
        dedupe,
        request: masked(incoming),
        body: body.clone(),
    }
}

/// The request as it is kept: without anything that would let a reader in somewhere.
fn masked(incoming: &Incoming) -> MessageRequest {
    MessageRequest {
        method: incoming.method.clone(),
        path: redact::mask_inbox_path(&incoming.path),
        query: redact::mask_query(&incoming.query),
        headers: redact::mask_headers(&incoming.headers),
    }
}

/// The identity that the sender itself gave to this request.
fn own_identity(headers: &[(String, String)]) -> Option<String> {
    IDENTITY_HEADERS
        .iter()
        .find_map(|wanted| headers.iter().find(|(name, _)| name == wanted))
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_empty())
}

/// What a message is called by, and what it is deduplicated by.
pub(crate) fn identify(
    source: &Source,
    headers: &[(String, String)],
    decoded: &Decoded<'_>,
    body: &[u8],
) -> (Option<String>, Option<DedupeKey>) {
    let own = own_identity(headers).map(shortened);
    let named = decoded.identity.clone().map(shortened);
    let (key, window) = match (source.dedupe, &own, &named) {
        (Dedupe::None, ..) | (Dedupe::Identity, None, None) => return (own.or(named), None),
        (_, Some(own), _) => (format!("key:{own}"), None),
        (Dedupe::Identity, None, Some(identity)) => (format!("id:{identity}"), None),
        (Dedupe::Content { window }, None, _) => {
            let hash = hexadecimal::encode(&decoded.content_hash(body));
            (format!("content:{hash}"), Some(window))
        }
    };
    let dedupe = DedupeKey { key, content_hash: decoded.content_hash(body), window };
    (own.or(named), Some(dedupe))
}

/// Makes a message one that is kept as quarantined: it could be read, but what it says was refused.
pub(crate) fn set_aside(message: &mut NewMessage, reason: &str) {
    message.quarantined = Some(reason.to_owned());
    message.dedupe = Some(quarantine_key(&message.body));
}

/// What is unreadable is kept once per content.
fn quarantine_key(body: &[u8]) -> DedupeKey {
    let content_hash: [u8; 32] = Sha256::digest(body).into();
    let key = format!("quarantine:{}", hexadecimal::encode(&content_hash));
    DedupeKey { key, content_hash, window: None }
}

fn shortened(identity: String) -> String {
    if identity.len() <= MAX_IDENTITY {
        identity
    } else {
        format!("sha256:{}", hexadecimal::encode(&Sha256::digest(identity.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn incoming(encoding: &str, body: Vec<u8>) -> Incoming {
        Incoming {
            method: "POST".to_owned(),
            path: "/inbox/secret".to_owned(),
            query: Vec::new(),
            headers: vec![("content-encoding".to_owned(), encoding.to_owned())],
            body: body.into(),
        }
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn undoes_what_senders_do() {
        let text = b"{\"a\":1}".repeat(100);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&text).unwrap();
        for (encoding, body) in [
            ("identity", text.clone()),
            ("", text.clone()),
            ("gzip", gzip(&text)),
            ("GZIP", gzip(&text)),
            ("gzip, gzip", gzip(&gzip(&text))),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
        ] {
            assert_eq!(decompress(&incoming(encoding, body), 10_000).unwrap(), text, "{encoding}");
        }
    }

    #[test]
    fn holds_the_limit_at_every_stage() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        let too_large = Err(BodyError::TooLarge { limit: 1_000_000 });
        assert_eq!(decompress(&incoming("gzip", bomb.clone()), 1_000_000), too_large);
        assert_eq!(decompress(&incoming("gzip, gzip", gzip(&bomb)), 1_000_000), too_large);
        assert!(decompress(&incoming("identity", vec![0; 1_000_000]), 1_000_000).is_ok());
        assert_eq!(decompress(&incoming("identity", vec![0; 1_000_001]), 1_000_000), too_large);
    }

    #[test]
    fn says_what_it_cannot_undo() {
        for (encoding, body) in [("zstd", vec![1, 2]), ("gzip", b"plain text".to_vec())] {
            let error = decompress(&incoming(encoding, body), 1_000).unwrap_err();
            assert!(matches!(error, BodyError::Encoding(_)), "{encoding}: {error}");
        }
        let many = decompress(&incoming("gzip,gzip,gzip,gzip", gzip(b"x")), 1_000).unwrap_err();
        assert_eq!(many, BodyError::Encoding("4 encodings".to_owned()));
    }
}
