//! Block uploads and downloads of Tunnel (section 6 of the protocol).

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::coding::{accepted, compress};
use super::fault::Action;
use super::metadata::OWNER;
use super::reply::{Failure, Reply};
use super::{App, Call};
use crate::arrow_rows::{self, Timestamps};
use crate::clock::{date_text, now_seconds};
use crate::names::Spec;
use crate::record::{IngestError, Layout, Projection, ingest};
use crate::store::{
    Block, Download, RowRange, Segment, SegmentWriter, StoreError, Table, TableKind, Upload,
    UploadStatus, WriteMode, write_rows,
};
use maxcompute::arrow_stream::supports;
use maxcompute::compression::Compression;
use maxcompute::record::MAX_FIELD_BYTES;
use maxcompute::types::{Column, TableSchema};

/// Block ids go up to here.
const MAX_BLOCK: u32 = 19_999;
const PREVIEW_ROWS: u64 = 10_000;

/// The schema as Tunnel writes it.
pub(super) fn schema_document(schema: &TableSchema) -> Result<Value, Failure> {
    let mut document = serde_json::to_value(schema)
        .map_err(|error| Failure::internal(format!("the schema cannot be written: {error}")))?;
    if let Value::Object(fields) = &mut document {
        fields.insert("IsVirtualView".to_owned(), false.into());
    }
    Ok(document)
}

/// The table of a request, if rows may be moved in and out of it directly.
pub(super) fn plain_table(app: &App, call: &Call) -> Result<Arc<Table>, Failure> {
    let table = app.store.table(call.name())?;
    if table.definition().kind != TableKind::Managed {
        return Err(Failure::bad_request(
            "InvalidArgument",
            "the rows of views and external tables are not here to be moved",
        ));
    }
    if table.definition().has_primary_key() {
        return Err(Failure::bad_request(
            "InvalidArgument",
            "the table is transactional and has a primary key; it takes upserts and queries only",
        ));
    }
    Ok(table)
}

/// Makes a partition that is missing.
pub(super) fn ensure_partition(table: &Table, spec: &Spec) -> Result<(), Failure> {
    match table.add_partition(spec, now_seconds()) {
        // An unpartitioned table has its only partition from the start.
        Ok(()) | Err(StoreError::PartitionExists(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The quota that a request names.
fn quota(call: &Call) -> &str {
    call.parameter("quotaName").unwrap_or("default")
}

fn upload_document(call: &Call, upload: &Upload) -> Result<Value, Failure> {
    let status = match upload.status() {
        UploadStatus::Normal => "NORMAL",
        UploadStatus::Closed => "CLOSED",
    };
    let mut blocks = Vec::new();
    for (number, block) in upload.blocks() {
        blocks.push(block_document(number, block));
    }
    Ok(json!({
        "UploadID": upload.id(),
        "Status": status,
        "Initiated": date_text(upload.created()),
        "IsOverwrite": upload.mode() == WriteMode::Overwrite,
        "MaxFieldSize": MAX_FIELD_BYTES,
        "Owner": OWNER,
        "QuotaName": quota(call),
        "Schema": schema_document(&upload.schema())?,
        "UploadedBlockList": blocks,
    }))
}

fn block_document(number: u32, block: Block) -> Value {
    json!({
        "BlockID": number,
        "RecordCount": block.row_count,
        "CreateTime": block.created,
        "Date": date_text(block.created),
        "FileName": format!("block-{number:05}"),
        "Version": 0,
    })
}

pub(super) fn create_upload(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = plain_table(app, call)?;
    let spec = call.partition(&table)?;
    if call.is_set("create_partition") {
        ensure_partition(&table, &spec)?;
    }
    let mode = if call.is_set("overwrite") {
        WriteMode::Overwrite
    } else {
        WriteMode::Append
    };
    let upload = app.store.uploads().create(table, &spec, mode)?;
    Ok(Reply::json(&upload_document(call, &upload)?))
}

fn upload_of(app: &App, call: &Call) -> Result<Arc<Upload>, Failure> {
    let table = app.store.table(call.name())?;
    let spec = call.partition(&table)?;
    let id = call.parameter("uploadid").unwrap_or_default();
    app.store
        .uploads()
        .find(id, &table.definition().id, &spec)
        .ok_or_else(|| {
            Failure::not_found(
                "NoSuchUpload",
                "the upload does not exist for this partition",
            )
        })
}

pub(super) fn load_upload(app: &App, call: &Call) -> Result<Reply, Failure> {
    Ok(Reply::json(&upload_document(
        call,
        &*upload_of(app, call)?,
    )?))
}

pub(super) fn write_block(app: &App, call: &mut Call) -> Result<Reply, Failure> {
    let upload = upload_of(app, call)?;
    let number = call
        .parameter("blockid")
        .and_then(|text| text.parse().ok())
        .filter(|number| *number <= MAX_BLOCK)
        .ok_or_else(|| {
            Failure::bad_request("InvalidBlockID", "the block id is not one of 0 to 19999")
        })?;
    let mut writer = upload.begin_block(number)?;
    receive_rows(call, &upload.schema().columns, &mut writer)?;
    upload.keep_block(number, writer)?;
    Ok(Reply::empty(hyper::StatusCode::OK))
}

/// Takes the rows of a request's body in, whatever its format and compression.
pub(super) fn receive_rows(
    call: &mut Call,
    columns: &[Column],
    writer: &mut SegmentWriter,
) -> Result<u64, Failure> {
    let compression: Compression = call
        .header("content-encoding")
        .unwrap_or_default()
        .parse()
        .map_err(|error| Failure::bad_request("InvalidArgument", format!("{error}")))?;
    let arrow = call.is_set("arrow");
    if arrow {
        refuse_arrow(columns)?;
    }
    let layout = Layout::new(columns);
    let mut input = compression
        .decoder(&mut call.body)
        .map_err(|error| Failure::bad_request("MalformedDataStream", error.to_string()))?;
    let received = if arrow {
        arrow_rows::receive(columns, &layout, &mut input, writer)
    } else {
        ingest(&layout, &mut input, writer)
    };
    let row_count = received.map_err(|error| match error {
        IngestError::Cut => Failure::bad_request("IncompleteBody", error.to_string()),
        IngestError::Store(_) => Failure::internal(error.to_string()),
        IngestError::Malformed(_) | IngestError::Read(_) => {
            Failure::bad_request("MalformedDataStream", error.to_string())
        }
    })?;
    // A compressed body may have a trailer behind the last row; it is checked by reading to the end.
    let mut rest = [0; 1];
    match input.read(&mut rest) {
        Ok(0) => Ok(row_count),
        Ok(_) => Err(Failure::bad_request(
            "MalformedDataStream",
            "bytes follow the footer",
        )),
        Err(error) => Err(Failure::bad_request(
            "MalformedDataStream",
            error.to_string(),
        )),
    }
}

pub(super) fn commit_upload(app: &App, call: &Call) -> Result<Reply, Failure> {
    let upload = upload_of(app, call)?;
    upload.commit()?;
    Ok(Reply::json(&upload_document(call, &upload)?))
}

fn download_document(call: &Call, download: &Download) -> Result<Value, Failure> {
    let initiating = call
        .fault
        .as_ref()
        .is_some_and(|fault| fault.action == Action::Initiating);
    Ok(json!({
        "DownloadID": download.id,
        "Status": if initiating { "INITIATING" } else { "NORMAL" },
        "RecordCount": download.row_count(),
        "Schema": schema_document(&download.schema)?,
        "QuotaName": quota(call),
        "Owner": OWNER,
        "Initiated": date_text(download.created),
    }))
}

/// What a download belongs to: its table and partition, or its instance.
fn download_owner(app: &App, call: &Call) -> Result<String, Failure> {
    if call.is_instance() {
        return Ok(format!("instance {}", call.name()));
    }
    let table = app.store.table(call.name())?;
    let spec = call.partition(&table)?;
    Ok(format!("table {} {}", table.definition().id, spec.folder()))
}

pub(super) fn create_download(app: &App, call: &Call) -> Result<Reply, Failure> {
    let owner = download_owner(app, call)?;
    let (schema, segments) = if call.is_instance() {
        super::job::result_rows(app, call.name())?
    } else {
        let table = plain_table(app, call)?;
        let part = table.snapshot(&call.partition(&table)?)?;
        (part.definition.schema.clone(), part.segments)
    };
    let download = app.store.downloads().create(owner, schema, segments);
    Ok(Reply::json(&download_document(call, &download)?))
}

fn download_of(app: &App, call: &Call) -> Result<Arc<Download>, Failure> {
    let owner = download_owner(app, call)?;
    let id = call.parameter("downloadid").unwrap_or_default();
    app.store.downloads().find(&owner, id).ok_or_else(|| {
        Failure::not_found(
            "NoSuchDownload",
            "the download does not exist for this partition",
        )
    })
}

pub(super) fn load_download(app: &App, call: &Call) -> Result<Reply, Failure> {
    Ok(Reply::json(&download_document(
        call,
        &*download_of(app, call)?,
    )?))
}

/// Reads `(START,COUNT)`. A count beyond the end means the rest.
fn row_range(text: Option<&str>, row_count: u64) -> Result<RowRange, Failure> {
    let invalid = || {
        Failure::bad_request(
            "InvalidRowRange",
            format!(
                "the row range {:?} is not (start,count) within {row_count} rows",
                text.unwrap_or_default()
            ),
        )
    };
    let inner = text
        .and_then(|text| text.trim().strip_prefix('('))
        .and_then(|text| text.strip_suffix(')'))
        .ok_or_else(invalid)?;
    let (start, count) = inner.split_once(',').ok_or_else(invalid)?;
    let start: u64 = start.trim().parse().map_err(|_| invalid())?;
    let count: u64 = count.trim().parse().map_err(|_| invalid())?;
    if start > row_count {
        return Err(invalid());
    }
    Ok(RowRange {
        start,
        count: count.min(row_count - start),
    })
}

/// The indexes of the named columns in the order of the names, none for all columns.
fn chosen_columns(text: Option<&str>, columns: &[Column]) -> Result<Option<Vec<usize>>, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let mut by_name = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        by_name.insert(column.name.to_lowercase(), index);
    }
    let mut chosen = Vec::new();
    for name in text.split(',') {
        let index = by_name.remove(&name.trim().to_lowercase()).ok_or_else(|| {
            Failure::bad_request(
                "InvalidColumnSpec",
                format!("{name:?} is no data column of the table or is named twice"),
            )
        })?;
        chosen.push(index);
    }
    let all = chosen.len() == columns.len() && chosen.is_sorted();
    Ok((!all).then_some(chosen))
}

/// What a request for rows wants.
struct Wanted {
    segments: Vec<Arc<Segment>>,
    columns: Vec<Column>,
    chosen: Option<Vec<usize>>,
    range: RowRange,
}

impl Wanted {
    fn projection(&mut self, layout: &Layout) -> Option<Projection> {
        self.chosen
            .take()
            .map(|chosen| Projection::new(layout, chosen))
    }

    /// The columns that are sent, in the order in which they are sent.
    fn sent_columns(&self) -> Vec<Column> {
        match &self.chosen {
            Some(chosen) => chosen
                .iter()
                .map(|index| self.columns[*index].clone())
                .collect(),
            None => self.columns.clone(),
        }
    }

    fn write_records(mut self, out: &mut dyn Write) -> std::io::Result<()> {
        let layout = Layout::new(&self.columns);
        let projection = self.projection(&layout);
        write_rows(&self.segments, &layout, self.range, projection, out)
    }
}

pub(super) fn read_rows(app: &App, call: &Call) -> Result<Reply, Failure> {
    let download = download_of(app, call)?;
    let columns = download.schema.columns.clone();
    let mut chosen = chosen_columns(call.parameter("columns"), &columns)?;
    let arrow = call.is_set("arrow");
    if arrow && let Some(chosen) = &mut chosen {
        // Arrow bodies have the columns in the order of the table.
        chosen.sort_unstable();
    }
    let range = row_range(call.parameter("rowrange"), download.row_count())?;
    let wanted = Wanted {
        segments: download.segments.clone(),
        columns,
        chosen,
        range,
    };
    let compression = accepted(call.header("accept-encoding"));
    let sent = wanted.sent_columns();
    if arrow {
        refuse_arrow(&sent)?;
    }
    let timestamps = if call.is_instance() {
        Timestamps::Pair
    } else {
        Timestamps::Nanoseconds
    };
    let reply = Reply::stream(Box::new(move |out: &mut dyn Write| {
        compress(compression, out, |out| {
            if arrow {
                arrow_rows::send(&sent, timestamps, out, |records| {
                    wanted.write_records(records)
                })
            } else {
                wanted.write_records(out)
            }
        })
    }));
    Ok(match compression.content_encoding() {
        Some(name) => reply.with_header("content-encoding", name.to_owned()),
        None => reply,
    })
}

/// Clients disagree about the Arrow form of intervals, so there is none.
fn refuse_arrow(columns: &[Column]) -> Result<(), Failure> {
    match columns.iter().find(|column| !supports(&column.r#type)) {
        Some(column) => Err(Failure::bad_request(
            "InvalidArgument",
            format!(
                "column {} of type {} has no Arrow form",
                column.name, column.r#type
            ),
        )),
        None => Ok(()),
    }
}

/// The first rows of a table as a plain Arrow stream.
pub(super) fn preview(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = plain_table(app, call)?;
    let mut segments = Vec::new();
    if call
        .parameter("partition")
        .is_some_and(|text| !text.is_empty())
    {
        segments = table.snapshot(&call.partition(&table)?)?.segments;
    } else {
        for (_, part) in table.snapshots()? {
            segments.extend(part.segments);
        }
    }
    let columns = table.definition().schema.columns.clone();
    let chosen = chosen_columns(call.parameter("columns"), &columns)?;
    let row_count: u64 = segments.iter().map(|segment| segment.row_count()).sum();
    let asked = call.parameter("limit").and_then(|text| text.parse().ok());
    let count = asked
        .unwrap_or(PREVIEW_ROWS)
        .min(PREVIEW_ROWS)
        .min(row_count);
    let wanted = Wanted {
        segments,
        columns,
        chosen,
        range: RowRange { start: 0, count },
    };
    Ok(Reply::stream(Box::new(move |out: &mut dyn Write| {
        let sent = wanted.sent_columns();
        arrow_rows::send_preview(&sent, out, |records| wanted.write_records(records))
    })))
}
