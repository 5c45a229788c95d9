//! `preSql` and `postSql` of both sides.

use sdk::{Kind, Retry};
use serde_json::json;

use super::harness::{Service, error_of, people};

const TABLE: &str = "create table t (id bigint, name string);\n";

#[tokio::test]
async fn a_reader_runs_them_when_a_run_begins_and_ends_and_never_to_plan_it() {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\ncreate table log (what string);\n")
        .await;
    let parameter = json!({
        "table": "t", "column": ["*"],
        "preSql": ["insert into t values (1, 'x')", "insert into log values ('before')"],
        "postSql": "insert into log values ('after')",
    });
    let log = async || {
        let log = service.read(json!({"table": "log", "column": ["*"]})).await;
        log.unwrap()
            .texts(0)
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    let reader = service.reader(parameter).await.unwrap();
    assert!(reader.splits(1).await.unwrap().splits.is_empty());
    assert_eq!(log().await, Vec::<String>::new());
    reader.prepare().await.unwrap();
    assert_eq!(reader.splits(1).await.unwrap().splits.len(), 1);
    assert_eq!(log().await, ["before"]);
    reader.finish().await.unwrap();
    assert_eq!(log().await, ["before", "after"]);
}

#[tokio::test]
async fn a_writer_runs_them_before_and_after() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    service.sql("create table log (what string);\n").await;
    let parameter = json!({
        "table": "t", "column": ["*"], "truncate": false,
        "preSql": ["truncate table t", "insert into table log values ('before')"],
        "postSql": ["insert into table log select name from t"]
    });
    service
        .write(
            json!({"table": "t", "column": ["*"], "truncate": false}),
            &[people(1..3)],
        )
        .await
        .unwrap();
    service.write(parameter, &[people(8..9)]).await.unwrap();
    assert_eq!(
        service
            .read(json!({"table": "t", "column": ["*"]}))
            .await
            .unwrap()
            .numbers(0),
        [8]
    );
    let mut log = service
        .read(json!({"table": "log", "column": ["*"]}))
        .await
        .unwrap()
        .texts(0);
    log.sort();
    assert_eq!(
        log,
        [Some("before".to_string()), Some("name 8".to_string())]
    );

    let parameter =
        json!({"table": "t", "column": ["*"], "truncate": true, "preSql": "select from where"});
    let error = error_of(service.write(parameter, &[people(0..1)]).await);
    assert!(
        error
            .message()
            .starts_with("statement 1 of `preSql` failed: ODPS-0130161"),
        "{error}"
    );
    let parameter =
        json!({"table": "t", "column": ["*"], "truncate": true, "postSql": ["select from where"]});
    let error = error_of(service.write(parameter, &[people(40..41)]).await);
    assert!(
        error.message().starts_with(
            "the rows are in table `t`: statement 1 of `postSql` failed: ODPS-0130161"
        ),
        "{error}"
    );
    let rows = service
        .read(json!({"table": "t", "column": ["*"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [40]);
}

#[tokio::test]
async fn a_statement_whose_end_is_unknown_is_not_worth_another_attempt() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    service.sql("create table log (what string);\n").await;
    let insert = "insert into table log values ('once')";
    for (key, rows) in [("preSql", 0), ("postSql", 1)] {
        let parameter = json!({
            "table": "t", "column": ["*"], "truncate": true, key: [insert]
        });
        service
            .faults(json!([{"match": "POST instance", "action": "lose_answer"}]))
            .await;
        let error = error_of(service.write(parameter, &[people(0..1)]).await);
        assert_eq!(
            (error.kind(), error.retryable()),
            (Kind::Unreachable, Retry::Never),
            "{key}"
        );
        let all = json!({"table": "t", "column": ["*"]});
        assert_eq!(service.read(all).await.unwrap().row_count(), rows, "{key}");
    }
    let log = service.read(json!({"table": "log", "column": ["*"]})).await;
    assert_eq!(log.unwrap().row_count(), 2);
}
