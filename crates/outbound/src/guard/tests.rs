//! The guard's decisions, address by address.

use proptest::prelude::*;

use super::*;

/// What opens an address: nothing is needed, the word `private`, its own name, or nothing helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opens {
    Always,
    WithPrivate,
    WhenNamed,
    Never,
}

fn judged(allow: &str, address: &str) -> Result<(), Refusal> {
    allow.parse::<AllowNetworks>().unwrap().judge(address.parse().unwrap())
}

#[track_caller]
fn check(address: &str, opens: Opens) {
    assert_eq!(judged("", address).is_ok(), opens == Opens::Always, "{address} by default");
    let private = matches!(opens, Opens::Always | Opens::WithPrivate);
    assert_eq!(judged("private", address).is_ok(), private, "{address} with private");
    assert_eq!(judged(address, address).is_ok(), opens != Opens::Never, "{address} when named");
    let everything = judged("0.0.0.0/0, ::/0", address);
    assert_eq!(everything.is_ok(), opens != Opens::Never, "{address} when everything is open");
}

/// The first and the last address of every refused network, and their neighbours outside.
#[test]
fn networks_begin_and_end_where_they_should() {
    use Opens::{Always, Never, WhenNamed, WithPrivate};
    for (opens, addresses) in [
        (Always, &["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"][..]),
        (Always, &["126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0"]),
        (Always, &["172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0"]),
        (Always, &["198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8"]),
        (WithPrivate, &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255"]),
        (WithPrivate, &["192.168.0.0", "192.168.255.255", "127.0.0.0", "127.255.255.255"]),
        (WithPrivate, &["100.64.0.0", "100.127.255.255", "100.100.100.199", "100.100.100.201"]),
        (WhenNamed, &["0.0.0.0", "0.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0"]),
        (WhenNamed, &["192.0.2.255", "192.88.99.0", "192.88.99.255", "198.18.0.0"]),
        (WhenNamed, &["198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0"]),
        (WhenNamed, &["203.0.113.255", "240.0.0.0", "255.255.255.254"]),
        (Never, &["169.254.0.0", "169.254.169.254", "169.254.255.255", "100.100.100.200"]),
        (Never, &["192.0.0.192", "168.63.129.16"]),
        (Never, &["224.0.0.0", "239.255.255.255", "255.255.255.255"]),
        (
            Always,
            &["2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "2606:4700::1"],
        ),
        (Always, &["4000::", "5eff::", "5f01::", "fbff::"]),
        (WithPrivate, &["::1", "fc00::", "fdff::ffff", "fec0::1", "feff::1"]),
        (WhenNamed, &["::", "::2", "100::", "100::ffff:ffff:ffff:ffff", "2001::808:808"]),
        (WhenNamed, &["2001:1ff:ffff::", "2001:db8::", "2001:db8:ffff::", "3fff::", "3fff:fff::"]),
        (WhenNamed, &["5f00::", "5f00:ffff::", "64:ff9b::808:808", "64:ff9b:1::808:808"]),
        (WhenNamed, &["2002:808:808::1", "::808:808"]),
        (Never, &["fe80::", "fe80::1", "febf:ffff::", "ff00::", "ff02::1", "ffff::"]),
        (Never, &["fd00:ec2::254", "fd20:ce::254"]),
    ] {
        for address in addresses {
            check(address, opens);
        }
    }
}

/// However an IPv4 address is dressed as IPv6, it opens no more than it does undressed.
#[test]
fn ipv4_in_ipv6_clothing_is_recognised() {
    check("::ffff:8.8.8.8", Opens::Always);
    check("::ffff:127.0.0.1", Opens::WithPrivate);
    check("::ffff:10.0.0.1", Opens::WithPrivate);
    for metadata in [
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2001:0:1:2:3:4:5601:5601",
    ] {
        check(metadata, Opens::Never);
    }
}

#[test]
fn a_network_opens_what_it_holds() {
    for (allow, address, opens) in [
        ("10.1.2.3/32", "10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.4", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.20.30.40/16", "10.20.0.1", true),
        ("::ffff:10.0.0.0/104", "10.20.0.1", true),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "::ffff:10.0.0.1", true),
        (" 192.168.1.0/24 , fd00::/8,", "fd12::1", true),
        ("private,198.18.0.0/15", "198.18.0.1", true),
        ("PRIVATE", "::1", true),
        ("fd00::/8", "fc00::1", false),
        ("0.0.0.0/0", "::1", false),
    ] {
        assert_eq!(judged(allow, address).is_ok(), opens, "{allow} and {address}");
    }
    let both = "10.0.0.1".parse::<AllowNetworks>().unwrap().and("private".parse().unwrap());
    assert_eq!(both.to_string(), "private,10.0.0.1/32");
    assert_eq!(both.to_string().parse(), Ok(both));
}

#[test]
fn what_is_no_network_is_named() {
    for (text, value) in [
        ("privat", "privat"),
        ("10.0.0.0/8,10.1", "10.1"),
        ("10.0.0.0/33", "10.0.0.0/33"),
        ("*", "*"),
    ] {
        let error = text.parse::<AllowNetworks>().unwrap_err();
        assert_eq!(error.value, value);
        assert!(error.to_string().contains("Hint: write `private`"), "{error}");
    }
}

#[test]
fn a_refusal_says_what_would_allow_it() {
    for (address, text) in [
        (
            "10.1.2.3",
            "the address 10.1.2.3 is refused (private network, 10.0.0.0/8). \
             Hint: --allow-network 10.1.2.3/32 allows it, --allow-network private all such networks.",
        ),
        (
            "2001:db8::1",
            "the address 2001:db8::1 is refused (documentation, 2001:db8::/32). \
             Hint: --allow-network 2001:db8::1/128 allows it.",
        ),
        (
            "64:ff9b::169.254.169.254",
            "the address 64:ff9b::a9fe:a9fe is refused (link-local and cloud metadata, \
             169.254.0.0/16). No setting allows it.",
        ),
    ] {
        assert_eq!(judged("", address).unwrap_err().to_string(), text);
    }
}

proptest! {
    /// What a refusal's hint tells the operator to set does open the address.
    #[test]
    fn the_hint_works(bits: u32, carrier in 0_usize..4) {
        let address = match carrier {
            0 => IpAddr::V4(Ipv4Addr::from_bits(bits)),
            1 => IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped()),
            2 => IpAddr::V6(Ipv6Addr::from_bits((0x0064_ff9b << 96) | u128::from(bits))),
            _ => IpAddr::V6(Ipv6Addr::from_bits((0x2002 << 112) | (u128::from(bits) << 80))),
        };
        if let Err(refusal) = AllowNetworks::default().judge(address) {
            let text = refusal.to_string();
            if let Some((_, hint)) = text.split_once("--allow-network ") {
                let network = hint.split(' ').next().unwrap();
                prop_assert!(network.parse::<AllowNetworks>().unwrap().judge(address).is_ok(), "{}", text);
            } else {
                let everything: AllowNetworks = "private,0.0.0.0/0,::/0".parse().unwrap();
                prop_assert!(everything.judge(address).is_err(), "{}", text);
            }
        }
    }

    /// An address means the same in IPv4 and as an IPv4-mapped one.
    #[test]
    fn mapping_changes_nothing(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        for allow in ["", "private", "10.0.0.0/8"] {
            let allow: AllowNetworks = allow.parse().unwrap();
            let mapped = allow.judge(address.to_ipv6_mapped().into());
            prop_assert_eq!(allow.judge(address.into()).is_ok(), mapped.is_ok());
        }
    }
}
