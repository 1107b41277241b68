//! Trying the addresses of a name, one after the other, within one time limit.
//!
//! A name may have any number of addresses, and each that drops what it is sent costs the whole
//! wait. A person is waiting for the probe, so the limit is one for all of them: each address gets
//! its share of what is left, and only so many are tried.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::response::Deadline;

/// How many addresses of one name are tried.
pub(super) const ADDRESSES_TRIED: usize = 8;

/// Why no address could be connected to.
#[derive(Debug)]
pub(crate) struct Undialled {
    /// Whether one of them gave no answer at all.
    pub(crate) timed_out: bool,
    /// What became of each.
    pub(crate) reasons: Vec<String>,
}

/// Connects to the first address that answers.
pub(crate) async fn dial<S, F: Future<Output = io::Result<S>>>(
    addresses: Vec<SocketAddr>,
    limit: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<(SocketAddr, S), Undialled> {
    let deadline = Deadline::starting_now(limit);
    let (mut timed_out, mut reasons) = (false, Vec::new());
    let untried = addresses.len().saturating_sub(ADDRESSES_TRIED);
    let mut tried = addresses.into_iter().take(ADDRESSES_TRIED);
    while let Some(address) = tried.next() {
        let share = deadline.remaining() / u32::try_from(tried.len() + 1).unwrap_or(u32::MAX);
        match timeout(share, connect(address)).await {
            Ok(Ok(stream)) => return Ok((address, stream)),
            Ok(Err(error)) => reasons.push(format!("{address}: {error}")),
            Err(_elapsed) => {
                timed_out = true;
                reasons.push(format!("{address}: no answer within {} ms", share.as_millis()));
            }
        }
    }
    if untried > 0 {
        reasons.push(format!("{untried} more were not tried"));
    }
    Err(Undialled { timed_out, reasons })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    /// Short, so that a test can wait for it.
    const LIMIT: Duration = Duration::from_millis(400);

    fn addresses(number: usize) -> Vec<SocketAddr> {
        let ports = 1..=u16::try_from(number).unwrap();
        ports.map(|port| SocketAddr::new([127, 0, 0, 1].into(), port)).collect()
    }

    #[tokio::test]
    async fn silent_addresses_share_one_limit_and_only_some_are_tried() {
        for (number, tried, untold) in [
            (1, 1, None),
            (ADDRESSES_TRIED, ADDRESSES_TRIED, None),
            (ADDRESSES_TRIED + 1, ADDRESSES_TRIED, Some("1 more were not tried")),
        ] {
            let (begun, asked) = (Instant::now(), Cell::new(0));
            let dialled = dial(addresses(number), LIMIT, |_| {
                asked.set(asked.get() + 1);
                pending::<io::Result<()>>()
            });
            let Undialled { timed_out, reasons } = dialled.await.unwrap_err();
            assert!(begun.elapsed() < LIMIT * 2, "{number} took {:?}", begun.elapsed());
            assert!(timed_out && reasons[0].starts_with("127.0.0.1:1: no answer within "));
            assert_eq!(
                (asked.get(), reasons.len()),
                (tried, tried + usize::from(untold.is_some()))
            );
            assert!(untold.is_none_or(|untold| reasons.last().unwrap() == untold), "{reasons:?}");
        }
    }

    /// An address that refuses at once leaves its share to the others, and a silent one the rest.
    #[tokio::test]
    async fn the_first_address_that_answers_is_taken() {
        let dialled = dial(addresses(4), LIMIT, async |address: SocketAddr| match address.port() {
            1 => Err(io::ErrorKind::ConnectionRefused.into()),
            2 => pending().await,
            port => Ok(port),
        });
        assert_eq!(dialled.await.unwrap(), (addresses(3)[2], 3));
        let refused = dial(addresses(2), LIMIT, async |_| {
            io::Result::<()>::Err(io::ErrorKind::ConnectionRefused.into())
        });
        let Undialled { timed_out, reasons } = refused.await.unwrap_err();
        assert!(!timed_out && reasons.len() == 2, "{reasons:?}");
    }
}
