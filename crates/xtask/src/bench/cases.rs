//! The list of benchmarks: what is copied, against whom, and how fast it must be.

use std::path::Path;

use serde_json::{Value, json};

/// One copy, done by us and by others.
pub(super) struct Case {
    pub name: &'static str,
    pub title: &'static str,
    /// How many rows the copy moves.
    pub rows: Rows,
    pub target: Target,
    pub reader: Value,
    pub writer: Value,
    pub channels: usize,
    /// Who else does it, by a shell line.
    pub peers: Vec<(&'static str, String)>,
    pub limit: Limit,
}

/// What is emptied before each run, counted after it where that is cheap, and once compared with the
/// source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// A table in PostgreSQL.
    Table(&'static str),
    /// Files below this path of ours.
    Files(&'static str),
    /// A table in MaxCompute, which every run overwrites.
    Overwritten(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rows {
    All,
    One,
}

impl Rows {
    pub(super) fn count(self, all: u64) -> u64 {
        match self {
            Rows::All => all,
            Rows::One => 1,
        }
    }

    /// A table that holds just these rows.
    pub(super) fn table(self) -> &'static str {
        match self {
            Rows::All => "source_heap",
            Rows::One => "one_row",
        }
    }
}

/// What the measured figures must keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    /// Our wall time, as a multiple of the fastest peer's.
    Ratio(f64),
    /// Our wall time itself.
    Seconds(f64),
}

/// Every case; the shell lines find the script of the peers as `$PYTHON $PEERS`.
pub(super) fn all(rows: u64, folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, title, shape) in [
        ("heap", "PostgreSQL → PostgreSQL, heap, one channel", "heap"),
        (
            "keyed",
            "PostgreSQL → PostgreSQL, primary key, one channel",
            "keyed",
        ),
    ] {
        cases.push(Case {
            peers: vec![("psql COPY binary", psql_pipe(shape, ""))],
            ..copy(name, title, shape, 1)
        });
    }
    for (name, title, shape) in [
        (
            "heap-4",
            "PostgreSQL → PostgreSQL, heap, four channels",
            "heap",
        ),
        (
            "keyed-4",
            "PostgreSQL → PostgreSQL, primary key, four channels",
            "keyed",
        ),
    ] {
        cases.push(Case {
            peers: vec![("psql COPY binary × 4", four_pipes(shape, rows))],
            ..copy(name, title, shape, 4)
        });
    }
    cases.push(to_parquet(folder));
    for (name, title, shape) in [
        ("from-csv", "CSV → PostgreSQL, heap", "heap"),
        ("from-csv-keyed", "CSV → PostgreSQL, primary key", "keyed"),
    ] {
        cases.push(from_csv(name, title, shape));
    }
    for (name, title, shape) in [
        ("from-parquet", "Parquet → PostgreSQL, heap", "heap"),
        (
            "from-parquet-keyed",
            "Parquet → PostgreSQL, primary key",
            "keyed",
        ),
    ] {
        cases.push(from_parquet(name, title, shape));
    }
    cases.extend(maxcompute());
    cases.push(Case {
        name: "start",
        title: "start to the end of a copy of one row",
        rows: Rows::One,
        target: Target::Table("one_row_copy"),
        reader: postgresql("one_row", ""),
        writer: postgresql("one_row_copy", ""),
        channels: 1,
        peers: Vec::new(),
        limit: Limit::Seconds(0.1),
    });
    cases
}

fn copy(name: &'static str, title: &'static str, shape: &str, channels: usize) -> Case {
    let table = if shape == "heap" {
        "target_heap"
    } else {
        "target_keyed"
    };
    Case {
        name,
        title,
        rows: Rows::All,
        target: Target::Table(table),
        reader: postgresql(&format!("source_{shape}"), "id"),
        writer: postgresql(table, ""),
        channels,
        peers: Vec::new(),
        limit: Limit::Ratio(1.0),
    }
}

fn to_parquet(folder: &Path) -> Case {
    let peer = |name: &str| {
        let file = folder.join(format!("{name}.parquet"));
        format!("$PYTHON $PEERS {name} source_heap {}", file.display())
    };
    Case {
        name: "to-parquet",
        title: "PostgreSQL → Parquet (snappy), two channels",
        // Both cores, as DuckDB does: two sessions that read ranges of blocks.
        reader: json!({"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql",
            "table": "public.source_heap", "column": ["*"], "splitMode": "auto"}}),
        target: Target::Files("parquet-out"),
        writer: json!({"plugin": "file", "parameter": {"path": "parquet-out",
            "fileFormat": "parquet", "compress": "snappy", "column": ["*"]}}),
        peers: vec![
            ("DuckDB", peer("duckdb_out")),
            ("ConnectorX + pyarrow", peer("connectorx_out")),
            ("ADBC + pyarrow", peer("adbc_out")),
        ],
        ..copy("to-parquet", "", "heap", 2)
    }
}

fn from_csv(name: &'static str, title: &'static str, shape: &str) -> Case {
    Case {
        reader: json!({"plugin": "file", "parameter":
            {"path": "source.csv", "fileFormat": "csv", "header": true, "column": ["*"]}}),
        peers: vec![(
            "psql \\copy",
            format!("psql -Xqc \"\\copy target_{shape} from 'source.csv' (format csv, header)\""),
        )],
        limit: Limit::Ratio(1.1),
        ..copy(name, title, shape, 1)
    }
}

fn from_parquet(name: &'static str, title: &'static str, shape: &str) -> Case {
    let peer = |name: &str| format!("$PYTHON $PEERS {name} source.parquet target_{shape}");
    Case {
        reader: json!({"plugin": "file", "parameter":
            {"path": "source.parquet", "fileFormat": "parquet", "column": ["*"]}}),
        peers: vec![("DuckDB", peer("duckdb_in")), ("ADBC", peer("adbc_in"))],
        ..copy(name, title, shape, 1)
    }
}

/// What brings the rows of a MaxCompute table into `target_heap`.
pub(super) fn fetch(table: &str) -> Case {
    from_maxcompute("fetch", "", table, "heap")
}

fn from_maxcompute(name: &'static str, title: &'static str, table: &str, shape: &str) -> Case {
    Case {
        reader: json!({"plugin": "odps", "parameter":
            {"datasource": "odps_first", "table": table, "column": ["*"]}}),
        peers: vec![(
            "pyodps",
            format!("$PYTHON $PEERS pyodps_in {table} target_{shape}"),
        )],
        limit: Limit::Ratio(0.2),
        ..copy(name, title, shape, 1)
    }
}

fn maxcompute() -> [Case; 3] {
    let (written, source) = ("bench_target", "bench_source");
    [
        Case {
            name: "to-maxcompute",
            title: "PostgreSQL → MaxCompute emulator",
            target: Target::Overwritten(written),
            writer: json!({"plugin": "odps", "parameter":
                {"datasource": "odps_first", "table": written, "column": ["*"], "truncate": true}}),
            peers: vec![(
                "pyodps",
                format!("$PYTHON $PEERS pyodps_out source_heap {written}"),
            )],
            limit: Limit::Ratio(0.2),
            ..copy("to-maxcompute", "", "heap", 1)
        },
        from_maxcompute(
            "from-maxcompute",
            "MaxCompute emulator → PostgreSQL, heap",
            source,
            "heap",
        ),
        from_maxcompute(
            "from-maxcompute-keyed",
            "MaxCompute emulator → PostgreSQL, primary key",
            source,
            "keyed",
        ),
    ]
}

fn postgresql(table: &str, split_key: &str) -> Value {
    let mut parameter =
        json!({"datasource": "l_PostGreSql", "table": format!("public.{table}"), "column": ["*"]});
    if !split_key.is_empty() {
        parameter["splitPk"] = json!(split_key);
    }
    json!({"plugin": "postgresql", "parameter": parameter})
}

/// The same copy by the server's own client; a condition makes it a part of the rows.
fn psql_pipe(shape: &str, condition: &str) -> String {
    let source = match condition {
        "" => format!("source_{shape}"),
        condition => format!("(select * from source_{shape} where {condition})"),
    };
    format!(
        "psql -Xqc 'copy {source} to stdout (format binary)' | \
         psql -Xqc 'copy target_{shape} from stdin (format binary)'"
    )
}

fn four_pipes(shape: &str, rows: u64) -> String {
    let mut line = String::new();
    for quarter in 0..4 {
        let (low, high) = (quarter * rows / 4, (quarter + 1) * rows / 4);
        let pipe = psql_pipe(shape, &format!("id > {low} and id <= {high}"));
        line += &format!("({pipe}) & ");
    }
    line + "wait"
}

/// The job document of a case.
pub(super) fn document(case: &Case) -> Value {
    json!({"type": "job", "version": "1.0", "configuration": {
        "reader": case.reader,
        "writer": case.writer,
        "setting": {"speed": {"concurrent": case.channels}, "errorLimit": {"record": 0}},
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_case_is_whole() {
        let cases = all(1000, Path::new("x"));
        for (index, case) in cases.iter().enumerate() {
            assert!(!case.title.is_empty(), "{}", case.name);
            assert!(
                cases[..index].iter().all(|other| other.name != case.name),
                "{}",
                case.name
            );
            let alone = case.peers.is_empty();
            assert_eq!(
                matches!(case.limit, Limit::Seconds(_)),
                alone,
                "{}",
                case.name
            );
        }
    }

    #[test]
    fn peers_write_the_table_that_we_write() {
        for case in all(1000, Path::new("x")) {
            let Target::Table(table) = case.target else {
                continue;
            };
            assert_eq!(
                case.writer["parameter"]["table"],
                format!("public.{table}"),
                "{}",
                case.name
            );
            for (_, line) in &case.peers {
                assert!(line.contains(table), "{}: {line}", case.name);
            }
        }
    }

    #[test]
    fn files_are_brought_into_a_heap_and_into_a_table_with_a_key() {
        let cases = all(1000, Path::new("x"));
        for source in ["from-csv", "from-parquet", "from-maxcompute"] {
            for (name, table) in [
                (source.to_owned(), "target_heap"),
                (format!("{source}-keyed"), "target_keyed"),
            ] {
                let case = cases.iter().find(|case| case.name == name).unwrap();
                assert_eq!(case.target, Target::Table(table));
            }
        }
    }

    #[test]
    fn four_pipes_cover_every_row_once() {
        let line = four_pipes("heap", 10);
        for range in [
            "id > 0 and id <= 2)",
            "id > 2 and id <= 5)",
            "id > 5 and id <= 7)",
            "id > 7 and id <= 10)",
        ] {
            assert!(line.contains(range), "{line}");
        }
    }

    #[test]
    fn split_keys_are_written_when_there_is_one() {
        let cases = all(1000, Path::new("x"));
        let document = document(&cases[2]);
        let configuration = &document["configuration"];
        assert_eq!(configuration["reader"]["parameter"]["splitPk"], "id");
        assert_eq!(configuration["writer"]["parameter"].get("splitPk"), None);
        assert_eq!(configuration["setting"]["speed"]["concurrent"], 4);
    }
}
