//! Who calls the API of w.c.s., and for whom.
//!
//! ```text
//!   ?…&signature=                            a key of `api_access`, with the query as it was sent
//!   Authorization: Basic <key>:<secret>      the same key, as a password
//!   ?api-user=<key>&api-key=<secret>         the same, of calendars alone
//!   Authorization: Bearer <token>            a token of the hub's own API
//!   Cookie                                   a session of the web application
//! ```
//!
//! A query that claims to be signed is judged by its signature alone. A nonce is good for one call at all hubs
//! together; the store keeps it. Wrong signatures and passwords are counted by the address that they come from
//! and the key that they name: beyond a number nothing more is even looked at, right or wrong.
//!
//! Nobody is turned away for proving nothing: some addresses are open, and the others say what they miss.

use std::sync::Arc;
use std::time::Instant;

use fieldpost_engine::{ProjectRouting, network};
use fieldpost_model::access::Access;
use fieldpost_model::person::{User, UserReference};
use fieldpost_model::project::ApiAccess;
use fieldpost_rules::lifecycle;
use fieldpost_rules::wcs::caller::{self, ActsFor, Caller, Named, Proof};
use fieldpost_rules::wcs::signature::{self, Nonce, Verified};
use fieldpost_rules::wcs::{Parameters, Refusal};
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::answer::Turned;
use super::endpoint::{Endpoint, Part};
use crate::api::{Principal, is_cross_site, note_too_many_keys};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::senders::{basic_credentials, same_secret};

/// Somebody who was let in, with the project.
pub(crate) struct Admitted {
    /// The project, as it is now.
    pub(crate) routing: Arc<ProjectRouting>,
    /// What its addresses begin with.
    pub(crate) base: String,
    /// The parameters of the query.
    pub(crate) parameters: Parameters,
    proven: Proven,
    acts_for: ActsFor,
    /// The person that the call acts for, as records name them.
    pub(crate) reference: Option<UserReference>,
}

/// How a call proved itself, as [`Proof`] says it.
#[derive(Debug)]
enum Proven {
    Nothing,
    Signature(ApiAccess),
    Basic(ApiAccess),
    Session(User),
}

impl Proven {
    const fn proof(&self) -> Proof<'_> {
        match self {
            Self::Nothing => Proof::Nothing,
            Self::Signature(key) => Proof::Signature(key),
            Self::Basic(key) => Proof::Basic(key),
            Self::Session(user) => Proof::Session(user),
        }
    }
}

impl Admitted {
    /// The project's name.
    pub(crate) fn project(&self) -> &str {
        &self.routing.project
    }

    /// Who calls, for whoever decides what they may read.
    pub(crate) fn caller(&self) -> Caller<'_> {
        Caller { proof: self.proven.proof(), acts_for: self.acts_for.clone() }
    }

    /// Who calls, for whoever decides what they may do.
    pub(crate) fn actor(&self) -> lifecycle::Caller {
        let caller = self.caller();
        lifecycle::Caller {
            user: self.reference.clone(),
            roles: caller.roles().to_vec(),
            is_signed: matches!(caller.proof, Proof::Signature(_) | Proof::Basic(_)),
            is_submitter: false,
        }
    }
}

/// Lets a request in, or says why not.
pub(super) async fn admit(
    app: &App,
    project: &str,
    parts: &Parts,
    endpoint: &Endpoint,
) -> Result<Admitted, Turned> {
    let routing = app.hub.project(project).await?;
    let parameters = Parameters::of_query(parts.uri.query().unwrap_or_default());
    let proven = match key_of_calendar(endpoint, &parameters, parts)? {
        Some(sent) => by_password(app, &routing, parts, sent).await?,
        None => prove(app, &routing, &parameters, parts).await?,
    };
    let is_sent_by_browsers = matches!(proven, Proven::Basic(_) | Proven::Session(_));
    if is_sent_by_browsers
        && !parts.method.is_safe()
        && is_cross_site(&parts.headers, app.settings.public_url.as_deref())
    {
        return Err(cross_site().into());
    }
    let named = caller::named(proven.proof(), &parameters)?;
    let found = match named {
        Named::Email(email) => routing.person_by_email(email),
        Named::NameId(id) => routing.person_by_name_id(id),
        Named::Nobody | Named::Unknown => None,
    };
    // The list of forms is shown to people who have never been here, too.
    let is_stranger = found.is_none()
        && matches!(named, Named::NameId(_))
        && matches!(endpoint, Endpoint::FormDefinitions);
    let named = if is_stranger { Named::Unknown } else { named };
    let acts_for = caller::acts_for(proven.proof(), named, found.map(|it| it.user.clone()))?;
    let mut reference = found.map(fieldpost_engine::Person::reference);
    if let Proven::Session(user) = &proven {
        reference = match routing.person(&user.id) {
            Some(person) => Some(person.reference()),
            None => Some(stranger(app, project, user).await?),
        };
    }
    let base = app.link(&format!("/p/{project}"));
    Ok(Admitted { routing, base, parameters, proven, acts_for, reference })
}

/// Who is signed in at the hub.
#[derive(Debug, Default)]
pub(crate) enum SignedIn {
    /// Nobody is.
    #[default]
    Nobody,
    /// Somebody who has nothing to do with the project.
    Stranger,
    /// Somebody of the project, with their roles.
    Person(UserReference, Vec<String>),
}

/// Who is signed in at the hub, as the project knows them.
pub(crate) async fn signed_in(
    app: &App,
    routing: &ProjectRouting,
    parts: &Parts,
) -> Result<SignedIn, Turned> {
    let user = match by_session(app, routing, parts).await {
        Ok(Proven::Session(user)) => user,
        Ok(_) => return Ok(SignedIn::Nobody),
        Err(Turned::Refused(_)) => return Ok(SignedIn::Stranger),
        Err(error) => return Err(error),
    };
    let reference = match routing.person(&user.id) {
        Some(person) => person.reference(),
        None => stranger(app, &routing.project, &user).await?,
    };
    Ok(SignedIn::Person(reference, user.roles))
}

/// Somebody of the hub, as the lifecycles of a project know them: with their roles.
pub(crate) async fn person_of(
    app: &App,
    routing: &ProjectRouting,
    principal: &Principal,
) -> Result<(UserReference, Vec<String>), Problem> {
    let user =
        user_of(routing, principal, principal.access(&routing.project).unwrap_or(Access::Viewer));
    let reference = match routing.person(&user.id) {
        Some(person) => person.reference(),
        None => reference_of(app, &routing.project, &user).await?,
    };
    Ok((reference, user.roles))
}

/// Somebody who is not in the project file, as records name them.
async fn stranger(app: &App, project: &str, user: &User) -> Result<UserReference, Turned> {
    Ok(reference_of(app, project, user).await?)
}

async fn reference_of(
    app: &App,
    project: &str,
    user: &User,
) -> Result<UserReference, fieldpost_store::StoreError> {
    let number = app.hub.store().person_number(project, &user.id).await?;
    Ok(UserReference {
        number,
        name: user.name.clone(),
        email: user.email.clone(),
        name_ids: user.name_ids.clone(),
    })
}

/// Browsers send a password or a session to whoever makes them ask.
fn cross_site() -> Problem {
    let detail = "a browser says that a page of another site asks for this change";
    Problem::new(StatusCode::FORBIDDEN, "cross-site", detail).hint(
        "programs send neither `Origin` nor `Sec-Fetch-Site`; behind a proxy, set public-url to the \
         address that people see",
    )
}

async fn prove(
    app: &App,
    routing: &ProjectRouting,
    parameters: &Parameters,
    parts: &Parts,
) -> Result<Proven, Turned> {
    if signature::is_signed(parameters) {
        return by_signature(app, routing, parameters, parts).await;
    }
    let Some(header) = parts.headers.get(AUTHORIZATION) else {
        return by_session(app, routing, parts).await;
    };
    if let Some(sent) = basic_credentials(HeaderValue::as_bytes(header)) {
        return by_password(app, routing, parts, sent).await;
    }
    // A token of the hub's: whoever has it is somebody of the project.
    match Principal::identify(app, &parts.headers).await? {
        Ok(principal) => session_of(routing, &principal),
        Err(_) => Err(wrong(app, routing, parts, None, unauthorized()).await),
    }
}

/// Whether one of these keys of the project was used by whoever pushes a record. A signature may leave out
/// `orig`: then any of them may have made it.
pub(crate) async fn prove_sender(
    app: &App,
    routing: &ProjectRouting,
    names: &[String],
    parts: &Parts,
) -> Result<(), Turned> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters = Parameters::of_query(query);
    let proven = if signature::is_signed(&parameters) && !parameters.has("orig") {
        let keys: Vec<&ApiAccess> = names.iter().filter_map(|name| routing.access(name)).collect();
        let named = keys.first().map(|key| key.name.as_str());
        must_wait(app, routing, parts, named).await?;
        verified(app, routing, parts, named, signature::check_with(query, &keys, app.hub.now()))
            .await?
    } else {
        prove(app, routing, &parameters, parts).await?
    };
    match proven {
        Proven::Signature(key) | Proven::Basic(key) if names.contains(&key.name) => Ok(()),
        Proven::Nothing => Err(Refusal::denied("Missing signature.").into()),
        _ => Err(Refusal::denied("Invalid orig.").into()),
    }
}

/// The key and its secret in the query, as calendar programs send them, which know no headers and no signatures.
/// Nowhere else: a query stands in the logs of whatever lies between.
fn key_of_calendar(
    endpoint: &Endpoint,
    parameters: &Parameters,
    parts: &Parts,
) -> Result<Option<Vec<u8>>, Refusal> {
    let is_calendar = matches!(endpoint, Endpoint::Records { part: Part::Calendar { .. }, .. });
    let has_other_proof =
        signature::is_signed(parameters) || parts.headers.contains_key(AUTHORIZATION);
    if !is_calendar || has_other_proof {
        return Ok(None);
    }
    let name = parameters.one("api-user")?;
    let secret = parameters.one("api-key")?.unwrap_or_default();
    Ok(name.map(|name| format!("{name}:{secret}").into_bytes()))
}

async fn by_signature(
    app: &App,
    routing: &ProjectRouting,
    parameters: &Parameters,
    parts: &Parts,
) -> Result<Proven, Turned> {
    let named = parameters.all("orig").first().and_then(|name| routing.access(name));
    let named = named.map(|key| key.name.as_str());
    must_wait(app, routing, parts, named).await?;
    let query = parts.uri.query().unwrap_or_default();
    let keys = &routing.definition.settings.api_access;
    verified(app, routing, parts, named, signature::check(query, keys, app.hub.now())).await
}

/// Who signed a query, once its nonce is used up.
async fn verified(
    app: &App,
    routing: &ProjectRouting,
    parts: &Parts,
    named: Option<&str>,
    checked: Result<Verified<'_>, Refusal>,
) -> Result<Proven, Turned> {
    match checked {
        Ok(verified) => {
            if let Some(nonce) = &verified.nonce {
                use_up(app, routing, nonce).await?;
            }
            Ok(Proven::Signature(verified.access.clone()))
        }
        Err(refusal) if is_a_guess(&refusal) => {
            Err(wrong(app, routing, parts, named, refusal).await)
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Whether a refusal is what guessing a key looks like; a clock that is wrong, or a nonce that was used, is
/// something else.
fn is_a_guess(refusal: &Refusal) -> bool {
    ["Invalid orig.", "Invalid algo.", "Invalid signature."].contains(&refusal.description.as_str())
}

/// Uses a nonce up. While the store cannot be asked, nothing signed is let in: it might be a copy.
async fn use_up(app: &App, routing: &ProjectRouting, nonce: &Nonce) -> Result<(), Turned> {
    let Nonce { origin, text, .. } = nonce;
    let keep_for = signature::NONCE_KEPT;
    let is_new = app.hub.store().use_nonce(&routing.project, origin, text, keep_for).await?;
    if is_new { Ok(()) } else { Err(signature::nonce_already_used().into()) }
}

async fn by_password(
    app: &App,
    routing: &ProjectRouting,
    parts: &Parts,
    sent: Vec<u8>,
) -> Result<Proven, Turned> {
    let sent = String::from_utf8(sent).ok();
    let (name, password) = sent.as_deref().and_then(|it| it.split_once(':')).unwrap_or_default();
    let key = routing.access(name);
    let named = key.map(|key| key.name.as_str());
    must_wait(app, routing, parts, named).await?;
    // A key without a secret opens nothing, however it is presented.
    let is_right = |key: &ApiAccess| {
        let secret = key.secret.expose().as_bytes();
        !secret.is_empty() && same_secret(secret, password.as_bytes())
    };
    match key.filter(|key| is_right(key)) {
        Some(key) => Ok(Proven::Basic(key.clone())),
        None => Err(wrong(app, routing, parts, named, unauthorized()).await),
    }
}

fn unauthorized() -> Refusal {
    Refusal::unauthorized("The name and the password open nothing here.")
}

/// Who is logged in, where a browser sends a session; one that has ended is none.
async fn by_session(app: &App, routing: &ProjectRouting, parts: &Parts) -> Result<Proven, Turned> {
    if !parts.headers.contains_key(COOKIE) {
        return Ok(Proven::Nothing);
    }
    match Principal::identify(app, &parts.headers).await? {
        Ok(principal) => session_of(routing, &principal),
        Err(_) => Ok(Proven::Nothing),
    }
}

/// Somebody of the hub, as the forms of the project know them: by their mail address, where the project file
/// names somebody with it. What they may do in the project is what their account may.
fn session_of(routing: &ProjectRouting, principal: &Principal) -> Result<Proven, Turned> {
    let Some(access) = principal.access(&routing.project) else {
        return Err(Refusal::not_found().into());
    };
    Ok(Proven::Session(user_of(routing, principal, access)))
}

fn user_of(routing: &ProjectRouting, principal: &Principal, access: Access) -> User {
    let account = principal.user();
    let person = account.and_then(|account| routing.person_by_email(&account.email));
    match (person, account) {
        (Some(person), _) => User { access, ..person.user.clone() },
        (None, Some(account)) => User {
            id: format!("account:{}", account.id),
            name: account.name.clone(),
            email: Some(account.email.clone()),
            name_ids: Vec::new(),
            roles: Vec::new(),
            access,
        },
        (None, None) => User {
            id: format!("{}:{}", principal.who().kind, principal.name()),
            name: principal.name().to_owned(),
            email: None,
            name_ids: Vec::new(),
            roles: Vec::new(),
            access,
        },
    }
}

/// By what wrong proofs are counted together.
fn from(routing: &ProjectRouting, parts: &Parts, name: Option<&str>) -> String {
    let address = parts.extensions.get::<ClientAddress>().map(|client| client.0);
    let network = address.map(network).unwrap_or_default();
    match name {
        Some(name) => format!("{network} as {name} of {}", routing.project),
        None => network,
    }
}

/// Has whoever tried a key too often wait, and notes it.
async fn must_wait(
    app: &App,
    routing: &ProjectRouting,
    parts: &Parts,
    name: Option<&str>,
) -> Result<(), Problem> {
    let Some(name) = name else { return Ok(()) };
    let Some(wait) = app.wrong_tokens.must_wait(&from(routing, parts, Some(name)), Instant::now())
    else {
        return Ok(());
    };
    let address = parts.extensions.get::<ClientAddress>().map(|client| client.0);
    note_too_many_keys(app, &routing.project, address).await;
    Err(too_many(wait))
}

fn too_many(wait: std::time::Duration) -> Problem {
    Problem::too_many_tries(wait, "too many wrong signatures or passwords came from this address")
}

/// Counts a proof that is wrong; beyond a number it is answered otherwise, and noted.
async fn wrong(
    app: &App,
    routing: &ProjectRouting,
    parts: &Parts,
    name: Option<&str>,
    refusal: Refusal,
) -> Turned {
    match app.wrong_tokens.count(from(routing, parts, name), Instant::now()) {
        None => refusal.into(),
        Some(wait) => {
            let address = parts.extensions.get::<ClientAddress>().map(|client| client.0);
            note_too_many_keys(app, &routing.project, address).await;
            too_many(wait).into()
        }
    }
}
