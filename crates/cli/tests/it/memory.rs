//! Memory stays flat whatever the size of the table.

use crate::setup::Place;

/// The peak of resident memory of a run in KiB, as the kernel counts it.
async fn peak_of(place: &Place, rows: u64, writer: &str) -> u64 {
    place.write(
        "job.json",
        &format!(
            r#"{{"type": "job", "version": "1.0", "configuration": {{
                "reader": {{"plugin": "stream", "parameter": {{"rowCount": {rows}, "column": [
                    {{"name": "id", "type": "long", "random": "1,1000000000"}}, {{"name": "name", "type": "string", "random": "20,40"}}]}}}},
                "writer": {writer}, "setting": {{"speed": {{"concurrent": 2}}}}}}}}"#
        ),
    );
    let mut child = place.start(&["run", "job.json", "--quiet"]);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line
            .and_then(|line| line.trim().split(' ').next()?.parse().ok())
            .unwrap_or(peak);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    place.finished(child.wait_with_output().unwrap()).ok();
    peak
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
        let small = peak_of(&place, 150_000, writer).await;
        let large = peak_of(&place, 1_500_000, writer).await;
        assert!(
            large < small * 3 / 2,
            "{small} KiB became {large} KiB: {writer}"
        );
        assert!(large < 200 * 1024, "{large} KiB: {writer}");
    }
}
