//! Reading: names, expressions and queries.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures::TryStreamExt;
use sdk::{Kind, Listing, ReadBatch};
use serde_json::{Value, json};

use super::{Schema, ids, open_browser, options, read_all, read_one, schema_error};

#[tokio::test]
async fn names_fit_in_any_case_and_fragments_are_expressions() {
    let schema = Schema::new("names").await;
    schema
        .run(
            "CREATE TABLE \"Person\" (id int, \"Full Name\" text, \"select\" int, addr inet); \
              INSERT INTO \"Person\" VALUES (1, 'Ann', 5, '10.0.0.1')",
        )
        .await;
    let columns = json!([
        "ID",
        "\"Full Name\"",
        "select",
        "'x'::varchar",
        "addr::varchar",
        "id + 1",
        "NULL",
        "7"
    ]);
    let reader = schema
        .reader(json!({ "table": "person", "column": columns }))
        .await;
    let names: Vec<String> = reader
        .schema()
        .await
        .unwrap()
        .into_iter()
        .map(|column| column.name)
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "Full Name",
            "select",
            "varchar",
            "addr",
            "id + 1",
            "NULL",
            "7"
        ]
    );
    let (batch, _) = read_one(reader.as_ref(), false).await;
    let row = Value::Object(sdk::row_to_json(&batch, 0));
    assert_eq!(
        row,
        json!({ "id": 1, "Full Name": "Ann", "select": 5, "varchar": "x", "addr": "10.0.0.1/32",
                "id + 1": 2, "NULL": null, "7": 7 })
    );
}

#[tokio::test]
async fn what_is_missing_is_named_with_the_nearest_that_is_there() {
    let schema = Schema::new("missing").await;
    schema
        .run("CREATE TABLE person (id int, birthdate date)")
        .await;
    let config = schema.config();
    let error = schema_error(&config, json!({ "table": "persn" })).await;
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::NotFound, "table \"persn\" does not exist")
    );
    assert_eq!(error.hint_text(), Some("did you mean `person`?"));
    let error = schema_error(
        &config,
        json!({ "table": "person", "column": ["id", "birthdat"] }),
    )
    .await;
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(
        error
            .message()
            .starts_with("column \"birthdat\" does not exist in table"),
        "{error}"
    );
    assert_eq!(error.hint_text(), Some("did you mean `birthdate`?"));
    let error = schema_error(&config, json!({ "table": "person", "where": "nope = 1" })).await;
    assert!(error.to_string().contains("nope"), "{error}");
    let error = schema_error(&config, json!({ "table": "person", "column": ["id", "*"] })).await;
    assert_eq!(error.kind(), Kind::Config);
    let reader = schema
        .reader(json!({ "table": "person", "splitPk": "di" }))
        .await;
    reader.schema().await.unwrap();
    assert_eq!(reader.splits(4).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn conditions_and_queries_select_rows() {
    let schema = Schema::new("select").await;
    schema
        .run("CREATE TABLE t (id int8); INSERT INTO t SELECT generate_series(1, 10)")
        .await;
    let parameters = json!({ "table": "t", "where": "id > 2 OR id = 1 -- note", "splitPk": "id" });
    let reader = schema.reader(parameters).await;
    let all = read_all(reader.as_ref(), false, 2).await;
    assert_eq!(ids(&all).len(), 9);
    let parameters = json!({
        "table": "t", "where": "id = 3",
        "querySql": ["SELECT id, id AS id, 'ä' FROM t ORDER BY id DESC;", "SELECT 1::int8, 2::int8, NULL::text"],
    });
    let reader = schema.reader(parameters).await;
    assert_eq!(reader.schema().await.unwrap().len(), 3);
    let notices = reader.splits(1).await.unwrap().notices;
    assert_eq!(notices.len(), 2, "{notices:?}");
    let all = read_all(reader.as_ref(), false, 1).await;
    assert_eq!(
        (all.len(), ids(&all).len()),
        (2, 10),
        "each query is a split"
    );
    assert_eq!(
        all[0][0]
            .batch
            .column(0)
            .as_primitive::<Int64Type>()
            .value(0),
        10
    );
}

#[tokio::test]
async fn a_query_has_its_own_columns_whatever_list_was_left_beside_it() {
    let schema = Schema::new("own_columns").await;
    schema
        .run("CREATE TABLE t (id int, name text, at int)")
        .await;
    for (at, column) in [
        (1, json!(["id", "name"])),
        (2, json!(["name", "id", "at"])),
        (3, json!(["*"])),
        (4, json!(["id", "'x'", "name", "at", "more"])),
    ] {
        let query = format!("SELECT 7 AS number, 'Ann' AS who, {at}");
        let reader = json!({ "querySql": query, "column": column });
        let writer = json!({ "table": "t", "column": ["id", "name", "at"] });
        assert_eq!(schema.run_job(&reader, &writer).await, (1, 0), "{column}");
    }
    assert_eq!(
        schema
            .value("SELECT string_agg(concat_ws(' ', id, name, at), ', ' ORDER BY at) FROM t")
            .await,
        "7 Ann 1, 7 Ann 2, 7 Ann 3, 7 Ann 4"
    );
}

#[tokio::test]
async fn probes_are_run_when_a_run_begins_and_by_no_look_at_the_job() {
    let schema = Schema::new("probes").await;
    schema
        .run("CREATE TABLE t (id int8); INSERT INTO t VALUES (1); CREATE TABLE log (at int)")
        .await;
    let count = "SELECT count(*) FROM log";
    let good =
        json!({ "table": "t", "preSql": ["INSERT INTO log VALUES (1) RETURNING 0", "SELECT 0"] });
    let reader = schema.reader(good).await;
    reader.schema().await.unwrap();
    reader.splits(1).await.unwrap();
    assert_eq!(schema.value(count).await, "0");
    reader.prepare().await.unwrap();
    assert_eq!(schema.value(count).await, "1");
    assert_eq!(ids(&read_all(reader.as_ref(), false, 1).await).len(), 1);

    let bad = json!({ "table": "t", "preSql": ["SELECT 0", "SELECT count(*) FROM log"] });
    let reader = schema.reader(bad).await;
    reader.schema().await.unwrap();
    let error = reader.prepare().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        error.message(),
        "`preSql` query 2 did not return the single value 0"
    );
}

#[tokio::test]
async fn a_read_that_fails_tells_no_value_of_a_row() {
    let schema = Schema::new("untold").await;
    schema
        .run("CREATE TABLE t (ssn text); INSERT INTO t VALUES ('123-45-6789')")
        .await;
    let parameters = json!({ "table": "t", "column": ["ssn::int"] });
    let reader = schema.reader(parameters).await;
    reader.schema().await.unwrap();
    let split = &reader.splits(1).await.unwrap().splits[0];
    let failed = match reader.read(split, &options(vec![])).await {
        Ok(batches) => batches.try_collect::<Vec<ReadBatch>>().await.unwrap_err(),
        Err(error) => error,
    };
    let told = format!("{failed:?}");
    assert!(
        told.contains("invalid input syntax for type integer") && !told.contains("6789"),
        "{told}"
    );
}

#[tokio::test]
async fn unusual_tables_are_read() {
    let schema = Schema::new("unusual").await;
    let wide: Vec<String> = (0..1600)
        .map(|i| format!("c{i} int2 DEFAULT {i}"))
        .collect();
    schema
        .run(&format!(
            "CREATE TABLE empty (id int8); CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; \
             CREATE TABLE wide ({}); INSERT INTO wide DEFAULT VALUES; \
             CREATE TABLE big AS SELECT 1::int8 AS id, repeat('x', 100 << 20) AS cell; \
             CREATE TABLE parent (id int8); CREATE TABLE child () INHERITS (parent); \
             INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2); \
             CREATE VIEW v AS SELECT id FROM parent; \
             CREATE TABLE parts (id int8) PARTITION BY RANGE (id); \
             CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10); \
             INSERT INTO parts VALUES (1), (2), (3)",
            wide.join(", ")
        ))
        .await;
    for (table, rows, columns) in [
        ("empty", 0, 1),
        ("bare", 1, 0),
        ("wide", 1, 1600),
        ("big", 1, 2),
        ("parent", 2, 1),
        ("v", 2, 1),
        ("parts", 3, 1),
    ] {
        let reader = schema.reader(json!({ "table": table })).await;
        assert_eq!(reader.schema().await.unwrap().len(), columns, "{table}");
        let all = read_all(reader.as_ref(), false, 4).await;
        let count: usize = all
            .iter()
            .flatten()
            .map(|batch| batch.batch.num_rows())
            .sum();
        assert_eq!(count, rows, "{table}");
        if table == "wide" {
            let last = all[0][0].batch.column(1599);
            assert_eq!(
                last.as_primitive::<arrow_array::types::Int16Type>()
                    .value(0),
                1599
            );
        }
        if table == "big" {
            assert_eq!(
                all[0][0].batch.column(1).as_string::<i32>().value(0).len(),
                100 << 20
            );
        }
    }
    let reader = schema.reader(json!({ "table": ["parent", "parts"] })).await;
    assert_eq!(read_all(reader.as_ref(), false, 1).await.len(), 2);
    let error = schema_error(&schema.config(), json!({ "table": ["big", "parent"] })).await;
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
}

#[tokio::test]
async fn generated_columns_are_read_like_others() {
    let schema = Schema::new("readgenerated").await;
    schema
        .run("CREATE TABLE t (id int8, twice int8 GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO t VALUES (4)")
        .await;
    for parameters in [
        json!({ "table": "t" }),
        json!({ "table": "t", "column": ["id", "twice"], "where": "id > 0" }),
    ] {
        let reader = schema.reader(parameters).await;
        let (batch, _) = read_one(reader.as_ref(), false).await;
        let twice = batch.column(1).as_primitive::<Int64Type>();
        assert_eq!(twice.value(0), 8);
    }
}

#[tokio::test]
async fn names_that_mean_something_else_are_errors() {
    let schema = Schema::new("elsewhere").await;
    schema.run("CREATE TABLE t (a int, b int)").await;
    let config = schema.config();
    for columns in [json!(["a, b"]), json!(["a", "t.*"])] {
        let error = schema_error(&config, json!({ "table": "t", "column": columns })).await;
        assert_eq!(error.kind(), Kind::Config, "{error}");
        assert!(error.hint_text().unwrap().contains("of its own"), "{error}");
    }
    let here = schema.value("SELECT current_database()").await;
    let full = format!("{here}.{}.t", schema.name);
    let reader = schema.reader(json!({ "table": full })).await;
    assert_eq!(reader.schema().await.unwrap().len(), 2);
    let other = format!("some_other_database.{}.t", schema.name);
    let error = schema_error(&config, json!({ "table": other })).await;
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
}

#[tokio::test]
async fn a_browser_shows_tables_columns_and_first_rows() {
    let schema = Schema::new("browse").await;
    schema
        .run("CREATE TABLE person (id int PRIMARY KEY, pay numeric(5,2)); CREATE VIEW \"Old People\" AS TABLE person; \
              INSERT INTO person SELECT i, i FROM generate_series(1, 50) AS i")
        .await;
    let browser = open_browser(&schema.config()).await;
    let tables = browser
        .list(Listing::Tables, &schema.name, 10)
        .await
        .unwrap();
    let seen: Vec<(String, &str)> = tables
        .iter()
        .map(|t| (t.name.clone(), t.kind.as_str()))
        .collect();
    let name = |table: &str| format!("{}.{table}", schema.name);
    assert_eq!(
        seen,
        [(name("\"Old People\""), "view"), (name("person"), "table")]
    );
    let columns = browser.columns(&name("person")).await.unwrap();
    assert_eq!(
        (
            columns[0].column.key,
            columns[0].column.nullable,
            columns[1].column.key
        ),
        (true, false, false)
    );
    let batch = browser.preview(&tables[0].name, 20).await.unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (20, 2));
    schema
        .run("UPDATE person SET pay = 'NaN' WHERE id = 3")
        .await;
    let batch = browser.preview("person", 20).await.unwrap();
    assert_eq!(batch.num_rows(), 20);
    assert_eq!(
        browser.list(Listing::Tables, "no such", 10).await.unwrap(),
        []
    );
}
