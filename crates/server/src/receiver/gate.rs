//! Who may come in: by HTTP Digest or Basic, or by the secret of a key in the address.
//!
//! All compares take the same time wherever two texts begin to differ. Wrong passwords are counted by the
//! address and the key that they are for, since a whole team may share an address: beyond a number nothing
//! more is looked at for that key from there, be it right or wrong, until the time is over. So nobody can
//! go on guessing, and who uses another key does not have to wait.

use std::time::{Duration, Instant};

use fieldpost_engine::{SourceRoute, network};
use fieldpost_model::project::ApiAccess;
use fieldpost_model::secret::Secret;
use fieldpost_model::source::ReceiverAccess;
use fieldpost_rules::openrosa::Flavour;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::digest::{self, Asked, Verdict};
use super::{Door, Turned};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::senders::{basic_credentials, same_secret};

/// What somebody's proof is worth.
enum Proof {
    Holds,
    Missing,
    Wrong,
    /// It holds, for a question that is too old: the same answer to a new one will do.
    Stale,
}

/// Lets a request in, or says why not.
pub(super) fn admit(
    app: &App,
    installation: &Secret,
    route: &SourceRoute,
    door: &Door,
    request: &Parts,
) -> Result<(), Turned> {
    let definition = &route.routing.definition;
    let Some(access) = route.source().and_then(|source| source.access.as_ref()) else {
        return Err(super::no_receiver().into());
    };
    let ReceiverAccess::Keys(names) = access else { return Ok(()) };
    let all = &definition.settings.api_access;
    let keys: Vec<&ApiAccess> = all.iter().filter(|key| names.contains(&key.name)).collect();
    let asked = Asked { installation, project: &door.project, keys: all, now: app.hub.now() };
    let from = from(door, request, &keys);
    if let Some(wait) = app.wrong_tokens.must_wait(&from, Instant::now()) {
        return Err(too_many(wait).into());
    }
    let proof = proof(app, door, request, &keys, &asked);
    let (status, detail) = match (&proof, door.flavour) {
        (Proof::Holds, _) => return Ok(()),
        (Proof::Missing, _) => (StatusCode::UNAUTHORIZED, "who is there? Nobody said"),
        (Proof::Stale, _) => (StatusCode::UNAUTHORIZED, "the proof has grown too old"),
        (Proof::Wrong, Flavour::Odk | Flavour::Kobo) => {
            count(app, &from)?;
            (StatusCode::UNAUTHORIZED, "the user name or the password is wrong")
        }
        // Its clients take 401 for a question, and would answer it alike for ever.
        (Proof::Wrong, Flavour::Commcare) => {
            count(app, &from)?;
            (StatusCode::FORBIDDEN, "the user name or the password is wrong")
        }
    };
    let problem = Problem::new(status, "not-let-in", detail)
        .hint("set the user name and password that the project's keeper gave you");
    let challenges = if status == StatusCode::UNAUTHORIZED {
        let digest = digest::challenge(&asked, matches!(proof, Proof::Stale));
        vec![digest, format!("Basic realm=\"{}\", charset=\"UTF-8\"", asked.realm())]
    } else {
        Vec::new()
    };
    Err(Turned { problem, challenges })
}

fn proof(app: &App, door: &Door, request: &Parts, keys: &[&ApiAccess], asked: &Asked<'_>) -> Proof {
    if let Some(sent) = &door.key {
        let is_one =
            |key: &&ApiAccess| same_secret(key.secret.expose().as_bytes(), sent.as_bytes());
        return if keys.iter().any(is_one) { Proof::Holds } else { Proof::Wrong };
    }
    let Some(authorization) = request.headers.get(AUTHORIZATION) else { return Proof::Missing };
    if let Some(answer) = digest::Answer::read(authorization) {
        let target = digest::Target {
            method: request.method.as_str(),
            uri: &request.uri,
            prefix: app.path_prefix(),
        };
        return match answer.check(asked, keys, &target) {
            Verdict::Holds => Proof::Holds,
            Verdict::Stale => Proof::Stale,
            Verdict::Wrong => Proof::Wrong,
        };
    }
    let sent = basic_credentials(HeaderValue::as_bytes(authorization));
    let holds = sent.is_some_and(|sent| {
        keys.iter().any(|key| {
            let expected = format!("{}:{}", key.name, key.secret.expose());
            same_secret(expected.as_bytes(), &sent)
        })
    });
    if holds { Proof::Holds } else { Proof::Wrong }
}

/// By what the wrong proofs of a request are counted: where it comes from, the project, and the key that it
/// names.
fn from(door: &Door, request: &Parts, keys: &[&ApiAccess]) -> String {
    let address = request.extensions.get::<ClientAddress>().map(|client| client.0);
    let network = address.map(network).unwrap_or_default();
    if door.key.is_some() {
        return format!("{network} by a secret in the address of {}", door.project);
    }
    // Names that no key has are counted together: they open nothing, and there are as many as one likes.
    match claimed_name(request).filter(|name| keys.iter().any(|key| key.name == *name)) {
        Some(name) => format!("{network} as {name} of {}", door.project),
        None => format!("{network} of {}", door.project),
    }
}

/// The name that somebody says to be.
fn claimed_name(request: &Parts) -> Option<String> {
    let authorization = request.headers.get(AUTHORIZATION)?;
    if let Some(answer) = digest::Answer::read(authorization) {
        return Some(answer.username().to_owned());
    }
    let sent = basic_credentials(HeaderValue::as_bytes(authorization))?;
    let sent = String::from_utf8(sent).ok()?;
    sent.split_once(':').map(|(name, _)| name.to_owned())
}

/// Counts a wrong proof; who sent too many is told to wait.
fn count(app: &App, from: &str) -> Result<(), Turned> {
    match app.wrong_tokens.count(from.to_owned(), Instant::now()) {
        Some(wait) => Err(too_many(wait).into()),
        None => Ok(()),
    }
}

fn too_many(wait: Duration) -> Problem {
    Problem::too_many_tries(wait, "too many wrong passwords came from this address")
}
