//! The API of a server as its administrator calls it.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

const NAME: &str = "root";
const PASSWORD: &str = "correct horse battery";
/// How often, and how many times, something is looked at that is to come.
const LOOKS: (Duration, u32) = (Duration::from_millis(100), 600);

/// A signed-in administrator.
pub(crate) struct Api {
    address: String,
    http: reqwest::Client,
    cookie: String,
    csrf: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    headers: HeaderMap,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        self.body
    }

    /// The revision for the next edit.
    #[track_caller]
    pub(crate) fn etag(&self) -> String {
        let etag = self.headers.get("etag");
        let etag = etag.unwrap_or_else(|| panic!("{} {}", self.status, self.body));
        etag.to_str().unwrap().to_string()
    }
}

impl Api {
    /// Creates the administrator with the one-time token.
    pub(crate) async fn set_up(address: &str, token: &str) -> Api {
        let mut api = Api {
            address: address.to_string(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            cookie: String::new(),
            csrf: String::new(),
        };
        let body = json!({"token": token, "name": NAME, "password": PASSWORD});
        let answer = api.post("/api/v1/setup", body).await;
        api.keep_session(answer);
        api
    }

    /// The same administrator at another server of the store.
    pub(crate) fn at(&mut self, address: &str) {
        self.address = address.to_string();
    }

    pub(crate) async fn sign_in(&mut self) {
        let body = json!({"name": NAME, "password": PASSWORD});
        let answer = self.post("/api/v1/session", body).await;
        self.keep_session(answer);
    }

    fn keep_session(&mut self, answer: Answer) {
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_string();
        self.csrf = answer.ok()["csrfToken"].as_str().unwrap().to_string();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, None, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, None, body).await
    }

    /// An edit of what was seen with this ETag.
    pub(crate) async fn edit(&self, method: &str, path: &str, etag: &str, body: Value) -> Answer {
        self.send(method, path, Some(etag), body).await
    }

    /// Waits until something is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (pause, looks) = LOOKS;
        for _ in 0..looks {
            let seen = self.get(path).await.ok();
            if wanted(&seen) {
                return seen;
            }
            tokio::time::sleep(pause).await;
        }
        panic!("{path}: {}", self.get(path).await.ok());
    }

    async fn send(&self, method: &str, path: &str, etag: Option<&str>, body: Value) -> Answer {
        let url = format!("{}{path}", self.address);
        let mut request = self.http.request(method.parse().unwrap(), url);
        request = request.header("cookie", &self.cookie);
        request = request.header("x-csrf-token", &self.csrf);
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json");
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer {
            status,
            body,
            headers,
        }
    }
}
