//! Requests that no client sends by mistake.

use crate::support::{open, path};

#[tokio::test]
async fn names_do_not_leave_the_folder() {
    let place = open().await;
    place
        .sql("create table t (a bigint) partitioned by (pt string)")
        .await;
    for value in [
        "../../x",
        "..",
        ".",
        "a/../../b",
        "%2e%2e",
        "\\..\\x",
        "a b",
    ] {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let target = format!(
            "{}?uploads&create_partition=true&partition=pt='{escaped}'",
            path("t")
        );
        assert_eq!(
            place.call("POST", &target, b"").await.status,
            200,
            "{value}"
        );
        let load = format!("{}?partition=pt='{escaped}'", path("t"));
        assert_eq!(place.get(&load).await.status, 200, "{value}");
    }
    for target in [
        "/api/projects/..%2f..%2fetc/tables/t",
        "/api/projects/test_project/tables/..%2f..%2ft",
        "/api/projects/test_project/tables/%2e%2e?uploads",
        "/api/projects/test_project/tables/t%00",
        "/api/projects/test_project/instances/..%2f..",
        "/api/../etc/passwd",
        "/../../etc/passwd",
        "/api/projects/test_project/tables/t?uploadid=../../x&partition=pt=1",
    ] {
        let answer = place.get(target).await;
        assert!(
            (400..500).contains(&answer.status),
            "{target} {}",
            answer.status
        );
    }
    let mut outside = Vec::new();
    for entry in std::fs::read_dir(place.folder.path()).expect("a folder") {
        outside.push(entry.expect("an entry").file_name());
    }
    assert_eq!(outside, ["data"]);
}

#[tokio::test]
async fn noise_does_not_stop_the_server() {
    let place = open().await;
    for noise in [
        b"".as_slice(),
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET /api/projects/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api?%%%&&&=&=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /api/projects/test_project/instances HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\nContent-Length: 3\r\n\r\n<x>",
        b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
        b"GET /api HTTP/9.9\r\n\r\n",
    ] {
        place.noise(noise).await;
    }
    assert_eq!(place.get("/api/projects/test_project").await.status, 200);
}

#[tokio::test]
async fn hostile_statements_fail_alone() {
    let place = open().await;
    place.sql("create table t (a bigint, b string)").await;
    place.sql("insert into t values (1, 'x')").await;
    let wide = format!("create table w ({})", vec!["c int"; 2000].join(","));
    let deep = format!(
        "create table d (a {}int{})",
        "array<".repeat(20_000),
        ">".repeat(20_000)
    );
    let casts = format!(
        "select {}1{}",
        "cast(".repeat(20_000),
        " as int)".repeat(20_000)
    );
    for (query, code) in [
        ("", "ODPS-0130161"),
        ("create table `../x` (a bigint)", "ODPS-0130161"),
        ("create table x (a char(300))", "ODPS-0130161"),
        ("create table x (a map<array<int>,int>)", "ODPS-0130071"),
        ("create table x (a decimal(60,2))", "ODPS-0130161"),
        ("create table x (a bigint, A string)", "ODPS-0130071"),
        ("create table t (a bigint)", "ODPS-0110061"),
        ("alter table t add columns (a string)", "ODPS-0130071"),
        ("alter table t add partition (pt='1')", "ODPS-0130071"),
        ("select a from t where b > 5 and a = 'y'", "ODPS-0130071"),
        ("select a from t where a = 99999999999999999999", ""),
        ("select a from t limit 99999999999999999999", "ODPS-0130161"),
        ("insert into t values (1, 'x'), (2)", "ODPS-0130071"),
        (
            "insert into t values (9223372036854775808, 'x')",
            "ODPS-0130071",
        ),
        ("select count(*), a from t", "ODPS-0130071"),
        (&wide, "ODPS-0130071"),
        (&deep, "ODPS-0130161"),
        (&casts, "ODPS-0130161"),
    ] {
        let (status, text) = place.try_sql(query).await;
        let shown = &query[..query.len().min(60)];
        if code.is_empty() {
            assert_eq!(status, "Success", "{shown}: {text}");
        } else {
            assert_eq!(status, "Failed", "{shown}: {text}");
            assert!(text.starts_with(code), "{shown}: {text}");
        }
    }
    assert_eq!(place.try_sql("select * from t").await.1, "a,b\n1,x\n");
}
