//! A host as somebody wrote it: a name, or an address in any of the forms that resolvers accept.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host, in one form however it was written: names in lower case without a dot at the end, addresses as such.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(address) => address.fmt(f),
        }
    }
}

/// The text is no host. It is not repeated here, since it may be a part of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoHost;

impl Host {
    /// Reads a host. Whatever is not plainly one is refused, because a more lenient reader further on could take
    /// it for another host than the one that was checked.
    pub(crate) fn parse(text: &str) -> Result<Host, NoHost> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if bare.is_some() || text.contains(':') {
            // What follows a percent sign names an interface of this machine.
            let address = bare.unwrap_or(text);
            let address = address
                .split_once('%')
                .map_or(address, |(address, _)| address);
            let address = address.parse::<Ipv6Addr>().map_err(|_| NoHost)?;
            return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label = |label: &str| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len()) && label.bytes().all(letter)
        };
        if name.len() > 253 || !name.split('.').all(label) {
            return Err(NoHost);
        }
        // As browsers and resolvers do: what ends in a number is an address or nothing.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || number(last).is_some();
        if is_number {
            return loose_ipv4(&name).map(Host::Address).ok_or(NoHost);
        }
        Ok(Host::Name(name))
    }
}

/// An IPv4 address in the forms of `inet_aton`: one to four numbers, decimal, octal (`0177`) or hexadecimal
/// (`0x7f`), the last of which fills the bytes that are left.
fn loose_ipv4(text: &str) -> Option<IpAddr> {
    let numbers: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, leading) = numbers.split_last()?;
    let free_bits = 32_u32.checked_sub(8 * u32::try_from(leading.len()).ok()?)?;
    if free_bits == 0 || leading.iter().any(|number| *number > 255) || last >> free_bits != 0 {
        return None;
    }
    let high = leading.iter().fold(0, |bits, number| bits << 8 | number);
    let bits = u32::try_from(high << free_bits | last).ok()?;
    Some(IpAddr::V4(Ipv4Addr::from_bits(bits)))
}

fn number(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x") {
        // Some readers take `0x` for zero.
        return match digits {
            "" => Some(0),
            _ => u64::from_str_radix(digits, 16).ok(),
        };
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_the_address() {
        for text in [
            "127.0.0.1",
            "127.0.0.1.",
            "2130706433",
            "017700000001",
            "0x7f000001",
            "0X7F000001",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "0x7f.1",
            "0177.0x1",
            "[::ffff:127.0.0.1]",
            "::ffff:7f00:1",
        ] {
            let loopback = Host::Address(Ipv4Addr::LOCALHOST.into());
            assert_eq!(Host::parse(text), Ok(loopback), "{text}");
        }
        let metadata = Host::Address(Ipv4Addr::new(169, 254, 169, 254).into());
        for text in [
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "169.0xfea9fe",
        ] {
            assert_eq!(Host::parse(text), Ok(metadata.clone()), "{text}");
        }
        for text in ["0", "0x", "0.0.0.0", "00.0x0.0"] {
            let unspecified = Host::Address(Ipv4Addr::UNSPECIFIED.into());
            assert_eq!(Host::parse(text), Ok(unspecified), "{text}");
        }
        for text in ["fe80::1", "[fe80::1]", "fe80::1%eth0", "[FE80:0::1%25]"] {
            let address = Host::Address("fe80::1".parse().unwrap());
            assert_eq!(Host::parse(text), Ok(address), "{text}");
        }
    }

    #[test]
    fn names_have_one_form() {
        for text in ["Db.Example.ORG", "db.example.org."] {
            assert_eq!(Host::parse(text), Ok(Host::Name("db.example.org".into())));
        }
        for text in [
            "localhost",
            "db_1",
            "10-0-0-1.example.org",
            "1e5",
            "0xg",
            "xn--mnchen-3ya.de",
            "1.2.3.4.example",
        ] {
            assert_eq!(Host::parse(text), Ok(Host::Name(text.into())), "{text}");
        }
    }

    #[test]
    fn what_is_not_plainly_a_host_is_none() {
        let long = "a".repeat(64);
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a b",
            "a\tb",
            "a\0",
            "a/b",
            "a\\b",
            "a@b",
            "a#b",
            "a?b",
            "a;b",
            "a,b",
            "a%2eb",
            "*.a",
            "①②⑦.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "münchen.de",
            "256.0.0.1",
            "1.2.3.4.5",
            "1.2.3.256",
            "4294967296",
            "99999999999999999999999",
            "08",
            "1.2.3.08",
            "a.1",
            "a.0x1",
            "::1::",
            "[127.0.0.1]",
            "[::1",
            "::1]",
            "fe80::1/10",
            "host:5432",
            &long,
        ] {
            assert_eq!(Host::parse(text), Err(NoHost), "{text}");
        }
    }
}
