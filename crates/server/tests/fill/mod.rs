//! Fills a store with as many jobs and runs as years of use would leave; for plans and for measuring.

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

const STATEMENTS: &str = include_str!("fill.sql");

/// What there is to be.
pub(crate) struct Fill<'a> {
    pub(crate) project: &'a str,
    pub(crate) account: &'a str,
    /// At least 100.
    pub(crate) jobs: u64,
    /// At least as many as jobs.
    pub(crate) runs: u64,
    pub(crate) now_micros: i64,
}

/// A connection of its own to a store that a server has made.
pub(crate) async fn connect(store: &str) -> sqlx::Result<AnyConnection> {
    sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]).ok();
    AnyConnection::connect(store).await
}

/// Fills the store in one transaction; PostgreSQL then knows how the values are distributed.
pub(crate) async fn fill(store: &str, what: &Fill<'_>) -> sqlx::Result<()> {
    let mut connection = connect(store).await?;
    let is_sqlite = store.starts_with("sqlite:");
    let comments_away = STATEMENTS.lines().filter(|line| !line.starts_with("--"));
    let text = comments_away.collect::<Vec<_>>().join("\n");
    let text = text
        .replace("{project}", what.project)
        .replace("{account}", what.account)
        .replace("{jobs}", &what.jobs.to_string())
        .replace("{runs}", &what.runs.to_string())
        .replace("{now}", &what.now_micros.to_string());
    if is_sqlite {
        let pragmas = "PRAGMA busy_timeout = 60000; PRAGMA cache_size = -500000";
        connection.execute(pragmas).await?;
    }
    let mut transaction = connection.begin().await?;
    for statement in text.split(";\n").filter(|text| !text.trim().is_empty()) {
        let statement = AssertSqlSafe(statement.to_string());
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    if is_sqlite {
        connection
            .execute("PRAGMA wal_checkpoint(TRUNCATE)")
            .await?;
    } else {
        connection.execute("VACUUM ANALYZE").await?;
    }
    connection.close().await
}
