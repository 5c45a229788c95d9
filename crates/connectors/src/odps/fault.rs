//! Errors of the service as errors of the contract: kind, retry and the way out.

use std::fmt::Display;

use maxcompute::client::{Error as Fault, ErrorClass};
use sdk::{Error, Kind, Retry};

/// Says what was attempted and how it failed. The client has repeated the request by the rules of
/// the service before it gave up; whether a new attempt of the task is worth it is decided here.
pub(super) fn describe(fault: Fault, attempted: impl Display) -> Error {
    let (kind, retry) = match fault.class() {
        ErrorClass::Throttled => (
            Kind::Throttled,
            fault.retry_after().map_or(Retry::Now, Retry::After),
        ),
        // The client has tried, and somebody waits for the answer.
        ErrorClass::Unreachable => (Kind::Unreachable, Retry::Never),
        // What is damaged on its way is no fault of the data, and may arrive whole next time.
        ErrorClass::Transient | ErrorClass::Damaged => (Kind::Unreachable, Retry::Now),
        ErrorClass::NotFound => (Kind::NotFound, Retry::Never),
        ErrorClass::Unauthorized => (Kind::Auth, Retry::Never),
        ErrorClass::Denied => (Kind::Denied, Retry::Never),
        ErrorClass::Conflict => (Kind::Conflict, Retry::Never),
        ErrorClass::Invalid => (Kind::Config, Retry::Never),
        ErrorClass::Protocol => (Kind::Data, Retry::Never),
    };
    let text = fault.to_string();
    let error =
        Error::new(kind, format!("{attempted}: {}", text.trim_end_matches('.'))).retry(retry);
    let error = match hint(&fault) {
        Some(hint) => error.hint(hint),
        None => error,
    };
    error.source(fault)
}

fn hint(fault: &Fault) -> Option<&'static str> {
    Some(match (fault.class(), fault.code()) {
        (_, "NoSuchProject") => "check `project` of the datasource",
        (_, "NoSuchSchema") => "check `schema` of the datasource",
        (_, "NoSuchUpload" | "NoSuchDownload" | "StatusConflict") => {
            "an upload or download lives for 24 hours; start a new run"
        }
        (_, "TableModified" | "ObjectModified" | "DataVersionConflict" | "SchemaModified") => {
            "the table was changed in the meantime; run the job again"
        }
        (_, "RequestTimeTooSkewed" | "RequestTimeTooSkewd") => {
            "set this machine's clock right; it may be off by 15 minutes at most"
        }
        (ErrorClass::Unauthorized, _) => {
            "check `accessId`, `accessKey` and `securityToken` of the datasource"
        }
        (ErrorClass::Denied, _) => "ask the owner of the project for the permission",
        (ErrorClass::Throttled, _) => "lower `concurrent`, or run the job at another time",
        (ErrorClass::Unreachable | ErrorClass::Transient, _) if fault.status().is_none() => {
            "check `endpoint` and `tunnelEndpoint` of the datasource, and that this host may reach them"
        }
        _ => return None,
    })
}
