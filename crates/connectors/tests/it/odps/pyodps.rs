//! The official Python client against ours: it writes and we read, we write and it reads.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMillisecondType, TimestampNanosecondType};
use serde_json::{Value, json};
use tokio::process::Command;

use super::harness::{ACCESS_ID, ACCESS_KEY, PROJECT, Service};

const PACKAGES: [&str; 3] = ["pyodps==0.13.2", "pyarrow", "pandas"];

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
    test.args(["-c", "import odps, pyarrow, pandas"]);
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

async fn script(service: &Service, command: &str, table: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/odps/pyodps.py");
    let mut python = Command::new(python().await);
    python.args([
        file,
        command,
        &service.endpoint(),
        PROJECT,
        ACCESS_ID,
        ACCESS_KEY,
        table,
    ]);
    run(&mut python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_every_type_survive_both_ways() {
    let service = Service::start().await;
    script(&service, "write", "theirs").await;

    let mut rows = service
        .read(json!({"table": "theirs", "column": ["*"]}))
        .await
        .unwrap();
    assert!(rows.unreadable.is_empty());
    let batch = rows.batches.pop().unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (4, 20));
    let row = |number| Value::Object(sdk::row_to_json(&batch, number));
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

    service
        .sql("create table ours (id bigint, c_tinyint tinyint, c_smallint smallint, c_int int, c_float float, c_double double, c_boolean boolean, c_string string, c_varchar varchar(10), c_char char(3), c_binary binary, c_decimal decimal(38,18), c_date date, c_datetime datetime, c_timestamp timestamp, c_timestamp_ntz timestamp_ntz, c_json json, c_array array<bigint>, c_map map<string,bigint>, c_struct struct<x:bigint,y:string>);\n")
        .await;
    for compression in ["none", "zstd"] {
        let parameter =
            json!({"table": "ours", "column": ["*"], "truncate": true, "compression": compression});
        // Two tasks, so that rows of several blocks are put together.
        let refused = service
            .write(parameter, &[batch.slice(0, 1), batch.slice(1, 3)])
            .await
            .unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        script(&service, "check", "ours").await;
    }
}
