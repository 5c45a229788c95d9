//! The outbound policy: which hosts jobs and tests of connections may reach.
//!
//! Pure: the caller finds the hosts of a datasource with [`endpoints_of`], resolves their names, asks
//! [`Outbound::check`] with what it got, and does so when a datasource is tested and at the start of every run.
//! A name that is harmless when it is asked for may lead elsewhere a moment later (DNS rebinding), so it is
//! always the addresses that decide, and a name in the policy never opens an address that is closed.

mod endpoint;
mod host;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use sdk::{Error, FieldProblem, Kind};
use serde::{Deserialize, Serialize};

pub(super) use endpoint::decoded;
pub(crate) use endpoint::endpoints_of;
pub(crate) use host::Host;

use super::allow_list;

/// Whether jobs may reach the machine that runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Loopback {
    /// What listens on this machine is often meant for itself only.
    #[default]
    Denied,
    /// For one person on their own machine.
    Allowed,
}

/// What the administrator decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbound {
    /// If there are any, nothing else may be reached.
    allow: Vec<Rule>,
    /// Wins over `allow`.
    deny: Vec<Rule>,
    loopback: Loopback,
}

/// An entry of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Network(IpNet),
    /// One host name.
    Name(String),
    /// `*.example.org`, kept as `.example.org`: every name below, but not the name itself.
    Below(String),
    /// `*`
    Any,
}

/// The answer of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Decision {
    Allowed,
    Denied { message: String, hint: String },
}

impl Decision {
    /// The answer as an error, for callers that end there.
    pub(crate) fn into_result(self) -> sdk::Result<()> {
        match self {
            Decision::Allowed => Ok(()),
            Decision::Denied { message, hint } => Err(Error::new(Kind::Denied, message).hint(hint)),
        }
    }
}

const LOOPBACK: [(IpNet, &str); 2] = [
    (v4([127, 0, 0, 0], 8), "it is the server itself"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "it is the server itself"),
];

/// Networks where no datasource is, but things that must not be asked by somebody else's wish.
#[rustfmt::skip]
const CLOSED: [(IpNet, &str); 16] = [
    (v4([0, 0, 0, 0], 8),          "it is no address of a host"),
    (v4([169, 254, 0, 0], 16),     "it is link-local, as the metadata services of clouds are"),
    (v4([100, 100, 100, 200], 32), "it is the metadata service of Alibaba Cloud"),
    (v4([168, 63, 129, 16], 32),   "it is the metadata service of Azure"),
    (v4([192, 0, 0, 192], 32),     "it is the metadata service of Oracle Cloud"),
    (v4([224, 0, 0, 0], 4),        "it is a multicast address"),
    (v4([240, 0, 0, 0], 4),        "it is a reserved or broadcast address"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128),             "it is no address of a host"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),         "it is link-local"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),         "it is site-local"),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),     "it is the metadata service of AWS"),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), "it is the metadata service of Google Cloud"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),          "it is a multicast address"),
    // Who is behind these cannot be told from the address.
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32),         "it is the end of a Teredo tunnel"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),      "it is translated to an unknown IPv4 address"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64),          "it is for packets to be thrown away"),
];

const fn v4(bytes: [u8; 4], length: u8) -> IpNet {
    let [a, b, c, d] = bytes;
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

const fn v6(parts: [u16; 8], length: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = parts;
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), length)
}

impl Outbound {
    /// Reads the lists. Entries are networks, addresses, host names, names such as `*.example.org`, or `*`;
    /// every one that is none of these is named by its place in `/allow` or `/deny`.
    pub(crate) fn parse(
        allow: &[String],
        deny: &[String],
        loopback: Loopback,
    ) -> Result<Outbound, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut rules = |list: &str, entries: &[String]| {
            let mut rules = Vec::new();
            for (index, entry) in entries.iter().enumerate() {
                match Rule::parse(entry) {
                    Ok(rule) => rules.push(rule),
                    Err(hint) => {
                        let message =
                            format!("\"{entry}\" is not an address, network or host name");
                        let place = format!("/{list}/{index}");
                        problems.push(FieldProblem::new(place, message).hint(hint));
                    }
                }
            }
            rules
        };
        let outbound = Outbound {
            allow: rules("allow", allow),
            deny: rules("deny", deny),
            loopback,
        };
        if problems.is_empty() {
            Ok(outbound)
        } else {
            Err(problems)
        }
    }

    /// Whether a host may be reached, given what its name resolves to; for an address nothing needs to be
    /// resolved. Each of the addresses must be fine, since nobody knows which one is taken in the end.
    pub(crate) fn check(&self, host: &Host, resolved: &[IpAddr]) -> Decision {
        let mut addresses: Vec<IpAddr> = resolved.iter().map(IpAddr::to_canonical).collect();
        if let Host::Address(address) = host {
            addresses.push(*address);
        }
        if addresses.is_empty() {
            return denied(
                host,
                None,
                "its name has no address",
                "check how the host is spelled",
            );
        }
        for address in addresses {
            let decision = self.check_address(host, address);
            if decision != Decision::Allowed {
                return decision;
            }
        }
        Decision::Allowed
    }

    fn check_address(&self, host: &Host, address: IpAddr) -> Decision {
        let shown = Some(address);
        // What reaches an IPv4 address by way of IPv6 is judged as both.
        let faces: Vec<IpAddr> = [Some(address), inner(address)]
            .into_iter()
            .flatten()
            .collect();
        for face in &faces {
            if self.deny.iter().any(|rule| rule.matches(host, *face)) {
                let hint =
                    "use another host, or ask an administrator to change the outbound policy";
                return denied(host, shown, "the outbound policy denies it", hint);
            }
            if let Some((network, reason)) = self.closed_by(*face) {
                let hint = match LOOPBACK.iter().any(|(loopback, _)| *loopback == network) {
                    true => "use the host's address in the network, or ask an administrator to \
                             allow loopback"
                        .to_string(),
                    false => format!(
                        "use another host; an administrator can open {face} by naming it in the outbound policy"
                    ),
                };
                return denied(host, shown, reason, &hint);
            }
        }
        let is_listed = || self.allow.iter().any(|rule| rule.matches(host, address));
        if self.allow.is_empty() || is_listed() {
            return Decision::Allowed;
        }
        let hint = "ask an administrator to add the host or its network to the outbound policy";
        denied(host, shown, "the outbound policy does not list it", hint)
    }

    /// The closed network that holds the address, unless an entry of `allow` lies wholly inside of that network
    /// and holds the address too: `0.0.0.0/0` opens nothing, `169.254.10.0/24` does.
    fn closed_by(&self, address: IpAddr) -> Option<(IpNet, &'static str)> {
        let loopback: &[_] = match self.loopback {
            Loopback::Denied => &LOOPBACK,
            Loopback::Allowed => &[],
        };
        let mut closed = loopback.iter().chain(&CLOSED);
        let (network, reason) = closed.find(|(network, _)| network.contains(&address))?;
        let opens = |rule: &Rule| match rule {
            Rule::Network(open) => network.contains(open) && open.contains(&address),
            _ => false,
        };
        match self.allow.iter().any(opens) {
            true => None,
            false => Some((*network, *reason)),
        }
    }
}

fn denied(host: &Host, address: Option<IpAddr>, reason: &str, hint: &str) -> Decision {
    let shown = match (host, address) {
        (Host::Name(name), Some(address)) => format!("\"{name}\" ({address})"),
        _ => format!("\"{host}\""),
    };
    Decision::Denied {
        message: format!("host {shown} may not be reached: {reason}"),
        hint: hint.to_string(),
    }
}

/// The IPv4 address that an IPv6 address leads to: written the old way, by NAT64, or by 6to4.
fn inner(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let [a, b, c, d, e, f, g, h] = address.segments();
    let (high, low) = match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0] if g != 0 => (g, h),
        [0x64, 0xff9b, 0, 0, 0, 0] => (g, h),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    let bits = u32::from(high) << 16 | u32::from(low);
    Some(IpAddr::V4(Ipv4Addr::from_bits(bits)))
}

impl Rule {
    fn parse(entry: &str) -> Result<Rule, String> {
        let form = || {
            "write a network such as `10.0.0.0/8`, an address, a host name, `*.example.org` or `*`"
                .to_string()
        };
        let entry = entry.trim();
        if entry == "*" {
            return Ok(Rule::Any);
        }
        if entry.contains('/') || entry.contains(':') {
            return allow_list::network(entry).map(Rule::Network);
        }
        let (name, is_below) = match entry.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (entry, false),
        };
        match Host::parse(name).map_err(|_| form())? {
            Host::Name(name) if is_below => Ok(Rule::Below(format!(".{name}"))),
            Host::Name(name) => Ok(Rule::Name(name)),
            // In a policy an address has its usual form, so that a reader sees what is meant.
            Host::Address(address) if !is_below && address.to_string() == entry => {
                Ok(Rule::Network(IpNet::from(address)))
            }
            Host::Address(_) => Err(form()),
        }
    }

    fn matches(&self, host: &Host, address: IpAddr) -> bool {
        match (self, host) {
            (Rule::Any, _) => true,
            (Rule::Network(network), _) => network.contains(&address),
            (Rule::Name(wanted), Host::Name(name)) => wanted == name,
            (Rule::Below(ending), Host::Name(name)) => name.ends_with(ending.as_str()),
            (Rule::Name(_) | Rule::Below(_), Host::Address(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests;
