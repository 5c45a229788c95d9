//! The emulator with a project, and the few steps of the engine that the tests need.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::Schema;
use futures::TryStreamExt;
use maxcompute::client::{Client, Endpoint};
use maxcompute::sign::Credentials;
use maxcompute_emulator::{Access, KeyPair, Options, Server, serve};
use sdk::{
    Browser, Column, Error, ReadOptions, Reader, Receipt, RefusedRow, Split, State, TaskId,
    UnreadableRow, WritePlan, Writer,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::drive;

pub(crate) const PROJECT: &str = "demo";
pub(crate) const ACCESS_ID: &str = "tester";
pub(crate) const ACCESS_KEY: &str = "not-a-real-key";

/// A running emulator, its data, and a client for what connectors do not do.
pub(crate) struct Service {
    server: Server,
    pub client: Client,
    _folder: TempDir,
}

/// What reading all splits gave.
#[derive(Debug)]
pub(crate) struct Rows {
    pub batches: Vec<RecordBatch>,
    pub unreadable: Vec<UnreadableRow>,
}

impl Rows {
    pub(crate) fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The numbers of a BIGINT column, sorted.
    pub(crate) fn numbers(&self, column: usize) -> Vec<i64> {
        let mut numbers: Vec<i64> = self
            .batches
            .iter()
            .flat_map(|batch| {
                batch
                    .column(column)
                    .as_primitive::<Int64Type>()
                    .iter()
                    .flatten()
            })
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// The texts of a column in the order they came.
    pub(crate) fn texts(&self, column: usize) -> Vec<Option<String>> {
        self.batches
            .iter()
            .flat_map(|batch| {
                batch
                    .column(column)
                    .as_string::<i32>()
                    .iter()
                    .map(|text| text.map(str::to_string))
            })
            .collect()
    }
}

impl Service {
    pub(crate) async fn start() -> Service {
        Service::start_with(KeyPair::new(ACCESS_ID, ACCESS_KEY)).await
    }

    pub(crate) async fn start_with(keys: KeyPair) -> Service {
        let folder = TempDir::new().unwrap();
        let region = keys.required_region.clone();
        let security_token = keys.security_token.clone();
        let server = serve(Options {
            data: folder.path().to_path_buf(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            project: PROJECT.to_string(),
            access: Access::Keys(keys),
        })
        .await
        .unwrap();
        let endpoint = Endpoint::new(server.endpoint().parse().unwrap(), PROJECT);
        let credentials = Credentials {
            access_id: ACCESS_ID.into(),
            access_key: ACCESS_KEY.into(),
            security_token,
            region,
        };
        let client = Client::new(endpoint, credentials).unwrap();
        Service {
            server,
            client,
            _folder: folder,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    pub(crate) fn config(&self) -> Value {
        json!({
            "endpoint": self.server.endpoint(), "project": PROJECT,
            "accessId": ACCESS_ID, "accessKey": ACCESS_KEY
        })
    }

    /// The datasource with some fields changed.
    pub(crate) fn config_with(&self, change: &Value) -> Value {
        let mut config = self.config();
        let fields = change.as_object().unwrap().clone();
        config.as_object_mut().unwrap().extend(fields);
        config
    }

    /// Runs statements, separated by semicolons at line ends.
    pub(crate) async fn sql(&self, statements: &str) {
        for statement in statements
            .split(";\n")
            .filter(|text| !text.trim().is_empty())
        {
            self.run(
                statement,
                &[
                    ("odps.sql.type.system.odps2", "true"),
                    ("odps.sql.decimal.odps2", "true"),
                ],
            )
            .await;
        }
    }

    /// Runs a statement where DECIMAL alone means the type of the first edition.
    pub(crate) async fn sql_of_the_first_edition(&self, statement: &str) {
        self.run(statement, &[("odps.sql.decimal.odps2", "false")])
            .await;
    }

    async fn run(&self, statement: &str, settings: &[(&str, &str)]) {
        self.client
            .run_sql(statement, settings)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// Puts faults in force.
    pub(crate) async fn faults(&self, faults: Value) {
        let answer = self
            .control("POST", "/emulator/faults", &faults.to_string())
            .await;
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }

    /// How often an operation was asked for.
    pub(crate) async fn count(&self, operation: &str) -> u64 {
        self.stats().await["operations"][operation]
            .as_u64()
            .unwrap_or(0)
    }

    /// How many faults were injected so far.
    pub(crate) async fn fault_count(&self) -> u64 {
        self.stats().await["faults"].as_u64().unwrap()
    }

    async fn stats(&self) -> Value {
        let answer = self.control("GET", "/emulator/stats", "").await;
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(body).unwrap()
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.server.address()).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub(crate) async fn reader(&self, parameter: Value) -> Result<Box<dyn Reader>, Error> {
        drive::reader("odps", &self.config(), &parameter).await
    }

    pub(crate) async fn writer(&self, parameter: Value) -> Result<Box<dyn Writer>, Error> {
        drive::writer("maxcompute", &self.config(), &parameter).await
    }

    pub(crate) async fn browser(&self) -> Box<dyn Browser> {
        drive::browser("odps", &self.config()).await
    }

    /// Reads everything that a job with these parameters would read.
    pub(crate) async fn read(&self, parameter: Value) -> Result<Rows, Error> {
        let reader = self.reader(parameter).await?;
        let schema = reader.schema().await?;
        let splits = reader.splits(3).await?.splits;
        let mut rows = Rows {
            batches: Vec::new(),
            unreadable: Vec::new(),
        };
        for split in &splits {
            let part = read_split(reader.as_ref(), split).await?;
            rows.batches.extend(part.batches);
            rows.unreadable.extend(part.unreadable);
        }
        for batch in &rows.batches {
            let fields: Vec<_> = schema.iter().map(Column::field).collect();
            assert_eq!(batch.schema().as_ref(), &Schema::new(fields));
        }
        Ok(rows)
    }

    /// Writes batches as so many tasks of one job, and commits.
    pub(crate) async fn write(
        &self,
        parameter: Value,
        tasks: &[RecordBatch],
    ) -> Result<Vec<RefusedRow>, Error> {
        let writer = self.writer(parameter).await?;
        let columns = writer.schema(&[]).await?;
        let count = u32::try_from(tasks.len()).unwrap();
        let prepared = writer.prepare(&plan(columns, count, None)).await?;
        let mut receipts = Vec::new();
        let mut refused = Vec::new();
        for (task, batch) in (0..).zip(tasks) {
            let done = write_task(
                writer.as_ref(),
                &prepared,
                TaskId(task),
                std::slice::from_ref(batch),
            )
            .await?;
            receipts.push(done.receipt);
            refused.extend(done.refused);
        }
        writer.commit(&prepared, &receipts).await?;
        Ok(refused)
    }
}

pub(crate) fn plan(columns: Vec<Column>, task_count: u32, previous: Option<State>) -> WritePlan {
    WritePlan {
        columns,
        task_count,
        previous,
    }
}

pub(crate) struct Done {
    pub receipt: Receipt,
    pub seal: State,
    pub refused: Vec<RefusedRow>,
    pub row_count: u64,
}

/// One attempt of a task from its first row to its receipt.
pub(crate) async fn write_task(
    writer: &dyn Writer,
    prepared: &State,
    task: TaskId,
    batches: &[RecordBatch],
) -> Result<Done, Error> {
    let mut attempt = writer.task(prepared, task).await?;
    let (mut refused, mut row_count) = (Vec::new(), 0);
    for batch in batches {
        let written = attempt.write(batch.clone()).await?;
        row_count += written.row_count;
        refused.extend(written.refused);
    }
    let sealed = attempt.seal().await?;
    row_count += sealed.written.row_count;
    refused.extend(sealed.written.refused);
    let given: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(row_count + refused.len() as u64, given as u64);
    let receipt = attempt.publish().await?;
    Ok(Done {
        receipt,
        seal: sealed.state,
        refused,
        row_count,
    })
}

pub(crate) async fn read_split(reader: &dyn Reader, split: &Split) -> Result<Rows, Error> {
    let options = ReadOptions {
        wire: Vec::new(),
        batch_rows: 4_096,
        batch_bytes: 4 << 20,
    };
    let mut stream = reader.read(split, &options).await?;
    let mut rows = Rows {
        batches: Vec::new(),
        unreadable: Vec::new(),
    };
    while let Some(read) = stream.try_next().await? {
        assert!(read.batch.num_rows() <= options.batch_rows);
        rows.batches.push(read.batch);
        rows.unreadable.extend(read.unreadable);
    }
    Ok(rows)
}

/// A batch of an `id` and a `name`.
pub(crate) fn people(ids: std::ops::Range<i64>) -> RecordBatch {
    let names: StringArray = ids
        .clone()
        .map(|id| (id % 7 != 0).then(|| format!("name {id}")))
        .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(ids))),
        ("name", Arc::new(names)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Rows of about 64 KiB, so that a few of them fill a block of 1 MiB.
pub(crate) fn bulky(ids: std::ops::Range<i64>) -> RecordBatch {
    let names: StringArray = ids.clone().map(|id| Some(format!("{id:065000}"))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(ids))),
        ("name", Arc::new(names)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Unwraps the error of something that has no `Debug`.
pub(crate) fn error_of<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error,
    }
}
