//! Who calls: a user with a session, a program with a token, or the administrator.
//!
//! What somebody may do is read from the store with each request, so that a membership that was
//! taken away is gone with the next one, through whichever hub.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use fieldpost_engine::{TOKEN_PREFIX, administrator_proof, digest};
use fieldpost_model::access::Access;
use fieldpost_rules::definition::Secrets;
use fieldpost_store::{ApiToken, Membership, Session, StoreError, User, Who};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::cookie::{self, Sent};
use crate::app::App;
use crate::problem::Problem;

/// What is told where a browser has more than one cookie of a session.
const SEVERAL_SESSIONS: &str =
    "the browser sends several sessions: remove the cookies of this address, and sign in again";
/// By what name the books call the administrator.
const ADMINISTRATOR: &str = "administrator";

/// Whoever calls, as they are at this moment.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    kind: Kind,
    credential: Credential,
    /// What a user may do, project by project.
    memberships: Vec<Membership>,
}

#[derive(Clone, Debug)]
enum Kind {
    User(Box<User>),
    Token(Box<ApiToken>),
    Administrator,
}

/// By what they proved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// The administrator's token.
    AdministratorToken,
    /// A token, by its digest.
    Token([u8; 32]),
    /// A session, by the digest of its secret, and what it is called by.
    Session([u8; 32], Uuid),
}

/// Why somebody is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Nothing was sent.
    Nothing,
    /// A token was sent that opens nothing.
    WrongToken(&'static str),
    /// A session was sent that has ended, or is none.
    WrongSession(&'static str),
}

impl Principal {
    /// Finds out who sent these headers.
    pub(crate) async fn identify(
        app: &App,
        headers: &HeaderMap,
    ) -> Result<Result<Self, Unknown>, StoreError> {
        if headers.contains_key(AUTHORIZATION) {
            let token = match bearer_token(headers) {
                Ok(token) => token,
                Err(reason) => return Ok(Err(Unknown::WrongToken(reason))),
            };
            let found = Self::of_token(app, token).await?;
            return Ok(found.ok_or(Unknown::WrongToken("the token is not valid")));
        }
        let secret = match cookie::session(headers, app.settings.public_url.as_deref()) {
            Sent::Nothing => return Ok(Err(Unknown::Nothing)),
            Sent::One(secret) => secret,
            Sent::Several => return Ok(Err(Unknown::WrongSession(SEVERAL_SESSIONS))),
        };
        let found = Self::of_session(app, secret).await?;
        Ok(found.ok_or(Unknown::WrongSession("the session has ended")))
    }

    /// Whose token this is; none where it opens nothing.
    pub(crate) async fn of_token(app: &App, token: &str) -> Result<Option<Self>, StoreError> {
        if is_administrator(token, &app.settings.admin_token_digest) {
            let credential = Credential::AdministratorToken;
            let memberships = Vec::new();
            return Ok(Some(Self { kind: Kind::Administrator, credential, memberships }));
        }
        if !token.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let digest = digest(token);
        let found = app.hub.store().api_token_of(digest).await?;
        Ok(found.map(|token| Self::with_token(token, digest)))
    }

    fn with_token(token: ApiToken, digest: [u8; 32]) -> Self {
        Self {
            kind: Kind::Token(Box::new(token)),
            credential: Credential::Token(digest),
            memberships: Vec::new(),
        }
    }

    async fn of_session(app: &App, secret: &str) -> Result<Option<Self>, StoreError> {
        let (digest, idle) = (digest(secret), app.hub.settings().session_idle);
        let found = app.hub.store().session(digest, idle).await?;
        let Some((session, user)) = found else { return Ok(None) };
        let proof = session.proof.clone();
        let principal = Self::with_session(app, digest, &session, user).await?;
        if let Kind::Administrator = principal.kind {
            // The session belongs to the token that began it, and ends with it.
            let expected = administrator_proof(secret, &app.settings.admin_token_digest);
            let proof = proof.unwrap_or_default();
            return Ok(bool::from(proof.ct_eq(&expected)).then_some(principal));
        }
        Ok(Some(principal))
    }

    async fn with_session(
        app: &App,
        digest: [u8; 32],
        session: &Session,
        user: Option<User>,
    ) -> Result<Self, StoreError> {
        let credential = Credential::Session(digest, session.id);
        let (kind, memberships) = match user {
            Some(user) => {
                let memberships = app.hub.store().memberships(user.id).await?;
                (Kind::User(Box::new(user)), memberships)
            }
            None => (Kind::Administrator, Vec::new()),
        };
        Ok(Self { kind, credential, memberships })
    }

    /// The same as they are now; none where they may not come in any more. That somebody is looked
    /// after is no use of their session or token, which would never end by itself then.
    pub(super) async fn again(&self, app: &App) -> Result<Option<Self>, StoreError> {
        match self.credential {
            Credential::AdministratorToken => Ok(Some(self.clone())),
            Credential::Token(digest) => {
                let found = app.hub.store().unused_api_token(digest).await?;
                Ok(found.map(|token| Self::with_token(token, digest)))
            }
            Credential::Session(digest, _) => {
                let idle = app.hub.settings().session_idle;
                let found = app.hub.store().unused_session(digest, idle).await?;
                let Some((session, user)) = found else { return Ok(None) };
                Ok(Some(Self::with_session(app, digest, &session, user).await?))
            }
        }
    }

    /// `user`, `token` or `administrator`.
    pub(super) fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::User(_) => "user",
            Kind::Token(_) => "token",
            Kind::Administrator => ADMINISTRATOR,
        }
    }

    /// By what name the books call them.
    pub(crate) fn name(&self) -> &str {
        match &self.kind {
            Kind::User(user) => &user.name,
            Kind::Token(token) => &token.name,
            Kind::Administrator => ADMINISTRATOR,
        }
    }

    /// Who it is, for the audit log.
    pub(crate) fn who(&self) -> Who {
        let id = match &self.kind {
            Kind::User(user) => Some(user.id),
            Kind::Token(token) => Some(token.id),
            Kind::Administrator => None,
        };
        Who { kind: self.kind().to_owned(), name: self.name().to_owned(), id }
    }

    /// What tells them from all others: all sessions of somebody are one.
    pub(super) fn key(&self) -> String {
        let id = self.who().id.map(|id| id.to_string()).unwrap_or_default();
        format!("{}/{id}", self.kind())
    }

    /// By what they proved who they are.
    pub(super) const fn credential(&self) -> Credential {
        self.credential
    }

    /// Whether a browser sends the proof by itself, also where another site makes it ask.
    pub(crate) const fn is_session(&self) -> bool {
        matches!(self.credential, Credential::Session(..))
    }

    /// Whether they run the installation.
    pub(super) fn is_installation_admin(&self) -> bool {
        match &self.kind {
            Kind::User(user) => user.installation_admin,
            Kind::Token(_) => false,
            Kind::Administrator => true,
        }
    }

    /// What they may do in a project; none where it is not theirs to know of.
    pub(crate) fn access(&self, project: &str) -> Option<Access> {
        if self.is_installation_admin() {
            return Some(Access::Owner);
        }
        if let Kind::Token(token) = &self.kind {
            let is_open = token.project.as_deref().is_none_or(|only| only == project);
            return is_open.then_some(token.access);
        }
        let found = self.memberships.iter().find(|other| *other.project == *project);
        found.map(|membership| membership.access)
    }

    /// How definitions of a project are written to them: the address of a webhook is for those who
    /// may change it, since for many sources it is all that a sender needs.
    pub(super) fn sees(&self, project: &str) -> Secrets {
        match self.access(project) {
            Some(access) if access >= Access::Editor => Secrets::Hidden,
            _ => Secrets::HiddenWithAddresses,
        }
    }

    /// The user; others have no account.
    pub(crate) fn user(&self) -> Option<&User> {
        match &self.kind {
            Kind::User(user) => Some(user),
            Kind::Token(_) | Kind::Administrator => None,
        }
    }

    /// The user, for what is about an account of one's own.
    pub(super) fn require_user(&self) -> Result<&User, Problem> {
        self.user().ok_or_else(|| {
            let detail = format!("a {} has no account", self.kind());
            Problem::new(StatusCode::FORBIDDEN, "no-account", detail)
                .hint("sign in with a mail address and a password")
        })
    }

    /// The token, where it is one.
    pub(super) fn token(&self) -> Option<&ApiToken> {
        match &self.kind {
            Kind::Token(token) => Some(token),
            Kind::User(_) | Kind::Administrator => None,
        }
    }
}

/// Whoever calls, for handlers. The layer of access puts it into every request that it lets in.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Arc<Principal>);

impl std::ops::Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| unauthorized("nobody is known here"))
    }
}

/// The answer to nobody.
pub(super) fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
        .hint("sign in, or send the header `Authorization: Bearer <token>`")
}

/// Compares digests, in constant time.
pub(super) fn is_administrator(token: &str, expected: &[u8; 32]) -> bool {
    Sha256::digest(token.as_bytes()).as_slice().ct_eq(expected).into()
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, &'static str> {
    let header = headers.get(AUTHORIZATION).ok_or("the request carries no token")?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or("the header Authorization is not a scheme and a token")?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("the header Authorization has another scheme than Bearer");
    }
    Ok(token.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check_header(header: Option<&'static str>, expected: bool) {
        let digest = Sha256::digest(b"the token").into();
        let headers = header
            .map(|text| (AUTHORIZATION, HeaderValue::from_static(text)))
            .into_iter()
            .collect();
        let opens = bearer_token(&headers).is_ok_and(|token| is_administrator(token, &digest));
        assert_eq!(opens, expected, "{header:?}");
    }

    #[test]
    fn the_token_alone_opens() {
        check_header(Some("Bearer the token"), true);
        check_header(Some("bearer  the token "), true);
        for wrong in ["Bearer the toke", "Bearer the tokens", "Bearer ", "Bearer", "the token"] {
            check_header(Some(wrong), false);
        }
        check_header(Some("Basic the token"), false);
        check_header(Some(""), false);
        check_header(None, false);
    }
}
