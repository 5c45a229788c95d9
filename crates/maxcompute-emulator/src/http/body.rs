//! Bodies between the connection, which must not block, and the handlers, which read and write files.
//!
//! Both directions go through a channel of few pieces, so a slow side holds the other one back.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Pieces on their way; each is at most some hundred KiB.
pub(crate) const CHANNEL_PIECES: usize = 4;
const PIECE_BYTES: usize = 128 * 1024;

/// The body of a request, read from a thread that may block.
pub(crate) struct RequestBody {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl RequestBody {
    pub(crate) fn new(pieces: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self {
            pieces,
            current: Bytes::new(),
        }
    }

    /// Reads a body that must be small.
    pub(crate) fn read_text(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.by_ref().take(limit + 1).read_to_end(&mut text)?;
        if text.len() as u64 > limit {
            return Err(io::Error::other(format!(
                "the body has more than {limit} bytes"
            )));
        }
        Ok(text)
    }
}

impl Read for RequestBody {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let count = self.current.len().min(out.len());
        self.current.copy_to_slice(&mut out[..count]);
        Ok(count)
    }
}

/// Where a producer writes the body of an answer, on a thread that may block.
pub(crate) struct BodyWriter {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    pending: Vec<u8>,
}

impl BodyWriter {
    pub(crate) fn new(pieces: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self {
            pieces,
            pending: Vec::new(),
        }
    }

    fn send(&mut self, piece: Bytes) -> io::Result<()> {
        self.pieces
            .blocking_send(Ok(piece))
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the client is gone"))
    }

    /// Ends the body so that the client sees it is not whole.
    pub(crate) fn fail(self, error: io::Error) {
        // A client that is gone needs no sign.
        let _ = self.pieces.blocking_send(Err(error));
    }
}

impl Write for BodyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.len() + bytes.len() > PIECE_BYTES {
            self.flush()?;
            if bytes.len() > PIECE_BYTES {
                self.send(Bytes::copy_from_slice(bytes))?;
                return Ok(bytes.len());
            }
        }
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.pending);
        self.send(piece.into())
    }
}

/// The body of an answer as the connection sees it, cut off after some bytes if a fault says so.
pub(crate) struct ResponseBody {
    source: Source,
    cut: Cut,
}

enum Source {
    Whole(Bytes),
    Pieces(mpsc::Receiver<io::Result<Bytes>>),
}

enum Cut {
    Never,
    After(u64),
    /// Everything before the cut was handed over; the next poll lets it reach the wire first.
    Due,
    Now,
}

impl ResponseBody {
    pub(crate) fn whole(bytes: Vec<u8>, cut_after: Option<u64>) -> Self {
        Self {
            source: Source::Whole(bytes.into()),
            cut: Cut::from(cut_after),
        }
    }

    pub(crate) fn pieces(
        pieces: mpsc::Receiver<io::Result<Bytes>>,
        cut_after: Option<u64>,
    ) -> Self {
        Self {
            source: Source::Pieces(pieces),
            cut: Cut::from(cut_after),
        }
    }
}

impl From<Option<u64>> for Cut {
    fn from(after: Option<u64>) -> Self {
        match after {
            Some(0) => Self::Due,
            Some(count) => Self::After(count),
            None => Self::Never,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.cut {
            Cut::Due => {
                self.cut = Cut::Now;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Cut::Now => return Poll::Ready(Some(Err(io::Error::other("injected: cut")))),
            Cut::Never | Cut::After(_) => {}
        }
        let next = match &mut self.source {
            Source::Whole(bytes) if bytes.is_empty() => None,
            Source::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Source::Pieces(pieces) => match pieces.poll_recv(context) {
                Poll::Ready(next) => next,
                Poll::Pending => return Poll::Pending,
            },
        };
        let mut piece = match next {
            Some(Ok(piece)) => piece,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            // A body shorter than the cut is cut at its end.
            None if matches!(self.cut, Cut::After(_)) => {
                return Poll::Ready(Some(Err(io::Error::other("injected: cut"))));
            }
            None => return Poll::Ready(None),
        };
        if let Cut::After(left) = self.cut {
            if piece.len() as u64 >= left {
                piece.truncate(left as usize);
                self.cut = Cut::Due;
            } else {
                self.cut = Cut::After(left - piece.len() as u64);
            }
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        matches!((&self.source, &self.cut), (Source::Whole(bytes), Cut::Never) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Pieces(_) => SizeHint::default(),
        }
    }
}
