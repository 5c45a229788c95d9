//! Tables of as many columns as PostgreSQL allows, and cells of a size that nobody should have.

use std::fmt::Write;

use super::{STRICT, from_file, job, postgresql, to_file};
use crate::setup::Place;

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_hundred_columns() {
    let place = Place::new().await;
    let mut columns = String::new();
    for number in 0..1600 {
        let _ = write!(
            columns,
            "{}c{number} int",
            if number == 0 { "" } else { ", " }
        );
    }
    place
        .sql(&format!(
            "CREATE TABLE wide ({columns}); INSERT INTO wide (c0, c7, c1599) SELECT i, NULL, -i FROM generate_series(1, 300) i;
             CREATE TABLE target (LIKE wide)"
        ))
        .await;
    let arrived =
        "SELECT count(*) || ' ' || sum(c0) || ' ' || sum(c1599) || ' ' || count(c7) FROM target";
    place.moves(
        &job(&postgresql("wide"), &postgresql("target"), STRICT),
        300,
        0,
    );
    assert_eq!(place.value(arrived).await, "300 45150 -45150 0");
    for name in ["wide.parquet", "wide.csv"] {
        place.moves(&job(&postgresql("wide"), &to_file(name), STRICT), 300, 0);
        place.sql("TRUNCATE target").await;
        let back = from_file(&format!("out/{name}"), r#"["*"]"#);
        place.moves(&job(&back, &postgresql("target"), STRICT), 300, 0);
        assert_eq!(place.value(arrived).await, "300 45150 -45150 0", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_of_a_hundred_mebibytes() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE big (id int, note text); ALTER TABLE big ALTER note SET STORAGE EXTERNAL;
             INSERT INTO big VALUES (1, repeat('0123456789abcde\n', 100 * 1024 * 1024 / 16)), (2, NULL), (3, 'small');
             CREATE TABLE target (LIKE big INCLUDING ALL)",
        )
        .await;
    let limit = 1 << 20;
    let out = place
        .peak_of(&job(&postgresql("big"), &to_file("big.parquet"), STRICT))
        .await;
    assert!(out < limit, "reading took {out} KiB");
    let back = from_file("out/big.parquet", r#"["*"]"#);
    let peak = place
        .peak_of(&job(&back, &postgresql("target"), STRICT))
        .await;
    assert!(peak < limit, "writing took {peak} KiB");
    assert_eq!(
        place.value("SELECT count(*) FROM big b JOIN target t USING (id) WHERE b.note IS NOT DISTINCT FROM t.note").await,
        "3"
    );
    // MaxCompute takes cells of 8 MiB; the row is set aside with the reason, the others arrive.
    place
        .maxcompute_sql("CREATE TABLE big (id BIGINT, note STRING)")
        .await;
    let to_maxcompute = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "big", "column": ["*"], "truncate": true}}"#;
    place.refuses(
        &job(&postgresql("big"), to_maxcompute, STRICT),
        3,
        &["rows are dirty, the job tolerates none"],
    );
}
