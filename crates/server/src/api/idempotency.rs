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
use crate::clock::DAY_MICROS;
use crate::state::App;
use crate::store::{Connection, StoreError, WriteTransaction, idempotency};

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 200;

/// The key of a request, if it has one. It is remembered for a day.
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
        let hash = token::hash(format!("{place}\n{text}"));
        let since = caller.clock.micros() - DAY_MICROS;
        if let Some(known) = idempotency::find(c, &caller.account.id, key, since).await? {
            return repeat(&known, &hash).map(Some);
        }
        let mut noted = self
            .noted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *noted = Some((caller.account.id.clone(), hash));
        Ok(None)
    }

    /// Keeps an answer in the transaction that does what was asked, and commits it. If the same request was done
    /// meanwhile, nothing is done again, and the answer is the one that was given then.
    pub(crate) async fn commit(
        &self,
        app: &App,
        mut t: WriteTransaction,
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
            let now = app.clock.micros();
            idempotency::delete_old(&mut t, now - DAY_MICROS).await?;
            match idempotency::insert(&mut t, &account_id, key, &row, now).await {
                Err(StoreError::Exists) => {
                    t.rollback().await.map_err(StoreError::from)?;
                    let mut c = app.store.read().await?;
                    let since = now - DAY_MICROS;
                    let known = idempotency::find(&mut c, &account_id, key, since).await?;
                    let known = known.ok_or_else(|| {
                        ApiError::conflict("the same request was done meanwhile and is forgotten")
                    })?;
                    return repeat(&known, &row.request_hash);
                }
                other => other?,
            }
        }
        t.commit().await.map_err(StoreError::from)?;
        Ok((status, Json(answer)))
    }
}

/// The answer that was given to the request of this hash.
fn repeat(known: &idempotency::Known, hash: &str) -> ApiResult<(StatusCode, Json<Value>)> {
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
    Ok((status, Json(answer)))
}
