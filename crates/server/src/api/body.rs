//! Request bodies: JSON, or lines of it, and what is wrong with one is said at its field, everything at once.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::fault::Fault;
use super::error::{ApiError, Code, Problem};

mod fault;

/// A body is looked at so often in search of the next problem; each look costs as much as reading it.
const MOST_LOOKS: usize = 40;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !says_json(request.headers()) {
            return Err(
                ApiError::bad_request("the request does not say that its body is JSON")
                    .hint("send JSON, with `content-type: application/json`"),
            );
        }
        read(&whole(request, state).await?).map(Body)
    }
}

/// A body of JSON lines, as it came.
pub(crate) struct Lines(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Lines {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !LINES.contains(&essence(request.headers()).as_str()) {
            return Err(ApiError::bad_request(
                "the request does not say that its body is lines of JSON",
            )
            .hint("send one JSON object a line, with `content-type: application/x-ndjson`"));
        }
        whole(request, state).await.map(Lines)
    }
}

/// The words for lines of JSON, none of which a form of another site can send.
const LINES: [&str; 3] = [
    "application/x-ndjson",
    "application/jsonl",
    "application/jsonlines",
];

async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let message = "the body is longer than the server accepts";
            return ApiError::new(Code::TooLarge, message);
        }
        ApiError::bad_request("the body broke off").hint("send it again")
    })
}

fn says_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The type of a body without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next()).unwrap_or("");
    essence.trim().to_ascii_lowercase()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let not_json = |error: serde_json::Error| {
        ApiError::bad_request(format!("the body is not JSON: {error}"))
            .hint("send JSON, with `content-type: application/json`")
    };
    match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(value),
        Err(error) if error.is_data() => {}
        Err(error) => return Err(not_json(error)),
    }
    let sent = serde_json::from_slice(bytes).map_err(not_json)?;
    let mut problems = problems::<T>(sent);
    if problems.is_empty() {
        // What the value does not show any more: JSON keeps the last of several fields of one name.
        problems.push(Problem::at("", "the body names a field twice").hint("name it once"));
    }
    Err(ApiError::invalid(problems))
}

/// Everything that keeps a body from being what a route takes. Reading stops at the first fault, so each is
/// noted, mended with a value of the right type, and the body is read again.
fn problems<T: DeserializeOwned>(mut body: Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Places that were mended, with how many values were tried there.
    let mut mended: Vec<(String, usize)> = Vec::new();
    for _ in 0..MOST_LOOKS {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&body) else {
            break;
        };
        let fault = Fault::read(&error, &body);
        if !mended.iter().any(|(place, _)| fault.follows(place)) {
            problems.push(fault.problem());
        }
        let place = mended
            .iter()
            .position(|(place, _)| *place == fault.pointer)
            .unwrap_or_else(|| {
                mended.push((fault.pointer.clone(), 0));
                mended.len() - 1
            });
        let tried = mended[place].1;
        mended[place].1 += 1;
        if !fault.mend(&mut body, tried) {
            break;
        }
    }
    problems
}

#[cfg(test)]
mod tests;
