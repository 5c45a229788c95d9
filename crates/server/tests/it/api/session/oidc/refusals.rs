//! Whatever is wrong on the way back, nobody is signed in.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde_json::json;
use sha2::Sha256;

use super::{Trip, sign_on, signed_in};
use crate::client::Answer;
use crate::harness::{Kept, Running};
use crate::provider::{CLIENT, CLIENT_SECRET, Provider, signed, unsigned};

/// Checks that an answer signs nobody in, says what to do, and shows nothing of a token.
#[track_caller]
fn refused(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let error = &answer.body["error"];
    let said = error["message"].as_str().unwrap();
    assert!(said.contains(message), "{said} is not about: {message}");
    assert!(error["hint"].is_string(), "{error}");
    assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
    for secret in ["eyJ", "access-9c2f", CLIENT_SECRET] {
        assert!(!answer.body.to_string().contains(secret), "{error}");
    }
}

#[tokio::test]
async fn an_identity_token_must_be_right_in_everything() {
    let provider = Provider::start().await;
    let (server, admin) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    let now = server.clock.now().timestamp();
    for (what, change, message) in [
        ("another nonce", json!({"nonce": "x"}), "another sign-in"),
        ("no nonce", json!({"nonce": null}), "another sign-in"),
        ("another audience", json!({"aud": "shop"}), "somebody else"),
        (
            "one audience more",
            json!({"aud": [CLIENT, "shop"]}),
            "somebody else",
        ),
        ("another party", json!({"azp": "shop"}), "another client"),
        (
            "expired",
            json!({"exp": now - 61}),
            "not valid at this time",
        ),
        (
            "from the future",
            json!({"iat": now + 61}),
            "not valid at this time",
        ),
        (
            "another issuer",
            json!({"iss": "http://127.0.0.1:1"}),
            "another issuer",
        ),
    ] {
        let answer = sign_on(&server, &provider, "1", change).await;
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        refused(&answer, 401, message);
    }
    let audit = admin.get("/api/v1/audit").await.ok();
    let newest = &audit["items"][0];
    assert_eq!(newest["action"], "session.refused", "{audit}");
    assert_eq!(
        newest["after"]["reason"], "the identity token names another issuer",
        "{audit}"
    );
    // The leeway is one minute, and all that was wrong is what was changed.
    let late = json!({"exp": now - 59, "iat": now + 59, "azp": CLIENT, "aud": [CLIENT]});
    signed_in(&server, &sign_on(&server, &provider, "1", late).await).await;
}

#[tokio::test]
async fn only_the_providers_own_signature_counts() {
    let provider = Provider::start().await;
    let (server, _) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    let trip = Trip::to_provider(&server, "/").await;
    let claims = trip.claims(&server, &provider, "1");
    let none = format!("{}.", unsigned(&json!({"alg": "none"}), &claims));
    let shared = {
        // Whoever knows the client's secret could make this one.
        let message = unsigned(&json!({"alg": "HS256"}), &claims);
        let mut mac = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{message}.{tag}")
    };
    let good = signed(&claims, 1);
    let mut other = claims.clone();
    other["sub"] = json!("2");
    let (_, signature) = good.rsplit_once('.').unwrap();
    let header = json!({"alg": "EdDSA", "kid": "k", "typ": "JWT"});
    let moved = format!("{}.{signature}", unsigned(&header, &other));
    for (what, token) in [
        ("another key of the same name", signed(&claims, 9)),
        ("no algorithm", none),
        ("a shared secret", shared),
        ("the signature of another token", moved),
        ("no signature", unsigned(&header, &claims)),
        ("no token", "eyJ.eyJ.eyJ".to_string()),
    ] {
        let trip = Trip::to_provider(&server, "/").await;
        // The nonce is checked last, so a token of another trip gets as far as its signature.
        provider.send_token(&token);
        let answer = trip.back("good").await;
        assert!(matches!(answer.status, 401 | 502), "{what}: {answer:?}");
        let message = if answer.status == 401 {
            "signature"
        } else {
            "as it should"
        };
        refused(&answer, answer.status, message);
    }
    provider.send_token(&good);
    signed_in(&server, &trip.back("good").await).await;
}

#[tokio::test]
async fn a_way_back_is_gone_once_by_the_browser_that_went_there() {
    for kept in Kept::BOTH {
        let provider = Provider::start().await;
        let (server, _) = Running::start_with(kept, |it| it.oidc = Some(provider.config())).await;
        let unknown = "has not begun this sign-in";
        let mine = Trip::to_provider(&server, "/").await;
        let theirs = Trip::to_provider(&server, "/").await;
        provider.vouch(&mine.claims(&server, &provider, "1"));
        let stolen = format!("code=good&state={}", mine.sent["state"]);
        refused(&theirs.back_with(&stolen).await, 400, unknown);
        let path = format!("/api/v1/session/oidc/callback?{stolen}");
        refused(&server.client().get(&path).await, 400, unknown);
        refused(&mine.back_with("code=good&state=x").await, 400, unknown);
        refused(&mine.back_with("code=good").await, 400, unknown);
        assert_eq!(provider.token_requests().len(), 0);

        signed_in(&server, &mine.back("good").await).await;
        refused(&mine.back("good").await, 400, unknown);
        assert_eq!(provider.token_requests().len(), 1);

        server.clock.advance(Duration::from_secs(601));
        provider.vouch(&theirs.claims(&server, &provider, "1"));
        refused(&theirs.back("good").await, 400, unknown);
        assert_eq!(provider.token_requests().len(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_refuses_or_fails_is_told_apart() {
    let provider = Provider::start().await;
    let (server, _) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    let there = || Trip::to_provider(&server, "/");
    let back = |trip: &Trip, rest: &str| format!("state={}&{rest}", trip.sent["state"]);

    let trip = there().await;
    let denied = trip.back_with(&back(&trip, "error=access_denied")).await;
    refused(&denied, 401, "access_denied");
    let trip = there().await;
    let odd = trip.back_with(&back(&trip, "error=%3Cscript%3E")).await;
    refused(&odd, 401, "without a reason");
    let trip = there().await;
    let mixed = back(&trip, "code=good&iss=http%3A%2F%2F127.0.0.1%3A1");
    refused(&trip.back_with(&mixed).await, 401, "another provider");

    for (status, body, expected, message) in [
        (
            400,
            json!({"error": "invalid_grant"}),
            401,
            "did not accept the code",
        ),
        (401, json!({"error": "invalid_client"}), 502, "as it should"),
        (
            200,
            json!({"access_token": "access-9c2f", "token_type": "Bearer"}),
            502,
            "as it should",
        ),
        (500, json!("access-9c2f"), 502, "as it should"),
    ] {
        provider.answer(status, body);
        refused(&there().await.back("good").await, expected, message);
    }
}

#[tokio::test]
async fn a_provider_that_is_away_or_somebody_else_is_named() {
    let provider = Provider::start().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    // The description names the issuer without the slash at its end.
    for issuer in [away, format!("{}/", provider.issuer)] {
        let mut config = provider.config();
        config.issuer = issuer;
        let (server, _) = Running::start_with(Kept::Sqlite, |it| it.oidc = Some(config)).await;
        let answer = server.client().get("/api/v1/session/oidc/start").await;
        refused(&answer, 502, "the company's login does not answer");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_afterwards() {
    let provider = Provider::start().await;
    let (server, _) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    for next in [
        "https://example.org",
        "//example.org",
        "/%5Cexample.org",
        "/%09/example.org",
    ] {
        let path = format!("/api/v1/session/oidc/start?next={next}");
        let answer = server.client().get(&path).await;
        assert_eq!(answer.refused(422), "invalid");
        assert_eq!(answer.body["error"]["problems"][0]["pointer"], "/next");
    }
}

#[tokio::test]
async fn a_set_up_that_would_not_be_safe_does_not_start() {
    let provider = Provider::start().await;
    let (server, _) = Running::start(Kept::Sqlite).await;
    for (issuer, message) in [
        ("http://login.example.org", "must begin with `https:`"),
        ("login.example.org", "it is no address"),
        ("https://login.example.org/?x=y", "more than a path"),
    ] {
        let mut config = server.config.clone();
        let mut oidc = provider.config();
        oidc.issuer = issuer.to_string();
        config.oidc = Some(oidc);
        let equipment = server::Equipment {
            registry: connectors::registry(),
            keys: server::KeyRing::parse(&server::KeyRing::generate("test").unwrap()).unwrap(),
            clock: server.clock.clone(),
            console: server::Console::Embedded,
        };
        let Err(error) = server::Server::open(config, equipment).await else {
            panic!("{issuer} was taken")
        };
        assert!(error.to_string().contains(message), "{error}");
        assert!(!format!("{error:?}").contains(CLIENT_SECRET));
    }
    let shown = format!("{:?}", provider.config());
    assert!(!shown.contains(CLIENT_SECRET), "{shown}");
}

/// Who comes back with a browser reads no JSON.
#[tokio::test]
async fn a_browser_is_told_at_the_sign_in_page() {
    let provider = Provider::start().await;
    let (server, _) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    let trip = Trip::to_provider(&server, "/").await;
    let accepts = HeaderMap::from_iter([(
        ACCEPT,
        HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"),
    )]);
    let browser = reqwest::Client::builder()
        .no_proxy()
        .default_headers(accepts);
    let browser = browser.redirect(reqwest::redirect::Policy::none());
    let pages = trip.browser.through(browser.build().unwrap());
    let callback = "/api/v1/session/oidc/callback?error=access_denied&state=";
    for (state, code) in [
        (trip.sent["state"].as_str(), "unauthenticated"),
        ("never", "badRequest"),
    ] {
        let answer = pages.get(&format!("{callback}{state}")).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let page = answer.headers["location"].to_str().unwrap();
        assert_eq!(page, format!("/?signInError={code}"));
        assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
    }
}
