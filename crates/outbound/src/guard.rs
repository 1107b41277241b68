//! The guard: which addresses the hub may dial for a project.
//!
//! A project chooses its own URLs, and the hub sits inside somebody's network. Without a guard a
//! project could use the hub to reach what only the hub can reach: the database next door, the
//! router's pages, the credentials that a cloud hands out at a magic address. So addresses that
//! are not of the public internet are refused unless the operator opens them.
//!
//! This module only decides. Who asks it: `address`, for an address that stands in a URL itself (of
//! the connection, of a token endpoint, of a redirect), and `resolver`, for every address that a
//! name resolves to, at the moment of dialling. Between the two no address is dialled that was not
//! judged here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What it takes to open a refused network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// The word `private`, or a network that holds the address.
    Private,
    /// A network that holds the address; `private` is not enough.
    Named,
    /// Nothing.
    Never,
}

/// One network that is refused by default.
#[derive(Debug)]
struct RefusedNetwork {
    network: IpNet,
    name: &'static str,
    opening: Opening,
}

const fn v4(octets: [u8; 4], prefix: u8, name: &'static str, opening: Opening) -> RefusedNetwork {
    let [a, b, c, d] = octets;
    let network = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix));
    RefusedNetwork { network, name, opening }
}

const fn v6(bits: u128, prefix: u8, name: &'static str, opening: Opening) -> RefusedNetwork {
    let network = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), prefix));
    RefusedNetwork { network, name, opening }
}

/// Every network that is refused by default. The first entry that holds an address decides, so
/// what may never be opened stands first, and the narrow before the wide.
#[rustfmt::skip]
static REFUSED_NETWORKS: [RefusedNetwork; 38] = {
    use Opening::{Named, Never, Private};
    [
        v4([169, 254, 0, 0], 16, "link-local and cloud metadata", Never),
        v4([100, 100, 100, 200], 32, "cloud metadata", Never),
        v4([192, 0, 0, 192], 32, "cloud metadata", Never),
        v4([168, 63, 129, 16], 32, "cloud metadata", Never),
        v4([224, 0, 0, 0], 4, "multicast", Never),
        v4([255, 255, 255, 255], 32, "broadcast", Never),
        v4([10, 0, 0, 0], 8, "private network", Private),
        v4([172, 16, 0, 0], 12, "private network", Private),
        v4([192, 168, 0, 0], 16, "private network", Private),
        v4([100, 64, 0, 0], 10, "shared address space", Private),
        v4([127, 0, 0, 0], 8, "loopback", Private),
        v4([0, 0, 0, 0], 8, "this network", Named),
        v4([192, 0, 0, 0], 24, "protocol assignments", Named),
        v4([192, 0, 2, 0], 24, "documentation", Named),
        v4([192, 88, 99, 0], 24, "6to4 relay", Named),
        v4([198, 18, 0, 0], 15, "benchmarking", Named),
        v4([198, 51, 100, 0], 24, "documentation", Named),
        v4([203, 0, 113, 0], 24, "documentation", Named),
        v4([240, 0, 0, 0], 4, "reserved", Named),
        v6(0xfe80 << 112, 10, "link-local", Never),
        v6(0xfd00_0ec2 << 96 | 0x254, 128, "cloud metadata", Never),
        v6(0xfd20_00ce << 96 | 0x254, 128, "cloud metadata", Never),
        v6(0xff00 << 112, 8, "multicast", Never),
        v6(0xfc00 << 112, 7, "private network", Private),
        v6(0xfec0 << 112, 10, "private network, an older form", Private),
        v6(1, 128, "loopback", Private),
        v6(0, 128, "unspecified", Named),
        v6(0, 96, "IPv4-compatible", Named),
        v6(0x0064_ff9b << 96, 96, "NAT64", Named),
        v6(0x0064_ff9b_0001 << 80, 48, "local NAT64", Named),
        v6(0x0100 << 112, 64, "discard", Named),
        v6(0x2001 << 112, 32, "Teredo", Named),
        v6(0x2001 << 112, 23, "protocol assignments", Named),
        v6(0x2001_0db8 << 96, 32, "documentation", Named),
        v6(0x2002 << 112, 16, "6to4", Named),
        v6(0x3fff << 112, 20, "documentation", Named),
        v6(0x5f00 << 112, 16, "segment routing", Named),
        v6(0, 8, "reserved", Named),
    ]
};

/// The networks that the operator opened.
///
/// Written as a list with commas: `private`, networks such as `10.20.0.0/16`, single addresses.
/// Nothing is open by default. Link-local addresses, cloud metadata, multicast and broadcast stay
/// refused whatever is written here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowNetworks {
    private: bool,
    networks: Vec<IpNet>,
    /// Whether it judges where links lead: no setting changes that.
    for_links: bool,
}

/// A part of the setting `allow-network` that names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{value:?} is not a network. Hint: write `private`, a network such as 10.20.0.0/16, or an address such as 10.1.2.3."
)]
pub struct AllowNetworksError {
    /// The part, as it was written.
    pub value: String,
}

impl AllowNetworks {
    /// The word that opens private networks and loopback.
    pub const PRIVATE: &str = "private";

    /// Opens what `other` opens, beside what is open already: a flag may be given several times.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.private |= other.private;
        self.networks.extend(other.networks);
        self
    }

    /// The same, as a judge of where the links of messages lead: what it refuses, it says so.
    #[must_use]
    pub(crate) fn for_links(self) -> Self {
        Self { for_links: true, ..self }
    }

    /// Decides whether `address` may be dialled.
    pub fn judge(&self, address: IpAddr) -> Result<(), Refusal> {
        // An IPv4 address in IPv6 clothing is dialled as IPv4 and so judged as IPv4.
        let address = address.to_canonical();
        let carried = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => carried_ipv4(address).map(IpAddr::V4),
        };
        // Translators unwrap what an address carries: what is never open stays so behind them.
        let never = [Some(address), carried]
            .into_iter()
            .flatten()
            .filter_map(refused_network)
            .find(|refused| refused.opening == Opening::Never);
        if let Some(refused) = never {
            return Err(Refusal { address, refused, is_link: self.for_links });
        }
        match refused_network(address) {
            Some(refused) if !self.opens(address, refused.opening) => {
                Err(Refusal { address, refused, is_link: self.for_links })
            }
            _ => Ok(()),
        }
    }

    fn opens(&self, address: IpAddr, opening: Opening) -> bool {
        (self.private && opening == Opening::Private)
            || self.networks.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for AllowNetworks {
    type Err = AllowNetworksError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut allowed = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if part.eq_ignore_ascii_case(Self::PRIVATE) {
                allowed.private = true;
            } else {
                let network = parse_network(part)
                    .ok_or_else(|| AllowNetworksError { value: part.to_owned() })?;
                allowed.networks.push(network);
            }
        }
        Ok(allowed)
    }
}

impl fmt::Display for AllowNetworks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let private = self.private.then(|| Self::PRIVATE.to_owned());
        let parts = private.into_iter().chain(self.networks.iter().map(ToString::to_string));
        formatter.write_str(&parts.collect::<Vec<_>>().join(","))
    }
}

/// Why an address is not dialled. Its text names the setting that would allow it, where one would.
#[derive(Clone, Debug)]
pub struct Refusal {
    address: IpAddr,
    refused: &'static RefusedNetwork,
    is_link: bool,
}

impl Refusal {
    /// The address that is refused.
    pub fn address(&self) -> IpAddr {
        self.address
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, refused: RefusedNetwork { network, name, opening }, is_link } = self;
        write!(formatter, "the address {address} is refused ({name}, {network}). ")?;
        let single = IpNet::from(*address);
        match opening {
            Opening::Private | Opening::Named if *is_link => formatter.write_str(
                "What a message links to is fetched from public addresses and from the origin (scheme, \
                 host and port) of the connection alone.",
            ),
            Opening::Private => write!(
                formatter,
                "Hint: --allow-network {single} allows it, --allow-network {} all such networks.",
                AllowNetworks::PRIVATE
            ),
            Opening::Named => write!(formatter, "Hint: --allow-network {single} allows it."),
            Opening::Never => formatter.write_str("No setting allows it."),
        }
    }
}

fn refused_network(address: IpAddr) -> Option<&'static RefusedNetwork> {
    REFUSED_NETWORKS.iter().find(|refused| refused.network.contains(&address))
}

/// The IPv4 address that a translator or tunnel would make of an IPv6 address.
fn carried_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let last = (bits & 0xffff_ffff) as u32;
    match address.segments() {
        // IPv4-compatible, IPv4-translated, and both NAT64 prefixes.
        [0, 0, 0, 0, 0 | 0xffff, 0, _, _] | [0x0064, 0xff9b, ..] => Some(Ipv4Addr::from_bits(last)),
        // 6to4 carries it right after its prefix.
        [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
        }
        // Teredo carries the client's address with every bit turned.
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!last)),
        _ => None,
    }
}

/// Reads a network or a single address; IPv4 in IPv6 clothing becomes IPv4, as in `judge`.
fn parse_network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpNet>() {
        Ok(network) => network.trunc(),
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    match network {
        IpNet::V6(mapped) if mapped.prefix_len() >= 96 => match mapped.addr().to_ipv4_mapped() {
            Some(address) => Ipv4Net::new(address, mapped.prefix_len() - 96).ok().map(IpNet::V4),
            None => Some(network),
        },
        _ => Some(network),
    }
}

#[cfg(test)]
mod tests;
