//! The console's files, which this binary carries, and the one page that stands in for them when it does not.
//!
//! Files under `assets/` bear a hash in their names and never change. Every other path that is no file is a page
//! of the console, which finds its way by the address itself.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::access::token::hex;

/// Where the files of the web console come from.
#[derive(Clone, Debug, Default)]
pub enum Console {
    /// This binary, if it was built with them.
    #[default]
    Embedded,
    /// A folder, read anew for each request.
    Folder(PathBuf),
}

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
    build the console with <code>cargo xtask console</code> and then the server once more.</p></html>";

impl Console {
    /// The file of a path, or the console's page.
    pub(crate) async fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let path = path.trim_start_matches('/');
        let is_asset = path.starts_with("assets/");
        let (name, plain) = match self.file(path).await {
            Some(file) => (path, Some(file)),
            // A page that is older than this binary asks for files that are gone, and must be told so.
            None if is_asset => return StatusCode::NOT_FOUND.into_response(),
            None => (START, self.file(START).await),
        };
        let Some(plain) = plain else {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            return ([(CONTENT_TYPE, html), (CACHE_CONTROL, ASK_AGAIN)], ABSENT).into_response();
        };
        let small = match accepts_gzip(headers) {
            true => self.file(&format!("{name}.gz")).await,
            false => None,
        };
        let is_small = small.is_some();
        let file = small.unwrap_or(plain);
        let is_known = headers
            .get(IF_NONE_MATCH)
            .is_some_and(|known| known == file.tag.as_str());
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(file.bytes).into_response(),
        };
        let answered = response.headers_mut();
        answered.insert(CONTENT_TYPE, kind_of(name));
        answered.insert(CACHE_CONTROL, if is_asset { FOR_EVER } else { ASK_AGAIN });
        answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&file.tag) {
            answered.insert(ETAG, tag);
        }
        if is_small && !is_known {
            answered.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    async fn file(&self, name: &str) -> Option<File> {
        match self {
            Console::Embedded => {
                let file = Files::get(name)?;
                let bytes = match file.data {
                    Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    Cow::Owned(bytes) => Bytes::from(bytes),
                };
                Some(File::new(bytes, &file.metadata.sha256_hash()))
            }
            Console::Folder(folder) => {
                let is_inside = |part| matches!(part, Component::Normal(_));
                if !Path::new(name).components().all(is_inside) {
                    return None;
                }
                let bytes = tokio::fs::read(folder.join(name)).await.ok()?;
                let hash = Sha256::digest(&bytes);
                Some(File::new(bytes.into(), &hash))
            }
        }
    }
}

struct File {
    bytes: Bytes,
    /// Its `ETag`.
    tag: String,
}

impl File {
    fn new(bytes: Bytes, hash: &[u8]) -> File {
        let tag = format!("\"{}\"", hex(hash.get(..16).unwrap_or(hash)));
        File { bytes, tag }
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
