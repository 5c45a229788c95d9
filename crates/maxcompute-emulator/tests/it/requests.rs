//! Credentials, documents and refusals.

use std::time::{Duration, SystemTime};

use maxcompute::sign::{Credentials, http_date};
use maxcompute_emulator::Access;

use crate::support::{Answer, BASIC, BASIC_COLUMNS, Place, data, hex, keys, open, path, start};

fn credentials(key: &str, region: Option<&str>) -> Credentials {
    Credentials {
        access_id: "me".to_owned(),
        access_key: key.to_owned(),
        security_token: None,
        region: region.map(str::to_owned),
    }
}

const TABLES: &str =
    "/api/projects/test_project/tables?expectmarker=true&curr_project=test_project";

#[tokio::test]
async fn only_the_right_signature_is_accepted() {
    let place = start(Access::Keys(keys())).await;
    let good = credentials("secret", None);
    assert_eq!(place.signed(&good, "GET", TABLES, &[]).await.status, 200);
    let plus = format!("{TABLES}&name=a%2Bb%26c+d");
    assert_eq!(
        place
            .signed(&good, "GET", &plus, &[("x-odps-user-agent", "t")])
            .await
            .status,
        200
    );
    let region = credentials("secret", Some("cn-hangzhou"));
    assert_eq!(place.signed(&region, "GET", TABLES, &[]).await.status, 200);

    let wrong = place
        .signed(&credentials("wrong", None), "GET", TABLES, &[])
        .await;
    assert_eq!(
        (wrong.status, wrong.code().as_str()),
        (403, "SignatureNotMatch")
    );
    let mut stranger = good.clone();
    stranger.access_id = "stranger".to_owned();
    assert_eq!(
        place.signed(&stranger, "GET", TABLES, &[]).await.code(),
        "InvalidAccessKeyId"
    );
    let unsigned = place.get(TABLES).await;
    assert_eq!(
        (unsigned.status, unsigned.code().as_str()),
        (401, "AuthorizationRequired")
    );
    let tunnel = place
        .call("POST", &format!("{}?uploads", path("t")), b"")
        .await;
    assert_eq!(tunnel.json()["Code"], "AuthorizationRequired");

    let stats = place.stats().await;
    assert_eq!(stats["signatures"]["rest"]["v2"], 2);
    assert_eq!(stats["signatures"]["rest"]["v4"], 1);
    assert_eq!(stats["signatures"]["refused"], 4);
}

#[tokio::test]
async fn a_region_and_a_token_can_be_required() {
    let mut pair = keys();
    pair.required_region = Some("cn-hangzhou".to_owned());
    pair.security_token = Some("token".to_owned());
    let place = start(Access::Keys(pair)).await;
    let token = [("authorization-sts-token", "token")];
    let here = credentials("secret", Some("cn-hangzhou"));
    assert_eq!(place.signed(&here, "GET", TABLES, &token).await.status, 200);
    assert_eq!(
        place.signed(&here, "GET", TABLES, &[]).await.code(),
        "InvalidStsToken"
    );
    let other = [("authorization-sts-token", "other")];
    assert_eq!(
        place.signed(&here, "GET", TABLES, &other).await.code(),
        "InvalidStsToken"
    );
    let elsewhere = credentials("secret", Some("cn-beijing"));
    assert_eq!(
        place.signed(&elsewhere, "GET", TABLES, &token).await.code(),
        "SignatureNotMatch"
    );
    let version_2 = credentials("secret", None);
    assert_eq!(
        place.signed(&version_2, "GET", TABLES, &token).await.code(),
        "SignatureNotMatch"
    );
}

#[tokio::test]
async fn a_date_far_off_is_refused() {
    let place = start(Access::Keys(keys())).await;
    let ask = async |place: &Place, seconds: i64| -> Answer {
        let now = SystemTime::now();
        let shift = Duration::from_secs(seconds.unsigned_abs());
        let date = http_date(if seconds < 0 {
            now - shift
        } else {
            now + shift
        });
        let headers = [("Date", date.as_str()), ("Authorization", "ODPS me:YQ==")];
        place
            .call_with("GET", TABLES, &headers, b"")
            .await
            .expect("an answer")
    };
    assert_eq!(ask(&place, -1000).await.code(), "RequestTimeTooSkewed");
    assert_eq!(ask(&place, 1000).await.code(), "RequestTimeTooSkewed");
    assert_eq!(ask(&place, 800).await.code(), "SignatureNotMatch");
}

#[tokio::test]
async fn documents_have_what_clients_need() {
    let place = open().await;
    place.sql("create table docs (a bigint comment 'x ] y', b decimal(5,2) not null) partitioned by (pt string) lifecycle 3").await;
    place
        .sql("alter table docs add partition (pt='a&<>\"b')")
        .await;
    let project = place.get("/api/projects/test_project").await;
    for name in [
        "x-odps-owner",
        "x-odps-creation-time",
        "last-modified",
        "x-odps-request-id",
    ] {
        assert!(project.headers.contains_key(name), "{name}");
    }
    let table = place.get(&format!("/api{}", path("DOCS"))).await.text();
    let schema = table
        .split("<![CDATA[")
        .nth(1)
        .and_then(|rest| rest.split("]]>").next());
    let schema: serde_json::Value = serde_json::from_str(schema.expect("a schema")).expect("JSON");
    assert_eq!(schema["columns"][0]["comment"], "x ] y");
    assert_eq!(schema["columns"][1]["type"], "decimal(5,2)");
    assert_eq!(schema["columns"][1]["isNullable"], false);
    assert_eq!(schema["partitionKeys"][0]["name"], "pt");
    assert_eq!(schema["lifecycle"], 3);
    let partitions = place
        .get(&format!("/api{}?partitions", path("docs")))
        .await
        .text();
    assert!(
        partitions.contains("Value=\"a&amp;&lt;&gt;&quot;b\""),
        "{partitions}"
    );
    let tunnel = place.get("/api/projects/test_project/tunnel?service").await;
    assert_eq!(tunnel.text(), place.server.address().to_string());
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let place = open().await;
    place
        .sql(&format!("create table codes ({BASIC_COLUMNS})"))
        .await;
    place
        .sql("create table keyed (a bigint) partitioned by (pt string)")
        .await;
    place.append("codes", &hex(BASIC)).await;
    let (id, _) = place.create_download("codes").await;
    let upload = place.create_upload("codes", "uploads=1").await;
    let codes = path("codes");
    let keyed = path("keyed");
    for (method, target, status, code) in [
        (
            "GET",
            "/api/projects/other/tables".to_owned(),
            404,
            "NoSuchProject",
        ),
        (
            "GET",
            "/api/projects/test_project/tables/none".to_owned(),
            404,
            "NoSuchObject",
        ),
        (
            "GET",
            "/api/projects/test_project/schemas/s/tables/codes".to_owned(),
            404,
            "NoSuchSchema",
        ),
        ("GET", format!("{codes}?curr_schema=s"), 404, "NoSuchSchema"),
        ("GET", "/api/tenants".to_owned(), 404, "NoSuchObject"),
        ("DELETE", format!("/api{codes}"), 405, "MethodNotAllowed"),
        (
            "GET",
            format!("{keyed}?partition=pt=1"),
            404,
            "NoSuchPartition",
        ),
        (
            "POST",
            format!("{}?uploads", path("none")),
            404,
            "NoSuchTable",
        ),
        (
            "POST",
            format!("{keyed}?uploads"),
            400,
            "MissingPartitionSpec",
        ),
        (
            "POST",
            format!("{keyed}?uploads&partition=x=1"),
            400,
            "InvalidPartitionSpec",
        ),
        (
            "POST",
            format!("{keyed}?uploads&partition=pt=1"),
            404,
            "NoSuchPartition",
        ),
        (
            "POST",
            format!("{codes}?downloads&partition=pt=1"),
            400,
            "InvalidPartitionSpec",
        ),
        (
            "POST",
            format!("{codes}?uploadid=none"),
            404,
            "NoSuchUpload",
        ),
        (
            "PUT",
            format!("{codes}?uploadid={upload}&blockid=20000"),
            400,
            "InvalidBlockID",
        ),
        (
            "PUT",
            format!("{codes}?uploadid={upload}&blockid=-1"),
            400,
            "InvalidBlockID",
        ),
        (
            "GET",
            format!("{codes}?downloadid=none"),
            404,
            "NoSuchDownload",
        ),
        ("GET", data("keyed", &id, 0, 1), 400, "MissingPartitionSpec"),
        ("GET", data("codes", &id, 4, 1), 400, "InvalidRowRange"),
        (
            "GET",
            format!("{codes}?data&downloadid={id}&rowrange=0,1"),
            400,
            "InvalidRowRange",
        ),
        (
            "GET",
            format!("{}&columns=id,none", data("codes", &id, 0, 1)),
            400,
            "InvalidColumnSpec",
        ),
        (
            "GET",
            format!("{}&columns=id,ID", data("codes", &id, 0, 1)),
            400,
            "InvalidColumnSpec",
        ),
        (
            "GET",
            "/api/projects/test_project/instances/none".to_owned(),
            404,
            "NoSuchObject",
        ),
        (
            "POST",
            "/api/projects/test_project/instances".to_owned(),
            400,
            "InvalidParameter",
        ),
    ] {
        let answer = place.call(method, &target, b"").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{method} {target}"
        );
    }
    let created = place
        .create_upload("keyed", "uploads&partition=pt=1&create_partition=true")
        .await;
    assert!(!created.is_empty());
    assert_eq!(
        place.get(&format!("{keyed}?partition=pt=1")).await.status,
        200
    );
}
