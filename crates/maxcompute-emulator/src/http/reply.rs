//! Answers before they are bytes: what a handler returns, and how a failure is written for each service.

use std::io::{self, Write};

use hyper::StatusCode;
use serde_json::json;

use super::xml;
use crate::names::new_id;
use crate::store::StoreError;

/// Writes a body that is too large to be built in memory.
pub(crate) type Producer = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// What is sent behind the headers.
pub(crate) enum Content {
    Text(Vec<u8>),
    Stream(Producer),
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content: Content,
}

impl Reply {
    fn text(kind: &str, body: String) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![("content-type", kind.to_owned())],
            content: Content::Text(body.into_bytes()),
        }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Text(Vec::new()),
        }
    }

    pub(crate) fn plain(body: String) -> Self {
        Self::text("text/plain; charset=utf-8", body)
    }

    /// An XML document given by its root element.
    pub(crate) fn xml(root: String) -> Self {
        Self::text(
            "application/xml",
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}"),
        )
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::text("application/json", value.to_string())
    }

    pub(crate) fn stream(producer: Producer) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            content: Content::Stream(producer),
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The two halves of the service, which write their failures differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Rest,
    Tunnel,
}

/// Why a request was refused.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    /// Seconds after which the client may try again.
    pub(crate) retry_after: Option<u32>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the resource does not take this method with these parameters",
        )
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            message,
        )
    }

    /// The answer in the syntax of the service.
    pub(crate) fn into_reply(self, service: Service) -> Reply {
        let request_id = new_id();
        // REST names no kinds of missing objects but partitions and projects.
        let rest_code = match self.code.as_str() {
            "NoSuchTable" => "NoSuchObject",
            other => other,
        };
        let mut reply = match service {
            Service::Rest => Reply::xml(format!(
                "<Error><Code>{}</Code><Message>{}</Message><RequestId>{request_id}</RequestId>\
                 <HostId>http://localhost</HostId></Error>",
                xml::escape(rest_code),
                xml::cdata(&self.message),
            )),
            Service::Tunnel => Reply::json(&json!({
                "Code": self.code, "Message": self.message, "RequestId": request_id,
            })),
        };
        reply.status = self.status;
        if let Some(seconds) = self.retry_after {
            reply = reply.with_header("retry-after", seconds.to_string());
        }
        reply.with_header("x-odps-request-id", request_id)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NoSuchTable(_) => {
                Self::not_found("NoSuchTable", format!("ODPS-0130131:{message}"))
            }
            StoreError::NoSuchPartition(_) => Self::not_found("NoSuchPartition", message),
            StoreError::TableExists(_) | StoreError::PartitionExists(_) => {
                Self::new(StatusCode::CONFLICT, "ObjectAlreadyExists", message)
            }
            StoreError::Conflict(_) => Self::new(StatusCode::CONFLICT, "StatusConflict", message),
            StoreError::Io(_) => Self::internal(message),
        }
    }
}
