//! A scripted HTTP server: a closure answers each request, and may break the answer off.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use maxcompute::client::{Client, Endpoint, RetryPolicy};
use maxcompute::sign::Credentials;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Method and target of the request line.
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// Bytes of the body after which the connection is closed.
    pub(crate) cut: Option<usize>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: body.into(),
            cut: None,
        }
    }
}

pub(crate) struct Server {
    pub(crate) client: Client,
    requests: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

/// A client of whatever is, or is not, at this address.
pub(crate) fn client(address: SocketAddr) -> Client {
    let endpoint = Endpoint {
        tunnel: Some(format!("http://{address}").parse().unwrap()),
        ..Endpoint::new(format!("http://{address}/api").parse().unwrap(), "p")
    };
    let credentials = Credentials {
        access_id: "id".to_owned(),
        access_key: "key".to_owned(),
        security_token: None,
        region: None,
    };
    let retry = RetryPolicy {
        first_wait: Duration::from_millis(1),
        rest_answer: Duration::from_secs(2),
        ..RetryPolicy::default()
    };
    Client::with_retry(endpoint, credentials, retry).unwrap()
}

impl Server {
    /// Starts answering, each request with its number.
    pub(crate) async fn start(
        answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = requests.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // One connection at a time keeps the requests in order.
                serve(stream, &seen, &answer).await;
            }
        });
        Server {
            client: client(address),
            requests,
            accepting,
        }
    }

    /// Closes the port; connections are refused from now on.
    pub(crate) async fn stop(&mut self) {
        self.accepting.abort();
        assert!((&mut self.accepting).await.unwrap_err().is_cancelled());
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|request| request.line)
            .collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &impl Fn(usize, &Request) -> Reply,
) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    let reply = answer(number, &request);
    let mut head = format!(
        "HTTP/1.1 {} x\r\ncontent-length: {}\r\nconnection: close\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let end = reply.cut.unwrap_or(reply.body.len());
    let written = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&reply.body[..end]).await?;
        stream.shutdown().await
    };
    // A client that went away has its reasons.
    drop(written.await);
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            while bytes.len() < end + 4 + length {
                if stream.read_buf(&mut bytes).await.ok()? == 0 {
                    return None;
                }
            }
            let line = head.lines().next().unwrap();
            return Some(Request {
                line: line.trim_end_matches(" HTTP/1.1").to_owned(),
                body: bytes[end + 4..].to_vec(),
                head,
            });
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
