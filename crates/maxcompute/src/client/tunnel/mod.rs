//! Bulk transfers: downloads and block uploads of one table or partition.
//!
//! Owns what both directions share (`PROTOCOL.md`, section 6.1). A transfer is named by plain values that
//! another process can go on with.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Error, ErrorClass};
use super::http::{Call, Service};
use super::{Client, Target};
use crate::types::TableSchema;

mod body;
mod download;
mod read;
mod upload;

pub use download::Download;
pub use read::{BatchSize, ReadRequest};
pub use upload::{Block, Upload, UploadMode, UploadState, UploadStatus};

/// The version that permits the metrics element in footers, which the decoder accepts.
const TUNNEL_VERSION: &str = "6";

/// A request about a transfer of this table.
fn call(method: Method, target: &Target) -> Call {
    let partition = target.partition.as_ref().map(ToString::to_string);
    Call::new(Service::Tunnel, method, &["tables", &target.table])
        .optional("partition", partition)
        .header("x-odps-tunnel-version", TUNNEL_VERSION)
        .header("odps-tunnel-date-transform", "v1")
        .header("odps-tunnel-sdk-support-schema-evolution", "true")
}

/// The answers of both directions. Unknown keys are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Transfer {
    #[serde(rename = "DownloadID")]
    download_id: Option<String>,
    #[serde(rename = "UploadID")]
    upload_id: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    record_count: u64,
    schema: Option<TableSchema>,
    max_field_size: Option<u64>,
    #[serde(default)]
    uploaded_block_list: Vec<Block>,
}

impl Client {
    async fn transfer(&self, call: &Call) -> Result<Transfer, Error> {
        let answer = self.answer(call).await?;
        let transformed = answer.headers.get("odps-tunnel-date-transform");
        if transformed.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
            return Err(Error::new(
                ErrorClass::Protocol,
                "the service sends DATETIME values in an old calendar encoding, which is not supported",
            ));
        }
        read_json("a transfer", &answer.text)
    }
}

fn read_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(
            ErrorClass::Protocol,
            format!("the answer about {what} cannot be read: {error}"),
        )
    })
}

/// The parts without which a new transfer is of no use.
fn begun(id: Option<String>, schema: Option<TableSchema>) -> Result<(String, TableSchema), Error> {
    id.zip(schema).ok_or_else(|| {
        Error::new(
            ErrorClass::Protocol,
            "the service named neither the transfer that it created nor its columns",
        )
    })
}
