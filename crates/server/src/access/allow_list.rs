//! Lists of networks: from where the API and the console may be used, and which proxies are believed.
//!
//! Owns how entries are written, what they match, and which address a request really comes from.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use sdk::FieldProblem;

/// Networks and single addresses. An IPv4 address in the form of IPv6 (`::ffff:192.0.2.1`) is the same as the
/// address itself, in entries and in questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads entries such as `192.0.2.0/24`, `2001:db8::/32` and `192.0.2.7`; names every one that is none.
    pub(crate) fn parse(entries: &[String]) -> Result<Networks, Vec<FieldProblem>> {
        let mut networks = Vec::new();
        let mut problems = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match network(entry) {
                Ok(network) => networks.push(network),
                Err(hint) => problems.push(not_a_network(index, entry, &hint)),
            }
        }
        if problems.is_empty() {
            Ok(Networks(networks))
        } else {
            Err(problems)
        }
    }

    /// Whether one of the networks holds the address.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether somebody at the address is let in: an empty list means everybody.
    pub(crate) fn admit(&self, address: IpAddr) -> bool {
        self.0.is_empty() || self.contain(address)
    }
}

fn not_a_network(index: usize, entry: &str, hint: &str) -> FieldProblem {
    let message = format!("\"{entry}\" is not an address or network");
    FieldProblem::new(format!("/{index}"), message).hint(hint)
}

/// Reads one entry, or says how to write it.
pub(super) fn network(entry: &str) -> Result<IpNet, String> {
    let form =
        || "write a network such as `192.0.2.0/24` or `2001:db8::/32`, or one address".to_string();
    let entry = entry.trim();
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network = entry.parse::<IpNet>().map_err(|_| form())?;
    let network = match (network.addr().to_canonical(), network) {
        // The first 96 bits of a mapped address are always the same.
        (address @ IpAddr::V4(_), IpNet::V6(mapped)) => {
            let length = mapped.prefix_len().checked_sub(96).ok_or_else(form)?;
            IpNet::new(address, length).map_err(|_| form())?
        }
        _ => network,
    };
    if network.trunc() == network {
        return Ok(network);
    }
    Err(format!(
        "it is an address inside of a network: write `{}` for the network or `{}` for the one address",
        network.trunc(),
        network.addr()
    ))
}

/// The address that a request comes from. Each proxy appends to `X-Forwarded-For` whom it was asked by, so the
/// chain is read from its end for as long as the one who tells is a trusted proxy; what others wrote there is
/// not believed. `None` if a trusted proxy passed on something that is no address.
pub(crate) fn client_address(
    peer: IpAddr,
    forwarded_for: &[&str],
    trusted: &Networks,
) -> Option<IpAddr> {
    let mut client = peer.to_canonical();
    let told = forwarded_for.iter().rev().flat_map(|line| line.rsplit(','));
    for entry in told {
        if !trusted.contain(client) {
            break;
        }
        client = forwarded_address(entry.trim())?;
    }
    Some(client)
}

/// An address, which some proxies write with a port.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(entries: &[&str]) -> Networks {
        let entries: Vec<_> = entries.iter().map(ToString::to_string).collect();
        Networks::parse(&entries).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_empty_list_admits_everybody_and_contains_nobody() {
        let none = networks(&[]);
        assert!(none.admit(ip("203.0.113.9")) && none.admit(ip("::1")));
        assert!(!none.contain(ip("203.0.113.9")));
    }

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let list = networks(&[
            "10.0.0.0/8",
            " 192.0.2.7 ",
            "2001:db8::/32",
            "::1",
            "198.51.100.0/31",
        ]);
        for inside in [
            "10.0.0.0",
            "10.255.255.255",
            "::ffff:10.1.2.3",
            "192.0.2.7",
            "2001:db8:ffff::1",
            "::1",
            "198.51.100.1",
        ] {
            assert!(list.admit(ip(inside)), "{inside}");
        }
        for outside in [
            "9.255.255.255",
            "11.0.0.0",
            "192.0.2.8",
            "2001:db9::",
            "::2",
            "198.51.100.2",
            "::10.1.2.3",
            "::ffff:11.0.0.0",
        ] {
            assert!(!list.admit(ip(outside)), "{outside}");
        }
    }

    #[test]
    fn the_widest_networks_are_of_one_family() {
        let all = networks(&["0.0.0.0/0"]);
        assert!(all.admit(ip("203.0.113.9")) && all.admit(ip("::ffff:203.0.113.9")));
        assert!(!all.admit(ip("2001:db8::1")));
        assert!(!networks(&["::/0"]).admit(ip("203.0.113.9")));
    }

    #[test]
    fn mapped_entries_mean_what_they_map() {
        assert_eq!(
            networks(&["::ffff:10.0.0.0/104"]),
            networks(&["10.0.0.0/8"])
        );
        assert_eq!(networks(&["::ffff:192.0.2.7"]), networks(&["192.0.2.7/32"]));
        assert!(network("::ffff:10.0.0.0/90").is_err());
    }

    #[test]
    fn every_bad_entry_is_named_with_its_place() {
        let entries = [
            "10.0.0.0/8",
            "10.1.2.3/8",
            "10.0.0.0/33",
            "example.org",
            "",
            "010.0.0.1",
            "1.2.3",
        ];
        let entries: Vec<_> = entries.iter().map(ToString::to_string).collect();
        let problems = Networks::parse(&entries).unwrap_err();
        let places: Vec<_> = problems
            .iter()
            .map(|problem| problem.pointer.as_str())
            .collect();
        assert_eq!(places, ["/1", "/2", "/3", "/4", "/5", "/6"]);
        assert_eq!(
            problems[0].message,
            "\"10.1.2.3/8\" is not an address or network"
        );
        let hint = problems[0].hint.as_deref().unwrap();
        assert!(
            hint.contains("`10.0.0.0/8`") && hint.contains("`10.1.2.3`"),
            "{hint}"
        );
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = networks(&["10.0.0.0/24", "fd00::/8"]);
        let client = |peer, told: &[&str]| client_address(ip(peer), told, &proxies);
        let seen = ip("203.0.113.9");
        // A stranger says that somebody else is asking.
        assert_eq!(client("203.0.113.9", &["10.0.0.7"]), Some(seen));
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), Some(seen));
        // The client itself wrote the beginning of the chain.
        assert_eq!(
            client("10.0.0.1", &["127.0.0.1, 10.0.0.9, 203.0.113.9"]),
            Some(seen)
        );
        assert_eq!(
            client("10.0.0.1", &["127.0.0.1, 203.0.113.9, 10.0.0.2"]),
            Some(seen)
        );
        assert_eq!(
            client("::ffff:10.0.0.1", &["127.0.0.1", "203.0.113.9", "fd00::2"]),
            Some(seen)
        );
        assert_eq!(client("10.0.0.1", &["rubbish, 203.0.113.9"]), Some(seen));
        // Asked by a proxy itself, or by a chain of nothing else.
        assert_eq!(client("10.0.0.1", &[]), Some(ip("10.0.0.1")));
        assert_eq!(
            client("10.0.0.1", &["10.0.0.3,10.0.0.2"]),
            Some(ip("10.0.0.3"))
        );
        for rubbish in ["", "unknown", "203.0.113.9, ", "_hidden", "203.0.113"] {
            assert_eq!(client("10.0.0.1", &[rubbish]), None, "{rubbish}");
        }
    }

    #[test]
    fn ports_behind_forwarded_addresses_are_dropped() {
        for (text, address) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(forwarded_address(text), Some(ip(address)), "{text}");
        }
        assert_eq!(forwarded_address("[203.0.113.9"), None);
    }
}
