//! The address of whoever sent a request.
//!
//! It is the socket's own, unless that is a proxy which the operator trusts (`--trusted-proxy`). A
//! proxy appends the address it was called from to `X-Forwarded-For`: read from the right, the
//! first address that no trusted proxy has is the client's. Whatever stands left of it the client
//! may have written himself, and it is not believed.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::HeaderName;
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies in a row that are looked through, at most.
const MOST_PROXIES: usize = 16;
/// Peers that are remembered for not having been believed, at most.
const MOST_UNBELIEVED: usize = 16;

/// Who sent a request, as an extension of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// The sender of a request that came over a socket from `peer`.
pub(crate) fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> ClientAddress {
    let mut client = peer.to_canonical();
    for hop in forwarded_for(headers).take(MOST_PROXIES) {
        if !is_within(client, trusted) {
            break;
        }
        let Some(hop) = hop else { break };
        client = hop;
    }
    ClientAddress(client)
}

/// Peers that speak for others and are not trusted to. Either somebody writes the header who should
/// not, and nothing comes of it; or a proxy was not named, and all its clients have one address.
#[derive(Debug, Default)]
pub(crate) struct UnbelievedProxies(Mutex<BTreeSet<IpAddr>>);

impl UnbelievedProxies {
    /// Looks at a request; the log is told once of each peer.
    pub(crate) fn look_at(&self, peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) {
        let peer = peer.to_canonical();
        if !headers.contains_key(FORWARDED_FOR) || is_within(peer, trusted) {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_UNBELIEVED && known.insert(peer) {
            tracing::warn!(
                %peer,
                "{peer} sends X-Forwarded-For and is not trusted: if it is a proxy of yours, name \
                 it with --trusted-proxy, or all who come through it have one address"
            );
        }
    }

    /// Who they are.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

fn is_within(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// The hops that the proxies wrote down, the nearest first; `None` for one that is no address.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + '_ {
    let lines: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    let hops: Vec<Option<IpAddr>> =
        lines.iter().flat_map(|line| line.split(',')).map(|hop| read_hop(hop.trim())).collect();
    hops.into_iter().rev()
}

/// Some proxies write the port as well, and IPv6 addresses in brackets.
fn read_hop(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(peer: &str, headers: &[&'static str], expected: &str) {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|network| network.parse().unwrap()).collect();
        let headers = headers
            .iter()
            .map(|value| (FORWARDED_FOR, HeaderValue::from_static(value)))
            .collect::<HeaderMap>();
        let found = client_address(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found.0.to_string(), expected);
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("203.0.113.9", &[], "203.0.113.9");
        check("203.0.113.9", &["198.51.100.1"], "203.0.113.9");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1");
    }

    #[test]
    fn the_last_address_that_is_no_proxys_counts() {
        check("10.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["192.0.2.66, 198.51.100.1, 10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["192.0.2.66", "198.51.100.1", "10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        check("fd00::1", &["2001:db8::5"], "2001:db8::5");
    }

    #[test]
    fn what_is_no_address_ends_the_look() {
        check("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1, , 10.0.0.2"], "10.0.0.2");
        check("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("10.0.0.1", &["[2001:db8::5]:4711"], "2001:db8::5");
        check("10.0.0.1", &["[2001:db8::5]"], "2001:db8::5");
    }

    #[test]
    fn peers_that_are_not_believed_are_remembered_up_to_a_bound() {
        let unbelieved = UnbelievedProxies::default();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let speaking = HeaderMap::from_iter([(FORWARDED_FOR, HeaderValue::from_static("a"))]);
        unbelieved.look_at([192, 0, 2, 1].into(), &HeaderMap::new(), &trusted);
        unbelieved.look_at([10, 0, 0, 1].into(), &speaking, &trusted);
        assert!(unbelieved.addresses().is_empty());
        for number in 0..200 {
            unbelieved.look_at([192, 0, 2, number].into(), &speaking, &trusted);
        }
        assert_eq!(unbelieved.addresses().len(), MOST_UNBELIEVED);
        assert_eq!(unbelieved.addresses()[1], IpAddr::from([192, 0, 2, 1]));
    }

    #[test]
    fn a_row_of_proxies_is_followed_so_far_and_no_further() {
        let row = |hops: usize| {
            let mut text = "198.51.100.1".to_owned();
            (1..hops).for_each(|_| text.push_str(",10.0.0.2"));
            HeaderMap::from_iter([(FORWARDED_FOR, HeaderValue::from_str(&text).unwrap())])
        };
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let found = |hops| client_address([10, 0, 0, 1].into(), &row(hops), &trusted).0.to_string();
        assert_eq!(found(MOST_PROXIES), "198.51.100.1");
        assert_eq!(found(MOST_PROXIES + 1), "10.0.0.2");
    }
}
