//! A destination that remembers everything it was sent, and answers as a test tells it to.
//!
//! ```no_run
//! # async fn example() {
//! use std::time::Duration;
//! use fieldpost_testkit::{Answer, FakeDestination};
//!
//! let destination = FakeDestination::start().await;
//! destination.answer_in_turn("/hook", [Answer::status(503), Answer::status(503)], Answer::status(200));
//! // … let the hub deliver to destination.url("/hook") …
//! let requests = destination.wait_for(3, Duration::from_secs(5)).await;
//! assert_eq!(requests[0].header("webhook-id"), requests[2].header("webhook-id"));
//! # }
//! ```

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// One request as the destination saw it.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query without its `?`; empty where there was none.
    pub query: String,
    /// The headers in the order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// When its last byte had arrived.
    pub at: Instant,
}

impl ReceivedRequest {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; ends the test where it is none.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body of the request is text")
    }

    /// The body as JSON; ends the test where it is none.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body of the request is JSON")
    }
}

/// How one request is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    reaction: Reaction,
    headers: Vec<(String, String)>,
    body: Bytes,
    delay: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Reaction {
    Answer(u16),
    Refuse,
    Hang,
}

impl Answer {
    /// Answers with a status and no body.
    pub fn status(status: u16) -> Self {
        Self::of(Reaction::Answer(status))
    }

    /// Closes the connection without an answer.
    pub fn refuse() -> Self {
        Self::of(Reaction::Refuse)
    }

    /// Never answers, and holds the connection open.
    pub fn hang() -> Self {
        Self::of(Reaction::Hang)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives the answer a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Waits before answering.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    fn of(reaction: Reaction) -> Self {
        Self { reaction, headers: Vec::new(), body: Bytes::new(), delay: Duration::ZERO }
    }

    /// Plays the answer; an error closes the connection.
    async fn play(self) -> io::Result<Response<Full<Bytes>>> {
        tokio::time::sleep(self.delay).await;
        let status = match self.reaction {
            Reaction::Answer(status) => status,
            Reaction::Refuse => return Err(io::ErrorKind::ConnectionAborted.into()),
            Reaction::Hang => match std::future::pending::<Infallible>().await {},
        };
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
        for (name, value) in self.headers {
            let name: http::HeaderName = name.parse().map_err(io::Error::other)?;
            response.headers_mut().append(name, value.parse().map_err(io::Error::other)?);
        }
        Ok(response)
    }
}

/// What is answered at one path.
enum Script {
    InTurn { first: VecDeque<Answer>, then: Answer },
    Computed(Arc<dyn Fn(&ReceivedRequest) -> Answer + Send + Sync>),
}

impl Script {
    fn next(&mut self, request: &ReceivedRequest) -> Answer {
        match self {
            Self::InTurn { first, then } => first.pop_front().unwrap_or_else(|| then.clone()),
            Self::Computed(compute) => compute(request),
        }
    }
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<ReceivedRequest>>,
    count: watch::Sender<usize>,
    connections: AtomicUsize,
    scripts: Mutex<HashMap<String, Script>>,
}

/// An HTTP server on a loopback port of its own. It answers `200` until a test says otherwise, and
/// ends when it is dropped.
pub struct FakeDestination {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

impl FakeDestination {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port can be listened on");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let server = Some(tokio::spawn(serve(listener, Arc::clone(&shared))));
        Self { address, shared, server }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path (`/hook`) on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on answers every request to `path` (`*`: to every path without an own answer) so.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.answer_in_turn(path, [], answer);
    }

    /// Answers the next requests to `path` one by one, and all later ones with `then`.
    pub fn answer_in_turn(
        &self,
        path: &str,
        first: impl IntoIterator<Item = Answer>,
        then: Answer,
    ) {
        self.set(path, Script::InTurn { first: first.into_iter().collect(), then });
    }

    /// Fails `failures` times at `path` with `status`, then answers `200`.
    pub fn fail_then_succeed(&self, path: &str, failures: usize, status: u16) {
        let first = std::iter::repeat_n(Answer::status(status), failures);
        self.answer_in_turn(path, first, Answer::status(200));
    }

    /// Answers every request to `path` with what `compute` makes of it.
    pub fn answer_with(
        &self,
        path: &str,
        compute: impl Fn(&ReceivedRequest) -> Answer + Send + Sync + 'static,
    ) {
        self.set(path, Script::Computed(Arc::new(compute)));
    }

    /// Every request so far, in the order of arrival.
    pub fn received(&self) -> Vec<ReceivedRequest> {
        locked(&self.shared.received).clone()
    }

    /// How many connections were made to it so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until `count` requests were received and returns all of them; ends the test where
    /// they do not come in time.
    #[track_caller]
    pub fn wait_for(
        &self,
        count: usize,
        timeout: Duration,
    ) -> impl Future<Output = Vec<ReceivedRequest>> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let mut watched = self.shared.count.subscribe();
            let enough = watched.wait_for(|received| *received >= count);
            let in_time = tokio::time::timeout(timeout, enough).await.is_ok();
            let received = self.received();
            assert!(
                in_time,
                "{caller}: waited {timeout:?} for {count} requests, received {}",
                received.len()
            );
            received
        }
    }

    /// Stops to listen and drops its connections, as a server that is switched off.
    pub async fn go_down(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // The end of an aborted task is an error by its nature; only that it ended matters.
            drop(server.await);
        }
    }

    /// Listens again, at the same address.
    pub async fn come_back(&mut self) {
        self.go_down().await;
        let listener = TcpListener::bind(self.address).await;
        let listener = listener.expect("the port is still free");
        self.server = Some(tokio::spawn(serve(listener, Arc::clone(&self.shared))));
    }

    fn set(&self, path: &str, script: Script) {
        locked(&self.shared.scripts).insert(path.to_owned(), script);
    }
}

impl Drop for FakeDestination {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

impl fmt::Debug for FakeDestination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FakeDestination at {}", self.address)
    }
}

/// A lock that a test which failed while it held it does not keep from the others.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve_connection(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { shared.answer(request).await }
    });
    let connection = hyper::server::conn::http1::Builder::new();
    // How a connection ended is the client's business, and seen there.
    drop(connection.serve_connection(TokioIo::new(stream), service).await);
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let as_text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
        let received = ReceivedRequest {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), as_text(value)))
                .collect(),
            body,
            at: Instant::now(),
        };
        let answer = self.next_answer(&received);
        locked(&self.received).push(received);
        self.count.send_modify(|count| *count += 1);
        answer.play().await
    }

    fn next_answer(&self, request: &ReceivedRequest) -> Answer {
        let mut scripts = locked(&self.scripts);
        let path = if scripts.contains_key(&request.path) { &request.path } else { "*" };
        match scripts.get_mut(path) {
            Some(script) => script.next(request),
            None => Answer::status(200),
        }
    }
}
