//! `/api/v1/session/oidc`: a browser's way to a provider and back.

mod accounts;
mod real;
mod refusals;
mod way;

use std::collections::BTreeMap;

use openidconnect::url::Url;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::harness::Running;
use crate::provider::{CLIENT, Provider};

/// A browser that is at the provider.
pub(crate) struct Trip {
    browser: Client,
    /// Where it was sent to.
    page: Url,
    /// What it was sent there with.
    sent: BTreeMap<String, String>,
}

impl Trip {
    /// Goes to the provider.
    async fn to_provider(server: &Running, next: &str) -> Trip {
        let path = format!("/api/v1/session/oidc/start?next={next}");
        let answer = server.client().get(&path).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let page: Url = header(&answer, "location").parse().unwrap();
        let cookie = header(&answer, "set-cookie");
        for part in [
            "HttpOnly",
            "SameSite=Lax",
            "Path=/api/v1/session/oidc",
            "Max-Age=600",
        ] {
            assert!(cookie.contains(part), "{cookie}");
        }
        Trip {
            browser: server
                .client()
                .with_cookie(cookie.split(';').next().unwrap()),
            sent: page.query_pairs().into_owned().collect(),
            page,
        }
    }

    /// Claims that the provider can make of this trip.
    fn claims(&self, server: &Running, provider: &Provider, subject: &str) -> Value {
        let now = server.clock.now().timestamp();
        json!({
            "iss": provider.issuer, "sub": subject, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": self.sent["nonce"],
        })
    }

    /// Comes back with a code.
    async fn back(&self, code: &str) -> Answer {
        self.back_with(&format!("code={code}&state={}", self.sent["state"]))
            .await
    }

    async fn back_with(&self, query: &str) -> Answer {
        let path = format!("/api/v1/session/oidc/callback?{query}");
        self.browser.get(&path).await
    }
}

/// Goes to the provider and back, as somebody with these claims besides the usual ones.
async fn sign_on(server: &Running, provider: &Provider, subject: &str, more: Value) -> Answer {
    let trip = Trip::to_provider(server, "/").await;
    let mut claims = trip.claims(server, provider, subject);
    let fields = claims.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    provider.vouch(&claims);
    trip.back("good").await
}

/// The browser that the answer to a way back has signed in.
async fn signed_in(server: &Running, answer: &Answer) -> Client {
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookies = answer.headers.get_all("set-cookie");
    let session = cookies
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.starts_with("longshore_session="))
        .unwrap();
    let client = server
        .client()
        .with_cookie(session.split(';').next().unwrap());
    assert_eq!(client.get("/api/v1/session").await.status, 200);
    client
}

/// The account of a signed-in browser.
async fn account(client: &Client) -> Value {
    client.get("/api/v1/session").await.ok()["account"].clone()
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers[name].to_str().unwrap().to_string()
}
