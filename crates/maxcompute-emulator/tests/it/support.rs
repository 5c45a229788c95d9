//! A server in this process and a small HTTP client, which also sends what no good client would.

use std::collections::BTreeMap;
use std::time::SystemTime;

use maxcompute::sign::{
    Credentials, Form, SignedRequest, authorization, canonical_string, compact_date, http_date,
};
use maxcompute_emulator::{Access, KeyPair, Options, Server, serve};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const PROJECT: &str = "test_project";

/// The rows of section 7.7 of the protocol: `id bigint, name string, amount double, ok boolean, ts datetime`.
pub(crate) const BASIC_COLUMNS: &str =
    "id bigint, name string, amount double, ok boolean, ts datetime";
pub(crate) const BASIC: &str = "080212016119000000000000f83f200128dcec8682996380c0ff7fad9adcd402\
     080480c0ff7fa3b6a6c30808051206e4b8ade696871900000000000000802000\
     280180c0ff7fbcfca6f005f0ffff7f06f8ffff7feb8a91c10e";
/// The same rows with checksums of ten bytes, as the compiled writer of pyodps sends them.
pub(crate) const BASIC_LONG: &str = "080212016119000000000000f83f200128dcec8682996380c0ff7fad9adcd402\
     080480c0ff7fa3b6a6c3f8ffffffff0108051206e4b8ade69687190000000000\
     0000802000280180c0ff7fbcfca6f005f0ffff7f06f8ffff7feb8a91c1feffffffff01";
/// The same rows as an Arrow body.
pub(crate) const BASIC_ARROW: &str = "00010000ffffffff5801000014000000000000000c0016000600050008000c00\
     0c0000000003040018000000880000000000000000000a0018000c0004000800\
     0a000000cc000000100000000300000000000000000000000b00000000000000\
     0000000000000000000000000000000000000000180000000000000018000000\
     0000000001000000000000002000000000000000100000000000000030000000\
     0000000007000000000000003800000000000000010000000000000040000000\
     0000000018000000000000005800000000000000010000000000000060000000\
     0000000001000000000000006800000000000000010000000000000070000000\
     0000000018000000000000000000000005000000030000000000000000000000\
     0000000003000000000000000100000000000000030000000000000001000000\
     0000000003000000000000000100000000000000030000000000000001000000\
     0000000001000000000000000200000000000000fdffffffffffffff05000000\
     000000000000000001000000010000000700000061e4b8ade696870005000000\
     00000000000000000000f83f0000000000000000000000000000008005000000\
     00000000010000000000000005000000000000002edb20c88c01000000000000\
     00000000fffffffffffffffff605bd1b";

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("hex")
        })
        .collect()
}

/// A server with a folder of its own.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
}

pub(crate) async fn start(access: Access) -> Place {
    let folder = TempDir::new().expect("a folder");
    let server = serve_folder(&folder, access).await;
    Place { folder, server }
}

pub(crate) async fn open() -> Place {
    start(Access::Open).await
}

pub(crate) async fn serve_folder(folder: &TempDir, access: Access) -> Server {
    serve(Options {
        data: folder.path().join("data"),
        listen: "127.0.0.1:0".parse().expect("an address"),
        project: PROJECT.to_owned(),
        access,
    })
    .await
    .expect("the server starts")
}

pub(crate) fn keys() -> KeyPair {
    KeyPair::new("me", "secret")
}

impl Place {
    pub(crate) async fn restart(self) -> Self {
        self.server.stop().await;
        let server = serve_folder(&self.folder, Access::Open).await;
        Self {
            folder: self.folder,
            server,
        }
    }

    pub(crate) async fn sql(&self, query: &str) {
        let (status, text) = self.try_sql(query).await;
        assert_eq!(status, "Success", "{query}: {text}");
    }

    /// Runs a statement; returns the status of its task and its result.
    pub(crate) async fn try_sql(&self, query: &str) -> (String, String) {
        let document = format!(
            "<Instance><Job><Tasks><SQL><Name>T</Name><Query><![CDATA[{query};]]></Query></SQL></Tasks></Job></Instance>"
        );
        let submitted = self
            .call(
                "POST",
                "/api/projects/test_project/instances",
                document.as_bytes(),
            )
            .await;
        assert_eq!(submitted.status, 201, "{}", submitted.text());
        assert!(submitted.body.is_empty());
        let location = submitted.headers["location"].clone();
        let path = location
            .split_once("/api/")
            .expect("below the base")
            .1
            .to_owned();
        loop {
            let tasks = self.get(&format!("/api/{path}?taskstatus")).await.text();
            let status = between(&tasks, "<Histories/>", true);
            if status != "Running" {
                let result = self.get(&format!("/api/{path}?result")).await.text();
                let packed = between(&result, "]]></Result>", false);
                let text = base64_decode(&packed);
                return (status, text);
            }
        }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.call("GET", target, b"").await
    }

    pub(crate) async fn call(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        self.call_with(method, target, &[], body)
            .await
            .expect("a whole answer")
    }

    pub(crate) async fn call_with(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\n",
            self.server.address()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        ));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        Answer::parse(&self.raw(&bytes).await)
    }

    /// A request signed with these credentials.
    pub(crate) async fn signed(
        &self,
        credentials: &Credentials,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let now = SystemTime::now();
        let date = http_date(now);
        let mut all = vec![("Date", date.as_str())];
        all.extend_from_slice(headers);
        let request = SignedRequest {
            method,
            path_and_query: target.strip_prefix("/api").unwrap_or(target),
            headers: &all,
        };
        let canonical = canonical_string(&request, Form::DecodedOnce);
        let value = authorization(credentials, &canonical, &compact_date(now));
        all.push(("Authorization", &value));
        self.call_with(method, target, &all, b"")
            .await
            .expect("a whole answer")
    }

    /// Sends bytes and returns all that comes back until the server closes the connection.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.server.address())
            .await
            .expect("connects");
        // The server may close before it has read everything, and then may reset the connection.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    /// Sends bytes and nothing more, and waits for the end of the connection.
    pub(crate) async fn noise(&self, bytes: &[u8]) {
        let mut stream = TcpStream::connect(self.server.address())
            .await
            .expect("connects");
        // The server may have closed the connection already.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }

    pub(crate) async fn faults(&self, rules: &str) {
        let answer = self
            .call("POST", "/emulator/faults", rules.as_bytes())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub(crate) async fn stats(&self) -> Value {
        self.get("/emulator/stats").await.json()
    }

    /// Uploads a body as the only block of a new upload and commits it.
    pub(crate) async fn append(&self, table: &str, body: &[u8]) {
        let id = self.create_upload(table, "uploads").await;
        let put = self.call("PUT", &block(table, &id, 0), body).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let commit = self
            .call("POST", &format!("{}?uploadid={id}", path(table)), b"")
            .await;
        assert_eq!(commit.status, 200, "{}", commit.text());
        assert_eq!(commit.json()["Status"], "CLOSED");
    }

    pub(crate) async fn create_upload(&self, table: &str, query: &str) -> String {
        let created = self
            .call("POST", &format!("{}?{query}", path(table)), b"")
            .await;
        assert_eq!(created.status, 200, "{}", created.text());
        created.json()["UploadID"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    /// Begins a download; returns its id and its number of rows.
    pub(crate) async fn create_download(&self, table: &str) -> (String, u64) {
        let created = self
            .call("POST", &format!("{}?downloads", path(table)), b"")
            .await;
        assert_eq!(created.status, 200, "{}", created.text());
        let document = created.json();
        let id = document["DownloadID"].as_str().expect("an id").to_owned();
        (id, document["RecordCount"].as_u64().expect("a count"))
    }

    /// All rows as a record stream.
    pub(crate) async fn download(&self, table: &str) -> Vec<u8> {
        let (id, count) = self.create_download(table).await;
        let answer = self.get(&data(table, &id, 0, count)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    }
}

pub(crate) fn path(table: &str) -> String {
    format!("/projects/{PROJECT}/tables/{table}")
}

pub(crate) fn block(table: &str, id: &str, number: u32) -> String {
    format!("{}?uploadid={id}&blockid={number}", path(table))
}

pub(crate) fn data(table: &str, id: &str, start: u64, count: u64) -> String {
    format!(
        "{}?data&downloadid={id}&rowrange=({start},{count})",
        path(table)
    )
}

/// The text of the last element before a mark, or what stands between the last `[` and the mark.
fn between(document: &str, mark: &str, element: bool) -> String {
    let before = document.split(mark).next().unwrap_or_default();
    if element {
        let inner = before.strip_suffix("</Status>").expect("a status");
        return inner.rsplit('>').next().unwrap_or_default().to_owned();
    }
    before.rsplit('[').next().unwrap_or_default().to_owned()
}

fn base64_decode(text: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}

/// An answer that arrived whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads an answer; none if it ends too early.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let rest = &bytes[end + 4..];
        let body = if headers.contains_key("transfer-encoding") {
            unchunk(rest)?
        } else {
            let length: usize = headers.get("content-length")?.parse().ok()?;
            (rest.len() == length).then(|| rest.to_vec())?
        };
        Some(Self {
            status,
            headers,
            body,
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {}", self.text()))
    }

    /// The code of a failure in either syntax.
    pub(crate) fn code(&self) -> String {
        if self.body.starts_with(b"{") {
            return self.json()["Code"].as_str().unwrap_or_default().to_owned();
        }
        let text = self.text();
        for element in ["<Code>", "<Message>", "<RequestId>", "<HostId>"] {
            assert!(text.contains(element), "{element} in {text}");
        }
        text.split("<Code>")
            .nth(1)
            .and_then(|rest| rest.split('<').next())
            .unwrap_or_default()
            .to_owned()
    }
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        let chunk = bytes.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        bytes = bytes.get(end + 2 + size + 2..)?;
    }
}
