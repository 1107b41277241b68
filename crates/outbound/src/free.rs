//! Requests of a job's own making: any method, any address, the whole answer.
//!
//! A delivery knows beforehand where it goes and what it sends, and a person reads what became of it. A job
//! decides both as it runs, and a program reads the answer. So nothing is recorded here and no status is an
//! error, and all else is as everywhere: each address is judged as it is dialled, each part of the answer has
//! a bound, and one deadline holds for the whole.
//!
//! Redirects are followed as browsers do it: 301 and 302 turn a POST into a GET, 303 whatever it was, 307
//! and 308 keep it. What proves who asks is shown to one origin alone, and so are the TLS options; headers
//! that are named like credentials do not go along to another origin. None leads from `https:` to what
//! anybody can read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::connection::{Authentication, Tls};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use http::{Method, StatusCode};
use url::Url;

use crate::address::{host_and_port, host_header, judge_host, read_url, same_origin, unbuildable};
use crate::auth::{Circumstance, Lesson, Preparation, Proof, Shown};
use crate::client::{Client, Shared};
use crate::failure::{Circumstances, Failure, Stage};
use crate::prepared::Prepared;
use crate::profile::Profile;
use crate::redirect;
use crate::request::{Assembled, GIVEN_HEADERS, is_reserved};
use crate::response::Deadline;
use crate::room::{AnswerRoom, Places, SMALL_ANSWER_BYTES};

/// What an error message calls the address.
const ADDRESS: &str = "The address";

/// On which terms requests are made: who asks, and whom to trust. Copies share what is learnt, as the nonces
/// of HTTP Digest.
#[derive(Clone)]
pub struct Terms {
    shared: Arc<Shares>,
}

struct Shares {
    proof: Arc<Proof>,
    profile: Arc<Profile>,
    /// Whom all of it is for; nothing means: for the origin of each request.
    origin: Option<Url>,
}

impl fmt::Debug for Terms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.shared.origin.as_ref().map(|url| url.origin().ascii_serialization());
        formatter.debug_struct("Terms").field("origin", &origin).finish_non_exhaustive()
    }
}

/// A request of a job's own making.
#[derive(Clone, Debug)]
pub struct FreeRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers. Those that say where a message ends are left out: they are set from the body.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How long it may take altogether, redirects included.
    pub timeout: Duration,
    /// How many redirects are followed. One more than these is the answer.
    pub max_redirects: u32,
    /// How many bytes the body of the answer may have, once it is unpacked.
    pub max_bytes: usize,
    /// The time by the wall clock.
    pub now: Timestamp,
    /// What the step that asks may take of the hub's room for answers.
    pub room: AnswerRoom,
}

/// A whole answer, whatever its status.
#[derive(Debug)]
pub struct FreeAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers. Those of the packing are left out where the body was unpacked.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// Where the answer came from in the end; without credentials.
    pub url: Url,
    /// From the beginning to the last byte.
    pub duration: Duration,
    /// The room that it takes; to be held for as long as the body, or what was made of it, is.
    pub places: Places,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FreeFailure {
    /// A word for programs: that of Node.js where it has one, such as `ECONNREFUSED`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Client {
    /// Prepares terms. `origin` is whom the credentials and the TLS options are for, as a URL; without one
    /// they are for the origin that each request is made to. Without TLS options those of the connection
    /// hold at its own origin.
    pub fn terms(
        &self,
        authentication: &Authentication,
        tls: Option<&Tls>,
        origin: Option<&str>,
        connection: Option<&Prepared>,
    ) -> Result<Terms, FreeFailure> {
        if matches!(authentication, Authentication::Oauth2(_) | Authentication::Login(_)) {
            return Err(bad_request("A token must be asked for before it can be shown"));
        }
        let Shared { settings, tokens, profiles, .. } = &*self.shared;
        let mut preparation = Preparation {
            project: &ProjectName::from(""),
            connection: "",
            allow_networks: &settings.allow_networks,
            tokens,
            secrets: Vec::new(),
        };
        let proof = Arc::new(Proof::prepare(authentication, &mut preparation)?);
        let origin = origin.map(|origin| read_url(origin, "The origin")).transpose()?;
        let at_home = |connection: &&Prepared| {
            origin.as_ref().is_some_and(|origin| same_origin(origin, &connection.url))
        };
        let profile = match (tls, connection.filter(at_home)) {
            (Some(tls), _) => profiles.of(tls).map_err(|error| FreeFailure {
                code: "bad-tls-options",
                message: format!("The TLS options cannot be used: {error}"),
            })?,
            (None, Some(connection)) => Arc::clone(&connection.profile),
            (None, None) => profiles.plain(),
        };
        Ok(Terms { shared: Arc::new(Shares { proof, profile, origin }) })
    }

    /// The terms of a connection: its own proof and TLS options, for its origin alone.
    pub fn terms_of(&self, prepared: &Prepared) -> Terms {
        let Prepared { proof, profile, url, .. } = prepared;
        let (proof, profile) = (Arc::clone(proof), Arc::clone(profile));
        Terms { shared: Arc::new(Shares { proof, profile, origin: Some(url.clone()) }) }
    }

    /// The token that a connection shows, where it logs in for one: the one that is held, or a new one.
    pub async fn token(
        &self,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Result<Option<Secret>, AttemptError> {
        let circumstance = Circumstance {
            profile: &prepared.profile,
            user_agent: &self.shared.user_agent,
            connect_timeout: self.shared.settings.connect_timeout,
            deadline: Deadline::starting_now(prepared.timeout),
            began: now,
        };
        prepared.proof.token(&circumstance).await
    }

    /// Makes a request, follows where it is redirected, and brings the whole answer. It ends by its time
    /// limit, whatever the other side does.
    pub async fn request(
        &self,
        terms: &Terms,
        request: FreeRequest,
    ) -> Result<FreeAnswer, FreeFailure> {
        let plain = self.assemble_free(&request)?;
        let Shares { proof, profile, origin } = &*terms.shared;
        let origin = origin.clone().unwrap_or_else(|| plain.url.clone());
        let deadline = Deadline::starting_now(request.timeout);
        let began = request.now;
        let room = request.room.clone();
        let asker = Asker { client: self, proof, profile, origin, deadline, began, room };
        asker.ask(plain, request).await
    }

    fn assemble_free(&self, request: &FreeRequest) -> Result<Assembled, FreeFailure> {
        let mut url = read_url(&request.url, ADDRESS)?;
        judge_host(&url, ADDRESS, &self.shared.settings.allow_networks)?;
        // Whoever wants to be somebody says so with the credentials.
        if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
            return Err(bad_request(format!("{ADDRESS} names no host")));
        }
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT && *method != Method::TRACE)
            .ok_or_else(|| bad_request(format!("{:?} is no method to ask by", request.method)))?;
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
        headers.insert(HOST, host_header(&url)?);
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let wants_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
        if wants_body || !request.body.is_empty() {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        }
        add_headers(&mut headers, &request.headers)?;
        Ok(Assembled { method, url, headers })
    }
}

/// Adds the headers of the request. The first of a name takes the place of the hub's own.
fn add_headers(headers: &mut HeaderMap, given: &[(String, String)]) -> Result<(), FreeFailure> {
    if given.len() > GIVEN_HEADERS {
        let count = given.len();
        return Err(bad_request(format!(
            "The request has {count} headers, where {GIVEN_HEADERS} are the most"
        )));
    }
    let mut names: Vec<HeaderName> = Vec::with_capacity(given.len());
    for (name, text) in given {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| bad_request(format!("{name:?} is not the name of a header")))?;
        if is_reserved(&header) {
            continue;
        }
        let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
            let what = format!("The value of the header {name:?}");
            bad_request(format!("{what} holds a line break or a control character"))
        })?;
        if names.contains(&header) {
            headers.append(header, value);
        } else {
            headers.insert(header.clone(), value);
            names.push(header);
        }
    }
    Ok(())
}

/// One request on its way, with all that follows from its answers.
struct Asker<'a> {
    client: &'a Client,
    proof: &'a Proof,
    profile: &'a Profile,
    /// Whom the proof and the TLS options are for.
    origin: Url,
    deadline: Deadline,
    began: Timestamp,
    room: AnswerRoom,
}

impl Asker<'_> {
    async fn ask(
        &self,
        mut plain: Assembled,
        FreeRequest { mut body, max_redirects, max_bytes, .. }: FreeRequest,
    ) -> Result<FreeAnswer, FreeFailure> {
        let mut refused: Option<Shown> = None;
        let mut proved_again = false;
        let mut followed = 0;
        loop {
            let trusted = same_origin(&self.origin, &plain.url);
            let mut outgoing = plain.clone();
            let mut shown = Shown::default();
            if trusted {
                let circumstance = self.circumstance();
                shown = self.proof.show(&mut outgoing, refused.take(), &circumstance).await?;
            }
            let from = outgoing.url.clone();
            let response = self.send(outgoing, body.clone(), trusted).await?;
            let status = response.status();
            if trusted {
                if status != StatusCode::UNAUTHORIZED {
                    self.proof.keep(&mut shown);
                } else if !proved_again
                    && self.proof.learn(&mut shown, response.headers()) == Lesson::TryAgain
                {
                    (proved_again, refused) = (true, Some(shown));
                    continue;
                }
            }
            if is_followed(status) && followed < max_redirects {
                let allowed = &self.client.shared.settings.allow_networks;
                let target = redirect::target(&from, status, response.headers(), 0, |_| allowed);
                if let Some(mut target) = target.map_err(not_followed)? {
                    self.proof.take_back(&mut target, &from, &plain.url);
                    followed += 1;
                    proved_again = false;
                    become_get(&mut plain, &mut body, status);
                    redirect::turn(&mut plain, target)?;
                    continue;
                }
            }
            return self.answer(response, plain.url, max_bytes).await;
        }
    }

    fn circumstance(&self) -> Circumstance<'_> {
        let shared = &self.client.shared;
        Circumstance {
            profile: self.profile,
            user_agent: &shared.user_agent,
            connect_timeout: shared.settings.connect_timeout,
            deadline: self.deadline,
            began: self.began,
        }
    }

    async fn send(
        &self,
        Assembled { method, url, headers }: Assembled,
        body: Bytes,
        trusted: bool,
    ) -> Result<reqwest::Response, FreeFailure> {
        let plain = self.client.shared.profiles.plain();
        let profile = if trusted { self.profile } else { &plain };
        let mut request = profile.http.request(method, url.clone()).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        let request = request.send();
        match self.deadline.keep(request).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(&Failure::Transport(Stage::Head, error), &url)),
            Err(_elapsed) => Err(self.failed(&Failure::TimedOut(Stage::Head), &url)),
        }
    }

    async fn answer(
        &self,
        mut response: reqwest::Response,
        url: Url,
        max_bytes: usize,
    ) -> Result<FreeAnswer, FreeFailure> {
        let (status, mut headers) = (response.status(), response.headers().clone());
        if response.content_length().is_some_and(|length| length > max_bytes as u64) {
            return Err(too_large(max_bytes));
        }
        let (mut body, mut places) = (Vec::new(), Places::default());
        loop {
            let chunk = match self.deadline.keep(response.chunk()).await {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(error)) => {
                    return Err(self.failed(&Failure::Transport(Stage::Body, error), &url));
                }
                Err(_elapsed) => return Err(self.failed(&Failure::TimedOut(Stage::Body), &url)),
            };
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > max_bytes {
                return Err(too_large(max_bytes));
            }
            self.find_room(&mut places, body.len() + chunk.len(), &url).await?;
            body.extend_from_slice(&chunk);
        }
        let body = self.unpacked(body, &mut headers, max_bytes, &mut places, &url).await?;
        Ok(FreeAnswer { status, headers, body, url, duration: self.deadline.elapsed(), places })
    }

    /// Waits until so many bytes may be held: the step's own places first, so that its answers wait for each
    /// other and not in the way of others.
    async fn find_room(
        &self,
        places: &mut Places,
        bytes: usize,
        url: &Url,
    ) -> Result<(), FreeFailure> {
        let rooms = [&self.room, &self.client.shared.room];
        let found = self.deadline.keep(places.take(bytes, &rooms)).await;
        found.map_err(|_elapsed| self.failed(&Failure::TimedOut(Stage::Body), url))
    }

    /// The body as it was before it was packed for the way.
    async fn unpacked(
        &self,
        body: Vec<u8>,
        headers: &mut HeaderMap,
        max_bytes: usize,
        places: &mut Places,
        url: &Url,
    ) -> Result<Vec<u8>, FreeFailure> {
        let Some(mut unpacking) = unpacking(&body, headers) else { return Ok(body) };
        let mut unpacked = Vec::new();
        while unpacking.read_into(&mut unpacked)? {
            if unpacked.len() > max_bytes {
                return Err(too_large(max_bytes));
            }
            self.find_room(places, body.len() + unpacked.len(), url).await?;
        }
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
        Ok(unpacked)
    }

    fn failed(&self, failure: &Failure, url: &Url) -> FreeFailure {
        let host = host_and_port(url);
        let circumstances = Circumstances {
            host: &host,
            secure: url.scheme() == "https",
            timeout: self.deadline.limit(),
            connect_timeout: self.client.shared.settings.connect_timeout,
        };
        FreeFailure { code: failure.code(), message: failure.describe(circumstances).message }
    }
}

fn is_followed(status: StatusCode) -> bool {
    matches!(status.as_u16(), 300 | 301 | 302 | 303 | 307 | 308)
}

/// What a redirect makes of the request: a GET, where browsers make one of it.
fn become_get(request: &mut Assembled, body: &mut Bytes, status: StatusCode) {
    let see_other = status == StatusCode::SEE_OTHER;
    let turns = match status.as_u16() {
        301 | 302 => request.method == Method::POST,
        303 => request.method != Method::GET && request.method != Method::HEAD,
        _ => false,
    };
    if !turns {
        return;
    }
    request.method = Method::GET;
    *body = Bytes::new();
    let of_body: Vec<_> = request
        .headers
        .keys()
        .filter(|name| {
            **name == CONTENT_LENGTH || see_other && name.as_str().starts_with("content-")
        })
        .cloned()
        .collect();
    for name in of_body {
        request.headers.remove(name);
    }
}

/// A body on its way back to what it was before it was packed.
struct Unpacking<'a>(Box<dyn std::io::Read + Send + 'a>);

#[expect(
    clippy::disallowed_methods,
    reason = "it is read piece by piece, up to the request's bound"
)]
fn unpacking<'a>(body: &'a [u8], headers: &HeaderMap) -> Option<Unpacking<'a>> {
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    match encoding.map(str::to_ascii_lowercase).as_deref() {
        _ if body.is_empty() => None,
        Some("gzip" | "x-gzip") => {
            Some(Unpacking(Box::new(flate2::read::MultiGzDecoder::new(body))))
        }
        Some("deflate") => Some(Unpacking(Box::new(flate2::read::ZlibDecoder::new(body)))),
        _ => None,
    }
}

impl Unpacking<'_> {
    /// Reads on by a small piece; whether there was one.
    fn read_into(&mut self, unpacked: &mut Vec<u8>) -> Result<bool, FreeFailure> {
        use std::io::Read as _;
        let read = (&mut self.0).take(SMALL_ANSWER_BYTES as u64).read_to_end(unpacked);
        let read = read.map_err(|error| FreeFailure {
            code: "bad-answer",
            message: format!("The answer is packed and cannot be unpacked: {error}"),
        })?;
        Ok(read > 0)
    }
}

fn bad_request(message: impl Into<String>) -> FreeFailure {
    unbuildable(message).into()
}

fn too_large(limit: usize) -> FreeFailure {
    let message = format!("The answer has more than {limit} bytes, which are the most");
    FreeFailure { code: "answer-too-large", message }
}

fn not_followed(error: AttemptError) -> FreeFailure {
    let code = match error.kind {
        ErrorKind::Refused => "address-refused",
        _ => "redirect-refused",
    };
    FreeFailure { code, message: error.message }
}

impl From<AttemptError> for FreeFailure {
    fn from(AttemptError { kind, message }: AttemptError) -> Self {
        let code = match kind {
            ErrorKind::Refused => "address-refused",
            ErrorKind::Build => "bad-request",
            ErrorKind::Tls => "tls-failed",
            ErrorKind::Dns => "ENOTFOUND",
            ErrorKind::Timeout => "ETIMEDOUT",
            _ => "request-failed",
        };
        Self { code, message }
    }
}
