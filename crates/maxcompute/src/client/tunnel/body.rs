//! The body of a read: network, decompression and decoding, each at its own pace.
//!
//! Owns the hand-over between the asynchronous network and a thread that decodes, through bounded
//! channels. Dropping [`Pieces`] ends both.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use reqwest::Response;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::super::error::{Error, ErrorClass};
use super::read::BatchSize;
use crate::compression::Compression;
use crate::record::{Decoded, Decoder};
use crate::types::Column;

/// Pieces of the network that may wait for decoding, and batches that may wait for the caller.
const WAITING_PIECES: usize = 8;
const WAITING_BATCHES: usize = 2;
const BUFFER_BYTES: usize = 256 << 10;

/// Which columns travel.
///
/// The record format answers in the order of the request and the Arrow format in the order of the
/// table, so columns are requested in the order of the table and no other.
#[derive(Clone)]
pub(super) struct Projection {
    columns: Vec<Column>,
    is_whole: bool,
}

impl Projection {
    pub(super) fn new(columns: &[Column], wanted: Option<&[String]>) -> Result<Projection, Error> {
        let Some(wanted) = wanted else {
            return Ok(Projection {
                columns: columns.to_vec(),
                is_whole: true,
            });
        };
        let wrong = |message: String| Error::new(ErrorClass::Invalid, message);
        if wanted.is_empty() {
            return Err(wrong("a read asks for no column".to_owned()));
        }
        let mut rest = columns.iter();
        let mut travelling = Vec::with_capacity(wanted.len());
        for name in wanted {
            let is_it = |column: &&Column| column.name.eq_ignore_ascii_case(name);
            let Some(column) = rest.find(is_it) else {
                return Err(wrong(match columns.iter().any(|column| is_it(&column)) {
                    true => format!("column `{name}` is asked for out of the table's order"),
                    false => format!("the table has no data column `{name}`"),
                }));
            };
            travelling.push(column.clone());
        }
        Ok(Projection {
            columns: travelling,
            is_whole: false,
        })
    }

    /// The value of the `columns` parameter.
    pub(super) fn requested(&self) -> Option<String> {
        if self.is_whole {
            return None;
        }
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        Some(names.join(","))
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
    let mut decoder = Decoder::for_columns(&projection.columns).batch_bytes(batch.bytes);
    let mut reader = compression.decoder(body).map_err(broken)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut held_back = None;
    let send = |decoded: Option<Decoded>| match decoded {
        Some(decoded) => batches.blocking_send(Ok(Piece::Batch(decoded))).is_ok(),
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
    use super::*;
    use crate::types::Type;

    #[test]
    fn columns_are_requested_in_the_order_of_the_table() {
        let columns = ["a", "b", "c"].map(|name| Column::new(name, Type::BigInt));
        let requested = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            let projection = Projection::new(&columns, Some(&wanted));
            projection
                .map(|projection| projection.requested())
                .map_err(|error| error.to_string())
        };
        assert_eq!(requested(&["A", "c"]), Ok(Some("a,c".to_owned())));
        for (wanted, message) in [
            (&["a", "d"][..], "the table has no data column `d`"),
            (
                &["c", "a"],
                "column `a` is asked for out of the table's order",
            ),
            (
                &["a", "a"],
                "column `a` is asked for out of the table's order",
            ),
            (&[], "a read asks for no column"),
        ] {
            assert_eq!(requested(wanted), Err(message.to_owned()));
        }
        assert_eq!(Projection::new(&columns, None).unwrap().requested(), None);
    }
}
