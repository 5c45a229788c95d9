//! Answers in the language of the reader.

use std::convert::Infallible;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::{ApiError, ApiResult};
use crate::access::token::hex;

/// The languages that texts may be in.
const LANGUAGES: [&str; 2] = ["en", "zh"];

/// In which language somebody reads, and which answer they have already.
pub(crate) struct Reader {
    /// `en` or `zh`.
    pub(crate) language: &'static str,
    known: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.headers.get(IF_NONE_MATCH);
        Ok(Reader {
            language: language(&parts.headers),
            known: known.and_then(|known| Some(known.to_str().ok()?.to_owned())),
        })
    }
}

/// The language that is wanted most of those that there are, English unless said.
fn language(headers: &HeaderMap) -> &'static str {
    let mut best = ("en", 0.0);
    let values = headers.get_all(ACCEPT_LANGUAGE).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    for range in texts.flat_map(|text| text.split(',')) {
        let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight = parameter.trim().strip_prefix("q=");
        let weight: f64 = weight.and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let known = LANGUAGES.iter().find(|it| it.eq_ignore_ascii_case(primary));
        if let Some(known) = known.filter(|_| weight > best.1) {
            best = (known, weight);
        }
    }
    best.0
}

impl Reader {
    /// The answer, or that it is the one that the reader has.
    pub(crate) fn answer(&self, body: &impl Serialize) -> ApiResult<Response> {
        let body = serde_json::to_value(body)
            .map_err(|error| ApiError::internal("writing an answer", error))?;
        let digest = Sha256::new_with_prefix(self.language).chain_update(body.to_string());
        let tag = format!("\"{}\"", hex(&digest.finalize()[..16]));
        let headers = [
            (ETAG, tag.as_str()),
            (VARY, "Accept-Language"),
            (CONTENT_LANGUAGE, self.language),
            (CACHE_CONTROL, "private, no-cache"),
        ];
        let is_known = self.known.as_deref() == Some(&tag);
        Ok(match is_known {
            true => (StatusCode::NOT_MODIFIED, headers).into_response(),
            false => (headers, Json(body)).into_response(),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_spoken() {
        for (wanted, expected) in [
            ("zh", "zh"),
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
            ("ZH-Hant-TW", "zh"),
            ("en-GB, zh;q=0.5", "en"),
            ("en;q=0.4, zh;q=0.5", "zh"),
            ("de, fr;q=0.9, zh;q=0.1", "zh"),
            ("de", "en"),
            ("zh;q=0", "en"),
            ("*", "en"),
            ("", "en"),
            (";;q=,zh;q=much", "en"),
        ] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_static(wanted);
            headers.insert(ACCEPT_LANGUAGE, value);
            assert_eq!(language(&headers), expected, "{wanted}");
        }
        assert_eq!(language(&HeaderMap::new()), "en");
    }
}
