//! The text that is signed, in the two forms that clients build.
//!
//! Owns percent-decoding of URLs; keys and hashes belong to the parent module.

use std::collections::BTreeMap;

/// The parts of a request that take part in its signature.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// HTTP method in upper case.
    pub method: &'a str,
    /// Path and query as they stand in the request line, the base path of the service removed.
    pub path_and_query: &'a str,
    /// All headers; those that are not signed are passed over.
    pub headers: &'a [(&'a str, &'a str)],
}

/// How often the URL is decoded before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The documented form; ours.
    DecodedOnce,
    /// The form of pyodps, which differs when a value holds `+`, `%` or `&`.
    DecodedTwice,
}

/// The canonical string: method, signed headers, resource.
pub fn canonical_string(request: &SignedRequest<'_>, form: Form) -> String {
    let (path, parameters) = decoded(request.path_and_query, form);
    let mut text = String::with_capacity(256);
    text.push_str(request.method);
    text.push('\n');
    for line in header_lines(request.headers, &parameters) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&path);
    for (position, (name, value)) in parameters.iter().enumerate() {
        text.push(if position == 0 { '?' } else { '&' });
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
    }
    text
}

/// The parameters of a raw query, decoded once. A name without value has an empty one.
pub fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        parameters.insert(decode_query(name), decode_query(value));
    }
    parameters
}

fn decoded(path_and_query: &str, form: Form) -> (String, BTreeMap<String, String>) {
    match form {
        Form::DecodedOnce => {
            let (path, query) = split_query(path_and_query);
            (decode_path(path), parameters(query))
        }
        Form::DecodedTwice => {
            let resource = decode_path(path_and_query);
            let (path, query) = split_query(&resource);
            let mut parameters = parameters(query);
            parameters.remove("");
            (path.to_owned(), parameters)
        }
    }
}

fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

/// The lines sort by lower-cased name, which puts the three fixed headers before `x-odps-`.
fn header_lines(headers: &[(&str, &str)], parameters: &BTreeMap<String, String>) -> Vec<String> {
    let mut signed: BTreeMap<String, &str> = BTreeMap::from([
        ("content-md5".to_owned(), ""),
        ("content-type".to_owned(), ""),
        ("date".to_owned(), ""),
    ]);
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if name.starts_with("x-odps-") || signed.contains_key(&name) {
            signed.insert(name, value.trim());
        }
    }
    for (name, value) in parameters {
        if name.to_ascii_lowercase().starts_with("x-odps-") {
            signed.insert(name.to_ascii_lowercase(), value);
        }
    }
    let line = |(name, value): (String, &str)| {
        if name.starts_with("x-odps-") {
            format!("{name}:{value}")
        } else {
            value.to_owned()
        }
    };
    signed.into_iter().map(line).collect()
}

fn decode_query(text: &str) -> String {
    if text.contains('+') {
        decode_path(&text.replace('+', " "))
    } else {
        decode_path(text)
    }
}

/// Percent-decodes; a `%` that no two hexadecimal digits follow stays as it is.
fn decode_path(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escape = bytes.get(position + 1..position + 3).and_then(hex_pair);
        match (bytes[position], escape) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                position += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let high = char::from(pair[0]).to_digit(16)?;
    let low = char::from(pair[1]).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}
