//! One request: its URL, its signed headers, its repetitions.
//!
//! Owns everything below the services; what is asked is up to [`super::rest`], [`super::sql`] and
//! [`super::tunnel`].

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};

use super::error::{Error, ErrorClass, FailedResponse};
use super::retry::Repetitions;
use super::{Client, Endpoint};
use crate::sign::{
    Credentials, Form, SignedRequest, authorization, canonical_string, compact_date, http_date,
};

const USER_AGENT: &str = concat!("longshore/", env!("CARGO_PKG_VERSION"));

/// Answers are lists and statuses, and results of at most 10,000 rows; rows of a table are streamed.
const LONGEST_ANSWER: usize = 64 << 20;
const LONGEST_FAILURE: usize = 64 << 10;

/// Which service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Rest,
    Tunnel,
}

/// Whether a request may be sent again when it is not known what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Safe,
    OnlyIfRefused,
}

/// A request before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) method: Method,
    /// Segments of the path below the project.
    pub(crate) path: Vec<String>,
    /// Parameters; one without value stands alone.
    pub(crate) query: Vec<(&'static str, Option<String>)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) repeat: Repeat,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Call {
    pub(crate) fn new(service: Service, method: Method, path: &[&str]) -> Call {
        Call {
            service,
            method,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            repeat: Repeat::Safe,
        }
    }

    pub(crate) fn flag(mut self, name: &'static str) -> Call {
        self.query.push((name, None));
        self
    }

    pub(crate) fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Call {
        self.query.push((name, Some(value.into())));
        self
    }

    pub(crate) fn optional(self, name: &'static str, value: Option<impl Into<String>>) -> Call {
        match value {
            Some(value) => self.parameter(name, value),
            None => self,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Call {
        self.headers.push((name, value.into()));
        self
    }

    /// A schema is part of Tunnel's paths, but a parameter of REST.
    pub(crate) fn url(&self, base: &Url, endpoint: &Endpoint) -> Result<Url, Error> {
        let is_rest = self.service == Service::Rest;
        let mut place = vec!["projects", endpoint.project.as_str()];
        if let Some(schema) = endpoint.schema.as_deref().filter(|_| !is_rest) {
            place.extend(["schemas", schema]);
        }
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::new(ErrorClass::Invalid, format!("`{base}` is no base URL")))?
            .pop_if_empty()
            .extend(place)
            .extend(&self.path);
        let mut query = url.query_pairs_mut();
        query.clear();
        for (name, value) in &self.query {
            match value {
                Some(value) => query.append_pair(name, value),
                None => query.append_key_only(name),
            };
        }
        query.append_pair("curr_project", &endpoint.project);
        if let Some(schema) = endpoint.schema.as_deref().filter(|_| is_rest) {
            query.append_pair("curr_schema", schema);
        }
        if let Some(quota) = endpoint.quota.as_deref().filter(|_| !is_rest) {
            query.append_pair("quotaName", quota);
        }
        drop(query);
        Ok(url)
    }
}

/// All headers of a request that is sent at this time.
pub(crate) fn signed_headers(
    call: &Call,
    url: &Url,
    base: &Url,
    credentials: &Credentials,
    now: SystemTime,
) -> Result<HeaderMap, Error> {
    let mut headers: Vec<(&str, String)> = vec![
        ("date", http_date(now)),
        ("user-agent", USER_AGENT.to_owned()),
        ("x-odps-user-agent", USER_AGENT.to_owned()),
    ];
    headers.extend(call.headers.iter().cloned());
    let signed: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let base_path = base.path().trim_end_matches('/');
    let path = url.path().strip_prefix(base_path).unwrap_or(url.path());
    let path_and_query = format!("{path}?{}", url.query().unwrap_or_default());
    let canonical = canonical_string(
        &SignedRequest {
            method: call.method.as_str(),
            path_and_query: &path_and_query,
            headers: &signed,
        },
        Form::DecodedOnce,
    );
    let signature = authorization(credentials, &canonical, &compact_date(now));
    let mut map = HeaderMap::new();
    for (name, value) in &headers {
        map.insert(HeaderName::from_static(name), header_value(value)?);
    }
    map.insert("authorization", secret_value(&signature)?);
    if let Some(token) = &credentials.security_token {
        map.insert("authorization-sts-token", secret_value(token)?);
    }
    Ok(map)
}

fn header_value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| {
        let message = "a header would hold characters that HTTP does not permit";
        Error::new(ErrorClass::Invalid, message)
    })
}

fn secret_value(text: &str) -> Result<HeaderValue, Error> {
    let mut value = header_value(text)?;
    value.set_sensitive(true);
    Ok(value)
}

impl Client {
    /// Sends a request until its answer begins well or the policy gives up, signed anew each time.
    pub(crate) async fn send(&self, call: &Call) -> Result<Response, Error> {
        let base = self.base(call.service).await?;
        let url = call.url(&base, &self.inner.endpoint)?;
        let mut repetitions = Repetitions::new(self.inner.retry);
        loop {
            match self.send_once(call, &url, &base).await {
                Ok(response) => return Ok(response),
                Err(error) => repeat(call, &mut repetitions, error).await?,
            }
        }
    }

    /// Like [`Client::send`], and an answer whose body breaks off is asked for again too.
    pub(crate) async fn answer(&self, call: &Call) -> Result<Answer, Error> {
        let base = self.base(call.service).await?;
        self.answer_from(&base, call).await
    }

    /// Asks the REST service, whatever the call says; finding Tunnel cannot ask Tunnel.
    pub(crate) async fn rest_answer(&self, call: &Call) -> Result<Answer, Error> {
        self.answer_from(&self.inner.endpoint.rest, call).await
    }

    async fn answer_from(&self, base: &Url, call: &Call) -> Result<Answer, Error> {
        let url = call.url(base, &self.inner.endpoint)?;
        let mut repetitions = Repetitions::new(self.inner.retry);
        loop {
            match self.answer_once(call, &url, base).await {
                Ok(answer) => return Ok(answer),
                Err(error) => repeat(call, &mut repetitions, error).await?,
            }
        }
    }

    async fn base(&self, service: Service) -> Result<Url, Error> {
        match service {
            Service::Rest => Ok(self.inner.endpoint.rest.clone()),
            Service::Tunnel => self.tunnel_endpoint().await,
        }
    }

    async fn answer_once(&self, call: &Call, url: &Url, base: &Url) -> Result<Answer, Error> {
        let mut response = self.send_once(call, url, base).await?;
        let (body, is_whole) = read_body(&mut response, LONGEST_ANSWER)
            .await
            .map_err(|error| Error::from_transport(error, true))?;
        if !is_whole {
            return Err(Error::new(
                ErrorClass::Protocol,
                format!(
                    "the service answered with more than {} MiB",
                    LONGEST_ANSWER >> 20
                ),
            ));
        }
        Ok(Answer {
            headers: response.headers().clone(),
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    async fn send_once(&self, call: &Call, url: &Url, base: &Url) -> Result<Response, Error> {
        let now = SystemTime::now();
        let headers = signed_headers(call, url, base, &self.inner.credentials, now)?;
        let mut request = self
            .inner
            .http
            .request(call.method.clone(), url.clone())
            .headers(headers);
        // A length, even of zero, is wanted on every request that may have a body.
        if call.method != Method::GET {
            request = request.body(call.body.clone());
            if call.body.is_empty() {
                request = request.header("content-length", "0");
            }
        }
        if call.service == Service::Rest {
            request = request.timeout(self.inner.retry.rest_answer);
        }
        let sent = request.send().await;
        let response =
            sent.map_err(|error| Error::from_transport(error, self.has_answered(call.service)))?;
        self.note_answer(call.service);
        if response.status().is_success() {
            return Ok(response);
        }
        Err(failure(response).await)
    }
}

/// A body up to a limit, and whether that was all of it.
async fn read_body(response: &mut Response, limit: usize) -> reqwest::Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if piece.len() > limit - body.len() {
            body.extend_from_slice(&piece[..limit - body.len()]);
            return Ok((body, false));
        }
        body.extend_from_slice(&piece);
    }
    Ok((body, true))
}

async fn failure(mut response: Response) -> Error {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A body that breaks off says no more than the status does, and the rest of a long one no more
    // than its beginning.
    let body = read_body(&mut response, LONGEST_FAILURE).await;
    let (body, _) = body.unwrap_or_default();
    Error::from_response(&FailedResponse {
        status,
        request_id: header("x-odps-request-id"),
        retry_after: header("retry-after"),
        body: &String::from_utf8_lossy(&body),
    })
}

/// Waits for the next try of a call, or gives the error back when there is none.
async fn repeat(call: &Call, repetitions: &mut Repetitions, error: Error) -> Result<(), Error> {
    if call.repeat == Repeat::OnlyIfRefused
        && error.class() != ErrorClass::Throttled
        && !error.never_sent()
    {
        return Err(error);
    }
    wait_to_repeat(repetitions, error).await
}

/// Waits before a repetition, and says so; gives the error back when there is none.
pub(crate) async fn wait_to_repeat(
    repetitions: &mut Repetitions,
    error: Error,
) -> Result<(), Error> {
    let Some(wait) = repetitions.wait_after(&error, spread()) else {
        return Err(error);
    };
    tracing::warn!(error = %error, wait_ms = wait.as_millis() as u64, "asking the service again");
    tokio::time::sleep(wait).await;
    Ok(())
}

/// The fraction of the current second is random enough to keep clients apart.
fn spread() -> f64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0.0, |elapsed| {
        f64::from(elapsed.subsec_micros() % 1000) / 1000.0
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn base(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn endpoint(project: &str) -> Endpoint {
        Endpoint::new(base("http://host/api"), project)
    }

    #[test]
    fn urls_are_encoded_and_keep_the_base_path() {
        let p = endpoint("p");
        let call = Call::new(Service::Rest, Method::GET, &["tables", "t 中/1"])
            .flag("partitions")
            .parameter("partition", "pt='a b+c'")
            .optional("marker", None::<String>);
        for text in ["http://host/api", "http://host/api/"] {
            let url = call.url(&base(text), &p).unwrap();
            assert_eq!(
                url.as_str(),
                "http://host/api/projects/p/tables/t%20%E4%B8%AD%2F1?partitions\
                 &partition=pt%3D%27a+b%2Bc%27&curr_project=p"
            );
        }
        let url = call.url(&base("http://host:80"), &p).unwrap();
        assert!(url.as_str().starts_with("http://host/projects/p/tables/"));
        assert!(call.url(&base("mailto:x"), &p).is_err());
    }

    #[test]
    fn each_service_is_told_schema_and_quota_in_its_own_way() {
        let place = Endpoint {
            schema: Some("sales".to_owned()),
            quota: Some("q 1".to_owned()),
            ..endpoint("p")
        };
        for (service, expected) in [
            (
                Service::Rest,
                "http://host/projects/p/tables/t?curr_project=p&curr_schema=sales",
            ),
            (
                Service::Tunnel,
                "http://host/projects/p/schemas/sales/tables/t?curr_project=p&quotaName=q+1",
            ),
        ] {
            let call = Call::new(service, Method::GET, &["tables", "t"]);
            let url = call.url(&base("http://host"), &place).unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn headers_carry_the_signature_of_the_resource_below_the_base() {
        let credentials = Credentials {
            access_id: "testid".to_owned(),
            access_key: "testsecret".to_owned(),
            security_token: Some("t0ken".to_owned()),
            region: None,
        };
        let call = Call::new(Service::Rest, Method::GET, &["tables"])
            .parameter("expectmarker", "true")
            .header("x-odps-tunnel-version", "6");
        let base = base("http://host/api");
        let url = call.url(&base, &endpoint("my_proj")).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
        let headers = signed_headers(&call, &url, &base, &credentials, now).unwrap();
        let canonical = format!(
            "GET\n\n\nTue, 02 Jan 2024 03:04:05 GMT\nx-odps-tunnel-version:6\n\
             x-odps-user-agent:{USER_AGENT}\n\
             /projects/my_proj/tables?curr_project=my_proj&expectmarker=true"
        );
        let expected = format!("ODPS testid:{}", crate::sign::v2("testsecret", &canonical));
        assert_eq!(headers["authorization"], expected.as_str());
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers["authorization-sts-token"], "t0ken");
        assert!(!format!("{headers:?}").contains("t0ken"));
    }
}
