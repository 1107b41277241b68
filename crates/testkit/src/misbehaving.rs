//! Servers that break the rules, byte by byte: what a client must survive.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A server that reads one request per connection and then does with the connection what it likes.
/// It ends when it is dropped.
pub struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    requests: Mutex<Vec<Vec<u8>>>,
}

impl RawServer {
    /// Starts on a free loopback port; `react` gets each connection after its request was read.
    pub async fn start<R, F>(react: R) -> Self
    where
        R: Fn(TcpStream) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port can be listened on");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let server = tokio::spawn(serve(listener, Arc::clone(&shared), Arc::new(react)));
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

    /// How many connections were made to it so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The requests so far, byte by byte as they came.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for RawServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RawServer at {}", self.address)
    }
}

async fn serve<R, F>(listener: TcpListener, shared: Arc<Shared>, react: Arc<R>)
where
    R: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let (shared, react) = (Arc::clone(&shared), Arc::clone(&react));
        connections.spawn(async move {
            let request = read_request(&mut stream).await?;
            shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            react(stream).await
        });
    }
}

/// Reads a request to the end that its `content-length` tells, or to the end of the connection.
async fn read_request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    const END_OF_HEAD: &[u8] = b"\r\n\r\n";
    let mut request = Vec::new();
    let mut end = None;
    while end.is_none_or(|end| request.len() < end) {
        if stream.read_buf(&mut request).await? == 0 {
            break;
        }
        let head = request.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
        end = head.map(|head| head + END_OF_HEAD.len() + content_length(&request));
    }
    Ok(request)
}

fn content_length(request: &[u8]) -> usize {
    String::from_utf8_lossy(request)
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

/// Answers every request with these bytes and closes the connection.
pub async fn answers(bytes: impl Into<Vec<u8>>) -> RawServer {
    let bytes: Arc<[u8]> = bytes.into().into();
    RawServer::start(move |mut stream| {
        let bytes = Arc::clone(&bytes);
        async move {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
    })
    .await
}

/// Takes the request and never says a word.
pub async fn never_answers() -> RawServer {
    RawServer::start(|stream| async move {
        let _held_open = stream;
        std::future::pending().await
    })
    .await
}

/// Answers `200` and then sends the body a byte at a time, with a pause before each.
pub async fn trickles(pause: Duration) -> RawServer {
    RawServer::start(move |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await?;
        loop {
            tokio::time::sleep(pause).await;
            stream.write_all(b".").await?;
        }
    })
    .await
}

/// Answers `200`, sends a part of the body, and resets the connection.
pub async fn resets_in_the_body() -> RawServer {
    RawServer::start(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nso far").await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.set_zero_linger()
    })
    .await
}

/// Resets the connection instead of answering.
pub async fn resets_at_once() -> RawServer {
    RawServer::start(|stream| async move { stream.set_zero_linger() }).await
}

/// Begins an answer and sends headers without end: many of them, or one that never ends.
pub async fn endless_head(one_header: bool) -> RawServer {
    RawServer::start(move |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await?;
        let more = if one_header { "x".repeat(1_024) } else { "x\r\nx: ".repeat(200) };
        loop {
            stream.write_all(more.as_bytes()).await?;
        }
    })
    .await
}

/// Answers `200` with a body of `length` bytes, made as it is sent.
pub async fn long_body(length: usize) -> RawServer {
    RawServer::start(move |mut stream| async move {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let part = [b'x'; 16 * 1_024];
        let mut left = length;
        while left > 0 {
            let sent = left.min(part.len());
            stream.write_all(part.get(..sent).unwrap_or_default()).await?;
            left -= sent;
        }
        Ok(())
    })
    .await
}
