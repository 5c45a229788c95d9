//! The body of a read: network, decompression and decoding, each at its own pace.
//!
//! Owns the hand-over between the asynchronous network and a thread that decodes, through bounded
//! channels. Dropping [`Pieces`] ends both.

use std::io::{self, Read};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use bytes::{Buf, Bytes};
use reqwest::Response;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::super::error::{Error, ErrorClass};
use super::read::BatchSize;
use crate::compression::Compression;
use crate::record::{BadCell, Decoded, Decoder};
use crate::types::Column;

/// Pieces of the network that may wait for decoding, and batches that may wait for the caller.
const WAITING_PIECES: usize = 8;
const WAITING_BATCHES: usize = 2;
const BUFFER_BYTES: usize = 256 << 10;

/// Which columns travel, and how they become what the caller wants.
///
/// The record format answers in the order of the request and the Arrow format in the order of the
/// table, so columns are always requested in the order of the table and put in order here.
#[derive(Clone)]
pub(super) struct Projection {
    travelling: Vec<Column>,
    /// Positions among the travelling columns, in the wanted order; `None` when nothing changes.
    wanted: Option<Vec<usize>>,
}

impl Projection {
    pub(super) fn new(columns: &[Column], wanted: Option<&[String]>) -> Result<Projection, Error> {
        let Some(wanted) = wanted else {
            return Ok(Projection {
                travelling: columns.to_vec(),
                wanted: None,
            });
        };
        let mut positions = Vec::with_capacity(wanted.len());
        for name in wanted {
            let position = columns
                .iter()
                .position(|column| column.name.eq_ignore_ascii_case(name));
            positions.push(position.ok_or_else(|| {
                let message = format!("the table has no data column `{name}`");
                Error::new(ErrorClass::Invalid, message)
            })?);
        }
        let mut sorted = positions.clone();
        // Rows without any column have no number: one column travels to count them.
        if sorted.is_empty() && !columns.is_empty() {
            sorted.push(0);
        }
        sorted.sort_unstable();
        sorted.dedup();
        let place = |position: &usize| sorted.partition_point(|other| other < position);
        Ok(Projection {
            wanted: Some(positions.iter().map(place).collect()),
            travelling: sorted
                .into_iter()
                .map(|position| columns[position].clone())
                .collect(),
        })
    }

    /// The value of the `columns` parameter.
    pub(super) fn requested(&self) -> Option<String> {
        self.wanted.as_ref()?;
        let names: Vec<&str> = self
            .travelling
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        Some(names.join(","))
    }

    fn apply(&self, decoded: Decoded) -> Result<Decoded, Error> {
        let Some(wanted) = &self.wanted else {
            return Ok(decoded);
        };
        let Decoded { batch, bad_cells } = decoded;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let arrays = wanted.iter().map(|index| batch.column(*index).clone());
        let batch = batch
            .schema_ref()
            .project(wanted)
            .and_then(|schema| {
                let schema: SchemaRef = Arc::new(schema);
                RecordBatch::try_new_with_options(schema, arrays.collect(), &options)
            })
            .map_err(|error| {
                Error::new(ErrorClass::Protocol, "a batch cannot be built").with_source(error)
            })?;
        // A column may be wanted more than once; each copy has the bad cells.
        let copies = wanted.iter().enumerate().flat_map(|(column, index)| {
            let cells = bad_cells.iter().filter(move |cell| cell.column == *index);
            cells.map(move |cell| BadCell {
                column,
                ..cell.clone()
            })
        });
        Ok(Decoded {
            batch,
            bad_cells: copies.collect(),
        })
    }
}

/// What comes of a body.
pub(super) enum Piece {
    Batch(Decoded),
    /// The footer was there and right.
    End,
}

/// The batches of one answer.
pub(super) struct Pieces {
    batches: Receiver<Result<Piece, Error>>,
    network: JoinHandle<()>,
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // A silent service would be listened to until its time is up; decoding ends with the network.
        self.network.abort();
    }
}

impl Pieces {
    pub(super) fn new(
        response: Response,
        projection: Projection,
        batch: BatchSize,
    ) -> Result<Pieces, Error> {
        let encoding = response.headers().get("content-encoding");
        let encoding = encoding.and_then(|value| value.to_str().ok()).unwrap_or("");
        let compression: Compression = encoding.parse().map_err(|error| {
            Error::new(ErrorClass::Protocol, "the service compressed the rows").with_source(error)
        })?;
        let (body_sender, body) = channel(WAITING_PIECES);
        let (sender, batches) = channel(WAITING_BATCHES);
        let network = tokio::spawn(forward(response, body_sender));
        // A thread of its own: decoding lasts as long as the read does and waits for the writer, which
        // may need one of tokio's threads for blocking work to go on.
        let decoding = std::thread::Builder::new().spawn(move || {
            let body = Body {
                receiver: body,
                piece: Bytes::new(),
            };
            let last = match decode(body, compression, &projection, batch, &sender) {
                Ok(true) => Ok(Piece::End),
                Ok(false) => return,
                Err(error) => Err(error),
            };
            // Nobody waits for the end of what was dropped.
            drop(sender.blocking_send(last));
        });
        let pieces = Pieces { batches, network };
        match decoding {
            Ok(_) => Ok(pieces),
            Err(error) => {
                let message = "a thread to decode the rows cannot be started";
                Err(Error::new(ErrorClass::Transient, message).with_source(error))
            }
        }
    }

    pub(super) async fn next(&mut self) -> Result<Piece, Error> {
        self.batches.recv().await.unwrap_or_else(|| {
            Err(Error::new(
                ErrorClass::Protocol,
                "decoding the rows ended without a reason",
            ))
        })
    }
}

/// Hands the network's pieces over until one side ends.
async fn forward(mut response: Response, body: Sender<io::Result<Bytes>>) {
    loop {
        let piece = match response.chunk().await {
            Ok(None) => return,
            Ok(Some(piece)) => Ok(piece),
            Err(error) => Err(io::Error::other(error)),
        };
        let failed = piece.is_err();
        if body.send(piece).await.is_err() || failed {
            return;
        }
    }
}

/// The pieces as a reader, for decompressors that pull.
struct Body {
    receiver: Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Decodes to the end; `false` when the receiver went away.
///
/// Each batch is held back until another one follows or the footer was right, so that the caller has
/// all rows only if the whole stream is good.
fn decode(
    body: Body,
    compression: Compression,
    projection: &Projection,
    batch: BatchSize,
    batches: &Sender<Result<Piece, Error>>,
) -> Result<bool, Error> {
    let mut decoder = Decoder::for_columns(&projection.travelling).batch_bytes(batch.bytes);
    let mut reader = compression.decoder(body).map_err(broken)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut held_back = None;
    let send = |decoded: Option<Decoded>| match decoded {
        Some(decoded) => {
            let piece = projection.apply(decoded).map(Piece::Batch);
            batches.blocking_send(piece).is_ok()
        }
        None => true,
    };
    loop {
        let length = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(error)),
        };
        decoder.push(&buffer[..length]);
        while let Some(decoded) = decoder.next_batch(batch.rows).map_err(damaged)? {
            if !send(held_back.replace(decoded)) {
                return Ok(false);
            }
        }
    }
    decoder.finish().map_err(damaged)?;
    Ok(send(held_back))
}

/// What the network said reaches the decompressor, and through it this place, unchanged.
fn broken(error: io::Error) -> Error {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => Error::from_transport(error, true),
        Err(error) => {
            Error::new(ErrorClass::Damaged, "the rows cannot be decompressed").with_source(error)
        }
    }
}

fn damaged(error: crate::record::DecodeError) -> Error {
    Error::new(ErrorClass::Damaged, "the rows arrived damaged").with_source(error)
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int64Array};

    use super::*;
    use crate::types::Type;

    fn columns() -> Vec<Column> {
        ["a", "b", "c"]
            .map(|name| Column::new(name, Type::BigInt))
            .to_vec()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn arrived(names: &[&str]) -> Decoded {
        let arrays = names.iter().zip(0_i64..).map(|(name, number)| {
            let array: ArrayRef = Arc::new(Int64Array::from(vec![number; 2]));
            (*name, array)
        });
        Decoded {
            batch: RecordBatch::try_from_iter(arrays).unwrap(),
            bad_cells: vec![BadCell {
                row: 1,
                column: 0,
                reason: "bad".to_owned(),
            }],
        }
    }

    #[test]
    fn columns_travel_in_table_order_and_arrive_in_the_wanted_one() {
        let wanted = names(&["C", "a", "c"]);
        let projection = Projection::new(&columns(), Some(&wanted)).unwrap();
        assert_eq!(projection.requested().as_deref(), Some("a,c"));
        let decoded = projection.apply(arrived(&["a", "c"])).unwrap();
        let schema = decoded.batch.schema();
        let fields: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
        assert_eq!(fields, ["c", "a", "c"]);
        assert_eq!(decoded.bad_cells.len(), 1);
        assert_eq!(
            (decoded.bad_cells[0].row, decoded.bad_cells[0].column),
            (1, 1)
        );
    }

    #[test]
    fn no_columns_still_have_rows() {
        let projection = Projection::new(&columns(), Some(&[])).unwrap();
        assert_eq!(projection.requested().as_deref(), Some("a"));
        let decoded = projection.apply(arrived(&["a"])).unwrap();
        assert_eq!(
            (decoded.batch.num_rows(), decoded.batch.num_columns()),
            (2, 0)
        );
        assert_eq!(decoded.bad_cells, []);
    }

    #[test]
    fn unknown_columns_are_named() {
        let error = Projection::new(&columns(), Some(&names(&["a", "d"])))
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "the table has no data column `d`");
        assert_eq!(Projection::new(&columns(), None).unwrap().requested(), None);
    }
}
