//! A stream that only so much is read from.
//!
//! Whoever answers at the other end is not ours. The client of the database holds each message whole
//! in memory, however long it says that it is; so the bytes are counted before it sees them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes a database may answer with, from one delivery to the next. The list of all
/// columns that a table can have is a twentieth of it.
pub(crate) const READ_OF_DATABASE: usize = 16 * 1024 * 1024;

/// How much may still be read.
#[derive(Clone, Debug)]
pub(crate) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(READ_OF_DATABASE)))
    }

    /// Lets as much be read as at first.
    pub(crate) fn renew(&self) {
        self.renew_with(0);
    }

    /// Lets so many bytes be read beside what can be read at first.
    pub(crate) fn renew_with(&self, bytes: usize) {
        self.0.store(READ_OF_DATABASE.saturating_add(bytes), Ordering::Relaxed);
    }
}

/// A stream with an allowance.
#[derive(Debug)]
pub(crate) struct Bounded<S> {
    inner: S,
    allowance: Allowance,
}

impl<S> Bounded<S> {
    pub(crate) fn new(inner: S, allowance: Allowance) -> Self {
        Self { inner, allowance }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let read = buffer.filled().len().saturating_sub(before);
        let left = self.allowance.0.load(Ordering::Relaxed);
        let Some(left) = left.checked_sub(read) else {
            buffer.set_filled(before);
            return Poll::Ready(Err(io::Error::other(format!(
                "it answered with more than {READ_OF_DATABASE} bytes"
            ))));
        };
        self.allowance.0.store(left, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn no_more_is_read_than_is_allowed() {
        for (length, is_read) in [(READ_OF_DATABASE, true), (READ_OF_DATABASE + 1, false)] {
            let bytes = vec![7; length];
            let allowance = Allowance::new();
            let mut read = Vec::new();
            let mut stream = Bounded::new(bytes.as_slice(), allowance.clone());
            assert_eq!(stream.read_to_end(&mut read).await.is_ok(), is_read, "{length}");
            allowance.renew();
            let mut again = Bounded::new(bytes.as_slice(), allowance);
            assert!(again.read_exact(&mut read[..10]).await.is_ok());
        }
    }
}
