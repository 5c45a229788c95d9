//! Downloads: a snapshot of a table or partition whose rows are read by ranges.
//!
//! Owns creating and loading (`PROTOCOL.md`, section 6.2); reading rows is in [`super::read`].

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::super::error::{Error, ErrorClass};
use super::super::http::Call;
use super::super::poll::Polling;
use super::super::{Client, Target};
use super::{Transfer, begun, call};
use crate::types::{PartitionSpec, TableSchema};

/// A download; rows and their order do not change while it lives, which is 24 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Names it to the service.
    pub id: String,
    /// Its columns; partition keys are constants and never part of the rows.
    pub schema: TableSchema,
    /// Its rows.
    pub record_count: u64,
    pub(crate) target: Target,
}

impl Client {
    /// Pins the rows of a table or, if it is partitioned, of one partition.
    pub async fn create_download(
        &self,
        table: &str,
        partition: Option<&PartitionSpec>,
    ) -> Result<Download, Error> {
        let target = Target {
            table: table.to_owned(),
            partition: partition.cloned(),
        };
        let create = call(Method::POST, &target)
            .flag("downloads")
            .parameter("asyncmode", "true");
        let mut answer = self.transfer(&create).await?;
        let mut polling = Polling::new();
        while answer.status.eq_ignore_ascii_case("INITIATING") {
            let Some(id) = &answer.download_id else {
                break;
            };
            polling.pause("the snapshot of table", table).await;
            answer = self.transfer(&load_call(&target, id)).await?;
        }
        to_download(answer, target)
    }

    /// The download as the service knows it now; fails when it has expired.
    pub async fn load_download(&self, download: &Download) -> Result<Download, Error> {
        let answer = self
            .transfer(&load_call(&download.target, &download.id))
            .await?;
        to_download(answer, download.target.clone())
    }
}

fn load_call(target: &Target, id: &str) -> Call {
    call(Method::GET, target).parameter("downloadid", id)
}

fn to_download(answer: Transfer, target: Target) -> Result<Download, Error> {
    if !answer.status.eq_ignore_ascii_case("NORMAL") {
        return Err(Error::new(
            ErrorClass::Conflict,
            format!(
                "the download of table `{}` is `{}` and cannot be read",
                target.table, answer.status
            ),
        )
        .with_code("StatusConflict"));
    }
    let (id, schema) = begun(answer.download_id, answer.schema)?;
    Ok(Download {
        id,
        schema,
        record_count: answer.record_count,
        target,
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_json;
    use super::*;

    const ANSWER: &str = r#"{"DownloadID":"20240102x","Status":"normal","RecordCount":3,"QuotaName":"default","Owner":"o",
        "Initiated":"Tue, 02 Jan 2024 03:04:05 GMT","Schema":{"IsVirtualView":false,
        "columns":[{"name":"id","type":"bigint","comment":"","nullable":true,"column_id":"0"}],
        "partitionKeys":[{"name":"pt","type":"string","comment":"","nullable":true,"column_id":"0"}]}}"#;

    fn target() -> Target {
        Target {
            table: "t".to_owned(),
            partition: Some("pt=x".parse().unwrap()),
        }
    }

    #[test]
    fn a_download_survives_serialisation() {
        let download = to_download(read_json("a test", ANSWER).unwrap(), target()).unwrap();
        assert_eq!(download.record_count, 3);
        let json = serde_json::to_string(&download).unwrap();
        assert_eq!(serde_json::from_str::<Download>(&json).unwrap(), download);
    }

    #[test]
    fn an_expired_download_is_a_conflict() {
        for status in ["EXPIRED", "CLOSES", "UNKNOWN", "Newer"] {
            let answer = ANSWER.replace("normal", status);
            let error = to_download(read_json("a test", &answer).unwrap(), target()).unwrap_err();
            assert_eq!(error.class(), ErrorClass::Conflict);
        }
        let nameless = ANSWER.replace("DownloadID", "Other");
        assert!(to_download(read_json("a test", &nameless).unwrap(), target()).is_err());
    }
}
