//! An OpenID provider that follows a script: it signs what a test tells it to, which no real one would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::url::form_urlencoded;
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use sdk::Secret;
use serde_json::{Value, json};
use server::{OidcConfig, Passwords};

pub(crate) const CLIENT: &str = "longshore";
pub(crate) const CLIENT_SECRET: &str = "client-secret-5d1e";

/// A running provider; it ends with the test.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    script: Arc<Mutex<Script>>,
}

/// What it answers, and what it was asked.
#[derive(Default)]
struct Script {
    issuer: String,
    /// The number of the key that it publishes.
    key: u8,
    token_answer: Option<(u16, Value)>,
    descriptions: usize,
    token_requests: Vec<TokenRequest>,
}

/// What the token endpoint was asked.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequest {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) authorization: String,
}

type Shared = State<Arc<Mutex<Script>>>;

impl Provider {
    pub(crate) async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script {
            issuer: issuer.clone(),
            key: 1,
            ..Script::default()
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(tokens))
            .with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Provider { issuer, script }
    }

    /// A server's set-up that makes accounts for everybody.
    pub(crate) fn config(&self) -> OidcConfig {
        OidcConfig {
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_string(),
            client_secret: Some(Secret::new(CLIENT_SECRET)),
            title: "the company's login".to_string(),
            scopes: vec!["email".to_string(), "profile".to_string()],
            create_accounts: true,
            link_by_email: false,
            domains: Vec::new(),
            group_claim: "groups".to_string(),
            groups: Vec::new(),
            passwords: Passwords::Everybody,
        }
    }

    /// The next codes are good for these claims.
    pub(crate) fn vouch(&self, claims: &Value) {
        let key = self.script.lock().unwrap().key;
        self.send_token(&signed(claims, key));
    }

    /// The next codes are good for this identity token.
    pub(crate) fn send_token(&self, token: &str) {
        let tokens =
            json!({"access_token": "access-9c2f", "token_type": "Bearer", "id_token": token});
        self.answer(200, tokens);
    }

    /// What the token endpoint answers from now on.
    pub(crate) fn answer(&self, status: u16, body: Value) {
        self.script.lock().unwrap().token_answer = Some((status, body));
    }

    /// Publishes and uses another key of the same name from now on.
    pub(crate) fn change_key(&self) {
        self.script.lock().unwrap().key += 1;
    }

    /// How often its description was read.
    pub(crate) fn descriptions(&self) -> usize {
        self.script.lock().unwrap().descriptions
    }

    pub(crate) fn token_requests(&self) -> Vec<TokenRequest> {
        self.script.lock().unwrap().token_requests.clone()
    }
}

/// An identity token signed by a key of this number.
pub(crate) fn signed(claims: &Value, key: u8) -> String {
    let message = unsigned(&json!({"alg": "EdDSA", "kid": "k", "typ": "JWT"}), claims);
    let signature = private_key(key).sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature.unwrap());
    format!("{message}.{signature}")
}

/// What is signed of a token.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// An Ed25519 key whose every byte is the number, in the form of RFC 8410.
fn private_key(number: u8) -> CoreEdDsaPrivateSigningKey {
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
    ];
    der.extend([0x04, 0x22, 0x04, 0x20]);
    der.extend([number; 32]);
    // In one piece it would be taken for a key that somebody left here.
    let kind = ["PRIVATE", "KEY"].join(" ");
    let pem = format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        STANDARD.encode(der)
    );
    let id = Some(JsonWebKeyId::new("k".to_string()));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, id).unwrap()
}

async fn describe(State(script): Shared) -> Json<Value> {
    let mut script = script.lock().unwrap();
    script.descriptions += 1;
    let issuer = &script.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none", "later"],
    }))
}

async fn keys(State(script): Shared) -> Json<Value> {
    let key = private_key(script.lock().unwrap().key).as_verification_key();
    Json(json!({"keys": [key]}))
}

async fn tokens(
    State(script): Shared,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let mut script = script.lock().unwrap();
    let authorization = headers.get("authorization");
    script.token_requests.push(TokenRequest {
        fields: form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect(),
        authorization: authorization
            .map_or("", |it| it.to_str().unwrap())
            .to_string(),
    });
    let (status, body) = script.token_answer.clone().unwrap();
    (StatusCode::from_u16(status).unwrap(), Json(body))
}
