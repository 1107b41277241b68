//! How the hub proves itself to a destination: one file for each kind, all built alike.
//!
//! Each kind has a `prepare`, which reads the connection's settings once and refuses what can never
//! be sent. The kinds whose proof is the same for every call ([`basic`], [`bearer`], [`api_key`],
//! [`headers`]) are ready with that: `prepare` returns headers. The others make a proof for each
//! request: `show` adds it, and `learn` looks at an answer of 401 and says whether a second try
//! with a new proof may do better. There is at most one such second try in an attempt.
//!
//! * [`digest`] answers a challenge, and goes on answering it until the destination has a new one.
//! * [`oauth2`] and [`login`] show a token, which [`keeper`] keeps, renews and shares with other
//!   hubs; [`endpoint`] is the conversation with whoever hands it out.
//! * [`signed_url`] signs the query.

mod api_key;
mod basic;
mod bearer;
mod digest;
mod endpoint;
mod headers;
mod keeper;
mod login;
mod oauth2;
mod signed_url;

use std::fmt;
use std::sync::Arc;

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection::Authentication;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::address::unbuildable;
use crate::guard::AllowNetworks;
use crate::profile::Profile;
use crate::request::{Assembled, is_reserved};
use crate::response::Deadline;
use crate::tokens::TokenStore;

use digest::Digest;
use keeper::TokenProof;
use signed_url::SignedUrl;

/// A header that proves something; its value is marked as sensitive.
type Credential = (HeaderName, HeaderValue);

/// What the kinds need to be prepared.
pub(crate) struct Preparation<'a> {
    pub(crate) project: &'a ProjectName,
    pub(crate) connection: &'a str,
    pub(crate) allow_networks: &'a AllowNetworks,
    pub(crate) tokens: &'a Arc<dyn TokenStore>,
    /// Everything that must not be read in a record of a call; the kinds add theirs.
    pub(crate) secrets: Vec<Secret>,
}

/// What the kinds need to make a proof for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstance<'a> {
    /// The client that token endpoints are asked with: the connection's own.
    pub(crate) profile: &'a Profile,
    pub(crate) user_agent: &'a HeaderValue,
    pub(crate) connect_timeout: std::time::Duration,
    /// The attempt's: asking for a token takes from the same time.
    pub(crate) deadline: Deadline,
    /// When the attempt began, by the wall clock.
    pub(crate) began: Timestamp,
}

impl Circumstance<'_> {
    /// The time by the wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.began + self.deadline.elapsed()
    }
}

/// How a connection proves itself, made ready.
pub(crate) enum Proof {
    /// The same headers with every call; none at all where nothing is to be proved.
    Fixed(Vec<Credential>),
    /// An answer to a challenge.
    Digest(Digest),
    /// A token.
    Token(Box<TokenProof>),
    /// A signature over the query.
    SignedUrl(Box<SignedUrl>),
}

/// What a request was shown with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// What was made or got for this request alone, and must not be read in a record either.
    pub(crate) secrets: Vec<Secret>,
    /// When the token expires, where that is known.
    pub(crate) token_expires_at: Option<Timestamp>,
    /// The generation of the token.
    generation: u64,
    /// The nonce that was answered, or is to be answered next.
    session: Option<digest::Session>,
}

/// What is to be made of an answer of 401.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lesson {
    /// A new proof may do better.
    TryAgain,
    /// The 401 is the answer.
    Final,
    /// The 401 is the answer, and this is why, as the end of a sentence.
    FinalBecause(String),
}

impl Proof {
    /// Whether there is nothing to prove.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Fixed(credentials) if credentials.is_empty())
    }

    /// Reads how somebody proves itself. The error is what an attempt records.
    pub(crate) fn prepare(
        authentication: &Authentication,
        preparation: &mut Preparation<'_>,
    ) -> Result<Self, AttemptError> {
        let secrets = &mut preparation.secrets;
        Ok(match authentication {
            Authentication::None => Self::Fixed(Vec::new()),
            Authentication::Basic { username, password } => {
                Self::Fixed(vec![basic::prepare(username, password, secrets)?])
            }
            Authentication::Bearer { token } => Self::Fixed(vec![bearer::prepare(token, secrets)?]),
            Authentication::ApiKey { header, key } => {
                Self::Fixed(vec![api_key::prepare(header, key, secrets)?])
            }
            Authentication::Headers(headers) => Self::Fixed(headers::prepare(headers, secrets)?),
            Authentication::Digest { username, password } => {
                Self::Digest(Digest::prepare(username, password, secrets)?)
            }
            Authentication::Oauth2(settings) => {
                Self::Token(Box::new(oauth2::prepare(settings, preparation)?))
            }
            Authentication::Login(settings) => {
                Self::Token(Box::new(login::prepare(settings, preparation)?))
            }
            Authentication::SignedUrl(settings) => {
                Self::SignedUrl(Box::new(SignedUrl::prepare(settings, secrets)?))
            }
        })
    }

    /// Proves a user that stands in the connection's URL, where that is not yet taken care of.
    pub(crate) fn prove_user_of_url(
        &mut self,
        username: &str,
        password: &Secret,
        secrets: &mut Vec<Secret>,
    ) -> Result<(), AttemptError> {
        let header = basic::prepare(username, password, secrets)?;
        if let Self::Fixed(headers) = self
            && headers.iter().all(|(name, _)| *name != AUTHORIZATION)
        {
            headers.push(header);
        }
        Ok(())
    }

    /// Adds the proof to a request. `refused` is what the attempt's first try was shown with,
    /// where the destination answered it with 401.
    pub(crate) async fn show(
        &self,
        request: &mut Assembled,
        refused: Option<Shown>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Shown, AttemptError> {
        match self {
            Self::Fixed(headers) => {
                for (name, credential) in headers {
                    request.headers.insert(name, credential.clone());
                }
                Ok(Shown::default())
            }
            Self::Digest(digest) => digest.show(request, refused),
            Self::Token(token) => {
                let refused = refused.map(|shown| shown.generation);
                token.show(request, refused, circumstance).await
            }
            Self::SignedUrl(signed_url) => {
                signed_url.show(request, circumstance.now());
                Ok(Shown::default())
            }
        }
    }

    /// The token, where it is one.
    pub(crate) async fn token(
        &self,
        circumstance: &Circumstance<'_>,
    ) -> Result<Option<Secret>, AttemptError> {
        match self {
            Self::Token(token) => token.text(circumstance).await.map(Some),
            Self::Fixed(_) | Self::Digest(_) | Self::SignedUrl(_) => Ok(None),
        }
    }

    /// Takes back what can be used again, once the destination has answered with anything but 401.
    pub(crate) fn keep(&self, shown: &mut Shown) {
        if let (Self::Digest(digest), Some(session)) = (self, shown.session.take()) {
            digest.keep(session);
        }
    }

    /// Looks at an answer of 401 to a request that was shown so.
    pub(crate) fn learn(&self, shown: &mut Shown, answer: &HeaderMap) -> Lesson {
        match self {
            Self::Fixed(_) | Self::SignedUrl(_) => Lesson::Final,
            Self::Digest(digest) => digest.learn(shown, answer),
            Self::Token(_) => Lesson::TryAgain,
        }
    }

    /// Takes out of a URL what the proof has added to the query of `plain` when it made `sent` of
    /// it: a destination that redirects often hands the query on.
    pub(crate) fn take_back(&self, url: &mut Url, sent: &Url, plain: &Url) {
        match self {
            Self::Fixed(_) | Self::Digest(_) => {}
            Self::Token(token) => token.take_back(url),
            Self::SignedUrl(_) => signed_url::take_back(url, sent, plain),
        }
    }

    /// Whom a token is got from, where one is needed: "token endpoint auth.example.org".
    pub(crate) fn token_from(&self) -> Option<String> {
        match self {
            Self::Token(token) => Some(token.origin()),
            _ => None,
        }
    }
}

/// A header value that neither logs nor records show.
fn sensitive(value: &[u8], what: impl fmt::Display) -> Result<HeaderValue, AttemptError> {
    let mut value = HeaderValue::from_bytes(value).map_err(|_| {
        unbuildable(format!("{what} cannot be sent: it holds a line break or a control character"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The header of that name, where a connection may set it.
fn credential_header(name: &str) -> Result<HeaderName, AttemptError> {
    let header = HeaderName::from_bytes(name.as_bytes()).ok();
    header.filter(|header| !is_reserved(header)).ok_or_else(|| {
        unbuildable(format!("The connection's credentials cannot go in the header {name:?}"))
    })
}

/// Takes parameters out of a query, and leaves the rest byte for byte. They are asked for by name
/// and value, the last one first, since proofs stand behind what a person wrote.
fn without_parameters(url: &mut Url, mut is_ours: impl FnMut(&str, &str) -> bool) {
    let Some(query) = url.query() else { return };
    let mut kept: Vec<&str> = query
        .split('&')
        .rev()
        .filter(|pair| {
            let read = form_urlencoded::parse(pair.as_bytes()).next();
            !read.is_some_and(|(name, value)| is_ours(&name, &value))
        })
        .collect();
    kept.reverse();
    let kept = kept.join("&");
    url.set_query(if kept.is_empty() { None } else { Some(&kept) });
}
