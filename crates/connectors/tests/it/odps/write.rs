//! Writing: visibility, partitions, columns, dirty rows, statements.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use sdk::{Kind, TaskId};
use serde_json::json;

use super::harness::{Service, bulky, error_of, people, plan, write_task};

const TABLE: &str = "create table t (id bigint, name string);\n";

#[tokio::test]
async fn readers_see_the_old_rows_until_the_commit() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    let all = json!({"table": "t", "column": ["*"]});
    let truncate = json!({"table": "t", "column": ["*"], "truncate": true});
    service
        .write(truncate.clone(), &[people(0..5)])
        .await
        .unwrap();

    let writer = service.writer(truncate).await.unwrap();
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns, 2, None)).await.unwrap();
    assert_eq!(
        service.read(all.clone()).await.unwrap().numbers(0),
        [0, 1, 2, 3, 4]
    );
    let first = write_task(writer.as_ref(), &prepared, TaskId(0), &[people(100..103)])
        .await
        .unwrap();
    let second = write_task(writer.as_ref(), &prepared, TaskId(1), &[people(103..104)])
        .await
        .unwrap();
    assert_eq!(
        service.read(all.clone()).await.unwrap().numbers(0),
        [0, 1, 2, 3, 4]
    );
    writer
        .commit(&prepared, &[first.receipt, second.receipt])
        .await
        .unwrap();
    assert_eq!(
        service.read(all.clone()).await.unwrap().numbers(0),
        [100, 101, 102, 103]
    );

    let append = json!({"table": "t", "column": ["*"], "truncate": false});
    service.write(append, &[people(200..201)]).await.unwrap();
    assert_eq!(
        service.read(all).await.unwrap().numbers(0),
        [100, 101, 102, 103, 200]
    );
}

#[tokio::test]
async fn giving_up_leaves_no_rows() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    let truncate = json!({"table": "t", "column": ["*"], "truncate": true});
    service
        .write(truncate.clone(), &[people(0..5)])
        .await
        .unwrap();
    let writer = service.writer(truncate).await.unwrap();
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns, 2, None)).await.unwrap();
    write_task(writer.as_ref(), &prepared, TaskId(0), &[people(100..103)])
        .await
        .unwrap();
    let mut unfinished = writer.task(&prepared, TaskId(1)).await.unwrap();
    unfinished.write(people(103..104)).await.unwrap();
    drop(unfinished);
    writer.abort(&prepared).await.unwrap();
    let rows = service
        .read(json!({"table": "t", "column": ["*"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn an_empty_job_empties_the_target_only_with_truncate() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    let all = json!({"table": "t", "column": ["*"]});
    let parameter = |truncate: bool| json!({"table": "t", "column": ["*"], "truncate": truncate});
    service
        .write(parameter(true), &[people(0..5)])
        .await
        .unwrap();
    service.write(parameter(false), &[]).await.unwrap();
    assert_eq!(service.read(all.clone()).await.unwrap().row_count(), 5);
    service
        .write(parameter(true), &[people(0..0)])
        .await
        .unwrap();
    assert_eq!(service.read(all.clone()).await.unwrap().row_count(), 0);
    service
        .write(parameter(true), &[people(0..5)])
        .await
        .unwrap();
    service.write(parameter(true), &[]).await.unwrap();
    assert_eq!(service.read(all).await.unwrap().row_count(), 0);
}

#[tokio::test]
async fn the_partition_is_created_and_others_are_left_alone() {
    let service = Service::start().await;
    service
        .sql("create table p (id bigint, name string) partitioned by (dt string, hh string);\n")
        .await;
    let write = async |partition, ids| {
        let parameter =
            json!({"table": "p", "partition": partition, "column": ["id"], "truncate": true});
        service
            .write(parameter, &[people(ids).project(&[0]).unwrap()])
            .await
    };
    write("dt='20240101',hh='07'", 0..5).await.unwrap();
    write("HH=08/DT=20240101", 10..12).await.unwrap();
    write("dt=20240101/hh=07", 20..21).await.unwrap();
    let rows = service
        .read(json!({"table": "p", "partition": "dt=*/hh=*", "column": ["id", "hh", "name"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [10, 11, 20]);
    assert_eq!(
        rows.texts(1),
        [Some("07".into()), Some("08".into()), Some("08".into())]
    );
    assert_eq!(rows.texts(2), [None, None, None]);

    let error = error_of(write("dt=*/hh=07", 0..1).await);
    assert_eq!(
        error.message(),
        "partition `dt=*/hh=07` does not name one partition"
    );
    let error = error_of(write("dt=20240101", 0..1).await);
    assert_eq!(
        error.message(),
        "partition `dt=20240101` says nothing about `hh`"
    );
}

#[tokio::test]
async fn columns_that_cannot_be_written_are_explained() {
    let service = Service::start().await;
    service.sql("create table c (id bigint not null, name string, born datetime) partitioned by (pt string);\n").await;
    for (column, message) in [
        (
            json!(["id", "pt"]),
            "cannot write partition columns of table `c`: pt",
        ),
        (
            json!(["id", "ID"]),
            "columns of table `c` are written twice: id",
        ),
        (
            json!(["name"]),
            "table `c` has NOT NULL columns that the job does not write: id",
        ),
        (
            json!(["id", "naem"]),
            "column `naem` does not exist in table `c`",
        ),
    ] {
        let parameter =
            json!({"table": "c", "partition": "pt=1", "column": column, "truncate": true});
        let error = error_of(service.writer(parameter).await);
        assert_eq!(error.message(), message);
        assert!(error.hint_text().is_some());
    }
    let parameter = json!({"table": "c", "column": ["*"], "truncate": true});
    assert_eq!(
        error_of(service.writer(parameter).await).message(),
        "table `c` is partitioned by pt, but `partition` is missing"
    );
    let parameter =
        json!({"table": "c", "partition": "pt=1", "column": ["born", "id"], "truncate": true});
    let columns = service
        .writer(parameter)
        .await
        .unwrap()
        .schema(&[])
        .await
        .unwrap();
    let described: Vec<_> = columns
        .iter()
        .map(|column| {
            (
                column.name.as_str(),
                column.native.as_str(),
                column.nullable,
            )
        })
        .collect();
    assert_eq!(
        described,
        [("born", "datetime", true), ("id", "bigint", false)]
    );
}

#[tokio::test]
async fn rows_that_the_table_refuses_are_dirty_and_the_rest_arrives() {
    let service = Service::start().await;
    service
        .sql("create table d (id bigint not null, tag varchar(3), amount decimal(5,2), at datetime, name string);\n")
        .await;
    let year_10000 = 253_402_300_800_000;
    let huge = "x".repeat((8 << 20) + 1);
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "id",
            Arc::new(Int64Array::from(vec![
                Some(1),
                Some(i64::MIN),
                None,
                Some(4),
                Some(5),
                Some(6),
                Some(7),
                Some(8),
            ])),
        ),
        (
            "tag",
            Arc::new(StringArray::from(vec![
                Some("abc"),
                None,
                None,
                Some("abcd"),
                None,
                None,
                None,
                Some("äöü"),
            ])),
        ),
        (
            "amount",
            Arc::new(
                Decimal128Array::from(vec![
                    Some(99_999),
                    None,
                    None,
                    None,
                    Some(100_000),
                    None,
                    None,
                    Some(-99_999),
                ])
                .with_precision_and_scale(5, 2)
                .unwrap(),
            ),
        ),
        (
            "at",
            Arc::new(
                TimestampMillisecondArray::from(vec![
                    Some(-1),
                    None,
                    None,
                    None,
                    None,
                    Some(year_10000),
                    None,
                    Some(year_10000 - 1),
                ])
                .with_timezone("UTC"),
            ),
        ),
        (
            "name",
            Arc::new(StringArray::from(vec![
                None,
                None,
                None,
                None,
                None,
                None,
                Some(huge.as_str()),
                Some(""),
            ])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let parameter = json!({"table": "d", "column": ["*"], "truncate": true});
    let refused = service
        .write(parameter, std::slice::from_ref(&batch))
        .await
        .unwrap();
    let columns: Vec<_> = refused
        .iter()
        .map(|row| row.column.as_deref().unwrap())
        .collect();
    assert_eq!(columns, ["id", "id", "tag", "amount", "at", "name"]);
    assert_eq!((&*refused[2].batch, refused[2].row), (&batch, 3));
    assert!(
        refused.iter().all(|row| !row.reason.contains("abcd")),
        "a reason holds no value"
    );
    let rows = service
        .read(json!({"table": "d", "column": ["id", "name", "tag"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [1, 8]);
    assert_eq!(rows.texts(1), [None, Some(String::new())]);
    assert_eq!(rows.texts(2), [Some("abc".into()), Some("äöü".into())]);
}

#[tokio::test]
async fn text_rules_apply() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
        (
            "name",
            Arc::new(StringArray::from(vec!["", "short", "too long"])),
        ),
    ])
    .unwrap();
    for (rules, names) in [
        (json!({}), [Some(""), Some("short"), Some("too long")]),
        (
            json!({"emptyAsNull": "true"}),
            [None, Some("short"), Some("too long")],
        ),
        (
            json!({"overLengthRule": "truncate", "maxFieldLength": 5}),
            [Some(""), Some("short"), Some("too l")],
        ),
        (
            json!({"overLengthRule": "setNull", "maxFieldLength": 5, "emptyAsNull": true}),
            [None, Some("short"), None],
        ),
    ] {
        let mut parameter = json!({"table": "t", "column": ["*"], "truncate": true});
        parameter
            .as_object_mut()
            .unwrap()
            .extend(rules.as_object().unwrap().clone());
        service
            .write(parameter, std::slice::from_ref(&batch))
            .await
            .unwrap();
        let rows = service
            .read(json!({"table": "t", "column": ["name"]}))
            .await
            .unwrap();
        assert_eq!(
            rows.texts(0),
            names.map(|name| name.map(str::to_string)),
            "{rules}"
        );
    }
}

#[tokio::test]
async fn every_compression_and_many_blocks_arrive_whole() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    for compression in ["none", "deflate", "zstd", "snappy", "lz4"] {
        let parameter = json!({
            "table": "t", "column": ["*"], "truncate": true, "blockSizeInMB": 1, "compression": compression
        });
        let writer = service.writer(parameter).await.unwrap();
        let columns = writer.schema(&[]).await.unwrap();
        let prepared = writer.prepare(&plan(columns, 1, None)).await.unwrap();
        let before = service.count("PUT block").await;
        let batches: Vec<_> = (0..10)
            .map(|part| bulky(part * 5..(part + 1) * 5))
            .collect();
        let done = write_task(writer.as_ref(), &prepared, TaskId(0), &batches)
            .await
            .unwrap();
        assert_eq!(done.row_count, 50);
        assert_eq!(
            service.count("PUT block").await,
            before + 3,
            "{compression}"
        );
        writer.commit(&prepared, &[done.receipt]).await.unwrap();
        let rows = service
            .read(json!({"table": "t", "column": ["*"], "compression": compression}))
            .await
            .unwrap();
        assert_eq!(
            rows.numbers(0),
            (0..50).collect::<Vec<i64>>(),
            "{compression}"
        );
        assert_eq!(
            rows.texts(1)[49],
            Some(format!("{:065000}", 49)),
            "{compression}"
        );
    }
}

#[tokio::test]
async fn more_tasks_than_blocks_are_refused() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    let writer = service
        .writer(json!({"table": "t", "column": ["*"], "truncate": true}))
        .await
        .unwrap();
    let columns = writer.schema(&[]).await.unwrap();
    let error = error_of(writer.prepare(&plan(columns, 20_001, None)).await);
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.message(),
        "cannot write table `t` with 20001 tasks: an upload has 20000 blocks"
    );
}

#[tokio::test]
async fn of_two_jobs_on_one_table_the_later_commit_wins_as_a_whole() {
    let service = Service::start().await;
    service.sql(TABLE).await;
    let truncate = json!({"table": "t", "column": ["*"], "truncate": true});
    let mut jobs = Vec::new();
    for first in [0, 100] {
        let writer = service.writer(truncate.clone()).await.unwrap();
        let columns = writer.schema(&[]).await.unwrap();
        let prepared = writer.prepare(&plan(columns, 1, None)).await.unwrap();
        let rows = [people(first..first + 3)];
        let done = write_task(writer.as_ref(), &prepared, TaskId(0), &rows)
            .await
            .unwrap();
        jobs.push((writer, prepared, done.receipt));
    }
    for (writer, prepared, receipt) in jobs.iter().rev() {
        writer
            .commit(prepared, std::slice::from_ref(receipt))
            .await
            .unwrap();
    }
    let all = json!({"table": "t", "column": ["*"]});
    assert_eq!(service.read(all).await.unwrap().numbers(0), [0, 1, 2]);
}
