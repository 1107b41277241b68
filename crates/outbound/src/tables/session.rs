//! One session with a database, opened on foot: each step asks what a call over HTTP asks as well.
//!
//! The name is resolved by the guarded resolver, only addresses that it allows are dialled, TLS is
//! spoken as the connection wants it, and only then does the client of the database get the stream.
//! The steps stand alone, since whoever tries a connection wants to see each of them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::secret::Secret;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{CancelToken, Client, Config, NoTls};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::bounded::{Allowance, Bounded};
use super::fault::{Doing, Fault, deepest};
use super::target::Target;
use crate::failure::explain_tls;
use crate::probe::dialling::{Undialled, dial};
use crate::resolver::GuardedResolver;

/// What the hub calls itself in the server's list of sessions.
const APPLICATION: &str = "fieldpost";

/// The user of a connection that names none.
const DEFAULT_USER: &str = "fieldpost";

/// The protocol by its name within TLS; servers from PostgreSQL 17 on refuse others.
const PROTOCOL: &[u8] = b"postgresql";

/// Asks a server of PostgreSQL to go on over TLS.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// What it answers where it does.
const TLS_ACCEPTED: u8 = b'S';
/// What it answers where it does not.
const TLS_DECLINED: u8 = b'N';

/// What is needed to open a session.
pub(crate) struct Door {
    pub(crate) target: Target,
    pub(crate) user: String,
    password: Option<Secret>,
    tls: Arc<ClientConfig>,
    resolver: GuardedResolver,
    /// The longest that opening may take.
    pub(crate) limit: Duration,
}

impl fmt::Debug for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Door").field("target", &self.target).finish_non_exhaustive()
    }
}

/// Whatever bytes go through.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// An open session. It ends when it is dropped, and what it had begun is undone.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    allowance: Allowance,
    driver: AbortHandle,
}

impl Session {
    /// Lets the database answer as much as at first.
    pub(crate) fn renew(&self) {
        self.allowance.renew();
    }

    /// Lets the database answer with so many bytes beside those of the beginning.
    pub(crate) fn renew_with(&self, bytes: usize) {
        self.allowance.renew_with(bytes);
    }

    /// Whether it is good for nothing any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Closes it from this side. What the database does at this moment, it goes on doing.
    pub(crate) fn close(&self) {
        self.driver.abort();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A server that does not answer must not keep the task.
        self.driver.abort();
    }
}

impl Door {
    pub(crate) fn new(
        target: Target,
        credentials: Option<(String, Secret)>,
        tls: &ClientConfig,
        resolver: GuardedResolver,
        limit: Duration,
    ) -> Self {
        let (user, password) = credentials.unzip();
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![PROTOCOL.to_vec()];
        let user = user.filter(|user| !user.is_empty());
        Self {
            target,
            user: user.unwrap_or_else(|| DEFAULT_USER.to_owned()),
            password,
            tls: Arc::new(tls),
            resolver,
            limit,
        }
    }

    /// Goes all the way.
    pub(crate) async fn open(&self) -> Result<Session, Fault> {
        let opened = tokio::time::timeout(self.limit, async {
            let addresses = self.resolve().await.map_err(Fault::Unanswered)?;
            let (_, stream) = self.dial(&addresses).await.map_err(Fault::Unanswered)?;
            if self.target.is_secure {
                let stream = self.secure(stream).await.map_err(Fault::Unanswered)?;
                self.sign_in(stream).await
            } else {
                self.sign_in(stream).await
            }
        });
        opened.await.unwrap_or_else(|_elapsed| {
            let (authority, limit) = (self.target.authority(), self.limit);
            let message = format!("No connection to {authority} within {limit:?}");
            Err(Fault::Unanswered(AttemptError { kind: ErrorKind::Timeout, message }))
        })
    }

    /// Asks the database, by a connection of its own, to leave what a session has it do at this moment.
    pub(crate) async fn cancel(&self, token: &CancelToken) -> Result<(), AttemptError> {
        let asked = tokio::time::timeout(self.limit, async {
            let addresses = self.resolve().await?;
            let (_, stream) = self.dial(&addresses).await?;
            if self.target.is_secure {
                send_cancel(token, self.secure(stream).await?).await
            } else {
                send_cancel(token, stream).await
            }
        });
        let failed = |message| AttemptError { kind: ErrorKind::Timeout, message };
        asked.await.unwrap_or_else(|_elapsed| Err(failed(format!("No answer in {:?}", self.limit))))
    }

    /// The addresses that may be dialled.
    async fn resolve(&self) -> Result<Vec<IpAddr>, AttemptError> {
        let host = &self.target.host;
        let judged = self.resolver.judge(host).await;
        judged
            .and_then(|judged| judged.into_allowed(host))
            .map_err(|error| AttemptError { kind: error.kind(), message: error.to_string() })
    }

    /// Connects to one of the addresses.
    pub(crate) async fn dial(
        &self,
        addresses: &[IpAddr],
    ) -> Result<(SocketAddr, TcpStream), AttemptError> {
        let port = self.target.port;
        let addresses = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        dial(addresses, self.limit, TcpStream::connect).await.map_err(|undialled| {
            let Undialled { timed_out, reasons } = undialled;
            let kind = if timed_out { ErrorKind::Timeout } else { ErrorKind::Connect };
            let authority = self.target.authority();
            let message = format!("No connection to {authority}: {}", reasons.join("; "));
            AttemptError { kind, message }
        })
    }

    /// Goes on over TLS.
    pub(crate) async fn secure(
        &self,
        mut stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, AttemptError> {
        let authority = self.target.authority();
        let failed = |kind, why: &str| AttemptError {
            kind,
            message: format!("TLS with {authority} failed: {why}"),
        };
        let mut answer = [0_u8; 1];
        let asked = async {
            stream.write_all(&TLS_REQUEST).await?;
            stream.read_exact(&mut answer).await
        };
        if let Err(error) = asked.await {
            return Err(failed(ErrorKind::Connect, &format!("it gave no answer: {error}")));
        }
        match answer {
            [TLS_ACCEPTED] => {}
            [TLS_DECLINED] => {
                return Err(failed(
                    ErrorKind::Tls,
                    "the server does not speak TLS; with `sslmode=disable` in the URL it is talked \
                     to in the clear, where anybody on the way can read along",
                ));
            }
            _ => return Err(failed(ErrorKind::Tls, "what answers there is not PostgreSQL")),
        }
        let Ok(name) = ServerName::try_from(self.target.host.clone()) else {
            return Err(failed(ErrorKind::Tls, "no certificate can be for this name"));
        };
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.map_err(|error| {
            let told = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            failed(ErrorKind::Tls, &told.map_or_else(|| error.to_string(), explain_tls))
        })
    }

    /// Proves who the hub is.
    pub(crate) async fn sign_in(&self, stream: impl Duplex + 'static) -> Result<Session, Fault> {
        let mut config = Config::new();
        config
            .user(&self.user)
            .dbname(&self.target.database)
            .application_name(APPLICATION)
            // What there is of it has been done already.
            .ssl_mode(SslMode::Disable);
        if let Some(password) = &self.password {
            config.password(password.expose());
        }
        let allowance = Allowance::new();
        let stream: Box<dyn Duplex> = Box::new(stream);
        let stream = Bounded::new(stream, allowance.clone());
        let (client, connection) =
            config.connect_raw(stream, NoTls).await.map_err(|error| self.refused(&error))?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer is told of the error as well.
            drop(connection.await);
        });
        Ok(Session { client, allowance, driver: driver.abort_handle() })
    }

    /// The fault that an error in a session is, which was about no table.
    pub(crate) fn fault(&self, statement: &'static str, error: &tokio_postgres::Error) -> Fault {
        Doing { statement, table: "", authority: &self.target.authority() }.fault(error)
    }

    /// Why nobody was let in.
    fn refused(&self, error: &tokio_postgres::Error) -> Fault {
        let inner = std::error::Error::source(error);
        let broke = inner.and_then(|inner| inner.downcast_ref::<std::io::Error>()).is_some();
        if error.as_db_error().is_some() || error.is_closed() || broke {
            return self.fault("CONNECT", error);
        }
        // The client could not answer what it was asked for.
        let authority = self.target.authority();
        let message =
            format!("{authority} asks for what the connection does not have: {}", deepest(error));
        Fault::Unanswered(AttemptError { kind: ErrorKind::Authentication, message })
    }
}

/// The database closes the connection when it has read the request.
async fn send_cancel(token: &CancelToken, mut stream: impl Duplex) -> Result<(), AttemptError> {
    let failed = |why: String| AttemptError { kind: ErrorKind::Connect, message: why };
    token.cancel_query_raw(&mut stream, NoTls).await.map_err(|error| failed(error.to_string()))?;
    let mut said = [0_u8; 1];
    stream.read(&mut said).await.map_err(|error| failed(error.to_string()))?;
    Ok(())
}
