//! A TCP proxy that cuts a connection after so many bytes, as a network does at a bad moment.

use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes connections on to a server until the fuse burns through; the connection that carries the
/// byte beyond it is dropped on both sides. Later connections pass until [`CuttingProxy::arm`] is
/// called again.
pub struct CuttingProxy {
    address: SocketAddr,
    fuse: Arc<Fuse>,
    listener: JoinHandle<()>,
}

struct Fuse {
    /// Bytes left; negative once burnt through.
    left: AtomicI64,
    cuts: AtomicU32,
}

impl CuttingProxy {
    /// Listens on a free loopback port for connections to `server`. Nothing is cut before
    /// [`CuttingProxy::arm`] is called.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listening.local_addr()?;
        let fuse = Arc::new(Fuse {
            left: AtomicI64::new(-1),
            cuts: AtomicU32::new(0),
        });
        let shared = fuse.clone();
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listening.accept().await {
                let fuse = shared.clone();
                tokio::spawn(async move { relay(client, server, &fuse).await });
            }
        });
        Ok(CuttingProxy {
            address,
            fuse,
            listener,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts one connection after `bytes` more bytes, counted over all connections and both directions.
    pub fn arm(&self, bytes: u32) {
        self.fuse.left.store(i64::from(bytes), Ordering::SeqCst);
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> u32 {
        self.fuse.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Fuse {
    /// Notes bytes on their way; true if these are the ones that must not arrive.
    fn burns_through(&self, bytes: usize) -> bool {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let left = self.left.fetch_sub(bytes, Ordering::SeqCst);
        let burnt = (0..bytes).contains(&left);
        if burnt {
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
        burnt
    }
}

/// Ends when both sides have closed, or at once when the fuse burns through: both sockets are dropped.
async fn relay(client: TcpStream, server: SocketAddr, fuse: &Fuse) -> Result<()> {
    let server = TcpStream::connect(server).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(
        pump(from_client, to_server, fuse),
        pump(from_server, to_client, fuse)
    )?;
    Ok(())
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut into: impl AsyncWrite + Unpin,
    fuse: &Fuse,
) -> Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return into.shutdown().await;
        }
        if fuse.burns_through(length) {
            return Err(Error::other("cut as armed"));
        }
        into.write_all(&buffer[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_armed_connection_is_cut_and_the_next_one_passes() {
        let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = echo.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = echo.accept().await {
                let (from, into) = stream.into_split();
                let endless = Fuse {
                    left: AtomicI64::new(-1),
                    cuts: AtomicU32::new(0),
                };
                tokio::spawn(async move { pump(from, into, &endless).await });
            }
        });
        let proxy = CuttingProxy::start(address).await.unwrap();
        proxy.arm(100);
        let mut first = TcpStream::connect(proxy.address()).await.unwrap();
        first.write_all(&[1; 40]).await.unwrap();
        let mut echoed = [0; 40];
        first.read_exact(&mut echoed).await.unwrap();
        first.write_all(&[2; 40]).await.unwrap();
        assert!(
            first.read_exact(&mut echoed).await.is_err(),
            "40 + 40 + 40 bytes are more than 100"
        );
        let mut second = TcpStream::connect(proxy.address()).await.unwrap();
        second.write_all(&[3; 40]).await.unwrap();
        second.read_exact(&mut echoed).await.unwrap();
        assert_eq!((echoed, proxy.cuts()), ([3; 40], 1));
    }
}
