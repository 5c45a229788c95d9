//! The reader: what to select, described by the server itself, and each split as one
//! `COPY (SELECT …) TO STDOUT`. How tables are cut is in `split`, decoding in `copy`.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use sdk::{
    BatchStream, Column, Error, Kind, ReadBatch, ReadOptions, Reader, Result, Split, Splits, State,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::config::{Datasource, ReaderParameters};
use super::connect::connect;
use super::copy::build::{Content, Variable};
use super::copy::decode::{Decoder, Decoding};
use super::copy::text::text_of;
use super::exchange::CopyOut;
use super::fault::Failure;
use super::idle::Idle;
use super::plan::{Plan, plan};
use super::session::Session;
use super::split::{Holder, cut};
use super::sql::literal;
use super::typemap::builder;

/// What a split holds: which source, which of its rows, and the snapshot to see them by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) source: usize,
    pub(crate) condition: Option<String>,
    pub(crate) snapshot: Option<String>,
}

impl Part {
    /// Whether it is a range of blocks on disk. Names of columns stand in quotes, `ctid` does not.
    fn is_by_blocks(&self) -> bool {
        let condition = self.condition.as_deref();
        condition.is_some_and(|condition| condition.starts_with("ctid "))
    }
}

/// Opens the reader; connects and asks the server for the columns when [`Reader::schema`] is called.
pub(crate) async fn open(
    source: Datasource,
    parameters: ReaderParameters,
) -> Result<Box<dyn Reader>> {
    Ok(Box::new(PgReader {
        source,
        parameters,
        plan: OnceCell::new(),
        holder: OnceCell::new(),
        idle: Arc::new(Idle::default()),
    }))
}

struct PgReader {
    source: Datasource,
    parameters: ReaderParameters,
    plan: OnceCell<Plan>,
    /// Keeps the snapshot that all splits see; lives as long as the reader.
    holder: OnceCell<Holder>,
    /// Sessions whose split is finished, each still inside its transaction.
    idle: Arc<Idle>,
}

impl PgReader {
    async fn plan(&self) -> Result<&Plan> {
        let make = || async {
            let session = connect(&self.source, &self.parameters.session).await?;
            let plan = plan(&session, &self.parameters).await?;
            self.idle.give(None, session);
            Ok(plan)
        };
        self.plan.get_or_try_init(make).await
    }

    async fn session(&self, snapshot: Option<&str>) -> Result<Session> {
        if let Some(session) = self.idle.take(snapshot) {
            return Ok(session);
        }
        let session = connect(&self.source, &self.parameters.session).await?;
        if let Some(id) = snapshot {
            let sql = format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT {}",
                literal(id)
            );
            let what = "cannot see the snapshot that the other splits see";
            session.run(&sql).await.map_err(|failure| match failure {
                // It ends with the connection that holds it, and the server then calls its name wrong.
                Failure::Server(error) if !error.is_transient() => {
                    Error::new(Kind::Conflict, format!("{what}: {}", error.message)).hint(
                        "the connection that held it broke; continue the run, and the rows that \
                         are left are read from a new snapshot",
                    )
                }
                failure => failure.into_error(what),
            })?;
        }
        Ok(session)
    }

    /// The snapshot for a split. A split that was planned by a process now dead names a snapshot that
    /// died with it; all such splits of this process then share a new one.
    async fn snapshot(&self, part: &Part) -> Result<Option<String>> {
        if let Some(holder) = self.holder.get() {
            return Ok(holder.snapshot.clone());
        }
        let Some(planned) = &part.snapshot else {
            return Ok(None);
        };
        match self.session(Some(planned)).await {
            Ok(session) => {
                self.idle.give(Some(planned.clone()), session);
                Ok(Some(planned.clone()))
            }
            Err(error) if error.kind() != Kind::Conflict => Err(error),
            Err(_) if part.is_by_blocks() => Err(Error::new(
                Kind::Unsupported,
                "parts by blocks cannot be continued: the snapshot they were cut in is gone, and \
                 rows may have moved between blocks since",
            )
            .hint("begin a new run, or give a key in `splitPk` so that a run can be continued")),
            Err(_) => {
                let fresh = || async { Holder::new(self.session(None).await?).await };
                Ok(self.holder.get_or_try_init(fresh).await?.snapshot.clone())
            }
        }
    }
}

/// DataX's health probes: each query must return the single value `0`.
async fn probe(session: &Session, queries: &[String]) -> Result<()> {
    for (number, query) in queries.iter().enumerate() {
        let what = format!("`preSql` query {}", number + 1);
        let rows = session
            .query(query)
            .await
            .map_err(|failure| failure.in_field(&what, Some("mend the reader's `preSql`")))?;
        if rows != [[Some("0".to_string())]] {
            return Err(Error::new(
                Kind::Config,
                format!("{what} did not return the single value 0"),
            )
            .hint("the source says that it is not ready to be read"));
        }
    }
    Ok(())
}

#[async_trait]
impl Reader for PgReader {
    async fn schema(&self) -> Result<Vec<Column>> {
        let plan = self.plan().await?;
        Ok(plan.items.iter().map(|item| item.column.clone()).collect())
    }

    async fn prepare(&self) -> Result<()> {
        if self.parameters.pre_sql.is_empty() {
            return Ok(());
        }
        let session = self.session(None).await?;
        probe(&session, &self.parameters.pre_sql).await?;
        self.idle.give(None, session);
        Ok(())
    }

    async fn splits(&self, wanted: usize) -> Result<Splits> {
        let plan = self.plan().await?;
        let session = self.session(None).await?;
        let holder = Holder::new(session).await?;
        let cut = cut(&holder, plan, &self.parameters, wanted).await?;
        let mut notices = plan.notices.clone();
        notices.extend(cut.notices);
        let mut snapshot = None;
        if cut.parts.len() <= 1 {
            self.idle.give(None, holder.release().await?);
        } else {
            notices.extend(holder.notice.clone());
            snapshot = holder.snapshot.clone();
            // Splits may be asked for again; the first snapshot stays the one that counts.
            if self.holder.set(holder).is_err() {
                snapshot = self.holder.get().and_then(|holder| holder.snapshot.clone());
            }
        }
        let mut splits = Vec::with_capacity(cut.parts.len());
        for piece in cut.parts {
            let part = Part {
                snapshot: snapshot.clone(),
                ..piece.part
            };
            splits.push(Split {
                label: piece.label,
                estimated_rows: piece.estimated_rows,
                state: State::new(&part)?,
            });
        }
        Ok(Splits { splits, notices })
    }

    async fn read(&self, split: &Split, options: &ReadOptions) -> Result<BatchStream> {
        let plan = self.plan().await?;
        let part: Part = split.state.read()?;
        let source = plan.sources.get(part.source).ok_or_else(|| {
            Error::new(
                Kind::Config,
                format!("split \"{}\" is of another job", split.label),
            )
        })?;
        let snapshot = self.snapshot(&part).await?;
        let session = self.session(snapshot.as_deref()).await?;
        let what = format!("cannot read {}", source.name);

        let mut expressions = Vec::with_capacity(plan.items.len());
        let mut columns = Vec::with_capacity(plan.items.len());
        let mut plain = source.table_sql.is_some() && part.condition.is_none();
        for (place, item) in plan.items.iter().enumerate() {
            let wire = options.wire.get(place).copied().unwrap_or(false);
            let rows = options.batch_rows;
            let (field, coded): (_, Box<dyn super::copy::build::Builder>) = if wire {
                let bytes = Variable::new(Content::Bytes, rows);
                (item.column.wire_field(), Box::new(bytes))
            } else {
                let made = match &item.coding {
                    Some(coding) => builder(coding, &item.column.data_type, rows),
                    None => Box::new(Variable::new(Content::Text, rows)),
                };
                (item.column.field(), made)
            };
            let cast = !wire && item.coding.is_none();
            plain &= !cast && item.plain;
            let expression = source.expression(place, item);
            expressions.push(if cast {
                format!("({expression})::text")
            } else {
                expression
            });
            columns.push(Decoding {
                field,
                type_name: if cast { "text" } else { &item.type_name }.to_string(),
                builder: coded,
            });
        }
        // COPY of the table itself saves the server its executor; it cannot name zero columns.
        let sql = match &source.table_sql {
            Some(table) if plain && !expressions.is_empty() => {
                format!(
                    "COPY {table} ({}) TO STDOUT (FORMAT BINARY)",
                    expressions.join(", ")
                )
            }
            _ => format!(
                "COPY ({}) TO STDOUT (FORMAT BINARY)",
                source.select(&expressions, part.condition.as_deref())
            ),
        };
        let copy = session
            .copy_out(&sql)
            .await
            .map_err(|failure| failure.in_field(&what, source.advice()))?;
        let reading = Reading {
            copy,
            advice: source.advice(),
            session,
            snapshot,
            idle: self.idle.clone(),
            decoder: Decoder::new(columns, options.batch_rows, options.batch_bytes),
            more: true,
            what,
        };
        Ok(futures::stream::try_unfold(Box::new(reading), Reading::next).boxed())
    }

    fn wire_text(&self, column: usize, bytes: &[u8]) -> String {
        let item = self.plan.get().and_then(|plan| plan.items.get(column));
        text_of(item.map_or("", |item| item.type_name.as_str()), bytes)
    }
}

/// A split being read.
struct Reading {
    copy: CopyOut,
    advice: Option<&'static str>,
    session: Session,
    snapshot: Option<String>,
    idle: Arc<Idle>,
    decoder: Decoder,
    more: bool,
    what: String,
}

impl Reading {
    async fn next(mut self: Box<Self>) -> Result<Option<(ReadBatch, Box<Self>)>> {
        loop {
            let decoded = self.decoder.advance();
            if let Some(batch) = decoded.map_err(|error| error.prefix(&self.what))? {
                return Ok(Some((batch, self)));
            }
            if !self.more {
                let rest = self.decoder.finish();
                return match rest.map_err(|error| error.prefix(&self.what))? {
                    Some(batch) => Ok(Some((batch, self))),
                    None => {
                        self.idle.give(self.snapshot, self.session);
                        Ok(None)
                    }
                };
            }
            let pumped = self.copy.pump(self.decoder.pending()).await;
            self.more = pumped.map_err(|failure| failure.in_field(&self.what, self.advice))?;
        }
    }
}
