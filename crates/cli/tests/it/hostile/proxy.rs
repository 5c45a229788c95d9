//! A TCP proxy that cuts connections: as unkind as a network can be, and exactly repeatable.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Which bytes count towards a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    FromServer,
    FromClient,
}

/// A proxy in front of a server. A connection that has carried more than the given bytes is cut, as
/// long as cuts are left.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    cuts_left: Arc<AtomicU32>,
    cuts_made: Arc<AtomicU32>,
}

#[derive(Clone)]
struct Rule {
    counted: Counted,
    after_bytes: usize,
    cuts_left: Arc<AtomicU32>,
    cuts_made: Arc<AtomicU32>,
}

impl Proxy {
    pub(super) async fn new(
        server: String,
        counted: Counted,
        after_bytes: usize,
        cuts: u32,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rule = Rule {
            counted,
            after_bytes,
            cuts_left: Arc::new(AtomicU32::new(cuts)),
            cuts_made: Arc::default(),
        };
        let proxy = Proxy {
            address: listener.local_addr().unwrap(),
            cuts_left: rule.cuts_left.clone(),
            cuts_made: rule.cuts_made.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                tokio::spawn(carry(client, server, rule.clone()));
            }
        });
        proxy
    }

    /// From now on every connection lives.
    pub(super) fn heal(&self) {
        self.cuts_left.store(0, Ordering::SeqCst);
    }

    pub(super) fn cuts_made(&self) -> u32 {
        self.cuts_made.load(Ordering::SeqCst)
    }
}

/// Copies both ways until one side ends or the rule says so; dropping the sockets is the cut.
async fn carry(mut client: TcpStream, mut server: TcpStream, rule: Rule) {
    let (mut from_client, mut from_server) = (vec![0; 32 << 10], vec![0; 32 << 10]);
    let mut carried = 0;
    loop {
        let (direction, byte_count) = tokio::select! {
            read = client.read(&mut from_client) => (Counted::FromClient, read.unwrap_or(0)),
            read = server.read(&mut from_server) => (Counted::FromServer, read.unwrap_or(0)),
        };
        let passed_on = match direction {
            _ if byte_count == 0 => return,
            Counted::FromClient => server.write_all(&from_client[..byte_count]).await,
            Counted::FromServer => client.write_all(&from_server[..byte_count]).await,
        };
        if passed_on.is_err() {
            return;
        }
        if direction == rule.counted {
            carried += byte_count;
        }
        let take = |left: u32| left.checked_sub(1);
        if carried > rule.after_bytes
            && rule
                .cuts_left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
                .is_ok()
        {
            rule.cuts_made.fetch_add(1, Ordering::SeqCst);
            return;
        }
    }
}
