//! The socket under tokio-postgres, which a COPY may take over and give back.
//!
//! tokio-postgres does login and statements. Rows of a COPY it would hand over one message at a
//! time, through a channel between two tasks, from reads of 8 KiB; for bulk work that costs more than
//! decoding the rows. So the driver gets a [`Tap`] instead of the socket. While no statement runs,
//! [`Handle::take`] gives the socket itself to the caller, and the driver sees a quiet connection
//! until it is given back. If it never is, the driver sees the end of the connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// A TLS session over a socket.
pub(crate) trait Encrypted: TlsStream + Send + Unpin {}
impl<T: TlsStream + Send + Unpin> Encrypted for T {}

/// A connection to a server, encrypted or not.
pub(crate) enum Link {
    Plain(TcpStream),
    Tls(Box<dyn Encrypted>),
}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Link::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Link::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Link::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Link::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[derive(Default)]
struct State {
    link: Option<Link>,
    gone: bool,
    driver: Option<Waker>,
}

/// Where the link is: here for the driver, or taken.
#[derive(Default)]
struct Shared(Mutex<State>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements that hold the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The driver's end.
pub(crate) struct Tap {
    shared: Arc<Shared>,
    encrypted: bool,
}

/// The end of whoever runs a COPY.
pub(crate) struct Handle(Arc<Shared>);

/// Puts a tap on a link.
pub(crate) fn tap(link: Link) -> (Tap, Handle) {
    let encrypted = matches!(link, Link::Tls(_));
    let shared = Arc::new(Shared::default());
    shared.lock().link = Some(link);
    (
        Tap {
            shared: shared.clone(),
            encrypted,
        },
        Handle(shared),
    )
}

impl Handle {
    /// Takes the link from the driver; `None` if the connection is over.
    pub(crate) fn take(&self) -> Option<Taken> {
        let link = self.0.lock().link.take()?;
        Some(Taken {
            link: Some(link),
            shared: self.0.clone(),
        })
    }
}

/// The link, out of the driver's hands. Dropping it without [`Taken::give_back`] ends the connection.
pub(crate) struct Taken {
    link: Option<Link>,
    shared: Arc<Shared>,
}

impl Taken {
    /// The link itself.
    pub(crate) fn link(&mut self) -> io::Result<&mut Link> {
        self.link
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Returns the link; nothing of the COPY may be left unread on it.
    pub(crate) fn give_back(mut self) {
        self.shared.lock().link = self.link.take();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.gone = state.link.is_none();
        if let Some(driver) = state.driver.take() {
            driver.wake();
        }
    }
}

impl Tap {
    /// Lets the driver use the link if it is here.
    fn with_link<T>(
        &self,
        cx: &mut Context<'_>,
        over: T,
        poll: impl FnOnce(Pin<&mut Link>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut state = self.shared.lock();
        if let Some(link) = &mut state.link {
            let outcome = poll(Pin::new(link), cx);
            if outcome.is_ready() {
                return outcome;
            }
        } else if state.gone {
            return Poll::Ready(Ok(over));
        }
        // One task drives the connection, so one waker serves reads and writes.
        state.driver = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with_link(cx, (), |link, cx| link.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with_link(cx, 0, |link, cx| link.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_link(cx, (), |link, cx| link.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_link(cx, (), |link, cx| link.poll_shutdown(cx))
    }
}

impl TlsStream for Tap {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.shared.lock().link {
            Some(Link::Tls(stream)) if self.encrypted => stream.channel_binding(),
            _ => ChannelBinding::none(),
        }
    }
}

/// Tells tokio-postgres that the tap's TLS session, negotiated beforehand, is the TLS session.
pub(crate) struct AlreadyEncrypted;

impl TlsConnect<Tap> for AlreadyEncrypted {
    type Stream = Tap;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Tap>>;

    fn connect(self, tap: Tap) -> Self::Future {
        std::future::ready(Ok(tap))
    }
}
