//! A way out for processes that open sockets of their own: tunnels to addresses that may be dialled.
//!
//! Packages of npm speak HTTP by clients of their own, in a process of their own. That process is told to
//! go by this proxy, which listens on loopback for whoever has its token, resolves each name with the guarded
//! resolver, and dials only what connections may dial. What goes through a tunnel is not looked at.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::client::Client;
use crate::probe::dialling::{Undialled, dial};
use crate::resolver::GuardedResolver;

/// Tunnels that are open at once.
const MOST_TUNNELS: usize = 256;
/// How many bytes the head of a request may have.
const MOST_HEAD: usize = 8 * 1024;
/// How long a head may take to come.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// A proxy that listens. It ends when it is dropped.
#[derive(Debug)]
pub struct GuardedProxy {
    address: SocketAddr,
    token: String,
    task: AbortHandle,
}

impl Drop for GuardedProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl GuardedProxy {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What whoever goes by it has to show: `Proxy-Authorization: Basic`, with any user and this password.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Client {
    /// Starts a proxy with a token of its own, under the rules of this client.
    pub async fn guarded_proxy(&self) -> io::Result<GuardedProxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let door = Arc::new(Door {
            proof: Sha256::digest(&token).into(),
            resolver: self.shared.profiles.resolver().clone(),
            limit: self.shared.profiles.connect_timeout(),
            places: Semaphore::new(MOST_TUNNELS),
        });
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let door = Arc::clone(&door);
                // A tunnel that breaks is the matter of those at its ends.
                tokio::spawn(async move { drop(door.serve(stream).await) });
            }
        });
        Ok(GuardedProxy { address, token, task: task.abort_handle() })
    }
}

/// What a proxy decides by.
struct Door {
    /// SHA-256 of the token: digests are compared, so that the time tells nothing of the token.
    proof: [u8; 32],
    resolver: GuardedResolver,
    limit: Duration,
    places: Semaphore,
}

/// Why there is no tunnel: the status, a word for programs, and a sentence.
struct Refused(&'static str, &'static str, String);

impl Door {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let Ok(_place) = self.places.try_acquire() else {
            return refuse(&mut stream, Refused("503 Busy", "busy", "Too many tunnels".to_owned()))
                .await;
        };
        let head = tokio::time::timeout(HEAD_TIME, read_head(&mut stream)).await;
        let head = head.map_err(|_elapsed| io::ErrorKind::TimedOut)??;
        match self.open(&head).await {
            Ok(mut target) => {
                stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
                tokio::io::copy_bidirectional(&mut stream, &mut target).await?;
                Ok(())
            }
            Err(refused) => refuse(&mut stream, refused).await,
        }
    }

    async fn open(&self, head: &str) -> Result<TcpStream, Refused> {
        let (target, proof) = read_request(head)?;
        if proof.map(|token| Sha256::digest(token).into()) != Some(self.proof) {
            let message = "The proxy is for processes of the hub".to_owned();
            return Err(Refused("407 Proxy Authentication Required", "no-token", message));
        }
        let (host, port) = read_target(target)?;
        let judged = self.resolver.judge(host).await;
        let addresses = judged
            .and_then(|judged| judged.into_allowed(host))
            .map_err(|error| Refused("403 Forbidden", "address-refused", error.to_string()))?;
        let addresses =
            addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        let dialled = dial(addresses, self.limit, TcpStream::connect).await;
        let (_, stream) = dialled.map_err(|Undialled { timed_out, reasons }| {
            let code = if timed_out { "ETIMEDOUT" } else { "ECONNREFUSED" };
            let message = format!("No connection to {target}: {}", reasons.join("; "));
            Refused("502 Bad Gateway", code, message)
        })?;
        Ok(stream)
    }
}

async fn refuse(stream: &mut TcpStream, refused: Refused) -> io::Result<()> {
    let Refused(status, code, message) = refused;
    let message = message.replace(['\r', '\n'], " ");
    let answer = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\nx-code: {code}\r\ncontent-type: text/plain\r\n\
         content-length: {}\r\n\r\n{message}",
        message.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// Reads up to the empty line. Nothing may follow it before the tunnel is open.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MOST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The target of a `CONNECT`, and what its sender shows.
fn read_request(head: &str) -> Result<(&str, Option<Vec<u8>>), Refused> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some("CONNECT"), Some(target)) = (words.next(), words.next()) else {
        let message = "This proxy opens tunnels and does nothing else".to_owned();
        return Err(Refused("405 Method Not Allowed", "no-tunnel", message));
    };
    let proof = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        let shown = name.eq_ignore_ascii_case("proxy-authorization").then_some(value.trim())?;
        let decoded = BASE64.decode(shown.strip_prefix("Basic ")?).ok()?;
        let at = decoded.iter().position(|byte| *byte == b':')?;
        Some(decoded.get(at + 1..)?.to_vec())
    });
    Ok((target, proof))
}

fn read_target(target: &str) -> Result<(&str, u16), Refused> {
    let parts = target.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or_else(|| {
        Refused("400 Bad Request", "bad-target", format!("{target:?} is no host and port"))
    })?;
    Ok((host.trim_start_matches('[').trim_end_matches(']'), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::OutboundSettings;

    async fn proxy(networks: &str) -> GuardedProxy {
        let allow_networks = networks.parse().unwrap();
        let settings = OutboundSettings { allow_networks, ..OutboundSettings::default() };
        Client::new(settings).unwrap().guarded_proxy().await.unwrap()
    }

    /// Asks for a tunnel, and says something through it.
    async fn ask(proxy: &GuardedProxy, request: &str, token: Option<&str>) -> (String, TcpStream) {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let token = token.map_or_else(String::new, |token| {
            format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(format!("job:{token}")))
        });
        stream.write_all(format!("{request} HTTP/1.1\r\n{token}\r\n").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|it| it == b"\r\n\r\n")
            && stream.read_buf(&mut head).await.unwrap() > 0
        {}
        (String::from_utf8(head).unwrap(), stream)
    }

    #[tokio::test]
    async fn a_tunnel_leads_where_connections_may_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = format!("CONNECT {}", listener.local_addr().unwrap());
        let proxy = proxy("private").await;
        let (head, mut stream) = ask(&proxy, &there, Some(proxy.token())).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let (mut served, _) = listener.accept().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        served.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        for (request, token, status) in [
            (&*there, None, "407"),
            (&*there, Some("guessed"), "407"),
            ("GET http://127.0.0.1/", Some(proxy.token()), "405"),
            ("CONNECT nowhere", Some(proxy.token()), "400"),
            ("CONNECT 127.0.0.1:1", Some(proxy.token()), "502"),
            ("CONNECT [::1]:1", Some(proxy.token()), "502"),
        ] {
            let (head, _) = ask(&proxy, request, token).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
        }
    }

    #[tokio::test]
    async fn a_tunnel_leads_nowhere_else() {
        let proxy = proxy("").await;
        for target in
            ["127.0.0.1:80", "[::1]:80", "localhost:80", "169.254.169.254:80", "10.0.0.1:80"]
        {
            let (head, _) = ask(&proxy, &format!("CONNECT {target}"), Some(proxy.token())).await;
            assert!(head.starts_with("HTTP/1.1 403 "), "{target}: {head}");
            assert!(head.contains("x-code: address-refused"), "{target}: {head}");
        }
    }
}
