//! Reading a range of rows, as a stream that heals itself.
//!
//! Owns the resumption of `PROTOCOL.md`, section 6.2: a broken answer is asked for again from the first row
//! that was not delivered. Turning an answer into batches is in [`super::body`].

use std::ops::Range;

use futures::Stream;
use futures::stream::try_unfold;
use reqwest::Method;

use super::super::Client;
use super::super::error::{Error, ErrorClass};
use super::super::http::{Call, wait_to_repeat};
use super::super::retry::Repetitions;
use super::body::{Piece, Pieces, Projection};
use super::{Download, call};
use crate::compression::Compression;
use crate::record::Decoded;

/// What to read of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// Rows, counted from the first of the download.
    pub rows: Range<u64>,
    /// Names of data columns, at least one, in the order of the table; `None` for all.
    pub columns: Option<Vec<String>>,
    /// The compression to ask for; the service may choose otherwise.
    pub compression: Compression,
    /// When a batch is full.
    pub batch: BatchSize,
}

/// A batch ends at so many rows, or soon after so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSize {
    /// Rows, at least one.
    pub rows: usize,
    /// Bytes of the stream or of the arrays, whichever are more.
    pub bytes: usize,
}

struct Reading {
    client: Client,
    download: Download,
    projection: Projection,
    compression: Compression,
    batch: BatchSize,
    /// Rows that were not delivered yet.
    rest: Range<u64>,
    pieces: Option<Pieces>,
    repetitions: Repetitions,
}

impl Client {
    /// Reads rows in their order. Batches hold the columns asked for.
    ///
    /// Nothing is asked before the stream is polled. An error ends it.
    pub fn read(
        &self,
        download: &Download,
        request: ReadRequest,
    ) -> impl Stream<Item = Result<Decoded, Error>> + Send + use<> {
        let projection = Projection::new(&download.schema.columns, request.columns.as_deref());
        let client = self.clone();
        let download = download.clone();
        let start = projection.map(|projection| Reading {
            repetitions: Repetitions::new(client.inner.retry),
            client,
            download,
            projection,
            compression: request.compression,
            batch: request.batch,
            rest: request.rows,
            pieces: None,
        });
        // A wrong column is told by the first item, like every other error.
        try_unfold(Some(start), |state| async move {
            match state {
                None => Ok(None),
                Some(Err(error)) => Err(error),
                Some(Ok(mut reading)) => {
                    let next = reading.next().await?;
                    Ok(next.map(|decoded| (decoded, Some(Ok(reading)))))
                }
            }
        })
    }
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Decoded>, Error> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let pieces = match &mut self.pieces {
                Some(pieces) => pieces,
                None => {
                    let response = self.client.send(&self.call()).await?;
                    let pieces = Pieces::new(response, self.projection.clone(), self.batch)?;
                    self.pieces.insert(pieces)
                }
            };
            match pieces.next().await {
                Ok(Piece::Batch(decoded)) => {
                    self.deliver(decoded.batch.num_rows() as u64)?;
                    return Ok(Some(decoded));
                }
                Ok(Piece::End) => {
                    return Err(Error::new(
                        ErrorClass::Protocol,
                        format!(
                            "the service sent {} rows too few of table `{}`",
                            self.rest.end - self.rest.start,
                            self.download.target.table
                        ),
                    ));
                }
                Err(error) => {
                    self.pieces = None;
                    wait_to_repeat(&mut self.repetitions, error).await?;
                }
            }
        }
    }

    fn deliver(&mut self, rows: u64) -> Result<(), Error> {
        if rows > self.rest.end - self.rest.start {
            return Err(Error::new(
                ErrorClass::Protocol,
                format!(
                    "the service sent more rows of table `{}` than were asked for",
                    self.download.target.table
                ),
            ));
        }
        self.rest.start += rows;
        self.repetitions.reset();
        Ok(())
    }

    fn call(&self) -> Call {
        let count = self.rest.end - self.rest.start;
        let read = call(Method::GET, &self.download.target)
            .flag("data")
            .parameter("downloadid", &self.download.id)
            .parameter("rowrange", format!("({},{count})", self.rest.start))
            .optional("columns", self.projection.requested());
        match self.compression.content_encoding() {
            Some(encoding) => read.header("accept-encoding", encoding),
            None => read.header("accept-encoding", "identity"),
        }
    }
}
