//! Finds the hosts in a datasource's configuration, whatever the connector.
//!
//! Two things name hosts: addresses such as `jdbc:postgresql://a:5432,b/x` and `https://a/api`, wherever they
//! stand, and fields whose names end like `host` or `endpoint`. A text that could be read in two ways is
//! refused, since the connector might read it the other way.

use sdk::FieldProblem;
use serde_json::{Map, Value};

use super::Host;
use crate::pointer::child;

/// A host that a datasource will be reached at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
    /// Where in the configuration it stands, as a JSON pointer.
    pub(crate) pointer: String,
}

/// Endings of fields that hold a host, without case and separators.
const HOST_FIELDS: [&str; 14] = [
    "host",
    "hosts",
    "hostname",
    "endpoint",
    "endpoints",
    "address",
    "addresses",
    "server",
    "servers",
    "url",
    "urls",
    "uri",
    "brokers",
    "nodes",
];

/// Every host in the configuration, in order, or everything that cannot be understood.
pub(crate) fn endpoints_of(
    config: &Map<String, Value>,
) -> Result<Vec<Endpoint>, Vec<FieldProblem>> {
    let mut search = Search::default();
    search.object(config, "");
    if search.problems.is_empty() {
        Ok(search.found)
    } else {
        Err(search.problems)
    }
}

#[derive(Default)]
struct Search {
    found: Vec<Endpoint>,
    problems: Vec<FieldProblem>,
}

/// Why a text cannot be used; the text itself is left out, since it may hold a password.
type Reason = &'static str;

const NO_HOST: Reason = "names a host that cannot be understood";
const NO_PORT: Reason = "has a port that is not a number up to 65535";
const NO_URL: Reason = "is an address that cannot be understood";
const ONE_HOST: Reason = "names several hosts where one is expected";

impl Search {
    fn object(&mut self, fields: &Map<String, Value>, pointer: &str) {
        for (key, value) in fields {
            let at = child(pointer, key);
            let holds_host = is_host_field(key);
            let before = self.found.len();
            self.value(value, &at, holds_host);
            // A field beside a host may say its port.
            if holds_host && let Some(port) = fields.get("port").and_then(port_of) {
                for endpoint in &mut self.found[before..] {
                    endpoint.port.get_or_insert(port);
                }
            }
        }
    }

    fn value(&mut self, value: &Value, pointer: &str, holds_host: bool) {
        match value {
            Value::Object(fields) => self.object(fields, pointer),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"), holds_host);
                }
            }
            Value::String(text) => {
                let hosts = match scheme_of(text.trim()) {
                    Some((scheme, rest)) => hosts_of_url(&scheme, rest),
                    None if holds_host && !text.trim().is_empty() => hosts_alone(text.trim()),
                    None => return,
                };
                match hosts {
                    Ok(hosts) => {
                        self.found
                            .extend(hosts.into_iter().map(|(host, port)| Endpoint {
                                host,
                                port,
                                pointer: pointer.to_string(),
                            }))
                    }
                    Err(reason) => self.problems.push(problem(pointer, reason)),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn problem(pointer: &str, reason: Reason) -> FieldProblem {
    let mut names = pointer.rsplit('/');
    let name = names
        .find(|part| part.parse::<usize>().is_err())
        .unwrap_or_default();
    FieldProblem::new(pointer, format!("`{name}` {reason}")).hint(
        "write `scheme://host:port/…` with an IPv6 address in brackets, and special signs in a user name or \
         password as `%` with two hexadecimal digits",
    )
}

fn is_host_field(key: &str) -> bool {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    let folded: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    HOST_FIELDS.iter().any(|ending| folded.ends_with(ending))
}

fn port_of(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What stands before and behind `://`, if the text begins like an address; a JDBC address always does.
fn scheme_of(text: &str) -> Option<(String, &str)> {
    let is_jdbc = text
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("jdbc:"));
    let (scheme, rest) = match text.split_once("://") {
        Some(parts) => parts,
        None if is_jdbc => (text, ""),
        None => return None,
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+.:-".contains(&byte);
    let begins = scheme
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    match begins && scheme.bytes().all(letter) {
        true => Some((scheme.to_ascii_lowercase(), rest)),
        false if is_jdbc => Some((String::new(), "")),
        false => None,
    }
}

type Found = Vec<(Host, Option<u16>)>;

fn hosts_of_url(scheme: &str, rest: &str) -> Result<Found, Reason> {
    if scheme == "file" {
        return Ok(Vec::new());
    }
    let is_jdbc = scheme.starts_with("jdbc:");
    if rest.is_empty() || rest.chars().any(char::is_control) {
        return Err(NO_URL);
    }
    let ends: &[char] = match scheme {
        "jdbc:sqlserver" => &['/', '?', ';'],
        _ => &['/', '?'],
    };
    let authority = rest.split(ends).next().unwrap_or_default();
    let hosts = authority
        .rsplit_once('@')
        .map_or(authority, |(_, hosts)| hosts);
    if authority.contains(['#', '\\']) {
        return Err(NO_URL);
    }
    if matches!(scheme, "http" | "https") && hosts.contains(',') {
        return Err(ONE_HOST);
    }
    let mut found = Vec::new();
    for text in hosts.split(',') {
        let (host, port) = split_port(text)?;
        let host = match decoded(host).ok_or(NO_HOST)?.as_str() {
            // As the JDBC drivers have it.
            "" if is_jdbc => Host::Name("localhost".to_string()),
            host => Host::parse(host).map_err(|_| NO_HOST)?,
        };
        let port = match port {
            None | Some("") => None,
            Some(port) => Some(port.parse().map_err(|_| NO_PORT)?),
        };
        found.push((host, port));
    }
    Ok(found)
}

/// Hosts without a scheme: `a`, `a:9092,b:9092`, `a/path`.
fn hosts_alone(text: &str) -> Result<Found, Reason> {
    let mut found = Vec::new();
    for text in text.split(',') {
        let authority = text.trim().split('/').next().unwrap_or_default();
        let (host, port) = match authority.parse() {
            Ok(std::net::IpAddr::V6(_)) => (authority, None),
            _ => split_port(authority)?,
        };
        // Some readers take `http:80` and `http:/host` for addresses of another host.
        if ["http", "https", "jdbc"]
            .iter()
            .any(|scheme| host.eq_ignore_ascii_case(scheme))
        {
            return Err(NO_URL);
        }
        let port = port
            .map(|port| port.parse().map_err(|_| NO_PORT))
            .transpose()?;
        found.push((Host::parse(host).map_err(|_| NO_HOST)?, port));
    }
    Ok(found)
}

/// Host and port; an IPv6 address stands in brackets.
fn split_port(text: &str) -> Result<(&str, Option<&str>), Reason> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, behind) = rest.split_once(']').ok_or(NO_HOST)?;
        let host = &text[..inside.len() + 2];
        return match behind.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if behind.is_empty() => Ok((host, None)),
            None => Err(NO_HOST),
        };
    }
    match text.split_once(':') {
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

/// Undoes percent-encoding, as the readers of addresses do for hosts and values.
pub(in crate::access) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_plain)?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
