//! Request bodies: JSON, and what is wrong with one is said at its field.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::error::{ApiError, Code, Problem};

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Body(value)),
            Err(JsonRejection::JsonDataError(error)) => {
                Err(ApiError::invalid(vec![Problem::at("", error.body_text())]))
            }
            Err(error) if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => Err(
                ApiError::new(Code::TooLarge, "the body is longer than the server accepts"),
            ),
            Err(error) => Err(ApiError::bad_request(error.body_text())
                .hint("send JSON, with `content-type: application/json`")),
        }
    }
}
