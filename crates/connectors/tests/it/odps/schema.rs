//! Projects with schemas, and quotas.

use sdk::{Entry, Listing};
use serde_json::json;

use super::harness::{Service, error_of, people, read_split};
use crate::drive;

#[tokio::test]
async fn a_schema_is_a_place_of_its_own() {
    let service = Service::start().await;
    service
        .sql("create schema sales;\ncreate table t (id bigint, name string);\ncreate table sales.t (id bigint, name string) partitioned by (pt string);\ncreate table sales.log (what string);\n")
        .await;
    let config = service.config_with(&json!({"schema": "Sales", "quotaName": "night"}));
    let write = json!({
        "table": "t", "partition": "pt=1", "column": ["*"], "truncate": true,
        "preSql": "insert into log values ('in the schema')"
    });
    drive::write("odps", &config, &write, &people(0..5))
        .await
        .unwrap();
    let read = async |config, parameter| {
        let reader = drive::reader("odps", config, &parameter).await.unwrap();
        let mut numbers = Vec::new();
        for split in reader.splits(1).await.unwrap().splits {
            numbers.extend(
                read_split(reader.as_ref(), &split)
                    .await
                    .unwrap()
                    .numbers(0),
            );
        }
        numbers
    };
    let parameter = json!({"table": "t", "partition": "pt=*", "column": ["id", "pt"]});
    assert_eq!(read(&config, parameter).await, [0, 1, 2, 3, 4]);
    let plain = service.config_with(&json!({"schema": "default"}));
    let parameter = json!({"table": "t", "column": ["id"]});
    assert_eq!(read(&plain, parameter).await, Vec::<i64>::new());

    let browser = drive::browser("odps", &config).await;
    let tables = browser.list(Listing::Tables, "", 9).await.unwrap();
    let names: Vec<&str> = tables
        .iter()
        .map(|Entry { name, .. }| name.as_str())
        .collect();
    assert_eq!(names, ["log", "t"]);
    assert_eq!(browser.preview("log", 9).await.unwrap().num_rows(), 1);
    assert!(
        browser
            .ping()
            .await
            .iter()
            .all(|stage| stage.outcome.is_ok())
    );
    let error =
        error_of(drive::reader("odps", &config, &json!({"table": "x", "column": ["*"]})).await);
    assert!(
        error
            .message()
            .starts_with("cannot open table `x` of schema `Sales` of project `demo`: "),
        "{error}"
    );
}
