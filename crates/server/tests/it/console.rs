//! The files of the console: what is cached for how long, what is compressed, and what is no file.

use std::fs;

use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG};

use crate::harness::{Kept, Running};

#[tokio::test]
async fn files_are_cached_and_compressed_and_every_other_path_is_a_page() {
    let (server, _) = Running::start(Kept::Sqlite).await;
    let http = reqwest::Client::builder().no_gzip().build().unwrap();
    let get = async |path: &str| {
        let url = format!("{}{path}", server.address);
        http.get(url).send().await.unwrap()
    };
    let without = get("/").await;
    assert_eq!(without.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    let text = without.text().await.unwrap();
    assert!(text.contains("This build has no console"), "{text}");

    let folder = server.config.folder.parent().unwrap().join("console");
    fs::create_dir_all(folder.join("assets")).unwrap();
    fs::write(folder.join("index.html"), "the page").unwrap();
    fs::write(folder.join("assets/main-1.js"), "the script").unwrap();
    fs::write(folder.join("assets/main-1.js.gz"), "the small script").unwrap();
    fs::write(folder.parent().unwrap().join("outside.txt"), "outside").unwrap();

    for page in [
        "/",
        "/projects/7/jobs?search=x",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
    ] {
        let answer = get(page).await;
        assert_eq!(answer.status(), 200, "{page}");
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-cache", "{page}");
        assert_eq!(answer.text().await.unwrap(), "the page", "{page}");
    }
    let script = get("/assets/main-1.js").await;
    assert_eq!(
        script.headers()[CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        script.headers()[CONTENT_TYPE],
        "text/javascript; charset=utf-8"
    );
    let tag = script.headers()[ETAG].clone();
    assert_eq!(script.text().await.unwrap(), "the script");
    let url = format!("{}/assets/main-1.js", server.address);
    let again = http.get(&url).header("if-none-match", tag).send().await;
    assert_eq!(again.unwrap().status(), 304);
    let small = http
        .get(&url)
        .header(ACCEPT_ENCODING, "br, gzip")
        .send()
        .await;
    let small = small.unwrap();
    assert_eq!(small.headers()[CONTENT_ENCODING], "gzip");
    assert_eq!(small.text().await.unwrap(), "the small script");
    let refused = http
        .get(&url)
        .header(ACCEPT_ENCODING, "gzip;q=0")
        .send()
        .await;
    assert!(!refused.unwrap().headers().contains_key(CONTENT_ENCODING));

    // A page from before an update must learn that its parts are gone.
    assert_eq!(get("/assets/main-0.js").await.status(), 404);
    let unknown = get("/api/v1/nothing").await;
    assert_eq!(unknown.status(), 404);
    assert!(
        unknown
            .text()
            .await
            .unwrap()
            .contains("there is no such path")
    );
}
