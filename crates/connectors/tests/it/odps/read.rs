//! Reading: partitions, columns, splits, snapshots.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch};
use bytes::Bytes;
use maxcompute::client::UploadMode;
use maxcompute::compression::Compression;
use maxcompute::record::Encoder;
use maxcompute::types::{PartitionSpec, Type};
use sdk::{Kind, Listing, Split};
use serde_json::json;

use super::harness::{Service, error_of, people, read_split};

const PARTITIONED: &str =
    "create table p (id bigint, name string) partitioned by (dt string, region string);\n";

async fn with_partitions() -> Service {
    let service = Service::start().await;
    service.sql(PARTITIONED).await;
    for (start, partition) in [
        (0, "dt=20240101,region=cn"),
        (10, "dt=20240101,region=us"),
        (20, "dt=20240102,region=cn"),
        (30, "dt=20250101,region=cn"),
    ] {
        let parameter =
            json!({"table": "p", "partition": partition, "column": ["*"], "truncate": true});
        service
            .write(parameter, &[people(start..start + 10)])
            .await
            .unwrap();
    }
    service
}

#[tokio::test]
async fn partition_expressions_choose_what_they_say() {
    let service = with_partitions().await;
    for (partition, first_ids) in [
        (json!("dt=20240101/region=cn"), vec![0]),
        (json!("Region='us', dt='20240101'"), vec![10]),
        (
            json!(["dt=20240101,region=us", "dt=20250101,region=cn"]),
            vec![10, 30],
        ),
        (
            json!(["dt=20240101,region=us", "dt=20240101/region=us"]),
            vec![10],
        ),
        (json!("dt=2024*/region=cn"), vec![0, 20]),
        (json!("dt=*/region=?s"), vec![10]),
        (
            json!(["dt=2024*/region=cn", "dt=*/region=cn"]),
            vec![0, 20, 30],
        ),
        (
            json!("/*query*/ dt >= '20240102' and region = 'cn'"),
            vec![20, 30],
        ),
        (
            json!([
                "/*query*/ dt = 20240101 and region in ('us')",
                "dt=20250101,region=cn"
            ]),
            vec![10, 30],
        ),
    ] {
        let parameter = json!({"table": "p", "partition": partition, "column": ["id"]});
        let rows = service.read(parameter).await.unwrap();
        let expected: Vec<i64> = first_ids
            .into_iter()
            .flat_map(|first| first..first + 10)
            .collect();
        assert_eq!(rows.numbers(0), expected, "{partition}");
    }
}

#[tokio::test]
async fn missing_and_superfluous_partitions_are_explained() {
    let service = with_partitions().await;
    service.sql("create table plain (id bigint);\n").await;
    let told = async |parameter| {
        let error = error_of(service.read(parameter).await);
        (
            error.kind(),
            error.message().to_string(),
            error.hint_text().unwrap_or_default().to_string(),
        )
    };
    let (kind, message, hint) =
        told(json!({"table": "p", "partition": "dt=20240103,region=cn", "column": ["id"]})).await;
    assert_eq!(kind, Kind::NotFound);
    assert_eq!(
        message,
        "no partition of table `p` matches `dt=20240103,region=cn`"
    );
    assert!(
        hint.starts_with("existing partitions are `dt=20250101,region=cn`, "),
        "{hint}"
    );

    let (_, message, _) = told(json!({"table": "p", "partition": ["dt=*/region=cn", "dt=2023*/region=cn"], "column": ["id"]})).await;
    assert_eq!(
        message,
        "no partition of table `p` matches `dt=2023*/region=cn`"
    );
    let (_, message, hint) = told(json!({"table": "p", "column": ["id"]})).await;
    assert_eq!(
        message,
        "table `p` is partitioned by dt, region, but `partition` is missing"
    );
    assert_eq!(hint, "add `\"partition\": \"dt=…/region=…\"`");
    let (_, message, _) =
        told(json!({"table": "plain", "partition": "dt=1", "column": ["id"]})).await;
    assert_eq!(
        message,
        "table `plain` has no partitions, but `partition` is given"
    );
    let (_, message, _) =
        told(json!({"table": "p", "partition": "dt=20240101", "column": ["id"]})).await;
    assert_eq!(
        message,
        "partition `dt=20240101` says nothing about `region`"
    );
    let (kind, message, _) = told(json!({"table": "nowhere", "column": ["id"]})).await;
    assert_eq!(kind, Kind::NotFound);
    assert!(
        message.starts_with("cannot open table `nowhere` of project `demo`: "),
        "{message}"
    );
    let (_, message, _) = told(
        json!({"table": "p", "partition": "dt=*/region=*", "column": ["id"], "where": "id > 1"}),
    )
    .await;
    assert_eq!(
        message,
        "cannot read table `p` with `where`: MaxCompute Tunnel has no row filter"
    );

    let parameter = json!({"table": "p", "partition": "dt=1,region=1", "column": ["id"], "successOnNoPartition": true});
    let reader = service.reader(parameter).await.unwrap();
    let splits = reader.splits(2).await.unwrap();
    assert!(splits.splits.is_empty());
    assert_eq!(
        splits.notices,
        ["no partition of table `p` matches `dt=1,region=1`"]
    );
}

#[tokio::test]
async fn transactional_tables_with_a_key_are_refused() {
    let service = Service::start().await;
    service
        .sql("create table k (id bigint not null, name string, primary key (id)) tblproperties ('transactional'='true');\n")
        .await;
    let error = error_of(service.reader(json!({"table": "k", "column": ["*"]})).await);
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.message(),
        "cannot use table `k`: it is a transactional table with a primary key, which Tunnel cannot transfer"
    );
}

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once() {
    let service = with_partitions().await;
    let parameter = json!({"table": "p", "partition": ["dt=1/region=*", "dt=2024*/region=cn", "dt=2/region=*"], "column": ["id"]});
    assert_eq!(
        error_of(service.read(parameter).await).message(),
        "no partition of table `p` matches `dt=1/region=*` or `dt=2/region=*`"
    );
    let parameter =
        json!({"table": "p", "partition": "dt=*/region=*", "column": ["id", "nam", "regio"]});
    let error = error_of(service.reader(parameter).await);
    assert_eq!(
        error.message(),
        "columns `nam`, `regio` do not exist in table `p`"
    );
    assert_eq!(error.hint_text(), Some("did you mean `name`, `region`?"));
}

#[tokio::test]
async fn what_has_no_rows_in_the_service_is_refused() {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\ncreate view v as select id from t;\ncreate materialized view m as select id from t;\ncreate external table e (id bigint) location 'oss://bucket/folder/';\n")
        .await;
    for (table, reason) in [
        ("v", "a view, which has no rows of its own"),
        (
            "m",
            "a materialized view, whose rows change by refresh only",
        ),
        ("e", "an external table, whose rows are not in MaxCompute"),
    ] {
        let message = format!("cannot use table `{table}`: it is {reason}");
        let read = service
            .reader(json!({"table": table, "column": ["*"]}))
            .await;
        let write = json!({"table": table, "column": ["*"], "truncate": false});
        let write = service.writer(write).await;
        for error in [error_of(read), error_of(write)] {
            assert_eq!(error.kind(), Kind::Unsupported);
            assert_eq!(error.message(), message);
            assert!(error.hint_text().is_some());
        }
    }
    let listed = service
        .browser()
        .await
        .list(Listing::Tables, "", 9)
        .await
        .unwrap();
    let kinds: Vec<_> = listed
        .iter()
        .map(|table| (table.name.as_str(), table.kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("e", "external table"),
            ("m", "materialized view"),
            ("t", "table"),
            ("v", "view")
        ]
    );
}

#[tokio::test]
async fn columns_come_in_the_order_of_the_job() {
    let service = with_partitions().await;
    let read = async |columns| {
        service
            .read(json!({"table": "p", "partition": "dt=20240101,region=us", "column": columns}))
            .await
            .unwrap()
    };
    let rows = read(json!(["REGION", "name", "dt", "ID", "name"])).await;
    assert_eq!(rows.texts(0), vec![Some("us".to_string()); 10]);
    assert_eq!(
        rows.texts(1)[..5],
        [
            Some("name 10".into()),
            Some("name 11".into()),
            Some("name 12".into()),
            Some("name 13".into()),
            None
        ]
    );
    assert_eq!(rows.texts(2), vec![Some("20240101".to_string()); 10]);
    assert_eq!(rows.numbers(3), (10..20).collect::<Vec<i64>>());
    assert_eq!(rows.texts(4), rows.texts(1));

    let before = service.count("GET data").await;
    let rows = read(json!(["dt"])).await;
    assert_eq!(rows.texts(0), vec![Some("20240101".to_string()); 10]);
    assert_eq!(read(json!([])).await.row_count(), 10);
    assert_eq!(
        service.count("GET data").await,
        before,
        "known values need no transfer"
    );
    assert_eq!(read(json!(["*"])).await.batches[0].num_columns(), 2);

    let parameter = json!({"table": "p", "partition": "dt=20240101,region=us", "column": ["nam"]});
    let error = error_of(service.reader(parameter).await);
    assert_eq!(error.message(), "column `nam` does not exist in table `p`");
    assert_eq!(error.hint_text(), Some("did you mean `name`?"));
}

#[tokio::test]
async fn splits_cover_all_rows_once_and_outlive_the_table() {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    let truncate = json!({"table": "t", "column": ["*"], "truncate": true});
    service
        .write(
            truncate.clone(),
            &[people(0..12_345), people(12_345..20_000)],
        )
        .await
        .unwrap();

    let parameter = json!({"table": "t", "column": ["id", "name"], "compression": "zstd"});
    let planner = service.reader(parameter.clone()).await.unwrap();
    let splits = planner.splits(3).await.unwrap().splits;
    assert_eq!(splits.len(), 12);
    assert_eq!(splits[1].label, "rows 1667..3334");
    assert_eq!(
        splits
            .iter()
            .filter_map(|split| split.estimated_rows)
            .sum::<u64>(),
        20_000
    );

    // Another process knows the splits from the ledger only, and the table has changed since.
    service.write(truncate, &[people(0..1)]).await.unwrap();
    let ledger: Vec<Split> =
        serde_json::from_str(&serde_json::to_string(&splits).unwrap()).unwrap();
    let worker = service.reader(parameter.clone()).await.unwrap();
    let loads = service.count("GET download").await;
    for reader in [&planner, &worker] {
        let mut numbers = Vec::new();
        for split in ledger.iter().rev() {
            let once = read_split(reader.as_ref(), split).await.unwrap();
            let twice = read_split(reader.as_ref(), split).await.unwrap();
            assert_eq!(once.batches, twice.batches);
            numbers.extend(once.numbers(0));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..20_000).collect::<Vec<i64>>());
    }
    assert_eq!(
        service.count("GET download").await,
        loads + 1,
        "a process asks once for a download"
    );

    let whole = json!({"table": "t", "column": ["id"], "splitMode": "partition"});
    assert_eq!(
        service
            .reader(whole)
            .await
            .unwrap()
            .splits(9)
            .await
            .unwrap()
            .splits
            .len(),
        1
    );
}

#[tokio::test]
async fn an_empty_table_has_no_splits() {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    let reader = service
        .reader(json!({"table": "t", "column": ["*"]}))
        .await
        .unwrap();
    assert!(reader.splits(4).await.unwrap().splits.is_empty());
}

#[tokio::test]
async fn text_that_is_not_utf8_makes_its_row_dirty() {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string) partitioned by (pt string);\n")
        .await;
    // The wire form of BINARY is the one of STRING, so the encoder can be made to send any bytes.
    let names: ArrayRef = Arc::new(BinaryArray::from(vec![&b"ok"[..], b"\xff\xfe", b""]));
    let rows =
        RecordBatch::try_from_iter([("id", people(0..3).column(0).clone()), ("name", names)])
            .unwrap();
    let types = [Type::BigInt, Type::Binary];
    let mut body = Vec::new();
    let mut encoder = Encoder::new(&types);
    encoder.encode(&rows, &mut body).unwrap();
    encoder.finish(&mut body);
    let partition = PartitionSpec::new([("pt", "a")]).unwrap();
    let upload = service
        .client
        .create_upload("t", Some(&partition), UploadMode::Append)
        .await
        .unwrap();
    service
        .client
        .write_block(&upload, 0, Bytes::from(body), Compression::Raw)
        .await
        .unwrap();
    service.client.commit(&upload, &[0]).await.unwrap();

    let rows = service
        .read(json!({"table": "t", "partition": "pt=a", "column": ["name", "id", "pt"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(1), [0, 2]);
    assert_eq!(rows.unreadable.len(), 1);
    assert_eq!(rows.unreadable[0].column.as_deref(), Some("name"));
    // A replay wants all columns of the job, those of the partition too.
    assert_eq!(
        json!(rows.unreadable[0].row),
        json!({"name": null, "id": 1, "pt": "a"})
    );
    // A bad cell in a column that is not read spoils nothing.
    let rows = service
        .read(json!({"table": "t", "partition": "pt=a", "column": ["id"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [0, 1, 2]);
}

#[tokio::test]
async fn tables_of_1200_columns_are_read_and_written() {
    let service = Service::start().await;
    let columns: Vec<String> = (0..1_200)
        .map(|number| format!("column_with_a_long_name_{number} bigint"))
        .collect();
    service
        .sql(&format!("create table wide ({});\n", columns.join(", ")))
        .await;
    let names = ["column_with_a_long_name_1199", "column_with_a_long_name_0"];
    let batch = RecordBatch::try_from_iter(
        names
            .iter()
            .zip([0..3, 10..13])
            .map(|(name, ids)| (*name, people(ids).column(0).clone())),
    )
    .unwrap();
    let parameter = json!({"table": "wide", "column": names, "truncate": true});
    service.write(parameter, &[batch]).await.unwrap();

    let rows = service
        .read(json!({"table": "wide", "column": names}))
        .await
        .unwrap();
    assert_eq!(
        (rows.numbers(0), rows.numbers(1)),
        (vec![0, 1, 2], vec![10, 11, 12])
    );
    // More columns than are worth naming in a request, backwards.
    let backwards: Vec<String> = (0..1_200)
        .rev()
        .filter(|number| number % 7 != 3)
        .map(|number| format!("column_with_a_long_name_{number}"))
        .collect();
    let rows = service
        .read(json!({"table": "wide", "column": backwards}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [0, 1, 2]);
    assert_eq!(rows.numbers(backwards.len() - 1), [10, 11, 12]);
    assert_eq!(rows.numbers(500), Vec::<i64>::new());
}
