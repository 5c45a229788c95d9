//! The same way at a real provider, which `fixtures/canaille` describes.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use openidconnect::url::Url;
use sdk::Secret;
use serde_json::json;
use server::OidcConfig;
use tokio::sync::Mutex;

use super::{Trip, account, signed_in};
use crate::client::Answer;
use crate::harness::{Kept, Running};
use crate::provider;

/// What the fixture made.
const SECRET: &str = "client-secret-of-the-tests";
const PERSON: (&str, &str) = ("ada", "correct-horse-battery");

fn issuer() -> String {
    std::env::var("LONGSHORE_TEST_OIDC").unwrap_or_else(|_| {
        panic!(
            "LONGSHORE_TEST_OIDC is not set: run `cargo xtask test`, or start a provider with \
             `cargo xtask services canaille` and set what it prints"
        )
    })
}

async fn start(kept: Kept) -> Running {
    let unused = provider::Provider::start().await;
    let config = OidcConfig {
        issuer: issuer(),
        client_secret: Some(Secret::new(SECRET)),
        ..unused.config()
    };
    let (server, _) = Running::start_with(kept, |it| it.oidc = Some(config)).await;
    // The provider has no clock that a test could set.
    server.clock.set(Utc::now());
    server
}

/// Signs in on the pages of the provider, as a browser without scripts does; returns the query of the way back.
async fn through_the_pages(page: &Url) -> String {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let mut cookies = BTreeMap::new();
    let mut request = http.get(page.clone());
    for _ in 0..10 {
        let sent: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let response = request
            .header("cookie", sent.join("; "))
            .send()
            .await
            .unwrap();
        let here: Url = response.url().clone();
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.insert(name.to_string(), value.to_string());
        }
        if let Some(location) = response.headers().get("location") {
            let to = here.join(location.to_str().unwrap()).unwrap();
            if to.path() == "/api/v1/session/oidc/callback" {
                return to.query().unwrap().to_string();
            }
            request = http.get(to);
            continue;
        }
        assert_eq!(response.status(), 200, "{here}");
        let text = response.text().await.unwrap();
        let (_, token) = text.split_once("name=\"csrf_token\"").unwrap();
        let (_, token) = token.split_once("value=\"").unwrap();
        let token = token.split('"').next().unwrap();
        let form = [
            ("csrf_token", token),
            ("login", PERSON.0),
            ("password", PERSON.1),
        ];
        let body = openidconnect::url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        request = http
            .post(here)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
    }
    panic!("the provider asks again and again");
}

/// Comes back alone and in a second of its own: the provider's access tokens tell nothing else apart, and it fails
/// when it makes the same one twice.
async fn back(trip: &Trip, query: &str) -> Answer {
    static LAST: Mutex<i64> = Mutex::const_new(0);
    let mut last = LAST.lock().await;
    while Utc::now().timestamp() <= *last {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = trip.back_with(query).await;
    *last = Utc::now().timestamp();
    answer
}

fn code(query: &str) -> String {
    let pairs = openidconnect::url::form_urlencoded::parse(query.as_bytes());
    let mut codes = pairs.filter(|(name, _)| name == "code");
    codes.next().unwrap().1.into_owned()
}

#[tokio::test]
async fn a_person_signs_in_and_is_the_same_the_next_time() {
    for kept in Kept::BOTH {
        let server = start(kept).await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            let trip = Trip::to_provider(&server, "/jobs").await;
            let query = through_the_pages(&trip.page).await;
            let answer = back(&trip, &query).await;
            let me = account(&signed_in(&server, &answer).await).await;
            assert_eq!(me["name"], "ada");
            assert_eq!(me["displayName"], "Ada Lovelace");
            // It does not say that it has verified the address, so the address is not taken over.
            assert_eq!(me["email"], json!(null));
            ids.push(me["id"].clone());
        }
        assert_eq!(ids[0], ids[1]);
    }
}

#[tokio::test]
async fn a_code_is_worth_nothing_in_another_sign_in_nor_twice() {
    let server = start(Kept::Sqlite).await;
    let mine = Trip::to_provider(&server, "/").await;
    let stolen = code(&through_the_pages(&mine.page).await);
    // Whoever reads a code on its way cannot put it into a sign-in of their own.
    let theirs = Trip::to_provider(&server, "/").await;
    let refused = theirs.back(&stolen).await;
    assert_eq!(refused.refused(401), "unauthenticated");

    let mine = Trip::to_provider(&server, "/").await;
    let query = through_the_pages(&mine.page).await;
    signed_in(&server, &back(&mine, &query).await).await;
    let again = Trip::to_provider(&server, "/").await;
    let refused = again.back(&code(&query)).await;
    assert_eq!(refused.refused(401), "unauthenticated");
    assert_eq!(
        refused.body["error"]["message"],
        "the provider did not accept the code of this sign-in"
    );
}

#[tokio::test]
async fn a_server_with_the_wrong_secret_gets_no_tokens() {
    let unused = provider::Provider::start().await;
    let config = OidcConfig {
        issuer: issuer(),
        ..unused.config()
    };
    let (server, _) = Running::start_with(Kept::Sqlite, |it| it.oidc = Some(config)).await;
    server.clock.set(Utc::now());
    let trip = Trip::to_provider(&server, "/").await;
    let query = through_the_pages(&trip.page).await;
    assert_eq!(back(&trip, &query).await.refused(502), "upstream");
}
