//! Tables that are made like other tables.

use arrow_schema::{DataType, TimeUnit};
use sdk::{BrowsedColumn, Column, Kind, Listing, TableWish};
use serde_json::json;

use super::harness::{Service, people};

fn browsed(name: &str, data_type: DataType) -> BrowsedColumn {
    BrowsedColumn::new(Column::new(name, data_type), "for the test")
}

#[tokio::test]
async fn a_table_is_made_for_columns_of_elsewhere_and_written_to() {
    let service = Service::start().await;
    let browser = service.browser().await;
    let mut columns = vec![
        browsed("id", DataType::Int64),
        browsed("name", DataType::Utf8),
        browsed("pay", DataType::Decimal128(15, 2)),
        browsed("at", DataType::Timestamp(TimeUnit::Microsecond, None)),
        browsed("pt", DataType::Utf8),
    ];
    columns[0].column.key = true;
    columns[4].partition = true;
    let wish = TableWish {
        table: "HPG",
        connector: Some("postgresql"),
        columns: &columns,
    };
    let drafted = browser.draft(&wish).unwrap();
    browser.create(&drafted.statement).await.unwrap();
    let made = browser.columns("hpg").await.unwrap();
    let described: Vec<_> = made
        .iter()
        .map(|browsed| {
            let column = &browsed.column;
            (
                column.name.as_str(),
                column.native.as_str(),
                column.nullable,
                browsed.partition,
            )
        })
        .collect();
    assert_eq!(
        described,
        [
            ("id", "bigint", false, false),
            ("name", "string", true, false),
            ("pay", "decimal(15,2)", true, false),
            ("at", "timestamp_ntz", true, false),
            ("pt", "string", false, true)
        ]
    );
    let parameter =
        json!({"table": "hpg", "partition": "pt=1", "column": ["id", "name"], "truncate": true});
    service.write(parameter, &[people(0..5)]).await.unwrap();
    assert_eq!(browser.preview("hpg", 20).await.unwrap().num_rows(), 5);

    // Its own description makes the same table again.
    let wish = TableWish {
        table: "again",
        connector: Some("odps"),
        columns: &made,
    };
    let drafted = browser.draft(&wish).unwrap();
    assert_eq!(drafted.remarks, []);
    browser.create(&drafted.statement).await.unwrap();
    assert_eq!(browser.columns("again").await.unwrap(), made);
    let error = browser.create(&drafted.statement).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict, "{error}");
    let error = browser.create("drop table hpg").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config, "{error}");
    assert_eq!(
        browser.list(Listing::Tables, "hpg", 9).await.unwrap().len(),
        1
    );
}
