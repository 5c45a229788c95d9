//! The metadata store, and the only place with SQL: SQLite for one server, PostgreSQL for several.
//!
//! One file per entity, plain functions over a connection. The statements are written once in the SQL
//! that both databases speak (`docs/adr/0004-one-sql-for-two-stores.md`): ids are UUID version 7 as text,
//! times are microseconds since 1970, flags are 0 or 1, documents are text.

mod migration;
mod rows;
mod together;

pub(crate) mod access_key;
pub(crate) mod account;
pub(crate) mod alert;
pub(crate) mod alert_channel;
pub(crate) mod alert_event;
pub(crate) mod alert_rule;
pub(crate) mod alert_watch;
pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod calendar;
pub(crate) mod datasource;
pub(crate) mod folder;
pub(crate) mod idempotency;
pub(crate) mod identity;
pub(crate) mod instance;
pub(crate) mod job;
pub(crate) mod job_version;
pub(crate) mod lineage;
pub(crate) mod member;
pub(crate) mod project;
pub(crate) mod queue;
pub(crate) mod resource_group;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod setting;

use std::fs::{OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection as _, Executor, Transaction};

use crate::clock::Clock;

/// A connection inside or outside of a transaction.
pub(crate) type Connection = AnyConnection;

/// A transaction of the pool for writes; it is undone unless it is committed.
pub(crate) type WriteTransaction = Transaction<'static, Any>;

/// Which database it is; statements differ only where they must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    PostgreSql,
}

/// Why the store did not do what was asked.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// Something of that name or key exists already.
    Exists,
    /// It is used by something else, or refers to something that is not there.
    Referenced,
    /// Somebody else has changed it since it was read.
    Changed,
    /// A text holds a null character, which PostgreSQL does not keep.
    NullCharacter,
    /// The database failed, or holds what this version cannot read.
    Database(sqlx::Error),
}

impl StoreError {
    /// Whether a row was found that this version cannot read. Others can be read, and the transaction goes on.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Decode(_)))
    }
}

/// PostgreSQL's word for a character that a text cannot hold, `character_not_in_repertoire`.
const NULL_CHARACTER: &str = "22021";

pub(crate) type StoreResult<T> = Result<T, StoreError>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => StoreError::Exists,
            Some(database) if database.is_foreign_key_violation() => StoreError::Referenced,
            Some(database) if database.code().as_deref() == Some(NULL_CHARACTER) => {
                StoreError::NullCharacter
            }
            _ => StoreError::Database(error),
        }
    }
}

/// The pools. SQLite has one connection for writes, so that writers queue up here instead of failing
/// in the database; PostgreSQL has one pool for both.
#[derive(Clone)]
pub(crate) struct Store {
    reads: AnyPool,
    writes: AnyPool,
    engine: Engine,
    waiting: together::Waiting,
}

const READERS: u32 = 8;
const POSTGRESQL_CONNECTIONS: u32 = 24;
/// A server that is cut off inside a transaction says no good-bye; its locks are free again after some seconds,
/// and nobody waits longer for a lock of anybody else.
const POSTGRESQL_SESSION: &str = "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '10s'; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

impl Store {
    /// Opens `sqlite://path?mode=rwc` or `postgres://…` and brings its tables to this version.
    pub(crate) async fn open(url: &str) -> Result<Store, sqlx::Error> {
        sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]).ok();
        let options: AnyConnectOptions = url.parse()?;
        let options = options.disable_statement_logging();
        let store = if url.starts_with("sqlite:") {
            keep_private(url)?;
            let pool = || {
                AnyPoolOptions::new()
                    .max_lifetime(None)
                    .idle_timeout(None)
                    .test_before_acquire(false)
                    .after_connect(|connection, _| {
                        Box::pin(async move {
                            // A commit is on the disk when it returns; readers do not wait for writers.
                            // The log is copied back when it has 16 MiB, and the cache may have as much.
                            let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                                 PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000; \
                                 PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000";
                            connection.execute(pragmas).await.map(drop)
                        })
                    })
            };
            let writes = pool()
                .max_connections(1)
                .acquire_timeout(Duration::from_secs(60))
                .connect_with(options.clone())
                .await?;
            let reads = pool()
                .max_connections(READERS)
                .connect_with(options)
                .await?;
            Store {
                reads,
                writes,
                engine: Engine::Sqlite,
                waiting: together::Waiting::default(),
            }
        } else {
            let pool = AnyPoolOptions::new()
                .max_connections(POSTGRESQL_CONNECTIONS)
                .after_connect(|connection, _| {
                    Box::pin(async move { connection.execute(POSTGRESQL_SESSION).await.map(drop) })
                })
                .connect_with(options)
                .await?;
            Store {
                reads: pool.clone(),
                writes: pool,
                engine: Engine::PostgreSql,
                waiting: together::Waiting::default(),
            }
        };
        migration::run(&store).await?;
        Ok(store)
    }

    /// A connection for statements that only read.
    pub(crate) async fn read(&self) -> StoreResult<sqlx::pool::PoolConnection<Any>> {
        Ok(self.reads.acquire().await?)
    }

    /// A transaction; it is undone unless it is committed.
    pub(crate) async fn begin(&self) -> StoreResult<WriteTransaction> {
        Ok(self.writes.begin().await?)
    }

    /// A transaction that waits some seconds until no other one of this name is open, on whichever server.
    pub(crate) async fn begin_alone(&self, name: Alone) -> StoreResult<WriteTransaction> {
        let mut transaction = self.writes.begin().await?;
        if self.engine == Engine::PostgreSql {
            // Stores in several schemas of one database are not in each other's way.
            sqlx::query("SELECT pg_advisory_xact_lock($1::int, hashtext(current_schema()))")
                .bind(name as i64)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction)
    }

    /// A transaction, unless another one of this name is open on whichever server: whoever comes back later
    /// anyway does not wait for it.
    pub(crate) async fn try_alone(&self, name: Alone) -> StoreResult<Option<WriteTransaction>> {
        let mut transaction = self.writes.begin().await?;
        if self.engine == Engine::PostgreSql {
            let query = sqlx::query_scalar(
                "SELECT pg_try_advisory_xact_lock($1::int, hashtext(current_schema()))",
            );
            let query = query.bind(name as i64);
            if !query.fetch_one(&mut *transaction).await? {
                return Ok(None);
            }
        }
        Ok(Some(transaction))
    }

    /// The time that claims are compared by, in microseconds since 1970: servers whose own clocks differ share that
    /// of their database. A clock that tests move is one already.
    pub(crate) async fn shared_time(&self, c: &mut Connection, clock: &Clock) -> StoreResult<i64> {
        if self.engine == Engine::Sqlite || !clock.is_system() {
            return Ok(clock.micros());
        }
        let query =
            sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
        Ok(query.fetch_one(c).await?)
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> StoreResult<()> {
        sqlx::query("SELECT 1").execute(&self.reads).await?;
        Ok(())
    }

    /// How many connections there are, and how many of them nobody uses: for reads, then for writes. They are the
    /// same in PostgreSQL.
    pub(crate) fn connections(&self) -> [(u32, usize); 2] {
        [&self.reads, &self.writes].map(|pool| (pool.size(), pool.num_idle()))
    }

    /// Closes the pools once their connections are back.
    pub(crate) async fn close(&self) {
        self.reads.close().await;
        self.writes.close().await;
    }
}

/// Who may read the file of an SQLite store may read every password hash, so only its owner may. The files beside
/// it get what it has.
fn keep_private(url: &str) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url)?;
    let path = options.get_filename();
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Ok(());
    }
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(std::fs::set_permissions(
            path,
            Permissions::from_mode(0o600),
        )?),
        Err(error) => Err(error.into()),
    }
}

/// What is done by one server at a time.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub(crate) enum Alone {
    ClaimRuns = 0x4c53_0002,
    CatchUp = 0x4c53_0003,
    ReleaseInstances = 0x4c53_0004,
    /// Submitted rules are read together and changed by nobody meanwhile.
    Schedules = 0x4c53_0005,
    /// Members are counted by their roles and changed by nobody meanwhile.
    Members = 0x4c53_0006,
    /// The same for administrators of the instance.
    Administrators = 0x4c53_0007,
}

/// A piece of a transaction that is undone alone if it fails.
pub(crate) async fn savepoint(c: &mut Connection) -> StoreResult<Transaction<'_, Any>> {
    Ok(c.begin().await?)
}

/// Reads a document of the store.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> StoreResult<T> {
    serde_json::from_str(text).map_err(|error| damaged(error.to_string()))
}

/// The store holds what this version cannot read.
pub(crate) fn damaged(reason: impl Into<String>) -> StoreError {
    StoreError::Database(sqlx::Error::Decode(reason.into().into()))
}

/// Exactly one row was changed, or somebody else was faster.
pub(crate) fn changed(result: &sqlx::any::AnyQueryResult) -> StoreResult<()> {
    match result.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Changed),
    }
}

/// A page of a list: the rows after `after`, and how many at most.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) after: Option<String>,
    pub(crate) limit: i64,
}

/// A pattern for `LIKE … ESCAPE '\'` that finds a text anywhere.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests;
