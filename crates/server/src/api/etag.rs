//! Concurrent edits: what can be edited carries its revision as `ETag`, and an editor repeats it.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::{ApiError, Code};

/// The revision that an editor saw, from `If-Match`.
pub(crate) struct Seen(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Seen::read(&parts.headers)
    }
}

impl Seen {
    /// For where it is needed only if there is something to overwrite.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = headers.get(IF_MATCH).ok_or_else(|| {
            ApiError::new(Code::RevisionRequired, "the request lacks `If-Match`")
                .hint("repeat the `ETag` of the answer that you changed")
        })?;
        let revision = text.to_str().ok().and_then(|text| {
            text.trim()
                .strip_prefix('"')?
                .strip_suffix('"')?
                .parse()
                .ok()
        });
        revision.map(Seen).ok_or_else(|| {
            ApiError::bad_request("`If-Match` is no revision")
                .hint("repeat the `ETag` as it was given, for example `\"3\"`")
        })
    }
}

/// An answer with its revision.
pub(crate) struct Revised<T>(pub(crate) i64, pub(crate) T);

impl<T: Serialize> IntoResponse for Revised<T> {
    fn into_response(self) -> Response {
        let tag = format!("\"{}\"", self.0);
        ([(ETAG, tag)], Json(self.1)).into_response()
    }
}
