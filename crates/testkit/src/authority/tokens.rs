//! A destination that wants a token, and the endpoint that hands tokens out.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::destination::{Answer, FakeDestination, ReceivedRequest};

/// Where tokens are handed out.
const TOKEN_PATH: &str = "/token";

type Check = dyn Fn(&ReceivedRequest) -> Result<(), String> + Send + Sync;
type Write = dyn Fn(&str) -> String + Send + Sync;
type Find = dyn Fn(&ReceivedRequest) -> Option<String> + Send + Sync;

/// A server with a token endpoint at `/token`. Everywhere else it answers `200` to whoever shows a
/// token that it gave out and did not take back, and `401` to everybody else.
#[derive(Debug)]
pub struct TokenAuthority {
    destination: FakeDestination,
    state: Arc<Mutex<State>>,
}

struct State {
    check: Box<Check>,
    write: Box<Write>,
    find: Box<Find>,
    /// What the token endpoint answers instead, while it is set.
    refusal: Option<Answer>,
    /// Whether even good tokens are refused.
    trusts_nobody: bool,
    delay: Duration,
    issued: Vec<String>,
    good: HashSet<String>,
    asked: usize,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} tokens handed out", self.issued.len())
    }
}

impl TokenAuthority {
    /// Starts a server that asks nobody for anything, writes tokens as OAuth 2.0 does, and finds
    /// them behind `Bearer`.
    pub async fn start() -> Self {
        let destination = FakeDestination::start().await;
        let state = Arc::new(Mutex::new(State {
            check: Box::new(|_| Ok(())),
            write: Box::new(|token| {
                format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600}}"#)
            }),
            find: Box::new(|request| {
                request.header("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
            }),
            refusal: None,
            trusts_nobody: false,
            delay: Duration::ZERO,
            issued: Vec::new(),
            good: HashSet::new(),
            asked: 0,
        }));
        let endpoint = Arc::clone(&state);
        destination.answer_with(TOKEN_PATH, move |request| locked(&endpoint).hand_out(request));
        let judge = Arc::clone(&state);
        destination.answer_with("*", move |request| locked(&judge).judge(request));
        Self { destination, state }
    }

    /// The server itself.
    pub fn destination(&self) -> &FakeDestination {
        &self.destination
    }

    /// The URL of the token endpoint.
    pub fn token_url(&self) -> String {
        self.destination.url(TOKEN_PATH)
    }

    /// From now on only hands tokens to requests that `check` has nothing to say against; the
    /// others are answered 401 with what it says.
    pub fn check(
        &self,
        check: impl Fn(&ReceivedRequest) -> Result<(), String> + Send + Sync + 'static,
    ) {
        self.state().check = Box::new(check);
    }

    /// From now on answers with what `write` makes of a token.
    pub fn write_tokens(&self, write: impl Fn(&str) -> String + Send + Sync + 'static) {
        self.state().write = Box::new(write);
    }

    /// From now on looks for the token with `find`.
    pub fn find_tokens(
        &self,
        find: impl Fn(&ReceivedRequest) -> Option<String> + Send + Sync + 'static,
    ) {
        self.state().find = Box::new(find);
    }

    /// From now on the token endpoint takes this long, so that callers meet there.
    pub fn take_time(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// Whatever is asked of the token endpoint is answered so; `None` ends it.
    pub fn refuse_tokens(&self, refusal: Option<Answer>) {
        self.state().refusal = refusal;
    }

    /// Takes every token back.
    pub fn revoke_all(&self) {
        self.state().good.clear();
    }

    /// Whether from now on even good tokens are refused.
    pub fn trust_nobody(&self, nobody: bool) {
        self.state().trusts_nobody = nobody;
    }

    /// How often the token endpoint was asked.
    pub fn asked(&self) -> usize {
        self.state().asked
    }

    /// The tokens that were handed out, in order.
    pub fn issued(&self) -> Vec<String> {
        self.state().issued.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn hand_out(&mut self, request: &ReceivedRequest) -> Answer {
        self.asked += 1;
        if let Some(refusal) = &self.refusal {
            return refusal.clone().delay(self.delay);
        }
        if let Err(why) = (self.check)(request) {
            return Answer::status(401).body(why).delay(self.delay);
        }
        // The characters that have to be encoded in a query, and a quotable word for searching.
        let token = format!("secret+token/number={}", self.issued.len() + 1);
        self.issued.push(token.clone());
        self.good.insert(token.clone());
        Answer::status(200)
            .header("content-type", "application/json")
            .body((self.write)(&token))
            .delay(self.delay)
    }

    fn judge(&self, request: &ReceivedRequest) -> Answer {
        let shown = (self.find)(request);
        let is_good = shown.as_ref().is_some_and(|token| self.good.contains(token));
        if is_good && !self.trusts_nobody {
            return Answer::status(200).body("welcome");
        }
        // A careless server tells what it was shown.
        let shown = shown.unwrap_or_else(|| "nothing".to_owned());
        Answer::status(401).header("content-type", "text/plain").body(format!("not {shown}"))
    }
}
