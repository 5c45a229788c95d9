//! How the provider is asked: directly, over TLS, within limits of time and length.

use std::error::Error;
use std::io;
use std::time::Duration;

use futures::future::BoxFuture;
use openidconnect::{HttpRequest, HttpResponse};

use crate::serve::use_tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Descriptions, keys and tokens have some thousand bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// A client that follows nobody elsewhere, as the token endpoint is sent the client's secret.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    use_tls();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .build()
}

/// The client as `openidconnect` calls one.
pub(super) fn asking(
    http: &reqwest::Client,
) -> impl Fn(HttpRequest) -> BoxFuture<'static, io::Result<HttpResponse>> + use<> {
    let http = http.clone();
    move |request| Box::pin(ask(http.clone(), request))
}

async fn ask(http: reqwest::Client, request: HttpRequest) -> io::Result<HttpResponse> {
    let request = reqwest::Request::try_from(request).map_err(failed)?;
    let mut response = http.execute(request).await.map_err(failed)?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if answer.body().len() + chunk.len() > LONGEST_ANSWER {
            return Err(io::Error::other("the answer is too long"));
        }
        answer.body_mut().extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn failed(error: reqwest::Error) -> io::Error {
    io::Error::other(error.without_url())
}

/// An error with those that caused it.
pub(super) fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
