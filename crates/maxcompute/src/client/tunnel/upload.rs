//! Block uploads: blocks are written in any order and appear together at the commit.
//!
//! Owns the rules of `PROTOCOL.md`, section 6.3: the list of blocks is compared before the commit, and a lost
//! answer to the commit is settled by asking for the state.

use std::collections::BTreeSet;

use bytes::Bytes;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::super::error::{Error, ErrorClass};
use super::super::poll::Polling;
use super::super::{Client, Target};
use super::{Transfer, begun, call};
use crate::compression::Compression;
use crate::record::MAX_FIELD_BYTES;
use crate::types::{PartitionSpec, TableSchema};

/// What the commit does with the rows that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UploadMode {
    /// Keep them.
    Append,
    /// Replace them all, at once.
    Overwrite,
}

/// An upload into one table or partition; it lives for 24 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Names it to the service.
    pub id: String,
    /// Its columns; rows hold all data columns in this order.
    pub schema: TableSchema,
    /// Bytes that one field may have.
    pub max_field_size: usize,
    pub(crate) target: Target,
}

/// A block that the service has verified and keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number that the writer gave it.
    #[serde(rename = "BlockID")]
    pub id: u32,
    /// Its rows.
    #[serde(rename = "RecordCount", default)]
    pub record_count: u64,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadStatus {
    /// Blocks can be written.
    Open,
    /// The commit is under way.
    Committing,
    /// The rows are visible.
    Closed,
    /// It cannot be used any more; the word is the service's.
    Unusable(String),
}

/// An upload as the service knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadState {
    /// How far it is.
    pub status: UploadStatus,
    /// The blocks that a commit would make visible.
    pub blocks: Vec<Block>,
}

/// How often the service may show an upload as open after it accepted the commit.
const OPEN_POLLS: u32 = 20;

impl Client {
    /// Begins an upload; a partition that does not exist is made. One that is not committed needs no
    /// abort: it expires.
    pub async fn create_upload(
        &self,
        table: &str,
        partition: Option<&PartitionSpec>,
        mode: UploadMode,
    ) -> Result<Upload, Error> {
        let target = Target {
            table: table.to_owned(),
            partition: partition.cloned(),
        };
        let overwrite = (mode == UploadMode::Overwrite).then_some("true");
        let call = call(Method::POST, &target)
            .parameter("uploads", "1")
            .optional("overwrite", overwrite)
            .optional("create_partition", partition.map(|_| "true"));
        to_upload(self.transfer(&call).await?, target)
    }

    /// Status and blocks of an upload.
    pub async fn load_upload(&self, upload: &Upload) -> Result<UploadState, Error> {
        let call = call(Method::GET, &upload.target)
            .parameter("uploadid", &upload.id)
            .parameter("getblockid", "true");
        Ok(to_state(self.transfer(&call).await?))
    }

    /// Writes a block: a whole record stream with its footer, not yet compressed.
    ///
    /// Writing the same number again replaces the block, so a repetition never doubles rows.
    pub async fn write_block(
        &self,
        upload: &Upload,
        block_id: u32,
        body: Bytes,
        compression: Compression,
    ) -> Result<(), Error> {
        let mut call = call(Method::PUT, &upload.target)
            .parameter("uploadid", &upload.id)
            .parameter("blockid", block_id.to_string())
            .header("content-type", "application/octet-stream");
        if let Some(encoding) = compression.content_encoding() {
            call = call.header("content-encoding", encoding);
        }
        call.body = compressed(body, compression).await?;
        self.send(&call).await.map(drop)
    }

    /// Makes exactly these blocks visible, or fails and changes nothing.
    ///
    /// An upload that is closed already counts as success: the commit that closed it compared its
    /// blocks, and only its answer was lost.
    pub async fn commit(&self, upload: &Upload, expected_blocks: &[u32]) -> Result<(), Error> {
        let state = self.load_upload(upload).await?;
        if state.status == UploadStatus::Open {
            compare_blocks(&state.blocks, expected_blocks)?;
            let call = call(Method::POST, &upload.target).parameter("uploadid", &upload.id);
            let answer = self.transfer(&call).await.map(to_state);
            match answer {
                Ok(answer) if answer.status == UploadStatus::Closed => return Ok(()),
                Ok(_) => {}
                Err(error) => return self.settle(upload, error).await,
            }
        }
        self.wait_closed(upload).await
    }

    /// Finds out what became of a commit whose answer is an error.
    async fn settle(&self, upload: &Upload, error: Error) -> Result<(), Error> {
        match self.load_upload(upload).await?.status {
            UploadStatus::Closed => Ok(()),
            UploadStatus::Committing => self.wait_closed(upload).await,
            UploadStatus::Open | UploadStatus::Unusable(_) => Err(error),
        }
    }

    async fn wait_closed(&self, upload: &Upload) -> Result<(), Error> {
        let mut polling = Polling::new();
        let mut open_polls = 0;
        loop {
            match self.load_upload(upload).await?.status {
                UploadStatus::Closed => return Ok(()),
                UploadStatus::Unusable(status) => return Err(not_committed(upload, &status)),
                UploadStatus::Open if open_polls == OPEN_POLLS => {
                    return Err(not_committed(upload, "NORMAL"));
                }
                UploadStatus::Open => open_polls += 1,
                UploadStatus::Committing => {}
            }
            polling
                .pause("the commit into table", &upload.target.table)
                .await;
        }
    }
}

/// Compresses on a thread of its own: a block takes long enough to hold up everybody else.
async fn compressed(body: Bytes, compression: Compression) -> Result<Bytes, Error> {
    if compression == Compression::Raw {
        return Ok(body);
    }
    let task = tokio::task::spawn_blocking(move || compression.encode(&body));
    let failed = || Error::new(ErrorClass::Invalid, "the block cannot be compressed");
    match task.await {
        Ok(Ok(body)) => Ok(body.into()),
        Ok(Err(error)) => Err(failed().with_source(error)),
        Err(error) => Err(failed().with_source(error)),
    }
}

fn to_upload(answer: Transfer, target: Target) -> Result<Upload, Error> {
    if let UploadStatus::Unusable(status) = status_of(&answer.status) {
        let message = format!(
            "the upload into table `{}` began as `{status}`",
            target.table
        );
        return Err(Error::new(ErrorClass::Conflict, message).with_code("StatusConflict"));
    }
    let (id, schema) = begun(answer.upload_id, answer.schema)?;
    let max_field_size = answer
        .max_field_size
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(MAX_FIELD_BYTES);
    Ok(Upload {
        id,
        schema,
        max_field_size,
        target,
    })
}

fn to_state(answer: Transfer) -> UploadState {
    UploadState {
        status: status_of(&answer.status),
        blocks: answer.uploaded_block_list,
    }
}

fn status_of(word: &str) -> UploadStatus {
    match word.to_ascii_uppercase().as_str() {
        "NORMAL" => UploadStatus::Open,
        "CLOSING" | "COMMITTING" => UploadStatus::Committing,
        "CLOSED" => UploadStatus::Closed,
        _ => UploadStatus::Unusable(word.to_owned()),
    }
}

fn not_committed(upload: &Upload, status: &str) -> Error {
    let message = format!(
        "the upload `{}` into table `{}` was not committed: it is `{status}`",
        upload.id, upload.target.table
    );
    Error::new(ErrorClass::Conflict, message).with_code("StatusConflict")
}

/// The commit takes whatever blocks are there, so a difference must be found before.
fn compare_blocks(found: &[Block], expected: &[u32]) -> Result<(), Error> {
    let found: BTreeSet<u32> = found.iter().map(|block| block.id).collect();
    let expected: BTreeSet<u32> = expected.iter().copied().collect();
    if found == expected {
        return Ok(());
    }
    let missing: Vec<String> = expected.difference(&found).map(u32::to_string).collect();
    let surplus: Vec<String> = found.difference(&expected).map(u32::to_string).collect();
    let message = format!(
        "the blocks on the service are not the ones written: missing [{}], unexpected [{}]",
        missing.join(", "),
        surplus.join(", ")
    );
    Err(Error::new(ErrorClass::Conflict, message).with_code("InConsistentBlockList"))
}

#[cfg(test)]
mod tests {
    use super::super::read_json;
    use super::*;

    fn answer(status: &str) -> Transfer {
        let text = r#"{"UploadID":"u1","Status":"STATUS","IsOverwrite":false,"MaxFieldSize":100,"Unknown":{},
            "Schema":{"columns":[{"name":"id","type":"bigint","nullable":true,"column_id":"0"}],"partitionKeys":[]},
            "UploadedBlockList":[{"BlockID":7,"RecordCount":100,"CreateTime":1,"Date":"x","FileName":"y","Version":0},{"BlockID":2}]}"#;
        read_json("a test", &text.replace("STATUS", status)).unwrap()
    }

    fn target() -> Target {
        Target {
            table: "t".to_owned(),
            partition: None,
        }
    }

    #[test]
    fn an_upload_survives_serialisation() {
        let upload = to_upload(answer("normal"), target()).unwrap();
        assert_eq!(upload.max_field_size, 100);
        let json = serde_json::to_string(&upload).unwrap();
        assert_eq!(serde_json::from_str::<Upload>(&json).unwrap(), upload);
        assert!(to_upload(answer("EXPIRED"), target()).is_err());
    }

    #[test]
    fn every_status_word_has_a_meaning() {
        for (word, status) in [
            ("normal", UploadStatus::Open),
            ("CLOSING", UploadStatus::Committing),
            ("Committing", UploadStatus::Committing),
            ("CLOSED", UploadStatus::Closed),
            ("CRITICAL", UploadStatus::Unusable("CRITICAL".to_owned())),
            ("newer", UploadStatus::Unusable("newer".to_owned())),
        ] {
            assert_eq!(to_state(answer(word)).status, status);
        }
    }

    #[test]
    fn a_difference_of_blocks_is_told() {
        let blocks = to_state(answer("NORMAL")).blocks;
        assert_eq!(blocks[0].record_count, 100);
        assert!(compare_blocks(&blocks, &[2, 7]).is_ok());
        assert!(compare_blocks(&[], &[]).is_ok());
        let error = compare_blocks(&blocks, &[2, 3]).unwrap_err();
        assert_eq!(error.code(), "InConsistentBlockList");
        assert!(
            error.message().ends_with("missing [3], unexpected [7]"),
            "{error}"
        );
    }
}
