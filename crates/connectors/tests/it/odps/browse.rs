//! Looking around: connectivity test, tables, columns, preview.

use arrow_array::cast::AsArray;
use sdk::{Entry, Kind, Listing};
use serde_json::json;

use super::harness::{Service, people};

#[tokio::test]
async fn every_stage_of_a_connectivity_test_passes() {
    let service = Service::start().await;
    let stages = service.browser().await.ping().await;
    let names: Vec<_> = stages.iter().map(|stage| stage.name).collect();
    assert_eq!(
        names,
        [
            "configure",
            "resolve",
            "connect",
            "sign in",
            "tunnel",
            "list tables"
        ]
    );
    for stage in &stages {
        assert!(stage.outcome.is_ok(), "{stage:?}");
    }
}

#[tokio::test]
async fn a_connectivity_test_stops_at_the_first_failure() {
    let service = Service::start().await;
    let registry = connectors::registry();
    let odps = registry.find("odps").unwrap();
    let endpoint = service.endpoint();
    for (change, stage, message) in [
        (
            json!({"endpoint": "127.0.0.1:1/api"}),
            "configure",
            "`endpoint` is not a web address: `127.0.0.1:1/api`",
        ),
        (
            json!({"endpoint": "http://nowhere.invalid/api"}),
            "resolve",
            "cannot resolve `nowhere.invalid`",
        ),
        (
            json!({"endpoint": "http://127.0.0.1:1/api"}),
            "connect",
            "cannot connect to 127.0.0.1:1",
        ),
        (
            json!({"accessKey": "wrong"}),
            "sign in",
            "cannot sign in to project `demo`: ",
        ),
        (
            json!({"project": "other"}),
            "sign in",
            "cannot sign in to project `other`: ",
        ),
        (
            json!({"tunnelEndpoint": "http://127.0.0.1:1"}),
            "tunnel",
            "cannot connect to 127.0.0.1:1",
        ),
        (
            json!({"schema": "sales"}),
            "sign in",
            "cannot sign in to project `demo`: NoSuchSchema: ",
        ),
    ] {
        let config = service.config_with(&change);
        let browser = odps.open_browser(&config).unwrap().ok().unwrap()()
            .await
            .unwrap();
        let stages = browser.ping().await;
        let last = stages.last().unwrap();
        assert_eq!(last.name, stage, "{change} at {endpoint}");
        let error = last.outcome.as_ref().unwrap_err();
        assert!(error.message().starts_with(message), "{error}");
        assert!(error.hint_text().is_some(), "{error}");
    }
}

#[tokio::test]
async fn tables_columns_and_first_rows_are_shown() {
    let service = Service::start().await;
    service
        .sql("create table orders (id bigint, name string) partitioned by (pt string);\ncreate table order_items (id bigint not null, price decimal(10,2));\ncreate table people (id bigint);\n")
        .await;
    let browser = service.browser().await;
    let entry = |kind: &str, name: &str| Entry {
        name: name.into(),
        kind: kind.into(),
    };
    let table = |name: &str| entry("table", name);
    assert_eq!(
        browser.list(Listing::Tables, "ORDER", 9).await.unwrap(),
        [table("order_items"), table("orders")]
    );
    assert_eq!(
        browser.list(Listing::Tables, "", 2).await.unwrap(),
        [table("order_items"), table("orders")]
    );
    assert_eq!(
        browser.list(Listing::Tables, "nothing", 9).await.unwrap(),
        []
    );

    let columns = browser.columns("orders").await.unwrap();
    let described: Vec<_> = columns
        .iter()
        .map(|browsed| {
            let column = &browsed.column;
            (
                column.name.as_str(),
                column.native.as_str(),
                browsed.partition,
            )
        })
        .collect();
    assert_eq!(
        described,
        [
            ("id", "bigint", false),
            ("name", "string", false),
            ("pt", "string", true)
        ]
    );

    assert_eq!(browser.preview("orders", 20).await.unwrap().num_rows(), 0);
    for (pt, ids) in [("20240101", 0..5), ("20240102", 100..150)] {
        let parameter = json!({"table": "orders", "partition": format!("pt={pt}"), "column": ["*"], "truncate": true});
        service.write(parameter, &[people(ids)]).await.unwrap();
    }
    let orders = Listing::Partitions("orders");
    let partition = |name: &str| entry("partition", name);
    assert_eq!(
        browser.list(orders, "", 9).await.unwrap(),
        [partition("pt=20240101"), partition("pt=20240102")]
    );
    assert_eq!(
        browser.list(orders, "PT=2024", 1).await.unwrap(),
        [partition("pt=20240101")]
    );
    assert_eq!(
        browser.list(orders, "0102", 9).await.unwrap(),
        [partition("pt=20240102")]
    );
    let whole = Listing::Partitions("order_items");
    assert!(browser.list(whole, "", 9).await.unwrap().is_empty());
    let none = Listing::Partitions("nothing");
    let none = browser.list(none, "", 9).await.unwrap_err();
    assert_eq!(none.kind(), Kind::NotFound, "{none}");
    let schemas = browser.list(Listing::Schemas, "", 9).await.unwrap_err();
    assert_eq!(schemas.kind(), Kind::Unsupported, "{schemas}");

    let preview = browser.preview("orders", 20).await.unwrap();
    assert_eq!((preview.num_rows(), preview.num_columns()), (20, 3));
    assert_eq!(preview.column(2).as_string::<i32>().value(19), "20240102");
    assert_eq!(
        browser.preview("order_items", 20).await.unwrap().num_rows(),
        0
    );
}
