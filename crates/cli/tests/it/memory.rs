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
        assert!(
            large < small * 3 / 2,
            "{small} KiB became {large} KiB: {writer}"
        );
        assert!(large < 200 * 1024, "{large} KiB: {writer}");
    }
}
