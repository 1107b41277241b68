//! Who may come in: programs with a token of the hub's, and those with a key of the project's
//! `api_access`.
//!
//! ```text
//!   Authorization: ApiKey <user>:<token>    CommCare HQ's own way; the user is only a name
//!   Authorization: Token <token>            KoboToolbox's
//!   Authorization: Bearer <token>           ours
//!   Authorization: Basic, Digest            the name of a key and its secret; Basic: a token as password, too
//! ```
//!
//! A key reads; it changes cases where it may post forms to the project's receiver of CommCare, since those
//! can change every case as well. Passwords that are guessed are counted by the address and the name that
//! they are for: beyond a number nothing more is even looked at, right or wrong.

use std::sync::Arc;
use std::time::Instant;

use fieldpost_engine::{HubError, ProjectRouting, network};
use fieldpost_model::access::Access;
use fieldpost_model::project::ApiAccess;
use fieldpost_model::source::{Dialect, ReceiverAccess};
use fieldpost_store::Who;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::api::Principal;
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::receiver::digest::{self, Asked, Verdict};
use crate::senders::{basic_credentials, same_secret};

/// Whoever was let in.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Who it is, for the audit log.
    pub(super) who: Who,
    /// What they may do in the project.
    pub(super) access: Access,
}

/// Somebody who was let in, and the project.
pub(super) struct Admitted {
    pub(super) caller: Caller,
    pub(super) routing: Arc<ProjectRouting>,
}

/// Why somebody is turned away.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) problem: Problem,
    /// How to prove oneself, where that is what is missing.
    pub(super) challenges: Vec<String>,
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self { problem, challenges: Vec::new() }
    }
}

/// What somebody says of themselves.
enum Claim<'r> {
    Token(&'r str),
    /// A name and a password.
    Password(String, String),
    Digest(digest::Answer),
    Nothing,
    Unreadable,
}

impl<'r> Claim<'r> {
    fn of(parts: &'r Parts) -> Self {
        let Some(header) = parts.headers.get(AUTHORIZATION) else { return Self::Nothing };
        if let Some(answer) = digest::Answer::read(header) {
            return Self::Digest(answer);
        }
        if let Some(sent) = basic_credentials(HeaderValue::as_bytes(header)) {
            let sent = String::from_utf8(sent).ok();
            return match sent.as_deref().and_then(|sent| sent.split_once(':')) {
                Some((name, password)) => Self::Password(name.to_owned(), password.to_owned()),
                None => Self::Unreadable,
            };
        }
        let Some((scheme, rest)) = header.to_str().ok().and_then(|it| it.trim().split_once(' '))
        else {
            return Self::Unreadable;
        };
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => Self::Token(rest),
            "apikey" => match rest.rsplit_once(':') {
                Some((_, token)) => Self::Token(token.trim()),
                None => Self::Unreadable,
            },
            _ => Self::Unreadable,
        }
    }
}

/// What a claim is worth.
enum Proof {
    Holds(Caller),
    Missing,
    Stale,
    /// Wrong, for this name where it is a key's.
    Wrong(Option<String>),
    /// Right, but for another project.
    Elsewhere,
}

/// Lets a request in, or says why not.
pub(super) async fn admit(app: &App, project: &str, parts: &Parts) -> Result<Admitted, Turned> {
    let routing = match app.hub.project(project).await {
        Ok(routing) => Some(routing),
        Err(HubError::NotFound { .. }) => None,
        Err(error) => return Err(Problem::from(error).into()),
    };
    let installation = app.hub.receiver_key().await.map_err(Problem::from)?;
    let keys: &[ApiAccess] =
        routing.as_ref().map_or(&[], |routing| &*routing.definition.settings.api_access);
    let asked = Asked { installation, project, keys, now: app.hub.now() };
    let proof = prove(app, routing.as_deref(), parts, &asked).await?;
    let detail = match proof {
        Proof::Holds(caller) => {
            let routing = routing.ok_or_else(|| Problem::not_found("project", project))?;
            return Ok(Admitted { caller, routing });
        }
        Proof::Elsewhere => return Err(Problem::not_found("project", project).into()),
        Proof::Missing => "who is there? The request carries no `Authorization`",
        Proof::Stale => "the proof has grown too old",
        Proof::Wrong(ref name) => {
            let from = from(parts, project, name.as_deref());
            if let Some(wait) = app.wrong_tokens.count(from, Instant::now()) {
                return Err(too_many(wait).into());
            }
            "the token, or the name and the password, open nothing here"
        }
    };
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "not-let-in", detail).hint(
        "send `Authorization: ApiKey <name>:<token>` with a token of `fieldpost token create`, or \
         HTTP Basic or Digest with a key of the project's `api_access`",
    );
    let question = digest::challenge(&asked, matches!(proof, Proof::Stale));
    let basic = format!("Basic realm=\"{}\", charset=\"UTF-8\"", asked.realm());
    Err(Turned { problem, challenges: vec![question, basic] })
}

fn too_many(wait: std::time::Duration) -> Problem {
    Problem::too_many_tries(wait, "too many wrong tokens or passwords came from this address")
}

/// By what wrong proofs are counted together: for a key, those of its project; tokens are the hub's.
fn from(parts: &Parts, project: &str, name: Option<&str>) -> String {
    let address = parts.extensions.get::<ClientAddress>().map(|client| client.0);
    let network = address.map(network).unwrap_or_default();
    match name {
        Some(name) => format!("{network} as {name} of {project}"),
        None => network,
    }
}

async fn prove(
    app: &App,
    routing: Option<&ProjectRouting>,
    parts: &Parts,
    asked: &Asked<'_>,
) -> Result<Proof, Problem> {
    let claim = Claim::of(parts);
    let name = match &claim {
        Claim::Password(name, _) => Some(name.as_str()),
        Claim::Digest(answer) => Some(answer.username()),
        Claim::Token(_) | Claim::Nothing | Claim::Unreadable => None,
    };
    let key = asked.keys.iter().find(|key| Some(key.name.as_str()) == name);
    let wrong = || Proof::Wrong(key.map(|key| key.name.clone()));
    if let Some(key) = key
        && let Some(wait) =
            app.wrong_tokens.must_wait(&from(parts, asked.project, Some(&key.name)), Instant::now())
    {
        return Err(too_many(wait));
    }
    match claim {
        Claim::Nothing => Ok(Proof::Missing),
        Claim::Unreadable => Ok(wrong()),
        Claim::Token(token) => by_token(app, asked.project, token).await,
        Claim::Password(_, password) => match key {
            Some(key) if same_secret(key.secret.expose().as_bytes(), password.as_bytes()) => {
                held(key, routing)
            }
            _ => match by_token(app, asked.project, &password).await? {
                Proof::Wrong(_) => Ok(wrong()),
                other => Ok(other),
            },
        },
        Claim::Digest(answer) => {
            let keys: Vec<&ApiAccess> = asked.keys.iter().collect();
            let target = digest::Target {
                method: parts.method.as_str(),
                uri: &parts.uri,
                prefix: app.path_prefix(),
            };
            match (answer.check(asked, &keys, &target), key) {
                (Verdict::Holds, Some(key)) => held(key, routing),
                (Verdict::Stale, _) => Ok(Proof::Stale),
                _ => Ok(wrong()),
            }
        }
    }
}

async fn by_token(app: &App, project: &str, token: &str) -> Result<Proof, Problem> {
    let Some(principal) = Principal::of_token(app, token).await? else {
        return Ok(Proof::Wrong(None));
    };
    Ok(match principal.access(project) {
        Some(access) => Proof::Holds(Caller { who: principal.who(), access }),
        None => Proof::Elsewhere,
    })
}

/// What a key may do, whose secret was right.
fn held(key: &ApiAccess, routing: Option<&ProjectRouting>) -> Result<Proof, Problem> {
    if key.anonymised_only {
        let detail =
            format!("the key `{}` sees anonymised data only, which is not given here", key.name);
        return Err(Problem::new(StatusCode::FORBIDDEN, "access-too-low", detail)
            .hint("take a token of the hub's, or a key without `anonymised_only`"));
    }
    let posts_forms = routing.is_some_and(|routing| {
        routing.definition.sources.iter().any(|source| {
            let is_named = match &source.access {
                Some(ReceiverAccess::Keys(names)) => names.contains(&key.name),
                Some(ReceiverAccess::Anonymous) | None => false,
            };
            source.dialect == Dialect::Commcare && source.enabled && is_named
        })
    });
    let access = if posts_forms { Access::Editor } else { Access::Viewer };
    let who = Who { kind: "key".to_owned(), name: key.name.clone(), id: None };
    Ok(Proof::Holds(Caller { who, access }))
}
