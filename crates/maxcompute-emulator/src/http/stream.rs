//! Stream uploads: every body is visible as soon as it is answered, without a commit.
//!
//! There is one slot, and it is this server. A retried flush may double rows, as the protocol has it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::reply::{Failure, Reply};
use super::transfer::{ensure_partition, plain_table, receive_rows, schema_document};
use super::{App, Call};
use crate::names::{Spec, new_id};
use crate::store::{Staged, Table, WriteMode};

/// More than this are not remembered; the service forgets them after a day.
const MAX_STREAMS: usize = 10_000;

struct Stream {
    table: Arc<Table>,
    spec: Spec,
}

/// The streams that are open.
#[derive(Default)]
pub(crate) struct Streams {
    by_id: Mutex<HashMap<String, Arc<Stream>>>,
}

impl Streams {
    fn find(&self, call: &Call) -> Result<Arc<Stream>, Failure> {
        let id = call.parameter("uploadid").unwrap_or_default();
        let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id
            .get(id)
            .filter(|stream| stream.table.definition().name == call.name())
            .cloned()
            .ok_or_else(|| Failure::not_found("StreamSessionNotFound", "the stream does not exist"))
    }
}

fn document(call: &Call, id: &str, stream: &Stream) -> Result<Reply, Failure> {
    let host = call.header("host").unwrap_or_default();
    Ok(Reply::json(&json!({
        "session_name": id,
        "status": "normal",
        "schema": schema_document(&stream.table.definition().schema)?,
        "schema_version": 0,
        "slots": [[0, host]],
        "quota_name": "default",
    })))
}

pub(super) fn create(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = plain_table(app, call)?;
    let spec = call.partition(&table)?;
    if call.is_set("create_partition") {
        ensure_partition(&table, &spec)?;
    }
    table.snapshot(&spec)?;
    let id = new_id();
    let stream = Arc::new(Stream { table, spec });
    let mut by_id = app
        .streams
        .by_id
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if by_id.len() >= MAX_STREAMS {
        by_id.clear();
    }
    by_id.insert(id.clone(), stream.clone());
    drop(by_id);
    document(call, &id, &stream)
}

pub(super) fn load(app: &App, call: &Call) -> Result<Reply, Failure> {
    let stream = app.streams.find(call)?;
    document(
        call,
        call.parameter("uploadid").unwrap_or_default(),
        &stream,
    )
}

pub(super) fn write(app: &App, call: &mut Call) -> Result<Reply, Failure> {
    let stream = app.streams.find(call)?;
    let definition = stream.table.definition();
    let store_failed = |error: std::io::Error| Failure::internal(error.to_string());
    let mut writer = app.store.scratch_segment().map_err(store_failed)?;
    receive_rows(call, &definition.schema.columns, &mut writer)?;
    let segment = writer.finish().map_err(store_failed)?;
    segment.doom();
    let id = new_id();
    let staged = Staged {
        path: segment.path().to_owned(),
        name: id.clone(),
    };
    stream
        .table
        .write(&stream.spec, WriteMode::Append, &[staged], &id)?;
    let host = call.header("host").unwrap_or_default().to_owned();
    Ok(Reply::empty(hyper::StatusCode::OK)
        .with_header("odps-tunnel-routed-server", host)
        .with_header("odps-tunnel-slot-num", "1".to_owned()))
}

pub(super) fn abort(app: &App, call: &Call) -> Result<Reply, Failure> {
    app.streams.find(call)?;
    let id = call.parameter("uploadid").unwrap_or_default();
    app.streams
        .by_id
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(id);
    Ok(Reply::empty(hyper::StatusCode::OK))
}
