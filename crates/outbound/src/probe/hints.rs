//! What to do about what a probe found.

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::connection::Authentication;

use super::ProbeMethod;

pub(super) const UNENCRYPTED: &str = "payloads and credentials travel where anybody on the way can read them; use https: if the \
     destination has it";
pub(super) const UNKNOWN_NAME: &str =
    "check the spelling of the host; does the machine that the hub runs on know this name?";
pub(super) const NO_ANSWER: &str =
    "a firewall may drop what the hub sends; does the destination allow the hub's address?";
pub(super) const NOBODY_LISTENS: &str =
    "check the port of the URL, and whether the destination is running";
pub(super) const UNVERIFIED: &str = "the connection takes any certificate, so nobody knows who answers; name the authority in its \
     TLS options instead";

/// What to do about a token that could not be had.
pub(super) fn for_token(error: &AttemptError) -> Option<String> {
    let hint = match error.kind {
        ErrorKind::Authentication => {
            "the address of the token or login endpoint, the credentials for it, and where they are \
             sent are worth a look"
        }
        ErrorKind::Refused => return None,
        _ => "the token or login endpoint is an address of its own; is it reachable from the hub?",
    };
    Some(hint.to_owned())
}

/// What to do about a status.
pub(super) fn for_status(
    status: u16,
    method: ProbeMethod,
    authentication: &Authentication,
) -> Option<String> {
    let hint = match status {
        401 if *authentication == Authentication::None => {
            "the destination wants to know who calls: give the connection an `auth`"
        }
        401 => "the destination does not know these credentials: check them, and their kind",
        403 => {
            "the destination knows who calls and does not allow it: check the rights of the user or \
             key, and whether only some addresses may call"
        }
        404 if method == ProbeMethod::Post => "there is nothing at this path: check the URL",
        404 | 405 if method != ProbeMethod::Post => {
            return Some(format!(
                "many destinations that take payloads do not know {method}: try it with POST and a \
                 sample payload"
            ));
        }
        405 => "the destination does not take POST here: check the path, or the forwarder's method",
        400 | 415 | 422 => {
            "the destination was reached and did not like the payload: try it with a real sample"
        }
        300..=399 => "change the URL in the connection to where the redirect leads",
        500..=599 => "the destination was reached and is in trouble itself",
        _ => return None,
    };
    Some(hint.to_owned())
}
