//! Names become addresses here, and each address passes the guard before anybody can dial it.
//!
//! The HTTP client dials exactly the addresses that this resolver returns. A name that resolves to
//! a public address when it is looked at and to a private one when it is dialled (DNS rebinding)
//! gains nothing: looking and dialling are the same lookup. Names go through the operating
//! system, so `/etc/hosts` and a container's own names work as everywhere else.
//!
//! Lookups are bounded for the whole hub, and a name service that does not answer keeps a lookup
//! busy long after everybody has given up. So all who want the same name wait for the same lookup:
//! a lane whose name is dead holds one place, however often it tries, and leaves the others theirs.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, watch};

use crate::guard::{AllowNetworks, Refusal};

/// The longest that one name lookup may take.
pub(crate) const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How many lookups may be under way at once. The operating system's lookup cannot be stopped, it
/// holds a thread until its own time limit; so their number is bounded, even after we gave up.
pub(crate) const LOOKUPS_AT_ONCE: usize = 64;

/// Looks a name up, blocking. The system's own in the hub; tests put scripted ones in its place.
pub(crate) type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// What a lookup came to, for all who wait for it.
type Found = Result<Vec<IpAddr>, Arc<io::Error>>;

/// Why a name did not lead to an address that may be dialled.
#[derive(Debug)]
pub(crate) enum ResolveError {
    /// The lookup failed.
    Failed { host: String, cause: Arc<io::Error> },
    /// The lookup took too long.
    TimedOut { host: String, limit: Duration },
    /// The name exists and has no address.
    NoAddress { host: String },
    /// Every address of the name is refused; this is what was said of the first.
    Refused { host: String, refusal: Refusal },
}

impl fmt::Display for ResolveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { host, cause } => write!(formatter, "{host} does not resolve: {cause}"),
            Self::TimedOut { host, limit } => {
                write!(formatter, "{host} does not resolve: no answer within {limit:?}")
            }
            Self::NoAddress { host } => write!(formatter, "{host} resolves to no address"),
            Self::Refused { host, refusal } => {
                write!(formatter, "{host} is not called: {refusal}")
            }
        }
    }
}

impl std::error::Error for ResolveError {}

impl ResolveError {
    /// What an attempt records it as.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Failed { .. } | Self::TimedOut { .. } | Self::NoAddress { .. } => ErrorKind::Dns,
        }
    }
}

/// The addresses of a name, judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Those that may be dialled.
    pub(crate) allowed: Vec<IpAddr>,
    /// Why the others may not.
    pub(crate) refused: Vec<Refusal>,
}

impl Judged {
    /// The addresses that may be dialled, of which there must be one.
    pub(crate) fn into_allowed(self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let Self { allowed, refused } = self;
        match refused.into_iter().next() {
            _ if !allowed.is_empty() => Ok(allowed),
            Some(refusal) => Err(ResolveError::Refused { host: host.to_owned(), refusal }),
            None => Err(ResolveError::NoAddress { host: host.to_owned() }),
        }
    }
}

/// A resolver that only returns addresses which may be dialled. Copies share their bound.
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    shared: Arc<Shared>,
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GuardedResolver({})", self.shared.allow_networks)
    }
}

struct Shared {
    allow_networks: AllowNetworks,
    lookup: Arc<Lookup>,
    timeout: Duration,
    permits: Semaphore,
    /// The lookups under way, by name; empty until they have come to something.
    under_way: Mutex<HashMap<String, watch::Receiver<Option<Found>>>>,
}

/// The place of a lookup among those under way. It goes however the lookup ends, also where the
/// runtime stops in its midst.
struct UnderWay {
    shared: Arc<Shared>,
    host: String,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.under_way().remove(&self.host);
    }
}

impl GuardedResolver {
    /// Resolves through the operating system.
    pub(crate) fn new(allow_networks: AllowNetworks) -> Self {
        Self::with_lookup(allow_networks, Box::new(system_lookup), LOOKUP_TIMEOUT)
    }

    /// Resolves through the given lookup.
    pub(crate) fn with_lookup(
        allow_networks: AllowNetworks,
        lookup: Box<Lookup>,
        timeout: Duration,
    ) -> Self {
        Self::sharing(allow_networks, Arc::from(lookup), timeout)
    }

    /// One that asks the same name service, and judges by other networks.
    pub(crate) fn judging_by(&self, allow_networks: AllowNetworks) -> Self {
        Self::sharing(allow_networks, Arc::clone(&self.shared.lookup), self.shared.timeout)
    }

    fn sharing(allow_networks: AllowNetworks, lookup: Arc<Lookup>, timeout: Duration) -> Self {
        let permits = Semaphore::new(LOOKUPS_AT_ONCE);
        let under_way = Mutex::default();
        Self { shared: Arc::new(Shared { allow_networks, lookup, timeout, permits, under_way }) }
    }

    /// All addresses of a name, those that may not be dialled as well.
    pub(crate) async fn judge(&self, host: &str) -> Result<Judged, ResolveError> {
        Arc::clone(&self.shared).judge(host).await
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let addresses = shared.judge(name.as_str()).await?.into_allowed(name.as_str())?;
            // The port here is a placeholder; the client puts the URL's own in its place.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl Shared {
    async fn judge(self: Arc<Self>, host: &str) -> Result<Judged, ResolveError> {
        let found = match tokio::time::timeout(self.timeout, self.look_up(host)).await {
            Ok(Ok(found)) => found,
            Ok(Err(cause)) => return Err(ResolveError::Failed { host: host.to_owned(), cause }),
            Err(_elapsed) => {
                let (host, limit) = (host.to_owned(), self.timeout);
                return Err(ResolveError::TimedOut { host, limit });
            }
        };
        let mut judged = Judged { allowed: Vec::with_capacity(found.len()), refused: Vec::new() };
        for address in found {
            match self.allow_networks.judge(address) {
                Ok(()) => judged.allowed.push(address),
                Err(refusal) => judged.refused.push(refusal),
            }
        }
        Ok(judged)
    }

    /// Waits for the lookup of a name that is under way, or for a new one.
    async fn look_up(self: &Arc<Self>, host: &str) -> Found {
        let mut lookup = self.join(host);
        let found = lookup.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
        found.unwrap_or_else(|| Err(Arc::new(io::Error::other("the lookup was broken off"))))
    }

    /// The lookup of a name, which goes on even where nobody waits for it any more.
    fn join(self: &Arc<Self>, host: &str) -> watch::Receiver<Option<Found>> {
        let mut under_way = self.under_way();
        if let Some(lookup) = under_way.get(host) {
            return lookup.clone();
        }
        let (tell, lookup) = watch::channel(None);
        under_way.insert(host.to_owned(), lookup.clone());
        let place = UnderWay { shared: Arc::clone(self), host: host.to_owned() };
        tokio::spawn(async move {
            let found = place.shared.ask(&place.host).await.map_err(Arc::new);
            // Whoever comes from now on gets a lookup of its own, not an old answer.
            drop(place);
            tell.send_replace(Some(found));
        });
        lookup
    }

    /// Asks the name service, and keeps a place for as long as that holds a thread.
    async fn ask(self: &Arc<Self>, host: &str) -> io::Result<Vec<IpAddr>> {
        let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
        let (shared, host) = (Arc::clone(self), host.to_owned());
        let lookup = move || (shared.lookup)(&host);
        tokio::task::spawn_blocking(lookup).await.map_err(io::Error::other)?
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Option<Found>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn system_lookup(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests;
