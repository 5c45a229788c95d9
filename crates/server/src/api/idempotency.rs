//! Requests that are done once, however often they are sent: a client that lost the answer repeats its key.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use super::caller::Caller;
use super::error::{ApiError, ApiResult};
use crate::access::token;
use crate::state::App;
use crate::store::{Connection, idempotency};

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 200;
/// Keys are remembered so long.
pub(crate) const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The key of a request, if it has one.
pub(crate) struct Once {
    key: Option<String>,
    noted: std::sync::Mutex<Option<(String, String)>>,
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let key = match parts.headers.get(HEADER) {
            None => None,
            Some(key) => {
                let key = key.to_str().ok().filter(|key| key.len() <= LONGEST);
                Some(key.map(str::to_string).ok_or_else(|| {
                    ApiError::bad_request(
                        "`Idempotency-Key` is longer than 200 letters, or no text",
                    )
                })?)
            }
        };
        Ok(Once {
            key,
            noted: std::sync::Mutex::default(),
        })
    }
}

impl Once {
    /// The answer that was given already, if there is one. The same key with another request is refused.
    pub(crate) async fn before(
        &self,
        c: &mut Connection,
        caller: &Caller,
        place: &str,
        body: &impl Serialize,
    ) -> ApiResult<Option<(StatusCode, Json<Value>)>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let text = serde_json::to_string(body)
            .map_err(|error| ApiError::internal("reading a request again", error))?;
        let hash = token::hash(&format!("{place}\n{text}"));
        let now = caller.clock.micros();
        idempotency::delete_old(c, now - DAY_MICROS).await?;
        if let Some(known) = idempotency::find(c, &caller.account.id, key).await? {
            if known.request_hash != hash {
                return Err(ApiError::conflict(
                    "the key in `Idempotency-Key` was used for another request",
                )
                .hint("make a new key for each thing that you want done"));
            }
            let status = u16::try_from(known.status).unwrap_or(200);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let answer = serde_json::from_str(&known.answer)
                .map_err(|error| ApiError::internal("reading an earlier answer", error))?;
            return Ok(Some((status, Json(answer))));
        }
        let mut noted = self
            .noted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *noted = Some((caller.account.id.clone(), hash));
        Ok(None)
    }

    /// Keeps an answer in the transaction that does what was asked.
    pub(crate) async fn after(
        &self,
        app: &App,
        c: &mut Connection,
        status: StatusCode,
        answer: &impl Serialize,
    ) -> ApiResult<(StatusCode, Json<Value>)> {
        let answer = serde_json::to_value(answer)
            .map_err(|error| ApiError::internal("writing an answer", error))?;
        let noted = self
            .noted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let (Some(key), Some((account_id, request_hash))) = (&self.key, noted) {
            let row = idempotency::Known {
                request_hash,
                status: i64::from(status.as_u16()),
                answer: answer.to_string(),
            };
            idempotency::insert(c, &account_id, key, &row, app.clock.micros()).await?;
        }
        Ok((status, Json(answer)))
    }
}
