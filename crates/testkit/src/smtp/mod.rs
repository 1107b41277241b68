//! A mail relay that speaks real SMTP, keeps what it is given, and refuses on demand.
//!
//! ```no_run
//! # async fn example() {
//! use std::time::Duration;
//! use fieldpost_testkit::smtp::{FakeSmtp, SmtpSecurity};
//!
//! let relay = FakeSmtp::start(SmtpSecurity::StartTls, Some(("fieldpost", "secret"))).await;
//! relay.refuse_next(1, "451 4.3.0 come back later");
//! // … let the hub send to relay.url(), trusting relay.authority() …
//! let mails = relay.wait_for(1, Duration::from_secs(5)).await;
//! assert!(mails[0].secured && mails[0].subject().contains("warehouse"));
//! # }
//! ```

mod conversation;
mod received;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::tls::{Validity, certificate};

pub use received::ReceivedMail;

/// How the way to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all; `STARTTLS` is not offered.
    None,
    /// `STARTTLS` is offered, and nothing is taken before it.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// What all conversations share.
struct Shared {
    security: SmtpSecurity,
    credentials: Option<(String, String)>,
    tls: TlsAcceptor,
    script: Mutex<Script>,
    mails: watch::Sender<Vec<ReceivedMail>>,
}

/// What the relay is told to do.
#[derive(Default)]
struct Script {
    /// Whether it hangs up on everybody.
    down: bool,
    /// Answers to the next mails, after their last line.
    refusals: VecDeque<String>,
    /// Whether it knows no other proof than `AUTH LOGIN`.
    login_only: bool,
    /// Mails that it takes without a word.
    silent: usize,
    /// Answers to recipients that it does not want.
    unwanted: HashMap<String, String>,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the mail that was just taken gets no answer.
    fn is_silent(&self) -> bool {
        let mut script = self.script();
        let is_silent = script.silent > 0;
        script.silent -= usize::from(is_silent);
        is_silent
    }
}

/// A relay. It ends when it is dropped.
pub struct FakeSmtp {
    address: SocketAddr,
    authority: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl fmt::Debug for FakeSmtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FakeSmtp").field("address", &self.address).finish_non_exhaustive()
    }
}

impl FakeSmtp {
    /// Starts a relay on this machine. With `credentials` it takes nothing from who does not prove
    /// himself by `AUTH PLAIN` or `AUTH LOGIN`.
    pub async fn start(security: SmtpSecurity, credentials: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let (tls, authority) = certificate(Validity::Good);
        let credentials = credentials.map(|(user, word)| (user.to_owned(), word.to_owned()));
        let shared = Arc::new(Shared {
            security,
            credentials,
            tls,
            script: Mutex::default(),
            mails: watch::Sender::default(),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { address, authority, shared, task }
    }

    /// The relay's URL, without user and password.
    pub fn url(&self) -> String {
        match self.shared.security {
            SmtpSecurity::None => format!("smtp://{}?tls=none", self.address),
            SmtpSecurity::StartTls => format!("smtp://{}", self.address),
            SmtpSecurity::Tls => format!("smtps://{}", self.address),
        }
    }

    /// The relay's URL with its user and password.
    pub fn url_with_credentials(&self) -> String {
        match &self.shared.credentials {
            Some((user, word)) => self.url().replacen("://", &format!("://{user}:{word}@"), 1),
            None => self.url(),
        }
    }

    /// The certificate to trust, as PEM text.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Hangs up on everybody from now on, or no more.
    pub fn set_down(&self, down: bool) {
        self.shared.script().down = down;
    }

    /// Knows no other proof than `AUTH LOGIN` from now on, as some old relays do.
    pub fn offer_login_only(&self) {
        self.shared.script().login_only = true;
    }

    /// Answers the next mails with a refusal, such as `451 4.3.0 later`, after their last line.
    pub fn refuse_next(&self, mails: usize, answer: &str) {
        self.shared.script().refusals.extend(std::iter::repeat_n(answer.to_owned(), mails));
    }

    /// Takes the next mails and does not say so: the client waits, or dies waiting.
    pub fn take_silently(&self, mails: usize) {
        self.shared.script().silent += mails;
    }

    /// Answers a recipient with a refusal, such as `550 5.1.1 nobody here`.
    pub fn refuse_recipient(&self, address: &str, answer: &str) {
        self.shared.script().unwanted.insert(address.to_owned(), answer.to_owned());
    }

    /// What it has taken so far.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.shared.mails.borrow().clone()
    }

    /// Waits until it has taken so many mails, and ends the test where it does not in time.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Vec<ReceivedMail> {
        let mut mails = self.shared.mails.subscribe();
        let enough = mails.wait_for(|mails| mails.len() >= count);
        match tokio::time::timeout(patience, enough).await {
            Ok(Ok(mails)) => mails.clone(),
            _ => panic!("{count} mails were expected: {:#?}", self.subjects()),
        }
    }

    /// The subjects of what it has taken, in order.
    pub fn subjects(&self) -> Vec<String> {
        self.shared.mails.borrow().iter().map(ReceivedMail::subject).collect()
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((socket, _)) = listener.accept().await {
        if shared.script().down {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A client that hangs up in the middle ends its own conversation only.
            drop(conversation::hold(socket, &shared).await);
        });
    }
}
