//! Faults on demand do what they say, and no more often.

use crate::support::{Answer, BASIC, BASIC_COLUMNS, Place, block, data, hex, open, path};

async fn table() -> (Place, String) {
    let place = open().await;
    place
        .sql(&format!("create table t ({BASIC_COLUMNS})"))
        .await;
    let id = place.create_upload("t", "uploads").await;
    (place, id)
}

#[tokio::test]
async fn throttling_ends_after_its_times() {
    let (place, id) = table().await;
    place
        .faults(r#"[{"match":"PUT block","action":"throttle","times":2,"retry_after_s":1}]"#)
        .await;
    for expected in [429, 429, 200] {
        let answer = place.call("PUT", &block("t", &id, 0), &hex(BASIC)).await;
        assert_eq!(answer.status, expected);
        if expected == 429 {
            assert_eq!(answer.code(), "FlowExceeded");
            assert_eq!(answer.headers["retry-after"], "1");
        }
    }
    let stats = place.stats().await;
    assert_eq!(stats["faults"], 2);
    assert_eq!(stats["operations"]["PUT block"], 3);
}

#[tokio::test]
async fn errors_carry_the_wanted_code() {
    let (place, _) = table().await;
    place
        .faults(
            r#"[{"match":"GET table","action":"error"},
                {"match":"POST download","action":"error","status":409,"code":"StatusConflict"}]"#,
        )
        .await;
    let table = place.get(&format!("/api{}", path("t"))).await;
    assert_eq!(
        (table.status, table.code().as_str()),
        (500, "InternalServerError")
    );
    let download = place
        .call("POST", &format!("{}?downloads", path("t")), b"")
        .await;
    assert_eq!(
        (download.status, download.code().as_str()),
        (409, "StatusConflict")
    );
    assert_eq!(place.get(&format!("/api{}", path("t"))).await.status, 200);
}

#[tokio::test]
async fn a_cut_upload_leaves_no_block() {
    let (place, id) = table().await;
    place
        .faults(r#"[{"match":"PUT block","action":"cut","after_bytes":20}]"#)
        .await;
    assert!(
        place
            .call_with("PUT", &block("t", &id, 0), &[], &hex(BASIC))
            .await
            .is_none()
    );
    let loaded = place
        .get(&format!("{}?uploadid={id}", path("t")))
        .await
        .json();
    assert_eq!(
        loaded["UploadedBlockList"]
            .as_array()
            .expect("a list")
            .len(),
        0
    );
}

#[tokio::test]
async fn a_cut_download_ends_in_the_middle() {
    let (place, _) = table().await;
    place.append("t", &hex(BASIC)).await;
    let (id, count) = place.create_download("t").await;
    for after in [0, 30] {
        place
            .faults(&format!(
                r#"[{{"match":"GET data","action":"cut","after_bytes":{after}}}]"#
            ))
            .await;
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: x\r\n\r\n",
            data("t", &id, 0, count)
        );
        let bytes = place.raw(request.as_bytes()).await;
        assert!(bytes.starts_with(b"HTTP/1.1 200"));
        assert!(Answer::parse(&bytes).is_none(), "the answer is not whole");
        let body = &bytes[bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("headers")
            + 4..];
        let sent = &hex(BASIC)[..after];
        assert!(
            body.windows(sent.len().max(1)).any(|w| w == sent) || sent.is_empty(),
            "{after} bytes arrive"
        );
        assert!(
            !body.windows(31).any(|w| w == &hex(BASIC)[..31]),
            "and no more"
        );
    }
    assert_eq!(place.get(&data("t", &id, 0, count)).await.body, hex(BASIC));
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_has_happened() {
    let (place, id) = table().await;
    place.call("PUT", &block("t", &id, 0), &hex(BASIC)).await;
    place
        .faults(r#"[{"match":"POST commit","action":"lose_answer"}]"#)
        .await;
    let commit = format!("{}?uploadid={id}", path("t"));
    assert!(place.call_with("POST", &commit, &[], b"").await.is_none());
    assert_eq!(place.get(&commit).await.json()["Status"], "CLOSED");
    assert_eq!(place.create_download("t").await.1, 3);
}

#[tokio::test]
async fn downloads_can_be_slow_to_begin() {
    let (place, _) = table().await;
    place.faults(r#"[{"match":"POST download","action":"initiating"},{"match":"GET download","action":"initiating"}]"#).await;
    let created = place
        .call(
            "POST",
            &format!("{}?downloads&asyncmode=true", path("t")),
            b"",
        )
        .await
        .json();
    assert_eq!(created["Status"], "INITIATING");
    let load = format!(
        "{}?downloadid={}",
        path("t"),
        created["DownloadID"].as_str().expect("an id")
    );
    assert_eq!(place.get(&load).await.json()["Status"], "INITIATING");
    assert_eq!(place.get(&load).await.json()["Status"], "NORMAL");
}

#[tokio::test]
async fn rules_are_replaced_and_shown() {
    let (place, _) = table().await;
    place
        .faults(r#"[{"match":"*","action":"delay","delay_ms":1,"times":5,"skip":1}]"#)
        .await;
    assert_eq!(place.get("/emulator/faults").await.json()[0]["times"], 5);
    for _ in 0..3 {
        assert_eq!(place.get(&format!("/api{}", path("t"))).await.status, 200);
    }
    assert_eq!(place.get("/emulator/faults").await.json()[0]["times"], 3);
    place.faults("[]").await;
    assert_eq!(
        place.get("/emulator/faults").await.json(),
        serde_json::json!([])
    );
    assert_eq!(
        place.call("POST", "/emulator/faults", b"[{}]").await.status,
        400
    );
    assert_eq!(place.get("/emulator/none").await.status, 404);
}
