//! What went wrong, in one of a few names and one sentence.
//!
//! The HTTP library tells of a failure as a chain of errors, each wrapping the next. The kind that
//! an attempt records is decided by the deepest error that says something definite (a name that
//! does not resolve, a certificate, a reset); the library's own classes only fill the gaps.

use std::error::Error;
use std::io;
use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use http::StatusCode;
use rustls::{AlertDescription, CertificateError, PeerIncompatible};

use crate::resolver::ResolveError;

/// How far a call had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Dialling, sending, or waiting for the head of the answer.
    Head,
    /// Reading the body of the answer.
    Body,
}

/// Why a call ended without a whole answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection's time limit ran out.
    TimedOut(Stage),
    /// The HTTP library gave up.
    Transport(Stage, reqwest::Error),
}

/// What an error message is allowed to know about the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    /// The host and, where the URL names it, the port.
    pub(crate) host: &'a str,
    /// Whether the URL begins with `https:`.
    pub(crate) secure: bool,
    /// The connection's time limit.
    pub(crate) timeout: Duration,
    /// The operator's limit on dialling.
    pub(crate) connect_timeout: Duration,
}

impl Failure {
    /// The failure as an attempt records it.
    pub(crate) fn describe(&self, circumstances: Circumstances<'_>) -> AttemptError {
        let (kind, message) = match self {
            Self::TimedOut(Stage::Head) => {
                (ErrorKind::Timeout, format!("No answer within {:?}", circumstances.timeout))
            }
            Self::TimedOut(Stage::Body) => (
                ErrorKind::Timeout,
                format!("The answer had not ended within {:?}", circumstances.timeout),
            ),
            Self::Transport(stage, error) => describe_transport(*stage, error, circumstances),
        };
        AttemptError { kind, message }
    }
}

impl Failure {
    /// The failure as a word for programs: that of Node.js where it has one.
    pub(crate) fn code(&self) -> &'static str {
        let Self::Transport(stage, error) = self else { return "ETIMEDOUT" };
        let causes = chain(error);
        if let Some(error) = find::<ResolveError>(&causes) {
            let is_refused = error.kind() == ErrorKind::Refused;
            return if is_refused { "address-refused" } else { "ENOTFOUND" };
        }
        if find::<rustls::Error>(&causes).is_some() {
            return "tls-failed";
        }
        if error.is_timeout() {
            return "ETIMEDOUT";
        }
        if find::<hyper::Error>(&causes).is_some_and(hyper::Error::is_parse) {
            return "bad-answer";
        }
        match find::<io::Error>(&causes).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => "ECONNREFUSED",
            Some(io::ErrorKind::HostUnreachable) => "EHOSTUNREACH",
            Some(io::ErrorKind::NetworkUnreachable) => "ENETUNREACH",
            _ if error.is_builder() => "bad-request",
            _ if error.is_connect() && *stage == Stage::Head => "ECONNREFUSED",
            _ => "ECONNRESET",
        }
    }
}

fn describe_transport(
    stage: Stage,
    error: &reqwest::Error,
    Circumstances { host, secure, connect_timeout, .. }: Circumstances<'_>,
) -> (ErrorKind, String) {
    let causes = chain(error);
    if let Some(error) = find::<ResolveError>(&causes) {
        return (error.kind(), error.to_string());
    }
    if let Some(error) = find::<rustls::Error>(&causes) {
        return (ErrorKind::Tls, format!("TLS with {host} failed: {}", explain_tls(error)));
    }
    if error.is_timeout() {
        let message = format!("No connection to {host} within {connect_timeout:?}");
        return (ErrorKind::Timeout, message);
    }
    let deepest = causes.last().map(ToString::to_string).unwrap_or_default();
    if let Some(error) = find::<hyper::Error>(&causes) {
        if error.is_parse() {
            let message = format!("{host} answered what is not HTTP: {deepest}");
            return (ErrorKind::Body, message);
        }
        if error.is_incomplete_message() && stage == Stage::Head {
            let message = format!("{host} closed the connection without an answer");
            return (ErrorKind::Connect, message);
        }
    }
    let input_output = find::<io::Error>(&causes).map(io::Error::kind);
    match stage {
        Stage::Body => (ErrorKind::Body, format!("The answer of {host} broke off: {deepest}")),
        Stage::Head if error.is_builder() => {
            (ErrorKind::Build, format!("The request cannot be built: {deepest}"))
        }
        Stage::Head if !error.is_connect() => {
            (ErrorKind::Connect, format!("The connection to {host} broke: {deepest}"))
        }
        Stage::Head if secure && input_output == Some(io::ErrorKind::UnexpectedEof) => {
            (ErrorKind::Tls, format!("TLS with {host} failed: it closed the connection"))
        }
        Stage::Head => (ErrorKind::Connect, format!("No connection to {host}: {deepest}")),
    }
}

/// Adds to the TLS library's words what a person would want to know next.
pub(crate) fn explain_tls(error: &rustls::Error) -> String {
    use rustls::Error as Tls;
    let explanation = match error {
        Tls::InvalidCertificate(fault) => explain_certificate(fault),
        Tls::AlertReceived(alert) => explain_alert(*alert),
        Tls::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Some("it only speaks a version of TLS that is no longer safe; 1.2 is the oldest"),
        Tls::PeerIncompatible(_) => Some("it and the hub have no safe cipher in common"),
        Tls::InvalidMessage(_) => Some("it does not speak TLS; is the URL meant to be http:?"),
        _ => None,
    };
    explanation.map_or_else(|| error.to_string(), |explanation| format!("{explanation} ({error})"))
}

/// What is wrong with the certificate that the server showed.
fn explain_certificate(fault: &CertificateError) -> Option<&'static str> {
    use CertificateError as Fault;
    match fault {
        Fault::UnknownIssuer => Some(
            "its certificate is signed by itself or by an authority that this machine does not \
             know; the connection's TLS options can name that authority",
        ),
        Fault::BadSignature => {
            Some("its certificate was not signed by the authority that it names")
        }
        Fault::Expired | Fault::ExpiredContext { .. } => Some("its certificate has expired"),
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
            Some("its certificate is not valid yet; do both clocks show the right time?")
        }
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            Some("its certificate is for another name")
        }
        // The library has no variant of its own for this one.
        Fault::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => Some(
            "its certificate is that of an authority, which no server may show; it needs one that \
             the authority signed",
        ),
        _ => None,
    }
}

/// What a server wants to say with an alert.
fn explain_alert(alert: AlertDescription) -> Option<&'static str> {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => {
            Some("it asks for a client certificate; the connection's TLS options can name one")
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::DecryptError
        | Alert::AccessDenied => Some("it does not accept the connection's client certificate"),
        Alert::ProtocolVersion => {
            Some("it only speaks a version of TLS that is no longer safe; 1.2 is the oldest")
        }
        Alert::HandshakeFailure => Some(
            "it broke the handshake off; it may ask for a client certificate, or have no safe \
             cipher in common with the hub",
        ),
        Alert::UnrecognisedName => Some("it knows no site of that name"),
        _ => None,
    }
}

/// The errors that an error wraps, outermost first.
///
/// `source()` alone passes over what an `io::Error` was made of, so that is asked for as well.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        causes.push(error);
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    causes
}

/// The deepest error of a type.
fn find<'a, E: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    causes.iter().rev().find_map(|cause| cause.downcast_ref::<E>())
}

/// The error of an answer whose status is no success.
pub(crate) fn describe_status(
    status: StatusCode,
    location: Option<&str>,
    body: &str,
) -> AttemptError {
    let name = status.canonical_reason().unwrap_or("unknown status");
    let code = status.as_u16();
    let message = match location {
        Some(location) if status.is_redirection() => {
            format!("{code} {name}: this redirect is not followed; it points to {location}")
        }
        _ if body.is_empty() => format!("{code} {name}"),
        _ => format!("{code} {name}: {body}"),
    };
    AttemptError { kind: ErrorKind::Status, message }
}
