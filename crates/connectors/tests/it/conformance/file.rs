//! Files as the suite sees them: a folder per table, in three formats.

use std::fs::File;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::{DataType, TimeUnit};
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::conformance::{Cut, Misfit, Mode, ModeOutcome, Store, Subject, Table, TypeCase};

use super::{datasource, extremes, names};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
    Parquet,
}

/// A folder whose subfolders are tables.
struct Folder {
    root: TempDir,
    format: Format,
}

impl Format {
    /// The end of file names.
    fn suffix(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
            Format::Parquet => "parquet",
        }
    }

    fn ids(self, path: PathBuf) -> Vec<i64> {
        match self {
            // The tables whose ids are asked for have no line ends inside of fields.
            Format::Csv => std::fs::read_to_string(path)
                .unwrap()
                .lines()
                .skip(1)
                .map(|line| line.split(',').next().unwrap().parse().unwrap())
                .collect(),
            Format::JsonLines => std::fs::read_to_string(path)
                .unwrap()
                .lines()
                .map(|line| {
                    let row: Value = serde_json::from_str(line).unwrap();
                    row["id"].as_i64().unwrap()
                })
                .collect(),
            Format::Parquet => {
                let file = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap());
                let batches = file.unwrap().build().unwrap().map(Result::unwrap);
                batches
                    .flat_map(|batch| {
                        let ids = batch.column(0).as_primitive::<Int64Type>();
                        ids.values().to_vec()
                    })
                    .collect()
            }
        }
    }
}

impl Folder {
    /// The names in a table's folder: those of finished files, or all others.
    fn files(&self, table: &Table, finished: bool) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.root.path().join(&table.name)) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                let visible = !name.starts_with('.') && name.ends_with(self.format.suffix());
                visible == finished
            })
            .collect()
    }
}

impl Store for Folder {
    /// Files come into being by writing.
    fn create<'a>(&'a self, _table: &'a Table) -> BoxFuture<'a, ()> {
        async {}.boxed()
    }

    fn ids<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<i64>> {
        async move {
            let files = self.files(table, true).into_iter();
            let mut ids: Vec<i64> = files.flat_map(|path| self.format.ids(path)).collect();
            ids.sort_unstable();
            ids
        }
        .boxed()
    }

    fn leftovers<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<String>> {
        async move {
            let files = self.files(table, false).into_iter();
            files.map(|path| path.display().to_string()).collect()
        }
        .boxed()
    }

    fn reader(&self, table: &Table, cut: Cut) -> Value {
        let typed = || -> Vec<Value> {
            let columns = table.columns.iter();
            columns
                .map(|(name, native)| json!({ "name": name, "type": native }))
                .collect()
        };
        let column = match self.format {
            Format::Parquet => json!(names(table)),
            _ => json!(typed()),
        };
        let mut parameter = json!({ "path": table.name, "column": column });
        if self.format == Format::Csv {
            parameter["header"] = json!(true);
        }
        if cut == Cut::Fine {
            parameter["minSplitBytes"] = json!(64);
        }
        parameter
    }

    fn writer(&self, table: &Table) -> Value {
        let mut parameter = json!({
            "path": table.name, "fileName": format!("rows.{}", self.format.suffix())
        });
        match self.format {
            Format::Csv => parameter["header"] = json!(true),
            // Small enough that a few thousand rows make several row groups.
            Format::Parquet => parameter["rowGroupSize"] = json!(200),
            Format::JsonLines => {}
        }
        parameter
    }

    fn native(&self, data_type: &DataType) -> String {
        match data_type {
            DataType::Boolean => "boolean".into(),
            DataType::Int16 => "smallint".into(),
            DataType::Int32 => "integer".into(),
            DataType::Int64 => "bigint".into(),
            DataType::Float64 => "double".into(),
            DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
            DataType::Utf8 => "string".into(),
            DataType::Binary => "bytes".into(),
            DataType::Date32 => "date".into(),
            DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".into(),
            other => panic!("no table of the suite has {other}"),
        }
    }
}

pub(super) fn csv() -> Subject {
    let misfit = Misfit {
        native: "string".to_string(),
        value: "two,fields".to_string(),
        parameter: json!({ "quote": "none" }),
    };
    Subject {
        misfit: Some(misfit),
        ..subject("csv files", Format::Csv, extremes::text_files())
    }
}

pub(super) fn json_lines() -> Subject {
    subject("json files", Format::JsonLines, extremes::json_files())
}

pub(super) fn parquet() -> Subject {
    subject("parquet files", Format::Parquet, extremes::parquet_files())
}

fn subject(name: &'static str, format: Format, types: Vec<TypeCase>) -> Subject {
    let root = tempfile::tempdir().unwrap();
    let mode = |name: &'static str, outcome| Mode {
        name,
        parameter: json!({ "writeMode": name }),
        outcome,
    };
    Subject {
        name,
        registry: connectors::registry(),
        datasource: datasource("file", json!({ "root": root.path() })),
        store: Box::new(Folder { root, format }),
        types,
        modes: vec![
            mode("nonConflict", ModeOutcome::Refused),
            mode("append", ModeOutcome::Appended),
            mode("truncate", ModeOutcome::Replaced),
        ],
        misfit: None,
        most_columns: 1_600,
        locked_out: None,
        network: None,
    }
}
