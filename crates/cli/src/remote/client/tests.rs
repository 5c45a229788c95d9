//! Tests of asking again, against a server that follows a script.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// Answers one connection after the other; `None` hangs up. Returns the requests as they came.
fn script(answers: Vec<Option<&'static str>>) -> (Url, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let told = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).unwrap();
            requests.push(String::from_utf8_lossy(&bytes[..length]).to_lowercase());
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
        requests
    });
    (Url::parse(&url).unwrap(), told)
}

const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const DONE: &str =
    "HTTP/1.1 202 Accepted\r\ncontent-length: 12\r\nconnection: close\r\n\r\n{\"number\":1}";

fn client(url: Url) -> Client {
    Client::new(url, None, None).unwrap()
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn what_is_done_once_is_asked_again_with_the_same_key() {
    let (url, told) = script(vec![None, Some(BUSY), Some(DONE)]);
    let call = Call::post("runs", serde_json::json!({})).once(None);
    let answer = client(url).send(call).await.unwrap();
    assert_eq!(answer.body["number"], 1);
    let requests = told.join().unwrap();
    let keys: Vec<_> = requests
        .iter()
        .map(|request| header(request, "idempotency-key"))
        .collect();
    assert!(keys[0].is_some_and(|key| key.len() > 20), "{keys:?}");
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_ne!(new_key(), new_key());
}

#[tokio::test]
async fn what_might_be_done_twice_is_not_asked_again() {
    // A second request would be answered well.
    let (url, _) = script(vec![None, Some(DONE)]);
    let stop = client(url).send(Call::post("runs", Value::Null)).await;
    assert_eq!(stop.map(drop).unwrap_err().exit, Exit::Unreachable);
}

#[tokio::test]
async fn an_answer_that_is_not_of_this_api_is_named_as_such() {
    let page = "HTTP/1.1 404 Not Found\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>";
    let (url, told) = script(vec![Some(page)]);
    let stop = client(url)
        .send(Call::get("session"))
        .await
        .map(drop)
        .unwrap_err();
    assert!(
        format!("{stop:?}").contains("not as a Longshore server"),
        "{stop:?}"
    );
    told.join().unwrap();
}

#[test]
fn a_failure_is_said_with_every_field() {
    let body = serde_json::json!({"error": {"code": "invalid", "message": "2 fields are not right", "problems": [
        {"pointer": "/name", "message": "`name` is missing", "severity": "error"},
        {"pointer": "", "message": "bad\u{1b}[2J", "line": 3, "column": 7, "hint": "mend it", "severity": "error"}]}});
    let answer = Answer {
        text: String::new(),
        body,
        etag: None,
        cookie: None,
    };
    let url = Url::parse("http://127.0.0.1:1/").unwrap();
    let stop = client(url).refused(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    assert_eq!(stop.exit, Exit::Usage);
    let said = format!("{stop:?}");
    for part in [
        "2 fields",
        "/name: `name` is missing",
        "3:7: whole: bad",
        "(mend it)",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(!said.contains('\u{1b}'));
}
