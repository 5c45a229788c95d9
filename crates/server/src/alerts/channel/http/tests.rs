//! Signatures as the services check them, and answers that must not be shown.

use super::*;
use crate::alerts::message::{Event, EventKind, Named};

const NOW: i64 = 1_772_618_400_123_456;

fn posted(form: Form, url: &str, secret: &str) -> (Post, String) {
    let named = |name: &str| Named {
        id: name.to_string(),
        name: name.to_string(),
    };
    let message = Message {
        project: named("sales"),
        rule: None,
        channel: named("team"),
        count: 1,
        events: vec![Event::new(
            EventKind::Test,
            "2026-03-04T10:00:00Z".to_string(),
        )],
    };
    let target = target(form, &Secret::new(url), Secret::new(secret)).unwrap();
    let parcel = Parcel {
        id: "1",
        message: &message,
    };
    (post(&target, &parcel, NOW).unwrap(), message.short_text())
}

/// The expected signatures were made with Python's `hmac` after the services' own documents.
#[test]
fn robots_get_the_signature_that_they_ask_for() {
    let (post, text) = posted(
        Form::DingTalk,
        "https://oapi.dingtalk.com/robot/send?access_token=t",
        "SECabc",
    );
    assert_eq!(
        post.url.as_str(),
        "https://oapi.dingtalk.com/robot/send?access_token=t&timestamp=1772618400123\
         &sign=JBUe27UGdeMC%2B6nf3lJ%2FFaZaTZbTBPS3JXJkJkdReww%3D"
    );
    let body: Value = serde_json::from_str(&post.body).unwrap();
    assert_eq!(body, json!({"msgtype": "text", "text": {"content": text}}));

    let (post, text) = posted(
        Form::Feishu,
        "https://open.feishu.cn/open-apis/bot/v2/hook/t",
        "SECabc",
    );
    let body: Value = serde_json::from_str(&post.body).unwrap();
    assert_eq!(
        body,
        json!({"timestamp": "1772618400", "msg_type": "text", "content": {"text": text},
            "sign": "Q7OBdm3JvGNQzF5/LDct4J41hn2XfktqYvFlNTINi4Y="})
    );
}

#[test]
fn robots_without_a_secret_get_no_signature() {
    let (post, _) = posted(
        Form::DingTalk,
        "https://oapi.dingtalk.com/robot/send?access_token=t",
        "",
    );
    assert_eq!(post.url.query(), Some("access_token=t"));
    let (post, text) = posted(Form::Feishu, "https://open.feishu.cn/hook/t", "");
    let body: Value = serde_json::from_str(&post.body).unwrap();
    assert_eq!(body, json!({"msg_type": "text", "content": {"text": text}}));
    let (post, text) = posted(Form::Slack, "https://hooks.slack.com/services/t", "");
    assert_eq!(post.body, json!({"text": text}).to_string());
}

#[test]
fn an_answer_that_repeats_a_token_is_not_shown() {
    let url = Secret::new("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6");
    let target = target(Form::WeCom, &url, Secret::default()).unwrap();
    let refused = |answer: &str| accepted(&target, answer).unwrap_err().to_string();
    assert!(!refused(r#"{"errcode": 93000, "errmsg": "bad key 693a91f6"}"#).contains("693a91f6"));
    assert!(
        refused(r#"{"errcode": 93000, "errmsg": "invalid webhook"}"#).contains("invalid webhook")
    );
    assert!(refused("<html>").contains("<html>"));
    assert!(accepted(&target, r#"{"errcode": 0, "errmsg": "ok"}"#).is_ok());
}

#[test]
fn addresses_and_secrets_are_checked_together() {
    let problems = target(Form::Json, &Secret::new("ftp://x"), Secret::new("short")).unwrap_err();
    let places: Vec<&str> = problems
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(places, ["/url", "/secret"]);
}
