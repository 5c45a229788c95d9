//! What a caller is told when a request fails: a stable code, a message, and what to do.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::StoreError;

/// A failed request. The cause stays in the log.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: Code,
    message: String,
    hint: Option<String>,
    problems: Vec<Problem>,
    retry_after: Option<u64>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// The stable names of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Code {
    /// The request cannot be read.
    BadRequest,
    /// Nobody is signed in, or the sign-in has expired.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The path is right, the method is not.
    MethodNotAllowed,
    /// It exists already, is in use, or is in a state that does not allow this.
    Conflict,
    /// Somebody else has changed it since it was read.
    Changed,
    /// An editor did not say which revision it saw.
    RevisionRequired,
    /// The body is longer than allowed.
    TooLarge,
    /// Fields are wrong; `problems` names each.
    Invalid,
    /// Too many attempts; wait.
    Throttled,
    /// The other system failed, not Longshore.
    Upstream,
    /// A defect or an outage of Longshore.
    Internal,
    /// The server is starting, stopping, or has lost its store.
    Unavailable,
}

impl Code {
    /// The word for it in answers.
    pub(crate) fn name(self) -> String {
        let word = serde_json::to_value(self).unwrap_or_default();
        word.as_str().unwrap_or_default().to_string()
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Code::BadRequest => StatusCode::BAD_REQUEST,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::Conflict => StatusCode::CONFLICT,
            Code::Changed => StatusCode::PRECONDITION_FAILED,
            Code::RevisionRequired => StatusCode::PRECONDITION_REQUIRED,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Code::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Code::Upstream => StatusCode::BAD_GATEWAY,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// One thing that is wrong with a document or a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// The field as a JSON pointer, `/name`; empty for the whole.
    pub(crate) pointer: String,
    /// Line in the text of a document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// Column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u32>,
    /// `error` or `warning`.
    pub(crate) severity: Severity,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Severity {
    /// It must be mended.
    Error,
    /// It should be looked at.
    Warning,
}

impl Problem {
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Problem {
            pointer: pointer.into(),
            line: None,
            column: None,
            severity: Severity::Error,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What a connector or a rule says about one of its fields.
    pub(crate) fn field(pointer: impl Into<String>, problem: &sdk::FieldProblem) -> Self {
        Problem {
            hint: problem.hint.clone(),
            ..Problem::at(pointer, problem.message.clone())
        }
    }

    /// What a rule says about a field.
    pub(crate) fn of(pointer: impl Into<String>, error: &sdk::Error) -> Self {
        Problem {
            hint: error.hint_text().map(str::to_string),
            ..Problem::at(pointer, error.to_string())
        }
    }
}

/// The body of a failed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorText,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ErrorText {
    code: Code,
    /// What was attempted, on which named thing, and what happened.
    message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Every problem found, each with the place of its field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        ApiError {
            code,
            message: message.into(),
            hint: None,
            problems: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the fields that it is about.
    pub(crate) fn with(mut self, problems: Vec<Problem>) -> Self {
        self.problems = problems;
        self
    }

    /// Says more than how many problems there are.
    pub(crate) fn said(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn not_found(kind: &str, name: &str) -> Self {
        ApiError::new(Code::NotFound, format!("there is no {kind} `{name}`"))
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        ApiError::new(Code::Forbidden, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        ApiError::new(Code::Conflict, message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        ApiError::new(Code::BadRequest, message)
    }

    /// Fields that are wrong, all of them at once.
    pub(crate) fn invalid(problems: Vec<Problem>) -> Self {
        let message = match &problems[..] {
            [one] => one.message.clone(),
            many => format!("{} fields are not right", many.len()),
        };
        ApiError {
            problems,
            ..ApiError::new(Code::Invalid, message)
        }
    }

    /// A defect: the cause is logged here, once, and not told.
    pub(crate) fn internal(attempt: &str, cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "{attempt} failed");
        ApiError::new(Code::Internal, format!("{attempt} failed"))
            .hint("the cause stands in the server's log")
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists => ApiError::conflict("something of this name exists already")
                .hint("choose another name"),
            StoreError::Referenced => {
                ApiError::conflict("it is in use, or refers to something that does not exist")
            }
            StoreError::Changed => ApiError::new(
                Code::Changed,
                "somebody else has changed it since you read it",
            )
            .hint("read it again and repeat your change"),
            StoreError::NullCharacter => {
                ApiError::bad_request("a text of the request holds a null character")
                    .hint("take it out")
            }
            StoreError::Database(cause) => ApiError::internal("the metadata store", cause),
        }
    }
}

impl From<sdk::Error> for ApiError {
    fn from(error: sdk::Error) -> Self {
        let code = match error.kind() {
            sdk::Kind::Config | sdk::Kind::Data => Code::Invalid,
            sdk::Kind::Auth => Code::Unauthenticated,
            sdk::Kind::Denied => Code::Forbidden,
            sdk::Kind::NotFound => Code::NotFound,
            sdk::Kind::Conflict | sdk::Kind::Unsupported => Code::Conflict,
            sdk::Kind::Throttled => Code::Throttled,
            sdk::Kind::Unreachable => Code::Upstream,
            sdk::Kind::Internal => return ApiError::internal("the request", error),
        };
        ApiError {
            hint: error.hint_text().map(str::to_string),
            ..ApiError::new(code, error.to_string())
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: ErrorText {
                code: self.code,
                message: self.message,
                hint: self.hint,
                problems: self.problems,
            },
        };
        let mut response = (self.code.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(axum::http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
