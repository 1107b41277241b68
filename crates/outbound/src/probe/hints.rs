//! What to do about what a probe found.

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::connection::Authentication;

use super::ProbeMethod;

/// What to do, as a stable word and as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The stable word, for those who say it in another language.
    pub code: &'static str,
    /// The sentence.
    pub text: String,
}

impl Hint {
    pub(super) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// A hint that needs nothing to be known.
pub(super) type Fixed = (&'static str, &'static str);

impl From<Fixed> for Hint {
    fn from((code, text): Fixed) -> Self {
        Self::new(code, text)
    }
}

pub(super) const UNENCRYPTED: Fixed = (
    "use-https",
    "payloads and credentials travel where anybody on the way can read them; use https: if the \
     destination has it",
);
pub(super) const UNKNOWN_NAME: Fixed = (
    "check-host",
    "check the spelling of the host; does the machine that the hub runs on know this name?",
);
pub(super) const NO_ANSWER: Fixed = (
    "check-firewall",
    "a firewall may drop what the hub sends; does the destination allow the hub's address?",
);
pub(super) const NOBODY_LISTENS: Fixed =
    ("check-port", "check the port of the URL, and whether the destination is running");
pub(super) const UNVERIFIED: Fixed = (
    "name-authority",
    "the connection takes any certificate, so nobody knows who answers; name the authority in its \
     TLS options instead",
);

pub(super) const OPEN_DATABASE: Fixed = (
    "use-sslmode-require",
    "rows and the password travel where anybody on the way can read them; take `sslmode=disable` out \
     of the URL if the server speaks TLS",
);
pub(super) const NO_TABLES: Fixed = (
    "grant-create",
    "the user may not make tables in this schema: grant it CREATE there, name a schema in `table`, or \
     make the tables beforehand",
);

/// What to do about a token that could not be had.
pub(super) fn for_token(error: &AttemptError) -> Option<Hint> {
    let hint = match error.kind {
        ErrorKind::Authentication => (
            "check-token-endpoint",
            "the address of the token or login endpoint, the credentials for it, and where they are \
             sent are worth a look",
        ),
        ErrorKind::Refused => return None,
        _ => (
            "reach-token-endpoint",
            "the token or login endpoint is an address of its own; is it reachable from the hub?",
        ),
    };
    Some(hint.into())
}

/// What to do about a status.
pub(super) fn for_status(
    status: u16,
    method: ProbeMethod,
    authentication: &Authentication,
) -> Option<Hint> {
    let hint = match status {
        401 if *authentication == Authentication::None => (
            "give-authentication",
            "the destination wants to know who calls: give the connection an `auth`",
        ),
        401 => (
            "check-credentials",
            "the destination does not know these credentials: check them, and their kind",
        ),
        403 => (
            "check-rights",
            "the destination knows who calls and does not allow it: check the rights of the user or \
             key, and whether only some addresses may call",
        ),
        404 if method == ProbeMethod::Post => {
            ("check-path", "there is nothing at this path: check the URL")
        }
        404 | 405 if method != ProbeMethod::Post => {
            return Some(Hint::new(
                "try-post",
                format!(
                    "many destinations that take payloads do not know {method}: try it with POST \
                     and a sample payload"
                ),
            ));
        }
        405 => (
            "check-method",
            "the destination does not take POST here: check the path, or the forwarder's method",
        ),
        400 | 415 | 422 => (
            "try-real-sample",
            "the destination was reached and did not like the payload: try it with a real sample",
        ),
        300..=399 => {
            ("follow-redirect", "change the URL in the connection to where the redirect leads")
        }
        500..=599 => {
            ("destination-in-trouble", "the destination was reached and is in trouble itself")
        }
        _ => return None,
    };
    Some(hint.into())
}
