//! Bodies that are too long, too deep, or more than they seem.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::harness::{Kept, Running};
use crate::workshop::Workshop;

const LONGEST: usize = 64 << 10;

/// A server that takes short bodies only, a project, and an access key with its secret.
async fn place(kept: Kept) -> (Running, Client, Workshop, (String, String)) {
    let (server, admin) = Running::start_with(kept, |config| config.longest_body = LONGEST).await;
    let shop = Workshop::new(&admin, "sales").await;
    let key = admin.post("/api/v1/access-keys", json!({})).await.ok();
    let text = |field: &str| key[field].as_str().unwrap().to_string();
    let key = (text("id"), text("secret"));
    (server, admin, shop, key)
}

fn import(document: &str) -> Value {
    json!({"jobs": [{"name": "orders", "document": document}]})
}

#[tokio::test]
async fn no_route_takes_a_body_that_is_too_long() {
    for kept in Kept::BOTH {
        let (server, admin, shop, (id, _)) = place(kept).await;
        let long = "x".repeat(LONGEST + 1);
        let job = json!({"name": "a", "mode": "script", "document": long});
        let path = format!("{}/jobs", shop.path);
        assert_eq!(admin.post(&path, job).await.refused(413), "tooLarge");
        let path = format!("{path}/import");
        let refused = admin.post(&path, import(&long)).await;
        assert_eq!(refused.refused(413), "tooLarge");
        let session = json!({"name": "root", "password": long});
        let refused = server.client().post("/api/v1/session", session).await;
        assert_eq!(refused.refused(413), "tooLarge");
        // A signature is over the whole body, so that is read first; one that is too long is not.
        let signed = format!(
            "LONGSHORE-HMAC-SHA256 Credential={id}, SignedHeaders=host;x-longshore-date, Signature={}",
            "0".repeat(64)
        );
        let client = server.client().with_authorization(&signed);
        let refused = client.post(&path, import(&long)).await;
        assert_eq!(refused.refused(413), "tooLarge");
        let refused = client.post(&path, import("{}")).await;
        assert_eq!(refused.refused(401), "unauthenticated");
        let listed = admin.get(&format!("{}/jobs", shop.path)).await.ok();
        assert_eq!(listed["items"], json!([]));
    }
}

/// A megabyte of spaces as gzip packs it: one block of fixed codes, a space and matches of 258 letters before it.
fn packed() -> Vec<u8> {
    let mut bits = String::new();
    // Each code goes from its highest bit, every other number from its lowest.
    write!(bits, "110{:08b}", 0x30 + u32::from(b' ')).unwrap();
    for _ in 0..4_096 {
        // Length 258 is code 285, 11000101; distance 1 is code 0.
        bits.push_str("11000101");
        bits.push_str("00000");
    }
    bits.push_str("0000000");
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let bits = bits.as_bytes();
    bytes.extend(bits.chunks(8).map(|chunk| {
        let bit = |(place, bit): (usize, &u8)| (bit - b'0') << place;
        chunk.iter().enumerate().map(bit).sum::<u8>()
    }));
    bytes.extend([0; 8]);
    bytes
}

async fn send(server: &Running, path: &str, key: &(String, String), body: Vec<u8>) -> Answer {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = http
        .post(format!("{}{path}", server.address))
        .header("authorization", format!("Bearer {}:{}", key.0, key.1))
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    Answer {
        status,
        headers,
        body,
    }
}

/// Nothing is unpacked, so nothing becomes longer than it was sent.
#[tokio::test]
async fn a_packed_body_is_not_unpacked() {
    let (server, admin, shop, key) = place(Kept::Sqlite).await;
    let path = format!("{}/jobs/import", shop.path);
    let packed = packed();
    assert!(packed.len() < 16 << 10, "{}", packed.len());
    let refused = send(&server, &path, &key, packed).await;
    assert_eq!(refused.refused(400), "badRequest");
    // Whoever only says so is read as they write.
    let plain = import("{}").to_string().into_bytes();
    let read = send(&server, &path, &key, plain).await;
    assert_ne!(read.status, 400, "{read:?}");
    let listed = admin.get(&format!("{}/jobs", shop.path)).await.ok();
    assert!(listed["items"].as_array().unwrap().len() <= 1, "{listed}");
}

#[tokio::test]
async fn nesting_and_names_that_name_each_other_do_not_grow() {
    let (server, admin, shop, key) = place(Kept::Sqlite).await;
    let path = format!("{}/jobs/import", shop.path);
    let deep = "[".repeat(30_000);
    let refused = send(
        &server,
        &path,
        &key,
        format!(r#"{{"jobs": {deep}"#).into_bytes(),
    )
    .await;
    assert_eq!(refused.refused(400), "badRequest");
    for deep in [
        deep.clone(),
        r#"{"a":"#.repeat(6_000),
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        let refused = admin.post(&path, import(&deep)).await;
        assert_eq!(refused.refused(422), "invalid");
        let pointer = refused.body["error"]["problems"][0]["pointer"].clone();
        assert!(
            pointer.as_str().unwrap().starts_with("/jobs/0"),
            "{pointer}"
        );
    }
    // Each names the one before it ten times; written out it would be ten thousand million letters.
    let mut body = import(
        r#"{"type": "job", "version": "1.0", "configuration": {
        "reader": {"plugin": "stream", "parameter": {"rowCount": 1, "column": [{"name": "a", "value": "${v9}"}]}},
        "writer": {"plugin": "stream", "parameter": {}}}}"#,
    );
    let mut variables = json!({"v0": "x"});
    for number in 1..10 {
        let before = format!("${{v{}}}", number - 1);
        variables[format!("v{number}")] = json!(before.repeat(10));
    }
    body["jobs"][0]["variables"] = variables;
    let answer = admin.post(&path, body).await;
    assert!([201, 422].contains(&answer.status), "{answer:?}");
    let length = answer.body.to_string().len();
    assert!(length < LONGEST, "{length}");
}
