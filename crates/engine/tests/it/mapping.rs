//! Columns, constants, expressions and filters.

use arrow_array::cast::AsArray;
use testkit::run_job;

use crate::setup::{Bench, document};

#[tokio::test]
async fn constants_and_expressions_stand_where_the_list_has_them() {
    let bench = Bench::new("constants").with_rows(1, 3);
    let text = document(
        r#"["id", "'abc'", {"expression": "upper(name) || '!'", "name": "loud"}]"#,
        "",
        "{}",
    );
    run_job(&bench.run(&text)).await;
    let rows = bench.target.rows();
    assert_eq!(rows[2].column(1).as_string::<i32>().value(0), "abc");
    assert_eq!(rows[2].column(2).as_string::<i32>().value(0), "NAME 2!");
    assert_eq!(rows[2].schema().field(2).name(), "loud");
}

#[tokio::test]
async fn filtered_rows_are_counted_and_not_written() {
    let bench = Bench::new("filter").with_rows(2, 10);
    let text = document(
        r#"["id", "name"]"#,
        r#""filter": "id % 2 = 0 and name <> 'name 4'","#,
        "{}",
    );
    let ended = run_job(&bench.run(&text)).await;
    assert_eq!(bench.target.keys(), [0, 2, 6, 8, 10, 12, 14, 16, 18]);
    assert_eq!(
        (
            ended.report.counts.rows_filtered,
            ended.report.counts.rows_read
        ),
        (11, 20)
    );
}

#[tokio::test]
async fn a_failing_expression_makes_its_rows_dirty_only() {
    let bench = Bench::new("failing").with_rows(1, 10);
    let text = document(
        r#"["id", {"expression": "10 / (id - 4)", "name": "share"}]"#,
        "",
        "{}",
    );
    let ended = run_job(&bench.run(&text)).await;
    assert_eq!(bench.target.keys(), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
    assert_eq!(ended.report.counts.rows_dirty, 1);
}

#[tokio::test]
async fn an_expression_may_use_columns_that_the_list_leaves_out() {
    let bench = Bench::new("left out").with_rows(1, 3);
    let text = document(
        r#"[{"expression": "id * 2", "name": "twice"}]"#,
        r#""filter": "name = 'name 2'","#,
        "{}",
    );
    run_job(&bench.run(&text)).await;
    assert_eq!(bench.target.keys(), [4]);
}

#[tokio::test]
async fn every_bad_expression_is_reported_at_its_place() {
    let bench = Bench::new("bad expressions").with_rows(1, 3);
    let text = document(
        "[\"id\",\n{\"expression\": \"uper(name)\"},\n{\"expression\": \"1 +\"}]",
        "\n\"filter\": \"sum(id) > 1\",\n",
        "{}",
    );
    let error = bench.run(&text).plan().await.err().unwrap();
    for (line, message) in [
        (3, "there is no function `uper`"),
        (4, "cannot use expression `1 +`"),
        (7, "`sum` aggregates over many rows"),
    ] {
        let place = format!(" job:{line}:");
        let found = error
            .split("error: ")
            .any(|problem| problem.contains(message) && problem.contains(&place));
        assert!(found, "{place} {message} in\n{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_mapped_is_said_before_a_row_moves() {
    let bench = Bench::new("impossible").with_rows(1, 3);
    bench.target.offer(vec![testkit::id_column()], Vec::new());
    let text = document(r#"["id", "name"]"#, "", "{}");
    let error = bench.run(&text).plan().await.err().unwrap();
    assert!(
        error.contains("the reader has 2 columns (id, name) and the writer has 1 (id)"),
        "{error}"
    );
    let text = document(r#"["nmae"]"#, "", "{}");
    let error = bench.run(&text).plan().await.err().unwrap();
    assert!(error.contains("there is no column `nmae`"), "{error}");
}
