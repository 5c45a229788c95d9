//! Signatures of requests: the canonical string, versions 2 and 4, and their verification.
//!
//! Pure functions of the request, the credentials and the date; sending belongs to
//! [`crate::client`]. Follows `PROTOCOL.md`, section 2.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

mod canonical;
mod date;

pub use canonical::{Form, SignedRequest, canonical_string, parameters};
pub use date::{compact_date, http_date, parse_http_date};

/// How far the date of a request may be off before the service refuses it.
pub const MAX_CLOCK_SKEW_MS: u64 = 900_000;

/// Who asks.
#[derive(Clone)]
pub struct Credentials {
    /// The public half of the key pair.
    pub access_id: String,
    /// The secret half; it leaves this type only as key of a signature.
    pub access_key: String,
    /// Token of temporary credentials.
    pub security_token: Option<String>,
    /// With a region, requests are signed with version 4, otherwise with version 2.
    pub region: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_id", &self.access_id)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The value of the `Authorization` header. `date` is today in UTC as `YYYYMMDD`.
pub fn authorization(credentials: &Credentials, canonical: &str, date: &str) -> String {
    let id = &credentials.access_id;
    match &credentials.region {
        None => format!("ODPS {id}:{}", v2(&credentials.access_key, canonical)),
        Some(region) => {
            let key = v4_signing_key(&credentials.access_key, date, region);
            let signature = v4(&key, canonical);
            format!("ODPS {id}/{date}/{region}/odps/aliyun_v4_request:{signature}")
        }
    }
}

/// The signature of version 2.
pub fn v2(access_key: &str, canonical: &str) -> String {
    BASE64.encode(hmac_sha1(access_key.as_bytes(), canonical))
}

/// The key that version 4 derives for one day and one region.
pub fn v4_signing_key(access_key: &str, date: &str, region: &str) -> [u8; 32] {
    let secret = format!("aliyun_v4{access_key}");
    let mut key = hmac_sha256(secret.as_bytes(), date);
    for step in [region, "odps", "aliyun_v4_request"] {
        key = hmac_sha256(&key, step);
    }
    key
}

/// The signature of version 4; its last step is still SHA-1.
pub fn v4(signing_key: &[u8; 32], canonical: &str) -> String {
    BASE64.encode(hmac_sha1(signing_key, canonical))
}

fn hmac_sha1(key: &[u8], text: &str) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC accepts keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn hmac_sha256(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC accepts keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// The two ways to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HMAC-SHA1 with the secret.
    V2,
    /// HMAC-SHA1 with a key derived from the secret, the day and the region.
    V4,
}

/// A request whose signature matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who signed.
    pub access_id: String,
    /// How it was signed.
    pub version: Version,
}

/// Why a server refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The header is not of the form `ODPS id:signature`.
    Malformed,
    /// Nobody has this access id.
    UnknownAccessId(String),
    /// The signature is not the one of this request.
    Mismatch,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Malformed => f.write_str("the Authorization header is malformed"),
            Refusal::UnknownAccessId(id) => write!(f, "the access id `{id}` is not known"),
            Refusal::Mismatch => f.write_str("the signature does not match the request"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Checks the `Authorization` header of a request; `access_key` finds the secret of an id.
///
/// Clients disagree about how often a URL is decoded before signing, so a signature of either
/// form of the canonical string is accepted.
pub fn verify(
    request: &SignedRequest<'_>,
    authorization: &str,
    access_key: impl FnOnce(&str) -> Option<String>,
) -> Result<Verified, Refusal> {
    let credential = authorization
        .strip_prefix("ODPS ")
        .ok_or(Refusal::Malformed)?;
    let (owner, signature) = credential.rsplit_once(':').ok_or(Refusal::Malformed)?;
    let signature = BASE64
        .decode(signature.trim())
        .map_err(|_| Refusal::Malformed)?;
    let scope: Vec<&str> = owner.split('/').collect();
    let (access_id, derivation) = match scope[..] {
        [id] => (id, None),
        [id, date, region, "odps", "aliyun_v4_request"] => (id, Some((date, region))),
        _ => return Err(Refusal::Malformed),
    };
    let secret =
        access_key(access_id).ok_or_else(|| Refusal::UnknownAccessId(access_id.to_owned()))?;
    let (key, version) = match derivation {
        None => (secret.into_bytes(), Version::V2),
        Some((date, region)) => (v4_signing_key(&secret, date, region).to_vec(), Version::V4),
    };
    for form in [Form::DecodedOnce, Form::DecodedTwice] {
        let mut mac =
            Hmac::<Sha1>::new_from_slice(&key).expect("HMAC accepts keys of every length");
        mac.update(canonical_string(request, form).as_bytes());
        if mac.verify_slice(&signature).is_ok() {
            return Ok(Verified {
                access_id: access_id.to_owned(),
                version,
            });
        }
    }
    Err(Refusal::Mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_text_hides_the_secrets() {
        let credentials = Credentials {
            access_id: "id".to_owned(),
            access_key: "very-secret".to_owned(),
            security_token: Some("token-secret".to_owned()),
            region: None,
        };
        let text = format!("{credentials:?}");
        assert!(
            text.contains("\"id\"") && !text.contains("secret"),
            "{text}"
        );
    }

    #[test]
    fn malformed_headers_are_refused() {
        let request = SignedRequest {
            method: "GET",
            path_and_query: "/projects/p",
            headers: &[("Date", "Tue, 02 Jan 2024 03:04:05 GMT")],
        };
        let key = |_: &str| Some("k".to_owned());
        for header in [
            "",
            "ODPS",
            "ODPS x",
            "AWS a:b",
            "ODPS a:%%%",
            "ODPS a/b/c:YQ==",
        ] {
            assert_eq!(
                verify(&request, header, key),
                Err(Refusal::Malformed),
                "{header}"
            );
        }
        assert_eq!(
            verify(&request, "ODPS a:YQ==", |_| None),
            Err(Refusal::UnknownAccessId("a".to_owned()))
        );
        assert_eq!(verify(&request, "ODPS a:YQ==", key), Err(Refusal::Mismatch));
    }

    #[test]
    fn signature_over_the_twice_decoded_url_is_accepted() {
        let request = SignedRequest {
            method: "GET",
            path_and_query: "/projects/p/tables/t?partition=pt%3Da%2Bb%2526c&curr_project=p",
            headers: &[("Date", "Tue, 02 Jan 2024 03:04:05 GMT")],
        };
        let canonical = "GET\n\n\nTue, 02 Jan 2024 03:04:05 GMT\n\
                         /projects/p/tables/t?curr_project=p&partition=pt=a b&c";
        assert_eq!(canonical_string(&request, Form::DecodedTwice), canonical);
        let header = format!("ODPS me:{}", v2("key", canonical));
        let verified = verify(&request, &header, |_| Some("key".to_owned())).unwrap();
        assert_eq!(verified.version, Version::V2);
    }
}
