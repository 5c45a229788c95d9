//! The one error type of connectors and engine: what went wrong, on what, and whether to try again.
//!
//! The code that first sees a failure decides its kind and whether it may be retried; nobody above
//! second-guesses it. Rows that cannot be moved are not errors but dirty rows (see `batch`).

use std::fmt;
use std::time::Duration;

/// Shorthand used by every fallible function of connectors and engine.
pub type Result<T> = std::result::Result<T, Error>;

/// What sort of failure it is; decides the exit code and what the user is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A document, parameter or datasource says something impossible.
    Config,
    /// The credentials were refused.
    Auth,
    /// The other side could not be reached, or the connection broke.
    Unreachable,
    /// Known there, but without the right to do this.
    Denied,
    /// A table, column, partition or file does not exist.
    NotFound,
    /// Somebody else changed or holds the same thing.
    Conflict,
    /// The connector or the server cannot do this at all.
    Unsupported,
    /// The other side asks for patience.
    Throttled,
    /// The data itself is broken, beyond single rows.
    Data,
    /// A promise of our own code was broken.
    Internal,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Config => "config",
            Kind::Auth => "auth",
            Kind::Unreachable => "unreachable",
            Kind::Denied => "denied",
            Kind::NotFound => "not found",
            Kind::Conflict => "conflict",
            Kind::Unsupported => "unsupported",
            Kind::Throttled => "throttled",
            Kind::Data => "data",
            Kind::Internal => "internal",
        })
    }
}

/// Whether the same attempt may succeed when made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It will fail the same way.
    Never,
    /// It may work after the engine's own back-off.
    Now,
    /// The other side named a time to wait.
    After(Duration),
}

/// A failure: `message` says what was attempted, on which named thing, and what happened, in lower
/// case without a full stop; `hint` is a separate sentence that says what to do.
///
/// Never put a secret or a cell value into either.
#[derive(Debug)]
pub struct Error(Box<Facts>);

/// Boxed, so that results of hot functions stay small.
#[derive(Debug)]
struct Facts {
    kind: Kind,
    retry: Retry,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind that must not be retried.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Facts {
            kind,
            retry: Retry::Never,
            message: message.into(),
            hint: None,
            source: None,
        }))
    }

    /// A broken promise of our own code.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(Kind::Internal, message)
    }

    /// Adds the sentence that says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Marks the error as worth another attempt.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Keeps the error of the library that failed.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Puts `what: ` in front of the message.
    #[must_use]
    pub fn prefix(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether another attempt may succeed.
    pub fn retryable(&self) -> Retry {
        self.0.retry
    }

    /// What was attempted and what happened.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

/// The message, then the causes that it does not already quote.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let mut said = self.0.message.clone();
        let mut cause = self
            .0
            .source
            .as_deref()
            .map(|source| source as &dyn std::error::Error);
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said.push_str(&text);
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// A failing Arrow kernel means that our own code built a wrong batch.
impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Error::internal("an Arrow operation failed").source(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_each_cause_once() {
        let inner = std::io::Error::other("connection refused");
        let error = Error::new(Kind::Unreachable, "cannot connect to db:5432").source(inner);
        assert_eq!(
            error.to_string(),
            "cannot connect to db:5432: connection refused"
        );
        let quoted = Error::new(Kind::Unreachable, "connection refused by db:5432")
            .source(std::io::Error::other("connection refused"));
        assert_eq!(quoted.to_string(), "connection refused by db:5432");
    }
}
