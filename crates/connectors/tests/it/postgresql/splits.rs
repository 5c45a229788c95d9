//! Splits: how a table is cut, and the snapshot that all parts share.

use futures::TryStreamExt;
use sdk::{Kind, ReadBatch};
use serde_json::json;

use super::{Schema, ids, options, read_all};

#[tokio::test]
async fn splits_hold_every_row_once() {
    let schema = Schema::new("splits").await;
    schema
        .run("CREATE TYPE size AS ENUM ('small', 'medium', 'large', 'huge'); \
              CREATE TABLE t (id int8, name text COLLATE \"C\", u uuid, at timestamptz, n int8 PRIMARY KEY, m int4, \
              amount numeric, ratio float8, size size, day date); \
              INSERT INTO t SELECT CASE WHEN i % 100 = 0 THEN NULL ELSE i * i END, 'k' || i % 977, \
              md5(i::text)::uuid, '2020-01-01'::timestamptz + i * interval '1 hour', i, \
              CASE WHEN i % 50 <> 0 THEN i END, i - 7000.5, \
              CASE i % 10 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN '-Infinity' WHEN 2 THEN 'Infinity' ELSE i - 9000 END, \
              (enum_range(NULL::size))[1 + i % 4], \
              CASE i % 10 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE '0001-06-01'::date + (i - 3000) * 500 END \
              FROM generate_series(1, 20000) AS i; \
              CREATE INDEX ON t (m); CREATE INDEX ON t USING hash (id); ANALYZE t")
        .await;
    let cases = [
        (json!({ "splitPk": "id" }), 4, "id part 1"),
        (json!({ "splitPk": "id", "where": "n > 5" }), 4, "id part 1"),
        (json!({ "splitPk": "m" }), 21, "m part 1"),
        (json!({ "splitPk": "n" }), 20, "n part 1"),
        (json!({ "splitPk": "name" }), 1, "table"),
        (
            json!({ "splitPk": "name", "splitMode": "auto" }),
            21,
            "name part 1",
        ),
        (
            json!({ "splitPk": "u", "splitMode": "auto" }),
            21,
            "u part 1",
        ),
        (
            json!({ "splitPk": "at", "splitMode": "auto", "where": "n > 5" }),
            21,
            "at part 1",
        ),
        (
            json!({ "splitPk": "amount", "splitMode": "auto" }),
            21,
            "amount part 1",
        ),
        // A quantile is one value; those that are met more than once are one bound.
        (
            json!({ "splitPk": "ratio", "splitMode": "auto" }),
            19,
            "ratio part 1",
        ),
        (
            json!({ "splitPk": "size", "splitMode": "auto" }),
            6,
            "size part 1",
        ),
        (
            json!({ "splitPk": "day", "splitMode": "auto" }),
            20,
            "day part 1",
        ),
        (json!({ "splitMode": "auto" }), 20, "n part 1"),
        (json!({}), 1, "table"),
    ];
    for (mut parameters, count, label) in cases {
        parameters["table"] = json!("t");
        parameters["column"] = json!(["n"]);
        let reader = schema.reader(parameters.clone()).await;
        reader.schema().await.unwrap();
        let splits = reader.splits(4).await.unwrap();
        assert_eq!(
            splits.splits.len(),
            count,
            "{parameters} {:?}",
            splits.notices
        );
        assert!(
            splits.splits[0].label.starts_with(label),
            "{}",
            splits.splits[0].label
        );
        // The only number in a name is its own, not a value of a row.
        for (split, number) in splits.splits.iter().zip(1..).skip(1) {
            let (name, _) = label.split_once(' ').unwrap();
            let names = [format!("{name} part {number}"), format!("{name} is null")];
            assert!(names.contains(&split.label), "{}", split.label);
        }
        // Why there are few parts is told, with the column and its type.
        let notice = match (count, parameters.get("splitPk")) {
            (1, Some(_)) => {
                "is read in one part: `splitPk` \"name\" is text, and only integers are cut into ranges; \
                 `splitMode` `auto` can cut other types"
            }
            (1, None) => "is read in one part: `splitPk` is not given",
            (4, _) => {
                "is read in 4 parts, and each scans the whole table, because `splitPk` \"id\" has no index; \
                 `splitMode` `auto` without `splitPk` reads parts by their place on disk"
            }
            _ => "",
        };
        match splits.notices.as_slice() {
            [told] if !notice.is_empty() => assert!(told.ends_with(notice), "{told}"),
            none => assert!(none.is_empty() && notice.is_empty(), "{none:?}"),
        }
        let all = read_all(reader.as_ref(), false, 4).await;
        let rows: usize = all
            .iter()
            .flatten()
            .map(|batch| batch.batch.num_rows())
            .sum();
        let expected = if parameters.get("where").is_some() {
            19_995
        } else {
            20_000
        };
        assert_eq!(
            (rows, ids(&all).len()),
            (expected, expected),
            "{parameters}"
        );
    }
    // Without a key, blocks on disk.
    schema
        .run("CREATE TABLE heap AS SELECT n, name FROM t; ANALYZE heap")
        .await;
    let reader = schema
        .reader(json!({ "table": "heap", "splitMode": "auto" }))
        .await;
    let all = read_all(reader.as_ref(), false, 4).await;
    assert!(all.len() > 1);
    assert_eq!(ids(&all).len(), 20_000);
}

#[tokio::test]
async fn a_key_without_index_or_statistics_is_cut_into_parts_of_like_size() {
    let schema = Schema::new("skew").await;
    // Even ranges would put all rows but one into the first part.
    schema
        .run("CREATE TABLE t (n int8) WITH (autovacuum_enabled = off); \
              INSERT INTO t SELECT i FROM generate_series(1, 9999) AS i UNION ALL SELECT 1000000000000")
        .await;
    for filter in ["", "n > 0"] {
        let mut parameters = json!({ "table": "t", "column": ["n"], "splitPk": "n" });
        if !filter.is_empty() {
            parameters["where"] = json!(filter);
        }
        let reader = schema.reader(parameters).await;
        let all = read_all(reader.as_ref(), false, 4).await;
        assert_eq!((all.len(), ids(&all).len()), (4, 10_000));
        for part in &all {
            let rows: usize = part.iter().map(|batch| batch.batch.num_rows()).sum();
            assert!((1_000..5_000).contains(&rows), "{rows}");
        }
    }
}

#[tokio::test]
async fn keys_are_cut_by_the_operators_that_compare_them() {
    let schema = Schema::new("operators").await;
    // Away from the search path, `<` of this type is that of text, and the type's own order is not.
    schema
        .run("CREATE SCHEMA IF NOT EXISTS extensions; CREATE EXTENSION IF NOT EXISTS citext SCHEMA extensions; \
              CREATE TABLE t (id int8, word extensions.citext COLLATE \"C\" NOT NULL); \
              INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN upper(md5(i::text)) ELSE md5(i::text) END \
              FROM generate_series(1, 2000) AS i; ANALYZE t")
        .await;
    let reader = schema
        .reader(json!({ "table": "t", "splitPk": "word", "splitMode": "auto" }))
        .await;
    let all = read_all(reader.as_ref(), false, 4).await;
    assert_eq!(all.len(), 20);
    let rows: usize = all.iter().flatten().map(|read| read.batch.num_rows()).sum();
    assert_eq!((rows, ids(&all).len()), (2_000, 2_000));
}

#[tokio::test]
async fn all_splits_see_one_moment() {
    let schema = Schema::new("snapshot").await;
    schema
        .run("CREATE TABLE t (id int8 PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)")
        .await;
    let reader = schema
        .reader(json!({ "table": "t", "splitPk": "id" }))
        .await;
    reader.schema().await.unwrap();
    let splits = reader.splits(3).await.unwrap().splits;
    schema
        .run("DELETE FROM t WHERE id % 2 = 0; INSERT INTO t VALUES (-5), (5000)")
        .await;
    let mut rows = 0;
    for split in splits.iter().chain(&splits) {
        let read = reader.read(split, &options(vec![])).await.unwrap();
        let read: Vec<ReadBatch> = read.try_collect().await.unwrap();
        rows += read
            .iter()
            .map(|batch| batch.batch.num_rows())
            .sum::<usize>();
    }
    assert_eq!(rows, 2000, "twice the same rows");
    drop(reader);
    // Another process continues the run: the old snapshot is gone, and a new one is shared.
    let reader = schema
        .reader(json!({ "table": "t", "splitPk": "id" }))
        .await;
    reader.schema().await.unwrap();
    let mut rows = 0;
    for split in &splits {
        let read = reader.read(split, &options(vec![])).await.unwrap();
        let read: Vec<ReadBatch> = read.try_collect().await.unwrap();
        rows += read
            .iter()
            .map(|batch| batch.batch.num_rows())
            .sum::<usize>();
        schema.run("DELETE FROM t").await;
    }
    assert_eq!(rows, 502);
}

#[tokio::test]
async fn parts_by_blocks_are_not_continued_where_rows_may_have_moved() {
    let schema = Schema::new("blocks").await;
    schema
        .run("CREATE TABLE t AS SELECT i::int8 AS id, repeat('x', 200) AS v FROM generate_series(1, 20000) i; ANALYZE t")
        .await;
    let parameters = json!({ "table": "t", "splitMode": "auto" });
    let reader = schema.reader(parameters.clone()).await;
    reader.schema().await.unwrap();
    let splits = reader.splits(2).await.unwrap().splits;
    assert!(splits.len() > 2 && splits[0].label.starts_with("block"));
    drop(reader);
    // Another process goes on; a row of a later part may lie in an earlier one by now.
    let reader = schema.reader(parameters).await;
    let mut error = None;
    for _ in 0..200 {
        // The server needs a moment to notice that the first reader is gone.
        error = reader.read(&splits[1], &options(vec![])).await.err();
        if error.is_some() {
            break;
        }
    }
    let error = error.expect("the parts are read on");
    assert_eq!(error.kind(), Kind::Unsupported, "{error}");
    assert!(error.hint_text().unwrap().contains("splitPk"), "{error}");
}
