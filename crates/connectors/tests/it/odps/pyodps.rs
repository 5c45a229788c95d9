//! The official Python client against ours: it writes and we read, we write and it reads.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    DurationNanosecondType, Float64Type, IntervalYearMonthType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, RecordBatch};
use serde_json::{Value, json};
use tokio::process::Command;

use super::harness::{ACCESS_ID, ACCESS_KEY, PROJECT, Service};

/// The versions that the tests of the emulator name, too: both use one environment.
const PACKAGES: [&str; 6] = [
    "pyodps==0.13.2",
    "pyarrow==26.0.1",
    "pandas==3.1.1",
    "zstandard==0.25.0",
    "python-snappy==0.7.3",
    "lz4==4.4.5",
];

const COMPRESSIONS: [&str; 5] = ["none", "deflate", "zstd", "snappy", "lz4"];

/// The interpreter of an environment beside the build, made once and kept.
async fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("pyodps-venv");
    let interpreter = folder.join("bin/python3");
    // The tests of the emulator use the same environment; one makes it and the others wait.
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
        .await
        .unwrap()
        .unwrap();
    let mut test = Command::new(&interpreter);
    test.args(["-c", "import odps, pyarrow, pandas, zstandard, snappy, lz4"]);
    if !test
        .output()
        .await
        .is_ok_and(|output| output.status.success())
    {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).await;
        let mut install = Command::new(&interpreter);
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(PACKAGES);
        run(&mut install).await;
    }
    drop(lock);
    interpreter
}

async fn run(command: &mut Command) {
    let output = command
        .output()
        .await
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed; it needs python3 with venv and access to PyPI:\n{text}"
    );
}

async fn script(service: &Service, command: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/odps/pyodps.py");
    let mut python = Command::new(python().await);
    python.args([
        file,
        command,
        &service.endpoint(),
        PROJECT,
        ACCESS_ID,
        ACCESS_KEY,
    ]);
    run(&mut python).await;
}

const TABLE: &str = "id bigint, c_tinyint tinyint, c_smallint smallint, c_int int, c_float float, c_double double, c_boolean boolean, c_string string, c_varchar varchar(10), c_char char(3), c_binary binary, c_decimal decimal(38,18), c_date date, c_datetime datetime, c_timestamp timestamp, c_timestamp_ntz timestamp_ntz, c_json json, c_array array<bigint>, c_map map<string,bigint>, c_struct struct<x:bigint,y:string>";

/// DECIMAL here is the type of the first edition.
const RARE_TABLE: &str = "id bigint, c_decimal decimal, c_nested array<array<string>>, c_span interval_day_time, c_months interval_year_month";

/// The only batch of a table.
async fn read(service: &Service, table: &str, compression: &str) -> RecordBatch {
    let parameter = json!({"table": table, "column": ["*"], "compression": compression});
    let mut rows = service.read(parameter).await.unwrap();
    assert!(rows.unreadable.is_empty(), "{compression}");
    rows.batches.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_every_type_survive_both_ways_with_every_compression() {
    let service = Service::start().await;
    for compression in COMPRESSIONS {
        let table = format!("create table theirs_rare_{compression} ({RARE_TABLE})");
        service.sql_of_the_first_edition(&table).await;
    }
    script(&service, "write").await;
    for compression in COMPRESSIONS {
        let batch = read(&service, &format!("theirs_{compression}"), compression).await;
        are_theirs(&batch);
        let rare = read(&service, &format!("theirs_rare_{compression}"), compression).await;
        are_theirs_and_rare(&rare);
        let (ours, ours_rare) = (
            format!("ours_{compression}"),
            format!("ours_rare_{compression}"),
        );
        service
            .sql(&format!("create table {ours} ({TABLE});\n"))
            .await;
        service
            .sql_of_the_first_edition(&format!("create table {ours_rare} ({RARE_TABLE})"))
            .await;
        for (table, batch) in [(ours, batch), (ours_rare, rare)] {
            let parameter = json!({"table": table, "column": ["*"], "truncate": true, "compression": compression});
            // Two tasks, so that rows of several blocks are put together.
            let refused = service
                .write(parameter, &[batch.slice(0, 1), batch.slice(1, 3)])
                .await
                .unwrap();
            assert!(refused.is_empty(), "{refused:?}");
        }
    }
    script(&service, "check").await;
}

fn are_theirs(batch: &RecordBatch) {
    assert_eq!((batch.num_rows(), batch.num_columns()), (4, 20));
    let row = |number| Value::Object(sdk::row_to_json(batch, number));
    let first = row(0);
    assert_eq!(
        first,
        json!({
            "id": 1, "c_tinyint": 127, "c_smallint": 32767, "c_int": 2_147_483_647_i64, "c_float": "1.5",
            "c_double": "1.7976931348623157e308", "c_boolean": true, "c_string": "中文 😀\u{0}\t\n",
            "c_varchar": "中文字符", "c_char": "abc", "c_binary": {"hex": "00fffe"},
            "c_decimal": "99999999999999999999.999999999999999999", "c_date": "9999-12-31",
            "c_datetime": "9999-12-31T23:59:59.999Z", "c_timestamp": "2024-01-02T03:04:05.123456789Z",
            "c_timestamp_ntz": "1969-12-31T23:59:59.999999999", "c_json": "{\"a\": [1, null, \"x\"]}",
            "c_array": [1, null, -2], "c_map": first["c_map"], "c_struct": {"x": 7, "y": "a"}
        })
    );
    let second = row(1);
    assert_eq!(second["id"], json!("-9223372036854775807"));
    assert_eq!(second["c_string"], json!(""));
    assert_eq!(second["c_decimal"], json!("-0.000000000000000001"));
    assert_eq!(second["c_date"], json!("0001-01-01"));
    assert_eq!(second["c_struct"], json!({"x": null, "y": ""}));
    let nulls = row(3);
    assert!(
        nulls
            .as_object()
            .unwrap()
            .iter()
            .all(|(name, value)| value.is_null() != (name == "id")),
        "{nulls}"
    );
    let column = |name| batch.column_by_name(name).unwrap();
    assert_eq!(
        column("c_double").as_primitive::<Float64Type>().value(1),
        5e-324
    );
    assert_eq!(
        column("c_datetime")
            .as_primitive::<TimestampMillisecondType>()
            .value(1),
        -62_135_596_800_000
    );
    assert_eq!(
        column("c_timestamp")
            .as_primitive::<TimestampNanosecondType>()
            .value(1),
        -1
    );
    let map = column("c_map").as_map();
    assert_eq!(map.value(0).len(), 2);
    assert!(map.value(0).column(1).is_null(1));
}

fn are_theirs_and_rare(batch: &RecordBatch) {
    let rows: Vec<Value> = (0..batch.num_rows())
        .map(|row| Value::Object(sdk::row_to_json(batch, row)))
        .collect();
    let largest = format!("{}.{}", "9".repeat(36), "9".repeat(18));
    assert_eq!(
        rows[0],
        json!({
            "id": 1, "c_decimal": largest, "c_nested": [["a", null, "中"], [], null],
            "c_span": "PT86402.000000003S", "c_months": "1 years 2 mons"
        })
    );
    assert_eq!(rows[1]["c_decimal"], json!("-0.000000000000000001"));
    assert_eq!(rows[1]["c_nested"], json!([]));
    assert_eq!(rows[2]["c_nested"], json!([[""]]));
    assert_eq!(
        rows[3],
        json!({"id": 4, "c_decimal": null, "c_nested": null, "c_span": null, "c_months": null})
    );
    let spans = batch.column(3).as_primitive::<DurationNanosecondType>();
    assert_eq!(spans.value(1), -86_399_999_999_995);
    let months = batch.column(4).as_primitive::<IntervalYearMonthType>();
    assert_eq!((months.value(1), months.value(2)), (-14, 0));
}
