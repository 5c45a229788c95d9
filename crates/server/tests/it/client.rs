//! A small HTTP client with a browser's cookie and token.

use serde_json::Value;

use crate::captured;

/// Somebody who calls the API.
#[derive(Clone)]
pub(crate) struct Client {
    address: String,
    http: reqwest::Client,
    cookie: Option<String>,
    csrf: Option<String>,
    authorization: Option<String>,
    forwarded_for: Option<String>,
    idempotency_key: Option<String>,
    language: Option<String>,
    known: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The revision for the next edit.
    pub(crate) fn etag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_string()
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        self.body
    }

    /// The body as the text that it was.
    pub(crate) fn text(&self) -> String {
        let text = self.body.as_str().map(str::to_string);
        text.unwrap_or_else(|| self.body.to_string())
    }

    /// The code of a failure.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["error"]["code"].as_str().unwrap()
    }
}

impl Client {
    pub(crate) fn new(address: &str) -> Client {
        // The HTTP client asks for one even where it speaks no TLS; a second installation is none.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        Client {
            address: address.to_string(),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookie: None,
            csrf: None,
            authorization: None,
            forwarded_for: None,
            idempotency_key: None,
            language: None,
            known: None,
        }
    }

    /// A client that reads these languages.
    pub(crate) fn with_language(&self, language: &str) -> Client {
        Client {
            language: Some(language.to_string()),
            ..self.clone()
        }
    }

    /// A client that has an answer already.
    pub(crate) fn with_known(&self, etag: &str) -> Client {
        Client {
            known: Some(etag.to_string()),
            ..self.clone()
        }
    }

    /// A client whose requests are done once.
    pub(crate) fn with_idempotency_key(&self, key: &str) -> Client {
        Client {
            idempotency_key: Some(key.to_string()),
            ..self.clone()
        }
    }

    /// The same browser with another way to connect.
    pub(crate) fn through(&self, http: reqwest::Client) -> Client {
        Client {
            http,
            ..self.clone()
        }
    }

    /// The same browser at another server.
    pub(crate) fn at(&self, address: &str) -> Client {
        Client {
            address: address.to_string(),
            ..self.clone()
        }
    }

    /// A browser with a cookie that it did not get here.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Client {
        Client {
            cookie: Some(cookie.to_string()),
            ..self.clone()
        }
    }

    /// A client that says for whom it asks.
    pub(crate) fn with_forwarded_for(&self, address: &str) -> Client {
        Client {
            forwarded_for: Some(address.to_string()),
            ..self.clone()
        }
    }

    /// Keeps the cookie and the token of a sign-in.
    pub(crate) fn keep_session(&mut self, answer: &Answer) {
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_string());
        self.csrf = Some(answer.body["csrfToken"].as_str().unwrap().to_string());
    }

    /// Calls with an `Authorization` header instead of a session.
    pub(crate) fn with_authorization(&self, authorization: &str) -> Client {
        Client {
            cookie: None,
            csrf: None,
            authorization: Some(authorization.to_string()),
            ..self.clone()
        }
    }

    /// The same browser without its token.
    pub(crate) fn without_csrf(&self) -> Client {
        Client {
            csrf: None,
            ..self.clone()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, None, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, None, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None, None).await
    }

    /// An edit of what was seen with this ETag.
    pub(crate) async fn edit(
        &self,
        method: &str,
        path: &str,
        etag: &str,
        body: Option<Value>,
    ) -> Answer {
        self.send(method, path, Some(etag), body).await
    }

    /// Sends lines of JSON.
    pub(crate) async fn lines(&self, path: &str, text: &str) -> Answer {
        let body = ("application/x-ndjson", text.to_string());
        self.exchange("POST", path, None, Some(body)).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        etag: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string()));
        self.exchange(method, path, etag, body).await
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        etag: Option<&str>,
        body: Option<(&str, String)>,
    ) -> Answer {
        let method: reqwest::Method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        let headers = [
            ("cookie", self.cookie.as_deref()),
            ("x-csrf-token", self.csrf.as_deref()),
            ("authorization", self.authorization.as_deref()),
            ("if-match", etag),
            ("x-forwarded-for", self.forwarded_for.as_deref()),
            ("idempotency-key", self.idempotency_key.as_deref()),
            ("accept-language", self.language.as_deref()),
            ("if-none-match", self.known.as_deref()),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        if let Some((kind, text)) = body {
            request = request.header("content-type", kind).body(text);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        captured::answer(&format!("{path} {status} {headers:?}\n{text}"));
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer {
            status,
            headers,
            body,
        }
    }
}
