//! Who may ask: signature, date and security token of a request (section 2 of the protocol).

use std::time::{Duration, SystemTime};

use hyper::{HeaderMap, StatusCode};
use maxcompute::sign::{
    MAX_CLOCK_SKEW_MS, Refusal, SignedRequest, Version, compact_date, http_date, parse_http_date,
    verify,
};

use super::reply::{Failure, Service};
use super::route::without_base;
use crate::{Access, KeyPair};

/// Checks a request before anything is done for it. Returns the signature's version, if there was one.
pub(crate) fn authorize(
    access: &Access,
    method: &str,
    path_and_query: &str,
    headers: &HeaderMap,
    service: Service,
) -> Result<Option<Version>, Failure> {
    let Access::Keys(keys) = access else {
        return Ok(None);
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = text("authorization") else {
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "AuthorizationRequired",
            "the request carries no Authorization header",
        ));
    };
    check_date(text("date"))?;
    let mut pairs = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let value = value.to_str().map_err(|_| {
            Failure::bad_request(
                "InvalidArgument",
                format!("the header {name} is not plain text"),
            )
        })?;
        pairs.push((name.as_str(), value));
    }
    let request = SignedRequest {
        method,
        path_and_query: without_base(path_and_query),
        headers: &pairs,
    };
    let secret = |id: &str| (id == keys.access_id).then(|| keys.access_key.clone());
    let verified = verify(&request, authorization, secret).map_err(refused)?;
    check_day(verified.version, authorization)?;
    if service == Service::Rest {
        check_region(keys, verified.version, authorization)?;
    }
    check_token(keys, text("authorization-sts-token"))?;
    Ok(Some(verified.version))
}

fn refused(refusal: Refusal) -> Failure {
    let code = match refusal {
        Refusal::Malformed => "AuthorizationRequired",
        Refusal::UnknownAccessId(_) => "InvalidAccessKeyId",
        Refusal::Mismatch => "SignatureNotMatch",
    };
    // Not 401: pyodps answers that by falling back to version 2 without a word.
    Failure::new(StatusCode::FORBIDDEN, code, refusal.to_string())
}

fn check_date(date: Option<&str>) -> Result<(), Failure> {
    let Some(date) = date.and_then(parse_http_date) else {
        return Err(Failure::bad_request(
            "InvalidArgument",
            "the Date header is absent or no HTTP date",
        ));
    };
    let now = SystemTime::now();
    let skew = now
        .duration_since(date)
        .unwrap_or_else(|ahead| ahead.duration());
    if skew <= Duration::from_millis(MAX_CLOCK_SKEW_MS) {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::FORBIDDEN,
        "RequestTimeTooSkewed",
        format!(
            "max_interval_date:{MAX_CLOCK_SKEW_MS},expire_date:{},now_date:{}",
            http_date(date),
            http_date(now)
        ),
    ))
}

fn mismatch(message: String) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "SignatureNotMatch", message)
}

/// The day and the region of a credential of version 4; empty texts for version 2.
fn scope(authorization: &str) -> (&str, &str) {
    let mut parts = authorization.split('/').skip(1);
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    )
}

/// Around midnight the client may be in another day than this server.
fn check_day(version: Version, authorization: &str) -> Result<(), Failure> {
    if version == Version::V2 {
        return Ok(());
    }
    let (day, _) = scope(authorization);
    let now = SystemTime::now();
    let margin = Duration::from_millis(MAX_CLOCK_SKEW_MS);
    for time in [now - margin, now, now + margin] {
        if compact_date(time) == day {
            return Ok(());
        }
    }
    Err(mismatch(format!(
        "the credential is of the day {day}, not of today"
    )))
}

/// Only REST can insist on version 4: pyodps signs Tunnel requests with version 2 even when it knows a region.
fn check_region(keys: &KeyPair, version: Version, authorization: &str) -> Result<(), Failure> {
    let (_, region) = scope(authorization);
    match &keys.required_region {
        Some(required) if version == Version::V2 => Err(mismatch(format!(
            "sign with version 4 for the region {required}"
        ))),
        Some(required) if required != region => Err(mismatch(format!(
            "the credential is for the region {region}, not {required}"
        ))),
        _ => Ok(()),
    }
}

fn check_token(keys: &KeyPair, token: Option<&str>) -> Result<(), Failure> {
    match (&keys.security_token, token) {
        (Some(required), Some(token)) if required == token => Ok(()),
        (None, _) => Ok(()),
        _ => Err(Failure::new(
            StatusCode::FORBIDDEN,
            "InvalidStsToken",
            "the access id is temporary and its security token is absent or wrong",
        )),
    }
}
