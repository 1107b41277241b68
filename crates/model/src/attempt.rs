//! An attempt: one try of a delivery, kept whole.

use std::time::Duration;

use crate::names;
use crate::time::Timestamp;

names! {
    /// Which part of an attempt went wrong.
    pub enum ErrorKind {
        /// The name did not resolve.
        Dns = "dns",
        /// Nobody took the connection, or it broke.
        Connect = "connect",
        /// The TLS handshake failed.
        Tls = "tls",
        /// The time ran out.
        Timeout = "timeout",
        /// An answer came, with a status that is no success.
        Status = "status",
        /// The answer's body broke off or made no sense.
        Body = "body",
        /// The hub's own guard refused the address.
        Refused = "refused",
        /// The hub could not build the request.
        Build = "build",
        /// The hub could not get what it proves itself with, as a token from a token endpoint.
        Authentication = "authentication",
        /// The hub stopped before the answer came.
        Interrupted = "interrupted",
    }
}

/// What went wrong in an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptError {
    /// Which part.
    pub kind: ErrorKind,
    /// A sentence with the cause, free of secrets.
    pub message: String,
}

/// The request as it was sent; credentials in it are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRequest {
    /// The method.
    pub method: String,
    /// The whole URL, query included; credential values are masked.
    pub url: String,
    /// The headers as sent; credential values are masked.
    pub headers: Vec<(String, String)>,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
    /// The length of the body.
    pub bytes: u64,
}

/// The answer, with as much of its body as is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body, cut at the setting `response-body-kept`.
    pub body: Vec<u8>,
    /// Whether the body was longer than what is kept.
    pub truncated: bool,
}

/// One try of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When the hub began.
    pub started_at: Timestamp,
    /// From there to the last byte of the answer, or to the error.
    pub duration: Duration,
    /// What was sent; `None` where it could not be built.
    pub request: Option<AttemptRequest>,
    /// What came back.
    pub response: Option<AttemptResponse>,
    /// What went wrong; `None` for a success.
    pub error: Option<AttemptError>,
}
