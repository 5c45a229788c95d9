//! The way to the provider and back, when all goes well.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Trip, account, header, sign_on, signed_in};
use crate::harness::{ADMIN, Kept, Running};
use crate::provider::{CLIENT, CLIENT_SECRET, Provider};

#[tokio::test]
async fn a_browser_goes_to_the_provider_and_comes_back_signed_in() {
    for kept in Kept::BOTH {
        let provider = Provider::start().await;
        let (server, _) = Running::start_with(kept, |it| it.oidc = Some(provider.config())).await;
        let trip = Trip::to_provider(&server, "/projects/7?tab=runs").await;
        let page = trip.page.as_str();
        assert!(
            page.starts_with(&format!("{}/authorize?", provider.issuer)),
            "{page}"
        );
        let callback = "http://127.0.0.1/api/v1/session/oidc/callback";
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", callback),
            ("scope", "openid email profile"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(trip.sent[name], value, "{name}");
        }
        provider.vouch(&trip.claims(&server, &provider, "1"));
        let answer = trip.back("good").await;
        assert_eq!(header(&answer, "location"), "/projects/7?tab=runs");
        let client = signed_in(&server, &answer).await;
        let me = client.get("/api/v1/session").await.ok();
        assert!(me["csrfToken"].as_str().unwrap().len() > 20, "{me}");

        let asked = provider.token_requests();
        let [asked] = &asked[..] else {
            panic!("{asked:?}")
        };
        assert_eq!(asked.fields["code"], "good");
        assert_eq!(asked.fields["grant_type"], "authorization_code");
        assert_eq!(asked.fields["redirect_uri"], callback);
        let proof = Sha256::digest(&asked.fields["code_verifier"]);
        assert_eq!(URL_SAFE_NO_PAD.encode(proof), trip.sent["code_challenge"]);
        let basic = STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}"));
        assert_eq!(asked.authorization, format!("Basic {basic}"));
    }
}

#[tokio::test]
async fn every_sign_in_has_secrets_and_a_session_of_its_own() {
    let provider = Provider::start().await;
    let (server, admin) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    let one = Trip::to_provider(&server, "/").await;
    let other = Trip::to_provider(&server, "/").await;
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(one.sent[name], other.sent[name], "{name}");
        assert!(one.sent[name].len() >= 43, "{name}");
    }
    // A session that the browser had before is not the one that it has afterwards.
    provider.vouch(&one.claims(&server, &provider, "1"));
    let first = one.back("good").await;
    let second = sign_on(&server, &provider, "1", json!({})).await;
    let sessions = [first, second].map(|answer| header(&answer, "set-cookie"));
    assert_ne!(sessions[0], sessions[1]);
    assert_eq!(account(&admin).await["name"], ADMIN);
}

#[tokio::test]
async fn visitors_learn_how_to_sign_in() {
    let provider = Provider::start().await;
    let (server, _) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    let welcome = server.client().get("/api/v1/welcome").await.ok();
    assert_eq!(welcome["passwords"], "everybody");
    assert_eq!(welcome["singleSignOn"], "the company's login");
    let (server, _) = Running::start(Kept::Sqlite).await;
    let welcome = server.client().get("/api/v1/welcome").await.ok();
    assert_eq!(welcome["singleSignOn"], json!(null));
    for path in ["start", "callback?state=x&code=y"] {
        let answer = server
            .client()
            .get(&format!("/api/v1/session/oidc/{path}"))
            .await;
        assert_eq!(answer.refused(404), "notFound");
    }
}

#[tokio::test]
async fn the_description_is_read_once_an_hour_and_when_keys_change() {
    let provider = Provider::start().await;
    let (server, _) =
        Running::start_with(Kept::Sqlite, |it| it.oidc = Some(provider.config())).await;
    assert_eq!(
        provider.descriptions(),
        0,
        "a server starts without its provider"
    );
    for _ in 0..3 {
        signed_in(&server, &sign_on(&server, &provider, "1", json!({})).await).await;
    }
    assert_eq!(provider.descriptions(), 1);

    provider.change_key();
    let early = sign_on(&server, &provider, "1", json!({})).await;
    assert_eq!(early.refused(401), "unauthenticated");
    assert_eq!(
        provider.descriptions(),
        1,
        "strangers do not make it ask all the time"
    );
    server.clock.advance(Duration::from_secs(61));
    signed_in(&server, &sign_on(&server, &provider, "1", json!({})).await).await;
    assert_eq!(provider.descriptions(), 2);

    server.clock.advance(Duration::from_secs(3_601));
    signed_in(&server, &sign_on(&server, &provider, "1", json!({})).await).await;
    assert_eq!(provider.descriptions(), 3);
}
