//! Sends requests: signed, with a limit of time, again where that is safe, and with failures in words.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use reqwest::{Certificate, Method, Request, Response, StatusCode, Url};
use sdk::Secret;
use serde_json::Value;
use server::SignedRequest;

use crate::catalog::visible;
use crate::exit::{Exit, Stop};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The server gives up after a minute by itself.
const LONGEST_ANSWER: Duration = Duration::from_secs(90);
/// A stream says at least every 15 seconds that it is alive.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// A server, and who asks it.
pub(crate) struct Client {
    http: reqwest::Client,
    server: Url,
    key: Option<AccessKey>,
}

/// An access key.
#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

/// A request. The path is below `/api/v1`.
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Body>,
    /// Whether it does no harm to send it twice.
    repeatable: bool,
}

/// What a request says.
struct Body {
    kind: &'static str,
    text: String,
}

/// What a server answered.
pub(crate) struct Answer {
    /// As it came.
    pub(crate) text: String,
    /// The same, read; null if there was none.
    pub(crate) body: Value,
    /// The revision, for the next edit.
    pub(crate) etag: Option<String>,
    /// The cookie of a sign-in.
    pub(crate) cookie: Option<String>,
}

impl Call {
    fn new(method: Method, path: impl Into<String>, body: Option<Value>) -> Call {
        Call {
            repeatable: method == Method::GET,
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: body.map(|body| Body {
                kind: "application/json",
                text: body.to_string(),
            }),
        }
    }

    /// Any request, with what stands behind the `?` of its path.
    pub(crate) fn any(method: Method, path: &str, body: Option<Value>) -> Call {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut call = Call::new(method, path, body);
        // Only for its reader of parameters.
        if let Ok(url) = Url::parse(&format!("http://localhost/?{query}")) {
            let pairs = url.query_pairs();
            call.query = pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect();
        }
        call
    }

    pub(crate) fn get(path: impl Into<String>) -> Call {
        Call::new(Method::GET, path, None)
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Call {
        Call::new(Method::POST, path, Some(body))
    }

    /// Lines of JSON, as they stand in a file.
    pub(crate) fn lines(path: impl Into<String>, text: String) -> Call {
        let kind = "application/x-ndjson";
        Call {
            body: Some(Body { kind, text }),
            ..Call::act(path)
        }
    }

    /// A change without anything to say about it.
    pub(crate) fn act(path: impl Into<String>) -> Call {
        Call::new(Method::POST, path, None)
    }

    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Call {
        Call::new(Method::PATCH, path, Some(body))
    }

    pub(crate) fn put(path: impl Into<String>, body: Value) -> Call {
        Call::new(Method::PUT, path, Some(body))
    }

    pub(crate) fn delete(path: impl Into<String>) -> Call {
        Call::new(Method::DELETE, path, None)
    }

    /// A parameter behind the `?`; nothing if it has no value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Call {
        self.query
            .extend(value.map(|value| (name.to_string(), value.to_string())));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Call {
        self.headers.push((name, value.into()));
        self
    }

    /// An edit of what was seen with this revision.
    pub(crate) fn seen(self, answer: &Answer) -> Call {
        match &answer.etag {
            Some(etag) => self.header("if-match", etag),
            None => self,
        }
    }

    /// The server does it once for each key, so it can be sent again.
    pub(crate) fn once(mut self, key: Option<String>) -> Call {
        self.repeatable = true;
        self.header("idempotency-key", key.unwrap_or_else(new_key))
    }
}

/// A key that nobody has used yet.
fn new_key() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let now = Utc::now().timestamp_nanos_opt().unwrap_or_default();
    format!("{now:x}-{:016x}{:016x}", random(), random())
}

impl Client {
    pub(crate) fn new(
        server: Url,
        ca: Option<&Path>,
        key: Option<AccessKey>,
    ) -> Result<Client, Stop> {
        server::use_tls();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(LONGEST_SILENCE)
            .user_agent(concat!("longshore/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = ca {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let http = builder.build().map_err(|error| {
            Stop::usage(format!("cannot prepare connections: {}", cause(&error)))
        })?;
        Ok(Client { http, server, key })
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// The answer to a request, if it is a good one.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Stop> {
        match self.exchange(call).await? {
            (status, answer) if status.is_success() => Ok(answer),
            (status, answer) => Err(self.refused(status, &answer)),
        }
    }

    /// The answer to a request for something that need not be there.
    pub(crate) async fn find(&self, call: Call) -> Result<Option<Answer>, Stop> {
        match self.exchange(call).await? {
            (status, answer) if status.is_success() => Ok(Some(answer)),
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, answer) => Err(self.refused(status, &answer)),
        }
    }

    async fn exchange(&self, call: Call) -> Result<(StatusCode, Answer), Stop> {
        let mut wait = FIRST_WAIT;
        for tries in 1.. {
            let tried = self.attempt(self.request(&call)?).await;
            let again = match &tried {
                Err(error) => error.is_connect() || call.repeatable,
                // Not 502: that is a data source which does not answer.
                Ok((status, _)) => call.repeatable && matches!(status.as_u16(), 503 | 504),
            };
            if tries < TRIES && again {
                tokio::time::sleep(wait).await;
                wait *= 2;
                continue;
            }
            return tried.map_err(|error| self.unreachable(&error));
        }
        Err(Stop::new(Exit::Internal, "no request was sent"))
    }

    /// A body that comes piece by piece.
    pub(crate) async fn stream(&self, call: Call) -> Result<Response, Stop> {
        let request = self.request(&call)?;
        let response = self.http.execute(request).await;
        let response = response.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        match read(response).await {
            Ok(answer) => Err(self.refused(status, &answer)),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    async fn attempt(&self, mut request: Request) -> reqwest::Result<(StatusCode, Answer)> {
        *request.timeout_mut() = Some(LONGEST_ANSWER);
        let response = self.http.execute(request).await?;
        Ok((response.status(), read(response).await?))
    }

    /// The request, signed just now.
    fn request(&self, call: &Call) -> Result<Request, Stop> {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]);
            segments.extend(call.path.split('/'));
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let body = call.body.as_ref().map_or("", |body| &body.text);
        let mut request = self.http.request(call.method.clone(), url.clone());
        if let Some(body) = &call.body {
            request = request.header("content-type", body.kind);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(key) = &self.key {
            let date = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
            let authorization = signature(key, call, &url, (&date, body))?;
            request = request
                .header(server::DATE_HEADER, date)
                .header("authorization", authorization);
        }
        let request = request.body(body.to_string()).build();
        request.map_err(|error| Stop::usage(format!("cannot ask that: {}", cause(&error))))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Stop {
        let what = if error.is_timeout() {
            "it did not answer in time".to_string()
        } else {
            cause(error)
        };
        let server = &self.server;
        Stop::new(
            Exit::Unreachable,
            format!("cannot reach the server {server}: {what}"),
        )
        .hint("check the address and that the server runs; a certificate of your own is named with --ca")
    }

    /// What the server refused, in its own words.
    fn refused(&self, status: StatusCode, answer: &Answer) -> Stop {
        let error = &answer.body["error"];
        let Some(message) = error["message"].as_str() else {
            let server = &self.server;
            return Stop::new(
                Exit::Unreachable,
                format!("{server} answered {status}, and not as a Longshore server does"),
            )
            .hint("check the address, and what stands between here and the server");
        };
        let mut text = visible(message);
        let mut hint = error["hint"].as_str();
        for problem in error["problems"].as_array().into_iter().flatten() {
            if problem["message"].as_str() != Some(message) {
                text.push_str(&format!("\n  {}", problem_line(problem)));
                continue;
            }
            // A single one is the message already.
            if problem["pointer"] != "" {
                text.push_str(&format!(" ({})", place(problem)));
            }
            hint = hint.or(problem["hint"].as_str());
        }
        let stop = Stop::new(exit(error["code"].as_str().unwrap_or_default()), text);
        match hint {
            Some(hint) => stop.hint(visible(hint)),
            None => stop,
        }
    }
}

/// The `Authorization` header of a request.
fn signature(
    key: &AccessKey,
    call: &Call,
    url: &Url,
    (date, body): (&str, &str),
) -> Result<String, Stop> {
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, None) => host.to_string(),
        (host, Some(port)) => format!("{host}:{port}"),
    };
    let mut headers = vec![("host", host.as_str()), (server::DATE_HEADER, date)];
    if let Some(body) = &call.body {
        headers.push(("content-type", body.kind));
    }
    let request = SignedRequest {
        method: call.method.as_str(),
        path: url.path(),
        query: url.query().unwrap_or_default(),
        headers: &headers,
        body: body.as_bytes(),
    };
    Ok(server::sign(&request, &key.id, &key.secret)?)
}

async fn read(response: Response) -> reqwest::Result<Answer> {
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_string)
    };
    let (etag, cookie) = (header("etag"), header("set-cookie"));
    let text = response.text().await?;
    Ok(Answer {
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
        etag,
        cookie,
    })
}

/// A problem of a document or a form on one line.
pub(crate) fn problem_line(problem: &Value) -> String {
    let message = visible(problem["message"].as_str().unwrap_or_default());
    let mut line = format!("{}: {message}", place(problem));
    if let Some(hint) = problem["hint"].as_str() {
        line.push_str(&format!(" ({})", visible(hint)));
    }
    line
}

fn place(problem: &Value) -> String {
    let pointer = match problem["pointer"].as_str() {
        None | Some("") => "whole".to_string(),
        Some(pointer) => visible(pointer),
    };
    match (problem["line"].as_u64(), problem["column"].as_u64()) {
        (Some(line), Some(column)) => format!("{line}:{column}: {pointer}"),
        _ => pointer,
    }
}

/// The exit code for a failure of the API.
fn exit(code: &str) -> Exit {
    match code {
        "unauthenticated" | "forbidden" | "upstream" | "unavailable" => Exit::Unreachable,
        "conflict" | "changed" | "throttled" => Exit::Failed,
        "internal" => Exit::Internal,
        _ => Exit::Usage,
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Stop> {
    let wrong = |reason: String| {
        Stop::usage(format!(
            "cannot read certificates from {}: {reason}",
            path.display()
        ))
        .hint("name a PEM file with --ca")
    };
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&bytes).map_err(|error| wrong(cause(&error)))?;
    if found.is_empty() {
        return Err(wrong("there is none in it".to_string()));
    }
    Ok(found)
}

/// The innermost reason of an error; the outer ones repeat the address.
fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests;
