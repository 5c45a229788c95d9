//! The writer: one transaction per task, rows by binary COPY in chunks, each under a savepoint so that
//! refused rows can be put aside. Finding those rows is in `isolate`, ways around conflicts in `merge`.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use async_trait::async_trait;
use sdk::{
    Column, Error, Kind, Receipt, RefusedRow, Result, Retry, Sealed, State, TaskId, TaskWriter,
    WritePlan, Writer, Written,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::config::{Datasource, WriterParameters};
use super::connect::connect;
use super::copy::encode::{Encoded, encode, write_header, write_trailer};
use super::exchange::CopyIn;
use super::fault::{Failure, Outcome};
use super::idle::Idle;
use super::merge::Route;
use super::session::Session;
use super::sql::literal;
use super::target::{OnConflict, Target, target};

/// A chunk ends after so many rows or bytes: what a refused row makes the server do again, and what
/// is kept here for that.
const CHUNK_ROWS: usize = 65_536;
const CHUNK_BYTES: usize = 16 << 20;

/// Opens the writer; connects when [`Writer::schema`] is called.
pub(crate) async fn open(
    source: Datasource,
    parameters: WriterParameters,
) -> Result<Box<dyn Writer>> {
    Ok(Box::new(PgWriter {
        source,
        parameters,
        target: OnceCell::new(),
        idle: Arc::new(Idle::default()),
    }))
}

struct PgWriter {
    source: Datasource,
    parameters: WriterParameters,
    target: OnceCell<Arc<Target>>,
    /// Sessions outside any transaction, as they were set up.
    idle: Arc<Idle>,
}

/// What tells whether a sealed task was committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seal {
    /// The transaction's number, as text since it has 64 bits.
    xid: String,
    /// The server that gave the number; another one may have given it to another transaction.
    server: String,
}

/// What tells this server from others, and from the replica that takes its place: the cluster and, if
/// the server says it, the timeline. Empty if it says neither.
async fn identity(session: &Session) -> Result<String> {
    const QUESTIONS: [&str; 2] = [
        "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) \
         FROM pg_catalog.pg_control_system()",
        "SELECT system_identifier::text FROM pg_catalog.pg_control_system()",
    ];
    for question in QUESTIONS {
        match session.value(question).await {
            Ok(answer) => return Ok(answer.unwrap_or_default()),
            // Not all roles and servers answer.
            Err(Failure::Server(_)) => {}
            Err(lost) => return Err(lost.into_error("cannot ask for the server's identity")),
        }
    }
    Ok(String::new())
}

impl PgWriter {
    async fn session(&self) -> Result<Session> {
        match self.idle.take(None) {
            Some(session) => Ok(session),
            None => connect(&self.source, &self.parameters.session).await,
        }
    }

    async fn target(&self) -> Result<&Arc<Target>> {
        let look = || async {
            let session = self.session().await?;
            let target = Arc::new(target(&session, &self.parameters).await?);
            self.idle.give(None, session);
            Ok(target)
        };
        self.target.get_or_try_init(look).await
    }

    async fn run_all(&self, field: &str, statements: &[String], advice: &str) -> Result<()> {
        if statements.is_empty() {
            return Ok(());
        }
        let table = self.target().await?.table.sql();
        // Dropped at the end, for statements of the user may leave settings behind.
        let session = self.session().await?;
        for (number, statement) in statements.iter().enumerate() {
            let statement = statement.replace("@table", &table);
            session.run(&statement).await.map_err(|failure| {
                let what = format!("`{field}` statement {} failed", number + 1);
                failure.in_field(what, Some(advice))
            })?;
        }
        Ok(())
    }
}

#[async_trait]
impl Writer for PgWriter {
    async fn schema(&self, _source: &[Column]) -> Result<Vec<Column>> {
        let target = self.target().await?;
        Ok(target
            .columns
            .iter()
            .map(|column| column.column.clone())
            .collect())
    }

    async fn prepare(&self, plan: &WritePlan) -> Result<State> {
        if let Some(previous) = &plan.previous {
            return Ok(previous.clone());
        }
        let advice =
            "mend `preSql`: no row was written, and only the statements before this one ran";
        self.run_all("preSql", &self.parameters.pre_sql, advice)
            .await?;
        // That there is a state tells later processes of the run that it was done.
        Ok(State::default())
    }

    async fn task(&self, _prepared: &State, task: TaskId) -> Result<Box<dyn TaskWriter>> {
        let target = self.target().await?.clone();
        let session = self.session().await?;
        let what = format!("cannot write to {}", target.table.display());
        // Asked before the transaction, which a refusal would end.
        let server = identity(&session).await?;
        let begun = session.run("BEGIN").await;
        begun.map_err(|failure| failure.into_error(&what))?;
        Ok(Box::new(PgTask {
            task,
            idle: self.idle.clone(),
            server,
            sealed: None,
            load: Load {
                session,
                target,
                route: None,
                is_marked: false,
                most_refused: u64::MAX,
                out: Vec::new(),
            },
            open: None,
            what,
        }))
    }

    async fn recover(
        &self,
        _prepared: &State,
        task: TaskId,
        seal: &State,
    ) -> Result<Option<Receipt>> {
        let stored: Seal = seal.read()?;
        let target = self.target().await?;
        let session = self.session().await?;
        let unsure = |why: &str| {
            Error::new(
                Kind::Conflict,
                format!("cannot tell whether task {task} was committed: {why}"),
            )
            .hint(format!(
                "look whether its rows are in {} before running the job again",
                target.table.display()
            ))
        };
        if stored.server != identity(&session).await? {
            return Err(unsure(
                "it was sealed on another server, or before a replica took over",
            ));
        }
        let sql = format!("SELECT txid_status({})", literal(&stored.xid));
        let status = match session.value(&sql).await {
            Ok(status) => status,
            Err(Failure::Server(error)) => return Err(unsure(&error.message)),
            Err(failure) => return Err(failure.into_error("cannot recover a task")),
        };
        match status.as_deref() {
            Some("committed") => Ok(Some(Receipt {
                task,
                state: seal.clone(),
            })),
            Some("aborted") => Ok(None),
            // The server has not noticed yet that its client is dead, or is still committing.
            Some("in progress") => Err(unsure("its transaction is still open").retry(Retry::Now)),
            _ => Err(unsure("the server has forgotten its transaction")),
        }
    }

    async fn commit(&self, _prepared: &State, _receipts: &[Receipt]) -> Result<()> {
        let advice =
            "all rows are in the table: mend `postSql`, and run by hand what is left of it";
        self.run_all("postSql", &self.parameters.post_sql, advice)
            .await
    }

    async fn abort(&self, _prepared: &State) -> Result<()> {
        // Open transactions end with their connections; there is nothing else to remove.
        Ok(())
    }
}

/// A task's transaction and the ways rows get into it.
pub(crate) struct Load {
    pub(crate) session: Session,
    pub(crate) target: Arc<Target>,
    /// Decided by the first batch, which says which columns come in wire form.
    pub(crate) route: Option<Route>,
    /// Whether a savepoint stands.
    is_marked: bool,
    /// With more refused rows than these the run ends.
    pub(crate) most_refused: u64,
    /// Reused for every batch.
    out: Vec<u8>,
}

impl Load {
    /// The statements that set the next savepoint. What came since the last one is kept; letting go of
    /// it only now saves a round trip for each chunk, in which the server would stand still.
    pub(crate) fn next_savepoint(&mut self) -> &'static str {
        if std::mem::replace(&mut self.is_marked, true) {
            "RELEASE SAVEPOINT longshore; SAVEPOINT longshore"
        } else {
            "SAVEPOINT longshore"
        }
    }

    /// Sets the savepoint and starts the COPY of a chunk or a part of one.
    pub(crate) async fn start(&mut self, route: &Route) -> Outcome<CopyIn> {
        let mut copy = if self.target.on_conflict == OnConflict::Fail {
            self.session.copy_in(&route.copy).await?
        } else {
            let sql = format!("{}; {}", self.next_savepoint(), route.copy);
            self.session.copy_in(&sql).await?
        };
        self.out.clear();
        write_header(&mut self.out);
        copy.send(&self.out).await?;
        Ok(copy)
    }

    /// Ends the COPY and merges what it staged.
    pub(crate) async fn finish(&mut self, route: &Route, mut copy: CopyIn) -> Outcome<()> {
        self.out.clear();
        write_trailer(&mut self.out);
        copy.send(&self.out).await?;
        copy.finish().await?;
        if let Some(stage) = &route.stage {
            self.session.run(&stage.merge).await?;
        }
        Ok(())
    }

    /// Forgets what happened since the last savepoint.
    pub(crate) async fn undo(&mut self) -> Outcome<()> {
        self.is_marked = false;
        self.session
            .run("ROLLBACK TO SAVEPOINT longshore; RELEASE SAVEPOINT longshore")
            .await
    }

    /// Sends the rows of a batch; returns their bytes.
    pub(crate) async fn send(
        &mut self,
        copy: &mut CopyIn,
        encoded: &Encoded,
        first_number: Option<i64>,
    ) -> Outcome<usize> {
        self.out.clear();
        encoded.write(first_number, &mut self.out);
        copy.send(&self.out).await?;
        Ok(self.out.len())
    }
}

/// A chunk whose COPY is running.
struct OpenChunk {
    copy: CopyIn,
    /// Kept until the server has taken them all; empty if rows are not isolated.
    batches: Vec<RecordBatch>,
    row_count: usize,
    byte_count: usize,
}

impl OpenChunk {
    fn is_full(&self) -> bool {
        self.row_count >= CHUNK_ROWS || self.byte_count >= CHUNK_BYTES
    }
}

struct PgTask {
    task: TaskId,
    idle: Arc<Idle>,
    server: String,
    sealed: Option<State>,
    load: Load,
    open: Option<OpenChunk>,
    what: String,
}

impl PgTask {
    fn error(&self, failure: Failure) -> Error {
        failure.into_error(&self.what)
    }

    /// The way into the table, decided by the first batch.
    async fn route(&mut self, batch: &RecordBatch) -> Result<Route> {
        if let Some(route) = &self.load.route {
            return Ok(route.clone());
        }
        let route = Route::new(&self.load.target, batch);
        if let Some(stage) = &route.stage {
            let made = self.load.session.run(&stage.create).await;
            made.map_err(|failure| self.error(failure))?;
        }
        self.load.route = Some(route.clone());
        Ok(route)
    }

    /// Encodes a batch without the rows that PostgreSQL would certainly refuse.
    fn sift(
        &self,
        route: &Route,
        batch: RecordBatch,
        written: &mut Written,
    ) -> Result<(RecordBatch, Encoded)> {
        let mut encoded = encode(&batch, &route.codings)?;
        if encoded.refused.is_empty() {
            return Ok((batch, encoded));
        }
        let mut refused = std::mem::take(&mut encoded.refused);
        // One reason per row, in the order of the rows.
        refused.sort_by_key(|(place, (row, _))| (*row, *place));
        refused.dedup_by_key(|(_, (row, _))| *row);
        let given = Arc::new(batch);
        let mut kept = vec![true; given.num_rows()];
        for (place, (row, reason)) in refused {
            kept[row] = false;
            written.refused.push(RefusedRow {
                batch: given.clone(),
                row,
                column: Some(self.load.target.columns[place].column.name.clone()),
                reason,
            });
        }
        let batch = filter_record_batch(&given, &BooleanArray::from(kept))?;
        let encoded = encode(&batch, &route.codings)?;
        Ok((batch, encoded))
    }

    /// Ends the open chunk; rows that the server refuses are found and put aside.
    async fn close(&mut self, written: &mut Written) -> Result<()> {
        let (Some(chunk), Some(route)) = (self.open.take(), self.load.route.clone()) else {
            return Ok(());
        };
        match self.load.finish(&route, chunk.copy).await {
            Ok(()) => {
                written.row_count += chunk.row_count as u64;
                Ok(())
            }
            Err(Failure::Server(error))
                if error.blames_row() && self.load.target.on_conflict != OnConflict::Fail =>
            {
                let undone = self.load.undo().await;
                undone.map_err(|failure| self.error(failure))?;
                let isolated = self
                    .load
                    .isolate(&route, chunk.batches, *error, written)
                    .await;
                isolated.map_err(|failure| self.error(failure))
            }
            Err(failure) => Err(self.error(failure)),
        }
    }
}

#[async_trait]
impl TaskWriter for PgTask {
    fn allow_refused(&mut self, most: u64) {
        self.load.most_refused = most;
    }

    async fn write(&mut self, batch: RecordBatch) -> Result<Written> {
        let mut written = Written::default();
        if batch.num_rows() == 0 {
            return Ok(written);
        }
        let route = self.route(&batch).await?;
        let (batch, encoded) = self.sift(&route, batch, &mut written)?;
        if batch.num_rows() == 0 {
            return Ok(written);
        }
        // Only now, so that the server took the end of a full chunk while this batch was looked at.
        if self.open.as_ref().is_some_and(OpenChunk::is_full) {
            self.close(&mut written).await?;
        }
        let mut chunk = match self.open.take() {
            Some(chunk) => chunk,
            None => {
                let copy = self.load.start(&route).await;
                OpenChunk {
                    copy: copy.map_err(|failure| self.error(failure))?,
                    batches: Vec::new(),
                    row_count: 0,
                    byte_count: 0,
                }
            }
        };
        let number = route.stage.is_some().then_some(chunk.row_count as i64);
        let sent = self.load.send(&mut chunk.copy, &encoded, number).await;
        chunk.byte_count += sent.map_err(|failure| self.error(failure))?;
        chunk.row_count += batch.num_rows();
        if self.load.target.on_conflict != OnConflict::Fail {
            chunk.batches.push(batch);
        }
        self.open = Some(chunk);
        Ok(written)
    }

    async fn seal(&mut self) -> Result<Sealed> {
        let mut written = Written::default();
        self.close(&mut written).await?;
        let checked = self.load.session.run("SET CONSTRAINTS ALL IMMEDIATE").await;
        checked.map_err(|failure| {
            let deferred = matches!(&failure, Failure::Server(error) if error.blames_row());
            let error = self.error(failure);
            if deferred {
                error.hint(
                    "a deferred constraint is checked at the end of a task, when no single \
                            row can be put aside any more; make it NOT DEFERRABLE for the load",
                )
            } else {
                error
            }
        })?;
        let xid = self.load.session.value("SELECT txid_current()::text").await;
        let xid = xid
            .map_err(|failure| self.error(failure))?
            .unwrap_or_default();
        let state = State::new(&Seal {
            xid,
            server: self.server.clone(),
        })?;
        self.sealed = Some(state.clone());
        Ok(Sealed { written, state })
    }

    async fn publish(mut self: Box<Self>) -> Result<Receipt> {
        let state = self.sealed.take();
        let state = state.ok_or_else(|| Error::internal("a task was published without a seal"))?;
        let committed = self.load.session.run("COMMIT").await;
        committed.map_err(|failure| self.error(failure))?;
        self.idle.give(None, self.load.session);
        Ok(Receipt {
            task: self.task,
            state,
        })
    }
}
