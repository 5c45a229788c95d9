//! What can go wrong with a request, and whether to try again.
//!
//! Owns the reading of error documents, in XML or JSON or neither, and the meaning of their codes
//! (`PROTOCOL.md`, section 3). How long to wait is decided in [`super::retry`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// What an error means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Too many requests; wait and repeat.
    Throttled,
    /// The service never answered: the address is wrong, or it is down.
    Unreachable,
    /// The connection broke or the service failed; the same request may work later.
    Transient,
    /// A body was damaged on its way; send or read it again.
    Damaged,
    /// The project, table, partition or transfer does not exist.
    NotFound,
    /// The credentials are wrong.
    Unauthorized,
    /// The credentials are good but lack a permission.
    Denied,
    /// The object is in another state than the request needs.
    Conflict,
    /// The request itself is wrong.
    Invalid,
    /// The service answered what this client does not understand.
    Protocol,
}

/// A failed request.
#[derive(Debug)]
pub struct Error {
    class: ErrorClass,
    code: String,
    message: String,
    request_id: Option<String>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The parts of a response that an error is made of.
pub(crate) struct FailedResponse<'a> {
    pub(crate) status: u16,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) retry_after: Option<&'a str>,
    pub(crate) body: &'a str,
}

/// An error document of either service. Unknown elements and keys are passed over.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Document {
    code: String,
    message: String,
    request_id: Option<String>,
    hold_client_millis: Option<String>,
}

/// Waiting longer than this is not for a server to ask by `HoldClientMillis`.
const LONGEST_HOLD: Duration = Duration::from_secs(10);

impl Error {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Error {
        Error {
            class,
            code: String::new(),
            message: message.into(),
            request_id: None,
            status: None,
            retry_after: None,
            source: None,
        }
    }

    pub(crate) fn with_code(mut self, code: &str) -> Error {
        self.code = code.to_owned();
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Error {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn from_response(response: &FailedResponse<'_>) -> Error {
        let document = read_document(response.body);
        let code = plain_code(&document.code).to_owned();
        let message = match document.message.trim() {
            "" if response.body.trim().is_empty() => {
                format!("the service answered with status {}", response.status)
            }
            "" => format!(
                "the service answered with status {}: {}",
                response.status,
                shortened(response.body)
            ),
            message => message.to_owned(),
        };
        let seconds = response
            .retry_after
            .and_then(|text| text.trim().parse().ok());
        let hold = document
            .hold_client_millis
            .and_then(|text| text.trim().parse().ok())
            .map(|millis| Duration::from_millis(millis).min(LONGEST_HOLD));
        let request_id = response.request_id.map(str::to_owned);
        Error {
            class: class_of(&code, response.status),
            code,
            message,
            request_id: request_id.or(document.request_id),
            status: Some(response.status),
            retry_after: seconds.map(Duration::from_secs).or(hold),
            source: None,
        }
    }

    /// An error of a SQL job, whose text begins with a code.
    pub(crate) fn from_job(text: &str) -> Error {
        let mut parts = text.split(" - ").flat_map(|part| part.split(':'));
        let code = parts
            .find(|part| part.trim().starts_with("ODPS-"))
            .unwrap_or_default();
        let class = class_of(code.trim(), 400);
        Error::new(class, shortened(text)).with_code(code.trim())
    }

    /// `is_known` tells whether the service has answered this client before.
    pub(crate) fn from_transport(error: reqwest::Error, is_known: bool) -> Error {
        let silent = match is_known {
            true => ErrorClass::Transient,
            false => ErrorClass::Unreachable,
        };
        let (class, message) = if error.is_builder() {
            (ErrorClass::Invalid, "the request cannot be built")
        } else if error.is_connect() {
            (silent, "the service cannot be reached")
        } else if error.is_timeout() {
            (silent, "the service did not answer in time")
        } else {
            (ErrorClass::Transient, "the connection to the service broke")
        };
        Error::new(class, message).with_source(error)
    }

    /// What the error means.
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// The code of the service, such as `NoSuchPartition`; empty when the error was found here.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What happened, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How long the service asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(
            self.class,
            ErrorClass::Throttled | ErrorClass::Transient | ErrorClass::Damaged
        )
    }

    /// Whether the service cannot have seen the request.
    pub(crate) fn never_sent(&self) -> bool {
        self.transport().is_some_and(reqwest::Error::is_connect)
    }

    /// Whether waiting for the service was given up.
    pub(crate) fn timed_out(&self) -> bool {
        self.transport().is_some_and(reqwest::Error::is_timeout)
    }

    fn transport(&self) -> Option<&reqwest::Error> {
        self.source.as_deref()?.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text of a failed job begins with its code.
        if !self.message.starts_with(&self.code) {
            write!(f, "{}: ", self.code)?;
        }
        f.write_str(&self.message)?;
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// Either service may send either syntax, and a proxy between may send anything.
fn read_document(body: &str) -> Document {
    let body = body.trim_start();
    let document = if body.starts_with('{') {
        serde_json::from_str(body).ok()
    } else {
        quick_xml::de::from_str(body).ok()
    };
    document.unwrap_or_default()
}

/// The code in a composite such as `ODPS-0420411: Invalid argument - `.
fn plain_code(code: &str) -> &str {
    code.split([':', ' ']).next().unwrap_or_default()
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 2000;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim()),
        None => text.trim().to_owned(),
    }
}

/// The code decides, and the status only for codes that are not known.
fn class_of(code: &str, status: u16) -> ErrorClass {
    match code {
        "FlowExceeded" | "SlotExceeded" | "QPSExceeded" | "RequestQuotaExceeded" => {
            ErrorClass::Throttled
        }
        "InternalServerError" | "ServiceUnavailable" | "ReadMetaError" | "ODPS-0010000" => {
            ErrorClass::Transient
        }
        "MalformedDataStream" | "CorruptedDataStream" | "IncompleteBody" | "ChecksumError" => {
            ErrorClass::Damaged
        }
        "Unauthorized"
        | "AuthorizationRequired"
        | "SignatureNotMatch"
        | "InvalidAccessKeyId"
        | "RequestTimeTooSkewed"
        | "RequestTimeTooSkewd"
        | "InvalidStsToken"
        | "SecurityTokenExpired" => ErrorClass::Unauthorized,
        // The module of the service that signs callers in, and what STS says of its tokens.
        _ if code.starts_with("ODPS-0410") || code.starts_with("InvalidSecurityToken") => {
            ErrorClass::Unauthorized
        }
        "NoPermission" | "AccessDenied" | "ODPS-0130013" => ErrorClass::Denied,
        "StatusConflict"
        | "InConsistentBlockList"
        | "TableModified"
        | "DataVersionConflict"
        | "DataUnderReplication"
        | "ObjectModified"
        | "SchemaModified"
        | "InstanceNotTerminate"
        | "ODPS-0110141" => ErrorClass::Conflict,
        "InstanceTypeNotSupported" | "MethodNotAllowed" => ErrorClass::Invalid,
        "ODPS-0130131" => ErrorClass::NotFound,
        _ if code.starts_with("NoSuch") => ErrorClass::NotFound,
        _ if code.starts_with("Invalid") || code.starts_with("Missing") => ErrorClass::Invalid,
        _ => match status {
            308 | 429 => ErrorClass::Throttled,
            408 | 500..=599 => ErrorClass::Transient,
            401 => ErrorClass::Unauthorized,
            403 => ErrorClass::Denied,
            404 => ErrorClass::NotFound,
            409 | 412 => ErrorClass::Conflict,
            400..=499 => ErrorClass::Invalid,
            _ => ErrorClass::Protocol,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> Error {
        Error::from_response(&FailedResponse {
            status,
            request_id: Some("R1"),
            retry_after: None,
            body,
        })
    }

    #[test]
    fn both_syntaxes_are_read() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>NoSuchObject</Code><Message><![CDATA[ODPS-0130131:Table not found - table p.t]]></Message>
            <RequestId>5F</RequestId><HostId>http://h</HostId></Error>"#;
        let json = r#"{"Code":"NoSuchPartition","Message":"The specified partition does not exist.","Extra":[1]}"#;
        let from_xml = error(404, xml);
        assert_eq!(from_xml.code(), "NoSuchObject");
        assert_eq!(
            from_xml.message(),
            "ODPS-0130131:Table not found - table p.t"
        );
        assert_eq!(from_xml.class(), ErrorClass::NotFound);
        let from_json = error(400, json);
        assert_eq!(from_json.class(), ErrorClass::NotFound);
        assert_eq!(
            from_json.to_string(),
            "NoSuchPartition: The specified partition does not exist. (request R1)"
        );
    }

    #[test]
    fn other_bodies_are_classified_by_status() {
        for (status, class) in [
            (308, ErrorClass::Throttled),
            (401, ErrorClass::Unauthorized),
            (403, ErrorClass::Denied),
            (404, ErrorClass::NotFound),
            (408, ErrorClass::Transient),
            (409, ErrorClass::Conflict),
            (418, ErrorClass::Invalid),
            (429, ErrorClass::Throttled),
            (502, ErrorClass::Transient),
        ] {
            for body in ["", "<html><body>Bad gateway</body></html>", "{", "no"] {
                assert_eq!(error(status, body).class(), class, "{status} {body}");
            }
        }
        assert!(
            error(502, "<html>Bad gateway")
                .message()
                .contains("Bad gateway")
        );
    }

    #[test]
    fn codes_win_over_the_status() {
        let slot = r#"{"Code":"SlotExceeded","Message":"wait","HoldClientMillis":"1500"}"#;
        assert_eq!(error(400, slot).class(), ErrorClass::Throttled);
        assert_eq!(
            error(400, slot).retry_after(),
            Some(Duration::from_millis(1500))
        );
        let long = slot.replace("1500", "99999");
        assert_eq!(error(400, &long).retry_after(), Some(LONGEST_HOLD));
        let composite = r#"{"Code":"ODPS-0010000: System internal error - ","Message":"x"}"#;
        assert!(error(400, composite).retryable());
        let damaged = r#"{"Code":"ChecksumError","Message":"x"}"#;
        assert!(error(400, damaged).retryable());
        let invalid = r#"{"Code":"InvalidBlockID","Message":"x"}"#;
        assert!(!error(500, invalid).retryable());
    }

    #[test]
    fn refused_credentials_are_told_from_refused_parameters() {
        for code in [
            "InvalidStsToken",
            "SecurityTokenExpired",
            "InvalidSecurityToken.Expired",
            "ODPS-0410042: Invalid signature value - ",
            "ODPS-0410051: Invalid credentials - ",
        ] {
            for status in [400, 403] {
                let body = format!(r#"{{"Code":"{code}","Message":"x"}}"#);
                assert_eq!(error(status, &body).class(), ErrorClass::Unauthorized);
            }
        }
        let parameter = r#"{"Code":"InvalidArgument","Message":"x"}"#;
        assert_eq!(error(403, parameter).class(), ErrorClass::Invalid);
    }

    #[test]
    fn job_errors_carry_their_code() {
        let failed =
            Error::from_job("ODPS-0130131:[1,15] Table not found - table p.t cannot be resolved");
        assert_eq!(
            (failed.code(), failed.class()),
            ("ODPS-0130131", ErrorClass::NotFound)
        );
        assert_eq!(failed.to_string().matches("ODPS-").count(), 1);
        let wrapped = Error::from_job("FAILED: ODPS-0110141:Data version exception - x");
        assert_eq!(
            (wrapped.code(), wrapped.class()),
            ("ODPS-0110141", ErrorClass::Conflict)
        );
        assert_eq!(Error::from_job("text only").code(), "");
    }
}
