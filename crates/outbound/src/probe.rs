//! Trying a connection step by step, so that a person sees where it breaks.
//!
//! A delivery that fails says what failed last. A person who sets a connection up wants to know
//! what works already: the name resolves, the port answers, the certificate is good for another
//! two weeks, the token endpoint gives a token, the destination takes the request. A probe goes
//! that way on foot. It asks the same guard, shows the same certificates and sends the request the
//! same way as a delivery, and it ends at the first step that fails. Tokens are got anew, so that
//! it is the credentials that are tried and not what they once led to, and nobody else uses them.

mod certificate;
mod database;
pub(crate) mod dialling;
mod hints;

pub use hints::Hint;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use http::header::CONTENT_TYPE;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::{Host, Url};
use uuid::Uuid;

use crate::address::{host_and_port, judge_host, read_url};
use crate::client::{Client, Shared};
use crate::exchange::{Caller, Exchange};
use crate::failure::explain_tls;
use crate::prepared::{CONNECTION_URL, Prepared};
use crate::redirect::REDIRECT_RECORD;
use crate::request::{Assembled, Call, assemble};
use crate::resolver::Judged;
use crate::response::{Deadline, excerpt, quotable_text};
use crate::tables::is_database;
use crate::tokens::{MemoryTokens, TokenStore};

use dialling::{Undialled, dial};

names! {
    /// What a probe asks with.
    pub enum ProbeMethod {
        /// GET, which many destinations that only take payloads do not know.
        Get = "GET",
        /// HEAD.
        Head = "HEAD",
        /// POST, as deliveries do by default.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
        /// OPTIONS.
        Options = "OPTIONS",
    }
}

names! {
    /// The steps of a probe, in their order.
    pub enum StepName {
        /// The URL is read and judged.
        Url = "url",
        /// The name becomes addresses.
        Dns = "dns",
        /// A connection is made.
        Tcp = "tcp",
        /// It is secured; only for `https:`.
        Tls = "tls",
        /// The hub gets what it proves itself with.
        Authentication = "authentication",
        /// The request is sent and answered.
        Request = "request",
    }
}

/// What is sent to try a connection.
#[derive(Clone, Debug)]
pub struct ProbeCall {
    /// The method.
    pub method: ProbeMethod,
    /// Query parameters, added to those of the connection's URL.
    pub query: Vec<(String, String)>,
    /// Headers beside those that the hub sets.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// The body's content type.
    pub content_type: Option<String>,
    /// The time by the wall clock.
    pub now: Timestamp,
}

/// One step of a probe.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which.
    pub name: StepName,
    /// Whether it went well.
    pub ok: bool,
    /// How long it took.
    pub duration: Duration,
    /// What was found out, in order, free of secrets. A name may stand several times.
    pub facts: Vec<(String, String)>,
    /// What went wrong.
    pub error: Option<AttemptError>,
    /// What a person may want to do about it. A step that went well can have one as well.
    pub hint: Option<Hint>,
}

impl Client {
    /// Tries a connection as it is given, saved or not, and answers with the steps up to the first
    /// that failed.
    pub async fn probe(
        &self,
        project: &ProjectName,
        connection: &Connection,
        call: ProbeCall,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        // The last step has said it if it went wrong; there is nothing more to do here.
        drop(Probe { shared: &self.shared, connection, call }.walk(project, &mut steps).await);
        steps
    }
}

/// The walk ended early; the last step says why.
struct Ended;

struct Probe<'a> {
    shared: &'a Shared,
    connection: &'a Connection,
    call: ProbeCall,
}

impl Probe<'_> {
    async fn walk(&self, project: &ProjectName, steps: &mut Vec<Step>) -> Result<(), Ended> {
        if is_database(&self.connection.url) {
            return self.walk_to_database(project, steps).await;
        }
        let url = self.read_url(steps)?;
        let prepared = self.prepare(project, steps)?;
        let addresses = self.resolve(&url, steps).await?;
        let stream = self.connect(&url, &addresses, steps).await?;
        if url.scheme() == "https" {
            self.secure(&url, &prepared, stream, steps).await?;
        }
        self.request(&prepared, steps).await
    }

    fn read_url(&self, steps: &mut Vec<Step>) -> Result<Url, Ended> {
        let mut step = Walking::begin(StepName::Url);
        let url = match read_url(&self.connection.url, CONNECTION_URL) {
            Ok(url) => url,
            Err(error) => return step.fail(error, None, steps),
        };
        step.fact("scheme", url.scheme());
        step.fact("host", url.host_str().unwrap_or_default());
        step.fact("port", url.port_or_known_default().unwrap_or_default());
        if let Err(error) = judge_host(&url, CONNECTION_URL, &self.shared.settings.allow_networks) {
            return step.fail(error, None, steps);
        }
        let is_open = url.scheme() == "http" && !is_loopback(&url);
        let hint = is_open.then(|| hints::UNENCRYPTED.into());
        step.succeed(hint, steps);
        Ok(url)
    }

    /// Reads the rest of the connection. Only where that fails is there a step to show for it.
    fn prepare(&self, project: &ProjectName, steps: &mut Vec<Step>) -> Result<Prepared, Ended> {
        let Shared { profiles, settings, .. } = self.shared;
        let tokens: Arc<dyn TokenStore> = Arc::new(MemoryTokens::default());
        let allowed = &settings.allow_networks;
        match Prepared::new(project, self.connection, allowed, profiles, &tokens) {
            Ok(prepared) => Ok(prepared),
            Err(error) => {
                let of_tls = profiles.of(&self.connection.tls).is_err();
                let name = if of_tls { StepName::Tls } else { StepName::Authentication };
                Walking::begin(name).fail(error, None, steps)
            }
        }
    }

    async fn resolve(&self, url: &Url, steps: &mut Vec<Step>) -> Result<Vec<IpAddr>, Ended> {
        let step = Walking::begin(StepName::Dns);
        match url.host() {
            Some(Host::Domain(host)) => self.look_up(host, steps).await,
            Some(Host::Ipv4(address)) => Ok(step.literal(address.into(), steps)),
            Some(Host::Ipv6(address)) => Ok(step.literal(address.into(), steps)),
            None => Err(Ended),
        }
    }

    /// The addresses of a name or of an address, those that may be dialled.
    async fn look_up(&self, host: &str, steps: &mut Vec<Step>) -> Result<Vec<IpAddr>, Ended> {
        let mut step = Walking::begin(StepName::Dns);
        let judged = self.shared.profiles.resolver().judge(host).await;
        if let Ok(Judged { allowed, refused }) = &judged {
            for address in allowed {
                step.fact("address", address);
            }
            for refusal in refused {
                step.fact("refused address", refusal.address());
            }
        }
        match judged.and_then(|judged| judged.into_allowed(host)) {
            Ok(allowed) => {
                step.succeed(None, steps);
                Ok(allowed)
            }
            Err(error) => {
                let kind = error.kind();
                let hint = (kind == ErrorKind::Dns).then(|| hints::UNKNOWN_NAME.into());
                step.fail(AttemptError { kind, message: error.to_string() }, hint, steps)
            }
        }
    }

    /// The longest that dialling all addresses together may take, and the handshake after that.
    fn connect_limit(&self) -> Duration {
        self.shared.settings.connect_timeout.min(self.connection.timeout)
    }

    async fn connect(
        &self,
        url: &Url,
        addresses: &[IpAddr],
        steps: &mut Vec<Step>,
    ) -> Result<TcpStream, Ended> {
        let mut step = Walking::begin(StepName::Tcp);
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        let dialled = dial(addresses, self.connect_limit(), TcpStream::connect).await;
        let Undialled { timed_out, reasons } = match dialled {
            Ok((address, stream)) => {
                step.fact("connected to", address);
                step.succeed(None, steps);
                return Ok(stream);
            }
            Err(undialled) => undialled,
        };
        let kind = if timed_out { ErrorKind::Timeout } else { ErrorKind::Connect };
        let hint = if timed_out { hints::NO_ANSWER } else { hints::NOBODY_LISTENS };
        let message = format!("No connection to {}: {}", host_and_port(url), reasons.join("; "));
        step.fail(AttemptError { kind, message }, Some(hint.into()), steps)
    }

    async fn secure(
        &self,
        url: &Url,
        prepared: &Prepared,
        stream: TcpStream,
        steps: &mut Vec<Step>,
    ) -> Result<(), Ended> {
        let mut step = Walking::begin(StepName::Tls);
        let host = host_and_port(url);
        let failed = |kind, why: &str| AttemptError {
            kind,
            message: format!("TLS with {host} failed: {why}"),
        };
        let bare = url.host_str().unwrap_or_default();
        let bare = bare.trim_start_matches('[').trim_end_matches(']').to_owned();
        let Ok(name) = ServerName::try_from(bare) else {
            let error = failed(ErrorKind::Tls, "no certificate can be for this name");
            return step.fail(error, None, steps);
        };
        let limit = self.connect_limit();
        let connector = TlsConnector::from(Arc::clone(&prepared.profile.tls));
        let stream = match timeout(limit, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let told = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                let why = told.map_or_else(|| error.to_string(), explain_tls);
                return step.fail(failed(ErrorKind::Tls, &why), None, steps);
            }
            Err(_elapsed) => {
                let error = failed(ErrorKind::Timeout, &format!("no answer within {limit:?}"));
                return step.fail(error, None, steps);
            }
        };
        let hint = self.describe_session(stream.get_ref().1, &mut step);
        step.succeed(hint, steps);
        Ok(())
    }

    /// Adds what was agreed on to a step. Answers with what a person may want to do about it.
    fn describe_session(&self, session: &ClientConnection, step: &mut Walking) -> Option<Hint> {
        if let Some(version) = session.protocol_version().and_then(|version| version.as_str()) {
            step.fact("version", version.replace('_', "."));
        }
        if let Some(cipher) = session.negotiated_cipher_suite() {
            step.fact("cipher", cipher.suite().as_str().unwrap_or_default());
        }
        let mut hint = None;
        if let Some(shown) = session.peer_certificates().and_then(<[_]>::first) {
            hint = certificate::describe(shown, self.call.now, step);
        }
        if self.connection.tls.skip_verification {
            step.fact("verification", "skipped");
            hint = Some(hints::UNVERIFIED.into());
        }
        hint
    }

    /// Gets the proof, sends the request and tells both apart.
    async fn request(&self, prepared: &Prepared, steps: &mut Vec<Step>) -> Result<(), Ended> {
        let Shared { settings, user_agent, .. } = self.shared;
        let mut proving = Walking::begin(StepName::Authentication);
        proving.fact("kind", kind_of(&self.connection.authentication));
        let method = http::Method::from_bytes(self.call.method.name().as_bytes());
        let built = assemble(prepared, method.unwrap_or_default(), &self.plain_call(), user_agent);
        let request = match built {
            Ok(request) => request,
            Err(error) => return proving.fail(error, None, steps),
        };
        let caller = |began| {
            let deadline = Deadline::starting_now(prepared.timeout);
            Caller {
                prepared,
                settings,
                user_agent,
                deadline,
                began,
                pieces: None,
                keeps_all: false,
            }
        };
        if let Some(origin) = prepared.proof.token_from() {
            proving.fact("from", origin);
            self.get_token(prepared, &request, caller(self.call.now), &mut proving, steps).await?;
            proving.succeed(None, steps);
            proving = Walking::begin(StepName::Authentication);
        }
        let began = self.call.now + steps.iter().map(|step| step.duration).sum();
        let asking = Walking::begin(StepName::Request);
        let conversation = caller(began).converse(request, self.call.body.clone()).await;
        let exchange = conversation.exchange;
        if prepared.proof.token_from().is_none() {
            if matches!(self.connection.authentication, Authentication::Digest { .. }) {
                proving.fact("challenge", digest_outcome(conversation.proved_again, &exchange));
            }
            // Nothing was waited for: what is not a token is made while the request is.
            proving.succeed_in(Duration::ZERO, steps);
        }
        self.tell(asking, prepared, exchange, steps)
    }

    async fn get_token(
        &self,
        prepared: &Prepared,
        request: &Assembled,
        caller: Caller<'_>,
        step: &mut Walking,
        steps: &mut Vec<Step>,
    ) -> Result<(), Ended> {
        let mut request = request.clone();
        match prepared.proof.show(&mut request, None, &caller.circumstance()).await {
            Ok(shown) => {
                let expires = shown.token_expires_at;
                step.fact("token", "obtained");
                if let Some(expires) = expires {
                    step.fact("used for", format!("{} s", expires.since(self.call.now).as_secs()));
                }
                Ok(())
            }
            Err(error) => {
                let error = AttemptError { message: prepared.scrub(&error.message, &[]), ..error };
                let hint = hints::for_token(&error);
                step.clone().fail(error, hint, steps)
            }
        }
    }

    /// Tells of the request and its answer.
    fn tell(
        &self,
        mut step: Walking,
        prepared: &Prepared,
        exchange: Exchange,
        steps: &mut Vec<Step>,
    ) -> Result<(), Ended> {
        if let Some(request) = &exchange.request {
            step.fact("method", &request.method);
            step.fact("url", &request.url);
        }
        let mut hint = None;
        if let Some(response) = &exchange.response {
            step.fact("status", response.status);
            for (name, value) in &response.headers {
                match name.as_str() {
                    REDIRECT_RECORD => step.fact("redirected", value),
                    "content-type" => step.fact("content type", value),
                    "allow" => step.fact("allowed methods", value),
                    "location" => step.fact("location", value),
                    _ => {}
                }
            }
            step.fact("bytes", response.body.len());
            let content_type = response.headers.iter().find(|(name, _)| name == "content-type");
            let headers =
                content_type.and_then(|(_, value)| Some((CONTENT_TYPE, value.parse().ok()?)));
            let text = quotable_text(&response.body, &headers.into_iter().collect());
            let shown = excerpt(&prepared.scrub(&text, &[]));
            if !shown.is_empty() {
                step.fact("answer", shown);
            }
            hint = hints::for_status(
                response.status,
                self.call.method,
                &self.connection.authentication,
            );
        }
        if let Some(error) = exchange.error {
            return step.fail(error, hint, steps);
        }
        step.succeed(hint, steps);
        Ok(())
    }

    fn plain_call(&self) -> Call<'_> {
        Call {
            // The probe's own method is set beside it.
            method: fieldpost_model::forwarder::Method::Post,
            query: &self.call.query,
            headers: &self.call.headers,
            content_type: self.call.content_type.as_deref(),
            body: self.call.body.clone(),
            delivery_id: Uuid::new_v4(),
            now: self.call.now,
            asking: None,
        }
    }
}

/// What came of the destination's asking.
fn digest_outcome(proved_again: bool, exchange: &Exchange) -> &'static str {
    let status = exchange.response.as_ref().map(|response| response.status);
    match (proved_again, status) {
        (true, Some(401)) => "answered, and the answer refused",
        (true, Some(_)) => "answered, and the answer accepted",
        (true, None) => "answered",
        (false, Some(401)) => "none that could be answered",
        (false, _) => "none: the destination did not ask",
    }
}

/// The kind of authentication, as project files name it.
fn kind_of(authentication: &Authentication) -> &'static str {
    use fieldpost_model::connection::{Oauth2, Oauth2Grant};
    match authentication {
        Authentication::None => "none",
        Authentication::Basic { .. } => "basic",
        Authentication::Bearer { .. } => "bearer",
        Authentication::ApiKey { .. } => "api_key",
        Authentication::Headers(_) => "headers",
        Authentication::Digest { .. } => "digest",
        Authentication::Oauth2(Oauth2 { grant: Oauth2Grant::ClientCredentials, .. }) => {
            "oauth2_client"
        }
        Authentication::Oauth2(Oauth2 { grant: Oauth2Grant::Password { .. }, .. }) => {
            "oauth2_password"
        }
        Authentication::Login(_) => "login",
        Authentication::SignedUrl(_) => "signed_url",
    }
}

/// A step that is being taken.
#[derive(Clone)]
struct Walking {
    name: StepName,
    begun: Instant,
    facts: Vec<(String, String)>,
}

impl Walking {
    fn begin(name: StepName) -> Self {
        Self { name, begun: Instant::now(), facts: Vec::new() }
    }

    fn fact(&mut self, name: &str, value: impl fmt::Display) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    fn succeed(self, hint: Option<Hint>, steps: &mut Vec<Step>) {
        let (name, duration) = (self.name, self.begun.elapsed());
        steps.push(Step { name, ok: true, duration, facts: self.facts, error: None, hint });
    }

    fn succeed_in(self, duration: Duration, steps: &mut Vec<Step>) {
        let Self { name, facts, .. } = self;
        steps.push(Step { name, ok: true, duration, facts, error: None, hint: None });
    }

    fn fail<T>(
        self,
        error: AttemptError,
        hint: Option<Hint>,
        steps: &mut Vec<Step>,
    ) -> Result<T, Ended> {
        let (name, duration, error) = (self.name, self.begun.elapsed(), Some(error));
        steps.push(Step { name, ok: false, duration, facts: self.facts, error, hint });
        Err(Ended)
    }

    /// The URL names the address itself, which was judged with it.
    fn literal(mut self, address: IpAddr, steps: &mut Vec<Step>) -> Vec<IpAddr> {
        self.fact("address", address);
        self.fact("lookup", "none: the URL names the address itself");
        self.succeed(None, steps);
        vec![address]
    }
}

/// Whether a URL leads no further than this machine, where nobody is on the way.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for (url, expected) in [
            ("http://localhost:8080/", true),
            ("http://dhis2.localhost/", true),
            ("http://127.0.0.2/", true),
            ("http://[::1]/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example.org/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
