//! Tests of the policy: what is closed, what opens it, and what a name cannot do.

use proptest::prelude::*;

use super::*;

fn policy(allow: &[&str], deny: &[&str]) -> Outbound {
    with_loopback(allow, deny, Loopback::Denied)
}

fn with_loopback(allow: &[&str], deny: &[&str], loopback: Loopback) -> Outbound {
    let list = |entries: &[&str]| entries.iter().map(ToString::to_string).collect::<Vec<_>>();
    Outbound::parse(&list(allow), &list(deny), loopback).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Asks about a host that resolves to these addresses.
fn ask(policy: &Outbound, host: &str, resolved: &[&str]) -> bool {
    let addresses: Vec<_> = resolved.iter().map(|text| ip(text)).collect();
    policy.check(&Host::parse(host).unwrap(), &addresses) == Decision::Allowed
}

const CLOSED_ADDRESSES: [&str; 26] = [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:1::1",
];

#[test]
fn by_default_everything_is_open_but_what_no_datasource_is_at() {
    let policy = policy(&[], &[]);
    for address in CLOSED_ADDRESSES {
        assert!(!ask(&policy, address, &[]), "{address}");
        assert!(!ask(&policy, "db.example.org", &[address]), "{address}");
        assert!(
            !ask(&policy, "db.example.org", &["10.0.0.5", address]),
            "{address}"
        );
    }
    for address in [
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.1",
        "100.100.100.201",
        "100.64.0.1",
        "203.0.113.9",
        "fd00::1",
        "2001:db8::1",
        "64:ff9b::a00:5",
        "2002:a00:5::1",
    ] {
        assert!(ask(&policy, address, &[]), "{address}");
        assert!(ask(&policy, "db.example.org", &[address]), "{address}");
    }
}

#[test]
fn spellings_of_closed_addresses_are_closed() {
    let policy = policy(&[], &[]);
    for host in [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "2852039166",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[::ffff:a9fe:a9fe]",
        "[fe80::1%eth0]",
        "0",
        "0x0",
    ] {
        assert!(!ask(&policy, host, &[]), "{host}");
        // A resolver that says something else does not help.
        assert!(!ask(&policy, host, &["203.0.113.9"]), "{host}");
    }
}

#[test]
fn a_refusal_says_what_and_why_and_what_to_do() {
    let policy = policy(&[], &["10.9.0.0/16"]);
    let said = |host: &str, address: &str| match policy
        .check(&Host::parse(host).unwrap(), &[ip(address)])
    {
        Decision::Denied { message, hint } => (message, hint),
        Decision::Allowed => panic!("{host} is allowed"),
    };
    let (message, hint) = said("Meta.example.org", "169.254.169.254");
    assert_eq!(
        message,
        "host \"meta.example.org\" (169.254.169.254) may not be reached: it is link-local, as the metadata \
         services of clouds are"
    );
    assert!(hint.contains("169.254.169.254"), "{hint}");
    let (_, hint) = said("localhost", "127.0.0.1");
    assert!(hint.contains("allow loopback"), "{hint}");
    let (message, _) = said("db", "10.9.1.1");
    assert!(
        message.ends_with("the outbound policy denies it"),
        "{message}"
    );
    let error = policy
        .check(&Host::parse("db").unwrap(), &[])
        .into_result()
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(
        error.message(),
        "host \"db\" may not be reached: its name has no address"
    );
}

#[test]
fn loopback_is_a_choice() {
    let open = with_loopback(&[], &[], Loopback::Allowed);
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert!(ask(&open, "localhost", &[address]), "{address}");
    }
    assert!(!ask(&open, "0.0.0.0", &[]));
    assert!(!ask(&open, "169.254.169.254", &[]));
    let but = with_loopback(&[], &["127.0.0.0/8"], Loopback::Allowed);
    assert!(!ask(&but, "localhost", &["127.0.0.1"]));
}

#[test]
fn a_list_of_allowed_hosts_is_complete() {
    let policy = policy(&["10.0.0.0/8", "db.example.org", "*.shop.example"], &[]);
    assert!(ask(&policy, "anything", &["10.1.2.3"]));
    assert!(ask(&policy, "anything", &["::ffff:10.1.2.3"]));
    assert!(ask(&policy, "DB.example.org.", &["203.0.113.9"]));
    assert!(ask(&policy, "a.b.shop.example", &["203.0.113.9"]));
    for host in [
        "shop.example",
        "notshop.example",
        "xdb.example.org",
        "db.example.org.evil.example",
    ] {
        assert!(!ask(&policy, host, &["203.0.113.9"]), "{host}");
    }
    assert!(!ask(&policy, "203.0.113.9", &[]));
    // Each address that the name has must be fine.
    assert!(!ask(&policy, "anything", &["10.1.2.3", "203.0.113.9"]));
}

#[test]
fn denial_wins_over_allowance() {
    let policy = policy(&["*"], &["10.0.0.5", "*.internal", "2001:db8::/32"]);
    assert!(!ask(&policy, "db", &["10.0.0.5"]));
    assert!(!ask(&policy, "db", &["64:ff9b::a00:5"]));
    assert!(!ask(&policy, "vault.internal", &["10.0.0.6"]));
    assert!(!ask(&policy, "db", &["2001:db8::1"]));
    assert!(ask(&policy, "internal", &["10.0.0.6"]));
    assert!(!ask(
        &super::Outbound {
            deny: vec![Rule::Any],
            ..policy
        },
        "x",
        &["10.0.0.6"]
    ));
}

#[test]
fn closed_addresses_are_opened_by_their_own_network_only() {
    for wide in [
        "*",
        "0.0.0.0/0",
        "::/0",
        "meta.example.org",
        "*.example.org",
        "169.0.0.0/8",
    ] {
        let policy = policy(&[wide], &[]);
        assert!(
            !ask(&policy, "meta.example.org", &["169.254.169.254"]),
            "{wide}"
        );
        assert!(!ask(&policy, "127.0.0.1", &[]), "{wide}");
    }
    let narrow = policy(&["*", "169.254.10.0/24", "127.0.0.2", "fe80::5"], &[]);
    for address in ["169.254.10.7", "127.0.0.2", "fe80::5", "203.0.113.9"] {
        assert!(ask(&narrow, address, &[]), "{address}");
    }
    for address in ["169.254.169.254", "127.0.0.1", "fe80::6"] {
        assert!(!ask(&narrow, address, &[]), "{address}");
    }
}

/// The first answer is harmless, the second one is not: what counts is what the connection would use.
#[test]
fn a_name_that_leads_elsewhere_later_is_noticed_when_asked_again() {
    let policy = policy(&["*.example.org"], &[]);
    assert!(ask(&policy, "rebind.example.org", &["203.0.113.9"]));
    assert!(!ask(&policy, "rebind.example.org", &["127.0.0.1"]));
    assert!(!ask(
        &policy,
        "rebind.example.org",
        &["203.0.113.9", "127.0.0.1"]
    ));
}

#[test]
fn every_bad_entry_is_named() {
    let entries = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let problems = Outbound::parse(
        &entries(&["10.0.0.0/8", "10.0.0.1/8", "a b", "*.*.org"]),
        &entries(&[
            "0x7f.1",
            "*.10.0.0.1",
            "db*.org",
            "",
            "*.",
            "host:80",
            "[::1]",
        ]),
        Loopback::Denied,
    )
    .unwrap_err();
    let places: Vec<_> = problems
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "/allow/1", "/allow/2", "/allow/3", "/deny/0", "/deny/1", "/deny/2", "/deny/3",
            "/deny/4", "/deny/5", "/deny/6"
        ]
    );
    assert!(problems.iter().all(|problem| problem.hint.is_some()));
}

proptest! {
    #[test]
    fn an_address_is_judged_alike_in_every_spelling(bits in any::<u32>()) {
        let address = Ipv4Addr::from_bits(bits);
        let [a, b, c, d] = address.octets();
        let low = bits & 0xff_ffff;
        let policy = policy(&[], &["10.0.0.0/8", "*.internal"]);
        let wanted = ask(&policy, &address.to_string(), &[]);
        for spelling in [
            format!("{bits}"),
            format!("{bits:#x}"),
            format!("0{bits:o}"),
            format!("{a}.{low}"),
            format!("{a:#X}.0{b:o}.{:#x}", u32::from(c) << 8 | u32::from(d)),
            format!("0{a:o}.{b}.{c:#x}.{d}."),
            format!("::ffff:{address}"),
            format!("[64:ff9b::{address}]"),
        ] {
            prop_assert_eq!(ask(&policy, &spelling, &[]), wanted, "{}", spelling);
        }
    }
}
