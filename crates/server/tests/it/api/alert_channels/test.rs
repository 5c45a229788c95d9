//! `POST /api/v1/projects/{project}/alert-channels/{channel}/test`, against real receivers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::datasources::Place;
use crate::harness::{Kept, start_of_time};
use crate::listener::{Listener, Reply};
use crate::smtp::Smtp;

fn mac(key: &str, text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

async fn open(kept: Kept) -> Place {
    let place = Place::new(kept).await;
    place.settings(json!({"outboundLoopback": true})).await;
    place
}

/// Makes a channel and tries it out.
async fn tried(place: &Place, name: &str, kind: &str, config: Value) -> Value {
    let channels = format!("{}/alert-channels", place.project);
    let body = json!({"name": name, "kind": kind, "config": config});
    let made = place.admin.post(&channels, body).await.ok();
    let path = format!("{channels}/{}/test", made["id"].as_str().unwrap());
    place.admin.post(&path, json!(null)).await.ok()
}

#[track_caller]
fn failed(test: &Value, error: &str) {
    assert_eq!(test["passed"], false, "{test}");
    assert!(test["error"].as_str().unwrap().contains(error), "{test}");
    assert!(test["hint"].is_string(), "{test}");
    assert!(!test.to_string().contains("hunter2"), "{test}");
}

#[tokio::test]
async fn a_webhook_is_signed_over_exactly_its_body() {
    for kept in Kept::BOTH {
        let (place, listener) = (open(kept).await, Listener::start().await);
        let secret = "hunter2-0123456789";
        let config = json!({"url": listener.url("hook?team=1"), "secret": secret});
        let test = tried(&place, "hook", "webhook", config).await;
        assert_eq!(test["passed"], true, "{test}");
        let post = &listener.posts()[0];
        assert_eq!(post.uri.to_string(), "/hook?team=1");
        let timestamp = post.header("x-longshore-timestamp");
        assert_eq!(timestamp, start_of_time().timestamp().to_string());
        let signed = [timestamp.as_bytes(), b".", &post.body].concat();
        let expected: String = mac(secret, &signed)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            post.header("x-longshore-signature"),
            format!("sha256={expected}")
        );
        let body = post.json();
        assert_eq!(
            body["events"],
            json!([{"kind": "test", "at": "2026-03-04T10:00:00Z"}])
        );
        assert_eq!(
            (&body["project"]["name"], &body["channel"]["name"]),
            (&json!("sales"), &json!("hook"))
        );
        assert_eq!(post.header("x-longshore-id"), body["id"].as_str().unwrap());
    }
}

#[tokio::test]
async fn robots_get_their_form_and_say_whether_they_took_it() {
    let (place, listener) = (open(Kept::Sqlite).await, Listener::start().await);
    let say = |text: &str| listener.answer(Reply::Status(200, text.to_string()));
    let url = listener.url("robot/send?access_token=hunter2-t");
    say(r#"{"errcode": 0, "errmsg": "ok"}"#);
    let config = json!({"url": url, "secret": "hunter2-s"});
    assert_eq!(
        tried(&place, "ding", "dingTalk", config).await["passed"],
        true
    );
    let millis = start_of_time().timestamp_millis();
    let posts = listener.posts();
    let query = posts[0].uri.query().unwrap();
    let pairs: Vec<(String, String)> = reqwest::Url::parse(&format!("http://x/?{query}"))
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect();
    let sign = STANDARD.encode(mac("hunter2-s", format!("{millis}\nhunter2-s").as_bytes()));
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    assert_eq!(
        pairs,
        [
            pair("access_token", "hunter2-t"),
            pair("timestamp", &millis.to_string()),
            pair("sign", &sign)
        ]
    );
    assert_eq!(posts[0].json()["msgtype"], "text");
    let text = posts[0].json()["text"]["content"]
        .as_str()
        .unwrap()
        .to_string();
    assert!(text.starts_with("[sales] test\n"), "{text}");

    assert_eq!(
        tried(&place, "work", "weCom", json!({"url": url})).await["passed"],
        true
    );
    assert_eq!(listener.posts()[1].json()["text"]["content"], json!(text));
    say(r#"{"errcode": 310000, "errmsg": "keywords not in content"}"#);
    failed(
        &tried(&place, "ding2", "dingTalk", json!({"url": url})).await,
        "keywords not in content",
    );
    say(r#"{"errcode": 93000, "errmsg": "no robot hunter2-t"}"#);
    failed(
        &tried(&place, "work2", "weCom", json!({"url": url})).await,
        "did not take the text",
    );

    say(r#"{"code": 0, "msg": "success"}"#);
    let config = json!({"url": url, "secret": "hunter2-s"});
    assert_eq!(
        tried(&place, "lark", "feishu", config).await["passed"],
        true
    );
    let body = listener.posts().last().unwrap().json();
    let seconds = start_of_time().timestamp();
    let sign = STANDARD.encode(mac(&format!("{seconds}\nhunter2-s"), b""));
    assert_eq!(
        (&body["timestamp"], &body["sign"]),
        (&json!(seconds.to_string()), &json!(sign))
    );
    assert_eq!(
        (&body["msg_type"], &body["content"]["text"]),
        (&json!("text"), &json!(text))
    );
    say(r#"{"code": 19021, "msg": "sign match fail"}"#);
    failed(
        &tried(&place, "lark2", "feishu", json!({"url": url})).await,
        "sign match fail",
    );

    say("ok");
    assert_eq!(
        tried(&place, "slack", "slack", json!({"url": url})).await["passed"],
        true
    );
    assert_eq!(
        listener.posts().last().unwrap().json(),
        json!({"text": text})
    );
}

#[tokio::test]
async fn no_redirection_is_followed_and_no_closed_host_is_reached() {
    let (place, listener) = (open(Kept::Sqlite).await, Listener::start().await);
    let config = json!({"url": listener.url("hook"), "secret": "hunter2-0123456789"});
    listener.answer(Reply::Redirect(listener.url("elsewhere")));
    failed(
        &tried(&place, "moved", "webhook", config.clone()).await,
        "307",
    );
    assert_eq!(listener.posts().len(), 1);
    listener.answer(Reply::Status(500, "it broke".to_string()));
    failed(
        &tried(&place, "broken", "webhook", config.clone()).await,
        "500 Internal Server Error: it broke",
    );

    place.settings(json!({"outboundLoopback": false})).await;
    let count = listener.posts().len();
    failed(
        &tried(&place, "closed", "webhook", config).await,
        "may not be reached",
    );
    let named = listener.url("hook").replace("127.0.0.1", "localhost");
    let config = json!({"url": named, "secret": "hunter2-0123456789"});
    failed(
        &tried(&place, "named", "webhook", config).await,
        "may not be reached",
    );
    let metadata = json!({"url": "http://169.254.169.254/latest"});
    failed(
        &tried(&place, "cloud", "slack", metadata).await,
        "link-local",
    );
    let mail = json!({"host": "localhost", "security": "none", "from": "a@example.org", "to": ["b@example.org"]});
    failed(
        &tried(&place, "post", "mail", mail).await,
        "may not be reached",
    );
    assert_eq!(listener.posts().len(), count);
}

fn letter(smtp: &Smtp, security: &str) -> Value {
    json!({"host": "localhost", "port": smtp.port, "security": security,
        "from": "Longshore <alerts@example.org>", "to": ["team@example.org", "night@example.org"]})
}

#[tokio::test]
async fn mail_goes_through_a_real_server_without_encryption() {
    let place = open(Kept::Sqlite).await;
    let mut smtp = Smtp::start("none", None).await;
    let test = tried(&place, "plain", "mail", letter(&smtp, "none")).await;
    assert_eq!(test["passed"], true, "{test}");
    let mail = smtp.mail().await;
    assert_eq!(mail["from"], "alerts@example.org");
    assert_eq!(mail["to"], json!(["team@example.org", "night@example.org"]));
    assert_eq!(
        (&mail["tls"], &mail["login"]),
        (&json!(false), &json!(null))
    );
    let content = mail["content"].as_str().unwrap();
    for line in [
        "Subject: [sales] test\r\n",
        "Date: Wed, 04 Mar 2026 10:00:00 +0000\r\n",
        "\r\n\r\n[sales] test\r\n",
    ] {
        assert!(content.contains(line), "{content}");
    }
    // A server without encryption gets neither a mail that is to be encrypted nor a password.
    failed(
        &tried(&place, "strict", "mail", letter(&smtp, "startTls")).await,
        "cannot send mail",
    );
}

#[tokio::test]
async fn mail_goes_through_a_real_server_with_encryption_and_login() {
    for security in ["startTls", "tls"] {
        let place = open(Kept::Sqlite).await;
        let mut smtp = Smtp::start(security, Some(("alerts", "hunter2-p"))).await;
        let mut config = letter(&smtp, security);
        failed(
            &tried(&place, "unknown", "mail", config.clone()).await,
            "certificate",
        );
        config["rootCertificate"] = json!(smtp.certificate);
        failed(
            &tried(&place, "nobody", "mail", config.clone()).await,
            "cannot send mail",
        );
        config["username"] = json!("alerts");
        config["password"] = json!("hunter2-x");
        failed(&tried(&place, "wrong", "mail", config.clone()).await, "535");
        config["password"] = json!("hunter2-p");
        let test = tried(&place, "right", "mail", config).await;
        assert_eq!(test["passed"], true, "{security}: {test}");
        let mail = smtp.mail().await;
        assert_eq!(
            (&mail["tls"], &mail["login"]),
            (&json!(true), &json!("alerts"))
        );
    }
}
