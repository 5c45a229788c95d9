//! One connection to the server: settings that make results the same everywhere, statements, and
//! COPY both ways. It is closed when dropped; whatever the server still does for it then ends.

use sdk::{Error, Kind, Result};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Connection, SimpleQueryMessage};

use super::exchange::{CopyIn, CopyOut};
use super::fault::{Failure, Outcome, lost};
use super::sql::literal;
use super::tap::{Handle, Tap};

/// Settings of every session: values print the same whatever the server's defaults, and no time limit
/// meant for people cuts a bulk load. Names that the server does not know are skipped.
const SETTINGS: &[(&str, &str)] = &[
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "3"),
    ("standard_conforming_strings", "on"),
    // Nobody reads warnings while rows are sent, and a server that cannot get rid of them stops.
    ("client_min_messages", "error"),
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    // A server that does not notice a dead client keeps its transaction and the locks of it.
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "15"),
    ("tcp_keepalives_count", "4"),
];

/// Rows of a statement, each value as text.
pub(crate) type TextRows = Vec<Vec<Option<String>>>;

/// A column of a statement's result.
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    pub(crate) modifier: i32,
    /// The table and column it comes from, if it is one.
    pub(crate) table_oid: Option<u32>,
    pub(crate) number: Option<i16>,
}

pub(crate) struct Session {
    client: Client,
    driver: JoinHandle<()>,
    handle: Handle,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Session {
    pub(crate) fn new(client: Client, connection: Connection<Tap, Tap>, handle: Handle) -> Self {
        let driver = tokio::spawn(async move {
            // Its error also reaches whoever waits for an answer.
            let _ = connection.await;
        });
        Session {
            client,
            driver,
            handle,
        }
    }

    /// Puts the fixed settings in place, then runs the user's own statements. A database without an
    /// encoding holds bytes, and sends them as they are: asked for UTF-8, it would end a whole COPY at
    /// the first row that is none.
    pub(crate) async fn set_up(&self, statements: &[String]) -> Result<()> {
        let list: Vec<String> = SETTINGS
            .iter()
            .map(|(name, value)| format!("({}, {})", literal(name), literal(value)))
            .collect();
        let sql = format!(
            "SELECT set_config(s.name, w.value, false) FROM (VALUES {}) AS w (name, value) \
             JOIN pg_catalog.pg_settings AS s ON lower(s.name) = lower(w.name) UNION ALL \
             SELECT set_config('client_encoding', 'SQL_ASCII', false) \
             WHERE current_setting('server_encoding') = 'SQL_ASCII'",
            list.join(", ")
        );
        self.query(&sql)
            .await
            .map_err(|failure| failure.into_error("cannot set up the session"))?;
        for (number, statement) in statements.iter().enumerate() {
            self.run(statement).await.map_err(|failure| {
                failure.into_error(format!("`session` statement {} failed", number + 1))
            })?;
        }
        Ok(())
    }

    /// Whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs statements without looking at results.
    pub(crate) async fn run(&self, sql: &str) -> Outcome<()> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// Runs a statement and returns its rows as text.
    pub(crate) async fn query(&self, sql: &str) -> Outcome<TextRows> {
        let mut rows = Vec::new();
        for message in self.client.simple_query(sql).await? {
            if let SimpleQueryMessage::Row(row) = message {
                let cells =
                    (0..row.len()).map(|column| Ok(row.try_get(column)?.map(str::to_string)));
                let cells = cells.collect::<std::result::Result<_, tokio_postgres::Error>>();
                rows.push(cells.map_err(|error| {
                    let what = "the server sent a name or value that is not UTF-8";
                    Failure::Lost(Error::new(Kind::Data, what).source(error))
                })?);
            }
        }
        Ok(rows)
    }

    /// The only value of a statement's only row; `None` if it is NULL or there is no row.
    pub(crate) async fn value(&self, sql: &str) -> Outcome<Option<String>> {
        let rows = self.query(sql).await?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .flatten())
    }

    /// Lets the server describe a statement's result.
    pub(crate) async fn describe(&self, sql: &str) -> Outcome<Vec<Described>> {
        let columns = self
            .client
            .prepare(sql)
            .await?
            .columns()
            .iter()
            .map(|column| Described {
                name: column.name().to_string(),
                type_oid: column.type_().oid(),
                modifier: column.type_modifier(),
                table_oid: column.table_oid(),
                number: column.column_id(),
            })
            .collect();
        // The statement was dropped, which sends a message of its own; its answer must not be left on
        // the link for a COPY to find.
        self.run("").await?;
        Ok(columns)
    }

    /// Starts a `COPY … TO STDOUT`. No other statement may run until it has ended.
    pub(crate) async fn copy_out(&self, sql: &str) -> Outcome<CopyOut> {
        CopyOut::start(self.take().await?, sql).await
    }

    /// Starts a `COPY … FROM STDIN`. No other statement may run until it has ended.
    pub(crate) async fn copy_in(&self, sql: &str) -> Outcome<CopyIn> {
        CopyIn::start(self.take().await?, sql).await
    }

    async fn take(&self) -> Outcome<super::tap::Taken> {
        if self.is_closed() {
            return Err(Failure::Lost(lost(std::io::Error::from(
                std::io::ErrorKind::NotConnected,
            ))));
        }
        self.handle.take().ok_or_else(|| {
            Failure::Lost(Error::new(
                Kind::Internal,
                "two COPY statements were started on one session",
            ))
        })
    }

    /// The server's version as a number, for example 150004.
    pub(crate) async fn version(&self) -> Result<u32> {
        let text = self
            .value("SHOW server_version_num")
            .await
            .map_err(|failure| failure.into_error("cannot ask for the server's version"))?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}
