//! `longshore serve` as its operators see it: files, log lines, traces, and how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

struct Serving {
    child: Child,
    messages: BufReader<ChildStderr>,
    address: String,
    said: String,
    folder: TempDir,
}

impl Serving {
    fn start(arguments: &[&str]) -> Serving {
        Serving::start_with(arguments, &[])
    }

    /// The same with more variables.
    fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_longshore"))
            .args(["serve", "--listen", "127.0.0.1:0", "--folder"])
            .arg(folder.path().join("server"))
            .args(arguments)
            .envs(variables.iter().copied())
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(messages.read_line(&mut line).unwrap() > 0, "{said}");
            said.push_str(&line);
            if let Some(address) = line.trim().strip_prefix("listening on http://") {
                break address.to_string();
            }
        };
        Serving {
            child,
            messages,
            address,
            said,
            folder,
        }
    }

    /// Asks for a path as part of a trace; returns the answer.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: request-7\r\n\
             traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks it to stop; returns everything that it said, and how long it took.
    fn stop(mut self) -> (String, Duration) {
        let begun = Instant::now();
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(killed.success());
        self.messages.read_to_string(&mut self.said).unwrap();
        let status = self.child.wait().unwrap();
        if let Some(folder) = std::env::var_os("LONGSHORE_TEST_OUTPUT") {
            let file = std::path::Path::new(&folder).join(format!("serve-{id}.log"));
            std::fs::write(file, &self.said).unwrap();
        }
        assert!(status.success(), "{status}: {}", self.said);
        (self.said, begun.elapsed())
    }
}

/// The bodies of requests for `/v1/traces`.
fn collector() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut length, mut first) = (0, String::new());
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if let Some(text) = line.strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).unwrap();
            assert!(first.starts_with("POST /v1/traces "), "{first}");
            if sender.send(body).is_err() {
                return;
            }
        }
    });
    (address, bodies)
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[test]
fn lines_are_json_and_traces_go_to_the_collector() {
    let (endpoint, bodies) = collector();
    let arguments = ["--log-format", "json", "--log-level", "debug"];
    let serving = Serving::start(&[&arguments[..], &["--otlp-endpoint", &endpoint]].concat());
    for path in ["/healthz", "/api/v1/welcome", "/api/v1/settings?search=x"] {
        assert!(serving.get(path).contains("x-request-id: request-7"));
    }
    let store = serving.folder.path().join("server/store.db");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store), 0o600);
    let (said, _) = serving.stop();

    // What people are told at the start are plain lines.
    let lines = said.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |route: &str| {
        let found = lines.iter().find(|line| line["span"]["route"] == route);
        found.unwrap_or_else(|| panic!("{route} is not in\n{said}"))
    };
    let line = of("/api/v1/settings");
    assert_eq!(line["message"], "answered");
    assert_eq!(line["level"], "INFO");
    assert!(line["latency_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(line["span"]["request.id"], "request-7");
    assert_eq!(line["span"]["method"], "GET");
    assert_eq!(line["span"]["status"], 401);
    assert_eq!(of("/healthz")["level"], "DEBUG");
    assert!(!said.contains("search=x"), "queries are not logged");

    // The server sends what is left before it ends.
    let body: Vec<u8> = bodies.try_iter().flatten().collect();
    for part in [
        &b"GET /healthz"[..],
        b"GET /api/v1/welcome",
        b"longshore",
        b"service.name",
    ] {
        let text = String::from_utf8_lossy(part);
        assert!(holds(&body, part), "{text} is not in the traces");
    }
    // The caller's trace goes on.
    let hex = |place| u8::from_str_radix(&TRACE[place..place + 2], 16).unwrap();
    let trace: Vec<u8> = (0..TRACE.len()).step_by(2).map(hex).collect();
    assert!(holds(&body, &trace), "the spans begin a trace of their own");
}

#[test]
fn a_collector_that_never_answers_holds_nothing_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let serving = Serving::start(&["--otlp-endpoint", &endpoint]);
    let begun = Instant::now();
    for _ in 0..200 {
        assert!(serving.get("/healthz").starts_with("HTTP/1.1 200"));
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let (said, took) = serving.stop();
    assert!(took < Duration::from_secs(20), "{took:?}: {said}");
    assert!(
        said.contains("the collector does not take traces"),
        "{said}"
    );
}

#[test]
fn text_lines_leave_out_what_only_traces_need() {
    let serving = Serving::start(&["--log-level", "info"]);
    serving.get("/api/v1/welcome");
    serving.get("/healthz");
    let (said, _) = serving.stop();
    let line = said.lines().find(|line| line.contains("answered")).unwrap();
    for part in [
        "INFO",
        "route=\"/api/v1/welcome\"",
        "status=200",
        "latency_ms=",
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!said.contains("otel."), "{said}");
    assert!(!said.contains("/healthz"), "{said}");
}

#[test]
fn keys_come_from_a_variable_and_then_from_no_file() {
    let line = server::KeyRing::generate("of-the-test").unwrap();
    let variables = [("HARBOUR_KEYS", line.expose())];
    for arguments in [
        (&["--keys", "${env:HARBOUR_KEYS}"][..], &variables[..]),
        (
            &[][..],
            &[variables[0], ("LONGSHORE_KEYS", "${env:HARBOUR_KEYS}")][..],
        ),
    ] {
        let serving = Serving::start_with(arguments.0, arguments.1);
        let own = serving.folder.path().join("server/secret.keys");
        assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
        assert!(!own.exists());
        let (said, _) = serving.stop();
        let secret = line.expose().split_once(':').unwrap().1;
        assert!(!said.contains(secret), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (value, told) in [
        (None, "the environment variable HARBOUR_KEYS is not set"),
        (Some("of-the-test:short"), "line 1 of the keys is not a key"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longshore"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--folder"])
            .arg(folder.path().join("server"))
            .args(["--keys", "${env:HARBOUR_KEYS}"])
            .envs(value.map(|value| ("HARBOUR_KEYS", value)));
        let output = command.output().unwrap();
        let messages = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(messages.contains(told), "{messages}");
        assert!(!messages.contains("short"), "{messages}");
    }
}
