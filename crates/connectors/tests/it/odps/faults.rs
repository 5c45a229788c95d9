//! A service that throttles, fails, cuts connections and loses answers.

use maxcompute_emulator::KeyPair;
use sdk::{Kind, Retry, TaskId};
use serde_json::json;

use super::harness::{
    ACCESS_ID, ACCESS_KEY, Service, bulky, error_of, people, plan, read_split, write_task,
};
use crate::drive;

async fn service() -> Service {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    service
}

#[tokio::test]
async fn throttling_and_failures_are_waited_out() {
    let service = service().await;
    service
        .faults(json!([
            {"match": "POST upload", "action": "throttle", "times": 3},
            {"match": "PUT block", "action": "throttle", "times": 5},
            {"match": "PUT block", "action": "error"},
            {"match": "GET upload", "action": "error", "status": 503},
            {"match": "POST download", "action": "throttle", "times": 2},
            {"match": "POST download", "action": "initiating"},
            {"match": "GET data", "action": "throttle", "times": 3},
        ]))
        .await;
    service
        .write(
            json!({"table": "t", "column": ["*"], "truncate": true}),
            &[people(0..1_000)],
        )
        .await
        .unwrap();
    let rows = service
        .read(json!({"table": "t", "column": ["*"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), (0..1_000).collect::<Vec<i64>>());
    assert_eq!(service.fault_count().await, 3 + 5 + 1 + 1 + 2 + 1 + 3);
}

#[tokio::test]
async fn cut_connections_neither_lose_nor_double_rows() {
    let service = service().await;
    service
        .faults(json!([{"match": "PUT block", "action": "cut", "after_bytes": 300_000}]))
        .await;
    let parameter = json!({"table": "t", "column": ["*"], "truncate": true, "blockSizeInMB": 1});
    service.write(parameter, &[bulky(0..40)]).await.unwrap();
    for after_bytes in [0, 1, 70_000, 1_000_000] {
        service
            .faults(json!([{"match": "GET data", "action": "cut", "after_bytes": after_bytes}]))
            .await;
        let rows = service
            .read(json!({"table": "t", "column": ["*"]}))
            .await
            .unwrap();
        assert_eq!(
            rows.numbers(0),
            (0..40).collect::<Vec<i64>>(),
            "cut after {after_bytes}"
        );
    }
    assert_eq!(service.fault_count().await, 1 + 4);
}

#[tokio::test]
async fn a_run_that_rows_reach_damaged_can_be_continued() {
    let service = service().await;
    let parameter = json!({"table": "t", "column": ["*"], "truncate": true});
    service.write(parameter, &[people(0..10)]).await.unwrap();
    // The first answer and its seven repetitions.
    service
        .faults(json!([{
            "match": "GET data", "action": "throttle", "code": "MalformedDataStream", "times": 8
        }]))
        .await;
    let error = error_of(service.read(json!({"table": "t", "column": ["*"]})).await);
    assert_eq!(service.fault_count().await, 8);
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Unreachable, Retry::Now),
        "{error}"
    );
}

#[tokio::test]
async fn lost_answers_are_settled() {
    let service = service().await;
    service
        .faults(json!([
            {"match": "PUT block", "action": "lose_answer"},
            {"match": "POST commit", "action": "lose_answer", "times": 3},
            {"match": "POST upload", "action": "lose_answer"},
        ]))
        .await;
    let append = json!({"table": "t", "column": ["*"], "truncate": false});
    service.write(append, &[people(0..10)]).await.unwrap();
    let rows = service
        .read(json!({"table": "t", "column": ["*"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), (0..10).collect::<Vec<i64>>());
    assert!(service.fault_count().await >= 3);
}

#[tokio::test]
async fn a_commit_that_fails_can_be_repeated() {
    let service = service().await;
    let writer = service
        .writer(json!({"table": "t", "column": ["*"], "truncate": false}))
        .await
        .unwrap();
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns, 1, None)).await.unwrap();
    let done = write_task(writer.as_ref(), &prepared, TaskId(0), &[people(0..3)])
        .await
        .unwrap();
    service.faults(json!([{"match": "POST commit", "action": "error", "status": 403, "code": "NoPermission"}])).await;
    let error = error_of(
        writer
            .commit(&prepared, std::slice::from_ref(&done.receipt))
            .await,
    );
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Denied, Retry::Never)
    );
    assert!(
        error
            .message()
            .starts_with("cannot commit the upload into table `t`: NoPermission: "),
        "{error}"
    );
    writer
        .commit(&prepared, std::slice::from_ref(&done.receipt))
        .await
        .unwrap();
    writer
        .commit(&prepared, std::slice::from_ref(&done.receipt))
        .await
        .unwrap();
    let rows = service
        .read(json!({"table": "t", "column": ["*"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [0, 1, 2]);
}

#[tokio::test]
async fn wrong_credentials_are_named_and_never_shown() {
    let service = Service::start_with(KeyPair::new(ACCESS_ID, "another-key")).await;
    let error = error_of(service.reader(json!({"table": "t", "column": ["*"]})).await);
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Auth, Retry::Never)
    );
    assert_eq!(
        error.hint_text(),
        Some("check `accessId`, `accessKey` and `securityToken` of the datasource")
    );
    assert!(!format!("{error} {error:?}").contains(ACCESS_KEY));
}

#[tokio::test]
async fn a_region_switches_to_signature_version_4() {
    let keys = KeyPair {
        required_region: Some("cn-hangzhou".into()),
        ..KeyPair::new(ACCESS_ID, ACCESS_KEY)
    };
    let service = Service::start_with(keys).await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    let mut config = service.config();
    let registry = connectors::registry();
    let odps = registry.find("odps").unwrap();
    let parameter = json!({"table": "t", "column": ["*"]});
    let open =
        |config: &serde_json::Value| odps.open_reader(config, &parameter).unwrap().ok().unwrap()();
    assert_eq!(error_of(open(&config).await).kind(), Kind::Auth);
    config["region"] = json!("cn-hangzhou");
    open(&config).await.unwrap();
}

#[tokio::test]
async fn temporary_credentials_need_their_security_token() {
    let keys = KeyPair {
        security_token: Some("t0ken".into()),
        ..KeyPair::new(ACCESS_ID, ACCESS_KEY)
    };
    let service = Service::start_with(keys).await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    let with = service.config_with(&json!({"securityToken": "t0ken"}));
    let parameter = json!({"table": "t", "column": ["*"]});
    let write = json!({"table": "t", "column": ["*"], "truncate": false});
    drive::write("odps", &with, &write, &people(0..9))
        .await
        .unwrap();
    let reader = drive::reader("odps", &with, &parameter).await.unwrap();
    let mut numbers = Vec::new();
    for split in reader.splits(1).await.unwrap().splits {
        let rows = read_split(reader.as_ref(), &split).await.unwrap();
        numbers.extend(rows.numbers(0));
    }
    assert_eq!(numbers, (0..9).collect::<Vec<i64>>());
    let stages = drive::browser("odps", &with).await.ping().await;
    assert!(stages.iter().all(|stage| stage.outcome.is_ok()));
    for config in [
        service.config(),
        service.config_with(&json!({"securityToken": "stale"})),
    ] {
        for error in [
            error_of(drive::reader("odps", &config, &parameter).await),
            error_of(drive::writer("odps", &config, &write).await),
        ] {
            assert_eq!(
                (error.kind(), error.retryable()),
                (Kind::Auth, Retry::Never),
                "{error}"
            );
            assert_eq!(
                error.hint_text(),
                Some("check `accessId`, `accessKey` and `securityToken` of the datasource")
            );
            assert!(!format!("{error:?}").contains("stale"));
        }
    }
}
