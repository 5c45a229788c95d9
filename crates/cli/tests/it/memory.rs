//! Memory stays flat whatever the size of the table.

use crate::setup::Place;

fn job(rows: u64, writer: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{
            "reader": {{"plugin": "stream", "parameter": {{"rowCount": {rows}, "column": [
                {{"name": "id", "type": "long", "random": "1,1000000000"}}, {{"name": "name", "type": "string", "random": "20,40"}}]}}}},
            "writer": {writer}, "setting": {{"speed": {{"concurrent": 2}}}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_rows_take_the_same_memory() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE target (id bigint, name text)")
        .await;
    let writers = [
        r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "target", "column": ["*"]}}"#,
        r#"{"plugin": "file", "parameter": {"path": "out", "fileFormat": "csv", "writeMode": "truncate"}}"#,
    ];
    std::fs::create_dir(place.path("out")).unwrap();
    for writer in writers {
        let small = place.peak_of(&job(150_000, writer)).await;
        let large = place.peak_of(&job(1_500_000, writer)).await;
        assert_flat(small, large, writer);
    }
}

fn assert_flat(small: u64, large: u64, what: &str) {
    assert!(
        large < small * 3 / 2,
        "{small} KiB became {large} KiB: {what}"
    );
    assert!(large < 200 * 1024, "{large} KiB: {what}");
}

/// From PostgreSQL and back, by way of each store: what is written under a name, and read again.
fn round_trips(rows: &str) -> [(&'static str, String); 9] {
    let postgresql = |table: &str| {
        format!(
            r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{table}", "column": ["*"]}}}}"#
        )
    };
    let maxcompute = |more: &str| {
        format!(
            r#"{{"plugin": "odps", "parameter": {{"datasource": "odps_first", "table": "{rows}", "column": ["*"]{more}}}}}"#
        )
    };
    let to_file = |name: &str, more: &str| {
        format!(
            r#"{{"plugin": "file", "parameter": {{"path": "{rows}", "fileName": "{name}"{more}}}}}"#
        )
    };
    let from_file = |name: &str, columns: &str| {
        format!(
            r#"{{"plugin": "file", "parameter": {{"path": "{rows}/{name}", "column": [{columns}]}}}}"#
        )
    };
    let typed = r#"{"name": "id", "type": "bigint"}, {"name": "name", "type": "string"},
        {"name": "amount", "type": "decimal(15,2)"}"#;
    let job = |reader: &str, writer: &str| {
        format!(
            r#"{{"type": "job", "version": "1.0", "configuration": {{"reader": {reader}, "writer": {writer}}}}}"#
        )
    };
    let (source, target) = (postgresql(rows), postgresql("target"));
    [
        ("PostgreSQL to PostgreSQL", job(&source, &target)),
        (
            "PostgreSQL to Parquet",
            job(
                &source,
                &to_file("rows.parquet", r#", "rowGroupSize": 10000"#),
            ),
        ),
        (
            "PostgreSQL to MaxCompute",
            job(
                &source,
                &maxcompute(r#", "truncate": true, "blockSizeInMB": 4"#),
            ),
        ),
        (
            "Parquet to PostgreSQL",
            job(&from_file("rows.parquet", r#""*""#), &target),
        ),
        ("MaxCompute to PostgreSQL", job(&maxcompute(""), &target)),
        ("PostgreSQL to CSV", job(&source, &to_file("rows.csv", ""))),
        (
            "CSV to PostgreSQL",
            job(&from_file("rows.csv", r#""*""#), &target),
        ),
        (
            "PostgreSQL to JSON lines",
            job(&source, &to_file("rows.jsonl", "")),
        ),
        (
            "JSON lines to PostgreSQL",
            job(&from_file("rows.jsonl", typed), &target),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_rows_of_real_stores_take_the_same_memory() {
    let place = Place::new().await;
    let columns = "(id bigint, name text, amount numeric(15,2))";
    place.sql(&format!("CREATE TABLE target {columns}")).await;
    let mut peaks = Vec::new();
    // A run of the small table, too, fills all the blocks and batches that it holds at a time.
    for (rows, count) in [("small", 150_000), ("large", 1_500_000)] {
        place
            .sql(&format!(
                "CREATE TABLE {rows} {columns};
                 INSERT INTO {rows} SELECT i, repeat(md5(i::text), 4), i * 0.01 FROM generate_series(1, {count}) i"
            ))
            .await;
        place
            .maxcompute_sql(&format!(
                "CREATE TABLE {rows} (id BIGINT, name STRING, amount DECIMAL(15,2))"
            ))
            .await;
        for (what, document) in round_trips(rows) {
            peaks.push((what, place.peak_of(&document).await));
        }
        let arrived = place.value("SELECT count(*) FROM target").await;
        assert_eq!(arrived, (5 * count).to_string());
        place.sql("TRUNCATE target").await;
    }
    let (small, large) = peaks.split_at(peaks.len() / 2);
    for ((what, small), (_, large)) in small.iter().zip(large) {
        assert_flat(*small, *large, what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_rows_over_four_channels_take_the_same_memory() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE target (id bigint, name text)")
        .await;
    let mut peaks = Vec::new();
    // Each channel has more rows than it holds at a time, even of the small table.
    for (rows, count) in [("small", 300_000), ("large", 3_000_000)] {
        place
            .sql(&format!(
                "CREATE TABLE {rows} (id bigint PRIMARY KEY, name text);
                 INSERT INTO {rows} SELECT i, 'row ' || i FROM generate_series(1, {count}) i"
            ))
            .await;
        let document = format!(
            r#"{{"type": "job", "version": "1.0", "configuration": {{
                "reader": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{rows}",
                    "column": ["*"], "splitPk": "id"}}}},
                "writer": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "target",
                    "column": ["*"]}}}},
                "setting": {{"speed": {{"concurrent": 4}}}}}}}}"#
        );
        peaks.push(place.peak_of(&document).await);
        let arrived = place.value("SELECT count(*) FROM target").await;
        assert_eq!(arrived, count.to_string());
        place.sql("TRUNCATE target").await;
    }
    assert_flat(peaks[0], peaks[1], "four channels");
}
