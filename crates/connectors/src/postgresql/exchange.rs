//! The messages of a COPY on a taken-over link
//! (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY>): starting it, its data,
//! its end, and refusals at any point. What the data means is in `copy`.

use std::io;

use sdk::{Error, Kind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fault::{Failure, Outcome, ServerError, lost};
use super::tap::Taken;

/// Room for one read. The server sends at most 8 KiB at a time, but many of them may be waiting.
const INBOX_BYTES: usize = 256 << 10;

/// No message but the data itself is ever this long.
const MESSAGE_LIMIT: usize = 64 << 20;

/// What the server said that matters here.
enum Event {
    CopyStarted,
    CopyDone,
    /// A statement ended, with the rows it reports.
    Complete(u64),
    Refused(Box<ServerError>),
    Ready,
}

/// A link in the middle of an exchange, and what was read from it but not yet looked at.
struct Exchange {
    taken: Taken,
    inbox: Vec<u8>,
    start: usize,
    end: usize,
}

fn protocol(what: &str) -> Failure {
    Failure::Lost(
        Error::new(
            Kind::Unreachable,
            format!("the server broke the protocol: {what}"),
        )
        .hint("check for a proxy between here and the server"),
    )
}

impl Exchange {
    /// Sends a statement.
    async fn begin(mut taken: Taken, sql: &str) -> Outcome<Self> {
        if sql.as_bytes().contains(&0) {
            return Err(Failure::Lost(Error::new(
                Kind::Config,
                "a statement holds a NUL byte",
            )));
        }
        let mut message = Vec::with_capacity(sql.len() + 6);
        message.push(b'Q');
        message.extend_from_slice(&(sql.len() as u32 + 5).to_be_bytes());
        message.extend_from_slice(sql.as_bytes());
        message.push(0);
        taken.link()?.write_all(&message).await?;
        taken.link()?.flush().await?;
        Ok(Exchange {
            taken,
            inbox: vec![0; INBOX_BYTES],
            start: 0,
            end: 0,
        })
    }

    /// Reads more behind what is there.
    async fn fill(&mut self) -> Outcome<()> {
        if self.start > 0 {
            self.inbox.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.inbox.len() {
            self.inbox.resize(self.inbox.len() * 2, 0);
        }
        let count = self.taken.link()?.read(&mut self.inbox[self.end..]).await?;
        if count == 0 {
            return Err(Failure::Lost(lost(io::Error::from(
                io::ErrorKind::UnexpectedEof,
            ))));
        }
        self.end += count;
        Ok(())
    }

    /// Type and length (without the type byte) of the message at the front, once they are there.
    fn head(&self) -> Option<(u8, usize)> {
        let head = self.inbox[self.start..self.end].first_chunk::<5>()?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        Some((head[0], length as usize))
    }

    /// The next event that is not data. Data in between is dropped, as after a refusal.
    async fn event(&mut self) -> Outcome<Event> {
        loop {
            let (kind, length) = match self.head() {
                Some((kind, length)) if self.end - self.start > length => (kind, length),
                Some((_, length)) if length > MESSAGE_LIMIT => {
                    return Err(protocol("a message is too long"));
                }
                _ => {
                    self.fill().await?;
                    continue;
                }
            };
            if length < 4 {
                return Err(protocol("a message is shorter than its own length"));
            }
            let body = self.start + 5..self.start + 1 + length;
            self.start += 1 + length;
            let body = &self.inbox[body];
            return Ok(match kind {
                b'G' | b'H' => Event::CopyStarted,
                b'c' => Event::CopyDone,
                b'C' => Event::Complete(row_count(body)),
                b'E' => Event::Refused(Box::new(ServerError::parse(body))),
                b'Z' => Event::Ready,
                // Rows of other statements, notices, settings and notifications.
                b'd' | b'N' | b'S' | b'A' | b'T' | b'D' | b'I' => continue,
                _ => return Err(protocol("a message of an unknown kind came")),
            });
        }
    }

    /// Waits for the COPY to start; a refusal ends the exchange and returns the link.
    async fn started(mut self) -> Outcome<Self> {
        let mut refused = None;
        loop {
            match self.event().await? {
                Event::CopyStarted => return Ok(self),
                Event::Refused(error) => refused = Some(error),
                Event::Complete(_) | Event::CopyDone => {}
                Event::Ready => {
                    self.taken.give_back();
                    return Err(match refused {
                        Some(error) => Failure::Server(error),
                        None => protocol("a COPY did not start"),
                    });
                }
            }
        }
    }

    /// Waits until the server is ready again and returns the link.
    async fn ended(mut self) -> Outcome<u64> {
        let mut refused = None;
        let mut rows = 0;
        loop {
            match self.event().await? {
                Event::Refused(error) => refused = Some(error),
                Event::Complete(count) => rows = count,
                Event::CopyStarted | Event::CopyDone => {}
                Event::Ready => {
                    self.taken.give_back();
                    return match refused {
                        Some(error) => Err(Failure::Server(error)),
                        None => Ok(rows),
                    };
                }
            }
        }
    }
}

/// `COPY 42` → 42.
fn row_count(tag: &[u8]) -> u64 {
    let tag = String::from_utf8_lossy(tag);
    let last = tag.trim_end_matches('\0').rsplit(' ').next();
    last.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// A running `COPY … TO STDOUT`.
pub(crate) struct CopyOut {
    exchange: Option<Exchange>,
    /// Bytes of the current data message that are still to come.
    remaining: usize,
    /// Whether data may have come along with the answer that started the COPY.
    unseen: bool,
}

impl CopyOut {
    pub(crate) async fn start(taken: Taken, sql: &str) -> Outcome<Self> {
        let exchange = Exchange::begin(taken, sql).await?.started().await?;
        Ok(CopyOut {
            exchange: Some(exchange),
            remaining: 0,
            unseen: true,
        })
    }

    /// Reads at most once and appends the data to `out`. Returns whether the COPY goes on.
    pub(crate) async fn pump(&mut self, out: &mut Vec<u8>) -> Outcome<bool> {
        let Some(exchange) = &mut self.exchange else {
            return Ok(false);
        };
        if !std::mem::take(&mut self.unseen) {
            exchange.fill().await?;
        }
        loop {
            let here = exchange.end - exchange.start;
            if self.remaining > 0 {
                let count = self.remaining.min(here);
                out.extend_from_slice(&exchange.inbox[exchange.start..exchange.start + count]);
                exchange.start += count;
                self.remaining -= count;
                if self.remaining > 0 {
                    return Ok(true);
                }
            }
            match exchange.head() {
                None => return Ok(true),
                Some((_, 0..4)) => {
                    return Err(protocol("a message is shorter than its own length"));
                }
                Some((b'd', length)) => {
                    exchange.start += 5;
                    self.remaining = length - 4;
                }
                // Remarks in between; incomplete ones wait for more.
                Some((b'N' | b'S' | b'A', length)) if length <= MESSAGE_LIMIT => {
                    if exchange.end - exchange.start <= length {
                        return Ok(true);
                    }
                    exchange.start += 1 + length;
                }
                Some(_) => break,
            }
        }
        if let Some(exchange) = self.exchange.take() {
            exchange.ended().await?;
        }
        Ok(false)
    }
}

/// A running `COPY … FROM STDIN`.
pub(crate) struct CopyIn {
    exchange: Exchange,
}

impl CopyIn {
    pub(crate) async fn start(taken: Taken, sql: &str) -> Outcome<Self> {
        let exchange = Exchange::begin(taken, sql).await?.started().await?;
        Ok(CopyIn { exchange })
    }

    /// Sends CopyData messages, framed already. A refusal in the middle shows only in
    /// [`CopyIn::finish`]: until then the server reads and drops what comes.
    pub(crate) async fn send(&mut self, messages: &[u8]) -> Outcome<()> {
        Ok(self.exchange.taken.link()?.write_all(messages).await?)
    }

    /// Ends the data; returns the rows that the server took.
    pub(crate) async fn finish(mut self) -> Outcome<u64> {
        let link = self.exchange.taken.link()?;
        link.write_all(&[b'c', 0, 0, 0, 4]).await?;
        link.flush().await?;
        self.exchange.ended().await
    }
}
