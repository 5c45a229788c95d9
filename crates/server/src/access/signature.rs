//! Access keys in API calls: `Authorization` headers, how they are signed, and how they are checked.
//!
//! A client signs with [`sign`], the server checks with [`Signed::verify`]; both build the same canonical
//! request, which `docs/concepts/access.md` describes with an example. Looking a key up is left to the caller.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sdk::{Error, Kind, Result, Secret};
use sha2::{Digest, Sha256};

use super::token;

/// Names the scheme; it is the first line of what is signed, so that another scheme never signs the same.
pub(crate) const SCHEME: &str = "LONGSHORE-HMAC-SHA256";
/// The header that says when a request was signed.
pub const DATE_HEADER: &str = "x-longshore-date";
/// What every signature covers; without them it could be used elsewhere or forever.
const ALWAYS_SIGNED: [&str; 2] = ["host", DATE_HEADER];
/// How far the clocks of client and server may be apart.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// A request as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// What stands before the `?` in the request line, percent signs and all.
    pub path: &'a str,
    /// What stands behind the `?`.
    pub query: &'a str,
    /// Names in any case. For [`sign`] those to be signed, to verify all of them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body as it is sent.
    pub body: &'a [u8],
}

/// What an `Authorization` header says.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// The request is signed with the secret of the key.
    Signed(Signed),
    /// The secret itself is sent along.
    Bearer { key_id: String, secret: Secret },
}

/// A signature and what it is about.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) key_id: String,
    headers: BTreeSet<String>,
    signature: [u8; 32],
}

/// The value of the `Authorization` header for a request, all of whose headers are signed. `host` and
/// `x-longshore-date` (RFC 3339, in UTC) must be among them.
pub fn sign(request: &Request<'_>, key_id: &str, secret: &Secret) -> Result<String> {
    let names = request
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase());
    let names = check_names(names)?;
    let canonical = canonical_request(request, &names)?;
    let signature = mac(secret, &canonical)?.finalize().into_bytes();
    Ok(format!(
        "{SCHEME} Credential={key_id}, SignedHeaders={}, Signature={}",
        joined(&names),
        token::hex(&signature)
    ))
}

impl Authorization {
    /// Reads the value of an `Authorization` header.
    pub(crate) fn parse(text: &str) -> Result<Authorization> {
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if scheme.eq_ignore_ascii_case("Bearer") {
            let (key_id, secret) = rest.trim().split_once(':').unwrap_or(("", ""));
            if !token::is_access_key_id(key_id) || secret.is_empty() {
                return Err(refused("the `Authorization` header holds no access key")
                    .hint("write `Bearer <id>:<secret>` with an access key of yours"));
            }
            return Ok(Authorization::Bearer {
                key_id: key_id.to_string(),
                secret: Secret::new(secret),
            });
        }
        if scheme.eq_ignore_ascii_case(SCHEME) {
            return Signed::parse(rest).map(Authorization::Signed);
        }
        Err(refused("the `Authorization` header has an unknown scheme")
            .hint(format!("the schemes are `Bearer` and `{SCHEME}`")))
    }
}

impl Signed {
    fn parse(text: &str) -> Result<Signed> {
        let form = || {
            refused("the `Authorization` header is not complete").hint(format!(
                "write `{SCHEME} Credential=<id>, SignedHeaders=<name;name>, Signature=<hexadecimal digits>`"
            ))
        };
        let (mut key_id, mut headers, mut signature) = (None, None, None);
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or_else(form)?;
            let place = match name {
                "Credential" => &mut key_id,
                "SignedHeaders" => &mut headers,
                "Signature" => &mut signature,
                _ => return Err(form()),
            };
            if place.replace(value).is_some() {
                return Err(form());
            }
        }
        let (Some(key_id), Some(headers), Some(signature)) = (key_id, headers, signature) else {
            return Err(form());
        };
        Ok(Signed {
            key_id: Some(key_id)
                .filter(|id| token::is_access_key_id(id))
                .ok_or_else(form)?
                .to_string(),
            headers: check_names(headers.split(';').map(str::to_string))?,
            signature: token::from_hex(signature).ok_or_else(form)?,
        })
    }

    /// Whether the request was signed with the secret of the key, not too long ago.
    pub(crate) fn verify(
        &self,
        request: &Request<'_>,
        secret: &Secret,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let canonical = canonical_request(request, &self.headers)?;
        if mac(secret, &canonical)?
            .verify_slice(&self.signature)
            .is_err()
        {
            let digest = token::hex(&Sha256::digest(&canonical));
            return Err(refused("the signature does not fit the request").hint(format!(
                "the canonical request as it arrived has the SHA-256 {digest}: if yours has the same, the secret \
                 is wrong, and otherwise the request was signed in another form or changed on its way"
            )));
        }
        let signed_at = header(request, DATE_HEADER)?;
        let date = DateTime::parse_from_rfc3339(&signed_at).map_err(|_| {
            refused(format!(
                "`{DATE_HEADER}` is \"{signed_at}\", which is not a time"
            ))
            .hint("write it as in `2026-03-01T12:00:00Z`")
        })?;
        if (now - date.to_utc()).abs() > WINDOW {
            let clock = now.format("%Y-%m-%dT%H:%M:%SZ");
            return Err(refused(format!(
                "the request was signed at {signed_at}, and the server's clock says {clock}"
            ))
            .hint("set the clock of the client; it may differ by 15 minutes"));
        }
        Ok(())
    }
}

/// What is signed: the scheme, the method, the path, the parameters in order, the headers in order, their
/// names, and the digest of the body, each on a line of its own.
fn canonical_request(request: &Request<'_>, names: &BTreeSet<String>) -> Result<String> {
    let mut parameters: Vec<&str> = request.query.split('&').collect();
    parameters.sort_unstable();
    let mut lines = vec![
        SCHEME.to_string(),
        request.method.to_ascii_uppercase(),
        request.path.to_string(),
        parameters.join("&"),
    ];
    for name in names {
        lines.push(format!("{name}:{}", header(request, name)?));
    }
    lines.push(joined(names));
    lines.push(token::hex(&Sha256::digest(request.body)));
    // With a line feed inside a part, two different requests could look the same.
    match lines.iter().find(|line| line.contains(['\n', '\r'])) {
        None => Ok(lines.join("\n")),
        Some(_) => Err(refused("a signed part of the request holds a line break")),
    }
}

/// The value of a header; several of one name are joined by commas.
fn header(request: &Request<'_>, wanted: &str) -> Result<String> {
    let of_name = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(wanted);
    let values: Vec<&str> = request
        .headers
        .iter()
        .filter(of_name)
        .map(|(_, value)| value.trim())
        .collect();
    if values.is_empty() {
        return Err(refused(format!(
            "the header `{wanted}` is named in the signature and missing in the request"
        )));
    }
    Ok(values.join(","))
}

fn check_names(names: impl Iterator<Item = String>) -> Result<BTreeSet<String>> {
    let names: BTreeSet<String> = names.collect();
    let is_name = |name: &String| {
        let letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        !name.is_empty() && name.bytes().all(letter)
    };
    if !names.iter().all(is_name) {
        return Err(refused("a signed header has a name that cannot be one")
            .hint("write the names in lower case with semicolons between them"));
    }
    match ALWAYS_SIGNED.iter().find(|name| !names.contains(**name)) {
        None => Ok(names),
        Some(name) => Err(refused(format!("the header `{name}` is not signed"))
            .hint(format!("sign at least `{}`", ALWAYS_SIGNED.join("` and `")))),
    }
}

fn joined(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(";")
}

fn mac(secret: &Secret, canonical: &str) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map_err(|_| Error::internal("HMAC refused a key"))?;
    mac.update(canonical.as_bytes());
    Ok(mac)
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(Kind::Auth, message)
}

#[cfg(test)]
mod tests;
