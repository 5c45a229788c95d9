//! The console's files, which this binary carries, and the one page that stands in for them when it does not.
//!
//! Files under `assets/` bear a hash in their names and never change. Every other path that is no file is a page
//! of the console, which finds its way by the address itself.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::access::token::hex;

#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Files;

/// Changes whenever the files do, so that this module is compiled again with them.
const _: &str = env!("CONSOLE_STAMP");

const START: &str = "index.html";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// What is shown by a binary that was built without the console.
const ABSENT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Longshore</title>\
    <h1>Longshore</h1><p>This build has no console. The API is under <code>/api/v1</code>; \
    build the console with <code>npm ci &amp;&amp; npm run build</code> in <code>console/</code> \
    and then the server once more.</p></html>";

/// The file of a path, or the console's page.
pub(crate) fn answer(path: &str, headers: &HeaderMap) -> Response {
    let path = path.trim_start_matches('/');
    let is_asset = path.starts_with("assets/");
    let name = match path {
        "" => START,
        path if Files::get(path).is_some() => path,
        // A page that is older than this binary asks for files that are gone, and must be told so.
        _ if is_asset => return StatusCode::NOT_FOUND.into_response(),
        _ => START,
    };
    let kept = if is_asset { FOR_EVER } else { ASK_AGAIN };
    let Some(plain) = Files::get(name) else {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        return ([(CONTENT_TYPE, html), (CACHE_CONTROL, ASK_AGAIN)], ABSENT).into_response();
    };
    let small = accepts_gzip(headers)
        .then(|| Files::get(&format!("{name}.gz")))
        .flatten();
    let is_small = small.is_some();
    let file = small.unwrap_or(plain);
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let is_known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known == tag.as_str());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(file).into_response()
    };
    let answered = response.headers_mut();
    answered.insert(CONTENT_TYPE, kind_of(name));
    answered.insert(CACHE_CONTROL, kept);
    answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answered.insert(ETAG, tag);
    }
    if is_small && !is_known {
        answered.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn body(file: EmbeddedFile) -> Body {
    match file.data {
        std::borrow::Cow::Borrowed(data) => Body::from(data),
        std::borrow::Cow::Owned(data) => Body::from(data),
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some("gzip") && words.all(|word| word != "q=0")
    })
}

fn kind_of(name: &str) -> HeaderValue {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    HeaderValue::from_static(match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        _ => "application/octet-stream",
    })
}
