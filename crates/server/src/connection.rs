//! Sockets: accepting them, bounding them, and closing them in good order.
//!
//! The bounds, each a setting: connections at once (further ones wait in the kernel's queue), the
//! time for a request's head and between two requests, the head's length and number of headers
//! (431), the time that an answer may stay unread. The body has its own bounds, in `body`.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_engine::Hub;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Shared};
use crate::front::Front;
use crate::settings::ServerSettings;
use crate::socket::Socket;

/// The pause after the operating system could not give us a connection, for want of files or
/// memory: trying again at once would only burn time.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// The least that hyper takes as the bound of a head.
const LEAST_HEAD: usize = 8 * 1024;

/// Serves until `shutdown` is cancelled; then accepts nothing more, lets requests under way finish
/// within `stop-timeout`, and returns.
pub async fn serve(
    listener: TcpListener,
    hub: Hub,
    settings: ServerSettings,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let stop_timeout = settings.stop_timeout;
    let permits = Arc::new(Semaphore::new(settings.max_connections.max(1)));
    let app: Shared = Arc::new(App::new(hub, settings, shutdown.clone()));
    let front = Front::new(Arc::clone(&app));
    let connections = TaskTracker::new();
    while let Some(((stream, peer), permit)) = next_connection(&listener, &permits, &shutdown).await
    {
        let serving = serve_connection(stream, peer, permit, front.clone(), Arc::clone(&app));
        connections.spawn(serving);
    }
    drop(listener);
    connections.close();
    app.changes.close();
    let finished = async {
        connections.wait().await;
        app.changes.wait().await;
    };
    if tokio::time::timeout(stop_timeout, finished).await.is_err() {
        let open = connections.len();
        tracing::warn!(open, "requests were still under way when the time to stop was over");
    }
    Ok(())
}

/// The next client, once there is room for it; `None` when it is time to stop.
async fn next_connection(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<((TcpStream, IpAddr), OwnedSemaphorePermit)> {
    let accept = async {
        let permit = Arc::clone(permits).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some(((stream, peer.ip()), permit)),
                Err(error) if is_about_one_client(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted; trying again");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => None,
        accepted = accept => accepted,
    }
}

fn is_about_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_connection(
    stream: TcpStream,
    peer: IpAddr,
    _permit: OwnedSemaphorePermit,
    front: Front,
    app: Shared,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers on this connection may wait for each other");
    }
    let settings = &app.settings;
    let socket = TokioIo::new(Socket::new(stream, settings.write_timeout));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(settings.max_headers)
        .max_buf_size(settings.max_header_bytes.max(LEAST_HEAD))
        .serve_connection(socket, service_fn(move |request| front.clone().answer(request, peer)));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(settings.stop_timeout, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        // Clients cut connections every day; whoever looks for the reason of one turns this on.
        tracing::debug!(%error, "a connection ended early");
    }
}
